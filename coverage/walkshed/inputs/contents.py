"""What a file holds against what its name says, before any library looks into it.

Libraries go by the content: a "GeoJSON" that begins like a virtual layer may name any file of the machine, or an
address in the net. XML must not bring a document type along: entities within it grow without end or read other files.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from typing import TYPE_CHECKING, Final

from walkshed.errors import InputError
from walkshed.inputs.archives import BAD_MEMBER

if TYPE_CHECKING:
    from pathlib import Path

STARTS: Final = {
    ".gpkg": (b"SQLite format 3\x00",),
    ".zip": (b"PK",),
    ".xlsx": (b"PK",),
    ".xlsm": (b"PK",),
    ".npz": (b"PK",),
    ".parquet": (b"PAR1",),
    ".geoparquet": (b"PAR1",),
    ".tif": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    ".tiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    ".shp": (b"\x00\x00\x27\x0a",),
}
"""How files of these kinds begin."""
ROOTS: Final = {".kml": "kml", ".graphml": "graphml", ".osm": "osm"}
"""XML files and their outermost element."""
JSON: Final = (".geojson", ".json")
PROLOG: Final = 65_536
"""What stands before the outermost element of an XML file is shorter, in bytes."""


_BEFORE_ROOT = re.compile(r"\ufeff?\s*(?:(?:<\?.*?\?>|<!--.*?-->)\s*)*", re.DOTALL)
_ENCODING = re.compile(r"""\A\ufeff?\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"),
)  # fmt: skip


def check_content(path: Path) -> None:
    """Hold a file's content against its ending.

    Raises
    ------
    InputError
        If it is of another kind, or XML with a document type or in an encoding in which one could hide. Files of other
        endings, and empty ones, pass.
    """
    ending = path.suffix.lower()
    try:
        with path.open("rb") as stream:
            start = stream.read(PROLOG if ending in (*ROOTS, *JSON) else 16)
    except (OSError, ValueError) as error:
        raise InputError("file_unreadable", path=path.name, detail=_said(error)) from error
    if not start:
        return
    if ending in STARTS:
        right = start.startswith(STARTS[ending])
    elif ending in JSON:
        right = _json_start(start)
    elif ending in ROOTS:
        right = xml_root(start, path.name) == ROOTS[ending]
    else:
        right = True
    if not right:
        raise InputError("content_differs", path=path.name, ending=ending)


def check_xml(path: Path) -> None:
    """Refuse an XML file with a document type, or in an encoding in which one could hide.

    Raises
    ------
    InputError
        If it has one, or cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            xml_root(stream.read(PROLOG), path.name)
    except OSError as error:
        raise InputError("file_unreadable", path=path.name, detail=_said(error)) from error


def xml_root(start: bytes, name: str) -> str:
    """Return the outermost element of an XML text without its prefix, ``""`` where there is none.

    Parameters
    ----------
    start
        The first :data:`PROLOG` bytes.
    name
        The file's name, for messages.

    Raises
    ------
    InputError
        If a document type stands before it, or the encoding is one that does not keep plain letters as they are.
    """
    encoding = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "latin-1")
    text = start.decode(encoding, "replace")
    declared = _ENCODING.match(text)
    if declared is not None and not _keeps_ascii(declared[1]):
        raise InputError("xml_encoding", path=name, encoding=declared[1])
    before = _BEFORE_ROOT.match(text)
    rest = text[before.end() :] if before else text
    if rest.startswith("<!"):
        raise InputError("xml_entities", path=name)
    root = _ROOT.match(rest)
    return root[1] if root else ""


def check_members(path: Path) -> None:
    """Hold the XML parts of a workbook against the same rule.

    Raises
    ------
    InputError
        If one has a document type, or the file cannot be opened.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with archive.open(member) as stream:
                        xml_root(stream.read(PROLOG), path.name)
    except (*BAD_MEMBER, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("file_unreadable", path=path.name, detail=_said(error)) from error


def _json_start(start: bytes) -> bool:
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[encoding]
        if start.startswith(mark):
            return start.removeprefix(mark).decode(encoding, "replace").lstrip().startswith(("{", "["))
    return start.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"["))


def _keeps_ascii(encoding: str) -> bool:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return False
    if name.startswith(("utf-16", "utf-32")):
        return True
    plain = bytes(range(0x20, 0x7F))
    try:
        return plain.decode(name) == plain.decode("ascii")
    except (UnicodeError, LookupError):  # a codec of Python's that is no encoding of text, too
        return False


def _said(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0] or type(error).__name__

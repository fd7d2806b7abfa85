"""The texts of a ``.osm.pbf`` file, looked at before the parser is: one with a zero byte inside ends the whole program.

libosmium stores tags as texts that end with a zero byte. One that holds such a byte shifts all that follow, and whoever
walks through the tags reads beyond them. Format: https://wiki.openstreetmap.org/wiki/PBF_Format
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND, RAW, PACKED, TEXTS, DATA_SIZE = 1, 1, 3, 1, 3
"""Numbers of fields: a blob's kind in its header, its bytes as they are or packed, and the texts of its content."""
HEADER_MAX, BLOB_MAX = 65_536, 33_554_432
"""The parser refuses larger ones."""
SUSPECT: Final = re.compile(rb"[^\n]\x00")
EMPTY: Final = b"\n\x00"
"""How an empty text is written; every table begins with one."""


def check_texts(path: Path) -> None:
    """Refuse a street file with a zero byte in a text.

    Parameters
    ----------
    path
        ``.osm.pbf``. Whatever else is broken in it is left to the parser, and so are blobs that are packed otherwise
        than with zlib.

    Raises
    ------
    InputError
        If a text of it holds a zero byte.
    """
    for table in _tables(path):
        if not SUSPECT.search(table) and table.count(EMPTY) <= 1:
            continue
        try:
            broken = any(
                isinstance(text, bytes) and b"\0" in text for number, text in _fields(table) if number == TEXTS
            )
        except (ValueError, IndexError):
            continue  # the parser refuses it
        if broken:
            raise InputError("osm_unreadable", path=path.name, detail="a zero byte inside a text")


def _tables(path: Path) -> Iterator[bytes]:
    """Yield the table of texts of every blob with streets, up to the first blob that is broken."""
    with path.open("rb") as stream:
        while len(head := stream.read(4)) == 4:  # noqa: PLR2004 - the length of the blob's header
            length = int.from_bytes(head, "big")
            if length > HEADER_MAX:
                return
            try:
                header = dict(_fields(stream.read(length)))
                size = header.get(DATA_SIZE, 0)
                if not isinstance(size, int) or size > BLOB_MAX:
                    return
                blob = dict(_fields(stream.read(size)))
                if header.get(KIND) != b"OSMData":
                    continue
                packed = blob.get(PACKED)
                content = _unpacked(packed) if isinstance(packed, bytes) else blob.get(RAW, b"")
                number, table = next(_fields(content if isinstance(content, bytes) else b""), (0, b""))
            except (ValueError, IndexError, zlib.error):
                return
            if number == TEXTS and isinstance(table, bytes):
                yield table


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, BLOB_MAX)


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and content of a message's fields, bytes or a whole number."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
        elif kind == 2:  # noqa: PLR2004 - bytes
            size, place = _varint(message, place)
            if place + size > len(message):
                raise ValueError(size)
            yield tag >> 3, message[place : place + size]
            place += size
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise ValueError(kind)


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value, place
    raise ValueError(value)

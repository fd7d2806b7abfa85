"""The blobs of a ``.osm.pbf`` file, looked at without unpacking any: how much the whole file says it unpacks to.

A few kilobytes of well-packed zeros become millions of nodes in the parser's memory. The parser holds every blob to 32
MB unpacked and to what the blob declares (a lie is its error); how many there are, nobody holds to anything.
Format: https://wiki.openstreetmap.org/wiki/PBF_Format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from walkshed.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

RATIO_MAX: Final = 20
"""Street files unpack to two to four times their size, the densest ones to ten."""
HARMLESS: Final = 16_000_000
"""Bytes that may be unpacked whatever the ratio."""
HEADER_MAX, BLOB_MAX = 65_536, 33_554_432
"""The parser refuses larger ones."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""How a field is written."""
RAW, RAW_SIZE = 1, 2
DATA_SIZE: Final = 3


def check_blobs(path: Path) -> None:
    """Refuse a street file that unpacks to far more than street files do.

    Parameters
    ----------
    path
        ``.osm.pbf``. What is broken in it is left to the parser.

    Raises
    ------
    InputError
        If its blobs say that they unpack to more than :data:`HARMLESS` bytes and :data:`RATIO_MAX` times the file.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        unpacked = _unpacked(stream, size)
    if unpacked > max(HARMLESS, RATIO_MAX * size):
        raise InputError(
            "pbf_unpacks_large", path=path.name, size_kb=size // 1000, unpacked_mb=unpacked // 1_000_000, most=RATIO_MAX
        )


def _unpacked(stream: BinaryIO, size: int) -> int:
    """Return the bytes that all blobs declare, up to the first that is broken or one too many."""
    unpacked = 0
    while len(head := stream.read(4)) == 4:  # noqa: PLR2004 - the length of the blob's header
        length = int.from_bytes(head, "big")
        if length > HEADER_MAX:
            break
        try:
            blob = _fields(stream, stream.tell() + length).get(DATA_SIZE, 0)
            end = stream.tell() + blob
            if blob > BLOB_MAX or end > size:
                break
            fields = _fields(stream, end)
        except ValueError:
            break
        unpacked += fields.get(RAW_SIZE, 0) + fields.get(RAW, 0)
        if unpacked > max(HARMLESS, RATIO_MAX * size):
            break
    return unpacked


def _fields(stream: BinaryIO, end: int) -> dict[int, int]:
    """Return the numbers of a message, and the lengths of its texts; the stream stands at its end afterwards."""
    found: dict[int, int] = {}
    while stream.tell() < end:
        tag = _varint(stream)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            found[number] = _varint(stream)
        elif kind == BYTES:
            found[number] = _varint(stream)
            stream.seek(found[number], 1)
        elif kind in (FIXED64, FIXED32):
            stream.seek(8 if kind == FIXED64 else 4, 1)
        else:
            raise ValueError(kind)
    if stream.tell() > end:
        raise ValueError(end)
    return found


def _varint(stream: BinaryIO) -> int:
    value = 0
    for shift in range(0, 64, 7):
        byte = stream.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:  # noqa: PLR2004 - the last one
            return value
    raise ValueError(value)

"""The blobs of a ``.osm.pbf`` file, looked at without unpacking any: how much the whole file says it unpacks to.

A few kilobytes of well-packed zeros become millions of nodes in the parser's memory. The parser holds every blob to 32
MB unpacked and to what the blob declares (a lie is its error); how many there are, nobody holds to anything.
Format: https://wiki.openstreetmap.org/wiki/PBF_Format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATIO_MAX: Final = 20
"""Street files unpack to two to four times their size, the densest ones to ten."""
HARMLESS: Final = 16_000_000
"""Bytes that may be unpacked whatever the ratio."""
HEADER_MAX, BLOB_MAX = 65_536, 33_554_432
"""The parser refuses larger ones."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""How a field is written."""
KIND, DATA_SIZE = 1, 3
"""Fields of a blob's header."""
RAW, RAW_SIZE, ZLIB = 1, 2, 3
"""Fields of a blob: its content as it is, the size that it unpacks to, its content packed."""


class Blob(NamedTuple):
    """One blob.

    Attributes
    ----------
    kind
        ``b"OSMHeader"`` or ``b"OSMData"``.
    raw, packed
        Content as it is or packed with zlib, empty where it is not there.
    declared
        Bytes that it says it unpacks to.
    """

    kind: bytes
    raw: bytes
    packed: bytes
    declared: int


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
    size, unpacked = path.stat().st_size, 0
    most = max(HARMLESS, RATIO_MAX * size)
    for blob in blobs(path):
        unpacked += blob.declared + len(blob.raw)
        if unpacked > most:
            raise InputError(
                "pbf_unpacks_large",
                path=path.name,
                size_kb=size // 1000,
                unpacked_mb=unpacked // 1_000_000,
                most=RATIO_MAX,
            )


def blobs(path: Path) -> Iterator[Blob]:
    """Yield the blobs of a file, up to the first one that is broken."""
    with path.open("rb") as stream:
        while len(head := stream.read(4)) == 4:  # noqa: PLR2004 - the length of the blob's header
            length = int.from_bytes(head, "big")
            if length > HEADER_MAX:
                return
            try:
                header = dict(fields(stream.read(length)))
                size = _number(header.get(DATA_SIZE))
                content = stream.read(size) if size <= BLOB_MAX else b""
                if len(content) < size:
                    return
                found = dict(fields(content))
            except ValueError:
                return
            kind, raw, packed = _content(header.get(KIND)), _content(found.get(RAW)), _content(found.get(ZLIB))
            yield Blob(kind, raw, packed, _number(found.get(RAW_SIZE)))


def fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and content of the fields of a message of Protocol Buffers: bytes, or a whole number.

    Raises
    ------
    ValueError
        If the message is broken.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, place = _varint(message, place)
            yield number, value
        elif kind == BYTES:
            size, place = _varint(message, place)
            if place + size > len(message):
                raise ValueError(size)
            yield number, message[place : place + size]
            place += size
        elif kind in (FIXED64, FIXED32):
            place += 8 if kind == FIXED64 else 4
        else:
            raise ValueError(kind)


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """Return a number and the place behind it."""
    value = 0
    for shift in range(0, 64, 7):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value, place
    raise ValueError(value)


def _number(value: bytes | int | None) -> int:
    return value if isinstance(value, int) else 0


def _content(value: bytes | int | None) -> bytes:
    return value if isinstance(value, bytes) else b""

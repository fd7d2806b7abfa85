"""A GeoTIFF written field by field, so that it is the same bytes everywhere."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT, DOUBLE = 3, 12
_FORMATS = {2: "s", SHORT: "H", 4: "I", DOUBLE: "d"}
_KEYS = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
"""Geographic coordinates, a pixel is an area, EPSG:4326."""


def geotiff(heights_m: NDArray[np.int16], *, west: float, north: float, cell: tuple[float, float], text: str) -> bytes:
    """Return a GeoTIFF in EPSG:4326 with whole metres, one strip, not compressed.

    Parameters
    ----------
    heights_m
        From north to south.
    west, north
        Outer corner of the first cell, degrees.
    cell
        Width and height of a cell, degrees.
    text
        Description kept in the file (ASCII).
    """
    rows, columns = heights_m.shape
    data = np.ascontiguousarray(heights_m, "<i2").tobytes()
    words = text.encode("ascii") + b"\0"
    strip = 8
    entries: list[tuple[int, int, tuple[float, ...] | bytes]] = [
        (256, SHORT, (columns,)), (257, SHORT, (rows,)), (258, SHORT, (16,)), (259, SHORT, (1,)), (262, SHORT, (1,)),
        (270, 2, words), (273, 4, (strip,)), (277, SHORT, (1,)), (278, SHORT, (rows,)), (279, 4, (len(data),)),
        (284, SHORT, (1,)), (339, SHORT, (2,)), (33550, DOUBLE, (*cell, 0.0)),
        (33922, DOUBLE, (0.0, 0.0, 0.0, west, north, 0.0)), (34735, SHORT, _KEYS),
    ]  # fmt: skip
    start = strip + len(data)
    beyond = start + 2 + 12 * len(entries) + 4
    directory, tail = struct.pack("<H", len(entries)), b""
    for tag, kind, values in entries:
        packed = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values)
        field = packed.ljust(4, b"\0")
        if len(packed) > 4:  # noqa: PLR2004 - what does not fit into the field stands behind the directory
            field = struct.pack("<I", beyond + len(tail))
            tail += packed + b"\0" * (len(packed) % 2)
        directory += struct.pack("<HHI", tag, kind, len(values)) + field
    return struct.pack("<2sHI", b"II", 42, start) + data + directory + struct.pack("<I", 0) + tail

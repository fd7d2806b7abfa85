"""Geometry as short text: whole-number steps from vertex to vertex, in the alphabet of a URL.

Coordinates are rounded to ``1 / scale`` degrees and every vertex is told as its step from the one before, over all
features of a layer, so that neighbours cost little. Numbers are folded to non-negative ones (0, -1, 1, -2 ... become
0, 1, 2, 3 ...) and written in groups of five bits, lowest first, one character each; a sixth bit says that more
follow. It is the idea of encoded polylines with an alphabet that needs no escaping. ``assets/map.js`` reads it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from shapely import LineString, MultiLineString, MultiPolygon, Point, Polygon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."
GROUP_BITS: Final = 5
MORE: Final = 1 << GROUP_BITS
NOTHING, POINT, LINE, AREA = range(4)
RING_MIN_VERTICES: Final = 3
LINE_MIN_VERTICES: Final = 2


def encode_geometry(geometries: Iterable[BaseGeometry | None], *, scale: int = 1_000_000) -> str:
    """Write geometries as one short text.

    Parameters
    ----------
    geometries
        In EPSG:4326: points, lines, areas and their multiples but multipoints; others, like ``None``, are written as
        nothing. Holes and parts are kept; rings and lines that vanish at this scale are left out, features never are.
    scale
        Steps per degree; 1,000,000 is 0.11 m on the ground.

    Returns
    -------
    str
        Per feature its kind (0 nothing, 1 point, 2 lines, 3 areas), then: a point's step; or the number of lines and
        per line the number of vertices and their steps; or the number of polygons, per polygon the number of rings
        (the first is the outer one, the closing vertex is left out) and per ring the number of vertices and their
        steps.
    """
    writer = _Writer(scale)
    for geometry in geometries:
        writer.feature(geometry)
    return encode_numbers(np.array(writer.numbers, dtype=np.int64))


class _Writer:
    """The numbers of the text, and where the pen is."""

    def __init__(self, scale: int) -> None:
        self.numbers: list[int] = []
        self.scale = scale
        self.last = np.zeros(2, np.int64)

    def feature(self, geometry: BaseGeometry | None) -> None:
        if geometry is None or geometry.is_empty:
            self.numbers.append(NOTHING)
        elif isinstance(geometry, Point):
            self.numbers.append(POINT)
            self._steps(self._rounded(geometry))
        elif isinstance(geometry, LineString | MultiLineString):
            self._lines([geometry] if isinstance(geometry, LineString) else list(geometry.geoms))
        elif isinstance(geometry, Polygon | MultiPolygon):
            self._areas([geometry] if isinstance(geometry, Polygon) else list(geometry.geoms))
        else:
            self.numbers.append(NOTHING)

    def _lines(self, parts: list[LineString]) -> None:
        lines = [line for line in map(self._rounded, parts) if len(line) >= LINE_MIN_VERTICES]
        self.numbers += [LINE, len(lines)]
        for line in lines:
            self.numbers.append(len(line))
            self._steps(line)

    def _areas(self, parts: list[Polygon]) -> None:
        self.numbers += [AREA, len(parts)]
        for polygon in parts:
            outer = self._rounded(polygon.exterior)[:-1]
            holes = [self._rounded(ring)[:-1] for ring in polygon.interiors]
            rings = [outer, *(ring for ring in holes if len(ring) >= RING_MIN_VERTICES)]
            self.numbers.append(len(rings))
            for ring in rings:
                self.numbers.append(len(ring))
                self._steps(ring)

    def _rounded(self, part: LineString | Point) -> NDArray[np.int64]:
        """Return whole-number vertices without repetitions."""
        whole = np.round(shapely.get_coordinates(part) * self.scale).astype(np.int64)
        keep = np.ones(len(whole), bool)
        keep[1:] = (whole[1:] != whole[:-1]).any(axis=1)
        return whole[keep]

    def _steps(self, vertices: NDArray[np.int64]) -> None:
        if len(vertices):
            self.numbers += np.diff(vertices, axis=0, prepend=self.last[None]).ravel().tolist()
            self.last = vertices[-1]


def encode_numbers(numbers: NDArray[np.int64]) -> str:
    """Write whole numbers as text.

    Examples
    --------
    >>> encode_numbers(np.array([0, -1, 1, 15, 16]))
    'ABCegB'
    """
    folded = (numbers << 1) ^ (numbers >> 63)
    groups = np.ones(len(folded), np.int64)
    rest = folded >> GROUP_BITS
    while rest.any():
        groups += rest > 0
        rest >>= GROUP_BITS
    end = np.cumsum(groups)
    out = np.zeros(int(end[-1]) if len(end) else 0, np.uint8)
    start = end - groups
    for i in range(int(groups.max(initial=0))):
        has = groups > i
        digit = (folded[has] >> (GROUP_BITS * i)) & (MORE - 1)
        out[start[has] + i] = digit + MORE * (groups[has] > i + 1)
    return np.frombuffer(ALPHABET.encode(), np.uint8)[out].tobytes().decode()


def encode_classes(classes: NDArray[np.integer]) -> str:
    """Write one class per feature as one digit each.

    Raises
    ------
    ValueError
        If a class is not within 0 to 9.

    Examples
    --------
    >>> encode_classes(np.array([0, 2, 1]))
    '021'
    """
    codes = np.asarray(classes, np.int64)
    if len(codes) and (codes.min() < 0 or codes.max() > 9):  # noqa: PLR2004 - one digit
        message = "classes are single digits"
        raise ValueError(message)
    return (codes + ord("0")).astype(np.uint8).tobytes().decode()

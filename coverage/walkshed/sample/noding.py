"""Drawn lines become streets: they meet where they cross, and ends that nearly touch a street are led on to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Place = tuple[float, float]

JOIN_M = 16.0
"""An end this near to another street is led on to it."""
SAME_M = 4.0
"""A corner this near to where two streets meet is their meeting point."""


@dataclass
class Line:
    """A line drawn.

    Attributes
    ----------
    points
        Metres, rounded to centimetres, so that places which are the same have the same numbers.
    tags
        Of the way it becomes.
    ground
        Streets on the ground meet where they cross; a bridge meets others at its ends alone.
    joins
        Its ends are led on to streets nearby. The slips of the pen that a map has are drawn without.
    """

    points: list[Place]
    tags: dict[str, str]
    ground: bool = True
    joins: bool = True


@dataclass
class Drawing:
    """Lines, and nodes with tags of their own."""

    lines: list[Line] = field(default_factory=list)
    marks: list[tuple[Place, dict[str, str]]] = field(default_factory=list)

    def draw(self, points: FloatArray, *, ground: bool = True, joins: bool = True, **tags: str) -> None:
        """Draw a line; ``_`` in keys of tags stands for ``:``."""
        named = {key.replace("__", ":"): value for key, value in tags.items() if value}
        self.lines.append(Line([_cm(point) for point in points], named, ground, joins))

    def mark(self, place: Sequence[float], **tags: str) -> None:
        """Set a node with tags near a street: it becomes the nearest vertex of one."""
        self.marks.append((_cm(place), tags))


def join_lines(lines: Sequence[Line]) -> None:
    """Lead ends on to streets nearby, and give lines that cross a vertex in common. The lines are changed."""
    _join_ends(lines)
    _cross(lines)
    for line in lines:
        line.points[:] = [place for k, place in enumerate(line.points) if k == 0 or place != line.points[k - 1]]


class _Pieces(NamedTuple):
    owner: NDArray[np.int64]
    number: NDArray[np.int64]
    start: FloatArray
    end: FloatArray
    tree: shapely.STRtree


def _pieces(lines: Sequence[Line]) -> _Pieces:
    """Return every piece, from one vertex to the next, of the lines on the ground."""
    owner, number, ends = [], [], []
    for i, line in enumerate(lines):
        if line.ground:
            for k, (a, b) in enumerate(zip(line.points[:-1], line.points[1:], strict=True)):
                owner.append(i)
                number.append(k)
                ends.append((a, b))
    both = np.array(ends, np.float64)
    tree = shapely.STRtree([shapely.LineString(piece) for piece in both])
    return _Pieces(np.array(owner), np.array(number), both[:, 0], both[:, 1], tree)


def _join_ends(lines: Sequence[Line]) -> None:
    found = _pieces(lines)
    added: list[tuple[int, int, float, Place]] = []
    for i, line in enumerate(lines):
        for at in (0, -1) if line.joins else ():
            end = line.points[at]
            within = np.sort(found.tree.query(shapely.Point(end), predicate="dwithin", distance=JOIN_M)).tolist()
            near = [piece for piece in within if found.owner[piece] != i and lines[found.owner[piece]].joins]
            if not near:
                continue
            spots = [_nearest_on(found.start[piece], found.end[piece], end) for piece in near]
            gap, t, spot, piece = min((*spot, piece) for spot, piece in zip(spots, near, strict=True))
            if gap < JOIN_M:
                line.points[at] = spot
                if 0.0 < t < 1.0:
                    added.append((int(found.owner[piece]), int(found.number[piece]), t, spot))
    _insert(lines, added)


def _cross(lines: Sequence[Line]) -> None:
    found = _pieces(lines)
    left, right = found.tree.query(found.tree.geometries, predicate="intersects")
    apart = (found.owner[left] != found.owner[right]) & (left < right)
    pairs = np.column_stack([left[apart], right[apart]])
    added = []
    for one, two in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        a, b, c, d = found.start[one], found.end[one], found.start[two], found.end[two]
        if any(np.array_equal(p, q) for p in (a, b) for q in (c, d)):
            continue
        across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
        if across == 0:
            continue
        t = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across
        w = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / across
        spot = _cm(a + t * (b - a))
        added += [
            (int(found.owner[piece]), int(found.number[piece]), float(share), spot)
            for piece, share in ((one, t), (two, w))
        ]
    _insert(lines, added)


def _insert(lines: Sequence[Line], added: list[tuple[int, int, float, Place]]) -> None:
    """Insert vertices, from the last to the first so that the numbers of pieces still hold."""
    for owner, piece, _, spot in sorted(added, reverse=True):
        points = lines[owner].points
        if spot not in (points[piece], points[piece + 1]):
            points.insert(piece + 1, spot)


def _nearest_on(a: FloatArray, b: FloatArray, place: Place) -> tuple[float, float, Place]:
    """Return the gap, the share of the piece and the place on it; an end of the piece where that is almost as near."""
    dx, dy = float(b[0] - a[0]), float(b[1] - a[1])
    t = ((place[0] - float(a[0])) * dx + (place[1] - float(a[1])) * dy) / (dx * dx + dy * dy)
    t = min(1.0, max(0.0, t))
    spot = (float(a[0]) + t * dx, float(a[1]) + t * dy)
    for share, end in ((0.0, a), (1.0, b)):
        if _gap(spot, (float(end[0]), float(end[1]))) < SAME_M:
            t, spot = share, (float(end[0]), float(end[1]))
    return _gap(spot, place), t, _cm(spot)


def _gap(a: Place, b: Place) -> float:
    return float(np.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2))


def _cm(place: Sequence[float] | FloatArray) -> Place:
    return round(float(place[0]), 2), round(float(place[1]), 2)

"""Contours: the rings around everything on a grid that lies above a level, and which of them are holes in which."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, LongArray
    from walkshed.reach.field import Field

    MarkArray = NDArray[np.int32]

COORDINATES_PER_M = 10_000.0
"""Coordinates are rounded to a tenth of a millimetre."""
UP, LEFT, DOWN, RIGHT = range(4)
"""Where a contour is heading; one more is a turn to the left."""
MARGIN_CELLS, MARGIN_M = 1e-4, 5e-4
"""Distances so near to the level, in cells or in metres, count as inside, by as much.

Then a contour never runs through a point of the grid, where it could touch itself, and two contours either share a
vertex or differ by more than any rounding of coordinates: that makes areas nest to the last bit, in metres and in
degrees.
"""


class Rings(NamedTuple):
    """An area: polygon p has the rings ``polygon_start[p]:polygon_start[p + 1]``, first the outer one, then its holes.

    Ring i has the vertices ``xy[ring_start[i]:ring_start[i + 1]]``, the last one equal to the first; outer rings run
    counter-clockwise, holes clockwise.
    """

    xy: FloatArray
    ring_start: LongArray
    polygon_start: LongArray


def trace(field: Field, level_cells: float) -> Rings:
    """Return the area on a field that lies within a distance.

    Parameters
    ----------
    field
        Distances to lines.
    level_cells
        The distance, in cells.

    Notes
    -----
    Marching squares with linear interpolation of distances along the sides of cells. Two points inside that touch
    across a cell's corner only are apart. That rule, the interpolation and the rounding are monotonic: lower distances
    never take anything away from the area.
    """
    margin = min(max(MARGIN_CELLS, MARGIN_M / field.step_m), 0.25)
    return Rings(*_trace(field, level_cells, margin, np.zeros(field.nearness.shape, np.int32)))


@kernel
def _trace(  # noqa: C901, PLR0912, PLR0915 - one hot loop
    field: Field, level: float, margin: float, mark: MarkArray
) -> tuple[FloatArray, LongArray, LongArray]:
    """Follow every contour with the inside on its left; ``mark`` holds one more than the ring through a row's step."""
    near, step = field.nearness, field.step_m
    rows, columns = near.shape[0], field.columns
    cap = field.reach_cells**2
    above = np.float32(cap - (level + margin) ** 2)
    in_row = np.zeros(rows, np.int64)
    crossings = 0
    for r in range(1, rows - 1):
        here, over = near[r], near[r + 1]
        beside, upward = 0, 0
        for c in range(columns - 1):
            beside += (here[c] > above) != (here[c + 1] > above)
            upward += (here[c] > above) != (over[c] > above)
        in_row[r] = beside
        crossings += beside + upward
    for c in range(columns):
        crossings += near[1, c] > above

    found = int(in_row.sum()) // 2
    xy = np.empty((crossings + found, 2))
    ring_start = np.zeros(found + 1, np.int64)
    outer = np.empty(found, np.int64)  # the outer ring that a ring belongs to
    ring, used = 0, 0
    for row in range(1, rows - 1):
        left, column = in_row[row], 0
        before = -1  # the ring that was crossed last in this row
        while left > 0:
            inside = near[row, column] > above
            if inside != (near[row, column + 1] > above):
                left -= 1
                if mark[row, column] == 0:
                    outer[ring] = outer[before] if inside else ring
                    heading = UP if inside else DOWN
                    r, c = (row, column) if inside else (row - 1, column)
                    first = used
                    while True:
                        if heading in (UP, DOWN):
                            at = r if heading == UP else r + 1
                            if mark[at, c] != 0:
                                break
                            mark[at, c] = ring + 1
                            d0 = math.sqrt(cap - near[at, c])
                            d1 = math.sqrt(cap - near[at, c + 1])
                            if heading == UP:
                                d0, d1 = min(d0, level - margin), max(d1, level + margin / 2)
                                share = (level - d0) / (d1 - d0)
                            else:
                                d1, d0 = min(d1, level - margin), max(d0, level + margin / 2)
                                share = 1.0 - (level - d1) / (d0 - d1)
                            x, y = c + share, float(at)
                            if c == 0:  # beyond the frame nothing is inside: the contour runs along it
                                x = 1.0
                            elif c + 1 == columns - 1:
                                x = float(c)
                        else:
                            at = c + 1 if heading == LEFT else c
                            d0 = math.sqrt(cap - near[r, at])
                            d1 = math.sqrt(cap - near[r + 1, at])
                            if heading == LEFT:
                                d0, d1 = min(d0, level - margin), max(d1, level + margin / 2)
                                share = (level - d0) / (d1 - d0)
                            else:
                                d1, d0 = min(d1, level - margin), max(d0, level + margin / 2)
                                share = 1.0 - (level - d1) / (d0 - d1)
                            x, y = float(at), r + share
                            if r == 0:
                                y = 1.0
                            elif r + 1 == rows - 1:
                                y = float(r)
                        x = np.rint((field.column0 + x) * step * COORDINATES_PER_M) / COORDINATES_PER_M
                        y = np.rint((field.row0 + y) * step * COORDINATES_PER_M) / COORDINATES_PER_M
                        if used == first or x != xy[used - 1, 0] or y != xy[used - 1, 1]:
                            xy[used, 0], xy[used, 1] = x, y
                            used += 1
                        if heading == UP:
                            ahead_left, ahead_right = near[r + 1, c], near[r + 1, c + 1]
                        elif heading == LEFT:
                            ahead_left, ahead_right = near[r, c], near[r + 1, c]
                        elif heading == DOWN:
                            ahead_left, ahead_right = near[r, c + 1], near[r, c]
                        else:
                            ahead_left, ahead_right = near[r + 1, c + 1], near[r, c + 1]
                        if not ahead_left > above:
                            heading = (heading + 1) % 4
                        elif ahead_right > above:
                            heading = (heading + 3) % 4
                        if heading == UP:
                            r += 1
                        elif heading == LEFT:
                            c -= 1
                        elif heading == DOWN:
                            r -= 1
                        else:
                            c += 1
                    if xy[used - 1, 0] != xy[first, 0] or xy[used - 1, 1] != xy[first, 1]:
                        xy[used, 0], xy[used, 1] = xy[first, 0], xy[first, 1]
                        used += 1
                    ring += 1
                    ring_start[ring] = used
                before = mark[row, column] - 1
            column += 1
    return _group(xy, ring_start[: ring + 1], outer[:ring])


@kernel
def _group(xy: FloatArray, start: LongArray, outer: LongArray) -> tuple[FloatArray, LongArray, LongArray]:
    """Put the rings of every polygon together: the outer one first, then its holes in their order."""
    rings = len(outer)
    place = np.zeros(rings + 1, np.int64)
    polygons = 0
    for i in range(rings):
        place[outer[i] + 1] += 1
        polygons += outer[i] == i
    for i in range(rings):
        place[i + 1] += place[i]
    polygon_start = np.zeros(polygons + 1, np.int64)
    order = np.empty(rings, np.int64)
    polygon = 0
    for i in range(rings):  # an outer ring is found before its holes
        order[place[outer[i]]] = i
        place[outer[i]] += 1
    for i in range(rings):
        if outer[order[i]] == order[i]:
            polygon_start[polygon] = i
            polygon += 1
    polygon_start[polygons] = rings
    grouped, grouped_start = np.empty((start[rings], 2)), np.zeros(rings + 1, np.int64)
    used = 0
    for i in range(rings):
        for k in range(start[order[i]], start[order[i] + 1]):
            grouped[used, 0], grouped[used, 1] = xy[k, 0], xy[k, 1]
            used += 1
        grouped_start[i + 1] = used
    return grouped, grouped_start, polygon_start

"""Nearest street of many points, exactly: edge segments in a uniform grid, searched ring by ring."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import in_chunks, kernel

if TYPE_CHECKING:
    from walkshed.network.model import BoolArray, FloatArray, IntArray, LongArray, WalkNetwork

CELL_M = 25.0
CELLS_PER_SEGMENT = 8
SEGMENTS_PER_CELL, FINEST_CELL_M = 2, 10.0
TIE_M = 1e-6
"""Streets whose distances differ by less are equally near; positions nearer to an end of their edge are that end."""
CHUNK = 4096
BLOCK_M = 100.0


class SegmentGrid(NamedTuple):
    """Straight segments of edges, filed under every grid cell that they touch.

    Attributes
    ----------
    ax, ay, bx, by : (S,) float64
        Ends of the segments, metres.
    inverse : (S,) float64
        One over the squared length of a segment.
    edge : (S,) int32
        Edge of a segment; segments stand in the order of their edges, and along them.
    start_m : (S,) float64
        Metres along the edge's geometry at ``a``.
    edge_m : (E,) float64
        Length of every edge's geometry.
    cell_m, west, south, columns, rows
        Size of a cell, corner and shape of the grid.
    cell_start : (columns * rows + 1,) int64
    cell_segment : int32
        Segments of cell c: ``cell_segment[cell_start[c]:cell_start[c + 1]]``, ascending.
    """

    ax: FloatArray
    ay: FloatArray
    bx: FloatArray
    by: FloatArray
    inverse: FloatArray
    edge: IntArray
    start_m: FloatArray
    edge_m: FloatArray
    cell_m: float
    west: float
    south: float
    columns: int
    rows: int
    cell_start: LongArray
    cell_segment: IntArray


def metres_along(network: WalkNetwork) -> FloatArray:
    """Return, for every vertex of edge geometry, the metres along its edge's geometry from ``u``; (P,) float64."""
    return _along(network.geometry_start, network.geometry_x, network.geometry_y)


@kernel
def _along(start: LongArray, x: FloatArray, y: FloatArray) -> FloatArray:
    along = np.zeros(len(x))
    for e in range(len(start) - 1):
        for k in range(start[e] + 1, start[e + 1]):
            along[k] = along[k - 1] + math.hypot(x[k] - x[k - 1], y[k] - y[k - 1])
    return along


def segment_grid(network: WalkNetwork) -> SegmentGrid:
    """File the segments of every street that is open in at least one direction."""
    start = network.geometry_start
    along = metres_along(network)
    opened = np.isfinite(network.forward_min) | np.isfinite(network.backward_min)
    owner = np.repeat(np.arange(len(network.u), dtype=np.int32), np.diff(start))
    first = np.ones(len(owner), bool)
    first[start[1:] - 1] = False  # the last vertex of an edge starts no segment
    a = np.flatnonzero(first & opened[owner])
    ax, ay = network.geometry_x[a], network.geometry_y[a]
    bx, by = network.geometry_x[a + 1], network.geometry_y[a + 1]
    if len(a) == 0:
        west = south = east = north = 0.0
    else:
        west, east = float(min(ax.min(), bx.min())), float(max(ax.max(), bx.max()))
        south, north = float(min(ay.min(), by.min())), float(max(ay.max(), by.max()))
    cell = CELL_M
    while (int((east - west) / cell) + 1) * (int((north - south) / cell) + 1) > CELLS_PER_SEGMENT * len(a) + 1024:
        cell *= 2
    while (
        cell > FINEST_CELL_M
        and len(a) / (((east - west) / cell + 1) * ((north - south) / cell + 1)) > SEGMENTS_PER_CELL
    ):
        cell /= 2  # dense streets: fewer segments to look at
    columns, rows = int((east - west) / cell) + 1, int((north - south) / cell) + 1
    cell_start = np.zeros(columns * rows + 1, np.int64)
    _file(ax, ay, bx, by, cell, west, south, columns, cell_start, np.empty(0, np.int32))
    np.cumsum(cell_start, out=cell_start)
    cell_segment = np.empty(int(cell_start[-1]), np.int32)
    _file(ax, ay, bx, by, cell, west, south, columns, cell_start[:-1].copy(), cell_segment)
    return SegmentGrid(
        ax, ay, bx, by, _inverse(ax, ay, bx, by), owner[a], along[a], along[start[1:] - 1],
        cell, west, south, columns, rows, cell_start, cell_segment,
    )  # fmt: skip


def _inverse(ax: FloatArray, ay: FloatArray, bx: FloatArray, by: FloatArray) -> FloatArray:
    """Return one over the squared lengths of segments, 0 for those without length."""
    squared = (bx - ax) ** 2 + (by - ay) ** 2
    inverse: FloatArray = np.divide(1.0, squared, out=np.zeros_like(squared), where=squared > 0)
    return inverse


@kernel
def _file(  # noqa: PLR0913, PLR0917 - plain arrays and scalars are what a kernel takes
    ax: FloatArray, ay: FloatArray, bx: FloatArray, by: FloatArray,
    cell: float, west: float, south: float, columns: int, place: LongArray, filed: IntArray,
) -> None:  # fmt: skip
    """Count segments per cell into ``place[cell + 1]``, or, where ``filed`` has room, put them at ``place[cell]``."""
    slack = 1e-6 * cell  # a segment along a cell's border belongs to both sides
    counting = len(filed) == 0
    rows = (len(place) - (1 if counting else 0)) // columns
    for s in range(len(ax)):
        dx, dy = bx[s] - ax[s], by[s] - ay[s]
        low, high = min(ay[s], by[s]), max(ay[s], by[s])
        row0 = max(int((low - slack - south) / cell), 0)
        row1 = min(int((high + slack - south) / cell), rows - 1)
        for row in range(row0, row1 + 1):
            t0, t1 = 0.0, 1.0
            if dy != 0.0:  # the part of the segment inside this row of cells
                ta = (south + row * cell - slack - ay[s]) / dy
                tb = (south + (row + 1) * cell + slack - ay[s]) / dy
                t0, t1 = max(min(ta, tb), 0.0), min(max(ta, tb), 1.0)
            xa, xb = ax[s] + t0 * dx, ax[s] + t1 * dx
            column0 = max(int((min(xa, xb) - slack - west) / cell), 0)
            column1 = min(int((max(xa, xb) + slack - west) / cell), columns - 1)
            for column in range(column0, column1 + 1):
                c = row * columns + column
                if counting:
                    place[c + 1] += 1
                else:
                    filed[place[c]] = s
                    place[c] += 1


def nearest_edges(
    grid: SegmentGrid, x: FloatArray, y: FloatArray, *, max_m: float, allowed: BoolArray, threads: int | None = None
) -> tuple[LongArray, FloatArray, FloatArray]:
    """Find the nearest position on an allowed street for every point.

    Parameters
    ----------
    grid
        See :func:`segment_grid`.
    x, y : (n,) float64
        Finite metres in the network's CRS.
    max_m
        Farther streets are not found.
    allowed : (E,) bool
    threads
        Does not change the result.

    Returns
    -------
    edge : (n,) int64
        -1 where no street is near enough. Of streets equally near (within :data:`TIE_M`) the one with the smallest
        number.
    fraction : (n,) float64
        Position along the edge's geometry from ``u``, 0..1.
    distance_m : (n,) float64
    """
    edge = np.full(len(x), -1, np.int64)
    fraction = np.full(len(x), np.nan)
    distance = np.full(len(x), np.nan)
    order = _by_block(grid, x, y) if len(x) > CHUNK else np.arange(len(x))
    x, y = x[order], y[order]

    def run(first: int, last: int) -> None:
        part = slice(first, last)
        _nearest(grid, x[part], y[part], max_m, allowed, edge[part], fraction[part], distance[part])

    in_chunks(len(x), CHUNK, run, threads=threads)
    found = np.empty_like(edge), np.empty_like(fraction), np.empty_like(distance)
    for column, sorted_column in zip(found, (edge, fraction, distance), strict=True):
        column[order] = sorted_column
    return found


def _by_block(grid: SegmentGrid, x: FloatArray, y: FloatArray) -> LongArray:
    """Return points in the order of square blocks: what is searched for one is then at hand for the next."""
    across = int(grid.columns * grid.cell_m / BLOCK_M) + 2
    down = int(grid.rows * grid.cell_m / BLOCK_M) + 2
    column = np.clip((x - grid.west) / BLOCK_M, 0, across).astype(np.int64)
    row = np.clip((y - grid.south) / BLOCK_M, 0, down).astype(np.int64)
    block = row * (across + 1) + column
    short = np.uint16 if (down + 1) * (across + 1) <= np.iinfo(np.uint16).max else np.int64
    return np.argsort(block.astype(short), kind="stable")  # of short numbers, NumPy counts instead of comparing


@kernel
def _nearest(  # noqa: C901, PLR0912, PLR0915 - one hot loop, kept together for speed
    grid: SegmentGrid, x: FloatArray, y: FloatArray, max_m: float, allowed: BoolArray,
    edge: LongArray, fraction: FloatArray, distance: FloatArray,
) -> None:  # fmt: skip
    ax, ay, bx, by, owner, inverse = grid.ax, grid.ay, grid.bx, grid.by, grid.edge, grid.inverse
    cell, columns, rows = grid.cell_m, grid.columns, grid.rows
    cell_start, cell_segment = grid.cell_start, grid.cell_segment
    for i in range(len(x)):
        px, py = x[i], y[i]
        column = math.floor((px - grid.west) / cell)
        row = math.floor((py - grid.south) / cell)
        inner = min(
            px - (grid.west + column * cell),
            grid.west + (column + 1) * cell - px,
            py - (grid.south + row * cell),
            grid.south + (row + 1) * cell - py,
        )
        # rings that lie wholly outside the grid, before and behind it, hold nothing
        ring0 = max(-column, column - columns + 1, -row, row - rows + 1, 0)
        ring1 = max(column, columns - 1 - column, row, rows - 1 - row)
        best, chosen, best_t = max_m, -1, 0.0
        worth = (best + 2 * TIE_M) ** 2
        for ring in range(ring0, ring1 + 1):
            # a segment met first in this ring is at least so far away
            if (ring - 1) * cell + max(inner, 0.0) > best + TIE_M:
                break
            for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                edge_row = abs(r - row) == ring
                step = 1 if edge_row or ring == 0 else 2 * ring
                c = column - ring
                if step == 1 and c < 0:
                    c = 0
                while c <= column + ring:
                    if 0 <= c < columns:
                        at = r * columns + c
                        for k in range(cell_start[at], cell_start[at + 1]):
                            s = cell_segment[k]
                            if not allowed[owner[s]]:
                                continue
                            sx, sy = ax[s], ay[s]
                            dx, dy = bx[s] - sx, by[s] - sy
                            t = min(max(((px - sx) * dx + (py - sy) * dy) * inverse[s], 0.0), 1.0)
                            ex, ey = px - sx - t * dx, py - sy - t * dy
                            if ex * ex + ey * ey > worth:  # most are too far: no division, no root
                                continue
                            squared = dx * dx + dy * dy
                            t = 0.0
                            if squared > 0.0:
                                t = ((px - ax[s]) * dx + (py - ay[s]) * dy) / squared
                            if t <= 0.0:
                                t, fx, fy = 0.0, ax[s], ay[s]
                            elif t >= 1.0:
                                t, fx, fy = 1.0, bx[s], by[s]
                            else:
                                fx, fy = ax[s] + t * dx, ay[s] + t * dy
                            d = math.hypot(fx - px, fy - py)
                            nearer = d < best - TIE_M or (chosen < 0 and d <= best)
                            if nearer or (d <= best + TIE_M and s < chosen):
                                chosen, best_t = s, t
                                best = min(best, d)
                                worth = (best + 2 * TIE_M) ** 2
                    elif c >= columns:
                        break
                    c += step
        if chosen >= 0:
            e = owner[chosen]
            dx, dy = bx[chosen] - ax[chosen], by[chosen] - ay[chosen]
            along = grid.start_m[chosen] + best_t * math.hypot(dx, dy)
            length = grid.edge_m[e]
            edge[i] = e
            if along <= TIE_M:
                fraction[i] = 0.0
            elif along >= length - TIE_M:
                fraction[i] = 1.0
            else:
                fraction[i] = along / length
            distance[i] = math.hypot(ax[chosen] + best_t * dx - px, ay[chosen] + best_t * dy - py)

"""Crooked blocks of streets: the pattern of the sample district's old town, and street-like graphs of any size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

BLOCK_M = 75.0
JITTER = 0.25
DROPPED, DIAGONALS = 0.16, 0.03
DETOUR = 0.2
KEPT = 0.985
"""Share of the crossings that the largest component keeps, so that the asked number of nodes is met."""


class Lattice(NamedTuple):
    """Crossings and streets between them, drawn in lengths of a block.

    Attributes
    ----------
    column, row : (rows, columns) float64
        Places of the crossings.
    u, v : (E,) int64
        Ends of the streets, as positions in the flattened crossings.
    """

    column: FloatArray
    row: FloatArray
    u: LongArray
    v: LongArray


class StreetGraph(NamedTuple):
    """A street-like graph of N crossings and E streets in one component.

    Attributes
    ----------
    x, y : (N,) float64
        Metres.
    u, v : (E,) int64
        Ends of the streets.
    bent_x, bent_y : (E,) float64
        Where a street bends, half way.
    length_m : (E,) float64
        Length from end to bend to end.
    """

    x: FloatArray
    y: FloatArray
    u: LongArray
    v: LongArray
    bent_x: FloatArray
    bent_y: FloatArray
    length_m: FloatArray


def draw_lattice(
    rng: np.random.Generator,
    columns: int,
    rows: int,
    *,
    jitter: float = JITTER,
    dropped: float = DROPPED,
    diagonals: float = DIAGONALS,
) -> Lattice:
    """Draw a perturbed grid with missing streets and some diagonals.

    Parameters
    ----------
    rng
        Source of chance; moved on.
    columns, rows
        Numbers of crossings.
    jitter
        How far a crossing is moved at most, in blocks.
    dropped, diagonals
        Shares of the grid's streets that are missing, and of its blocks that are cut by a diagonal.
    """
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    shift = rng.uniform(-jitter, jitter, (2, rows, columns))
    crossing = np.arange(rows * columns).reshape(rows, columns)
    pairs = [(crossing[:, :-1], crossing[:, 1:]), (crossing[:-1], crossing[1:]), (crossing[:-1, :-1], crossing[1:, 1:])]
    kept = []
    for (start, end), share in zip(pairs, (1 - dropped, 1 - dropped, diagonals), strict=True):
        chosen = rng.random(start.size) < share
        kept.append((start.ravel()[chosen], end.ravel()[chosen]))
    u, v = (np.concatenate(ends) for ends in zip(*kept, strict=True))
    return Lattice(column + shift[0], row + shift[1], u, v)


def street_graph(
    nodes: int,
    *,
    order: Callable[[FloatArray, FloatArray], LongArray],
    corner: tuple[float, float] = (0.0, 0.0),
    seed: int = 7,
) -> StreetGraph:
    """Draw a town of crooked blocks of any size, the same every time.

    Parameters
    ----------
    nodes
        About so many crossings and ends of streets.
    order
        Key by which the crossings are numbered, such as :func:`walkshed.network.assemble.hilbert_key`.
    corner
        South-western corner, metres.
    seed
        Another seed draws another town.

    Notes
    -----
    Streets are straight or bent once, their mean length is 84.8 m, and 3.4 of them leave a crossing.
    """
    rng = np.random.default_rng(seed)
    side = max(3, math.ceil(math.sqrt(nodes / KEPT)))
    drawn = draw_lattice(rng, side, side)
    x = (corner[0] + drawn.column * BLOCK_M).ravel()
    y = (corner[1] + drawn.row * BLOCK_M).ravel()
    x, y, u, v = _largest_component(x, y, drawn.u, drawn.v)

    ranked = np.argsort(order(x, y), kind="stable")
    number = np.empty(len(x), np.int64)
    number[ranked] = np.arange(len(x))
    x, y, u, v = x[ranked], y[ranked], number[u], number[v]
    ranked = np.lexsort((np.maximum(u, v), np.minimum(u, v)))
    u, v = u[ranked], v[ranked]

    straight = np.hypot(x[u] - x[v], y[u] - y[v])
    aside = 0.5 * np.sqrt((1.0 + rng.uniform(0.0, DETOUR, len(u))) ** 2 - 1.0)  # of the bend, in lengths of the street
    return StreetGraph(
        x=x,
        y=y,
        u=u,
        v=v,
        bent_x=(x[u] + x[v]) / 2 - aside * (y[v] - y[u]),
        bent_y=(y[u] + y[v]) / 2 + aside * (x[v] - x[u]),
        length_m=straight * np.sqrt(1.0 + 4.0 * aside**2),
    )


def _largest_component(
    x: FloatArray, y: FloatArray, u: LongArray, v: LongArray
) -> tuple[FloatArray, FloatArray, LongArray, LongArray]:
    _, label = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(len(x), len(x))), directed=False)
    kept = label == np.argmax(np.bincount(label))
    number = np.cumsum(kept) - 1
    inside = kept[u]
    return x[kept], y[kept], number[u[inside]], number[v[inside]]

"""Generated street-like networks of any size, the same every time."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from walkshed.network.assemble import hilbert_key
from walkshed.network.model import METERS_PER_MINUTE_PER_KMH, WalkNetwork

CRS = "EPSG:32650"
WEST, SOUTH = 300_000.0, 3_300_000.0
BLOCK_M = 75.0
JITTER = 0.25
DROPPED, DIAGONALS = 0.16, 0.03
DETOUR = 0.2
KEPT = 0.985
"""Share of the crossings that the largest component keeps, so that the asked number of nodes is met."""
TOBLER_DECAY, TOBLER_OFFSET = 3.5, 0.05


def street_network(nodes: int, *, speed_kmh: float, hills: bool = False, seed: int = 7) -> WalkNetwork:
    """Draw a town of crooked blocks: a perturbed grid with missing streets, some diagonals and bends.

    Parameters
    ----------
    nodes
        About so many crossings and ends of streets.
    speed_kmh
        Speed on the flat.
    hills
        Let the ground rise and fall; minutes then differ with the direction, after Tobler's hiking function.
    seed
        Another seed draws another town.

    Returns
    -------
    WalkNetwork
        One component. Streets are straight or bent once; their lengths are those of the drawn lines.
    """
    rng = np.random.default_rng(seed)
    side = max(3, math.ceil(math.sqrt(nodes / KEPT)))
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    shift = rng.uniform(-JITTER, JITTER, (2, side, side))
    x = (WEST + (column + shift[0]) * BLOCK_M).ravel()
    y = (SOUTH + (row + shift[1]) * BLOCK_M).ravel()
    u, v = _blocks(rng, side)
    x, y, u, v = _largest_component(x, y, u, v)

    order = np.argsort(hilbert_key(x, y), kind="stable")
    number = np.empty(len(x), np.int64)
    number[order] = np.arange(len(x))
    x, y, u, v = x[order], y[order], number[u], number[v]
    order = np.lexsort((np.maximum(u, v), np.minimum(u, v)))
    u, v = u[order], v[order]

    straight = np.hypot(x[u] - x[v], y[u] - y[v])
    aside = 0.5 * np.sqrt((1.0 + rng.uniform(0.0, DETOUR, len(u))) ** 2 - 1.0)  # of the bend, in lengths of the street
    bent_x = (x[u] + x[v]) / 2 - aside * (y[v] - y[u])
    bent_y = (y[u] + y[v]) / 2 + aside * (x[v] - x[u])
    length = straight * np.sqrt(1.0 + 4.0 * aside**2)
    rise = _ground(x[v], y[v]) - _ground(x[u], y[u]) if hills else np.zeros(len(u))
    flat = length / (speed_kmh * METERS_PER_MINUTE_PER_KMH)
    edges = len(u)
    return WalkNetwork(
        crs=CRS,
        node_id=np.arange(1, len(x) + 1, dtype=np.int64),
        x=x,
        y=y,
        u=u.astype(np.int32),
        v=v.astype(np.int32),
        length_m=length,
        forward_min=flat / _tobler(rise / length),
        backward_min=flat / _tobler(-rise / length),
        way_id=np.arange(1, edges + 1, dtype=np.int64),
        steps=np.zeros(edges, bool),
        name_code=np.full(edges, -1, np.int32),
        names=(),
        geometry_start=np.arange(0, 3 * edges + 1, 3, dtype=np.int64),
        geometry_x=np.column_stack([x[u], bent_x, x[v]]).ravel(),
        geometry_y=np.column_stack([y[u], bent_y, y[v]]).ravel(),
        speed_kmh=speed_kmh,
        source=f"generated, {len(x)} nodes",
    )


def _blocks(rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the streets of a grid of crossings, some dropped and some diagonals added."""
    crossing = np.arange(side * side).reshape(side, side)
    pairs = [(crossing[:, :-1], crossing[:, 1:]), (crossing[:-1], crossing[1:]), (crossing[:-1, :-1], crossing[1:, 1:])]
    kept = []
    for (start, end), share in zip(pairs, (1 - DROPPED, 1 - DROPPED, DIAGONALS), strict=True):
        chosen = rng.random(start.size) < share
        kept.append((start.ravel()[chosen], end.ravel()[chosen]))
    return np.concatenate([start for start, _ in kept]), np.concatenate([end for _, end in kept])


def _largest_component(
    x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    _, label = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(len(x), len(x))), directed=False)
    kept = label == np.argmax(np.bincount(label))
    number = np.cumsum(kept) - 1
    inside = kept[u]
    return x[kept], y[kept], number[u[inside]], number[v[inside]]


def _ground(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return metres above the sea: smooth hills, some of them steep."""
    east, north = x - WEST, y - SOUTH
    height: np.ndarray = 40 * np.sin(east / 900) + 30 * np.cos(north / 700) + 10 * np.sin((east + north) / 250)
    return height


def _tobler(slope: np.ndarray) -> np.ndarray:
    """Return speed on a slope as a share of that on the flat (Tobler 1993)."""
    share: np.ndarray = np.exp(-TOBLER_DECAY * (np.abs(slope + TOBLER_OFFSET) - TOBLER_OFFSET))
    return share

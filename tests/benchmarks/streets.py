"""Street-like networks of any size, drawn by the generator of the sample district, the same every time."""

from __future__ import annotations

import numpy as np

from walkshed.network.assemble import hilbert_key
from walkshed.network.model import METERS_PER_MINUTE_PER_KMH, WalkNetwork
from walkshed.sample.streets import street_graph

CRS = "EPSG:32650"
WEST, SOUTH = 300_000.0, 3_300_000.0
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
    town = street_graph(nodes, order=hilbert_key, corner=(WEST, SOUTH), seed=seed)
    x, y, u, v, length = town.x, town.y, town.u, town.v, town.length_m
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
        geometry_x=np.column_stack([x[u], town.bent_x, x[v]]).ravel(),
        geometry_y=np.column_stack([y[u], town.bent_y, y[v]]).ravel(),
        speed_kmh=speed_kmh,
        source=f"generated, {len(x)} nodes",
    )


def _ground(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return metres above the sea: smooth hills, some of them steep."""
    east, north = x - WEST, y - SOUTH
    height: np.ndarray = 40 * np.sin(east / 900) + 30 * np.cos(north / 700) + 10 * np.sin((east + north) / 250)
    return height


def _tobler(slope: np.ndarray) -> np.ndarray:
    """Return speed on a slope as a share of that on the flat (Tobler 1993)."""
    share: np.ndarray = np.exp(-TOBLER_DECAY * (np.abs(slope + TOBLER_OFFSET) - TOBLER_OFFSET))
    return share

"""Cut a network into tiles, each with as much around it as a walk from its residents can touch.

Why nothing is lost: a walk of ``t`` minutes that starts at a node goes from node to node over open edges. Be ``v`` the
fastest such edge near by, in metres as the crow flies between its ends over its minutes. Then no node of the walk is
farther from its start than ``v * t``. A tile holds every node within that of its starts, and every edge that has at
least one such node; so it holds all edges of all such walks, also the last, inside which a walk may end. Minutes are
sums of multiples of 2^-30 and thus exact (:mod:`walkshed.reach.graph`): a search in the tile finds the same bits as one
in the whole network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.network.model import WalkNetwork
from walkshed.reach.graph import QUANTA_PER_MINUTE, exact

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray

ROUNDING_M: Final = 0.001
"""The margin is wider by so much, for what rounding does to sums of distances."""
ACROSS: Final = 256
"""Rows and columns of the grid by which nodes are found; decides speed only."""
HEADROOM: Final = 1.02
"""The fastest edge found so far is taken for so much faster: the next wider look then seldom finds a faster one."""


class Ground(NamedTuple):
    """A whole network, and what every cut needs of it.

    Attributes
    ----------
    network
        Streets.
    owner : (N,) int32
        To which tile a node belongs.
    speed : (E,)
        Metres as the crow flies between the ends of an edge over its minutes, in the faster direction; 0 where closed.
    filed, cell_start
        Nodes by cell of a square grid, so that those in a box are found without asking all: cell c, counted row by row
        over :data:`ACROSS` columns, holds ``filed[cell_start[c]:cell_start[c + 1]]``.
    corner, cell_m
        Of the grid.
    """

    network: WalkNetwork
    owner: IntArray
    speed: FloatArray
    filed: LongArray
    cell_start: LongArray
    corner: FloatArray
    cell_m: float

    def within(self, low: FloatArray, high: FloatArray) -> LongArray:
        """Return the nodes in a box, its rim included, ascending."""
        first, last = (
            np.clip(np.floor((at - self.corner) / self.cell_m), 0, ACROSS - 1).astype(np.int64) for at in (low, high)
        )
        rows = range(first[1] * ACROSS, last[1] * ACROSS + 1, ACROSS)
        near = np.concatenate(
            [self.filed[self.cell_start[row + first[0]] : self.cell_start[row + last[0] + 1]] for row in rows]
        )
        x, y = self.network.x[near], self.network.y[near]
        return np.sort(near[(x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])])

    def edges_at(self, node: LongArray) -> LongArray:
        """Return the edges with an end at any of some nodes, ascending."""
        start, _, arc_edge = self.network.arcs
        size = start[node + 1] - start[node]
        arc = np.repeat(start[node] - (np.cumsum(size) - size), size) + np.arange(size.sum())
        return np.unique(arc_edge[arc]).astype(np.int64)


class Tile(NamedTuple):
    """A part of a network: the nodes that are its own, and those around them.

    Attributes
    ----------
    network
        Streets of the tile, numbered anew in the same order, without drawn lines: searches need none.
    node : (n,) int64
        The nodes by their numbers in the whole network, ascending.
    edge : (e,) int64
        The edges, likewise.
    rim : (r,) int64
        Positions in ``node`` of those that have edges outside the tile.
    """

    network: WalkNetwork
    node: LongArray
    edge: LongArray
    rim: LongArray


def survey(network: WalkNetwork, tiles: int) -> Ground:
    """Prepare a network for being cut into so many tiles with equally many nodes of their own.

    Parameters
    ----------
    network
        Streets.
    tiles
        How many, at least 1. More tiles than nodes leave some without any.
    """
    u, v = network.u, network.v
    minutes = np.maximum(exact(np.minimum(network.forward_min, network.backward_min)), 1.0 / QUANTA_PER_MINUTE)
    speed = np.hypot(network.x[u] - network.x[v], network.y[u] - network.y[v]) / minutes
    corner = np.array([network.x.min(), network.y.min()])
    cell_m = max(float(np.ptp(network.x)), float(np.ptp(network.y)), 1.0) / ACROSS
    column, row = (
        np.minimum((at - low) / cell_m, ACROSS - 1).astype(np.int64)
        for at, low in zip((network.x, network.y), corner, strict=True)
    )
    cell = row * ACROSS + column
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=ACROSS * ACROSS))])
    owner = _split(network.x, network.y, tiles)
    return Ground(network, owner, speed, np.argsort(cell, kind="stable"), start, corner, cell_m)


def _split(x: FloatArray, y: FloatArray, tiles: int) -> IntArray:
    """Return the tile of every place: halves of halves, cut across the longer side."""
    owner = np.zeros(len(x), np.int32)
    todo = [(np.arange(len(x)), 0, tiles)]
    while todo:
        own, first, count = todo.pop()
        owner[own] = first
        if count == 1 or len(own) == 0:
            continue
        across = x[own] if np.ptp(x[own]) >= np.ptp(y[own]) else y[own]
        order, lower = own[np.argsort(across, kind="stable")], count // 2
        at = len(own) * lower // count
        todo += [(np.sort(order[:at]), first, lower), (np.sort(order[at:]), first + lower, count - lower)]
    return owner


def cut_tile(ground: Ground, starts: LongArray, limit_min: float) -> Tile | None:
    """Cut out all that walks of up to ``limit_min`` minutes from or to some nodes can touch.

    Parameters
    ----------
    ground
        From :func:`survey`.
    starts
        Nodes, at least one.
    limit_min
        Minutes; ``inf`` for all there is.

    Returns
    -------
    Tile or None
        ``None`` where there is no street.
    """
    network = ground.network
    at = np.stack([network.x[starts], network.y[starts]])
    low, high = at.min(axis=1), at.max(axis=1)
    fastest = 0.0
    while True:
        margin = ROUNDING_M + (fastest * limit_min if fastest > 0 else 0.0)
        inside = ground.within(low - margin, high + margin)
        edge = ground.edges_at(inside)
        found = float(ground.speed[edge].max(initial=0.0))
        if found <= fastest:
            break
        fastest = HEADROOM * found
    if not len(edge):
        return None
    node = np.union1d(inside, np.concatenate([network.u[edge], network.v[edge]])).astype(np.int64)
    part = _part(network, node, edge)
    here = np.bincount(part.u, minlength=len(node)) + np.bincount(part.v, minlength=len(node))
    start = network.arcs[0]
    return Tile(part, node, edge, np.flatnonzero(start[node + 1] - start[node] > here))


def _part(network: WalkNetwork, node: LongArray, edge: LongArray) -> WalkNetwork:
    """Return the network of some nodes and edges, both ascending."""
    nothing = np.zeros(0)
    return WalkNetwork(
        crs=network.crs,
        node_id=network.node_id[node],
        x=network.x[node],
        y=network.y[node],
        u=np.searchsorted(node, network.u[edge]).astype(np.int32),
        v=np.searchsorted(node, network.v[edge]).astype(np.int32),
        length_m=network.length_m[edge],
        forward_min=network.forward_min[edge],
        backward_min=network.backward_min[edge],
        way_id=network.way_id[edge],
        steps=network.steps[edge],
        name_code=np.full(len(edge), -1, np.int32),
        names=(),
        geometry_start=np.zeros(len(edge) + 1, np.int64),
        geometry_x=nothing,
        geometry_y=nothing,
        speed_kmh=network.speed_kmh,
        source=network.source,
    )

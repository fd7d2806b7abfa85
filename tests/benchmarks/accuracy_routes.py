"""Routes by networkx on a graph in which every place is a node: an oracle for our minutes, and the way they take.

It shares nothing with the engine but the network's arrays: streets are cut where a place is tied to them, and
Dijkstra's algorithm of networkx walks from node to node.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import pandas as pd

    from walkshed.network.model import WalkNetwork


class Walk(NamedTuple):
    """A part of an edge that a route walks, from fraction ``low`` to ``high``; the larger one first when against it."""

    edge: int
    low: float
    high: float


def place_graph(  # noqa: C901 - two loops and two short helpers
    network: WalkNetwork, tables: Sequence[pd.DataFrame], *, quanta: float | None
) -> nx.DiGraph[Any]:
    """Return the streets as a graph with a node ``(table, row)`` for every tied row, legs included.

    With ``quanta`` every elementary time is rounded to that many parts of a minute, as the engine does; the two parts
    of a cut edge then still add up to the edge.
    """

    def rounded(minutes: float) -> float:
        return minutes if quanta is None else float(np.rint(minutes * quanta) / quanta)

    graph: nx.DiGraph[Any] = nx.DiGraph()

    def link(a: Hashable, b: Hashable, minutes: float, walk: Walk | None) -> None:
        if np.isfinite(minutes) and not (graph.has_edge(a, b) and graph[a][b]["minutes"] <= minutes):
            graph.add_edge(a, b, minutes=float(minutes), walk=walk)

    stops: dict[int, list[tuple[float, Hashable]]] = {}
    for number, table in enumerate(tables):
        for row, (edge, fraction, access_m) in enumerate(table[["edge", "fraction", "access_m"]].to_numpy(float)):
            graph.add_node((number, row))
            if edge >= 0:
                stops.setdefault(int(edge), []).append((fraction, (number, row, "street")))
                leg = rounded(access_m / network.meters_per_minute)
                link((number, row), (number, row, "street"), leg, None)
                link((number, row, "street"), (number, row), leg, None)
    ends = zip(network.u.tolist(), network.v.tolist(), network.forward_min, network.backward_min, strict=True)
    for edge, (u, v, forward, backward) in enumerate(ends):
        chain = [(0.0, u), *sorted(stops.get(edge, ()), key=lambda stop: stop[0]), (1.0, v)]
        for (low, a), (high, b) in pairwise(chain):
            for start, end, minutes, walk in (
                (a, b, forward, Walk(edge, low, high)),
                (b, a, backward, Walk(edge, high, low)),
            ):
                if low == high:
                    link(start, end, 0.0, walk)
                elif np.isfinite(minutes):
                    whole = rounded(minutes)
                    link(start, end, rounded(high * whole) - rounded(low * whole), walk)
    return graph


def minutes_from(graph: nx.DiGraph[Any], origin: int, destinations: int) -> np.ndarray:
    """Return the minutes from row ``origin`` of the first table to all rows of the second, ``inf`` where none."""
    reached = nx.single_source_dijkstra_path_length(graph, (0, origin), weight="minutes")
    return np.array([reached.get((1, row), np.inf) for row in range(destinations)])


def route(graph: nx.DiGraph[Any], origin: int, destination: int) -> list[Walk]:
    """Return what the shortest walk between rows of the two tables walks, in order; empty where there is none."""
    try:
        nodes = nx.bidirectional_dijkstra(graph, (0, origin), (1, destination), weight="minutes")[1]
    except nx.NetworkXNoPath:
        return []
    return [walk for a, b in pairwise(nodes) if (walk := graph[a][b]["walk"]) is not None]

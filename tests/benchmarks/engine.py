"""Our own side: tables tied to a network without snapping, and the search kernel alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from walkshed.reach.search import search_together
from walkshed.reach.work import make_work, more_room

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.work import Work

SPEED_KMH = 4.5
CUTOFF_MIN = 15.0
PAIRS_PER_SOURCE = 4096


def table_at_nodes(network: WalkNetwork, nodes: np.ndarray, id_column: str) -> pd.DataFrame:
    """Return rows that stand at nodes, as :func:`walkshed.network.snap.snap` would tie them."""
    indptr, _, arc_edge = network.arcs
    edge = arc_edge[indptr[nodes]].astype(np.int64)
    return table_on_edges(network, edge, np.where(network.u[edge] == nodes, 0.0, 1.0), id_column)


def table_on_edges(network: WalkNetwork, edge: np.ndarray, fraction: np.ndarray, id_column: str) -> pd.DataFrame:
    """Return rows that stand on streets, without a leg."""
    component = network.component[network.u[edge]].astype(np.int64)
    return pd.DataFrame(
        {
            id_column: np.arange(len(edge)).astype(str),
            "edge": edge.astype(np.int64),
            "fraction": fraction,
            "access_m": 0.0,
            "component": component,
        }
    )


def pick_nodes(network: WalkNetwork, count: int, *, seed: int = 1, main: bool = True) -> np.ndarray:
    """Return different nodes in ascending order, by default of the main component only."""
    allowed = np.flatnonzero(network.component == 0) if main else np.arange(len(network.x))
    chosen = np.random.default_rng(seed).choice(allowed, min(count, len(allowed)), replace=False)
    return np.sort(chosen)


class NodePairs(NamedTuple):
    """Room for the nodes that sources reach: source k's are ``node[start[k]:start[k + 1]]``."""

    start: np.ndarray
    node: np.ndarray
    minutes: np.ndarray

    def matrix(self, nodes: int) -> csr_array:
        """Return the pairs as (sources, nodes) matrix."""
        last = self.start[-1]
        shape = (len(self.start) - 1, nodes)
        return csr_array((self.minutes[:last], self.node[:last], self.start), shape=shape)


def room_for_pairs(sources: int, pairs: int) -> NodePairs:
    """Return room, written to once, so that the first use does not pay for fresh memory."""
    room = pairs + PAIRS_PER_SOURCE
    return NodePairs(np.zeros(sources + 1, np.int64), np.zeros(room, np.int32), np.zeros(room))


def spacious_work(graph: Graph, sources: Places, limit: float) -> Work:
    """Return a workspace whose queue holds more than any walk of a quarter of an hour needs."""
    work = make_work(graph, sources, limit)
    return work._replace(queue=more_room(work.queue))


def search_nodes(graph: Graph, sources: Places, limit: float, work: Work, pairs: NodePairs) -> NodePairs:
    """Search from every source with the package's kernel and write the nodes within ``limit``."""
    if _search_all(graph, sources, limit, work, pairs) < 0:
        message = "the workspace of the benchmark is too small"
        raise MemoryError(message)
    return pairs


@numba.njit(nogil=True)  # not cached: a cache would not notice a changed `search`
def _search_all(graph: Graph, sources: Places, limit: float, work: Work, pairs: NodePairs) -> int:
    written, last = 0, len(sources.edge) - 1
    for source in range(len(sources.edge)):
        following = graph.u[sources.edge[min(source + 1, last)]]
        reached = search_together(graph, sources, source, source + 1, limit, work, following)
        if reached < 0 or written + reached > len(pairs.node):
            return -1
        for i in range(reached):
            node = work.touched[i]
            pairs.node[written + i] = node
            pairs.minutes[written + i] = work.minutes[node]
            work.minutes[node] = np.inf
        written += reached
        pairs.start[source + 1] = written
    return written

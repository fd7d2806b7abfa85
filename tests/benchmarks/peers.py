"""Other libraries doing the searches: graphs made beforehand, every way as its documentation shows it."""

from __future__ import annotations

import importlib
import os
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from tests.benchmarks.agreement import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.network.model import WalkNetwork
    from walkshed.reach.graph import Graph

LARGE_NODES = 200_000
"""Above this pandana prepares for a quarter of an hour, and networkx holds several gigabytes of small objects."""
DENSE_BYTES = 16_000_000
"""So much of the dense matrix is made at once: more is slower, since fresh memory costs SciPy more than the search."""
CELL_M = 250.0
STRETCH = 1.01
"""A projection draws streets up to so many times their length on the ground."""


def optional(name: str) -> Any | None:
    """Return a package, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


@contextmanager
def silence() -> Iterator[None]:
    """Drop what compiled code prints."""
    kept = os.dup(1)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device, not a path of ours
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


class Arcs(NamedTuple):
    """Open arcs, of parallel ones the shortest, by start node."""

    tail: np.ndarray
    head: np.ndarray
    minutes: np.ndarray


def simple_arcs(graph: Graph) -> Arcs:
    """Return the arcs of a graph as libraries without parallel edges need them."""
    nodes = len(graph.indptr) - 1
    tail = np.repeat(np.arange(nodes), np.diff(graph.indptr))
    kept = np.isfinite(graph.weight) & (tail != graph.head)
    tail, head, minutes = tail[kept], graph.head[kept].astype(np.int64), graph.weight[kept]
    order = np.lexsort((minutes, head, tail))
    tail, head, minutes = tail[order], head[order], minutes[order]
    fresh = np.ones(len(tail), bool)
    fresh[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    return Arcs(tail[fresh], head[fresh], minutes[fresh])


class Peers:
    """The graph of a network in the forms of several libraries, each made when first asked for."""

    def __init__(self, network: WalkNetwork, graph: Graph) -> None:
        self.network = network
        self.nodes = len(network.x)
        self.arcs = simple_arcs(graph)

    @cached_property
    def scipy(self) -> csr_array:
        """Return the graph of SciPy."""
        start = np.concatenate([[0], np.cumsum(np.bincount(self.arcs.tail, minlength=self.nodes))])
        matrix = (self.arcs.minutes, self.arcs.head.astype(np.int32), start.astype(np.int32))
        return csr_array(matrix, shape=(self.nodes, self.nodes))

    @cached_property
    def networkx(self) -> nx.DiGraph[int]:
        """Return the graph of networkx."""
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from(range(self.nodes))
        graph.add_weighted_edges_from(zip(*(column.tolist() for column in self.arcs), strict=True))
        return graph

    @cached_property
    def rustworkx(self) -> Any:
        """Return the graph of rustworkx."""
        rustworkx = importlib.import_module("rustworkx")
        graph = rustworkx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(list(range(self.nodes)))
        graph.add_edges_from(list(zip(*(column.tolist() for column in self.arcs), strict=True)))
        return graph

    @cached_property
    def pandana(self) -> Any:
        """Return the network of pandana, in metres: it cuts weights to thousandths."""
        pandana = importlib.import_module("pandana")
        metres = pd.DataFrame({"metres": self.arcs.minutes * self.network.meters_per_minute})
        x, y = pd.Series(self.network.x), pd.Series(self.network.y)
        with silence():
            return pandana.Network(x, y, pd.Series(self.arcs.tail), pd.Series(self.arcs.head), metres, twoway=False)

    @cached_property
    def cells(self) -> Cells:
        """Return the nodes filed by place."""
        return file_nodes(self.network)


_peers: WeakKeyDictionary[WalkNetwork, Peers] = WeakKeyDictionary()


def peers_of(network: WalkNetwork, graph: Graph) -> Peers:
    """Return the graphs of a network, made once: some take a minute to prepare."""
    if network not in _peers:
        _peers[network] = Peers(network, graph)
    return _peers[network]


class Cells(NamedTuple):
    """Nodes by square cell, row by row: cell c holds ``node[start[c]:start[c + 1]]``."""

    west: float
    south: float
    columns: int
    rows: int
    start: np.ndarray
    node: np.ndarray
    local: np.ndarray
    """Room for new numbers of nodes, -1 everywhere."""

    def within(self, west: float, south: float, east: float, north: float) -> np.ndarray:
        """Return the nodes of all cells that a rectangle touches."""
        first = max(int((west - self.west) / CELL_M), 0)
        last = min(int((east - self.west) / CELL_M), self.columns - 1)
        rows = np.arange(
            max(int((south - self.south) / CELL_M), 0), min(int((north - self.south) / CELL_M) + 1, self.rows)
        )
        begin, end = self.start[rows * self.columns + first], self.start[rows * self.columns + last + 1]
        found: np.ndarray = self.node[ranges(begin, end - begin)]
        return found


def ranges(begin: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return ``begin[i], begin[i] + 1, ...`` for all i, one behind the other."""
    shift = np.repeat(begin - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    positions: np.ndarray = shift + np.arange(count.sum())
    return positions


def file_nodes(network: WalkNetwork) -> Cells:
    """File nodes by cell."""
    west, south = float(network.x.min()), float(network.y.min())
    column = ((network.x - west) / CELL_M).astype(np.int64)
    row = ((network.y - south) / CELL_M).astype(np.int64)
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    cell = row * columns + column
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=columns * rows))])
    order = np.argsort(cell, kind="stable")
    return Cells(west, south, columns, rows, start, order, np.full(len(network.x), -1, np.int32))


def scipy_dense(peers: Peers, origins: np.ndarray, cutoff: float) -> list[np.ndarray]:
    """Search with SciPy as its manual says: dense rows, here as many at a time as memory allows."""
    size = max(1, DENSE_BYTES // (8 * peers.nodes))
    last = np.empty((0, 0))
    for first in range(0, len(origins), size):
        last = dijkstra(peers.scipy, indices=origins[first : first + size], limit=cutoff)
    return [last]


def scipy_dense_pairs(peers: Peers, origins: np.ndarray, cutoff: float) -> csr_array:
    """Return the same as pairs, as everybody else does."""
    size = max(1, DENSE_BYTES // (8 * peers.nodes))
    found = []
    for first in range(0, len(origins), size):
        dense = dijkstra(peers.scipy, indices=origins[first : first + size], limit=cutoff)
        row, column = np.nonzero(np.isfinite(dense))
        found.append((row + first, column, dense[row, column]))
    row, column, minutes = (np.concatenate(part) for part in zip(*found, strict=True))
    return sparse(row, column, minutes, (len(origins), peers.nodes))


def scipy_subgraphs(peers: Peers, origins: np.ndarray, cutoff: float, tile_m: float) -> csr_array:
    """Search with SciPy on pieces of the graph: origins by square tile, each tile with all nodes that a walk reaches.

    The best way known to do this with a library. A walk of ``cutoff`` minutes leads at most so many metres away.
    """
    network, (indptr, head, weight) = peers.network, (peers.scipy.indptr, peers.scipy.indices, peers.scipy.data)
    reach = cutoff * network.meters_per_minute * STRETCH
    x, y, local = network.x[origins], network.y[origins], peers.cells.local
    tile = np.floor(y / tile_m).astype(np.int64) * (1 << 20) + np.floor(x / tile_m).astype(np.int64)
    order = np.argsort(tile, kind="stable")
    found = []
    for group in np.split(order, np.flatnonzero(np.diff(tile[order])) + 1):
        here_x, here_y = x[group], y[group]
        nodes = peers.cells.within(
            here_x.min() - reach, here_y.min() - reach, here_x.max() + reach, here_y.max() + reach
        )
        nodes.sort()  # along the Hilbert curve again
        local[nodes] = np.arange(len(nodes), dtype=np.int32)
        count = (indptr[nodes + 1] - indptr[nodes]).astype(np.int64)
        arcs = ranges(indptr[nodes].astype(np.int64), count)
        heads = local[head[arcs]]
        inside = heads >= 0
        row = np.repeat(np.arange(len(nodes)), count)[inside]
        start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(nodes)))]).astype(np.int32)
        piece = csr_array((weight[arcs][inside], heads[inside], start), shape=(len(nodes), len(nodes)))
        dense = dijkstra(piece, indices=local[origins[group]], limit=cutoff)
        at, column = np.nonzero(np.isfinite(dense))
        found.append((group[at], nodes[column], dense[at, column]))
        local[nodes] = -1
    rows, columns, minutes = (np.concatenate(part) for part in zip(*found, strict=True))
    count = np.bincount(rows, minlength=len(origins))
    by_row = np.argsort(rows, kind="stable")
    start = np.concatenate([[0], np.cumsum(count)])
    return csr_array((minutes[by_row], columns[by_row], start), shape=(len(origins), peers.nodes))


def networkx_cutoff(peers: Peers, origins: np.ndarray, cutoff: float) -> list[dict[int, float]]:
    """Search with networkx, bounded."""
    length = nx.single_source_dijkstra_path_length
    return [length(peers.networkx, origin, cutoff=cutoff) for origin in origins.tolist()]


def rustworkx_visitor(peers: Peers, origins: np.ndarray, cutoff: float) -> list[dict[int, float]]:
    """Search with rustworkx, bounded by a visitor that stops it; there is no cutoff of its own."""
    rustworkx = importlib.import_module("rustworkx")
    visit = importlib.import_module("rustworkx.visit")

    class Bounded(visit.DijkstraVisitor):  # type: ignore[misc, name-defined] # an optional package, imported late
        def __init__(self) -> None:
            self.found: dict[int, float] = {}

        def discover_vertex(self, node: int, minutes: float) -> None:
            if minutes > cutoff:
                raise visit.StopSearch
            self.found[node] = minutes

    graph, found = peers.rustworkx, []
    for origin in origins.tolist():
        visitor = Bounded()
        rustworkx.digraph_dijkstra_search(graph, [origin], float, visitor)
        found.append(visitor.found)
    return found


def pandana_range(peers: Peers, origins: np.ndarray, cutoff: float) -> pd.DataFrame:
    """Search with pandana's ``nodes_in_range``; its network is prepared beforehand."""
    found: pd.DataFrame = peers.pandana.nodes_in_range(origins, cutoff * peers.network.meters_per_minute)
    return found


def pairs_of_dicts(found: list[dict[int, float]], nodes: int) -> csr_array:
    """Return node -> minutes of many origins as a matrix."""
    row = np.repeat(np.arange(len(found)), [len(part) for part in found])
    column = np.fromiter((node for part in found for node in part), np.int64, len(row))
    minutes = np.fromiter((value for part in found for value in part.values()), np.float64, len(row))
    return sparse(row, column, minutes, (len(found), nodes))


def pairs_of_pandana(found: pd.DataFrame, origins: np.ndarray, peers: Peers) -> csr_array:
    """Return pandana's answer as a matrix in minutes."""
    row = np.searchsorted(origins, found["source"].to_numpy())
    minutes = found["metres"].to_numpy() / peers.network.meters_per_minute
    return sparse(row, found["destination"].to_numpy(), minutes, (len(origins), peers.nodes))

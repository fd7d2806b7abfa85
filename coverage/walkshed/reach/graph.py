"""The network as a search sees it: minutes for one direction of walking, and places tied to its edges.

Elementary minutes (an edge one way, a part of an edge, an access leg) are rounded to multiples of 2^-30 minute (56 ns,
less than a tenth of a micrometre on foot). Sums of such numbers are exact in float64, so a time depends neither on the
order in which a search adds it up nor on the end it starts from, and equal routes compare equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from walkshed.network.compiled import AHEAD, kernel, prefetch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, IntArray, LongArray, WalkNetwork

QUANTA_PER_MINUTE = 2.0**30
ENTRY = np.dtype([("minutes", np.float64), ("row", np.int32)], align=True)
ARC = np.dtype([("minutes", np.float64), ("head", np.int32)], align=True)
RESULT_DECIMALS = 6
"""Decimals of the minutes that leave this package (60 microseconds): far above the sum of all roundings above."""
SLACK = 0.5 * 10.0**-RESULT_DECIMALS
"""Searches go so many minutes beyond the cutoff; results are rounded, then held against it."""


class Graph(NamedTuple):
    """Arcs of a network for one direction of walking.

    Attributes
    ----------
    indptr : (N + 1,) int32
        Arcs by node, as in :attr:`walkshed.network.model.WalkNetwork.arcs`.
    arcs : (2 E,) of :data:`ARC`
        The ``head`` of every arc and the ``minutes`` over it (``inf`` where closed), side by side in memory.
    arc_edge : (2 E,) int32
    u, v : (E,) int32
    forward, backward : (E,) float64
        Minutes from ``u`` to ``v`` and back. On a reversed graph these are swapped: a search from a destination then
        finds the minutes of walking to it.
    bucket_min
        Width of a bucket of the search's queue, minutes; decides speed only.
    longest
        Most minutes of an open arc.
    nodes_per_min2
        Nodes on a square whose side one walks along in a minute, on average over the network; decides only how soon
        work can be stopped.
    """

    indptr: IntArray
    arcs: NDArray[np.void]
    arc_edge: IntArray
    u: IntArray
    v: IntArray
    forward: FloatArray
    backward: FloatArray
    bucket_min: float
    longest: float
    nodes_per_min2: float

    @property
    def head(self) -> IntArray:
        """End nodes of the arcs."""
        return self.arcs["head"]

    @property
    def weight(self) -> FloatArray:
        """Minutes over the arcs."""
        return self.arcs["minutes"]


class Places(NamedTuple):
    """Rows of a table tied to edges, sorted by edge, then by row.

    Attributes
    ----------
    row : (n,) int64
        Position in the table.
    edge : (n,) int64
    fraction : (n,) float64
    access : (n,) float64
        Minutes on the leg between point and street.
    from_u, from_v : (n,) float64
        Minutes along the edge from its ends to the place, in the graph's direction.
    to_u, to_v : (n,) float64
        Minutes along the edge from the place to its ends.
    """

    row: LongArray
    edge: LongArray
    fraction: FloatArray
    access: FloatArray
    from_u: FloatArray
    from_v: FloatArray
    to_u: FloatArray
    to_v: FloatArray


class Filed(NamedTuple):
    """Places by node: ``entry[start[n]:start[n + 1]]`` are those on its edges.

    Attributes
    ----------
    start : (N + 1,) int32
    entry : (m,) of :data:`ENTRY`
        The ``row`` of a place, and the ``minutes`` from the node to it, its leg included.
    """

    start: IntArray
    entry: NDArray[np.void]


_graphs: WeakKeyDictionary[WalkNetwork, dict[bool, Graph]] = WeakKeyDictionary()
BUCKET_M = 40.0
FEW = 16
"""A table with fewer rows than one for so many edges is sorted, not counted into place."""


def exact(minutes: FloatArray) -> FloatArray:
    """Round minutes to multiples of 2^-30."""
    return np.rint(minutes * QUANTA_PER_MINUTE) / QUANTA_PER_MINUTE


def graph_of(network: WalkNetwork, *, reverse: bool) -> Graph:
    """Return the graph of a network, made once per network and direction.

    Parameters
    ----------
    network
        Streets.
    reverse
        Search from where walks end.
    """
    made = _graphs.setdefault(network, {})
    if reverse not in made:
        forward, backward = (
            np.maximum(exact(minutes), 1.0 / QUANTA_PER_MINUTE)  # no walk takes no time
            for minutes in (network.forward_min, network.backward_min)
        )
        if reverse:
            forward, backward = backward, forward
        indptr, head, edge = network.arcs
        tail = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        arcs = np.empty(len(head), ARC)
        arcs["head"] = head
        arcs["minutes"] = weight = np.where(network.u[edge] == tail, forward[edge], backward[edge])
        longest = float(weight[np.isfinite(weight)].max(initial=0.0))
        bucket = BUCKET_M / network.meters_per_minute
        area = float(np.ptp(network.x) * np.ptp(network.y)) / network.meters_per_minute**2
        density = len(network.x) / area if area else np.inf
        made[reverse] = Graph(
            indptr.astype(np.int32), arcs, edge, network.u, network.v, forward, backward, bucket, longest, density
        )
    return made[reverse]


def tie(network: WalkNetwork, graph: Graph, edge: LongArray, fraction: FloatArray, access_m: FloatArray) -> Places:
    """Return places on a graph from the snap columns of a table; rows with edge -1 are left out."""
    tied = edge >= 0
    if np.count_nonzero(tied) * FEW < len(graph.u):
        row = np.flatnonzero(tied)
        row = row[np.argsort(edge[row], kind="stable")]
    else:
        row = sort_by_edge(edge, len(graph.u))
    own, at = edge[row], fraction[row]
    columns = tuple(np.empty(len(row)) for _ in range(5))
    _tie(graph, network.meters_per_minute, own, at, access_m[row], columns)
    return Places(row, own, at, *columns)


@kernel
def sort_by_edge(edge: LongArray, edges: int) -> LongArray:
    """Return the rows with an edge (not -1), by edge, then by row: counted into place, faster than sorting."""
    place = np.zeros(edges + 1, np.int64)
    for r in range(len(edge)):
        if edge[r] >= 0:
            place[edge[r] + 1] += 1
    for e in range(edges):
        place[e + 1] += place[e]
    row = np.empty(place[edges], np.int64)
    for r in range(len(edge)):
        e = edge[r]
        if e >= 0:
            row[place[e]] = r
            place[e] += 1
    return row


@kernel
def _tie(
    graph: Graph, meters_per_minute: float, edge: LongArray, fraction: FloatArray, access_m: FloatArray,
    columns: tuple[FloatArray, ...],
) -> None:  # fmt: skip
    """Fill the minutes of :class:`Places`: on the leg, and along the edge from and to both ends."""
    access, from_u, from_v, to_u, to_v = columns
    for i in range(len(edge)):
        e, share = edge[i], fraction[i]
        access[i] = np.rint(access_m[i] / meters_per_minute * QUANTA_PER_MINUTE) / QUANTA_PER_MINUTE
        from_u[i], to_v[i] = _split(graph.forward[e], share)
        to_u[i], from_v[i] = _split(graph.backward[e], share)


def file_by_node(
    network: WalkNetwork, graph: Graph, row: LongArray, edge: LongArray, fraction: FloatArray, access_m: FloatArray
) -> Filed:
    """File places by the ends of their edges; those with edge -1 are left out.

    A place at one end of its edge is filed there alone: from the other end one walks through that node, too.
    """
    start = np.zeros(len(graph.indptr), np.int32)
    entry = np.empty(2 * len(edge), ENTRY)
    _file(graph, network.meters_per_minute, row, edge, fraction, access_m, start, entry)
    return Filed(start, entry)


@kernel
def _split(minutes: float, share: float) -> tuple[float, float]:
    """Return the minutes before and behind a place on an edge; both sum up to the edge."""
    before = 0.0  # standing at an end costs nothing even where closed
    if share > 0.0:
        before = np.rint(share * minutes * QUANTA_PER_MINUTE) / QUANTA_PER_MINUTE
    behind = minutes - before if minutes < np.inf else np.inf
    return before, 0.0 if share >= 1.0 else behind


@kernel
def _file(  # noqa: C901 - two plain loops
    graph: Graph, meters_per_minute: float, row: LongArray, edge: LongArray, fraction: FloatArray, access_m: FloatArray,
    start: IntArray, entry: NDArray[np.void],
) -> None:  # fmt: skip
    """Fill the columns of :class:`Filed`, ``start`` from zeros: entries are counted, then put into place."""
    u, v, last = graph.u, graph.v, len(edge) - 1
    for i in range(len(edge)):
        soon, sooner = edge[min(i + 2 * AHEAD, last)], edge[min(i + AHEAD, last)]
        prefetch(u, np.uint64(soon))
        prefetch(v, np.uint64(soon))
        if sooner >= 0:
            prefetch(start, np.uint64(u[np.uint64(sooner)]))
            prefetch(start, np.uint64(v[np.uint64(sooner)]))
        if edge[i] >= 0:
            e, share = np.uint64(edge[i]), fraction[i]
            start[np.uint64(u[e]) + np.uint64(1)] += np.int32(share < 1.0)
            start[np.uint64(v[e]) + np.uint64(1)] += np.int32(share > 0.0)
    for node in range(len(start) - 1):
        start[node + 1] += start[node]
    used = start[len(start) - 1]
    for i in range(len(edge) - 1, -1, -1):  # from behind: start[node + 1] moves down to where the node begins
        soon, sooner = edge[max(i - 2 * AHEAD, 0)], edge[max(i - AHEAD, 0)]
        prefetch(u, np.uint64(soon))
        prefetch(v, np.uint64(soon))
        prefetch(graph.forward, np.uint64(soon))
        prefetch(graph.backward, np.uint64(soon))
        if sooner >= 0:
            prefetch(entry, np.uint64(start[np.uint64(u[np.uint64(sooner)]) + np.uint64(1)]))
            prefetch(entry, np.uint64(start[np.uint64(v[np.uint64(sooner)]) + np.uint64(1)]))
        if edge[i] < 0:
            continue
        e, share = np.uint64(edge[i]), fraction[i]
        access = np.rint(access_m[i] / meters_per_minute * QUANTA_PER_MINUTE) / QUANTA_PER_MINUTE
        if share < 1.0:
            behind = np.uint64(u[e]) + np.uint64(1)
            start[behind] -= 1
            at = np.uint64(start[behind])
            entry[at]["minutes"] = _split(graph.forward[e], share)[0] + access
            entry[at]["row"] = row[i]
        if share > 0.0:
            behind = np.uint64(v[e]) + np.uint64(1)
            start[behind] -= 1
            at = np.uint64(start[behind])
            entry[at]["minutes"] = _split(graph.backward[e], share)[1] + access
            entry[at]["row"] = row[i]
    for node in range(len(start) - 1):
        start[node] = start[node + 1]
    start[len(start) - 1] = used


def starts(places: Places, edges: int) -> LongArray:
    """Return where the places of every edge begin, (edges + 1,) int64."""
    start = np.zeros(edges + 1, np.int64)
    np.cumsum(np.bincount(places.edge, minlength=edges), out=start[1:])
    return start


def subset(places: Places, chosen: slice | LongArray) -> Places:
    """Return some places, still in their order."""
    return Places._make(column[chosen] for column in places)

"""The network as a search sees it: minutes for one direction of walking, and places tied to its edges.

Elementary minutes (an edge one way, a part of an edge, an access leg) are rounded to multiples of 2^-30 minute (56 ns,
less than a tenth of a micrometre on foot). Sums of such numbers are exact in float64, so a time depends neither on the
order in which a search adds it up nor on the end it starts from, and equal routes compare equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray, WalkNetwork

QUANTA_PER_MINUTE = 2.0**30
RESULT_DECIMALS = 6
"""Decimals of the minutes that leave this package (60 microseconds): far above the sum of all roundings above."""


class Graph(NamedTuple):
    """Arcs of a network for one direction of walking.

    Attributes
    ----------
    indptr, head, arc_edge
        As in :attr:`walkshed.network.model.WalkNetwork.arcs`.
    weight : (2 E,) float64
        Minutes over an arc; ``inf`` where closed.
    u, v : (E,) int32
    forward, backward : (E,) float64
        Minutes from ``u`` to ``v`` and back. On a reversed graph these are swapped: a search from a destination then
        finds the minutes of walking to it.
    bucket_min
        Width of a bucket of the search's queue, minutes; decides speed only.
    longest
        Most minutes of an open arc.
    """

    indptr: LongArray
    head: IntArray
    arc_edge: IntArray
    weight: FloatArray
    u: IntArray
    v: IntArray
    forward: FloatArray
    backward: FloatArray
    bucket_min: float
    longest: float


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


_graphs: WeakKeyDictionary[WalkNetwork, dict[bool, Graph]] = WeakKeyDictionary()
BUCKET_M = 25.0


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
        weight = np.where(network.u[edge] == tail, forward[edge], backward[edge])
        longest = float(weight[np.isfinite(weight)].max(initial=0.0))
        bucket = BUCKET_M / network.meters_per_minute
        made[reverse] = Graph(indptr, head, edge, weight, network.u, network.v, forward, backward, bucket, longest)
    return made[reverse]


def tie(network: WalkNetwork, graph: Graph, edge: LongArray, fraction: FloatArray, access_m: FloatArray) -> Places:
    """Return places on a graph from the snap columns of a table; rows with edge -1 are left out."""
    count = int(np.count_nonzero(edge >= 0))
    row, tied = np.empty(count, np.int64), np.empty(count, np.int64)
    columns = tuple(np.empty(count) for _ in range(6))
    _tie(edge, fraction, access_m, network.meters_per_minute, graph.forward, graph.backward, row, tied, columns)
    return Places(row, tied, *columns)


@kernel
def _tie(  # noqa: C901, PLR0913, PLR0917 - one loop over plain arrays
    edge: LongArray, fraction: FloatArray, access_m: FloatArray, meters_per_minute: float, forward: FloatArray,
    backward: FloatArray, row: LongArray, tied: LongArray, columns: tuple[FloatArray, ...],
) -> None:  # fmt: skip
    """Fill the columns of :class:`Places`: rows by edge, counted into place, then minutes to and from both ends."""
    at, access, from_u, from_v, to_u, to_v = columns
    place = np.zeros(len(forward) + 1, np.int64)
    for r in range(len(edge)):
        if edge[r] >= 0:
            place[edge[r] + 1] += 1
    for e in range(len(forward)):
        place[e + 1] += place[e]
    for r in range(len(edge)):
        e = edge[r]
        if e >= 0:
            row[place[e]] = r
            place[e] += 1
    for i in range(len(row)):
        e, share = edge[row[i]], fraction[row[i]]
        tied[i], at[i] = e, share
        access[i] = np.rint(access_m[row[i]] / meters_per_minute * QUANTA_PER_MINUTE) / QUANTA_PER_MINUTE
        for end in range(2):
            minutes = forward[e] if end == 0 else backward[e]
            before = 0.0  # standing at u costs nothing even where closed
            if share > 0.0:
                before = np.rint(share * minutes * QUANTA_PER_MINUTE) / QUANTA_PER_MINUTE
            behind = minutes - before if minutes < np.inf else np.inf  # both sum up to the edge
            if share >= 1.0:
                behind = 0.0
            if end == 0:
                from_u[i], to_v[i] = before, behind
            else:
                to_u[i], from_v[i] = before, behind


def starts(places: Places, edges: int) -> LongArray:
    """Return where the places of every edge begin, (edges + 1,) int64."""
    start = np.zeros(edges + 1, np.int64)
    np.cumsum(np.bincount(places.edge, minlength=edges), out=start[1:])
    return start


def subset(places: Places, chosen: slice | LongArray) -> Places:
    """Return some places, still in their order."""
    return Places._make(column[chosen] for column in places)

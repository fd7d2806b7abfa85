"""The network as a search sees it: minutes for one direction of walking, and places tied to its edges.

Elementary minutes (an edge one way, a part of an edge, an access leg) are rounded to multiples of 2^-30 minute (56 ns,
less than a tenth of a micrometre on foot). Sums of such numbers are exact in float64, so a time depends neither on the
order in which a search adds it up nor on the end it starts from, and equal routes compare equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

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
        made[reverse] = Graph(
            indptr, head, edge, weight, network.u, network.v, forward, backward, BUCKET_M / network.meters_per_minute
        )
    return made[reverse]


def tie(network: WalkNetwork, graph: Graph, edge: LongArray, fraction: FloatArray, access_m: FloatArray) -> Places:
    """Return places on a graph from the snap columns of a table; rows with edge -1 are left out."""
    row = np.flatnonzero(edge >= 0)
    row = row[np.argsort(edge[row], kind="stable")]
    e = edge[row].astype(np.int64)
    at = fraction[row].astype(np.float64)
    forward, backward = graph.forward[e], graph.backward[e]
    along, against = _share(at, forward), _share(at, backward)
    return Places(
        row=row,
        edge=e,
        fraction=at,
        access=exact(access_m[row] / network.meters_per_minute),
        from_u=along,
        from_v=_rest(at, backward, against),
        to_u=against,
        to_v=_rest(at, forward, along),
    )


def _share(fraction: FloatArray, minutes: FloatArray) -> FloatArray:
    """Return the minutes from ``u`` over a share of an edge; standing at ``u`` costs nothing even where closed."""
    return exact(np.multiply(fraction, minutes, out=np.zeros_like(minutes), where=fraction > 0))


def _rest(fraction: FloatArray, minutes: FloatArray, share: FloatArray) -> FloatArray:
    """Return the minutes over the other share, so that both sum up to the edge."""
    rest = np.where(np.isfinite(minutes), 0.0, np.inf)
    np.subtract(minutes, share, out=rest, where=np.isfinite(minutes))
    rest[fraction >= 1] = 0.0
    return rest


def starts(places: Places, edges: int) -> LongArray:
    """Return where the places of every edge begin, (edges + 1,) int64."""
    start = np.zeros(edges + 1, np.int64)
    np.cumsum(np.bincount(places.edge, minlength=edges), out=start[1:])
    return start


def subset(places: Places, chosen: slice | LongArray) -> Places:
    """Return some places, still in their order."""
    return Places._make(column[chosen] for column in places)

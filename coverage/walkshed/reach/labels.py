"""The nearest of many sources: one search from all of them, labels on nodes, and from nodes on to targets.

A label-correcting search with circular buckets like :mod:`walkshed.reach.search`, but with chained entries: it may
reach every node, and nobody knows beforehand how full a bucket gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.reach.graph import Graph, Places

MAX_BUCKETS = 1 << 16
U = np.uint64  # an index without a sign is not checked for counting from behind


class Chains(NamedTuple):
    """A bucket queue: ``first`` entry per bucket (-1 none), and entries chained by ``behind``."""

    first: IntArray
    node: IntArray
    minutes: FloatArray
    behind: IntArray
    buckets_per_minute: float


def make_chains(graph: Graph, sources: Places, limit: float, room: int) -> Chains:
    """Return an empty queue for so many entries that is wide enough for a graph's arcs and the sources' own legs."""
    legs = np.concatenate([sources.access + sources.to_u, sources.access + sources.to_v])
    span = max(graph.longest, float(legs[np.isfinite(legs)].max(initial=0.0)))
    span = min(span, limit)
    width = max(graph.bucket_min, span / (MAX_BUCKETS - 4))
    buckets = 1 << int(np.ceil(np.log2(span / width + 4)))
    return Chains(
        np.full(buckets, -1, np.int32), np.empty(room, np.int32), np.empty(room), np.empty(room, np.int32), 1.0 / width
    )


@kernel
def label_nodes(  # noqa: C901, PLR0912 - one hot loop
    graph: Graph, sources: Places, limit: float, minutes: FloatArray, label: LongArray, queue: Chains
) -> bool:
    """Find the nearest source of every node; of sources equally near the one with the smallest row.

    ``minutes`` must be ``inf`` everywhere; ``label`` receives the row of the source. Returns False when the queue was
    full; ``minutes`` and the queue are then to be made anew.
    """
    indptr, arcs = graph.indptr, graph.arcs
    first, entry_node, entry_minutes, behind = queue.first, queue.node, queue.minutes, queue.behind
    rate, mask, room = queue.buckets_per_minute, len(queue.first) - 1, len(queue.node)
    used, live = 0, 0
    for source in range(len(sources.edge)):
        row, edge = sources.row[source], sources.edge[source]
        if used + 2 > room:
            return False
        for side in range(2):
            if side == 0:
                node, at = graph.u[edge], sources.access[source] + sources.to_u[source]
            else:
                node, at = graph.v[edge], sources.access[source] + sources.to_v[source]
            if at <= limit and (at < minutes[node] or (at == minutes[node] and at < np.inf and row < label[node])):
                minutes[node], label[node] = at, row
                b = np.int64(at * rate) & mask
                entry_node[used], entry_minutes[used], behind[used] = node, at, first[b]
                first[b] = used
                used += 1
                live += 1
    bucket = 0
    while live > 0:
        entry = first[bucket & mask]
        if entry < 0:
            bucket += 1
            continue
        first[bucket & mask] = behind[entry]
        live -= 1
        node, at = entry_node[entry], entry_minutes[entry]
        if at > minutes[node]:
            continue
        row = label[node]
        arc0, arc1 = indptr[node], indptr[node + 1]
        if used + (arc1 - arc0) > room:
            return False
        for arc in range(U(arc0), U(arc1)):
            street = arcs[arc]
            later = at + street["minutes"]
            if later <= limit:
                other = U(street["head"])
                if later < minutes[other] or (later == minutes[other] and later < np.inf and row < label[other]):
                    minutes[other], label[other] = later, row
                    b = np.int64(later * rate) & mask
                    entry_node[used], entry_minutes[used], behind[used] = other, later, first[b]
                    first[b] = used
                    used += 1
                    live += 1
    return True


@kernel
def label_targets(
    graph: Graph, sources: Places, source_start: LongArray, targets: Places, minutes: FloatArray, label: LongArray,
    best: FloatArray, nearest: LongArray,
) -> None:  # fmt: skip
    """Carry the labels of nodes on to targets, and add the sources on a target's own edge."""
    for t in range(len(targets.edge)):
        edge, fraction, access = targets.edge[t], targets.fraction[t], targets.access[t]
        u, v = graph.u[edge], graph.v[edge]
        shortest, row = minutes[u] + targets.from_u[t], label[u]
        other = minutes[v] + targets.from_v[t]
        if other < shortest or (other == shortest and label[v] < row):
            shortest, row = other, label[v]
        for s in range(source_start[edge], source_start[edge + 1]):
            along = 0.0
            if fraction > sources.fraction[s]:
                along = targets.from_u[t] - sources.from_u[s]
            elif fraction < sources.fraction[s]:
                along = targets.from_v[t] - sources.from_v[s]
            total = sources.access[s] + along  # NaN where closed: no comparison holds
            if total < shortest or (total == shortest and sources.row[s] < row):
                shortest, row = total, sources.row[s]
        best[t] = shortest + access
        nearest[t] = row

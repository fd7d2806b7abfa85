"""The nearest of many sources: one search from all of them, labels on nodes, and from nodes on to targets.

A label-correcting search with circular buckets and no condition to guess in its inner loop, like that of
:mod:`walkshed.reach.search`. It may reach every node, and nobody knows beforehand how full a bucket gets: buckets are
made of blocks, which serve again once they were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.reach.graph import Graph, Places

NODE = np.dtype([("minutes", np.float64), ("row", np.int32), ("arc", np.int32)], align=True)
"""What the search knows of a node, side by side in memory: minutes, row of the source, the first of its arcs."""
MAX_BUCKETS = 1 << 12
BLOCK = 64
"""Elements of a block, a power of two; decides speed only."""
U = np.uint64  # an index without a sign is not checked for counting from behind
IN_BLOCK = U(BLOCK - 1)


class Blocks(NamedTuple):
    """A bucket queue of nodes, as they came: bucket b is read from ``begin[b]`` to ``end[b]``.

    ``node`` falls into blocks. The first element of a block is the number of the next one of its bucket, the others are
    nodes; ``begin`` is where a block begins, ``end`` where the next node goes: every bucket has a block. Block 0 is not
    used, its number stands for none.
    """

    begin: LongArray
    end: LongArray
    node: IntArray
    buckets_per_minute: float


def make_blocks(graph: Graph, sources: Places, limit: float, room: int) -> Blocks:
    """Return an empty queue for so many nodes that is wide enough for a graph's arcs and the sources' own legs."""
    legs = np.concatenate([sources.access + sources.to_u, sources.access + sources.to_v])
    span = max(graph.longest, float(legs[np.isfinite(legs)].max(initial=0.0)))
    span = min(span, limit)
    width = max(graph.bucket_min, span / (MAX_BUCKETS - 4))
    buckets = 1 << int(np.ceil(np.log2(span / width + 4)))
    begin = np.arange(1, buckets + 1, dtype=np.int64) * BLOCK
    blocks = 1 + buckets + room // (BLOCK - 1) + 1
    return Blocks(begin, begin + 1, np.empty(blocks * BLOCK, np.int32), 1.0 / width)


@kernel
def label_nodes(  # noqa: C901, PLR0912, PLR0915 - one hot loop
    graph: Graph, sources: Places, limit: float, known: NDArray[np.void], queue: Blocks
) -> bool:
    """Find the nearest source of every node; of sources equally near the one with the smallest row.

    Parameters
    ----------
    known : (N + 1,) of :data:`NODE`
        Receives the minutes and the row of the source: ``inf`` and -1 where none is near.

    Returns
    -------
    bool
        False when room ran out; the queue is then to be made anew.
    """
    indptr, arcs = graph.indptr, graph.arcs
    begin, end, queued, rate = queue.begin, queue.end, queue.node, queue.buckets_per_minute
    mask, room, block = U(len(begin) - 1), U(len(queued)), U(BLOCK)
    free, fresh, last = U(0), U(len(begin) + 1) * block, U(0)  # blocks to use again (0 none), and never used so far
    for n in range(U(len(known))):
        known[n]["minutes"], known[n]["row"], known[n]["arc"] = np.inf, -1, indptr[n]
    for source in range(len(sources.edge)):
        row, edge = np.int32(sources.row[source]), sources.edge[source]
        for side in range(2):
            if side == 0:
                node, at = U(graph.u[edge]), sources.access[source] + sources.to_u[source]
            else:
                node, at = U(graph.v[edge]), sources.access[source] + sources.to_v[source]
            before, owner = known[node]["minutes"], known[node]["row"]
            if at <= limit and (at < before or (at == before and row < owner)):
                known[node]["minutes"], known[node]["row"] = at, row
                bucket = U(np.int64(at * rate))
                last = max(last, bucket)
                place = U(end[bucket & mask])
                queued[place] = node
                place += U(1)
                if place & IN_BLOCK == U(0):
                    if fresh == room:
                        return False
                    queued[place - block] = np.int32(fresh // block)
                    place = fresh + U(1)
                    fresh += block
                end[bucket & mask] = place
    current, seen = U(0), 0.0
    while current <= last:
        here = current & mask
        start = U(begin[here])
        place = ahead = start + U(1)
        while place != U(end[here]):
            if place == ahead:  # read arcs of the rest of the block all at once: memory answers late, but many together
                ahead = U(end[here])
                if ahead ^ place > IN_BLOCK:
                    ahead = (place | IN_BLOCK) + U(1)
                for k in range(place, ahead):
                    seen += arcs[U(known[U(queued[k])]["arc"])]["minutes"]
            node = U(queued[place])
            place += U(1)
            if place & IN_BLOCK == U(0):
                behind = U(queued[start]) * block
                queued[start] = np.int32(free // block)
                free, start = start, behind
                place = ahead = start + U(1)
            at, row = known[node]["minutes"], known[node]["row"]
            if U(np.int64(at * rate)) < current:  # was improved, and done, in a bucket before
                continue
            for arc in range(U(known[node]["arc"]), U(known[node + U(1)]["arc"])):
                street = arcs[arc]
                later = at + street["minutes"]
                other = U(street["head"])
                before, owner = known[other]["minutes"], known[other]["row"]
                better = (later <= limit) & ((later < before) | ((later == before) & (row < owner)))
                known[other]["minutes"] = later if better else before
                known[other]["row"] = row if better else owner
                bucket = U(np.int64((later if better else at) * rate))
                last = max(last, bucket)
                to = U(end[bucket & mask])
                queued[to] = other
                to += U(better)
                if to & IN_BLOCK == U(0):
                    behind = free
                    if free != U(0):
                        free = U(queued[free]) * block
                    elif fresh == room:
                        return False
                    else:
                        behind = fresh
                        fresh += block
                    queued[to - block] = np.int32(behind // block)
                    to = behind + U(1)
                end[bucket & mask] = to
        begin[here], end[here] = start, start + U(1)
        current += U(1)
    return seen >= 0.0  # always: the compiler must not find out


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

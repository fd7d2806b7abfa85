"""The kernels of reach: bounded searches, from sources to nodes and to targets.

A label-correcting search with circular buckets (a Dial queue over floats; inside a bucket nodes may be corrected, so
results are exact). What an arc leads to is written whether it is an improvement or not, and kept only if it is: a
processor guesses such conditions wrongly half of the time, and a wrong guess costs more than the work. Workspaces are
fixed: a kernel that runs out of room cleans up and returns to its caller, who gives it more and calls again. Called
kernels must stand in this file (see :mod:`walkshed.network.compiled`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.reach.graph import Filed, Graph, Places

    WordArray = NDArray[np.uint64]

FULL = -1
MAX_BUCKETS = 1 << 12
ENTRIES = 1 << 18
"""Entries of a new queue, at most: some 500 a bucket, where streets are short."""
MOST_PER_BUCKET = 512
READ_AHEAD = 256
"""So many nodes to either side; decides speed only."""

U = np.uint64  # an index without a sign is not checked for counting from behind
LOW_BITS = U(63)
DE_BRUIJN = U(0x03F79D71B4CB0A89)
"""Multiplied by a single bit, the upper six bits tell which one it was (Leiserson, Prokop and Randall 1998)."""
BIT_OF = np.zeros(64, np.uint64)
for _bit in range(64):
    BIT_OF[(0x03F79D71B4CB0A89 << _bit & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit


class Queue(NamedTuple):
    """A bucket queue: bucket b holds the first ``filled[b]`` nodes of its share of ``node``, as they came."""

    filled: IntArray
    node: IntArray
    buckets_per_minute: float


class Work(NamedTuple):
    """What one thread needs; between calls all minutes are ``inf``, all bits are 0 and the queue is empty.

    Attributes
    ----------
    minutes : (N,)
        Minutes to nodes.
    touched : (N + 1,)
        The nodes reached.
    best : (rows,)
        Minutes to the rows of the table of targets.
    bits, words
        Which rows were reached, and which elements of ``bits`` are not 0.
    queue
        See :class:`Queue`.
    """

    minutes: FloatArray
    touched: IntArray
    best: FloatArray
    bits: WordArray
    words: WordArray
    queue: Queue


class Pairs(NamedTuple):
    """Room for results: minutes from group k of sources to the rows ``target[start[k]:start[k + 1]]``, ascending."""

    start: LongArray
    target: IntArray
    minutes: FloatArray


def make_queue(graph: Graph, sources: Places, limit: float) -> Queue:
    """Return an empty queue that is wide enough for a graph's arcs and the sources' own legs."""
    legs = np.concatenate([sources.access + sources.to_u, sources.access + sources.to_v])
    span = max(graph.longest, float(legs[np.isfinite(legs)].max(initial=0.0)))
    span = min(span, limit)
    width = max(graph.bucket_min, span / (MAX_BUCKETS - 4))
    buckets = 1 << int(np.ceil(np.log2(span / width + 4)))
    room = min(MOST_PER_BUCKET, ENTRIES // buckets)
    return Queue(np.zeros(buckets, np.int32), np.zeros(buckets * room, np.int32), 1.0 / width)


def more_room(queue: Queue) -> Queue:
    """Return the same empty queue with room for four times the entries."""
    return queue._replace(node=np.zeros(4 * len(queue.node), np.int32))


def make_work(graph: Graph, sources: Places, limit: float, rows: int = 0) -> Work:
    """Return a fresh workspace for one thread, for a table of so many ``rows`` as targets."""
    nodes = len(graph.indptr) - 1
    return Work(
        np.full(nodes, np.inf),
        np.empty(nodes + 1, np.int32),
        np.full(rows, np.inf),
        np.zeros((rows >> 6) + 1, np.uint64),
        np.zeros((rows >> 12) + 1, np.uint64),
        make_queue(graph, sources, limit),
    )


@kernel
def _read_ahead(graph: Graph, node: int, minutes: FloatArray) -> bool:
    """Read the arcs of the nodes about a node, which are its neighbours on a Hilbert curve: always True.

    One after the other, as the search would ask for them, they come from a large graph at the speed of memory's answer;
    all at once, at the speed of memory.
    """
    low, high = max(node - READ_AHEAD, 0), min(node + READ_AHEAD, len(minutes))
    seen = 0.0
    for arc in range(U(graph.indptr[low]), U(graph.indptr[high]), U(4)):  # one of those that come together
        seen += graph.arcs[arc]["minutes"]
    for near in range(U(low), U(high), U(8)):
        seen += minutes[near]
    return seen >= 0.0  # the compiler must not find out


@kernel
def search_together(  # noqa: C901, PLR0912, PLR0915 - one hot loop
    graph: Graph, sources: Places, first_source: int, last_source: int, limit: float, work: Work
) -> int:
    """Search from the sources ``first_source:last_source`` at once; return how many nodes were touched, or FULL.

    Minutes of the nodes ``work.touched[:n]`` stand in ``work.minutes`` and are the caller's to reset.
    """
    indptr, arcs = graph.indptr, graph.arcs
    minutes, touched = work.minutes, work.touched
    filled, queued, rate = work.queue.filled, work.queue.node, work.queue.buckets_per_minute
    mask, share = U(len(filled) - 1), U(len(queued) // len(filled))
    most = np.int32(share)
    if first_source < last_source and not _read_ahead(graph, graph.u[sources.edge[first_source]], minutes):
        return -1
    reached, last, full = 0, U(0), False
    for source in range(first_source, last_source):
        edge = sources.edge[source]
        for side in range(2):
            if side == 0:
                node, at = U(graph.u[edge]), sources.access[source] + sources.to_u[source]
            else:
                node, at = U(graph.v[edge]), sources.access[source] + sources.to_v[source]
            if at <= limit and at < minutes[node]:
                if minutes[node] == np.inf:
                    touched[reached] = node
                    reached += 1
                minutes[node] = at
                bucket = U(np.int64(at * rate))
                last = max(last, bucket)
                place = filled[bucket & mask]
                if place >= most:
                    full = True
                    break
                queued[(bucket & mask) * share + U(place)] = node
                filled[bucket & mask] = place + 1
    current = U(0)
    while current <= last and not full:
        here = current & mask
        i = U(0)
        while i < U(filled[here]) and not full:
            node = U(queued[here * share + i])
            i += U(1)
            at = minutes[node]
            if U(np.int64(at * rate)) < current:  # was improved, and done, in a bucket before
                continue
            for arc in range(U(indptr[node]), U(indptr[node + U(1)])):
                street = arcs[arc]
                later = at + street["minutes"]
                other = U(street["head"])
                before = minutes[other]
                better = (later <= limit) & (later < before)
                minutes[other] = later if better else before
                touched[U(reached)] = other
                reached += int(better & (before == np.inf))
                bucket = U(np.int64((later if better else 0.0) * rate))
                last = max(last, bucket)
                place = filled[bucket & mask]
                if place >= most:
                    full = True
                    break
                queued[(bucket & mask) * share + U(place)] = other
                filled[bucket & mask] = place + np.int32(better)
        filled[here] = 0
        current += U(1)
    if full:
        for b in range(len(filled)):
            filled[b] = 0
        for k in range(reached):
            minutes[U(touched[k])] = np.inf
        return -1
    return reached


@kernel
def search(graph: Graph, sources: Places, source: int, limit: float, work: Work) -> int:
    """Search from one source up to ``limit`` minutes; see :func:`search_together`."""
    return search_together(graph, sources, source, source + 1, limit, work)


@kernel
def cover(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one hot loop
    graph: Graph, sources: Places, group_start: LongArray, group0: int, near: Filed, beside: Places, limit: float,
    cutoff: float, work: Work, pairs: Pairs,
) -> tuple[int, bool]:  # fmt: skip
    """Find the minutes from every group of sources (from ``group0`` on) to the rows of targets, within ``cutoff``.

    Minutes are the least over the sources of a group and the targets of a row, rounded; rows ascend.

    Parameters
    ----------
    group_start
        Group k are the sources ``group_start[k]:group_start[k + 1]``.
    near
        All targets, by node.
    beside
        The targets on edges with a source.
    limit
        How far to search: the cutoff and what rounding may add.

    Returns
    -------
    done
        Groups finished; fewer than there are when room ran out.
    queue_full
        Whether the queue, not the room for pairs, ran out.
    """
    minutes, touched, best, bits, words = work.minutes, work.touched, work.best, work.bits, work.words
    near_start, near_entry = near.start, near.entry
    out_target, out_minutes = pairs.target, pairs.minutes
    written, room = U(pairs.start[group0]), U(len(pairs.target))
    groups = len(group_start) - 1
    for group in range(group0, groups):
        reached = search_together(graph, sources, group_start[group], group_start[group + 1], limit, work)
        if reached < 0:
            return group, True
        found, lowest, highest = 0, U(len(words)), U(0)
        for i in range(U(reached)):
            node = U(touched[i])
            at = minutes[node]
            minutes[node] = np.inf
            for k in range(U(near_start[node]), U(near_start[node + U(1)])):
                entry = near_entry[k]
                total = at + entry["minutes"]
                row = U(entry["row"])
                before = best[row]
                better = (total <= limit) & (total < before)
                best[row] = total if better else before
                found += int(better & (before == np.inf))
                bits[row >> U(6)] |= U(better) << (row & LOW_BITS)
                words[row >> U(12)] |= U(better) << ((row >> U(6)) & LOW_BITS)
                lowest, highest = min(lowest, row >> U(12)), max(highest, row >> U(12))
        for source in range(group_start[group], group_start[group + 1]):  # never leaving the edge
            edge, fraction = sources.edge[source], sources.fraction[source]
            t = np.searchsorted(beside.edge, edge)
            while t < len(beside.edge) and beside.edge[t] == edge:
                along = 0.0
                if beside.fraction[t] > fraction:
                    along = beside.from_u[t] - sources.from_u[source]
                elif beside.fraction[t] < fraction:
                    along = beside.from_v[t] - sources.from_v[source]
                total = sources.access[source] + along + beside.access[t]  # NaN where closed: no comparison holds
                row = U(beside.row[t])
                if total <= limit and total < best[row]:
                    found += int(best[row] == np.inf)
                    best[row] = total
                    bits[row >> U(6)] |= U(1) << (row & LOW_BITS)
                    words[row >> U(12)] |= U(1) << ((row >> U(6)) & LOW_BITS)
                    lowest, highest = min(lowest, row >> U(12)), max(highest, row >> U(12))
                t += 1
        fits = written + U(found) < room
        for w in range(lowest, highest + U(1)):  # none where nothing was found: lowest is beyond highest
            some = words[w]
            words[w] = U(0)
            while some != U(0):
                bit = some & (~some + U(1))
                some ^= bit
                b = (w << U(6)) | BIT_OF[(bit * DE_BRUIJN) >> U(58)]
                rows = bits[b]
                bits[b] = U(0)
                while rows != U(0):
                    bit = rows & (~rows + U(1))
                    rows ^= bit
                    row = (b << U(6)) | BIT_OF[(bit * DE_BRUIJN) >> U(58)]
                    at = np.rint(best[row] * 1e6) / 1e6
                    best[row] = np.inf
                    if fits:
                        out_target[written], out_minutes[written] = row, at
                        written += U(at <= cutoff)
        if not fits:
            return group, False
        pairs.start[group + 1] = np.int64(written)
    return groups, False

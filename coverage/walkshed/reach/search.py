"""The kernels of reach: bounded searches, and the nearest of many sources.

Both are label-correcting searches with a circular bucket queue (a Dial queue over floats; inside a bucket nodes may be
corrected, so results are exact). Workspaces are fixed: a kernel that runs out of room cleans up and returns to its
caller, who gives it more and calls again. Called kernels must stand in this file (see
:mod:`walkshed.network.compiled`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.reach.graph import Graph, Places

FULL = -1
MAX_BUCKETS = 1 << 16


class Queue(NamedTuple):
    """A bucket queue: ``first`` entry per bucket (-1 none), and entries chained by ``behind``."""

    first: IntArray
    node: IntArray
    minutes: FloatArray
    behind: IntArray
    buckets_per_minute: float


class Work(NamedTuple):
    """What one thread needs; between calls all ``minutes`` and ``best`` are ``inf`` and the queue is empty.

    Attributes
    ----------
    minutes, touched : (N,)
        Minutes to nodes, and the nodes reached.
    best, found : (T,)
        Minutes to targets, and the targets reached.
    queue
        See :class:`Queue`.
    """

    minutes: FloatArray
    touched: IntArray
    best: FloatArray
    found: IntArray
    queue: Queue


class Filed(NamedTuple):
    """Targets by node: ``target[start[n]:start[n + 1]]``, and the minutes from the node to them with their legs."""

    start: LongArray
    target: IntArray
    minutes: FloatArray


class Pairs(NamedTuple):
    """Room for results: minutes from source k to the targets ``target[start[k]:start[k + 1]]``."""

    start: LongArray
    target: IntArray
    minutes: FloatArray


def make_queue(graph: Graph, sources: Places, limit: float, room: int) -> Queue:
    """Return an empty queue that is wide enough for a graph's arcs and the sources' own legs."""
    legs = np.concatenate([sources.access + sources.to_u, sources.access + sources.to_v])
    span = max(graph.longest, float(legs[np.isfinite(legs)].max(initial=0.0)))
    span = min(span, limit)
    width = max(graph.bucket_min, span / (MAX_BUCKETS - 4))
    buckets = 1 << int(np.ceil(np.log2(span / width + 4)))
    return Queue(
        np.full(buckets, -1, np.int32), np.empty(room, np.int32), np.empty(room), np.empty(room, np.int32), 1.0 / width
    )


def make_work(graph: Graph, sources: Places, limit: float, targets: int = 0) -> Work:
    """Return a fresh workspace for one thread."""
    nodes = len(graph.indptr) - 1
    return Work(
        np.full(nodes, np.inf),
        np.empty(nodes, np.int32),
        np.full(targets, np.inf),
        np.empty(targets, np.int32),
        make_queue(graph, sources, limit, 1 << 14),
    )


def more_room(queue: Queue) -> Queue:
    """Return the same empty queue with room for four times the entries."""
    room = 4 * len(queue.node)
    return queue._replace(node=np.empty(room, np.int32), minutes=np.empty(room), behind=np.empty(room, np.int32))


@kernel
def search(graph: Graph, sources: Places, source: int, limit: float, work: Work) -> int:  # noqa: C901, PLR0912, PLR0915 - one hot loop
    """Search from one source up to ``limit`` minutes; return how many nodes were touched, or FULL.

    Minutes of the nodes ``work.touched[:n]`` stand in ``work.minutes`` and are the caller's to reset.
    """
    indptr, head, weight = graph.indptr, graph.head, graph.weight
    minutes, touched = work.minutes, work.touched
    first, entry_node, entry_minutes = work.queue.first, work.queue.node, work.queue.minutes
    behind, rate = work.queue.behind, work.queue.buckets_per_minute
    mask, room = len(first) - 1, len(entry_node)
    used, live, reached = 0, 0, 0
    edge = sources.edge[source]
    for side in range(2):
        if side == 0:
            node, at = graph.u[edge], sources.access[source] + sources.to_u[source]
        else:
            node, at = graph.v[edge], sources.access[source] + sources.to_v[source]
        if at <= limit and at < minutes[node]:
            if minutes[node] == np.inf:
                touched[reached] = node
                reached += 1
            minutes[node] = at
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
        arc0, arc1 = indptr[node], indptr[node + 1]
        if used + (arc1 - arc0) > room:
            for i in range(len(first)):
                first[i] = -1
            for i in range(reached):
                minutes[touched[i]] = np.inf
            return -1
        for arc in range(arc0, arc1):
            later = at + weight[arc]
            if later <= limit:
                other = head[arc]
                before = minutes[other]
                if later < before:
                    if before == np.inf:
                        touched[reached] = other
                        reached += 1
                    minutes[other] = later
                    b = np.int64(later * rate) & mask
                    entry_node[used], entry_minutes[used], behind[used] = other, later, first[b]
                    first[b] = used
                    used += 1
                    live += 1
    return reached


@kernel
def file_targets(graph: Graph, targets: Places, start: LongArray, target: IntArray, minutes: FloatArray) -> None:
    """File targets under both end nodes of their edge; ``start`` must be zeros, ``target`` and ``minutes`` 2 T long."""
    u, v = graph.u, graph.v
    for t in range(len(targets.edge)):
        edge = targets.edge[t]
        start[u[edge] + 1] += 1
        start[v[edge] + 1] += 1
    for node in range(len(start) - 1):
        start[node + 1] += start[node]
    for t in range(len(targets.edge) - 1, -1, -1):  # from behind: start[node + 1] moves down to where the node begins
        edge, access = targets.edge[t], targets.access[t]
        for node, along in ((u[edge], targets.from_u[t]), (v[edge], targets.from_v[t])):
            start[node + 1] -= 1
            target[start[node + 1]], minutes[start[node + 1]] = t, along + access
    for node in range(len(start) - 1):
        start[node] = start[node + 1]
    start[len(start) - 1] = len(target)


@kernel
def cover(  # noqa: C901, PLR0912, PLR0913, PLR0917 - one hot loop
    graph: Graph, sources: Places, source0: int, targets: Places, target_start: LongArray, near: Filed, limit: float,
    cutoff: float, work: Work, pairs: Pairs,
) -> tuple[int, bool]:  # fmt: skip
    """Find the minutes from every source (from ``source0`` on) to every target, rounded, within ``cutoff``.

    Parameters
    ----------
    target_start
        Where the targets of every edge begin.
    near
        From :func:`file_targets`.
    limit
        How far to search: the cutoff and what rounding may add.

    Returns
    -------
    done
        Sources finished; fewer than there are when room ran out.
    queue_full
        Whether the queue, not the room for pairs, ran out.
    """
    minutes, touched, best, found = work.minutes, work.touched, work.best, work.found
    from_u, from_v, access = targets.from_u, targets.from_v, targets.access
    near_start, near_target, near_minutes = near.start, near.target, near.minutes
    room = len(pairs.target)
    written = pairs.start[source0]
    for source in range(source0, len(sources.edge)):
        reached = search(graph, sources, source, limit, work)
        if reached < 0:
            return source, True
        count = 0
        for i in range(reached):
            node = touched[i]
            at = minutes[node]
            minutes[node] = np.inf
            for k in range(near_start[node], near_start[node + 1]):
                total = at + near_minutes[k]
                if total <= limit:
                    t = near_target[k]
                    before = best[t]
                    if total < before:
                        if before == np.inf:
                            found[count] = t
                            count += 1
                        best[t] = total
        edge, fraction = sources.edge[source], sources.fraction[source]
        for t in range(target_start[edge], target_start[edge + 1]):  # never leaving the edge
            along = 0.0
            if targets.fraction[t] > fraction:
                along = from_u[t] - sources.from_u[source]
            elif targets.fraction[t] < fraction:
                along = from_v[t] - sources.from_v[source]
            total = sources.access[source] + along + access[t]  # NaN where closed: no comparison holds
            if total <= limit and total < best[t]:
                if best[t] == np.inf:
                    found[count] = t
                    count += 1
                best[t] = total
        fits = written + count <= room
        if not fits:
            for i in range(count):
                best[found[i]] = np.inf
            return source, False
        for i in range(count):
            t = found[i]
            at = np.rint(best[t] * 1e6) / 1e6
            best[t] = np.inf
            if at <= cutoff:
                pairs.target[written] = t
                pairs.minutes[written] = at
                written += 1
        pairs.start[source + 1] = written
    return len(sources.edge), False


@kernel
def label_nodes(  # noqa: C901, PLR0912 - one hot loop
    graph: Graph, sources: Places, limit: float, minutes: FloatArray, label: LongArray, queue: Queue
) -> bool:
    """Find the nearest source of every node; of sources equally near the one with the smallest row.

    ``minutes`` must be ``inf`` everywhere; ``label`` receives the row of the source. Returns False when the queue was
    full; ``minutes`` and the queue are then to be made anew.
    """
    indptr, head, weight = graph.indptr, graph.head, graph.weight
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
        for arc in range(arc0, arc1):
            later = at + weight[arc]
            if later <= limit:
                other = head[arc]
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


@kernel
def turn(
    label: LongArray, first: LongArray, last: LongArray, column: IntArray, minutes: FloatArray, start: LongArray,
    turned: IntArray, turned_minutes: FloatArray,
) -> None:  # fmt: skip
    """Turn lists of columns by row into lists of rows by column, in the order in which rows are given.

    Row ``label[i]`` has the pairs ``first[i]:last[i]``; ``start`` (columns + 1) must be zeros and receives where the
    lists of every column begin.
    """
    for i in range(len(label)):
        for k in range(first[i], last[i]):
            start[column[k] + 1] += 1
    columns = len(start) - 1
    for c in range(1, columns + 1):
        start[c] += start[c - 1]
    for i in range(len(label)):
        for k in range(first[i], last[i]):
            c = column[k]
            at = start[c]
            turned[at], turned_minutes[at] = label[i], minutes[k]
            start[c] = at + 1
    for c in range(columns, 0, -1):
        start[c] = start[c - 1]
    start[0] = 0

"""The kernels of reach: bounded searches, from sources to nodes and to targets.

A label-correcting search with circular buckets (a Dial queue over floats; inside a bucket nodes may be corrected, so
results are exact). What an arc leads to is written whether it is an improvement or not, and kept only if it is: a
processor guesses such conditions wrongly half of the time, and a wrong guess costs more than the work. Workspaces are
fixed: a kernel that runs out of room cleans up and returns to its caller, who gives it more and calls again. Called
kernels must stand in this file (see :mod:`walkshed.network.compiled`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.network.compiled import AHEAD, kernel, prefetch
from walkshed.reach.work import BATCH, TOGETHER

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, LongArray
    from walkshed.reach.graph import Filed, Graph, Places
    from walkshed.reach.work import Pairs, Work

    Reached = tuple[int, np.uint64, np.uint64]
    """How many rows, and the range of ``Work.words`` that tells which; empty where the first is beyond the last."""

FULL = -1
READ_AHEAD = 256
"""So many nodes to either side; decides speed only."""

U = np.uint64  # an index without a sign is not checked for counting from behind
LOW_BITS = U(63)
DE_BRUIJN = U(0x03F79D71B4CB0A89)
"""Multiplied by a single bit, the upper six bits tell which one it was (Leiserson, Prokop and Randall 1998)."""
BIT_OF = np.zeros(64, np.uint64)
for _bit in range(64):
    BIT_OF[(0x03F79D71B4CB0A89 << _bit & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit


@kernel
def _read_ahead(graph: Graph, node: int, minutes: FloatArray) -> None:
    """Ask for the arcs of the nodes about a node, which are its neighbours on a Hilbert curve.

    One after the other, as the search would ask for them, they come from a large graph at the speed of memory's answer;
    all at once, at the speed of memory.
    """
    low, high = max(node - READ_AHEAD, 0), min(node + READ_AHEAD, len(minutes))
    for arc in range(U(graph.indptr[low]), U(graph.indptr[high]), U(4)):  # one of those that come together
        prefetch(graph.arcs, U(arc))
    for near in range(U(low), U(high), U(8)):
        prefetch(minutes, U(near))


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
    if first_source < last_source:
        _read_ahead(graph, graph.u[sources.edge[first_source]], minutes)
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
                prefetch(arcs, U(indptr[other]))  # soon to be read: memory answers late
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
def _collect(near: Filed, reached: int, limit: float, work: Work) -> Reached:
    """Carry the minutes of nodes on to the rows filed there, and reset those of the nodes."""
    minutes, touched, best, bits, words = work.minutes, work.touched, work.best, work.bits, work.words
    listed, at = work.entry, work.at
    near_start, near_entry = near.start, near.entry
    found, lowest, highest = 0, U(len(words)), U(0)
    i, last = U(0), U(reached)
    k, behind, here = U(0), U(0), 0.0
    while i < last or k < behind:
        count = U(0)  # first all places of many nodes: how many a node has, a processor cannot guess
        while count < U(BATCH):
            if k == behind:
                if i == last:
                    break
                prefetch(near_entry, U(near_start[U(touched[min(i + U(AHEAD), last - U(1))])]))
                node = U(touched[i])
                i += U(1)
                here = minutes[node]
                minutes[node] = np.inf
                k, behind = U(near_start[node]), U(near_start[node + U(1)])
            for ahead in range(TOGETHER):
                listed[count + U(ahead)] = k + U(ahead)
                at[count + U(ahead)] = here
            step = min(behind - k, U(TOGETHER))
            count += step
            k += step
        for one in range(count):
            prefetch(best, U(near_entry[U(listed[min(one + U(AHEAD), count - U(1))])]["row"]))
            entry = near_entry[U(listed[one])]
            total = at[one] + entry["minutes"]
            row = U(entry["row"])
            before = best[row]
            better = (total <= limit) & (total < before)
            best[row] = total if better else before
            found += int(better & (before == np.inf))
            bits[row >> U(6)] |= U(better) << (row & LOW_BITS)
            words[row >> U(12)] |= U(better) << ((row >> U(6)) & LOW_BITS)
            lowest, highest = min(lowest, row >> U(12)), max(highest, row >> U(12))
    return found, lowest, highest


@kernel
def _collect_beside(
    sources: Places, first: int, last: int, beside: Places, limit: float, work: Work, reached: Reached
) -> Reached:  # fmt: skip
    """Add the rows reached without leaving a source's own edge to those of :func:`_collect`."""
    best, bits, words = work.best, work.bits, work.words
    found, lowest, highest = reached
    for source in range(first, last):
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
    return found, lowest, highest


@kernel
def cover(  # noqa: PLR0913, PLR0917 - one hot loop
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
    best, bits, words = work.best, work.bits, work.words
    out_target, out_minutes = pairs.target, pairs.minutes
    written, room = U(pairs.start[group0]), U(len(pairs.target))
    groups = len(group_start) - 1
    for group in range(group0, groups):
        first, last = group_start[group], group_start[group + 1]
        touched = search_together(graph, sources, first, last, limit, work)
        if touched < 0:
            return group, True
        reached = _collect(near, touched, limit, work)
        found, lowest, highest = _collect_beside(sources, first, last, beside, limit, work, reached)
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

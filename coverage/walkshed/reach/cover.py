"""From sources to the rows of a table: search by search, carried on from nodes to the places filed there.

Like the search itself, in passes over short lists (see :mod:`walkshed.reach.search`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.network.compiled import AHEAD, kernel, lowest_bit, prefetch
from walkshed.reach.search import LINE_STARTS, READ_AHEAD, ask_about, search_together
from walkshed.reach.work import BATCH, TOGETHER

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.reach.graph import Filed, Graph, Places
    from walkshed.reach.work import Pairs, Work

    Reached = tuple[int, np.uint64, np.uint64]
    """How many rows, and the range of ``Work.words`` that tells which; empty where the first is beyond the last."""

U = np.uint64  # an index without a sign is not checked for counting from behind
LOW_BITS = U(63)
LINE_ENTRIES = U(4)
"""So many entries come from memory together."""


@kernel
def _ask_near(near: Filed, node: int) -> None:
    """Ask for the places filed at the nodes about a node."""
    low, high = max(node - READ_AHEAD, 0), min(node + READ_AHEAD, len(near.start) - 1)
    first, last = U(near.start[low]), U(near.start[high])
    for entry in range(first, min(last, first + U(4 * READ_AHEAD)), LINE_ENTRIES):
        prefetch(near.entry, U(entry))
    for start in range(U(low), U(high), LINE_STARTS):
        prefetch(near.start, U(start))


@kernel
def _collect(near: Filed, reached: int, limit: float, work: Work) -> Reached:
    """Carry the minutes of nodes on to the rows filed there, and reset those of the nodes."""
    minutes, touched, best, bits, words = work.minutes, work.touched, work.best, work.bits, work.words
    listed, at = work.entry, work.at
    near_start, near_entry = near.start, near.entry
    found, lowest, highest = 0, U(len(words)), U(0)
    i, last = U(0), U(reached)
    skip = U(0)
    while i < last:
        count = U(0)  # first all places of many nodes: how many a node has, a processor cannot guess
        while i < last and count < U(BATCH):
            prefetch(near_entry, U(near_start[U(touched[min(i + U(AHEAD), last - U(1))])]))
            node = U(touched[i])
            i += U(1)
            here = minutes[node]
            minutes[node] = np.inf
            k = U(near_start[node]) + skip
            skip = U(0)
            size = U(near_start[node + U(1)]) - k
            for ahead in range(U(TOGETHER)):
                listed[count + ahead] = k + ahead
                at[count + ahead] = here
            if size > U(TOGETHER):
                if size > U(BATCH):  # the rest in the next go
                    size = U(BATCH)
                    skip = k + size - U(near_start[node])
                    minutes[node] = here
                    i -= U(1)
                for ahead in range(U(TOGETHER), size):
                    listed[count + ahead] = k + ahead
                    at[count + ahead] = here
            count += size
        for one in range(count):
            prefetch(best, U(near_entry[U(listed[min(one + U(AHEAD), count - U(1))])]["row"]))
            entry = near_entry[U(listed[one])]
            total = at[one] + entry["minutes"]
            row = U(entry["row"])
            before = best[row]
            better = (total <= limit) & (total < before)
            best[row] = total if better else before
            found += int(better & (before == np.inf))
            some = bits[row >> U(6)]
            bits[row >> U(6)] = some | (U(better) << (row & LOW_BITS))
            if some == U(0) and better:  # seldom: rows near each other are reached together
                word = row >> U(12)
                words[word] |= U(1) << ((row >> U(6)) & LOW_BITS)
                lowest, highest = min(lowest, word), max(highest, word)
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
def _drop_late(target: IntArray, minutes: FloatArray, begin: np.uint64, end: np.uint64, cutoff: float) -> np.uint64:
    """Drop pairs beyond the cutoff; return where the others end."""
    kept = begin
    for k in range(begin, end):
        target[kept], minutes[kept] = target[k], minutes[k]
        kept += U(minutes[k] <= cutoff)
    return kept


@kernel
def cover(  # noqa: C901, PLR0913, PLR0917 - one hot loop
    graph: Graph, sources: Places, group_start: LongArray, group0: int, group1: int, near: Filed, beside: Places,
    limit: float, cutoff: float, work: Work, pairs: Pairs,
) -> tuple[int, bool]:  # fmt: skip
    """Find the minutes from the groups ``group0:group1`` of sources to the rows of targets, within ``cutoff``.

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
    pairs
        Its ``start`` begins with that of ``group0``, 0.

    Returns
    -------
    done
        The group behind the last one finished; before ``group1`` when room ran out.
    queue_full
        Whether the queue, not the room for pairs, ran out.
    """
    best, bits, words = work.best, work.bits, work.words
    out_target, out_minutes = pairs.target, pairs.minutes
    written, room = U(0), U(len(pairs.target))
    if group0 < group1:
        ask_about(graph, work.minutes, graph.u[sources.edge[group_start[group0]]])
    for group in range(group0, group1):
        first, last = group_start[group], group_start[group + 1]
        following = graph.u[sources.edge[last]] if group + 1 < group1 else -1
        _ask_near(near, graph.u[sources.edge[first]])
        touched = search_together(graph, sources, first, last, limit, work, following)
        if touched < 0:
            return group, True
        reached = _collect(near, touched, limit, work)
        found, lowest, highest = _collect_beside(sources, first, last, beside, limit, work, reached)
        fits = written + U(found) <= room
        begin, latest = written, 0.0
        for w in range(lowest, highest + U(1)):  # none where nothing was found: lowest is beyond highest
            some = words[w]
            words[w] = U(0)
            while some != U(0):
                b = (w << U(6)) | lowest_bit(some)
                some &= some - U(1)
                rows = bits[b]
                bits[b] = U(0)
                while rows != U(0):
                    row = (b << U(6)) | lowest_bit(rows)
                    rows &= rows - U(1)
                    if fits:
                        out_target[written], out_minutes[written] = row, best[row]
                        written += U(1)
                    best[row] = np.inf
        if not fits:
            return group, False
        for k in range(begin, written):  # apart from the above: several at once
            out_minutes[k] = np.rint(out_minutes[k] * 1e6) / 1e6
            latest = max(latest, out_minutes[k])
        if latest > cutoff:  # within the slack, but rounded up
            written = _drop_late(out_target, out_minutes, begin, written, cutoff)
        pairs.start[group - group0 + 1] = np.int64(written)
    return group1, False

"""The bounded search from sources to nodes.

A label-correcting search with circular buckets (a Dial queue over floats; inside a bucket nodes may be corrected, so
results are exact). Work is done in passes over short lists, each without a condition to guess: list the arcs of the
nodes of a bucket; write what they lead to, whether it is an improvement or not, and keep it only if it is; put what was
improved into buckets. A processor guesses such conditions wrongly half of the time, and a wrong guess costs more than
the work. Workspaces are fixed: a search that runs out of room cleans up and returns to its caller, who gives it more
and calls again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.network.compiled import kernel, prefetch
from walkshed.reach.work import BATCH, TOGETHER

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.work import Work

FULL = -1
READ_AHEAD = 256
"""So many nodes to either side; decides speed only."""

U = np.uint64  # an index without a sign is not checked for counting from behind
LINE_ARCS, LINE_MINUTES, LINE_STARTS = U(4), U(8), U(16)
"""So many arcs, or minutes, or numbers of where something starts, come from memory together."""
PACE = U(16)
"""So many lines are asked for at a time; decides speed only."""


@kernel
def ask_about(graph: Graph, minutes: FloatArray, node: int) -> None:
    """Ask for the arcs and minutes of the nodes about a node, and where their arcs start.

    They are its neighbours on a Hilbert curve. One after the other, as the search would ask for them, they come from a
    large graph at the speed of memory's answer; all at once, at the speed of memory.
    """
    low, high = max(node - READ_AHEAD, 0), min(node + READ_AHEAD, len(minutes))
    for arc in range(U(graph.indptr[low]), U(graph.indptr[high]), LINE_ARCS):
        prefetch(graph.arcs, U(arc))
    for near in range(U(low), U(high), LINE_MINUTES):
        prefetch(minutes, U(near))
    for near in range(U(low), U(high), LINE_STARTS):
        prefetch(graph.indptr, U(near))


@kernel
def search_together(  # noqa: C901, PLR0912, PLR0915 - one hot loop
    graph: Graph, sources: Places, first_source: int, last_source: int, limit: float, work: Work, following: int
) -> int:
    """Search from the sources ``first_source:last_source`` at once; return how many nodes were touched, or FULL.

    Minutes of the nodes ``work.touched[:n]`` stand in ``work.minutes`` and are the caller's to reset. What a search
    about the node ``following`` (-1 none) will read is asked for meanwhile.
    """
    indptr, arcs = graph.indptr, graph.arcs
    minutes, touched, listed, begun, improved = work.minutes, work.touched, work.entry, work.at, work.improved
    filled, queued, rate = work.queue.filled, work.queue.node, work.queue.buckets_per_minute
    mask, share = U(len(filled) - 1), U(len(queued) // len(filled))
    most = np.int32(share)
    low, high = U(0), U(0)
    if following >= 0:
        low, high = U(max(following - READ_AHEAD, 0)), U(min(following + READ_AHEAD, len(minutes)))
    ask, asked, ask_arc, asked_arc = low, high, U(indptr[low]), U(indptr[high])
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
        till = min(ask_arc + PACE * LINE_ARCS, asked_arc)
        while ask_arc < till:
            prefetch(arcs, ask_arc)
            ask_arc += LINE_ARCS
        till = min(ask + PACE, asked)
        while ask < till:
            prefetch(minutes, ask)
            prefetch(indptr, ask)
            ask += LINE_MINUTES
        here = current & mask
        i, behind, skip = U(0), U(filled[here]), U(0)
        while i < behind:
            count = U(0)
            while i < behind and count < U(BATCH):
                node = U(queued[here * share + i])
                i += U(1)
                at = minutes[node]
                arc = U(indptr[node]) + skip
                skip = U(0)
                size = U(indptr[node + U(1)]) - arc
                size = U(0) if U(np.int64(at * rate)) < current else size  # was improved, and done, in a bucket before
                for ahead in range(U(TOGETHER)):
                    listed[count + ahead] = arc + ahead
                    begun[count + ahead] = at
                if size > U(TOGETHER):
                    if size > U(BATCH):  # the rest in the next go
                        size = U(BATCH)
                        skip = arc + size - U(indptr[node])
                        i -= U(1)
                    for ahead in range(U(TOGETHER), size):
                        listed[count + ahead] = arc + ahead
                        begun[count + ahead] = at
                count += size
            better_ones = U(0)
            for one in range(count):
                street = arcs[U(listed[one])]
                later = begun[one] + street["minutes"]
                other = U(street["head"])
                before = minutes[other]
                better = (later <= limit) & (later < before)
                minutes[other] = later if better else before
                improved[better_ones] = other
                better_ones += U(better)
                touched[U(reached)] = other
                reached += int(better & (before == np.inf))
            for one in range(better_ones):
                other = U(improved[one])
                bucket = U(np.int64(minutes[other] * rate))
                last = max(last, bucket)
                place = filled[bucket & mask]
                if place >= most:
                    full = True
                    break
                queued[(bucket & mask) * share + U(place)] = other
                filled[bucket & mask] = place + np.int32(1)
                prefetch(arcs, U(indptr[other]))  # soon to be read: memory answers late
            if full:
                break
            behind = U(filled[here])
        filled[here] = 0
        current += U(1)
    if full:
        for b in range(len(filled)):
            filled[b] = 0
        for k in range(reached):
            minutes[U(touched[k])] = np.inf
        return -1
    return reached

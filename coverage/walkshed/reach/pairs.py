"""All pairs of sources and targets within some minutes: searches in chunks over threads, results in order."""

from __future__ import annotations

import math
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import in_chunks
from walkshed.progress import silent
from walkshed.reach.cover import cover
from walkshed.reach.graph import SLACK, subset
from walkshed.reach.lists import put_lists, turn
from walkshed.reach.work import Pairs, fit_queue, make_work, more_room

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.progress import Progress
    from walkshed.reach.graph import Filed, Graph, Places
    from walkshed.reach.work import Work

CHUNK = 256
SHARES = 16
"""Few searches are done in so many chunks, for any number of threads to share, but for no fewer than these:"""
LEAST_CHUNK = 25
CHUNK_NODES = 1_000_000
"""A chunk of searches reaches about so many nodes at most (a twentieth of a second): then work can be stopped."""
ROOM = 1 << 15
"""Pairs for which a thread has room at first."""
MOST_ROOM = 1 << 21
"""Fresh room for more is four times as large as the last, up to so many pairs (25 MB): the system gives it faster."""


class Lists(NamedTuple):
    """Pairs by row: row r has ``column[start[r]:start[r + 1]]``, ascending, with ``minutes``."""

    start: LongArray
    column: IntArray
    minutes: FloatArray


class Targets(NamedTuple):
    """Places to which to search: all of them by node, and once more those ``beside`` a source on its edge."""

    near: Filed
    beside: Places


class _Groups(NamedTuple):
    """Groups of sources: group k are ``sources`` from ``start[k]`` to ``start[k + 1]``."""

    sources: Places
    start: LongArray


class Desk(NamedTuple):
    """What a thread works with: ``pairs`` is room of which the first ``used`` are results already."""

    work: Work
    pairs: Pairs
    used: int


def search_pairs(
    graph: Graph,
    sources: Places,
    targets: Targets,
    shape: tuple[int, int],
    cutoff: float,
    *,
    desks: SimpleQueue[Desk],
    threads: int | None = None,
    progress: Progress = silent,
) -> Lists:
    """Search from the rows of a table to the rows of another, each with any number of places.

    Parameters
    ----------
    graph
        Streets in the direction of the search.
    sources, targets
        Places. Those with the same ``row`` are one to the result, which takes the least of their minutes.
    shape
        Rows of both tables.
    cutoff
        Only pairs up to so many minutes.
    desks
        Those of earlier searches on this graph to so many rows of targets, to be used and put back; new ones are added.
    threads, progress
        See :func:`walkshed.network.compiled.in_chunks`; steps are rows of sources.

    Returns
    -------
    Lists
        By row of ``sources``.
    """
    limit = cutoff + SLACK
    label, grouped, group_start = _group(sources, shape[0])
    idle: SimpleQueue[Desk] = SimpleQueue()

    groups = _Groups(grouped, group_start)

    def run(first: int, last: int) -> list[Lists]:
        try:
            desk = idle.get_nowait()
        except Empty:
            desk = _desk(desks, graph, grouped, limit, shape[1])
        lists, desk = _search_chunk(graph, groups, range(first, last), targets, limit, cutoff, desk)
        idle.put(desk)
        return lists

    size = min(CHUNK, max(LEAST_CHUNK, math.ceil(len(label) / SHARES)))
    size = min(size, math.ceil(CHUNK_NODES / max(_nodes_within(graph, cutoff), 1.0)))
    found = in_chunks(len(label), size, run, threads=threads, progress=progress)
    lists = _in_order([part for chunk in found for part in chunk], label, shape[0])
    while not idle.empty():  # not before: their room held the results
        desks.put(idle.get_nowait()._replace(used=0))
    return lists


def _desk(desks: SimpleQueue[Desk], graph: Graph, sources: Places, limit: float, rows: int) -> Desk:
    """Return a desk that served before, or a fresh one."""
    try:
        desk = desks.get_nowait()
    except Empty:
        return Desk(make_work(graph, sources, limit, rows), _room(ROOM), 0)
    return desk._replace(work=fit_queue(desk.work, graph, sources, limit))


def _room(pairs: int) -> Pairs:
    """Return room for so many pairs."""
    return Pairs(np.empty(0, np.int64), np.empty(pairs, np.int32), np.empty(pairs))


def _nodes_within(graph: Graph, cutoff: float) -> float:
    """Estimate how many nodes a walk of ``cutoff`` minutes reaches: those of a circle, were they spread evenly."""
    nodes = len(graph.indptr) - 1
    return min(math.pi * cutoff * cutoff * graph.nodes_per_min2, nodes) if nodes else 0.0


def _group(sources: Places, rows: int) -> tuple[LongArray, Places, LongArray]:
    """Return the rows that have places, these places row by row, and where those of every row start.

    Rows are in the order of their first place, neighbours after neighbours: what one search has read is still at hand
    for the next.
    """
    if np.bincount(sources.row, minlength=rows).max(initial=0) <= 1:
        return sources.row, sources, np.arange(len(sources.row) + 1)
    _, first, group, size = np.unique(sources.row, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first[group], kind="stable")
    by_first = np.argsort(first)
    return sources.row[first[by_first]], subset(sources, order), np.concatenate([[0], np.cumsum(size[by_first])])


def _search_chunk(
    graph: Graph, groups: _Groups, chunk: range, targets: Targets, limit: float, cutoff: float, desk: Desk
) -> tuple[list[Lists], Desk]:
    """Search from a chunk of groups, giving more room until all are done; the lists are parts of the room."""
    done, last, found = chunk.start, chunk.stop, []
    work, pairs, used = desk
    while True:
        begun = done
        free = Pairs(np.zeros(last - begun + 1, np.int64), pairs.target[used:], pairs.minutes[used:])
        done, queue_full = cover(graph, groups.sources, groups.start, begun, last, *targets, limit, cutoff, work, free)
        size = int(free.start[done - begun])
        found.append(Lists(free.start[: done - begun + 1], free.target[:size], free.minutes[:size]))
        used += size
        if done == last:
            return found, Desk(work, pairs, used)
        if queue_full:
            work = work._replace(queue=more_room(work.queue))
        else:
            more = 4 * len(pairs.target)
            pairs, used = _room(more if used == 0 else min(more, MOST_ROOM)), 0


def _in_order(found: list[Lists], label: LongArray, rows: int) -> Lists:
    """Return the lists of all chunks as one, list i as row ``label[i]``."""
    start = np.zeros(rows + 1, np.int64)
    if found:
        start[label + 1] = np.concatenate([np.diff(part.start) for part in found])
    np.cumsum(start, out=start)
    column, minutes = np.empty(start[-1], np.int32), np.empty(start[-1])
    done = 0
    for i, part in enumerate(found):
        last = done + len(part.start) - 1
        put_lists(label[done:last], *part, start, column, minutes)
        done = last
        found[i] = part._replace(column=column[:0], minutes=minutes[:0])  # frees its memory
    return Lists(start, column, minutes)


def turn_lists(lists: Lists, columns: int) -> Lists:
    """Return the same pairs by column, with the rows as columns."""
    start = np.zeros(columns + 1, np.int64)
    turned, turned_minutes = np.empty(len(lists.column), np.int32), np.empty(len(lists.column))
    turn(lists.start, lists.column, lists.minutes, start, turned, turned_minutes)
    return Lists(start, turned, turned_minutes)

"""All pairs of sources and targets within some minutes: searches in chunks over threads, results in order."""

from __future__ import annotations

import math
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.network.compiled import in_chunks
from walkshed.progress import silent
from walkshed.reach.graph import SLACK, subset
from walkshed.reach.lists import put_lists, turn
from walkshed.reach.search import Pairs, cover, make_work, more_room

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.progress import Progress
    from walkshed.reach.graph import Filed, Graph, Places
    from walkshed.reach.search import Work

CHUNK = 256
CHUNK_NODES = 1_000_000
"""A chunk of searches reaches about so many nodes at most (a twentieth of a second): then work can be stopped."""
ROOM = 1 << 15


class Lists(NamedTuple):
    """Pairs by row: row r has ``column[start[r]:start[r + 1]]``, ascending, with ``minutes``."""

    start: LongArray
    column: IntArray
    minutes: FloatArray


class Targets(NamedTuple):
    """Places to which to search: all of them by node, and once more those ``beside`` a source on its edge."""

    near: Filed
    beside: Places


class _Chunk(NamedTuple):
    """Groups of sources: group k are ``sources`` from ``start[k]`` to ``start[k + 1]``."""

    sources: Places
    start: LongArray


def search_pairs(
    graph: Graph,
    sources: Places,
    targets: Targets,
    shape: tuple[int, int],
    cutoff: float,
    *,
    nodes_each: float = 0.0,
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
    nodes_each
        About how many nodes a search reaches; decides only how soon work can be stopped.
    threads, progress
        See :func:`walkshed.network.compiled.in_chunks`; steps are rows of sources.

    Returns
    -------
    Lists
        By row of ``sources``.
    """
    limit = cutoff + SLACK
    label, grouped, group_start = _group(sources, shape[0])
    idle: SimpleQueue[tuple[Work, Pairs]] = SimpleQueue()

    def run(first: int, last: int) -> Lists:
        try:
            work, pairs = idle.get_nowait()
        except Empty:
            work = make_work(graph, grouped, limit, shape[1])
            pairs = Pairs(np.empty(0, np.int64), np.empty(ROOM, np.int32), np.empty(ROOM))
        own = subset(grouped, slice(group_start[first], group_start[last]))
        chunk = _Chunk(own, group_start[first : last + 1] - group_start[first])
        work, pairs = _search_chunk(graph, chunk, targets, limit, cutoff, work, pairs)
        found = int(pairs.start[-1])
        lists = Lists(pairs.start, pairs.target[:found].copy(), pairs.minutes[:found].copy())
        idle.put((work, pairs))  # from here on another thread may write to it
        return lists

    size = CHUNK if nodes_each * CHUNK <= CHUNK_NODES else max(1, math.ceil(CHUNK_NODES / nodes_each))
    found = in_chunks(len(label), size, run, threads=threads, progress=progress)
    return _in_order(found, label, shape[0])


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
    graph: Graph, chunk: _Chunk, targets: Targets, limit: float, cutoff: float, work: Work, pairs: Pairs
) -> tuple[Work, Pairs]:
    """Search from a chunk of sources, giving more room until all are done."""
    groups, done = len(chunk.start) - 1, 0
    pairs = pairs._replace(start=np.zeros(groups + 1, np.int64))
    while True:
        done, queue_full = cover(graph, chunk.sources, chunk.start, done, *targets, limit, cutoff, work, pairs)
        if done == groups:
            return work, pairs
        if queue_full:
            work = work._replace(queue=more_room(work.queue))
        else:
            added = 3 * len(pairs.target)
            pairs = pairs._replace(
                target=np.concatenate([pairs.target, np.empty(added, np.int32)]),
                minutes=np.concatenate([pairs.minutes, np.empty(added)]),
            )


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

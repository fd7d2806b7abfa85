"""What a thread needs for its searches: workspaces, and room for what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, IntArray, LongArray
    from walkshed.reach.graph import Graph, Places

    WordArray = NDArray[np.uint64]

MAX_BUCKETS = 1 << 12
ENTRIES = 1 << 18
"""Entries of a new queue, at most: some 500 a bucket, where streets are short."""
MOST_PER_BUCKET = 512
BATCH = 256
"""So many arcs or places are looked at in one go; decides speed only."""
TOGETHER = 4
"""So many arcs or places of a node are listed without asking how many it has."""

ROOM_FOR_BATCH = 2 * BATCH + TOGETHER


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
    entry, at : (ROOM_FOR_BATCH,)
        Arcs, or places filed at the nodes reached, and the minutes to their node.
    improved : (ROOM_FOR_BATCH,)
        Nodes to which a shorter way was found.
    queue
        See :class:`Queue`.
    """

    minutes: FloatArray
    touched: IntArray
    best: FloatArray
    bits: WordArray
    words: WordArray
    entry: IntArray
    at: FloatArray
    improved: IntArray
    queue: Queue


class Pairs(NamedTuple):
    """Room for results: minutes from group k of sources to the rows ``target[start[k]:start[k + 1]]``, ascending."""

    start: LongArray
    target: IntArray
    minutes: FloatArray


def make_queue(graph: Graph, sources: Places, limit: float) -> Queue:
    """Return an empty queue that is wide enough for a graph's arcs and the sources' own legs."""
    buckets, rate = _buckets(graph, sources, limit)
    room = min(MOST_PER_BUCKET, ENTRIES // buckets)
    return Queue(np.zeros(buckets, np.int32), np.zeros(buckets * room, np.int32), rate)


def _buckets(graph: Graph, sources: Places, limit: float) -> tuple[int, float]:
    """Return how many buckets a queue needs, and how many there are to a minute."""
    legs = np.concatenate([sources.access + sources.to_u, sources.access + sources.to_v])
    span = max(graph.longest, float(legs[np.isfinite(legs)].max(initial=0.0)))
    span = min(span, limit)
    width = max(graph.bucket_min, span / (MAX_BUCKETS - 4))
    return 1 << int(np.ceil(np.log2(span / width + 4))), 1.0 / width


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
        np.zeros(ROOM_FOR_BATCH, np.int32),
        np.zeros(ROOM_FOR_BATCH),
        np.zeros(ROOM_FOR_BATCH, np.int32),
        make_queue(graph, sources, limit),
    )


def fit_queue(work: Work, graph: Graph, sources: Places, limit: float) -> Work:
    """Return a workspace that served before, with a queue for other sources or another limit."""
    buckets, rate = _buckets(graph, sources, limit)
    if buckets == len(work.queue.filled):
        return work._replace(queue=work.queue._replace(buckets_per_minute=rate))
    return work._replace(queue=make_queue(graph, sources, limit))

"""Which parts of which edges are reached: the time at x on an edge is min(a + x, b + rest), clipped exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from walkshed.network.compiled import kernel
from walkshed.network.snap_grid import metres_along

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray, WalkNetwork
    from walkshed.reach.graph import Graph, Places


class Geometry(NamedTuple):
    """Edge geometry: vertices ``start[e]:start[e + 1]`` with coordinates and metres along the edge."""

    start: LongArray
    x: FloatArray
    y: FloatArray
    along: FloatArray


class Parts(NamedTuple):
    """Parts of edges, from fraction ``low`` to fraction ``high``; parts of one edge do not meet."""

    edge: IntArray
    low: FloatArray
    high: FloatArray


class Lines(NamedTuple):
    """Polylines: line i has the vertices ``start[i]:start[i + 1]``, metres."""

    start: LongArray
    x: FloatArray
    y: FloatArray


class Room(NamedTuple):
    """What one thread needs for :func:`reached_parts`; made by :func:`make_room`."""

    mark: IntArray
    low: FloatArray
    high: FloatArray
    parts: Parts


NO_LINES = Lines(np.zeros(1, np.int64), np.empty(0), np.empty(0))
SAME_MIN = 2.0**-28
"""Minutes that differ by less are the same: elementary ones are exact, those along an edge are rounded."""

_geometries: WeakKeyDictionary[WalkNetwork, Geometry] = WeakKeyDictionary()


def geometry_of(network: WalkNetwork) -> Geometry:
    """Return the edge geometry of a network, made once."""
    made = _geometries.get(network)
    if made is None:
        along = metres_along(network)
        made = Geometry(network.geometry_start, network.geometry_x, network.geometry_y, along)
        _geometries[network] = made
    return made


def make_room(edges: int, sources: int) -> Room:
    """Return room for the parts of all edges: two an edge, and one more for every source on it."""
    most = 2 * edges + sources
    parts = Parts(np.empty(most, np.int32), np.empty(most), np.empty(most))
    return Room(np.zeros(edges, np.int32), np.empty(sources + 2), np.empty(sources + 2), parts)


@kernel
def reached_parts(  # noqa: C901, PLR0912, PLR0915 - one hot loop
    graph: Graph, minutes: FloatArray, touched: IntArray, sources: Places, cutoff: float, room: Room, mark: int
) -> int:
    """Find what is reached within ``cutoff``; return how many parts of ``room.parts`` were filled.

    Parameters
    ----------
    graph
        Streets in the direction of the search.
    minutes, touched
        Minutes to all nodes (``inf`` elsewhere), and the nodes that were reached.
    sources
        Where the search started, sorted by edge.
    cutoff
        Minutes.
    room
        See :func:`make_room`.
    mark
        A number that was not used with this room before.
    """
    count, known = 0, room.mark
    edges, lows, highs = room.parts.edge, room.parts.low, room.parts.high
    source, last = 0, len(sources.edge)
    while source < last:  # edges on which the search started: any number of parts, sorted and joined
        edge = sources.edge[source]
        known[edge] = mark
        forward, backward = graph.forward[edge], graph.backward[edge]
        n = 0
        rest = cutoff - minutes[graph.u[edge]]
        if rest >= 0 and forward < np.inf:
            room.low[n], room.high[n] = 0.0, min(rest / forward, 1.0)
            n += 1
        rest = cutoff - minutes[graph.v[edge]]
        if rest >= 0 and backward < np.inf:
            room.low[n], room.high[n] = max(1.0 - rest / backward, 0.0), 1.0
            n += 1
        while source < last and sources.edge[source] == edge:
            rest, at = cutoff - sources.access[source], sources.fraction[source]
            if rest >= 0:
                room.low[n] = max(at - rest / backward, 0.0) if backward < np.inf else at
                room.high[n] = min(at + rest / forward, 1.0) if forward < np.inf else at
                n += 1
            source += 1
        for i in range(1, n):
            low, high, j = room.low[i], room.high[i], i - 1
            while j >= 0 and room.low[j] > low:
                room.low[j + 1], room.high[j + 1] = room.low[j], room.high[j]
                j -= 1
            room.low[j + 1], room.high[j + 1] = low, high
        i = 0
        while i < n:
            low, high = room.low[i], room.high[i]
            i += 1
            while i < n and room.low[i] <= high:
                high = max(high, room.high[i])
                i += 1
            if high > low:
                edges[count], lows[count], highs[count] = edge, low, high
                count += 1
    for k in range(len(touched)):
        node = touched[k]
        for arc in range(graph.indptr[node], graph.indptr[node + 1]):
            edge = graph.arc_edge[arc]
            if known[edge] == mark:
                continue
            known[edge] = mark
            forward, backward = graph.forward[edge], graph.backward[edge]
            high, low = 0.0, 1.0
            rest = cutoff - minutes[graph.u[edge]]
            if rest > 0 and forward < np.inf:
                high = min(rest / forward, 1.0)
            rest = cutoff - minutes[graph.v[edge]]
            if rest > 0 and backward < np.inf:
                low = max(1.0 - rest / backward, 0.0)
            if high >= low:
                edges[count], lows[count], highs[count] = edge, 0.0, 1.0
                count += 1
            else:
                if high > 0.0:
                    edges[count], lows[count], highs[count] = edge, 0.0, high
                    count += 1
                if low < 1.0:
                    edges[count], lows[count], highs[count] = edge, low, 1.0
                    count += 1
    return count


@kernel
def labelled_parts(  # noqa: C901, PLR0912, PLR0915 - one hot loop over plain arrays
    graph: Graph, minutes: FloatArray, label: LongArray, sources: Places, source_start: LongArray, cutoff: float,
    parts: Parts, owner: LongArray,
) -> int:  # fmt: skip
    """Find what is reached within ``cutoff``, and from which source soonest; return how many parts were filled.

    Every point of an edge belongs to the source from which it is reached in the fewest minutes, of sources equally
    near to the one with the smallest row: the labels of :func:`walkshed.reach.labels.label_targets`, carried on to all
    points. Edges are cut where the minutes from two sources are equal.

    Parameters
    ----------
    graph
        Streets in the direction of the search.
    minutes, label
        Minutes to all nodes (``inf`` elsewhere) and the row of the source nearest to each.
    sources, source_start
        Where the search started, sorted by edge, and where the sources of every edge begin.
    cutoff
        Minutes.
    parts, owner
        Room for two parts an edge and two for every source; ``owner`` receives rows of sources.
    """
    count, most = 0, 0
    for edge in range(len(graph.u)):
        most = max(most, source_start[edge + 1] - source_start[edge])
    at = np.empty(most + 2)  # both ends, and the sources between them by position
    row = np.empty(most + 2, np.int64)
    start = np.empty(most + 2)
    ahead, ahead_row = np.empty(most + 2), np.empty(most + 2, np.int64)
    for edge in range(len(graph.u)):
        u, v = graph.u[edge], graph.v[edge]
        n = source_start[edge + 1] - source_start[edge]
        if n == 0 and minutes[u] > cutoff and minutes[v] > cutoff:
            continue
        forward, backward = graph.forward[edge], graph.backward[edge]
        at[0], row[0], start[0] = 0.0, label[u], minutes[u]
        for i in range(n):
            source = source_start[edge] + i
            j = i
            while j > 0 and at[j] > sources.fraction[source]:
                at[j + 1], row[j + 1], start[j + 1] = at[j], row[j], start[j]
                j -= 1
            at[j + 1], row[j + 1], start[j + 1] = sources.fraction[source], sources.row[source], sources.access[source]
        at[n + 1], row[n + 1], start[n + 1] = 1.0, label[v], minutes[v]
        behind, behind_row = start[n + 1], row[n + 1]
        for k in range(n, -1, -1):  # what comes from v, as it passes every source
            ahead[k], ahead_row[k] = behind, behind_row
            if k > 0:
                behind = behind + (at[k + 1] - at[k]) * backward if at[k + 1] > at[k] else behind
                if start[k] < behind - SAME_MIN or (start[k] <= behind + SAME_MIN and row[k] < behind_row):
                    behind, behind_row = start[k], row[k]
        coming, coming_row = start[0], row[0]
        for k in range(n + 1):
            if k > 0:
                coming = coming + (at[k] - at[k - 1]) * forward if at[k] > at[k - 1] else coming
                if start[k] < coming - SAME_MIN or (start[k] <= coming + SAME_MIN and row[k] < coming_row):
                    coming, coming_row = start[k], row[k]
            low, high = at[k], at[k + 1]
            if high <= low:
                continue
            after = ahead[k]
            from_left, from_right = low, high  # as far as the minutes allow
            if coming < cutoff and forward < np.inf:
                from_left = min(low + (cutoff - coming) / forward, high)
            if after < cutoff and backward < np.inf:
                from_right = max(high - (cutoff - after) / backward, low)
            if from_left > low and from_right < high:  # both come: to where they meet
                meet = (after - coming + low * forward + high * backward) / (forward + backward)
                meet = min(max(meet, low), high)
                from_left, from_right = min(from_left, meet), max(from_right, meet)
            if from_left > low:
                parts.edge[count], parts.low[count], parts.high[count] = edge, low, from_left
                owner[count] = coming_row
                count += 1
            if from_right < high:
                parts.edge[count], parts.low[count], parts.high[count] = edge, from_right, high
                owner[count] = ahead_row[k]
                count += 1
    return count


def lines_of(geometry: Geometry, parts: Parts, legs: Lines) -> Lines:
    """Return the geometry of parts of edges, clipped exactly, and behind them the ``legs``, lines as they are."""
    return Lines(*_clip(geometry, parts, legs))


@kernel
def _clip(geometry: Geometry, parts: Parts, legs: Lines) -> tuple[LongArray, FloatArray, FloatArray]:
    lines, more = len(parts.edge), len(legs.start) - 1
    most = 2 * lines + len(legs.x)
    for i in range(lines):
        most += geometry.start[parts.edge[i] + 1] - geometry.start[parts.edge[i]]
    start, x, y = np.zeros(lines + more + 1, np.int64), np.empty(most), np.empty(most)
    count = 0
    for i in range(lines):
        edge = parts.edge[i]
        first, last = geometry.start[edge], geometry.start[edge + 1] - 1
        length = geometry.along[last]
        k = first
        for end in range(2):
            fraction = parts.low[i] if end == 0 else parts.high[i]
            at = fraction * length
            while k < last and (geometry.along[k] <= at if end == 0 else geometry.along[k] < at):
                if end == 1:  # a vertex between both ends
                    x[count], y[count] = geometry.x[k], geometry.y[k]
                    count += 1
                k += 1
            if fraction <= 0.0:
                x[count], y[count] = geometry.x[first], geometry.y[first]
            elif fraction >= 1.0:
                x[count], y[count] = geometry.x[last], geometry.y[last]
            else:
                step = geometry.along[k] - geometry.along[k - 1]
                share = (at - geometry.along[k - 1]) / step if step > 0.0 else 0.0
                x[count] = geometry.x[k - 1] + share * (geometry.x[k] - geometry.x[k - 1])
                y[count] = geometry.y[k - 1] + share * (geometry.y[k] - geometry.y[k - 1])
            count += 1
        start[i + 1] = count
    for i in range(more):
        start[lines + i + 1] = count + legs.start[i + 1]
    for k in range(len(legs.x)):
        x[count + k], y[count + k] = legs.x[k], legs.y[k]
    count += len(legs.x)
    return start, x[:count], y[:count]

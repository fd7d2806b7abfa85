"""Minutes on foot between tables of places, exact on edges, with both legs between place and street."""

from __future__ import annotations

import math
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from walkshed.network.compiled import in_chunks
from walkshed.reach.graph import RESULT_DECIMALS, graph_of, starts, subset
from walkshed.reach.search import (
    Filed,
    Pairs,
    cover,
    file_targets,
    label_nodes,
    label_targets,
    make_queue,
    make_work,
    more_room,
    turn,
)
from walkshed.reach.tables import check_cutoff, ids_of, places_of, walks_to_facility

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray, WalkNetwork
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.search import Queue, Work

CHUNK = 256
SLACK = 0.5 * 10.0**-RESULT_DECIMALS
"""Searches go so many minutes beyond the cutoff; results are rounded, then held against it."""


def travel_times(
    network: WalkNetwork, origins: pd.DataFrame, destinations: pd.DataFrame, *, cutoff_min: float
) -> pd.DataFrame:
    """Find the minutes of walking from origins to destinations.

    The time between two places is the shortest over all routes, from inside an edge to inside an edge, plus the legs
    between both places and their streets. The search starts from the side with fewer rows; the result does not depend
    on it.

    Parameters
    ----------
    network
        Streets.
    origins, destinations
        Tables from :func:`walkshed.network.snap.snap`, with an id column (:data:`walkshed.reach.tables.ID_COLUMNS`).
    cutoff_min
        Only pairs up to so many minutes; ``inf`` for all that are connected.

    Returns
    -------
    pandas.DataFrame
        ``origin_id`` and ``destination_id`` (categorical) and ``minutes`` (float64, 6 decimals), in the order of the
        origins' rows, then the destinations'. Rows that are not tied to a street are in no pair.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table has no usable ids, or the cutoff is no number above 0.
    """
    origin_ids, destination_ids = ids_of(origins, "origins"), ids_of(destinations, "destinations")
    walked = minutes_between(network, origins, destinations, cutoff_min=cutoff_min, names=("origins", "destinations"))
    rows = np.repeat(np.arange(len(origin_ids)), np.diff(walked.indptr))
    return pd.DataFrame(
        {
            "origin_id": pd.Categorical.from_codes(rows, categories=origin_ids),
            "destination_id": pd.Categorical.from_codes(walked.indices, categories=destination_ids),
            "minutes": walked.data,
        }
    )


def time_matrix(
    network: WalkNetwork,
    sites: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
) -> csr_array:
    """Find the minutes between sites and demand as a sparse matrix.

    Parameters
    ----------
    network
        Streets.
    sites, demand
        Tables from :func:`walkshed.network.snap.snap`; ids are not needed.
    cutoff_min
        Only pairs up to so many minutes.
    direction
        ``"to_facility"``: walking from the demand to the site; ``"from_facility"``: the other way.

    Returns
    -------
    scipy.sparse.csr_array
        (sites, demand) minutes, with ascending indices. Only pairs within the cutoff are stored; a stored 0 is a walk
        of no time. Rows and columns of places that are not tied to a street are empty.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If the cutoff or the direction is unusable.
    """
    if walks_to_facility(direction):
        return minutes_between(
            network, demand, sites, cutoff_min=cutoff_min, names=("demand", "sites"), by_destination=True
        )
    return minutes_between(network, sites, demand, cutoff_min=cutoff_min, names=("sites", "demand"))


def nearest(
    network: WalkNetwork,
    facilities: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    direction: str = "to_facility",
    cutoff_min: float = math.inf,
) -> pd.DataFrame:
    """Find the nearest facility of every demand row, with one search from all facilities.

    Parameters
    ----------
    network
        Streets.
    facilities, demand
        Tables from :func:`walkshed.network.snap.snap`, with an id column.
    direction
        ``"to_facility"``: walking from the demand to the facility; ``"from_facility"``: the other way.
    cutoff_min
        Farther facilities count as none.

    Returns
    -------
    pandas.DataFrame
        ``demand_id``, ``facility_id`` (``""`` none) and ``minutes`` (6 decimals, NaN none): one row per demand row, in
        its order. Of facilities equally near the one with the smallest row is named.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table has no usable ids, or the cutoff or the direction is unusable.
    """
    cutoff = check_cutoff(cutoff_min)
    facility_ids, demand_ids = ids_of(facilities, "facilities"), ids_of(demand, "demand")
    graph = graph_of(network, reverse=walks_to_facility(direction))
    sources = places_of(facilities, network, graph, "facilities")
    targets = places_of(demand, network, graph, "demand")
    limit = cutoff + SLACK
    node_minutes, node_label = nearest_to_nodes(graph, sources, limit)
    best, label = np.empty(len(targets.row)), np.empty(len(targets.row), np.int64)
    source_start = starts(sources, len(graph.u))
    label_targets(graph, sources, source_start, targets, node_minutes, node_label, best, label)

    best = np.round(best, RESULT_DECIMALS)
    within = np.isfinite(best) & (best <= cutoff)
    minutes = np.full(len(demand), np.nan)
    names = np.full(len(demand), "", dtype=object)
    minutes[targets.row[within]] = best[within]
    names[targets.row[within]] = facility_ids.to_numpy(dtype=object)[label[within]]
    return pd.DataFrame({"demand_id": demand_ids, "facility_id": names, "minutes": minutes})


def minutes_between(
    network: WalkNetwork,
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    *,
    cutoff_min: float,
    names: tuple[str, str],
    by_destination: bool = False,
    threads: int | None = None,
) -> csr_array:
    """Return the minutes of :func:`travel_times` as (origins, destinations) matrix, or turned ``by_destination``.

    ``names`` are for messages.
    """
    cutoff = check_cutoff(cutoff_min)
    backwards = _count_tied(destinations) < _count_tied(origins)
    graph = graph_of(network, reverse=backwards)
    starting = places_of(origins, network, graph, names[0])
    ending = places_of(destinations, network, graph, names[1])
    sources, targets = (ending, starting) if backwards else (starting, ending)
    source_rows, target_rows = (len(origins), len(destinations))[:: -1 if backwards else 1]
    start, column, minutes = search_pairs(graph, sources, targets, cutoff, threads=threads)
    order = np.argsort(sources.row)
    by_target = _turn(sources.row[order], start[:-1][order], start[1:][order], column, minutes, target_rows)
    if backwards != by_destination:  # a row for every target is asked for
        return csr_array(by_target[::-1], shape=(target_rows, source_rows))
    rows = np.arange(target_rows)
    by_source = _turn(rows, by_target[0][:-1], by_target[0][1:], by_target[1], by_target[2], source_rows)
    return csr_array(by_source[::-1], shape=(source_rows, target_rows))


def _turn(
    label: LongArray, first: LongArray, last: LongArray, column: IntArray, minutes: FloatArray, columns: int
) -> tuple[LongArray, IntArray, FloatArray]:
    """Return, for every column, where its list starts, the rows in it and their minutes; see :func:`turn`."""
    start = np.zeros(columns + 1, np.int64)
    turned, turned_minutes = np.empty(len(column), np.int32), np.empty(len(column))
    turn(label, first, last, column, minutes, start, turned, turned_minutes)
    return start, turned, turned_minutes


def _count_tied(table: pd.DataFrame) -> int:
    return int((table["edge"] >= 0).sum()) if "edge" in table.columns else 0


def search_pairs(
    graph: Graph, sources: Places, targets: Places, cutoff: float, *, threads: int | None = None
) -> tuple[LongArray, IntArray, FloatArray]:
    """Search from every source; return where the pairs of every source start, rows of targets and minutes."""
    limit = cutoff + SLACK
    target_start = starts(targets, len(graph.u))
    near = _file(graph, targets)
    idle: SimpleQueue[Work] = SimpleQueue()

    def run(first: int, last: int) -> tuple[LongArray, IntArray, FloatArray]:
        try:
            work = idle.get_nowait()
        except Empty:
            work = make_work(graph, sources, limit, len(targets.row))
        work, pairs = _search_chunk(
            graph, subset(sources, slice(first, last)), targets, target_start, near, limit, cutoff, work
        )
        idle.put(work)
        found = int(pairs.start[-1])
        return pairs.start[1:], targets.row[pairs.target[:found]].astype(np.int32), pairs.minutes[:found]

    none = (np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0))
    parts = [none, *in_chunks(len(sources.row), CHUNK, run, threads=threads)]
    ends, column, minutes = zip(*parts, strict=True)
    shift = np.cumsum([0, *(end[-1] for end in ends)])
    return (
        np.concatenate([end + before for end, before in zip(ends, shift, strict=False)]),
        np.concatenate(column),
        np.concatenate(minutes),
    )


def _file(graph: Graph, targets: Places) -> Filed:
    """File targets by the ends of their edges."""
    count = 2 * len(targets.row)
    filed = Filed(np.zeros(len(graph.indptr), np.int64), np.empty(count, np.int32), np.empty(count))
    file_targets(graph, targets, *filed)
    return filed


def _search_chunk(
    graph: Graph, sources: Places, targets: Places, target_start: LongArray, near: Filed, limit: float, cutoff: float,
    work: Work,
) -> tuple[Work, Pairs]:  # fmt: skip
    """Search from a chunk of sources, giving more room until all are done."""
    room = 1 << 14
    pairs = Pairs(np.zeros(len(sources.row) + 1, np.int64), np.empty(room, np.int32), np.empty(room))
    done, queue_full = 0, False
    while True:
        done, queue_full = cover(graph, sources, done, targets, target_start, near, limit, cutoff, work, pairs)
        if done == len(sources.row):
            return work, pairs
        if queue_full:
            work = work._replace(queue=more_room(work.queue))
        else:
            added = 3 * len(pairs.target)
            pairs = pairs._replace(
                target=np.concatenate([pairs.target, np.empty(added, np.int32)]),
                minutes=np.concatenate([pairs.minutes, np.empty(added)]),
            )


def nearest_to_nodes(graph: Graph, sources: Places, limit: float) -> tuple[FloatArray, LongArray]:
    """Return the minutes between every node and its nearest source, and the source's row (-1 none)."""
    nodes = len(graph.indptr) - 1
    queue: Queue = make_queue(graph, sources, limit, 2 * nodes + 2 * len(sources.row) + 1024)
    while True:
        minutes, label = np.full(nodes, np.inf), np.full(nodes, -1, np.int64)
        if label_nodes(graph, sources, limit, minutes, label, queue):
            return minutes, label
        queue = more_room(queue)._replace(first=np.full(len(queue.first), -1, np.int32))

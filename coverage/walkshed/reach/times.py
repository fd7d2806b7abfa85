"""Minutes on foot between tables of places, exact on edges, with both legs between place and street."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from walkshed.progress import silent
from walkshed.reach.graph import RESULT_DECIMALS, SLACK, graph_of, starts
from walkshed.reach.labels import NODE, label_nodes, label_targets, make_blocks
from walkshed.reach.pairs import Targets, search_pairs, turn_lists
from walkshed.reach.prepare import places_for
from walkshed.reach.tables import check_cutoff, walks_to_facility

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, LongArray, WalkNetwork
    from walkshed.progress import Progress
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.prepare import PreparedPlaces


def travel_times(
    network: WalkNetwork,
    origins: pd.DataFrame | PreparedPlaces,
    destinations: pd.DataFrame | PreparedPlaces,
    *,
    cutoff_min: float,
    progress: Progress = silent,
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
        Tables from :func:`walkshed.network.snap.snap`, with an id column (:data:`walkshed.reach.tables.ID_COLUMNS`),
        or what :func:`walkshed.reach.prepare.prepare_places` made of them.
    cutoff_min
        Only pairs up to so many minutes; ``inf`` for all that are connected.
    progress
        Called between searches with stage ``"minutes"``, the rows searched from so far and all of them. An exception it
        raises (:class:`walkshed.errors.CancelledError`) stops the work.

    Returns
    -------
    pandas.DataFrame
        ``origin_id`` and ``destination_id`` (categorical) and ``minutes`` (float64, 6 decimals), in the order of the
        origins' rows, then the destinations'. Rows that are not tied to a street are in no pair.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network, or was prepared for another.
    InputError
        If a table has no usable ids, or the cutoff is no number above 0.
    """
    origins, destinations = places_for(network, origins, "origins"), places_for(network, destinations, "destinations")
    origin_ids, destination_ids = origins.ids("origins"), destinations.ids("destinations")
    walked = minutes_between(
        network,
        origins,
        destinations,
        cutoff_min=cutoff_min,
        names=("origins", "destinations"),
        progress=progress,
    )
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
    sites: pd.DataFrame | PreparedPlaces,
    demand: pd.DataFrame | PreparedPlaces,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    progress: Progress = silent,
) -> csr_array:
    """Find the minutes between sites and demand as a sparse matrix.

    Parameters
    ----------
    network
        Streets.
    sites, demand
        Tables from :func:`walkshed.network.snap.snap`, ids are not needed; or what
        :func:`walkshed.reach.prepare.prepare_places` made of them.
    cutoff_min
        Only pairs up to so many minutes.
    direction
        ``"to_facility"``: walking from the demand to the site; ``"from_facility"``: the other way.
    progress
        As for :func:`travel_times`.

    Returns
    -------
    scipy.sparse.csr_array
        (sites, demand) minutes, with ascending indices. Only pairs within the cutoff are stored; a stored 0 is a walk
        of no time. Rows and columns of places that are not tied to a street are empty.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network, or was prepared for another.
    InputError
        If the cutoff or the direction is unusable.
    """
    there = walks_to_facility(direction)
    origins, destinations = (demand, sites) if there else (sites, demand)
    names = ("demand", "sites") if there else ("sites", "demand")
    return minutes_between(
        network, origins, destinations, cutoff_min=cutoff_min, names=names, by_destination=there, progress=progress
    )


def nearest(
    network: WalkNetwork,
    facilities: pd.DataFrame | PreparedPlaces,
    demand: pd.DataFrame | PreparedPlaces,
    *,
    direction: str = "to_facility",
    cutoff_min: float = math.inf,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Find the nearest facility of every demand row, with one search from all facilities.

    Parameters
    ----------
    network
        Streets.
    facilities, demand
        Tables from :func:`walkshed.network.snap.snap`, with an id column, or what
        :func:`walkshed.reach.prepare.prepare_places` made of them.
    direction
        ``"to_facility"``: walking from the demand to the facility; ``"from_facility"``: the other way.
    cutoff_min
        Farther facilities count as none.
    progress
        Called with stage ``"minutes"`` before the one search and behind it; what it raises stops the work there.

    Returns
    -------
    pandas.DataFrame
        ``demand_id``, ``facility_id`` (``""`` none) and ``minutes`` (6 decimals, NaN none): one row per demand row, in
        its order. Of facilities equally near the one with the smallest row is named. Where a table has entrances also
        ``gate`` and ``entrance``: the names of the demand's and of the facility's that the walk uses, ``""`` none.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network, or was prepared for another.
    InputError
        If a table has no usable ids, or the cutoff or the direction is unusable.
    """
    cutoff, reverse = check_cutoff(cutoff_min), walks_to_facility(direction)
    rooms, homes = places_for(network, facilities, "facilities"), places_for(network, demand, "demand")
    facility_ids, demand_ids = rooms.ids("facilities"), homes.ids("demand")
    graph = graph_of(network, reverse=reverse)
    sources, targets = rooms.places(reverse=reverse), homes.places(reverse=reverse)
    limit = cutoff + SLACK
    progress("minutes", 0, len(rooms))
    node_minutes, node_label = nearest_to_nodes(graph, sources, limit)
    best, label = np.empty(len(targets.row)), np.empty(len(targets.row), np.int64)
    progress("minutes", len(rooms), len(rooms))
    source_start = starts(sources, len(graph.u))
    label_targets(graph, sources, source_start, targets, node_minutes, node_label, best, label)

    reached = np.flatnonzero(np.isfinite(best) & (np.round(best, RESULT_DECIMALS) <= cutoff))
    row, facility = homes.stops.row[targets.row[reached]], rooms.stops.row[label[reached]]
    if homes.has_entrances:
        order = np.lexsort((targets.row[reached], facility, best[reached], row))
        order = order[np.diff(row[order], prepend=-1) > 0]
        reached, row, facility = reached[order], row[order], facility[order]
    minutes = np.full(len(homes), np.nan)
    named = np.full(len(homes), len(rooms))
    minutes[row] = np.round(best[reached], RESULT_DECIMALS)
    named[row] = facility
    names = facility_ids.append(pd.Index([""], dtype=facility_ids.dtype)).take(named)
    found = pd.DataFrame({"demand_id": demand_ids, "facility_id": names, "minutes": minutes})
    if not homes.has_entrances and not rooms.has_entrances:
        return found
    for title, places, used in (("gate", homes, targets.row[reached]), ("entrance", rooms, label[reached])):
        used_names = np.full(len(homes), "", dtype=object)
        used_names[row] = places.entrance_names()[used]
        found[title] = used_names
    return found


def minutes_between(
    network: WalkNetwork,
    origins: pd.DataFrame | PreparedPlaces,
    destinations: pd.DataFrame | PreparedPlaces,
    *,
    cutoff_min: float,
    names: tuple[str, str],
    by_destination: bool = False,
    threads: int | None = None,
    progress: Progress = silent,
) -> csr_array:
    """Return the minutes of :func:`travel_times` as (origins, destinations) matrix, or turned ``by_destination``.

    ``names`` are for messages; ``threads`` are numba's by default.
    """
    cutoff = check_cutoff(cutoff_min)
    starting = places_for(network, origins, names[0])
    ending = starting if destinations is origins else places_for(network, destinations, names[1])
    backwards = ending.tied < starting.tied
    if backwards:
        starting, ending = ending, starting
    graph, shape = graph_of(network, reverse=backwards), (len(starting), len(ending))
    sources = starting.places(reverse=backwards)
    targets = Targets(ending.filed(reverse=backwards), ending.beside(sources.edge, reverse=backwards))
    sources = sources._replace(row=starting.stops.row[sources.row])
    desks = ending.desks(reverse=backwards)
    lists = search_pairs(graph, sources, targets, shape, cutoff, desks=desks, threads=threads, progress=progress)
    if backwards != by_destination:
        lists, shape = turn_lists(lists, shape[1]), shape[::-1]
    short = len(lists.column) <= np.iinfo(np.int32).max  # else SciPy makes all its indices long: a copy of them
    return csr_array((lists.minutes, lists.column, lists.start.astype(np.int32) if short else lists.start), shape=shape)


def nearest_to_nodes(graph: Graph, sources: Places, limit: float) -> tuple[FloatArray, LongArray]:
    """Return the minutes between every node and its nearest source, and the source's row (-1 none)."""
    nodes = len(graph.indptr) - 1
    room = nodes + 2 * len(sources.row) + 1024
    known = np.empty(nodes + 1, NODE)
    while not label_nodes(graph, sources, limit, known, make_blocks(graph, sources, limit, room)):
        room *= 4
    return known["minutes"][:nodes].copy(), known["row"][:nodes].astype(np.int64)

"""Tables that come into reach: their ids, and whether they are tied to this very network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.errors import InputError, SnapError
from walkshed.network.compiled import AHEAD, kernel, prefetch
from walkshed.network.entrances import stops_of
from walkshed.reach.graph import RESULT_DECIMALS, tie
from walkshed.reach.legs import legs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.network.entrances import Stops
    from walkshed.network.model import BoolArray, FloatArray, IntArray, LongArray, WalkNetwork
    from walkshed.reach.graph import Graph, Places

ID_COLUMNS = ("demand_id", "facility_id", "candidate_id", "unit_id", "id")
"""Looked for in this order. ``demand_id`` goes first: a measured demand table also names each row's facility."""
DIRECTIONS = ("to_facility", "from_facility")
NEEDED = ("edge", "fraction", "access_m", "component")
PROBES = 64
"""Of so many rows of a table at least it is looked whether their legs fit the network."""


class Legged(NamedTuple):
    """The stops of a table that are tied to a graph, and their legs.

    Attributes
    ----------
    places
        Their ``row`` counts the stops of the table.
    stops
        All stops of the table, tied or not.
    legs : (n, 4) float64
        See :func:`walkshed.reach.legs.legs_of`.
    """

    places: Places
    stops: Stops
    legs: FloatArray


def ids_of(table: pd.DataFrame, name: str) -> pd.Index:
    """Return the ids of a table as texts.

    Parameters
    ----------
    table
        With one of :data:`ID_COLUMNS`.
    name
        What messages call the table.

    Raises
    ------
    InputError
        Without id column, or where an id stands twice.
    """
    column = next((column for column in ID_COLUMNS if column in table.columns), None)
    if column is None:
        raise InputError(
            "reach_no_id", table=name, wanted=", ".join(ID_COLUMNS), seen=", ".join(map(str, table.columns))
        )
    ids = pd.Index(table[column].astype(str))
    if not ids.is_unique:
        repeated = ids[ids.duplicated(keep=False)]
        raise InputError("reach_repeated_id", table=name, column=column, count=len(repeated), first=repeated[0])
    return ids


def places_of(table: pd.DataFrame, network: WalkNetwork, graph: Graph, name: str) -> Places:
    """Return the tied rows of a table as places on a graph; rows that are not tied are left out.

    A row with several entrances stands there once for each.

    Parameters
    ----------
    table
        As returned by :func:`walkshed.network.snap.snap`.
    network, graph
        Streets, and one direction of them.
    name
        What messages call the table.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network.
    """
    stops, _ = checked_stops(table, network, name)
    places = tie(network, graph, stops.edge, stops.fraction, stops.access_m)
    return places._replace(row=stops.row[places.row])


def places_with_legs(table: gpd.GeoDataFrame, network: WalkNetwork, graph: Graph, name: str) -> Legged:
    """Return the tied stops of a table as places on a graph, with where their legs lie.

    Parameters
    ----------
    table, network, graph, name
        As for :func:`places_of`.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network, or has no geometry.
    """
    stops, _ = _stops_on_edges(table, network, name)
    if not isinstance(table, gpd.GeoDataFrame):
        raise SnapError("reach_no_geometry", table=name)
    places = tie(network, graph, stops.edge, stops.fraction, stops.access_m)
    return Legged(places, stops, legs_of(table, network, stops, places.row, name))


def checked_stops(table: pd.DataFrame, network: WalkNetwork, name: str) -> tuple[Stops, int]:
    """Return where the rows of a table meet the streets, once it is sure that these are the network's.

    Returns
    -------
    stops, tied
        How many of the stops are tied to a street stands beside them.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network.
    """
    stops, tied = _stops_on_edges(table, network, name)
    if isinstance(table, gpd.GeoDataFrame):
        # evenly over the table, since projecting every row would cost more than the search
        known = np.flatnonzero(stops.edge >= 0)
        legs_of(table, network, stops, known[:: max(1, math.ceil(len(known) / PROBES))], name)
    return stops, tied


def _stops_on_edges(table: pd.DataFrame, network: WalkNetwork, name: str) -> tuple[Stops, int]:
    """Return what :func:`checked_stops` does, without a look at where the legs lie."""
    missing = [column for column in NEEDED if column not in table.columns]
    if missing:
        raise SnapError("reach_not_snapped", table=name, missing=", ".join(missing))
    stops = stops_of(table)
    edge, fraction, access = stops.edge, stops.fraction, stops.access_m
    wrong = np.zeros(len(edge), bool)
    misfits, tied = _find_misfits(edge, fraction, access, stops.component, network.edge_component, wrong)
    if misfits:
        row = table.index[stops.row[np.flatnonzero(wrong)[0]]]
        raise SnapError("reach_other_network", table=name, count=misfits, row=row)
    return stops, tied


@kernel
def _find_misfits(
    edge: LongArray, fraction: FloatArray, access: FloatArray, component: LongArray, edge_component: IntArray,
    wrong: BoolArray,
) -> tuple[int, int]:  # fmt: skip
    """Mark the stops that cannot be on a network; return how many they are, and how many name an edge."""
    misfits, tied, last = 0, 0, len(edge) - 1
    for i in range(len(edge)):
        prefetch(edge_component, np.uint64(edge[min(i + AHEAD, last)]))  # of any table, in any order
        e = edge[i]
        if e == -1:
            continue
        tied += 1
        if e < 0 or e >= len(edge_component) or not 0.0 <= fraction[i] <= 1.0 or not 0.0 <= access[i] < np.inf:
            wrong[i] = True
        else:
            wrong[i] = component[i] != edge_component[np.uint64(e)]
        misfits += wrong[i]
    return misfits, tied


def check_cutoff(cutoff_min: float) -> float:
    """Return a walking time at the resolution of results; ``inf`` is allowed.

    Raises
    ------
    InputError
        If it is no number above 0.
    """
    if not cutoff_min > 0:
        raise InputError("reach_cutoff", value=cutoff_min)
    return round(float(cutoff_min), RESULT_DECIMALS)


def check_cutoffs(cutoffs_min: Sequence[float]) -> tuple[float, ...]:
    """Return walking times ascending, each once.

    Raises
    ------
    InputError
        If there is none, or one is no finite number above 0.
    """
    if len(cutoffs_min) == 0:
        raise InputError("reach_no_cutoffs")
    for value in cutoffs_min:
        if not 0 < value < math.inf:
            raise InputError("reach_cutoff", value=value)
    return tuple(sorted({float(value) for value in cutoffs_min}))


def walks_to_facility(direction: str) -> bool:
    """Say whether residents walk to the facility (``"to_facility"``) or from it (``"from_facility"``).

    Raises
    ------
    InputError
        If it is another word.
    """
    if direction not in DIRECTIONS:
        raise InputError("reach_direction", value=direction, choices=", ".join(DIRECTIONS))
    return direction == "to_facility"

"""Tables that come into reach: their ids, and whether they are tied to this very network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.errors import InputError, SnapError
from walkshed.network.snap import metric_positions, position_on_edge
from walkshed.reach.graph import RESULT_DECIMALS, tie

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.network.model import WalkNetwork
    from walkshed.reach.graph import Graph, Places

ID_COLUMNS = ("demand_id", "facility_id", "candidate_id", "unit_id", "id")
"""Looked for in this order. ``demand_id`` goes first: a measured demand table also names each row's facility."""
DIRECTIONS = ("to_facility", "from_facility")
NEEDED = ("edge", "fraction", "access_m", "component")
PROBES = 64
PROBE_TOLERANCE_M = 1.0


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
    missing = [column for column in NEEDED if column not in table.columns]
    if missing:
        raise SnapError("reach_not_snapped", table=name, missing=", ".join(missing))
    edge = table["edge"].fillna(-1).to_numpy(np.int64)
    fraction = table["fraction"].to_numpy(np.float64)
    access = table["access_m"].to_numpy(np.float64)
    tied = edge >= 0
    wrong = (edge < -1) | (edge >= len(network.u))
    wrong |= tied & ~((fraction >= 0) & (fraction <= 1) & (access >= 0) & np.isfinite(access))
    known = np.flatnonzero(tied & ~wrong)
    component = table["component"].fillna(-1).to_numpy(np.int64)
    wrong[known] |= component[known] != network.component[network.u[edge[known]]]
    if not wrong.any() and isinstance(table, gpd.GeoDataFrame):
        # evenly over the table, since projecting every row would cost more than the search
        probes = known[:: max(1, math.ceil(len(known) / PROBES))]
        x, y = metric_positions(table.iloc[probes], network)
        street_x, street_y = position_on_edge(network, edge[probes], fraction[probes])
        legs = np.hypot(x - street_x, y - street_y)
        wrong[probes] = ~(np.abs(legs - access[probes]) <= PROBE_TOLERANCE_M)
    if wrong.any():
        row = table.index[np.flatnonzero(wrong)[0]]
        raise SnapError("reach_other_network", table=name, count=int(wrong.sum()), row=row)
    return tie(network, graph, edge, fraction, access)


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

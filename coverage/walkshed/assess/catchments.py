"""What every facility contributes: residents in reach, who has no other, load against capacity, and 2SFCA."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from walkshed.assess.groups import EVERYBODY, group_column, groups_of
from walkshed.assess.walks import times_or_search

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork

    FloatArray = NDArray[np.float64]

PER = 1000.0
"""Accessibility is told as places per so many residents."""


class Load(NamedTuple):
    """Residents allotted to facilities with room for them.

    Attributes
    ----------
    facilities
        ``facility_id``, ``capacity`` (NaN unknown: no limit), ``load`` (residents allotted) and ``use`` (share of the
        capacity; NaN without).
    allotted : (rows of demand,) float64
        Residents of every row who found room.
    full : (rows of demand,) float64
        Residents with a facility within reach but none with room.
    """

    facilities: pd.DataFrame
    allotted: FloatArray
    full: FloatArray


def measure_catchments(
    network: WalkNetwork,
    facilities: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    walks: Walks | None = None,
) -> pd.DataFrame:
    """Tell for every facility whom it serves, and who would lose their only one if it closed.

    Parameters
    ----------
    network, cutoff_min, direction, walks
        As for :func:`walkshed.assess.coverage.measure_coverage`.
    facilities
        The serving ones, tied to the network.
    demand
        Residents, tied to the network, with any ``population_<group>`` columns.

    Returns
    -------
    pandas.DataFrame
        Rows of ``facilities`` in their order, once per group (``group`` ``""`` everybody): ``facility_id``, ``group``,
        ``reach`` (residents within the cutoff), ``exclusive`` (of these, those with no other facility within it),
        ``shared`` (the others) and ``nearest`` (those to whom it is the nearest; of equally near ones the first row
        counts). ``exclusive`` is who would be unserved if it closed.
    """
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    row, column = _pairs(times)
    within = np.bincount(column, minlength=times.shape[1])
    alone = within[column] == 1
    first = _nearest_pairs(times, row, column)
    ids = facilities["facility_id"].astype(str).to_numpy(dtype=object)
    parts = []
    for group in (EVERYBODY, *groups_of(demand)):
        people = np.nan_to_num(demand[group_column(group)].to_numpy(np.float64))[column]
        sums = {
            name: np.bincount(row[chosen], people[chosen], minlength=len(ids)).astype(np.float64)
            for name, chosen in (("reach", np.ones(len(row), bool)), ("exclusive", alone), ("nearest", first))
        }
        part = pd.DataFrame({"facility_id": ids, "group": group, **sums})
        parts.append(part.assign(shared=part["reach"] - part["exclusive"]))
    columns = ["facility_id", "group", "reach", "exclusive", "shared", "nearest"]
    return pd.concat(parts, ignore_index=True)[columns]


def allot_residents(
    network: WalkNetwork,
    facilities: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    walks: Walks | None = None,
) -> Load:
    """Allot residents to facilities with room for them, the shortest walks first.

    All pairs within the cutoff are gone through by minutes; residents take what room is left, part of a row where it
    does not hold all. Nobody could then change to a nearer facility unless somebody who lives nearer made room.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction, walks
        As for :func:`measure_catchments`; ``capacity`` of facilities is the number of residents one can serve; where it
        is unknown (NaN), there is no limit.
    """
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    row, column = _pairs(times)
    capacity = (
        facilities["capacity"].to_numpy(np.float64) if "capacity" in facilities else np.full(len(facilities), np.nan)
    )
    room = np.where(np.isnan(capacity), np.inf, capacity)
    people = np.nan_to_num(demand["population"].to_numpy(np.float64))
    waiting, load = people.copy(), np.zeros(len(facilities))
    for pair in np.lexsort((column, row, times.data)).tolist():
        j, i = row[pair], column[pair]
        taken = min(waiting[i], room[j] - load[j])
        if taken > 0:
            waiting[i] -= taken
            load[j] += taken
    reached = np.zeros(len(people), bool)
    reached[column] = True
    known = capacity > 0
    use = np.divide(load, capacity, out=np.full(len(load), np.nan), where=known)
    ids = facilities["facility_id"].astype(str).to_numpy(dtype=object)
    table = pd.DataFrame({"facility_id": ids, "capacity": capacity, "load": load, "use": use})
    return Load(table, people - waiting, np.where(reached, waiting, 0.0))


def two_step_floating_catchment(
    network: WalkNetwork,
    facilities: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    walks: Walks | None = None,
) -> FloatArray:
    """Return how much capacity there is for every thousand residents around each demand row.

    First every facility's capacity is shared among all residents within the cutoff, then every resident adds up the
    shares of all facilities within the cutoff.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction, walks
        As for :func:`measure_catchments`; facilities of unknown capacity count nothing.

    Returns
    -------
    numpy.ndarray
        (rows of demand,) capacity per 1,000 residents; 0 where nothing is within reach. Weighted by the residents it
        adds up to the capacity of all facilities with anybody in reach.

    Notes
    -----
    W. Luo and F. Wang, "Measures of spatial accessibility to health care in a GIS environment" (2003).
    """
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    row, column = _pairs(times)
    people = np.nan_to_num(demand["population"].to_numpy(np.float64))
    capacity = (
        facilities["capacity"].to_numpy(np.float64) if "capacity" in facilities else np.full(len(facilities), np.nan)
    )
    around = np.bincount(row, people[column], minlength=len(facilities))
    share = np.divide(np.nan_to_num(capacity), around, out=np.zeros(len(around)), where=around > 0)
    return np.bincount(column, share[row], minlength=len(people)).astype(np.float64) * PER


def _pairs(times: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    row = np.repeat(np.arange(times.shape[0]), np.diff(times.indptr))
    return row, times.indices.astype(np.int64)


def _nearest_pairs(times: csr_array, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pairs are the nearest of their column; of equals the one with the smallest row."""
    order = np.lexsort((row, times.data, column))
    first = np.ones(len(order), bool)
    first[1:] = np.diff(column[order]) != 0
    chosen = np.zeros(len(order), bool)
    chosen[order[first]] = True
    return chosen

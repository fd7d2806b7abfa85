"""Who is served at which hour of the week, and what rooms that never close do for it.

A room counts at an hour when it is open during the whole of it, from the first minute to the last: who sets out within
the hour and arrives within it finds the door open. A room open from 9:30 to 17:30 therefore counts from 10:00 to 17:00.
Hours of the week are numbered 0 (Monday 00:00-01:00) to 167 (Sunday 23:00-24:00).
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.assess.coverage import measure_coverage, require_columns
from walkshed.assess.walks import times_or_search
from walkshed.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]

HOURS: Final = 168
WORD: Final = 64
NIGHT_COLUMNS: Final = ("rooms", "facilities", "served", "denominator", "rate")
PAIRS_AT_ONCE: Final = 4_000_000


def coverage_by_hour(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    open_mask: BoolArray,
    population: str = "population",
    walks: Walks | None = None,
) -> pd.DataFrame:
    """Count who is served at every hour of the week, from one search.

    Parameters
    ----------
    network
        Walking network, at the speed of the profile that is asked about.
    facilities
        Serving ones, tied to this network.
    demand
        Residents, tied to the same network.
    cutoff_min, direction, walks
        As for :func:`walkshed.assess.coverage.measure_coverage`.
    open_mask
        (facilities, 168) bool, from :func:`walkshed.inputs.hours.open_hours`.
    population
        Column of ``demand`` that is counted, for example ``"population_seniors"``; blanks count nobody.

    Returns
    -------
    pandas.DataFrame
        168 rows: ``hour``, ``served`` (residents with a room within the cutoff that is open during the whole hour),
        ``denominator`` (all residents), ``rate`` (NaN where nobody lives) and ``open_facilities``.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If the mask does not fit the facilities, the column is missing, or the cutoff or the direction is unusable.
    """
    mask = _checked(open_mask, facilities)
    residents = _residents(demand, population)
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    return _hourly(open_within_reach(times, mask), mask, residents)


def open_within_reach(times: csr_array, open_mask: BoolArray) -> NDArray[np.uint64]:
    """Say for every demand row at which hours any facility within reach is open.

    Parameters
    ----------
    times
        (facilities, demand) from :func:`walkshed.reach.times.time_matrix`: every stored pair is within reach.
    open_mask
        (facilities, 168) bool.

    Returns
    -------
    (demand, 3) uint64
        Bit h % 64 of word h // 64 is set where it is so at hour h.
    """
    words = _pack(open_mask)
    by_demand = times.tocsc()
    indptr, indices = by_demand.indptr.astype(np.int64), by_demand.indices
    reached = np.zeros((times.shape[1], words.shape[1]), np.uint64)
    first = 0
    while first < len(reached):
        # Whole rows of demand at once, as many as hold so many pairs, and one at least.
        last = max(first + 1, int(np.searchsorted(indptr, indptr[first] + PAIRS_AT_ONCE, side="right")) - 1)
        filled = first + np.flatnonzero(np.diff(indptr[first : last + 1]))
        if len(filled):
            pairs = words[indices[indptr[first] : indptr[last]]]
            reached[filled] = np.bitwise_or.reduceat(pairs, indptr[filled] - indptr[first], axis=0)
        first = last
    return reached


def _pack(mask: BoolArray) -> NDArray[np.uint64]:
    """Return hours as bits, (n, 3) uint64."""
    count = -(-HOURS // WORD)
    padded = np.zeros((len(mask), count * WORD), bool)
    padded[:, :HOURS] = mask
    weights = np.uint64(1) << np.arange(WORD, dtype=np.uint64)
    words: NDArray[np.uint64] = (padded.reshape(-1, count, WORD) * weights).sum(axis=2, dtype=np.uint64)
    return words


def _at_hour(reached: NDArray[np.uint64], hour: int) -> BoolArray:
    word, bit = divmod(hour, WORD)
    found: BoolArray = (reached[:, word] >> np.uint64(bit)) & np.uint64(1) == 1
    return found


def _hourly(reached: NDArray[np.uint64], mask: BoolArray, residents: FloatArray) -> pd.DataFrame:
    # Hours at which the same rooms are open serve the same residents: each such set is counted once.
    _, first, same = np.unique(mask, axis=1, return_index=True, return_inverse=True)
    served = np.array([fsum(residents[_at_hour(reached, int(hour))].tolist()) for hour in first])[same.reshape(-1)]
    whole = fsum(residents.tolist())
    return pd.DataFrame(
        {
            "hour": np.arange(HOURS, dtype=np.int64),
            "served": served,
            "denominator": np.full(HOURS, whole),
            "rate": served / whole if whole else np.full(HOURS, np.nan),
            "open_facilities": mask.sum(axis=0).astype(np.int64),
        }
    )


def measure_coverage_at(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    open_mask: BoolArray,
    hour: int,
    walks: Walks | None = None,
) -> gpd.GeoDataFrame:
    """Measure who is served at one hour of the week.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction, open_mask
        As for :func:`coverage_by_hour`.
    hour
        0..167.
    walks
        As for :func:`walkshed.assess.coverage.measure_coverage`, of all ``facilities``; of the open ones only the
        nearest is then searched.

    Returns
    -------
    geopandas.GeoDataFrame
        As :func:`walkshed.assess.coverage.measure_coverage` of the rooms open at that hour alone: ``minutes`` and
        ``facility_id`` are those of the nearest open room. ``reason`` is ``"closed"`` where a room that is closed then
        is near enough; elsewhere it is the reason that holds with every room open.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If the mask or the hour is unusable, or see :func:`walkshed.assess.coverage.measure_coverage`.
    """
    mask = _checked(open_mask, facilities)
    if not 0 <= hour < HOURS:
        raise InputError("hours_hour", hour=hour, high=HOURS - 1)
    then = mask[:, hour]
    now = measure_coverage(
        network,
        facilities[then],
        demand,
        cutoff_min=cutoff_min,
        direction=direction,
        walks=None if walks is None else walks.of(then),
    )
    every = measure_coverage(network, facilities, demand, cutoff_min=cutoff_min, direction=direction, walks=walks)
    covered = now["covered"].to_numpy(bool)
    reason = np.where(
        covered, "", np.where(every["covered"].to_numpy(bool), "closed", every["reason"].to_numpy(dtype=object))
    )
    return now.assign(reason=reason.astype(object))


def night_coverage(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    open_24h: BoolArray,
    population: str = "population",
    walks: Walks | None = None,
) -> pd.DataFrame:
    """Compare the rooms that never close with all rooms.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction, population, walks
        As for :func:`coverage_by_hour`.
    open_24h
        (facilities,) bool, from :func:`walkshed.inputs.hours.open_hours`.

    Returns
    -------
    pandas.DataFrame
        ``rooms`` (``"all"``, whatever their hours; ``"open_24h"``, those alone; ``"daytime_only"``, residents who have
        a room within reach but none that never closes), ``facilities``, ``served``, ``denominator`` and ``rate``. The
        served of the last two add up to those of the first.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        As :func:`coverage_by_hour`.
    """
    always = np.asarray(open_24h, bool)
    if always.shape != (len(facilities),):
        raise InputError("hours_mask", shape=always.shape, wanted=(len(facilities),))
    residents = _residents(demand, population)
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    within = np.bincount(times.indices, minlength=len(demand)) > 0
    night = np.bincount(times[np.flatnonzero(always)].indices, minlength=len(demand)) > 0
    whole = fsum(residents.tolist())
    rows = [
        (rooms, count, part, whole, part / whole if whole else np.nan)
        for rooms, count, part in (
            ("all", len(facilities), fsum(residents[within].tolist())),
            ("open_24h", int(always.sum()), fsum(residents[night].tolist())),
            ("daytime_only", int((~always).sum()), fsum(residents[within & ~night].tolist())),
        )
    ]
    return pd.DataFrame(rows, columns=list(NIGHT_COLUMNS))


def _checked(open_mask: BoolArray, facilities: pd.DataFrame) -> BoolArray:
    mask = np.asarray(open_mask, bool)
    if mask.shape != (len(facilities), HOURS):
        raise InputError("hours_mask", shape=mask.shape, wanted=(len(facilities), HOURS))
    return mask


def _residents(demand: pd.DataFrame, population: str) -> FloatArray:
    require_columns(demand, "demand", (population,), step="read_demand()")
    people: FloatArray = np.nan_to_num(demand[population].to_numpy(np.float64))
    return people

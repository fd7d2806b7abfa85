"""From a network, candidates and measured residents to a siting problem."""

from __future__ import annotations

from math import fsum, isfinite
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array, vstack

from walkshed.assess.coverage import require_columns
from walkshed.assess.groups import group_column, groups_of
from walkshed.assess.units import ancestors, texts
from walkshed.assess.walks import times_or_search
from walkshed.errors import SitingError
from walkshed.progress import silent
from walkshed.reach.prepare import prepare_places
from walkshed.reach.times import time_matrix
from walkshed.siting.problem import MINUTES_TOLERANCE, SitingProblem

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork
    from walkshed.progress import Progress

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

STAGE: Final = "minutes"
CANDIDATES_PER_CALL: Final = 1024
"""Searches between two reports of progress: well below a second of work."""


def build_problem(  # noqa: PLR0913 - tables of the steps before, and how to search
    network: WalkNetwork,
    candidates: gpd.GeoDataFrame,
    measured: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    facilities: gpd.GeoDataFrame | None = None,
    units: pd.DataFrame | None = None,
    horizon_min: float | None = None,
    residents_per_capacity: float = 1.0,
    walks: Walks | None = None,
    progress: Progress = silent,
) -> SitingProblem:
    """Find out how far every resident is from every candidate.

    Parameters
    ----------
    network
        Walking network, at the speed of the profile that is planned for.
    candidates
        Snapped candidates with ``candidate_id``; ``cost`` and ``capacity`` are taken where they are. Where some state
        no cost, theirs is the highest that is stated: nobody is chosen because the price is unknown. Where some state
        no capacity, theirs is unlimited.
    measured
        Result of :func:`walkshed.assess.coverage.measure_coverage` on the same network, with the same ``cutoff_min``
        and ``direction``.
    cutoff_min
        Longest walk that counts as served, minutes.
    direction
        ``"to_facility"``: residents walk to the room; ``"from_facility"``: the other way.
    facilities
        The serving facilities that ``measured`` was measured with, snapped: needed to close rooms, to keep new ones
        apart from them, and for capacities. With them, or with ``horizon_min``, the problem holds every demand row,
        otherwise only those not served today.
    units
        With ``unit_id`` and ``parent_id``, to ask for a share of every town or community: ``areas`` of the problem are
        all units, each with the rows of the units below it.
    horizon_min
        How far to search, at least ``cutoff_min``: for walking distances as an aim (p-median, p-center). Default: the
        cutoff.
    residents_per_capacity
        Residents whom one unit of ``capacity``, such as a seat, can serve.
    walks
        Those between these very ``candidates`` and ``measured`` up to the horizon or farther, where they were searched
        before (:func:`walkshed.tiling.measure.time_matrix_tiled`); they are then not searched again.
    progress
        Called with stage ``"minutes"`` after every thousand candidates.

    Returns
    -------
    SitingProblem
        The candidates that are tied to a street, in order; the demand rows, in order, reachable or not.

    Raises
    ------
    SitingError
        If ``measured`` was measured with another cutoff or with other facilities, the horizon is nearer than the
        cutoff, or ids or numbers are unusable.
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table lacks the columns of the step before, or the cutoff or the direction is unusable.
    CancelledError
        If ``progress`` raises it.
    """
    require_columns(candidates, "candidates", ("candidate_id", "edge"), step="snap()")
    needed = ("demand_id", "population", "covered", "minutes", "within_reach")
    require_columns(measured, "measured demand", needed, step="measure_coverage()")
    covered = measured["covered"].to_numpy(bool)
    _check_same_cutoff(measured["minutes"].to_numpy(np.float64), covered, cutoff_min)
    whole = facilities is not None or horizon_min is not None
    rows = measured if whole else measured[~covered]
    far = cutoff_min if horizon_min is None else horizon_min
    tied = candidates[candidates["edge"] >= 0]
    homes = prepare_places(network, rows, name="demand")
    if walks is None:
        blocks = [csr_array((0, len(rows)))]
        for start in range(0, len(tied), CANDIDATES_PER_CALL):
            progress(STAGE, start, len(tied))
            sites = tied.iloc[start : start + CANDIDATES_PER_CALL]
            blocks.append(time_matrix(network, sites, homes, cutoff_min=far, direction=direction))
        progress(STAGE, len(tied), len(tied))
        minutes = vstack(blocks, format="csr")
    else:
        known = times_or_search(walks, network, candidates, measured, cutoff_min=far, direction=direction)
        minutes = known[np.flatnonzero(candidates["edge"].to_numpy() >= 0)]
        minutes = minutes if whole else minutes[:, np.flatnonzero(~covered)]
    standing = None if facilities is None else facilities[facilities["edge"] >= 0]
    existing: dict[str, Any] = {}
    if standing is not None:
        times = time_matrix(network, standing, homes, cutoff_min=far, direction=direction)
        _check_same_rooms(times, rows["within_reach"].to_numpy(np.int64), cutoff_min)
        existing = {
            "existing_ids": tuple(texts(standing, "facility_id")),
            "existing_minutes": times,
            "existing_capacity": _capacity(standing, residents_per_capacity),
            "existing_place_m": _places(standing, network),
        }
    minutes_today = rows["minutes"].fillna(np.inf).to_numpy(np.float64)
    return SitingProblem(
        candidate_ids=tuple(texts(tied, "candidate_id")),
        demand_ids=tuple(texts(rows, "demand_id")),
        population=rows["population"].to_numpy(np.float64),
        minutes=minutes,
        cutoff_min=cutoff_min,
        horizon_min=far,
        minutes_today=minutes_today,
        within_today=rows["within_reach"].to_numpy(np.int64),
        left_out_served=0.0 if whole else fsum(measured["population"].to_numpy(np.float64)[covered].tolist()),
        groups=_groups(rows),
        areas={} if units is None else _areas(rows, units),
        area_names={} if units is None else _names(units),
        cost=_cost(tied),
        capacity=_capacity(tied, residents_per_capacity),
        place_m=_places(tied, network),
        **existing,
    )


def _column(table: gpd.GeoDataFrame, name: str) -> FloatArray:
    """Return a column of the user's own, NaN where blank; empty where it is absent or blank throughout."""
    numbers = table[name].to_numpy(np.float64) if name in table.columns else np.zeros(0)
    return np.zeros(0) if np.isnan(numbers).all() else numbers


def _cost(table: gpd.GeoDataFrame) -> FloatArray:
    """Return the cost of every candidate, the highest known one where it is blank."""
    cost = _column(table, "cost")
    return np.where(np.isnan(cost), np.nanmax(cost), cost) if cost.size else cost


def _capacity(table: gpd.GeoDataFrame, residents_per_capacity: float) -> FloatArray:
    """Return how many residents every room can serve, no limit where it is blank."""
    if not (isfinite(residents_per_capacity) and residents_per_capacity > 0):
        raise SitingError("capacity_factor", value=residents_per_capacity)
    capacity = _column(table, "capacity") * residents_per_capacity
    return np.where(np.isnan(capacity), np.inf, capacity)


def _places(table: gpd.GeoDataFrame, network: WalkNetwork) -> FloatArray:
    points = table.geometry.to_crs(network.crs).representative_point()
    return np.column_stack([points.x.to_numpy(np.float64), points.y.to_numpy(np.float64)])


def _groups(rows: gpd.GeoDataFrame) -> dict[str, FloatArray]:
    return {group: rows[group_column(group)].fillna(0.0).to_numpy(np.float64) for group in groups_of(rows)}


def _areas(rows: gpd.GeoDataFrame, units: pd.DataFrame) -> dict[str, LongArray]:
    """Return the rows of every unit: its own and those of the units below it."""
    above, ids = ancestors(units), texts(units, "unit_id")
    found: dict[str, list[int]] = {key: [] for key in ids}
    for place, key in enumerate(texts(rows, "unit_id")):
        for unit in above.get(key, ()):
            found[ids[unit]].append(place)
    return {key: np.array(places, np.int64) for key, places in found.items()}


def _names(units: pd.DataFrame) -> dict[str, str]:
    """Return what units are called, as far as they have a name beside their id."""
    if "name" not in units:
        return {}
    names = zip(texts(units, "unit_id"), texts(units, "name"), strict=True)
    return {key: name for key, name in names if name and name != key}


def _check_same_cutoff(minutes: FloatArray, covered: NDArray[np.bool_], cutoff_min: float) -> None:
    """Refuse a table measured with another cutoff: people would be counted twice or left out."""
    wrong = (covered & (minutes > cutoff_min + MINUTES_TOLERANCE)) | (
        ~covered & (minutes <= cutoff_min - MINUTES_TOLERANCE)
    )
    if wrong.any():
        raise SitingError("cutoff_differs", count=int(wrong.sum()), cutoff_min=cutoff_min)


def _check_same_rooms(times: csr_array, within: LongArray, cutoff_min: float) -> None:
    """Refuse facilities other than those that the table was measured with."""
    count = np.bincount(times.indices[times.data <= cutoff_min], minlength=times.shape[1])
    if (count != within).any():
        raise SitingError("facilities_differ", count=int((count != within).sum()))

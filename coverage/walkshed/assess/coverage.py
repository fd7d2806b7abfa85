"""Who has a reading room within reach, and why the others have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from walkshed.assess.walks import times_or_search
from walkshed.errors import InputError
from walkshed.network.entrances import ENTRANCES, entrance_points
from walkshed.progress import silent
from walkshed.reach.times import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork
    from walkshed.progress import Progress

REASONS: Final = ("too_far", "disconnected", "unmapped", "no_facility")
"""Why somebody is not served; keys of the catalogue's ``reasons``."""


def measure_coverage(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    walks: Walks | None = None,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Measure for every demand row how far the nearest facility is and whether that counts as served.

    Routed minutes decide, with both legs between place and street; polygons are not asked.

    Parameters
    ----------
    network
        Walking network, at the speed of the profile that is asked about.
    facilities
        The serving ones, tied to this network by :func:`walkshed.network.snap.snap`. Rows that are tied to no street
        serve nobody.
    demand
        Residents, tied to the same network.
    cutoff_min
        Longest walk that counts as served, minutes; a walk of exactly so long counts.
    direction
        ``"to_facility"``: residents walk to the facility; ``"from_facility"``: the other way.
    walks
        Those between these very tables within the cutoff or a longer one, where they were searched before
        (:func:`walkshed.assess.walks.find_walks`); nothing is then searched again.
    progress
        Told of the searches; raise :class:`walkshed.errors.CancelledError` from it to stop.

    Returns
    -------
    geopandas.GeoDataFrame
        The rows of ``demand`` in their order with these columns added or replaced: ``minutes`` (to the nearest
        facility; NaN where none is reached at all), ``facility_id`` (the nearest; ``""`` none), ``within_reach``
        (int64, facilities within the cutoff), ``covered`` and ``reason``: ``""`` where covered, else ``"unmapped"``
        (the row is tied to no street), ``"no_facility"`` (no facility is tied to a street), ``"disconnected"`` (no
        facility can be reached, however long one walks) or ``"too_far"``. Where a table has entrances also ``gate`` and
        ``entrance``: the names of those that the walk to the nearest uses.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table has no usable ids, or the cutoff or the direction is unusable.
    """
    found = None if walks is None else walks.nearest
    if found is None:
        found = nearest(network, facilities, demand, direction=direction, progress=progress)
    times = times_or_search(
        walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction, progress=progress
    )
    minutes = found["minutes"].to_numpy(np.float64)
    # Both searches are exact to the last bit, so a count above 0 and minutes within the cutoff are the same thing.
    within = np.bincount(times.indices, minlength=len(demand)).astype(np.int64)
    covered = within > 0
    return demand.assign(
        minutes=minutes,
        facility_id=found["facility_id"].to_numpy(dtype=object),
        within_reach=within,
        covered=covered,
        reason=_reasons(minutes, covered, demand, facilities),
        **{name: found[name].to_numpy(dtype=object) for name in ("gate", "entrance") if name in found.columns},
    )


def _reasons(
    minutes: NDArray[np.float64], covered: NDArray[np.bool_], demand: pd.DataFrame, facilities: pd.DataFrame
) -> NDArray[np.object_]:
    tied = demand["edge"].to_numpy(np.int64) >= 0
    serving = bool((facilities["edge"].to_numpy(np.int64) >= 0).any())
    reason = np.select(
        [covered, ~tied, np.full(len(demand), not serving), np.isnan(minutes)],
        ["", "unmapped", "no_facility", "disconnected"],
        "too_far",
    )
    return reason.astype(object)


def picture_disagreement(
    measured: gpd.GeoDataFrame, merged_isochrone_geometry: BaseGeometry | None, *, crs: str = ""
) -> float:
    """Return the share of residents on whom the drawn area and the routed minutes disagree.

    Parameters
    ----------
    measured
        From :func:`measure_coverage`, with the cutoff that was drawn.
    merged_isochrone_geometry
        What is drawn as within reach of any facility, in the CRS of ``measured``; ``None`` where nothing is drawn.
    crs
        The network's. With it rows that have entrances are asked at these, for nothing is drawn inside a compound.

    Returns
    -------
    float
        0..1; NaN where nobody lives. A row is asked at a point inside it, or at its entrances, of which one suffices.
    """
    require_columns(measured, "measured demand", ("covered", "population"), step="measure_coverage()")
    population = measured["population"].to_numpy(np.float64)
    if not population.sum() > 0:
        return float("nan")
    inside = np.zeros(len(measured), bool)
    if merged_isochrone_geometry is not None:
        shapely.prepare(merged_isochrone_geometry)
        points = shapely.point_on_surface(np.asarray(measured.geometry.array, dtype=object))
        inside = shapely.intersects(merged_isochrone_geometry, points)
        if crs and ENTRANCES in measured.columns:
            row, at = entrance_points(measured, crs)
            inside[row] = False
            np.logical_or.at(inside, row, shapely.intersects(merged_isochrone_geometry, at.to_crs(measured.crs).array))
    disagree = inside != measured["covered"].to_numpy(bool)
    return float(population[disagree].sum() / population.sum())


def require_columns(table: pd.DataFrame, name: str, columns: Sequence[str], *, step: str) -> None:
    """Make sure that a table has been through the step before.

    Parameters
    ----------
    table
        Any table.
    name
        What messages call it.
    columns
        What must be there.
    step
        The call that adds the columns.

    Raises
    ------
    InputError
        If a column is missing.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError("step_missing", table=name, missing=", ".join(missing), step=step)

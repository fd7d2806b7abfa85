"""Geometry that is drawn from a result and not kept in it: every room's own area, and the streets that are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from walkshed.contracts import EXCHANGE_CRS
from walkshed.reach.isochrones import reached_lines
from walkshed.reach.service_areas import service_areas

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.network.model import WalkNetwork
    from walkshed.results import StudyResult, Survey

_drawn: WeakKeyDictionary[WalkNetwork, dict[tuple[object, ...], gpd.GeoDataFrame]] = WeakKeyDictionary()


def own_areas(result: Survey) -> gpd.GeoDataFrame:
    """Return the area of every serving facility: where it is the nearest on foot, within the headline cutoff.

    Parameters
    ----------
    result
        The study's result. Drawn once for each.

    Returns
    -------
    geopandas.GeoDataFrame
        As :func:`walkshed.reach.service_areas.service_areas`, with the facilities' ``name`` and ``residents`` (to whom
        it is the nearest of those within the cutoff). The areas do not overlap; one that is nearest nowhere is empty.
    """
    walking = result.config.walking
    serving = result.facilities[result.facilities["status"].isin(result.config.facilities.serving)]
    serving = serving.reset_index(drop=True)
    key = (walking.cutoff_min, walking.direction, walking.isochrone_buffer_m, *serving["facility_id"])
    known = _drawn.setdefault(result.network, {})
    if key not in known:
        known[key] = service_areas(
            result.network,
            serving,
            cutoff_min=walking.cutoff_min,
            direction=walking.direction,
            buffer_m=walking.isochrone_buffer_m,
        )
    found = result.measures.catchments
    nearest = found[found["group"] == ""].set_index("facility_id")["nearest"]
    areas = known[key]
    return areas.assign(
        name=serving["name"].to_numpy(dtype=object),
        residents=areas["facility_id"].astype(str).map(nearest).fillna(0.0).to_numpy(float),
    )[["facility_id", "name", "cutoff_min", "residents", "geometry"]]


def reached_streets(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the streets within the headline cutoff of any serving facility, clipped where the minutes end.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for every reached part of a street: ``name`` (``""`` nameless), ``length_m``, ``cutoff_min`` and
        ``geometry`` (LineString, EPSG:4326).
    """
    walking, network = result.config.walking, result.network
    serving = result.facilities[result.facilities["status"].isin(result.config.facilities.serving)]
    lines = reached_lines(network, serving, cutoffs_min=[walking.cutoff_min], direction=walking.direction, merged=True)
    lines = lines[lines["edge"] >= 0].reset_index(drop=True)
    codes = network.name_code[lines["edge"].to_numpy(int)]
    table = lines[["cutoff_min", "geometry"]].assign(
        name=[network.names[code] if code >= 0 else "" for code in codes], length_m=lines.geometry.length
    )
    return table[["name", "length_m", "cutoff_min", "geometry"]].to_crs(EXCHANGE_CRS)

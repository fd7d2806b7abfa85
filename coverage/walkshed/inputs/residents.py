"""Where people live, estimated from OpenStreetMap; facilities and candidates from places of OpenStreetMap.

An estimate is an assumption, not a census: :func:`residents_note` states it in words for every report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.contracts import CANDIDATES, DEMAND, FACILITIES, check_table
from walkshed.coordinates import areas_m2
from walkshed.errors import InputError, Message
from walkshed.inputs.homes import are_homes
from walkshed.inputs.reads import Read, empty_rejects, join_rejects, make_rejects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

M2_PER_HECTARE = 10_000.0


def estimate_residents(
    buildings: gpd.GeoDataFrame,
    *,
    m2_per_person: float,
    default_levels: float,
    landuse: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Estimate residents from floor area: footprint x storeys / floor area per person.

    Parameters
    ----------
    buildings
        As from :func:`walkshed.inputs.osm.read_osm_buildings`.
    m2_per_person
        Gross floor area for one resident, stairs and walls included.
    default_levels
        Storeys of a building that states none.
    landuse
        As from :func:`walkshed.inputs.osm.read_osm_landuse`; where given, ``building=yes`` on other than residential
        land is no home.

    Returns
    -------
    geopandas.GeoDataFrame
        Demand table, one row for every building taken for a home (:func:`walkshed.inputs.homes.are_homes`), in the
        order given: ``demand_id`` (the ``osm_id``), ``kind`` (``"building"``), ``name``, ``population`` (not rounded,
        so that sums hold), ``area_m2`` (footprint on the ellipsoid), ``unit_id`` (blank), ``levels`` (as counted),
        ``levels_stated``, ``floor_m2`` (footprint x storeys); areas in EPSG:4326.

    Raises
    ------
    InputError
        If a parameter is no positive number.
    """
    _check_positive("m2_per_person", m2_per_person)
    _check_positive("default_levels", default_levels)
    homes = buildings[are_homes(buildings, landuse)].reset_index(drop=True)
    stated = homes["levels"].notna()
    levels = homes["levels"].fillna(default_levels).to_numpy(float)
    footprint = areas_m2(homes.geometry)
    demand = _demand(homes, "building", population=footprint * levels / m2_per_person, area_m2=footprint)
    return demand.assign(levels=levels, levels_stated=stated, floor_m2=footprint * levels)


def landuse_residents(landuse: gpd.GeoDataFrame, *, persons_per_hectare: float) -> gpd.GeoDataFrame:
    """Estimate residents from residential land: land area x density.

    Parameters
    ----------
    landuse
        As from :func:`walkshed.inputs.osm.read_osm_landuse`; only ``landuse=residential`` counts.
    persons_per_hectare
        Residents on a hectare of residential land.

    Returns
    -------
    geopandas.GeoDataFrame
        Demand table as from :func:`estimate_residents`, ``kind`` ``"landuse"``. Where areas overlap, as a compound does
        with the quarter around it, the ground counts once, for the smaller area: ``area_m2`` is what is left to each.

    Raises
    ------
    InputError
        If the density is no positive number.
    """
    _check_positive("persons_per_hectare", persons_per_hectare)
    homes = landuse[landuse["landuse"] == "residential"].reset_index(drop=True)
    own = areas_m2(gpd.GeoSeries(_without_smaller(homes.geometry.to_numpy()), crs=homes.crs))
    return _demand(homes, "landuse", population=own / M2_PER_HECTARE * persons_per_hectare, area_m2=own)


def _without_smaller(areas: np.ndarray) -> np.ndarray:
    """Return every area without the smaller ones that overlap it (of equal ones the earlier counts as smaller)."""
    order = np.argsort(shapely.area(areas), kind="stable")
    rank = np.empty(len(areas), int)
    rank[order] = np.arange(len(areas))
    left = areas.copy()
    for large, small in zip(*shapely.STRtree(areas).query(areas, predicate="intersects"), strict=True):
        if rank[small] < rank[large]:
            left[large] = shapely.difference(left[large], areas[small])
    return left


def residents_note(demand: gpd.GeoDataFrame, *, m2_per_person: float, default_levels: float) -> Message:
    """Return in words how :func:`estimate_residents` came to its figures; to be printed wherever they are."""
    return Message(
        "notes.residents_estimated",
        {
            "buildings": len(demand),
            "people": round(float(demand["population"].sum())),
            "m2_per_person": m2_per_person,
            "default_levels": default_levels,
            "stated": float(demand["levels_stated"].mean()) if len(demand) else 0.0,
        },
    )


def landuse_note(demand: gpd.GeoDataFrame, *, persons_per_hectare: float) -> Message:
    """Return in words how :func:`landuse_residents` came to its figures."""
    hectares = float(demand["area_m2"].sum()) / M2_PER_HECTARE
    people = round(float(demand["population"].sum()))
    return Message(
        "notes.residents_by_land", {"hectares": hectares, "people": people, "persons_per_hectare": persons_per_hectare}
    )


def facilities_from_osm(points: gpd.GeoDataFrame) -> Read:
    """Return places of OpenStreetMap as facilities, all open.

    Parameters
    ----------
    points
        As from :func:`walkshed.inputs.osm.read_osm_points`.

    Returns
    -------
    Read
        Table: facilities; a nameless place is named by its ``osm_id``, ``position_quality`` is ``"A"`` (surveyed on the
        map). Rejects: places mapped a second time, as a point inside their own area (``osm_same_place``).
    """
    kept, rejects = _single_places(points, "facilities")
    facilities = gpd.GeoDataFrame(
        {
            "facility_id": kept["osm_id"],
            "name": kept["name"].where(kept["name"] != "", kept["osm_id"]),
            "name_en": kept["name_en"],
            "name_zh": kept["name_zh"],
            "status": "open",
            "tier": "",
            "capacity": np.nan,
            "opening_hours": kept["opening_hours"],
            "operator": kept["operator"],
            "unit_id": "",
            "position_quality": "A",
            "source": "OpenStreetMap " + kept["osm_id"],
        },
        geometry=kept.geometry,
    )
    check_table(facilities, FACILITIES)
    return Read(facilities, rejects)


def candidates_from_osm(points: gpd.GeoDataFrame, *, boundary: gpd.GeoDataFrame | None = None) -> Read:
    """Return places of OpenStreetMap as candidate sites.

    Parameters
    ----------
    points
        As from :func:`walkshed.inputs.osm.read_osm_points` or :func:`walkshed.inputs.osm.read_osm_sites`.
    boundary
        The study area: places outside it are refused.

    Returns
    -------
    Read
        Table: ``candidate_id`` (the ``osm_id``), ``place`` (the name; a nameless place has its ``osm_id``), ``kind``
        where it is known, point. Rejects: as in :func:`facilities_from_osm`, and places outside the study area
        (``outside_boundary``).
    """
    kept, rejects = _single_places(points, "candidates")
    if boundary is not None:
        area = boundary.geometry.to_crs(kept.crs).union_all()
        inside = shapely.intersects(area, kept.geometry.to_numpy())
        kept, rejects = kept[inside].reset_index(drop=True), join_rejects([rejects, _outside(kept[~inside])])
    names = kept["name"].where(kept["name"] != "", kept["osm_id"])
    kinds = {"kind": kept["kind"]} if "kind" in kept.columns else {}
    candidates = gpd.GeoDataFrame({"candidate_id": kept["osm_id"], "place": names, **kinds}, geometry=kept.geometry)
    check_table(candidates, CANDIDATES)
    return Read(candidates, rejects)


def _outside(gone: gpd.GeoDataFrame) -> pd.DataFrame:
    return make_rejects(
        "candidates",
        "OpenStreetMap",
        lines=[None] * len(gone),
        row_ids=gone["osm_id"].tolist(),
        reasons=["outside_boundary"] * len(gone),
        details=[f"name={name}" for name in gone["name"]],
    )


def _single_places(points: gpd.GeoDataFrame, layer: str) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    twice = points["same_as"] != ""
    kept = points[~twice].reset_index(drop=True)
    if not twice.any():
        return kept, empty_rejects()
    gone = points[twice]
    rejects = make_rejects(
        layer,
        "OpenStreetMap",
        lines=[None] * len(gone),
        row_ids=gone["osm_id"].tolist(),
        reasons=["osm_same_place"] * len(gone),
        details=[f"name={name} same_as={other}" for name, other in zip(gone["name"], gone["same_as"], strict=True)],
    )
    return kept, rejects


def _demand(homes: gpd.GeoDataFrame, kind: str, *, population: FloatArray, area_m2: FloatArray) -> gpd.GeoDataFrame:
    demand = gpd.GeoDataFrame(
        {
            "demand_id": homes["osm_id"],
            "kind": pd.Series(kind, homes.index, dtype=str),
            "name": homes["name"],
            "population": population,
            "area_m2": area_m2,
            "unit_id": pd.Series("", homes.index, dtype=str),
        },
        geometry=homes.geometry,
    )
    check_table(demand, DEMAND)
    return demand


def _check_positive(name: str, value: float) -> None:
    if not (value > 0 and np.isfinite(value)):
        raise InputError("parameter_not_positive", name=name, value=value)

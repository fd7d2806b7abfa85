"""Tables from objects of OpenStreetMap; the same whether they were read from a file or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.inputs.osm_filters import EXCLUSIONS, GREEN, PURPOSE_KEYS, has_all, has_any, parse_levels
from walkshed.inputs.reads import Read, make_rejects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from walkshed.inputs.osm_objects import OsmObject, Scan

NAMES = {"name": "name", "name_en": "name:en", "name_zh": "name:zh"}


def buildings_frame(objects: Sequence[OsmObject]) -> gpd.GeoDataFrame:
    """Return ``osm_id``, ``building``, ``levels`` (float, NaN unknown), ``name``, ``building_use``, purposes, area."""
    purposes = {key: key for key in PURPOSE_KEYS}
    frame = _frame(objects, {"building": "building", "name": "name", "building_use": "building:use", **purposes})
    frame.insert(2, "levels", [parse_levels(item.tags.get("building:levels")) for item in objects])
    return frame.astype({"levels": float})


def landuse_frame(objects: Sequence[OsmObject]) -> gpd.GeoDataFrame:
    """Return ``osm_id``, ``landuse`` (for grounds such as schools the amenity), ``name``, area."""
    frame = _frame(objects, {"landuse": "landuse", "name": "name"})
    uses = [item.tags.get("landuse") or item.tags.get("amenity", "") for item in objects]
    return frame.assign(landuse=pd.Series(uses, frame.index, str))


def points_frame(objects: Sequence[OsmObject], keys: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Return places as points, areas by a point inside them.

    Columns ``osm_id``, ``name``, ``name_en``, ``name_zh``, ``operator``, ``opening_hours``, ``keys``, and
    ``same_as``: the ``osm_id`` of the area of the same name within which the place lies, for then the two are one
    place mapped twice.
    """
    columns = NAMES | {"operator": "operator", "opening_hours": "opening_hours"} | {key: key for key in keys}
    frame = _frame(objects, columns)
    areas = frame.geometry.to_numpy()
    frame.insert(1 + len(columns), "same_as", _same_places(frame["name"].to_numpy(), frame["osm_id"].to_numpy(), areas))
    return frame.set_geometry(gpd.GeoSeries(shapely.point_on_surface(areas), frame.index, crs=EXCHANGE_CRS))


def sites_frame(
    objects: Sequence[OsmObject], kinds: Mapping[str, Sequence[Mapping[str, Sequence[str]]]]
) -> gpd.GeoDataFrame:
    """Return places as :func:`points_frame` does, and their ``kind``: of several the first."""
    found = [
        next((kind for kind, choices in kinds.items() if any(has_all(item.tags, each) for each in choices)), "")
        for item in objects
    ]
    frame = points_frame(objects)
    return frame.assign(kind=pd.Series(found, frame.index, str))


def exclusions_frame(objects: Sequence[OsmObject]) -> gpd.GeoDataFrame:
    """Return ``osm_id``, ``kind`` (a key of ``EXCLUSIONS``), ``name``, area; an object of several kinds for each."""
    pairs = [(item, kind) for item in objects for kind, choice in EXCLUSIONS.items() if has_any(item.tags, choice)]
    frame = _frame([item for item, _ in pairs], {"kind": "", "name": "name"})
    return frame.assign(kind=pd.Series([kind for _, kind in pairs], frame.index, str))


def units_frame(scan: Scan, *, file: str) -> Read:
    """Return administrative units, and as rejects those whose boundary is not complete."""
    objects = scan.objects
    frame = _frame(objects, NAMES | {"level": "admin_level", "parent_id": "", "population": "population"})
    frame = frame.rename(columns={"osm_id": "unit_id"})
    frame["population"] = pd.to_numeric(frame["population"], errors="coerce").astype(float)
    rejects = make_rejects(
        "units",
        file,
        lines=[None] * len(scan.incomplete),
        row_ids=[item.osm_id for item in scan.incomplete],
        reasons=["unit_incomplete"] * len(scan.incomplete),
        details=[f"name={item.tags.get('name', '')}" for item in scan.incomplete],
    )
    return Read(frame, rejects)


def backdrop_frame(objects: Sequence[OsmObject]) -> gpd.GeoDataFrame:
    """Return ``osm_id``, ``layer`` (``water`` or ``green``), ``name``, area; green first, for water lies over it."""
    frame = _frame(objects, {"layer": "", "name": "name"})
    layers = ["green" if has_any(item.tags, GREEN) else "water" for item in objects]
    frame = frame.assign(layer=pd.Series(layers, frame.index, str))
    return frame.sort_values("layer", kind="stable", ignore_index=True)


def places_frame(objects: Sequence[OsmObject]) -> gpd.GeoDataFrame:
    """Return named places: ``osm_id``, ``name``, ``name_en``, ``name_zh``, ``place``, point."""
    frame = _frame(objects, NAMES | {"place": "place"})
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    return frame.set_geometry(gpd.GeoSeries(points, frame.index, crs=EXCHANGE_CRS))


def _frame(objects: Sequence[OsmObject], columns: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Return ``osm_id`` and one text column per entry (column -> tag), blank where an object has no such tag."""
    texts = {"osm_id": [item.osm_id for item in objects]}
    texts |= {column: [item.tags.get(tag, "") for item in objects] for column, tag in columns.items()}
    geometry = gpd.GeoSeries([item.geometry for item in objects], crs=EXCHANGE_CRS)
    return gpd.GeoDataFrame(pd.DataFrame(texts, dtype=str), geometry=geometry)


def _same_places(names: np.ndarray, ids: np.ndarray, areas: np.ndarray) -> list[str]:
    """Return for every object the smallest area of its name that holds it and is larger than itself."""
    same = [""] * len(ids)
    size = shapely.area(areas)
    inner, outer = shapely.STRtree(areas).query(shapely.point_on_surface(areas), predicate="intersects")
    twins = (names[inner] == names[outer]) & (names[inner] != "") & (size[inner] < size[outer])
    for i, j in sorted(zip(inner[twins], outer[twins], strict=True), key=lambda pair: -size[pair[1]]):
        same[i] = str(ids[j])
    return same

"""Areas by name and layers of OpenStreetMap from the internet, through OSMnx; the same tables as from files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import FetchError
from walkshed.inputs.osm_layers import LAYERS, points_layer, sites_layer
from walkshed.inputs.osm_objects import OsmObject, drop_doubled
from walkshed.inputs.reads import Read, make_rejects
from walkshed.inputs.service import NothingFoundError, ask, what
from walkshed.progress import silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from walkshed.inputs.service import Service
    from walkshed.progress import Progress


def fetch_place(name: str, *, service: Service | None = None, progress: Progress = silent) -> gpd.GeoDataFrame:
    """Fetch the area of a place by its name (Nominatim).

    Parameters
    ----------
    name
        As one would type it into a map, for example ``"重庆市沙坪坝区, 中国"``.
    service
        Where and how patiently to ask.
    progress
        See :func:`walkshed.inputs.service.ask`.

    Returns
    -------
    geopandas.GeoDataFrame
        Boundary table: one row, ``name`` (as the service spells it in full) and an area in EPSG:4326.

    Raises
    ------
    FetchError
        If the service cannot be asked, or knows no such place, or knows it only as a point.
    """
    try:
        found = _geocode(name, service, progress)
    except NothingFoundError as nothing:
        raise FetchError("fetch_place_unknown", place=name) from nothing
    if found is None:
        raise FetchError("fetch_place_point", place=name)
    return found


def fetch_places(units: gpd.GeoDataFrame, *, service: Service | None = None, progress: Progress = silent) -> Read:
    """Fetch the areas of units by their names, one question a second as the service demands.

    Parameters
    ----------
    units
        Units with a column ``osm_query``: the name to ask for. A unit that has an area already keeps it.
    service
        Where and how patiently to ask.
    progress
        See :func:`walkshed.inputs.service.ask`.

    Returns
    -------
    Read
        Table: all units in their order, the areas filled in where they were found, no geometry elsewhere. Rejects:
        units not found (``place_not_found``), known only as a point (``place_without_area``), without a name to ask
        for (``place_unnamed``).

    Raises
    ------
    FetchError
        If the service cannot be asked.
    """
    queries = units["osm_query"] if "osm_query" in units else pd.Series("", units.index)
    areas, lost = list(units.geometry), []
    for row, query in enumerate(queries.fillna("").astype(str).str.strip()):
        if areas[row] is not None and not areas[row].is_empty:
            continue
        areas[row], reason = _unit_area(query, service, progress)
        if reason:
            lost.append((str(units["unit_id"].iloc[row]), reason, f"osm_query={query}"))
    rejects = make_rejects(
        "units",
        "OpenStreetMap",
        lines=[None] * len(lost),
        row_ids=[row_id for row_id, _, _ in lost],
        reasons=[reason for _, reason, _ in lost],
        details=[detail for _, _, detail in lost],
    )
    return Read(units.set_geometry(gpd.GeoSeries(areas, units.index, crs=EXCHANGE_CRS)), rejects)


def _unit_area(query: str, service: Service | None, progress: Progress) -> tuple[shapely.Geometry | None, str]:
    """Return the area a name stands for, or why there is none."""
    if not query:
        return None, "place_unnamed"
    try:
        found = _geocode(query, service, progress)
    except NothingFoundError:
        return None, "place_not_found"
    return (None, "place_without_area") if found is None else (found.geometry.iloc[0], "")


def _geocode(name: str, service: Service | None, progress: Progress) -> gpd.GeoDataFrame | None:
    """Return name and area, ``None`` for a place that is known as a point only."""
    import osmnx  # noqa: PLC0415 - takes a second to load, and most studies fetch nothing

    def question() -> gpd.GeoDataFrame | None:
        try:
            return osmnx.geocode_to_gdf(name)
        except TypeError:  # how OSMnx says that no result is an area
            return None

    found = ask(what("fetched_place", place=name), question, service=service, progress=progress)
    if found is None:
        return None
    return gpd.GeoDataFrame({"name": found["display_name"].astype(str)}, geometry=found.geometry, crs=EXCHANGE_CRS)


def fetch_features(
    boundary: gpd.GeoDataFrame,
    kind: str,
    *,
    tags: Mapping[str, Sequence[str]] | None = None,
    sites: Mapping[str, Sequence[Mapping[str, Sequence[str]]]] | None = None,
    service: Service | None = None,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Fetch a layer of OpenStreetMap (Overpass).

    Parameters
    ----------
    boundary
        Areas; everything that touches them comes, whole.
    kind
        ``"buildings"``, ``"landuse"``, ``"backdrop"``, ``"places"``, ``"exclusions"``, ``"points"`` or ``"sites"``.
    tags
        For ``"points"``: as in :func:`walkshed.inputs.osm.read_osm_points`.
    sites
        For ``"sites"``: the kinds, as in :func:`walkshed.inputs.osm.read_osm_sites`.
    service
        Where and how patiently to ask.
    progress
        See :func:`walkshed.inputs.service.ask`.

    Returns
    -------
    geopandas.GeoDataFrame
        The table that the reader of the same layer in :mod:`walkshed.inputs.osm` returns; empty where there is nothing.

    Raises
    ------
    FetchError
        If the service cannot be asked.
    InputError
        If ``tags`` or ``sites`` is empty where it is needed.
    """
    chosen = {"points": lambda: points_layer(tags or {}), "sites": lambda: sites_layer(sites or {})}
    layer = chosen[kind]() if kind in chosen else LAYERS[kind]
    query: dict[str, Any] = {key: True if "*" in values else list(values) for key, values in layer.choice.items()}
    area = shapely.make_valid(boundary.geometry.to_crs(EXCHANGE_CRS).union_all())
    import osmnx  # noqa: PLC0415 - takes a second to load, and most studies fetch nothing

    try:
        found = ask(
            what("fetched_layer", layer=kind),
            lambda: osmnx.features_from_polygon(area, query),
            service=service,
            progress=progress,
        )
    except NothingFoundError:
        return layer.frame([])
    kinds = ("Point", "Polygon", "MultiPolygon") if layer.nodes else ("Polygon", "MultiPolygon")
    found = found[found.geometry.geom_type.isin(kinds) & ~found.geometry.is_empty]
    objects = [
        OsmObject(f"{element}/{number}", _tags(row), row["geometry"])
        for (element, number), row in zip(found.index, found.to_dict("records"), strict=True)
    ]
    return layer.frame(drop_doubled([item for item in objects if layer.accept(item.tags)]))


def _tags(row: dict[str, object]) -> dict[str, str]:
    return {key: value for key, value in row.items() if isinstance(value, str)}

"""A study's result as map layers in one GeoPackage."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
from shapely import MultiPolygon, Polygon

from walkshed.assess.gaps import COLUMNS
from walkshed.files import replacing
from walkshed.network.entrances import list_entrances
from walkshed.progress import beat
from walkshed.reporting.areas import own_areas, reached_streets
from walkshed.reporting.styles import add_styles
from walkshed.reporting.wording import credits_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from walkshed.results import StudyResult

EXCHANGE: Final = "EPSG:4326"
SLICE_ROWS: Final = 50_000
"""Rows written in one call, during which no other thread runs and nothing is stopped: about a second."""
GEOMETRY_TYPES: Final = {
    "facilities": "Point",
    "entrances": "Point",
    "isochrones": "MultiPolygon",
    "demand": None,
    "gaps": "MultiPolygon",
    "gaps_then": "MultiPolygon",
    "service_areas": "MultiPolygon",
    "reached_streets": "LineString",
    "proposals": "Point",
    "candidates": "Point",
    "units": "MultiPolygon",
    "failing_units": "MultiPolygon",
    "boundary": "MultiPolygon",
}
"""Layer names in the order of writing, and what each holds; residents may be areas or points."""
NUMBERS: Final = {
    "capacity": "float64",
    "population": "float64",
    "area_m2": "float64",
    "edge": "int64",
    "fraction": "float64",
    "access_m": "float64",
    "component": "int64",
    "snapped": "bool",
    "moved": "bool",
    "minutes": "float64",
    "minutes_before": "float64",
    "places_per_1000": "float64",
    "covered_before": "bool",
    "minutes_then": "float64",
    "unserved_then": "float64",
    "closed": "float64",
    "full": "float64",
    "length_m": "float64",
    "rate": "float64",
    "target": "float64",
    "numerator": "float64",
    "denominator": "float64",
    "missing": "float64",
    "within_reach": "int64",
    "covered": "bool",
    "cutoff_min": "float64",
    "rank": "int64",
    "residents": "float64",
    "barred": "float64",
    "barrier": "bool",
    "areas": "int64",
    "cost": "float64",
    "newly_served": "float64",
    "cumulative_served": "float64",
    "cumulative_rate": "float64",
    "near_m": "float64",
    "kept_served": "float64",
    "served_only_here": "float64",
    "walk_min": "float64",
    "minutes_saved": "float64",
    "gap_share": "float64",
}
"""Columns that are not text; an empty table has no values to tell from."""


GROUP_PREFIXES: Final = ("population_", "newly_served_")
"""Columns of a group's residents; the groups are the study's own."""


def write_layers(result: StudyResult, path: str | PathLike[str]) -> None:
    """Write what a study read and found out as layers of a GeoPackage (:data:`GEOMETRY_TYPES`).

    Parameters
    ----------
    result
        The study's result.
    path
        File; replaced at once or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.

    Notes
    -----
    All layers are in EPSG:4326, longitude first. Tables without rows are written with their columns. A geometry that is
    empty or unknown is written as none.
    """
    tables = layer_tables(result)
    with replacing(Path(path)) as draft, _as_os_error():
        for layer, table in tables.items():
            kind = GEOMETRY_TYPES[layer]
            for start in range(0, max(len(table), 1), SLICE_ROWS):
                beat()
                pyogrio.write_dataframe(
                    table.iloc[start : start + SLICE_ROWS], draft, layer=layer, driver="GPKG", append=draft.exists(),
                    geometry_type=kind or _kind_of(table), promote_to_multi=kind == "MultiPolygon",
                )  # fmt: skip
        add_styles(draft, homes=_kind_of(tables["demand"]), credit=credits_of(result, "en"))


def layer_tables(result: StudyResult) -> dict[str, gpd.GeoDataFrame]:
    """Return what a study read and found out as tables that any format can take.

    Returns
    -------
    dict
        Layer -> table, in the order of :data:`GEOMETRY_TYPES`: EPSG:4326, columns of one type each, empty and unknown
        geometries as none, areas as MultiPolygons.
    """
    tables = {
        "facilities": _plain(result.facilities),
        "entrances": _all_doors(result),
        "isochrones": result.isochrones,
        "demand": _with_more(result),
        "gaps": result.gaps,
        "gaps_then": _gaps_then(result),
        "service_areas": own_areas(result),
        "reached_streets": reached_streets(result),
        "proposals": result.proposals,
        "candidates": result.candidates,
        "units": result.inputs.units,
        "failing_units": _failing(result),
        "boundary": result.inputs.boundary,
    }
    return {layer: _as_layer(tables[layer], kind) for layer, kind in GEOMETRY_TYPES.items()}


def _gaps_then(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the gaps of the second reading; none where the study has no such reading."""
    known = result.norms.gaps_then
    return result.gaps[list(COLUMNS)].iloc[:0].assign(closed=0.0, full=0.0) if known is None else known


def _failing(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the areas of the units below the target, the lowest rate first."""
    units, failing = result.inputs.units, result.norms.failing_units
    columns = ["unit_id", "unit_name", "level", "basis", "rate", "numerator", "denominator", "missing"]
    table = failing[columns] if len(failing) else pd.DataFrame(columns=columns)
    shapes = dict(zip(units["unit_id"].astype(str), units.geometry, strict=True))
    drawn = [shapes.get(str(key)) for key in table["unit_id"]]
    return type(units)(table.assign(target=result.config.units.target), geometry=drawn, crs=units.crs)


def _with_more(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the residents with the capacity around them, whether a room is open and has room, and what held before.

    ``minutes_then``, ``facility_then``, ``reason_then`` and ``unserved_then`` are those of the hour that the study
    chooses and of the capacity it knows (:mod:`walkshed.assess.availability`); ``covered`` and ``reason`` stay those of
    any hour.
    """
    homes = _plain(result.demand)
    if result.config.facilities.residents_per_capacity > 0:  # otherwise nobody knows what capacity counts
        homes = homes.assign(places_per_1000=result.measures.accessibility["places_per_1000"].to_numpy())
    if result.norms.available is not None:
        then = result.norms.available.drop(columns="demand_id")
        homes = homes.assign(**{name: then[name].to_numpy() for name in then.columns})
    if result.before is None:
        return homes
    was = result.before.demand
    return homes.assign(minutes_before=was["minutes"].to_numpy(), covered_before=was["covered"].to_numpy())


def _plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table without the tuples of its entrances, which have a layer of their own."""
    return table.drop(columns="entrances", errors="ignore")


def _all_doors(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the entrances of facilities and the gates of residential areas as points with their legs."""
    parts = []
    for layer, table, key in (
        ("facilities", result.facilities, "facility_id"),
        ("demand", result.demand, "demand_id"),
    ):
        doors = list_entrances(table, result.network.crs)
        parts.append(doors.rename(columns={key: "owner_id"}).assign(layer=layer))
    return pd.concat(parts, ignore_index=True)


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Turn GDAL's and SQLite's errors into what a failed write is everywhere else."""
    try:
        yield
    except (DataSourceError, DataLayerError, FeatureError, sqlite3.Error) as error:
        raise OSError(str(error)) from error


def _as_layer(table: gpd.GeoDataFrame, kind: str | None) -> gpd.GeoDataFrame:
    """Return a table with columns of one type each and no empty geometry."""
    columns: dict[str, Any] = {}
    for name in table.columns.drop(table.geometry.name):
        values = table[name]
        if not len(table):
            number = "float64" if str(name).startswith(GROUP_PREFIXES) else "str"
            values = pd.Series([], dtype=NUMBERS.get(name, number))
        elif not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            values = values.map(_text_or_none).astype("object")
        columns[_free_name(str(name), columns)] = values
    shapes = table.geometry.to_crs(EXCHANGE)
    nothing = shapely.is_missing(shapes.array) | shapely.is_empty(shapes.array)
    drawn = [
        None if blank else _as_areas(shape) if kind == "MultiPolygon" else shape
        for shape, blank in zip(shapes, nothing, strict=True)
    ]
    frame = pd.DataFrame(columns, index=table.index)
    return type(table)(frame, geometry=drawn, crs=EXCHANGE)


def _text_or_none(value: object) -> str | None:
    return None if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 - NaN is not itself


def _as_areas(shape: BaseGeometry) -> MultiPolygon:
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon)])


def _free_name(name: str, taken: dict[str, Any]) -> str:
    """Return a column name that a GeoPackage takes: its own two are reserved, and case does not tell names apart."""
    known = {"fid", "geom", *(column.lower() for column in taken)}
    number = 2
    free = name
    while free.lower() in known:
        free, number = f"{name}_{number}", number + 1
    return free


def _kind_of(table: gpd.GeoDataFrame) -> str:
    kinds = set(table.geometry.geom_type.dropna())
    return kinds.pop() if len(kinds) == 1 else "Unknown"

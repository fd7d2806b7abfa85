"""A study's result as map layers in one GeoPackage."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely import MultiPolygon, Polygon

from walkshed.network.entrances import list_entrances
from walkshed.reporting.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from walkshed.results import StudyResult

EXCHANGE: Final = "EPSG:4326"
GEOMETRY_TYPES: Final = {
    "facilities": "Point",
    "entrances": "Point",
    "isochrones": "MultiPolygon",
    "demand": None,
    "gaps": "MultiPolygon",
    "proposals": "Point",
    "candidates": "Point",
    "units": "MultiPolygon",
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
}
"""Columns that are not text; an empty table has no values to tell from."""


def write_layers(result: StudyResult, path: Path) -> None:
    """Write facilities, isochrones, demand, gaps, proposals, candidates, units and boundary as layers of a GeoPackage.

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
    tables = {
        "facilities": _plain(result.facilities),
        "entrances": _all_doors(result),
        "isochrones": result.isochrones,
        "demand": _with_before(result),
        "gaps": result.gaps,
        "proposals": result.proposals,
        "candidates": result.candidates,
        "units": result.inputs.units,
        "boundary": result.inputs.boundary,
    }
    with replacing(path) as draft, _as_os_error():
        for layer, kind in GEOMETRY_TYPES.items():
            table = _as_layer(tables[layer], kind)
            pyogrio.write_dataframe(
                table, draft, layer=layer, driver="GPKG", append=draft.exists(), geometry_type=kind or _kind_of(table),
                promote_to_multi=kind == "MultiPolygon",
            )  # fmt: skip


def _with_before(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the residents with the capacity around them, and what held before the scenario where there is one."""
    homes = _plain(result.demand)
    if result.config.facilities.residents_per_capacity > 0:  # otherwise nobody knows what capacity counts
        homes = homes.assign(places_per_1000=result.measures.accessibility["places_per_1000"].to_numpy())
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
    """Turn GDAL's errors into what a failed write is everywhere else."""
    try:
        yield
    except (DataSourceError, DataLayerError) as error:
        raise OSError(str(error)) from error


def _as_layer(table: gpd.GeoDataFrame, kind: str | None) -> gpd.GeoDataFrame:
    """Return a table with columns of one type each and no empty geometry."""
    columns: dict[str, Any] = {}
    for name in table.columns.drop(table.geometry.name):
        values = table[name]
        if not len(table):
            values = pd.Series([], dtype=NUMBERS.get(name, "str"))
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

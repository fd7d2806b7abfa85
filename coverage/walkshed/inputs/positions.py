"""Where the rows of a table are: from coordinate columns or geometry to checked WGS-84 geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import CHINA_BOX, degrees_converter, distances_m, to_wgs84
from walkshed.errors import InputError
from walkshed.inputs.shapes import (
    COLLECTION,
    POINT,
    is_area,
    is_blank_shape,
    is_finite_shape,
    middle,
    repair_areas,
    simplify_types,
)
from walkshed.inputs.values import parse_degrees, split_pair, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from walkshed.inputs.rawtable import RawTable
    from walkshed.inputs.reads import Sieve

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]

COORDINATES = ("lon", "lat", "location")
FAR_M = 5000.0
"""A place further than this from the boundary is not meant: 5 km are more than an hour's walk."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What positions a layer allows.

    Attributes
    ----------
    datum
        See :func:`walkshed.coordinates.degrees_converter`.
    boundary
        The study area, EPSG:4326; None checks degrees only.
    far_m
        A row further from the boundary is refused as a mistake.
    inside_only
        Refuse whatever lies outside the boundary.
    areas
        Areas are allowed and kept; otherwise they become a point inside them.
    points
        Points are allowed.
    """

    datum: str
    boundary: gpd.GeoDataFrame | None = None
    far_m: float = FAR_M
    inside_only: bool = False
    areas: bool = False
    points: bool = True

    @cached_property
    def area(self) -> shapely.Geometry | None:
        """The study area as one geometry in EPSG:4326."""
        return None if self.boundary is None else to_wgs84(self.boundary.geometry).union_all()


def without_geometry(raw: RawTable, mapping: Mapping[str, str] | None) -> RawTable:
    """Return the table without its geometry where the user's mapping names coordinate columns, which then count."""
    named = {name for name, column in (mapping or {}).items() if column}
    return replace(raw, geometry=None) if named & set(COORDINATES) else raw


def locate(
    raw: RawTable, columns: Mapping[str, str], sieve: Sieve, rules: Rules, *, blank_allowed: BoolArray | None = None
) -> gpd.GeoSeries:
    """Return the position of every row and refuse the rows whose position cannot be.

    Parameters
    ----------
    raw
        The rows.
    columns
        Our name -> their column. Coordinate columns are used where there is no geometry.
    sieve
        Takes the refusals.
    rules
        What is allowed.
    blank_allowed : (N,) bool
        Rows that may lack a position.

    Returns
    -------
    geopandas.GeoSeries
        N valid geometries in EPSG:4326; None for a row without position.

    Raises
    ------
    InputError
        If the table has no coordinates at all, or all its rows have longitude and latitude swapped.
    CrsError
        If the datum is unknown or contradicts the file's CRS.
    """
    if raw.geometry is None and not _has_columns(columns):
        raise InputError("no_coordinates", path=raw.path.name, seen=", ".join(map(str, raw.frame.columns)))
    native = _from_columns(raw, columns, sieve) if raw.geometry is None else _from_geometry(raw.geometry, sieve, rules)
    x, y = middle(native.to_numpy())
    texts = [f"lon={text_of(a)}; lat={text_of(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    blank = is_blank_shape(native.to_numpy())
    allowed = np.zeros(len(blank), bool) if blank_allowed is None else blank_allowed
    sieve.refuse(blank & ~allowed, "no_position", texts)
    sieve.refuse(~is_finite_shape(native.to_numpy()), "infinite_coordinate", texts)
    sieve.refuse((np.abs(x) < 1e-9) & (np.abs(y) < 1e-9), "zero_position", texts)  # noqa: PLR2004 - 0.1 mm

    judged = sieve.kept & ~blank
    swapped = _swapped(x, y, raw, rules) & judged
    if swapped.any() and swapped[judged].all():
        raise _all_swapped(raw, columns, int(swapped.sum()))
    sieve.refuse(swapped, "swapped", texts)

    placed = to_wgs84(native.where(sieve.kept & ~blank, None), rules.datum)
    bounds = shapely.bounds(placed.to_numpy())
    in_range = (bounds[:, :2] >= (-180, -90)).all(axis=1) & (bounds[:, 2:] <= (180, 90)).all(axis=1)
    sieve.refuse(judged & ~in_range, "not_degrees", texts)

    shapes = repair_areas(placed.where(sieve.kept & ~blank, None).to_numpy())
    sieve.refuse(~blank & is_blank_shape(shapes), "empty_geometry", texts)
    # What is left of a collection without areas.
    sieve.refuse(~blank & ~is_area(shapes) & (shapely.get_type_id(shapes) != POINT), "wrong_geometry", texts)
    anchors = np.where(is_area(shapes), shapely.point_on_surface(shapes), shapes)
    _refuse_outside(anchors, sieve, rules)
    kept = shapes if rules.areas else anchors
    return gpd.GeoSeries(kept, crs=EXCHANGE_CRS).where(sieve.kept & ~blank, None)


def _has_columns(columns: Mapping[str, str]) -> bool:
    return {"lon", "lat"} <= set(columns) or "location" in columns


def _from_columns(raw: RawTable, columns: Mapping[str, str], sieve: Sieve) -> gpd.GeoSeries:
    if {"lon", "lat"} <= set(columns):
        cells = [raw.frame[columns["lon"]].tolist(), raw.frame[columns["lat"]].tolist()]
        texts = [
            f"{columns['lon']}={text_of(lon)}; {columns['lat']}={text_of(lat)}" for lon, lat in zip(*cells, strict=True)
        ]
    else:
        whole = raw.frame[columns["location"]].tolist()
        pairs = [split_pair(value) for value in whole]
        cells = [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]
        texts = [f"{columns['location']}={text_of(value)}" for value in whole]
    (x, x_text), (y, y_text) = parse_degrees(cells[0]), parse_degrees(cells[1])
    sieve.refuse(x_text | y_text, "text_coordinate", texts)
    sieve.refuse(np.isinf(x) | np.isinf(y), "infinite_coordinate", texts)
    sieve.refuse(np.isnan(x) ^ np.isnan(y), "half_position", texts)
    points = np.full(len(x), None, object)
    whole_rows = np.isfinite(x) & np.isfinite(y)
    points[whole_rows] = shapely.points(x[whole_rows], y[whole_rows])
    return gpd.GeoSeries(points)


def _from_geometry(geometry: gpd.GeoSeries, sieve: Sieve, rules: Rules) -> gpd.GeoSeries:
    shapes = simplify_types(geometry.to_numpy())
    types = [f"geometry={kind}" for kind in gpd.GeoSeries(shapes).geom_type]
    blank = is_blank_shape(shapes)
    kind_numbers = shapely.get_type_id(shapes)
    fits = blank | is_area(shapes) | (kind_numbers == COLLECTION) | ((kind_numbers == POINT) & rules.points)
    sieve.refuse(~fits, "wrong_geometry", types)
    return gpd.GeoSeries(shapes, crs=geometry.crs)


def _swapped(x: FloatArray, y: FloatArray, raw: RawTable, rules: Rules) -> BoolArray:
    """Say which positions only make sense with x and y exchanged, (N,) bool."""
    by_range = (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)  # noqa: PLR2004 - the range of degrees
    if rules.area is None:
        name = rules.datum.strip().lower().replace("-", "")
        if name in {"gcj02", "bd09", "cgcs2000"}:
            by_range = by_range | (_in_china(y, x) & ~_in_china(x, y))
        return by_range
    convert = degrees_converter(rules.datum, raw.crs)
    found: BoolArray = by_range.copy()
    unsure = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & ~by_range)
    far = unsure[~(distances_m(*convert(x[unsure], y[unsure]), rules.area) <= rules.far_m)]
    found[far] = distances_m(*convert(y[far], x[far]), rules.area) <= rules.far_m
    return found


def _in_china(lon: FloatArray, lat: FloatArray) -> BoolArray:
    west, south, east, north = CHINA_BOX
    inside: BoolArray = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _all_swapped(raw: RawTable, columns: Mapping[str, str], count: int) -> InputError:
    if raw.geometry is not None:
        return InputError("swapped_geometry", path=raw.path.name, count=count)
    if {"lon", "lat"} <= set(columns):
        return InputError("swapped_columns", path=raw.path.name, count=count, lon=columns["lon"], lat=columns["lat"])
    return InputError("swapped_location", path=raw.path.name, count=count, column=columns["location"])


def _refuse_outside(anchors: NDArray[np.object_], sieve: Sieve, rules: Rules) -> None:
    if rules.area is None:
        return
    lon, lat = middle(anchors)
    distance = distances_m(lon, lat, rules.area)
    placed = sieve.kept & np.isfinite(lon)
    texts = [
        f"lon={a:.6f}; lat={b:.6f}; distance_m={d:.0f}"
        for a, b, d in zip(lon.tolist(), lat.tolist(), distance.tolist(), strict=True)
    ]
    sieve.refuse(placed & (distance > rules.far_m), "far_outside", texts)
    if rules.inside_only:
        sieve.refuse(placed & (distance > 0), "outside_boundary", texts)

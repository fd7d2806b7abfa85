"""The study area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from walkshed.contracts import BOUNDARY, EXCHANGE_CRS, check_table
from walkshed.coordinates import check_extent, to_wgs84
from walkshed.errors import CrsError, InputError
from walkshed.inputs.rows import read_texts
from walkshed.inputs.shapes import is_area, is_blank_shape, middle, repair_areas, simplify_types
from walkshed.inputs.tables import find_columns, read_table

if TYPE_CHECKING:
    from pathlib import Path


def read_boundary(path: Path | str, *, datum: str = "wgs84") -> gpd.GeoDataFrame:
    """Read the area whose residents count.

    Parameters
    ----------
    path
        File with one polygon or several; see :func:`walkshed.inputs.tables.read_table`.
    datum
        See :func:`walkshed.coordinates.degrees_converter`.

    Returns
    -------
    geopandas.GeoDataFrame
        One row: ``name`` (the file's, where it has one feature; else empty) and the union of all areas, made valid, in
        EPSG:4326.

    Raises
    ------
    InputError
        If the file cannot be read, holds no area, or anything beside areas (a line or a point is most likely a mistake
        and is not left out in silence), or has latitude before longitude.
    CrsError
        If the datum does not fit the file, or the area lies where lengths cannot be measured
        (:func:`walkshed.coordinates.check_extent`).
    """
    raw = read_table(path, layer="boundary")
    if raw.geometry is None:
        raise InputError("boundary_no_geometry", path=raw.path.name, seen=", ".join(map(str, raw.frame.columns)))
    shapes = simplify_types(raw.geometry.to_numpy())
    filled = shapes[~is_blank_shape(shapes)]
    kinds = gpd.GeoSeries(filled).geom_type
    strange = sorted(set(kinds[~is_area(filled) & (kinds != "GeometryCollection").to_numpy()]))
    if strange or not len(filled):
        raise InputError("boundary_not_area", path=raw.path.name, seen=", ".join(strange) or "-")

    x, y = middle(filled)
    if (np.abs(y) > 90).all() and (np.abs(y) <= 180).all() and (np.abs(x) <= 90).all():  # noqa: PLR2004 - degrees
        raise InputError("swapped_geometry", path=raw.path.name, count=len(filled))
    placed = to_wgs84(gpd.GeoSeries(filled, crs=raw.crs), datum)
    bounds = shapely.total_bounds(placed.to_numpy())
    if not ((bounds >= (-180, -90, -180, -90)) & (bounds <= (180, 90, 180, 90))).all():
        raise CrsError("not_degrees", path=raw.path.name, count=len(filled))
    repaired = repair_areas(placed.to_numpy())
    areas = repaired[is_area(repaired) & ~is_blank_shape(repaired)]
    if not len(areas):
        raise InputError("boundary_empty", path=raw.path.name)
    names = read_texts(raw, find_columns(raw.frame, ("name",), path=raw.path.name), "name")
    name = names[0] if len(names) == 1 else ""
    boundary = gpd.GeoDataFrame({"name": [name]}, geometry=[shapely.union_all(areas)], crs=EXCHANGE_CRS)
    check_table(boundary, BOUNDARY)
    check_extent(boundary.geometry)
    return boundary

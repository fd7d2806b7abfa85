"""Geometry made valid and brought to the type a table wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]

POINT, POLYGON, MULTIPOINT, MULTIPOLYGON, COLLECTION = 0, 3, 4, 6, 7
"""Type numbers of shapely."""
FLAT_DEGREES2 = 1e-12
"""Square degrees, about 0.01 m2: what encloses no more is a line whose rounded vertices just miss each other."""


def simplify_types(shapes: Shapes) -> Shapes:
    """Return geometry in its plainest type: a MultiPoint or collection of one member as that member."""
    result = shapes.copy()
    for kind in (COLLECTION, MULTIPOINT):
        lone = (shapely.get_type_id(result) == kind) & (shapely.get_num_geometries(result) == 1)
        result[lone] = shapely.get_geometry(result[lone], 0)
    return result


def repair_areas(shapes: Shapes) -> Shapes:
    """Return areas made valid.

    Parameters
    ----------
    shapes : (N,) object
        Any geometry in degrees; finite coordinates.

    Returns
    -------
    (N,) object
        Polygon or MultiPolygon where there was an area: every ring is made valid by itself, then shells are united and
        holes taken out, so that a ring that crosses itself keeps all it encloses. A collection gives its areas. An area
        that collapses becomes empty. Other types stay as they are.
    """
    result = shapes.copy()
    kinds = shapely.get_type_id(result)
    bad = np.isin(kinds, (POLYGON, MULTIPOLYGON)) & ~shapely.is_valid(result)
    result[bad] = shapely.make_valid(result[bad], method="structure", keep_collapsed=False)
    for place in np.flatnonzero(shapely.get_type_id(result) == COLLECTION):
        parts = shapely.get_parts(result[place])
        areas = parts[np.isin(shapely.get_type_id(parts), (POLYGON, MULTIPOLYGON))]
        if len(areas):
            result[place] = shapely.union_all(repair_areas(areas))
    flat = is_area(result) & ~(shapely.area(result) > FLAT_DEGREES2)
    result[flat] = shapely.Polygon()
    return result


def is_area(shapes: Shapes) -> NDArray[np.bool_]:
    """Say which geometries are polygons or multipolygons, (N,) bool."""
    return np.isin(shapely.get_type_id(shapes), (POLYGON, MULTIPOLYGON))


def is_blank_shape(shapes: Shapes) -> NDArray[np.bool_]:
    """Say which geometries are missing or empty, (N,) bool."""
    blank: NDArray[np.bool_] = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    return blank


def is_finite_shape(shapes: Shapes) -> NDArray[np.bool_]:
    """Say which geometries have finite coordinates only, (N,) bool; blank ones have."""
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), bool)
    finite[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def middle(shapes: Shapes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of the geometries' bounds, x and y, (N,) float64; NaN for blank ones."""
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):  # of infinite coordinates; halves first, for the sum of huge ones is infinite
        return bounds[:, 0] / 2.0 + bounds[:, 2] / 2.0, bounds[:, 1] / 2.0 + bounds[:, 3] / 2.0

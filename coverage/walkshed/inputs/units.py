"""Administrative units, and which one each row of another table belongs to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.contracts import EXCHANGE_CRS, UNITS
from walkshed.coordinates import areas_m2
from walkshed.inputs.positions import Rules, locate
from walkshed.inputs.reads import Read, Sieve
from walkshed.inputs.rows import extra_columns, read_ids, read_numbers, read_texts
from walkshed.inputs.shapes import is_blank_shape
from walkshed.inputs.tables import find_columns, read_table
from walkshed.inputs.values import texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("unit_id", "name", "level", "parent_id", "population")


def read_units(path: Path | str, *, columns: Mapping[str, str] | None = None, datum: str = "wgs84") -> Read:
    """Read administrative units (towns and subdistricts 街道, communities 社区).

    Parameters
    ----------
    path
        A layer of areas, or a plain table when only names and figures are known; see
        :func:`walkshed.inputs.tables.read_table`.
    columns
        Our name -> the file's column, for what its synonyms do not find. Ours are ``unit_id``, ``name``, ``level``,
        ``parent_id`` and ``population``.
    datum
        See :func:`walkshed.coordinates.degrees_converter`.

    Returns
    -------
    Read
        ``table`` with the columns of :data:`walkshed.contracts.UNITS`, what else the file holds, and an area, or None
        for all rows of a plain table. ``population`` is NaN where unknown; ``name`` is the id where the file has none.

    Raises
    ------
    InputError
        If the file cannot be read, or no row is left.
    CrsError
        If the datum does not fit the file.
    """
    raw = read_table(path, layer="units")
    found = find_columns(raw.frame, COLUMNS, columns, layer=raw.layer, path=raw.path.name)
    ids = read_ids(raw, found.get("unit_id"))
    sieve = Sieve(raw, ids)
    names = read_texts(raw, found, "name")
    population = read_numbers(raw, found, "population", sieve)
    if raw.geometry is None:
        geometry = gpd.GeoSeries([None] * len(ids), crs=EXCHANGE_CRS)
    else:
        geometry = locate(raw, found, sieve, Rules(datum=datum, areas=True, points=False))
    data = {
        "unit_id": ids,
        "name": [name or row_id for name, row_id in zip(names, ids, strict=True)],
        "level": read_texts(raw, found, "level"),
        "parent_id": read_texts(raw, found, "parent_id"),
        "population": population,
        **extra_columns(raw, found, (*COLUMNS, "geometry")),
    }
    return sieve.finish(gpd.GeoDataFrame(data, geometry=geometry), UNITS)


def assign_units(table: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Say which unit each row belongs to.

    Parameters
    ----------
    table
        Any table, EPSG:4326; it may lack ``unit_id`` and geometry.
    units
        Units, EPSG:4326.

    Returns
    -------
    geopandas.GeoDataFrame
        Copy of ``table`` with ``unit_id``: the one it has, if it is a unit's id; the id of the one unit of that name,
        if it is a name; else the smallest unit in which the row's point (a point inside, for areas) lies, so that of a
        subdistrict and its community the community counts; else what it was, empty where there was nothing.
    """
    given = np.array(texts_of(table["unit_id"]) if "unit_id" in table else [""] * len(table), object)
    ids = units["unit_id"].tolist()
    names = units["name"].tolist()
    single = {name for name, count in Counter(names).items() if count == 1}
    by_name = {name: unit for name, unit in zip(names, ids, strict=True) if name in single}
    known = set(ids)
    result = np.array([text if text in known else by_name.get(text, text) for text in given], object)
    lost = np.array([text not in known for text in result], bool)
    inside = _unit_at(table.geometry.to_numpy()[lost], units)
    result[lost] = np.where(inside == "", result[lost], inside)
    return table.assign(unit_id=pd.Series(result, index=table.index).astype("str"))


def _unit_at(shapes: NDArray[np.object_], units: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the id of the smallest unit around a point inside each shape, empty where there is none."""
    places = np.full(len(shapes), None, object)
    filled = ~is_blank_shape(shapes)
    places[filled] = shapely.point_on_surface(shapes[filled])
    areas = units.geometry.to_numpy()
    # Largest first, so that the smallest is written last.
    order = np.argsort(-areas_m2(units.geometry), kind="stable")
    result = np.full(len(shapes), "", object)
    if len(order):
        points, hits = shapely.STRtree(areas[order]).query(places, predicate="intersects")
        rank = np.lexsort((hits, points))
        result[points[rank]] = units["unit_id"].to_numpy(object)[order[hits[rank]]]
    return result

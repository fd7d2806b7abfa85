"""Administrative units, and which one each row of another table belongs to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.contracts import EXCHANGE_CRS, UNITS
from walkshed.coordinates import areas_m2
from walkshed.inputs.population_groups import group_like, read_groups, wanted_groups
from walkshed.inputs.positions import Rules, locate
from walkshed.inputs.reads import Read, Sieve
from walkshed.inputs.rows import extra_columns, read_ids, read_numbers, read_texts
from walkshed.inputs.shapes import is_blank_shape
from walkshed.inputs.tables import find_columns, read_table
from walkshed.inputs.unit_codes import LEVELS, codes_above, mended_code, plain_code
from walkshed.inputs.unit_parents import IN_COLUMNS
from walkshed.inputs.values import texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from walkshed.inputs.rawtable import RawTable

COLUMNS = ("unit_id", "name", "level", "parent_id", "population")
LEVEL_COLUMNS: Final = {f"in_{level}": level for level in LEVELS[1:]}
"""Columns that name units of several levels in one row -> the level."""


def read_units(path: Path | str, *, columns: Mapping[str, str] | None = None, datum: str = "wgs84") -> Read:
    """Read administrative units (towns and subdistricts 街道, communities 社区).

    Parameters
    ----------
    path
        A layer of areas, or a plain table when only names and figures are known; see
        :func:`walkshed.inputs.tables.read_table`.
    columns
        Our name -> the file's column, for what its synonyms do not find. Ours are ``unit_id``, ``name``, ``level``,
        ``parent_id``, ``population``, ``population_<group>`` for any group, and ``in_city``, ``in_district``,
        ``in_town`` and ``in_community`` for columns that name units of these levels (市, 区县, 街道, 社区).
    datum
        See :func:`walkshed.coordinates.degrees_converter`.

    Returns
    -------
    Read
        ``table`` with the columns of :data:`walkshed.contracts.UNITS`, what else the file holds, and an area, or None
        for all rows of a plain table. ``population`` is NaN where unknown; ``name`` is the id where the file has none.
        Where columns name units of several levels and none is called 名称, the lowest that is filled is the row's own
        name and level; ``in_city``, ``in_district`` and ``in_town`` keep the names of the units above it.
        :func:`walkshed.inputs.unit_tree.unit_tree` makes a tree of it. Codes stay texts; rows whose code a spreadsheet
        took for a number (``5.00106E+11``) are mended where all digits are left and refused (``damaged_code``) else.

    Raises
    ------
    InputError
        If the file cannot be read, or no row is left.
    CrsError
        If the datum does not fit the file.
    """
    raw = read_table(path, layer="units")
    found = _find_columns(raw, columns)
    ids = read_ids(raw, found.get("unit_id"))
    parents = read_texts(raw, found, "parent_id")
    mended = [[mended_code(text) for text in texts] for texts in (ids, parents)]
    sieve = Sieve(raw, ids)
    for name, texts, whole in zip(("unit_id", "parent_id"), (ids, parents), mended, strict=True):
        lost = np.array([code is None for code in whole], bool)
        sieve.refuse(lost, "damaged_code", [f"{found.get(name, name)}={text}" for text in texts])
    ids, parents = ([code or "" for code in whole] for whole in mended)
    sieve.row_ids = np.array([code or text for code, text in zip(ids, sieve.row_ids, strict=True)], object)
    named = _read_names(raw, found)
    population = read_numbers(raw, found, "population", sieve)
    groups = read_groups(raw, found, sieve, population, blank=np.nan)
    if raw.geometry is None:
        geometry = gpd.GeoSeries([None] * len(ids), crs=EXCHANGE_CRS)
    else:
        geometry = locate(raw, found, sieve, Rules(datum=datum, areas=True, points=False))
    data = {
        "unit_id": ids,
        "name": [name or row_id for name, row_id in zip(named.names, ids, strict=True)],
        "level": named.levels,
        "parent_id": parents,
        "population": population,
        **groups,
        **named.above,
    }
    data |= extra_columns(raw, found, (*data, *group_like(raw), "geometry"))
    return sieve.finish(gpd.GeoDataFrame(data, geometry=geometry), UNITS)


class _Names(NamedTuple):
    """Names and levels of the rows' units, and the names of those above by column."""

    names: list[str]
    levels: list[str]
    above: dict[str, list[str]]


def _find_columns(raw: RawTable, mapping: Mapping[str, str] | None) -> dict[str, str]:
    """Find our columns, those that name units of several levels, and those of groups."""
    wanted = (*COLUMNS, "in_town_code", *LEVEL_COLUMNS, *wanted_groups(raw, mapping))
    found = find_columns(raw.frame, wanted, mapping, layer=raw.layer, path=raw.path.name)
    town_code = found.pop("in_town_code", None)
    if town_code not in (None, found.get("unit_id")):
        # A town's code is its own id in a table of towns, and the parent's in one of communities.
        found.setdefault("parent_id", str(town_code))
    others = {column for name, column in found.items() if name not in LEVEL_COLUMNS and name != "name"}
    levels = [name for name in LEVEL_COLUMNS if found.get(name) and found[name] not in others]
    own = found.get("name")
    named = own is not None and own not in {found[name] for name in levels}
    if not named and len(levels) > 1 and "name" not in (mapping or {}):
        found.pop("name", None)
    else:
        levels = [name for name in levels if found[name] != own]
    return {name: column for name, column in found.items() if name not in LEVEL_COLUMNS or name in levels}


def _read_names(raw: RawTable, found: Mapping[str, str]) -> _Names:
    names, levels = read_texts(raw, found, "name"), read_texts(raw, found, "level")
    cells = {name: read_texts(raw, found, name) for name in LEVEL_COLUMNS if name in found}
    for row, own in enumerate(names):
        filled = [name for name, texts in cells.items() if texts[row]]
        lowest = filled[-1] if filled else ""
        if lowest and own in ("", cells[lowest][row]):
            # The row stands for the unit itself: of what it names, the others lie above.
            names[row] = cells[lowest][row]
            levels[row] = levels[row] or LEVEL_COLUMNS[lowest]
            cells[lowest][row] = ""
    return _Names(names, levels, {name: texts for name, texts in cells.items() if name in IN_COLUMNS and any(texts)})


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
        if it is a name; the id of the unit whose statistical code is the longest beginning of it, if it is a code; else
        the smallest unit in which the row's point (a point inside, for areas) lies, so that of a subdistrict and its
        community the community counts; else what it was, empty where there was nothing. A row that names a unit and
        stands in one below it (``parent_id``) gets the lower one.
    """
    given = np.array(texts_of(table["unit_id"]) if "unit_id" in table else [""] * len(table), object)
    ids = units["unit_id"].tolist()
    names = units["name"].tolist()
    single = {name for name, count in Counter(names).items() if count == 1}
    known = {name: unit for name, unit in zip(names, ids, strict=True) if name in single}
    known |= {unit: unit for unit in ids}
    codes = {plain_code(unit): unit for unit in reversed(ids) if plain_code(unit)}
    result = np.array([known.get(text) or _by_code(text, codes) or text for text in given], object)
    parents = dict(zip(ids, texts_of(units["parent_id"]), strict=True)) if "parent_id" in units else {}
    nested = not set(parents.values()).isdisjoint(ids)
    standing = set(ids)
    lost = np.array([text not in standing for text in result], bool)
    asked = np.ones(len(result), bool) if nested else lost
    inside = np.full(len(result), "", object)
    inside[asked] = _unit_at(table.geometry.to_numpy()[asked], units)
    lower = np.array([_lies_below(unit, above, parents) for unit, above in zip(inside, result, strict=True)], bool)
    result = np.where((inside != "") & (lost | lower), inside, result)
    return table.assign(unit_id=pd.Series(result, index=table.index).astype("str"))


def _by_code(text: str, codes: Mapping[str, str]) -> str:
    """Return the unit whose code a code is, or else begins with, the longest; ``""`` for none."""
    code = plain_code(text)
    return next((codes[upper] for upper in (code, *codes_above(code)) if upper in codes), "") if code else ""


def _lies_below(unit: str, above: str, parents: Mapping[str, str]) -> bool:
    """Say whether a unit lies below another one, however far."""
    seen: set[str] = set()
    at = parents.get(unit, "")
    while at and at not in seen:
        if at == above:
            return True
        seen.add(at)
        at = parents.get(at, "")
    return False


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

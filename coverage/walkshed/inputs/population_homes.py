"""People of a population raster on the homes that stand in its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.contracts import DEMAND, check_table
from walkshed.coordinates import to_wgs84
from walkshed.errors import InputError, Message
from walkshed.inputs.population_groups import group_names
from walkshed.inputs.population_pixels import open_raster, pixel_overlaps, to_pixels
from walkshed.inputs.population_raster import RasterCount, read_population_raster
from walkshed.inputs.population_words import PREFIX
from walkshed.inputs.spread import home_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from walkshed.inputs.population_raster import Paths

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

LEFTOVER = ("cells", "report")


class RasterHomes(NamedTuple):
    """Homes with the people of a raster.

    Attributes
    ----------
    table
        The homes in their order with new ``population`` and ``population_<group>``, and ``estimate``: what the
        population was before. With ``leftover="cells"`` the pixels without homes stand below them as rows of kind
        ``cell``.
    unplaced
        Pixels whose people are not in ``table``, as cells with ``reason`` (key of the catalogue's section
        ``unplaced``).
    counted
        What the raster said.
    homes_outside, homes_without
        Homes beyond the area, and homes inside it whose pixels hold nobody; both have 0 residents.
    """

    table: gpd.GeoDataFrame
    unplaced: gpd.GeoDataFrame
    counted: RasterCount
    homes_outside: int
    homes_without: int

    def notes(self) -> tuple[Message, ...]:
        """Return in words what was counted and what was not."""
        notes = list(self.counted.notes())
        cells = self.table[self.table["kind"] == "cell"]
        for key, rows in (("raster_cells_kept", cells), ("raster_cells_left", self.unplaced)):
            if len(rows):
                fields = {"count": len(rows), "people": round(float(rows["population"].sum()))}
                notes.append(Message(f"notes.{key}", fields))
        if self.homes_without:
            notes.append(Message("notes.raster_homes_without", {"count": self.homes_without}))
        return tuple(notes)


def raster_onto_homes(
    path: Path | str,
    homes: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame,
    *,
    weight: str = "floor_m2",
    leftover: str = "cells",
    band: int | None = None,
    holds: str = "",
    groups: Mapping[str, Paths] | None = None,
) -> RasterHomes:
    """Spread the people of every pixel over the homes in it.

    Parameters
    ----------
    path, area, band, holds, groups
        As for :func:`walkshed.inputs.population_raster.read_population_raster`.
    homes
        Demand table, areas or points, EPSG:4326. Homes whose representative point lies outside the area get nobody:
        the people there are not of the area.
    weight
        Column of ``homes`` that people are proportional to, for example ``"floor_m2"`` or ``"population"``.
    leftover
        What becomes of pixels without homes. ``"cells"``, the default, keeps them as demand of kind ``cell``, so that
        the table holds everybody: where the map lacks buildings, as it does in many Chinese towns, these people must
        still be counted and reached. ``"report"`` puts them into ``unplaced`` only, for a raster that strews a few
        people over woods and water.

    Returns
    -------
    RasterHomes
        A home gets of each pixel ``people of the pixel x w / sum of w over the pixel's homes`` with ``w = weight x
        share of the home's area inside the pixel``, exactly. People in the table and unplaced sum to those of the area.

    Raises
    ------
    InputError
        As ``read_population_raster``; if ``homes`` lacks the weight or has a bad one; if ``leftover`` is unknown.
    CrsError
        If a raster has no CRS.
    """
    if leftover not in LEFTOVER:
        raise InputError("raster_leftover", value=leftover, known=", ".join(LEFTOVER))
    weights = home_weights(homes, weight)
    cells, counted = read_population_raster(path, area, band=band, holds=holds, groups=groups)
    whole = to_wgs84(area.geometry).union_all()
    shapely.prepare(whole)
    inside = shapely.intersects(whole, shapely.point_on_surface(homes.geometry.to_numpy()))
    chosen = np.flatnonzero(inside)
    with open_raster(path) as raster:
        overlaps = pixel_overlaps(to_pixels(homes.geometry.to_numpy()[chosen], raster))
        width = raster.width
    keys = _keys(cells, width)
    cell = _find(keys, overlaps.row * width + overlaps.column)
    within = (cell >= 0) & (overlaps.column >= 0) & (overlaps.column < width)
    home, cell = chosen[overlaps.number[within]], cell[within]
    shares = weights[home] * overlaps.fraction[within]
    sums = np.bincount(cell, weights=shares, minlength=len(cells))
    filled = sums > 0
    parts = np.where(filled[cell], shares / np.where(filled, sums, 1.0)[cell], 0.0)
    table = homes.assign(estimate=homes["population"].astype(float))
    for name in ("population", *(PREFIX + group for group in group_names(cells))):
        people = cells[name].to_numpy()[cell] * parts
        table[name] = np.bincount(home, weights=people, minlength=len(homes))
    empty = int((inside & (np.bincount(home[parts > 0], minlength=len(homes)) == 0)).sum())
    rest = cells[~filled].reset_index(drop=True)
    if leftover == "cells" and len(rest):
        table, rest = _appended(table, rest), rest.iloc[:0]
    check_table(table, DEMAND)
    unplaced = rest.assign(reason=pd.Series("no_homes_in_pixel", rest.index, dtype="str"))
    return RasterHomes(table, unplaced, counted, int((~inside).sum()), empty)


def _keys(cells: gpd.GeoDataFrame, width: int) -> LongArray:
    """Return row x width + column of every cell; they ascend, since cells are sorted by row and column."""
    places = [name.split("-")[1:] for name in cells["demand_id"]]
    return np.array([int(row) * width + int(column) for row, column in places], np.int64)


def _find(keys: LongArray, wanted: LongArray) -> LongArray:
    """Return the position of every wanted key, -1 where it is not there."""
    if len(keys) == 0:
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def _appended(homes: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return homes with cells below them; a column that only homes have is blank or NaN in the cells."""
    taken = set(homes["demand_id"])
    names = [name if name not in taken else f"pixel-{name}" for name in cells["demand_id"]]
    below = cells.drop(columns="share").assign(demand_id=pd.Series(names, cells.index, dtype="str"), estimate=0.0)
    for column in homes.columns.difference(below.columns):
        blank: object = np.nan if pd.api.types.is_float_dtype(homes[column]) else None
        if pd.api.types.is_string_dtype(homes[column]):
            blank = ""
        elif pd.api.types.is_bool_dtype(homes[column]):
            blank = False
        below[column] = blank
    joined = pd.concat([homes, below[list(homes.columns)]], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=homes.crs)

"""Heights at places from an elevation raster."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer
from pyproj.exceptions import ProjError

from walkshed.errors import CrsError, InputError
from walkshed.inputs.limits import check_file
from walkshed.inputs.rasters import open_dataset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from walkshed.network.model import FloatArray, LongArray

TILE = 1024
"""Cells of a raster are read in squares with this many on a side, and only where there are places."""

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Heights beyond these are no land on Earth but marks of missing data that the raster does not declare."""

METRES_PER_UNIT = {"ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "us-ft": 0.3048006096, "us survey foot": 0.3048006096}
"""Units of height a raster may state; everything else is metres."""


def raster_heights(path: Path, x: FloatArray, y: FloatArray, crs: str) -> FloatArray:
    """Return the heights of places by bilinear interpolation between the centres of cells.

    Parameters
    ----------
    path
        Any raster that GDAL reads; its first band holds heights, its own CRS, scale, offset and unit are respected.
    x, y : (n,) float64
        Places in ``crs``.
    crs
        Their CRS.

    Returns
    -------
    (n,) float64
        Metres. NaN outside the raster and where one of the cells around the place is without data. Within half a cell
        of the rim the cells at the rim count alone.

    Raises
    ------
    InputError
        If the file is missing or cannot be read as a raster.
    CrsError
        If the raster has no CRS.
    """
    from rasterio.errors import (  # noqa: PLC0415 - takes a while to load, and most studies have no raster
        NotGeoreferencedWarning,
        RasterioError,
    )

    check_file(path, missing="elevation_missing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told as an error below
            with open_dataset(path) as raster:
                if raster.crs is None:
                    raise CrsError("elevation_no_crs", path=path.name)
                x, y = Transformer.from_crs(crs, raster.crs.to_wkt(), always_xy=True).transform(x, y)
                return _interpolate(raster, x, y)
    except (RasterioError, ProjError) as error:
        raise InputError("elevation_unreadable", path=path.name, detail=str(error)) from error


def _interpolate(raster: Any, x: FloatArray, y: FloatArray) -> FloatArray:  # noqa: ANN401 - a dataset of rasterio, untyped
    """Return the heights at places in the raster's own CRS."""
    inverse = ~raster.transform
    nowhere = ~(np.isfinite(x) & np.isfinite(y))
    x, y = np.where(nowhere, np.nan, x), np.where(nowhere, np.nan, y)
    column = inverse.a * x + inverse.b * y + inverse.c - 0.5
    row = inverse.d * x + inverse.e * y + inverse.f - 0.5
    inside = (np.abs(column - (raster.width - 1) / 2) <= raster.width / 2) & (
        np.abs(row - (raster.height - 1) / 2) <= raster.height / 2
    )
    height = np.full(len(x), np.nan)
    places = np.flatnonzero(inside)
    column = np.clip(column[places], 0, raster.width - 1)
    row = np.clip(row[places], 0, raster.height - 1)
    for part, top, left in _by_tile(row, column):
        cells = _read_tile(raster, top, left)
        height[places[part]] = bilinear(cells, row[part] - top, column[part] - left)
    return height


def _by_tile(row: FloatArray, column: FloatArray) -> Iterator[tuple[LongArray, int, int]]:
    """Yield the places in every tile, and its first row and column."""
    tile_row, tile_column = (np.int64(TILE) * (value // TILE).astype(np.int64) for value in (row, column))
    order = np.lexsort((tile_column, tile_row))
    changes = np.flatnonzero(np.diff(tile_row[order]) | np.diff(tile_column[order])) + 1
    for part in np.split(order, changes) if len(order) else ():
        yield part, int(tile_row[part[0]]), int(tile_column[part[0]])


def _read_tile(raster: Any, top: int, left: int) -> FloatArray:  # noqa: ANN401 - as above
    """Return the heights of a tile's cells and of the first ones beyond it in metres, NaN without data."""
    rows, columns = (top, min(top + TILE + 1, raster.height)), (left, min(left + TILE + 1, raster.width))
    with np.errstate(invalid="ignore"):  # a "no data" that the cells' own type cannot hold
        cells = raster.read(1, window=(rows, columns), masked=True).astype(np.float64).filled(np.nan)
    unit = METRES_PER_UNIT.get((raster.units[0] or "").strip().lower(), 1.0)
    cells = (cells * raster.scales[0] + raster.offsets[0]) * unit
    return np.where((cells > LOWEST_M) & (cells < HIGHEST_M), cells, np.nan)


def bilinear(cells: FloatArray, row: FloatArray, column: FloatArray) -> FloatArray:
    """Interpolate between the centres of cells.

    Parameters
    ----------
    cells : (R, C) float64
        NaN without data.
    row, column : (n,) float64
        Places inside the grid of centres; 0 is the first one.

    Returns
    -------
    (n,) float64
        NaN where a cell that has a share is without data.

    Examples
    --------
    >>> bilinear(np.array([[0.0, 10.0], [20.0, np.nan]]), np.array([0.0, 0.5, 0.5]), np.array([0.5, 0.0, 0.5]))
    array([ 5., 10., nan])
    """
    top, left = row.astype(np.int64), column.astype(np.int64)
    bottom, right = np.minimum(top + 1, cells.shape[0] - 1), np.minimum(left + 1, cells.shape[1] - 1)
    down, across = row - top, column - left
    height = np.zeros(len(row))
    for r, share_r in ((top, 1 - down), (bottom, down)):
        for c, share_c in ((left, 1 - across), (right, across)):
            share = share_r * share_c
            height += np.where(share > 0, share * cells[r, c], 0.0)
    return height

"""Residents from a population raster (WorldPop, GHS-POP): as cells, or on the homes that stand in its pixels."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.contracts import DEMAND, EXCHANGE_CRS, check_table
from walkshed.coordinates import areas_m2, to_wgs84
from walkshed.errors import InputError, Message
from walkshed.inputs.population_pixels import (
    Pieces,
    Window,
    from_pixels,
    open_raster,
    pixel_pieces,
    read_pixels,
    tiles,
    to_pixels,
)
from walkshed.inputs.population_words import PREFIX
from walkshed.inputs.shapes import is_blank_shape, repair_areas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    Paths = Path | str | Sequence[Path | str]

HOLDS = ("people", "people_per_km2", "people_per_hectare")
MAX_CELLS = 2_000_000
SLIVER = 1e-9
"""A smaller share of a pixel is rounding of coordinates where the area ends on the pixel's edge."""
_PER_M2 = {"people_per_km2": 1e-6, "people_per_hectare": 1e-4}
_DENSITY_NAME = re.compile(r"(?:^|[^a-z])(?:pd|popdens|dens|density|popdensity)(?:[^a-z]|$)|density|密度")
_DENSITY_TAG = re.compile(r"densit|per\s*(?:sq|km|hectare|ha\b)|(?:/|\bp)\s*km|km-2|km\^-2|密度")
_SEEN = 1e-6
"""Shares of an area below this are rounding."""


@dataclass(frozen=True, kw_only=True)
class RasterCount:
    """What a raster said about an area.

    Attributes
    ----------
    path
        The file's name.
    pixels
        Pixels of which the area has a share; of them ``empty`` hold 0, ``nodata`` nothing, and ``negative`` a figure
        below 0, which is a mark of missing data that the raster does not declare. Neither counts anybody.
    nodata_share, outside_share
        Share of the area, by its size in the raster, where there is no data (negative figures included), and beyond
        the raster's edge.
    people
        Residents of the area.
    """

    path: str
    pixels: int
    empty: int
    nodata: int
    negative: int
    nodata_share: float
    outside_share: float
    people: float

    def notes(self) -> tuple[Message, ...]:
        """Return in words what was counted and what was not."""
        fields = {**vars(self), "people": round(self.people)}
        notes = [Message("notes.raster_people", fields)]
        if self.outside_share > _SEEN:
            notes.append(Message("notes.raster_outside", fields))
        if self.nodata or self.negative:
            notes.append(Message("notes.raster_nodata", fields))
        return tuple(notes)


class PopulationRaster(NamedTuple):
    """Residents as a raster has them.

    Attributes
    ----------
    table
        Demand table of kind ``cell``, one row for every pixel with people: ``demand_id`` (``cell-<row>-<column>``, from
        the raster's corner), ``population``, ``area_m2``, ``population_<group>``, ``share`` (of the pixel inside the
        area); the geometry is the piece of the pixel inside the area, EPSG:4326.
    counted
        What the raster said.
    """

    table: gpd.GeoDataFrame
    counted: RasterCount


def read_population_raster(
    path: Path | str,
    area: gpd.GeoDataFrame,
    *,
    band: int | None = None,
    holds: str = "",
    groups: Mapping[str, Paths] | None = None,
    max_cells: int = MAX_CELLS,
) -> PopulationRaster:
    """Read a population raster where it lies in an area.

    Parameters
    ----------
    path
        Any raster that GDAL reads, in any CRS, turned or not. Only the windows with a share in the area are read.
    area
        The study area, one or more areas, EPSG:4326.
    band
        Counted from 1; needed where there are several.
    holds
        ``"people"`` in each pixel (WorldPop ``ppp``, GHS-POP), ``"people_per_km2"`` (WorldPop ``pd``) or
        ``"people_per_hectare"``. Blank takes people, unless the file's name, unit or description speaks of density:
        then it has to be said.
    groups
        Group -> its raster or rasters on the same grid, whose people are added up (WorldPop has one for each sex and
        five years of age).
    max_cells
        More pixels than this in the area are refused.

    Returns
    -------
    PopulationRaster
        Every pixel's people x its exact share inside the area, not rounded: pieces of an area sum to the whole. People
        are taken to be spread evenly in a pixel. Pixels without anybody are left out of the table and counted.

    Raises
    ------
    InputError
        If a file is missing or no raster, its content is not clear, it lies elsewhere, it has too many pixels, or the
        rasters of groups are on another grid.
    CrsError
        If a raster has no CRS.
    """
    with ExitStack() as stack:
        raster = stack.enter_context(open_raster(path))
        band, holds = choose_band(raster, band), choose_content(raster, holds)
        parts = {name: _same_grid(stack, raster, paths) for name, paths in (groups or {}).items()}
        whole = to_pixels(np.array([to_wgs84(area.geometry).union_all()], object), raster)[0]
        window = _window(raster, whole, max_cells)
        found = [_read_tile(raster, band, parts, tile, piece) for tile, piece in tiles(whole, window)]
        cells = pd.concat(found, ignore_index=True) if found else _no_cells(parts)
        cells = cells.sort_values(["row", "column"], kind="stable", ignore_index=True)
        return _finish(raster, cells, list(parts), holds, float(shapely.area(whole)))


def choose_band(raster: Any, band: int | None) -> int:  # noqa: ANN401 - a dataset of rasterio, untyped
    """Return the band to read.

    Raises
    ------
    InputError
        If it is not clear or not there.
    """
    if (band is None and raster.count > 1) or (band is not None and not 1 <= band <= raster.count):
        names = ", ".join(text or str(number) for number, text in enumerate(raster.descriptions, start=1))
        raise InputError("raster_bands", path=Path(raster.name).name, count=raster.count, names=names)
    return band or 1


def choose_content(raster: Any, holds: str) -> str:  # noqa: ANN401 - as above
    """Return what the figures of a raster are.

    Raises
    ------
    InputError
        If ``holds`` is unknown, or is blank and the raster may hold densities.
    """
    if holds:
        if holds not in HOLDS:
            raise InputError("raster_holds", value=holds, known=", ".join(HOLDS))
        return holds
    file = Path(raster.name)
    tags = [*raster.tags().values(), *raster.tags(1).values(), *raster.descriptions, *raster.units]
    hints = [text for text in map(str, filter(None, tags)) if _DENSITY_TAG.search(text.lower())]
    if _DENSITY_NAME.search(file.stem.lower()):
        hints.append(file.stem)
    if hints:
        raise InputError("raster_density", path=file.name, hint=hints[0][:80], known=", ".join(HOLDS))
    return "people"


def _same_grid(stack: ExitStack, raster: Any, paths: Paths) -> list[Any]:  # noqa: ANN401 - as above
    opened = []
    for path in [paths] if isinstance(paths, (str, Path)) else paths:
        other = stack.enter_context(open_raster(path))
        grids = [(one.shape, one.crs) for one in (raster, other)]
        if grids[0] != grids[1] or not other.transform.almost_equals(raster.transform, precision=1e-9):
            raise InputError("raster_other_grid", path=Path(other.name).name, other=Path(raster.name).name)
        opened.append(other)
    return opened


def _window(raster: Any, whole: shapely.Geometry, max_cells: int) -> Window:  # noqa: ANN401 - as above
    """Return the pixels in the bounds of an area."""
    left, top, right, bottom = shapely.bounds(whole)
    window = Window(
        max(int(np.floor(left)), 0),
        max(int(np.floor(top)), 0),
        min(int(np.ceil(right)), raster.width),
        min(int(np.ceil(bottom)), raster.height),
    )
    if window.width <= 0 or window.height <= 0:
        raise InputError("raster_elsewhere", path=Path(raster.name).name)
    pixels = float(shapely.area(whole))
    if pixels > max_cells:
        raise InputError("raster_too_fine", path=Path(raster.name).name, pixels=round(pixels), limit=max_cells)
    return window


def _read_tile(
    raster: Any,  # noqa: ANN401 - as above
    band: int,
    parts: Mapping[str, Sequence[Any]],
    tile: Window,
    area: shapely.Geometry,
) -> pd.DataFrame:
    pieces = pixel_pieces(area, tile)
    some = pieces.share > SLIVER
    pieces = Pieces(pieces.column[some], pieces.row[some], pieces.share[some], pieces.shape[some])
    here = pieces.row - tile.top, pieces.column - tile.left
    cells = {
        "row": pieces.row,
        "column": pieces.column,
        "share": pieces.share,
        "shape": pieces.shape,
        "value": read_pixels(raster, band, tile)[here],
    }
    for name, rasters in parts.items():
        figures = [read_pixels(one, 1, tile)[here] for one in rasters]
        cells[PREFIX + name] = np.sum([np.where(figure > 0, figure, 0.0) for figure in figures], axis=0)
    return pd.DataFrame(cells)


def _no_cells(parts: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    numbers = dict.fromkeys(("share", "value", *(PREFIX + name for name in parts)), np.empty(0))
    whole = dict.fromkeys(("row", "column"), np.empty(0, np.int64))
    return pd.DataFrame({**whole, **numbers, "shape": np.empty(0, object)})


def _finish(
    raster: Any,  # noqa: ANN401 - as above
    cells: pd.DataFrame,
    groups: list[str],
    holds: str,
    size: float,
) -> PopulationRaster:
    value, share = cells["value"].to_numpy(), cells["share"].to_numpy()
    nodata, negative = np.isnan(value), value < 0
    columns = {"population": "value", **{PREFIX + group: PREFIX + group for group in groups}}
    lived_in = np.zeros(len(cells), bool)
    for column in columns.values():
        lived_in |= (cells[column] > 0).to_numpy()
    kept = cells[lived_in].reset_index(drop=True)
    geometry = gpd.GeoSeries(_outlines(raster, kept), crs=EXCHANGE_CRS)
    area_m2 = areas_m2(geometry) if len(kept) else np.empty(0)
    amount = kept["share"].to_numpy() if holds == "people" else area_m2 * _PER_M2[holds]
    names = [f"cell-{row}-{column}" for row, column in zip(kept["row"], kept["column"], strict=True)]
    people = {ours: np.where(kept[given] > 0, kept[given], 0.0) * amount for ours, given in columns.items()}
    blank = pd.Series("", kept.index, dtype="str")
    data = {
        "demand_id": pd.Series(names, kept.index, dtype="str"),
        "kind": pd.Series("cell", kept.index, dtype="str"),
        "name": blank,
        "population": people.pop("population"),
        "area_m2": area_m2,
        "unit_id": blank,
        **people,
        "share": kept["share"],
    }
    table = gpd.GeoDataFrame(data, geometry=geometry)
    check_table(table, DEMAND)
    count = RasterCount(
        path=Path(raster.name).name,
        pixels=len(cells),
        empty=int((value == 0).sum()),
        nodata=int(nodata.sum()),
        negative=int(negative.sum()),
        nodata_share=float(share[nodata | negative].sum()) / size if size else 0.0,
        outside_share=max(1.0 - float(share.sum()) / size, 0.0) if size else 1.0,
        people=float(table["population"].sum()),
    )
    return PopulationRaster(table, count)


def _outlines(raster: Any, cells: pd.DataFrame) -> NDArray[np.object_]:  # noqa: ANN401 - as above
    """Return the pieces of pixels in EPSG:4326; a sliver too thin to be an area becomes a point in it."""
    shapes = cells["shape"].to_numpy(object).copy()
    whole = np.array([shape is None for shape in shapes], bool)
    column, row = cells["column"].to_numpy(), cells["row"].to_numpy()
    shapes[whole] = shapely.box(column[whole], row[whole], column[whole] + 1, row[whole] + 1)
    outlines = repair_areas(from_pixels(shapes, raster))
    thin = is_blank_shape(outlines)
    outlines[thin] = from_pixels(shapely.point_on_surface(shapes[thin]), raster)
    return outlines

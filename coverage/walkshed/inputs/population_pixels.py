"""Pixels of a raster: reading them in windows, and their exact shares in areas.

Everything is done in the raster's own pixel coordinates (column, row), in which every pixel is a unit square however
the raster is turned, flipped or projected; a share of a pixel is the area of an intersection there.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import CrsError, InputError
from walkshed.inputs.limits import check_file
from walkshed.inputs.rasters import open_dataset
from walkshed.inputs.shapes import is_area

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    Shapes = NDArray[np.object_]

TILE = 512
"""Pixels are read in windows of at most this many on a side, and only where the area is."""
LEAF = 16
"""Below this many pixels on a side the parts of an area are cut into pixels at once."""
STEP_DEGREES = 0.001
"""Edges longer than 100 m get more vertices before they are projected: they then stay within a millimetre of the line
that is straight in degrees."""


class Window(NamedTuple):
    """A rectangle of pixels: first column and row, and the ones after the last."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    def halves(self) -> tuple[Window, Window]:
        """Return both halves along the longer side."""
        if self.width >= self.height:
            middle = (self.left + self.right) // 2
            return self._replace(right=middle), self._replace(left=middle)
        middle = (self.top + self.bottom) // 2
        return self._replace(bottom=middle), self._replace(top=middle)


class Pieces(NamedTuple):
    """What of each pixel lies in an area.

    Attributes
    ----------
    column, row : (n,) int64
        Pixels of which the area has a share.
    share : (n,) float64
        In (0, 1].
    shape : (n,) object
        The piece in pixel coordinates; None for a whole pixel.
    """

    column: LongArray
    row: LongArray
    share: FloatArray
    shape: Shapes


class Overlaps(NamedTuple):
    """Pairs of a geometry and a pixel that it overlaps.

    Attributes
    ----------
    number, column, row : (p,) int64
        Position of the geometry, and the pixel.
    fraction : (p,) float64
        Share of the geometry that lies in the pixel; they sum to 1 for a geometry inside the raster.
    """

    number: LongArray
    column: LongArray
    row: LongArray
    fraction: FloatArray


@contextmanager
def open_raster(path: Path | str) -> Iterator[Any]:
    """Open a raster with rasterio.

    Raises
    ------
    InputError
        If the file is missing or no raster.
    CrsError
        If it has no CRS.
    """
    from rasterio.errors import (  # noqa: PLC0415 - takes a while to load, and most studies have no raster
        NotGeoreferencedWarning,
        RasterioError,
    )

    file = Path(path)
    check_file(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # told as an error below
            raster = open_dataset(file)
        with raster:
            if raster.crs is None:
                raise CrsError("raster_no_crs", path=file.name)
            yield raster
    except RasterioError as error:
        raise InputError("raster_unreadable", path=file.name, detail=str(error)) from error


def to_pixels(shapes: Shapes, raster: Any) -> Shapes:  # noqa: ANN401 - a dataset of rasterio, untyped
    """Bring geometry from EPSG:4326 to pixel coordinates.

    Parameters
    ----------
    shapes : (n,) object
        EPSG:4326.
    raster
        From :func:`open_raster`.

    Raises
    ------
    InputError
        If a place has no coordinates in the raster's CRS.
    """
    crs = CRS.from_user_input(raster.crs.to_wkt())
    try:
        project = Transformer.from_crs(EXCHANGE_CRS, crs, always_xy=True).transform
    except ProjError as error:
        raise InputError("raster_elsewhere", path=Path(raster.name).name) from error
    inverse = ~raster.transform

    def convert(xy: FloatArray) -> FloatArray:
        x, y = project(xy[:, 0], xy[:, 1])
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise InputError("raster_elsewhere", path=Path(raster.name).name)
        return np.column_stack([inverse.a * x + inverse.b * y + inverse.c, inverse.d * x + inverse.e * y + inverse.f])

    fine = shapes if crs.is_geographic else shapely.segmentize(shapes, STEP_DEGREES)
    moved: Shapes = shapely.transform(shapely.force_2d(fine), convert)
    broken = is_area(moved) & ~shapely.is_valid(moved)
    moved[broken] = shapely.make_valid(moved[broken])
    return moved


def from_pixels(shapes: Shapes, raster: Any) -> Shapes:  # noqa: ANN401 - as above
    """Bring geometry from pixel coordinates to EPSG:4326."""
    crs = CRS.from_user_input(raster.crs.to_wkt())
    project = Transformer.from_crs(crs, EXCHANGE_CRS, always_xy=True).transform
    forward = raster.transform

    def convert(xy: FloatArray) -> FloatArray:
        column, row = xy[:, 0], xy[:, 1]
        x = forward.a * column + forward.b * row + forward.c
        y = forward.d * column + forward.e * row + forward.f
        return np.column_stack(project(x, y))

    moved: Shapes = shapely.transform(shapes, convert)
    return moved


def read_pixels(raster: Any, band: int, window: Window) -> FloatArray:  # noqa: ANN401 - as above
    """Return the values of a window, (height, width) float64; NaN where the raster declares no data or has none."""
    bounds = ((window.top, window.bottom), (window.left, window.right))
    with np.errstate(invalid="ignore"):  # a "no data" that the cells' own type cannot hold
        values = raster.read(band, window=bounds, masked=True).astype(np.float64).filled(np.nan)
    values = values * raster.scales[band - 1] + raster.offsets[band - 1]
    read: FloatArray = np.where(np.isfinite(values), values, np.nan)
    return read


def tiles(area: shapely.Geometry, window: Window, side: int = TILE) -> Iterator[tuple[Window, shapely.Geometry]]:
    """Yield windows of at most ``side`` pixels each way with the part of the area inside, where there is any.

    Parameters
    ----------
    area
        Pixel coordinates.
    window
        Where to look.
    side
        Pixels.
    """
    waiting = [(window, area)]
    while waiting:
        here, part = waiting.pop()
        inside = shapely.intersection(part, shapely.box(*here))
        if not shapely.area(inside) > 0:
            continue
        if max(here.width, here.height) <= side:
            yield here, inside
        else:
            waiting += [(half, inside) for half in reversed(here.halves())]


def pixel_pieces(area: shapely.Geometry, window: Window) -> Pieces:
    """Return the pixels of a window of which an area has a share.

    The window is halved until a part is wholly inside or small, so that an outline of many vertices is never cut as a
    whole: an area of a quarter million pixels with 20,000 vertices takes a third of a second.

    Parameters
    ----------
    area
        Pixel coordinates.
    window
        Pixels to look at.
    """
    found: list[Pieces] = []
    waiting = [(window, area)]
    while waiting:
        here, part = waiting.pop()
        inside = shapely.intersection(part, shapely.box(*here))
        size = shapely.area(inside)
        whole = size == here.width * here.height
        if not size > 0:
            continue
        if not whole and max(here.width, here.height) > LEAF:
            waiting += [(half, inside) for half in here.halves()]
            continue
        row, column = (axis.ravel() for axis in np.mgrid[here.top : here.bottom, here.left : here.right])
        if whole:
            shape, share = np.full(len(row), None, object), np.ones(len(row))
        else:
            shape = shapely.intersection(inside, shapely.box(column, row, column + 1, row + 1))
            share = shapely.area(shape)
            shape[share == 1.0] = None
        some = share > 0
        found.append(Pieces(column[some], row[some], share[some], shape[some]))
    if not found:
        return Pieces(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, object))
    column = np.concatenate([pieces.column for pieces in found])
    row = np.concatenate([pieces.row for pieces in found])
    share = np.concatenate([pieces.share for pieces in found])
    shape = np.concatenate([pieces.shape for pieces in found])
    order = np.lexsort((column, row))
    return Pieces(column[order], row[order], share[order], shape[order])


def pixel_overlaps(shapes: Shapes) -> Overlaps:
    """Return which pixels each of many small geometries overlaps, and with which share of itself.

    Parameters
    ----------
    shapes : (n,) object
        Points and areas in pixel coordinates, none of them missing.
    """
    bounds = shapely.bounds(shapes)
    first = np.floor(bounds[:, :2]).astype(np.int64)
    # A geometry that ends on the edge of a pixel does not reach the next one; a point lies in one pixel only.
    last = np.maximum(np.ceil(bounds[:, 2:]).astype(np.int64) - 1, first)
    wide, high = (last - first + 1).T
    count = wide * high
    number = np.repeat(np.arange(len(shapes)), count)
    step = np.arange(len(number)) - np.repeat(np.cumsum(count) - count, count)
    column = first[number, 0] + step % wide[number]
    row = first[number, 1] + step // wide[number]
    fraction = np.ones(len(number))
    cut = np.flatnonzero((count > 1)[number])
    boxes = shapely.box(column[cut], row[cut], column[cut] + 1, row[cut] + 1)
    parts = shapely.area(shapely.intersection(shapes[number[cut]], boxes))
    whole = np.bincount(number[cut], weights=parts, minlength=len(shapes))
    fraction[cut] = parts / np.where(whole > 0, whole, 1.0)[number[cut]]
    some = fraction > 0
    return Overlaps(number[some], column[some], row[some], fraction[some])

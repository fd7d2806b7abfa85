"""Too many homes to draw each: the squares of a grid that they lie in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import shapely

from walkshed.contracts import EXCHANGE_CRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

MAX_HOMES: Final = 50_000
MAX_BLOCKS: Final = 20_000
SIDES_M: Final = (50.0, 100.0, 200.0, 300.0, 500.0, 1_000.0, 2_000.0, 5_000.0)
MARGIN: Final = 0.04
"""Of a square's side that stays free around it, so that streets show."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Squares with homes in them.

    Attributes
    ----------
    geometry
        EPSG:4326, one square each.
    block : (homes,) int64
        Square of every home.
    side_m
        Of a square, metres.
    """

    geometry: gpd.GeoSeries
    block: LongArray
    side_m: float

    def add_up(self, amounts: FloatArray) -> FloatArray:
        """Return the sum over the homes of every square."""
        weights = np.nan_to_num(amounts)
        total: FloatArray = np.bincount(self.block, weights=weights, minlength=len(self.geometry)).astype(np.float64)
        return total

    def most(self, classes: NDArray[np.integer], people: FloatArray) -> LongArray:
        """Return the class of most residents of every square; of homes, where nobody lives; of equals the smaller."""
        known = np.unique(classes)
        weight = np.nan_to_num(people) + np.where(self.add_up(people)[self.block] > 0, 0.0, 1.0)
        sums = np.stack([self.add_up(np.where(classes == code, weight, 0.0)) for code in known])
        found: LongArray = known[np.argmax(sums, axis=0)].astype(np.int64)
        return found


def blocks_of(homes: gpd.GeoSeries, crs: str, *, most: int = MAX_HOMES) -> Blocks | None:
    """Return the squares that homes are drawn as; ``None`` where each can be drawn itself.

    Parameters
    ----------
    homes
        Any geometry, EPSG:4326.
    crs
        Metre CRS of the grid.
    most
        So many homes are drawn themselves.
    """
    if len(homes) <= most:
        return None
    points = homes.to_crs(crs).centroid
    xy = np.column_stack([points.x, points.y])
    for side in SIDES_M:
        cells, block = np.unique(np.floor(xy / side).astype(np.int64), axis=0, return_inverse=True)
        if len(cells) <= MAX_BLOCKS:
            break
    west, south = (cells * side + MARGIN * side).T
    inner = (1 - 2 * MARGIN) * side
    squares = gpd.GeoSeries(shapely.box(west, south, west + inner, south + inner), crs=crs).to_crs(EXCHANGE_CRS)
    return Blocks(geometry=squares, block=block.reshape(-1).astype(np.int64), side_m=side)

"""Grids handed in as the centres of their cells, made into areas again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import KDTree

from walkshed.contracts import DEMAND, EXCHANGE_CRS, check_table
from walkshed.coordinates import areas_m2, metric_crs
from walkshed.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

NEIGHBOURS = 8
"""As many as a square cell has, corners included; a hexagon has six."""
COMPLETE = 6
"""With so many neighbours a hexagon has them all."""
REACH = 1.6
"""Neighbours of a square lie up to 1.42 spacings away, the next ring begins at 1.73 (hexagons) and 2 (squares)."""
SAME = 0.4
"""Two centres nearer than this many spacings stand for the same cell."""


def cells_from_centres(demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Turn the centres of a grid's cells into the cells.

    Parameters
    ----------
    demand
        Demand table of points that are the centres of equal squares or hexagons, holes and ragged rims allowed,
        EPSG:4326: a grid of mobile-phone residents, H3 cells by their centres.

    Returns
    -------
    geopandas.GeoDataFrame
        Same rows and residents, ``kind`` ``cell``, geometry the part of the plane that is nearest to the centre
        (Voronoi), ``area_m2`` its size. Where a centre lacks neighbours, at the rim and around holes, they are put in
        as they stand around the nearest centre that has them all, so that these cells are as large as the others.

    Raises
    ------
    InputError
        If a row is no point, there are fewer than three or all in one line, or two rows have the same centre.
    """
    points = demand.geometry
    if len(demand) < 3 or not (points.geom_type == "Point").all():  # noqa: PLR2004 - the fewest that span a plane
        raise InputError("cells_no_centres", count=len(demand))
    metres = points.to_crs(metric_crs(points))
    place = np.column_stack([metres.x, metres.y])
    tree = KDTree(place)
    distance, near = map(np.asarray, tree.query(place, k=min(NEIGHBOURS, len(place) - 1) + 1))
    spacing = float(np.median(distance[:, 1]))
    twin = distance[:, 1] < SAME * spacing
    if twin.any() or not spacing > 0:
        raise InputError(
            "cells_same_centre", row_id=demand["demand_id"].iloc[int(np.argmax(twin))], count=int(twin.sum())
        )
    own = np.repeat(np.arange(len(place)), distance.shape[1])
    close = (distance.ravel() > 0) & (distance.ravel() < REACH * spacing)
    ghosts = _missing_neighbours(place, own[close], near.ravel()[close])
    ghosts = ghosts[np.asarray(tree.query(ghosts)[0]) > SAME * spacing]
    sites = np.concatenate([place, _thinned(ghosts, SAME * spacing)])
    if np.linalg.matrix_rank(sites - sites[0], tol=spacing) < 2:  # noqa: PLR2004 - a plane
        raise InputError("cells_no_centres", count=len(demand))
    regions = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), ordered=True))[: len(place)]
    geometry = gpd.GeoSeries(regions, index=demand.index, crs=metres.crs).to_crs(EXCHANGE_CRS)
    cells = demand.set_geometry(geometry).assign(kind="cell", area_m2=areas_m2(geometry))
    check_table(cells, DEMAND)
    return cells


def _missing_neighbours(place: FloatArray, own: LongArray, other: LongArray) -> FloatArray:
    """Return where centres with too few neighbours should have some, (g, 2) float64.

    ``own`` and ``other`` are the pairs of neighbours.
    """
    count = np.bincount(own, minlength=len(place))
    full = np.flatnonzero(count == count.max())
    lacking = np.flatnonzero(count < count.max()) if count.max() >= COMPLETE else np.arange(len(place))
    donor = full[np.asarray(KDTree(place[full]).query(place[lacking])[1], np.int64)]
    steps = [
        np.concatenate([around, -around])
        for around in (place[other[own == one]] - place[one] for one in np.unique(donor))
    ]
    numbers = np.searchsorted(np.unique(donor), donor)
    return np.concatenate(
        [np.empty((0, 2)), *(place[point] + steps[number] for point, number in zip(lacking, numbers, strict=True))]
    )


def _thinned(points: FloatArray, apart: float) -> FloatArray:
    """Return the points without those nearer than ``apart`` to an earlier one."""
    if len(points) == 0:
        return points
    later = {late for _, late in KDTree(points).query_pairs(apart)}
    return points[[number for number in range(len(points)) if number not in later]]

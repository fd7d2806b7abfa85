"""Tie points to the walking network: a position on a street and a straight leg between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from pyproj import Transformer

from walkshed.errors import CrsError, InputError
from walkshed.network.snap_grid import SegmentGrid, nearest_edges, segment_grid

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork

SNAP_COLUMNS = ("edge", "fraction", "access_m", "component", "snapped", "why", "moved")
"""What :func:`snap` adds to a table."""

_grids: WeakKeyDictionary[WalkNetwork, SegmentGrid] = WeakKeyDictionary()


def snap(
    points: gpd.GeoDataFrame, network: WalkNetwork, *, max_m: float, fragment_max_m: float = 500.0
) -> gpd.GeoDataFrame:
    """Tie every row of a table to the nearest position on a street.

    A row is tied to the nearest position on any street that is open in at least one direction, exactly, not to the
    nearest node. Of streets equally near the one with the smallest edge number is taken. Where that street belongs to a
    fragment (a component shorter than ``fragment_max_m`` and not the main one), usually an error of the data, the row
    moves to the nearest street that does not, if there is one within ``max_m``; otherwise it stays on the fragment.
    Areas are tied at a representative point inside them.

    Parameters
    ----------
    points
        Any table with geometry and CRS; missing geometry is allowed. Not changed.
    network
        Streets.
    max_m
        Longest leg between point and street, metres.
    fragment_max_m
        Components with fewer metres of street are fragments; 0 turns moving off.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows in the same order with these columns added or replaced: ``edge`` (int64, -1 none), ``fraction``
        (0..1 along the edge from ``u``, by length of its geometry; NaN none), ``access_m`` (length of the leg in
        metres; NaN none), ``component`` (int64, -1 none), ``snapped``, ``why`` (``""``, ``"no_position"`` or
        ``"far_from_street"``: keys of the catalogue's ``reasons``) and ``moved`` (moved off a fragment).

    Raises
    ------
    CrsError
        If the table has no CRS.
    InputError
        If a limit is no number of metres.
    """
    if not max_m > 0:
        raise InputError("snap_limit", name="max_m", value=max_m)
    if not fragment_max_m >= 0:
        raise InputError("snap_limit", name="fragment_max_m", value=fragment_max_m)
    x, y = metric_positions(points, network)
    placed = ~np.isnan(x)
    near = np.isfinite(x) & np.isfinite(y)  # a place that the projection cannot show is far from every street

    edge = np.full(len(points), -1, np.int64)
    fraction, access = np.full(len(points), np.nan), np.full(len(points), np.nan)
    every = np.ones(len(network.u), bool)
    edge[near], fraction[near], access[near] = nearest_edges(
        _grid(network), x[near], y[near], max_m=max_m, allowed=every
    )
    moved = _move_off_fragments(network, x, y, edge, fraction, access, max_m=max_m, fragment_max_m=fragment_max_m)
    snapped = edge >= 0
    component = np.full(len(points), -1, np.int64)
    component[snapped] = network.component[network.u[edge[snapped]]]
    why = np.where(snapped, "", np.where(placed, "far_from_street", "no_position")).astype(object)
    return points.assign(
        edge=edge, fraction=fraction, access_m=access, component=component, snapped=snapped, why=why, moved=moved
    )


def _move_off_fragments(
    network: WalkNetwork,
    x: FloatArray,
    y: FloatArray,
    edge: LongArray,
    fraction: FloatArray,
    access: FloatArray,
    *,
    max_m: float,
    fragment_max_m: float,
) -> BoolArray:
    """Tie rows on fragments to the nearest other street, in place; return which rows moved."""
    component = network.component
    fragment = network.component_length_m < fragment_max_m
    fragment[0] = False
    on_fragment = fragment[component[network.u]]
    moved = np.zeros(len(edge), bool)
    rows = np.flatnonzero((edge >= 0) & on_fragment[edge])
    if len(rows):
        better = nearest_edges(_grid(network), x[rows], y[rows], max_m=max_m, allowed=~on_fragment)
        found = better[0] >= 0
        rows = rows[found]
        edge[rows], fraction[rows], access[rows] = (column[found] for column in better)
        moved[rows] = True
    return moved


def _grid(network: WalkNetwork) -> SegmentGrid:
    grid = _grids.get(network)
    if grid is None:
        grid = _grids[network] = segment_grid(network)
    return grid


def metric_positions(table: gpd.GeoDataFrame, network: WalkNetwork) -> tuple[FloatArray, FloatArray]:
    """Return where the rows of a table stand in the network's CRS.

    Parameters
    ----------
    table
        Points, or areas that are represented by a point inside them; missing geometry is allowed.
    network
        Gives the CRS.

    Returns
    -------
    x, y : (n,) float64
        Metres; NaN without position, ``inf`` where the projection has no place for it.

    Raises
    ------
    CrsError
        If the table has no CRS.
    """
    if table.crs is None:
        raise CrsError("snap_no_crs", rows=len(table))
    shapes = np.array(table.geometry.array, dtype=object)
    shapes[shapely.is_empty(shapes)] = None
    area = shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    shapes[area] = shapely.point_on_surface(shapes[area])
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    placed = ~(np.isnan(x) | np.isnan(y))
    projection = Transformer.from_crs(table.crs, network.crs, always_xy=True)
    x[placed], y[placed] = projection.transform(x[placed], y[placed])
    x[~placed] = y[~placed] = np.nan
    return x, y


def position_on_edge(network: WalkNetwork, edge: LongArray, fraction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the coordinates of positions on edges.

    Parameters
    ----------
    network
        Streets.
    edge : (n,) int
        Existing edges.
    fraction : (n,) float64
        0..1 along the edge's geometry from ``u``.

    Returns
    -------
    x, y : (n,) float64
        Metres in ``network.crs``.
    """
    places = shapely.line_interpolate_point(network.edge_lines[edge], fraction, normalized=True)
    return shapely.get_x(places), shapely.get_y(places)

"""Tie points to the walking network: a position on a street and a straight leg between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from walkshed.errors import CrsError, InputError
from walkshed.network.entrances import ENTRANCES, Stops, nearest_stops, other_sides, owner_rows, pack
from walkshed.network.snap_grid import SegmentGrid, nearest_edges, segment_grid
from walkshed.progress import beat

if TYPE_CHECKING:
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork
    from walkshed.network.traits import ByteArray

SNAP_COLUMNS = ("edge", "fraction", "access_m", "component", "snapped", "why", "moved")
"""What :func:`snap` adds to a table."""
REASONS = ("", "no_position", "far_from_street", "entrances_far")
"""What ``why`` may say."""

_grids: WeakKeyDictionary[WalkNetwork, SegmentGrid] = WeakKeyDictionary()


class _Limits(NamedTuple):
    max_m: float
    fragment_max_m: float


class _Ties(NamedTuple):
    """What was found for n positions; ``edge`` -1 nothing."""

    edge: LongArray
    fraction: FloatArray
    access_m: FloatArray
    component: LongArray
    moved: BoolArray


def snap(
    points: gpd.GeoDataFrame,
    network: WalkNetwork,
    *,
    max_m: float,
    fragment_max_m: float = 500.0,
    entrances: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Tie every row of a table to the nearest position on a street.

    A row is tied to the nearest position on any street that is open in at least one direction, exactly, not to the
    nearest node. Of streets equally near the one with the smallest edge number is taken. Where that street belongs to a
    fragment (a component shorter than ``fragment_max_m`` and not the main one), usually an error of the data, the row
    moves to the nearest street that does not, if there is one within ``max_m``; otherwise it stays on the fragment.
    Areas are tied at a representative point inside them. Streets below the ground are passed over, for no door opens
    into a tunnel; only where there is no other within ``max_m`` they are taken.

    A row with entrances is tied by them instead, each by itself in the same way: one enters it by any of them and by no
    other way. Where an entrance is tied to a gate that the network keeps shut, it is tied on both sides of it, under
    the same name twice: who lives there has the key.

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
    entrances
        Table with ``demand_id``, ``facility_id`` or ``candidate_id``, whose entrance it is; optionally ``name``; and a
        point. Entrances of owners that are not in ``points`` are left alone. See
        :func:`walkshed.inputs.entrances.read_entrances`.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows in the same order with these columns added or replaced: ``edge`` (int64, -1 none), ``fraction``
        (0..1 along the edge from ``u``, by length of its geometry; NaN none), ``access_m`` (length of the leg in
        metres; NaN none), ``component`` (int64, -1 none), ``snapped``, ``why`` (``""``, ``"no_position"``,
        ``"far_from_street"`` or ``"entrances_far"``: keys of the catalogue's ``reasons``) and ``moved`` (moved off a
        fragment). With ``entrances`` also ``entrances``: for every row a tuple of
        :class:`~walkshed.network.entrances.Entrance`, those that found a street, in the order given, ``()`` for rows
        without. The other columns are then those of the row's entrance with the shortest leg (of equal ones the first).

    Raises
    ------
    CrsError
        If a table has no CRS.
    InputError
        If a limit is no number of metres, or the entrances do not say whose they are.
    """
    if not max_m > 0:
        raise InputError("snap_limit", name="max_m", value=max_m)
    if not fragment_max_m >= 0:
        raise InputError("snap_limit", name="fragment_max_m", value=fragment_max_m)
    limits = _Limits(max_m, fragment_max_m)
    beat()
    x, y = metric_positions(points, network)
    ties = _tie_positions(network, x, y, limits)
    why = _why(ties.edge, x)
    plain = points.drop(columns=ENTRANCES) if ENTRANCES in points.columns else points
    if entrances is None:
        return _with_ties(plain, ties, why)

    stops, names, by_entrance = _tie_entrances(plain, network, entrances, limits)
    owning = np.zeros(len(points), bool)
    owning[stops.row] = True
    why[owning] = REASONS.index("entrances_far")
    for column, none in zip(ties, (-1, np.nan, np.nan, -1, False), strict=True):
        column[owning] = none
    best = nearest_stops(stops)
    row = stops.row[best]
    why[row] = 0
    for column, found in zip(ties, by_entrance, strict=True):
        column[row] = found[best]
    tied = np.flatnonzero(stops.edge >= 0)
    cells = pack(Stops._make(column[tied] for column in stops), names[tied], len(points))
    return _with_ties(plain, ties, why).assign(**{ENTRANCES: cells})


def dropped_entrances(
    points: gpd.GeoDataFrame,
    network: WalkNetwork,
    *,
    max_m: float,
    fragment_max_m: float = 500.0,
    entrances: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """List the entrances that :func:`snap` ties to no street.

    Parameters
    ----------
    points, network, max_m, fragment_max_m, entrances
        As for :func:`snap`.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows of ``entrances`` in their order, with ``why``: ``"no_position"`` or ``"far_from_street"``.

    Raises
    ------
    CrsError, InputError
        As for :func:`snap`.
    """
    owned = owner_rows(points, entrances) >= 0
    tied = snap(entrances, network, max_m=max_m, fragment_max_m=fragment_max_m)
    return entrances.assign(why=tied["why"])[owned & ~tied["snapped"].to_numpy()]


def _tie_entrances(
    points: gpd.GeoDataFrame, network: WalkNetwork, entrances: gpd.GeoDataFrame, limits: _Limits
) -> tuple[Stops, NDArray[Any], _Ties]:
    """Return the entrances of ``points`` as stops by row, then in the order given, their names and ties."""
    owner = owner_rows(points, entrances)
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    x, y = metric_positions(entrances, network)
    x, y = x[order], y[order]
    ties = _tie_positions(network, x, y, limits)
    which, edge, fraction = other_sides(network, ties.edge, ties.fraction)
    component = network.component[network.u[edge]].astype(np.int64)
    others = _Ties(edge, fraction, ties.access_m[which], component, np.zeros(len(which), bool))
    order = np.concatenate([order, order[which]])
    x, y = np.concatenate([x, x[which]]), np.concatenate([y, y[which]])
    ties = _Ties._make(np.concatenate(pair) for pair in zip(ties, others, strict=True))

    sort = np.lexsort((order, owner[order]))  # stable: the sides of a gate stay together
    order, x, y = order[sort], x[sort], y[sort]
    ties = _Ties._make(column[sort] for column in ties)
    row = owner[order]
    number = np.arange(len(row)) - np.searchsorted(row, row)
    names = entrances["name"].fillna("").astype(str) if "name" in entrances.columns else [""] * len(entrances)
    stops = Stops(row, number, ties.edge, ties.fraction, ties.access_m, ties.component, x, y)
    return stops, np.array(names, dtype=object)[order], ties


def _with_ties(points: gpd.GeoDataFrame, ties: _Ties, why: ByteArray) -> gpd.GeoDataFrame:
    return points.assign(
        edge=ties.edge,
        fraction=ties.fraction,
        access_m=ties.access_m,
        component=ties.component,
        snapped=ties.edge >= 0,
        why=pd.Index(REASONS).take(why).array,  # rather than telling texts from other objects, one by one
        moved=ties.moved,
    )


def _why(edge: LongArray, x: FloatArray) -> ByteArray:
    """Return, as positions in :data:`REASONS`, why places are not tied."""
    return np.where(edge >= 0, 0, np.where(np.isnan(x), 1, 2)).astype(np.int8)


def _tie_positions(network: WalkNetwork, x: FloatArray, y: FloatArray, limits: _Limits) -> _Ties:
    near = np.isfinite(x) & np.isfinite(y)  # a place that the projection cannot show is far from every street
    edge = np.full(len(x), -1, np.int64)
    fraction, access = np.full(len(x), np.nan), np.full(len(x), np.nan)
    rows, allowed = np.flatnonzero(near), ~network.underground
    edge[rows], fraction[rows], access[rows] = nearest_edges(
        _grid(network), x[rows], y[rows], max_m=limits.max_m, allowed=allowed
    )
    rows = rows[edge[rows] < 0]
    if len(rows) and not allowed.all():  # far from every street above ground, as a platform of a metro may be
        edge[rows], fraction[rows], access[rows] = nearest_edges(
            _grid(network), x[rows], y[rows], max_m=limits.max_m, allowed=~allowed
        )
    moved = _move_off_fragments(network, x, y, edge, fraction, access, limits)
    component = np.full(len(x), -1, np.int64)
    component[edge >= 0] = network.component[network.u[edge[edge >= 0]]]
    return _Ties(edge, fraction, access, component, moved)


def _move_off_fragments(
    network: WalkNetwork,
    x: FloatArray,
    y: FloatArray,
    edge: LongArray,
    fraction: FloatArray,
    access: FloatArray,
    limits: _Limits,
) -> BoolArray:
    """Tie rows on fragments to the nearest other street, in place; return which rows moved."""
    component = network.component
    fragment = network.component_length_m < limits.fragment_max_m
    fragment[0] = False
    on_fragment = fragment[component[network.u]]
    moved = np.zeros(len(edge), bool)
    rows = np.flatnonzero((edge >= 0) & on_fragment[edge])
    if len(rows):
        better = nearest_edges(
            _grid(network), x[rows], y[rows], max_m=limits.max_m, allowed=~on_fragment & ~network.underground
        )
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


def metric_positions(table: gpd.GeoDataFrame | gpd.GeoSeries, network: WalkNetwork) -> tuple[FloatArray, FloatArray]:
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
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    others = np.flatnonzero(np.isnan(x))  # areas, and what is missing or has no position
    others = others[shapely.get_type_id(shapes[others]) != shapely.GeometryType.POINT]
    if len(others):
        inside = shapely.point_on_surface(shapes[others])
        x[others], y[others] = shapely.get_x(inside), shapely.get_y(inside)
    placed = ~(np.isnan(x) | np.isnan(y))
    projection = Transformer.from_crs(table.crs, network.crs, always_xy=True)
    if placed.all():
        x, y = projection.transform(x, y)
    else:
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
    # The lines of these edges only: those of a metropolis take seconds and gigabytes, and a few places are asked for.
    own, at = np.unique(edge, return_inverse=True)
    start, size = network.geometry_start[own], np.diff(network.geometry_start)[own]
    vertex = np.repeat(start - (np.cumsum(size) - size), size) + np.arange(size.sum())
    xy = np.column_stack([network.geometry_x[vertex], network.geometry_y[vertex]])
    lines = np.atleast_1d(np.asarray(shapely.linestrings(xy, indices=np.repeat(np.arange(len(own)), size)), object))
    places = shapely.line_interpolate_point(lines[at], fraction, normalized=True)
    return shapely.get_x(places), shapely.get_y(places)

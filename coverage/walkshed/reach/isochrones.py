"""Isochrones: the streets within some minutes of facilities, and the areas drawn around them.

An area is a picture of its streets, ``buffer_m`` wide on either side. Whether a place is served is told by its routed
minutes (:mod:`walkshed.reach.times`), never by lying inside such an area.
"""

from __future__ import annotations

import math
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from shapely import MultiPolygon

from walkshed.errors import InputError, SnapError
from walkshed.network.compiled import in_chunks
from walkshed.network.snap import metric_positions, position_on_edge
from walkshed.reach.field import areas_around
from walkshed.reach.graph import graph_of, subset
from walkshed.reach.parts import Lines, Parts, geometry_of, lines_of, make_room, reached_parts
from walkshed.reach.search import FULL, make_work, more_room, search
from walkshed.reach.tables import check_cutoffs, ids_of, places_of, walks_to_facility
from walkshed.reach.times import nearest_to_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, IntArray, WalkNetwork
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.parts import Room
    from walkshed.reach.search import Work

EXCHANGE_CRS = "EPSG:4326"
CHUNK = 8
Shape = TypeVar("Shape")


class _Reached(NamedTuple):
    """What a facility (or all of them) reaches within one cutoff: parts of edges, and legs as lines."""

    parts: Parts
    legs: Lines


def isochrones(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    cutoffs_min: Sequence[float],
    direction: str = "to_facility",
    buffer_m: float = 40.0,
    merged: bool = False,
) -> gpd.GeoDataFrame:
    """Draw what lies within some minutes of facilities on foot.

    Streets are clipped exactly where the minutes run out, from all sides; the leg between facility and street is drawn
    and charged, too. The areas of one facility nest: a smaller cutoff's lies inside a larger one's.

    Parameters
    ----------
    network
        Streets.
    facilities
        Table from :func:`walkshed.network.snap.snap`, with an id column.
    cutoffs_min
        Minutes, in any order.
    direction
        ``"to_facility"``: residents walk to the facility; ``"from_facility"``: the other way.
    buffer_m
        Metres drawn to either side of a street.
    merged
        One area for all facilities together instead of one for each.

    Returns
    -------
    geopandas.GeoDataFrame
        ``facility_id`` (``""`` when merged), ``cutoff_min`` and ``geometry`` (MultiPolygon, EPSG:4326): for every row
        of ``facilities`` in order, the cutoffs ascending. A facility that is tied to no street has empty geometry.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network, or has no geometry.
    InputError
        If the table has no usable ids, or a cutoff, the direction or the width is unusable.
    """
    if not 0 < buffer_m < math.inf:
        raise InputError("reach_buffer", value=buffer_m)
    geometry = geometry_of(network)

    def draw(reached: list[_Reached]) -> list[MultiPolygon]:
        layers, whole = [], np.empty(0, np.int32)
        for parts, legs in reached:
            fresh = ~np.isin(parts.edge, whole)  # edges that a smaller cutoff has drawn whole are not drawn again
            layers.append(_with_legs(lines_of(geometry, Parts._make(column[fresh] for column in parts)), legs))
            whole = parts.edge[(parts.low <= 0) & (parts.high >= 1)]
        return areas_around(layers, buffer_m=buffer_m)

    names, cutoffs, drawn = _for_all(network, facilities, cutoffs_min, direction, draw, merged=merged)
    areas = gpd.GeoSeries([area for areas in drawn for area in areas], crs=network.crs).to_crs(EXCHANGE_CRS)
    columns = {"facility_id": np.repeat(names, len(cutoffs)), "cutoff_min": np.tile(cutoffs, len(names))}
    return gpd.GeoDataFrame(columns, geometry=areas)


def reached_lines(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    cutoffs_min: Sequence[float],
    direction: str = "to_facility",
    merged: bool = False,
) -> gpd.GeoDataFrame:
    """Clip the streets that lie within some minutes of facilities on foot, exactly.

    Parameters
    ----------
    network, facilities, cutoffs_min, direction, merged
        As for :func:`isochrones`.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for every reached part of an edge: ``facility_id`` (``""`` when merged), ``cutoff_min``, ``edge``,
        ``low`` and ``high`` (fractions along the edge) and ``geometry`` (LineString in ``network.crs``). Legs between
        facilities and streets, as far as the minutes allow, have edge -1 and fractions NaN.

    Raises
    ------
    SnapError, InputError
        As for :func:`isochrones`.
    """
    geometry = geometry_of(network)

    def trace(reached: list[_Reached]) -> list[tuple[Parts, Lines, Lines]]:
        return [(found.parts, lines_of(geometry, found.parts), found.legs) for found in reached]

    names, cutoffs, traced = _for_all(network, facilities, cutoffs_min, direction, trace, merged=merged)
    columns: dict[str, list[Any]] = {"facility_id": [], "cutoff_min": [], "edge": [], "low": [], "high": []}
    shapes: list[Any] = []
    for name, layers in zip(names, traced, strict=True):
        for cutoff, (parts, lines, legs) in zip(cutoffs, layers, strict=True):
            leg_count = len(legs.start) - 1
            none = np.full(leg_count, np.nan)
            rows = len(parts.edge) + leg_count
            columns["facility_id"].append(np.full(rows, name, dtype=object))
            columns["cutoff_min"].append(np.full(rows, cutoff))
            columns["edge"].append(np.concatenate([parts.edge.astype(np.int64), np.full(leg_count, -1)]))
            columns["low"].append(np.concatenate([parts.low, none]))
            columns["high"].append(np.concatenate([parts.high, none]))
            shapes += [_linestrings(lines), _linestrings(legs)]
    frame: dict[str, Any] = {name: np.concatenate(values) if values else [] for name, values in columns.items()}
    return gpd.GeoDataFrame(frame, geometry=np.concatenate(shapes) if shapes else [], crs=network.crs)


def _for_all(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    cutoffs_min: Sequence[float],
    direction: str,
    use: Callable[[list[_Reached]], Shape],
    *,
    merged: bool,
) -> tuple[NDArray[Any], tuple[float, ...], list[Shape]]:
    """Search from every facility (or once from all) and ``use`` what is reached, cutoff by cutoff, ascending."""
    cutoffs = check_cutoffs(cutoffs_min)
    graph = graph_of(network, reverse=walks_to_facility(direction))
    ids = ids_of(facilities, "facilities").to_numpy(dtype=object)
    places = places_of(facilities, network, graph, "facilities")
    if not isinstance(facilities, gpd.GeoDataFrame):
        raise SnapError("reach_no_geometry", table="facilities")
    legs = _legs(network, facilities, places)
    if merged:
        reached = _reach_together(graph, places, legs, cutoffs)
        return np.array([""], dtype=object), cutoffs, [use(reached)]

    place_of_row = np.full(len(facilities), -1)
    place_of_row[places.row] = np.arange(len(places.row))
    idle: SimpleQueue[tuple[Work, Room]] = SimpleQueue()

    def run(first: int, last: int) -> list[Shape]:
        try:
            work, room = idle.get_nowait()
        except Empty:
            work, room = make_work(graph, places, cutoffs[-1]), make_room(len(graph.u), 1)
        shapes = []
        for row in range(first, last):
            own = place_of_row[row : row + 1]
            own = own[own >= 0]
            source = subset(places, own)
            touched, work = _search_room(graph, source, cutoffs[-1], work)
            first_mark = row * len(cutoffs) + 1
            shapes.append(
                use(_clip_all(graph, source, legs[own], cutoffs, work.minutes, touched, room, first_mark=first_mark))
            )
            work.minutes[touched] = np.inf
        idle.put((work, room))
        return shapes

    chunks = in_chunks(len(facilities), CHUNK, run)
    return ids, cutoffs, [shape for chunk in chunks for shape in chunk]


def _search_room(graph: Graph, source: Places, limit: float, work: Work) -> tuple[IntArray, Work]:
    """Search from a place, if there is one, with all the room it needs; return the nodes reached."""
    if len(source.row) == 0:
        return np.empty(0, np.int32), work
    while (reached := search(graph, source, 0, limit, work)) == FULL:
        work = work._replace(queue=more_room(work.queue))
    return work.touched[:reached].copy(), work


def _reach_together(graph: Graph, places: Places, legs: FloatArray, cutoffs: tuple[float, ...]) -> list[_Reached]:
    minutes, _ = nearest_to_nodes(graph, places, cutoffs[-1])
    touched = np.flatnonzero(np.isfinite(minutes)).astype(np.int32)
    room = make_room(len(graph.u), len(places.row))
    return _clip_all(graph, places, legs, cutoffs, minutes, touched, room, first_mark=1)


def _clip_all(
    graph: Graph,
    sources: Places,
    legs: FloatArray,
    cutoffs: tuple[float, ...],
    minutes: FloatArray,
    touched: IntArray,
    room: Room,
    *,
    first_mark: int,
) -> list[_Reached]:
    reached = []
    for mark, cutoff in enumerate(cutoffs, first_mark):
        count = reached_parts(graph, minutes, touched, sources, cutoff, room, mark)
        found = Parts._make(column[:count] for column in room.parts)
        order = np.lexsort((found.low, found.edge))
        reached.append(_Reached(Parts._make(column[order] for column in found), _clip_legs(sources, legs, cutoff)))
    return reached


def _legs(network: WalkNetwork, table: gpd.GeoDataFrame, places: Places) -> FloatArray:
    """Return x, y of every place's point and x, y of its position on the street, (n, 4) float64."""
    x, y = metric_positions(table.iloc[places.row], network)
    street_x, street_y = position_on_edge(network, places.edge, places.fraction)
    return np.column_stack([x, y, street_x, street_y])


def _clip_legs(sources: Places, legs: FloatArray, cutoff: float) -> Lines:
    """Return the legs as lines from the point on, as far as the minutes allow."""
    walked = sources.access > 0
    x, y, street_x, street_y = legs[walked].T
    share = np.minimum(cutoff / sources.access[walked], 1.0)
    ends_x = np.column_stack([x, x + share * (street_x - x)]).ravel()
    ends_y = np.column_stack([y, y + share * (street_y - y)]).ravel()
    return Lines(np.arange(0, len(ends_x) + 1, 2, dtype=np.int64), ends_x, ends_y)


def _with_legs(lines: Lines, legs: Lines) -> Lines:
    return Lines(
        np.concatenate([lines.start, lines.start[-1] + legs.start[1:]]),
        np.concatenate([lines.x, legs.x]),
        np.concatenate([lines.y, legs.y]),
    )


def _linestrings(lines: Lines) -> NDArray[Any]:
    owner = np.repeat(np.arange(len(lines.start) - 1), np.diff(lines.start))
    return np.asarray(shapely.linestrings(lines.x, lines.y, indices=owner), dtype=object)

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

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import InputError
from walkshed.network.compiled import in_chunks
from walkshed.progress import silent
from walkshed.reach.field import multipolygons, rings_around
from walkshed.reach.graph import graph_of, subset
from walkshed.reach.legs import clip_legs
from walkshed.reach.parts import NO_LINES, Parts, geometry_of, lines_of, make_room, reached_parts
from walkshed.reach.search import FULL, search_together
from walkshed.reach.tables import check_cutoffs, ids_of, places_with_legs, walks_to_facility
from walkshed.reach.times import nearest_to_nodes
from walkshed.reach.work import make_work, more_room

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from walkshed.network.model import FloatArray, IntArray, WalkNetwork
    from walkshed.progress import Progress
    from walkshed.reach.contour import Rings
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.parts import Lines, Room
    from walkshed.reach.work import Work

CHUNK = 2
"""Facilities that are drawn in one go."""
STAGE = "isochrones"
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
    progress: Progress = silent,
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
    progress
        Told the facilities done under the stage ``"isochrones"``; may cancel by raising.

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

    def draw(reached: list[_Reached]) -> list[Rings]:
        layers, whole = [], np.empty(0, np.int32)
        for parts, legs in reached:
            own = parts
            if len(whole):  # edges that a smaller cutoff has drawn whole are not drawn again
                own = Parts._make(column[~np.isin(parts.edge, whole)] for column in parts)
            layers.append(lines_of(geometry, own, legs))
            if len(layers) < len(reached):
                whole = parts.edge[(parts.low <= 0) & (parts.high >= 1)]
        return rings_around(layers, buffer_m=buffer_m)

    names, cutoffs, drawn = _for_all(
        network, facilities, cutoffs_min, direction, draw, merged=merged, progress=progress
    )
    areas = multipolygons([area for areas in drawn for area in areas], to_degrees=network.crs)
    columns = {
        "facility_id": np.repeat(names, len(cutoffs)), "cutoff_min": np.tile(cutoffs, len(names)), "geometry": areas
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=EXCHANGE_CRS)


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
        ordered = [_in_order(found.parts) for found in reached]
        return [
            (parts, lines_of(geometry, parts, NO_LINES), found.legs)
            for parts, found in zip(ordered, reached, strict=True)
        ]

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
    progress: Progress = silent,
) -> tuple[NDArray[Any], tuple[float, ...], list[Shape]]:
    """Search from every facility (or once from all) and ``use`` what is reached, cutoff by cutoff, ascending."""
    cutoffs = check_cutoffs(cutoffs_min)
    graph = graph_of(network, reverse=walks_to_facility(direction))
    ids = ids_of(facilities, "facilities").to_numpy(dtype=object)
    places, stops, legs = places_with_legs(facilities, network, graph, "facilities")
    if merged:
        progress(STAGE, 0, len(facilities))
        reached = _reach_together(graph, places, legs, cutoffs)
        shape = use(reached)
        progress(STAGE, len(facilities), len(facilities))
        return np.array([""], dtype=object), cutoffs, [shape]

    rows = stops.row[places.row]
    by_row = np.argsort(rows, kind="stable")  # a facility's places stay sorted by edge
    places, legs = subset(places, by_row), legs[by_row]
    row_start = np.searchsorted(rows[by_row], np.arange(len(facilities) + 1))
    most = max(int(np.diff(row_start).max(initial=0)), 1)
    idle: SimpleQueue[tuple[Work, Room]] = SimpleQueue()

    def run(first: int, last: int) -> list[Shape]:
        try:
            work, room = idle.get_nowait()
        except Empty:
            work, room = make_work(graph, places, cutoffs[-1]), make_room(len(graph.u), most)
        shapes = []
        for row in range(first, last):
            own = slice(row_start[row], row_start[row + 1])
            source = subset(places, own)
            touched, work = _search_room(graph, source, cutoffs[-1], work)
            first_mark = row * len(cutoffs) + 1
            shapes.append(
                use(_clip_all(graph, source, legs[own], cutoffs, work.minutes, touched, room, first_mark=first_mark))
            )
            work.minutes[touched] = np.inf
        idle.put((work, room))
        return shapes

    chunks = in_chunks(len(facilities), CHUNK, run, progress=progress, stage=STAGE)
    return ids, cutoffs, [shape for chunk in chunks for shape in chunk]


def _search_room(graph: Graph, source: Places, limit: float, work: Work) -> tuple[IntArray, Work]:
    """Search from all places of a facility at once, with all the room it needs; return the nodes reached."""
    while (reached := search_together(graph, source, 0, len(source.row), limit, work, -1)) == FULL:
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
        kept = Parts._make(column.copy() for column in found)  # the room is used again
        reached.append(_Reached(kept, clip_legs(sources, legs, cutoff)))
    return reached


def _in_order(parts: Parts) -> Parts:
    order = np.lexsort((parts.low, parts.edge))
    return Parts._make(column[order] for column in parts)


def _linestrings(lines: Lines) -> NDArray[Any]:
    owner = np.repeat(np.arange(len(lines.start) - 1), np.diff(lines.start))
    return np.asarray(shapely.linestrings(lines.x, lines.y, indices=owner), dtype=object)

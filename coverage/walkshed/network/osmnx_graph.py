"""Graphs of OSMnx, fetched or saved as GraphML, as lines of street."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from pyproj import Transformer

from walkshed.contracts import DEGREE_LIMITS, EXCHANGE_CRS
from walkshed.errors import InputError
from walkshed.inputs.contents import check_xml
from walkshed.inputs.limits import check_file
from walkshed.network.assemble import ELLIPSOID
from walkshed.network.osm_streets import LineCollector, StreetLines, vertex_marks
from walkshed.network.traits import WayTraits, vertex_mark, way_traits
from walkshed.network.walkable import Passage, merged_passage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import networkx as nx

    from walkshed.walkers import Access

SIDES = 2
"""Two segments meet at a bend."""

LOST_BENDS = 1.01
"""A stated length counts where it is more than this times the drawn one. OSMnx measures on a sphere, up to 0.6 % off,
so that below it the drawn line is the better measure; above it the line has lost its bends."""


class _Segment(NamedTuple):
    """One edge: ``ref`` and ``xy`` of its vertices, the first and last being nodes of the graph.

    ``against`` says that it runs against the way it is part of; ``traits`` are told in the way's own direction.
    """

    ref: tuple[int, ...]
    xy: tuple[tuple[float, float], ...]
    way_id: int
    steps: bool
    passage: Passage
    name: str
    length_m: float
    against: bool
    traits: WayTraits

    def turned(self) -> _Segment:
        """Return the segment walked from its other end."""
        backwards = Passage(self.passage.backward, self.passage.forward)
        return self._replace(ref=self.ref[::-1], xy=self.xy[::-1], passage=backwards, against=not self.against)

    def joins(self, other: _Segment) -> bool:
        """Say whether the two may be one edge: the same way, open alike."""
        mine, its = ((part.way_id, part.steps, part.name, part.traits, part.passage) for part in (self, other))
        return mine == its and self.passage == (True, True)


def load_graphml(path: Path) -> nx.MultiDiGraph[int]:
    """Read a graph saved by :func:`osmnx.save_graphml`.

    Raises
    ------
    InputError
        If the file is missing, or is not such a graph.
    """
    import osmnx  # noqa: PLC0415 - takes a second to load, and most studies read no graph

    check_file(path, missing="graph_missing")
    check_xml(path)
    try:
        return osmnx.load_graphml(path)
    except Exception as error:  # what parsers of a foreign format raise on a foreign file is listed nowhere
        raise InputError("graph_unreadable", path=path.name, detail=f"{type(error).__name__}: {error}") from error


def graph_lines(graph: nx.Graph[Any], *, access: Access, source: str) -> StreetLines:
    """Return the walkable edges of a graph as lines of street.

    Parameters
    ----------
    graph
        A graph in the manner of OSMnx: nodes numbered by whole numbers with ``x`` and ``y``; edges with any of
        ``geometry``, ``length``, ``osmid``, ``name``, ``highway`` and other tags, each possibly a list;
        ``graph.graph["crs"]``, EPSG:4326 by default. Simplified or not, projected or not.
    access
        What differs from the rules of :mod:`walkshed.network.walkable`.
    source
        Name for messages.

    Returns
    -------
    StreetLines
        The two directions of a street are one line, parallel streets and loops stay. That a graph for cars has one
        direction only does not bind walkers. Nodes that only bend a way are vertices.

    Raises
    ------
    InputError
        If a node has no position or no whole number, or the CRS is unknown.
    """
    positions = _positions(graph, source)
    pairs = list(graph.edges(data=True))
    drawn = _drawn(graph, positions, pairs, source)
    first_free = min([0, *positions]) - 1
    segments = list(_segments(pairs, drawn, access=access, first_free=first_free))
    lines = LineCollector()
    for segment in _joined(segments):
        for ref, (lon, lat) in zip(segment.ref, segment.xy, strict=True):
            lines.add_vertex(ref, lon, lat)
        lines.end_line(
            segment.way_id,
            steps=segment.steps,
            passage=segment.passage,
            name=segment.name,
            length_m=segment.length_m,
            traits=segment.traits.turned() if segment.against else segment.traits,
        )
    drawn_lines = lines.lines()
    marks = {int(node): vertex_mark(_texts(data), access=access) for node, data in graph.nodes(data=True)}
    return drawn_lines._replace(mark=vertex_marks(drawn_lines.ref, marks))


def _positions(graph: nx.Graph[Any], source: str) -> dict[int, tuple[float, float]]:
    positions = {}
    for node, data in graph.nodes(data=True):
        try:
            positions[int(node)] = float(data["x"]), float(data["y"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("graph_node", path=source, node=node) from error
    return positions


def _drawn(
    graph: nx.Graph[Any],
    positions: dict[int, tuple[float, float]],
    edges: list[tuple[Any, Any, dict[str, Any]]],
    source: str,
) -> list[tuple[tuple[float, float], ...]]:
    """Return every edge's vertices in degrees, from its first to its second node."""
    shapes = []
    for u, v, data in edges:
        start, end = positions[int(u)], positions[int(v)]
        shape = data.get("geometry")
        if not isinstance(shape, shapely.LineString) or shape.is_empty:
            shapes.append([start, end])
            continue
        inner = shapely.get_coordinates(shape)
        ends = np.array([start, end])
        as_drawn, turned = np.abs(inner[[0, -1]] - ends).sum(), np.abs(inner[[-1, 0]] - ends).sum()
        inner = inner[::-1] if turned < as_drawn else inner
        shapes.append([start, *map(tuple, inner[1:-1].tolist()), end])
    size = [len(shape) for shape in shapes]
    flat = np.array([xy for shape in shapes for xy in shape], float).reshape(-1, 2)
    try:
        to_degrees = Transformer.from_crs(graph.graph.get("crs", EXCHANGE_CRS), EXCHANGE_CRS, always_xy=True)
    except Exception as error:
        raise InputError("graph_crs", path=source, crs=graph.graph.get("crs")) from error
    lon, lat = to_degrees.transform(flat[:, 0], flat[:, 1])
    far_lon, far_lat = DEGREE_LIMITS
    if not (np.isfinite(lon).all() and np.abs(lon).max(initial=0) <= far_lon and np.abs(lat).max(initial=0) <= far_lat):
        raise InputError("graph_crs", path=source, crs=graph.graph.get("crs"))
    places = list(zip(lon.tolist(), lat.tolist(), strict=True))
    stops = np.cumsum([0, *size])
    return [tuple(places[start:stop]) for start, stop in pairwise(stops)]


def _segments(
    edges: list[tuple[Any, Any, dict[str, Any]]],
    drawn: list[tuple[tuple[float, float], ...]],
    *,
    access: Access,
    first_free: int,
) -> Iterable[_Segment]:
    """Yield one segment for the two directions of a street, as often as it stands in the graph."""
    told = any(_listed(data.get("highway")) for _, _, data in edges)
    twins: dict[object, list[list[_Segment]]] = {}
    for (u, v, data), xy in zip(edges, drawn, strict=True):
        passage = merged_passage(data, access=access)
        if not passage or (told and not _listed(data.get("highway"))):
            continue
        against = data.get("reversed") is True
        ways = frozenset(_listed(data.get("osmid")))
        segment = _Segment(
            ref=(int(u), *range(first_free, first_free - len(xy) + 2, -1), int(v)),
            xy=xy,
            way_id=_way_id(data.get("osmid")),
            steps="steps" in _listed(data.get("highway")),
            passage=Passage(passage.backward, passage.forward) if against else passage,
            name=" / ".join(str(name) for name in _listed(data.get("name"))),
            length_m=_stated_length(data.get("length"), xy),
            against=against,
            traits=way_traits(_texts(data)),
        )
        first_free -= len(xy) - 2
        there = tuple((round(lon, 7), round(lat, 7)) for lon, lat in xy)
        back = there[::-1]
        turned = (int(u), int(v), there) > (int(v), int(u), back)
        key = (min(int(u), int(v)), max(int(u), int(v)), ways, min(there, back))
        twins.setdefault(key, [[], []])[against if u == v and there == back else turned].append(segment)
    for there_and_back in twins.values():
        yield from max(there_and_back, key=lambda side: (len(side), bool(side) and not side[0].against))


def _joined(segments: list[_Segment]) -> Iterable[_Segment]:
    """Yield segments, those that meet at a mere bend of one way made into one."""
    at: dict[int, list[int]] = {}
    for number, segment in enumerate(segments):
        for node in (segment.ref[0], segment.ref[-1]):
            at.setdefault(node, []).append(number)
    bends = {
        node: numbers
        for node, numbers in at.items()
        if len(numbers) == SIDES and numbers[0] != numbers[1] and segments[numbers[0]].joins(segments[numbers[1]])
    }
    done: set[int] = set()
    for number, segment in enumerate(segments):
        if number in done:
            continue
        done.add(number)
        ahead = _follow(segment, segments, bends, done)
        yield _follow(ahead.turned(), segments, bends, done).turned()


def _follow(line: _Segment, segments: list[_Segment], bends: dict[int, list[int]], done: set[int]) -> _Segment:
    """Return a line grown over its last node as long as that is a bend."""
    ref, xy, length = list(line.ref), list(line.xy), line.length_m
    while (numbers := bends.get(ref[-1])) is not None:
        ahead = [number for number in numbers if number not in done]
        if not ahead:
            break
        done.add(ahead[0])
        part = segments[ahead[0]]
        part = part if part.ref[0] == ref[-1] else part.turned()
        ref += part.ref[1:]
        xy += part.xy[1:]
        length += part.length_m
    return line._replace(ref=tuple(ref), xy=tuple(xy), length_m=length)


def _stated_length(stated: object, xy: tuple[tuple[float, float], ...]) -> float:
    """Return the length an edge states where that says more than its drawn line, otherwise NaN."""
    try:
        length = float(stated)  # type: ignore[arg-type]  # whatever is no number is caught
    except (TypeError, ValueError):
        return float("nan")
    drawn = float(ELLIPSOID.line_length([lon for lon, _ in xy], [lat for _, lat in xy]))
    return length if np.isfinite(length) and length > drawn * LOST_BENDS else float("nan")


def _texts(data: dict[str, Any]) -> dict[str, str]:
    """Return the tags that have one value; of several it is not known any more which belongs where."""
    return {key: value for key, value in data.items() if isinstance(value, str)}


def _way_id(osmid: object) -> int:
    """Return the first way of an edge, -1 where it is unknown."""
    try:
        return int(_listed(osmid)[0])
    except (IndexError, TypeError, ValueError):
        return -1


def _listed(value: object) -> list[Any]:
    """Return the values of an attribute, without what tables put for a missing one (``None``, NaN)."""
    values = list(value) if isinstance(value, list | tuple | set) else [value]
    return [single for single in values if single is not None and str(single) != "nan"]

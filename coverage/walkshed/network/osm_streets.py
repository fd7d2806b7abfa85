"""Streets as plain arrays, and how they are read from OpenStreetMap files."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium

from walkshed.errors import InputError
from walkshed.inputs.osm_source import open_osm, reading
from walkshed.network.traits import NO_CROSSING, WayTraits, vertex_mark, way_traits
from walkshed.network.walkable import GATES, walking_passage
from walkshed.progress import beat
from walkshed.walkers import PUBLIC

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.network.model import BoolArray, FloatArray, LongArray
    from walkshed.network.traits import ByteArray
    from walkshed.network.walkable import Passage, Tags
    from walkshed.walkers import Access


NOTHING_TAGGED = WayTraits()
MARKED_TAGS = (("highway", "crossing"), ("highway", "traffic_signals"), *(("barrier", gate) for gate in GATES))


class StreetLines(NamedTuple):
    """L lines of street with P vertices in all, not yet cut at junctions.

    Attributes
    ----------
    start : (L + 1,) int64
        Line i has the vertices ``start[i]:start[i + 1]``.
    ref : (P,) int64
        Id of each vertex; lines meet where they share an id.
    lon, lat : (P,) float64
        Degrees.
    way_id : (L,) int64
    steps, forward, backward : (L,) bool
        Stairs; open in the order of the vertices; open against it.
    name : list of str
        Street names, blank where there is none.
    length_m : (L,) float64
        Length of a line that is not cut any more, NaN to have it measured.
    traits : tuple of WayTraits
        What is tagged about every line; empty where nothing is.
    mark : (P,) int8
        Marks of the vertices, see :func:`walkshed.network.traits.vertex_mark`; ``None`` where none is marked.
    """

    start: LongArray
    ref: LongArray
    lon: FloatArray
    lat: FloatArray
    way_id: LongArray
    steps: BoolArray
    forward: BoolArray
    backward: BoolArray
    name: list[str]
    length_m: FloatArray
    traits: tuple[WayTraits, ...] = ()
    mark: ByteArray | None = None


class LineCollector:
    """Takes lines one by one and gives them back as :class:`StreetLines`."""

    def __init__(self) -> None:
        self._start = array("q", [0])
        self._ref, self._lon, self._lat = array("q"), array("d"), array("d")
        self._way_id, self._length = array("q"), array("d")
        self._flags: list[tuple[bool, bool, bool]] = []
        self._names: list[str] = []
        self._traits: list[WayTraits] = []
        self.appenders = (self._ref.append, self._lon.append, self._lat.append)

    def add_vertex(self, ref: int, lon: float, lat: float) -> None:
        """Add a vertex to the line being drawn."""
        self._ref.append(ref)
        self._lon.append(lon)
        self._lat.append(lat)

    def end_line(
        self,
        way_id: int,
        *,
        steps: bool,
        passage: Passage,
        name: str,
        length_m: float = np.nan,
        traits: WayTraits = NOTHING_TAGGED,
    ) -> bool:
        """Finish the line being drawn; with fewer than two vertices it is dropped and ``False`` returned."""
        count = len(self._ref) - self._start[-1]
        if count < 2:  # noqa: PLR2004 - a line has two ends
            for vertices in (self._ref, self._lon, self._lat):
                del vertices[self._start[-1] :]
            return False
        self._start.append(len(self._ref))
        self._way_id.append(way_id)
        self._flags.append((steps, *passage))
        self._names.append(name)
        self._length.append(length_m)
        self._traits.append(traits)
        return True

    def lines(self) -> StreetLines:
        """Return everything collected."""
        flags = np.array(self._flags, bool).reshape(-1, 3)
        return StreetLines(
            start=np.array(self._start, np.int64),
            ref=np.array(self._ref, np.int64),
            lon=np.array(self._lon, np.float64),
            lat=np.array(self._lat, np.float64),
            way_id=np.array(self._way_id, np.int64),
            steps=flags[:, 0],
            forward=flags[:, 1],
            backward=flags[:, 2],
            name=self._names,
            length_m=np.array(self._length, np.float64),
            traits=tuple(self._traits),
        )


def read_streets(path: Path, *, access: Access = PUBLIC) -> StreetLines:
    """Read every way that one may walk.

    Parameters
    ----------
    path
        ``.osm.pbf`` or OSM XML.
    access
        What differs from the rules of :mod:`walkshed.network.walkable`.

    Returns
    -------
    StreetLines
        One line per way, in the order of the file. Nodes that the file lacks, as at the edge of a cut extract, are
        left out: the way goes on in a new line behind them. Of areas (``area=yes``, and multipolygons, whose outer
        ways carry no tags of their own) one walks the outer ring: whoever crosses a square walks at most its rim.

    Raises
    ------
    InputError
        If the file cannot be read, or none of its streets has positions.
    """
    rims = _rims_of_areas(path)
    processor = open_osm(path, osmium.osm.NODE | osmium.osm.WAY).with_locations()
    processor = processor.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    if not rims:
        processor = processor.with_filter(osmium.filter.KeyFilter("highway"))
    lines, streets, drawn = LineCollector(), 0, 0
    with reading(path):
        for way in processor:
            beat()
            if not isinstance(way, osmium.osm.Way):
                continue
            tags = way.tags if "highway" in way.tags else rims.get(way.id)
            if tags is not None and (passage := walking_passage(tags, access=access)):
                streets += 1
                drawn += _add_way(lines, way, tags, passage)
    if streets and not drawn:
        raise InputError("osm_no_positions", path=path.name)
    drawn_lines = lines.lines()
    return drawn_lines._replace(mark=vertex_marks(drawn_lines.ref, _marked_nodes(path, access)))


def _add_way(lines: LineCollector, way: osmium.osm.Way, tags: Tags, passage: Passage) -> int:
    """Add a way, cut where nodes are missing; return how many lines it gave."""
    steps, name, traits = tags.get("highway") == "steps", tags.get("name") or "", way_traits(tags)
    drawn = 0
    add_ref, add_lon, add_lat = lines.appenders
    for node in way.nodes:
        location = node.location
        if location.valid():
            add_ref(node.ref)
            add_lon(location.lon)
            add_lat(location.lat)
        else:
            drawn += lines.end_line(way.id, steps=steps, passage=passage, name=name, traits=traits)
    return drawn + lines.end_line(way.id, steps=steps, passage=passage, name=name, traits=traits)


def _marked_nodes(path: Path, access: Access) -> dict[int, int]:
    """Return the marks of crossings, signals and gates by the id of their node."""
    processor = open_osm(path, osmium.osm.NODE).with_filter(osmium.filter.TagFilter(*MARKED_TAGS))
    with reading(path):
        return {node.id: vertex_mark(node.tags, access=access) for node in processor}


def vertex_marks(ref: LongArray, marked: dict[int, int]) -> ByteArray:
    """Return the mark of every vertex, given those of some nodes by their id."""
    marks = np.full(len(ref), NO_CROSSING, np.int8)
    at = np.flatnonzero(np.isin(ref, np.array(list(marked), np.int64)))
    marks[at] = [marked[node] for node in ref[at].tolist()]
    return marks


def _rims_of_areas(path: Path) -> dict[int, dict[str, str]]:
    """Return the outer ways of squares mapped as multipolygons, each with the tags of its square."""
    rims: dict[int, dict[str, str]] = {}
    processor = open_osm(path, osmium.osm.RELATION).with_filter(osmium.filter.KeyFilter("highway"))
    with reading(path):
        for relation in processor:
            if isinstance(relation, osmium.osm.Relation) and relation.tags.get("type") == "multipolygon":
                outer = [member.ref for member in relation.members if member.type == "w" and member.role != "inner"]
                tags = dict(relation.tags)
                rims |= dict.fromkeys(outer, tags)
    return rims

"""Where two routes between the same places part, and what is tagged there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
import shapely
from pyproj import Transformer
from shapely.ops import substring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from tests.benchmarks.accuracy_routes import Walk

    from walkshed.network.model import WalkNetwork

SAME_M = 10.0
"""Lines within so many metres of each other are the same walk."""
SHORT_M = 8.0
"""Shorter parts are not told."""
TOLD = (
    "highway", "area", "footway", "service", "indoor", "tunnel", "bridge", "level", "layer", "access", "foot",
    "oneway:foot", "motorroad", "opening_hours", "lit", "surface", "railway", "public_transport", "name",
)  # fmt: skip


class Stretch(NamedTuple):
    """A way that one route walks where the other does not."""

    way: int
    metres: float
    tags: dict[str, str]
    place: tuple[float, float]
    barriers: tuple[str, ...]


class Drawn(NamedTuple):
    """A route: pieces of ways, in order, as lines in metres."""

    ways: list[int]
    lines: list[shapely.LineString]

    @property
    def whole(self) -> Any:
        """All of it."""
        return shapely.union_all(self.lines)


class Extract:
    """What an extract says of its ways, and the barriers on them."""

    def __init__(self, path: Path) -> None:
        self.tags: dict[int, dict[str, str]] = {}
        self.barriers: dict[int, dict[str, str]] = {}
        self.place: dict[int, tuple[float, float]] = {}
        self.nodes: dict[int, list[int]] = {}
        rims: dict[int, dict[str, str]] = {}
        for thing in osmium.FileProcessor(path):
            if isinstance(thing, osmium.osm.Node):
                if "barrier" in thing.tags or "entrance" in thing.tags:
                    self.barriers[thing.id] = dict(thing.tags)
                    self.place[thing.id] = (thing.location.lon, thing.location.lat)
            elif isinstance(thing, osmium.osm.Way):
                self.tags[thing.id] = dict(thing.tags)
                self.nodes[thing.id] = [node.ref for node in thing.nodes]
            elif isinstance(thing, osmium.osm.Relation) and "highway" in thing.tags:
                rims |= {
                    member.ref: dict(thing.tags) | {"area": "yes"} for member in thing.members if member.type == "w"
                }
        for way, tags in rims.items():
            if "highway" not in self.tags.get(way, {}):
                self.tags[way] = tags


def draw_ours(network: WalkNetwork, walks: Iterable[Walk]) -> Drawn:
    """Return a route of ours as lines."""
    ways, lines = [], []
    for edge, low, high in walks:
        if low != high:
            ways.append(int(network.way_id[edge]))
            lines.append(substring(network.edge_lines[edge], low, high, normalized=True))
    return Drawn(ways, lines)


def draw_theirs(network: WalkNetwork, found: dict[str, Any]) -> Drawn:
    """Return a route of Valhalla as lines."""
    to_metres = Transformer.from_crs("EPSG:4326", network.crs, always_xy=True)
    places = np.column_stack(to_metres.transform(*np.array(found["line"]).T))
    pieces = found["ways"] or [[0, 0, len(places) - 1]]
    kept = [(way, first, last) for way, first, last in pieces if last > first]
    return Drawn([way for way, _, _ in kept], [shapely.LineString(places[a : b + 1]) for _, a, b in kept])


def stretches(route: Drawn, other: Drawn, extract: Extract, network: WalkNetwork) -> list[Stretch]:
    """Return what a route walks away from another one, longest first."""
    near = shapely.buffer(other.whole, SAME_M)
    to_degrees = Transformer.from_crs(network.crs, "EPSG:4326", always_xy=True)
    apart: dict[int, list[Any]] = {}
    for way, line in zip(route.ways, route.lines, strict=True):
        outside = shapely.difference(line, near)
        if outside.length > 0:
            apart.setdefault(way, []).append(outside)
    found = []
    for way, lines in apart.items():
        whole = shapely.union_all(lines)
        longest = max(shapely.get_parts(whole), key=shapely.length)
        middle = shapely.line_interpolate_point(longest, 0.5, normalized=True)
        place = to_degrees.transform(middle.x, middle.y)
        if whole.length >= SHORT_M:
            barriers = _barriers_on(way, whole, extract, network)
            found.append(Stretch(way, float(whole.length), extract.tags.get(way, {}), place, barriers))
    return sorted(found, key=lambda stretch: -stretch.metres)


def _barriers_on(way: int, line: Any, extract: Extract, network: WalkNetwork) -> tuple[str, ...]:
    nodes = [node for node in extract.nodes.get(way, ()) if node in extract.barriers]
    if not nodes:
        return ()
    to_metres = Transformer.from_crs("EPSG:4326", network.crs, always_xy=True)
    x, y = to_metres.transform(*np.array([extract.place[node] for node in nodes]).T)
    on = shapely.distance(shapely.points(x, y), line) < SAME_M + 1
    return tuple(_told(extract.barriers[node]) for node, is_on in zip(nodes, on, strict=True) if is_on)


def _told(tags: dict[str, str]) -> str:
    keys = ("barrier", "entrance", "access", "foot", "locked")
    return " ".join(f"{key}={tags[key]}" for key in keys if key in tags)

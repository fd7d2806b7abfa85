"""Streets, houses and ground of the sample district as an OpenStreetMap file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium

from walkshed.sample.frame import CENTRE, to_degrees

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    Place = tuple[float, float]

GENERATOR = "walkshed sample (fictional)"
FORMAT = "pbf,pbf_compression=none,add_metadata=false"
"""Not compressed, since compressors differ from machine to machine and the file shall not."""
CELL_M = 40.0


class Way(NamedTuple):
    """A way to be written: places in metres, closed where it is an area."""

    points: Sequence[Place]
    tags: Mapping[str, str]


class OsmFile:
    """Gives places their numbers and writes them."""

    def __init__(self) -> None:
        self._number: dict[Place, int] = {}
        self._tags: dict[int, dict[str, str]] = {}
        self._ways: list[tuple[list[int], dict[str, str]]] = []

    def add_way(self, points: Iterable[Sequence[float]], tags: Mapping[str, str]) -> int:
        """Add a way and return its id; ways meet where they have a place in common."""
        refs = [self._node((float(x), float(y))) for x, y in points]
        refs = [ref for k, ref in enumerate(refs) if k == 0 or ref != refs[k - 1]]
        self._ways.append((refs, dict(tags)))
        return len(self._ways)

    def add_node(self, place: Sequence[float], tags: Mapping[str, str]) -> int:
        """Add tags to the node at a place, or a node of its own, and return its id."""
        number = self._node((float(place[0]), float(place[1])))
        self._tags[number] = self._tags.get(number, {}) | dict(tags)
        return number

    def nearest_vertex(self, place: Sequence[float], ways: Iterable[int]) -> Place:
        """Return the vertex nearest to a place among those of some ways."""
        wanted = {ref for way in ways for ref in self._ways[way - 1][0]}
        known = [(point, number) for point, number in self._number.items() if number in wanted]
        points = np.array([point for point, _ in known])
        best = int(np.argmin(((points - np.array(place)) ** 2).sum(axis=1)))
        return known[best][0]

    def write(self, path: Path, *, centre: Place = CENTRE) -> None:
        """Write ``.osm.pbf``; nodes first, then ways, in the order of their ids.

        ``centre`` is the middle of the plane in degrees (:func:`walkshed.sample.frame.to_degrees`).
        """
        header = osmium.io.Header()
        header.set("generator", GENERATOR)
        degrees = to_degrees(np.array(list(self._number)), centre=centre)
        with osmium.SimpleWriter(osmium.io.File(str(path), FORMAT), header=header, overwrite=True) as writer:
            for number, (lon, lat) in zip(self._number.values(), degrees.tolist(), strict=True):
                writer.add_node(
                    osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=self._tags.get(number, {}))
                )
            for number, (refs, tags) in enumerate(self._ways, start=1):
                writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))

    def _node(self, place: Place) -> int:
        key = (round(place[0], 2), round(place[1], 2))
        return self._number.setdefault(key, len(self._number) + 1)

"""Valhalla in an interpreter of its own: finds routes between pairs of places, and what it knows of streets.

Started as ``python accuracy_worker.py extract.osm.pbf folder`` with one job, a JSON text, on standard input; the answer
is the last line of standard output. Imports nothing of ours but the worker beside it, since that interpreter may have
nothing but Valhalla.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from valhalla_worker import make_actor  # type: ignore[import-not-found]

EDGE = ("way_id", "length", "begin_shape_index", "end_shape_index")
Place = list[float]


def as_location(place: Place) -> dict[str, float]:
    """Return a place (lon, lat) as Valhalla names it."""
    return {"lon": place[0], "lat": place[1]}


def find_route(actor: Any, start: Place, end: Place, options: dict[str, Any]) -> dict[str, Any] | None:
    """Return seconds, metres, line and ways of a route; ``None`` where there is none."""
    walker = {"costing": "pedestrian", "costing_options": {"pedestrian": options}}
    try:
        asked = walker | {"locations": [as_location(start), as_location(end)]}
        trip = json.loads(actor.route(json.dumps(asked)))["trip"]
    except RuntimeError:
        return None
    shape = trip["legs"][0]["shape"]
    return {
        "seconds": trip["summary"]["time"],
        "metres": trip["summary"]["length"] * 1000,
        "line": decode(shape),
        "ways": ways_of(actor, shape, walker),
    }


def ways_of(actor: Any, shape: str, walker: dict[str, Any]) -> list[list[int]]:
    """Return the ways under a route: id, first and last vertex of the line; none where they cannot be told."""
    filters = {"attributes": [f"edge.{name}" for name in EDGE] + ["shape"], "action": "include"}
    asked = walker | {"encoded_polyline": shape, "shape_match": "edge_walk", "filters": filters}
    try:
        edges = json.loads(actor.trace_attributes(json.dumps(asked)))["edges"]
    except RuntimeError:
        return []
    return [[edge["way_id"], edge["begin_shape_index"], edge["end_shape_index"]] for edge in edges]


def decode(shape: str) -> list[Place]:
    """Return the positions of an encoded line of six decimals."""
    line, at, place = [], 0, [0, 0]
    while at < len(shape):
        for axis in (1, 0):  # latitude comes first
            shift = value = 0
            while True:
                byte = ord(shape[at]) - 63
                at += 1
                value |= (byte & 0x1F) << shift
                shift += 5
                if byte < 0x20:
                    break
            place[axis] += ~(value >> 1) if value & 1 else value >> 1
        line.append([place[0] / 1e6, place[1] / 1e6])
    return line


def known_ways(actor: Any, place: Place) -> dict[str, bool]:
    """Return the ways at a place that Valhalla has, and whether it lets walkers onto them."""
    asked = {"locations": [as_location(place) | {"radius": 2, "minimum_reachability": 0}], "verbose": True}
    try:
        found = json.loads(actor.locate(json.dumps(asked)))[0]["edges"] or []
    except RuntimeError:
        return {}
    ways: dict[str, bool] = {}
    for edge in found:
        way = str(edge["edge_info"]["way_id"])
        ways[way] = ways.get(way, False) or bool(edge["edge"]["access"]["pedestrian"])
    return ways


def main() -> None:
    """Answer the job of standard input."""
    job = json.loads(sys.stdin.read())
    actor = make_actor(sys.argv[1], Path(sys.argv[2]))
    routes = [find_route(actor, *query) for query in job["routes"]]
    places = [known_ways(actor, place) for place in job["places"]]
    sys.stdout.write("\n" + json.dumps({"routes": routes, "places": places}) + "\n")


if __name__ == "__main__":
    main()

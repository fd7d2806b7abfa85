# ruff: noqa: E501 - lists of elements, one to a line
"""Small valid streets and grids of every kind that Walkshed reads."""

from __future__ import annotations

import io
import warnings

import numpy as np
import osmium
import rasterio
import shapely
from rasterio.transform import from_origin
from tests.fuzz.seeds import SOUTH, WEST, workplace

from walkshed.network.build import read_network
from walkshed.network.store import write_network


def osm_xml() -> bytes:
    """Return streets, buildings, a unit, a room and what else is read from OpenStreetMap."""
    places = {
        1: (0, 0),
        2: (5, 0),
        3: (5, 5),
        4: (0, 5),
        5: (2, 2),
        6: (3, 2),
        7: (3, 3),
        8: (2, 3),
        9: (1, 1),
        10: (2.5, 2),
    }
    tags = {
        9: {"amenity": "library", "name": "西永书房", "opening_hours": "Mo-Fr 09:00-18:00", "name:en": "Library"},
        10: {"entrance": "main", "barrier": "gate"}, 2: {"highway": "crossing"}, 4: {"place": "suburb", "name": "西永"},
    }  # fmt: skip
    ways = {
        1: ((1, 2, 3, 4, 1), {"highway": "residential", "name": "环路"}),
        2: ((1, 5, 7, 3), {"highway": "steps", "incline": "10%", "oneway": "yes"}),
        3: ((5, 10, 6, 7, 8, 5), {"building": "apartments", "building:levels": "6", "name": "1栋"}),
        4: ((1, 2, 3, 4, 1), {"landuse": "residential", "name": "甲小区"}),
        5: ((5, 6, 7, 8, 5), {"natural": "water"}),
        6: ((4, 8), {"highway": "footway", "access": "private", "layer": "-1", "tunnel": "yes"}),
    }
    relations = {
        1: (
            (1,),
            {"type": "boundary", "boundary": "administrative", "admin_level": "10", "name": "社区", "population": "99"},
        )
    }
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="x">']
    lines.append(f'<bounds minlat="{SOUTH}" minlon="{WEST}" maxlat="{SOUTH + 0.03}" maxlon="{WEST + 0.03}"/>')
    for number, (x, y) in places.items():
        lines.append(
            f'<node id="{number}" version="1" lat="{SOUTH + y / 300:.6f}" lon="{WEST + x / 300:.6f}">{_tags(tags.get(number, {}))}</node>'
        )
    for number, (nodes, own) in ways.items():
        inside = "".join(f'<nd ref="{node}"/>' for node in nodes)
        lines.append(f'<way id="{number}" version="1">{inside}{_tags(own)}</way>')
    for number, (members, own) in relations.items():
        inside = "".join(f'<member type="way" ref="{way}" role="outer"/>' for way in members)
        lines.append(f'<relation id="{number}" version="1">{inside}{_tags(own)}</relation>')
    return "\n".join([*lines, "</osm>"]).encode()


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def osm_pbf(options: str) -> bytes:
    """Return the same as a PBF, packed or plain."""
    source, target = workplace() / "seed.osm", workplace() / f"{len(options)}.osm.pbf"
    source.write_bytes(osm_xml())
    target.unlink(missing_ok=True)
    with osmium.SimpleWriter(osmium.io.File(str(target), options)) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)
    return target.read_bytes()


def graphml() -> bytes:
    """Return streets as OSMnx saves them."""
    import networkx as nx  # noqa: PLC0415 - takes a while to load, for one reader of many
    import osmnx  # noqa: PLC0415 - the same

    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for node in range(4):
        graph.add_node(node, x=WEST + 0.001 * (node % 2), y=SOUTH + 0.001 * (node // 2), street_count=2)
    line = shapely.LineString([(WEST, SOUTH), (WEST + 0.0005, SOUTH + 0.0001), (WEST + 0.001, SOUTH)])
    for u, v, key in ((0, 1, 0), (1, 0, 0), (1, 3, 0), (3, 2, 0), (2, 0, 0)):
        more = {"geometry": line if (u, v) == (0, 1) else line.reverse()} if {u, v} == {0, 1} else {}
        graph.add_edge(u, v, key, osmid=[u, v], highway="footway", name=["a", "b"], length=111.0, oneway=False, **more)
    path = workplace() / "seed.graphml"
    osmnx.save_graphml(graph, path)
    return path.read_bytes()


def npz() -> bytes:
    """Return a saved network."""
    source, target = workplace() / "net.osm", workplace() / "net.npz"
    source.write_bytes(osm_xml())
    write_network(read_network(source), target)
    return target.read_bytes()


def arrays() -> dict[str, np.ndarray]:
    """Return the arrays of :func:`npz`."""
    with np.load(io.BytesIO(npz())) as archive:
        return {name: archive[name] for name in archive.files}


def raster(**changes: object) -> bytes:
    """Return a raster of 30 x 30 cells over the area, with options of rasterio changed."""
    grid = from_origin(WEST, SOUTH + 0.03, 0.001, 0.001)
    options = {
        "driver": "GTiff",
        "width": 30,
        "height": 30,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4326",
        "transform": grid,
    }
    options |= {"nodata": -9999.0} | changes
    values = np.arange(900, dtype=np.float64).reshape(1, 30, 30) % 97
    values[0, :2] = -9999.0
    path = workplace() / "seed.tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", **options) as file:
            file.write(np.repeat(values, int(options["count"]), 0).astype(str(options["dtype"])))
    return path.read_bytes()

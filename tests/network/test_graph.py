"""Networks from graphs of OSMnx: fetched or saved, simplified or not, projected or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import osmnx
import pytest
from pyproj import Geod
from shapely import LineString

from walkshed.errors import InputError, NetworkError
from walkshed.network.build import network_from_osmnx, read_network
from walkshed.network.walkable import WALK_TAGS
from walkshed.walkers import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from walkshed.network.model import WalkNetwork

GEOD = Geod(ellps="WGS84")
SPOTS = {
    1: (116.300, 40.0),
    2: (116.301, 40.0),
    3: (116.302, 40.0),
    4: (116.303, 40.0),
    5: (116.302, 40.001),
    6: (116.301, 40.0),
}


def graph_of(*edges: tuple[int, int, dict[str, Any]], crs: str | None = "epsg:4326") -> nx.MultiDiGraph[int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    if crs:
        graph.graph["crs"] = crs
    for node in {node for u, v, _ in edges for node in (u, v)}:
        graph.add_node(node, x=SPOTS[node][0], y=SPOTS[node][1])
    for u, v, data in edges:
        graph.add_edge(u, v, **data)
    return graph


def metres(*nodes: int) -> float:
    return float(GEOD.line_length([SPOTS[n][0] for n in nodes], [SPOTS[n][1] for n in nodes]))


def ends(network: WalkNetwork) -> list[tuple[int, int]]:
    """Return the ids of every edge's ends, the smaller first."""
    pairs = np.sort(np.column_stack([network.node_id[network.u], network.node_id[network.v]]), axis=1)
    return [(int(low), int(high)) for low, high in pairs]


def both_ways(u: int, v: int, **data: object) -> list[tuple[int, int, dict[str, Any]]]:
    back = dict(data)
    if isinstance(shape := data.get("geometry"), LineString):
        back["geometry"] = shape.reverse()
    return [(u, v, data | {"reversed": False}), (v, u, back | {"reversed": True})]


# ---- pairs, parallels, loops


def test_the_two_directions_of_a_street_are_one_edge() -> None:
    network = network_from_osmnx(
        graph_of(*both_ways(1, 2, osmid=7, highway="path", name="学院路", length=85.0)), speed_kmh=6.0
    )
    assert ends(network) == [(1, 2)]
    assert network.way_id.tolist() == [7]
    assert network.edge_name(0) == "学院路"
    assert network.length_m == pytest.approx([metres(1, 2)])
    assert network.forward_min == pytest.approx(network.backward_min)


def test_one_direction_only_is_for_cars_and_does_not_bind_walkers() -> None:
    network = network_from_osmnx(graph_of((1, 2, {"osmid": 7, "highway": "residential", "oneway": True})))
    assert np.isfinite(network.forward_min).all()
    assert np.isfinite(network.backward_min).all()


def test_direction_tags_follow_the_way_not_the_edge() -> None:
    against = (2, 1, {"osmid": 7, "highway": "steps", "conveying": "forward", "reversed": True})
    along = (1, 2, {"osmid": 7, "highway": "steps", "conveying": "forward", "reversed": False})
    for graph in (graph_of(along), graph_of(against), graph_of(along, against), graph_of(against, along)):
        network = network_from_osmnx(graph)
        assert len(network.u) == 1
        up = network.forward_min if network.node_id[network.u[0]] == 1 else network.backward_min
        down = network.backward_min if network.node_id[network.u[0]] == 1 else network.forward_min
        assert np.isfinite(up).all()
        assert np.isinf(down).all()
        assert network.steps.all()


def test_parallel_streets_stay_and_so_do_doubled_ones() -> None:
    bow = LineString([SPOTS[1], (116.3005, 40.0005), SPOTS[2]])
    edges = (
        *both_ways(1, 2, osmid=1),
        *both_ways(1, 2, osmid=2),
        *both_ways(1, 2, osmid=1, geometry=bow),
        *both_ways(1, 2, osmid=3),
        *both_ways(1, 2, osmid=3),
    )
    assert sorted(network_from_osmnx(graph_of(*edges)).way_id) == [1, 1, 2, 3, 3]


def test_loops_stay_where_they_have_a_shape() -> None:
    ring = LineString([SPOTS[2], SPOTS[3], SPOTS[5], SPOTS[2]])
    shapeless = (2, 2, {"osmid": 3, "length": 50.0})
    graph = graph_of(*both_ways(1, 2, osmid=1), *both_ways(2, 2, osmid=2, geometry=ring), shapeless)
    network = network_from_osmnx(graph)
    assert sorted(network.way_id) == [1, 2]
    (loop,) = np.flatnonzero(network.u == network.v)
    assert network.length_m[loop] == pytest.approx(metres(2, 3, 5, 2))


# ---- shapes and lengths


def test_a_shape_drawn_the_other_way_is_turned() -> None:
    bow = LineString([SPOTS[2], (116.3005, 40.0005), SPOTS[1]])
    network = network_from_osmnx(graph_of((1, 2, {"osmid": 1, "geometry": bow})))
    line = network.edge_lines[0]
    assert line.coords[0] == (network.x[network.u[0]], network.y[network.u[0]])
    assert len(line.coords) == 3


@pytest.mark.parametrize(
    ("stated", "expected"),
    [(None, 1.0), (0.0, 1.0), (-5.0, 1.0), ("long", 1.0), (float("nan"), 1.0), (1.005, 1.0), (0.5, 1.0), (1.5, 1.5)],
)
def test_a_stated_length_counts_where_the_line_has_lost_its_bends(stated: object, expected: float) -> None:
    straight = metres(1, 2)
    data = (
        {"osmid": 1}
        if stated is None
        else {"osmid": 1, "length": stated * straight if isinstance(stated, float) else stated}
    )
    network = network_from_osmnx(graph_of((1, 2, data)))
    assert network.length_m == pytest.approx([expected * straight])


def test_mere_bends_are_dissolved_and_ways_stay_apart() -> None:
    edges = (
        *both_ways(1, 2, osmid=7),
        *both_ways(2, 3, osmid=7),
        *both_ways(3, 4, osmid=8),
    )
    network = network_from_osmnx(graph_of(*edges))
    assert sorted(ends(network)) == [(1, 3), (3, 4)]
    joined = int(np.argmax(network.length_m))
    assert len(network.edge_lines[joined].coords) == 3
    assert network.length_m[joined] == pytest.approx(metres(1, 2, 3))


def test_bends_are_dissolved_against_the_order_of_the_edges_and_around_a_ring() -> None:
    chain = graph_of((3, 4, {"osmid": 7}), (2, 3, {"osmid": 7}), (2, 1, {"osmid": 7}))
    assert ends(network_from_osmnx(chain)) == [(1, 4)]
    ring = graph_of((2, 3, {"osmid": 7}), (3, 5, {"osmid": 7}), (5, 2, {"osmid": 7}))
    network = network_from_osmnx(ring)
    assert len(network.u) == 1
    assert network.u[0] == network.v[0]
    assert network.length_m == pytest.approx([metres(2, 3, 5, 2)])


def test_nodes_at_one_place_are_merged() -> None:
    graph = graph_of((1, 2, {"osmid": 1}), (2, 6, {"osmid": 2, "length": 0.0}), (6, 3, {"osmid": 3}))
    network = network_from_osmnx(graph)
    assert sorted(ends(network)) == [(1, 2), (2, 3)]


# ---- what is walked


def test_the_walking_filter_applies_where_the_graph_says_what_its_edges_are() -> None:
    edges: list[tuple[int, int, dict[str, Any]]] = [
        (1, 2, {"osmid": 1, "highway": "motorway"}),
        (2, 3, {"osmid": 2, "highway": ["path", "steps"], "name": ["A", "B"]}),
        (3, 4, {"osmid": 3, "highway": "service", "access": "private"}),
        (3, 5, {"osmid": 4, "highway": None}),
    ]
    network = network_from_osmnx(graph_of(*edges))
    assert network.way_id.tolist() == [2]
    assert network.steps.tolist() == [True]
    assert network.edge_name(0) == "A / B"
    assert sorted(network_from_osmnx(graph_of(*edges), access=Access(private=True)).way_id) == [2, 3]
    silent = [(u, v, {"osmid": data["osmid"]}) for u, v, data in edges]
    assert sorted(network_from_osmnx(graph_of(*silent)).way_id) == [1, 2, 3, 4]


def test_edges_that_merge_ways_keep_the_first_and_ids_may_be_unknown() -> None:
    network = network_from_osmnx(graph_of((1, 2, {"osmid": [9, 8]}), (2, 3, {}), (3, 4, {"osmid": "x"})))
    assert sorted(network.way_id) == [-1, 9]


def test_a_graph_is_not_changed_and_any_kind_of_graph_will_do() -> None:
    graph = graph_of(*both_ways(1, 2, osmid=1), *both_ways(2, 3, osmid=1))
    before = graph.copy()
    network = network_from_osmnx(graph)
    assert nx.utils.graphs_equal(graph, before)
    for kind in (nx.MultiGraph, nx.DiGraph, nx.Graph):
        assert ends(network_from_osmnx(kind(graph))) == ends(network)


# ---- CRS and damage


def test_a_projected_graph_gives_the_same_network() -> None:
    bow = LineString([SPOTS[2], (116.3005, 40.0005), SPOTS[3]])
    graph = graph_of(*both_ways(1, 2, osmid=1, highway="path"), *both_ways(2, 3, osmid=2, highway="path", geometry=bow))
    plain, projected = network_from_osmnx(graph), network_from_osmnx(osmnx.project_graph(graph))
    assert plain.crs == projected.crs == "EPSG:32650"
    assert np.array_equal(plain.node_id, projected.node_id)
    assert projected.length_m == pytest.approx(plain.length_m, abs=1e-6)
    assert projected.geometry_x == pytest.approx(plain.geometry_x, abs=1e-6)
    assert ends(network_from_osmnx(graph_of((1, 2, {}), crs=None))) == [(1, 2)]


def test_a_graph_without_positions_or_numbers_is_refused() -> None:
    graph = graph_of((1, 2, {}))
    graph.add_edge(2, 9)
    with pytest.raises(InputError, match="Node 9 of the graph"):
        network_from_osmnx(graph)
    named = nx.relabel_nodes(graph_of((1, 2, {})), {1: "a"})
    with pytest.raises(InputError, match="Node a of the graph"):
        network_from_osmnx(named)


@pytest.mark.parametrize("crs", ["epsg:999999", "nonsense"])
def test_an_unknown_crs_is_refused(crs: str) -> None:
    with pytest.raises(InputError, match="do not fit its coordinate system"):
        network_from_osmnx(graph_of((1, 2, {}), crs=crs))


def test_metres_without_a_crs_are_refused() -> None:
    graph = graph_of((1, 2, {}), crs=None)
    nx.set_node_attributes(graph, {1: {"x": 440_000.0, "y": 4_400_000.0}, 2: {"x": 440_100.0, "y": 4_400_000.0}})
    with pytest.raises(InputError, match="do not fit its coordinate system"):
        network_from_osmnx(graph)


def test_a_graph_without_streets_says_so() -> None:
    with pytest.raises(NetworkError, match="no walkable street"):
        network_from_osmnx(graph_of((1, 2, {"highway": "motorway"})))
    with pytest.raises(NetworkError, match="no walkable street"):
        network_from_osmnx(nx.MultiDiGraph(crs="epsg:4326"))


# ---- GraphML and the whole way through OSMnx


@pytest.fixture
def osmnx_tags() -> Iterator[None]:
    """Let OSMnx keep the tags by which walking is judged."""
    before = osmnx.settings.useful_tags_way
    osmnx.settings.useful_tags_way = list(WALK_TAGS)
    yield
    osmnx.settings.useful_tags_way = before


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("simplify", [False, True])
@pytest.mark.usefixtures("osmnx_tags")
def test_graphml_saved_by_osmnx_is_read(
    write_osm: Callable[..., Path], tmp_path: Path, *, simplify: bool, projected: bool
) -> None:
    places = {1: (0, 0), 2: (100, 10), 3: (200, 0), 4: (300, 0), 5: (200, 100), 6: (200, -100)}
    ways = (
        "w10 Thighway=residential,name=学院路 Nn1,n2,n3,n4",
        "w11 Thighway=path Nn5,n3,n6",
        "w12 Tbarrier=wall Nn1,n5",  # OSMnx takes every way for a street, and simplifying would merge it
    )
    path = write_osm(places, *ways[: 2 if simplify else 3])
    graph = osmnx.graph_from_xml(path, bidirectional=True, simplify=simplify, retain_all=True)
    if projected:
        graph = osmnx.project_graph(graph)
    osmnx.save_graphml(graph, tmp_path / "saved.graphml")
    network, straight = read_network(tmp_path / "saved.graphml"), read_network(path)
    assert sorted(ends(network)) == sorted(ends(straight))
    assert np.sort(network.length_m) == pytest.approx(np.sort(straight.length_m), abs=0.01)
    assert network.names == ("学院路",)
    assert network.source == "saved.graphml"


@pytest.mark.parametrize(
    "content",
    ["", "not xml", "<graphml><graph>", "<graphml xmlns='http://graphml.graphdrawing.org/xmlns'/>"],
)
def test_a_broken_graphml_file_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.graphml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"broken\.graphml is no GraphML file"):
        read_network(path)


def test_graphml_of_another_program_is_told(tmp_path: Path) -> None:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edge("a", "b")
    nx.write_graphml(graph, tmp_path / "names.graphml")
    with pytest.raises(InputError, match="no GraphML file as OSMnx saves it"):
        read_network(tmp_path / "names.graphml")
    nx.write_graphml(nx.path_graph(3), tmp_path / "numbers.graphml")
    with pytest.raises(InputError, match="has no usable position"):
        read_network(tmp_path / "numbers.graphml")
    with pytest.raises(InputError, match="There is no GraphML file"):
        read_network(tmp_path / "nowhere.graphml")


@pytest.mark.shared
@pytest.mark.usefixtures("osmnx_tags")
def test_haidian_through_osmnx_is_haidian(shared_data: Path) -> None:
    ours = read_network(shared_data / "haidian" / "cau.osm")
    graph = osmnx.graph_from_xml(
        shared_data / "haidian" / "cau.osm", bidirectional=True, simplify=False, retain_all=True
    )
    theirs = network_from_osmnx(graph, crs=ours.crs)
    # One ring of a way starts at a node where nothing else meets it; the graph does not know where ways start.
    assert len(ours.u) - len(theirs.u) == 1
    assert theirs.length_m.sum() == pytest.approx(ours.length_m.sum(), rel=1e-12)
    assert set(ours.node_id) - set(theirs.node_id) == {12_817_118_527}
    kept = np.isin(ours.way_id, [1_384_352_282], invert=True)
    also = np.isin(theirs.way_id, [1_384_352_282], invert=True)
    assert np.sort(ours.length_m[kept]) == pytest.approx(np.sort(theirs.length_m[also]), rel=1e-12)

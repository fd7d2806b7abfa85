"""Places with several entrances are tied by them, and stay so while a scenario changes the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from walkshed.catalogue import has
from walkshed.errors import CrsError, InputError
from walkshed.network.edits import AddFootbridge, CloseLink, MoveFacility
from walkshed.network.entrances import Entrance, entrances_after, entrances_of, stops_of
from walkshed.network.scenario import edit_network
from walkshed.network.snap import SNAP_COLUMNS, dropped_entrances, snap
from walkshed.network.ties import carry_ties
from walkshed.reach.times import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.network.model import WalkNetwork

    MakeNetwork = Callable[..., WalkNetwork]
    MakePoints = Callable[..., gpd.GeoDataFrame]


@pytest.fixture
def ring(make_network: MakeNetwork) -> WalkNetwork:
    """Return a square of streets, 200 m a side: south 0, east 1, north 2, west 3."""
    return make_network([(0, 0), (200, 0), (200, 200), (0, 200)], [(0, 1), (1, 2), (2, 3), (3, 0)])


@pytest.fixture
def block(make_points: MakePoints) -> gpd.GeoDataFrame:
    """Return three residential areas inside the square: the first an area."""
    points = make_points([(100, 100), (100, 90), (30, 20)], name=["A", "B", "C"])
    corners = make_points([(20, 20), (180, 180)]).to_crs("EPSG:32650").geometry
    area = gpd.GeoSeries([shapely.box(corners[0].x, corners[0].y, corners[1].x, corners[1].y)], crs="EPSG:32650")
    points.loc[[0], "geometry"] = area.to_crs(4326).to_numpy()
    return points


def gates(
    make_points: MakePoints, places: Sequence[tuple[float, float]], owners: Sequence[str], names: Sequence[str]
) -> gpd.GeoDataFrame:
    return make_points(places, name=list(names)).assign(demand_id=list(owners))


def shown(cell: tuple[Entrance, ...]) -> list[tuple[str, int, float, float]]:
    return [(e.name, e.edge, round(e.fraction, 4), round(e.access_m, 3)) for e in cell]


def test_every_entrance_is_tied_by_itself(ring: WalkNetwork, block: gpd.GeoDataFrame, make_points: MakePoints) -> None:
    places = [(50, 185), (30, 20), (190, 100), (100, 12), (0, 0)]
    table = gates(make_points, places, ["d0", "d2", "d0", "d0", "elsewhere"], ["北门", "", "东门", "南门", "?"])
    before = block.copy(deep=True)
    tied = snap(block, ring, max_m=100, entrances=table)
    pd.testing.assert_frame_equal(pd.DataFrame(block), pd.DataFrame(before))
    assert shown(tied["entrances"][0]) == [("北门", 2, 0.75, 15.0), ("东门", 1, 0.5, 10.0), ("南门", 0, 0.5, 12.0)]
    assert tied["entrances"][1] == ()
    assert shown(tied["entrances"][2]) == [("", 0, 0.15, 20.0)]
    # the plain columns are those of the entrance with the shortest leg
    assert tied["edge"].tolist() == [1, 0, 0]
    assert tied["access_m"].tolist() == pytest.approx([10, 90, 20], abs=1e-4)
    assert tied["snapped"].all()
    assert (tied["why"] == "").all()
    plain = snap(block, ring, max_m=100)
    assert [str(tied[name].dtype) for name in SNAP_COLUMNS] == [str(plain[name].dtype) for name in SNAP_COLUMNS]
    assert list(tied.columns) == [*plain.columns, "entrances"]
    pd.testing.assert_frame_equal(tied.loc[[1], plain.columns], plain.loc[[1]])
    first = tied["entrances"][0][0]
    assert (first.x - ring.x[0], first.y - ring.y[0]) == pytest.approx((50, 185), abs=1e-4)
    assert first.component == 0
    # snapped again without entrances, the places are tied by themselves
    again = snap(tied, ring, max_m=100)
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(plain))
    assert entrances_of(again) == [(), (), ()]


def test_of_equal_legs_the_first_entrance_counts(
    ring: WalkNetwork, block: gpd.GeoDataFrame, make_points: MakePoints
) -> None:
    places = [(150, 0), (50, 0), (0, 100)]
    tied = snap(block, ring, max_m=100, entrances=gates(make_points, places, ["d0"] * 3, ["a", "b", "c"]))
    assert tied["fraction"][0] == pytest.approx(0.75, abs=1e-6)
    turned = snap(block, ring, max_m=100, entrances=gates(make_points, places[::-1], ["d0"] * 3, ["c", "b", "a"]))
    assert tied["entrances"][0] == turned["entrances"][0][::-1]
    assert turned["edge"][0] == 3


def test_entrances_far_from_every_street_are_listed_and_their_place_says_so(
    ring: WalkNetwork, block: gpd.GeoDataFrame, make_points: MakePoints
) -> None:
    places = [(100, 100), (100, 40), (30, 100), (30, 5), (0, 0)]
    table = gates(make_points, places, ["d0", "d1", "d1", "d2", "none"], ["mid", "near", "also", "no", "x"])
    table.loc[3, "geometry"] = None
    tied = snap(block, ring, max_m=50, entrances=table)
    assert tied["why"].tolist() == ["entrances_far", "", "entrances_far"]
    assert tied["snapped"].tolist() == [False, True, False]
    lost = tied[~tied["snapped"]]
    assert (lost["edge"] == -1).all()
    assert (lost["component"] == -1).all()
    assert lost[["fraction", "access_m"]].isna().all(axis=None)
    assert not lost["moved"].any()
    assert lost["entrances"].tolist() == [(), ()]
    assert [e.name for e in tied["entrances"][1]] == ["also", "near"][::-1]
    assert has("reasons.entrances_far")
    dropped = dropped_entrances(block, ring, max_m=50, entrances=table)
    assert dropped[["name", "why"]].to_numpy().tolist() == [["mid", "far_from_street"], ["no", "no_position"]]
    assert len(dropped_entrances(block, ring, max_m=150, entrances=table.drop(index=3))) == 0


def test_an_entrance_on_a_fragment_moves_off_it(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (1000, 0), (0, 30), (60, 30)], [(0, 1), (2, 3)])
    home = make_points([(30, 25)])
    table = gates(make_points, [(30, 28), (500, 40)], ["d0", "d0"], ["a", "b"])
    tied = snap(home, network, max_m=100, fragment_max_m=500, entrances=table)
    assert [(e.edge, e.component) for e in tied["entrances"][0]] == [(0, 0), (0, 0)]
    assert tied["moved"].tolist() == [True]
    assert tied["access_m"][0] == pytest.approx(28, abs=1e-4)
    still = snap(home, network, max_m=100, fragment_max_m=0, entrances=table)
    assert [(e.edge, e.component) for e in still["entrances"][0]] == [(1, 1), (0, 0)]
    assert still["component"].tolist() == [1]


def test_a_place_without_position_is_found_by_its_entrance(ring: WalkNetwork, make_points: MakePoints) -> None:
    rooms = make_points([(0, 0), (100, 0)], id_column="facility_id")
    rooms.loc[0, "geometry"] = None
    doors = make_points([(200, 100)], id_column="facility_id")
    tied = snap(rooms, ring, max_m=50, entrances=doors)
    assert tied["why"].tolist() == ["", ""]
    assert tied["edge"].tolist() == [1, 0]
    homes = snap(make_points([(200, 110)]), ring, max_m=50)
    assert nearest(ring, tied, homes)["facility_id"].tolist() == ["d0"]


def test_entrances_must_say_whose_they_are(ring: WalkNetwork, make_points: MakePoints) -> None:
    homes = make_points([(0, 0), (5, 5)])
    with pytest.raises(InputError, match="facility_id"):
        snap(homes, ring, max_m=50, entrances=make_points([(0, 0)], id_column="facility_id"))
    with pytest.raises(InputError, match="demand_id, facility_id"):
        snap(homes, ring, max_m=50, entrances=make_points([(0, 0)], id_column="owner"))
    twice = homes.assign(demand_id="d0")
    with pytest.raises(InputError, match="repeats ids"):
        snap(twice, ring, max_m=50, entrances=make_points([(0, 0)]))
    with pytest.raises(CrsError):
        snap(homes, ring, max_m=50, entrances=make_points([(0, 0)]).set_crs(None, allow_override=True))


def test_no_entrances_at_all_change_nothing(ring: WalkNetwork, make_points: MakePoints) -> None:
    homes = make_points([(0, 10), (5, 5)])
    none = make_points([(0, 0)]).iloc[:0]
    tied = snap(homes, ring, max_m=50, entrances=none)
    assert tied["entrances"].tolist() == [(), ()]
    pd.testing.assert_frame_equal(
        pd.DataFrame(tied.drop(columns="entrances")), pd.DataFrame(snap(homes, ring, max_m=50))
    )
    assert len(snap(homes.iloc[:0], ring, max_m=50, entrances=make_points([(0, 0)]))) == 0
    stops = stops_of(tied)
    assert stops.row.tolist() == [0, 1]
    assert stops.number.tolist() == [-1, -1]


# ---- scenarios


def test_entrances_stay_where_they_are_while_streets_are_cut(
    ring: WalkNetwork, block: gpd.GeoDataFrame, make_points: MakePoints
) -> None:
    table = gates(make_points, [(150, 3), (50, 197), (30, 0)], ["d0", "d0", "d2"], ["S", "N", ""])
    tied = snap(block, ring, max_m=100, entrances=table)
    link = make_points([(100, 0), (100, 200)]).geometry
    line = tuple((point.x, point.y) for point in link)
    edited = edit_network(ring, [AddFootbridge(name="bridge", line=line)])
    carried = carry_ties(tied, edited)
    rooms = make_points([(150, 200)], id_column="facility_id")
    room = carry_ties(snap(rooms, ring, max_m=50), edited)
    for before, after in zip(entrances_of(tied), entrances_of(carried), strict=True):
        assert [(e.name, e.x, e.y, e.access_m) for e in before] == [(e.name, e.x, e.y, e.access_m) for e in after]
    assert carried["entrances"][0] != tied["entrances"][0]  # other edges, for both streets were cut
    fresh = snap(block, edited.network, max_m=100, entrances=table)
    assert [shown(cell) for cell in carried["entrances"]] == [shown(cell) for cell in fresh["entrances"]]
    for name in ("edge", "component"):
        assert carried[name][[0, 2]].tolist() == fresh[name][[0, 2]].tolist()
    found = nearest(edited.network, room, carried)  # which also makes sure that everything fits the network
    assert found["gate"].tolist() == ["N", "", ""]
    assert found["minutes"][0] == pytest.approx(0.03 + 1.0, abs=1e-3)


def test_entrances_that_are_cut_off_are_tied_anew_or_left_out(
    make_network: MakeNetwork, make_points: MakePoints
) -> None:
    network = make_network([(0, 0), (200, 0), (0, 60), (200, 60)], [(0, 1), (2, 3), (0, 2)])
    homes = make_points([(50, 30), (150, 30), (100, 55)])
    table = gates(
        make_points, [(50, 10), (50, 45), (150, 2), (100, 5)], ["d0", "d0", "d1", "d2"], ["S", "N", "far", "only"]
    )
    tied = snap(homes, network, max_m=50, entrances=table)
    edited = edit_network(network, [CloseLink(way_ids=(1,))])
    kept = carry_ties(tied, edited)
    assert kept["edge"].tolist() == tied["edge"].tolist()
    moved = carry_ties(tied, edited, retie_max_m=57)
    assert shown(moved["entrances"][0]) == [("S", 1, 0.25, 50.0), ("N", 1, 0.25, 15.0)]
    assert moved["access_m"][0] == pytest.approx(15, abs=1e-4)
    assert moved["edge"].tolist() == [1, -1, 1]
    assert moved["why"].tolist() == ["", "entrances_far", ""]
    assert moved["snapped"].tolist() == [True, False, True]
    assert moved["entrances"][1] == ()
    assert shown(moved["entrances"][2]) == [("only", 1, 0.5, 55.0)]
    room = carry_ties(snap(make_points([(0, 60)], id_column="facility_id"), network, max_m=5), edited)
    assert nearest(edited.network, room, moved)["gate"].tolist() == ["N", "", "only"]
    # where nothing is cut off nothing changes
    elsewhere = edit_network(network, [CloseLink(way_ids=(3,))])
    again = carry_ties(tied, elsewhere, retie_max_m=57)
    assert again["entrances"].tolist() == [
        tuple(e._replace(component=int(elsewhere.network.component[network.u[e.edge]])) for e in cell)
        for cell in tied["entrances"]
    ]


def test_a_room_that_moves_leaves_its_entrances(make_points: MakePoints) -> None:
    doors = make_points([(0, 0), (1, 1), (2, 2)], id_column="facility_id").assign(facility_id=["a", "b", "a"])
    left = entrances_after(doors, [CloseLink(way_ids=(1,)), MoveFacility(facility_id="a", at=(116.0, 40.0))])
    assert left["facility_id"].tolist() == ["b"]
    assert entrances_after(doors, []) is doors
    homes = make_points([(0, 0)])
    assert entrances_after(homes, [MoveFacility(facility_id="d0", at=(116.0, 40.0))]) is homes
    assert np.array_equal(left.index, [0])

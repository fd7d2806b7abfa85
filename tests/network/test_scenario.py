"""Scenario edits do exactly what they say, and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from walkshed.errors import InputError, SnapError
from walkshed.network.build import read_network
from walkshed.network.edits import (
    AddFacility,
    AddFootbridge,
    CloseFacility,
    CloseLink,
    MoveFacility,
    OpenFacility,
    OpenGate,
    OpenLink,
)
from walkshed.network.facility_edits import apply_facility_edits
from walkshed.network.model import WalkNetwork
from walkshed.network.scenario import EditedNetwork, apply_edits, edit_network
from walkshed.network.snap import position_on_edge, snap
from walkshed.network.splice import QUANTA_PER_MINUTE, cut_edges
from walkshed.network.ties import carry_ties
from walkshed.network.traits import traits_of
from walkshed.network.walking import weigh
from walkshed.reach import graph
from walkshed.reach.times import nearest, travel_times
from walkshed.walkers import Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from walkshed.network.edits import Edit

    MakeNetwork = Callable[..., WalkNetwork]
    MakePoints = Callable[..., gpd.GeoDataFrame]
    Place = Callable[[float, float], tuple[float, ...]]

SAME_MIN = 1.5e-6
"""Times are told with 6 decimals; a cut may move the last one."""

quick = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
metres = st.floats(-20, 320)
positions = st.tuples(metres, metres)


@pytest.fixture(scope="session")
def place(make_points: MakePoints) -> Place:
    """Return a function from metres from the corner to (lon, lat)."""

    def convert(x: float, y: float) -> tuple[float, ...]:
        point = make_points([(x, y)]).geometry.iloc[0]
        return float(point.x), float(point.y)

    return convert


@pytest.fixture(scope="session")
def town(make_network: MakeNetwork) -> WalkNetwork:
    """Return a grid of 4 x 4 junctions, 100 m apart, one street of it bent, times differing by direction."""
    nodes = [(100.0 * i, 100.0 * j) for j in range(4) for i in range(4)]
    across = [(4 * j + i, 4 * j + i + 1) for j in range(4) for i in range(3)]
    up = [(4 * j + i, 4 * j + i + 4) for j in range(3) for i in range(4)]
    random = np.random.default_rng(7)
    network = make_network(nodes, across + up, backward_min=random.uniform(0.8, 1.9, 24))
    ends = network.geometry_start.copy()
    ends[1:] += 1  # a vertex more on the first street
    x, y = np.insert(network.geometry_x, 1, network.x[0] + 30), np.insert(network.geometry_y, 1, network.y[0] - 15)
    return replace(network, geometry_start=ends, geometry_x=x, geometry_y=y)


@pytest.fixture(scope="session")
def two_sides(make_network: MakeNetwork) -> WalkNetwork:
    """Return two streets of 200 m, 20 m apart, joined only by a third one 300 m to the right."""
    return make_network(
        [(0, 0), (200, 0), (500, 0), (500, 20), (200, 20), (0, 20)], [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    )


def minutes_of(network: WalkNetwork, points: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the minutes between all pairs of tied points, inf where there is no way."""
    table = travel_times(network, points, points, cutoff_min=math.inf)
    matrix = np.full((len(points), len(points)), np.inf)
    matrix[table["origin_id"].cat.codes, table["destination_id"].cat.codes] = table["minutes"]
    return matrix


def before_and_after(
    network: WalkNetwork, edits: list[Edit], points: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64], EditedNetwork]:
    tied = snap(points, network, max_m=500, fragment_max_m=0)
    edited = edit_network(network, edits)
    return minutes_of(network, tied), minutes_of(edited.network, carry_ties(tied, edited)), edited


def assert_same(before: NDArray[np.float64], after: NDArray[np.float64]) -> None:
    assert (np.isinf(before) == np.isinf(after)).all()
    known = np.isfinite(before)
    assert np.abs(before[known] - after[known]).max(initial=0) <= SAME_MIN


# --- cutting edges ------------------------------------------------------------------------------------------------


def test_the_pieces_share_an_edge_by_length(make_network: MakeNetwork) -> None:
    plain = make_network([(0, 0), (80, 60)], [(0, 1)], backward_min=[2.0])
    bent = replace(
        plain,
        length_m=np.array([150.0]),
        forward_min=np.array([1.5]),
        geometry_start=np.array([0, 4]),
        geometry_x=np.array([0.0, 80, 80, 80]) + plain.x[0],
        geometry_y=np.array([0.0, 0, 30, 60]) + plain.y[0],
        names=("Main Street",),
        name_code=np.array([0], np.int32),
    )
    cut = cut_edges(bent, np.array([0, 0, 0, 0]), np.array([0.75, 0.0, 0.25, 1.0]))
    network = cut.network
    assert network.length_m.tolist() == [37.5, 75.0, 37.5]
    assert network.forward_min == pytest.approx([0.375, 0.75, 0.375])
    assert network.backward_min == pytest.approx([0.5, 1.0, 0.5])
    assert list(zip(network.u.tolist(), network.v.tolist(), strict=True)) == [(0, 2), (2, 3), (3, 1)]
    assert cut.near.tolist() == cut.far.tolist() == [3, 0, 2, 1]
    drawn = [[(x - plain.x[0], y - plain.y[0]) for x, y in line.coords] for line in network.edge_lines]
    assert drawn == [[(0, 0), (35, 0)], [(35, 0), (80, 0), (80, 25)], [(80, 25), (80, 30), (80, 60)]]
    assert [network.edge_name(e) for e in range(3)] == ["Main Street"] * 3
    assert network.way_id.tolist() == [1, 1, 1]
    assert len(set(network.node_id.tolist())) == 4
    (made,) = cut.cuts
    assert (made.edge, made.fraction.tolist(), made.pieces.tolist()) == (0, [0.25, 0.75], [0, 1, 2])


def test_positions_at_an_end_and_next_to_each_other_cut_once(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0), (200, 0)], [(0, 1), (1, 2)])
    cut = cut_edges(network, np.array([1, 0, 0, 0]), np.array([1e-10, 0.5, 0.5 + 1e-10, 1 - 1e-10]))
    assert len(cut.network.u) == 3
    assert cut.near.tolist() == [1, 3, 3, 1]
    untouched = cut_edges(network, np.array([0, 1]), np.array([0.0, 1.0]))
    assert untouched.network is network
    assert untouched.cuts == ()


def test_severed_pieces_do_not_meet(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    cut = cut_edges(network, np.array([0, 0]), np.array([0.3, 0.6]), sever=True)
    assert list(zip(cut.network.u.tolist(), cut.network.v.tolist(), strict=True)) == [(0, 2), (3, 4), (5, 1)]
    assert (cut.network.x - network.x[0]).tolist() == pytest.approx([0, 100, 30, 30, 60, 60])
    assert cut.network.component.max() == 2


def test_a_loop_and_a_closed_direction_can_be_cut(make_network: MakeNetwork) -> None:
    straight = make_network([(0, 0), (50, 50)], [(0, 0), (0, 1)], lengths_m=[200, 70], backward_min=[np.inf, 0.7])
    loop = replace(
        straight,
        geometry_start=np.array([0, 5, 7]),
        geometry_x=np.array([0.0, 50, 50, 0, 0, 0, 50]) + straight.x[0],
        geometry_y=np.array([0.0, 0, 50, 50, 0, 0, 50]) + straight.y[0],
    )
    network = cut_edges(loop, np.array([0]), np.array([0.5])).network
    assert list(zip(network.u.tolist(), network.v.tolist(), strict=True)) == [(0, 2), (0, 1), (2, 0)]
    assert network.forward_min.tolist() == pytest.approx([1.0, 0.7, 1.0])
    assert np.isinf(network.backward_min[[0, 2]]).all()


def test_pieces_are_counted_in_the_quanta_of_the_search() -> None:
    assert QUANTA_PER_MINUTE == graph.QUANTA_PER_MINUTE


@quick
@given(
    cuts=st.lists(st.tuples(st.integers(0, 23), st.floats(0, 1)), min_size=1, max_size=12),
    places=st.lists(positions, min_size=2, max_size=6),
)
def test_cutting_changes_no_minutes(
    town: WalkNetwork, make_points: MakePoints, cuts: list[tuple[int, float]], places: list[tuple[float, float]]
) -> None:
    edge, fraction = np.array([e for e, _ in cuts]), np.array([f for _, f in cuts])
    spliced = cut_edges(town, edge, fraction)
    tied = snap(make_points(places), town, max_m=500)
    carried = carry_ties(tied, EditedNetwork(spliced.network, (), spliced.cuts))
    assert_same(minutes_of(town, tied), minutes_of(spliced.network, carried))
    rows = tied["edge"].to_numpy(), tied["fraction"].to_numpy()
    there = position_on_edge(spliced.network, carried["edge"].to_numpy(), carried["fraction"].to_numpy())
    for was, now in zip(position_on_edge(town, *rows), there, strict=True):
        assert now == pytest.approx(was, abs=1e-5)
    # between the old nodes nothing changes at all: the pieces add up to the last bit of the search
    corners = snap(make_points([(0, 0), (300, 300), (100, 200)]), town, max_m=1)
    carried = carry_ties(corners, EditedNetwork(spliced.network, (), spliced.cuts))
    assert (minutes_of(town, corners) == minutes_of(spliced.network, carried)).all()
    assert spliced.network.length_m.sum() == pytest.approx(town.length_m.sum())


@given(total=st.floats(1e-7, 30), shares=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8, unique=True))
def test_pieces_add_up_to_the_last_bit(make_network: MakeNetwork, total: float, shares: list[float]) -> None:
    network = make_network([(0, 0), (1000, 0)], [(0, 1)], backward_min=[total])
    pieces = cut_edges(network, np.zeros(len(shares), np.int64), np.array(shares)).network
    assert (pieces.backward_min > 0).all()
    assume(total > 1e-4)  # below, the quanta do not go round
    assert graph.exact(pieces.backward_min).sum() == graph.exact(network.backward_min).sum()


# --- closing and opening ------------------------------------------------------------------------------------------


def test_a_closed_way_is_gone_and_comes_back_as_it_was(town: WalkNetwork, make_points: MakePoints) -> None:
    homes = make_points([(50, 5), (250, 105), (150, 295), (5, 250)])
    closing = CloseLink(name="works", way_ids=(4, 5, 14))
    before, closed, edited = before_and_after(town, [closing], homes)
    assert np.flatnonzero(np.isinf(edited.network.forward_min)).tolist() == [3, 4, 13]
    assert (closed >= before).all()
    assert (closed > before).any()
    _, again, undone = before_and_after(town, [closing, OpenLink(way_ids=(4, 5, 14))], homes)
    assert (again == before).all()
    assert undone.network.forward_min.tolist() == town.forward_min.tolist()
    assert undone.network.backward_min.tolist() == town.backward_min.tolist()
    assert "3 pieces of street, 300 m" in edited.log[0].text()


def test_what_the_data_closes_can_be_opened(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0), (250, 0)], [(0, 1), (1, 2)], backward_min=[np.inf, 3.0])
    opened = apply_edits(network, [OpenLink(way_ids=(1,))])
    assert opened.backward_min.tolist() == [1.0, 3.0]
    assert opened.forward_min.tolist() == network.forward_min.tolist()


def test_a_wall_cuts_what_it_crosses_and_leaves_both_sides(
    two_sides: WalkNetwork, make_points: MakePoints, place: Place
) -> None:
    homes = make_points([(20, 0), (80, 0), (20, 20), (80, 20)])
    wall = CloseLink(name="wall", line=(place(50, -10), place(50, 30)))
    before, after, edited = before_and_after(two_sides, [wall], homes)
    assert np.isinf(after[0, 1])
    assert np.isinf(after[2, 3])
    assert np.isfinite(before).all()
    assert after[1, 3] == before[1, 3]
    assert np.isinf(edited.network.forward_min).sum() == 0
    assert "at 2 places" in edited.log[0].text("en")
    one = CloseLink(way_ids=(1,), line=wall.line)
    _, only_one, _ = before_and_after(two_sides, [one], homes)
    assert np.isinf(only_one[0, 1])
    assert only_one[2, 3] == before[2, 3]


def test_a_gate_in_a_wall_restores_the_street(two_sides: WalkNetwork, make_points: MakePoints, place: Place) -> None:
    homes = make_points([(20, 0), (80, 0), (20, 20), (80, 20)])
    wall = CloseLink(line=(place(50, -10), place(50, 10)))
    before, after, edited = before_and_after(two_sides, [wall, OpenGate(at=place(50, 0))], homes)
    assert_same(before, after)
    assert len(edited.network.u) == len(two_sides.u) + 1
    assert len(edited.network.node_id) == len(two_sides.node_id) + 1
    assert "0.0 m long" in edited.log[1].text()


def test_a_wall_around_a_house_cuts_a_street_twice(town: WalkNetwork, make_points: MakePoints, place: Place) -> None:
    ring = CloseLink(line=(place(120, -20), place(120, 20), place(180, 20), place(180, -20)))
    before, after, edited = before_and_after(town, [ring], make_points([(150, 2), (130, -3), (50, 105)]))
    assert np.isfinite(before).all()
    assert after[0, 1] == before[0, 1]
    assert np.isinf(after[:2, 2]).all()
    assert len(edited.cuts) == 1
    assert len(edited.cuts[0].pieces) == 3


# --- gates and bridges --------------------------------------------------------------------------------------------


def test_a_gate_joins_the_two_streets_behind_it(two_sides: WalkNetwork, make_points: MakePoints, place: Place) -> None:
    homes = make_points([(100, 0), (100, 20), (30, 0), (170, 20)])
    gate = OpenGate(name="East gate", at=place(100, 8))
    before, after, edited = before_and_after(two_sides, [gate], homes)
    assert before[0, 1] == pytest.approx(8.2, abs=1e-3)
    assert after[0, 1] == pytest.approx(0.2, abs=1e-3)
    assert after[2, 3] == pytest.approx(0.7 + 0.2 + 0.7, abs=1e-3)
    network = edited.network
    assert len(network.u) == len(two_sides.u) + 3
    assert network.length_m[-1] == pytest.approx(20, rel=1e-3)
    assert network.edge_name(len(network.u) - 1) == "East gate"
    assert network.way_id[-1] < -1
    assert not network.steps[-1]
    assert "East gate" in edited.log[0].text("zh")


def test_a_gate_does_not_join_what_meets_round_the_corner(
    make_network: MakeNetwork, make_points: MakePoints, place: Place
) -> None:
    # the two nearest streets meet 10 m further on; the third one lies behind the wall
    nodes = [(0, 0), (100, 0), (100, 100), (0, -12), (300, -12), (300, 100)]
    network = make_network(nodes, [(0, 1), (1, 2), (3, 4), (4, 5), (5, 2)])
    edited = edit_network(network, [OpenGate(at=place(95, -2))])
    tied = snap(make_points([(95, 0), (95, -12)]), edited.network, max_m=5)
    assert minutes_of(edited.network, tied)[0, 1] == pytest.approx(0.12, abs=1e-3)
    with pytest.raises(InputError, match="no two streets that a gate would join"):
        apply_edits(network, [OpenGate(at=place(95, -2), reach_m=9)])


def test_of_parallel_streets_the_short_one_decides_whether_a_gate_is_needed(
    make_network: MakeNetwork, place: Place
) -> None:
    nodes = [(0, 0), (20, 0), (0, 10), (20, 10)]
    network = make_network(nodes, [(0, 1), (0, 2), (0, 2), (2, 3)], lengths_m=[20, 900, 5, 20])
    with pytest.raises(InputError, match="no two streets"):
        apply_edits(network, [OpenGate(at=place(6, 5), reach_m=5.5)])
    far = replace(network, length_m=np.array([20.0, 900, 800, 20]))
    assert len(apply_edits(far, [OpenGate(at=place(6, 5), reach_m=5.5)]).u) == 7


def test_a_footbridge_shortens_the_way_and_touches_nothing_on_its_way(
    make_network: MakeNetwork, make_points: MakePoints, place: Place
) -> None:
    # three streets, one above the other; the bridge goes from the lowest to the highest, over the one between
    nodes = [(0, 0), (100, 0), (0, 50), (100, 50), (0, 100), (100, 100)]
    network = make_network(nodes, [(0, 1), (2, 3), (4, 5)])
    bridge = AddFootbridge(name="Bridge", line=(place(40, 3), place(40, 60), place(60, 97)))
    before, after, edited = before_and_after(network, [bridge], make_points([(40, 0), (50, 50), (60, 100)]))
    assert np.isinf(before[~np.eye(3, dtype=bool)]).all()
    along = 3 + 57 + math.hypot(20, 37) + 3
    assert after[0, 2] == after[2, 0] == pytest.approx(along / 100, rel=1e-3)
    assert np.isinf(after[0, 1])
    assert len(edited.cuts) == 2
    assert edited.network.x[edited.network.u[-1]] - network.x[0] == pytest.approx(40, abs=1e-6)
    assert f"{along:,.0f} m" in edited.log[0].text()


def test_a_bridge_may_start_at_a_junction_and_stand_on_one_street_twice(town: WalkNetwork, place: Place) -> None:
    at_node = apply_edits(town, [AddFootbridge(line=(place(-3, 300), place(250, 297)))])
    assert at_node.u[-1] == 12
    twice = apply_edits(town, [AddFootbridge(line=(place(120, 202), place(180, 202)))])
    assert len(twice.u) == len(town.u) + 3
    assert sorted((twice.u[-1], twice.v[-1])) == [16, 17]


def test_a_link_can_be_named_by_a_later_edit(two_sides: WalkNetwork, make_points: MakePoints, place: Place) -> None:
    homes = make_points([(20, 0), (80, 0), (20, 20), (80, 20)])
    edits: list[Edit] = [
        AddFootbridge(name="A", line=(place(50, 1), place(50, 19))),
        AddFootbridge(name="B", line=(place(150, 1), place(150, 19)), steps=True),
        CloseLink(links=("A",)),
    ]
    before, closed, edited = before_and_after(two_sides, [*edits, CloseLink(links=("B",))], homes)
    assert_same(before, closed)
    assert edited.network.steps.tolist()[-1] is True
    _, reopened, _ = before_and_after(two_sides, [*edits, CloseLink(links=("B",)), OpenLink(links=("A", "B"))], homes)
    _, both, _ = before_and_after(two_sides, edits[:2], homes)
    assert (reopened == both).all()


def test_a_bridge_may_lead_from_a_bridge(two_sides: WalkNetwork, place: Place) -> None:
    first = AddFootbridge(name="A", line=(place(50, 1), place(50, 19)))
    second = AddFootbridge(name="B", line=(place(51, 10), place(150, 2)), reach_m=5)
    network = apply_edits(two_sides, [first, second])
    assert network.edge_name(len(two_sides.u) + 2) == "A"
    assert {network.edge_name(e) for e in range(len(network.u))} == {"", "A", "B"}


def test_rules_of_walking_come_after_the_edits(two_sides: WalkNetwork, place: Place) -> None:
    bridge = AddFootbridge(name="stairs", line=(place(50, 1), place(50, 19)), steps=True)
    edited = apply_edits(two_sides, [bridge])
    wheelchair = weigh(edited, Profile(speed_kmh=3.0, stairs=False))
    assert np.isinf(wheelchair.forward_min).tolist() == [False] * 7 + [True]
    assert wheelchair.forward_min[0] + wheelchair.forward_min[5] == pytest.approx(200 / 50)


def test_traits_go_with_the_pieces(two_sides: WalkNetwork, place: Place) -> None:
    @dataclass(frozen=True, kw_only=True, eq=False)
    class Tagged(WalkNetwork):
        incline: NDArray[np.float64]
        off_ground: NDArray[np.bool_]
        crossings: NDArray[np.float64]
        signals: NDArray[np.float64]

    names = [
        item.name
        for item in fields(two_sides)
        if item.name not in {item.name for item in fields(Tagged)} - {item.name for item in fields(WalkNetwork)}
    ]
    network = Tagged(
        **{name: getattr(two_sides, name) for name in names if name not in traits_of(two_sides)._fields},
        incline=np.array([0.08, np.nan, np.nan, np.nan, np.inf]),
        off_ground=np.array([False, True, False, False, False]),
        crossings=np.array([1.0, 0, 0, 0, 2.0]),
        signals=np.zeros(5),
    )
    traits = traits_of(apply_edits(network, [AddFootbridge(line=(place(50, 1), place(50, 19)))]))
    assert traits.incline.tolist() == pytest.approx(
        [0.08, np.nan, np.nan, np.nan, np.inf, 0.08, np.inf, np.nan], nan_ok=True
    )
    assert traits.off_ground.tolist() == [False, True] + [False] * 5 + [True]
    assert traits.crossings.tolist() == pytest.approx([0.25, 0, 0, 0, 1.5, 0.75, 0.5, 0])


def test_messages_name_a_few_streets_only(make_network: MakeNetwork, place: Place) -> None:
    rungs = [(x, y) for y in range(0, 80, 10) for x in (0, 100)]
    network = make_network(rungs, [(2 * i, 2 * i + 1) for i in range(8)])
    edited = edit_network(network, [CloseLink(line=(place(50, -5), place(50, 75)))])
    assert "at 8 places (#1, #2, #3, #4, #5, …)" in edited.log[0].text()


# --- edits that change nothing ------------------------------------------------------------------------------------


def test_an_edit_that_hits_nothing_says_so(two_sides: WalkNetwork, place: Place) -> None:
    wall = CloseLink(line=(place(50, -10), place(50, 10)))
    bridge = AddFootbridge(name="A", line=(place(50, 1), place(50, 19)))
    cases: list[tuple[list[Edit], str]] = [
        ([CloseLink(name="x", way_ids=(1, 99))], r"scenario\.edits\[0\] \(close_link x\): .* number 99\."),
        ([bridge, CloseLink(links=("B",))], r"scenario\.edits\[1\] \(close_link\): .* named B \(known: A\)"),
        ([OpenLink(links=("B",))], r"named B \(known: -\)"),
        ([CloseLink(way_ids=(1,)), CloseLink(way_ids=(1,))], r"edits\[1\] .* closed already"),
        ([OpenLink(way_ids=(1,))], "open already"),
        ([CloseLink(line=(place(50, 5), place(50, 10)))], "crosses no open street"),
        ([CloseLink(way_ids=(3,), line=wall.line)], "crosses no open street"),
        ([wall, wall], r"edits\[1\] .*crosses no open street"),
        ([CloseLink(way_ids=(1,)), wall], "crosses no open street"),
        ([CloseLink(line=(place(50, 0), place(90, 0)))], r"runs along a street \(#1\)"),
        ([CloseLink(line=(place(200, -10), place(200, 10)))], r"exactly at a junction \(#1, #2\)"),
        ([OpenGate(at=place(-100, 0))], "no open street within 30 m"),
        ([OpenGate(at=place(100, -20))], "no two streets"),
        ([AddFootbridge(line=(place(50, 1), place(50, 90)))], r"no open street within 50 m of 11\d\.\d+, 39\.\d+"),
        ([AddFootbridge(line=(place(50, 1), place(50, 3)))], "same position on a street"),
        ([bridge, replace(bridge, line=(place(90, 1), place(90, 19)))], "already added a link named 'A'"),
    ]
    for edits, message in cases:
        with pytest.raises(InputError, match=message) as caught:
            apply_edits(two_sides, edits)
        assert caught.value.text("zh") != caught.value.text("en")


def test_a_wall_that_only_touches_a_dead_end_cuts_nothing(two_sides: WalkNetwork, place: Place) -> None:
    x, y = place(0, 0)
    with pytest.raises(InputError, match="crosses no open street"):
        apply_edits(two_sides, [CloseLink(line=((x, y - 1e-5), (x, y), (x - 1e-5, y)))])


def test_without_edits_nothing_changes(town: WalkNetwork) -> None:
    edited = edit_network(town, [CloseFacility(facility_id="r1")])
    for item in fields(town):
        np.testing.assert_array_equal(getattr(edited.network, item.name), getattr(town, item.name))
    assert edited.log == ()
    assert edited.cuts == ()


def test_the_old_network_stays_as_it_was(two_sides: WalkNetwork, place: Place) -> None:
    kept = {item.name: np.copy(getattr(two_sides, item.name)) for item in fields(two_sides)}
    bridge = AddFootbridge(name="A", line=(place(50, 1), place(50, 19)))
    apply_edits(two_sides, [bridge, CloseLink(way_ids=(3,)), CloseLink(line=(place(90, -5), place(90, 5)))])
    for name, value in kept.items():
        np.testing.assert_array_equal(value, getattr(two_sides, name))


# --- ties ---------------------------------------------------------------------------------------------------------


def test_untied_rows_stay_untied(two_sides: WalkNetwork, make_points: MakePoints, place: Place) -> None:
    points = make_points([(50, 0), (50, 400), (50, 20)])
    points.loc[2, "geometry"] = None
    tied = snap(points, two_sides, max_m=50)
    edited = edit_network(two_sides, [CloseLink(line=(place(20, -5), place(20, 5)))])
    carried = carry_ties(tied, edited)
    assert carried["edge"].tolist() == [5, -1, -1]
    assert carried["component"].tolist() == [0, -1, -1]
    assert carried["why"].tolist() == tied["why"].tolist()
    assert carried["access_m"].equals(tied["access_m"])
    assert tied["edge"].tolist() == [0, -1, -1]


def test_rows_on_a_closed_street_are_cut_off_or_tied_anew(two_sides: WalkNetwork, make_points: MakePoints) -> None:
    tied = snap(make_points([(50, 8), (50, 20), (0, 0)]), two_sides, max_m=50)
    edited = edit_network(two_sides, [CloseLink(way_ids=(1,))])
    cut_off = carry_ties(tied, edited)
    assert cut_off["edge"].tolist() == tied["edge"].tolist() == [0, 4, 0]
    assert np.isinf(minutes_of(edited.network, cut_off)[0, 1])
    anew = carry_ties(tied, edited, retie_max_m=50)
    assert anew["edge"].tolist() == [4, 4, 0]  # the last stands at the closed street's end
    assert anew["access_m"].tolist() == pytest.approx([12, 0, 0], abs=1e-3)
    short = carry_ties(tied, edited, retie_max_m=5)
    assert short["edge"].tolist() == [-1, 4, 0]
    assert short["why"].tolist() == ["far_from_street", "", ""]


def test_only_snapped_tables_are_carried(two_sides: WalkNetwork, make_points: MakePoints) -> None:
    with pytest.raises(SnapError, match="edge, fraction"):
        carry_ties(make_points([(0, 0)]), edit_network(two_sides, []))


# --- laws ---------------------------------------------------------------------------------------------------------


@quick
@given(ends=st.tuples(positions, positions), places=st.lists(positions, min_size=3, max_size=8))
def test_a_new_link_never_worsens_anyone(
    town: WalkNetwork,
    make_points: MakePoints,
    place: Place,
    ends: tuple[tuple[float, float], tuple[float, float]],
    places: list[tuple[float, float]],
) -> None:
    bridge = AddFootbridge(name="B", line=(place(*ends[0]), place(*ends[1])), reach_m=100)
    assume(math.dist(*ends) > 1)
    try:
        before, after, _ = before_and_after(town, [bridge], make_points(places))
    except InputError as error:
        assert error.message.key == "errors.edit_no_length"  # noqa: PT017 - both ends may come to one position
        return
    assert (after <= before + SAME_MIN).all()
    _, undone, _ = before_and_after(town, [bridge, CloseLink(links=("B",))], make_points(places))
    assert_same(before, undone)


@quick
@given(ways=st.sets(st.integers(1, 24), min_size=1, max_size=8), places=st.lists(positions, min_size=3, max_size=8))
def test_closing_never_improves_and_opening_restores(
    town: WalkNetwork, make_points: MakePoints, ways: set[int], places: list[tuple[float, float]]
) -> None:
    closing = CloseLink(way_ids=tuple(ways))
    before, after, _ = before_and_after(town, [closing], make_points(places))
    assert (after >= before).all()
    _, again, _ = before_and_after(town, [closing, OpenLink(way_ids=tuple(ways))], make_points(places))
    assert (again == before).all()


@quick
@given(ends=st.tuples(positions, positions), places=st.lists(positions, min_size=3, max_size=8))
def test_a_wall_never_improves_and_a_gate_never_worsens(
    town: WalkNetwork,
    make_points: MakePoints,
    place: Place,
    ends: tuple[tuple[float, float], tuple[float, float]],
    places: list[tuple[float, float]],
) -> None:
    wall = CloseLink(line=(place(*ends[0]), place(*ends[1])))
    assume(math.dist(*ends) > 1)
    try:
        before, walled, edited = before_and_after(town, [wall], make_points(places))
    except InputError as error:
        keys = ("edit_crosses_nothing", "edit_at_junction", "edit_along_street")
        assert error.message.key.removeprefix("errors.") in keys  # noqa: PT017 - a random line may do that
        return
    assert (walled >= before - SAME_MIN).all()
    # a gate wherever the wall cut a street brings everything back
    first = edited.cuts[0]
    x, y = position_on_edge(town, np.full(len(first.fraction), first.edge), first.fraction)
    gates = [OpenGate(at=place(*at)) for at in zip(x - town.x[0], y - town.y[0], strict=True)]
    _, gated, _ = before_and_after(town, [wall, *gates], make_points(places))
    assert (gated <= walled + SAME_MIN).all()
    others = [
        OpenGate(at=place(float(px - town.x[0]), float(py - town.y[0])))
        for cut in edited.cuts[1:]
        for px, py in zip(*position_on_edge(town, np.full(len(cut.fraction), cut.edge), cut.fraction), strict=True)
    ]
    _, restored, _ = before_and_after(town, [wall, *gates, *others], make_points(places))
    assert np.abs(restored - before).max() <= 1e-4  # gates are placed by degrees, right to a nanometre or so


@quick
@given(opened=positions, closed=st.integers(0, 3), to=positions, places=st.lists(positions, min_size=1, max_size=6))
def test_more_rooms_never_worsen_and_fewer_never_improve(
    town: WalkNetwork,
    make_points: MakePoints,
    place: Place,
    opened: tuple[float, float],
    closed: int,
    to: tuple[float, float],
    places: list[tuple[float, float]],
) -> None:
    rooms = make_points(
        [(10, 10), (290, 10), (150, 150), (10, 290)], id_column="facility_id", prefix="f", name="", status="open"
    )
    demand = snap(make_points(places), town, max_m=500)

    def minutes(edits: list[Edit]) -> NDArray[np.float64]:
        table = apply_facility_edits(rooms, edits)
        found = nearest(town, snap(table[table["status"] == "open"], town, max_m=500), demand)
        return found["minutes"].to_numpy()

    before = minutes([])
    assert (minutes([AddFacility(facility_id="new", at=place(*opened))]) <= before).all()
    closing = CloseFacility(facility_id=f"f{closed}")
    assert (minutes([closing]) >= before).all()
    assert (minutes([closing, OpenFacility(facility_id=f"f{closed}")]) == before).all()
    point = rooms.geometry.iloc[closed]
    away, back = (MoveFacility(facility_id=f"f{closed}", at=at) for at in (place(*to), (point.x, point.y)))
    assert (minutes([away, back]) == before).all()


# --- a real city --------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_las_palmas_before_and_after(shared_data: Path) -> None:
    network = read_network(shared_data / "las-palmas" / "las-palmas.osm.pbf")
    edges = np.random.default_rng(5).choice(np.flatnonzero(network.component[network.u] == 0), 400, replace=False)
    x, y = position_on_edge(network, edges, np.linspace(0, 1, 400))
    points = gpd.GeoDataFrame(
        {"demand_id": [f"d{i}" for i in range(400)]}, geometry=shapely.points(x, y), crs=network.crs
    )
    demand = snap(points, network, max_m=50)
    homes = demand["edge"].to_numpy()
    room = demand.iloc[:3].rename(columns={"demand_id": "facility_id"})

    def minutes(edited: EditedNetwork) -> NDArray[np.float64]:
        return nearest(edited.network, carry_ties(room, edited), carry_ties(demand, edited))["minutes"].to_numpy()

    def lon_lat(edge: int) -> tuple[float, ...]:
        x, y = position_on_edge(network, np.array([edge]), np.array([0.4]))
        point = gpd.GeoSeries(shapely.points(x, y), crs=network.crs).to_crs(4326).iloc[0]
        return point.x, point.y

    before = nearest(network, room, demand)["minutes"].to_numpy()
    far = homes[np.argsort(before)[[-1, 0]]]
    bridge = AddFootbridge(name="Bridge", line=(lon_lat(far[0]), lon_lat(far[1])))
    built = edit_network(network, [bridge])
    assert (minutes(built) <= before + SAME_MIN).all()
    assert (minutes(built) < before - 1).any()
    undone = edit_network(network, [bridge, CloseLink(links=("Bridge",))])
    assert np.abs(minutes(undone) - before).max() <= SAME_MIN
    busiest = np.unique(network.way_id[homes[3:30]])
    shut = edit_network(network, [CloseLink(way_ids=tuple(busiest.tolist()))])
    after = minutes(shut)
    assert (np.isnan(after) | (after >= before)).all()
    assert np.isnan(after).sum() >= 20  # whoever lives on a closed street is cut off

"""What tags say about walking a street: incline, bridges and tunnels, crossings."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkshed.network.model import WalkNetwork
from walkshed.network.traits import (
    CROSSING,
    CROSSING_SIGNALS,
    NO_CROSSING,
    ROAD_SIGNALS,
    WayTraits,
    count_crossings,
    parse_incline,
    traits_of,
    vertex_mark,
    way_traits,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    MakeNetwork = Callable[..., WalkNetwork]


@pytest.mark.parametrize(
    ("text", "gradient"),
    [
        ("8%", 0.08),
        ("8 %", 0.08),
        ("-7,5 %", -0.075),
        ("+10%", 0.10),
        ("~ 6%", 0.06),
        ("<10%", 0.10),
        ("12", 0.12),
        ("0", 0.0),
        ("0%", 0.0),
        (" 5% ", 0.05),
        ("\uff15\uff05", 0.05),
        ("\u22125%", -0.05),
        (".5%", 0.005),
        ("-5°", -math.tan(math.radians(5))),
        ("45°", 1.0),
        ("up", math.inf),
        ("Down", -math.inf),
    ],
)
def test_an_incline_is_read_as_people_write_it(text: str, gradient: float) -> None:
    assert parse_incline(text) == pytest.approx(gradient)


@pytest.mark.parametrize(
    "text",
    ["", "yes", "steep", "up/down", "10-15%", "1:12", "%", "-", "101%", "-150", "46°", "90°", "nan", "inf", "8%%"],
)
def test_what_is_no_incline_says_nothing(text: str) -> None:
    assert math.isnan(parse_incline(text))


@given(st.text(max_size=12))
def test_any_text_is_a_believable_gradient_or_nothing(text: str) -> None:
    gradient = parse_incline(text)
    assert math.isnan(gradient) or math.isinf(gradient) or abs(gradient) <= 1.0


@given(st.floats(-100, 100))
def test_a_percentage_survives_the_round_trip(percent: float) -> None:
    assert parse_incline(f"{percent:.3f} %") == pytest.approx(percent / 100, abs=1e-5)


@pytest.mark.parametrize(
    ("tags", "underground"),
    [
        ({"tunnel": "yes", "layer": "-3"}, True),
        ({"tunnel": "yes"}, False),
        ({"tunnel": "building_passage", "layer": "-1"}, False),
        ({"layer": "-1"}, False),
        ({"tunnel": "yes", "layer": "below"}, False),
        ({"highway": "corridor", "level": "-1"}, True),
        ({"highway": "corridor", "level": "-2;-1"}, True),
        ({"highway": "steps", "level": "-1;0"}, False),
        ({"highway": "steps", "level": "-1-0"}, False),
        ({"location": "underground"}, True),
        ({}, False),
    ],
)
def test_what_lies_below_the_ground_is_known(tags: dict[str, str], underground: bool) -> None:  # noqa: FBT001 - a case
    assert way_traits(tags).underground is underground


@pytest.mark.parametrize(
    ("tags", "off_ground"),
    [
        ({"bridge": "yes"}, True),
        ({"bridge": "viaduct"}, True),
        ({"tunnel": "yes"}, True),
        ({"bridge": "no"}, False),
        ({"bridge": "boardwalk"}, False),
        ({"tunnel": "building_passage"}, False),
        ({"tunnel": "culvert"}, False),
        ({"layer": "1", "covered": "yes"}, False),
        ({}, False),
    ],
)
def test_bridges_and_tunnels_leave_the_ground(tags: dict[str, str], off_ground: bool) -> None:  # noqa: FBT001 - a case
    assert way_traits(tags).off_ground is off_ground


@pytest.mark.parametrize(
    ("tags", "crossing"),
    [
        ({"highway": "footway", "footway": "crossing"}, CROSSING),
        ({"highway": "path", "path": "crossing", "crossing": "zebra"}, CROSSING),
        ({"highway": "cycleway", "cycleway": "crossing", "crossing": "traffic_signals"}, CROSSING_SIGNALS),
        ({"highway": "footway", "footway": "crossing", "crossing:signals": "yes"}, CROSSING_SIGNALS),
        ({"highway": "footway", "crossing": "traffic_signals"}, NO_CROSSING),
    ],
)
def test_a_way_may_be_a_crossing(tags: dict[str, str], crossing: int) -> None:
    traits = way_traits(tags)
    assert traits.crossing == crossing
    assert traits.footpath


@pytest.mark.parametrize(
    ("tags", "mark"),
    [
        ({"highway": "crossing"}, CROSSING),
        ({"highway": "crossing", "crossing": "traffic_signals"}, CROSSING_SIGNALS),
        ({"highway": "crossing", "crossing:signals": "yes"}, CROSSING_SIGNALS),
        ({"highway": "traffic_signals", "crossing": "no"}, ROAD_SIGNALS),
        ({"highway": "bus_stop"}, NO_CROSSING),
        ({}, NO_CROSSING),
    ],
)
def test_a_node_may_be_a_crossing(tags: dict[str, str], mark: int) -> None:
    assert vertex_mark(tags) == mark


def test_a_way_seen_from_its_other_end_falls_where_it_rose() -> None:
    assert WayTraits(incline=0.08).turned().incline == -0.08
    assert WayTraits(incline=math.inf).turned().incline == -math.inf
    assert math.isnan(WayTraits().turned().incline)


def test_a_network_without_tags_has_no_traits(make_network: MakeNetwork) -> None:
    traits = traits_of(make_network([(0, 0), (100, 0), (200, 0)], [(0, 1), (1, 2)]))
    assert np.isnan(traits.incline).all()
    assert traits.off_ground.tolist() == [False, False]
    assert traits.crossings.tolist() == traits.signals.tolist() == [0, 0]


def test_a_network_that_keeps_traits_tells_them(make_network: MakeNetwork) -> None:
    @dataclass(frozen=True, kw_only=True, eq=False)
    class Tagged(WalkNetwork):
        incline: NDArray[np.float64]

    plain = make_network([(0, 0), (100, 0)], [(0, 1)])
    values = {item.name: getattr(plain, item.name) for item in fields(plain) if item.name != "incline"}
    assert traits_of(Tagged(**values, incline=np.array([0.08]))).incline.tolist() == [0.08]


def _count(
    marks: list[list[int]], ways: list[int], *, footpath: list[bool], crossing: list[int] | None = None
) -> tuple[list[float], list[float]]:
    """Count on edges given by the marks of their vertices and their way; every edge is 10 m long."""
    crossings, signals = count_crossings(
        mark=np.array([mark for edge in marks for mark in edge], np.int8),
        start=np.cumsum([0, *map(len, marks)]),
        line=np.array(ways),
        length_m=np.full(len(marks), 10.0),
        footpath=np.array(footpath),
        crossing=np.array(crossing or [NO_CROSSING] * len(footpath), np.int8),
    )
    return crossings.tolist(), signals.tolist()


def test_who_walks_on_over_a_crossing_meets_all_of_it_and_who_turns_in_half() -> None:
    # a footpath over a road: cut in two at the road's node, and once with the node inside
    assert _count([[0, CROSSING], [CROSSING, 0]], [0, 0], footpath=[True]) == ([0.5, 0.5], [0, 0])
    assert _count([[0, CROSSING_SIGNALS, 0]], [0], footpath=[True]) == ([0], [1])
    assert _count([[0, ROAD_SIGNALS, CROSSING]], [0], footpath=[True]) == ([0.5], [1])


def test_along_a_road_only_its_own_signals_count() -> None:
    assert _count([[CROSSING, CROSSING_SIGNALS, 0]], [0], footpath=[False]) == ([0], [0])
    assert _count([[0, ROAD_SIGNALS]], [0], footpath=[False]) == ([0], [0.5])
    # the stop lines before and behind a junction: one wait in all
    assert _count([[0, ROAD_SIGNALS, 0], [0, ROAD_SIGNALS, 0]], [0, 0], footpath=[False]) == ([0, 0], [0.5, 0.5])


def test_a_crossing_without_a_marked_node_is_shared_over_its_edges() -> None:
    marks = [[0, 0], [0, 0], [0, 0]]
    assert _count(marks, [0, 0, 1], footpath=[True, True], crossing=[CROSSING, NO_CROSSING]) == ([0.5, 0.5, 0], [0] * 3)
    assert _count(marks, [0, 0, 1], footpath=[True, True], crossing=[NO_CROSSING, CROSSING_SIGNALS])[1] == [0, 0, 1]


def test_a_crossing_is_not_counted_twice_by_way_and_by_node() -> None:
    marks = [[0, CROSSING_SIGNALS], [CROSSING_SIGNALS, 0]]
    assert _count(marks, [0, 0], footpath=[True], crossing=[CROSSING]) == ([0, 0], [0.5, 0.5])

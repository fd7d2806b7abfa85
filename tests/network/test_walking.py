"""Minutes for a walker: speed, slopes, stairs, crossings, and the laws that hold for all of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import InputError
from walkshed.network.build import read_network, with_speed
from walkshed.network.slope import Elevation, sample_elevation
from walkshed.network.snap import snap
from walkshed.network.traits import EdgeTraits, traits_of
from walkshed.network.walking import weigh
from walkshed.reach.times import nearest, travel_times
from walkshed.walkers import Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    MakeNetwork = Callable[..., WalkNetwork]
    MakePoints = Callable[..., gpd.GeoDataFrame]

FLAT = Profile(speed_kmh=6.0)  # 100 m take one minute

rules_of_any_walker = st.builds(
    Profile,
    speed_kmh=st.floats(0.5, 8),
    slopes=st.booleans(),
    stairs=st.booleans(),
    stairs_up_factor=st.floats(0.05, 1),
    stairs_down_factor=st.floats(0.05, 1),
    crossing_delay_s=st.floats(0, 300),
    signal_delay_s=st.floats(0, 300),
    max_gradient_percent=st.floats(1, 100),
)
inclines = st.sampled_from([math.nan, math.inf, -math.inf, 0.0]) | st.floats(-1, 1)
seeds = st.integers(0, 10_000)


def grid(make_network: MakeNetwork, side: int = 4) -> WalkNetwork:
    """Return a square grid of streets, 100 m between junctions, every seventh of them stairs."""
    nodes = [(100.0 * i, 100.0 * j) for j in range(side) for i in range(side)]
    across = [(j * side + i, j * side + i + 1) for j in range(side) for i in range(side - 1)]
    up = [(j * side + i, (j + 1) * side + i) for j in range(side - 1) for i in range(side)]
    network = make_network(nodes, across + up)
    return replace(network, steps=np.arange(len(network.u)) % 7 == 3)


def hills(network: WalkNetwork, seed: int) -> Elevation:
    """Return random heights that agree where edges meet."""
    random = np.random.default_rng(seed)
    at_node, edges = random.uniform(0, 25, len(network.node_id)), len(network.u)
    height = np.column_stack([at_node[network.u], random.uniform(0, 25, edges), at_node[network.v]]).ravel()
    return Elevation(np.arange(0, 3 * edges + 1, 3), height)


def random_traits(network: WalkNetwork, seed: int) -> EdgeTraits:
    random = np.random.default_rng(seed)
    edges = len(network.u)
    incline = random.choice([math.nan, math.nan, math.inf, -math.inf, 0.05, -0.12], edges)
    return traits_of(network)._replace(
        incline=incline, crossings=random.integers(0, 3, edges) / 2, signals=random.integers(0, 3, edges) / 2
    )


def tagged(network: WalkNetwork, **columns: object) -> EdgeTraits:
    return traits_of(network)._replace(**{name: np.array(values, float) for name, values in columns.items()})


def test_on_the_flat_only_the_speed_counts(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0), (100, 250)], [(0, 1), (2, 1)], speed_kmh=4.2)
    slow = weigh(network, Profile(speed_kmh=3.0))
    assert slow.forward_min.tolist() == slow.backward_min.tolist() == [2.0, 5.0]
    assert slow.speed_kmh == 3.0
    assert slow.forward_min == pytest.approx(with_speed(network, 3.0).forward_min)
    assert network.speed_kmh == 4.2
    assert network.forward_min == pytest.approx(network.length_m / 70.0)


def test_a_slope_slows_down_uphill_and_helps_downhill(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    uphill = Elevation(np.array([0, 3]), np.array([0.0, 0.0, 5.0]))  # 50 m flat, then 50 m of 10 %
    walked = weigh(network, FLAT, uphill)
    assert walked.forward_min == pytest.approx([0.5 + 0.5 / math.exp(-0.35)])
    assert walked.backward_min == pytest.approx([0.5 + 0.5 / math.exp(-3.5 * (0.05 - 0.05))])
    level = weigh(network, replace(FLAT, slopes=False), uphill)
    assert level.forward_min.tolist() == level.backward_min.tolist() == [1.0]


def test_stairs_take_longer_up_than_down(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)] * 4)
    stairs = replace(network, steps=np.ones(4, bool))
    rules = replace(FLAT, stairs_up_factor=0.4, stairs_down_factor=0.5)
    traits = tagged(stairs, incline=[math.inf, -0.5, math.nan, math.nan])
    heights = Elevation(np.arange(0, 9, 2), np.array([0.0, 0, 0, 0, 0, 5, 3, 3]))
    walked = weigh(stairs, rules, heights, traits=traits)
    # rising by its tag; falling by its tag; rising by the raster; nobody knows
    assert walked.forward_min == pytest.approx([2.5, 2.0, 2.5, 2.25])
    assert walked.backward_min == pytest.approx([2.0, 2.5, 2.0, 2.25])
    assert weigh(network, rules, traits=tagged(network)).forward_min.tolist() == [1.0] * 4


def test_a_wheelchair_goes_round_the_stairs(make_network: MakeNetwork, make_points: MakePoints) -> None:
    network = make_network([(0, 0), (100, 0), (100, 300), (0, 300)], [(0, 1), (1, 2), (2, 3), (0, 3)])
    network = replace(network, steps=np.array([False, False, False, True]))
    home = make_points([(10, 300)])
    room = make_points([(10, 0)], id_column="facility_id", prefix="f")

    def minutes(rules: Profile) -> float:
        walked = weigh(network, rules)
        found = nearest(walked, snap(room, walked, max_m=50), snap(home, walked, max_m=50))
        return float(found["minutes"].iloc[0])

    walking = replace(FLAT, stairs_up_factor=1.0, stairs_down_factor=1.0)
    assert minutes(walking) == pytest.approx(0.1 + 3.0 + 0.1, abs=1e-4)
    assert minutes(replace(walking, stairs=False)) == pytest.approx(0.9 + 3.0 + 0.9, abs=1e-4)
    rolled = weigh(network, replace(walking, stairs=False))
    assert np.isinf([rolled.forward_min[3], rolled.backward_min[3]]).all()
    assert np.isfinite(rolled.forward_min[:3]).all()


def test_streets_steeper_than_allowed_are_closed(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)] * 5)
    traits = tagged(network, incline=[0.08, -0.08, 0.07, math.nan, math.inf])
    heights = Elevation(np.arange(0, 11, 2), np.array([0.0, 0, 0, 0, 0, 0, 0, 8.1, 0, 7.9]))

    def is_open(percent: float) -> list[bool]:
        walked = weigh(network, replace(FLAT, max_gradient_percent=percent), heights, traits=traits)
        assert (np.isfinite(walked.forward_min) == np.isfinite(walked.backward_min)).all()
        return list(np.isfinite(walked.forward_min))

    assert is_open(100) == [True] * 5
    assert is_open(8) == [True, True, True, False, True]
    assert is_open(7.95) == [False, False, True, False, True]
    assert is_open(7) == [False, False, True, False, False]
    assert is_open(5) == [False] * 5


def test_whoever_crosses_waits(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)] * 3)
    traits = tagged(network, crossings=[1, 0, 0.5], signals=[0, 0.5, 0.5])
    walked = weigh(network, replace(FLAT, crossing_delay_s=6, signal_delay_s=30), traits=traits)
    assert walked.forward_min == pytest.approx([1.1, 1.25, 1.3])
    assert walked.backward_min.tolist() == walked.forward_min.tolist()
    assert weigh(network, FLAT, traits=traits).forward_min.tolist() == [1.0] * 3


def test_what_is_closed_stays_closed(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)], backward_min=[np.inf])
    walked = weigh(network, FLAT)
    assert walked.forward_min.tolist() == [1.0]
    assert np.isinf(walked.backward_min).all()


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("speed_kmh", 0.0),
        ("speed_kmh", math.nan),
        ("speed_kmh", 30.0),
        ("stairs_up_factor", 0.0),
        ("stairs_down_factor", 1.5),
        ("signal_delay_s", -1.0),
        ("crossing_delay_s", math.inf),
        ("max_gradient_percent", 0.0),
    ],
)
def test_rules_that_nobody_walks_by_are_refused(rule: str, value: float) -> None:
    with pytest.raises(InputError, match=rule):
        Profile(**{rule: value})  # type: ignore[arg-type]  # not every rule is a number, these are


def test_heights_of_another_network_are_refused(make_network: MakeNetwork) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    with pytest.raises(InputError, match="another network"):
        weigh(network, FLAT, Elevation(np.array([0, 2, 4]), np.zeros(4)))


# --- laws ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(rules=rules_of_any_walker, seed=seeds, faster=st.floats(1, 2))
def test_faster_is_never_longer(make_network: MakeNetwork, rules: Profile, seed: int, faster: float) -> None:
    network = grid(make_network)
    heights, traits = hills(network, seed), random_traits(network, seed)
    quick = replace(rules, speed_kmh=min(rules.speed_kmh * faster, 8.0))
    slow_walk, quick_walk = (weigh(network, each, heights, traits=traits) for each in (rules, quick))
    assert (quick_walk.forward_min <= slow_walk.forward_min).all()
    assert (quick_walk.backward_min <= slow_walk.backward_min).all()


@settings(deadline=None)
@given(rules=rules_of_any_walker, seed=seeds)
def test_a_hindrance_less_is_never_longer(make_network: MakeNetwork, rules: Profile, seed: int) -> None:
    network = grid(make_network)
    heights, traits = hills(network, seed), random_traits(network, seed)
    walked = weigh(network, rules, heights, traits=traits)
    for eased in (
        replace(rules, stairs=True),
        replace(rules, stairs_up_factor=1.0),
        replace(rules, stairs_down_factor=1.0),
        replace(rules, crossing_delay_s=0.0),
        replace(rules, signal_delay_s=0.0),
        replace(rules, max_gradient_percent=100.0),
    ):
        easier = weigh(network, eased, heights, traits=traits)
        assert (easier.forward_min <= walked.forward_min).all()
        assert (easier.backward_min <= walked.backward_min).all()


@settings(deadline=None)
@given(rules=rules_of_any_walker, seed=seeds)
def test_drawing_a_street_the_other_way_round_changes_nothing(
    make_network: MakeNetwork, rules: Profile, seed: int
) -> None:
    network = grid(make_network)
    heights, traits = hills(network, seed), random_traits(network, seed)
    turned = replace(
        network, u=network.v, v=network.u, forward_min=network.backward_min, backward_min=network.forward_min
    )
    turned_heights = Elevation(heights.start, heights.height_m.reshape(-1, 3)[:, ::-1].ravel())
    turned_traits = traits._replace(incline=-traits.incline)
    walked = weigh(network, rules, heights, traits=traits)
    back = weigh(turned, rules, turned_heights, traits=turned_traits)
    assert back.forward_min == pytest.approx(walked.backward_min)
    assert back.backward_min == pytest.approx(walked.forward_min)


@settings(deadline=None, max_examples=25)
@given(rules=rules_of_any_walker, seed=seeds)
def test_on_the_flat_the_way_back_takes_as_long(
    make_network: MakeNetwork, make_points: MakePoints, rules: Profile, seed: int
) -> None:
    network = grid(make_network)
    traits = random_traits(network, seed)._replace(incline=np.full(len(network.u), np.nan))
    level = Elevation(np.arange(0, 2 * len(network.u) + 1, 2), np.full(2 * len(network.u), 12.5))
    walked = weigh(network, rules, level, traits=traits)
    places = np.random.default_rng(seed).uniform(-10, 310, (6, 2)).tolist()
    points = snap(make_points(places), walked, max_m=100)
    table = travel_times(walked, points, points, cutoff_min=math.inf)
    there = table.pivot_table(index="origin_id", columns="destination_id", values="minutes", observed=False)
    assert there.to_numpy() == pytest.approx(there.to_numpy().T, nan_ok=True)


# --- a real city --------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_porto_alegre_uphill_and_downhill(shared_data: Path) -> None:
    network = read_network(shared_data / "porto-alegre" / "poa_osm.pbf")
    elevation = sample_elevation(network, shared_data / "porto-alegre" / "poa_elevation.tif")
    walked = weigh(network, Profile(speed_kmh=4.2), elevation)
    streets = ~network.steps
    pace = walked.forward_min / (network.length_m / 70.0)
    assert pace[streets].min() >= math.exp(-3.5 * 0.05) - 1e-9
    assert np.isfinite(walked.forward_min).all()
    wheelchair = weigh(network, Profile(speed_kmh=3.6, stairs=False, max_gradient_percent=8.33), elevation)
    closed = np.isinf(wheelchair.forward_min)
    assert closed[network.steps].all()
    assert 0.05 < network.length_m[closed].sum() / network.length_m.sum() < 0.3
    level = weigh(network, Profile(speed_kmh=4.2, slopes=False), elevation)
    assert level.forward_min[streets] == pytest.approx(network.forward_min[streets])

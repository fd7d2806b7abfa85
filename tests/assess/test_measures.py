"""Curve, catchments, load, 2SFCA and equity: figures found by hand, and laws that always hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.catchments import allot_residents, measure_catchments, two_step_floating_catchment
from walkshed.assess.coverage import measure_coverage
from walkshed.assess.curve import coverage_curve
from walkshed.assess.equity import gini, measure_equity, palma, weighted_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

MINUTES = st.lists(st.one_of(st.just(np.nan), st.floats(0, 60)), min_size=1, max_size=30)


def people(minutes: list[float], **groups: list[float]) -> pd.DataFrame:
    table = pd.DataFrame({"minutes": minutes, "population": 10.0})
    for group, counts in groups.items():
        table[f"population_{group}"] = counts
    return table.assign(covered=table.minutes <= 15)


def test_the_curve_by_hand() -> None:
    curve = coverage_curve(people([0.0, 4.5, 5.0, np.nan], seniors=[0, 1, 2, 3]), minutes=[5, 0, 4])
    everybody, seniors = curve[curve.group == ""], curve[curve.group == "seniors"]
    assert everybody.minutes.tolist() == [0, 4, 5]
    assert everybody.served.tolist() == [10, 10, 30]
    assert everybody.rate.tolist() == [0.25, 0.25, 0.75]
    assert seniors.served.tolist() == [0, 0, 3]
    assert seniors.denominator.tolist() == [6, 6, 6]


@settings(deadline=None)
@given(MINUTES)
def test_the_curve_grows_and_agrees_with_the_headline(minutes: list[float]) -> None:
    table = people(minutes)
    curve = coverage_curve(table)
    assert (np.diff(curve.served) >= 0).all()
    at_15 = curve.served[curve.minutes == 15].iloc[0]
    assert at_15 == pytest.approx(table.population[table.covered].sum())


Town = tuple["WalkNetwork", "gpd.GeoDataFrame", "gpd.GeoDataFrame"]


@pytest.fixture(scope="module")
def town(make_network: Callable[..., WalkNetwork], tied: Callable[..., gpd.GeoDataFrame]) -> Town:
    """Return a street with rooms at 500 and 1,500 m and homes at 0 to 3,900 m; a quarter of an hour is 1,050 m."""
    street = make_network([(0, 0), (4000, 0)], [(0, 1)], speed_kmh=4.2)
    rooms = tied(street, [(500, 0), (1500, 0)], kind="facilities").assign(capacity=[25.0, np.nan])
    homes = tied(street, [(0, 0), (900, 0), (1100, 0), (2400, 0), (3900, 0)])
    return street, rooms, homes.assign(population=[10.0, 20.0, 30.0, 40.0, 50.0], population_children=[1.0, 0, 3, 4, 5])


def test_catchments_by_hand(town: Town) -> None:
    network, rooms, homes = town
    found = measure_catchments(network, rooms, homes, cutoff_min=15)
    first, second = (found[(found.facility_id == name) & (found.group == "")].iloc[0] for name in ("f0", "f1"))
    assert (first.reach, first.exclusive, first.shared, first.nearest) == (60, 10, 50, 30)
    assert (second.reach, second.exclusive, second.shared, second.nearest) == (90, 40, 50, 70)
    children = found[(found.facility_id == "f1") & (found.group == "children")].iloc[0]
    assert (children.reach, children.exclusive) == (7, 4)


def test_unique_residents_are_those_who_would_lose_their_only_room(
    town: Town,
) -> None:
    network, rooms, homes = town
    found = measure_catchments(network, rooms, homes, cutoff_min=15)
    now = measure_coverage(network, rooms, homes, cutoff_min=15)
    for place, name in enumerate(rooms.facility_id):
        without = measure_coverage(network, rooms.drop(index=place), homes, cutoff_min=15)
        lost = homes.population[now.covered.to_numpy() & ~without.covered.to_numpy()].sum()
        assert found[(found.facility_id == name) & (found.group == "")].exclusive.iloc[0] == lost


def test_load_by_hand(town: Town) -> None:
    """The nearer 20, at 400 m, fill the first room up to 5 of the 10 at 500 m; the second one knows no limit."""
    network, rooms, homes = town
    load = allot_residents(network, rooms, homes, cutoff_min=15)
    assert load.facilities.load.tolist() == [25, 70]
    assert load.facilities.use.iloc[0] == 1
    assert np.isnan(load.facilities.use.iloc[1])
    assert load.allotted.tolist() == [5, 20, 30, 40, 0]
    assert load.full.tolist() == [5, 0, 0, 0, 0]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(st.just(np.nan), st.floats(0, 100)), min_size=2, max_size=2))
def test_nobody_is_lost_and_no_room_overfull(town: Town, capacity: list[float]) -> None:
    network, rooms, homes = town
    load = allot_residents(network, rooms.assign(capacity=capacity), homes, cutoff_min=15)
    within = measure_coverage(network, rooms, homes, cutoff_min=15).covered.to_numpy()
    assert (load.allotted + load.full)[within] == pytest.approx(homes.population.to_numpy()[within])
    assert (load.allotted + load.full)[~within].sum() == 0
    assert load.facilities.load.sum() == pytest.approx(load.allotted.sum())
    known = ~np.isnan(np.array(capacity))
    assert (load.facilities.load[known] <= np.array(capacity)[known] + 1e-9).all()


def test_two_steps_by_hand(town: Town) -> None:
    network, rooms, homes = town
    rooms = rooms.assign(capacity=[6.0, 9.0])  # 6 for 60 people and 9 for 90: 100 for every thousand each
    found = two_step_floating_catchment(network, rooms, homes, cutoff_min=15)
    assert found == pytest.approx([100, 200, 200, 100, 0])
    assert found @ homes.population.to_numpy() / 1000 == pytest.approx(15)


def test_equity_by_hand() -> None:
    assert gini(np.array([5.0, 5.0]), np.array([1.0, 9.0])) == pytest.approx(0)
    assert gini(np.array([0.0, 10.0]), np.array([1.0, 1.0])) == pytest.approx(0.5)
    assert palma(np.array([7.0]), np.array([3.0])) == pytest.approx(0.25)
    tenths = np.arange(1.0, 11.0)
    assert palma(tenths, np.ones(10)) == pytest.approx(10 / (1 + 2 + 3 + 4))
    assert weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), 0.5) == 2
    assert np.isnan(gini(np.empty(0), np.empty(0)))
    table = measure_equity(people([10.0, 20.0, np.nan], seniors=[0, 5, 5]))
    assert table.group.tolist() == ["", "seniors"]
    assert table.covered_rate.tolist() == pytest.approx([1 / 3, 0])
    assert table.reached_rate.tolist() == pytest.approx([2 / 3, 1 / 2])
    assert table.mean_min.tolist() == pytest.approx([15, 20])


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 60), st.floats(0.1, 1000)), min_size=1, max_size=20), st.floats(0.5, 4))
def test_equity_depends_on_proportions_only(rows: list[tuple[float, float]], scale: float) -> None:
    values, weights = np.array(rows).T
    assert 0 <= gini(values, weights) < 1
    assert gini(values * scale, weights) == pytest.approx(gini(values, weights), abs=1e-9)
    assert gini(values, weights * scale) == pytest.approx(gini(values, weights), abs=1e-9)
    assert palma(values, weights) >= 0.25 - 1e-9
    split = np.repeat(values, 2), np.repeat(weights / 2, 2)
    assert gini(*split) == pytest.approx(gini(values, weights), abs=1e-9)

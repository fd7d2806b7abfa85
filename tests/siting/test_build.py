"""What a siting problem takes from tables: groups, areas, costs, capacities, existing rooms, the horizon."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage
from walkshed.errors import SitingError
from walkshed.siting.build import build_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Tie = Callable[..., gpd.GeoDataFrame]


@pytest.fixture
def street(make_network: Callable[..., WalkNetwork]) -> WalkNetwork:
    """3 km of street, 100 m a minute."""
    return make_network([(1000.0 * place, 0.0) for place in range(4)], [(0, 1), (1, 2), (2, 3)])


@pytest.fixture
def rooms(street: WalkNetwork, tied: Tie) -> gpd.GeoDataFrame:
    return tied(street, [(0, 0), (200, 0), (9000, 0)], "facilities", capacity=[20.0, np.nan, 5.0])


@pytest.fixture
def residents(street: WalkNetwork, tied: Tie, rooms: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows at 0, 600, 1300, 2200 and 3000 m, and one that is tied to nothing."""
    places = [(0, 0), (600, 0), (1300, 0), (2200, 0), (3000, 0), (0, 500)]
    demand = tied(
        street, places, population=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        population_seniors=[1.0, np.nan, 2.0, 3.0, 4.0, 5.0], unit_id=["a", "a", "b", "b", None, "c"],
    )  # fmt: skip
    return measure_coverage(street, rooms, demand, cutoff_min=10.0)


@pytest.fixture
def sites(street: WalkNetwork, tied: Tie) -> gpd.GeoDataFrame:
    return tied(street, [(1500, 0), (2500, 0), (100, 900)], "candidates", cost=[5.0, np.nan, 99.0], capacity=np.nan)


def test_without_facilities_only_the_unserved_are_rows(
    street: WalkNetwork, sites: gpd.GeoDataFrame, residents: gpd.GeoDataFrame
) -> None:
    problem = build_problem(street, sites, residents, cutoff_min=10.0)
    assert problem.demand_ids == ("d2", "d3", "d4", "d5")
    assert problem.candidate_ids == ("c0", "c1")  # the third is tied to no street
    assert problem.cost.tolist() == [5.0, 5.0]  # unknown: the highest of those in question
    assert problem.capacity.tolist() == [inf, inf]
    assert problem.groups["seniors"].tolist() == [2.0, 3.0, 4.0, 5.0]
    assert problem.left_out_served == 3.0
    assert problem.served_today == 3.0
    assert problem.residents == 63.0
    assert problem.horizon_min == 10.0
    assert problem.existing_ids == ()
    np.testing.assert_allclose(problem.place_m[:, 0] - 500_000.0, [1500.0, 2500.0], atol=1e-3)


def test_with_facilities_all_are_rows_and_rooms_are_known_one_by_one(
    street: WalkNetwork, sites: gpd.GeoDataFrame, residents: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> None:
    units = pd.DataFrame({"unit_id": ["a", "b", "c", "top"], "parent_id": ["top", "top", "", ""]})
    problem = build_problem(
        street, sites, residents, cutoff_min=10.0, facilities=rooms, units=units, residents_per_capacity=10.0
    )
    assert problem.demand_ids == tuple(f"d{row}" for row in range(6))
    assert problem.left_out_served == 0.0
    assert problem.served_today == 3.0
    assert problem.existing_ids == ("f0", "f1")
    assert problem.existing_capacity.tolist() == [200.0, inf]
    assert problem.within_today.tolist() == [2, 2, 0, 0, 0, 0]
    assert problem.horizon_min == 10.0
    assert problem.existing_minutes.toarray().round(3).tolist() == [[0, 6, 0, 0, 0, 0], [2, 4, 0, 0, 0, 0]]
    assert {key: rows.tolist() for key, rows in problem.areas.items()} == {
        "a": [0, 1], "b": [2, 3], "c": [5], "top": [0, 1, 2, 3],
    }  # fmt: skip
    assert problem.groups["seniors"].tolist() == [1.0, 0.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("horizon", [10.0, 20.0, inf])
def test_the_horizon_is_how_far_is_searched(
    street: WalkNetwork, sites: gpd.GeoDataFrame, residents: gpd.GeoDataFrame, horizon: float
) -> None:
    problem = build_problem(street, sites, residents, cutoff_min=10.0, horizon_min=horizon)
    assert len(problem.demand_ids) == 6  # a horizon asks about walks, and everybody walks
    walks = [[15.0, 9.0, 2.0, 7.0, 15.0], [25.0, 19.0, 12.0, 3.0, 5.0]]
    want = {(site, row): walk for site, each in enumerate(walks) for row, walk in enumerate(each) if walk <= horizon}
    found = problem.minutes.tocoo()
    got = {(int(site), int(row)): walk for site, row, walk in zip(*found.coords, found.data.tolist(), strict=True)}
    assert got == pytest.approx(want)
    assert problem.reach.nnz == 4
    assert problem.minutes_today.tolist() == pytest.approx([0.0, 4.0, 11.0, 20.0, 28.0, inf])


def test_what_makes_no_sense_is_refused(
    street: WalkNetwork, sites: gpd.GeoDataFrame, residents: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> None:
    with pytest.raises(SitingError, match="between 0 and the 5 minutes"):
        build_problem(street, sites, residents, cutoff_min=10.0, horizon_min=5.0)
    with pytest.raises(SitingError, match="2 rows have another number of rooms"):
        build_problem(street, sites, residents, cutoff_min=10.0, facilities=rooms.iloc[:1])
    with pytest.raises(SitingError, match="residents_per_capacity = 0"):
        build_problem(street, sites, residents, cutoff_min=10.0, residents_per_capacity=0.0)
    with pytest.raises(SitingError, match="cost"):
        build_problem(street, sites.assign(cost=-1.0), residents, cutoff_min=10.0)


def test_costs_and_capacities_that_nobody_states_are_the_defaults(
    street: WalkNetwork, sites: gpd.GeoDataFrame, residents: gpd.GeoDataFrame
) -> None:
    blank = build_problem(street, sites.assign(cost=np.nan), residents, cutoff_min=10.0)
    assert blank.cost.tolist() == [1.0, 1.0]
    stated = build_problem(
        street, sites.assign(capacity=[3.0, np.nan, 1.0]), residents, cutoff_min=10.0, residents_per_capacity=2.0
    )
    assert stated.capacity.tolist() == [6.0, inf]


@settings(deadline=None, max_examples=15)
@given(places=st.lists(st.integers(0, 30), min_size=1, max_size=6), cutoff=st.sampled_from([3.0, 10.0, 17.0]))
def test_with_and_without_facilities_say_the_same(
    make_network: Callable[..., WalkNetwork], tied: Tie, places: list[int], cutoff: float
) -> None:
    street = make_network([(1000.0 * place, 0.0) for place in range(4)], [(0, 1), (1, 2), (2, 3)])
    rooms = tied(street, [(100.0 * place, 0) for place in places], "facilities")
    demand = tied(street, [(250.0 * row, 0) for row in range(13)], population=np.arange(13.0))
    sites = tied(street, [(700.0, 0), (2100.0, 0)], "candidates")
    measured = measure_coverage(street, rooms, demand, cutoff_min=cutoff)
    small = build_problem(street, sites, measured, cutoff_min=cutoff)
    whole = build_problem(street, sites, measured, cutoff_min=cutoff, facilities=rooms)
    assert small.served_today == whole.served_today
    assert small.residents == whole.residents
    for site in range(2):
        rows = [[problem.demand_ids[row] for row in problem.rows_of(site)] for problem in (small, whole)]
        assert rows[0] == rows[1]
    nearest = np.full(13, inf)
    np.minimum.at(nearest, whole.existing_minutes.indices, whole.existing_minutes.data)
    near = whole.minutes_today <= cutoff
    np.testing.assert_array_equal(nearest[near], whole.minutes_today[near])

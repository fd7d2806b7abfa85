"""Who is served and why not: by hand on drawn streets, and the laws that hold on any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import REASONS, measure_coverage, picture_disagreement
from walkshed.catalogue import has
from walkshed.errors import InputError, SnapError
from walkshed.network.build import with_speed
from walkshed.network.snap import snap
from walkshed.reach.times import travel_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork

    Tie = Callable[..., gpd.GeoDataFrame]
    Make = Callable[..., WalkNetwork]


@pytest.fixture(scope="module")
def street(make_network: Make) -> WalkNetwork:
    """A street of 3 km, and 600 m of another one that leads nowhere; 100 m take a minute."""
    return make_network([(0, 0), (3000, 0), (0, 5000), (600, 5000)], [(0, 1), (2, 3)])


def test_minutes_count_and_reason_by_hand(street: WalkNetwork, tied: Tie) -> None:
    facilities = tied(street, [(0, 0), (1000, 50)], "facilities")
    places = [(500, 0), (2300, 20), (2400, 60), (300, 5000), (500, 2500), (1000, 50)]
    result = measure_coverage(street, facilities, tied(street, places), cutoff_min=15.0)
    # (2300, 20): 20 m leg + 1300 m + 50 m leg = 1370 m; (2400, 60): 60 + 1400 + 50 = 1510 m. The last row stands at the
    # door of f1 and walks to the street and back: both legs count.
    np.testing.assert_allclose(result.minutes, [5.0, 13.7, 15.1, np.nan, np.nan, 1.0], atol=2e-4)
    assert list(result.facility_id) == ["f0", "f1", "f1", "", "", "f1"]
    assert list(result["within_reach"]) == [2, 1, 0, 0, 0, 2]
    assert list(result.covered) == [True, True, False, False, False, True]
    assert list(result.reason) == ["", "", "too_far", "disconnected", "unmapped", ""]
    assert (result["within_reach"].dtype, result.covered.dtype) == (np.int64, bool)


def test_a_walk_of_exactly_the_cutoff_is_served(street: WalkNetwork, tied: Tie) -> None:
    facilities, demand = tied(street, [(0, 0)], "facilities"), tied(street, [(0, 30), (1500, 0), (1500.2, 0)])
    minutes = measure_coverage(street, facilities, demand, cutoff_min=60.0).minutes
    result = measure_coverage(street, facilities, demand, cutoff_min=minutes[1])
    assert list(result.covered) == [True, True, False]
    assert list(result["within_reach"]) == [1, 1, 0]


def test_direction_matters_where_a_street_is_open_one_way(make_network: Make, tied: Tie) -> None:
    # Uphill 2 minutes per 100 m, downhill 1; the facility is on the hill.
    hill = make_network([(0, 0), (1000, 0)], [(0, 1)], backward_min=[5.0])
    facilities, demand = tied(hill, [(1000, 0)], "facilities"), tied(hill, [(0, 0)])
    up = measure_coverage(hill, facilities, demand, cutoff_min=7.0, direction="to_facility")
    down = measure_coverage(hill, facilities, demand, cutoff_min=7.0, direction="from_facility")
    assert (up.minutes[0], down.minutes[0]) == pytest.approx((10.0, 5.0), abs=2e-4)
    assert (up.reason[0], down.reason[0]) == ("too_far", "")


def test_without_any_usable_facility_nobody_is_served_and_unmapped_rows_say_so(street: WalkNetwork, tied: Tie) -> None:
    demand = tied(street, [(100, 0), (100, 2500)])
    for facilities in (
        tied(street, [(0, 0)], "facilities").iloc[:0],
        tied(street, [(500, 2500), (700, 2500)], "facilities"),
    ):
        result = measure_coverage(street, facilities, demand, cutoff_min=15.0)
        assert list(result.reason) == ["no_facility", "unmapped"]
        assert result.minutes.isna().all()
        assert (result["within_reach"] == 0).all()
        assert list(result.facility_id) == ["", ""]


def test_facilities_without_position_serve_nobody_and_hurt_nobody(street: WalkNetwork, tied: Tie) -> None:
    placed = tied(street, [(0, 0)], "facilities")
    lost = snap(
        gpd.GeoDataFrame({"facility_id": ["lost"]}, geometry=gpd.GeoSeries([None], crs=4326)), street, max_m=100.0
    )
    demand = tied(street, [(100, 0), (2900, 0)])
    both = gpd.GeoDataFrame(pd.concat([lost, placed], ignore_index=True), crs=4326)
    one = measure_coverage(street, placed, demand, cutoff_min=15.0)
    two = measure_coverage(street, both, demand, cutoff_min=15.0)
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))


def test_no_demand_at_all(street: WalkNetwork, tied: Tie) -> None:
    result = measure_coverage(
        street, tied(street, [(0, 0)], "facilities"), tied(street, [(0, 0)]).iloc[:0], cutoff_min=15.0
    )
    assert len(result) == 0
    assert {"minutes", "facility_id", "within_reach", "covered", "reason"} <= set(result.columns)


def test_rows_columns_order_and_inputs_stay(street: WalkNetwork, tied: Tie) -> None:
    facilities = tied(street, [(0, 0)], "facilities")
    demand = tied(street, [(2900, 0), (10, 0), (500, 2500)]).assign(note=["a", "b", "c"])
    demand.index = [7, 3, 3]
    before = demand.copy(), facilities.copy()
    result = measure_coverage(street, facilities, demand, cutoff_min=15.0)
    assert list(result.index) == [7, 3, 3]
    assert list(result.note) == ["a", "b", "c"]
    assert list(result.demand_id) == ["d0", "d1", "d2"]
    pd.testing.assert_frame_equal(pd.DataFrame(demand), pd.DataFrame(before[0]))
    pd.testing.assert_frame_equal(pd.DataFrame(facilities), pd.DataFrame(before[1]))
    again = measure_coverage(street, facilities, result, cutoff_min=15.0)
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(result))


def test_tables_that_were_not_tied_are_refused(street: WalkNetwork, tied: Tie) -> None:
    demand = tied(street, [(0, 0)])
    with pytest.raises(SnapError, match="snap"):
        measure_coverage(street, demand.drop(columns="edge").rename(columns={"demand_id": "id"}), demand, cutoff_min=15)
    with pytest.raises(InputError, match="direction"):
        measure_coverage(street, demand, demand, cutoff_min=15, direction="sideways")


def test_every_reason_has_its_text() -> None:
    assert all(has(f"reasons.{reason}") for reason in REASONS)


@pytest.fixture(scope="module")
def town(make_network: Make) -> WalkNetwork:
    """A grid of 7 x 7 corners 200 m apart with a few streets missing, one of them one way, and a loose street."""
    corners = [(200.0 * x, 200.0 * y) for y in range(7) for x in range(7)] + [(3000.0, 0.0), (3900.0, 0.0)]
    links = [(7 * y + x, 7 * y + x + 1) for y in range(7) for x in range(6) if (x, y) not in {(2, 3), (3, 3)}]
    links += [(7 * y + x, 7 * y + x + 7) for y in range(6) for x in range(7) if (x, y) not in {(0, 0), (5, 1)}]
    links += [(49, 50)]
    backward = [np.inf if link == (10, 11) else 2.0 for link in links]
    return make_network(corners, links, backward_min=[*backward[:-1], 9.0])


position = st.tuples(st.integers(-60, 1260), st.integers(-60, 1260)) | st.tuples(st.integers(3000, 3900), st.just(0))
positions = st.lists(position, min_size=1, max_size=6)


@settings(deadline=None, max_examples=30)
@given(rooms=positions, homes=positions, more=position, cutoff=st.sampled_from([2.0, 5.0, 9.0, 15.0]))
def test_laws_of_coverage(
    town: WalkNetwork, tied: Tie, rooms: list[tuple[float, float]], homes: list[tuple[float, float]],
    more: tuple[float, float], cutoff: float,
) -> None:  # fmt: skip
    facilities, demand = tied(town, rooms, "facilities"), tied(town, homes)
    result = measure_coverage(town, facilities, demand, cutoff_min=cutoff)
    # The parts of one row agree, and with a list of all walks.
    assert (result.covered == (result.minutes <= cutoff)).all()
    assert (result.covered == (result["within_reach"] > 0)).all()
    assert (result.covered == (result.reason == "")).all()
    assert set(result.reason) <= {"", *REASONS}
    walks = travel_times(town, demand, facilities, cutoff_min=cutoff)
    assert list(result["within_reach"]) == [(walks.origin_id == key).sum() for key in demand.demand_id]
    # One room more never worsens anybody, neither does more time, neither do faster legs.
    worse = np.nan_to_num(result.minutes, nan=np.inf)
    for better in (
        measure_coverage(town, tied(town, [*rooms, more], "facilities"), demand, cutoff_min=cutoff),
        measure_coverage(town, facilities, demand, cutoff_min=cutoff + 3.0),
        measure_coverage(with_speed(town, 7.5), facilities, demand, cutoff_min=cutoff),
    ):
        assert (better["within_reach"] >= result["within_reach"]).all()
        assert (np.nan_to_num(better.minutes, nan=np.inf) <= worse + 1e-6).all()
    # The order of the rooms does not matter.
    turned = measure_coverage(town, facilities.iloc[::-1], demand, cutoff_min=cutoff)
    assert list(turned["within_reach"]) == list(result["within_reach"])
    np.testing.assert_array_equal(turned.minutes, result.minutes)


def test_the_picture_disagrees_by_share_of_residents(measured: Callable[..., gpd.GeoDataFrame]) -> None:
    squares = [shapely.box(x, 0, x + 10, 10) for x in (0, 100, 200, 300)]
    table = measured(squares, population=[10.0, 20.0, 30.0, 40.0], covered=[True, True, False, False])
    area = shapely.union_all(table.geometry.iloc[[0, 2]])
    assert picture_disagreement(table, area) == pytest.approx(0.5)  # 20 served outside, 30 unserved inside
    assert picture_disagreement(table, shapely.union_all(table.geometry.iloc[:2])) == 0.0
    assert picture_disagreement(table, None) == pytest.approx(0.3)
    assert picture_disagreement(table, shapely.Polygon()) == pytest.approx(0.3)
    assert np.isnan(picture_disagreement(table.assign(population=0.0), area))
    assert np.isnan(picture_disagreement(table.iloc[:0], area))
    with pytest.raises(InputError, match="measure_coverage"):
        picture_disagreement(table.drop(columns="covered"), area)

"""Who is served when: by hand on a street, against a naive recount, and the laws."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.hours import coverage_by_hour, measure_coverage_at, night_coverage
from walkshed.errors import InputError
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.hours import open_hours
from walkshed.reach.times import travel_times

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Tie = Callable[..., gpd.GeoDataFrame]
    Make = Callable[..., WalkNetwork]

NIGHT, MORNING = 3, 10


@pytest.fixture(scope="module")
def street(make_network: Make) -> WalkNetwork:
    """A street of 6 km, and one that leads nowhere; 100 m take a minute."""
    return make_network([(0, 0), (6000, 0), (0, 9000), (600, 9000)], [(0, 1), (2, 3)])


@pytest.fixture(scope="module")
def rooms(street: WalkNetwork, tied: Tie) -> gpd.GeoDataFrame:
    """A room that never closes at 0 m, and one open by day at 3,000 m."""
    texts = ["24小时", "每天9:00-21:00"]
    return tied(street, [(0, 0), (3000, 0)], "facilities").assign(opening_hours=texts)


@pytest.fixture(scope="module")
def people(street: WalkNetwork, tied: Tie) -> gpd.GeoDataFrame:
    places = [(500, 0), (1400, 0), (1600, 0), (4500, 0), (5000, 0), (300, 9000), (500, 4000)]
    return tied(street, places).assign(population=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])


def test_the_night_has_only_the_room_that_never_closes(
    street: WalkNetwork, rooms: gpd.GeoDataFrame, people: gpd.GeoDataFrame
) -> None:
    hours = open_hours(rooms)
    found = coverage_by_hour(street, rooms, people, cutoff_min=15.0, open_mask=hours.mask)
    assert list(found.columns) == ["hour", "served", "denominator", "rate", "open_facilities"]
    by_day = [9 <= hour % 24 < 21 for hour in range(168)]
    # 0 m serves d0 and d1 (1 + 2); 3,000 m serves d2 and d3 (4 + 8), exactly 15 minutes away.
    assert list(found.served) == [15.0 if day else 3.0 for day in by_day]
    assert list(found.open_facilities) == [2 if day else 1 for day in by_day]
    assert (found.denominator == 127.0).all()
    np.testing.assert_array_equal(found.rate, found.served / 127.0)
    night = night_coverage(street, rooms, people, cutoff_min=15.0, open_24h=hours.table.open_24h.to_numpy())
    assert night[["rooms", "facilities", "served"]].to_numpy().tolist() == [
        ["all", 2, 15.0], ["open_24h", 1, 3.0], ["daytime_only", 1, 12.0],
    ]  # fmt: skip


def test_at_night_the_reason_is_closed_where_a_closed_room_is_near(
    street: WalkNetwork, rooms: gpd.GeoDataFrame, people: gpd.GeoDataFrame
) -> None:
    mask = open_hours(rooms).mask
    night = measure_coverage_at(street, rooms, people, cutoff_min=15.0, open_mask=mask, hour=NIGHT)
    assert list(night.reason) == ["", "", "closed", "closed", "too_far", "disconnected", "unmapped"]
    np.testing.assert_allclose(night.minutes[:5], [5.0, 14.0, 16.0, 45.0, 50.0], atol=2e-4)
    assert list(night.facility_id[:5]) == ["f0"] * 5
    day = measure_coverage_at(street, rooms, people, cutoff_min=15.0, open_mask=mask, hour=MORNING)
    every = measure_coverage(street, rooms, people, cutoff_min=15.0)
    assert day.drop(columns="geometry").equals(every.drop(columns="geometry"))


def test_when_all_rooms_are_closed_whoever_lives_near_one_is_told_so(
    street: WalkNetwork, rooms: gpd.GeoDataFrame, people: gpd.GeoDataFrame
) -> None:
    found = measure_coverage_at(street, rooms, people, cutoff_min=15.0, open_mask=np.zeros((2, 168), bool), hour=NIGHT)
    assert list(found.reason) == ["closed"] * 4 + ["too_far", "disconnected", "unmapped"]
    assert found.minutes.isna().all()
    assert not found.covered.any()


def test_a_group_is_counted_by_its_own_column(
    street: WalkNetwork, rooms: gpd.GeoDataFrame, people: gpd.GeoDataFrame
) -> None:
    seniors = people.assign(population_seniors=[5.0, np.nan, 0.0, 2.0, 1.0, 1.0, 1.0])
    found = coverage_by_hour(
        street, rooms, seniors, cutoff_min=15.0, open_mask=open_hours(rooms).mask, population="population_seniors"
    )
    assert (found.served[MORNING], found.served[NIGHT], found.denominator[0]) == (7.0, 5.0, 10.0)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_hour_equals_a_naive_recount_and_more_open_rooms_never_serve_fewer(
    street: WalkNetwork, tied: Tie, data: st.DataObject
) -> None:
    at = st.integers(0, 5990)
    rooms = tied(street, [(x, 0) for x in data.draw(st.lists(at, min_size=1, max_size=6))], "facilities")
    homes = tied(street, [(x, 0) for x in data.draw(st.lists(at, min_size=1, max_size=9))])
    homes["population"] = data.draw(st.lists(st.floats(0, 1e6), min_size=len(homes), max_size=len(homes)).map(np.array))
    seed = data.draw(st.integers(0, 2**32 - 1))
    chance = np.random.default_rng(seed)
    mask = chance.random((len(rooms), 168)) < chance.random((len(rooms), 1))
    cutoff = data.draw(st.sampled_from([5.0, 15.0]))
    found = coverage_by_hour(street, rooms, homes, cutoff_min=cutoff, open_mask=mask)
    pairs = travel_times(street, homes, rooms, cutoff_min=cutoff).astype({"origin_id": str, "destination_id": str})
    people = dict(zip(homes.demand_id, homes.population, strict=True))
    for hour in range(168):
        is_open = set(rooms.facility_id[mask[:, hour]])
        served = {home for home, room in zip(pairs.origin_id, pairs.destination_id, strict=True) if room in is_open}
        assert found.served[hour] == fsum(people[home] for home in served)
        assert found.open_facilities[hour] == len(is_open)
    more = coverage_by_hour(street, rooms, homes, cutoff_min=cutoff, open_mask=mask | (chance.random(mask.shape) < 0.3))
    assert (more.served >= found.served).all()
    always = chance.random(len(rooms)) < 0.5
    mask[always] = True
    at_all_hours = coverage_by_hour(street, rooms, homes, cutoff_min=cutoff, open_mask=mask)
    night = night_coverage(street, rooms, homes, cutoff_min=cutoff, open_24h=always).set_index("rooms")
    assert (night.served["open_24h"] <= at_all_hours.served).all()
    assert (at_all_hours.served <= night.served["all"]).all()
    assert night.served["open_24h"] + night.served["daytime_only"] == pytest.approx(night.served["all"])


def test_a_mask_of_another_table_or_an_hour_beyond_sunday_is_refused(
    street: WalkNetwork, rooms: gpd.GeoDataFrame, people: gpd.GeoDataFrame
) -> None:
    with pytest.raises(InputError, match="shape"):
        coverage_by_hour(street, rooms, people, cutoff_min=15.0, open_mask=np.ones((3, 168), bool))
    with pytest.raises(InputError, match="shape"):
        night_coverage(street, rooms, people, cutoff_min=15.0, open_24h=np.ones(3, bool))
    with pytest.raises(InputError, match="hour of the week"):
        measure_coverage_at(street, rooms, people, cutoff_min=15.0, open_mask=np.ones((2, 168), bool), hour=168)
    with pytest.raises(InputError, match="population_none"):
        coverage_by_hour(
            street, rooms, people, cutoff_min=15.0, open_mask=np.ones((2, 168), bool), population="population_none"
        )


def test_all_open_rooms_of_the_zone_never_close(root: Path) -> None:
    rooms = read_facilities(root / "data/chongqing-gaoxin/facilities.csv").table
    found = open_hours(rooms)
    assert list(found.table.open_24h) == [True] * 7 + [False]
    assert found.unclear.facility_id.tolist() == ["gxq-8"]  # under construction, hours not published


def test_real_opening_hours_of_las_palmas_are_understood(shared_data: Path) -> None:
    from walkshed.inputs.osm import read_osm_points  # noqa: PLC0415 - only where the real data is

    points = read_osm_points(shared_data / "las-palmas" / "las-palmas.osm.pbf", {"amenity": ["library"]})
    given_hours = points[points.opening_hours.fillna("") != ""]
    found = open_hours(points.rename(columns={"osm_id": "facility_id"}))
    unclear = found.unclear[found.unclear.opening_hours != ""]
    assert len(given_hours)
    assert unclear.empty, unclear

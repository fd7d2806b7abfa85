"""Rates on a tree of units: sums by hand, laws of addition, official denominators, units that miss a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.rates import coverage_rates, group_rates, level_rates, tier_rates
from walkshed.assess.rollup import (
    ABOVE_ONE,
    bottom_up,
    denominators_of,
    failing_units,
    lowest_units,
    parent_rows,
    roll_up,
    with_denominators,
)
from walkshed.assess.tiers import measure_tiers, tiers_of
from walkshed.assess.units import NO_UNIT
from walkshed.catalogue import entries
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., gpd.GeoDataFrame]

WALK = {"profile": "adult", "cutoff_min": 15.0}
SUMS = ["numerator", "denominator"]


@pytest.fixture(scope="session")
def tree(areas: Make) -> gpd.GeoDataFrame:
    """One district of three towns: T1 with communities a and b, T2 with c, T3 with none."""
    return areas(
        [None] * 7,
        unit_id=["Q", "T1", "T2", "T3", "a", "b", "c"],
        parent_id=["", "Q", "Q", "Q", "T1", "T1", "T2"],
        level=["district", "town", "town", "town", "community", "community", "community"],
    )


@pytest.fixture
def homes(measured: Make) -> gpd.GeoDataFrame:
    """Nine rows of residents.

    ========  =====  =======  ======  =======  ======
    row       unit   people   m2      served   elders
    ========  =====  =======  ======  =======  ======
    landuse   a      800      40,000  yes      100
    compound  a      300      10,000           80
    building  b      60       500     yes      6
    landuse   b      900      60,000           300
    compound  T1     200      20,000  yes      50
    building  c      40       400              4
    landuse   c      500      30,000  yes      60
    cell      T3     700      90,000  yes
    building  (none) 50       300              5
    ========  =====  =======  ======  =======  ======
    """
    square = shapely.box(0, 0, 90, 90)
    return measured(
        [square] * 9,
        kind=["landuse", "compound", "building", "landuse", "compound", "building", "landuse", "cell", "building"],
        unit_id=["a", "a", "b", "b", "T1", "c", "c", "T3", ""],
        population=[800.0, 300.0, 60.0, 900.0, 200.0, 40.0, 500.0, 700.0, 50.0],
        area_m2=[40_000.0, 10_000.0, 500.0, 60_000.0, 20_000.0, 400.0, 30_000.0, 90_000.0, 300.0],
        covered=[True, False, True, False, True, False, True, True, False],
        population_seniors=[100.0, 80.0, 6.0, 300.0, 50.0, 4.0, 60.0, np.nan, 5.0],
    )


@pytest.fixture
def rooms() -> gpd.GeoDataFrame:
    """A branch room in community a, and a town's room in T2 that is in no community."""
    return gpd.GeoDataFrame(
        {"facility_id": ["f0", "f1"], "unit_id": ["a", "T2"], "tier": ["branch", "town"]}, geometry=[None] * 2, crs=4326
    )


def figures(rates: pd.DataFrame, unit_id: str = "") -> dict[str, tuple[float, float]]:
    rows = rates[rates.unit_id == unit_id]
    return dict(zip(rows.basis, zip(rows.numerator, rows.denominator, strict=True), strict=True))


def test_five_bases_say_five_things_and_each_is_added_up_by_hand(
    homes: gpd.GeoDataFrame, tree: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> None:
    rates = coverage_rates(homes, units=tree, facilities=rooms, **WALK)
    # Lowest units are a, b, c and T3, and only a has a room: T2's stands in none of its communities.
    # Land: 40 + 20 + 30 + 90 of 40 + 10 + 60 + 20 + 30 + 90 thousand m2; areas: rows 1, 5 and 7 of 1, 2, 4, 5 and 7.
    # People: 800 + 60 + 200 + 500 + 700 of all 3,550; buildings: the one in b of three.
    assert figures(rates) == {
        "A": (1, 4), "C": (180_000, 250_000), "D": (3, 5), "E": (2260, 3550), "E_buildings": (1, 3),
    }  # fmt: skip
    whole = rates[rates.unit_id == ""].rate.tolist()
    assert whole == pytest.approx([0.25, 0.72, 0.6, 2260 / 3550, 1 / 3])
    assert len(set(whole)) == 5
    # T1 is a and b together with the compound that lies in neither.
    assert figures(rates, "T1") == {
        "A": (1, 2), "C": (60_000, 130_000), "D": (2, 4), "E": (1060, 2260), "E_buildings": (1, 1),
    }  # fmt: skip
    assert figures(rates, "T2") == {
        "A": (0, 1), "C": (30_000, 30_000), "D": (1, 1), "E": (500, 540), "E_buildings": (0, 1),
    }  # fmt: skip
    assert figures(rates, "T3") == {
        "A": (0, 1), "C": (90_000, 90_000), "D": (0, 0), "E": (700, 700), "E_buildings": (0, 0),
    }  # fmt: skip
    # The district is all but the building in no unit.
    assert figures(rates, "Q") == {
        "A": (1, 4), "C": (180_000, 250_000), "D": (3, 5), "E": (2260, 3500), "E_buildings": (1, 2),
    }  # fmt: skip
    assert figures(rates, NO_UNIT)["E"] == (0, 50)
    assert rates.set_index("unit_id").level.to_dict() == {
        "": "", NO_UNIT: "", **dict(zip(tree.unit_id, tree.level, strict=True)),
    }  # fmt: skip
    assert set(rates.denominator_source) == {"counted"}
    assert set(rates.hour) == {-1}
    assert set(rates.group) == set(rates.tier) == set(rates.flag) == {""}


def test_units_with_a_room_are_counted_level_by_level(tree: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame) -> None:
    rates = level_rates(units=tree, facilities=rooms, **WALK)
    told = {(row.counted_level, row.unit_id): (row.numerator, row.denominator) for row in rates.itertuples()}
    assert told == {
        ("district", ""): (1, 1), ("district", "Q"): (1, 1),
        ("town", ""): (2, 3), ("town", "Q"): (2, 3), ("town", "T1"): (1, 1), ("town", "T2"): (1, 1),
        ("town", "T3"): (0, 1),
        ("community", ""): (1, 3), ("community", "Q"): (1, 3), ("community", "T1"): (1, 2), ("community", "T2"): (0, 1),
        ("community", "a"): (1, 1), ("community", "b"): (0, 1), ("community", "c"): (0, 1),
    }  # fmt: skip
    assert set(rates.basis) == {"A"}
    nameless = level_rates(units=tree.drop(columns="level"), facilities=rooms, **WALK)
    assert nameless.empty
    assert list(nameless.columns) == list(rates.columns)


def test_groups_are_counted_like_everybody(homes: gpd.GeoDataFrame, tree: gpd.GeoDataFrame) -> None:
    rates = group_rates(homes.assign(population_ghosts=0.0), units=tree, **WALK)
    assert set(rates.group) == {"seniors"}  # nobody is a ghost
    assert figures(rates) == {"E": (100 + 6 + 50 + 60, 605)}
    assert figures(rates, "T1") == {"E": (156, 536)}
    assert figures(rates, "T3") == {"E": (0, 0)}
    assert rates.rate[rates.unit_id == "T3"].isna().all()
    assert group_rates(homes, units=tree, groups=(), **WALK).empty
    assert set(group_rates(homes, units=None, **WALK).unit_id) == {""}
    with pytest.raises(InputError, match="population_pets"):
        group_rates(homes, units=tree, groups=("pets",), **WALK)


def test_tiers_do_not_stand_in_for_one_another(
    make_network: Callable[..., WalkNetwork], tied: Make, areas: Make
) -> None:
    # 100 m take a minute: the branch at 0 m serves 0..300 m in 3 minutes, the town's room at 1,000 m 700..1,000.
    network = make_network([(0, 0), (1000, 0)], [(0, 1)])
    rooms = tied(network, [(0, 0), (1000, 0), (500, 0)], "facilities").assign(tier=["branch", "town", ""])
    homes = tied(network, [(100, 0), (450, 0), (800, 0), (900, 0)]).assign(unit_id=["u0", "u0", "u1", "u1"])
    units = areas([shapely.box(-10, -10, 500, 10), shapely.box(600, -10, 1100, 10)])
    assert tiers_of(rooms) == ("branch", "town")
    by_tier = measure_tiers(network, rooms, homes, cutoff_min=3.0)
    rates = tier_rates(by_tier, units=units, facilities=rooms, profile="adult", cutoff_min=3.0)
    told = {(row.tier, row.basis, row.unit_id): (row.numerator, row.denominator) for row in rates.itertuples()}
    assert told["branch", "E", ""] == (1, 4)
    assert told["town", "E", ""] == (2, 4)
    assert (told["branch", "E", "u0"], told["town", "E", "u0"]) == ((1, 2), (0, 2))
    assert (told["branch", "A", ""], told["town", "A", ""]) == ((1, 2), (1, 2))
    assert (told["branch", "A", "u1"], told["town", "A", "u1"]) == ((0, 1), (1, 1))
    together = measure_coverage(network, rooms, homes, cutoff_min=3.0)
    assert together.covered.tolist() == [True, True, True, True]  # the room without tier serves the second
    official = pd.DataFrame({"unit_id": ["u0"], "basis": "E", "denominator": [8.0]})
    given = tier_rates(by_tier, units=units, facilities=rooms, profile="adult", cutoff_min=3.0, denominators=official)
    people = given[given.basis == "E"].set_index(["tier", "unit_id"])
    assert people.denominator.to_dict() == {
        ("branch", ""): 10, ("branch", "u0"): 8, ("branch", "u1"): 2, ("town", ""): 10, ("town", "u0"): 8,
        ("town", "u1"): 2,
    }  # fmt: skip
    assert people.numerator.tolist() == rates[rates.basis == "E"].numerator.tolist()
    assert people.denominator_source["town", "u0"] == "given"
    with pytest.raises(InputError, match="castle"):
        tier_rates({"castle": homes}, units=units, facilities=rooms, profile="adult", cutoff_min=3.0)
    assert tier_rates({}, units=units, facilities=rooms, profile="adult", cutoff_min=3.0).empty


def test_official_denominators_replace_the_counted_ones_and_go_up(
    homes: gpd.GeoDataFrame, tree: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> None:
    """a counts 1,100 residents, the yearbook says 1,000; b 960; T1 has 200 more outside both; T3 says 600 of 700."""
    official = pd.DataFrame({"unit_id": ["a", "T3"], "basis": "E", "denominator": [1000.0, 600.0]})
    rates = coverage_rates(homes, units=tree, facilities=rooms, denominators=official, **WALK)
    rows = rates[rates.basis == "E"].set_index("unit_id")
    assert rows.denominator.to_dict() == {
        "a": 1000, "b": 960, "c": 540, "T1": 1000 + 960 + 200, "T2": 540, "T3": 600,
        "Q": 2160 + 540 + 600, NO_UNIT: 50, "": 3350,
    }  # fmt: skip
    assert rows.denominator_source.to_dict() == {
        "a": "given", "b": "counted", "c": "counted", "T1": "mixed", "T2": "counted", "T3": "given", "Q": "mixed",
        NO_UNIT: "counted", "": "mixed",
    }  # fmt: skip
    assert rows.numerator.tolist() == [2260, 2260, 1060, 500, 700, 800, 60, 500, 0]
    # 700 of 600 is shown as it is, and marked.
    assert rows.rate["T3"] == pytest.approx(7 / 6)
    assert rows.flag[rows.flag != ""].to_dict() == {"T3": ABOVE_ONE}
    assert set(rates[rates.basis != "E"].denominator_source) == {"counted"}
    both = pd.concat([official, pd.DataFrame({"unit_id": ["b"], "basis": "E", "denominator": [900.0]})])
    again = coverage_rates(homes[homes.unit_id != "T1"], units=tree, facilities=rooms, denominators=both, **WALK)
    row = again[(again.basis == "E") & (again.unit_id == "T1")].iloc[0]
    assert (row.denominator, row.denominator_source) == (1900, "given")


def test_villages_and_the_whole_area_may_be_given(
    homes: gpd.GeoDataFrame, tree: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> None:
    official = denominators_of(
        tree.assign(denominator_A=["", "", "", "", "", "", ""], villages=[np.nan, 8, 7, 1, np.nan, np.nan, np.nan]),
        {"denominator_A": "villages"},
    )
    assert official[["unit_id", "denominator"]].to_numpy().tolist() == [["T1", 8.0], ["T2", 7.0], ["T3", 1.0]]
    rates = coverage_rates(homes, units=tree, facilities=rooms, denominators=official, **WALK)
    rows = rates[rates.basis == "A"].set_index("unit_id")
    assert rows.denominator[["", "Q", "T1", "T2", "T3", "a"]].tolist() == [16, 16, 8, 7, 1, 1]
    assert rows.denominator_source[["", "Q", "T1", "a"]].tolist() == ["given", "given", "given", "counted"]
    elders = pd.DataFrame({"unit_id": [""], "basis": "E", "group": "seniors", "denominator": [432.0]})
    assert (
        coverage_rates(homes, units=tree, facilities=rooms, denominators=elders, **WALK)
        .denominator_source.eq("counted")
        .all()
    )
    row = group_rates(homes, units=tree, denominators=elders, **WALK).iloc[0]
    assert (row.unit_id, row.rate, row.denominator_source) == ("", 0.5, "given")


def test_denominator_columns_name_basis_and_group() -> None:
    units = pd.DataFrame(
        {"unit_id": ["a", "b"], "denominator_E": ["5", None], "denominator_E_buildings": [1, 2],
         "denominator_E_low_income": ["", 3.0]}
    )  # fmt: skip
    table = denominators_of(units)
    assert table.to_numpy().tolist() == [
        ["a", "E", "", 5.0], ["a", "E_buildings", "", 1.0], ["b", "E_buildings", "", 2.0],
        ["b", "E", "low_income", 3.0],
    ]  # fmt: skip
    assert denominators_of(units[["unit_id"]]).empty
    with pytest.raises(InputError, match="nowhere"):
        denominators_of(units, {"denominator_E_seniors": "nowhere"})
    with pytest.raises(InputError, match="population"):
        denominators_of(units, {"population": "nowhere"})
    with pytest.raises(InputError, match="many"):
        denominators_of(units.assign(denominator_D=["many", 1]))


def test_denominators_that_fit_nothing_are_refused(homes: gpd.GeoDataFrame, tree: gpd.GeoDataFrame) -> None:
    rates = group_rates(homes, units=tree, **WALK)
    for unit, values in (("nowhere", [1.0]), ("a", [-1.0]), ("a", [np.nan]), ("a", [1.0, 2.0])):
        table = pd.DataFrame({"unit_id": unit, "basis": "E", "group": "seniors", "denominator": values})
        with pytest.raises(InputError):
            with_denominators(rates, table, units=tree)


def test_units_that_miss_a_target_are_listed(
    homes: gpd.GeoDataFrame, tree: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> None:
    rates = coverage_rates(homes, units=tree, facilities=rooms, **WALK)
    failing = failing_units(rates, basis="E", target=0.9)
    assert failing.unit_id.tolist() == ["b", "T1", "Q", "a"]  # c has 500 of 540, T3 all
    assert failing.missing.tolist() == pytest.approx([0.9 * 960 - 60, 0.9 * 2260 - 1060, 0.9 * 3500 - 2260, 190])
    assert failing_units(rates, basis="E", target=0.9, level="town").unit_id.tolist() == ["T1"]
    # Exactly the target is enough; T3 has no residential area at all and does not fail.
    assert failing_units(rates, basis="D", target=0.5).unit_id.tolist() == ["b"]
    ten = rates.assign(numerator=9.0, denominator=10.0)
    assert failing_units(ten, basis="E", target=0.9).empty
    elders = group_rates(homes, units=tree, **WALK)
    assert failing_units(elders, basis="E", target=0.5, group="seniors").unit_id.tolist() == ["b", "T1", "Q"]
    with pytest.raises(InputError):
        failing_units(rates, basis="E", target=90)


def test_flags_and_sources_have_their_texts() -> None:
    known = entries()
    assert f"figures.flag_{ABOVE_ONE}" in known
    assert {f"figures.denominator_{source}" for source in ("counted", "given", "mixed")} <= set(known)


def test_circles_and_strangers_end_the_tree() -> None:
    units = pd.DataFrame({"unit_id": list("abcde"), "parent_id": ["b", "a", "a", "?", "e"]})
    assert parent_rows(units).tolist() == [-1, -1, 0, -1, -1]
    assert lowest_units(units).tolist() == [False, True, True, True, True]
    assert roll_up(np.array([1.0, 2.0, 4.0, 8.0, 16.0]), units).tolist() == [5, 2, 4, 8, 16]


parents_of = st.lists(st.integers(-1, 30), min_size=1, max_size=9).map(
    # A parent always stands before its children, so that there is no circle.
    lambda numbers: [-1 if place == 0 else number % (place + 1) - 1 for place, number in enumerate(numbers)]
)


@settings(deadline=None, max_examples=60)
@given(parents=parents_of, data=st.data())
def test_a_unit_is_its_children_and_its_own_rest(
    measured: Make, areas: Make, parents: list[int], data: st.DataObject
) -> None:
    count = len(parents)
    ids = [f"u{row}" for row in range(count)]
    units = areas([None] * count, parent_id=["" if row < 0 else ids[row] for row in parents])
    order = data.draw(st.permutations(range(count)))
    units = units.iloc[list(order)].reset_index(drop=True)
    rows = data.draw(st.lists(st.tuples(st.sampled_from([*ids, ""]), st.integers(0, 999), st.booleans()), max_size=14))
    unit, people, covered = zip(*rows, strict=True) if rows else ((), (), ())
    table = measured(
        [shapely.box(0, 0, 9, 9)] * len(rows), unit_id=list(unit), population=np.array(people, float),
        covered=np.array(covered, bool),
    )  # fmt: skip
    housed = data.draw(st.lists(st.sampled_from(ids), max_size=4))
    rooms = gpd.GeoDataFrame({"unit_id": housed}, geometry=[None] * len(housed), crs=4326).assign(facility_id="f")
    rates = coverage_rates(table, units=units, facilities=rooms, **WALK)
    own = coverage_rates(
        table, units=units.assign(parent_id=""), facilities=NO_ROOMS, **WALK
    )  # every unit for itself: what lies in it and in none below it
    for basis in set(rates.basis) - {"A"}:
        whole, alone = (found[found.basis == basis].set_index("unit_id")[SUMS] for found in (rates, own))
        for key in ids:
            below = [child for child, row in zip(ids, parents, strict=True) if row >= 0 and ids[row] == key]
            assert (whole.loc[key] == alone.loc[key] + whole.loc[below].sum()).all()
        tops = [key for key, row in zip(ids, parents, strict=True) if row < 0]
        rest = [NO_UNIT] if NO_UNIT in whole.index else []
        assert (whole.loc[""] == whole.loc[tops + rest].sum()).all()
        assert (whole.loc[""] == alone.loc[""]).all()
    lowest = rates[(rates.basis == "A")].set_index("unit_id")
    for row, key in enumerate(ids):
        below = [child for child, parent in zip(ids, parents, strict=True) if parent == row]
        if below:
            assert (lowest.loc[key, SUMS] == lowest.loc[below, SUMS].sum()).all()
    depth_first = bottom_up(parent_rows(units))
    place = {row: position for position, row in enumerate(depth_first)}
    assert all(parent < 0 or place[row] < place[parent] for row, parent in enumerate(parent_rows(units).tolist()))


NO_ROOMS = gpd.GeoDataFrame({"facility_id": []}, geometry=[], crs=4326)


@settings(deadline=None, max_examples=25)
@given(cutoffs=st.lists(st.floats(0.5, 14.0), min_size=2, max_size=2).map(sorted), seed=st.integers(0, 999))
def test_rates_never_fall_with_a_longer_walk(
    make_network: Callable[..., WalkNetwork], tied: Make, tree: gpd.GeoDataFrame, cutoffs: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    network = make_network([(0, 0), (1000, 0), (500, 800)], [(0, 1), (1, 2), (2, 0)])
    homes = tied(network, rng.uniform((0, -60), (1000, 60), (12, 2)).tolist())
    homes = homes.assign(
        unit_id=rng.choice([*tree.unit_id, ""], 12), population=rng.integers(0, 99, 12).astype(float),
        population_seniors=rng.integers(0, 9, 12).astype(float), area_m2=50.0,
    )  # fmt: skip
    rooms = tied(network, [(120, 0), (500, 800)], "facilities")
    near, far = (measure_coverage(network, rooms, homes, cutoff_min=cutoff) for cutoff in cutoffs)
    for function, more in ((coverage_rates, {"facilities": rooms}), (group_rates, {})):
        one, other = (
            function(table, units=tree, profile="adult", cutoff_min=1.0, **more)[["basis", "unit_id", *SUMS]]
            for table in (near, far)
        )
        assert one.drop(columns="numerator").equals(other.drop(columns="numerator"))
        assert (one.numerator <= other.numerator).all()

"""Norms and the culture circle: small tables checked by hand, and the laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.circle import (
    FAILURES,
    circle_rates,
    distance_matrix,
    measure_circle,
    residents_within,
)
from walkshed.assess.criteria import (
    OPERATORS,
    assess_criteria,
    criteria_rates,
    failing_rows,
    summarise_criteria,
)
from walkshed.catalogue import has
from walkshed.errors import ContractError, InputError
from walkshed.inputs.hours import open_hours
from walkshed.norms import PRESETS, CircleRules, Criterion
from walkshed.toml_records import build_record, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Tie = Callable[..., gpd.GeoDataFrame]
    Make = Callable[..., WalkNetwork]

NORM = (
    Criterion(name="area", column="面积", value=100),
    Criterion(name="books", column="books", value=5000),
    Criterion(name="weekly", column="weekly_hours", value=42),
    Criterion(name="ground floor", column="一楼", comparison="=", value=True),
)


def rooms() -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "facility_id": ["a", "b", "c", "d", "e"],
            "name": ["甲", "乙", "丙", "丁", "戊"],
            "unit_id": ["t1", "t1", "c2", "c2", "x"],
            "status": "open",
            "面积": ["150平方米", "100", "99.5", "", "200"],
            "books": ["0.8万册", "5,000", "6000册", "8000", "很多"],
            "一楼": ["是", "√", "有", "是", "否"],
            "opening_hours": ["24小时", "每天9:00-15:00", "24小时", "24小时", "看情况"],
        }
    )
    return open_hours(table).table


def test_each_cell_is_held_against_its_criterion() -> None:
    found = assess_criteria(rooms(), NORM)
    assert len(found) == 20
    met = found.pivot_table(index="facility_id", columns="criterion", values="met", aggfunc="first", dropna=False)
    answers = {
        key: [None if pd.isna(met.loc[key, rule.name]) else bool(met.loc[key, rule.name]) for rule in NORM]
        for key in "abcde"
    }
    assert answers == {
        "a": [True, True, True, True],
        "b": [True, True, True, True],  # 100 m2, 5,000 books and 42 hours are just enough
        "c": [False, True, True, True],
        "d": [None, True, True, True],
        "e": [True, None, None, False],
    }
    assert found.value.tolist()[:4] == ["150平方米", "0.8万册", "168", "是"]


def test_one_verdict_per_facility_with_what_fails() -> None:
    summary = summarise_criteria(assess_criteria(rooms(), NORM))
    assert summary.facility_id.tolist() == list("abcde")
    assert [None if pd.isna(one) else bool(one) for one in summary.met_all] == [True, True, False, None, False]
    assert summary.failing.tolist() == ["", "", "area", "", "ground floor"]
    assert summary.unknown.tolist() == ["", "", "", "area", "books, weekly"]
    listed = failing_rows(assess_criteria(rooms(), NORM), rooms())
    assert listed[["facility_id", "name", "unit_id", "criterion"]].to_numpy().tolist() == [
        ["c", "丙", "c2", "area"],
        ["d", "丁", "c2", "area"],
        ["e", "戊", "x", "books"],
        ["e", "戊", "x", "weekly"],
        ["e", "戊", "x", "ground floor"],
    ]


def test_rates_by_facility_and_unit_state_what_is_unknown() -> None:
    units = pd.DataFrame(
        {
            "unit_id": ["t1", "t2", "c2", "t3"],
            "name": ["一镇", "二镇", "二社区", "三镇"],
            "parent_id": ["", "", "t2", ""],
        }
    )
    summary = summarise_criteria(assess_criteria(rooms(), NORM))
    found = criteria_rates(summary, rooms(), units=units, profile="adult", cutoff_min=15.0)
    told = found[["basis", "unit_id", "numerator", "denominator", "unknown", "quantity"]].to_numpy().tolist()
    assert told == [
        ["B", "", 2.0, 5.0, 1.0, "facilities"],
        ["B", "t1", 2.0, 2.0, 0.0, "facilities"],
        ["B", "t2", 0.0, 2.0, 1.0, "facilities"],
        ["B", "c2", 0.0, 2.0, 1.0, "facilities"],
        ["B", "t3", 0.0, 0.0, 0.0, "facilities"],
        ["B", "(none)", 0.0, 1.0, 0.0, "facilities"],
        ["B_units", "", 1.0, 3.0, 1.0, "units"],
        ["B_units", "t1", 1.0, 1.0, 0.0, "units"],
        ["B_units", "t2", 0.0, 1.0, 1.0, "units"],
        ["B_units", "c2", 0.0, 1.0, 1.0, "units"],
        ["B_units", "t3", 0.0, 1.0, 0.0, "units"],
    ]
    assert found.rate[0] == 0.4
    assert np.isnan(found.rate[4])
    assert (found.profile == "adult").all()
    for key in ("basis_B", "basis_B_units", "basis_F", "quantity_facilities"):
        assert has(f"figures.{key}")
    with pytest.raises(InputError, match="order differs"):
        criteria_rates(summary, rooms().iloc[::-1], units=None)


def test_lunan_125_centres_of_which_110_meet_the_norm() -> None:
    centres = pd.DataFrame(
        {"facility_id": [f"z{place}" for place in range(125)], "area_m2": [120.0] * 110 + [80.0] * 15}
    )
    summary = summarise_criteria(assess_criteria(centres, [Criterion(name="area", column="area_m2", value=100)]))
    found = criteria_rates(summary, centres, units=None)
    assert (found.numerator[0], found.denominator[0], found.rate[0]) == (110.0, 125.0, 0.88)


def test_presets_name_what_a_room_must_have() -> None:
    room = pd.DataFrame({"facility_id": ["w", "b"], "area_m2": [150, 100], "books": [8000, 5000]}).assign(
        ground_floor=[True, False], on_street="是", residents_1500m=[4999, 5000]
    )
    verdicts = {name: summarise_criteria(assess_criteria(room, rules)) for name, rules in PRESETS.items()}
    assert list(verdicts["wenzhou"].met_all) == [True, False]
    assert verdicts["wenzhou"].failing[1] == "area_m2, books, ground_floor"
    assert list(verdicts["bengbu"].met_all) == [False, True]
    assert all(rule.label_zh and rule.label_en for rules in PRESETS.values() for rule in rules)


def test_a_column_that_nobody_filled_in_is_unknown_for_all() -> None:
    summary = summarise_criteria(assess_criteria(rooms(), [Criterion(name="seats", column="seats", value=20)]))
    assert summary.met_all.isna().all()
    assert set(summary.unknown) == {"seats"}


def test_every_fault_of_the_criteria_is_told_at_once() -> None:
    faulty = [
        Criterion(name="a", column="x", value="many"),
        Criterion(name="a", column="x", value=1),
        Criterion(name="b", column="", value=1),
        Criterion(name="c", column="x", comparison="~", value=1),
        Criterion(name="d", column="x", comparison="="),
        Criterion(name="e", column="x", value=True),
    ]
    with pytest.raises(ContractError) as caught:
        assess_criteria(rooms(), faulty)
    assert [problem.key for problem in caught.value.problems] == [
        "errors.criterion_value",
        "errors.criterion_repeated",
        "errors.criterion_unnamed",
        "errors.criterion_comparison",
        "errors.criterion_value",
        "errors.criterion_value",
    ]
    with pytest.raises(ContractError):
        assess_criteria(rooms(), [])


def test_a_criterion_and_the_rules_stand_in_toml_as_they_are() -> None:
    for rule in (*NORM, *PRESETS["wenzhou"]):
        assert build_record(Criterion, plain(rule)) == (rule, [])
    rules = CircleRules(required_tiers=("馆",), space_tiers=("书房", "站"), rural_units=("500107108",))
    assert build_record(CircleRules, plain(rules)) == (rules, [])


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=8),
    low=st.floats(-1e6, 1e6),
    more=st.floats(0, 1e6),
    comparison=st.sampled_from([">=", ">"]),
)
def test_a_stricter_norm_never_passes_more(values: list[Any], low: float, more: float, comparison: str) -> None:
    table = pd.DataFrame({"facility_id": [str(place) for place in range(len(values))], "v": values})

    def met(value: float) -> pd.Series:
        rule = Criterion(name="v", column="v", comparison=comparison, value=value)
        return assess_criteria(table, [rule]).met

    strict, loose = met(low + more), met(low)
    assert (strict.isna() == loose.isna()).all()
    assert (~strict.fillna(value=False) | loose.fillna(value=False)).all()
    for cell, answer in zip(values, loose, strict=True):
        assert pd.isna(answer) if cell is None else bool(answer) == OPERATORS[comparison](cell, low)


@pytest.fixture(scope="module")
def street(make_network: Make) -> WalkNetwork:
    """A flat street of 6 km; 100 m take a minute."""
    return make_network([(0, 0), (6000, 0)], [(0, 1)])


RULES = CircleRules(required_tiers=("library",), space_tiers=("room", "station"), rural_units=("r",))


def circle_inputs(street: WalkNetwork, tied: Tie) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    tiers = ["library", "room", "station", "room", ""]
    facilities = tied(street, [(0, 0), (400, 0), (1000, 0), (3000, 0), (3000, 0)], "facilities").assign(tier=tiers)
    homes = tied(street, [(0, 0), (1000, 0), (1300, 0), (1300, 0), (2400, 0), (5000, 0), (1500, 0)])
    return facilities, homes.assign(population=[1.0, 2, 4, 8, 16, 32, 64], unit_id=["u", "u", "u", "r", "u", "u", "r2"])


def test_the_circle_by_hand(street: WalkNetwork, tied: Tie) -> None:
    facilities, homes = circle_inputs(street, tied)
    units = pd.DataFrame({"unit_id": ["u", "r", "r2"], "name": ["城", "乡", "村"], "parent_id": ["", "", "r"]})
    found = measure_circle(street, facilities, homes, rules=RULES, cutoff_min=15.0, units=units)
    assert list(found.rural) == [False, False, False, True, False, False, True]
    # 1,000 m are 10 minutes: in town the distance decides, in the country both limits are 1,500 m.
    assert list(found.venues_within) == [1, 1, 0, 1, 0, 0, 1]
    assert list(found.spaces_within) == [2, 2, 2, 2, 1, 0, 3]
    assert list(found.circle_reason) == ["", "", "no_venue", "", "no_venue_few_spaces", "no_venue_few_spaces", ""]
    assert list(found.passes) == [reason == "" for reason in found.circle_reason]
    rates = circle_rates(found, units=units, profile="adult", cutoff_min=15.0)
    assert rates[["basis", "unit_id", "numerator", "denominator", "quantity"]].to_numpy().tolist() == [
        ["F", "", 75.0, 127.0, "people"],
        ["F", "u", 3.0, 55.0, "people"],
        ["F", "r", 72.0, 72.0, "people"],
        ["F", "r2", 64.0, 64.0, "people"],
    ]
    assert [reason for reason in FAILURES if not has(f"reasons.{reason}")] == []


def test_minutes_and_distance_both_count(make_network: Make, tied: Tie) -> None:
    # 600 m uphill take 20 minutes: near enough in metres, too far in minutes.
    hill = make_network([(0, 0), (600, 0)], [(0, 1)], backward_min=[20.0])
    facilities = tied(hill, [(600, 0)] * 3, "facilities").assign(tier=["library", "room", "room"])
    homes = tied(hill, [(0, 0)])
    there = measure_circle(hill, facilities, homes, rules=RULES, cutoff_min=15.0)
    back = measure_circle(hill, facilities, homes, rules=RULES, cutoff_min=15.0, direction="from_facility")
    assert (bool(there.passes[0]), bool(back.passes[0])) == (True, False)
    metres = distance_matrix(hill, facilities, homes, max_m=600.0, direction="from_facility").toarray()
    np.testing.assert_allclose(metres, 600.0, atol=0.1)


def test_the_distance_is_that_of_the_shortest_way_and_closed_ways_stay_closed(make_network: Make, tied: Tie) -> None:
    corners = [(0, 0), (1000, 0), (500, 800)]
    edges = [(0, 1), (0, 2), (2, 1)]
    slow = make_network(corners, edges, lengths_m=[1000.0, 950.0, 950.0], backward_min=[30.0, 9.5, 9.5])
    far_end = tied(slow, [(1000, 0)], "facilities")
    home = tied(slow, [(0, 0)])
    np.testing.assert_allclose(
        distance_matrix(slow, far_end, home, max_m=3000.0, direction="from_facility").toarray(), 1000.0, atol=0.1
    )
    shut = make_network(corners, edges, lengths_m=[1000.0, 950.0, 950.0], backward_min=[np.inf, 9.5, 9.5])
    far_end, home = tied(shut, [(1000, 0)], "facilities"), tied(shut, [(0, 0)])
    np.testing.assert_allclose(
        distance_matrix(shut, far_end, home, max_m=3000.0, direction="from_facility").toarray(), 1900.0, atol=0.1
    )


def test_residents_within_a_walking_distance_of_each_room(street: WalkNetwork, tied: Tie) -> None:
    facilities, homes = circle_inputs(street, tied)
    found = residents_within(street, facilities, homes, max_m=1000.0)
    assert list(found.residents_1000m) == [3.0, 15.0, 79.0, 16.0, 16.0]


def test_tiers_must_be_named_and_be_one_thing(street: WalkNetwork, tied: Tie) -> None:
    facilities, homes = circle_inputs(street, tied)
    for rules, words in (
        (CircleRules(), "required_tiers"),
        (CircleRules(required_tiers=("room",), space_tiers=("room", "station")), "room"),
    ):
        with pytest.raises(InputError, match=words):
            measure_circle(street, facilities, homes, rules=rules, cutoff_min=15.0)
    with pytest.raises(InputError, match="tier"):
        measure_circle(street, facilities.drop(columns="tier"), homes, rules=RULES, cutoff_min=15.0)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_wider_limits_and_more_facilities_never_fail_anybody(
    street: WalkNetwork, tied: Tie, data: st.DataObject
) -> None:
    at = st.integers(0, 5990)
    places = data.draw(st.lists(at, min_size=2, max_size=7))
    tiers = data.draw(st.lists(st.sampled_from(["library", "room", ""]), min_size=len(places), max_size=len(places)))
    facilities = tied(street, [(x, 0) for x in places], "facilities").assign(tier=tiers)
    homes = tied(street, [(x, 0) for x in data.draw(st.lists(at, min_size=1, max_size=8))])

    def passes(rooms: gpd.GeoDataFrame, urban_max_m: float, cutoff_min: float) -> np.ndarray:
        rules = CircleRules(required_tiers=("library",), space_tiers=("room",), urban_max_m=urban_max_m)
        return measure_circle(street, rooms, homes, rules=rules, cutoff_min=cutoff_min).passes.to_numpy()

    base = passes(facilities, 1000.0, 12.0)
    assert (passes(facilities, 1500.0, 12.0) >= base).all()
    assert (passes(facilities, 1000.0, 15.0) >= base).all()
    assert (passes(facilities.iloc[:-1], 1000.0, 12.0) <= base).all()

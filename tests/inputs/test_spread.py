"""Unit totals on homes: by hand on a small tree of units, and nobody lost whatever the tree."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import has
from walkshed.contracts import DEMAND, check_table
from walkshed.errors import InputError
from walkshed.inputs.population_compare import COMPARE_COLUMNS, compare_totals
from walkshed.inputs.spread import FACTOR_COLUMNS, UNPLACED_COLUMNS, scale_to_units, spread_totals

NAN = float("nan")


def area(start: int, stop: int) -> shapely.Polygon:
    """Return a stretch of a strip of land that is cut into hundredths of a degree."""
    return shapely.box(106 + start / 100, 29.0, 106 + stop / 100, 29.01)


def units(*rows: tuple[str, str, shapely.Geometry | None, float], **groups: list[float]) -> gpd.GeoDataFrame:
    ids, parents, shapes, totals = zip(*rows, strict=True)
    data = {"unit_id": ids, "name": [f"单元{name}" for name in ids], "level": "", "parent_id": parents}
    data |= {"population": totals} | {f"population_{name}": figures for name, figures in groups.items()}
    return gpd.GeoDataFrame(data, geometry=list(shapes), crs=4326)


def homes(*places: float, floor: list[float] | None = None, **columns: Any) -> gpd.GeoDataFrame:
    count = len(places)
    data = {
        "demand_id": [f"h{number}" for number in range(count)],
        "kind": "building",
        "name": "",
        "population": [7.0] * count,
        "area_m2": 1.0,
        "unit_id": "",
        "floor_m2": floor or [1.0] * count,
        **columns,
    }
    shapes = [shapely.box(106 + x / 100 - 1e-5, 29.005, 106 + x / 100 + 1e-5, 29.00501) for x in places]
    return gpd.GeoDataFrame(data, geometry=shapes, crs=4326)


# A town over the strip from 0 to 4; a community with a total (0-1), one without (1-2), open land of the town (2-4).
TOWN = ("T", "", area(0, 4), 100.0)
KNOWN, UNKNOWN = ("A", "T", area(0, 1), 30.0), ("B", "T", area(1, 2), NAN)
HOMES = homes(0.2, 0.6, 1.5, 3.0, floor=[1, 2, 3, 4])


def told(unplaced: pd.DataFrame) -> list[tuple[str, str, str, float]]:
    return list(zip(unplaced.unit_id, unplaced.group, unplaced.reason, unplaced.people, strict=True))


def test_the_lowest_total_wins_and_the_rest_goes_to_homes_outside_it() -> None:
    before = HOMES.copy()
    spread = spread_totals(HOMES, units(TOWN, KNOWN, UNKNOWN))
    # 30 of A by 1 : 2; the other 70 of the town by 3 : 4.
    assert spread.table["population"].tolist() == pytest.approx([10, 20, 30, 40])
    assert spread.table["unit_id"].tolist() == ["A", "A", "B", "T"]
    assert spread.table["total_of"].tolist() == ["A", "A", "T", "T"]
    assert spread.table["estimate"].tolist() == [7] * 4
    assert list(spread.unplaced.columns) == list(UNPLACED_COLUMNS)
    assert spread.unplaced.empty
    check_table(spread.table, DEMAND)
    pd.testing.assert_frame_equal(HOMES, before)


def test_the_order_of_units_and_homes_does_not_matter() -> None:
    tree = units(TOWN, KNOWN, UNKNOWN).iloc[::-1].reset_index(drop=True)
    spread = spread_totals(HOMES.iloc[::-1], tree)
    assert spread.table["population"].tolist() == pytest.approx([40, 30, 20, 10])
    assert spread.table.index.tolist() == [3, 2, 1, 0]


@pytest.mark.parametrize("weight", ["area_m2", "population", "flats"])
def test_any_column_is_a_weight(weight: str) -> None:
    table = homes(0.2, 0.6, population=[1.0, 4.0], area_m2=[1.0, 4.0], flats=[2, 8])
    assert spread_totals(table, units(KNOWN), weight=weight).table["population"].tolist() == pytest.approx([6, 24])


def test_codes_and_areas_tell_what_lies_in_what() -> None:
    coded = units(
        ("500106017", "", None, 100.0), ("500106017001", "", area(0, 1), 30.0), ("500106017002", "", area(1, 4), NAN)
    )
    drawn = units(("T", "", area(0, 4), 100.0), ("A", "", area(0, 1), 30.0))
    for tree in (coded, drawn):
        assert spread_totals(HOMES, tree).table["population"].tolist() == pytest.approx([10, 20, 30, 40])


def test_a_home_on_a_border_is_in_one_unit() -> None:
    table = homes(0.9995, 1.0, 1.0005)
    spread = spread_totals(table, units(KNOWN, ("C", "", area(1, 2), 60.0)))
    inside = shapely.point_on_surface(table.geometry.to_numpy())
    assert spread.table["unit_id"].tolist()[0::2] == ["A", "C"]
    assert spread.table["unit_id"].iloc[1] in {"A", "C"}
    assert shapely.intersects(inside[1], area(0, 1) if spread.table["unit_id"].iloc[1] == "A" else area(1, 2))
    assert spread.table["population"].sum() == pytest.approx(90)


def test_units_without_homes_are_reported_with_their_people() -> None:
    spread = spread_totals(homes(0.2, floor=[5.0]), units(TOWN, KNOWN, ("E", "T", area(3, 4), 25.0)))
    assert spread.table["population"].tolist() == pytest.approx([30])
    assert told(spread.unplaced) == [("T", "", "no_homes_outside_parts", 45.0), ("E", "", "no_homes", 25.0)]
    assert spread.unplaced["name"].tolist() == ["单元T", "单元E"]
    assert all(has(f"unplaced.{reason}") for reason in spread.unplaced["reason"])
    notes = [note.text() for note in spread.notes()]
    assert notes[1] == "70 people of unit totals could not be placed: 单元T, 单元E."


def test_homes_without_size_take_nobody() -> None:
    spread = spread_totals(homes(0.2, 0.6, floor=[0.0, 0.0]), units(KNOWN))
    assert spread.table["population"].tolist() == [0, 0]
    assert told(spread.unplaced) == [("A", "", "no_weight", 30.0)]
    assert spread.unplaced["homes"].tolist() == [2]


def test_parts_with_more_people_than_the_whole_are_a_conflict() -> None:
    tree = units(("T", "", area(0, 4), 100.0), ("A", "T", area(0, 1), 90.0), ("B", "T", area(1, 2), 40.0))
    spread = spread_totals(HOMES, tree)
    assert spread.table["population"].tolist() == pytest.approx([30, 60, 40, 0])
    assert told(spread.unplaced) == [("T", "", "parts_exceed", -30.0)]
    assert "30 more people than the whole" in spread.notes()[-1].text()


def test_homes_without_a_total_keep_their_estimate_or_get_none() -> None:
    tree = units(KNOWN, ("B", "", area(1, 2), NAN), ("C", "", area(8, 9), NAN))
    kept = spread_totals(HOMES, tree)
    assert kept.table["population"].tolist() == pytest.approx([10, 20, 7, 7])
    assert kept.table["total_of"].tolist() == ["A", "A", "", ""]
    assert told(kept.unplaced) == [("B", "", "no_total", 0), ("C", "", "no_total", 0), ("", "", "outside_units", 0)]
    assert kept.unplaced["homes"].tolist() == [1, 0, 1]
    assert kept.unplaced["estimate"].tolist() == [7, 0, 7]
    none = spread_totals(HOMES, tree, outside="none")
    assert none.table["population"].tolist() == pytest.approx([10, 20, 0, 0])
    assert none.unplaced["estimate"].tolist() == [0, 0, 0]


def test_groups_are_spread_by_their_own_totals() -> None:
    tree = units(TOWN, KNOWN, UNKNOWN, seniors=[20.0, 12.0, NAN], students=[NAN, NAN, 5.0], migrants=[NAN] * 3)
    spread = spread_totals(HOMES, tree, groups=["seniors", "students", "migrants"])
    # Seniors: 12 of A by its residents 10 : 20, the town's other 8 by 30 : 40. Students are known in B alone.
    assert spread.table["population_seniors"].tolist() == pytest.approx([4, 8, 8 * 3 / 7, 8 * 4 / 7])
    assert spread.table["population_students"].tolist() == [0, 0, 5, 0]
    assert spread.table["population_migrants"].tolist() == [0, 0, 0, 0]
    groups = [row for row in told(spread.unplaced) if row[1] != "seniors"]
    assert ("", "migrants", "no_totals", 0) in groups
    assert ("A", "students", "no_total", 0) in groups
    assert ("T", "students", "no_total", 0) in groups
    assert len(spread.unplaced) == 3


def test_a_group_is_spread_where_residents_are_unknown() -> None:
    tree = units(("A", "", area(0, 1), NAN), ("B", "", area(1, 4), 70.0), seniors=[12.0, NAN])
    spread = spread_totals(HOMES, tree, groups=["seniors"], outside="none")
    assert spread.table["population"].tolist() == pytest.approx([0, 0, 30, 40])
    assert spread.table["population_seniors"].tolist() == pytest.approx([4, 8, 0, 0])


def test_scaling_tells_the_factors() -> None:
    table = homes(0.2, 0.6, 1.5, 3.0, population=[1.0, 2.0, 3.0, 4.0], population_seniors=[1.0, 0.0, 1.0, 0.0])
    scaled = scale_to_units(table, units(TOWN, KNOWN, UNKNOWN, seniors=[20.0, 12.0, NAN]), groups=["seniors"])
    assert scaled.table["population"].tolist() == pytest.approx([10, 20, 30, 40])
    # A group that is there already is scaled where it is.
    assert scaled.table["population_seniors"].tolist() == pytest.approx([12, 0, 8, 0])
    assert list(scaled.factors.columns) == list(FACTOR_COLUMNS)
    rows = scaled.factors.set_index(["unit_id", "group"])
    assert rows.loc[("A", ""), ["homes", "before", "after", "factor"]].tolist() == pytest.approx([2, 3, 30, 10])
    assert rows.loc[("T", ""), ["homes", "before", "after", "factor"]].tolist() == pytest.approx([2, 7, 70, 10])
    assert rows.loc[("T", "seniors"), "factor"] == pytest.approx(8)
    again = scale_to_units(scaled.table, units(TOWN, KNOWN, UNKNOWN))
    assert again.factors["factor"].tolist() == pytest.approx([1, 1])


def test_what_cannot_be_spread_is_refused() -> None:
    with pytest.raises(InputError, match="no column 'flats'"):
        spread_totals(HOMES, units(TOWN), weight="flats")
    with pytest.raises(InputError, match=r"2 homes have no usable figure in 'floor_m2', first h1 \(-1.0\)"):
        spread_totals(homes(0, 1, 2, floor=[1, -1, NAN]), units(TOWN))
    with pytest.raises(InputError, match="No unit has a total"):
        spread_totals(HOMES, units(UNKNOWN))
    with pytest.raises(InputError, match="keep, none"):
        spread_totals(HOMES, units(TOWN), outside="maybe")


def test_no_homes_at_all() -> None:
    spread = spread_totals(HOMES.iloc[:0], units(TOWN, KNOWN))
    assert len(spread.table) == 0
    assert spread.unplaced["people"].sum() == pytest.approx(100)


@st.composite
def trees(draw: st.DrawFn) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return homes and up to three levels of units with holes and contradictions."""
    total = st.one_of(st.just(NAN), st.floats(0, 1e7))
    rows: list[tuple[str, str, Any, float]] = [("D", "", area(0, 8), draw(total))]
    for town in range(2):
        rows.append((f"T{town}", "D", area(4 * town, 4 * town + 4 - town), draw(total)))
        rows += [
            (f"C{town}{number}", f"T{town}", area(4 * town + number, 4 * town + number + 1), draw(total))
            for number in range(draw(st.integers(0, 3)))
        ]
    if all(np.isnan(row[3]) for row in rows):
        rows[0] = (*rows[0][:3], 1000.0)
    places = draw(st.lists(st.floats(-1, 9), min_size=0, max_size=12))
    size = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
    floor = draw(st.lists(size, min_size=len(places), max_size=len(places)))
    seniors = draw(st.lists(total, min_size=len(rows), max_size=len(rows)))
    return homes(*places, floor=floor), units(*rows, seniors=seniors)


@given(case=trees(), outside=st.sampled_from(["keep", "none"]))
@settings(deadline=None, max_examples=100)
def test_nobody_is_lost(case: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame], outside: str) -> None:
    table, tree = case
    spread = spread_totals(table, tree, groups=["seniors"], outside=outside)
    assert spread.table["demand_id"].tolist() == table["demand_id"].tolist()
    parent = dict(zip(tree.unit_id, tree.parent_id, strict=True))
    for group, column in (("", "population"), ("seniors", "population_seniors")):
        assert (spread.table[column] >= 0).all()
        totals = dict(zip(tree.unit_id, tree[column], strict=True))
        left = spread.unplaced[spread.unplaced.group == group].groupby("unit_id")["people"].sum()
        for unit, total in totals.items():
            if np.isnan(total):
                continue
            below = [name for name in parent if unit in lineage(name, parent)]
            people = sum(
                row.people
                for row in spread.table.assign(people=spread.table[column])[["unit_id", "people"]].itertuples()
                if unit in lineage(row.unit_id, parent)
            )
            # People of the unit's homes and what is left of it and of all units below it are its total.
            assert people + sum(left.get(name, 0.0) for name in below) == pytest.approx(total, rel=1e-9, abs=1e-6)


def lineage(unit: str, parent: dict[str, str]) -> list[str]:
    chain = []
    while unit:
        chain.append(unit)
        unit = parent.get(unit, "")
    return chain


# ---- two sources side by side


def test_two_sources_are_compared_unit_by_unit() -> None:
    tree = units(TOWN, KNOWN, UNKNOWN)
    first = homes(0.2, 1.5, 3.0, 6.0, population=[10.0, 20.0, 0.0, 5.0])
    second = homes(0.6, 3.0, population=[15.0, 45.0])
    rows = compare_totals(first, second, tree)
    assert list(rows.columns) == list(COMPARE_COLUMNS)
    assert rows["part"].tolist() == ["all", "unit", "unit", "unit", "outside"]
    assert rows["unit_id"].tolist() == ["", "T", "A", "B", ""]
    assert rows["first"].tolist() == [35, 30, 10, 20, 5]
    assert rows["second"].tolist() == [60, 60, 15, 0, 0]
    assert rows["difference"].tolist() == [25, 30, 5, -20, -5]
    assert rows["ratio"].tolist() == pytest.approx([60 / 35, 2, 1.5, 0, 0])


def test_groups_are_compared_where_both_know_them() -> None:
    first = homes(0.2, population_seniors=[0.0])
    second = homes(0.6, population_seniors=[3.0])
    rows = compare_totals(first, second, units(KNOWN), groups=["seniors"])
    assert rows["group"].tolist() == ["", "", "seniors", "seniors"]
    assert rows["difference"].tolist() == [0, 0, 3, 3]
    assert rows["ratio"].isna().tolist() == [False, False, True, True]
    with pytest.raises(InputError, match="students"):
        compare_totals(first, second, units(KNOWN), groups=["students"])

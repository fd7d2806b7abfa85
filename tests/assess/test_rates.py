"""Rates: hand-checked towns where every basis says something else, and sums that must come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.rates import COLUMNS, coverage_rates
from walkshed.assess.units import NO_UNIT, ancestors, equipped, membership
from walkshed.catalogue import entries
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Make = Callable[..., gpd.GeoDataFrame]

NOTHING = gpd.GeoDataFrame({"facility_id": []}, geometry=[], crs=4326)


def rooms(places: Sequence[tuple[float, float] | None], **columns: object) -> gpd.GeoDataFrame:
    """Return facilities at positions in metres from the corner."""
    shapes = [
        None if place is None else shapely.Point(place[0] + 500_000.0, place[1] + 4_400_000.0) for place in places
    ]
    frame = pd.DataFrame({"facility_id": [f"f{row}" for row in range(len(places))]}).assign(**columns)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=32650).to_crs(4326))


def told(rates: pd.DataFrame, unit_id: str = "") -> dict[str, tuple[float, float]]:
    """Return numerator and denominator of every basis of one unit."""
    rows = rates[rates.unit_id == unit_id]
    return dict(zip(rows.basis, zip(rows.numerator, rows.denominator, strict=True), strict=True))


def compute(
    table: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None = None, facilities: gpd.GeoDataFrame = NOTHING
) -> pd.DataFrame:
    return coverage_rates(table, units=units, facilities=facilities, profile="adult", cutoff_min=15.0)


@pytest.fixture
def district(measured: Make) -> gpd.GeoDataFrame:
    """Six rows of five kinds in two units; which of them are served makes every basis differ."""
    square = shapely.box(0, 0, 90, 90)
    return measured(
        [square, square, square, square, shapely.Point(5, 5), square],
        kind=["landuse", "landuse", "compound", "building", "compound", "cell"],
        population=[500.0, 1500.0, 400.0, 90.0, 110.0, 400.0],
        area_m2=[70_000.0, 30_000.0, 20_000.0, 600.0, 0.0, 80_000.0],
        unit_id=["u0", "u0", "u1", "u1", "u1", "elsewhere"],
        covered=[False, True, True, True, False, True],
    )


def test_every_basis_by_hand(district: gpd.GeoDataFrame, areas: Make) -> None:
    units = areas([shapely.box(0, 0, 100, 100), shapely.box(500, 0, 600, 100), shapely.box(900, 0, 950, 50)])
    rates = compute(district, units, rooms([(50, 50), (910, 10)]))
    assert told(rates) == {
        "A": (2.0, 3.0),
        "C": (30_000.0 + 20_000 + 80_000, 200_000.0),
        "D": (2.0, 4.0),
        "E": (1500.0 + 400 + 90 + 400, 3000.0),
        "E_buildings": (1.0, 1.0),
    }
    whole = rates[rates.unit_id == ""].set_index("basis").rate
    assert whole.to_dict() == pytest.approx({"A": 2 / 3, "C": 0.65, "D": 0.5, "E": 2390 / 3000, "E_buildings": 1.0})
    assert told(rates, "u0") == {
        "A": (1.0, 1.0), "C": (30_000.0, 100_000.0), "D": (1.0, 2.0), "E": (1500.0, 2000.0), "E_buildings": (0.0, 0.0),
    }  # fmt: skip
    assert told(rates, "u1") == {
        "A": (0.0, 1.0), "C": (20_000.0, 20_000.0), "D": (1.0, 2.0), "E": (490.0, 600.0), "E_buildings": (1.0, 1.0),
    }  # fmt: skip
    assert told(rates, "u2")["E"] == (0.0, 0.0)
    assert told(rates, NO_UNIT) == {
        "C": (80_000.0, 80_000.0), "D": (0.0, 0.0), "E": (400.0, 400.0), "E_buildings": (0.0, 0.0),
    }  # fmt: skip


def test_the_table_says_what_it_is(district: gpd.GeoDataFrame, areas: Make) -> None:
    units = areas([shapely.box(0, 0, 100, 100), shapely.box(500, 0, 600, 100)])
    rates = compute(district, units)
    assert list(rates.columns) == list(COLUMNS)
    assert list(rates.basis.unique()) == ["A", "C", "D", "E", "E_buildings"]
    assert list(rates[rates.basis == "E"].unit_id) == ["", "u0", "u1", NO_UNIT]
    assert list(rates[rates.basis == "E"].unit_name) == ["", "town u0", "town u1", ""]
    assert rates.groupby("basis").quantity.first().to_dict() == {
        "A": "units", "C": "m2", "D": "areas", "E": "people", "E_buildings": "buildings",
    }  # fmt: skip
    assert set(rates.profile) == {"adult"}
    assert set(rates.cutoff_min) == {15.0}
    empty = rates.denominator == 0
    assert empty.any()
    assert rates.rate[empty].isna().all()
    pd.testing.assert_series_equal(
        rates.rate[~empty], rates.numerator[~empty] / rates.denominator[~empty], check_names=False
    )


def test_what_the_data_does_not_carry_is_absent(measured: Make, areas: Make) -> None:
    square = shapely.box(0, 0, 10, 10)
    assert set(compute(measured([square])).basis) == {"E", "E_buildings"}
    assert set(compute(measured([square], kind="landuse")).basis) == {"C", "D", "E"}
    assert set(compute(measured([shapely.Point(0, 0)], kind="compound")).basis) == {"D", "E"}
    assert set(compute(measured([shapely.Point(0, 0)], kind="point")).basis) == {"E"}
    assert set(compute(measured([square], kind="cell", population=0.0)).basis) == {"C"}
    assert set(compute(measured([square], kind="compound").drop(columns="area_m2")).basis) == {"D", "E"}
    nobody = compute(measured([]))
    assert nobody.empty
    assert list(nobody.columns) == list(COLUMNS)
    no_units = areas([square]).iloc[:0]
    assert "A" not in set(compute(measured([square]), no_units, rooms([(5, 5)])).basis)


def test_a_room_counts_for_the_unit_it_declares_then_for_the_one_it_stands_in(measured: Make, areas: Make) -> None:
    units = areas([shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100), None])
    table = measured([shapely.Point(0, 0)])

    def equipped_units(*places: tuple[float, float] | None, **columns: object) -> list[str]:
        rates = compute(table, units, rooms(places, **columns))
        rows = rates[(rates.basis == "A") & (rates.numerator == 1) & (rates.unit_id != "")]
        return list(rows.unit_id)

    assert equipped_units((50, 50)) == ["u0"]
    assert equipped_units((50, 50), unit_id=["u1"]) == ["u1"]  # declared wins
    assert equipped_units((50, 50), unit_id=["unheard of"]) == ["u0"]
    assert equipped_units(None, unit_id=["u2"]) == ["u2"]  # position unknown, unit known
    assert equipped_units((50, 50), None, unit_id=[None, "u2"]) == ["u0", "u2"]
    assert equipped_units((150, 50)) == []  # between the units: known to be in none
    assert equipped_units() == []
    # Two rooms in a unit are one unit with a room.
    assert told(compute(table, units, rooms([(10, 10), (20, 20)])))["A"] == (1.0, 3.0)


def test_where_nothing_tells_the_unit_of_a_room_there_is_no_basis_a(measured: Make, areas: Make) -> None:
    table = measured([shapely.Point(0, 0)])
    nameless = areas([None, None])
    assert "A" not in set(compute(table, nameless, rooms([(50, 50)])).basis)
    assert "A" not in set(compute(table, areas([shapely.box(0, 0, 1, 1)]), rooms([None])).basis)
    assert told(compute(table, nameless))["A"] == (0.0, 2.0)
    no_geometry = pd.DataFrame({"facility_id": ["f"], "unit_id": ["u1"]})
    assert list(equipped(no_geometry, nameless)) == [False, True]


def test_units_above_count_what_lies_in_those_below(measured: Make, areas: Make) -> None:
    units = areas(
        [None] * 4, unit_id=["town", "north", "south", "other"], parent_id=["county", "town", "town", float("nan")]
    )
    table = measured(
        [shapely.Point(x, 0) for x in range(4)], population=[1.0, 2.0, 4.0, 8.0],
        unit_id=["north", "south", "town", "other"], covered=[True, False, True, False],
    )  # fmt: skip
    rates = compute(table, units, rooms([None], unit_id=["south"]))
    assert told(rates, "town")["E"] == (5.0, 7.0)
    assert told(rates, "north")["E"] == (1.0, 1.0)
    assert told(rates, "south")["E"] == (0.0, 2.0)
    assert told(rates, "other")["E"] == (0.0, 8.0)
    assert told(rates)["E"] == (5.0, 15.0)
    assert [told(rates, key)["A"][0] for key in ("town", "north", "south", "other")] == [1.0, 0.0, 1.0, 0.0]
    assert NO_UNIT not in set(rates.unit_id)


def test_units_that_lie_in_each_other_end_the_chain() -> None:
    circle = pd.DataFrame({"unit_id": ["a", "b", "c"], "parent_id": ["b", "a", "c"]})
    assert ancestors(circle) == {"a": (0, 1), "b": (1, 0), "c": (2,)}
    rows, owners = membership(pd.DataFrame({"unit_id": ["b", None, "?"]}), circle)
    assert list(zip(rows, owners, strict=True)) == [(0, 1), (0, 0)]


def test_a_table_that_was_not_measured_is_refused(measured: Make) -> None:
    with pytest.raises(InputError, match="covered"):
        compute(measured([shapely.Point(0, 0)]).drop(columns="covered"))


def test_every_basis_and_quantity_is_defined_in_the_catalogue(district: gpd.GeoDataFrame, areas: Make) -> None:
    rates = compute(district, areas([shapely.box(0, 0, 100, 100)]))
    for basis in rates.basis.unique():
        for part in ("", "_numerator", "_denominator"):
            assert f"figures.basis_{basis}{part}" in entries()
    for quantity in rates.quantity.unique():
        assert f"figures.quantity_{quantity}" in entries()


row = st.tuples(
    st.sampled_from(["building", "landuse", "compound", "point", "cell"]),
    st.integers(0, 4000).map(lambda quarters: quarters / 4),
    st.integers(0, 9000).map(float),
    st.sampled_from(["u0", "u1", "u2", "u9", ""]),
    st.booleans(),
)


@settings(deadline=None, max_examples=80)
@given(rows=st.lists(row, max_size=12))
def test_units_and_the_rest_add_up_to_the_whole(
    measured: Make, areas: Make, rows: list[tuple[str, float, float, str, bool]]
) -> None:
    kind, population, area, unit, covered = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    table = measured(
        [shapely.box(0, 0, 9, 9)] * len(rows), kind=list(kind), population=np.array(population, float),
        area_m2=np.array(area, float), unit_id=list(unit), covered=np.array(covered, bool),
    )  # fmt: skip
    rates = compute(table, areas([None, None, None]))
    assert ((rates.numerator >= 0) & (rates.numerator <= rates.denominator)).all()
    assert rates.rate.dropna().between(0, 1).all()
    assert not rates.duplicated(["basis", "unit_id"]).any()
    counted = rates[rates.basis != "A"]
    whole = counted[counted.unit_id == ""].set_index("basis")[["numerator", "denominator"]]
    parts = counted[counted.unit_id != ""].groupby("basis")[["numerator", "denominator"]].sum()
    pd.testing.assert_frame_equal(parts.sort_index(), whole.sort_index(), check_exact=True)
    if "E" in whole.index:
        assert whole.denominator["E"] == table.population.sum()
        assert whole.numerator["E"] == table.population[table.covered].sum()

"""Gaps: who is linked to whom, what is said about them, and that nobody is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.gaps import COLUMNS, find_gaps, gap_of
from walkshed.assess.places import street_places
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., gpd.GeoDataFrame]

METRIC = "EPSG:32650"
CORNER = np.array([500_000.0, 4_400_000.0])


def house(x: float, y: float = 0.0, size: float = 10.0) -> shapely.Polygon:
    """Return a square house with its lower left corner at ``x``, ``y``."""
    return shapely.box(x, y, x + size, y + size)


def gaps(table: gpd.GeoDataFrame, **how: object) -> gpd.GeoDataFrame:
    return find_gaps(table, crs=METRIC, **how)


def test_neighbours_within_the_link_are_one_gap(measured: Make) -> None:
    # 10 m houses: 59.9 m, 60.1 m and 30 m of street between them.
    table = measured([house(0), house(69.9), house(140.0), house(180.0)], population=[1.0, 2.0, 30.0, 40.0])
    assert list(gap_of(table, crs=METRIC)) == ["gap-2", "gap-2", "gap-1", "gap-1"]
    found = gaps(table)
    assert list(found.gap_id) == ["gap-1", "gap-2"]
    assert list(found["rank"]) == [1, 2]
    assert list(found.residents) == [70.0, 3.0]
    assert list(found.areas) == [2, 2]
    assert len(gaps(table, link_m=61.0)) == 1
    assert len(gaps(table, link_m=20.0)) == 4


def test_points_are_linked_like_areas(measured: Make) -> None:
    table = measured([shapely.Point(0, 0), shapely.Point(59, 0), shapely.Point(120, 0)])
    found = gaps(table)
    assert list(found.areas) == [2, 1]
    assert (found.to_crs(METRIC).area > 300).all()


def test_the_served_belong_to_no_gap_and_link_nothing(measured: Make) -> None:
    table = measured([house(0), house(50), house(100)], covered=[False, True, False])
    assert list(gap_of(table, crs=METRIC)) == ["gap-1", "", "gap-2"]


def test_a_gap_around_the_served_keeps_its_hole(measured: Make) -> None:
    ring = [house(300 + 300 * np.cos(turn), 300 + 300 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 40)[:-1]]
    table = measured([*ring, house(300, 300)], covered=[False] * 39 + [True])
    found = gaps(table)
    assert len(found) == 1
    shape = found.geometry[0]
    assert shape.geom_type == "Polygon"
    assert len(shape.interiors) == 1
    assert not shape.intersects(table.geometry.iloc[-1])
    assert shape.covers(shapely.union_all(table.geometry.iloc[:-1]))


def test_the_median_walk_is_the_residents(measured: Make) -> None:
    table = measured(
        [house(20 * place) for place in range(4)], population=[10.0, 1.0, 6.0, 4.0], minutes=[16.0, 30.0, 20.0, 40.0]
    )
    assert gaps(table).minutes[0] == 20.0  # 10 of 21 at 16 minutes, 16 of 21 up to 20
    assert gaps(table.assign(population=0.0)).minutes[0] == 20.0  # nobody: the rows' own median
    cut_off = table.assign(minutes=[np.nan, 30.0, 20.0, np.nan])
    assert np.isnan(gaps(cut_off).minutes[0])  # 14 of 21 reach nothing
    assert gaps(cut_off.assign(population=[5.0, 1.0, 6.0, 2.0])).minutes[0] == 30.0  # just half do reach something


def test_reason_and_unit_are_those_of_most_residents(measured: Make, areas: Make) -> None:
    table = measured(
        [house(20 * place) for place in range(4)], population=[10.0, 4.0, 7.0, 0.0],
        reason=["too_far", "unmapped", "unmapped", "disconnected"], unit_id=["u0", "u1", "u1", "u7"],
    )  # fmt: skip
    found = gaps(table, units=areas([None, None]))
    assert found.reason[0] == "unmapped"
    assert (found.unit_id[0], found.unit_name[0]) == ("u1", "town u1")
    even = gaps(table.assign(population=[11.0, 4.0, 7.0, 0.0]), units=areas([None]))
    assert even.reason[0] == "too_far"  # a tie goes by the order of the reasons
    assert (even.unit_id[0], even.unit_name[0]) == ("u0", "town u0")
    unknown = gaps(table.assign(unit_id="u7"), units=areas([None]))
    assert (unknown.unit_id[0], unknown.unit_name[0]) == ("u7", "")
    bare = gaps(table.drop(columns="unit_id"))
    assert (bare.unit_id[0], bare.unit_name[0]) == ("", "")


def test_a_gap_is_called_by_the_nearest_named_place(measured: Make) -> None:
    table = measured([house(0), house(20), house(900)], population=[1.0, 99.0, 5.0])
    lines = [shapely.LineString([(x, -50), (x, 90)]) for x in (0.0, 40.0, 24.0, 700.0)]
    places = gpd.GeoDataFrame(
        {"name": ["West Street", "East Street", "", "Far Street"]},
        geometry=[shapely.transform(line, lambda at: at + CORNER) for line in lines],
        crs=METRIC,
    )
    assert list(gaps(table, places=places.to_crs(4326)).place) == ["East Street", "Far Street"]
    assert list(gaps(table, places=places.iloc[2:3]).place) == ["", ""]
    assert list(gaps(table, places=places.iloc[:0]).place) == ["", ""]
    assert list(gaps(table).place) == ["", ""]
    twins = places.assign(geometry=places.geometry.iloc[0])
    assert gaps(table, places=twins).place[0] == "West Street"


def test_streets_can_be_the_places(make_network: Callable[..., WalkNetwork]) -> None:
    network = make_network([(0, 0), (100, 0), (100, 100)], [(0, 1), (1, 2)])
    object.__setattr__(network, "names", ("Hill Road",))
    object.__setattr__(network, "name_code", np.array([-1, 0], np.int32))
    streets = street_places(network)
    assert list(streets.name) == ["Hill Road"]
    assert streets.crs == network.crs
    assert streets.geometry[0].length == pytest.approx(100)
    object.__setattr__(network, "name_code", np.array([-1, -1], np.int32))
    assert street_places(network).empty


def test_where_everybody_is_served_there_is_no_gap(measured: Make) -> None:
    for table in (measured([house(0)], covered=True), measured([])):
        found = gaps(table, places=gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(0, 0)], crs=4326))
        assert found.empty
        assert list(found.columns) == list(COLUMNS)
        assert found.crs == table.crs
        assert found.residents.sum() == 0
        assert set(gap_of(table, crs=METRIC)) <= {""}


def test_wrong_arguments_are_refused(measured: Make) -> None:
    table = measured([house(0)])
    for link_m in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="link_m"):
            gaps(table, link_m=link_m)
    with pytest.raises(InputError, match="measure_coverage"):
        gap_of(table.drop(columns="minutes"), crs=METRIC)


place = st.tuples(
    st.integers(0, 60).map(lambda at: 12 * at), st.integers(0, 30).map(lambda at: 12 * at), st.integers(0, 400),
    st.booleans(), st.booleans(),
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(place, min_size=1, max_size=25, unique_by=lambda row: row[:2]), link_m=st.sampled_from([25.0, 60.0])
)
def test_laws_of_gaps(measured: Make, rows: list[tuple[float, float, int, bool, bool]], link_m: float) -> None:
    shapes = [shapely.Point(x, y) if point else house(x, y) for x, y, _, point, _ in rows]
    table = measured(
        shapes, population=[quarters / 4 for _, _, quarters, _, _ in rows], covered=[row[4] for row in rows]
    )
    table.index = range(100, 100 + len(table))
    before = table.copy()
    found, member = gaps(table, link_m=link_m), gap_of(table, crs=METRIC, link_m=link_m)
    pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(before))
    told = gaps(table, link_m=link_m, gap_ids=member)
    pd.testing.assert_frame_equal(pd.DataFrame(told), pd.DataFrame(found), check_exact=True)
    assert list(member.index) == list(table.index)
    # Every unserved row is in exactly one gap; nobody is lost.
    assert (member == "").equals(table.covered.rename("gap_id"))
    assert found.residents.sum() == table.population[~table.covered].sum()
    assert list(found.residents) == [table.population[member == key].sum() for key in found.gap_id]
    assert list(found.areas) == [(member == key).sum() for key in found.gap_id]
    assert found.residents.is_monotonic_decreasing
    # Linked means linked: within a gap neighbours are near, between gaps nobody is.
    metric, outline = table.to_crs(METRIC).geometry, found.to_crs(METRIC).geometry
    for row in table.index[~table.covered]:
        near = metric.distance(metric[row])[~table.covered] <= link_m
        assert set(member[near.index[near]]) == {member[row]}
    for key, shape in zip(found.gap_id, outline, strict=True):
        # One connected area that holds all its members; no two areas touch.
        assert shape.is_valid
        assert shape.geom_type == "Polygon"
        assert shape.covers(shapely.union_all(metric[member == key]))
    assert len(shapely.STRtree(outline).query(outline, predicate="intersects")[0]) == len(outline)
    # The order of the rows does not matter to who is with whom.
    turned = gap_of(table.iloc[::-1], crs=METRIC, link_m=link_m)
    pairs = {(member[row], turned[row]) for row in table.index}
    assert len(pairs) == len(set(member)) == len(set(turned))

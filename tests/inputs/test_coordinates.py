"""Datums against published vectors, laws and a real fence; areas and distances against independent figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.coordinates import (
    CHINA_BOX,
    areas_m2,
    bd09_to_gcj02,
    degrees_converter,
    distances_m,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    metric_crs,
    to_wgs84,
    wgs84_to_gcj02,
)
from walkshed.errors import CrsError

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH, EAST, NORTH = CHINA_BOX
RIM = 0.05
"""Degrees: at the rim a point and its shifted twin may lie on different sides, and the way back is not unique."""
inside_box = st.tuples(st.floats(WEST + RIM, EAST - RIM), st.floats(SOUTH + RIM, NORTH - RIM))
GEODESIC = pyproj.Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_wgs84_to_gcj02_gives_the_published_figures(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert np.allclose(wgs84_to_gcj02(*wgs), gcj, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("gcj", "bd"),
    [
        ((116.41024449916938, 39.91640428150164), (116.41662724378733, 39.922699552216216)),
        ((116.404, 39.915), (116.41036949371029, 39.92133699351021)),
    ],
)
def test_gcj02_to_bd09_gives_the_published_figures(gcj: tuple[float, float], bd: tuple[float, float]) -> None:
    assert np.allclose(gcj02_to_bd09(*gcj), bd, rtol=0, atol=1e-12)


def test_the_ways_back_give_the_exact_figures() -> None:
    assert np.allclose(gcj02_to_wgs84(116.404, 39.915), (116.3977557546, 39.9135962356), rtol=0, atol=6e-11)
    assert np.allclose(bd09_to_gcj02(116.404, 39.915), (116.3976270879, 39.9086563395), rtol=0, atol=6e-11)


@given(inside_box)
@settings(deadline=None)
def test_the_way_back_undoes_the_way_there(position: tuple[float, float]) -> None:
    assert np.allclose(gcj02_to_wgs84(*wgs84_to_gcj02(*position)), position, rtol=0, atol=1e-9)
    assert np.allclose(bd09_to_gcj02(*gcj02_to_bd09(*position)), position, rtol=0, atol=1e-9)


def test_the_way_back_is_exact_to_rounding_over_the_whole_box() -> None:
    lon, lat = np.meshgrid(np.linspace(WEST + RIM, EAST - RIM, 200), np.linspace(SOUTH + RIM, NORTH - RIM, 200))
    for there, back in ((wgs84_to_gcj02, gcj02_to_wgs84), (gcj02_to_bd09, bd09_to_gcj02)):
        again_lon, again_lat = back(*there(lon, lat))
        assert np.abs(again_lon - lon).max() < 1e-12
        assert np.abs(again_lat - lat).max() < 1e-12


@given(st.floats(-180, 180), st.floats(-90, 90))
@settings(deadline=None)
def test_nothing_moves_outside_the_box(lon: float, lat: float) -> None:
    if WEST <= lon <= EAST and SOUTH <= lat <= NORTH:
        lat = -lat - 1.0
    for convert in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02):
        assert tuple(map(float, convert(lon, lat))) == (lon, lat)


def test_every_shift_is_as_large_as_it_is_known_to_be() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(75, 132, 5000), rng.uniform(20, 50, 5000)
    there = wgs84_to_gcj02(lon, lat)
    metres = GEODESIC.inv(lon, lat, *there)[2]
    assert metres.max() < 800
    assert 350 < metres.mean() < 480
    east, south = wgs84_to_gcj02(106.33, 29.52)
    assert GEODESIC.inv(106.33, 29.52, east, 29.52)[2] == pytest.approx(384, abs=15)
    assert GEODESIC.inv(106.33, 29.52, 106.33, south)[2] == pytest.approx(285, abs=15)


def test_arrays_keep_their_shape_and_are_not_changed() -> None:
    lon, lat = np.array([[106.3, np.nan], [2.0, 106.4]]), np.array([[29.5, 29.5], [48.0, 29.6]])
    before = lon.copy(), lat.copy()
    there = wgs84_to_gcj02(lon, lat)
    assert there[0].shape == there[1].shape == (2, 2)
    assert np.isnan(there[0][0, 1])
    assert there[0][1, 0] == 2.0
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip((lon, lat), before, strict=True))


def overlap(one: shapely.Geometry, other: shapely.Geometry) -> float:
    return one.intersection(other).area / one.union(other).area


def test_a_real_fence_in_gcj02_fits_its_district_after_conversion(shared_data: Path) -> None:
    folder = shared_data / "chongqing"
    fence = gpd.read_file(folder / "shapingba_500106_gcj02.json").geometry
    districts = gpd.read_file(folder / "cq.shp", encoding="gb18030")
    district = districts.loc[districts.NAME == "沙坪坝区"].geometry.union_all()
    assert overlap(fence.iloc[0], district) == pytest.approx(0.908, abs=0.002)
    assert overlap(to_wgs84(fence, "gcj02").iloc[0], district) == pytest.approx(0.986, abs=0.002)


def test_to_wgs84_reads_every_datum() -> None:
    place = (106.3733, 29.5998)
    gcj = wgs84_to_gcj02(*place)
    metres = pyproj.Transformer.from_crs(4326, 4544, always_xy=True).transform(*place)
    for position, datum in (
        (place, "wgs84"),
        (place, "WGS-84"),
        (place, "cgcs2000"),
        (gcj, "gcj02"),
        (gcj, "GCJ-02"),
        (gcj02_to_bd09(*gcj), "bd09"),
        (metres, "EPSG:4544"),
    ):
        given = gpd.GeoSeries([shapely.Point(*position), None], index=[7, 9])
        moved = to_wgs84(given, datum)
        assert moved.crs == "EPSG:4326"
        assert list(moved.index) == [7, 9]
        assert moved.loc[9] is None
        assert np.allclose((moved.loc[7].x, moved.loc[7].y), place, rtol=0, atol=1e-8), datum
        assert given.loc[7].x == position[0]


def test_a_declared_crs_wins_over_the_default() -> None:
    series = gpd.GeoSeries([shapely.Point(106.3733, 29.5998)], crs=4326)
    for crs in (32648, 4490, 3857, 4544):
        moved = to_wgs84(series.to_crs(crs))
        assert np.allclose((moved.iloc[0].x, moved.iloc[0].y), (106.3733, 29.5998), rtol=0, atol=1e-8), crs


def test_heights_are_dropped() -> None:
    assert not to_wgs84(gpd.GeoSeries([shapely.Point(106, 29, 400)])).iloc[0].has_z


def test_a_shifted_datum_beside_a_projected_crs_is_a_contradiction() -> None:
    series = gpd.GeoSeries([shapely.Point(106.3733, 29.5998)], crs=4326).to_crs(32648)
    for datum in ("gcj02", "bd09", "cgcs2000", "EPSG:4544"):
        with pytest.raises(CrsError, match="EPSG:32648") as caught:
            to_wgs84(series, datum)
        assert caught.value.message.key == "errors.datum_contradiction"
        assert datum in caught.value.text("zh")


def test_a_shifted_datum_beside_a_geographic_crs_is_taken_at_its_word() -> None:
    gcj = wgs84_to_gcj02(106.3733, 29.5998)
    for crs in (4326, 4490):
        moved = to_wgs84(gpd.GeoSeries([shapely.Point(*gcj)], crs=crs), "gcj02")
        assert np.allclose((moved.iloc[0].x, moved.iloc[0].y), (106.3733, 29.5998), rtol=0, atol=1e-10)


def test_cgcs2000_agrees_with_a_projection_of_its_own() -> None:
    series = gpd.GeoSeries([shapely.Point(106.3733, 29.5998)], crs=4326).to_crs(4544)
    moved = to_wgs84(series, "cgcs2000")
    assert np.allclose((moved.iloc[0].x, moved.iloc[0].y), (106.3733, 29.5998), rtol=0, atol=1e-8)
    assert to_wgs84(series, "EPSG:4544").iloc[0].equals_exact(moved.iloc[0], 1e-12)


@pytest.mark.parametrize("datum", ["wgs72x", "", "EPSG:99999999", "EPSG:none"])
def test_an_unknown_datum_is_named(datum: str) -> None:
    with pytest.raises(CrsError, match="gcj02, bd09, cgcs2000, EPSG:n"):
        degrees_converter(datum)


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (106.3, 29.5, "EPSG:32648"),
        (-51.2, -30.0, "EPSG:32722"),
        (-15.4, 28.1, "EPSG:32628"),
        (24.9, 60.2, "EPSG:32635"),
        (180.0, 0.0, "EPSG:32660"),
        (-180.0, -0.1, "EPSG:32701"),
        (-177.0, 1.0, "EPSG:32601"),
    ],
)
def test_metric_crs_is_the_utm_zone(lon: float, lat: float, crs: str) -> None:
    assert metric_crs(shapely.Point(lon, lat)) == crs
    assert metric_crs(gpd.GeoSeries([None, shapely.Point(lon, lat)], crs=4326)) == crs


@pytest.mark.parametrize("shape", [shapely.Point(500_000, 4_400_000), shapely.Polygon()])
def test_metric_crs_needs_degrees(shape: shapely.Geometry) -> None:
    with pytest.raises(CrsError):
        metric_crs(shape)


def test_areas_agree_with_geodesic_areas() -> None:
    squares = gpd.GeoSeries(
        [shapely.box(106.2, 29.4, 106.4, 29.6), shapely.box(100.0, 22.0, 100.01, 22.01), shapely.Point(106, 29), None],
        crs=4326,
    )
    fine = shapely.segmentize(squares.to_numpy()[:2], 0.0005)
    expected = [abs(GEODESIC.geometry_area_perimeter(shape)[0]) for shape in fine]
    measured = areas_m2(squares)
    assert measured[:2] == pytest.approx(expected, rel=1e-4)
    assert measured[2:].tolist() == [0, 0]
    assert areas_m2(gpd.GeoSeries([], crs=4326)).tolist() == []
    assert areas_m2(gpd.GeoSeries([None], crs=4326)).tolist() == [0]


def test_distances_agree_with_a_projection_nearby_and_reach_around_the_world() -> None:
    area = shapely.box(106.2, 29.4, 106.4, 29.6)
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(106.1, 106.5, 500), rng.uniform(29.3, 29.7, 500)
    project = pyproj.Transformer.from_crs(4326, 32648, always_xy=True).transform
    flat = shapely.transform(shapely.segmentize(area, 0.001), lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
    expected = shapely.distance(shapely.points(*project(lon, lat)), flat)
    assert distances_m(lon, lat, area) == pytest.approx(expected, rel=2e-3, abs=5.0)
    odd = distances_m(np.array([106.3, -74.0, np.nan, np.inf, 106.3]), np.array([29.5, 40.7, 29.5, 29.5, 3e6]), area)
    assert odd[0] == 0
    assert odd[1] > 1e7
    assert np.isposinf(odd[2:]).all()

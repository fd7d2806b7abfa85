"""Places at the 180th meridian and at the poles: right, or told; never a length across the whole globe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from walkshed.coordinates import check_extent, distances_m, metric_crs
from walkshed.errors import CrsError
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.facilities import read_facilities
from walkshed.network.build import read_network
from walkshed.parameters import BoundarySource, FacilitySource, NetworkSource, StudyConfig
from walkshed.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOTH = shapely.MultiPolygon([shapely.box(179.9, -17, 180, -16.9), shapely.box(-180, -17, -179.9, -16.9)])
BESIDE = shapely.box(179.9, -17, 180, -16.9)
ROOMS = "name,lon,lat\n" + "".join(f"{lon},{lon},-16.95\n" for lon in (179.95, 180, -180, -179.99, -179.9))


def key_of(call: Callable[[], object]) -> str:
    with pytest.raises(CrsError) as caught:
        call()
    assert caught.value.text("zh") != caught.value.text("en")
    return caught.value.message.key.removeprefix("errors.")


@pytest.mark.parametrize(
    ("shape", "key"),
    [
        (BOTH, "antimeridian"),
        (shapely.box(-179.9, -17, 179.9, -16.9), "antimeridian"),  # what the same area becomes when it is drawn flat
        (shapely.box(179.9, -17, 180.1, -16.9), "not_degrees"),
        (shapely.box(-180, -90, 180, 90), "antimeridian"),
        (shapely.box(10, 89.9, 20, 90), "polar"),
        (shapely.box(10, -90, 20, -89.9), "polar"),
        (shapely.box(10, 83.95, 10.1, 84.05), "polar"),
    ],
)
def test_areas_that_no_metric_system_holds_are_told(
    write_geojson: Callable[..., Path], shape: shapely.Geometry, key: str
) -> None:
    path = write_geojson("x.geojson", [(shape, {})])
    assert key_of(lambda: read_boundary(path)) == key
    if key != "not_degrees":
        assert key_of(lambda: metric_crs(shape)) == key


def test_areas_beside_the_meridian_and_in_the_far_north_are_read(write_geojson: Callable[..., Path]) -> None:
    assert metric_crs(read_boundary(write_geojson("x.geojson", [(BESIDE, {})])).geometry) == "EPSG:32760"
    north = shapely.box(15.5, 78.2, 15.7, 78.25)  # Longyearbyen
    assert metric_crs(read_boundary(write_geojson("x.geojson", [(north, {})])).geometry) == "EPSG:32633"
    check_extent(gpd.GeoSeries([None, north], crs=4326))


def test_rooms_beyond_the_meridian_are_as_near_as_they_are_on_the_ground(
    write_text: Callable[..., Path], write_geojson: Callable[..., Path]
) -> None:
    area = read_boundary(write_geojson("x.geojson", [(BESIDE, {})]))
    found = read_facilities(write_text("rooms.csv", ROOMS), boundary=area)
    assert found.table["name"].tolist() == ["179.95", "180", "-180", "-179.99"]
    assert found.rejects["reason"].tolist() == ["far_outside"]
    degree_m = 111_320 * np.cos(np.radians(16.95))
    lon = np.array([179.95, 180.0, -180.0, -179.99, -179.9])
    distance = distances_m(lon, np.full(5, -16.95), BESIDE)
    assert distance == pytest.approx([0, 0, 0, 0.01 * degree_m, 0.1 * degree_m], rel=0.005)
    mirrored = distances_m(-lon, np.full(5, -16.95), shapely.box(-180, -17, -179.9, -16.9))
    assert mirrored == pytest.approx(distance)


def test_places_at_the_poles_are_kept_where_nothing_is_measured(write_text: Callable[..., Path]) -> None:
    path = write_text("rooms.csv", "name,lon,lat\na,10,90\nb,10,-90\nc,10,89.99\nd,100,90.01\n")
    found = read_facilities(path)
    assert found.table["name"].tolist() == ["a", "b", "c"]
    assert found.rejects["reason"].tolist() == ["not_degrees"]
    assert key_of(lambda: metric_crs(found.table.geometry)) == "polar"


def streets(path: Path, lons: tuple[float, ...], lat: float) -> Path:
    nodes = "".join(f'<node id="{i}" version="1" lon="{lon}" lat="{lat}"/>' for i, lon in enumerate(lons, 1))
    marks = "".join(f'<nd ref="{i}"/>' for i in range(1, len(lons) + 1))
    way = f'<way id="1" version="1">{marks}<tag k="highway" v="footway"/></way>'
    path.write_text(f'<osm version="0.6">{nodes}{way}</osm>', encoding="utf-8")
    return path


def test_streets_over_the_meridian_are_told_or_measured_on_the_ground(tmp_path: Path) -> None:
    over = streets(tmp_path / "x.osm", (179.999, 180.0, -179.999), -16.95)
    assert key_of(lambda: read_network(over)) == "antimeridian"
    assert key_of(lambda: read_network(streets(tmp_path / "y.osm", (10.0, 10.1), 89.9))) == "polar"
    network = read_network(over, crs="EPSG:32760")
    assert float(network.length_m.sum()) == pytest.approx(0.002 * 111_320 * np.cos(np.radians(16.95)), rel=0.005)


def test_a_study_whose_margin_reaches_over_the_meridian_is_told(
    write_geojson: Callable[..., Path], write_text: Callable[..., Path], tmp_path: Path
) -> None:
    write_geojson("area.geojson", [(BESIDE, {})])
    write_text("rooms.csv", ROOMS)
    streets(tmp_path / "streets.osm", (179.95, 179.951), -16.95)
    config = StudyConfig(
        folder=tmp_path,
        boundary=BoundarySource(source="file", path="area.geojson"),
        network=NetworkSource(path="streets.osm"),
        facilities=FacilitySource(path="rooms.csv"),
    )
    assert key_of(lambda: load_study(config)) == "antimeridian"

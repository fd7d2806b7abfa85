"""The study area: whatever polygons come, one valid area goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from walkshed.coordinates import areas_m2, metric_crs, wgs84_to_gcj02
from walkshed.errors import CrsError, InputError
from walkshed.inputs.boundary import read_boundary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SQUARE = shapely.box(106.2, 29.4, 106.4, 29.6)


def test_one_polygon_keeps_its_name(write_geojson: Callable[..., Path]) -> None:
    boundary = read_boundary(write_geojson("b.geojson", [(SQUARE, {"名称": "直管园"})]))
    assert boundary.name.tolist() == ["直管园"]
    assert boundary.crs == "EPSG:4326"
    assert boundary.geometry.iloc[0].equals(SQUARE)


def test_several_polygons_become_one_row(write_geojson: Callable[..., Path]) -> None:
    halves = [shapely.box(106.2, 29.4, 106.3, 29.6), shapely.box(106.3, 29.4, 106.4, 29.6)]
    features = [(half, {"name": str(place)}) for place, half in enumerate(halves)]
    boundary = read_boundary(write_geojson("b.geojson", [*features, (None, {"name": "nothing"})]))
    assert len(boundary) == 1
    assert boundary.name.tolist() == [""]
    assert boundary.geometry.iloc[0].equals(SQUARE)


def test_a_self_intersecting_polygon_keeps_its_area(write_geojson: Callable[..., Path]) -> None:
    bow_tie = shapely.Polygon([(106.2, 29.4), (106.4, 29.6), (106.4, 29.4), (106.2, 29.6)])
    boundary = read_boundary(write_geojson("b.geojson", [(bow_tie, {})]))
    assert boundary.geometry.is_valid.all()
    assert boundary.geometry.iloc[0].area == pytest.approx(SQUARE.area / 2)


def test_a_declared_projection_is_followed(write_geojson: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "b.gpkg"
    gpd.GeoSeries([SQUARE], crs=4326).to_crs(4544).to_file(path)
    assert read_boundary(path).geometry.iloc[0].equals_exact(SQUARE, 1e-8)
    with pytest.raises(CrsError, match="EPSG:4544"):
        read_boundary(path, datum="gcj02")
    gcj = shapely.transform(SQUARE, lambda xy: np.column_stack(wgs84_to_gcj02(xy[:, 0], xy[:, 1])))
    moved = read_boundary(write_geojson("g.geojson", [(gcj, {})]), datum="gcj02")
    assert moved.geometry.iloc[0].equals_exact(SQUARE, 1e-10)


def test_metres_without_a_crs_are_found_out_and_can_be_explained(tmp_path: Path) -> None:
    path = tmp_path / "b.shp"
    gpd.GeoSeries([SQUARE], crs=4326).to_crs(4544).to_file(path)
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=r"no degrees.*EPSG:<number>"):
        read_boundary(path)
    explained = read_boundary(path, datum="EPSG:4544").geometry.iloc[0]
    assert explained.normalize().equals_exact(SQUARE.normalize(), 1e-8)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Point(106.3, 29.5),
        shapely.LineString(SQUARE.exterior.coords),
        shapely.LineString([(106.2, 29.4), (106.4, 29.4), (106.4, 29.6), (106.2, 29.4)]),
        shapely.MultiPoint([(106.2, 29.4), (106.3, 29.5)]),
    ],
)
def test_what_is_no_polygon_is_no_boundary(write_geojson: Callable[..., Path], shape: shapely.Geometry) -> None:
    for features in ([(shape, {})], [(SQUARE, {}), (shape, {})]):
        with pytest.raises(InputError) as caught:
            read_boundary(write_geojson("b.geojson", features))
        assert caught.value.message.key == "errors.boundary_not_area"


def test_a_boundary_without_any_geometry_is_an_error(
    write_geojson: Callable[..., Path], write_text: Callable[..., Path]
) -> None:
    with pytest.raises(InputError, match="polygons only"):
        read_boundary(write_geojson("b.geojson", [(None, {"name": "x"})]))
    with pytest.raises(InputError, match="name, lon"):
        read_boundary(write_text("b.csv", "name,lon\na,1\n"))


def test_a_collapsed_polygon_encloses_nothing(write_geojson: Callable[..., Path]) -> None:
    line = shapely.Polygon([(106.2, 29.4), (106.3, 29.5), (106.4, 29.6)])
    with pytest.raises(InputError, match="encloses no area"):
        read_boundary(write_geojson("b.geojson", [(line, {})]))


def test_latitude_before_longitude_is_an_error(write_geojson: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="swapped"):
        read_boundary(write_geojson("b.geojson", [(shapely.box(29.4, 106.2, 29.6, 106.4), {})]))


def test_a_collection_gives_its_areas(write_geojson: Callable[..., Path]) -> None:
    mixed = shapely.GeometryCollection([SQUARE, shapely.Point(106.3, 29.5)])
    assert read_boundary(write_geojson("b.geojson", [(mixed, {})])).geometry.iloc[0].equals(SQUARE)
    points = shapely.GeometryCollection([shapely.Point(106.3, 29.5), shapely.Point(106.3, 29.6)])
    with pytest.raises(InputError, match="encloses no area"):
        read_boundary(write_geojson("b.geojson", [(points, {})]))


def test_the_boundary_of_las_palmas(shared_data: Path) -> None:
    boundary = read_boundary(shared_data / "las-palmas/boundary.geojson")
    assert metric_crs(boundary.geometry) == "EPSG:32628"
    assert 95e6 < areas_m2(boundary.geometry)[0] < 110e6
    assert boundary.geometry.is_valid.all()

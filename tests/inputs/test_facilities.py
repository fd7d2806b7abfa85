"""Facilities: good rows stay as they are, bad rows are kept aside with line, id and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from walkshed.catalogue import has
from walkshed.contracts import FACILITIES, check_table
from walkshed.coordinates import gcj02_to_bd09, wgs84_to_gcj02
from walkshed.errors import CrsError, InputError
from walkshed.inputs.facilities import COLUMNS, read_facilities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.inputs.reads import Read

GOOD = "good,开放,106.3,29.5\n"


def reasons(rejects: pd.DataFrame) -> list[tuple[int, str, str]]:
    return list(zip(rejects.line.tolist(), rejects.row_id, rejects.reason, strict=True))


def test_a_plain_list_becomes_a_valid_table(write_text: Callable[..., Path]) -> None:
    text = (
        "编号,名称,状态,级别,座位数,开放时间,街道,经度,纬度,地址\n"
        "A1,西永书房,已开放,区级,40座,9:00-21:00,西永街道,106.3733,29.5998,西永大道1号\n"
        "A2,大学城书房,在建,,,,,106.311,29.603,\n"
    )
    read = read_facilities(write_text("rooms.csv", text, "gb18030"))
    table = read.table
    assert list(table.columns) == [*COLUMNS, "地址", "geometry"]
    assert table.facility_id.tolist() == ["A1", "A2"]
    assert table.name.tolist() == ["西永书房", "大学城书房"]
    assert table.status.tolist() == ["open", "building"]
    assert table.capacity.tolist()[0] == 40
    assert np.isnan(table.capacity.iloc[1])
    assert table.unit_id.tolist() == ["西永街道", ""]
    assert table["地址"].tolist() == ["西永大道1号", ""]
    assert (table.geometry.x.tolist(), table.geometry.y.tolist()) == ([106.3733, 106.311], [29.5998, 29.603])
    assert table.crs == "EPSG:4326"
    assert read.rejects.empty
    check_table(table, FACILITIES)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("", "open"),
        ("开放", "open"),
        ("已开放", "open"),
        ("Open", "open"),
        ("在建", "building"),
        ("建设中", "building"),
        ("building", "building"),
        ("规划", "planned"),
        ("拟建", "planned"),
        ("planned", "planned"),
        ("关闭", "closed"),
        ("停用", "closed"),
        (" CLOSED ", "closed"),
    ],
)
def test_status_words(write_text: Callable[..., Path], word: str, status: str) -> None:
    table = read_facilities(write_text("r.csv", f"name,status,lon,lat\na,{word},106.3,29.5\n")).table
    assert table.status.tolist() == [status]


def test_without_a_status_column_all_are_open_and_without_ids_they_are_lines(write_text: Callable[..., Path]) -> None:
    table = read_facilities(write_text("r.csv", "lon,lat\n106.3,29.5\n\n106.31,29.5\n")).table
    assert table.status.tolist() == ["open", "open"]
    assert table.facility_id.tolist() == table.name.tolist() == ["row-2", "row-4"]


def test_every_bad_row_is_refused_with_its_line_and_reason(
    write_text: Callable[..., Path], zone: gpd.GeoDataFrame
) -> None:
    text = (
        "id,name,status,capacity,lon,lat\n"
        "a,good,开放,40,106.3,29.5\n"
        "b,text,开放,40,east,29.5\n"
        "c,infinite,开放,40,inf,29.5\n"
        "d,nan,开放,40,NaN,nan\n"
        "e,half,开放,40,106.3,\n"
        "f,zero,开放,40,0,0\n"
        "g,swapped,开放,40,29.5,106.3\n"
        "h,far,开放,40,107.3,29.5\n"
        "i,no degrees,开放,40,500000,3200000\n"
        "a,twice,开放,40,106.31,29.5\n"
        "j,status,神秘,40,106.3,29.5\n"
        "k,capacity,开放,many,106.3,29.5\n"
        "l,capacity,开放,-1,106.3,29.5\n"
        "m,comma, in name,开放,40,106.3,29.5\n"
        "n,just outside,开放,40,106.43,29.5\n"
    )
    read = read_facilities(write_text("rooms.csv", text), boundary=zone)
    assert read.table.facility_id.tolist() == ["a", "n"]
    assert read.table.name.tolist() == ["good", "just outside"]
    assert reasons(read.rejects) == [
        (3, "b", "text_coordinate"),
        (4, "c", "infinite_coordinate"),
        (5, "d", "no_position"),
        (6, "e", "half_position"),
        (7, "f", "zero_position"),
        (8, "g", "swapped"),
        (9, "h", "far_outside"),
        (10, "i", "not_degrees"),
        (11, "a", "duplicate_id"),
        (12, "j", "unknown_status"),
        (13, "k", "bad_number"),
        (14, "l", "negative_number"),
        (15, "m", "too_many_cells"),
    ]
    details = dict(zip(read.rejects.row_id, read.rejects.detail, strict=True))
    assert details["b"] == "lon=east; lat=29.5"
    assert details["a"] == "first_line=2"
    assert details["g"] == "lon=29.5; lat=106.3"
    assert details["h"].startswith("lon=107.300000; lat=29.500000; distance_m=87")
    assert details["j"] == "status=神秘"
    assert (read.rejects.file == "rooms.csv").all()
    assert (read.rejects.layer == "facilities").all()
    assert all(has(f"rejects.{reason}") for reason in read.rejects.reason)


def test_the_first_good_row_of_an_id_stays(write_text: Callable[..., Path]) -> None:
    read = read_facilities(write_text("r.csv", "id,lon,lat\na,0,0\na,106.3,29.5\na,106.4,29.5\nb,106.5,29.5\n"))
    assert read.table.geometry.x.tolist() == [106.3, 106.5]
    assert reasons(read.rejects) == [(2, "a", "zero_position"), (4, "a", "duplicate_id")]
    assert read.rejects.detail.iloc[1] == "first_line=3"


def test_a_position_may_be_unknown_where_the_unit_is_known(write_text: Callable[..., Path]) -> None:
    text = "name,街道,lon,lat\n香炉山,500106020,,\n西永,500106017,106.37,29.59\nnowhere,,,\nhalf,500106017,106,\n"
    read = read_facilities(write_text("r.csv", text))
    assert read.table.name.tolist() == ["香炉山", "西永"]
    assert read.table.geometry.iloc[0] is None
    assert read.table.unit_id.tolist() == ["500106020", "500106017"]
    assert reasons(read.rejects) == [(4, "row-4", "no_position"), (5, "row-5", "half_position")]


def test_nothing_but_unknown_positions_is_still_a_table(write_text: Callable[..., Path]) -> None:
    table = read_facilities(write_text("r.csv", "name,unit_id,lon,lat\na,u1,,\nb,u2,,\n")).table
    assert table.geometry.isna().all()
    assert table.crs == "EPSG:4326"


def test_no_coordinate_columns_lists_those_seen(write_text: Callable[..., Path]) -> None:
    path = write_text("r.csv", "名称,东坐标,北坐标\na,1,2\n")
    with pytest.raises(InputError, match="Columns seen: 名称, 东坐标, 北坐标") as caught:
        read_facilities(path)
    assert "东坐标" in caught.value.text("zh")
    with pytest.raises(InputError, match="no coordinates"):
        read_facilities(write_text("r.csv", "name,lon\na,1\n"))


def test_the_mapping_names_columns_nothing_else_would_find(write_text: Callable[..., Path]) -> None:
    path = write_text("r.csv", "名称,东,北,人数\na,106.3,29.5,7\n")
    table = read_facilities(path, columns={"lon": "东", "lat": "北", "capacity": "人数"}).table
    assert (table.geometry.x[0], table.geometry.y[0], table.capacity[0]) == (106.3, 29.5, 7)


def test_a_swapped_table_is_one_error_that_says_how_to_map(
    write_text: Callable[..., Path], zone: gpd.GeoDataFrame
) -> None:
    path = write_text("r.csv", "name,经度,纬度\na,29.5,106.3\nb,29.51,106.31\nc,,\n")
    for boundary in (None, zone):
        with pytest.raises(InputError, match='lon = "纬度", lat = "经度"') as caught:
            read_facilities(path, boundary=boundary)
        assert caught.value.message.key == "errors.swapped_columns"
        assert caught.value.message.fields["count"] == 2
    table = read_facilities(path, columns={"lon": "纬度", "lat": "经度"}, boundary=zone).table
    assert table.geometry.x.tolist() == [106.3, 106.31]


def test_swapping_is_detected_by_the_boundary_where_ranges_cannot_tell(write_text: Callable[..., Path]) -> None:
    las_palmas = gpd.GeoDataFrame(geometry=[shapely.box(-15.5, 28.0, -15.4, 28.2)], crs=4326)
    path = write_text("r.csv", "name,lon,lat\na,28.1,-15.45\nb,-15.45,28.1\nc,28.1,-15.46\n")
    read = read_facilities(path, boundary=las_palmas)
    assert read.table.name.tolist() == ["b"]
    assert read.rejects.reason.tolist() == ["swapped", "swapped"]
    assert read_facilities(path).table.name.tolist() == ["a", "b", "c"]


def test_swapping_is_detected_by_the_datum_in_the_far_west_of_china(write_text: Callable[..., Path]) -> None:
    path = write_text("r.csv", "name,lon,lat\na,39.47,75.99\nb,75.99,39.47\n")
    read = read_facilities(path, datum="gcj02")
    assert read.rejects.reason.tolist() == ["swapped"]
    assert len(read_facilities(path).table) == 2


def test_swapped_metres_are_detected_by_the_boundary(write_text: Callable[..., Path], zone: gpd.GeoDataFrame) -> None:
    points = gpd.GeoSeries([shapely.Point(106.3, 29.5), shapely.Point(106.31, 29.5)], crs=4326).to_crs(4544)
    rows = "".join(f"{y},{x}\n" for x, y in zip(points.x, points.y, strict=True))
    with pytest.raises(InputError, match="swapped"):
        read_facilities(write_text("r.csv", "x,y\n" + rows), datum="EPSG:4544", boundary=zone)
    straight = "".join(f"{x},{y}\n" for x, y in zip(points.x, points.y, strict=True))
    table = read_facilities(write_text("r.csv", "x,y\n" + straight), datum="EPSG:4544", boundary=zone).table
    assert table.geometry.x.tolist() == pytest.approx([106.3, 106.31], abs=1e-7)


def test_metres_taken_for_degrees_are_an_error_about_the_crs(write_text: Callable[..., Path]) -> None:
    with pytest.raises(CrsError, match="no degrees") as caught:
        read_facilities(write_text("r.csv", "x,y\n500000,3200000\n500100,3200100\n"))
    assert "2 rows, first in line 2" in str(caught.value)


def test_nothing_left_names_reasons_and_counts(write_text: Callable[..., Path], zone: gpd.GeoDataFrame) -> None:
    path = write_text("r.csv", "name,lon,lat\na,0,0\nb,x,1\nc,0,0\nd,107.5,29.5\n")
    with pytest.raises(InputError, match=r"None of the 4 rows of r\.csv") as caught:
        read_facilities(path, boundary=zone)
    english, chinese = caught.value.text("en"), caught.value.text("zh")
    assert "2 rows, first in line 2 (lon=0; lat=0): Both coordinates are 0" in english
    assert "1 rows, first in line 3" in english
    assert "2 行，首见于第 2 行" in chinese  # noqa: RUF001 - as the catalogue writes it
    assert len(caught.value.problems) == 3


def test_one_cell_positions_as_map_services_write_them(write_text: Callable[..., Path]) -> None:
    lon, lat = wgs84_to_gcj02(106.3733, 29.5998)
    text = f'id,name,type,location,adname\nB0,西永书房,图书馆,"{lon},{lat}",沙坪坝区\nB1,bad,图书馆,unknown,沙坪坝区\n'
    read = read_facilities(write_text("poi.csv", text), datum="gcj02")
    assert read.table.facility_id.tolist() == ["B0"]
    assert (read.table.geometry.x[0], read.table.geometry.y[0]) == pytest.approx((106.3733, 29.5998), abs=1e-10)
    assert reasons(read.rejects) == [(3, "B1", "text_coordinate")]
    with pytest.raises(InputError, match="'location' is written as latitude,longitude"):
        read_facilities(write_text("poi.csv", 'id,location\nB0,"29.5,106.3"\n'))


def test_baidu_positions(write_text: Callable[..., Path]) -> None:
    lon, lat = gcj02_to_bd09(*wgs84_to_gcj02(106.3733, 29.5998))
    table = read_facilities(write_text("r.csv", f"lng,lat\n{lon},{lat}\n"), datum="bd09").table
    assert (table.geometry.x[0], table.geometry.y[0]) == pytest.approx((106.3733, 29.5998), abs=1e-10)


def test_areas_give_a_point_inside_and_lines_are_refused(write_geojson: Callable[..., Path]) -> None:
    horseshoe = shapely.Polygon(
        [(106.3, 29.5), (106.33, 29.5), (106.33, 29.53), (106.32, 29.53), (106.32, 29.51), (106.31, 29.51),
         (106.31, 29.53), (106.3, 29.53)]
    )  # fmt: skip
    features = [
        (horseshoe, {"name": "area"}),
        (shapely.LineString([(106.3, 29.5), (106.31, 29.5)]), {"name": "line"}),
        (shapely.MultiPoint([(106.3, 29.5)]), {"name": "one point"}),
        (shapely.MultiPoint([(106.3, 29.5), (106.4, 29.5)]), {"name": "two points"}),
        (None, {"name": "none"}),
        (shapely.Polygon([(106.3, 29.5), (106.31, 29.5), (106.32, 29.5)]), {"name": "flat"}),
        (shapely.Point(0, 0), {"name": "zero"}),
    ]
    read = read_facilities(write_geojson("r.geojson", features))
    assert read.table.name.tolist() == ["area", "one point"]
    assert horseshoe.contains(read.table.geometry.iloc[0])
    assert reasons(read.rejects) == [
        (2, "row-2", "wrong_geometry"),
        (4, "row-4", "wrong_geometry"),
        (5, "row-5", "no_position"),
        (6, "row-6", "empty_geometry"),
        (7, "row-7", "zero_position"),
    ]


def test_mapped_coordinate_columns_win_over_geometry(write_geojson: Callable[..., Path]) -> None:
    path = write_geojson("r.geojson", [(shapely.Point(1, 2), {"true_lon": 106.3, "true_lat": 29.5})])
    assert read_facilities(path).table.geometry.x.tolist() == [1]
    table = read_facilities(path, columns={"lon": "true_lon", "lat": "true_lat"}).table
    assert table.geometry.x.tolist() == [106.3]


def test_a_swapped_layer_is_one_error(write_geojson: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="put latitude first"):
        read_facilities(
            write_geojson("r.geojson", [(shapely.Point(29.5, 106.3), {}), (shapely.Point(29.6, 106.3), {})])
        )


def test_a_declared_projection_is_followed_and_a_shifted_datum_beside_it_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.gpkg"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(106.3, 29.5)], crs=4326).to_crs(32648).to_file(path)
    assert read_facilities(path).table.geometry.x[0] == pytest.approx(106.3, abs=1e-9)
    with pytest.raises(CrsError, match="contradicts"):
        read_facilities(path, datum="gcj02")


def test_infinite_coordinates_of_a_layer_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    points = [shapely.Point(106.3, 29.5), shapely.Point(np.inf, 29.5), shapely.Point(106.3, np.nan)]
    gpd.GeoDataFrame({"name": list("abc")}, geometry=points, crs=4326).to_parquet(path)
    read = read_facilities(path)
    assert read.table.name.tolist() == ["a"]
    assert reasons(read.rejects)[0] == (2, "row-2", "infinite_coordinate")
    assert len(read.rejects) == 2


def test_a_workbook_gives_the_same_as_its_csv(
    write_sheet: Callable[..., Path], write_text: Callable[..., Path]
) -> None:
    rows = [["id", "名称", "状态", "经度", "纬度"], [1, "甲", "开放", 106.3, 29.5], [2, "乙", "拟建", 106.31, 29.51]]
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    sheet, plain = read_facilities(write_sheet("r.xlsx", rows)), read_facilities(write_text("r.csv", text))
    pd.testing.assert_frame_equal(pd.DataFrame(sheet.table.to_wkt()), pd.DataFrame(plain.table.to_wkt()))
    assert sheet.table.facility_id.tolist() == ["1", "2"]


def test_extra_columns_never_shadow_ours(write_text: Callable[..., Path]) -> None:
    text = "id,简称,name,geometry,score,lon,lat\na,简,全,x,1.5,106.3,29.5\n"
    table = read_facilities(write_text("r.csv", text), columns={"name": "简称"}).table
    assert table.name.tolist() == ["简"]
    assert table.file_name.tolist() == ["全"]
    assert table.file_geometry.tolist() == ["x"]
    assert table.score.tolist() == ["1.5"]


def test_the_distance_limit_is_a_parameter(write_text: Callable[..., Path], zone: gpd.GeoDataFrame) -> None:
    path = write_text("r.csv", "name,lon,lat\nin,106.3,29.5\nout,106.42,29.5\n")  # 1.94 km east of the zone
    assert len(read_facilities(path, boundary=zone, far_m=2000).table) == 2
    assert read_facilities(path, boundary=zone, far_m=1900).rejects.reason.tolist() == ["far_outside"]


def test_a_boundary_in_another_crs_is_understood(write_text: Callable[..., Path], zone: gpd.GeoDataFrame) -> None:
    path = write_text("r.csv", "name,lon,lat\nin,106.3,29.5\nout,107.42,29.5\n")
    assert read_facilities(path, boundary=zone.to_crs(32648)).table.name.tolist() == ["in"]


def outcome(path: Path, boundary: gpd.GeoDataFrame) -> tuple[Read | None, InputError | None]:
    try:
        return read_facilities(path, boundary=boundary), None
    except InputError as error:
        return None, error


cells = st.sampled_from(["106.3", "29.5", "0", "", "x", "inf", "nan", "1e9", "-106.3", "106.39999"])


@given(st.lists(st.tuples(st.sampled_from("abc"), cells, cells, st.sampled_from(["", "u"])), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_row_is_ever_lost(tmp_path: Path, zone: gpd.GeoDataFrame, rows: list[tuple[str, str, str, str]]) -> None:
    path = tmp_path / "rooms.csv"
    path.write_text("id,lon,lat,unit_id\n" + "".join(",".join(row) + "\n" for row in rows))
    read, problem = outcome(path, zone)
    if problem is not None:
        assert problem.message.key in {"errors.nothing_left", "errors.swapped_columns", "errors.not_degrees"}
        counts = [int(str(reason.fields["count"])) for reason in problem.problems]
        assert sum(counts) in {0, len(rows)}
        return
    assert read is not None
    assert len(read.table) + len(read.rejects) == len(rows)
    refused = set(read.rejects.line)
    kept = [row for line, row in enumerate(rows, start=2) if line not in refused]
    assert read.table.facility_id.tolist() == [row[0] for row in kept]
    assert read.rejects.line.is_monotonic_increasing

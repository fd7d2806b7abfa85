"""Every format, every encoding, every way a file can be broken."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import InputError
from walkshed.inputs.tables import READERS, read_table
from walkshed.inputs.textfiles import decode
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOMS = "名称,经度,纬度\n西永书房,106.3733,29.5998\n虎溪书房,106.311,29.603\n"
POINTS = [shapely.Point(106.3733, 29.5998), shapely.Point(106.311, 29.603)]


def rooms_frame(names: tuple[str, str] = ("西永书房", "虎溪"), column: str = "名称") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({column: list(names), "seats": [40, 25]}, geometry=POINTS, crs="EPSG:4326")


# --- text files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("gb2312", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_csv_is_read_in_every_usual_encoding_and_says_in_which(
    write_text: Callable[..., Path], written: str, read: str
) -> None:
    raw = read_table(write_text("rooms.csv", ROOMS, written), layer="facilities")
    assert raw.encoding == read
    assert raw.driver == "CSV"
    assert list(raw.frame.columns) == ["名称", "经度", "纬度"]
    assert raw.frame["名称"].tolist() == ["西永书房", "虎溪书房"]
    assert raw.lines.tolist() == [2, 3]
    assert raw.geometry is None
    assert raw.crs is None


@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1), st.sampled_from(["utf-8", "utf-16"])
)
@settings(deadline=None)
def test_utf_texts_come_back_as_they_were(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "x.csv")[0] == text


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff", b"name,lon\n\xff\xff\xff,1", b"a\x00b\x00"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rooms.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"rooms\.csv.*gb18030") as caught:
        read_table(path, layer="facilities")
    assert caught.value.message.key == "errors.encoding_unknown"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(write_text: Callable[..., Path], delimiter: str) -> None:
    raw = read_table(write_text("rooms.txt", ROOMS.replace(",", delimiter)), layer="facilities")
    assert raw.frame["纬度"].tolist() == ["29.5998", "29.603"]


def test_lines_are_physical_lines_even_after_cells_with_line_breaks(write_text: Callable[..., Path]) -> None:
    text = 'name,note,lon\r\n"a","two\r\nlines",1\r\n\r\n,,\r\nb,,2\r\n'
    raw = read_table(write_text("rooms.csv", text), layer="facilities")
    assert raw.frame["name"].tolist() == ["a", "b"]
    assert raw.lines.tolist() == [2, 6]


def test_a_title_above_the_header_is_left_out(write_text: Callable[..., Path]) -> None:
    raw = read_table(write_text("rooms.csv", "智慧书房一览表,,\n" + ROOMS), layer="facilities")
    assert list(raw.frame.columns) == ["名称", "经度", "纬度"]
    assert raw.lines.tolist() == [3, 4]


def test_short_rows_are_filled_and_overlong_rows_are_marked(write_text: Callable[..., Path]) -> None:
    raw = read_table(write_text("rooms.csv", "a,b,c\n1\n1,2,3,,\n1,2,3,4,5\n"), layer="facilities")
    assert raw.frame.to_numpy().tolist() == [["1", "", ""], ["1", "2", "3"], ["1", "2", "3"]]
    assert raw.broken.tolist() == [False, False, True]
    assert raw.broken_details == ["", "", "4; 5"]


def test_blank_and_repeated_headers_get_names_of_their_own(write_text: Callable[..., Path]) -> None:
    raw = read_table(write_text("rooms.csv", ",name,name,name.2\n1,2,3,4\n"), layer="facilities")
    assert list(raw.frame.columns) == ["column_1", "name", "name.2", "name.2.2"]


def test_an_open_quotation_mark_is_an_error_with_its_line(write_text: Callable[..., Path]) -> None:
    path = write_text("rooms.csv", 'name,lon\na,1\n"b,2\nc,3\n')
    with pytest.raises(InputError, match=r"rooms\.csv.*line 3"):
        read_table(path, layer="facilities")


# --- workbooks ------------------------------------------------------------------------------------------------------


def test_workbook_with_title_merged_cells_and_numbers(write_sheet: Callable[..., Path]) -> None:
    rows = [
        ["高新区智慧书房一览表", None, None, None],
        ["街道", "名称", "编号", "经度"],
        ["西永", "甲", 1.0, 106.3733],
        [None, "乙", 2.0, 106.38],
        [None, None, None, None],
        ["虎溪", "丙", 3.0, 106.311],
    ]
    raw = read_table(write_sheet("rooms.xlsx", rows, merge=("A1:D1", "A3:A4")), layer="facilities")
    assert raw.driver == "XLSX"
    assert raw.frame["街道"].tolist() == ["西永", "西永", "虎溪"]
    assert [text_of(value) for value in raw.frame["编号"]] == ["1", "2", "3"]
    assert raw.lines.tolist() == [3, 4, 6]


def test_the_first_visible_sheet_with_a_table_counts(write_sheet: Callable[..., Path]) -> None:
    raw = read_table(write_sheet("rooms.xlsx", [["a", "b"], [1, 2]], hidden_first=True), layer="facilities")
    assert list(raw.frame.columns) == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["rooms.xlsx", "rooms.gpkg", "rooms.parquet", "rooms.zip", "rooms.geojson", "rooms.kml"]
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"this is no such file")
    with pytest.raises(InputError, match=name) as caught:
        read_table(path, layer="facilities")
    assert caught.value.message.key == "errors.content_differs"
    assert name in caught.value.text("zh")


def test_a_zip_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rooms.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(InputError, match=r"rooms\.xlsx cannot be read"):
        read_table(path, layer="facilities")


# --- layers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "driver"),
    [("r.geojson", "GeoJSON"), ("r.json", "GeoJSON"), ("r.gpkg", "GPKG"), ("r.kml", "KML"), ("r.parquet", "Parquet")],
)
def test_map_layers_are_read(tmp_path: Path, name: str, driver: str) -> None:
    path = tmp_path / name
    frame = rooms_frame(column="Name" if driver == "KML" else "名称")
    if driver == "Parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, driver=driver)
    raw = read_table(path, layer="facilities")
    assert raw.driver == driver
    assert raw.geometry is not None
    assert raw.crs is not None
    assert raw.crs.to_epsg() == 4326
    assert [point.equals(other) for point, other in zip(raw.geometry, POINTS, strict=True)] == [True, True]
    assert raw.frame["Name" if driver == "KML" else "名称"].tolist() == ["西永书房", "虎溪"]
    assert raw.lines.tolist() == [1, 2]
    assert "geometry" not in raw.frame


def test_plain_parquet_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "rooms.parquet"
    pd.DataFrame({"lon": [106.3], "lat": [29.5]}).to_parquet(path)
    raw = read_table(path, layer="facilities")
    assert raw.geometry is None
    assert raw.frame["lon"].tolist() == [106.3]


def test_geojson_in_gbk_with_a_declared_crs(tmp_path: Path) -> None:
    path = tmp_path / "rooms.geojson"
    text = (
        '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"features":'
        '[{"type":"Feature","properties":{"名称":"西永书房"},"geometry":{"type":"Point","coordinates":[106.3,29.5]}}]}'
    )
    path.write_bytes(text.encode("gb18030"))
    raw = read_table(path, layer="facilities")
    assert raw.encoding == "gb18030"
    assert raw.frame["名称"].tolist() == ["西永书房"]
    assert raw.crs is not None
    assert raw.crs.to_epsg() == 4490


def test_geometry_too_broken_to_build_is_missing_and_its_row_stays(tmp_path: Path) -> None:
    path = tmp_path / "b.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"a":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}},'
        '{"type":"Feature","properties":{"a":[1]},"geometry":null},'
        '{"type":"Feature","properties":{"a":3},"geometry":{"type":"Point","coordinates":[1,2]}}]}'
    )
    raw = read_table(path, layer="demand")
    assert raw.geometry is not None
    assert [shape is None for shape in raw.geometry] == [True, True, False]


def test_geopackage_takes_the_layer_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    rooms_frame().to_file(path, layer="Facilities")
    rooms_frame(("甲", "乙")).to_file(path, layer="other")
    assert read_table(path, layer="facilities").frame["名称"].tolist() == ["西永书房", "虎溪"]
    with pytest.raises(InputError, match="Facilities, other"):
        read_table(path, layer="units")


def test_kml_folders_are_read_one_after_the_other(tmp_path: Path) -> None:
    mark = "<Placemark><name>{}</name><Point><coordinates>{},29.5,0</coordinates></Point></Placemark>"
    folder = "<Folder><name>{}</name>{}</Folder>"
    body = folder.format("A", mark.format("甲", 106.3) + mark.format("乙", 106.4)) + folder.format(
        "B", mark.format("丙", 106.5)
    )
    path = tmp_path / "rooms.kml"
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>',
        encoding="utf-8",
    )
    raw = read_table(path, layer="facilities")
    assert raw.geometry is not None
    assert raw.frame["Name"].tolist() == ["甲", "乙", "丙"]
    assert raw.geometry.x.tolist() == [106.3, 106.4, 106.5]
    assert not raw.geometry.has_z.any()
    assert raw.lines.tolist() == [1, 2, 3]
    assert "tessellate" not in raw.frame


# --- files that are none --------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_as_given() -> None:
    with pytest.raises(InputError, match=r"no file somewhere/rooms\.csv"):
        read_table("somewhere/rooms.csv", layer="facilities")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "rooms.csv").mkdir()
    with pytest.raises(InputError, match=r"rooms\.csv is a folder"):
        read_table(tmp_path / "rooms.csv", layer="facilities")


@pytest.mark.parametrize("name", ["rooms.xls", "rooms.pdf", "rooms"])
def test_an_unknown_format_lists_the_known_ones(write_text: Callable[..., Path], name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write_text(name, "x"), layer="facilities")
    assert caught.value.message.key == "errors.format_unknown"
    assert all(suffix in str(caught.value) for suffix in READERS)


@pytest.mark.parametrize("text", ["", "\n\n", "name,lon,lat\n", "name,lon,lat\n,,\n \n"])
def test_an_empty_table_is_an_error(write_text: Callable[..., Path], text: str) -> None:
    with pytest.raises(InputError, match="no row of data"):
        read_table(write_text("rooms.csv", text), layer="facilities")


def test_empty_layers_and_sheets_are_errors(
    write_geojson: Callable[..., Path], write_sheet: Callable[..., Path]
) -> None:
    for path in (
        write_geojson("rooms.geojson", []),
        write_sheet("rooms.xlsx", [["a", "b"]]),
        write_sheet("e.xlsx", []),
    ):
        with pytest.raises(InputError, match="no row of data"):
            read_table(path, layer="facilities")

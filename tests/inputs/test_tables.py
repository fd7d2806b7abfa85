# ruff: noqa: RUF001 - full-width forms are among the things tested
"""Every format, every encoding, every way a file can be broken; and the search for columns."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import entries
from walkshed.errors import InputError
from walkshed.inputs import archives
from walkshed.inputs.reads import empty_rejects, join_rejects, make_rejects
from walkshed.inputs.shapes import repair_areas, simplify_types
from walkshed.inputs.synonyms import LAYER_SYNONYMS, SYNONYMS, header_key
from walkshed.inputs.tables import READERS, find_columns, read_table
from walkshed.inputs.textfiles import decode
from walkshed.inputs.values import BLANKS, parse_degree, parse_number, split_pair, text_of

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
    assert caught.value.message.key == "errors.file_unreadable"
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


# --- shapefiles -----------------------------------------------------------------------------------------------------


def write_shapefile(folder: Path, frame: gpd.GeoDataFrame, encoding: str, *, cpg: str | None) -> Path:
    path = folder / "rooms.shp"
    frame.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("encoding", "cpg", "read"),
    [
        ("gb18030", "GBK", "gb18030"),
        ("gb18030", "936", "gb18030"),
        ("gb18030", "ANSI 936", "gb18030"),
        ("gb18030", None, "gb18030"),
        ("gb18030", "UTF-8", "gb18030"),  # a .cpg that lies
        ("gb18030", "whatever", "gb18030"),
        ("utf-8", "UTF-8", "utf-8"),
        ("utf-8", None, "utf-8"),
        ("big5", "BIG5", "big5"),
    ],
)
def test_shapefile_texts_are_decoded_with_and_without_cpg(
    tmp_path: Path, encoding: str, cpg: str | None, read: str
) -> None:
    names = ("西永", "虎溪")  # two characters: valid GB18030 when read from UTF-8, and nonsense
    raw = read_table(write_shapefile(tmp_path, rooms_frame(names, "名字"), encoding, cpg=cpg), layer="facilities")
    assert raw.encoding == read
    assert raw.frame["名字"].tolist() == list(names)
    assert raw.frame["seats"].tolist() == [40, 25]
    assert raw.driver == "ESRI Shapefile"


def test_a_field_name_cut_inside_a_character_loses_that_character_only(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, rooms_frame(column="TENLETTERS"), "utf-8", cpg=None)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"TENLETTERS", "名称名称".encode()[:10]))
    assert list(read_table(path, layer="facilities").frame.columns) == ["名称名", "seats"]


def test_a_shapefile_without_prj_declares_no_crs(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg="UTF-8")
    path.with_suffix(".prj").unlink()
    assert read_table(path, layer="facilities").crs is None


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_missing_part_of_a_shapefile_is_named(tmp_path: Path, suffix: str) -> None:
    path = write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg="UTF-8")
    path.with_suffix(suffix).unlink()
    with pytest.raises(InputError, match=rf"rooms\.shp is not complete: \{suffix}"):
        read_table(path, layer="facilities")


def test_a_shapefile_is_found_beside_awkward_names(tmp_path: Path) -> None:
    folder = tmp_path / "图层 [1]"
    folder.mkdir()
    source = write_shapefile(folder, rooms_frame(), "gb18030", cpg=None)
    for part in list(folder.glob("rooms.*")):
        part.rename(folder / f"书房[1]{part.suffix.upper()}")
    assert not source.exists()
    raw = read_table(folder / "书房[1].SHP", layer="facilities")
    assert raw.frame["名称"].tolist() == ["西永书房", "虎溪"]


def test_the_districts_of_chongqing_are_read_from_gbk(shared_data: Path) -> None:
    raw = read_table(shared_data / "chongqing/cq.shp", layer="units")
    assert raw.encoding == "gb18030"
    assert len(raw.frame) == 38
    assert {"沙坪坝区", "渝中区", "九龙坡区"} <= set(raw.frame["NAME"])


def pack(path: Path, folder: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("rooms.*")):
            archive.write(part, f"{prefix}{part.name}")
    return path


def test_zipped_shapefile_is_read_whatever_its_path_inside(tmp_path: Path) -> None:
    write_shapefile(tmp_path, rooms_frame(), "gb18030", cpg=None)
    path = pack(tmp_path / "upload.zip", tmp_path, "../../图层/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/图层/._rooms.shp", b"rubbish")
        archive.writestr("readme.txt", "hello")
    raw = read_table(path, layer="facilities")
    assert raw.path.name == "upload.zip"
    assert raw.frame["名称"].tolist() == ["西永书房", "虎溪"]
    assert not (tmp_path.parent.parent / "图层").exists()


def test_a_zip_must_hold_one_shapefile(tmp_path: Path) -> None:
    write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg=None)
    path = pack(tmp_path / "two.zip", tmp_path, "a/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(tmp_path / "rooms.shp", "b/rooms.shp")
    with pytest.raises(InputError, match=r"holds 2 shapefiles \(seen: a/rooms, b/rooms\)"):
        read_table(path, layer="facilities")
    empty = tmp_path / "none.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="holds 0 shapefiles"):
        read_table(empty, layer="facilities")


def test_a_zip_that_would_unpack_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_MAX_BYTES", 5_000_000)
    for name in ("bomb.zip", "bomb.xlsx"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rooms.shp", bytes(6_000_000))
        with pytest.raises(InputError, match="would unpack to 6 MB"):
            read_table(tmp_path / name, layer="facilities")


# --- files that are none --------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_as_given() -> None:
    with pytest.raises(InputError, match=r"no file somewhere/rooms\.csv"):
        read_table("somewhere/rooms.csv", layer="facilities")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "rooms.csv").mkdir()
    with pytest.raises(InputError, match=r"rooms\.csv cannot be read"):
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


# --- columns --------------------------------------------------------------------------------------------------------


def columns_of(*names: str) -> pd.DataFrame:
    return pd.DataFrame([[""] * len(names)], columns=list(names))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (("名称", "经度", "纬度"), {"name": "名称", "lon": "经度", "lat": "纬度"}),
        (("Name", "LNG", "Lat"), {"name": "Name", "lon": "LNG", "lat": "Lat"}),
        (("X", "Y"), {"lon": "X", "lat": "Y"}),
        (("id", "location"), {"facility_id": "id", "location": "location"}),
        (("经度（WGS84）", "纬度（WGS84）"), {"lon": "经度（WGS84）", "lat": "纬度（WGS84）"}),
        (("Opening Hours",), {"opening_hours": "Opening Hours"}),
        (("街道", "状态", "座位数"), {"unit_id": "街道", "status": "状态", "capacity": "座位数"}),
        (("ｌｏｎ", "ＬＡＴ"), {"lon": "ｌｏｎ", "lat": "ＬＡＴ"}),
        (("经度", "lon", "纬度"), {"lon": "lon", "lat": "纬度"}),
    ],
)
def test_columns_are_found_by_their_synonyms(headers: tuple[str, ...], found: dict[str, str]) -> None:
    wanted = ("facility_id", "name", "lon", "lat", "location", "opening_hours", "unit_id", "status", "capacity")
    assert find_columns(columns_of(*headers), wanted, layer="facilities") == found


def test_the_mapping_wins_and_an_empty_entry_means_none() -> None:
    frame = columns_of("名称", "简称", "经度", "纬度", "lon")
    mapping = {"name": "简称", "lon": "经度", "lat": ""}
    assert find_columns(frame, ("name", "lon", "lat"), mapping) == {"name": "简称", "lon": "经度"}


def test_a_mapping_to_an_unknown_column_lists_those_seen() -> None:
    with pytest.raises(InputError, match=r"f\.csv.*经度2.*seen: 名称, 经度"):
        find_columns(columns_of("名称", "经度"), ("name", "lon"), {"lon": "经度2"}, path="f.csv")


def test_a_mapping_of_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"longitude.*Known names: name, lon"):
        find_columns(columns_of("名称", "经度"), ("name", "lon"), {"longitude": "经度"})


def test_two_columns_that_fit_equally_well_are_an_error() -> None:
    with pytest.raises(InputError, match=r"'population': 人口\(2010\), 人口\(2020\)"):
        find_columns(columns_of("人口(2010)", "人口(2020)"), ("population",))
    assert find_columns(columns_of("人口", "人口(2010)"), ("population",)) == {"population": "人口"}


def test_no_synonym_is_unreachable() -> None:
    for words in [*SYNONYMS.values(), *(words for layer in LAYER_SYNONYMS.values() for words in layer.values())]:
        assert len({header_key(word) for word in words}) >= len(words) - 2
        assert all(header_key(word) for word in words)
    assert header_key(" 户数（户） ") == header_key("户数")


# --- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("3005户", 3005),
        ("3,005", 3005),
        ("3，005户", 3005),
        ("３００５", 3005),
        (" 3 005 ", 3005),
        ("约1.2万人", 12000),
        ("7.4712万", 74712),
        ("530万元", 5_300_000),
        ("120座", 120),
        ("300㎡", 300),
        ("１，２３４．５", 1234.5),
        ("1e3", 1000),
        ("-5", -5),
        ("−5户", -5),
        (12, 12),
        (np.float64(1.5), 1.5),
        (".5", 0.5),
        ("5.", 5),
    ],
)
def test_numbers_are_read_as_people_write_them(cell: object, number: float) -> None:
    assert parse_number(cell) == number


@pytest.mark.parametrize("cell", ["", " ", None, "-", "无", "NaN", "n/a", float("nan"), pd.NA, "--", "N/A", "未知"])
def test_blank_cells_have_no_number(cell: object) -> None:
    assert np.isnan(parse_number(cell))
    assert np.isnan(parse_degree(cell))


@pytest.mark.parametrize("cell", ["abc", "3000-4000", "1,00", "12户3", "1_000", "三千", "0x10", True])
def test_what_is_no_number_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_number(cell)


@pytest.mark.parametrize("cell", ["106,37", "106°22'", "1_06.3", "106.3 29.5", "east", True])
def test_what_is_no_coordinate_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_degree(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_any_float_survives_its_text(number: float) -> None:
    assert parse_degree(repr(number)) == number
    assert parse_degree(number) == number
    assert parse_number(repr(number)) == number


@given(st.integers(0, 10**9), st.sampled_from(["{}", "{:,}", "{}户", "约{:,}人", " {} "]))
@settings(deadline=None)
def test_any_count_survives_its_spelling(count: int, spelling: str) -> None:
    assert parse_number(spelling.format(count)) == count


@pytest.mark.parametrize(
    "cell", ["106.3,29.5", "106.3，29.5", "106.3 29.5", "106.3, 29.5", "[106.3;29.5]", "（106.3、29.5）"]
)
def test_pairs_are_split_however_they_are_joined(cell: str) -> None:
    assert split_pair(cell) == ("106.3", "29.5")


def test_texts_of_cells() -> None:
    assert text_of(np.float64(5.0)) == "5"
    assert text_of(5.25) == "5.25"
    assert text_of(500106017) == "500106017"
    assert text_of("\ufeff 西永\u3000") == "西永"
    assert text_of(pd.NaT) == ""
    assert "" in BLANKS


# --- shapes and rejects ---------------------------------------------------------------------------------------------


def test_self_intersecting_areas_keep_what_they_enclose() -> None:
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    overlapping = shapely.Polygon([(0, 0), (4, 0), (4, 3), (1, 3), (1, 1), (3, 1), (3, 4), (0, 4)])
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (1, 5), (1, 1), (0, 1)])
    collapsed = shapely.Polygon([(0, 0), (1, 1), (2, 2)])
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(5, 5), shapely.box(1, 0, 2, 1)])
    point = shapely.Point(1, 1)
    shapes = np.array([bow_tie, overlapping, spike, collapsed, mixed, point, None], object)
    repaired = repair_areas(shapes)
    assert shapely.is_valid(repaired[:6]).all()
    assert shapely.area(repaired[:6]).tolist() == pytest.approx([2, 15, 1, 0, 2, 0])
    assert repaired[3].is_empty
    assert repaired[5] is point
    assert repaired[6] is None
    assert shapes[0] is bow_tie


def test_lone_members_come_out_of_their_collections() -> None:
    shapes = np.array([shapely.MultiPoint([(1, 2)]), shapely.GeometryCollection([shapely.Point(1, 2)])], object)
    assert [shape.geom_type for shape in simplify_types(shapes)] == ["Point", "Point"]


def test_rejects_are_joined_in_order() -> None:
    one = make_rejects(
        "units", "u.csv", lines=[3, None], row_ids=["a", "b"], reasons=["swapped"] * 2, details=["", "x"]
    )
    joined = join_rejects([empty_rejects(), one, empty_rejects(), one.iloc[:1]])
    assert joined.row_id.tolist() == ["a", "b", "a"]
    assert joined.line.isna().tolist() == [False, True, False]
    assert list(joined.columns) == list(empty_rejects().columns) == list(join_rejects([]).columns)
    assert joined.dtypes.tolist() == empty_rejects().dtypes.tolist()


def test_every_reason_that_a_reader_gives_has_its_text(root: Path) -> None:
    import re  # noqa: PLC0415 - needed here only

    code = "".join(
        (root / "coverage/walkshed/inputs" / name).read_text(encoding="utf-8")
        for name in ("reads.py", "positions.py", "rows.py", "facilities.py", "demand.py")
    )
    given = set(re.findall(r"\.refuse\([^\"]*\"([a-z_]+)\"", code)) | set(
        re.findall(r"reasons\[row\] = \"([a-z_]+)\"", code)
    )
    assert len(given) > 12
    assert {f"rejects.{reason}" for reason in given} <= set(entries())

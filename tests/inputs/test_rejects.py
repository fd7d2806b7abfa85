"""Refused rows go back to those who sent them, as they were and with the reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import text
from walkshed.errors import InputError
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.reads import REJECT_COLUMNS, empty_rejects, join_rejects, make_rejects
from walkshed.inputs.reject_files import rejects_with_rows, safe_cell, write_rejects
from walkshed.inputs.tables import read_table
from walkshed.inputs.units import read_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOMS = (
    '编号,名称,经度,纬度,备注\n1,西永书房,106.37,29.59,\n0017, =SUM(A1) 书房,106.37,,"有,逗号"\n'
    "500106017003,-金凤,x,29.5,@me\n4,走马,106.3,29.4,好,多余,更多\n"
)


def test_the_whole_row_travels_with_its_reason(write_text: Callable[..., Path]) -> None:
    read = read_facilities(write_text("rooms.csv", ROOMS, "gb18030"))
    assert list(read.rejects.columns) == list(REJECT_COLUMNS)
    rows = [json.loads(row) for row in read.rejects.row]
    assert rows[0] == {"编号": "0017", "名称": " =SUM(A1) 书房", "经度": "106.37", "纬度": "", "备注": "有,逗号"}
    assert rows[2] == {
        "编号": "4", "名称": "走马", "经度": "106.3", "纬度": "29.4", "备注": "好", "+1": "多余", "+2": "更多",
    }  # fmt: skip


def test_the_table_has_reason_and_own_columns_in_both_languages(write_text: Callable[..., Path]) -> None:
    rejects = read_facilities(write_text("rooms.csv", ROOMS)).rejects
    chinese, english = (rejects_with_rows(rejects, language=language) for language in ("zh", "en"))
    assert list(chinese.columns) == [
        "未采用原因", "问题内容", "图层", "文件", "行号", "记录编号",
        "编号", "名称", "经度", "纬度", "备注", "+1", "+2",
    ]  # fmt: skip
    assert chinese["未采用原因"].tolist() == [
        text(f"rejects.{reason}", "zh") for reason in ("half_position", "text_coordinate", "too_many_cells")
    ]
    assert english["why not used"].iloc[1] == text("rejects.text_coordinate", "en")
    assert chinese["行号"].tolist() == ["3", "4", "5"]
    assert english.iloc[:, 6:].equals(chinese.iloc[:, 6:])


def test_the_file_opens_in_excel_runs_nothing_and_is_read_again(
    write_text: Callable[..., Path], tmp_path: Path
) -> None:
    source = write_text("rooms.csv", ROOMS)
    path = write_rejects(read_facilities(source).rejects, tmp_path / "again.csv")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").count("\r\n") == 4
    assert not list(tmp_path.glob("*.part"))
    back = read_table(path, layer="facilities").frame
    assert [cell.strip("\t") for cell in back["编号"]] == ["0017", "500106017003", "4"]
    assert back["编号"].iloc[1] == "\t500106017003"  # Excel keeps it as a text
    assert back["名称"].tolist() == [" =SUM(A1) 书房", "'-金凤", "走马"]
    assert back["备注"].tolist() == ["有,逗号", "'@me", "好"]
    # What is mended in the file is read by its own column names; the columns of ours disturb nothing.
    mended = content.decode("utf-8-sig").replace("106.37,,", "106.37,29.59,").replace(",x,", ",106.3,")
    read = read_facilities(write_text("mended.csv", mended))
    assert read.table.facility_id.tolist() == ["0017", "500106017003", "4"]
    assert read.rejects.empty


def test_rows_of_several_files_stand_side_by_side(write_text: Callable[..., Path], tmp_path: Path) -> None:
    rooms = read_facilities(write_text("rooms.csv", ROOMS)).rejects
    units = read_units(write_text("units.csv", "id,name,常住人口,文件\na,甲,5,x\nb,乙,-5,y\n")).rejects
    osm = make_rejects("units", "a.pbf", lines=[None], row_ids=["relation/1"], reasons=["swapped"], details=[""])
    both = join_rejects([rooms, units, osm])
    table = rejects_with_rows(both)
    assert table["文件"].tolist() == ["rooms.csv"] * 3 + ["units.csv", "a.pbf"]
    assert table["文件.2"].tolist() == ["", "", "", "y", ""]
    assert table["编号"].tolist() == ["0017", "500106017003", "4", "", ""]
    assert table["常住人口"].tolist() == ["", "", "", "-5", ""]
    assert table["行号"].iloc[-1] == ""
    write_rejects(both, tmp_path / "all.csv", language="en")
    assert len(pd.read_csv(tmp_path / "all.csv", dtype=str)) == 5


def test_a_small_shape_travels_and_a_large_one_does_not(write_geojson: Callable[..., Path]) -> None:
    circle = shapely.Point(106.3, 29.5).buffer(0.1, quad_segs=200)
    features = [(shapely.box(106.2, 29.4, 106.3, 29.6), {"id": "a"}), (shapely.Point(106.2, 29.4), {"id": "b"})]
    read = read_units(write_geojson("u.geojson", [*features, (circle, {"id": "a"})]))
    assert [json.loads(row).get("geometry") for row in read.rejects.row] == ["POINT (106.2 29.4)", None]


def test_sheets_keep_dates_and_numbers_as_people_read_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["id", "name", "lon", "lat", "n"], ["a", "甲", 106.3, 29.5, 1], ["b", None, 106.3, None, 500106017003]):
        sheet.append(row)
    book.save(tmp_path / "r.xlsx")
    rejects = read_facilities(tmp_path / "r.xlsx").rejects
    assert json.loads(rejects.row.iloc[0]) == {"id": "b", "name": "", "lon": "106.3", "lat": "", "n": "500106017003"}


def test_tables_without_rows_or_without_the_column(tmp_path: Path) -> None:
    nothing = write_rejects(empty_rejects(), tmp_path / "none.csv")
    assert nothing.read_text(encoding="utf-8-sig").splitlines() == ["未采用原因,问题内容,图层,文件,行号,记录编号"]
    old = make_rejects("units", "u.csv", lines=[3], row_ids=["a"], reasons=["swapped"], details=["x"])
    table = rejects_with_rows(old.drop(columns="row"))
    assert table.shape == (1, 6)
    with pytest.raises(InputError, match="reason"):
        rejects_with_rows(old.drop(columns="reason"))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=8))
def test_no_cell_starts_a_formula_and_none_is_lost(cell: str) -> None:
    safe = safe_cell(cell)
    assert safe.lstrip("'\t").endswith(cell.lstrip("'\t"))
    if safe[:1] in tuple("=@"):
        pytest.fail(safe)
    if safe[:1] in tuple("+-"):
        float(safe.rstrip("%").replace(",", ""))

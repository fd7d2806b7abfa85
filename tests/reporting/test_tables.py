# ruff: noqa: RUF001 - Chinese headers are looked for
"""tables.xlsx: complete, readable, no text that Excel would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from walkshed.reporting.tables import write_xlsx

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from walkshed.results import StudyResult

MEASURES = ["设施服务", "覆盖率曲线", "公平性", "可打通连接", "覆盖率区间"]
NORMS = ["分时段", "达标情况"]
PLAN = ["选址理由", "备选位置", "数量与覆盖", "分期实施"]
BEFORE = ["设施一览", "街道汇总", "覆盖率明细", "盲区清单", "拟选址"]
AFTER = [*MEASURES, *NORMS, "口径说明", "未采用记录"]
SHEETS = [*BEFORE, *PLAN, *AFTER]


def written(result: StudyResult, path: Path, language: str = "zh") -> openpyxl.Workbook:
    write_xlsx(result, path, language=language)
    return openpyxl.load_workbook(path)


def rows_of(sheet: Worksheet) -> int:
    """Return the last row below the header that is no total."""
    summed = any(str(cell.value).startswith("=SUBTOTAL(") for cell in sheet[sheet.max_row])
    return sheet.max_row - summed


def column(sheet: Worksheet, header: str) -> list[object]:
    headers = [cell.value for cell in sheet[1]]
    place = headers.index(header)
    return [row[place].value for row in sheet.iter_rows(min_row=2, max_row=rows_of(sheet))]


def total(sheet: Worksheet, header: str) -> object:
    headers = [cell.value for cell in sheet[1]]
    return sheet[sheet.max_row][headers.index(header)].value


def test_sheets_headers_and_handling(result: StudyResult, tmp_path: Path) -> None:
    book = written(result, tmp_path / "tables.xlsx")
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.freeze_panes is not None
        assert sheet.freeze_panes.endswith("2")
        empty = sheet["A2"].value == "（无）"
        area = f"A1:{get_column_letter(sheet.max_column)}{rows_of(sheet)}"
        assert sheet.auto_filter.ref == (None if empty else area)
        assert all(cell.value for cell in sheet[1])
        assert all(8 <= size.width <= 91 for size in sheet.column_dimensions.values())


def test_figures_are_numbers_with_formats(result: StudyResult, tmp_path: Path) -> None:
    book = written(result, tmp_path / "tables.xlsx")
    rates = book["覆盖率明细"]
    shown = column(rates, "覆盖率")
    assert len(shown) == len(result.rates)
    assert sum(value is None for value in shown) == int(result.rates["rate"].isna().sum())
    assert shown[0] == pytest.approx(result.rates["rate"].iloc[0])
    assert rates["F2"].number_format == "0.0%"
    sites = book["拟选址"]
    assert column(sites, "新增覆盖居民（人）") == pytest.approx(result.proposals["newly_served"].tolist())
    assert sites["D2"].number_format == "#,##0"
    assert total(sites, "新增覆盖居民（人）") == f"=SUBTOTAL(109,D2:D{len(result.proposals) + 1})"
    bars = [rule for rules in sites.conditional_formatting for rule in rules.rules]
    assert [rule.type for rule in bars] == ["dataBar"]
    gaps = book["盲区清单"]
    assert column(gaps, "居民（人）") == result.gaps["residents"].tolist()
    assert column(gaps, "步行时间（分钟）") == [24.3, None, None, None]
    rooms = book["设施一览"]
    assert column(rooms, "状态") == ["已开放", "在建", "规划", "已开放"]
    assert column(rooms, "是否计入覆盖") == ["是", "否", "否", "否"]
    served = result.demand.loc[result.demand["covered"], "population"].sum()
    assert column(rooms, "就近服务居民（人）") == [served, None, None, None]
    assert column(rooms, "街道（社区）")[0] == "西永街道"


def test_units_side_by_side(result: StudyResult, tmp_path: Path) -> None:
    sheet = written(result, tmp_path / "tables.xlsx")["街道汇总"]
    assert column(sheet, "街道（社区）") == ["全区", "虎溪街道", "西永街道"]
    headers = [cell.value for cell in sheet[1]]
    rates = result.rates
    headline = rates[(rates["profile"] == "adult") & (rates["cutoff_min"] == 15) & (rates["basis"] == "E")]
    by_unit = headline.set_index("unit_id")["rate"]
    found = column(sheet, "人口覆盖率（E） 成年人 15 分钟 覆盖率")
    assert found == pytest.approx([by_unit[""], by_unit["500106016"], by_unit["500106017"]])
    assert not any("居住用地" in header for header in headers), "a basis without a denominator has no column"
    assert sum("老年人" in header for header in headers) == 3


def test_rejected_rows_say_where_and_why(result: StudyResult, tmp_path: Path) -> None:
    sheet = written(result, tmp_path / "tables.xlsx")["未采用记录"]
    assert column(sheet, "行号") == [7, None]
    assert column(sheet, "文件") == ["rooms.csv", "rooms.csv"]
    assert column(sheet, "详情") == ["lng=1o6.3", None]


def test_definitions_are_on_the_sheet(result: StudyResult, tmp_path: Path) -> None:
    sheet = written(result, tmp_path / "tables.xlsx", "en")["Definitions"]
    lines = "\n".join(str(value) for value in column(sheet, "Content"))
    for words in (
        "(A)",
        "(C)",
        "(E)",
        "most residents newly served",
        result.config.digest(),
        "ab" * 32,
        "4.2 km/h",
        "OpenStreetMap",
    ):
        assert words in lines


def test_hostile_texts_stay_texts(hostile: StudyResult, hostile_texts: tuple[str, ...], tmp_path: Path) -> None:
    for language in ("zh", "en"):
        book = written(hostile, tmp_path / f"{language}.xlsx", language)
        texts = []
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if str(cell.value).startswith("=SUBTOTAL(109,"):
                        continue  # our own sum
                    assert cell.data_type in {"s", "n"}, (sheet.title, cell.coordinate)
                    assert cell.hyperlink is None
                    if isinstance(cell.value, str):
                        texts.append(cell.value)
                        assert cell.quotePrefix == cell.value.startswith(("=", "+", "-", "@")), cell.value
        for text in hostile_texts:
            assert " ".join(text.split()) in texts, text[:30]
        assert "=cmd()|x.csv" in texts


def test_measures_are_those_of_the_result(result: StudyResult, tmp_path: Path) -> None:
    book = written(result, tmp_path / "tables.xlsx")
    everybody = result.measures.curve[result.measures.curve["group"] == ""]
    assert column(book["覆盖率曲线"], "覆盖率（全体居民）") == pytest.approx(everybody["rate"].tolist())
    served = result.measures.catchments
    assert column(book["设施服务"], "仅此一处可达") == served["exclusive"][served["group"] == ""].tolist()
    assert column(book["覆盖率区间"], "覆盖率") == [0.5, 0.4, 0.6, 0.45, 0.5]
    assert column(book["公平性"], "居民（人）") == pytest.approx(result.measures.equity["population"].tolist())


def test_hours_and_norms_are_told(result: StudyResult, tmp_path: Path) -> None:
    book = written(result, tmp_path / "tables.xlsx")
    hours = column(book["分时段"], "时段")
    assert (len(hours), hours[0], hours[-1]) == (168, "周一 00:00-01:00", "周日 23:00-24:00")
    assert column(book["达标情况"], "是否达标") == ["是", "无法判定"]


def test_a_study_with_next_to_nothing(bare: StudyResult, tmp_path: Path) -> None:
    book = written(bare, tmp_path / "tables.xlsx")
    assert book.sheetnames == [*BEFORE, *AFTER]
    assert book["拟选址"]["A2"].value == "（无）"
    assert book["盲区清单"]["A2"].value == "（无）"


def test_equal_results_give_equal_files(result: StudyResult, tmp_path: Path) -> None:
    write_xlsx(result, tmp_path / "one.xlsx")
    write_xlsx(result, tmp_path / "two.xlsx")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2

"""A study's result as an Excel workbook."""

from __future__ import annotations

import math
import unicodedata
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.utility import xl_rowcol_to_cell

from walkshed.files import write_whole
from walkshed.progress import beat
from walkshed.reporting.columns import Kind
from walkshed.reporting.list_sheets import list_sheets
from walkshed.reporting.measure_sheets import curve_sheet, equity_sheet, link_sheet, range_sheet, service_sheet
from walkshed.reporting.norm_sheets import norm_sheets
from walkshed.reporting.sheets import (
    definition_sheet,
    gap_sheet,
    proposal_sheet,
    rate_sheet,
    reject_sheet,
    room_sheet,
    scenario_sheet,
    unit_sheet,
)
from walkshed.reporting.siting_sheets import siting_sheets
from walkshed.reporting.wording import say, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from walkshed.reporting.columns import Sheet
    from walkshed.results import StudyResult

NUMBER_FORMATS: Final = {
    Kind.WHOLE: "#,##0",
    Kind.NUMBER: "#,##0.0",
    Kind.PERCENT: "0.0%",
    Kind.RATIO: "0.00",
    Kind.DEGREES: "0.000000",
}
BAR: Final = {
    "type": "data_bar", "bar_color": "#CFE0EC", "min_type": "num",
    "min_value": 0, "max_type": "num", "max_value": 1,
}  # fmt: skip
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed stamp, so that equal results give equal files
CELL_CHARACTERS: Final = 32_767
"""Excel's limit of a cell."""
UNWRITABLE: Final = ("Cc", "Cs", "Cn")
"""Control characters, halves of characters, and what is no character."""
WIDE: Final = 0x2E80
"""Characters from here on are as wide as two."""
FONT: Final = "Microsoft YaHei"


def write_xlsx(result: StudyResult, path: str | PathLike[str], *, language: str = "zh") -> None:
    """Write rooms, rates by unit, gaps, proposals, definitions and rejected rows as sheets of a workbook.

    Parameters
    ----------
    result
        The study's result.
    path
        File; replaced at once or not at all. Equal results give equal files.
    language
        Of sheet names, headers and codes, ``"zh"`` or ``"en"``.

    Raises
    ------
    OSError
        If the file cannot be written.

    Notes
    -----
    Texts are always written as texts: none becomes a formula or a link, and one that starts like a formula carries
    Excel's quote prefix, so that it stays a text when it is edited. Numbers that are not known stay blank.
    """
    sheets = (
        room_sheet(result, language),
        unit_sheet(result, language),
        rate_sheet(result, language),
        gap_sheet(result, language),
        proposal_sheet(result, language),
        *siting_sheets(result, language),
        service_sheet(result, language),
        curve_sheet(result, language),
        equity_sheet(result, language),
        link_sheet(result, language),
        range_sheet(result, language),
        *norm_sheets(result, language),
        *list_sheets(result, language),
        *([scenario_sheet(result, language)] if result.before is not None else []),
        definition_sheet(result, language),
        reject_sheet(result, language),
    )
    write_book(sheets, path, title=title(result, language), language=language)


def write_book(sheets: Sequence[Sheet], path: str | PathLike[str], *, title: str, language: str) -> None:
    """Write sheets as a workbook.

    Parameters
    ----------
    sheets
        In their order.
    path
        File; replaced at once or not at all. Equal sheets give equal files.
    title
        Of the workbook's properties.
    language
        Of the sheets' names.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    content = BytesIO()  # left to itself, a zip file that the disk has no room for complains once more
    with _as_os_error(), xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": _cell_text(title)[:255], "created": CREATED})
        book.formats[0].set_font_name(FONT)
        book.formats[0].set_font_size(10)
        formats = _Formats(book)
        for sheet in sheets:
            _write_sheet(book, formats, sheet, language)
    write_whole(path, content.getvalue())


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Turn XlsxWriter's errors into what a failed write is everywhere else."""
    try:
        yield
    except XlsxWriterException as error:
        raise OSError(str(error)) from error


class _Formats:
    """The few formats of the workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": FONT, "font_size": 10, "valign": "top"}
        heading = {
            "bold": True,
            "font_color": "#FFFFFF",
            "bg_color": "#0B3C5D",
            "valign": "vcenter",
            "text_wrap": True,
            "border": 1,
        }
        self.header = book.add_format({**base, **heading, "border_color": "#FFFFFF"})
        self.text = book.add_format({**base})
        self.wrapped = book.add_format({**base, "text_wrap": True})
        self.quoted = book.add_format({**base, "quote_prefix": True})
        self.numbers = {kind: book.add_format({**base, "num_format": code}) for kind, code in NUMBER_FORMATS.items()}
        sum_row = {**base, "bold": True, "top": 1}
        self.total_text = book.add_format({**sum_row, "align": "right"})
        self.totals = {kind: book.add_format({**sum_row, "num_format": code}) for kind, code in NUMBER_FORMATS.items()}
        self.muted = book.add_format({**base, "font_color": "#5D6D7E", "italic": True})


def _write_sheet(book: xlsxwriter.Workbook, formats: _Formats, sheet: Sheet, language: str) -> None:
    beat()
    page = book.add_worksheet(say(f"sheet_{sheet.key}", language))
    last = max(len(sheet.columns) - 1, 0)
    page.freeze_panes(1, sheet.frozen)
    page.set_row(0, 32)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for i, column in enumerate(sheet.columns):
        page.write_string(0, i, column.header, formats.header)
        widest = max((_width(value) for value in column.values), default=0)
        limit = 90 if column.kind is Kind.LONG else 42
        page.set_column(i, i, min(max(widest + 2, min(_width(column.header) + 3, 18), 8), limit))
        for row, value in enumerate(column.values, start=1):
            _write_cell(page, formats, (row, i), value, column.kind)
    rows = max((len(column.values) for column in sheet.columns), default=0)
    if rows:
        page.autofilter(0, 0, rows, last)
        _draw_bars(page, sheet, rows)
        _write_totals(page, formats, sheet, rows, language)
    else:
        page.write_string(1, 0, say("nothing", language), formats.muted)


def _draw_bars(page: xlsxwriter.worksheet.Worksheet, sheet: Sheet, rows: int) -> None:
    """Lay a bar behind every percentage, full at 100 %."""
    for i, column in enumerate(sheet.columns):
        if column.kind is Kind.PERCENT:
            page.conditional_format(1, i, rows, i, BAR)


def _write_totals(
    page: xlsxwriter.worksheet.Worksheet, formats: _Formats, sheet: Sheet, rows: int, language: str
) -> None:
    """Write sums below the rows as formulas, which follow the filter."""
    summed = [i for i, column in enumerate(sheet.columns) if column.total]
    if not summed:
        return
    first = summed[0] - 1
    if first >= 0:
        page.write_string(rows + 1, first, say("total", language), formats.total_text)
    for i in summed:
        top, bottom = xl_rowcol_to_cell(1, i), xl_rowcol_to_cell(rows, i)
        value = math.fsum(value for value in sheet.columns[i].values if isinstance(value, int | float))
        page.write_formula(rows + 1, i, f"=SUBTOTAL(109,{top}:{bottom})", formats.totals[sheet.columns[i].kind], value)


def _write_cell(
    page: xlsxwriter.worksheet.Worksheet, formats: _Formats, at: tuple[int, int], value: str | float | None, kind: Kind
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str):
        line = _cell_text(value)
        formula = line.startswith(FORMULA_STARTS)
        page.write_string(
            *at, line, formats.quoted if formula else formats.wrapped if kind is Kind.LONG else formats.text
        )
    else:
        page.write_number(*at, value, formats.numbers[kind])


def _cell_text(value: str) -> str:
    """Return text that a cell can hold: within Excel's limit, without control characters."""
    kept = (character for character in value if character == "\n" or unicodedata.category(character) not in UNWRITABLE)
    return "".join(kept)[:CELL_CHARACTERS]


def _width(value: str | float | None) -> int:
    """Return the width of a value in digits, wide characters as two; long texts are not counted to their end."""
    if value is None:
        return 0
    if isinstance(value, float | int):
        return len(f"{value:,.1f}")
    return sum(2 if ord(character) >= WIDE else 1 for character in value[:60])

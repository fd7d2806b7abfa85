"""What an export will look like, kept in the session as long as nothing it shows changes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, TypeVar

import openpyxl
import streamlit as st

from walkshed.app.exporting import prepared
from walkshed.app.progress import turn_on_page
from walkshed.files import scratch
from walkshed.reporting.aspects import ASPECTS, aspect_of
from walkshed.reporting.beforeafter import before_after_sheet
from walkshed.reporting.document.pdf import report_pages
from walkshed.reporting.figure import map_sheet
from walkshed.reporting.tables import write_xlsx

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.app.exporting import Choice
    from walkshed.results import StudyResult

KEPT_KEY: Final = "export_previews"
MAX_KEPT: Final = 6
PAGE_PPI, SHEET_DPI = 90.0, 110
FIRST_ROWS: Final = 12

Rows = list[list[object]]
Made = TypeVar("Made")


def page_pictures(result: StudyResult, choice: Choice, language: str) -> tuple[bytes, ...]:
    """Return the pages of the report as PNG."""
    seen = prepared(result, choice)
    texts = (choice.title_zh, choice.title_en, choice.author_unit, choice.approval, choice.day)

    def make() -> tuple[bytes, ...]:
        return report_pages(seen, language=language, dated=choice.day, ppi=PAGE_PPI)

    return _kept(result, ("pages", language, texts), make)


def sheet_picture(result: StudyResult, choice: Choice, language: str, sheet: str) -> bytes:
    """Return a map sheet as PNG.

    Parameters
    ----------
    result
        The study's result.
    choice
        What stands on it.
    language
        ``"zh"`` or ``"en"``.
    sheet
        One of :data:`walkshed.reporting.reports.SHEETS`.
    """
    seen = prepared(result, choice)

    def make() -> bytes:
        if sheet in ASPECTS:
            drawn = map_sheet(
                aspect_of(seen, sheet, language),
                language=language,
                drawn_on=choice.day,
                paper=choice.paper,
                landscape=choice.landscape,
            )
        else:
            drawn = before_after_sheet(seen, language=language, drawn_on=choice.day, paper=choice.paper)
        content = BytesIO()
        drawn.savefig(content, format="png", dpi=SHEET_DPI)
        return content.getvalue()

    return _kept(result, ("sheet", sheet, language, choice), make)


def first_rows(result: StudyResult, choice: Choice, language: str) -> dict[str, Rows]:
    """Return the sheets of the workbook: name -> header and first rows, as they stand in the file."""
    seen = prepared(result, choice)

    def make() -> dict[str, Rows]:
        with scratch("preview") as place:
            path = place / "tables.xlsx"
            write_xlsx(seen, path, language=language)
            book = openpyxl.load_workbook(path, read_only=True)
            try:
                return {
                    page.title: [list(row) for row in page.iter_rows(max_row=FIRST_ROWS + 1, values_only=True)]
                    for page in book
                }
            finally:
                book.close()

    return _kept(result, ("book", language, choice.title_zh, choice.title_en), make)


def _kept(result: StudyResult, key: object, make: Callable[[], Made]) -> Made:
    """Return what ``make`` makes of a result, made once per key as long as the result is the same."""
    kept: dict[object, tuple[StudyResult, Any]] = st.session_state.setdefault(KEPT_KEY, {})
    if key not in kept or kept[key][0] is not result:
        kept.pop(key, None)
        with turn_on_page():
            kept[key] = (result, make())
        while len(kept) > MAX_KEPT:
            kept.pop(next(iter(kept)))
    made: Made = kept[key][1]
    return made

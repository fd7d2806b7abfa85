"""What an export will look like, drawn beside the page and kept as long as nothing it shows changes."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import streamlit as st

from walkshed.app import running, shelves, state
from walkshed.app.exporting import prepared
from walkshed.files import scratch
from walkshed.reporting.aspects import ASPECTS, aspect_of
from walkshed.reporting.beforeafter import before_after_sheet
from walkshed.reporting.document.pdf import report_pages
from walkshed.reporting.figure import map_sheet
from walkshed.reporting.tables import write_xlsx
from walkshed.study.variants import input_digest

if TYPE_CHECKING:
    from walkshed.app.exporting import Choice
    from walkshed.app.running import Obtained
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

PLACE: Final = "preview"
KINDS: Final = ("sheet", "pages", "book")
PAGE_PPI, SHEET_DPI = 90.0, 110
FIRST_ROWS: Final = 12

Rows = list[list[object]]


def obtain(
    config: StudyConfig, result: StudyResult, choice: Choice, *, kind: str, language: str, sheet: str = ""
) -> Obtained[Any]:
    """Return a preview, or the former one of its kind while it is drawn; see :func:`walkshed.app.running.obtain`.

    Parameters
    ----------
    config
        The study.
    result
        Its result.
    choice
        What stands on the export.
    kind
        One of :data:`KINDS`.
    language
        ``"zh"`` or ``"en"``.
    sheet
        Of a sheet, which: one of :data:`walkshed.reporting.reports.SHEETS`.

    Returns
    -------
    Obtained
        Of what :func:`sheet_picture`, :func:`page_pictures` or :func:`first_rows` returns.
    """
    # What is written besides changes nothing about what is shown.
    stands = (language, choice.title_zh, choice.title_en, choice.author_unit, choice.approval, choice.dated)
    if kind == "sheet":
        make: Any = partial(sheet_picture, result, choice, language, sheet)
        shows: tuple[object, ...] = (sheet, *stands, choice.paper, choice.landscape)
    elif kind == "pages":
        make = partial(page_pictures, result, choice, language)
        shows = stands
    else:
        make = partial(first_rows, result, choice, language)
        shows = (language, choice.title_zh, choice.title_en)
    kept, key = shelves.of_session(config, private=state.is_own(config)), f"{kind} {shows!r}"
    return running.obtain(
        PLACE,
        wanted=f"{input_digest(config)}/{result.config.digest()}/{key}",
        work=lambda progress: kept.picture(result, key, make, progress),
        belongs=f"{st.session_state.study}/{kind}",
    )


def page_pictures(result: StudyResult, choice: Choice, language: str) -> tuple[bytes, ...]:
    """Return the pages of the report as PNG."""
    return report_pages(prepared(result, choice), language=language, dated=choice.day, ppi=PAGE_PPI)


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


def first_rows(result: StudyResult, choice: Choice, language: str) -> dict[str, Rows]:
    """Return the sheets of the workbook: name -> header and first rows, as they stand in the file."""
    with scratch("preview") as place:
        path = place / "tables.xlsx"
        write_xlsx(prepared(result, choice), path, language=language)
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            return {
                page.title: [list(row) for row in page.iter_rows(max_row=FIRST_ROWS + 1, values_only=True)]
                for page in book
            }
        finally:
            book.close()

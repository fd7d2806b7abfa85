"""One map sheet for every unit, in one PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.backends.backend_pdf import PdfPages

from walkshed.errors import InputError
from walkshed.files import replacing
from walkshed.progress import silent
from walkshed.reporting.aspects import drawable_units, unit_of
from walkshed.reporting.figure import DPI, map_sheet
from walkshed.reporting.fonts import drawable
from walkshed.reporting.sheettext import text_as_text
from walkshed.reporting.wording import title

if TYPE_CHECKING:
    from datetime import date
    from os import PathLike

    from walkshed.progress import Progress
    from walkshed.results import StudyResult

STAGE = "write_atlas"


def write_atlas(
    result: StudyResult,
    path: str | PathLike[str],
    *,
    language: str = "zh",
    drawn_on: date | None = None,
    paper: str = "A4",
    progress: Progress = silent,
) -> int:
    """Write a sheet of the whole area and one of every unit that has an area.

    Parameters
    ----------
    result
        The study's result.
    path
        PDF; replaced at once or not at all.
    language
        ``"zh"`` or ``"en"``.
    drawn_on
        Date on the sheets; today by default.
    paper
        ``"A4"`` or ``"A3"``, landscape.
    progress
        Called before every sheet.

    Returns
    -------
    int
        Sheets written.

    Raises
    ------
    InputError
        If the path does not end in ``.pdf`` or there is no such paper.
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() != ".pdf":
        raise InputError("figure_ending", path=target.name, ending=target.suffix.lower())
    day = drawn_on or datetime.now(tz=UTC).astimezone().date()
    units = drawable_units(result)
    metadata = {"CreationDate": None, "Title": drawable(title(result, language))}
    with replacing(target) as draft, text_as_text() as as_text, PdfPages(draft, metadata=metadata) as book:
        for place, unit in enumerate(("", *units)):
            progress(STAGE, place, len(units) + 1)
            seen = unit_of(result, unit) if unit else result
            sheet = map_sheet(seen, language=language, drawn_on=day, paper=paper)
            with as_text(sheet):
                book.savefig(sheet, dpi=DPI)
    return len(units) + 1

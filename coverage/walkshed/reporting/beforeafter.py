"""Two maps on one sheet: before and after a scenario, or before and after the proposals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from walkshed.errors import InputError
from walkshed.reporting import palette
from walkshed.reporting.aspects import after_of, before_of
from walkshed.reporting.figure import DPI, draw_footer, draw_heading, draw_map_field, save_sheet, write_line
from walkshed.reporting.fonts import drawable, font
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.paper import FOOT_INCH, GAP_INCH, HEAD_INCH, MARGIN_INCH, layout_of
from walkshed.reporting.sidebar import legend_entries
from walkshed.reporting.wording import percent, say, title

if TYPE_CHECKING:
    from datetime import date
    from os import PathLike

    from walkshed.results import StudyResult

LEGEND_INCH: Final = 0.95
CAPTION_INCH: Final = 0.34
LEGEND_COLUMNS: Final = 5


def figure_before_after(
    result: StudyResult,
    path: str | PathLike[str],
    *,
    language: str = "zh",
    drawn_on: date | None = None,
    paper: str = "A4",
) -> None:
    """Draw before and after side by side.

    Parameters
    ----------
    result
        A study with a scenario; without one, what is compared is today and the proposals built.
    path
        Ending in ``.png`` (300 dpi) or ``.pdf``; replaced at once or not at all.
    language
        ``"zh"`` or ``"en"``.
    drawn_on
        Date on the sheet; today by default.
    paper
        ``"A4"`` or ``"A3"``, landscape.

    Raises
    ------
    InputError
        If the path has another ending or there is no such paper.
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in {".png", ".pdf"}:
        raise InputError("figure_ending", path=target.name, ending=target.suffix.lower())
    sheet = before_after_sheet(result, language=language, drawn_on=drawn_on, paper=paper)
    save_sheet(sheet, target, drawable(title(result, language)))


def before_after_sheet(
    result: StudyResult, *, language: str = "zh", drawn_on: date | None = None, paper: str = "A4"
) -> Figure:
    """Draw before and after as a matplotlib figure; parameters as for :func:`figure_before_after`."""
    layout = layout_of(paper)
    width_inch, height_inch = layout.paper
    sheet = Figure(figsize=layout.paper, dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(sheet)
    width = (width_inch - 2 * MARGIN_INCH - GAP_INCH) / 2
    bottom = FOOT_INCH + LEGEND_INCH
    height = height_inch - bottom - HEAD_INCH - CAPTION_INCH
    scale = 0
    halves = (before_of(result, language), after_of(result, language))
    for place, half in enumerate(halves):
        left = MARGIN_INCH + place * (width + GAP_INCH)
        caption = say("aspect_before" if place == 0 else "aspect_after", language)
        line = f"{caption}{_rate(half, language)}"
        write_line(sheet, left, bottom + height + 0.16, drawable(line), 11.5, palette.INK, weight=0.5)
        scale = draw_map_field(half, sheet, canvas, language, (left, bottom, width, height))
    draw_heading(result, sheet, language, layout._replace(columns=(0.0, 0.0, 0.0)))
    _legend(halves, sheet, language)
    draw_footer(result, sheet, language, scale, drawn_on or datetime.now(tz=UTC).astimezone().date())
    return sheet


def _rate(half: StudyResult, language: str) -> str:
    """Return the rate of one half, with the proposals where it holds them."""
    rate = headline_rate(half)
    if rate is None:
        return ""
    built = half.proposals
    share = float(built["cumulative_rate"].iloc[-1]) if len(built) else float(rate["rate"])
    return say("half_rate", language, rate=percent(share))


def _legend(halves: tuple[StudyResult, StudyResult], sheet: Figure, language: str) -> None:
    entries = {line: handle for half in halves for handle, line in legend_entries(half, language)}
    width_inch, _ = sheet.get_size_inches()
    box = sheet.legend(
        handles=list(entries.values()),
        labels=[drawable(line) for line in entries],
        loc="upper left",
        bbox_to_anchor=(
            MARGIN_INCH / width_inch, FOOT_INCH / sheet.get_size_inches()[1],
            1 - 2 * MARGIN_INCH / width_inch, (LEGEND_INCH - 0.08) / sheet.get_size_inches()[1],
        ),
        mode="expand",
        ncols=LEGEND_COLUMNS,
        frameon=False,
        prop=font(8.5),
        handlelength=2.0,
        handleheight=0.85,
        labelspacing=0.42,
        borderaxespad=0,
        borderpad=0.3,
        labelcolor=palette.INK,
    )  # fmt: skip
    for line in box.get_texts():
        line.set_parse_math(False)

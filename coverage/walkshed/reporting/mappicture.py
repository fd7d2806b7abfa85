"""A map as a picture inside a report: map, legend and sources at the size they are printed, without a sheet's title."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from walkshed.files import replacing
from walkshed.reporting import palette
from walkshed.reporting.aspects import aspect_of
from walkshed.reporting.figure import draw_map_field, write_line
from walkshed.reporting.fonts import drawable, font, wrapped
from walkshed.reporting.keyfigures import source_line
from walkshed.reporting.sidebar import legend_entries
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from os import PathLike

    from walkshed.results import StudyResult

SIZE_INCH: Final = (6.54, 4.1)
"""As wide as the text of an A4 page."""
LEGEND_INCH: Final = 1.62
FOOT_INCH: Final = 0.2
RIM_INCH: Final = 0.02
DPI: Final = 220
SMALL: Final = 6.5


def draw_map_picture(
    result: StudyResult, path: str | PathLike[str], *, language: str = "zh", aspect: str = "plan"
) -> None:
    """Draw one aspect of a study as a PNG for a report.

    Parameters
    ----------
    result
        The study's result.
    path
        PNG; replaced at once or not at all.
    language
        ``"zh"`` or ``"en"``.
    aspect
        As for :func:`walkshed.reporting.figure.figure_map`.
    """
    sheet = map_picture(aspect_of(result, aspect, language), language=language)
    with replacing(Path(path)) as draft:
        sheet.savefig(draft, format="png", dpi=DPI, metadata={"Software": None})


def map_picture(result: StudyResult, *, language: str = "zh") -> Figure:
    """Return the picture as a matplotlib figure: map with scale bar and north arrow, legend, sources.

    A report shrinks it to fit its pages: the bar stays true, and no scale in numbers is told.
    """
    width, height = SIZE_INCH
    sheet = Figure(figsize=SIZE_INCH, dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(sheet)
    box = (RIM_INCH, FOOT_INCH, width - LEGEND_INCH - 2 * RIM_INCH, height - FOOT_INCH - RIM_INCH)
    draw_map_field(result, sheet, canvas, language, box)
    entries = list(legend_entries(result, language))
    limit = (LEGEND_INCH - 0.42) * 72 / SMALL
    legend = sheet.legend(
        handles=[handle for handle, _ in entries],
        labels=["\n".join(wrapped(drawable(line), limit, 2)) for _, line in entries],
        loc="upper left",
        bbox_to_anchor=((width - LEGEND_INCH + 0.05) / width, 1.0),
        title=say("legend", language),
        title_fontproperties=font(8),
        alignment="left",
        frameon=False,
        prop=font(SMALL + 0.5),
        handlelength=2.0,
        handleheight=0.85,
        labelspacing=0.5,
        borderaxespad=0,
        borderpad=0.2,
        labelcolor=palette.INK,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    room = width * 72 / SMALL
    sources = " ".join(wrapped(drawable(source_line(result, language)), room, 1))
    write_line(sheet, RIM_INCH, FOOT_INCH / 2, sources, SMALL, palette.MUTED)
    return sheet

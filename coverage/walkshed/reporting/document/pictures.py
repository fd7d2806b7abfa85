"""The pictures of a report: maps and curves, as PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from walkshed.files import replacing
from walkshed.reporting import palette
from walkshed.reporting.document.tree import Illustration
from walkshed.reporting.fonts import drawable, font
from walkshed.reporting.mappicture import draw_map_picture
from walkshed.reporting.wording import group_name, say

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from walkshed.reporting.document.tree import Picture, Report
    from walkshed.results import StudyResult

SIZE_INCH: Final = (6.6, 2.9)
DPI: Final = 200
LINES: Final = (palette.NAVY, palette.UNSERVED, palette.NEW, "#B7791F", "#6B4C9A", palette.MUTED)
STYLES: Final = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
"""Lines differ in style as well as in colour."""
GROUPS_SHOWN: Final = len(LINES)


def draw_pictures(result: StudyResult, report: Report, folder: Path) -> None:
    """Draw every picture of a report as ``<picture>.png`` into a folder."""
    for chapter in report.chapters:
        for block in chapter.blocks:
            if isinstance(block, Illustration):
                path = folder / f"{block.picture}.png"
                draw_picture(result, block.picture, path, language=report.language)


def draw_picture(result: StudyResult, picture: Picture, path: Path, *, language: str) -> None:
    """Draw one picture of a report.

    Parameters
    ----------
    result
        The study's result.
    picture
        Which one.
    path
        PNG; replaced at once or not at all.
    language
        ``"zh"`` or ``"en"``.
    """
    if picture == "minutes_curve":
        _minutes_curve(result, path, language)
    elif picture == "rooms_curve":
        _rooms_curve(result, path, language)
    else:
        draw_map_picture(result, path, language=language, aspect=picture)


def _minutes_curve(result: StudyResult, path: Path, language: str) -> None:
    curve, cutoff = result.measures.curve, result.config.walking.cutoff_min
    sheet, axes = _chart()
    for place, group in enumerate(list(dict.fromkeys(curve["group"]))[:GROUPS_SHOWN]):
        part = curve[curve["group"] == group]
        name = drawable(group_name(group, language))
        axes.plot(part["minutes"], part["rate"], color=LINES[place], ls=STYLES[place], lw=1.6, label=name)
    axes.axvline(cutoff, color=palette.GREY, lw=0.8, ls=":")
    axes.set_xlim(0, float(curve["minutes"].max()))
    _finish(sheet, axes, path, xlabel=say("field_minutes_walked", language), ylabel=say("axis_rate", language))


def _rooms_curve(result: StudyResult, path: Path, language: str) -> None:
    curve = result.plan.curve
    assert curve is not None  # noqa: S101 - a report asks for it only where there is one
    sheet, axes = _chart()
    axes.fill_between(curve["rooms"], curve["rate"], curve["bound_rate"], color=palette.GREY, alpha=0.25, lw=0)
    axes.plot(
        curve["rooms"], curve["rate"], color=palette.NEW, lw=1.8, marker="o", ms=4, label=say("curve_plan", language)
    )
    axes.plot(
        curve["rooms"], curve["bound_rate"], color=palette.MUTED, lw=1.0, ls="--", label=say("curve_bound", language)
    )
    chosen = len(result.proposals)
    axes.axvline(chosen, color=palette.GREY, lw=0.8, ls=":")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, max(float(curve["rooms"].max()), 1.0))
    _finish(sheet, axes, path, xlabel=say("axis_rooms", language), ylabel=say("axis_rate", language))


def _chart() -> tuple[Figure, Axes]:
    sheet = Figure(figsize=SIZE_INCH, dpi=DPI, facecolor="white")
    FigureCanvasAgg(sheet)
    return sheet, sheet.add_axes((0.09, 0.17, 0.88, 0.78))


def _finish(sheet: Figure, axes: Axes, path: Path, *, xlabel: str, ylabel: str) -> None:
    axes.set_ylim(0, 1.005)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(color="#E3E7EA", lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#95A5A6")
    axes.set_xlabel(drawable(xlabel), fontproperties=font(9), color=palette.INK)
    axes.set_ylabel(drawable(ylabel), fontproperties=font(9), color=palette.INK)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(8.5))
        label.set_color(palette.INK)
    axes.legend(frameon=False, prop=font(8.5), loc="lower right", labelcolor=palette.INK)
    with replacing(path) as draft:
        sheet.savefig(draft, format="png", dpi=DPI, metadata={"Software": None})

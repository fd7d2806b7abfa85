"""The study as a map sheet to hand in: A4 or A3, landscape or portrait, as PNG at 300 dpi or as PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyproj
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from walkshed.errors import InputError
from walkshed.files import replacing
from walkshed.reporting import palette
from walkshed.reporting.aspects import ASPECTS, aspect_of
from walkshed.reporting.fonts import bold, drawable, font, width_em, wrapped
from walkshed.reporting.furniture import (
    INCH_M,
    draw_north_arrow,
    draw_plate,
    draw_scale_bar,
    round_length,
    round_scale,
)
from walkshed.reporting.keyfigures import approval_line, source_line
from walkshed.reporting.paper import MARGIN_INCH, layout_of
from walkshed.reporting.sheetmap import draw_map, draw_map_labels
from walkshed.reporting.sheettext import text_as_text
from walkshed.reporting.sidebar import draw_sidebar
from walkshed.reporting.webmap import subtitle
from walkshed.reporting.wording import say, title

if TYPE_CHECKING:
    from datetime import date
    from os import PathLike

    from matplotlib.axes import Axes

    from walkshed.reporting.paper import Box, Layout
    from walkshed.results import StudyResult

GAP_EM: Final = 2.0
"""Between the two texts of one line of the foot."""
MARGIN: Final = 1.05
DPI: Final = 300


def figure_map(
    result: StudyResult,
    path: str | PathLike[str],
    *,
    language: str = "zh",
    drawn_on: date | None = None,
    aspect: str = "plan",
    paper: str = "A4",
    landscape: bool = True,
) -> None:
    """Draw a study as a map sheet.

    Parameters
    ----------
    result
        The study's result.
    path
        Ending in ``.png`` (300 dpi) or ``.pdf`` (vectors); replaced at once or not at all.
    language
        ``"zh"`` or ``"en"``.
    drawn_on
        Date on the sheet; today by default.
    aspect
        ``"plan"`` (everything), ``"now"`` (coverage now), ``"gaps"`` or ``"proposals"``.
    paper
        ``"A4"`` or ``"A3"``.
    landscape
        Whether the long side lies.

    Raises
    ------
    InputError
        If the path has another ending, or there is no such aspect or paper.
    OSError
        If the file cannot be written.

    See Also
    --------
    map_sheet : what stands on the sheet.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in {".png", ".pdf"}:
        raise InputError("figure_ending", path=target.name, ending=ending)
    if aspect not in ASPECTS:
        raise InputError("aspect_unknown", aspect=aspect, known=", ".join(ASPECTS))
    seen = aspect_of(result, aspect, language)
    sheet = map_sheet(seen, language=language, drawn_on=drawn_on, paper=paper, landscape=landscape)
    save_sheet(sheet, target, drawable(title(seen, language)))


def save_sheet(sheet: Figure, path: Path, name: str) -> None:
    """Write a sheet as PNG or PDF, the same bytes every time; replaced at once or not at all."""
    if path.suffix.lower() == ".png":
        with replacing(path) as draft:
            sheet.savefig(draft, format="png", dpi=DPI, metadata={"Software": None})
        return
    with replacing(path) as draft, text_as_text() as as_text, as_text(sheet):
        sheet.savefig(draft, format="pdf", dpi=DPI, metadata={"CreationDate": None, "Title": name})


def map_sheet(
    result: StudyResult,
    *,
    language: str = "zh",
    drawn_on: date | None = None,
    paper: str = "A4",
    landscape: bool = True,
) -> Figure:
    """Draw the map sheet as a matplotlib figure, without touching pyplot or its settings.

    Parameters
    ----------
    result, language, drawn_on, paper, landscape
        As for :func:`figure_map`.

    Returns
    -------
    matplotlib.figure.Figure
        Of the paper's size.

    Notes
    -----
    The sheet carries title, key figures with their basis, the proposals, legend, scale, scale bar, north arrow,
    sources with their date, CRS, the issuing unit, the date, and either the map approval number or that the map is for
    internal work only. It is drawn in the network's metre CRS, whose grid north is up.
    """
    layout = layout_of(paper, landscape=landscape)
    sheet = Figure(figsize=layout.paper, dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(sheet)
    day = drawn_on or datetime.now(tz=UTC).astimezone().date()
    scale = draw_map_field(result, sheet, canvas, language, layout.map_box)
    draw_heading(result, sheet, language, layout)
    draw_sidebar(result, sheet, language, layout)
    draw_footer(result, sheet, language, scale, day)
    return sheet


def draw_map_field(result: StudyResult, sheet: Figure, canvas: FigureCanvasAgg, language: str, box: Box) -> int:
    """Draw the map with its furniture into a box of the paper (inches); return N of its scale 1:N."""
    left, bottom, width, height = box
    paper_w, paper_h = sheet.get_size_inches()
    axes = sheet.add_axes((left / paper_w, bottom / paper_h, width / paper_w, height / paper_h))
    crs = result.inputs.network.crs
    area = result.inputs.boundary.geometry.to_crs(crs)
    west, south, east, north = area.total_bounds
    scale = round_scale((east - west) * MARGIN, (north - south) * MARGIN, (width, height))
    inch_m = scale * INCH_M
    middle = ((west + east) / 2, (south + north) / 2)
    view = shapely.box(
        middle[0] - width * inch_m / 2, middle[1] - height * inch_m / 2,
        middle[0] + width * inch_m / 2, middle[1] + height * inch_m / 2,
    )  # fmt: skip
    x0, y0, x1, y1 = view.bounds
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(palette.PAPER)
    for spine in axes.spines.values():
        spine.set_color("#95A5A6")
        spine.set_linewidth(0.8)
        spine.set_zorder(60)
    draw_map(result, axes, view)
    kept_free = _draw_furniture(axes, view, inch_m, language)
    draw_map_labels(result, canvas, axes, kept_free, language)
    return scale


def _draw_furniture(
    axes: Axes, view: shapely.Polygon, inch_m: float, language: str
) -> list[tuple[float, float, float, float]]:
    """Draw scale bar and north arrow on white grounds; return their places in pixels."""
    x0, y0, x1, y1 = view.bounds
    length = round_length(1.7 * inch_m)
    bar = (x0 + 0.12 * inch_m, y0 + 0.12 * inch_m, length + 0.62 * inch_m, 0.36 * inch_m)
    arrow = (x1 - 0.5 * inch_m, y1 - 0.84 * inch_m, 0.38 * inch_m, 0.74 * inch_m)
    for x, y, width, height in (bar, arrow):
        draw_plate(axes, (x, y), (width, height), 0.05 * inch_m)
    draw_scale_bar(axes, (bar[0] + 0.18 * inch_m, bar[1] + 0.08 * inch_m), length, inch_m, language)
    draw_north_arrow(axes, (arrow[0] + arrow[2] / 2, arrow[1] + 0.07 * inch_m), inch_m, language)
    corners = [axes.transData.transform([(x, y), (x + w, y + h)]).ravel() for x, y, w, h in (bar, arrow)]
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in corners]


def draw_heading(result: StudyResult, sheet: Figure, language: str, layout: Layout) -> None:
    """Write the title and the line below it above the map."""
    room = layout.map_box[2] if len(layout.columns) == 1 else layout.paper[0] - 2 * MARGIN_INCH
    top = layout.paper[1]
    line = drawable(title(result, language))
    size = float(np.clip(0.99 * room * 72 / max(width_em(line), 1), 14, 21))  # a hair of air, or rounding cuts it
    shown = " ".join(wrapped(line, room * 72 / size, 1))
    write_line(sheet, MARGIN_INCH, top - 0.4, shown, size, palette.INK, weight=0.9)
    write_line(sheet, MARGIN_INCH, top - 0.76, drawable(subtitle(result, language)), 10, palette.MUTED)


def draw_footer(result: StudyResult, sheet: Figure, language: str, scale: int, day: date) -> None:
    """Write sources, approval, CRS, scale, issuing unit and date along the foot of the paper."""
    paper_w, paper_h = sheet.get_size_inches()
    crs = pyproj.CRS(result.inputs.network.crs)
    facts = [
        say("crs", language, name=crs.name, code=str(result.inputs.network.crs)),
        say("scale", language, number=scale),
    ]
    if result.config.report.author_unit:
        facts.append(say("author", language, unit=result.config.report.author_unit))
    facts.append(say("drawn_on", language, date=day.isoformat()))
    room = (paper_w - 2 * MARGIN_INCH) * 72
    small = 8.0
    # That a map is for internal work must never be cut: it stands at the end of the line that has more room.
    approval = wrapped(drawable(approval_line(result, language)), 0.48 * room / small, 1)
    lines = [drawable(source_line(result, language)), "     ".join(drawable(fact) for fact in facts)]
    beside = width_em(" ".join(approval)) + GAP_EM
    host = int(width_em(lines[0]) + beside > room / small and width_em(lines[1]) < width_em(lines[0]))
    rule = Rectangle((MARGIN_INCH / paper_w, 0.545 / paper_h), 1 - 2 * MARGIN_INCH / paper_w, 0, lw=0.6, ec="#C8CED3")
    sheet.add_artist(rule)
    for place, (line, height) in enumerate(zip(lines, (0.41, 0.22), strict=True)):
        shown = " ".join(wrapped(line, room / small - (beside if place == host else 0), 1))
        write_line(sheet, MARGIN_INCH, height, shown, small, palette.MUTED)
        if place == host:
            write_line(sheet, paper_w - MARGIN_INCH, height, " ".join(approval), small, palette.GAP, ha="right")


def write_line(
    sheet: Figure,
    x_inch: float,
    y_inch: float,
    line: str,
    size: float,
    colour: str,
    *,
    weight: float = 0.0,
    ha: str = "left",
) -> None:
    """Write one line onto the paper, its middle at a height in inches."""
    paper_w, paper_h = sheet.get_size_inches()
    sheet.text(
        x_inch / paper_w,
        y_inch / paper_h,
        line,
        fontproperties=font(size),
        color=colour,
        ha=ha,
        va="center",
        parse_math=False,
        path_effects=bold(colour, weight) if weight else None,
    )

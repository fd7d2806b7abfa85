"""The columns of the map sheet: key figures, proposals, legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from walkshed.reporting import palette
from walkshed.reporting.fonts import bold, drawable, font, wrapped
from walkshed.reporting.homelayer import class_names
from walkshed.reporting.keyfigures import key_figures
from walkshed.reporting.maplayers import located, merged_bands
from walkshed.reporting.paper import COLUMN_INCH
from walkshed.reporting.served import home_classes
from walkshed.reporting.sheetmap import BORDER_LINE, MARKERS, UNIT_LINE, band_line
from walkshed.reporting.wording import count, named, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from walkshed.reporting.paper import Layout
    from walkshed.results import StudyResult

WIDTH_INCH: Final = COLUMN_INCH
ROLE_COLOURS: Final = {"rate": palette.NAVY, "unserved": "#C24A14", "gain": palette.NEW}
PROPOSALS_SHOWN: Final = 5
ROW_INCH: Final = 0.178


def draw_sidebar(result: StudyResult, sheet: Figure, language: str, layout: Layout) -> None:
    """Draw the columns: one beside the map, or three below it.

    Parameters
    ----------
    result
        The study's result.
    sheet
        The figure, its size in inches.
    language
        ``"zh"`` or ``"en"``.
    layout
        Where the columns stand.
    """
    pens = [_Pen(sheet, left, layout.column_top) for left in layout.columns]
    pen = pens[0]
    for figure in key_figures(result, language):
        pen.figure(figure.value, figure.label, figure.detail, ROLE_COLOURS[figure.role])
    legend = list(legend_entries(result, language))
    beside = len(pens) == 1
    if len(result.proposals):
        pen = pens[len(pens) // 2]
        pen.heading(say("proposals_table", language), rule=beside)
        spare = ROW_INCH * len(legend) + 0.45 if beside else 0.2
        _draw_proposals(result, pen, language, bottom=layout.column_bottom + spare)
    pen = pens[-1]
    pen.heading(say("legend", language), rule=beside)
    pen.y -= 0.04
    pen.legend(legend)


class _Pen:
    """Writes down the column, from top to bottom."""

    def __init__(self, sheet: Figure, left: float, top: float) -> None:
        self.sheet, self.left, self.y = sheet, left, top
        self.paper = sheet.get_size_inches()

    def write(self, line: str, size: float, colour: str, **looks: Any) -> None:  # noqa: ANN401 - matplotlib's own
        indent = looks.pop("indent", 0.0)
        self.sheet.text(
            (self.left + indent) / self.paper[0], self.y / self.paper[1], line, fontproperties=font(size), color=colour,
            va="center", parse_math=False, **looks,
        )  # fmt: skip

    def figure(self, value: str, label: str, detail: str, colour: str) -> None:
        self.y -= 0.13
        self.write(drawable(value), 21, colour, path_effects=bold(colour, 0.9))
        self.y -= 0.265
        for row in wrapped(drawable(label), WIDTH_INCH * 72 / 9, 2):
            self.write(row, 9, palette.INK)
            self.y -= 0.155
        for row in wrapped(drawable(detail), WIDTH_INCH * 72 / 7.5, 3):
            self.write(row, 7.5, palette.MUTED)
            self.y -= 0.13
        self.y -= 0.06

    def heading(self, line: str, *, rule: bool = True) -> None:
        if rule:
            self.rule()
        else:
            self.y -= 0.1
        self.write(line, 10, palette.INK, path_effects=bold(palette.INK, 0.5))
        self.y -= 0.2

    def rule(self) -> None:
        self.y -= 0.02
        self.sheet.add_artist(
            Rectangle(
                (self.left / self.paper[0], self.y / self.paper[1]), WIDTH_INCH / self.paper[0], 0, lw=0.6, ec="#C8CED3"
            )
        )
        self.y -= 0.15

    def legend(self, entries: list[tuple[Any, str]]) -> None:
        box = self.sheet.legend(
            handles=[handle for handle, _ in entries],
            labels=[drawable(line) for _, line in entries],
            loc="upper left",
            bbox_to_anchor=((self.left - 0.07) / self.paper[0], (self.y + 0.14) / self.paper[1]),
            frameon=False,
            prop=font(8.5),
            handlelength=2.0,
            handleheight=0.85,
            labelspacing=0.42,
            borderaxespad=0,
            borderpad=0.3,
            labelcolor=palette.INK,
        )
        for line in box.get_texts():
            line.set_parse_math(False)


def _draw_proposals(result: StudyResult, pen: _Pen, language: str, *, bottom: float) -> None:
    """List as many proposals as leave room for the legend."""
    places = result.proposals["place"].head(PROPOSALS_SHOWN)
    lines = [len(wrapped(drawable(place), (WIDTH_INCH - 0.82) * 72 / 8, 2)) for place in places]
    room = int((pen.y - bottom) / (0.31 if max(lines, default=1) > 1 else 0.2))
    shown = result.proposals.head(max(min(room, PROPOSALS_SHOWN), 1))
    for _, site in shown.iterrows():
        marker = MARKERS["proposal"]
        pen.sheet.add_artist(
            Line2D(
                [(pen.left + 0.08) / pen.paper[0]],
                [pen.y / pen.paper[1]],
                marker=marker.shape,
                ms=10.5,
                mfc=marker.fill,
                mec="none",
                transform=pen.sheet.transFigure,
            )
        )
        pen.write(str(site["rank"]), 7, "white", indent=0.08, ha="center", path_effects=bold("white", 0.3))
        gain = "+" + count(float(site["newly_served"]))
        pen.write(gain, 8.5, palette.NEW, indent=WIDTH_INCH, ha="right", path_effects=bold(palette.NEW, 0.3))
        rows = wrapped(drawable(site["place"]), (WIDTH_INCH - 0.82) * 72 / 8, 2)
        for i, row in enumerate(rows):
            pen.write(row, 8, palette.INK, indent=0.22)
            pen.y -= 0.14 if i + 1 < len(rows) else 0.18
    if len(result.proposals) > len(shown):
        pen.write(say("and_more", language, count=len(result.proposals) - len(shown)), 7.5, palette.MUTED, indent=0.22)
        pen.y -= 0.17


def legend_entries(result: StudyResult, language: str) -> Iterator[tuple[Any, str]]:
    """Return signs and texts of what is on this map, and of nothing else."""
    yield from _legend_signs(result, language)
    classes = home_classes(result)
    for code, key in class_names(classes):
        if (classes == code).any():
            yield Patch(fc=palette.HOME_COLOURS[code]), say(f"{key}_short", language)
    bands = merged_bands(result)
    for i, cutoff in enumerate(bands["cutoff_min"]):
        line = Line2D([], [], color=palette.NAVY, lw=1, ls=band_line(i, len(bands)))
        yield line, say("band_long", language, minutes=cutoff)
    if len(result.gaps):
        yield Patch(fc=(*_rgb(palette.UNSERVED), 0.15), ec=palette.GAP, lw=0.7), say("gap_short", language)
    present = set(result.inputs.backdrop["layer"])
    for kind, colour in (("water", palette.WATER), ("green", palette.GREEN)):
        if kind in present:
            yield Patch(fc=colour), say(f"{kind}_short", language)
    if len(located(result.inputs.units)):
        yield Line2D([], [], color=palette.BORDER, lw=0.8, ls=UNIT_LINE), say("unit_short", language)
    yield Line2D([], [], color=palette.BORDER, lw=1.4, ls=BORDER_LINE), say("boundary", language)


def _legend_signs(result: StudyResult, language: str) -> Iterator[tuple[Any, str]]:
    rooms = located(result.facilities)
    for status in palette.STATUS_COLOURS:
        if (rooms["status"] == status).any():
            yield _marker(status), say("room_status", language, status=named("status", status, language))
    if len(result.proposals):
        yield _marker("proposal"), say("proposals", language)


def _marker(kind: str) -> Line2D:
    marker = MARKERS[kind]
    size = min(marker.size, 8.5)
    return Line2D([], [], ls="", marker=marker.shape, ms=size, mfc=marker.fill, mec=marker.rim, mew=marker.width)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue

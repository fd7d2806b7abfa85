"""Scale, scale bar and north arrow of a map sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from walkshed.reporting.fonts import bold, font
from walkshed.reporting.palette import INK
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCH_M: Final = 0.0254
ROUND_SCALES: Final = (
    1.0,
    1.1,
    1.2,
    1.3,
    1.4,
    1.5,
    1.6,
    1.8,
    2.0,
    2.2,
    2.5,
    2.8,
    3.0,
    3.5,
    4.0,
    4.5,
    5.0,
    6.0,
    7.0,
    8.0,
    9.0,
    10.0,
)
ROUND_LENGTHS: Final = (1.0, 2.0, 4.0, 8.0, 10.0)
KILOMETRE: Final = 1000.0


def round_scale(width_m: float, height_m: float, box_inch: tuple[float, float]) -> int:
    """Return the largest round scale at which an area fits into a box on paper.

    Parameters
    ----------
    width_m, height_m
        Of the area, metres on the ground.
    box_inch
        Width and height on paper.

    Returns
    -------
    int
        N of 1:N.

    Examples
    --------
    >>> round_scale(4000.0, 2000.0, (8.0, 6.0))
    20000
    """
    least = max(width_m / (box_inch[0] * INCH_M), height_m / (box_inch[1] * INCH_M), 100.0)
    power = 10.0 ** math.floor(math.log10(least))
    return round(next(step * power for step in ROUND_SCALES if step * power >= least * (1 - 1e-9)))


def round_length(longest_m: float) -> float:
    """Return the longest round length (1, 2, 4 or 8 times a power of ten) that is no longer than so many metres.

    Examples
    --------
    >>> round_length(1300.0), round_length(450.0), round_length(999.0)
    (1000.0, 400.0, 800.0)
    """
    power = 10.0 ** math.floor(math.log10(longest_m))
    return max(step * power for step in ROUND_LENGTHS if step * power <= longest_m * (1 + 1e-9))


def draw_plate(axes: Axes, corner: tuple[float, float], size: tuple[float, float], pad: float) -> None:
    """Draw a white ground for furniture, in the units of the map."""
    style = f"round,pad=0,rounding_size={pad}"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=style, fc="white", ec="none", alpha=0.88, zorder=45, mutation_aspect=1)
    )


def draw_scale_bar(axes: Axes, corner: tuple[float, float], length_m: float, inch_m: float, language: str) -> None:
    """Draw a bar of four fields with its lengths.

    Parameters
    ----------
    axes
        Map in metres.
    corner
        Lower left end of the bar.
    length_m
        Whole length.
    inch_m
        Metres of the map per inch of paper.
    language
        Of the unit.
    """
    x, y = corner
    height = 0.055 * inch_m
    for i in range(4):
        field = Rectangle(
            (x + i * length_m / 4, y),
            length_m / 4,
            height,
            fc=INK if i % 2 == 0 else "white",
            ec=INK,
            lw=0.6,
            zorder=46,
        )
        axes.add_patch(field)
    key, unit = ("kilometres", KILOMETRE) if length_m >= KILOMETRE else ("metres", 1.0)
    marks = {0.0: "0", 0.5: f"{length_m / 2 / unit:g}", 1.0: say(key, language, number=length_m / unit)}
    for share, mark in marks.items():
        axes.text(
            x + share * length_m, y + height + 0.03 * inch_m, mark, ha="center", va="bottom", fontproperties=font(7.5),
            color=INK, zorder=46,
        )  # fmt: skip


def draw_north_arrow(axes: Axes, foot: tuple[float, float], inch_m: float, language: str) -> None:
    """Draw an arrow to the map's north; ``foot`` is the middle of its lower end, in metres of the map."""
    x, y = foot
    tip, half, notch = 0.42 * inch_m, 0.11 * inch_m, 0.09 * inch_m
    for side, fill in ((-1, INK), (1, "white")):
        outline = [(x, y + tip), (x + side * half, y), (x, y + notch)]
        axes.add_patch(Polygon(outline, closed=True, fc=fill, ec=INK, lw=0.7, joinstyle="round", zorder=46))
    axes.text(
        x,
        y + tip + 0.03 * inch_m,
        say("north", language),
        ha="center",
        va="bottom",
        fontproperties=font(9.5),
        color=INK,
        path_effects=bold(INK, 0.5),
        zorder=46,
    )

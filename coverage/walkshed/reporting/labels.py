"""Where labels go on a map sheet so that they cover neither each other nor any sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.reporting.fonts import drawable, font, halo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.transforms import Bbox

    Box = tuple[float, float, float, float]

POINTS_PER_INCH = 72.0
STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Directions tried in this order: right, left, above, below, the corners; then the same farther off."""
FARTHER = (0.0, 1.2)
"""Sizes of the text by which a label is moved off its place."""
ROOMY = 3.0
"""An area so many times as wide as a label can hold it."""
FARTHEST = 40.0
"""Points from the middle of an area to its label, however large the area."""
AIR = 1.5
"""Points between a label and anything else."""
PLATE_PAD = 0.28
"""Rim of a plate, in sizes of its text."""


class Label(NamedTuple):
    """Text that belongs to a place on the map.

    Attributes
    ----------
    x, y
        Place, in the units of the map.
    line
        One line of text.
    size
        In points.
    colour
        Of the text.
    radius
        Half the size of the sign at the place, in points; 0 for a label that may stand on its place.
    plate
        On a white plate with a rim in the text's colour.
    half_width, half_height
        Of an area around the place that the label should not hide, in the units of the map: a label stands inside only
        where the area is much larger, otherwise beside it, with a line to the place. A label that found room only a
        step away from its sign has a line as well.
    """

    x: float
    y: float
    line: str
    size: float
    colour: str
    radius: float = 0.0
    plate: bool = False
    half_width: float = 0.0
    half_height: float = 0.0


def place_labels(canvas: FigureCanvasAgg, axes: Axes, labels: Sequence[Label], obstacles: Sequence[Box]) -> int:
    """Draw labels, the first ones first; one that finds no free place is left out.

    Parameters
    ----------
    canvas
        Of the figure.
    axes
        The map, its limits set.
    labels
        In order of importance. The signs of all of them are kept free.
    obstacles
        Rectangles (left, bottom, right, top) to keep free, in pixels of the figure.

    Returns
    -------
    int
        Labels left out.
    """
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]  # matplotlib has no annotation here
    scale = axes.figure.dpi / POINTS_PER_INCH
    frame = axes.get_window_extent(renderer)
    spots = axes.transData.transform(np.array([(label.x, label.y) for label in labels]).reshape(-1, 2))
    taken: list[Box] = list(obstacles)
    for (x, y), label in zip(spots, labels, strict=True):
        if label.radius:
            half = label.radius * scale
            taken.append((x - half, y - half, x + half, y + half))
    left_out = 0
    for (x, y), label in zip(spots, labels, strict=True):
        if not (frame.x0 <= x <= frame.x1 and frame.y0 <= y <= frame.y1):
            continue
        plate = {"boxstyle": f"round,pad={PLATE_PAD}", "fc": "white", "ec": label.colour, "lw": 0.6, "alpha": 0.93}
        artist = axes.text(
            label.x, label.y, drawable(label.line), fontproperties=font(label.size), color=label.colour, ha="center",
            va="center", parse_math=False, zorder=40, clip_on=True, bbox=plate if label.plate else None,
            path_effects=None if label.plate else halo(),
        )  # fmt: skip
        extent = artist.get_window_extent(renderer)
        air = (AIR + (PLATE_PAD * label.size if label.plate else 0)) * scale
        half_w, half_h = extent.width / 2 + air, extent.height / 2 + air
        reach_x, reach_y = _reach(axes, label, scale)
        steps = [(dx, dy, off * label.size * scale) for off in FARTHER for dx, dy in STEPS]
        tries = [(x + dx * (reach_x + half_w + off), y + dy * (reach_y + half_h + off)) for dx, dy, off in steps]
        if not label.radius and (not label.half_width or reach_x > ROOMY * half_w):
            tries.insert(0, (x, y))
        boxes = [(cx - half_w, cy - half_h, cx + half_w, cy + half_h) for cx, cy in tries]
        free = next(
            (box for box in boxes if _inside(box, frame) and not any(_meet(box, other) for other in taken)), None
        )
        if free is None:
            artist.remove()
            left_out += 1
            continue
        centre = ((free[0] + free[2]) / 2, (free[1] + free[3]) / 2)
        x_label, y_label = axes.transData.inverted().transform(centre)
        artist.set_position((x_label, y_label))
        away = max(abs(centre[0] - x) - reach_x - half_w, abs(centre[1] - y) - reach_y - half_h)
        if label.half_width or away > scale:
            axes.plot(
                (label.x, x_label),
                (label.y, y_label),
                color=label.colour,
                lw=0.6,
                marker="o",
                ms=2.2 if label.half_width else 0,
                markevery=[0],
                zorder=15,
            )
        taken.append(free)
    return left_out


def _reach(axes: Axes, label: Label, scale: float) -> tuple[float, float]:
    """Return how far from its place a label must stay, in pixels."""
    pixels = axes.transData.transform(((0.0, 0.0), (label.half_width, label.half_height)))
    width, height = np.minimum(pixels[1] - pixels[0], FARTHEST * scale)
    return max(label.radius * scale, float(width)), max(label.radius * scale, float(height))


def _inside(box: Box, frame: Bbox) -> bool:
    return bool(box[0] >= frame.x0 and box[1] >= frame.y0 and box[2] <= frame.x1 and box[3] <= frame.y1)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

"""Where things stand on a map sheet: A4 or A3, landscape or portrait."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from walkshed.errors import InputError

Size = Literal["A4", "A3"]
Box = tuple[float, float, float, float]

SIDES_INCH: Final = {"A4": (8.27, 11.69), "A3": (11.69, 16.54)}
MARGIN_INCH: Final = 0.36
COLUMN_INCH: Final = 2.43
FOOT_INCH: Final = 0.66
HEAD_INCH: Final = 0.99
"""From the upper rim of the paper to the map: the title and the line below it."""
GAP_INCH: Final = 0.28
SHELF_INCH: Final = 3.3
"""Height of the three columns below the map of a portrait sheet."""


class Layout(NamedTuple):
    """Lengths in inches from the lower left corner of the paper.

    Attributes
    ----------
    paper
        Width and height.
    map_box
        Left, bottom, width, height.
    columns
        Left sides of the columns for key figures, proposals and legend: one on landscape sheets, three on portrait.
    column_top
        Where they start.
    column_bottom
        Where they end.
    """

    paper: tuple[float, float]
    map_box: Box
    columns: tuple[float, ...]
    column_top: float
    column_bottom: float


def layout_of(size: str = "A4", *, landscape: bool = True) -> Layout:
    """Return the layout of a sheet.

    Parameters
    ----------
    size
        ``"A4"`` or ``"A3"``.
    landscape
        Whether the long side lies.

    Raises
    ------
    InputError
        If the size is another.
    """
    if size not in SIDES_INCH:
        raise InputError("paper_unknown", size=size, known=", ".join(SIDES_INCH))
    short, long = SIDES_INCH[size]
    if landscape:
        width = long - 2 * MARGIN_INCH - GAP_INCH - COLUMN_INCH
        return Layout(
            paper=(long, short),
            map_box=(MARGIN_INCH, FOOT_INCH, width, short - FOOT_INCH - HEAD_INCH),
            columns=(MARGIN_INCH + width + GAP_INCH,),
            column_top=short - 0.29,
            column_bottom=FOOT_INCH,
        )
    inner = short - 2 * MARGIN_INCH
    step = (inner - COLUMN_INCH) / 2
    bottom = FOOT_INCH + SHELF_INCH
    return Layout(
        paper=(short, long),
        map_box=(MARGIN_INCH, bottom, inner, long - bottom - HEAD_INCH),
        columns=tuple(MARGIN_INCH + i * step for i in range(3)),
        column_top=bottom - 0.12,
        column_bottom=FOOT_INCH,
    )

"""Colours and signs shared by the web map and the map sheet.

The three classes of homes differ in hue and in lightness, so that they can be told apart with red-green colour
blindness and in a grey copy (CIE 1976 distance of at least 30 between served, unserved and newly served under the
simulation of Machado, Oliveira and Fernandes 2009); facilities differ in shape as well.
"""

from __future__ import annotations

from typing import Final

SERVED: Final = "#4A90C2"
UNSERVED: Final = "#E0632B"
NEW: Final = "#0F7B5F"
NAVY: Final = "#0B3C5D"
BAND: Final = "#2B6CB0"
GAP: Final = "#8C2D04"
INK: Final = "#22313F"
MUTED: Final = "#5D6D7E"
PAPER: Final = "#F6F4EF"
WATER: Final = "#BBDAEC"
GREEN: Final = "#D5E8C9"
BUILT: Final = "#E4DFD6"
STREET: Final = "#D5CEC0"
PATH: Final = "#E3DDD1"
BORDER: Final = "#5D6D7E"
GREY: Final = "#8A949E"

STATUS_COLOURS: Final = {"open": NAVY, "building": "#B7791F", "planned": "#6B4C9A", "closed": GREY}
"""Colour of a facility by status; its sign differs as well."""

HOME_COLOURS: Final = (SERVED, UNSERVED, NEW)
"""By class of home: 0 served today, 1 unserved, 2 newly served by the proposals."""


def band_opacity(position: int, count: int) -> float:
    """Return the fill opacity of an isochrone band, the nearest (0) darkest.

    Bands are drawn as nested areas over each other, so that the inner ones add up.

    Examples
    --------
    >>> [band_opacity(i, 3) for i in range(3)]
    [0.1, 0.08, 0.07]
    """
    return round(0.07 + 0.03 * (count - 1 - position) ** 2 / max((count - 1) ** 2, 1), 2)

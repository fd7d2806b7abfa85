"""The typeface of map sheets: Noto Sans SC from a Python package, never one that a machine happens to have."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from matplotlib import font_manager, get_data_path
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patheffects import Normal, Stroke
from pylopdf_fonts_zh_cn import sans_path

from walkshed.reporting.wording import plain

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase, RendererBase
    from matplotlib.path import Path
    from matplotlib.patheffects import AbstractPathEffect
    from matplotlib.transforms import Transform

FALLBACK: Final = "DejaVu Sans"
"""Comes with matplotlib; for scripts that Noto Sans SC lacks."""
UNKNOWN: Final = "\N{WHITE SQUARE}"
INVISIBLE: Final = ("Cc", "Cf", "Mn", "Cs", "Cn")
WIDE: Final = 0x2E80
NARROW_EM: Final = 0.53
"""Width of an average Latin letter or digit, against 1 for a Chinese character."""


@cache
def family() -> tuple[str, str]:
    """Make the typeface known to matplotlib (once) and return the names to draw with."""
    path = str(sans_path())
    font_manager.fontManager.addfont(path)
    return font_manager.get_font(path).family_name, FALLBACK


def font(size: float) -> FontProperties:
    """Return the typeface in points."""
    return FontProperties(family=list(family()), size=size)


@cache
def _known_characters() -> frozenset[int]:
    fallback = f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    return frozenset(FT2Font(str(sans_path())).get_charmap()) | frozenset(FT2Font(fallback).get_charmap())


def drawable(value: object) -> str:
    r"""Return text as one line of characters that can be drawn; others become a square, invisible ones nothing.

    Examples
    --------
    >>> drawable("阅览室 \N{BOOKS}\n2")
    '阅览室 □ 2'
    """
    known = _known_characters()
    return "".join(
        character if ord(character) in known else UNKNOWN
        for character in plain(value)
        if unicodedata.category(character) not in INVISIBLE
    )


class Rim(Stroke):
    """The outline of text without its face, which is drawn once, above it."""

    def draw_path(
        self,
        renderer: RendererBase,
        gc: GraphicsContextBase,
        tpath: Path,
        affine: Transform,
        rgbFace: object = None,  # noqa: N803 - matplotlib's own name
    ) -> None:
        """Draw the outline alone; matplotlib's own draws the face with it."""
        del rgbFace
        super().draw_path(renderer, gc, tpath, affine, None)  # type: ignore[arg-type]  # annotated too narrowly


def bold(colour: str, points: float) -> list[AbstractPathEffect]:
    """Return an outline in the text's own colour, which makes the one weight there is look bold."""
    return [Rim(linewidth=points, foreground=colour), Normal()]


def halo(points: float = 2.2) -> list[AbstractPathEffect]:
    """Return a white rim, so that text is readable on a map."""
    return [Rim(linewidth=points, foreground="white", alpha=0.9), Normal()]


def width_em(line: str) -> float:
    """Return about how wide a line is, in units of its size."""
    return sum(1.0 if ord(character) >= WIDE else NARROW_EM for character in line)


def wrapped(line: str, limit_em: float, rows: int) -> list[str]:
    """Break a line where it is too wide: between Chinese characters anywhere, else between words.

    Parameters
    ----------
    line
        Text without line breaks.
    limit_em
        Width of a row in units of the text's size.
    rows
        Rows there is room for; what is left over ends in an ellipsis.

    Examples
    --------
    >>> wrapped("one two three", 4.5, 2)
    ['one two', 'three']
    >>> wrapped("社区阅览室覆盖", 4, 1)
    ['社区阅…']
    """
    found: list[str] = []
    rest = line
    while rest and len(found) < rows:
        taken = _fitting(rest, limit_em)
        if len(found) == rows - 1 and taken < len(rest):
            taken = _fitting(rest, limit_em - 1, words=False)
            found.append(rest[:taken].rstrip() + "…")
            break
        found.append(rest[:taken].rstrip())
        rest = rest[taken:].lstrip()
    return found


def _fitting(line: str, limit_em: float, *, words: bool = True) -> int:
    """Return how many characters of a line fit, at least one."""
    width, last_break = 0.0, 0
    for i, character in enumerate(line):
        width += width_em(character)
        if width > limit_em:
            return max(last_break if words and last_break else i, 1)
        if character == " " or ord(character) >= WIDE:
            last_break = i + 1
    return len(line)

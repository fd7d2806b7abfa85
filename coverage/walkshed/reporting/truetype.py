"""A TrueType font with just the characters of one sheet, since a PDF can hold the outlines of TrueType alone as text.

Noto Sans SC comes with cubic outlines (CFF); matplotlib would embed those under a TrueType label, which some readers
refuse. The few hundred characters of a sheet are quickly drawn anew.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from pylopdf_fonts_zh_cn import sans_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TOLERANCE: Final = 1.0
"""How far an outline may stray, in thousandths of the text's size."""
MISSING: Final = ".notdef"
STAMP: Final = 3_029_529_600
"""The first second of 2000, counted from 1904 as fonts do: equal sheets are equal files."""


@cache
def _source() -> TTFont:
    return TTFont(str(sans_path()), lazy=True)


def write_truetype(characters: Iterable[str], path: Path, family: str) -> None:
    """Write a font that holds the given characters of Noto Sans SC, those it lacks left out.

    Parameters
    ----------
    characters
        In any order, repeated or not.
    path
        TTF file.
    family
        Its name.
    """
    source = _source()
    known, glyphs, widths = source.getBestCmap(), source.getGlyphSet(), source["hmtx"]
    mapping = {code: known[code] for code in sorted({ord(each) for each in characters}) if code in known}
    names = list(dict.fromkeys((MISSING, *mapping.values())))
    drawn, advances = {}, {}
    for name in names:
        pen = TTGlyphPen(None)
        glyphs[name].draw(Cu2QuPen(pen, TOLERANCE, reverse_direction=True))
        drawn[name] = pen.glyph()
    built = FontBuilder(source["head"].unitsPerEm, isTTF=True)
    built.setupGlyphOrder(names)
    built.setupCharacterMap(mapping)
    built.setupGlyf(drawn)
    for name in names:
        advances[name] = (widths[name][0], getattr(drawn[name], "xMin", 0))
    built.setupHorizontalMetrics(advances)
    line = source["hhea"]
    built.setupHorizontalHeader(ascent=line.ascent, descent=line.descent, lineGap=line.lineGap)
    built.setupNameTable({"familyName": family, "styleName": "Regular", "psName": "NotoSansSC-Regular"})
    shape = source["OS/2"]
    built.setupOS2(
        sTypoAscender=shape.sTypoAscender, sTypoDescender=shape.sTypoDescender, sTypoLineGap=shape.sTypoLineGap,
        usWinAscent=shape.usWinAscent, usWinDescent=shape.usWinDescent,
    )  # fmt: skip
    built.setupPost(keepGlyphNames=False)
    built.font["head"].created = built.font["head"].modified = STAMP
    built.font.recalcTimestamp = False
    built.save(str(path))

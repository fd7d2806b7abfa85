"""Text of a vector sheet as text, which a reader can search and copy, and not as outlines."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from walkshed.files import scratch
from walkshed.reporting.fonts import FALLBACK, Rim
from walkshed.reporting.truetype import write_truetype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure

TRUETYPE: Final = 42
"""Chinese characters stay text in this kind of font alone; the usual kind 3 draws them as pictures."""
FAMILY: Final = "Walkshed Sheet"
_settings: Final = Lock()
"""Settings and fonts of matplotlib are one for all threads of an app."""


@contextmanager
def text_as_text() -> Iterator[Callable[[Figure], AbstractContextManager[None]]]:
    """Let sheets be saved into one PDF as text; afterwards sheets, fonts and settings are what they were.

    Yields
    ------
    callable
        To be called with every sheet around its saving. Text with a rim (bold, halo) would be drawn as outlines;
        its rim is, and a twin without one is laid over it.

    Notes
    -----
    matplotlib embeds fonts when it closes the file, so that this must be open until then.
    """
    with _settings, scratch("font") as folder, mpl.rc_context({"pdf.fonttype": TRUETYPE}):
        numbers = count()

        @contextmanager
        def of_sheet(sheet: Figure) -> Iterator[None]:
            texts = [text for text in sheet.findobj(Text) if text.get_text()]
            rimmed = [text for text in texts if text.get_path_effects()]
            effects = [text.get_path_effects() for text in rimmed]
            twins = [_twin(text) for text in rimmed]
            plain = [*(text for text in texts if not text.get_path_effects()), *twins]
            families = [text.get_fontfamily() for text in plain]
            path = folder / f"{next(numbers)}.ttf"
            write_truetype("".join(text.get_text() for text in plain), path, FAMILY)
            before = list(fontManager.ttflist)
            fontManager.addfont(path)
            try:
                for text in plain:
                    text.set_fontfamily([FAMILY, FALLBACK])
                for text, known in zip(rimmed, effects, strict=True):
                    text.set_path_effects([effect for effect in known if isinstance(effect, Rim)])
                yield
            finally:
                fontManager.ttflist[:] = before
                fontManager._findfont_cached.cache_clear()  # type: ignore[attr-defined]  # noqa: SLF001 - else it finds it still
                for text, family in zip(plain, families, strict=True):
                    text.set_fontfamily(family)
                for text, known in zip(rimmed, effects, strict=True):
                    text.set_path_effects(known)
                for twin in twins:
                    twin.remove()

        yield of_sheet


def _twin(text: Text) -> Text:
    x, y = text.get_position()
    twin = Text(
        x,
        y,
        text.get_text(),
        fontproperties=text.get_fontproperties(),
        color=text.get_color(),
        horizontalalignment=text.get_horizontalalignment(),
        verticalalignment=text.get_verticalalignment(),
        transform=text.get_transform(),
        zorder=text.get_zorder() + 0.01,
        clip_on=text.get_clip_on(),
        parse_math=False,
    )
    owner = text.axes if text.axes is not None else text.figure
    assert owner is not None  # noqa: S101 - it was found on a sheet
    owner.add_artist(twin)
    return twin

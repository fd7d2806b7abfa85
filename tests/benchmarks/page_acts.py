"""Acts of a reader on a page with a map, measured in a browser: until the figures are new, until the map is."""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from playwright.sync_api import Error, TimeoutError  # noqa: A004 - Playwright's own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FRAME: Final = 'iframe[title="streamlit_folium.st_folium"]'
WAIT_MS, POLL_MS, REST_MS = 20_000, 15, 1_500
WAIT_S: Final = WAIT_MS / 1000
MEGABYTE: Final = 1e6
NO_ANSWER: Final = f"no answer within {WAIT_S:.0f} s"
NO_FIGURE: Final = "map drawn anew, no figure changed"
WATCH_FIGURES: Final = f"""() => {{
    const read = () => [...document.querySelectorAll('.ws-card .ws-value')].map(e => e.innerText).join('|');
    const before = read();
    clearInterval(window.watching);
    window.newFigures = 0;
    window.watching = setInterval(() => {{
        if (!window.newFigures && read() !== before) window.newFigures = Date.now();
    }}, {POLL_MS});
}}"""
WATCH_MAP: Final = f"""() => {{
    if (!window.paints) {{
        window.paints = 1;
        const paint = walkshed.paint;
        walkshed.paint = function () {{ paint.apply(this, arguments); window.paints++; }};
    }}
    const before = window.paints;
    clearInterval(window.watching);
    window.newMap = 0;
    window.watching = setInterval(() => {{
        if (!window.newMap && window.paints > before && walkshed.ready()) window.newMap = Date.now();
    }}, {POLL_MS});
}}"""


class Act(NamedTuple):
    """One act.

    Attributes
    ----------
    figures_s, map_s
        Seconds until the figures are new, and until the map is; infinite when there was no answer, and ``nan`` for
        figures that the act did not change.
    received
        Bytes.
    trouble
        Why it does not count as an act with new figures and map, ``""`` when it does.
    """

    figures_s: float
    map_s: float
    received: int
    trouble: str = ""


class OutOfReachError(Exception):
    """Nobody could have done this act on the page as it stands."""


def measured(visitor: Any, frame: Any, act: Callable[[], float]) -> Act:
    """Do something that changes figures and map, and measure it.

    Parameters
    ----------
    visitor
        From ``tests.app.conftest``.
    frame
        The map's.
    act
        Does it, and returns the moment from which the reader waits, in seconds since 1970.
    """
    page = visitor.page
    page.evaluate(WATCH_FIGURES)
    frame.evaluate(WATCH_MAP)
    visitor.received = 0
    try:
        began = act()
        frame.wait_for_function("window.newMap", timeout=WAIT_MS, polling=POLL_MS)
    except OutOfReachError as error:
        return Act(math.inf, math.inf, 0, str(error))
    except TimeoutError:
        return Act(math.inf, math.inf, visitor.received, NO_ANSWER)
    finally:
        visitor.settle()
        page.wait_for_timeout(REST_MS)
    drawn = frame.evaluate("window.newMap") / 1000 - began
    figures = page.evaluate("window.newFigures") / 1000
    if not figures:
        return Act(math.nan, drawn, visitor.received, NO_FIGURE)
    return Act(figures - began, drawn, visitor.received)


def measured_all(visitor: Any, frame: Any, acts: Iterable[Callable[[], float]]) -> list[Act]:
    """Measure acts one after another; one that the browser itself refuses is an act without an answer."""
    found: list[Act] = []
    for act in acts:
        try:
            found.append(measured(visitor, frame, act))
        except Error as error:
            found.append(Act(math.inf, math.inf, 0, error.message.splitlines()[0]))
    return found


def in_reach(page: Any, x: float, y: float) -> None:
    """Make sure that the mouse meets the map at a place of the window.

    Raises
    ------
    OutOfReachError
        It is outside the window, or something covers the map there.
    """
    script = "([x, y]) => document.elementFromPoint(x, y)?.tagName ?? ''"
    met = page.evaluate(script, [x, y])
    if met != "IFRAME":
        where = "covered by something" if met else "outside the window"
        message = f"a place on the map was {where}"
        raise OutOfReachError(message)


def now_s() -> float:
    """Return seconds since 1970, as the browser's own clock counts them."""
    return time.time()


def median_s(seconds: Sequence[float]) -> float:
    """Return the median; an act without an answer counts as endless, one that had nothing to show does not count."""
    known = [value for value in seconds if not math.isnan(value)]
    return statistics.median_high(known) if known else math.nan


def shown_s(seconds: float) -> str:
    """Return seconds as text."""
    if math.isnan(seconds):
        return "not measured"
    return f"{seconds:.2f} s" if math.isfinite(seconds) else f"over {WAIT_S:.0f} s"


def troubles(acts: Iterable[Act]) -> str:
    """Name what went wrong, and how often; ``"none"`` where nothing did."""
    counted = Counter(act.trouble for act in acts if act.trouble)
    return "; ".join(f"{count}x {what}" for what, count in counted.most_common()) or "none"

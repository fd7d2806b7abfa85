"""Every page on a hostile study: its names stay text, nothing is unreadable, unnamed or beyond the keyboard.

That no page complains in the console or asks another host, the fixture ``visit`` asserts of every visit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest

from walkshed.app import workspace
from walkshed.app.main import LANDING, VIEWS
from walkshed.app.study_files import copy_study
from walkshed.catalogue import text
from walkshed.files import write_whole
from walkshed.parameters import StudyConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

WAIT_MS = 120_000
IMAGE = "<img src=x onerror=window.hacked=1>"
HOSTILE = f"{IMAGE}'\"{{{{7*7}}}} **fett** :smile: $x^2$ [a](javascript:alert(1)) \u202e书屋\U0001f4da"
TABS = 20


def hostile_study(root: Path) -> str:
    """Make a private study whose title, rooms, units and sources are hostile; return the token that opens it."""
    config = StudyConfig.from_toml(root / "data" / "sample-district")

    def fill(folder: Path) -> None:
        copy_study(config, folder)
        copied = StudyConfig.from_toml(folder)
        rooms = pd.read_csv(copied.resolve(copied.facilities.path), encoding="gb18030", dtype=str)
        rooms.iloc[:, 1] = [f"{HOSTILE} {number}" for number in range(len(rooms))]
        rooms.iloc[0, 1] = HOSTILE + "长" * 2000
        write_whole(copied.resolve(copied.facilities.path), rooms.to_csv(index=False).encode("gb18030", "replace"))
        units = gpd.read_file(copied.resolve(copied.units.path))
        named = next(column for column in ("name", "名称", "单元名称") if column in units.columns)
        units[named] = [f"{IMAGE} {number}" for number in range(len(units))]
        write_whole(copied.resolve(copied.units.path), units.to_json(ensure_ascii=False))
        about = replace(copied.study, title_en=HOSTILE, title_zh=HOSTILE, note_en=HOSTILE, note_zh=HOSTILE)
        report = replace(copied.report, author_unit=HOSTILE, sources=(HOSTILE,))
        write_whole(folder / "study.toml", replace(copied, study=about, report=report).to_toml())

    return workspace.make_study(fill)


def settled(visitor: Any, name: str) -> None:
    """Wait until a page and its map, if it has one, are drawn."""
    visitor.page.locator(".ws-head").wait_for(timeout=WAIT_MS)
    visitor.settle()
    if name in {"coverage", "siting", "compare"}:
        visitor.map()


def is_text_only(visitor: Any) -> bool:
    """Say whether nothing hostile came alive, on the page or in a frame of it."""
    alive = 'window.hacked !== undefined || !!document.querySelector(\'img[src="x"], a[href^="javascript"]\')'
    return not any(frame.evaluate(alive) for frame in visitor.page.frames)


def test_every_page(visit: Callable[..., Any], root: Path) -> None:
    token = hostile_study(root)
    visitor = visit(f"/?own={token}&study=~own&lang=en&rooms=1")
    page = visitor.page
    settled(visitor, LANDING)
    page.evaluate((root / "tests" / "app" / "readable.js").read_text("utf-8"))
    found: dict[str, Any] = {}
    for name in VIEWS:
        page.get_by_role("link", name=text(f"app.page_{name}", "en"), exact=True).click()
        page.get_by_role("heading", name=text(f"app.page_{name}", "en"), exact=True).wait_for(timeout=WAIT_MS)
        settled(visitor, name)
        assert IMAGE in page.locator(".ws-study").first.inner_text()  # as text
        assert is_text_only(visitor), name
        if poor := page.evaluate("readable.contrast()"):
            found[f"{name}: poor contrast"] = poor
        if unnamed := page.evaluate("readable.unnamed()"):
            found[f"{name}: without a name"] = unnamed
        page.evaluate("document.activeElement.blur()")
        seen = []
        for _ in range(TABS):
            page.keyboard.press("Tab")
            if (now := page.evaluate("readable.focus()")) is not None:
                seen.append(now)
        assert len({what for what, _ in seen}) > 5, (name, seen)
        if hidden := sorted({what for what, shown in seen if not shown}):
            found[f"{name}: focus cannot be seen"] = hidden
    assert found == {}

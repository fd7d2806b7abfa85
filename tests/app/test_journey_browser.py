"""A planner's day in a real browser, from a file to the papers: upload, coverage, siting, drag, compare, export."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

WAIT_MS, WRITE_MS = 120_000, 240_000
HOSTILE = "<img src=x onerror=window.hacked=1>\u202e\u4e66\u5c4b\U0001f4da{{7*7}}"
ROOMS = f'name,longitude,latitude\n"{HOSTILE}",108.4715,29.5290\nSouth room,108.4722,29.5195\n'


def told(key: str, **fields: object) -> str:
    return text(f"app.{key}", "en", **fields)


def go(visitor: Any, page: str, language: str = "en") -> None:
    """Go to a page by its link, with the keyboard."""
    name = text(f"app.page_{page}", language)
    visitor.page.get_by_role("link", name=name, exact=True).focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_role("heading", name=name, exact=True).wait_for(timeout=WAIT_MS)
    visitor.settle()


def is_text_only(visitor: Any) -> bool:
    """Say whether nothing of the hostile name has become more than text, on the page or in its frames."""
    return all(
        frame.evaluate("window.hacked") is None and frame.locator('img[src="x"]').count() == 0
        for frame in visitor.page.frames
    )


def offer(visitor: Any) -> None:
    """Load the file on the data page."""
    go(visitor, "data")
    visitor.page.locator('input[type="file"]').set_input_files(
        {"name": "rooms.csv", "mimeType": "text/csv", "buffer": ROOMS.encode("utf-8-sig")}
    )


def upload(visitor: Any) -> None:
    """Use rooms of one's own, one under a name that would like to be more than a name."""
    page = visitor.page
    offer(visitor)
    page.get_by_role("button", name=told("use_file", count=2)).click()
    page.get_by_text(told("own_in_use")).wait_for(timeout=WAIT_MS)
    visitor.settle()
    assert is_text_only(visitor)


def cover(visitor: Any) -> str:
    """Look who is served by them; return the rate."""
    go(visitor, "coverage")
    frame = visitor.map()
    assert frame.evaluate("[...document.querySelectorAll('.walkshed-tag')].some(e => e.innerText.includes('<img'))")
    assert is_text_only(visitor)
    return str(visitor.rate())


def move_the_proposal(visitor: Any, today: str) -> str:
    """Look where the next room should stand, and what if it stood elsewhere; return the rate then."""
    page = visitor.page
    go(visitor, "siting")
    frame = visitor.map()
    drawn = "walkshed.layers['{}'] ? walkshed.layers['{}'].getLayers().length : 0"
    frame.wait_for_function(f"{drawn.format('proposals', 'proposals')} === 1", timeout=WAIT_MS)
    proposed = visitor.rate()
    assert proposed.startswith(today)
    sign = frame.evaluate_handle("walkshed.layers.proposals.getLayers()[0].getElement()").as_element().bounding_box()
    x, y = sign["x"] + sign["width"] / 2, sign["y"] + sign["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y + 40, steps=6)
    page.mouse.up()
    frame.wait_for_function(f"{drawn.format('hand', 'hand')} === 1", timeout=WAIT_MS)
    visitor.settle()
    by_hand = visitor.rate()
    assert by_hand != proposed
    return str(by_hand)


def take_along(visitor: Any, path: Path) -> None:
    """Write the tables in Chinese and fetch them."""
    page = visitor.page
    go(visitor, "export", "zh")
    page.locator('[data-testid="stImage"] img').first.wait_for(timeout=WAIT_MS)
    visitor.settle()
    for kind in ("docx", "pdf", "html", "sheets", "gpkg"):
        box = page.get_by_role("checkbox", name=text(f"app.format_{kind}", "zh"), exact=True)
        if box.is_checked():
            page.get_by_text(text(f"app.format_{kind}", "zh"), exact=True).click()
            visitor.settle()
    page.get_by_role("button", name=text("app.export_start", "zh"), exact=True).click()
    page.get_by_text(text("app.export_done", "zh", count=1)).wait_for(timeout=WRITE_MS)
    visitor.settle()
    with page.expect_download() as download:
        page.get_by_role("button", name=text("app.export_zip", "zh"), exact=True).click()
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["zh/tables.xlsx"]
        assert archive.testzip() is None
    assert is_text_only(visitor)


def test_a_planners_day(visit: Callable[..., Any], tmp_path: Path) -> None:
    visitor = visit("/?study=sample-district&lang=en&data=upload&rooms=1")
    page = visitor.page
    visitor.map()
    at_first = visitor.rate()
    upload(visitor)
    today = cover(visitor)
    assert today != at_first
    by_hand = move_the_proposal(visitor, today)
    go(visitor, "compare")
    visitor.map()
    assert by_hand.rsplit(maxsplit=1)[-1] in page.locator(".ws-cards").first.inner_text()
    assert is_text_only(visitor)
    page.get_by_text("中文", exact=True).click()
    page.get_by_role("heading", name=text("app.page_compare", "zh"), exact=True).wait_for(timeout=WAIT_MS)
    visitor.settle()
    take_along(visitor, tmp_path / "all.zip")


def test_the_first_page_is_found_under_its_name(visit: Callable[..., Any]) -> None:
    visitor = visit("/coverage?study=sample-district&lang=en")
    page = visitor.page
    page.get_by_role("heading", name=told("page_coverage"), exact=True).wait_for(timeout=WAIT_MS)
    visitor.map()
    assert page.get_by_role("dialog").count() == 0
    # Streamlit itself asks below the page's address first whether it is running there
    visitor.complaints[:] = [told for told in visitor.complaints if "404" not in told]


def test_the_recomputation_after_an_upload_can_be_stopped_and_the_study_stays(visit: Callable[..., Any]) -> None:
    visitor = visit("/?study=sample-district&lang=en&data=upload")
    page = visitor.page
    visitor.map()
    at_first = visitor.rate()
    offer(visitor)
    page.get_by_role("button", name=told("use_file", count=2)).click()
    page.get_by_role("button", name=told("stop"), exact=True).click()
    page.get_by_text(told("stopped_unchanged")).wait_for(timeout=WAIT_MS)
    visitor.settle()
    assert "own=" not in page.url
    assert page.get_by_text(told("own_in_use")).count() == 0
    assert page.get_by_role("button", name=told("use_file", count=2)).is_enabled()
    go(visitor, "coverage")
    visitor.map()
    assert visitor.rate() == at_first

"""Compare and export in a real browser: a plan is kept, compared, taken over, and everything is written and fetched."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app.comparemap import COLOURS
from walkshed.app.sides import GAINED
from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.browser

WAIT_MS, WRITE_MS = 120_000, 240_000
ANOTHER = """before => {
    const shown = document.querySelector('.ws-card .ws-value');
    return shown && shown.innerText !== before;
}"""
HOSTILE = "<img src=x onerror=window.hacked=1>'\"{{7*7}} \u202e书屋"


def said(key: str, **fields: object) -> str:
    return text(f"app.{key}", "zh", **fields)


def test_a_plan_is_compared_taken_over_and_exported(visit: Callable[..., Any], tmp_path: Any) -> None:
    visitor = visit("?study=helsinki")
    page = visitor.page
    visitor.map()
    page.get_by_role("link", name=said("page_compare"), exact=True).click()
    page.get_by_role("heading", name=said("page_compare"), exact=True).wait_for(timeout=WAIT_MS)
    frame = visitor.map()
    gained = f"walkshed.layers.homes.getLayers().filter(l => l.options.fillColor === '{COLOURS[GAINED]}').length"
    assert frame.evaluate(gained) > 0
    pins = frame.evaluate("walkshed.layers['new-rooms'].drawn()")
    assert pins == 3
    visitor.settle()

    page.get_by_label(said("plan_name")).fill(HOSTILE)
    page.get_by_role("button", name=said("save_plan_button"), exact=True).click()
    page.get_by_role("status").filter(has_text="onerror").wait_for(timeout=WAIT_MS)
    visitor.settle()
    assert page.evaluate("window.hacked") is None
    assert page.locator('img[src="x"]').count() == 0

    before = visitor.rate()
    visitor.count_anew()
    page.get_by_role("radio", name="5", exact=True).or_(page.get_by_role("button", name="5", exact=True)).first.click()
    page.wait_for_function(ANOTHER, arg=before, timeout=WAIT_MS)
    visitor.settle()
    assert visitor.received < 400_000

    page.get_by_text(said("accept_as", status=text("report.status_open", "zh")), exact=True).last.click()
    visitor.settle()
    page.get_by_role("button", name=said("accept_button", count=3), exact=True).click()
    page.get_by_role("status").filter(has_text=said("side_current")).wait_for(timeout=WAIT_MS)
    page.wait_for_function("location.search.includes('own=')", timeout=WAIT_MS)

    page.get_by_role("link", name=said("page_export"), exact=True).click()
    page.get_by_role("heading", name=said("page_export"), exact=True).wait_for(timeout=WAIT_MS)
    page.locator('[data-testid="stImage"] img').first.wait_for(timeout=WAIT_MS)
    visitor.settle()
    page.get_by_label(said("export_title_zh")).fill(HOSTILE)
    page.keyboard.press("Enter")
    visitor.settle()
    for kind in ("docx", "pdf", "html", "sheets"):
        page.get_by_text(said(f"format_{kind}"), exact=True).click()
        visitor.settle()
    ticked = page.get_by_role("checkbox", checked=True)
    assert sorted(ticked.nth(k).get_attribute("aria-label") for k in range(ticked.count())) == sorted(
        said(f"format_{kind}") for kind in ("xlsx", "gpkg")
    )
    page.get_by_role("button", name=said("export_start"), exact=True).click()
    page.get_by_text(said("export_done", count=2)).wait_for(timeout=WRITE_MS)
    visitor.settle()
    with page.expect_download() as download:
        page.get_by_role("button", name=said("export_zip"), exact=True).click()
    path = tmp_path / "all.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"zh/tables.xlsx", "layers.gpkg"}
        assert archive.testzip() is None
    assert page.evaluate("window.hacked") is None


def test_taking_a_plan_over_can_be_stopped_and_the_page_says_so(visit: Callable[..., Any]) -> None:
    visitor = visit("?study=sample-district&rooms=1")
    page = visitor.page
    visitor.map()
    page.get_by_role("link", name=said("page_compare"), exact=True).click()
    page.get_by_role("heading", name=said("page_compare"), exact=True).wait_for(timeout=WAIT_MS)
    visitor.map()
    page.get_by_role("button", name=said("accept_button", count=1), exact=True).click()
    page.get_by_role("button", name=said("stop"), exact=True).click()
    page.get_by_text(said("stopped_unchanged")).wait_for(timeout=WAIT_MS)
    visitor.settle()
    assert page.get_by_role("heading", name=said("page_compare"), exact=True).count() == 1
    assert "own=" not in page.url


def test_nothing_moves_and_nothing_is_drawn_anew_while_formats_are_ticked(visit: Callable[..., Any]) -> None:
    visitor = visit("?study=sample-district")
    page = visitor.page
    visitor.map()
    page.get_by_role("link", name=said("page_export"), exact=True).click()
    picture = page.locator('[data-testid="stImage"] img').first
    picture.wait_for(timeout=WAIT_MS)
    page.get_by_text(said("preview_pages"), exact=True).click()
    page.get_by_text(said("preview_page"), exact=True).wait_for(timeout=WAIT_MS)
    visitor.settle()
    start = page.get_by_role("button", name=said("export_start"), exact=True)
    stop = page.get_by_role("button", name=said("stop"), exact=True)
    drawn = picture.get_attribute("src")
    page.get_by_text(said("format_csv"), exact=True).click()
    page.get_by_role("checkbox", name=said("format_csv"), checked=True).wait_for(timeout=WAIT_MS)
    visitor.settle()
    assert stop.count() == 0
    assert picture.get_attribute("src") == drawn

    page.get_by_label(said("export_author_unit")).fill("图书馆")
    before = start.bounding_box()
    page.keyboard.press("Enter")
    stop.wait_for(timeout=WAIT_MS)  # while the report is drawn anew with its unit
    assert start.bounding_box() == before
    stop.wait_for(state="detached", timeout=WAIT_MS)
    visitor.settle()
    assert start.bounding_box() == before
    assert picture.get_attribute("src") != drawn


def test_an_export_can_be_stopped(visit: Callable[..., Any]) -> None:
    visitor = visit("?study=helsinki")
    page = visitor.page
    visitor.map()
    page.get_by_role("link", name=said("page_export"), exact=True).click()
    page.locator('[data-testid="stImage"] img').first.wait_for(timeout=WAIT_MS)
    visitor.settle()
    page.get_by_role("button", name=said("export_start"), exact=True).click()
    page.get_by_role("button", name=said("export_cancel"), exact=True).click()
    page.get_by_text(said("export_cancelled")).wait_for(timeout=WRITE_MS)
    assert page.get_by_role("button", name=said("export_start"), exact=True).is_enabled()


@pytest.mark.parametrize("name", ["compare", "export", "methods"])
def test_a_narrow_screen_holds_the_page(visit: Callable[..., Any], name: str) -> None:
    visitor = visit("?study=helsinki")
    page = visitor.page
    visitor.map()
    page.set_viewport_size({"width": 1024, "height": 768})
    page.get_by_role("link", name=said(f"page_{name}"), exact=True).click()
    page.get_by_role("heading", name=said(f"page_{name}"), exact=True).wait_for(timeout=WAIT_MS)
    visitor.settle()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    wide = "[...document.querySelectorAll('.ws-card *')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(wide) == 0

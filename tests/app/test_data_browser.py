"""A day at the Data page in a real browser: load, map, use, reload, edit by a click, save, open elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from walkshed.catalogue import text
from walkshed.coordinates import wgs84_to_gcj02

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

DRAW_MS, POLL_MS = 120_000, 100
FRAME = 'iframe[title="streamlit_folium.st_folium"]'
PLACES = {"北站书屋": (108.4715, 29.5290), "南区书屋": (108.4722, 29.5195), "东门书屋": (108.4760, 29.5255)}


def zh(key: str, **fields: object) -> str:
    return text(f"app.{key}", "zh", **fields)


def odd_csv() -> bytes:
    """Return rooms in GCJ-02 under headers that nobody could guess."""
    rows = ["甲,乙,丙"]
    for name, (lon, lat) in PLACES.items():
        x, y = wgs84_to_gcj02(lon, lat)
        rows.append(f"{name},{float(x):.6f},{float(y):.6f}")
    return ("\n".join(rows) + "\n").encode("gb18030")


def choose(visitor: Any, key: str, option: str) -> None:
    """Choose in the list box whose key begins so."""
    visitor.page.locator(f'[class*="st-key-{key}"] input').first.click()
    visitor.page.get_by_role("option", name=option, exact=True).click()
    visitor.settle()


def go(visitor: Any, page: str) -> None:
    visitor.page.get_by_role("link", name=zh(f"page_{page}"), exact=True).click()
    visitor.page.get_by_role("heading", name=zh(f"page_{page}"), exact=True).wait_for(timeout=DRAW_MS)
    visitor.settle()


def section(visitor: Any, name: str) -> None:
    label = zh(f"section_{name}")
    page = visitor.page
    page.get_by_role("radio", name=label, exact=True).or_(
        page.get_by_role("button", name=label, exact=True)
    ).first.click()
    visitor.settle()


def names_on_the_map(visitor: Any) -> str:
    frame = visitor.map()
    shown: str = frame.evaluate(
        "[...document.querySelectorAll('.leaflet-marker-icon')].map(e => e.innerText).join('|')"
    )
    return shown


def own_of(visitor: Any) -> str:
    return parse_qs(urlsplit(visitor.page.url).query)["own"][0]


def load_and_use(visitor: Any) -> None:
    """Load the rooms, map their columns, choose the datum, look at the map, use them."""
    page = visitor.page
    page.locator('input[type="file"]').set_input_files(
        {"name": "书屋.csv", "mimeType": "text/csv", "buffer": odd_csv()}
    )
    page.get_by_text(zh("mapping_title"), exact=True).wait_for(timeout=DRAW_MS)
    visitor.settle()
    use = page.get_by_role("button", name=zh("use_file", count=3))
    assert use.count() == 0
    for field, column in (("name", "甲"), ("lon", "乙"), ("lat", "丙")):
        choose(visitor, f"map_facilities_{field}_", column)
    choose(visitor, "datum_facilities_widget", zh("datum_gcj02"))
    page.frame_locator(FRAME).locator(".leaflet-container").wait_for(timeout=DRAW_MS)
    page.query_selector(FRAME).content_frame().wait_for_function(
        "window.walkshed && walkshed.layers.preview && walkshed.layers.preview.drawn() === 3",
        timeout=DRAW_MS,
        polling=POLL_MS,
    )
    use.click()
    page.get_by_text(zh("own_in_use")).wait_for(timeout=DRAW_MS)
    visitor.settle()


def place_by_click(visitor: Any) -> None:
    """Choose a room, click on the map where it shall be, save."""
    page = visitor.page
    save = page.get_by_role("button", name=zh("rooms_save", count=3))
    assert save.is_disabled()
    choose(visitor, "rooms_row", "1. 北站书屋")
    frame = page.query_selector(FRAME).content_frame()
    frame.wait_for_selector(".leaflet-container", timeout=DRAW_MS)
    frame.wait_for_function(
        "window.walkshed && walkshed.ready() && walkshed.layers.rooms", timeout=DRAW_MS, polling=POLL_MS
    )
    page.wait_for_timeout(1500)  # the map goes to the district
    page.frame_locator(FRAME).locator(".leaflet-container").click(position={"x": 120, "y": 330})
    page.wait_for_function(
        "label => [...document.querySelectorAll('button')].some(b => b.innerText.includes(label) && !b.disabled)",
        arg=zh("rooms_save", count=3),
        timeout=DRAW_MS,
        polling=POLL_MS,
    )
    visitor.settle()
    save.click()
    page.get_by_text(zh("rooms_saved", count=3)).wait_for(timeout=DRAW_MS)


def test_a_file_becomes_a_study_that_outlives_the_page(visit: Callable[..., Any], tmp_path: Path) -> None:
    visitor = visit("/?study=sample-district&lang=zh")
    visitor.map()
    before = visitor.rate()
    go(visitor, "data")
    section(visitor, "upload")
    load_and_use(visitor)

    # the figures change, on the other pages too, and stay after a reload
    go(visitor, "coverage")
    after = visitor.rate()
    assert after != before
    assert "北站书屋" in names_on_the_map(visitor)
    visitor.page.reload()
    visitor.settle()
    assert "北站书屋" in names_on_the_map(visitor)
    assert visitor.rate() == after

    go(visitor, "data")
    section(visitor, "rooms")
    place_by_click(visitor)
    go(visitor, "coverage")
    visitor.map()
    edited = visitor.rate()
    assert edited != after

    # saved as a file and opened by somebody else, who sees nothing of it before
    go(visitor, "data")
    section(visitor, "study")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name=zh("save_button")).click()
    download.value.save_as(tmp_path / "saved.zip")
    other = visit("/?study=sample-district&lang=zh")
    other.map()
    assert other.rate() == before
    go(other, "data")
    section(other, "study")
    other.page.locator('input[type="file"]').set_input_files(tmp_path / "saved.zip")
    other.page.get_by_role("button", name=zh("open_button"), exact=True).click()
    other.page.get_by_text(zh("opened", name="saved.zip")).wait_for(timeout=DRAW_MS)
    other.settle()
    go(other, "coverage")
    assert "北站书屋" in names_on_the_map(other)
    assert other.rate() == edited
    assert own_of(other) != own_of(visitor)


def test_a_wrong_token_opens_nothing(visit: Callable[..., Any]) -> None:
    visitor = visit("/?study=~own&own=AAAAAAAAAAAAAAAAAAAAAA&lang=zh")
    visitor.map()
    visitor.page.get_by_text(zh("own_lost")).wait_for(timeout=DRAW_MS)
    assert "own=" not in visitor.page.url


def test_the_data_page_fits_a_narrow_screen(visit: Callable[..., Any]) -> None:
    visitor = visit("/?study=sample-district&lang=en&data=list")
    visitor.map()
    page = visitor.page
    page.set_viewport_size({"width": 1024, "height": 768})
    page.get_by_role("link", name=text("app.page_data", "en"), exact=True).click()
    page.locator(".ws-checklist").wait_for(timeout=DRAW_MS)
    visitor.settle()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.querySelector('.ws-checklist').scrollWidth <= window.innerWidth")

"""The app in a real browser: the map is drawn, controls work, nothing leaves the machine, names stay text."""

from __future__ import annotations

from typing import Any

import pytest

from walkshed.catalogue import text

pytestmark = pytest.mark.browser

DRAW_MS, POLL_MS = 120_000, 100
OF_A_LIMIT = {"bands", "band-lines", "gaps"}
"""Layers that another time limit may fetch; homes, streets and water it may not."""
HOSTILE = "<img src=x onerror=window.hacked=1>'\"{{7*7}} \u202e书屋\U0001f4da" + "长" * 2000


def test_the_map_shows_homes_isochrones_gaps_and_rooms(visitor: Any) -> None:
    frame = visitor.map()
    for layer in ("homes", "bands", "gaps", "facilities", "streets", "backdrop"):
        assert frame.evaluate(f"walkshed.layers['{layer}'] ? walkshed.layers['{layer}'].drawn() : 0") > 0, layer
    assert frame.evaluate("document.querySelectorAll('canvas').length") > 0
    attribution = frame.locator(".leaflet-control-attribution").inner_text()
    assert "OpenStreetMap" in attribution
    assert frame.locator(".leaflet-control-attribution svg").count() == 0


def shapes(fetched: list[str]) -> set[str]:
    """Return which layers were fetched by address."""
    return {url.rsplit("/", 1)[-1].rsplit("-", 1)[0] for url in fetched if url.endswith(".json")}


def test_another_time_limit_changes_figures_and_colours_but_sends_no_home(visitor: Any) -> None:
    frame = visitor.map()
    fetched: list[str] = []
    visitor.page.on("request", lambda request: fetched.append(request.url))
    before, canvases = visitor.rate(), frame.evaluate("document.querySelectorAll('canvas').length")
    colours = "walkshed.layers.homes.getLayers().map(l => l.options.fillColor).join()"
    painted = frame.evaluate(colours)
    visitor.count_anew()
    visitor.page.get_by_role("radio", name="5", exact=True).or_(
        visitor.page.get_by_role("button", name="5", exact=True)
    ).first.click()
    after = visitor.wait_for_another_rate(before)
    assert float(after.rstrip("%")) < float(before.rstrip("%"))
    frame.wait_for_function(f"before => {colours} !== before", arg=painted, timeout=DRAW_MS, polling=POLL_MS)
    assert shapes(fetched) <= OF_A_LIMIT
    assert visitor.received < 200_000
    assert frame.evaluate("document.querySelectorAll('canvas').length") <= canvases


def test_a_home_tells_its_walk_on_hovering(visitor: Any) -> None:
    frame = visitor.map()
    frame.evaluate("""() => {
        const home = walkshed.layers.homes.getLayers()[0];
        walkshed.layers.homes.openTooltip(home.getBounds().getCenter());
        home.fire('mouseover', {latlng: home.getBounds().getCenter()}, true);
    }""")
    tip = frame.locator(".leaflet-tooltip.walkshed-tip").last
    tip.wait_for(timeout=DRAW_MS)
    assert text("app.fact_minutes", "zh") in tip.inner_text()
    assert text("app.fact_residents", "zh") in tip.inner_text()


def test_language_and_pages(visitor: Any) -> None:
    visitor.map()
    page = visitor.page
    page.get_by_text("English", exact=True).click()
    page.get_by_role("heading", name=text("app.page_coverage", "en")).wait_for(timeout=DRAW_MS)
    visitor.map()
    page.get_by_role("link", name=text("app.page_siting", "en")).click()
    page.get_by_role("heading", name=text("app.page_siting", "en")).wait_for(timeout=DRAW_MS)
    frame = visitor.map()
    frame.wait_for_function(
        "walkshed.layers.proposals && walkshed.layers.proposals.drawn() === 3", timeout=DRAW_MS, polling=POLL_MS
    )
    before = visitor.rate()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    visitor.wait_for_another_rate(before)
    frame.wait_for_function("walkshed.layers.proposals.drawn() === 2", timeout=DRAW_MS, polling=POLL_MS)
    for name in ("data", "methods"):
        page.get_by_role("link", name=text(f"app.page_{name}", "en"), exact=True).click()
        page.get_by_role("heading", name=text(f"app.page_{name}", "en"), exact=True).wait_for(timeout=DRAW_MS)
        page.locator(".ws-table").first.wait_for(timeout=DRAW_MS)


def test_uploaded_names_stay_text_everywhere(visitor: Any) -> None:
    visitor.map()
    page = visitor.page
    page.goto(f"{visitor.address}/?data=upload")
    page.get_by_role("link", name=text("app.page_data", "zh"), exact=True).click()
    quoted = HOSTILE.replace('"', '""')
    table = f'name,longitude,latitude\n"{quoted}",24.9405,60.1770\n'
    page.locator('input[type="file"]').set_input_files(
        {"name": "rooms.csv", "mimeType": "text/csv", "buffer": table.encode("utf-8-sig")}
    )
    page.get_by_role("button", name=text("app.use_file", "zh", count=1)).click()
    page.get_by_text(text("app.own_in_use", "zh")).wait_for(timeout=DRAW_MS)
    page.get_by_role("link", name=text("app.page_coverage", "zh"), exact=True).click()
    page.get_by_role("heading", name=text("app.page_coverage", "zh")).wait_for(timeout=DRAW_MS)
    frame = visitor.map()
    sign = frame.locator(".walkshed-icon:has(svg)").first
    sign.click()
    frame.locator(".leaflet-popup-content").wait_for(timeout=DRAW_MS)
    assert "<img src=x onerror=window.hacked=1>" in frame.locator(".leaflet-popup-content").inner_text()
    for place in (page, frame):
        assert place.evaluate("window.hacked") is None
        assert place.locator('img[src="x"]').count() == 0


def test_a_narrow_screen_cuts_off_no_figure(visitor: Any) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 1024, "height": 768})
    visitor.map()
    wide = "[...document.querySelectorAll('.ws-card *')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(wide) == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

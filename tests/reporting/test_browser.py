"""The web map in a real browser: no request, no error, drawn, switchable, and no name ever runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pypdfium2
import pytest
import shapely
from playwright.sync_api import sync_playwright

from walkshed.reporting.leaflet import CompactLayer, FitArea, OfflineMap, Paint, compact_payload
from walkshed.reporting.webmap import write_webmap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from walkshed.results import StudyResult

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INKED = """canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let inked = 0;
    for (let i = 3; i < pixels.length; i += 4) if (pixels[i]) inked++;
    return inked;
}"""


class Visit(NamedTuple):
    """A page, and what it did that it should not."""

    page: Page
    requests: list[str]
    problems: list[str]


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=list(FLAGS))
        yield opened
        opened.close()


@contextmanager
def visiting(browser: Browser, path: Path, width: int = 1280, height: int = 800) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": width, "height": height})
    visit = Visit(page, [], [])
    page.on("request", lambda request: visit.requests.append(request.url))
    # these tests read canvases, which Chromium comments on; the page itself never does
    page.on(
        "console",
        lambda message: "getImageData" in message.text or visit.problems.append(f"{message.type}: {message.text}"),
    )
    page.on("pageerror", lambda error: visit.problems.append(str(error)))
    page.on("dialog", lambda dialog: (visit.problems.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.goto(path.as_uri())
    page.wait_for_function("window.walkshed && walkshed.ready()")
    page.wait_for_timeout(300)
    yield visit
    page.close()


def only_itself(visit: Visit, path: Path) -> bool:
    return [url for url in visit.requests if not url.startswith("data:")] == [path.as_uri()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_map_is_drawn_without_a_request(
    browser: Browser, result: StudyResult, tmp_path: Path, language: str
) -> None:
    path = tmp_path / "map.html"
    write_webmap(result, path, language=language)
    with visiting(browser, path) as visit:
        page = visit.page
        assert only_itself(visit, path)
        assert visit.problems == []
        assert page.evaluate("walkshed.layers.homes.drawn()") == len(result.demand)
        assert page.evaluate("walkshed.layers.gaps.drawn()") == len(result.gaps)
        assert page.evaluate("walkshed.layers.facilities.drawn()") == 3
        for layer in ("backdrop", "streets", "units", "boundary", "bands", "band-lines", "homes", "gaps"):
            assert page.locator(f".leaflet-walkshed-{layer}-pane canvas").evaluate(INKED) > 100, layer
        credit = page.locator(".leaflet-control-attribution").inner_text()
        assert "© OpenStreetMap" in credit
        assert "Leaflet" not in credit
        assert page.locator(".leaflet-control-scale-line").count() == 1
        assert page.locator(".walkshed-panel .walkshed-value").first.inner_text() == "25.0%"


def test_homes_tell_about_themselves_and_layers_can_be_switched(
    browser: Browser, result: StudyResult, tmp_path: Path
) -> None:
    path = tmp_path / "map.html"
    write_webmap(result, path, language="en")
    with visiting(browser, path) as visit:
        page = visit.page
        row = int(np.flatnonzero(result.demand["covered"])[3])
        point = result.demand.geometry.representative_point().iloc[row]
        spot = page.evaluate(
            """([lat, lon]) => {
                const map = Object.values(window).find(value => value instanceof L.Map);
                map.setView([lat, lon], 18, {animate: false});
                const at = map.latLngToContainerPoint([lat, lon]);
                return [at.x, at.y];
            }""",
            [point.y, point.x],
        )
        page.wait_for_timeout(200)
        page.mouse.move(spot[0] - 1, spot[1] - 1)
        page.mouse.move(*spot)
        tip = page.locator(".leaflet-tooltip").inner_text()
        home = result.demand.iloc[row]
        assert f"{home['minutes']:.1f}" in tip
        assert f"{home['population']:.0f}" in tip
        assert "西永智慧书房" in tip

        switch = page.locator(".walkshed-legend label", has_text="Homes").locator("input")
        canvas = page.locator(".leaflet-walkshed-homes-pane canvas")
        assert canvas.evaluate(INKED) > 0
        switch.uncheck()
        page.wait_for_timeout(100)
        assert canvas.count() == 0 or canvas.evaluate(INKED) == 0
        switch.check()
        page.wait_for_timeout(100)
        assert canvas.evaluate(INKED) > 0
        assert visit.problems == []


def test_labels_cover_neither_each_other_nor_the_panels(browser: Browser, result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    write_webmap(result, path)
    with visiting(browser, path, 1024, 768) as visit:
        boxes = visit.page.eval_on_selector_all(
            ".walkshed-tag:not(.walkshed-hidden), .walkshed-card",
            "tags => tags.map(tag => tag.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])",
        )
        assert len(boxes) > 6
        rectangles = [shapely.box(*box) for box in boxes]
        for i, one in enumerate(rectangles):
            for other in rectangles[:i]:
                assert one.intersection(other).area == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_names_are_shown_and_never_run(
    browser: Browser, hostile: StudyResult, hostile_texts: tuple[str, ...], tmp_path: Path, language: str
) -> None:
    path = tmp_path / "map.html"
    write_webmap(hostile, path, language=language)
    with visiting(browser, path) as visit:
        page = visit.page
        title = page.locator(".walkshed-panel > summary").inner_text()
        assert (hostile_texts[1] if language == "zh" else hostile_texts[0]) in title
        markers = page.locator(".leaflet-marker-icon", has=page.locator(".walkshed-symbol svg"))
        seen = []
        for i in range(markers.count()):
            markers.nth(i).dispatch_event("click")
            seen.append(page.locator(".leaflet-popup .walkshed-name").last.inner_text())
            markers.nth(i).dispatch_event("mouseover")
        assert "<img src=x onerror=alert(1)>" in seen
        assert "</script><script>alert(2)</script>" in seen
        assert "{{ 7 * 7 }}{% raw %}" in seen
        page.locator(".walkshed-notes > summary").click()
        assert "<img src=x onerror=alert(1)>" in page.locator(".walkshed-notes").inner_text()
        page.wait_for_timeout(200)
        assert page.locator("img").count() == 0
        assert visit.problems == []
        assert only_itself(visit, path)


def test_shapes_arrive_in_the_browser_as_they_left(browser: Browser, tmp_path: Path) -> None:
    shapes: list[Any] = [
        shapely.box(106.37, 29.59, 106.38, 29.6) - shapely.box(106.373, 29.593, 106.376, 29.596),
        None,
        shapely.MultiPolygon([shapely.box(106.3, 29.5, 106.31, 29.51), shapely.box(106.32, 29.5, 106.33, 29.51)]),
        shapely.Point(106.35, 29.55),
        shapely.LineString([(106.3, 29.5), (106.4, 29.6)]),
    ]
    drawn = OfflineMap([29.55, 106.35], language="en")
    payload = compact_payload(shapes, classes=np.array([0, 0, 1, 0, 1]))
    looks = [{"color": "#ff0000"}, {"color": "#0000ff"}]
    CompactLayer("shapes", payload, looks=looks, style={"fillOpacity": 1}).add_to(drawn)
    FitArea((106.3, 29.5, 106.4, 29.6)).add_to(drawn)
    Paint("shapes", np.array([1, 0, 1, 1, 0])).add_to(drawn)
    path = tmp_path / "shapes.html"
    path.write_text(drawn.page.render(), encoding="utf-8")
    with visiting(browser, path) as visit:
        features = visit.page.evaluate(
            "([text, scale]) => walkshed.decode(text, scale)", [payload["geometry"], payload["scale"]]
        )
        rings = [[[(lon, lat) for lat, lon in ring] for ring in part] for part in features[0]["at"]]
        assert shapely.Polygon(rings[0][0], rings[0][1:]).normalize().equals_exact(shapes[0].normalize(), 1e-6)
        assert features[1] == {"kind": 0, "at": None}
        assert len(features[2]["at"]) == 2
        assert features[3]["at"] == pytest.approx([29.55, 106.35])
        assert features[4]["at"][0][1] == pytest.approx([29.6, 106.4])
        assert visit.page.evaluate("walkshed.layers.shapes.drawn()") == 4
        colours = visit.page.evaluate("walkshed.layers.shapes.getLayers().map(shape => shape.options.color)")
        assert colours == ["#0000ff", "#0000ff", "#0000ff", "#ff0000"], "painted anew"
        hole = visit.page.evaluate(
            """([[lat, lon], [inner_lat, inner_lon]]) => {
                const map = Object.values(window).find(value => value instanceof L.Map);
                const canvas = document.querySelector('.leaflet-walkshed-shapes-pane canvas');
                const box = canvas.getBoundingClientRect(), rim = map.getContainer().getBoundingClientRect();
                const ratio = canvas.width / box.width;
                return [[lat, lon], [inner_lat, inner_lon]].map(place => {
                    const at = map.latLngToContainerPoint(place);
                    const x = (at.x + rim.left - box.left) * ratio, y = (at.y + rim.top - box.top) * ratio;
                    return canvas.getContext('2d').getImageData(x, y, 1, 1).data[3];
                });
            }""",
            [[29.5915, 106.3715], [29.5945, 106.3745]],
        )
        assert hole[0] == 255
        assert hole[1] == 0, "a courtyard stays open"
        assert visit.problems == []


def test_on_paper_stand_figures_and_legend_without_the_controls(
    browser: Browser, result: StudyResult, tmp_path: Path
) -> None:
    path = tmp_path / "map.html"
    write_webmap(result, path, language="zh")
    with visiting(browser, path) as visit:
        page = visit.page
        assert page.locator(".walkshed-panel .walkshed-figure").count() == 3
        assert page.locator(".walkshed-legend .walkshed-row").count() > 8
        assert page.locator(".walkshed-search").is_visible()
        page.emulate_media(media="print")
        assert page.locator(".walkshed-search").is_hidden()
        assert page.locator(".leaflet-control-zoom").is_hidden()
        for kept in (".walkshed-panel", ".walkshed-legend", ".leaflet-control-attribution"):
            assert page.locator(kept).is_visible(), kept
        sheet = tmp_path / "map.pdf"
        page.pdf(path=sheet, prefer_css_page_size=True)
    with pypdfium2.PdfDocument(sheet) as book:
        assert len(book) == 1
        assert tuple(round(side) for side in book[0].get_size()) == (842, 595), "A4, the long side lying"
        text = "".join(book[0].get_textpage().get_text_range().split())
    assert "25.0%" in text
    assert "图例" in text
    assert "OpenStreetMap" in text


def test_a_room_is_found_by_name_with_the_keyboard_alone(browser: Browser, result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    write_webmap(result, path, language="zh")
    with visiting(browser, path) as visit:
        page, search = visit.page, visit.page.locator(".walkshed-search")
        before = page.locator(".leaflet-control-scale-line").inner_text()
        page.keyboard.press("Tab")
        search.locator("input").focus()
        page.keyboard.type("西永智慧书房")
        hit = search.locator("button").first
        hit.wait_for()
        assert hit.locator(".walkshed-name").inner_text() == "西永智慧书房"
        page.keyboard.press("Enter")
        page.wait_for_timeout(900)
        assert page.locator(".leaflet-control-scale-line").inner_text() != before, "the map went there"
        search.locator("input").fill("nothing has this name")
        assert search.locator("li").inner_text() == "没有找到"
        page.keyboard.press("Escape")
        assert search.locator("ul").is_hidden()
        assert visit.problems == []


def test_names_in_the_search_stay_text(browser: Browser, hostile: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    write_webmap(hostile, path, language="zh")
    with visiting(browser, path) as visit:
        visit.page.locator(".walkshed-search input").fill("onerror")
        visit.page.locator(".walkshed-search button").first.wait_for()
        assert visit.page.locator(".walkshed-search img").count() == 0
        assert "<img src=x onerror=alert(1)>" in visit.page.locator(".walkshed-search ul").inner_text()
        assert visit.problems == []

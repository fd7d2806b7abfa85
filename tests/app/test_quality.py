"""The app on a whole city in a real browser: 20 thousand homes, nothing from elsewhere, little sent, little held.

How fast it is stands in ``docs/benchmarks-app.md``; no test here depends on the clock.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from walkshed.app.assets import icon_png
from walkshed.catalogue import text
from walkshed.coordinates import wgs84_to_gcj02
from walkshed.parameters import BoundarySource, FacilitySource, NetworkSource, StudyConfig, Walking
from walkshed.planning import CandidateSource, Siting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

DRAW_MS, POLL_MS = 600_000, 100
RATE_CHANGED = "before => document.querySelector('.ws-card .ws-value').innerText !== before"
MAX_PAYLOAD = 100_000
MAX_HEAP = 300_000_000
MAP_FRAME = 'iframe[title="streamlit_folium.st_folium"]'
PLACE_OF = """(() => {{
    const first = walkshed.layers['{layer}'] && walkshed.layers['{layer}'].getLayers()[0];
    return first ? [first.getLatLng().lng, first.getLatLng().lat] : null;
}})()"""
CODES = "walkshed.layers.homes.getLayers().map(l => l.walkshedCode).join('')"


@pytest.fixture(scope="session")
def city(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one study: all of Las Palmas."""
    area = shared_data / "las-palmas"
    folder = tmp_path_factory.mktemp("studies")
    (folder / "las-palmas").mkdir()
    config = StudyConfig(
        boundary=BoundarySource(source="file", path=str(area / "boundary.geojson")),
        network=NetworkSource(path=str(area / "las-palmas.osm.pbf")),
        facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
        walking=Walking(compare_profiles=("senior",)),
        candidates=CandidateSource(spacing_m=250.0),
        siting=Siting(curve_max=0, robustness=False, mip_gap=0.01),
    )
    (folder / "las-palmas" / "study.toml").write_text(config.to_toml(), encoding="utf-8")
    return folder


class TileServer(BaseHTTPRequestHandler):
    """Answers as the services do: /z/x/y.png with a picture, anything else with 404."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        parts = self.path.split("?")[0].strip("/").removesuffix(".png").split("/")
        good = len(parts) == 3 and all(part.isdigit() for part in parts) and self.path.endswith(".png")
        self.send_response(200 if good else 404)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        if good:
            self.wfile.write(icon_png())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Be silent."""


@pytest.fixture(scope="session")
def tiles() -> Iterator[str]:
    """Return the address of a local tile server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), TileServer) as server:  # leaving closes the socket that listens
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def city_server(city: Path, tiles: str, serve: Callable[..., str]) -> str:
    """Return the address of an app that offers Las Palmas and takes its tiles from the local server."""
    return serve(
        WALKSHED_STUDIES=str(city),
        WALKSHED_TILES_OSM=tiles + "/{z}/{x}/{y}.png",
        WALKSHED_TILES_AMAP=tiles + "/{z}/{x}/{y}.png",
    )


def change(visitor: Any, frame: Any, minutes: str) -> None:
    """Choose other minutes and wait for the figures and the map that they give."""
    page = visitor.page
    rate, codes = visitor.rate(), frame.evaluate(CODES)
    page.get_by_role("radio", name=minutes, exact=True).or_(
        page.get_by_role("button", name=minutes, exact=True)
    ).first.click()
    page.wait_for_function(RATE_CHANGED, arg=rate, timeout=DRAW_MS, polling=POLL_MS)
    frame.wait_for_function(f"before => {CODES} !== before", arg=codes, timeout=DRAW_MS, polling=POLL_MS)
    visitor.map()
    page.wait_for_timeout(1500)


def choose_ground(visitor: Any, name: str) -> None:
    """Choose a base map; a list that is open when its page is drawn anew closes, and is opened again."""
    visitor.settle()
    option = visitor.page.get_by_role("option", name=text(f"app.ground_{name}", "en"))
    for _ in range(10):
        visitor.page.get_by_role("combobox", name=text("app.ground", "en")).click()
        try:
            option.click(timeout=4000)
        except PlaywrightTimeoutError:
            visitor.page.keyboard.press("Escape")
        else:
            return
    pytest.fail(f"the list of base maps does not stay open long enough to choose {name}")


def test_a_city_in_the_browser(visit: Callable[..., Any], city_server: str) -> None:
    visitor = visit("/?study=las-palmas", at=city_server)
    visitor.page.locator(".ws-card").first.wait_for(timeout=DRAW_MS)
    frame = visitor.map()
    assert frame.evaluate("walkshed.layers.homes.drawn()") > 19_000
    for minutes in ("5", "10", "15"):
        change(visitor, frame, minutes)  # computed, with its progress on the wire
    for minutes in ("10", "15"):
        visitor.count_anew()
        change(visitor, frame, minutes)
        assert 0 < visitor.received <= MAX_PAYLOAD
    for page in (visitor.page, frame):
        page.evaluate("window.gc && window.gc()")
        assert page.evaluate("performance.memory.usedJSHeapSize") <= MAX_HEAP
    # no request elsewhere and no complaint: the fixture asserts it


def test_tiles_are_asked_for_only_when_chosen(visit: Callable[..., Any], city_server: str, tiles: str) -> None:
    visitor = visit("/?study=helsinki&lang=en", at=city_server)
    visitor.map()
    TileServer.asked.clear()
    choose_ground(visitor, "osm")
    visitor.page.get_by_text(text("app.ground_online", "en")).wait_for(timeout=DRAW_MS)
    frame = visitor.map()
    frame.wait_for_function(
        "[...document.querySelectorAll('img.leaflet-tile')].some(i => i.complete && i.naturalWidth)",
        timeout=DRAW_MS,
        polling=POLL_MS,
    )
    assert len(TileServer.asked) > 0
    assert all(path.endswith(".png") for path in TileServer.asked)
    assert all(url.startswith(tiles) for url in visitor.foreign)
    attribution = frame.locator(".leaflet-control-attribution").inner_text()
    assert text("app.credit_osm", "en") in attribution
    visitor.foreign.clear()


def test_over_amap_everything_is_drawn_shifted(visit: Callable[..., Any], city_server: str) -> None:
    visitor = visit("/?study=sample-district&lang=en", at=city_server)
    frame = visitor.map()
    before = frame.evaluate("walkshed.layers.facilities.getLayers().map(l => [l.getLatLng().lng, l.getLatLng().lat])")
    home = (
        "(() => { const c = walkshed.layers.homes.getLayers()[0].getBounds().getCenter(); return [c.lng, c.lat]; })()"
    )
    home_before = frame.evaluate(home)
    choose_ground(visitor, "amap")
    visitor.page.get_by_text(text("app.ground_shifted", "en")).wait_for(timeout=DRAW_MS)
    frame = visitor.map()
    after = frame.evaluate("walkshed.layers.facilities.getLayers().map(l => [l.getLatLng().lng, l.getLatLng().lat])")
    for (lon, lat), (shifted_lon, shifted_lat) in zip(before, after, strict=True):
        wanted = wgs84_to_gcj02(lon, lat)
        assert shifted_lon == pytest.approx(float(wanted[0]), abs=1e-9)
        assert shifted_lat == pytest.approx(float(wanted[1]), abs=1e-9)
        assert abs(shifted_lon - lon) + abs(shifted_lat - lat) > 1e-3
    wanted = wgs84_to_gcj02(*home_before)
    assert frame.evaluate(home) == [pytest.approx(float(value), abs=1e-6) for value in wanted]
    visitor.foreign.clear()


def to_siting(visitor: Any) -> Any:
    """Go to the siting page; return its map."""
    visitor.page.get_by_role("link", name=text("app.page_siting", "en"), exact=True).click()
    visitor.page.get_by_role("tab", name=text("app.tab_hand", "en")).wait_for(timeout=DRAW_MS)
    return visitor.map()


def over_ground(visitor: Any, name: str) -> None:
    """Go back to the coverage page and choose a base map, which holds on every page."""
    visitor.page.get_by_role("link", name=text("app.page_coverage", "en"), exact=True).click()
    visitor.page.get_by_role("heading", name=text("app.page_coverage", "en"), exact=True).wait_for(timeout=DRAW_MS)
    visitor.map()
    choose_ground(visitor, name)
    visitor.settle()


def test_rooms_put_down_over_amap_lie_where_they_were_put(visit: Callable[..., Any], city_server: str) -> None:
    visitor = visit("/?study=sample-district&lang=en&rooms=1", at=city_server)
    visitor.map()
    page = visitor.page
    frame = to_siting(visitor)
    proposed = frame.evaluate(PLACE_OF.format(layer="proposals"))
    over_ground(visitor, "amap")
    TileServer.asked.clear()
    frame = to_siting(visitor)
    page.get_by_text(text("app.ground_shifted", "en")).wait_for(timeout=DRAW_MS)
    wanted = wgs84_to_gcj02(*proposed)
    assert frame.evaluate(PLACE_OF.format(layer="proposals")) == [pytest.approx(float(v), abs=1e-9) for v in wanted]
    assert TileServer.asked
    page.get_by_text(text("app.click_add", "en"), exact=True).first.click()
    frame.wait_for_function("walkshed.hand === 'add'", timeout=DRAW_MS, polling=POLL_MS)
    visitor.settle()
    box = page.query_selector(MAP_FRAME).bounding_box()
    clicked = (box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    page.mouse.click(*clicked)
    frame.wait_for_function(f"{PLACE_OF.format(layer='hand')} !== null", timeout=DRAW_MS, polling=POLL_MS)
    over_amap = frame.evaluate(PLACE_OF.format(layer="hand"))
    seen = frame.evaluate(
        "(() => { const p = map.latLngToContainerPoint(walkshed.layers.hand.getLayers()[0].getLatLng());"
        " return [p.x, p.y]; })()"
    )
    assert seen == [pytest.approx(0.3 * box["width"], abs=2), pytest.approx(0.6 * box["height"], abs=2)]
    over_ground(visitor, "own")
    frame = to_siting(visitor)
    frame.wait_for_function(f"{PLACE_OF.format(layer='hand')} !== null", timeout=DRAW_MS, polling=POLL_MS)
    back = frame.evaluate(PLACE_OF.format(layer="hand"))
    assert over_amap == [pytest.approx(float(value), abs=2e-6) for value in wgs84_to_gcj02(*back)]
    visitor.foreign.clear()


def test_the_page_can_be_used_by_keyboard(visit: Callable[..., Any], city_server: str) -> None:
    visitor = visit("/?study=helsinki&lang=en", at=city_server)
    frame = visitor.map()
    page, before = visitor.page, visitor.rate()
    page.get_by_role("radio", name="15", exact=True).or_(
        page.get_by_role("button", name="15", exact=True)
    ).first.focus()
    outline = "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.boxShadow; })()"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(outline) != "nonenone"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    visitor.wait_for_another_rate(before)
    visitor.map()
    box = page.get_by_role("checkbox", name=text("app.show_gaps", "en"))
    box.focus()
    page.keyboard.press("Space")
    frame.wait_for_function("!walkshed.layers.gaps || !walkshed.layers.gaps._map", timeout=DRAW_MS, polling=POLL_MS)
    named = (
        "[...document.querySelectorAll('button, input, [role=combobox]')].filter(e => e.offsetParent && "
        "!(e.innerText || e.ariaLabel || e.title || e.labels?.length || e.getAttribute('aria-labelledby'))).length"
    )
    assert page.evaluate(named) == 0


def test_long_work_shows_its_steps_and_stops(visit: Callable[..., Any], serve: Callable[..., str], city: Path) -> None:
    visitor = visit("/?study=las-palmas&lang=en", at=serve(WALKSHED_STUDIES=str(city)))
    page = visitor.page
    page.get_by_role("button", name=text("app.stop", "en"), exact=True).click(timeout=DRAW_MS)
    page.get_by_text(text("app.stopped", "en")).wait_for(timeout=DRAW_MS)
    assert page.locator(".ws-card").count() == 0
    page.get_by_role("button", name=text("app.compute_again", "en")).click()
    page.locator(".ws-card").first.wait_for(timeout=DRAW_MS)
    visitor.map()
    assert page.locator(".ws-card").count() == 4
    rate = visitor.rate()
    page.get_by_role("radio", name=text("figures.profile_senior", "en")).or_(
        page.get_by_role("button", name=text("figures.profile_senior", "en"))
    ).first.click()
    page.wait_for_function(RATE_CHANGED, arg=rate, timeout=DRAW_MS, polling=POLL_MS)

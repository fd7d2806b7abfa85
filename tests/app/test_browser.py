"""The app in a real browser: the map is drawn, controls work, nothing leaves the machine, names stay text."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
START_S, DRAW_MS, POLL_MS = 120, 120_000, 100
FRAME = 'iframe[title="streamlit_folium.st_folium"]'
SETTLED = """name => document.querySelectorAll(name).length === 1
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'"""
DRAWN = "window.walkshed && walkshed.ready() && walkshed.layers.homes && walkshed.layers.homes.drawn() > 0"
HOSTILE = "<img src=x onerror=window.hacked=1>'\"{{7*7}} \u202e书屋\U0001f4da" + "长" * 2000


def chromium() -> str:
    """Return the browser; skip without one, unless the run demands it."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found:
        message = "no Chromium on PATH"
        if os.environ.get("WALKSHED_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{message}, but WALKSHED_REQUIRE_BROWSER=1 demands it")
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the app on a free port."""
    chromium()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=root, stdout=output, stderr=subprocess.STDOUT)
        address = f"http://localhost:{port}"
        try:
            until = time.monotonic() + START_S
            while not answers(f"{address}/_stcore/health"):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert "Traceback" not in log.read_text()


def answers(address: str) -> bool:
    """Say whether something listens."""
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except OSError:
        return False


class Visitor:
    """A page with what it asked for and what it complained about."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self.received = 0
        own = urlsplit(address).netloc
        page.on("request", lambda request: self._note(request.url, own))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("websocket", lambda socket_: socket_.on("framereceived", self._count))

    def _note(self, url: str, own: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != own:
            self.foreign.append(url)

    def _count(self, data: bytes | str) -> None:
        self.received += len(data)

    def map(self) -> Any:
        """Return the map's frame once everything is drawn."""
        # While a page is drawn anew, the former one's map stands beside the new one: settled means run to its end.
        self.page.wait_for_function(SETTLED, arg=FRAME, timeout=DRAW_MS, polling=POLL_MS)
        frame = self.page.query_selector(FRAME).content_frame()
        frame.wait_for_selector(".leaflet-container", timeout=DRAW_MS)
        frame.wait_for_function(DRAWN, timeout=DRAW_MS, polling=POLL_MS)
        return frame

    def rate(self) -> str:
        """Return the first key figure."""
        return str(self.page.locator(".ws-card .ws-value").first.inner_text())

    def wait_for_another_rate(self, before: str) -> str:
        """Wait until the first key figure changes."""
        script = "before => document.querySelector('.ws-card .ws-value').innerText !== before"
        self.page.wait_for_function(script, arg=before, timeout=DRAW_MS, polling=POLL_MS)
        return self.rate()


@pytest.fixture
def visitor(server: str) -> Iterator[Visitor]:
    """Open the app in a fresh browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - needed only where a browser is

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        visit = Visitor(page, server)
        page.goto(server)
        yield visit
        browser.close()
    assert visit.foreign == []
    assert visit.complaints == []


def test_the_map_shows_homes_isochrones_gaps_and_rooms(visitor: Visitor) -> None:
    frame = visitor.map()
    for layer in ("homes", "bands", "gaps", "facilities", "streets", "backdrop"):
        assert frame.evaluate(f"walkshed.layers['{layer}'] ? walkshed.layers['{layer}'].drawn() : 0") > 0, layer
    assert frame.evaluate("document.querySelectorAll('canvas').length") > 0
    attribution = frame.locator(".leaflet-control-attribution").inner_text()
    assert "OpenStreetMap" in attribution
    assert frame.locator(".leaflet-control-attribution svg").count() == 0


def test_another_time_limit_changes_figures_and_colours_but_sends_no_shapes(visitor: Visitor) -> None:
    frame = visitor.map()
    fetched: list[str] = []
    visitor.page.on("request", lambda request: fetched.append(request.url))
    before, canvases = visitor.rate(), frame.evaluate("document.querySelectorAll('canvas').length")
    colours = "walkshed.layers.homes.getLayers().map(l => l.options.fillColor).join()"
    painted = frame.evaluate(colours)
    visitor.received = 0
    visitor.page.get_by_role("radio", name="5", exact=True).or_(
        visitor.page.get_by_role("button", name="5", exact=True)
    ).first.click()
    after = visitor.wait_for_another_rate(before)
    assert float(after.rstrip("%")) < float(before.rstrip("%"))
    frame.wait_for_function(f"before => {colours} !== before", arg=painted, timeout=DRAW_MS, polling=POLL_MS)
    assert not [url for url in fetched if url.endswith(".json")]
    assert visitor.received < 200_000
    assert frame.evaluate("document.querySelectorAll('canvas').length") <= canvases


def test_a_home_tells_its_walk_on_hovering(visitor: Visitor) -> None:
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


def test_language_and_pages(visitor: Visitor) -> None:
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


def test_uploaded_names_stay_text_everywhere(visitor: Visitor) -> None:
    visitor.map()
    page = visitor.page
    page.get_by_role("link", name=text("app.page_data", "zh"), exact=True).click()
    quoted = HOSTILE.replace('"', '""')
    table = f'name,longitude,latitude\n"{quoted}",24.9405,60.1770\n'
    page.locator('input[type="file"]').set_input_files(
        {"name": "rooms.csv", "mimeType": "text/csv", "buffer": table.encode("utf-8-sig")}
    )
    page.get_by_role("button", name=text("app.upload_use", "zh", count=1)).click()
    page.get_by_text(text("app.upload_done", "zh")).wait_for(timeout=DRAW_MS)
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


def test_a_narrow_screen_cuts_off_no_figure(visitor: Visitor) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 1024, "height": 768})
    visitor.map()
    wide = "[...document.querySelectorAll('.ws-card *')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(wide) == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

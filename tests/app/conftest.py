"""The app run without a browser (AppTest) and with one (Chromium)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from walkshed.app import running
from walkshed.app.main import LANDING, START
from walkshed.app.views import coverage
from walkshed.parameters import StudyConfig
from walkshed.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from walkshed.results import StudyInputs

TIMEOUT_S = 300
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
START_S, DRAW_MS, POLL_MS, QUIET_MS = 120, 120_000, 100, 2_000
FRAME = 'iframe[title="streamlit_folium.st_folium"]'
SETTLED = """name => document.querySelectorAll(name).length === 1
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'"""
STILL = "document.querySelector('[data-testid=\"stApp\"]')?.dataset.testScriptState === 'notRunning'"
DRAWN = "window.walkshed && walkshed.ready() && walkshed.layers.homes && walkshed.layers.homes.drawn() > 0"


def page_hash(name: str) -> str:
    """Return what Streamlit calls a page."""
    return str(calc_hash(START if name == LANDING else name))


class Page:
    """One page of the app in one session."""

    def __init__(self, app: AppTest) -> None:
        self.app = app

    def html(self) -> str:
        """Return all HTML pieces of the page, style sheets left out."""
        bodies = [element.proto.body for element in self.app.get("html")]
        return "\n".join(body for body in bodies if not body.startswith("<style>"))

    def map_parts(self) -> dict[str, Any]:
        """Return what the map's frame is sent."""
        frame = next(element for element in self.app.get("component_instance"))
        sent: dict[str, Any] = json.loads(frame.proto.json_args)
        return sent

    def map_script(self) -> str:
        """Return the texts among it."""
        sent = self.map_parts()
        return "\n".join(str(sent[part]) for part in ("html", "header", "script", "feature_group"))

    def go(self, name: str) -> Page:
        """Go to another page of the same session."""
        self.app._page_hash = page_hash(name)
        return self.run()

    def run(self) -> Page:
        """Draw the page anew and fail on anything that Streamlit itself would show as an exception."""
        self.app.run()
        assert not self.app.exception
        return self

    def widget(self, kind: str, key: str) -> Any:
        """Return a widget by the session's key it sets."""
        return getattr(self.app, kind)(key=f"{key}_widget")


@pytest.fixture(scope="session", autouse=True)
def private_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of private studies in these tests, also of the servers they start."""
    folder = tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WALKSHED_WORKSPACE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages wait for what they compute: without a browser nothing draws them anew, or anything first."""
    monkeypatch.setattr(running, "PATIENCE_S", TIMEOUT_S)
    monkeypatch.setattr(coverage, "HEAD_START_S", 0.0)
    monkeypatch.setattr(coverage, "FIRST_HEAD_START_S", 0.0)


@pytest.fixture
def open_page(root: Path) -> Callable[..., Page]:
    """Open a page: name, then what its address holds (lang, study, min, who, rooms)."""

    def opened(name: str = "coverage", **address: str) -> Page:
        app = AppTest.from_file(str(root / "app.py"), default_timeout=TIMEOUT_S)
        for key, value in address.items():
            app.query_params[key] = value
        app._page_hash = page_hash(name)
        return Page(app).run()

    return opened


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no connection leave the machine."""

    def refuse(*args: object, **kwargs: object) -> None:
        del args, kwargs
        message = "no network in tests"
        raise OSError(message)

    monkeypatch.setattr("socket.getaddrinfo", refuse)


@pytest.fixture(scope="session")
def helsinki(root: Path) -> StudyConfig:
    """Return the embedded study."""
    return StudyConfig.from_toml(root / "data" / "helsinki")


@pytest.fixture(scope="session")
def helsinki_inputs(helsinki: StudyConfig) -> StudyInputs:
    """Return its inputs."""
    return load_study(helsinki)


# --- the browser


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


@contextmanager
def started(root: Path, log: Path, **environment: str) -> Iterator[str]:
    """Start the app on a free port with these environment variables besides, and return its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--server.headless", "true"],
            cwd=root,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
        )
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


@pytest.fixture(scope="session")
def server(root: Path, private_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the app on a free port."""
    del private_root  # its place is told by the environment
    chromium()
    with started(root, tmp_path_factory.mktemp("server") / "log.txt") as address:
        yield address


@pytest.fixture(scope="session")
def serve(root: Path, private_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Start further servers with environment variables of their own."""
    del private_root
    with ExitStack() as running_servers:

        def begin(**environment: str) -> str:
            log = tmp_path_factory.mktemp("server") / "log.txt"
            return running_servers.enter_context(started(root, log, **environment))

        yield begin


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
        page.on("response", self._count_body)

    def _note(self, url: str, own: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != own:
            self.foreign.append(url)

    def _count(self, data: bytes | str) -> None:
        self.received += len(data)

    def _count_body(self, response: Any) -> None:
        self.received += int(response.headers.get("content-length", 0))

    def map(self) -> Any:
        """Return the map's frame once everything is drawn."""
        # While a page is drawn anew, the former one's map stands beside the new one: settled means run to its end.
        self.page.wait_for_function(SETTLED, arg=FRAME, timeout=DRAW_MS, polling=POLL_MS)
        frame = self.page.query_selector(FRAME).content_frame()
        frame.wait_for_selector(".leaflet-container", timeout=DRAW_MS)
        frame.wait_for_function(DRAWN, timeout=DRAW_MS, polling=POLL_MS)
        return frame

    def settle(self) -> None:
        """Wait until the page is drawn to its end."""
        self.page.wait_for_timeout(500)
        self.page.wait_for_function(STILL, timeout=DRAW_MS, polling=POLL_MS)

    def count_anew(self) -> None:
        """Wait until nothing more comes, charts and their scripts come last, and count bytes from here on."""
        self.settle()
        so_far = -1
        while so_far != self.received:
            so_far = self.received
            self.page.wait_for_timeout(QUIET_MS)
        self.received = 0

    def rate(self) -> str:
        """Return the first key figure."""
        return str(self.page.locator(".ws-card .ws-value").first.inner_text())

    def wait_for_another_rate(self, before: str) -> str:
        """Wait until the first key figure changes."""
        script = "before => document.querySelector('.ws-card .ws-value').innerText !== before"
        self.page.wait_for_function(script, arg=before, timeout=DRAW_MS, polling=POLL_MS)
        return self.rate()


@pytest.fixture
def browser() -> Iterator[Any]:
    """Return a browser."""
    with launched() as one:
        yield one


@contextmanager
def launched() -> Iterator[Any]:
    """Start a browser that tells exactly how much memory its pages take."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - needed only where a browser is

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        )
        yield one
        one.close()


def arrive(browser: Any, server: str, address: str = "") -> Visitor:
    """Open an address of a server in a context of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    visitor = Visitor(context.new_page(), server)
    visitor.page.goto(server + address)
    return visitor


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Tell fixtures whether their test has failed."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def visit(server: str, browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Open the app in a context of its own, any number of times; the address, and another server, may be given.

    What the pages of a failed test showed at its end is printed.
    """
    visits: list[Visitor] = []

    def opened(address: str = "", *, at: str = server) -> Visitor:
        visits.append(arrive(browser, at, address))
        return visits[-1]

    yield opened
    if request.node.stash.get(FAILED, False):
        for one in visits:
            print(one.page.url, one.page.locator("body").inner_text(timeout=5_000), *one.complaints, sep="\n")  # noqa: T201 - for who reads the failure
    for one in visits:
        assert one.foreign == []
        assert one.complaints == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """Open the app in a fresh browser."""
    return visit()

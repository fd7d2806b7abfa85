# ruff: noqa: INP001 - a script, not a package
"""Write docs/screenshots/*.png: the app on the embedded study in a headless Chromium, and the study's map sheet.

    python docs/make_screenshots.py [--out docs/screenshots]

Needs the development extra (Playwright) and a Chromium on PATH; nothing is fetched from anywhere.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

import walkshed as ws

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
FRAME = 'iframe[title="streamlit_folium.st_folium"]'
DRAWN = "window.walkshed && walkshed.ready() && walkshed.layers.homes && walkshed.layers.homes.drawn() > 0"
STILL = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
START_S, WAIT_MS, SETTLE_MS, POLL_MS = 120, 180_000, 3_000, 200
COLOURS, RARE = 256, 64
SHEET_WIDTH = 1440


class Shot(NamedTuple):
    """One picture.

    Attributes
    ----------
    name
        File name without ending.
    address
        What follows the server's address.
    width, height
        Of the window in pixels; a height of 0 takes the whole page.
    """

    name: str
    address: str
    width: int = 1440
    height: int = 1000


PAGES = {
    "data": "/data?data=list", "coverage": "/?", "siting": "/siting?rooms=3", "compare": "/compare?rooms=3",
    "export": "/export?rooms=3", "methods": "/methods?",
}  # fmt: skip
SHOTS = tuple(
    Shot(f"{name}-{language}", f"{address}{'' if address.endswith('?') else '&'}lang={language}&study=helsinki")
    for name, address in PAGES.items()
    for language in ("zh", "en")
)


@contextmanager
def app() -> Iterator[str]:
    """Run the app on a free port and give its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.headless", "true"]
    process = subprocess.Popen([*command, "--server.port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own app
    try:
        address = f"http://localhost:{port}"
        until = time.monotonic() + START_S
        while not answers(f"{address}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > until:
                message = "the app did not start"
                raise RuntimeError(message)
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(address: str) -> bool:
    """Say whether something listens."""
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)  # noqa: PLR2004 - HTTP's "OK"
    except OSError:
        return False


def picture(page: Any, shot: Shot, address: str) -> bytes:  # noqa: ANN401 - Playwright's page
    """Open one page, wait until its map or tables are drawn, and return it as PNG."""
    page.set_viewport_size({"width": shot.width, "height": shot.height or 900})
    page.goto(address + shot.address)
    page.locator(".ws-head").wait_for(timeout=WAIT_MS)
    page.locator(f"{FRAME}, .ws-table, .ws-error, [data-testid=stImage] img").first.wait_for(timeout=WAIT_MS)
    if page.locator(FRAME).count():
        frame = page.locator(FRAME).element_handle().content_frame()
        frame.wait_for_function(DRAWN, timeout=WAIT_MS, polling=POLL_MS)
    page.wait_for_function(STILL, timeout=WAIT_MS, polling=POLL_MS)
    page.wait_for_timeout(SETTLE_MS)
    if not shot.height:
        tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": shot.width, "height": int(tall)})
        page.wait_for_timeout(SETTLE_MS)
    return bytes(page.screenshot())


def smaller(content: bytes) -> bytes:
    """Return a picture in few colours, small enough for a repository."""
    full = Image.open(BytesIO(content)).convert("RGB")
    few = full.quantize(palette=few_colours(full), dither=Image.Dither.NONE)
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def few_colours(full: Image.Image) -> Image.Image:
    """Return a picture's palette: most of it by how often colours occur, the rest for rare ones far from all others.

    By frequency alone the colour of one small sign would become that of something larger.
    """
    seen, counts = np.unique(np.asarray(full).reshape(-1, 3), axis=0, return_counts=True)
    colours, weights = seen.astype(float), np.sqrt(counts)
    frequent = full.quantize(COLOURS - RARE, kmeans=2, dither=Image.Dither.NONE).getpalette() or []
    chosen = np.array(frequent[: 3 * (COLOURS - RARE)], dtype=float).reshape(-1, 3)
    nearest = np.full(len(colours), np.inf)
    for colour in chosen:
        nearest = np.minimum(nearest, ((colours - colour) ** 2).sum(axis=1))
    while len(chosen) < COLOURS:
        colour = colours[int(np.argmax(nearest * weights))]
        chosen = np.vstack((chosen, colour))
        nearest = np.minimum(nearest, ((colours - colour) ** 2).sum(axis=1))
    palette = Image.new("P", (1, 1))
    palette.putpalette(chosen.round().astype(np.uint8).tobytes())
    return palette


def map_sheets(folder: Path) -> None:
    """Write the embedded study's map sheet in both languages, as wide as the app's pictures."""
    result = ws.run_study(ws.StudyConfig.from_toml(ROOT / "data" / "helsinki"))
    for language in ("zh", "en"):
        with TemporaryDirectory() as scratch:
            ws.figure_map(result, Path(scratch) / "sheet.png", language=language)
            sheet = Image.open(Path(scratch) / "sheet.png")
            sheet.thumbnail((SHEET_WIDTH, SHEET_WIDTH))
        out = BytesIO()
        sheet.save(out, "PNG")
        (folder / f"map-sheet-{language}.png").write_bytes(smaller(out.getvalue()))


def main() -> None:
    """Take all pictures, or those of the command line (name|address|width|height)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("shots", nargs="*", help="name|address|width|height instead of the usual ones")
    chosen = parser.parse_args()
    shots: tuple[Shot, ...] = SHOTS
    if chosen.shots:
        parts = [given.split("|") for given in chosen.shots]
        shots = tuple(Shot(name, address, int(width), int(height)) for name, address, width, height in parts)
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    chosen.out.mkdir(parents=True, exist_ok=True)
    with app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
        for shot in shots:
            page = browser.new_page()
            content = smaller(picture(page, shot, address))
            page.close()
            (chosen.out / f"{shot.name}.png").write_bytes(content)
            sys.stdout.write(f"{shot.name}.png {len(content) / 1000:.0f} kB\n")
        browser.close()
    if not chosen.shots:
        map_sheets(chosen.out)


if __name__ == "__main__":
    main()

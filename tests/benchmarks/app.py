"""The app on Las Palmas in a real browser: ``python -m tests.benchmarks.app`` from the top of a checkout."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.app.conftest import arrive, launched, started
from tests.benchmarks.areas import LAS_PALMAS
from tests.benchmarks.ledger import memory_gb, processor, say

from walkshed.parameters import BoundarySource, FacilitySource, NetworkSource, StudyConfig, Walking

ROOT = Path(__file__).resolve().parents[2]
WAIT_MS, POLL_MS = 300_000, 15
WARM_S = 60.0
ROUND = ("5", "10", "15")
CODES = "walkshed.layers.homes.getLayers().map(l => l.walkshedCode).join('')"
RATE = "document.querySelector('.ws-card .ws-value').innerText"
PAINTED = f"before => walkshed.ready() && {CODES} !== before"
MEGABYTE = 1e6


def study_folder(folder: Path, area: Path) -> None:
    """Write the study of Las Palmas into a folder of studies."""
    (folder / "las-palmas").mkdir()
    config = StudyConfig(
        boundary=BoundarySource(source="file", path=str(area / "boundary.geojson")),
        network=NetworkSource(path=str(area / "las-palmas.osm.pbf")),
        facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
        walking=Walking(compare_profiles=("senior",)),
    )
    (folder / "las-palmas" / "study.toml").write_text(config.to_toml(), encoding="utf-8")


def arrival(browser: Any, server: str) -> tuple[Any, Any, float]:
    """Open the coverage page; return the visitor, the map's frame and the seconds until everything is drawn."""
    began = time.perf_counter()
    visitor = arrive(browser, server, "/?study=las-palmas")
    visitor.page.locator(".ws-card").first.wait_for(timeout=WAIT_MS)
    frame = visitor.map()
    return visitor, frame, time.perf_counter() - began


def change(visitor: Any, frame: Any, minutes: str) -> tuple[float, float, int]:
    """Choose other minutes; return the seconds until the figures and until the map are new, and the bytes received."""
    page = visitor.page
    rate, codes = page.evaluate(RATE), frame.evaluate(CODES)
    button = page.get_by_role("radio", name=minutes, exact=True).or_(
        page.get_by_role("button", name=minutes, exact=True)
    )
    visitor.received, began = 0, time.perf_counter()
    button.first.click()
    page.wait_for_function(f"before => {RATE} !== before", arg=rate, timeout=WAIT_MS, polling=POLL_MS)
    figures = time.perf_counter() - began
    frame.wait_for_function(PAINTED, arg=codes, timeout=WAIT_MS, polling=POLL_MS)
    drawn = time.perf_counter() - began
    visitor.map()
    page.wait_for_timeout(1500)
    return figures, drawn, visitor.received


def measure(rounds: int) -> list[tuple[str, str, str]]:
    """Return what was measured: what, how much, and what was wished."""
    area = LAS_PALMAS.path()
    if area is None:
        return []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        study_folder(folder, area.parent)
        with started(ROOT, folder / "log.txt", WALKSHED_STUDIES=str(folder)) as server, launched() as browser:
            first, frame, computed = arrival(browser, server)
            homes = frame.evaluate("walkshed.layers.homes.drawn()")
            new = [change(first, frame, minutes) for minutes in ROUND[:1]]
            first.page.wait_for_timeout(1000 * WARM_S)  # the other minutes are computed meanwhile
            loads = []
            for _ in range(3):
                visitor, frame, seconds = arrival(browser, server)
                loads.append(seconds)
                last = visitor
            known = [change(last, frame, minutes) for _ in range(rounds) for minutes in ROUND]
            for page in (last.page, frame):
                page.evaluate("window.gc && window.gc()")
            heap = max(page.evaluate("performance.memory.usedJSHeapSize") for page in (last.page, frame))
    return [
        ("homes drawn", f"{homes:,}", "up to 50,000"),
        ("first load, nothing computed: files read, study computed, page drawn", f"{computed:.1f} s", ""),
        ("first load of a computed study, new browser window", f"{statistics.median(loads):.1f} s", "4 s"),
        ("change of minutes right after the first load: figures and map", f"{new[0][1]:.2f} s", ""),
        (
            f"change of minutes: new figures, median of {len(known)}",
            f"{statistics.median(one[0] for one in known):.2f} s",
            "",
        ),
        (
            f"change of minutes: new figures and map, median of {len(known)}",
            f"{statistics.median(one[1] for one in known):.2f} s",
            "0.6 s",
        ),
        ("the same, slowest", f"{max(one[1] for one in known):.2f} s", ""),
        ("received at a change of minutes, largest", f"{max(one[2] for one in known) / MEGABYTE:.3f} MB", "0.1 MB"),
        ("browser heap after it all", f"{heap / MEGABYTE:.0f} MB", "300 MB"),
    ]


def page(rows: list[tuple[str, str, str]]) -> str:
    """Return the page in docs/."""
    lines = [
        "# The app in a browser",
        "",
        (
            "Las Palmas, all buildings, in headless Chromium with software rendering; server and browser on the same "
            f"machine: {processor()}, {memory_gb():.0f} GB. Written by `python -m tests.benchmarks.app --out "
            "docs/benchmarks-app.md`. The first visitor of a study waits for its computation; while the page is read, "
            "the other minutes and walkers are computed, so that a change of minutes only has to be drawn."
        ),
        "",
        "| | measured | wished |",
        "|---|---:|---:|",
        *(f"| {what} | {value} | {wished} |" for what, value, wished in rows),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print a table; write it as a page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.app", description="The app in a browser.")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/benchmarks-app.md")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of three changes of minutes")
    options = parser.parse_args(arguments)
    rows = measure(options.rounds)
    if not rows:
        say("the shared test area las-palmas is absent")
        return 1
    text = page(rows)
    say(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

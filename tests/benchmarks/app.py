"""The app on Las Palmas in a real browser: ``python -m tests.benchmarks.app`` from the top of a checkout."""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from contextlib import contextmanager
from os import cpu_count, getloadavg
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
from playwright.sync_api import Error
from tests.app.conftest import arrive, launched, started
from tests.benchmarks.areas import LAS_PALMAS
from tests.benchmarks.ledger import memory_gb, processor, say
from tests.benchmarks.page_acts import MEGABYTE, WAIT_MS, Act, measured_all, median_s, now_s, shown_s, troubles
from tests.benchmarks.siting_page import hands

from walkshed.parameters import BoundarySource, FacilitySource, NetworkSource, StudyConfig, Walking

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
COMPUTE_MS = 900_000
IDLE_CPU_S, IDLE_OVER_S, PATIENCE_S = 0.3, 3.0, 600.0
LOADS = 3
ROUND = ("5", "10", "15")
AT_ONCE, MINUTES = "minutes changed right after the first load", "minutes changed"
PUT, DRAGGED = "room put down on the siting map", "room dragged on the siting map"
KINDS = (AT_ONCE, MINUTES, PUT, DRAGGED)
GOAL_KINDS = (MINUTES, PUT, DRAGGED)
FIRST_LOAD_S, CLICK_S, CLICK_MB, HEAP_MB = 4.0, 0.6, 0.1, 300.0


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
    visitor = arrive(browser, server, "/?study=las-palmas&lang=en")
    visitor.page.locator(".ws-card").first.wait_for(timeout=COMPUTE_MS)
    frame = visitor.map()
    return visitor, frame, time.perf_counter() - began


def change(visitor: Any, frame: Any, minutes: str) -> Act:
    """Choose other minutes."""
    page = visitor.page
    button = page.get_by_role("radio", name=minutes, exact=True).or_(
        page.get_by_role("button", name=minutes, exact=True)
    )

    def click() -> float:
        began = now_s()
        button.first.click(timeout=WAIT_MS)
        return began

    return measured_all(visitor, frame, [click])[0]


def quiet() -> None:
    """Wait until the server has nothing to compute any more."""
    server = next(one for one in psutil.Process().children() if "streamlit" in " ".join(one.cmdline()))
    until = time.monotonic() + PATIENCE_S
    used, before = math.inf, sum(server.cpu_times()[:2])
    while used > IDLE_CPU_S and time.monotonic() < until:
        time.sleep(IDLE_OVER_S)
        now = sum(server.cpu_times()[:2])
        used, before = now - before, now


class Found(NamedTuple):
    """Everything that was measured; ``nan`` and no acts where a part of the run broke off, with the reason."""

    homes: int
    computed_s: float
    loads_s: list[float]
    acts: dict[str, list[Act]]
    heap: float
    load: float
    broken: list[str]


@contextmanager
def noting(broken: list[str], part: str) -> Iterator[None]:
    """Go on after a part of the run that the browser gives up, and note which."""
    try:
        yield
    except Error as error:
        broken.append(f"{part}: {error.message.splitlines()[0]}")


def measure(rounds: int, area: Path) -> Found:
    """Return what was measured on the study of an area."""
    load = getloadavg()[0]
    broken: list[str] = []
    loads: list[float] = []
    acts: dict[str, list[Act]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        study_folder(folder, area)
        with started(ROOT, folder / "log.txt", WALKSHED_STUDIES=str(folder)) as server, launched() as browser:
            visitor, frame, computed = arrival(browser, server)
            homes = int(frame.evaluate("walkshed.layers.homes.drawn()"))
            acts[AT_ONCE].append(change(visitor, frame, ROUND[0]))
            quiet()  # the other minutes are computed meanwhile
            say(f"   first load {computed:.1f} s, the server is idle again")
            for number in range(LOADS):
                with noting(broken, f"load {number + 1}"):
                    visitor.page.context.close()
                    visitor, frame, seconds = arrival(browser, server)
                    loads.append(seconds)
                    say(f"   load {number + 1}: {seconds:.1f} s")
            with noting(broken, MINUTES):
                for minutes in ROUND * rounds:
                    acts[MINUTES].append(change(visitor, frame, minutes))
                    say(f"   {minutes} minutes: {acts[MINUTES][-1]}")
            with noting(broken, "hands on the siting map"):
                acts[PUT], acts[DRAGGED] = hands(visitor, 2 * rounds)
            heap = math.nan
            with noting(broken, "browser heap"):
                visitor.page.evaluate("window.gc && window.gc()")
                heap = float(visitor.page.evaluate("performance.memory.usedJSHeapSize"))
    return Found(homes, computed, loads, acts, heap, load, broken)


def page(found: Found) -> str:
    """Return the page in docs/."""
    lines = [
        "# The app in a browser",
        "",
        (
            f"Las Palmas, all {found.homes:,} buildings, in headless Chromium with software rendering; server and "
            f"browser on the same machine: {processor()}, {memory_gb():.0f} GB, {cpu_count()} cores. Wall "
            f"time, so other work on the machine counts: its load before the run was {found.load:.1f}. "
            "Written by `python -m tests.benchmarks.app --out docs/benchmarks-app.md`."
        ),
        "",
        (
            f"The first visitor of a study waits for its computation, here {found.computed_s:.1f} s from the address "
            "to the finished page, files read; while the page is read, the other minutes and walkers are computed, so "
            "that a change of minutes only has to be drawn. An act without an answer counts as endless in the median."
        ),
        "",
        "## Acts",
        "",
        "| | acts | figures, median | map, median | map, slowest | received, most | went wrong |",
        "|---|---:|---:|---:|---:|---:|---|",
        *(row(kind, acts) for kind, acts in found.acts.items()),
        "",
        *([*(f"- Broken off: {told}" for told in found.broken), ""] if found.broken else []),
        "## Goals",
        "",
        "| | measured | goal | |",
        "|---|---:|---:|---|",
        *goals(found),
    ]
    return "\n".join(lines) + "\n"


def row(kind: str, acts: list[Act]) -> str:
    """Return the line of one kind of act."""
    if not acts:
        return f"| {kind} | 0 | not measured | not measured | not measured | not measured | |"
    figures, drawn = median_s([act.figures_s for act in acts]), median_s([act.map_s for act in acts])
    slowest, most = max(act.map_s for act in acts), max(act.received for act in acts) / MEGABYTE
    seconds = " | ".join(shown_s(value) for value in (figures, drawn, slowest))
    return f"| {kind} | {len(acts)} | {seconds} | {most:.3f} MB | {troubles(acts)} |"


def goals(found: Found) -> Iterator[str]:
    """Return the lines of what was wished."""
    loads = median_s(found.loads_s)
    yield goal(f"first load of a computed study in a new window, median of {len(found.loads_s)}", loads, FIRST_LOAD_S)
    for kind in GOAL_KINDS:
        acts = found.acts[kind]
        yield goal(f"{kind}: new figures, median", median_s([act.figures_s for act in acts]), CLICK_S)
        yield goal(f"{kind}: new figures and map, median", median_s([act.map_s for act in acts]), CLICK_S)
    most = max((act.received for kind in GOAL_KINDS for act in found.acts[kind]), default=math.nan)
    yield goal("received by any of these acts", most / MEGABYTE, CLICK_MB, "MB")
    yield goal("browser heap after it all", found.heap / MEGABYTE, HEAP_MB, "MB")


def goal(what: str, value: float, wished: float, unit: str = "s") -> str:
    """Return one line of the goals."""
    if math.isnan(value):
        return f"| {what} | | {wished:g} {unit} | not measured |"
    shown = shown_s(value) if unit == "s" else f"{value:.3g} {unit}"
    return f"| {what} | {shown} | {wished:g} {unit} | {'met' if value <= wished else 'missed'} |"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print a table; write it as a page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.app", description="The app in a browser.")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/benchmarks-app.md")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of three changes of minutes")
    options = parser.parse_args(arguments)
    area = LAS_PALMAS.path()
    if area is None:
        say("the shared test area las-palmas is absent")
        return 1
    text = page(measure(options.rounds, area.parent))
    say(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Many sessions at once on one server: ``python -m tests.benchmarks.sessions --out docs/reliability.md``.

Some sessions open a private copy of Las Palmas whose rooms carry a mark of their own, the others the study that all
share. Each walks through the pages, changes the minutes, and looks for other sessions' marks in every byte it is sent.
Then all leave, the server rests until Streamlit has forgotten them, and the same is done once more: memory that a leak
holds would have grown by then.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack, suppress
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from tests.app.conftest import started
from tests.benchmarks.areas import LAS_PALMAS
from tests.benchmarks.ledger import memory_gb, processor, say
from tests.benchmarks.session_client import MARK, Client

from walkshed.app import workspace, workspace_root
from walkshed.files import write_whole
from walkshed.inputs.osm import read_osm_points
from walkshed.parameters import BoundarySource, FacilitySource, NetworkSource, Siting, StudyConfig

if TYPE_CHECKING:
    import geopandas as gpd

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- twenty sessions: begin -->", "<!-- twenty sessions: end -->"
REST_S = 150.0
"""Streamlit keeps a session two minutes after its browser has gone."""
STAGGER_S, SAMPLE_S = 0.5, 1.0
MEGABYTE = 1_000_000


def private_study(area: Path, rooms: gpd.GeoDataFrame, number: int) -> dict[str, str]:
    """Make a private study of Las Palmas whose rooms carry a mark; return the query that opens it."""
    token = workspace.make_study(lambda folder: fill(folder, area, rooms, f"{MARK}{number:02d}-"))
    return {"own": token, "study": "~own"}


def fill(folder: Path, area: Path, rooms: gpd.GeoDataFrame, mark: str) -> None:
    """Write a study of Las Palmas into a folder."""
    for name in ("boundary.geojson", "las-palmas.osm.pbf"):
        shutil.copyfile(area / name, folder / name)
    lines = [f"{mark}{place},{point.x:.7f},{point.y:.7f}" for place, point in enumerate(rooms.geometry)]
    write_whole(folder / "rooms.csv", "name,longitude,latitude\n" + "\n".join(lines) + "\n")
    config = StudyConfig(
        boundary=BoundarySource(source="file", path="boundary.geojson"),
        network=NetworkSource(path="las-palmas.osm.pbf"),
        facilities=FacilitySource(path="rooms.csv"),
        siting=Siting(new_rooms=3, time_limit_s=10.0, curve_max=0),
    )
    write_whole(folder / "study.toml", config.to_toml())


class Memory:
    """Resident memory of the server over time."""

    def __init__(self) -> None:
        self.process = next(
            child for child in psutil.Process().children(recursive=True) if "streamlit" in " ".join(child.cmdline())
        )
        self.peak_mb = 0.0

    def now_mb(self) -> float:
        """Return megabytes, and remember the most."""
        resident = float(self.process.memory_info().rss) / MEGABYTE
        self.peak_mb = max(self.peak_mb, resident)
        return resident

    async def watch(self) -> None:
        """Sample until cancelled."""
        while True:
            self.now_mb()
            await asyncio.sleep(SAMPLE_S)


async def wave(address: str, queries: list[dict[str, str]], seconds: float) -> list[Client]:
    """Let a session work on each of these studies for so long."""
    clients = [
        Client(address, query, number if "own" in query else -1 - number) for number, query in enumerate(queries)
    ]
    until = time.monotonic() + seconds
    await asyncio.gather(*(client.work(until, delay_s=STAGGER_S * place) for place, client in enumerate(clients)))
    return clients


async def measure(address: str, queries: list[dict[str, str]], minutes: float) -> dict[str, Any]:
    """Run both waves; return what was seen."""
    memory = Memory()
    first = Client(address, queries[-1], -1)
    await first.work(time.monotonic(), delay_s=0.0)
    found: dict[str, Any] = {"clients": [], "started_mb": memory.now_mb()}
    watching = asyncio.create_task(memory.watch())
    for number, seconds in enumerate((60.0 * minutes, 60.0 * min(minutes, 1.0))):
        say(f"wave {number + 1}: {len(queries)} sessions, {seconds:.0f} s")
        found["clients"] += await wave(address, queries, seconds)
        found[f"worked_mb_{number}"] = memory.now_mb()
        say(f"   {sum(len(client.waits_s) for client in found['clients'])} actions so far")
        await asyncio.sleep(REST_S)
        await first.work(time.monotonic(), delay_s=0.0)  # one more visit lets Python look for what is left
        found[f"rested_mb_{number}"] = memory.now_mb()
        say(f"   {found[f'worked_mb_{number}']:.0f} MB, rested {found[f'rested_mb_{number}']:.0f} MB")
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return found | {"peak_mb": memory.peak_mb}


def section(found: dict[str, Any], sessions: int, private: int, minutes: float, left: tuple[int, float]) -> str:
    """Return the section of the page."""
    clients: list[Client] = found["clients"]
    waits = [seconds for client in clients for seconds in client.waits_s]
    errors = [error for client in clients for error in client.errors]
    foreign = sum(len(client.foreign) for client in clients)
    seen = sum(client.seen for client in clients)
    growth = found["rested_mb_1"] - found["rested_mb_0"]
    rows = [
        ("actions (pages opened, minutes changed)", f"{len(waits):,}"),
        ("an action until the page is drawn to its end, median", f"{statistics.median(waits):.2f} s"),
        ("the same, slowest of all", f"{max(waits):.1f} s"),
        ("messages received", f"{sum(client.messages for client in clients):,}"),
        ("own marks seen", f"{seen:,}"),
        ("marks of other sessions seen", f"{foreign:,}"),
        ("errors", f"{len(errors):,}"),
        ("server memory after one visit", f"{found['started_mb']:.0f} MB"),
        ("the most", f"{found['peak_mb']:.0f} MB"),
        ("after everybody left, first time", f"{found['rested_mb_0']:.0f} MB"),
        ("after everybody left, second time", f"{found['rested_mb_1']:.0f} MB"),
        ("growth from the first time to the second", f"{growth:+.0f} MB"),
        ("files in the server's folder for temporary files afterwards", f"{left[0]:,} ({left[1]:.1f} MB)"),
    ]
    lines = [
        BEGIN,
        "## Twenty sessions",
        "",
        (
            f"{sessions} sessions at once for {minutes:g} minutes on Las Palmas, {private} of them with a private copy "
            "of their own, which the server computes for each, the others on the study that all share; "
            f"then a second time for {min(minutes, 1.0):g} minute(s), against one `streamlit run app.py`; server and "
            f"sessions on the same machine: {processor()}, {cpu_count()} cores, {memory_gb():.0f} GB. Written by "
            f"`python -m tests.benchmarks.sessions --sessions {sessions} --private {private} --minutes {minutes:g} "
            "--out docs/reliability.md`. The "
            "sessions speak Streamlit's own protocol over real connections: as many browsers would take the processor "
            "from the server they measure; tests/app does the same with two real browsers."
        ),
        "",
        "| | measured |",
        "|---|---:|",
        *(f"| {what} | {value} |" for what, value in rows),
    ]
    if errors:
        lines += ["", "Errors: " + "; ".join(sorted(set(errors))[:5])]
    return "\n".join([*lines, END, ""])


def put_section(path: Path, text: str) -> None:
    """Put the section in place of the former one, or at the end of the page."""
    page = path.read_text(encoding="utf-8") if path.exists() else "# Reliability\n"
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2].lstrip("\n") if rest else ""
    write_whole(path, before.rstrip("\n") + "\n\n" + text + (f"\n{after}" if after else ""))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the section, and write it into a page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sessions", description="Many sessions at once.")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--private", type=int, default=5, help="so many of them on a private copy")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, help="write the section into this page, by custom docs/reliability.md")
    options = parser.parse_args(arguments)
    extract = LAS_PALMAS.path()
    if extract is None:
        say("the shared test area las-palmas is absent")
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("own", "tmp", "studies"):
            (folder / name).mkdir()
        os.environ[workspace_root.ROOT_VARIABLE] = str(folder / "own")
        rooms = read_osm_points(extract, {"amenity": ["library"]})
        private = min(options.private, options.sessions - 1)
        queries = [private_study(extract.parent, rooms, number) for number in range(private)]
        (folder / "studies" / "las-palmas").mkdir()
        fill(folder / "studies" / "las-palmas", extract.parent, rooms, "")
        queries += [{"study": "las-palmas"}] * (options.sessions - private)
        places = {
            workspace_root.ROOT_VARIABLE: folder / "own",
            "WALKSHED_STUDIES": folder / "studies",
            "TMPDIR": folder / "tmp",
        }
        with started(ROOT, folder / "log.txt", **{name: str(place) for name, place in places.items()}) as server:
            found = asyncio.run(measure(server, queries, options.minutes))
            files = [path.stat().st_size for path in (folder / "tmp").rglob("*") if path.is_file()]
    text = section(found, options.sessions, private, options.minutes, (len(files), sum(files) / MEGABYTE))
    say(text)
    if options.out:
        put_section(options.out, text)
    bad = any(client.foreign or client.errors for client in found["clients"])
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())

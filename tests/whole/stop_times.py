# ruff: noqa: T201 - a command that prints what it measured
"""How long a command takes to end once it is told to: ``python -m tests.whole.stop_times STUDY [--moments N]``.

Computes a study, then writes everything that ``walkshed run`` and ``walkshed report`` write, again and again in forks
of this process, each told to stop (SIGINT) at another moment; with ``--batch``, starts ``walkshed batch`` on generated
districts in its place.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import walkshed as ws
from walkshed.commands.shared import bar, explained
from walkshed.commands.stopping import stoppable
from walkshed.reporting.reports import FORMATS
from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.progress import Progress


def begin(work: Callable[[Path, Progress], object], folder: Path) -> int:
    """Fork a process that does the work as a command does it; return its number."""
    process = os.fork()
    if process:
        return process
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with stoppable(), explained("en", debug=False), bar("en") as progress:
        work(folder, progress)
    os._exit(0)


def ended_s(process: int, most_s: float) -> tuple[float, int]:
    """Wait for a process to end; return how long that took, and its exit code, -1 where it did not end in time."""
    began = time.monotonic()
    while time.monotonic() - began < most_s:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return time.monotonic() - began, os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    return most_s, -1


def measure(name: str, start: Callable[[], int], moments: list[float]) -> None:
    """Start the work, stop it at each moment, and print how long it took to end."""
    found = []
    for after_s in moments:
        process = start()
        time.sleep(after_s)
        os.kill(process, signal.SIGINT)
        took_s, code = ended_s(process, 60.0)
        found.append((took_s, after_s, code))
    stopped = [one for one in found if one[2] == 130]
    worst = ", ".join(f"{took_s:.2f} at {after_s:.1f}" for took_s, after_s, _ in sorted(stopped, reverse=True)[:3])
    strange = sorted({code for _, _, code in found} - {130, 0})
    print(f"{name}: {len(stopped)} stopped, longest s {worst or '-'}; other codes {strange}", flush=True)


def writers(result: ws.StudyResult) -> dict[str, Callable[[Path, Progress], object]]:
    """Return what is written: all of ``run``, and each format of ``report``."""

    def report(kind: str) -> Callable[[Path, Progress], object]:
        return lambda folder, progress: ws.write_reports(result, folder, formats=[kind], progress=progress)

    every: dict[str, Callable[[Path, Progress], object]] = {
        "run": lambda folder, progress: ws.write_outputs(result, folder, progress=progress)
    }
    return every | {kind: report(kind) for kind in FORMATS}


def export(study: Path, moments: int, only: list[str]) -> None:
    """Measure every export of a study."""
    result = ws.run_study(ws.StudyConfig.from_toml(study))
    print(f"{len(result.demand)} demand points, {len(result.network.u)} edges", flush=True)
    for name, work in writers(result).items():
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory(prefix="stop-times-") as folder:
            whole_s, code = ended_s(begin(work, Path(folder)), 600.0)
            print(f"{name}: whole {whole_s:.1f} s, code {code}", flush=True)
            times = [whole_s * (place + 0.5) / moments for place in range(moments)]
            measure(name, lambda work=work, folder=folder: begin(work, Path(folder)), times)  # type: ignore[misc]  # a loop's own


def batch(moments: int, districts: int, most_s: float) -> None:
    """Measure ``walkshed batch`` on generated districts."""
    with tempfile.TemporaryDirectory(prefix="stop-times-") as folder:
        place = Path(folder)
        rows = [(f"d{seed}", str(write_small(place / f"d{seed}", seed=seed))) for seed in range(districts)]
        with (place / "studies.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("name", "study"), *rows])
        entry = [sys.executable, "-c", "from walkshed.cli import main; main()"]
        command = [*entry, "batch", str(place / "studies.csv"), "--workers", "2", "--force", "--lang", "en"]

        def start() -> int:
            out = tempfile.mkdtemp(dir=place)
            return subprocess.Popen([*command, "--out", out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid

        measure("batch", start, [0.5 + (most_s - 0.5) * number / max(1, moments - 1) for number in range(moments)])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.whole.stop_times", description=__doc__)
    parser.add_argument("study", type=Path, nargs="?")
    parser.add_argument("--moments", type=int, default=8)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--districts", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=25.0, help="the last moment of a batch")
    given = parser.parse_args()
    if given.batch:
        batch(given.moments, given.districts, given.seconds)
    else:
        export(given.study, given.moments, given.only)


if __name__ == "__main__":
    main()

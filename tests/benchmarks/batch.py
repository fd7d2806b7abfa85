"""Hundreds of districts at once: ``python -m tests.benchmarks.batch --out docs/benchmarks-batch.md``.

Generated districts and the real areas that are present, on two processes: interrupted, begun again, a worker killed, a
district that kills its workers, a study that is missing. What comes out is compared with every kind of run.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import psutil
from tests.benchmarks.batch_areas import write_areas
from tests.benchmarks.ledger import memory_gb, processor, say

from walkshed.batch import run_batch
from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
POISON, MISSING = "poison", "missing"
PRELOAD = """\
import os
import signal

from walkshed.batch import district


def with_a_killer(compute):
    def run_study(config, **options):
        if config.folder.name == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        return compute(config, **options)

    return run_study


district.run_study = with_a_killer(district.run_study)
"""
"""Read by every worker before it begins: one district kills whoever computes it."""
KILOBYTES_PER_GB = 1024.0**2


class Stopped(NamedTuple):
    """What a run on the command line came to."""

    code: int
    seconds: float
    said: str
    since_signal: float


class Watch:
    """Starts the command and acts on it while districts are being finished."""

    def __init__(self, listed: Path, out: Path, preload: Path) -> None:
        self.command = [
            sys.executable, "-c", "from walkshed.cli import main; main()", "batch", str(listed), "--out", str(out),
            "--workers", "2", "--lang", "en",
        ]  # fmt: skip
        self.out = out
        self.environment = os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(preload)}

    def finished(self) -> int:
        """Return how many districts have their results."""
        return sum(1 for _ in self.out.glob("*/district.json"))

    def run(self, *, interrupt_at: int = -1, kill_at: int = -1, poisoned: bool = True) -> Stopped:
        """Run the command; interrupt it, or kill one of its workers, once so many districts are finished."""
        began = time.perf_counter()
        told = 0.0
        with subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment if poisoned else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as program:
            while program.poll() is None:
                if 0 <= interrupt_at <= self.finished() and any(self.out.glob(".batch/*/*.begun.*")):
                    told, interrupt_at = time.perf_counter(), -1
                    program.send_signal(signal.SIGINT)
                if 0 <= kill_at <= self.finished():
                    children = psutil.Process(program.pid).children()
                    if len(children) > 1 and any(self.out.glob(".batch/*/*.begun.*")):
                        kill_at = -1
                        children[0].kill()
                time.sleep(0.05)
            said = program.stdout.read() if program.stdout is not None else ""
        ended = time.perf_counter()
        return Stopped(program.returncode, ended - began, said, ended - told if told else math.nan)


def figures(folder: Path) -> dict[str, Any]:
    """Return a district's summary without times and versions."""
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    summary.pop("run")
    return summary


def differing(one: Any, other: Any, where: str = "") -> list[str]:
    """Return where two summaries differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [at for key in {**one, **other} for at in differing(one.get(key), other.get(key), f"{where}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [at for number, (a, b) in pairs for at in differing(a, b, f"{where}[{number}]")]
    return [] if one == other else [where]


def write_studies(folder: Path, number: int, *, real: bool) -> tuple[Path, list[str]]:
    """Write districts and their list; return the list and the names of all that can be computed."""
    rows = [(f"district-{seed}", str(write_small(folder / str(seed), seed=seed))) for seed in range(number)]
    rows += write_areas(folder / "areas") if real else []
    names = [name for name, _ in rows]
    rows.insert(len(rows) // 2, (POISON, str(write_small(folder / POISON, seed=number))))
    rows.append((MISSING, "nowhere"))
    listed = folder / "studies.csv"
    with listed.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("district", "study"), *rows])
    return listed, names


def some(listed: Path, names: Sequence[str], path: Path) -> Path:
    """Write a shorter list."""
    table = pd.read_csv(listed, dtype=str)
    table[table["district"].isin(names)].to_csv(path, index=False)
    return path


def measure(number: int, *, real: bool) -> list[str]:
    """Do all runs and return the page."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        listed, names = write_studies(folder, number, real=real)
        preload = folder / "preload.py"
        preload.write_text(PRELOAD, encoding="utf-8")
        out = folder / "out"
        out.mkdir()
        watch = Watch(listed, out, preload)
        interrupted = watch.run(interrupt_at=number // 4)
        left = watch.finished()
        say(f"interrupted at {left}: exit code {interrupted.code} after {interrupted.since_signal:.2f} s")
        resumed = watch.run(kill_at=number // 2)
        say(resumed.said)
        table = pd.read_csv(out / "national.csv", dtype=str, encoding="utf-8-sig", keep_default_na=False)
        states = dict(zip(table["Name"], table["State"], strict=True))
        why = dict(zip(table["Name"], table["Why it failed"], strict=True))
        told = {name: figures(out / name) for name in names}
        people = math.fsum(summary["residents"]["population"] for summary in told.values())
        total = float(table["Residents"].iloc[-1])
        again = watch.run(poisoned=False)
        say(again.said)

        fewer = [*names[:10], *names[number:]]
        short = some(listed, fewer, folder / "few.csv")
        apart = {workers: folder / f"apart-{workers}" for workers in (0, 1, 3)}
        for workers, place in apart.items():
            run_batch(short, place, workers=workers, language="en")
        unlike = {
            name: where
            for name in fewer
            for place in apart.values()
            for where in differing(told[name], figures(place / name))[:1]
        }
        for name, where in unlike.items():
            say(f"differs: {name} at {where}; siting ended {told[name]['siting'].get('status')}")
        pages = {(place / "national.csv").read_bytes() for place in apart.values()}
        slowest = sorted(
            ((json.loads((out / name / "summary.json").read_text())["run"]["seconds"], name) for name in names),
            key=lambda item: -sum(item[0].values()),
        )[:3]
        size_mb = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KILOBYTES_PER_GB
    done = sum(state == "computed" for state in states.values())
    spent = interrupted.seconds + resumed.seconds
    longest = ", ".join(f"{name} {sum(seconds.values()):.1f} s" for seconds, name in slowest)
    twice = len(table) - len(set(table["Name"]))
    rows = [
        ("districts in the list", f"{len(table) - 1}, of which {len(names) - number} are real areas"),
        ("Ctrl-C once a quarter was finished", f"exit code {interrupted.code} after {interrupted.since_signal:.2f} s"),
        ("finished then, taken over by the next run", str(left)),
        ("one worker killed once half was finished", f"computed {done}, lost {len(names) - done}, twice {twice}"),
        ("a district that kills its workers", f"{states[POISON]}: {why[POISON]}"),
        ("a study that is missing", f"{states[MISSING]}"),
        ("residents, sum of the summaries and total of the table", f"{people:,.0f} and {total:,.0f}"),
        ("wall time of both runs, two workers", f"{spent:.0f} s, {spent / len(names):.2f} s per district"),
        ("run again without the killer: nothing but it to compute", f"{again.seconds:.0f} s"),
        ("slowest districts", longest),
        ("peak memory of one process", f"{peak:.2f} GB"),
        ("size of all results", f"{size_mb:.0f} MB"),
        ("same figures here, with 1, 2 and 3 workers", f"{len(fewer) - len(unlike)} of {len(fewer)} districts"),
        ("same national table for 0, 1 and 3 workers", "yes" if len(pages) == 1 else "NO"),
    ]  # fmt: skip
    assert done == len(names)
    for name, where in unlike.items():
        rows.append(("differs between runs", f"{name}, first at `{where}`"))
    return [
        "# Many districts", "",
        "Written by `python -m tests.benchmarks.batch`: generated districts and the real areas that are present, from",
        "their files to summary, national table and map, on two processes of one machine. The first run is",
        "interrupted; the second takes over, loses a worker, and meets a district that kills every worker.",
        f"Machine: {processor()}, {memory_gb():.0f} GB. Wall time, so other work on the machine counts.", "",
        "| what | measured |", "| --- | --- |",
        *(f"| {what} | {value} |" for what, value in rows),
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run all and print a table; write it as a page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.batch", description="Many districts.")
    parser.add_argument("--districts", type=int, default=200, help="generated districts")
    parser.add_argument("--generated-only", action="store_true", help="leave the real areas out")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/benchmarks-batch.md")
    options = parser.parse_args(arguments)
    page = "\n".join(measure(options.districts, real=not options.generated_only)) + "\n"
    say(page)
    if options.out is not None:
        options.out.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Maximal covering from a district to a metropolis: how long until how small a gap is proven."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.siting_instances import LARGE, MIDDLE, SMALL, Size, save_problem, street_problem
from tests.benchmarks.siting_timing import timed

from walkshed.siting.solve import solve_mclp

if TYPE_CHECKING:
    from tests.benchmarks.siting_report import Page

    from walkshed.siting.problem import SitingProblem

WORKER = "tests.benchmarks.siting_worker"
INTRO = (
    "Time until the gap asked for is proven (limit 120 s), on towns drawn by the generator of the sample district: "
    "residents in clusters, walks along the streets, 15 minutes at 4.5 km/h. `existing` rooms stand already and are "
    "fixed. The last size is solved in a process of its own each; its peak memory includes libraries and the problem."
)
HEADER = (
    "size", "existing", "rooms", "gap asked", "CPU (wall)", "gap proven", "newly served", "bound", "proof", "check",
    "peak",
)  # fmt: skip
CHECK_S = 0.1
PEAK_GB = 1.0
LIMIT_S = 120.0


def run(page: Page) -> None:
    """Measure every size."""
    page.begin("Maximal covering by size", INTRO, *HEADER)
    cases: list[tuple[Size, int, tuple[int, ...], float]] = [
        (SMALL, 0, (5, 10, 20), 0.005),
        (SMALL, 10, (10, 50), 0.005),
    ]
    if not page.quick:
        cases += [(MIDDLE, 50, (10, 20, 50), 0.005), (MIDDLE, 0, (10, 20, 50), 0.015)]
        cases += [(LARGE, 0, (10, 50), 0.01), (LARGE, 200, (50,), 0.01)]
    worst: dict[tuple[Size, bool], list[tuple[float, float, float]]] = {}
    for size, existing, rooms, gap in cases:
        problem = None if size == LARGE else street_problem(size, existing=existing)
        for count in rooms:
            peak = float("nan")
            if problem is None:
                told = _alone(existing, count, gap)
                cells, cpu, reached, check, peak = (
                    told["cells"], told["cpu"], told["gap"], told["check"], told["peak_bytes"] / 1e9,
                )  # fmt: skip
            else:
                result = timed(solve_mclp, problem, new_rooms=count, mip_gap=gap, time_limit_s=LIMIT_S)
                cells, cpu, reached, check = cells_of(result), result.cpu_s, result.answer.mip_gap, result.check_s
            page.row(str(size), str(existing), str(count), f"{gap:.1%}", *cells, f"{peak:.2f} GB" if peak > 0 else "-")
            worst.setdefault((size, existing > 0), []).append((cpu, reached, check))
            if peak > 0:
                worst.setdefault((Size(0, 0, 0.0), True), []).append((peak, check, 0.0))
    _goals(page, worst)


def cells_of(result: object) -> tuple[str, ...]:
    """Return the cells that tell of an answer."""
    answer = result.answer
    return (
        result.time, result.gap, f"{answer.objective:,.0f}", f"{answer.bound:,.0f}", result.proof,
        f"{1000 * result.check_s:.0f} ms",
    )  # fmt: skip


def _alone(existing: int, rooms: int, gap: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.npz"
        save_problem(_large(existing), path)
        command = [sys.executable, "-m", WORKER, str(path), str(rooms), str(gap)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


@lru_cache(maxsize=1)
def _large(existing: int) -> SitingProblem:
    """Return the metropolis; drawing it takes longer than most answers."""
    return street_problem(LARGE, existing=existing)


def _goals(page: Page, worst: dict) -> None:
    for size, fixed, gap, seconds, text in (
        (MIDDLE, True, 0.005, 10.0, "50 thousand x 5 thousand, existing rooms fixed, up to 50 new: 0.5 % in 10 s"),
        (MIDDLE, False, 0.015, 5.0, "50 thousand x 5 thousand, none existing, up to 50 new: 1.5 % in 5 s"),
        (LARGE, False, 0.01, 60.0, "200 thousand x 20 thousand, up to 50 new: 1 % in 60 s"),
    ):
        found = worst.get((size, fixed))
        met = all(cpu <= seconds and reached <= gap for cpu, reached, _ in found) if found else None
        told = ", ".join(f"{reached:.2%} in {cpu:.1f} s" for cpu, reached, _ in found or ())
        page.goal(text, told or "-", met=met)
    large = worst.get((Size(0, 0, 0.0), True))
    peak = max((peak for peak, _, _ in large), default=float("nan")) if large else float("nan")
    check = max((check for _, check, _ in large), default=float("nan")) if large else float("nan")
    page.goal("200 thousand x 20 thousand under 1 GB", f"{peak:.2f} GB", met=peak < PEAK_GB if large else None)
    page.goal(
        "Bounds re-checked in under 0.1 s at 200 thousand rows",
        f"{check:.3f} s",
        met=check < CHECK_S if large else None,
    )

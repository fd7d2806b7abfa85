"""Maximal covering against spopt, which builds one constraint per demand row from a dense table and asks a solver."""

from __future__ import annotations

import os
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
from tests.benchmarks.siting_instances import SMALL, Size, street_problem
from tests.benchmarks.siting_timing import timed

from walkshed.siting.solve import solve_mclp
from walkshed.siting.verify import recount

if TYPE_CHECKING:
    from tests.benchmarks.siting_report import Page
    from tests.benchmarks.siting_timing import Timed

    from walkshed.siting.problem import SitingProblem

ROOMS, GAP = 10, 0.005
LIMIT_S = 60.0
TIMES = 100.0
FAR = 1e6
INTRO = (
    "The same problem, 10 rooms, gap asked 0.5 %, for the peers a limit of 60 s on the solver alone. spopt takes a "
    "dense table of minutes; its time is that of building its model and of solving it. Values were counted by us from "
    "the candidates chosen. PuLP calls an answer 'Optimal' also where its time limit ended it."
)


def run(page: Page) -> None:
    """Measure ours, then spopt with each solver that is here."""
    page.begin("Maximal covering against spopt", INTRO, "way", "CPU (wall)", "ratio", "newly served", "gap", "says")
    size = Size(1_000, 200, 50.0) if page.quick else SMALL
    problem, mine = ours(size)
    answer = mine.answer
    page.row(f"walkshed, {size}", mine.time, "1", f"{answer.objective:,.0f}", mine.gap, answer.status)
    try:
        import pulp  # noqa: PLC0415 - a peer that may be missing
        from spopt.locate import MCLP  # noqa: PLC0415 - as above
    except ImportError:
        page.note("spopt is not installed.")
        page.goal("10 thousand x 1 thousand, 10 rooms: 100 times as fast as spopt", "-", met=None)
        return
    minutes = np.full((size.rows, size.sites), FAR)
    reach = problem.minutes.tocoo()
    minutes[reach.coords[1], reach.coords[0]] = reach.data
    ratios, values = [], []
    for name in ("HiGHS", "PULP_CBC_CMD"):
        solver = getattr(pulp, name)(msg=False, timeLimit=LIMIT_S, gapRel=GAP)
        wall, cpu = time.perf_counter(), time.process_time()
        children = _children_s()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = MCLP.from_cost_matrix(
                minutes, problem.population, service_radius=problem.cutoff_min, p_facilities=ROOMS
            )
            built = time.process_time() - cpu
            model = model.solve(solver)
        wall = time.perf_counter() - wall
        cpu = time.process_time() - cpu + _children_s() - children
        chosen = [key for key, rows in zip(problem.candidate_ids, model.fac2cli, strict=True) if rows]
        value = recount(problem, chosen)
        ratios.append(cpu / mine.cpu_s)
        values.append(value)
        page.row(
            f"spopt + {name.removeprefix('PULP_').removesuffix('_CMD')}", f"{cpu:.1f} s ({wall:.1f} s)",
            f"{ratios[-1]:.0f} x", f"{value:,.0f}", f"({answer.bound / value - 1:.2%} below our bound)",
            f"{pulp.LpStatus[model.problem.status]}, built in {built:.0f} s",
        )  # fmt: skip
    page.goal(
        "10 thousand x 1 thousand, 10 rooms: 100 times as fast as spopt, no worse, within 0.5 %",
        f"{min(ratios):.0f} times, value {answer.objective / max(values) - 1:+.2%}, gap {mine.gap}",
        met=None if page.quick else min(ratios) >= TIMES
        and answer.objective >= max(values) * (1 - GAP) and answer.mip_gap <= GAP,
    )  # fmt: skip


def ours(size: Size) -> tuple[SitingProblem, Timed]:
    """Return the problem and our answer."""
    problem = street_problem(size)
    return problem, timed(solve_mclp, problem, new_rooms=ROOMS, mip_gap=GAP)


def _children_s() -> float:
    """Return the CPU seconds of programs that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system

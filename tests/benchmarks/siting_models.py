"""The other models, and every requirement on its own, on a town of 10 thousand rows and a thousand candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.benchmarks.siting_instances import SMALL, Size, street_problem
from tests.benchmarks.siting_timing import timed

from walkshed.errors import WalkshedError
from walkshed.siting.requirements import Floor, Requirements
from walkshed.siting.solve import solve_lscp, solve_mclp, solve_p_center, solve_p_median

if TYPE_CHECKING:
    from tests.benchmarks.siting_report import Page

    from walkshed.siting.problem import SitingProblem

LIMIT_S = 20.0
GAP = 0.005
HORIZON_MIN = 45.0
COLUMNS = ("problem", "asked", "gap asked", "objective", "bound", "gap", "status", "CPU (wall)")


def run(page: Page) -> None:
    """Measure set covers, walks, then requirement after requirement."""
    size = Size(1_000, 200, 50.0) if page.quick else SMALL
    page.begin(
        "Other models",
        f"{size}, no rooms today; limit {LIMIT_S:.0f} s each. A whole city is rarely covered with a tight proof: the "
        "bound says what is known.",
        *COLUMNS,
    )
    problem = street_problem(size)
    best = problem.population[np.unique(problem.reach.indices)].sum() / problem.residents
    for share in (0.8, 0.9, 0.95):
        _tell(page, "partial cover", f"{share:.0%}", 0.0, solve_lscp, problem, share=share)
    _tell(page, "LSCP", f"all within reach ({best:.2%})", 0.0, solve_lscp, problem, share=float(best) * (1 - 1e-12))
    far = street_problem(size, existing=10, horizon_min=HORIZON_MIN)
    for rooms in (10, 50):
        _tell(page, "p-median, 10 rooms today", f"{rooms} rooms", GAP, solve_p_median, far, new_rooms=rooms)
    for rooms in (10, 50):
        _tell(page, "p-center, 10 rooms today", f"{rooms} rooms", 0.0, solve_p_center, far, new_rooms=rooms)
    page.begin(
        "Maximal covering with requirements",
        f"{size}, 10 rooms today, 10 new ones; limit {LIMIT_S:.0f} s each.",
        *COLUMNS,
    )
    town = street_problem(size, existing=10, furnished=True)
    money = float(np.sort(town.cost)[:10].sum() * 1.5)
    for name, wish in (
        ("nothing more", Requirements()),
        ("three must be built, three must not", _fixed(town)),
        ("budget", Requirements(budget=money)),
        ("500 m apart", Requirements(spacing_m=500.0)),
        ("20 % of every area", Requirements(floors=(Floor(share=0.2, area="*"),))),
        ("seniors at least as well as all", Requirements(parities=("seniors",))),
        ("seniors count double", Requirements(group_weights={"seniors": 2.0})),
        ("a second room counts 30 %", Requirements(backup_share=0.3)),
        ("walks count less from 10 min", Requirements(full_min=10.0)),
        ("capacities", Requirements(capacity=True)),
        ("two rooms of today may close", Requirements(closings_max=2)),
    ):
        _tell(page, name, "10 rooms", GAP, solve_mclp, town, new_rooms=10, requirements=wish)


def _tell(
    page: Page, name: str, asked: str, gap: float, solver: object, problem: SitingProblem, **more: object
) -> None:
    try:
        result = timed(solver, problem, mip_gap=gap, time_limit_s=LIMIT_S, **more)
    except WalkshedError as error:
        page.row(name, asked, f"{gap:.1%}", "-", "-", "-", type(error).__name__, "-")
        page.note(f"{name}, {asked}: {error}")
        return
    answer = result.answer
    page.row(
        name, asked, f"{gap:.1%}", f"{answer.objective:,.1f}", f"{answer.bound:,.1f}", result.gap, answer.status,
        result.time,
    )  # fmt: skip


def _fixed(problem: SitingProblem) -> Requirements:
    ids = problem.candidate_ids
    return Requirements(must_build=tuple(ids[1:30:10]), forbidden=tuple(ids[2:30:10]))

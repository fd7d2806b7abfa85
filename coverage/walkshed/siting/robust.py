"""How far a plan depends on what nobody knows exactly: how often each site stays chosen, and what is lost if not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.errors import SitingError
from walkshed.siting.marginal import plan_steps, residents_of, standing_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]

SITE_COLUMNS: Final = ("rank", "candidate_id", "chosen_share", "same_share")
VARIANT_COLUMNS: Final = (
    "variant", "status", "rooms", "served_plan", "served_best", "regret", "regret_share", "minutes_plan",
    "minutes_best", "missing",
)  # fmt: skip
IN_PREFIX: Final = "away_m_"


@dataclass(frozen=True, kw_only=True, eq=False)
class Robustness:
    """What becomes of a plan under other assumptions.

    Attributes
    ----------
    sites
        One row per room of the plan, in build order: ``rank``, ``candidate_id``, ``chosen_share`` (of the variants in
        which it or a site within ``near_m`` of it is chosen, 0..1; NaN without variants), ``same_share`` (in which
        itself is) and ``away_m_<variant>`` (metres to the nearest site chosen under it; 0 the same, NaN none or
        unknown).
    variants
        One row per variant: ``variant``, ``status`` of its own best plan, ``rooms`` in it, ``served_plan`` and
        ``served_best`` (residents served under the variant's assumptions with today's plan and with its own),
        ``regret`` (residents by which the first falls short of the second; below 0 where the model does not maximise
        them) and ``regret_share`` (of ``served_best``), ``minutes_plan`` and ``minutes_best`` (person-minutes, a walk
        beyond the horizon as the horizon, who reaches nothing within an infinite one left aside), ``missing``
        (candidates of today's plan that the variant does not have).
    """

    sites: pd.DataFrame
    variants: pd.DataFrame


def robustness(
    problem: SitingProblem,
    answer: SitingAnswer,
    variants: Mapping[str, SitingProblem | Callable[[], SitingProblem]],
    solve: Callable[[SitingProblem], SitingAnswer],
    *,
    near_m: float = 150.0,
) -> Robustness:
    """Solve the same question under other assumptions and hold the plan against the answers.

    Parameters
    ----------
    problem, answer
        Today's problem and the plan.
    variants
        Name -> the problem under other assumptions, or a function that builds it: such a one is built when its turn
        comes and forgotten after it. See :func:`walkshed.siting.variants.problem_variants`.
    solve
        The same model with the same settings as ``answer``.
    near_m
        A site no farther than this from another, as the crow flies, is as good as the same.

    Returns
    -------
    Robustness

    Raises
    ------
    SitingError
        If ``near_m`` is no distance, or the answer does not belong to the problem.
    """
    if not (isfinite(near_m) and near_m >= 0):
        raise SitingError("nearby_unusable", value=near_m)
    chosen = problem.positions_of(answer.chosen)
    columns: dict[str, FloatArray] = {}
    rows: list[dict[str, object]] = []
    for name, given in variants.items():
        other = given() if callable(given) else given
        best = solve(other)
        columns[name] = _away_m(problem, chosen, other, best)
        rows.append(_compare(name, other, answer, best))
    away = np.column_stack([np.zeros((len(chosen), 0)), *columns.values()])
    sites = pd.DataFrame(
        {
            "rank": np.arange(1, len(chosen) + 1),
            "candidate_id": np.array(answer.chosen, object),
            "chosen_share": _share(away <= near_m),
            "same_share": _share(away == 0.0),
            **{IN_PREFIX + name: column for name, column in columns.items()},
        }
    )
    return Robustness(sites=sites, variants=pd.DataFrame(rows, columns=list(VARIANT_COLUMNS)))


def _share(holds: NDArray[np.bool_]) -> FloatArray:
    """Return the share of columns that hold, NaN without columns."""
    return holds.sum(axis=1) / holds.shape[1] if holds.shape[1] else np.full(len(holds), np.nan)


def _away_m(problem: SitingProblem, chosen: NDArray[np.int64], other: SitingProblem, best: SitingAnswer) -> FloatArray:
    """Return how far each chosen site is from the nearest one that the other answer chooses; 0 for the same id."""
    away = np.full(len(chosen), np.nan)
    taken = other.positions_of(best.chosen)
    if len(taken) and len(problem.place_m) and len(other.place_m):
        between = problem.place_m[chosen][:, None] - other.place_m[taken]
        away = np.hypot(between[..., 0], between[..., 1]).min(axis=1, initial=np.inf)
    same = set(best.chosen)
    away[[problem.candidate_ids[site] in same for site in chosen.tolist()]] = 0.0
    return away


def _compare(name: str, other: SitingProblem, answer: SitingAnswer, best: SitingAnswer) -> dict[str, object]:
    """Return how today's plan does under a variant, beside the variant's own best."""
    known = set(other.candidate_ids)
    there = tuple(key for key in answer.chosen if key in known)
    plan = _carried_over(answer, there, other)
    served_plan, minutes_plan = _outcome(other, plan)
    served_best, minutes_best = _outcome(other, best)
    regret = served_best - served_plan
    return {
        "variant": name,
        "status": best.status,
        "rooms": len(best.chosen),
        "served_plan": served_plan,
        "served_best": served_best,
        "regret": regret,
        "regret_share": regret / served_best if served_best else np.nan,
        "minutes_plan": minutes_plan,
        "minutes_best": minutes_best,
        "missing": len(answer.chosen) - len(there),
    }


def _carried_over(answer: SitingAnswer, chosen: tuple[str, ...], other: SitingProblem) -> SitingAnswer:
    return replace(answer, chosen=chosen, closed=tuple(key for key in answer.closed if key in set(other.existing_ids)))


def _outcome(problem: SitingProblem, answer: SitingAnswer) -> tuple[float, float]:
    """Return residents served and person-minutes walked once a plan is carried out."""
    standing = standing_after(problem, answer.closed)
    served = problem.served_today - residents_of(problem, np.flatnonzero(standing.lost))
    walk = standing.walk_min.copy()
    for step in plan_steps(problem, answer):
        served += residents_of(problem, step.rows) + residents_of(problem, step.kept)
        part = slice(problem.minutes.indptr[step.candidate], problem.minutes.indptr[step.candidate + 1])
        rows = problem.minutes.indices[part]
        walk[rows] = np.minimum(walk[rows], problem.minutes.data[part])
    reached = np.isfinite(walk)
    return served, float(walk[reached] @ problem.population[reached])

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from walkshed.errors import SitingError
from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.median.solve import gradual
from walkshed.siting.problem import SitingProblem
from walkshed.siting.requirements import Requirements

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.answer import SitingAnswer

NONE = np.zeros(0, np.int64)
FULL = st.sampled_from((None, 0.0, 4.0, 9.5, 10.0, 14.0))


def solve(case: Any, requirements: Requirements, rooms: int | None = None) -> SitingAnswer:
    return gradual(
        case.problem,
        case.rooms if rooms is None else rooms,
        requirements=requirements,
        must=case.must,
        forbidden=case.forbidden,
        clock=Clock(limit_s=3600.0, progress=silent),
        mip_gap=0.0,
    )


@given(data=st.data(), full_min=FULL)
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_best_of_all_choices_is_found_and_proven(
    data: st.DataObject, full_min: float | None, median_cases: Callable[..., Any], count_worth: Callable[..., float]
) -> None:
    case = data.draw(median_cases())
    weight = case.problem.population
    best = max((count_worth(case, chosen, full_min, weight) for chosen in case.choices()), default=0.0)
    answer = solve(case, Requirements(full_min=full_min))
    chosen = case.problem.positions_of(answer.chosen).tolist()
    assert answer.objective == pytest.approx(count_worth(case, chosen, full_min, weight), rel=1e-9, abs=1e-9)
    assert answer.objective == pytest.approx(best, rel=2e-9, abs=1e-9)
    assert answer.bound >= answer.objective
    assert answer.status in ("optimal", "nothing_to_gain")
    assert answer.model == "mclp"
    assert set(case.must.tolist()) <= set(chosen)
    assert not set(case.forbidden.tolist()) & set(chosen)
    assert len(chosen) <= case.rooms
    proven = [certified(case, multiplier, full_min) for multiplier in answer.certificates]
    # The first set speaks for all candidates, later ones for those that it leaves.
    assert proven[0] >= best - 1e-9 * (1.0 + best)
    if answer.proof == "certificate" and len(proven) == 1:
        assert proven[0] <= answer.bound + (1.0 if (weight % 1 == 0).all() else 1e-8 * (1.0 + best))


def certified(case: Any, multiplier: Any, full_min: float | None) -> float:
    """Recompute from the raw table what one set of multipliers proves."""
    cutoff = case.problem.cutoff_min

    def share(minutes: Any) -> Any:
        if full_min is None or full_min >= cutoff:
            return (minutes <= cutoff).astype(float)
        return np.clip((cutoff - np.minimum(minutes, 1e9)) / (cutoff - full_min), 0.0, 1.0)

    benefit = case.problem.population * np.maximum(0.0, share(case.walks) - share(case.problem.minutes_today))
    score = np.maximum(0.0, benefit - multiplier).sum(axis=1)
    optional = np.setdiff1d(np.arange(len(score)), np.concatenate([case.must, case.forbidden]))
    more = case.rooms - len(case.must)
    return float(multiplier.sum() + score[case.must].sum() + np.sort(score[optional])[::-1][:more].sum())


@given(data=st.data(), full_min=FULL)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_more_rooms_and_milder_walks_never_serve_less(
    data: st.DataObject, full_min: float | None, median_cases: Callable[..., Any]
) -> None:
    case = data.draw(median_cases())
    case.problem.minutes_today  # noqa: B018 - drawn before anything else
    answer = solve(case, Requirements(full_min=full_min))
    assert solve(case, Requirements(full_min=full_min), rooms=case.rooms + 1).objective >= answer.objective - 1e-9
    if not np.isfinite(case.problem.minutes_today).any():
        assert solve(case, Requirements()).objective >= answer.objective - 1e-9


def home_problem(**more: Any) -> SitingProblem:
    walks = np.array([[5.0, 12.0, inf], [13.0, 14.0, 10.0]])
    known = np.isfinite(walks)
    return SitingProblem(
        candidate_ids=("a", "b"),
        demand_ids=("d0", "d1", "d2"),
        population=np.array([10.0, 10.0, 16.0]),
        minutes=csr_array((walks[known].astype(np.float32), np.nonzero(known)), shape=walks.shape),
        cutoff_min=15.0,
        groups={"seniors": np.array([10.0, 4.0, 0.0])},
        **more,
    )


def run(problem: SitingProblem, requirements: Requirements) -> SitingAnswer:
    return gradual(
        problem, 1, requirements=requirements, must=NONE, forbidden=NONE,
        clock=Clock(limit_s=60.0, progress=silent), mip_gap=0.0,
    )  # fmt: skip


def test_a_walk_counts_the_less_the_longer_it_is() -> None:
    # a: 10 in full, 10 by 3/5; b: 10 by 2/5, 10 by 1/5, 16 in full.
    assert run(home_problem(), Requirements()).objective == 36.0
    answer = run(home_problem(), Requirements(full_min=10.0))
    assert (answer.chosen, answer.objective, answer.bound) == (("b",), pytest.approx(22.0), pytest.approx(22.0))
    # With seniors counting threefold: a is worth 30 + 18 * 3/5, b 30 * 2/5 + 18 * 1/5 + 16.
    weighted = run(home_problem(), Requirements(full_min=10.0, group_weights={"seniors": 3.0}))
    assert (weighted.chosen, weighted.objective) == (("a",), pytest.approx(40.8))


def test_only_what_is_better_than_today_counts() -> None:
    problem = home_problem(minutes_today=np.array([9.0, 13.0, inf]))
    answer = run(problem, Requirements(full_min=10.0))
    assert (answer.chosen, answer.objective) == (("b",), 16.0)
    nothing = run(home_problem(minutes_today=np.array([0.0, 1.0, 2.0])), Requirements(full_min=10.0))
    assert (nothing.chosen, nothing.objective, nothing.bound, nothing.status) == ((), 0.0, 0.0, "nothing_to_gain")


def test_a_problem_without_the_served_rows_is_refused() -> None:
    with pytest.raises(SitingError) as refused:
        run(home_problem(left_out_served=5.0), Requirements(full_min=10.0))
    assert refused.value.message.key == "errors.rows_left_out"
    assert run(home_problem(left_out_served=5.0), Requirements()).objective == 36.0

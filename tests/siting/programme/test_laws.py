"""Limits are kept, answers repeat themselves, and asking for less never makes a plan worse."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import CancelledError, InfeasibleError, SolverError
from walkshed.progress import silent
from walkshed.siting.answer import relative_gap
from walkshed.siting.clock import Clock
from walkshed.siting.programme.solve import constrained
from walkshed.siting.requirements import NOTHING, Floor, Requirements
from walkshed.siting.verify_requirements import recount_plan, verify_requirements

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.problem import SitingProblem

STRICT = Requirements(
    budget=7.0,
    spacing_m=150.0,
    floors=(Floor(share=0.3, area="*"),),
    parities=("seniors",),
    forbidden=("c0",),
    must_build=("c1",),
)
LOOSER = (
    {"budget": None},
    {"budget": 12.0},
    {"spacing_m": 0.0},
    {"floors": ()},
    {"floors": (Floor(share=0.2, area="*"),)},
    {"parities": ()},
    {"forbidden": ()},
    {"must_build": ()},
    {"closings_max": 1},
)


@pytest.mark.parametrize("model", ["mclp", "lscp", "p_median", "p_center"])
@settings(deadline=None, max_examples=15, derandomize=True)
@given(seed=st.integers(0, 10_000), change=st.sampled_from(LOOSER))
def test_asking_for_less_never_makes_a_plan_worse(
    model: str, seed: int, change: dict[str, Any], make_little_town: Callable[..., Any], solve: Callable[..., Any]
) -> None:
    town = make_little_town(seed, sites=7, rows=8)
    try:
        strict = solve(town, model, STRICT, new_rooms=3, share=0.5)
    except InfeasibleError:
        return
    loose = solve(town, model, replace(STRICT, **change), new_rooms=3, share=0.5)
    # A forbidden candidate may be the only one that reaches somebody, who then counts for the worst walk.
    if not (model == "p_center" and "forbidden" in change):
        sign = 1.0 if model == "mclp" else -1.0
        assert sign * loose.objective >= sign * strict.objective - 1e-6


@pytest.mark.parametrize("model", ["mclp", "lscp", "p_median"])
def test_the_same_question_gets_the_same_answer(model: str, make_town: Callable[..., Any]) -> None:
    town = make_town(300, 40, seed=3)
    town = replace_town(town, horizon_min=town.cutoff_min)
    wish = Requirements(budget=6.0, backup_share=0.2, floors=(Floor(share=0.2),))
    answers = [ask(town, model, wish, limit_s=60.0) for _ in range(2)]
    assert answers[0].status == "optimal"
    assert answers[0].chosen == answers[1].chosen
    assert (answers[0].objective, answers[0].bound) == (answers[1].objective, answers[1].bound)


def replace_town(town: SitingProblem, **changes: Any) -> SitingProblem:
    """Return a problem with some attributes changed."""
    names = [name for name in town.__dataclass_fields__ if name != "reach"]
    return type(town)(**{name: getattr(town, name) for name in names} | changes)


def ask(town: SitingProblem, model: str, wish: Requirements, *, limit_s: float, progress: Any = silent) -> Any:
    """Solve with six new rooms or half of all residents."""
    return constrained(
        town,
        model=model,
        new_rooms=None if model == "lscp" else 6,
        share=0.5,
        minimise_cost=False,
        requirements=wish,
        clock=Clock(limit_s=limit_s, progress=progress),
        mip_gap=0.0,
    )


@pytest.mark.parametrize(
    "wish", [Requirements(budget=9.0), Requirements(backup_share=0.3), Requirements(full_min=100.0)]
)
def test_a_time_limit_returns_a_plan_that_holds_and_a_bound_that_is_valid(
    wish: Requirements, make_town: Callable[..., Any]
) -> None:
    town = make_town(1500, 200, seed=2)
    short = ask(town, "mclp", wish, limit_s=0.3)
    verify_requirements(town, short, requirements=wish, new_rooms=6)
    assert short.mip_gap == relative_gap(short.objective, short.bound)
    assert short.status in {"time_limit", "optimal"}
    rooms = tuple(town.candidate_ids[place] for place in np.random.default_rng(1).integers(0, 200, 4))
    assert recount_plan(town, tuple(set(rooms)), model="mclp", requirements=wish).objective <= short.bound


def test_a_time_limit_before_any_plan_says_so(make_town: Callable[..., Any]) -> None:
    with pytest.raises(SolverError) as caught:
        ask(make_town(1500, 200, seed=2), "lscp", Requirements(backup_share=0.5), limit_s=1e-6)
    assert caught.value.message.key == "errors.no_plan_in_time"


@pytest.mark.parametrize("wish", [Requirements(budget=9.0, backup_share=0.3), Requirements(capacity=True)])
def test_a_stop_ends_the_solve_within_two_seconds(wish: Requirements, make_town: Callable[..., Any]) -> None:
    town = make_town(3000, 400, seed=2)
    town = replace_town(town, capacity=np.full(400, 900.0))
    stopped: list[float] = []

    def stop(stage: str, done: int, total: int) -> None:
        del stage, total
        if done >= 1:
            stopped.append(perf_counter())
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        ask(town, "p_median" if wish.capacity else "mclp", wish, limit_s=600.0, progress=stop)
    assert perf_counter() - stopped[0] < 2.0


def test_nothing_is_built_where_everybody_is_served(
    make_problem: Callable[..., Any], solve: Callable[..., Any]
) -> None:
    answer = solve(make_problem([[0], [1]], [0.0, 0.0]), "mclp", Requirements(budget=5.0))
    assert (answer.status, answer.chosen, answer.objective, answer.bound) == ("nothing_to_gain", (), 0.0, 0.0)


def test_rooms_come_in_the_order_of_what_they_add_and_useless_ones_do_not(
    make_problem: Callable[..., Any], solve: Callable[..., Any]
) -> None:
    town = make_problem([[0], [1, 2], [2], [3, 4, 5]], [4.0, 3.0, 3.0, 2.0, 2.0, 5.0])
    answer = solve(town, "mclp", Requirements(budget=4.0), new_rooms=4)
    assert answer.chosen == ("c3", "c1", "c0")
    assert answer.objective == 19.0


def test_a_gap_is_a_gap_of_newly_served_residents(make_town: Callable[..., Any]) -> None:
    town = make_town(800, 120, seed=5)
    answer = constrained(
        replace_town(town, left_out_served=1e7),
        model="mclp",
        new_rooms=8,
        share=1.0,
        minimise_cost=False,
        requirements=Requirements(budget=8.0),
        clock=Clock(limit_s=60.0, progress=silent),
        mip_gap=0.02,
    )
    assert answer.bound - answer.objective <= 0.02 * answer.objective
    assert answer.status in {"optimal", "within_gap"}


def test_the_check_finds_what_is_wrong_with_an_answer(
    make_little_town: Callable[..., Any], solve: Callable[..., Any]
) -> None:
    town = make_little_town(8)
    answer = solve(town, "mclp", NOTHING, new_rooms=2)
    verify_requirements(town, answer, new_rooms=2)
    wrong = [
        (replace(answer, objective=answer.objective + 1.0), {}),
        (replace(answer, bound=answer.objective - 1.0), {}),
        (replace(answer, chosen=(*answer.chosen, answer.chosen[0])), {}),
        (replace(answer, closed=("e0",)), {}),
        (answer, {"new_rooms": 1}),
        (answer, {"requirements": Requirements(budget=0.5)}),
        (answer, {"requirements": Requirements(forbidden=answer.chosen[:1])}),
        (answer, {"requirements": Requirements(must_build=tuple(set(town.candidate_ids) - set(answer.chosen)))}),
        (answer, {"requirements": Requirements(spacing_m=5000.0)}),
        (answer, {"requirements": Requirements(floors=(Floor(share=1.0, area="*"),))}),
        (answer, {"requirements": Requirements(full_min=1.0)}),
    ]
    for other, asked in wrong:
        with pytest.raises(SolverError):
            verify_requirements(town, other, **asked)


def test_a_town_with_capacities_gets_a_plan_that_holds_and_a_bound_no_looser_than_without(
    make_town: Callable[..., Any],
) -> None:
    town = make_town(1500, 200, seed=2)
    assert town.minutes.nnz > 5_000
    town = replace_town(town, capacity=np.full(200, 3000.0))
    wish = Requirements(capacity=True)
    answer = ask(town, "mclp", wish, limit_s=6.0)
    verify_requirements(town, answer, requirements=wish, new_rooms=6)
    roomy = ask(town, "mclp", Requirements(budget=1e6), limit_s=60.0)
    assert 0 < answer.objective <= answer.bound <= max(roomy.bound, answer.objective) * (1.0 + 1e-6)

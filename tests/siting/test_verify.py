"""The second count refuses answers that do not add up."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import InfeasibleError, SolverError
from walkshed.siting.requirements import Requirements
from walkshed.siting.solve import solve_lscp, solve_mclp, solve_p_center, solve_p_median
from walkshed.siting.verify import recount, verify, verify_answer, walks

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.problem import SitingProblem

    Make = Callable[..., SitingProblem]


@pytest.fixture
def problem(make_problem: Callable[..., SitingProblem]) -> SitingProblem:
    return make_problem([[0, 1], [1, 2], [3]], [1.0, 2.0, 4.0, 8.5])


def test_counting_again(problem: SitingProblem) -> None:
    assert recount(problem, []) == 0.0
    assert recount(problem, ["c0"]) == 3.0
    assert recount(problem, ["c0", "c1"]) == 7.0
    assert recount(problem, ["c2", "c1", "c2"]) == 14.5
    with pytest.raises(SolverError, match="c9"):
        recount(problem, ["c9"])


def test_a_right_answer_passes_and_wrong_ones_do_not(problem: SitingProblem) -> None:
    answer = solve_mclp(problem, new_rooms=2, time_limit_s=9.0, mip_gap=0.0)
    verify_answer(problem, answer)
    for wrong in (
        replace(answer, objective=answer.objective + 1e-9),
        replace(answer, chosen=answer.chosen[:1]),
        replace(answer, chosen=(*answer.chosen, answer.chosen[0])),
        replace(answer, chosen=("c0", "c1")),
        replace(answer, bound=answer.objective - 1e-6),
        replace(answer, bound=float("nan")),
        replace(answer, chosen=("c0", "c7")),
    ):
        with pytest.raises(SolverError):
            verify_answer(problem, wrong)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000), rooms=st.integers(0, 4), gap=st.sampled_from([0.0, 0.02, 0.2]),
    decimals=st.sampled_from([0, 2]), asked=st.lists(st.integers(0, 11), max_size=5, unique=True),
    required=st.integers(0, 4),
)  # fmt: skip
def test_what_must_be_built_is_and_no_bound_is_beaten(
    make_town: Make, seed: int, rooms: int, gap: float, decimals: int, asked: list[int], required: int
) -> None:
    problem = make_town(80, 12, seed=seed, decimals=decimals)
    must, forbidden = asked[:required], asked[required:]
    ids = problem.candidate_ids
    wishes = Requirements(must_build=tuple(ids[j] for j in must), forbidden=tuple(ids[j] for j in forbidden))
    if len(must) > rooms:
        with pytest.raises(InfeasibleError, match="must be built"):
            solve_mclp(problem, new_rooms=rooms, requirements=wishes)
        return
    answer = solve_mclp(problem, new_rooms=rooms, requirements=wishes, mip_gap=gap)
    free = [place for place in range(12) if place not in asked]
    plans = combinations(free, min(rooms - len(must), len(free)))
    best = max(recount(problem, [ids[j] for j in (*must, *plan)]) for plan in plans)
    assert answer.objective <= best * (1 + 1e-12)
    assert best <= answer.bound * (1 + 1e-9)
    assert answer.objective * (1 + gap) >= best * (1 - 1e-6)
    checked = verify(problem, answer, requirements=wishes, new_rooms=rooms)
    assert checked.certified >= best * (1 - 1e-9)
    assert checked.proven == (answer.proof == "certificate")
    assert checked.objective == answer.objective
    for wrong in (replace(answer, chosen=()), replace(answer, chosen=(*answer.chosen, *wishes.forbidden[:1]))):
        if set(wrong.chosen) != set(answer.chosen):
            with pytest.raises(SolverError):
                verify(problem, wrong, requirements=wishes, new_rooms=rooms)


def test_a_town_is_proven_by_certificates_and_by_nothing_less(make_town: Make) -> None:
    problem = make_town(3000, 300, seed=3, radius=600.0)
    answer = solve_mclp(problem, new_rooms=6, mip_gap=0.02)
    assert answer.proof == "certificate"
    assert all(each.shape == (3000,) for each in answer.certificates)
    checked = verify(problem, answer, new_rooms=6)
    assert (checked.proven, checked.stated) == (True, answer.bound)
    assert checked.certified <= answer.bound
    # One room more, or half a proof, proves less; what is no multiplier is refused.
    assert verify(problem, answer, new_rooms=7).certified > answer.bound
    weaker = replace(answer, certificates=tuple(each / 2 for each in answer.certificates))
    assert not verify(problem, weaker, new_rooms=6).proven
    assert not verify(problem, replace(answer, certificates=()), new_rooms=6).proven
    for broken in (-answer.certificates[0], answer.certificates[0] + 1e6, answer.certificates[0][1:]):
        with pytest.raises(SolverError, match="certificate"):
            verify(problem, replace(answer, certificates=(broken,)), new_rooms=6)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 3), share=st.sampled_from([0.5, 0.8]))
def test_certificates_of_the_other_models_never_promise_too_much(
    make_town: Make, seed: int, rooms: int, share: float
) -> None:
    problem = make_town(60, 9, seed=seed, radius=1500.0)
    ids = problem.candidate_ids
    median = solve_p_median(problem, new_rooms=rooms)
    least = min(
        float(problem.population @ np.minimum(walks(problem, plan), problem.horizon_min))
        for plan in combinations(ids, rooms)
    )
    assert median.objective == pytest.approx(least)
    assert verify(problem, median, new_rooms=rooms).certified <= least * (1 + 1e-9)
    center = solve_p_center(problem, new_rooms=rooms)
    checked = verify(problem, center, new_rooms=rooms)
    assert checked.objective == pytest.approx(center.objective)
    assert checked.certified <= center.objective
    assert checked.proven == (center.proof == "certificate")
    if center.objective > walks(problem, ids).max():
        weaker = replace(center, certificates=(0 * center.certificates[0],))
        assert verify(problem, weaker, new_rooms=rooms).certified < center.bound
    assert center.objective == pytest.approx(min(walks(problem, plan).max() for plan in combinations(ids, rooms)))
    served = {plan: recount(problem, plan) for count in range(10) for plan in combinations(ids, count)}
    for part in (share, max(served.values()) / problem.residents * (1 - 1e-12)):
        fewest = solve_lscp(problem, share=part)
        enough = min(len(plan) for plan, value in served.items() if value >= part * problem.residents * (1 - 1e-9))
        assert fewest.objective == enough
        assert verify(problem, fewest, share=part).certified <= enough

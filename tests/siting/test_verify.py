"""The second count refuses answers that do not add up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from walkshed.errors import SolverError
from walkshed.siting.solve import solve_mclp
from walkshed.siting.verify import recount, verify_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.problem import SitingProblem


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

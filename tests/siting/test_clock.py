from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from walkshed.siting import clock as clocks
from walkshed.siting.clock import STAGE, STAND, Clock
from walkshed.siting.solve import solve_lscp, solve_mclp

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    monkeypatch.setattr(clocks, "REPORT_EVERY_S", 0.0)
    return []


def test_value_and_bound_are_told_behind_the_seconds_and_never_too_near(told: list[tuple[str, int, int]]) -> None:
    clock = Clock(limit_s=5.0, progress=lambda *said: told.append(said))
    clock.running()
    clock.found(-inf, 10.0)
    clock.running()
    assert [stage for stage, _, _ in told] == [STAGE, STAGE]
    for value, bound, shown in ((10.7, 11.2, (10, 12)), (11.2, 10.7, (12, 10))):
        clock.found(value, bound)
        clock.running()
        assert told[-2][0] == STAGE
        assert told[-1] == (STAND, *shown)


@pytest.mark.parametrize("solve", [lambda problem, **how: solve_mclp(problem, new_rooms=4, **how), solve_lscp])
def test_a_solve_tells_values_and_bounds_that_hold(
    solve: Callable[..., SitingAnswer], make_town: Callable[..., SitingProblem], told: list[tuple[str, int, int]]
) -> None:
    answer = solve(make_town(800, 120, seed=11, radius=700.0), progress=lambda *said: told.append(said))
    stands = [(done, total) for stage, done, total in told if stage == STAND]
    assert stands
    for value, bound in stands:
        assert value <= answer.objective <= bound or bound <= answer.objective <= value

"""Plans in phases: nested, within every phase's means, near the best there is, and never above their bound."""

from __future__ import annotations

from itertools import chain, combinations
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import CancelledError, InfeasibleError, SitingError
from walkshed.siting.covering.reduce import reduce_problem
from walkshed.siting.phases import plan_phases
from walkshed.siting.requirements import Floor, Requirements
from walkshed.siting.timetable import Limit, Timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from walkshed.siting.phases import Phases
    from walkshed.siting.problem import SitingProblem

    MakeProblem = Callable[..., SitingProblem]

drawn_problems = st.integers(2, 6).flatmap(
    lambda sites: st.tuples(
        st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=5), min_size=sites, max_size=sites),
        st.lists(st.integers(0, 40), min_size=8, max_size=8),
        st.lists(st.integers(1, 5), min_size=sites, max_size=sites),
    )
)


def with_cost(problem: SitingProblem, cost: Sequence[float]) -> SitingProblem:
    return type(problem)(
        candidate_ids=problem.candidate_ids,
        demand_ids=problem.demand_ids,
        population=problem.population,
        minutes=problem.minutes,
        cutoff_min=problem.cutoff_min,
        left_out_served=problem.left_out_served,
        cost=np.array(cost, float),
    )


def served(problem: SitingProblem, ids: Sequence[int]) -> float:
    rows = {row for each in ids for row in problem.rows_of(each).tolist()}
    return float(problem.population[sorted(rows)].sum())


def plans(sites: Sequence[int], phases: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Return every way to build some of the sites in phases."""
    if not phases:
        yield ()
        return
    for count in range(len(sites) + 1):
        for first in combinations(sites, count):
            rest = [site for site in sites if site not in first]
            yield from ((first, *later) for later in plans(rest, phases - 1))


def best_by_trying(
    problem: SitingProblem,
    weights: Sequence[float],
    *,
    rooms: Sequence[int] | None = None,
    budget: Sequence[float] | None = None,
    carried: bool = True,
) -> float:
    """Return the largest weighted sum that any plan in phases reaches."""
    best = 0.0
    for plan in plans(range(len(problem.candidate_ids)), len(weights)):
        if rooms is not None and (np.cumsum([len(p) for p in plan]) > np.cumsum(rooms)).any():
            continue
        cost = np.array([problem.cost[list(p)].sum() for p in plan])
        if budget is not None and (
            (np.cumsum(cost) > np.cumsum(budget)).any() if carried else (cost > np.array(budget)).any()
        ):
            continue
        prefix = [list(chain(*plan[: phase + 1])) for phase in range(len(plan))]
        best = max(best, sum(w * served(problem, p) for w, p in zip(weights, prefix, strict=True)))
    return best


def check_plan(problem: SitingProblem, plan: Phases) -> None:
    """Check what holds of any plan in phases."""
    every = list(chain(*plan.chosen))
    assert len(every) == len(set(every))
    assert sum(plan.weights) == pytest.approx(1)
    assert plan.objective <= plan.bound
    standing: list[int] = []
    for row, names in zip(plan.table.itertuples(), plan.chosen, strict=True):
        standing += problem.positions_of(names).tolist()
        assert row.chosen == names
        assert row.rooms == len(names)
        assert row.newly_served == pytest.approx(served(problem, standing), rel=1e-12)
        assert row.served == problem.served_today + row.newly_served
        assert row.share_of_bound <= 1
        assert isnan(row.bound) or row.served <= row.bound
    assert plan.table.adds.sum() == pytest.approx(plan.table.newly_served.iloc[-1])
    objective = np.array(plan.weights) @ plan.table.objective.to_numpy()
    assert plan.objective == pytest.approx(objective, rel=1e-12)


@settings(deadline=None, max_examples=25)
@given(drawn_problems, st.lists(st.integers(0, 2), min_size=2, max_size=3), st.data())
def test_numbers_against_every_nested_plan(
    make_problem: MakeProblem,
    drawn: tuple[list[list[int]], list[int], list[int]],
    rooms: list[int],
    data: st.DataObject,
) -> None:
    problem = make_problem(drawn[0], drawn[1], 10.0)
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(rooms), max_size=len(rooms)).filter(any))
    plan = plan_phases(problem, rooms_by_phase=rooms, weights=weights, mip_gap=0.0)
    check_plan(problem, plan)
    best = best_by_trying(problem, plan.weights, rooms=rooms)
    assert plan.objective == pytest.approx(best, rel=1e-9)
    assert plan.bound >= best - 1e-9
    assert plan.status == "optimal"


@settings(deadline=None, max_examples=25)
@given(drawn_problems, st.lists(st.integers(0, 6), min_size=2, max_size=3), st.booleans())
def test_money_against_every_nested_plan(
    make_problem: MakeProblem,
    drawn: tuple[list[list[int]], list[int], list[int]],
    budget: list[int],
    carried: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    problem = with_cost(make_problem(drawn[0], drawn[1], 10.0), drawn[2])
    plan = plan_phases(problem, budget_by_phase=budget, carry_over=carried, mip_gap=0.0)
    check_plan(problem, plan)
    cost = plan.table.cost.to_numpy()
    if carried:
        assert (np.cumsum(cost) <= np.cumsum(budget)).all()
        assert plan.table.money_left.to_numpy() == pytest.approx(np.cumsum(budget) - np.cumsum(cost))
    else:
        assert (cost <= budget).all()
    best = best_by_trying(problem, plan.weights, budget=budget, carried=carried)
    assert plan.objective == pytest.approx(best, rel=1e-9)
    assert plan.bound >= best - 1e-9
    assert plan.status == "optimal"


@settings(deadline=None, max_examples=25)
@given(drawn_problems, st.lists(st.integers(0, 6), min_size=2, max_size=3), st.booleans(), st.booleans())
def test_moves_alone_come_near_the_best(
    make_problem: MakeProblem,
    drawn: tuple[list[list[int]], list[int], list[int]],
    means: list[int],
    carried: bool,  # noqa: FBT001 - hypothesis draws it
    money: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    """Without the solver, as with a whole city; and what every phase could do alone bounds the plan."""
    problem = with_cost(make_problem(drawn[0], drawn[1], 10.0), drawn[2])
    given_: dict[str, list[int]] = {"budget": means} if money else {"rooms": means}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("walkshed.siting.phase_chains.within_reach", lambda _table: False)
        plan = plan_phases(
            problem, **{f"{name}_by_phase": each for name, each in given_.items()}, carry_over=carried, mip_gap=0.0
        )
    check_plan(problem, plan)
    weights = np.array(plan.weights)
    best = best_by_trying(problem, plan.weights, **given_, carried=carried)
    assert best >= plan.objective - 1e-9 >= 0.95 * best - 2e-9
    assert best <= plan.bound + 1e-9
    assert plan.bound == pytest.approx(weights @ plan.table.objective_bound)


def test_first_years_or_final_plan(make_problem: MakeProblem) -> None:
    """One room in the middle serves most at first, but two beside it serve all: both cannot be had."""
    problem = make_problem([[1, 2], [0, 1], [2, 3]], [30, 40, 40, 30])
    early = plan_phases(problem, rooms_by_phase=[1, 1], weights=(1, 0), mip_gap=0.0)
    assert early.chosen[0] == ("c0",)
    assert early.table.newly_served.tolist() == [80, 110]
    late = plan_phases(problem, rooms_by_phase=[1, 1], weights=(0, 1), mip_gap=0.0)
    assert set(chain(*late.chosen)) == {"c1", "c2"}
    assert late.table.newly_served.tolist() == [70, 140]
    assert (early.status, late.status) == ("optimal", "optimal")
    even = plan_phases(problem, rooms_by_phase=[1, 1], mip_gap=0.0)
    assert (even.objective, even.bound, even.status) == (105, 105, "optimal")
    assert even.table.bound.tolist() == [80, 140]


def test_a_town_is_near_every_years_own_best(make_town: MakeProblem) -> None:
    problem = make_town(600, 60, seed=4)
    plan = plan_phases(problem, rooms_by_phase=[3, 3, 3, 3])
    check_plan(problem, plan)
    assert plan.status in ("within_gap", "optimal")
    assert (plan.table.share_of_bound >= 0.96).all()
    for phase in (0, 3):
        weights = [float(each == phase) for each in range(4)]
        own = plan_phases(problem, rooms_by_phase=[3, 3, 3, 3], weights=weights)
        check_plan(problem, own)
        assert own.table.share_of_bound[phase] >= 0.99
        assert own.table.newly_served[phase] >= 0.995 * plan.table.newly_served[phase]


def test_left_over_money_lapses_or_not(make_problem: MakeProblem) -> None:
    problem = with_cost(make_problem([[0], [1]], [10, 50]), [1, 5])
    saved = plan_phases(problem, budget_by_phase=[3, 3], mip_gap=0.0)
    assert saved.chosen == (("c0",), ("c1",))
    assert saved.table.newly_served.tolist() == [10, 60]
    assert saved.table.money_left.tolist() == [2, 0]
    lapsed = plan_phases(problem, budget_by_phase=[3, 3], carry_over=False, mip_gap=0.0)
    assert lapsed.chosen == (("c0",), ())
    assert lapsed.table.money_left.tolist() == [2, 3]


def test_all_phases_together_keep_to_one_budget(make_problem: MakeProblem) -> None:
    problem = with_cost(make_problem([[0], [1], [2]], [10, 50, 30]), [1, 3, 2])
    plan = plan_phases(problem, rooms_by_phase=[1, 2], requirements=Requirements(budget=4.0), mip_gap=0.0)
    check_plan(problem, plan)
    assert plan.table.cost.sum() <= 4
    assert plan.chosen == (("c1",), ("c0",))


def test_what_must_be_built_is_built_in_the_end(make_problem: MakeProblem) -> None:
    problem = make_problem([[0, 1], [2], [3], []], [10, 20, 15, 1])
    asked = Requirements(must_build=("c2", "c3"), forbidden=("c1",))
    plan = plan_phases(problem, rooms_by_phase=[1, 2], requirements=asked, mip_gap=0.0)
    check_plan(problem, plan)
    assert plan.chosen == (("c0",), ("c2", "c3"))
    assert plan.table.bound.tolist() == [30, 31]
    assert plan.status == "optimal"


def test_what_must_be_reached_is_reached_in_the_end(make_problem: MakeProblem) -> None:
    problem = make_problem([[0, 1], [2], [3]], [10, 20, 15, 3])
    problem = type(problem)(
        candidate_ids=problem.candidate_ids, demand_ids=problem.demand_ids, population=problem.population,
        minutes=problem.minutes, cutoff_min=15.0, areas={"far": np.array([3])},
    )  # fmt: skip
    asked = Requirements(floors=(Floor(share=1.0, area="far"),))
    plan = plan_phases(problem, rooms_by_phase=[1, 1], requirements=asked, mip_gap=0.0)
    check_plan(problem, plan)
    assert plan.chosen == (("c0",), ("c2",))
    with pytest.raises(InfeasibleError):
        plan_phases(problem, rooms_by_phase=[0, 0], requirements=asked)


def test_a_timetable_counts_what_its_moves_do(make_town: MakeProblem) -> None:
    model = reduce_problem(make_town(300, 30, seed=2))
    sites = len(model.candidate)
    limit = Limit(cost=np.ones(sites), by_phase=np.array([2.0, 2.0]), carried=True)
    table = Timetable(model, np.array([0.25, 0.75]), [limit])
    random = np.random.default_rng(1)
    for _ in range(200):
        candidate, phase = int(random.integers(sites)), int(random.integers(3))
        gains, before, was = table.gains(phase) if phase < 2 else None, table.value, int(table.phase[candidate])
        table.put(candidate, phase)
        if gains is not None and was == 2:
            assert table.value - before == pytest.approx(gains[candidate])
    anew = Timetable(model, np.array([0.25, 0.75]), [limit])
    anew.set(table.phase)
    assert anew.value == pytest.approx(table.value)
    assert (anew.first == table.first).all()


def test_wrong_arguments(make_problem: MakeProblem) -> None:
    problem = make_problem([[0]], [1.0])
    wrong: list[dict[str, object]] = [
        {},
        {"rooms_by_phase": []},
        {"rooms_by_phase": [1], "weights": [1, 2]},
        {"rooms_by_phase": [-1]},
        {"rooms_by_phase": [0.5]},
        {"budget_by_phase": [float("nan")]},
        {"rooms_by_phase": [1], "weights": [0]},
        {"rooms_by_phase": [1], "time_limit_s": 0},
        {"rooms_by_phase": [1], "mip_gap": 1},
        {"rooms_by_phase": [1], "requirements": Requirements(closings_max=1)},
    ]
    for arguments in wrong:
        with pytest.raises(SitingError):
            plan_phases(problem, **arguments)


def test_it_can_be_stopped(make_town: MakeProblem) -> None:
    def stop(_stage: str, _done: int, _total: int) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise CancelledError("cancelled")

    calls: list[int] = []
    with pytest.raises(CancelledError):
        plan_phases(make_town(3000, 300, seed=2), rooms_by_phase=[4, 4], progress=stop, mip_gap=0.0)

from __future__ import annotations

from math import fsum, inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from walkshed.errors import CancelledError, InfeasibleError
from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.median.solve import p_median
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer

NONE = np.zeros(0, np.int64)
QUIET = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


def forever() -> Clock:
    return Clock(limit_s=3600.0, progress=silent)


def solve(case: Any, mip_gap: float = 0.0, rooms: int | None = None) -> SitingAnswer:
    wanted = case.rooms if rooms is None else rooms
    return p_median(case.problem, wanted, must=case.must, forbidden=case.forbidden, clock=forever(), mip_gap=mip_gap)


def certified(case: Any, answer: SitingAnswer, slack: float) -> float:
    """Recompute what the certificates prove, from the raw table.

    Every set may leave out candidates with which nothing is better than promised; the last speaks for the rest.
    """
    problem, walks = case.problem, case.walks
    people = problem.population
    counts = people > 0
    today = np.minimum(problem.minutes_today, problem.horizon_min)[counts]
    known = np.isfinite(walks)
    cost = np.where(known, people * np.where(known, walks, 0.0), inf)
    optional = np.setdiff1d(np.arange(len(walks)), np.concatenate([case.must, case.forbidden]))
    more = min(case.rooms - len(case.must), len(optional))
    proven = inf
    for number, multiplier in enumerate(answer.certificates, start=1):
        assert multiplier.shape == people.shape
        assert (multiplier[counts] <= people[counts] * today * (1 + 1e-12)).all()
        score = np.maximum(0.0, multiplier - cost).sum(axis=1)
        ranked = np.sort(score[optional])[::-1]
        found = float(multiplier.sum() - score[case.must].sum() - ranked[:more].sum())
        if number == len(answer.certificates):
            return min(proven, found)
        with_it = found + np.maximum(0.0, (ranked[more - 1] if more else 0.0) - score[optional])
        gone = with_it >= answer.bound - slack
        proven = min(proven, float(with_it[gone].min(initial=inf)))
        optional = optional[~gone]
        more = min(more, len(optional))
    return proven


@given(data=st.data())
@QUIET
def test_the_best_of_all_choices_is_found_and_proven(
    data: st.DataObject, median_cases: Callable[..., Any], count_minutes: Callable[..., float]
) -> None:
    case = data.draw(median_cases())
    best = min((count_minutes(case, chosen) for chosen in case.choices()), default=inf)
    if best == inf:
        with pytest.raises(InfeasibleError) as refused:
            solve(case)
        assert refused.value.message.key == "errors.median_unreached"
        return
    answer = solve(case)
    chosen = case.problem.positions_of(answer.chosen).tolist()
    assert answer.objective == pytest.approx(count_minutes(case, chosen), rel=1e-12)
    assert answer.objective == pytest.approx(best, rel=2e-9, abs=1e-9)
    assert answer.bound <= answer.objective
    assert answer.status in ("optimal", "nothing_to_gain")
    assert answer.mip_gap <= 1e-6
    assert len(chosen) <= case.rooms
    assert set(case.must.tolist()) <= set(chosen)
    assert not set(case.forbidden.tolist()) & set(chosen)
    if answer.status == "nothing_to_gain":
        assert best == count_minutes(case, ())


@given(data=st.data())
@QUIET
def test_certificates_alone_prove_a_bound_of_every_choice(
    data: st.DataObject, median_cases: Callable[..., Any], count_minutes: Callable[..., float]
) -> None:
    case = data.draw(median_cases())
    best = min((count_minutes(case, chosen) for chosen in case.choices()), default=inf)
    if best == inf:
        return
    answer = solve(case)
    whole = bool((case.walks[np.isfinite(case.walks)] % 1 == 0).all() and (case.problem.population % 1 == 0).all())
    slack = 1.0 if whole else 1e-8 * (1.0 + answer.objective)
    proven = certified(case, answer, slack)
    assert proven <= best * (1 + 1e-9) + 1e-9
    if answer.proof == "certificate":
        assert proven >= answer.bound - slack


@given(data=st.data())
@QUIET
def test_the_order_is_by_what_each_room_saves(
    data: st.DataObject, median_cases: Callable[..., Any], count_minutes: Callable[..., float]
) -> None:
    case = data.draw(median_cases(horizons=(12.0, 20.0)))
    chosen = case.problem.positions_of(solve(case).chosen).tolist()
    for count, site in enumerate(chosen):
        before = count_minutes(case, chosen[:count])
        saved = before - count_minutes(case, [*chosen[:count], site])
        for other in chosen[count:]:
            assert saved >= before - count_minutes(case, [*chosen[:count], other]) - 1e-9
        assert saved > 0 or site in case.must


@given(data=st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_room_more_and_an_asked_gap_keep_their_laws(data: st.DataObject, median_cases: Callable[..., Any]) -> None:
    case = data.draw(median_cases(horizons=(12.0, 20.0)))
    answer, more, rough = solve(case), solve(case, rooms=case.rooms + 1), solve(case, mip_gap=0.2)
    assert more.objective <= answer.objective * (1 + 1e-9)
    assert rough.bound <= answer.objective * (1 + 1e-9)
    assert rough.mip_gap <= 0.2
    assert rough.objective >= answer.objective * (1 - 1e-9)
    again = solve(case)
    assert (again.chosen, again.objective, again.bound) == (answer.chosen, answer.objective, answer.bound)


def town(make_town: Callable[..., SitingProblem], **sizes: int) -> SitingProblem:
    base = make_town(sizes["rows"], sizes["sites"], seed=5, radius=1500.0)
    minutes = csr_array((base.minutes.data / 75.0, base.minutes.indices, base.minutes.indptr), shape=base.minutes.shape)
    return SitingProblem(
        candidate_ids=base.candidate_ids,
        demand_ids=base.demand_ids,
        population=base.population,
        minutes=minutes,
        cutoff_min=15.0,
        horizon_min=20.0,
    )


def test_a_town_is_proven_and_counted_again(make_town: Callable[..., SitingProblem]) -> None:
    problem = town(make_town, rows=600, sites=80)
    answer = p_median(problem, 6, must=np.array([3]), forbidden=np.array([7, 9]), clock=forever(), mip_gap=0.0)
    assert answer.status == "optimal"
    chosen = problem.positions_of(answer.chosen)
    assert 3 in chosen
    table = np.full(problem.minutes.shape, inf)
    where = problem.minutes.tocoo()
    table[where.coords] = where.data
    nearest = np.minimum(20.0, table[chosen].min(axis=0))
    assert answer.objective == pytest.approx(fsum((problem.population * nearest).tolist()), rel=1e-12)


def test_time_that_is_up_leaves_a_valid_bound(make_town: Callable[..., SitingProblem]) -> None:
    problem = town(make_town, rows=1500, sites=300)
    best = p_median(problem, 12, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.003)
    hasty = p_median(problem, 12, must=NONE, forbidden=NONE, clock=Clock(limit_s=1e-6, progress=silent), mip_gap=0.0)
    assert hasty.status == "time_limit"
    assert hasty.bound <= best.objective
    assert best.bound <= hasty.objective
    assert best.mip_gap <= 0.003
    assert len(hasty.chosen) == 12


def test_a_stop_ends_the_search(make_town: Callable[..., SitingProblem]) -> None:
    calls = 0

    def stop(_stage: str, _done: int, _total: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise CancelledError("cancelled")

    problem = town(make_town, rows=3000, sites=500)
    clock = Clock(limit_s=600.0, progress=stop)
    with pytest.raises(CancelledError):
        p_median(problem, 12, must=NONE, forbidden=NONE, clock=clock, mip_gap=0.0)
    assert calls == 2


def small(walks: list[list[float]], population: list[float], **more: Any) -> SitingProblem:
    table = np.array(walks, float)
    known: NDArray[np.bool_] = np.isfinite(table)
    return SitingProblem(
        candidate_ids=tuple(f"c{site}" for site in range(len(table))),
        demand_ids=tuple(f"d{row}" for row in range(table.shape[1])),
        population=np.array(population),
        minutes=csr_array((table[known], np.nonzero(known)), shape=table.shape),
        cutoff_min=5.0,
        **more,
    )


def test_a_walk_beyond_the_horizon_counts_as_the_horizon() -> None:
    problem = small([[2.0, inf, inf]], [10.0, 1.0, 3.0], horizon_min=30.0, minutes_today=np.array([inf, 50.0, 6.0]))
    answer = p_median(problem, 1, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0)
    assert answer.objective == 10 * 2 + 1 * 30 + 3 * 6
    nobody = p_median(problem, 0, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0)
    assert (nobody.objective, nobody.bound, nobody.status) == (10 * 30 + 30 + 18, 348.0, "nothing_to_gain")


def test_the_only_candidate_is_built_where_there_is_no_room_today() -> None:
    problem = small([[4.0, 1.0, inf]], [1.0, 2.0, 9.0])
    answer = p_median(problem, 2, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0)
    assert (answer.chosen, answer.objective, answer.status) == (("c0",), 6.0, "optimal")


def test_candidates_as_good_as_each_other_do_not_leave_everybody_without() -> None:
    problem = small([[3.0, 3.0], [3.0, 3.0]], [1.0, 1.0])
    answer = p_median(problem, 1, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0)
    assert (answer.chosen, answer.objective, answer.status) == (("c0",), 6.0, "optimal")


def test_two_islands_need_two_rooms() -> None:
    problem = small([[1.0, inf], [inf, 900.0], [0.0, inf]], [1000.0, 1.0])
    answer = p_median(problem, 2, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0)
    assert (set(answer.chosen), answer.objective) == ({"c1", "c2"}, 900.0)
    for rooms, forbidden in ((1, NONE), (2, np.array([1])), (0, NONE)):
        with pytest.raises(InfeasibleError) as refused:
            p_median(problem, rooms, must=NONE, forbidden=forbidden, clock=forever(), mip_gap=0.0)
        assert refused.value.message.key == "errors.median_unreached"


def test_weights_take_the_place_of_residents() -> None:
    problem = small([[0.0, 4.0], [4.0, 0.0]], [3.0, 2.0])
    plain = p_median(problem, 1, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0)
    weighted = p_median(
        problem, 1, must=NONE, forbidden=NONE, clock=forever(), mip_gap=0.0, weight=np.array([3.0, 6.0])
    )
    assert (plain.chosen, plain.objective) == (("c0",), 8.0)
    assert (weighted.chosen, weighted.objective) == (("c1",), 12.0)

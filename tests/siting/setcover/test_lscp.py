"""Fewest rooms: right against every choice and against published optima, honest about what it proved."""

from __future__ import annotations

from math import fsum, inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import InfeasibleError
from walkshed.siting.setcover.solve import best_share, lscp
from walkshed.siting.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem

    ClockOf = Callable[[float], Clock]
    Make = Callable[..., SitingProblem]
    LongArray = NDArray[np.int64]

ROUNDING = 1e-9
NOBODY = np.zeros(0, np.int64)
SHARES = st.sampled_from([0.0, 0.3, 0.6, 0.8, 0.95, 1.0])


def solve(problem: SitingProblem, clock: Clock, share: float = 1.0, **more: Any) -> SitingAnswer:
    return lscp(
        problem, **{"share": share, "must": NOBODY, "forbidden": NOBODY, "clock": clock, "mip_gap": 0.0, **more}
    )


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 10**6), part=SHARES, money=st.booleans())
def test_against_every_choice(
    make_case: Callable[[int], Any], clock_of: ClockOf, seed: int, part: float, *, money: bool
) -> None:
    case = make_case(seed)
    problem = case.problem
    share = part * best_share(problem, case.forbidden)
    answer = solve(problem, clock_of(60.0), share, must=case.must, forbidden=case.forbidden, minimise_cost=money)
    price = problem.cost if money else np.ones(len(problem.candidate_ids))
    wanted = share * problem.residents * (1 - ROUNDING)
    enough = [each for each in case.choices() if problem.served_today + case.newly_served(each) >= wanted]
    best = min(fsum(price[list(each)].tolist()) for each in enough)
    chosen = tuple(problem.positions_of(answer.chosen).tolist())
    assert answer.objective == pytest.approx(fsum(price[list(chosen)].tolist()))
    assert answer.objective == pytest.approx(best)
    assert answer.bound <= answer.objective
    assert answer.bound == pytest.approx(best, rel=1e-5)
    assert answer.status == ("optimal" if chosen else "nothing_to_gain")
    assert set(case.must.tolist()) <= set(chosen)
    assert not set(case.forbidden.tolist()) & set(chosen)
    assert len(set(chosen)) == len(chosen)
    assert problem.served_today + case.newly_served(chosen) >= wanted
    if not money:
        # Build order: the room that adds most comes first.
        gains = np.diff([case.newly_served(chosen[:count]) for count in range(len(chosen) + 1)])
        assert (np.diff(gains) <= ROUNDING * problem.residents).all()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_names_what_cannot_be_reached(make_case: Callable[[int], Any], clock_of: ClockOf, seed: int) -> None:
    case = make_case(seed)
    best = best_share(case.problem, case.forbidden)
    every = max(case.newly_served(each) for each in case.choices())
    if case.problem.residents:
        assert best == pytest.approx((case.problem.served_today + every) / case.problem.residents)
    if best < 0.999:
        with pytest.raises(InfeasibleError) as caught:
            solve(case.problem, clock_of(60.0), best + 0.001, must=case.must, forbidden=case.forbidden)
        fields = caught.value.message.fields
        assert best - 0.001 <= float(str(fields["best"])) <= best
        lost = case.problem.residents * (1.0 - best)
        assert float(str(fields["residents"])) == pytest.approx(lost, abs=1e-6)
        # What the message offers can be asked for.
        solve(case.problem, clock_of(60.0), float(str(fields["best"])), must=case.must, forbidden=case.forbidden)


def test_the_message_says_what_to_do(from_table: Make, clock_of: ClockOf) -> None:
    problem = from_table(np.array([[1.0, inf, inf]]), np.array([900.0, 40.0, 60.0]), cutoff_min=15.0)
    with pytest.raises(InfeasibleError, match=r"at most 90\.0% can\. 100 residents in 2 demand rows .*first: d1, d2"):
        solve(problem, clock_of(10.0))


def test_more_share_never_takes_fewer_rooms(make_town: Make, clock_of: ClockOf) -> None:
    problem = make_town(400, 40, seed=3)
    best = best_share(problem)
    answers = [solve(problem, clock_of(60.0), part * best) for part in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)]
    assert [answer.status for answer in answers] == ["optimal"] * len(answers)
    assert (np.diff([answer.objective for answer in answers]) >= 0).all()


def test_a_longer_walk_never_takes_more_rooms(make_town: Make, clock_of: ClockOf) -> None:
    share = 0.8
    answers = [solve(make_town(400, 60, seed=4, radius=far), clock_of(60.0), share) for far in (400.0, 500.0, 700.0)]
    assert (np.diff([answer.objective for answer in answers]) <= 0).all()
    assert answers[0].objective > answers[-1].objective


@pytest.mark.shared
def test_san_francisco(san_francisco: Any, from_table: Make, clock_of: ClockOf) -> None:
    # spopt's own tests: 8 stores bring every tract within 5 km.
    problem = from_table(san_francisco.walks, san_francisco.population, cutoff_min=5000.0)
    answer = solve(problem, clock_of(60.0), best_share(problem))
    assert (answer.objective, answer.bound, answer.status) == (8.0, 8.0, "optimal")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # spopt builds its models the way pulp will drop
@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 10**6))
def test_against_spopt(from_table: Make, clock_of: ClockOf, seed: int) -> None:
    locate = pytest.importorskip("spopt.locate", reason="spopt is a test oracle")
    pulp = pytest.importorskip("pulp", reason="spopt's solver")
    random = np.random.default_rng(seed)
    walks = random.uniform(0.0, 40.0, (12, 60))
    walks[random.integers(12, size=60), np.arange(60)] = 10.0
    problem = from_table(walks, np.ones(60), cutoff_min=15.0)
    oracle = locate.LSCP.from_cost_matrix(walks.T.copy(), 15.0).solve(pulp.PULP_CBC_CMD(msg=False))
    assert solve(problem, clock_of(60.0)).objective == oracle.problem.objective.value()


@pytest.mark.parametrize(("share", "money"), [(1.0, False), (1.0, True), (0.8, False)])
def test_the_same_again(make_town: Make, clock_of: ClockOf, share: float, *, money: bool) -> None:
    problem = make_town(500, 60, seed=5, radius=600.0)
    given = share * best_share(problem)
    first, second = (solve(problem, clock_of(120.0), given, minimise_cost=money) for _ in range(2))
    assert first.chosen == second.chosen
    assert first.bound == second.bound


@pytest.mark.parametrize("share", [0.7, 0.9, 1.0])
def test_the_bound_can_be_checked_again(make_town: Make, clock_of: ClockOf, share: float) -> None:
    town = make_town(600, 60, seed=6, radius=600.0)
    reached = np.flatnonzero(np.bincount(town.reach.indices, minlength=600))
    problem = type(town)(
        candidate_ids=town.candidate_ids, demand_ids=tuple(town.demand_ids[row] for row in reached),
        population=town.population[reached], minutes=town.minutes[:, reached], cutoff_min=town.cutoff_min,
    )  # fmt: skip
    answer = solve(problem, clock_of(60.0), share)
    checked = verify(problem, answer, share=share)
    assert checked.objective == answer.objective
    assert checked.certified <= answer.bound
    assert checked.proven == (answer.proof == "certificate")


def test_out_of_time_the_best_so_far_and_a_valid_bound(make_town: Make, clock_of: ClockOf) -> None:
    problem = make_town(600, 80, seed=7, radius=600.0)
    best = best_share(problem)
    for share in (0.8 * best, best):
        quick, thorough = solve(problem, clock_of(1e-9), share), solve(problem, clock_of(120.0), share)
        assert thorough.status == "optimal"
        assert quick.bound <= thorough.objective <= quick.objective
        served = set().union(*(problem.rows_of(place).tolist() for place in problem.positions_of(quick.chosen)))
        assert fsum(problem.population[row] for row in served) >= share * problem.residents * (1 - ROUNDING)
        assert quick.status == "time_limit" or quick.bound == quick.objective


def test_a_gap_that_is_good_enough(make_town: Make, clock_of: ClockOf) -> None:
    problem = make_town(600, 80, seed=8, radius=600.0)
    for share in (0.8, 0.9):
        answer = solve(problem, clock_of(60.0), share * best_share(problem), mip_gap=0.5)
        assert answer.status in ("optimal", "within_gap")
        assert answer.mip_gap <= 0.5

"""Coverage against the number of rooms: every point is what it says, and the curve is a curve."""

from __future__ import annotations

from itertools import combinations
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import CancelledError, InfeasibleError, SitingError
from walkshed.siting.covering.reduce import reduce_problem
from walkshed.siting.curve import knee, rooms_curve
from walkshed.siting.ladder import climb
from walkshed.siting.ladder_moves import dropped, extended, weight_of
from walkshed.siting.requirements import Floor, Requirements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem

    MakeProblem = Callable[..., SitingProblem]
    Best = Callable[..., float]

small = st.integers(1, 8).flatmap(
    lambda sites: st.tuples(
        st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=sites, max_size=sites),
        st.lists(st.integers(0, 40) | st.floats(0.01, 40.0), min_size=10, max_size=10),
        st.floats(0, 100),
    )
)


def check_curve(curve: pd.DataFrame, problem: SitingProblem) -> None:
    """Check what holds of any curve."""
    assert (np.diff(curve.rooms) == 1).all()
    for name in ("newly_served", "served", "objective", "objective_bound"):
        assert (np.diff(curve[name]) >= 0).all(), name
    assert (curve.objective <= curve.objective_bound).all()
    assert (curve.served == problem.served_today + curve.newly_served).all()
    for row in curve.itertuples():
        assert len(set(row.chosen)) == len(row.chosen) <= row.rooms
        rows = {r for key in row.chosen for r in problem.rows_of(problem.candidate_ids.index(key)).tolist()}
        assert row.newly_served == pytest.approx(problem.population[sorted(rows)].sum(), rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(small)
def test_every_point_is_the_best_there_is(
    make_problem: MakeProblem, brute_force: Best, drawn: tuple[list[list[int]], list[float], float]
) -> None:
    problem = make_problem(*drawn)
    curve = rooms_curve(problem, mip_gap=0.0)
    check_curve(curve, problem)
    for row in curve.itertuples():
        best = brute_force(problem, row.rooms)
        assert row.newly_served == pytest.approx(best, rel=1e-6)
        assert row.bound >= problem.served_today + best - 1e-9
        assert row.status in ("optimal", "nothing_to_gain")
    everybody = brute_force(problem, len(problem.candidate_ids))
    assert curve.newly_served.iloc[-1] == pytest.approx(everybody, rel=1e-12)
    assert curve.left.iloc[-1] == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(small, st.data())
def test_rooms_that_must_and_may_not_be_built(
    make_problem: MakeProblem, drawn: tuple[list[list[int]], list[float], float], data: st.DataObject
) -> None:
    problem = make_problem(*drawn)
    ids = list(problem.candidate_ids)
    must = data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=2))
    forbidden = data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))
    forbidden = [key for key in forbidden if key not in must]
    asked = Requirements(must_build=tuple(must), forbidden=tuple(forbidden))
    curve = rooms_curve(problem, requirements=asked, mip_gap=0.0)
    check_curve(curve, problem)
    assert curve.rooms.iloc[0] == len(must)
    allowed = [key for key in ids if key not in forbidden and key not in must]
    for row in curve.itertuples():
        assert set(must) <= set(row.chosen)
        assert not set(forbidden) & set(row.chosen)
        best = max(
            sum(problem.population[r] for r in served(problem, [*must, *more]))
            for more in combinations(allowed, min(row.rooms - len(must), len(allowed)))
        )
        assert row.newly_served == pytest.approx(best, rel=1e-6)


def served(problem: SitingProblem, ids: list[str]) -> set[int]:
    return {row for key in ids for row in problem.rows_of(problem.candidate_ids.index(key)).tolist()}


def test_a_town_up_to_saturation(make_town: MakeProblem) -> None:
    problem = make_town(600, 60, seed=4, decimals=1)
    curve = rooms_curve(problem, mip_gap=0.01)
    check_curve(curve, problem)
    assert (curve.mip_gap <= 0.01 + 1e-12).all()
    assert curve.left.iloc[-1] == 0
    assert (curve.left.iloc[:-1] > 0).all()
    assert curve.rate.iloc[-1] == curve.bound_rate.iloc[-1] == pytest.approx(curve.served.iloc[-1] / problem.residents)
    # No plan of k rooms without its least useful one keeps less than (k - 1) / k.
    room = curve.rooms.to_numpy()[1:]
    per_room = curve.objective_bound.to_numpy()[1:] / room
    assert (np.diff(per_room) <= 1e-9 * per_room[0]).all()
    short = rooms_curve(problem, rooms_max=7, mip_gap=0.01)
    assert short.rooms.tolist() == list(range(8))
    assert short.left.iloc[-1] > 0


@pytest.mark.shared
@pytest.mark.parametrize("name", ["SJC324", "SJC402"])
def test_every_published_optimum_of_a_town(
    shared_data: Path, san_jose: Callable[[str], SitingProblem], name: str
) -> None:
    known = pd.read_csv(shared_data / "siting" / "mclp" / "sjc_optima_highs.csv")
    known = known[(known.instance == name) & (known.radius == 800)].set_index("p").optimal_cover
    curve = rooms_curve(san_jose(name), rooms_max=int(known.index.max()), mip_gap=0.0).set_index("rooms")
    assert len(known) >= 5
    assert curve.newly_served[known.index].tolist() == known.tolist()
    assert (curve.status[known.index] == "optimal").all()


def test_time_runs_out_and_bounds_hold(make_town: MakeProblem) -> None:
    problem = make_town(800, 80, seed=6)
    hurried = rooms_curve(problem, time_limit_s=0.05, rooms_max=20, mip_gap=0.0)
    proven = rooms_curve(problem, rooms_max=20, mip_gap=0.01)
    check_curve(hurried, problem)
    both = hurried.merge(proven, on="rooms", suffixes=("_hurried", "_proven"))
    assert len(both) > 10
    assert (both.bound_hurried >= both.served_proven - 1e-9).all()
    assert (both.bound_proven >= both.served_hurried - 1e-9).all()


def test_money_and_numbers(make_problem: MakeProblem) -> None:
    """With requirements every number is solved by itself, and the same holds of the curve."""
    problem = make_problem([[0, 1], [2], [3, 4, 5], [5, 6], [0, 6]], [10, 20, 30, 4, 5, 6, 7])
    asked = Requirements(budget=2.0)
    curve = rooms_curve(problem, requirements=asked, mip_gap=0.0)
    check_curve(curve, problem)
    assert curve.rooms.tolist() == [0, 1, 2]
    assert curve.newly_served.tolist() == [0, 30, 60]
    assert rooms_curve(problem, requirements=asked, rooms_max=1, mip_gap=0.0).newly_served.tolist() == [0, 30]


def test_the_curve_begins_where_the_requirements_can_be_kept(make_problem: MakeProblem) -> None:
    problem = make_problem([[0], [1], [2], [0, 3]], [50, 30, 20, 5])
    asked = Requirements(floors=(Floor(share=0.75),))
    curve = rooms_curve(problem, requirements=asked, mip_gap=0.0)
    check_curve(curve, problem)
    assert curve.rooms.tolist() == [2, 3]
    assert curve.newly_served.tolist() == [85, 105]
    with pytest.raises(InfeasibleError):
        rooms_curve(problem, rooms_max=1, requirements=asked)


def test_where_one_more_is_hardly_worth_it(make_problem: MakeProblem) -> None:
    problem = make_problem([[0], [1], [2]], [100, 50, 3], 20.0)
    curve = rooms_curve(problem)
    assert curve.served.tolist() == [20, 120, 170, 173]
    assert knee(curve, residents_min=60) == (1, 50, 50)
    assert knee(curve, residents_min=10) == (2, 3, 3)
    assert knee(curve, residents_min=1) == (3, 0, 0)
    cut = knee(rooms_curve(problem, rooms_max=1), residents_min=10)
    assert cut.rooms == 1
    assert isnan(cut.next_adds)
    with pytest.raises(SitingError, match="hardly worth it"):
        knee(curve, residents_min=-1)


def test_nothing_to_gain_and_wrong_arguments(make_problem: MakeProblem) -> None:
    nobody = make_problem([[0]], [0.0], 5.0)
    only = rooms_curve(nobody).iloc[0]
    assert (only.rooms, only.served, only.bound, only.status) == (0, 5, 5, "nothing_to_gain")
    assert len(rooms_curve(make_problem([], [1.0]))) == 1
    problem = make_problem([[0]], [1.0])
    with pytest.raises(SitingError):
        rooms_curve(problem, rooms_max=-1)
    with pytest.raises(SitingError):
        rooms_curve(problem, time_limit_s=0)
    with pytest.raises(SitingError):
        rooms_curve(problem, mip_gap=1)
    with pytest.raises(InfeasibleError, match="must be built"):
        rooms_curve(problem, rooms_max=0, requirements=Requirements(must_build=("c0",)))


def test_it_can_be_stopped(make_town: MakeProblem) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        assert (stage, total) == ("siting", 60)
        if calls.append(done) or len(calls) > 1:
            raise CancelledError("cancelled")

    calls: list[int] = []
    with pytest.raises(CancelledError):
        rooms_curve(make_town(3000, 300, seed=2), progress=stop, mip_gap=0.0)


def test_a_ladder_carries_bounds_from_one_number_to_the_next(make_town: MakeProblem, clock: Clock) -> None:
    model = reduce_problem(make_town(300, 30, seed=1))
    ladder = climb(model, [0, 2, 4, 8], mip_gap=0.0, clock=clock)
    assert ladder.bound[0] == 0
    before = ladder.bound.copy()
    ladder.lower_one(1, float(ladder.value[1]))
    assert (ladder.bound <= before).all()
    assert (ladder.bound >= ladder.value).all()
    more = extended(model, ladder.chosen[1], 3)
    assert more[:2].tolist() == ladder.chosen[1].tolist()
    assert weight_of(model, more) >= ladder.value[1]
    assert len(dropped(model, more, 2)) == 2

"""The whole solve: right against every choice and against published optima, honest about what it proved."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from walkshed.catalogue import has
from walkshed.errors import CancelledError, InfeasibleError, SitingError
from walkshed.siting.covering import search as module
from walkshed.siting.problem import SitingProblem
from walkshed.siting.solve import solve_mclp
from walkshed.siting.verify import recount, verify_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.siting.answer import SitingAnswer

    Make = Callable[..., SitingProblem]


def solve(problem: SitingProblem, rooms: int, *, gap: float = 0.0, limit_s: float = 120.0) -> SitingAnswer:
    return solve_mclp(problem, new_rooms=rooms, time_limit_s=limit_s, mip_gap=gap)


population = st.integers(0, 400).map(float) | st.integers(0, 4000).map(lambda value: value / 7)
instance = st.integers(1, 9).flatmap(
    lambda rows: st.tuples(
        st.lists(st.lists(st.integers(0, rows - 1), max_size=rows), min_size=1, max_size=8),
        st.lists(population, min_size=rows, max_size=rows),
    )
)


@settings(deadline=None, max_examples=120)
@given(case=instance, rooms=st.integers(1, 9), today=st.sampled_from([0.0, 1000.5]))
def test_against_every_choice(
    make_problem: Make, brute_force: Callable[..., float], case: tuple[list[list[int]], list[float]],
    rooms: int, today: float,
) -> None:  # fmt: skip
    problem = make_problem(*case, served_today=today)
    answer = solve(problem, rooms)
    best = brute_force(problem, rooms)
    assert answer.objective == pytest.approx(best, rel=1e-12)
    assert answer.objective <= answer.bound <= best * (1 + 1e-6) + 1e-9
    assert answer.status == ("optimal" if best > 0 else "nothing_to_gain")
    assert answer.mip_gap == pytest.approx(0.0, abs=1e-6)
    assert len(answer.chosen) <= rooms
    verify_answer(problem, answer)
    # No room is proposed that serves nobody new; build order means falling gains.
    gains = np.diff([recount(problem, answer.chosen[:count]) for count in range(len(answer.chosen) + 1)])
    assert (gains > 0).all()
    assert (np.diff(gains) <= 1e-9).all()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 4), gap=st.sampled_from([0.0, 0.01, 0.2]))
def test_small_towns_against_every_choice(
    make_town: Make, brute_force: Callable[..., float], seed: int, rooms: int, gap: float
) -> None:
    problem = make_town(80, 14, seed=seed, decimals=seed % 3)
    answer = solve(problem, rooms, gap=gap)
    best = brute_force(problem, rooms)
    assert answer.objective <= best * (1 + 1e-12)
    assert best <= answer.bound * (1 + 1e-9)
    assert answer.objective * (1 + gap) >= best * (1 - 1e-6)
    assert answer.status in (("optimal", "within_gap") if gap else ("optimal",))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rooms"),
    [("SJC324", p) for p in range(1, 6)]
    + [("SJC402", p) for p in range(1, 7)]
    + [("SJC500", 5), ("SJC708", 6), ("SJC818", 4), ("SJC818", 14)],
)
def test_published_optima_of_sao_jose(
    san_jose: Callable[[str], SitingProblem], shared_data: Path, name: str, rooms: int
) -> None:
    with (shared_data / "siting" / "mclp" / "sjc_optima_highs.csv").open(encoding="utf-8", newline="") as stream:
        published = {(row["instance"], int(row["p"])): float(row["optimal_cover"]) for row in csv.DictReader(stream)}
    answer = solve(san_jose(name), rooms)
    assert answer.objective == published[name, rooms]
    assert (answer.status, answer.bound, answer.mip_gap) == ("optimal", answer.objective, 0.0)


@pytest.mark.shared
def test_published_optimum_of_san_francisco(shared_data: Path) -> None:
    table = pd.read_csv(
        shared_data / "siting" / "spopt-san-francisco" / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    )
    distance = table.pivot_table(index="name", columns="DestinationName", values="distance", aggfunc="first")
    people = table.groupby("DestinationName").demand.first()
    problem = SitingProblem(
        candidate_ids=tuple(distance.index),
        demand_ids=tuple(distance.columns),
        population=people[distance.columns].to_numpy(float),
        minutes=csr_array(distance.to_numpy()),
        cutoff_min=5000.0,
    )
    answer = solve(problem, 4)
    assert (answer.status, answer.objective, answer.bound) == ("optimal", 875_247.0, 875_247.0)
    # The share of people that FINDINGS warns not to mistake for the share of points.
    assert answer.objective / problem.residents == pytest.approx(0.9164, abs=5e-5)


def test_a_town_of_ten_thousand_is_proven_to_half_a_percent(make_town: Make) -> None:
    answer = solve(make_town(10_000, 1000, seed=1, radius=800.0), 10, gap=0.005)
    assert answer.status in ("optimal", "within_gap")
    assert answer.mip_gap <= 0.005
    assert len(answer.chosen) == 10


def test_zero_rooms_serve_nobody_and_that_is_optimal(make_problem: Make) -> None:
    answer = solve(make_problem([[0]], [5.0]), 0)
    assert (answer.status, answer.chosen, answer.objective, answer.bound, answer.mip_gap) == ("optimal", (), 0, 0, 0)


def test_more_rooms_than_candidates(make_problem: Make) -> None:
    problem = make_problem([[0], [1, 2], [2]], [1.0, 2.0, 4.0, 8.0])
    answer = solve(problem, 50)
    assert (answer.status, answer.objective, answer.bound) == ("optimal", 7.0, 7.0)
    assert answer.chosen == ("c1", "c0")  # c2 would serve nobody more


@pytest.mark.parametrize("population", [[0.0, 0.0], [3.0, 3.0]])
def test_nothing_to_gain_is_said(make_problem: Make, population: list[float]) -> None:
    served = [[0, 1], [1]] if population[0] == 0 else [[], []]
    answer = solve(make_problem(served, population, served_today=9.0), 2)
    assert (answer.status, answer.chosen, answer.objective, answer.bound) == ("nothing_to_gain", (), 0.0, 0.0)


def test_nobody_left_to_serve(make_problem: Make) -> None:
    assert solve(make_problem([[], []], [], served_today=9.0), 2).status == "nothing_to_gain"


def test_no_candidates_cannot_be_asked_for_rooms(make_problem: Make) -> None:
    nothing = make_problem([], [5.0])
    with pytest.raises(InfeasibleError, match="candidates"):
        solve(nothing, 1)
    assert solve(nothing, 0).chosen == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"new_rooms": -1}, {"new_rooms": 1.5}, {"new_rooms": True}, {"new_rooms": "2"},
        {"time_limit_s": 0.0}, {"time_limit_s": -1.0}, {"time_limit_s": math.nan}, {"time_limit_s": math.inf},
        {"mip_gap": -0.1}, {"mip_gap": 1.0}, {"mip_gap": math.nan},
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense(make_problem: Make, arguments: dict[str, object]) -> None:
    with pytest.raises(SitingError, match=str(next(iter(arguments.values())))):
        solve_mclp(make_problem([[0]], [1.0]), **({"new_rooms": 1, "time_limit_s": 9.0, "mip_gap": 0.0} | arguments))


def test_numpy_numbers_are_numbers(make_problem: Make) -> None:
    problem = make_problem([[0], [1]], [1.0, 2.0])
    assert solve_mclp(problem, new_rooms=np.int64(1), time_limit_s=np.float64(9), mip_gap=0).objective == 2.0


def test_ties_go_to_the_first_candidate(make_problem: Make) -> None:
    assert solve(make_problem([[1], [0], [0, 1], [1, 0]], [1.0, 1.0]), 1).chosen == ("c2",)
    assert solve(make_problem([[1], [0]], [3.0, 3.0]), 1).chosen == ("c0",)


def test_the_same_problem_gives_the_same_answer(make_town: Make) -> None:
    problem = make_town(2500, 250, seed=8, decimals=1)
    one, two = solve(problem, 8, gap=0.001), solve(problem, 8, gap=0.001)
    assert (one.chosen, one.objective, one.bound) == (two.chosen, two.objective, two.bound)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 4), dropped=st.integers(0, 11))
def test_a_room_or_a_candidate_more_never_worsens(make_town: Make, seed: int, rooms: int, dropped: int) -> None:
    problem = make_town(80, 12, seed=seed)
    least = solve(problem, rooms)
    assert solve(problem, rooms + 1).objective >= least.objective
    kept = [place for place in range(12) if place != dropped]
    fewer = SitingProblem(
        candidate_ids=tuple(problem.candidate_ids[place] for place in kept),
        demand_ids=problem.demand_ids,
        population=problem.population,
        minutes=problem.minutes[kept],
        cutoff_min=problem.cutoff_min,
    )
    without = solve(fewer, rooms)
    assert without.objective <= least.objective
    if problem.candidate_ids[dropped] not in least.chosen:
        assert without.objective == least.objective


def test_who_is_served_today_changes_nothing_but_the_rate(make_problem: Make) -> None:
    served, people = [[0, 1], [1, 2], [2]], [3.0, 4.0, 5.0]
    one, two = solve(make_problem(served, people), 1), solve(make_problem(served, people, served_today=1e6), 1)
    assert (one.chosen, one.objective, one.bound, one.mip_gap) == (two.chosen, two.objective, two.bound, two.mip_gap)


def test_when_time_is_up_the_answer_stands_with_its_bound(make_town: Make) -> None:
    problem = make_town(6000, 700, seed=4, radius=700.0)
    answer = solve(problem, 40, limit_s=1.0)
    assert answer.status == "time_limit"
    assert len(answer.chosen) == 40
    assert answer.objective < answer.bound <= problem.population.sum()
    assert answer.mip_gap == pytest.approx((answer.bound - answer.objective) / answer.objective)
    longer = solve(problem, 40, limit_s=6.0, gap=0.2)
    assert longer.status == "within_gap"
    assert longer.objective <= answer.bound
    assert answer.objective <= longer.bound


def test_a_model_too_large_for_the_solver_gets_more_swaps(make_town: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = make_town(6000, 700, seed=4, radius=700.0)
    proven = solve(problem, 40, limit_s=10.0, gap=0.2).bound
    monkeypatch.setattr(module, "LARGE_ENTRIES", 0)
    monkeypatch.setattr(module, "branch_and_bound", None)
    swapped = solve(problem, 40, limit_s=4.0)
    assert swapped.status == "time_limit"
    assert swapped.objective < swapped.bound
    assert swapped.objective <= proven


def test_progress_is_told_and_ends_complete(make_town: Make) -> None:
    told: list[tuple[str, int, int]] = []
    solve_mclp(
        make_town(6000, 700, seed=4, radius=700.0), new_rooms=40, time_limit_s=3.0, mip_gap=0.0,
        progress=lambda *call: told.append(call),
    )  # fmt: skip
    seconds = [call[1:] for call in told if call[0] == "siting"]
    assert len(seconds) >= 6
    assert {stage for stage, _, _ in told} == {"siting", "siting_bound"}
    assert {total for _, total in seconds} == {3}
    done = [count for count, _ in seconds]
    assert done == sorted(done)
    assert done[-1] == 3


@pytest.mark.timeout(100)
@pytest.mark.parametrize("calls", [0, 2, 5, 20])
def test_a_cancelled_solve_ends(make_town: Make, calls: int) -> None:
    left = iter(range(10_000))

    def progress(stage: str, done: int, total: int) -> None:
        del done, total
        if next(left) >= calls:
            raise CancelledError("cancelled", stage=stage)

    with pytest.raises(CancelledError):
        solve_mclp(
            make_town(6000, 700, seed=4, radius=700.0), new_rooms=40, time_limit_s=8.0, mip_gap=0.0, progress=progress
        )


def test_every_status_has_its_text() -> None:
    assert all(has(f"figures.status_{one}") for one in ("optimal", "within_gap", "time_limit", "nothing_to_gain"))

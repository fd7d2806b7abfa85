"""The exact solver: right on small models, held to deadline and cancellation on large ones."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import CancelledError, SolverError
from walkshed.siting import runner as module
from walkshed.siting.clock import Clock
from walkshed.siting.covering.highs import branch_and_bound
from walkshed.siting.covering.reduce import reduce_problem
from walkshed.siting.covering.swaps import covered_weight, greedy

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.covering.reduce import CoveringModel
    from walkshed.siting.problem import SitingProblem

    Make = Callable[..., SitingProblem]


def whole(model: CoveringModel) -> bool:
    return bool((model.weight == np.floor(model.weight)).all())


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 4), decimals=st.sampled_from([0, 2]))
def test_small_models_are_solved(
    make_town: Make, brute_force: Callable[..., float], seed: int, rooms: int, decimals: int
) -> None:
    problem = make_town(60, 11, seed=seed, radius=400.0, decimals=decimals)
    model = reduce_problem(problem)
    rooms = min(rooms, len(model.candidate))
    answer = branch_and_bound(
        model, rooms, np.zeros(0, np.int64), clock=Clock(limit_s=600.0, progress=lambda *_: None),
        mip_gap=0.0, whole=whole(model), bound=model.total,
    )  # fmt: skip
    best = brute_force(problem, rooms)
    assert covered_weight(model, answer.chosen) == pytest.approx(best)
    assert best <= answer.bound + 1e-6 <= best + 1.0
    assert len(answer.chosen) <= rooms


def hard(make_town: Make) -> tuple[CoveringModel, np.ndarray]:
    """Return a model that takes minutes to solve, and a start."""
    model = reduce_problem(make_town(6000, 700, seed=4, radius=700.0))
    return model, greedy(model, 40, Clock(limit_s=600.0, progress=lambda *_: None))


def test_at_the_deadline_the_start_stands_with_a_valid_bound(make_town: Make) -> None:
    model, start = hard(make_town)
    told: list[int] = []
    clock = Clock(limit_s=1.5, progress=lambda _stage, done, _total: told.append(done))
    answer = branch_and_bound(model, 40, start, clock=clock, mip_gap=0.0, whole=True, bound=model.total)
    assert covered_weight(model, answer.chosen) >= covered_weight(model, start)
    assert covered_weight(model, answer.chosen) <= answer.bound <= model.total
    assert len(told) >= 3


@pytest.mark.timeout(60)
def test_cancelling_leaves_at_once(make_town: Make) -> None:
    model, start = hard(make_town)
    calls = iter(range(100))

    def progress(stage: str, done: int, total: int) -> None:
        del done, total
        if next(calls) == 3:
            raise CancelledError("cancelled", stage=stage)

    clock = Clock(limit_s=600.0, progress=progress)
    with pytest.raises(CancelledError):
        branch_and_bound(model, 40, start, clock=clock, mip_gap=0.0, whole=True, bound=model.total)


@pytest.mark.timeout(60)
def test_a_solver_that_does_not_listen_is_left_behind(make_town: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    model, start = hard(make_town)
    release = threading.Event()

    class Deaf(highspy.Highs):
        """Reports one solution, then works on without ever asking."""

        def run(self) -> highspy.HighsStatus:
            release.wait(30)
            return highspy.HighsStatus.kOk

    monkeypatch.setattr(module, "GRACE_S", 0.1)
    monkeypatch.setattr(module.highspy, "Highs", Deaf)
    answer = branch_and_bound(
        model, 40, start, clock=Clock(limit_s=0.5, progress=lambda *_: None), mip_gap=0.0, whole=True, bound=model.total
    )
    assert sorted(answer.chosen.tolist()) == sorted(start.tolist())
    assert answer.bound == model.total
    release.set()


LEAVING = """
import threading
import numpy as np
from scipy.sparse import random_array
from walkshed.errors import CancelledError
from walkshed.siting import runner
from walkshed.siting.clock import Clock
from walkshed.siting.covering.highs import branch_and_bound
from walkshed.siting.problem import SitingProblem
from walkshed.siting.covering.reduce import reduce_problem

runner.GRACE_S = 0.0
reach = random_array((400, 3000), density=0.03, random_state=1, format="csr")
ids = [tuple(map(str, range(size))) for size in reach.shape]
problem = SitingProblem(
    candidate_ids=ids[0], demand_ids=ids[1], population=np.arange(3000.0), minutes=reach, cutoff_min=15.0
)
model = reduce_problem(problem)

def progress(stage, done, total):
    if threading.active_count() > 1:
        raise CancelledError("cancelled", stage=stage)

try:
    branch_and_bound(
        model, 30, np.arange(30), clock=Clock(limit_s=8.0, progress=progress), mip_gap=0.0, whole=True, bound=1e9
    )
except CancelledError:
    print("left at once")
"""


def test_a_program_that_ends_right_after_cancelling_ends_in_order() -> None:
    run = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr.strip()) == (0, "left at once", "")


def test_a_solver_error_is_an_error(make_town: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(highspy.Highs):
        def run(self) -> highspy.HighsStatus:
            return highspy.HighsStatus.kError

    monkeypatch.setattr(module.highspy, "Highs", Broken)
    model = reduce_problem(make_town(50, 9, seed=1))
    with pytest.raises(SolverError, match="HiGHS"):
        branch_and_bound(
            model, 2, np.zeros(0, np.int64), clock=Clock(limit_s=9.0, progress=lambda *_: None),
            mip_gap=0.0, whole=True, bound=model.total,
        )  # fmt: skip


def test_two_solves_at_once_do_not_disturb_each_other(make_town: Make) -> None:
    model = reduce_problem(make_town(1500, 150, seed=6))
    start = greedy(model, 6, Clock(limit_s=600.0, progress=lambda *_: None))
    found: list[float] = []

    def solve() -> None:
        clock = Clock(limit_s=600.0, progress=lambda *_: None)
        answer = branch_and_bound(model, 6, start, clock=clock, mip_gap=0.0, whole=True, bound=model.total)
        found.append(covered_weight(model, answer.chosen))

    threads = [threading.Thread(target=solve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]

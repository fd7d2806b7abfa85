"""Greedy choice and swaps: the tables stay right, answers never get worse, the same problem gives the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import CancelledError
from walkshed.siting.clock import Clock
from walkshed.siting.covering.combine import combine
from walkshed.siting.covering.reduce import reduce_problem
from walkshed.siting.covering.swaps import covered_weight, greedy, improve
from walkshed.siting.covering.table import SwapTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.problem import SitingProblem

    Make = Callable[..., SitingProblem]


def test_greedy_takes_the_best_then_what_is_best_beside_it(make_problem: Make, clock: Clock) -> None:
    model = reduce_problem(make_problem([[0, 1], [1, 2, 3], [3, 4, 5], [5, 6]], [4.0, 3.0, 1.0, 3.0, 1.0, 2.0, 1.5]))
    # c0 and c1 win 7 each: the first; then c2 (6) before c1 (4); then c3 (1.5) and c1 (1).
    assert greedy(model, 2, clock).tolist() == [0, 2]
    assert greedy(model, 4, clock).tolist() == [0, 2, 3, 1]


def test_greedy_ends_when_everybody_is_served(make_problem: Make, clock: Clock) -> None:
    model = reduce_problem(make_problem([[0, 1, 2], [2, 3], [3, 4], [0, 4]], [1.0] * 5))
    chosen = greedy(model, 4, clock)
    assert chosen.tolist() == [0, 2]
    assert covered_weight(model, chosen) == model.total


def test_greedy_is_not_fooled_by_what_rounding_leaves_of_a_gain(make_problem: Make, clock: Clock) -> None:
    # After c0 and c1 nobody is left for c2, but its running gain is 1e16 + 3 (rounded to 1e16 + 4) - 1e16 - 3 = 1.
    people = [1e16, 3.0, 0.5, 2e15, 2e15]
    model = reduce_problem(make_problem([[0, 3], [1, 4], [0, 1], [2]], people))
    chosen = greedy(model, 3, clock)
    assert chosen.tolist() == [0, 1, 3]
    assert covered_weight(model, chosen) == model.total


def test_swaps_leave_the_trap_that_greedy_falls_into(make_problem: Make, clock: Clock) -> None:
    # The middle candidate is best alone, the two outer ones are best together.
    problem = make_problem([[0, 1, 2], [0, 1, 3], [2, 4, 5]], [2.0, 2.0, 2.0, 1.0, 1.0, 1.0])
    model = reduce_problem(problem)
    start = greedy(model, 2, clock)
    assert covered_weight(model, start) == 8.0
    better = improve(model, start, patience=0, clock=clock)
    assert covered_weight(model, better) == 9.0
    assert sorted(better.tolist()) == [1, 2]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), slots=st.integers(1, 6), moves=st.integers(1, 25))
def test_tables_stay_what_a_fresh_count_says(make_town: Make, seed: int, slots: int, moves: int) -> None:
    model = reduce_problem(make_town(120, 25, seed=seed, radius=500.0))
    random = np.random.default_rng(seed)
    slots = min(slots, len(model.candidate) - 1)
    table = SwapTable(model, random.permutation(len(model.candidate))[:slots])
    for _ in range(moves):
        value = covered_weight(model, table.chosen)
        win, slot, candidate = table.best_swap()
        # What the table promises for its best swap is what comes; no other swap wins more.
        changed = table.chosen.copy()
        changed[slot] = candidate
        assert covered_weight(model, changed) - value == pytest.approx(win, abs=1e-6)
        others = [place for place in range(len(model.candidate)) if place not in set(table.chosen.tolist())]
        for other in others[:8]:
            tried = table.chosen.copy()
            tried[random.integers(slots)] = other
            assert covered_weight(model, tried) - value <= win + 1e-6
        table.swap(int(random.integers(slots)), int(random.choice(others)))
    fresh = SwapTable(model, table.chosen)
    np.testing.assert_array_equal(table.count, fresh.count)
    np.testing.assert_array_equal(table.owner, fresh.owner)
    assert table.value == covered_weight(model, table.chosen)
    for name in ("gain", "loss", "back"):
        np.testing.assert_allclose(getattr(table, name), getattr(fresh, name), atol=1e-6)


def test_a_shake_changes_a_copy_and_wandering_finds_no_worse(make_town: Make, clock: Clock) -> None:
    model = reduce_problem(make_town(400, 60, seed=1))
    start = greedy(model, 5, clock)
    table = SwapTable(model, start)
    trial = table.copy()
    random = np.random.default_rng(0)
    trial.shake(random, 4)
    shaken = trial.chosen.copy()
    assert shaken.tolist() != start.tolist() == table.chosen.tolist()
    assert len(set(shaken.tolist())) == 5
    found = trial.wander(random, 40, clock, 1.0)
    assert covered_weight(model, found) > covered_weight(model, shaken)
    for seen, chosen in ((table, start), (trial, trial.chosen)):
        fresh = SwapTable(model, chosen)
        np.testing.assert_allclose(seen.back, fresh.back, atol=1e-6)
        np.testing.assert_allclose(seen.gain, fresh.gain, atol=1e-6)


def test_combining_takes_the_better_part_of_each_side_of_town(make_problem: Make) -> None:
    # c0 and c1 stand in one part, c2 and c3 in another, c4 in both; c0 and c3 are the better ones.
    problem = make_problem([[0, 1], [1], [2], [2, 3], [4]], [5.0, 1.0, 2.0, 3.0, 1.0])
    model = reduce_problem(problem)
    child = combine(model, np.array([0, 2, 4]), np.array([4, 3, 1]))
    assert child.tolist() == [0, 3, 4]
    assert covered_weight(model, child) == 12.0


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 9), radius=st.sampled_from([150.0, 300.0, 600.0]))
def test_a_combination_is_no_worse_than_either(make_town: Make, seed: int, rooms: int, radius: float) -> None:
    model = reduce_problem(make_town(150, 30, seed=seed, radius=radius))
    random = np.random.default_rng(seed)
    rooms = min(rooms, len(model.candidate))
    one, other = (random.permutation(len(model.candidate))[:rooms] for _ in range(2))
    child = combine(model, one, other)
    assert len(set(child.tolist())) == rooms
    assert set(child.tolist()) <= {*one.tolist(), *other.tolist()}
    assert covered_weight(model, child) >= max(covered_weight(model, one), covered_weight(model, other)) - 1e-9


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 8), patience=st.sampled_from([0, 5, 130]))
def test_improving_never_worsens_and_repeats_itself(make_town: Make, seed: int, rooms: int, patience: int) -> None:
    model = reduce_problem(make_town(150, 30, seed=seed, radius=500.0, decimals=2))
    clock = Clock(limit_s=3600.0, progress=lambda *_: None)
    start = greedy(model, min(rooms, len(model.candidate)), clock)
    better = improve(model, start, patience=patience, clock=clock)
    assert covered_weight(model, better) >= covered_weight(model, start)
    assert len(set(better.tolist())) == len(start)
    assert improve(model, start, patience=patience, clock=clock).tolist() == better.tolist()


def test_nothing_to_swap(make_problem: Make, clock: Clock) -> None:
    model = reduce_problem(make_problem([[0], [1]], [1.0, 1.0]))
    for chosen in (np.zeros(0, np.int64), np.arange(2)):
        assert improve(model, chosen, patience=9, clock=clock) is chosen


def test_a_spent_clock_ends_the_search_with_the_start(make_town: Make) -> None:
    model = reduce_problem(make_town(400, 60, seed=2))
    clock = Clock(limit_s=1e-9, progress=lambda *_: None)
    start = greedy(model, 5, clock)
    assert len(start) == 5  # the first answer is always finished
    assert improve(model, start, patience=300, clock=clock).tolist() == start.tolist()


def test_progress_can_stop_the_search(make_town: Make) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        del done, total
        raise CancelledError("cancelled", stage=stage)

    with pytest.raises(CancelledError):
        greedy(reduce_problem(make_town(50, 9, seed=3)), 2, Clock(limit_s=9.0, progress=stop))

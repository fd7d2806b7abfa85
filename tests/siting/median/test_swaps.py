from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import random_array

from walkshed.siting.median.benefit import benefit_model, total_gain
from walkshed.siting.median.swaps import SwapTable, better_than, greedy, improve, two_best

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.benefit import BenefitModel


def random_model(seed: int, sites: int = 12, rows: int = 40, density: float = 0.4) -> BenefitModel:
    benefit = random_array((sites, rows), density=density, rng=np.random.default_rng(seed), format="csr")
    benefit.data = np.ceil(20.0 * benefit.data)
    benefit.sort_indices()
    return benefit_model(benefit, np.arange(sites), np.arange(rows))


@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_tables_after_many_swaps_are_those_of_the_definition(seed: int, rooms: int) -> None:
    model, random = random_model(seed), np.random.default_rng(seed)
    rooms = min(rooms, model.sites - 1)
    table = SwapTable(model, np.arange(rooms))
    for _ in range(8):
        candidate = int(random.choice(np.setdiff1d(np.arange(model.sites), table.chosen)))
        table.swap(int(random.integers(rooms)), candidate)
    now = total_gain(model, table.chosen)
    win = table.extra + table.gain - table.loss[:, None]
    for slot in range(rooms):
        for candidate in np.setdiff1d(np.arange(model.sites), table.chosen).tolist():
            changed = table.chosen.copy()
            changed[slot] = candidate
            assert win[slot, candidate] == pytest.approx(total_gain(model, changed) - now, abs=1e-9)
    assert (np.sort(table.chosen) == np.unique(table.chosen)).all()


@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_no_single_swap_is_left_that_adds_anything(seed: int, rooms: int) -> None:
    model = random_model(seed)
    from walkshed.progress import silent  # noqa: PLC0415 - fixtures of a function do not mix with hypothesis
    from walkshed.siting.clock import Clock  # noqa: PLC0415 - as above

    clock = Clock(limit_s=3600.0, progress=silent)
    start = greedy(model, min(rooms, model.sites), clock)
    found = improve(model, start, patience=3, clock=clock)
    assert total_gain(model, found) >= total_gain(model, start)
    local = improve(model, start, patience=0, clock=clock)
    for slot in range(len(local)):
        for candidate in np.setdiff1d(np.arange(model.sites), local).tolist():
            changed = local.copy()
            changed[slot] = candidate
            assert total_gain(model, changed) <= total_gain(model, local) + 1e-9


def test_greedy_takes_the_best_each_time(clock: Clock, best_choice: Callable[[BenefitModel, int], float]) -> None:
    model = random_model(7)
    chosen = greedy(model, 4, clock)
    assert total_gain(model, chosen[:1]) == best_choice(model, 1)
    for count in range(1, 4):
        best = max(total_gain(model, np.append(chosen[:count], site)) for site in range(model.sites))
        assert total_gain(model, chosen[: count + 1]) == best
    assert total_gain(model, greedy(model, model.sites, clock)) == model.best.sum()


def test_the_first_entries_of_a_row_are_counted() -> None:
    model = random_model(3)
    level = np.random.default_rng(1).integers(0, 22, model.rows).astype(float)
    rows = np.arange(model.rows)
    counted = better_than(model, rows, level)
    table = model.benefit.toarray()
    assert counted.tolist() == (table > level).sum(axis=0).tolist()


def test_two_best_of_a_choice() -> None:
    model = random_model(5)
    table = np.sort(model.benefit.toarray()[[0, 3, 4]], axis=0)
    assert (two_best(model, np.array([3, 0, 4])) == table[[2, 1]]).all()
    assert (two_best(model, np.array([2]))[1] == 0).all()

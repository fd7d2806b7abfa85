from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array, random_array

from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.median.benefit import BenefitModel, benefit_model, total_gain
from walkshed.siting.median.bound import candidate_bounds, multiplier_ceiling, relaxation_bound
from walkshed.siting.median.branch import branch
from walkshed.siting.median.programme import branch_and_bound
from walkshed.siting.median.swaps import greedy, two_best

if TYPE_CHECKING:
    from collections.abc import Callable

    Best = Callable[[BenefitModel, int], float]


def random_model(seed: int, sites: int = 9, rows: int = 14) -> BenefitModel:
    random = np.random.default_rng(seed)
    benefit = random_array((sites, rows), density=0.5, rng=random, format="csr")
    benefit.data = np.ceil(12.0 * benefit.data) if seed % 2 else 12.0 * benefit.data
    benefit.sort_indices()
    return benefit_model(benefit, np.arange(sites), np.arange(rows))


def forever() -> Clock:
    return Clock(limit_s=3600.0, progress=silent)


@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_any_multipliers_bound_every_choice_with_and_without_a_candidate(
    seed: int, rooms: int, best_choice: Best
) -> None:
    model = random_model(seed)
    rooms = min(rooms, model.sites)
    multiplier = np.random.default_rng(seed).uniform(0.0, 1.2, model.rows) * model.best
    ceiling = multiplier_ceiling(model, multiplier, rooms)
    best = best_choice(model, rooms)
    assert ceiling.bound >= best - 1e-9
    with_it, without = candidate_bounds(ceiling)
    table = model.benefit.toarray()
    for site in range(model.sites):
        others = np.delete(np.arange(model.sites), site)
        rest = benefit_model(csr_array(np.maximum(0.0, table[others] - table[site])), others, np.arange(model.rows))
        assert with_it[site] >= table[site].sum() + best_choice(rest, rooms - 1) - 1e-9
        only = benefit_model(csr_array(table[others]), others, np.arange(model.rows))
        assert without[site] >= best_choice(only, rooms) - 1e-9


def linear_relaxation(model: BenefitModel, rooms: int) -> float:
    """Solve max sum b x, sum_j x_ij <= 1, x_ij <= y_j, sum y <= p with scipy."""
    table = model.benefit.toarray()
    sites, rows = table.shape
    cost = np.concatenate([np.zeros(sites), -table.ravel()])
    limits, right = [], []
    for row in range(rows):
        line = np.zeros(sites + table.size)
        line[sites + np.arange(sites) * rows + row] = 1.0
        limits.append(line)
        right.append(1.0)
    for site in range(sites):
        for row in range(rows):
            line = np.zeros(sites + table.size)
            line[sites + site * rows + row], line[site] = 1.0, -1.0
            limits.append(line)
            right.append(0.0)
    limits.append(np.concatenate([np.ones(sites), np.zeros(table.size)]))
    right.append(float(rooms))
    return -float(linprog(cost, A_ub=np.array(limits), b_ub=right, bounds=(0, 1)).fun)


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_comes_near_the_linear_relaxation(seed: int) -> None:
    model = random_model(seed)
    start = two_best(model, greedy(model, 3, forever())).mean(axis=0)
    relaxed = relaxation_bound(model, 3, start, target=0.0, steps=2000, clock=forever())
    exact = linear_relaxation(model, 3)
    assert exact - 1e-7 <= relaxed.bound <= 1.01 * exact
    assert relaxed.bound == pytest.approx(multiplier_ceiling(model, relaxed.multiplier, 3).bound)
    assert (relaxed.multiplier >= 0).all()


@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_branching_and_the_programme_find_and_prove_the_best(seed: int, rooms: int, best_choice: Best) -> None:
    model = random_model(seed)
    rooms = min(rooms, model.sites)
    best = best_choice(model, rooms)
    # The worst of starts, so that there is something left to do.
    start = np.arange(rooms)
    value = total_gain(model, start)
    tree = branch(model, rooms, start, 0.5 * model.best, enough=lambda found: found + 1e-9, clock=forever(), steps=3)
    assert tree.value == pytest.approx(best, abs=1e-9)
    assert tree.value <= tree.bound <= best + 1e-6
    assert total_gain(model, tree.chosen) == tree.value
    exact = branch_and_bound(
        model,
        rooms,
        start,
        0.5 * model.best,
        least=value - 1e-6,
        tolerance=1e-6,
        bound=float(model.best.sum()),
        clock=forever(),
    )
    assert exact.value == pytest.approx(best, abs=1e-5)
    assert best - 1e-6 <= exact.bound <= best + 1e-4

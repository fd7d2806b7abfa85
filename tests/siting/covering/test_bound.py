"""Bounds hold, whatever the multipliers; good ones are tight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import eye_array, hstack

from walkshed.siting.clock import Clock
from walkshed.siting.covering.bound import Relaxation, _project, candidate_bounds, multiplier_bound
from walkshed.siting.covering.reduce import reduce_problem, restrict
from walkshed.siting.covering.swaps import greedy

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.covering.reduce import CoveringModel
    from walkshed.siting.problem import SitingProblem

    Make = Callable[..., SitingProblem]

EXACT = 1e-7


def relaxed(model: CoveringModel, rooms: int, chosen: np.ndarray, *, steps: int) -> Relaxation:
    relaxation = Relaxation(model, rooms, chosen)
    for _ in range(0, steps, 40):
        relaxation.advance(40)
        relaxation.look()
    return relaxation


def relaxed_by_simplex(model: CoveringModel, rooms: int) -> float:
    """Return the optimum of the linear relaxation, by another solver."""
    sites, groups = model.covers.shape
    answer = linprog(
        np.concatenate([np.zeros(sites), -model.weight]),
        A_ub=hstack([-model.covered_by, eye_array(groups)]),
        b_ub=np.zeros(groups),
        A_eq=np.concatenate([np.ones(sites), np.zeros(groups)])[None, :],
        b_eq=[rooms],
        bounds=(0, 1),
    )
    return float(-answer.fun)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), rooms=st.integers(1, 4), steps=st.sampled_from([0, 40, 400]))
def test_no_choice_beats_any_bound(
    make_town: Make, brute_force: Callable[..., float], seed: int, rooms: int, steps: int
) -> None:
    problem = make_town(60, 10, seed=seed, radius=400.0, decimals=1)
    model = reduce_problem(problem)
    rooms = min(rooms, len(model.candidate))
    best = brute_force(problem, rooms)
    random = np.random.default_rng(seed)
    anything = random.uniform(0.0, 1.0, len(model.weight)) * model.weight
    clock = Clock(limit_s=3600.0, progress=lambda *_: None)
    found = relaxed(model, rooms, greedy(model, rooms, clock), steps=steps)
    for multiplier in (anything, np.zeros_like(anything), model.weight, found.multiplier):
        assert multiplier_bound(model, multiplier, rooms) >= best - EXACT
        ceilings = candidate_bounds(model, multiplier, rooms)
        assert ceilings.shape == model.candidate.shape
        for place, ceiling in zip(model.candidate, ceilings, strict=True):
            assert ceiling >= brute_force(problem, rooms, including=int(place)) - EXACT
    assert found.bound == pytest.approx(multiplier_bound(model, found.multiplier, rooms))
    assert (found.multiplier >= 0).all()
    assert (found.multiplier <= model.weight).all()


def test_the_bound_reaches_the_relaxation(make_town: Make, clock: Clock) -> None:
    model = reduce_problem(make_town(600, 80, seed=5))
    for rooms in (1, 3, 6):
        start = greedy(model, rooms, clock)
        found = relaxed(model, rooms, start, steps=4000)
        best = relaxed_by_simplex(model, rooms)
        assert best * (1 - 1e-9) <= found.bound <= best * 1.0005


def test_going_on_in_a_restricted_model_is_as_good_as_starting_there(make_town: Make, clock: Clock) -> None:
    model = reduce_problem(make_town(600, 80, seed=5))
    found = relaxed(model, 4, greedy(model, 4, clock), steps=200)
    ceiling = candidate_bounds(model, found.multiplier, 4)
    kept = np.flatnonzero(ceiling > np.median(ceiling))
    assert 4 < len(kept) < len(model.candidate)
    part = restrict(model, kept)
    found.narrow(part)
    assert found.bound == pytest.approx(multiplier_bound(part.model, found.multiplier, 4))
    for _ in range(40):
        found.advance(40)
        found.look()
    assert found.bound == pytest.approx(relaxed_by_simplex(part.model, 4), rel=5e-4)
    likely = found.likely()
    assert (len(likely), len(set(likely.tolist()))) == (4, 4)


def test_as_many_rooms_as_candidates(make_problem: Make) -> None:
    model = reduce_problem(make_problem([[0, 1], [1, 2]], [1.0, 2.0, 4.0]))
    found = relaxed(model, 2, np.arange(2), steps=400)
    assert found.bound == pytest.approx(7.0, abs=1e-3)
    assert candidate_bounds(model, found.multiplier, 2) == pytest.approx([found.bound] * 2)


@settings(deadline=None, max_examples=100)
@given(
    values=st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=9), rooms=st.integers(1, 9), shift=st.floats(0.0, 4.0)
)
def test_projection_is_the_nearest_point(values: list[float], rooms: int, shift: float) -> None:
    point = np.array(values)
    nearest, _ = _project(point, rooms, shift)
    assert ((nearest >= 0) & (nearest <= 1)).all()
    assert nearest.sum() <= rooms * (1 + 2e-6)
    # Nearest: no feasible point lies on the other side of the plane through it.
    random = np.random.default_rng(0)
    for _ in range(20):
        other = np.clip(random.uniform(-0.5, 1.5, len(point)), 0.0, 1.0)
        other *= min(1.0, rooms / max(other.sum(), 1e-12))
        assert (point - nearest) @ (other - nearest) <= 1e-4

"""The steps of set covering: none loses the optimum, every bound is valid, every cover covers."""

from __future__ import annotations

from itertools import combinations
from math import fsum, inf
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array

from walkshed.errors import CancelledError
from walkshed.siting import clock as clock_module
from walkshed.siting.clock import Clock
from walkshed.siting.setcover import reduce as reducing
from walkshed.siting.setcover.bisection import Levels
from walkshed.siting.setcover.bound import candidate_bounds, multiplier_bound, relaxation_bound
from walkshed.siting.setcover.cover import Cover
from walkshed.siting.setcover.highs import cheapest_cover
from walkshed.siting.setcover.model import CoverModel, cover_model, split
from walkshed.siting.setcover.reduce import reduce_cover
from walkshed.siting.setcover.search import greedy_cover, improve_cover, without_superfluous
from walkshed.siting.setcover.solve import lscp, p_center

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.problem import SitingProblem

NOBODY = np.zeros(0, np.int64)
SEEDS = st.integers(0, 10**6)


def random_model(seed: int, *, sites: int = 9, rows: int = 14) -> CoverModel:
    """Return a model with ties, doubles and prices, some of them 0."""
    random = np.random.default_rng(seed)
    reach = random.random((sites, rows)) < random.uniform(0.1, 0.5)
    reach[random.integers(sites, size=rows), np.arange(rows)] = True
    cost = random.choice([0.0, 1.0, 2.0, 2.5], sites) if seed % 2 else np.ones(sites)
    return cover_model(csr_array(reach.astype(float)), np.arange(sites), np.arange(rows), cost)


def least(model: CoverModel, *, including: int | None = None) -> float:
    """Return the least cost of a cover, by trying every choice."""
    best = inf
    for count in range(len(model.candidate) + 1):
        for chosen in combinations(range(len(model.candidate)), count):
            places = np.array(chosen, np.int64)
            if (including is None or including in chosen) and model.is_covered_by(places):
                best = min(best, model.price(places))
    return best


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, exact=st.booleans())
def test_reductions_keep_the_least_cost(endless: Clock, seed: int, *, exact: bool) -> None:
    model = random_model(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reducing, "PAIRS_AT_ONCE", 7)
        if not exact:
            patch.setattr(reducing, "EXACT_BYTES", 0)
        reduced = reduce_cover(model, endless)
    taken = fsum(model.cost[reduced.taken].tolist())
    assert taken + least(reduced.model) == pytest.approx(least(model))
    # What is left and what is taken together still cover everything.
    assert model.is_covered_by(np.union1d(reduced.taken, reduced.model.candidate))
    again = reduce_cover(reduced.model, endless)
    assert again.model.covers.shape == reduced.model.covers.shape
    assert not len(again.taken)


def test_reductions_of_a_town(make_town: Callable[..., SitingProblem], endless: Clock) -> None:
    town = make_town(800, 120, seed=1, radius=600.0)
    rows = np.flatnonzero(np.bincount(town.reach.indices, minlength=800))
    model = cover_model(town.reach, np.arange(120), rows, np.ones(120))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reducing, "EXACT_BYTES", 0)
        hashed = reduce_cover(model, endless)
    plain = reduce_cover(model, endless)
    assert (hashed.taken == plain.taken).all()
    assert (hashed.model.row == plain.model.row).all()
    assert (hashed.model.candidate == plain.model.candidate).all()
    assert 0 < len(plain.model.row) < len(rows) / 4


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS)
def test_covers_cover(endless: Clock, seed: int) -> None:
    model = random_model(seed)
    first = greedy_cover(model, endless)
    better = improve_cover(model, first, enough=-inf, patience=200, clock=endless)
    for chosen in (first, better):
        assert model.is_covered_by(chosen)
        assert (without_superfluous(model, chosen) == chosen).all()
    assert least(model) - 1e-9 <= model.price(better) <= model.price(first)


def test_the_search_for_a_free_cover_ends(endless: Clock) -> None:
    model = cover_model(csr_array(np.ones((4, 3))), np.arange(4), np.arange(3), np.zeros(4))
    found = improve_cover(model, np.array([0, 1]), enough=-inf, patience=5, clock=endless)
    assert model.is_covered_by(found)


def test_the_search_finds_what_greedy_misses(endless: Clock) -> None:
    # Chvátal's example: greedy takes the large candidates, two others are enough.
    reach = np.zeros((5, 14))
    reach[0, 0::2] = reach[1, 1::2] = 1.0
    reach[2, 0:8] = reach[3, 8:12] = reach[4, 12:14] = 1.0
    model = cover_model(csr_array(reach), np.arange(5), np.arange(14), np.ones(5))
    first = greedy_cover(model, endless)
    assert len(first) == 3
    assert improve_cover(model, first, enough=-inf, patience=50, clock=endless).tolist() == [0, 1]


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS)
def test_any_multiplier_bounds(seed: int) -> None:
    model = random_model(seed)
    multiplier = np.random.default_rng(seed).uniform(0.0, 1.0, len(model.row))
    assert multiplier_bound(model, multiplier) <= least(model) + 1e-9
    floors = candidate_bounds(model, multiplier)
    for place in range(len(model.candidate)):
        assert floors[place] <= least(model, including=place) + 1e-9


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS)
def test_the_relaxation_is_solved(endless: Clock, seed: int) -> None:
    model = random_model(seed, sites=20, rows=40)
    found = relaxation_bound(model, greedy_cover(model, endless), steps=4000, target=inf, clock=endless, share=1.0)
    solved = linprog(model.cost, A_ub=-model.covered_by, b_ub=-np.ones(40), bounds=(0, 1))
    assert found.bound == pytest.approx(solved.fun, abs=2e-3)
    assert found.bound <= solved.fun + 1e-7
    assert found.bound == multiplier_bound(model, found.multiplier)


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS, less=st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_the_solver_answers_both_questions(endless: Clock, seed: int, less: float) -> None:
    model = random_model(seed)
    start, best = greedy_cover(model, endless), least(model)
    whole = cheapest_cover(model, start, clock=endless, mip_gap=0.0, bound=0.0)
    assert model.price(whole.chosen) == pytest.approx(best)
    assert whole.bound == pytest.approx(best, abs=1e-5)
    enough = best - less
    asked = cheapest_cover(model, np.arange(len(model.candidate)), clock=endless, mip_gap=0.0, bound=0.0, enough=enough)
    assert model.is_covered_by(asked.chosen)
    if less:
        assert enough < asked.bound <= best + 1e-5
    else:
        assert model.price(asked.chosen) == pytest.approx(best)


@settings(deadline=None, max_examples=30)
@given(seeds=st.lists(SEEDS, min_size=1, max_size=3))
def test_parts_add_up(endless: Clock, seeds: list[int]) -> None:
    parts = [random_model(2 * seed, sites=6, rows=8) for seed in seeds]
    reach = np.zeros((6 * len(parts), 8 * len(parts)))
    for place, part in enumerate(parts):
        reach[6 * place : 6 * place + 6, 8 * place : 8 * place + 8] = part.covers.toarray()
    model = cover_model(csr_array(reach), np.arange(len(reach)), np.arange(reach.shape[1]), np.ones(len(reach)))
    assert len(split(model)) >= len(parts)
    assert sum(len(part.row) for part in split(model)) == len(model.row)
    cover = Cover(model, endless)
    cover.relax(steps=200)
    assert cover.bound <= cover.price
    cover.prove()
    assert cover.price == cover.bound == sum(least(part) for part in parts)
    assert model.is_covered_by(cover.chosen)
    assert cover.settled()


@settings(deadline=None, max_examples=60)
@given(size=st.integers(1, 60), answer=st.integers(0, 60), fuzzy=st.sets(st.integers(0, 60), max_size=6))
def test_bisection_never_skips_the_answer(size: int, answer: int, fuzzy: set[int]) -> None:
    answer = min(answer, size)
    levels = Levels(excluded=-1, found=size)

    def ask(level: int) -> None:
        if level in fuzzy:
            levels.undecided.add(level)
        elif level >= answer:
            levels.found = level
        else:
            levels.exclude(level)

    levels.narrow(ask, running=lambda: True)
    assert levels.excluded < answer <= levels.found
    if not fuzzy:
        assert levels.closed
        assert levels.found == answer


@pytest.mark.parametrize("model", ["lscp", "partial", "p_center"])
def test_a_stop_ends_the_work(
    make_town: Callable[..., SitingProblem], monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(clock_module, "REPORT_EVERY_S", 0.0)
    town = make_town(1500, 200, seed=1, radius=700.0)
    calls = 0

    def stop(stage: str, done: int, total: int) -> None:
        nonlocal calls
        del stage, done, total
        calls += 1
        if calls == 20:
            raise CancelledError("cancelled")

    reached = np.flatnonzero(np.bincount(town.reach.indices, minlength=1500))
    part = type(town)(
        candidate_ids=town.candidate_ids, demand_ids=tuple(town.demand_ids[row] for row in reached),
        population=town.population[reached], minutes=town.minutes[:, reached], cutoff_min=town.cutoff_min,
    )  # fmt: skip
    asked = {"must": NOBODY, "forbidden": NOBODY, "clock": Clock(limit_s=600.0, progress=stop), "mip_gap": 0.0}
    work = {
        "p_center": lambda: p_center(part, 60, **asked),
        "lscp": lambda: lscp(part, share=1.0, **asked),
        "partial": lambda: lscp(part, share=0.93, **asked),
    }
    with pytest.raises(CancelledError):
        work[model]()
    assert calls == 20

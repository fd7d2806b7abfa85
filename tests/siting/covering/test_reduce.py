"""Reductions change nothing that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.siting.covering import reduce as module
from walkshed.siting.covering.reduce import gather, reduce_problem, restrict, without_dominated

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.covering.reduce import CoveringModel
    from walkshed.siting.problem import SitingProblem

    Make = Callable[..., SitingProblem]

instance = st.integers(1, 8).flatmap(
    lambda rows: st.tuples(
        st.lists(st.lists(st.integers(0, rows - 1), max_size=rows), min_size=1, max_size=7),
        st.lists(st.integers(0, 40).map(lambda quarters: quarters / 4), min_size=rows, max_size=rows),
    )
)


def reduced(problem: SitingProblem) -> CoveringModel:
    return without_dominated(reduce_problem(problem)).model


def as_problem(model: CoveringModel, make_problem: Make) -> SitingProblem:
    return make_problem([row.indices.tolist() for row in model.covers], model.weight.tolist())


def test_a_hand_made_case(make_problem: Make) -> None:
    # Rows 0 and 1 are served by the same candidates, row 2 by nobody, row 3 has no residents; c1 serves less than c0,
    # c3 the same as c0, c4 nobody.
    problem = make_problem([[0, 1, 4], [0, 1], [4, 5], [0, 1, 4], [3]], [1.0, 2.0, 99.0, 0.0, 4.0, 8.0])
    assert reduce_problem(problem).candidate.tolist() == [0, 1, 2, 3]
    model = reduced(problem)
    assert model.candidate.tolist() == [0, 2]
    assert model.group.tolist() == [0, 0, -1, -1, 1, 2]
    assert sorted(model.weight.tolist()) == [3.0, 4.0, 8.0]
    assert model.total == 15.0


def test_nothing_at_all(make_problem: Make) -> None:
    for problem in (make_problem([], []), make_problem([[]], [5.0]), make_problem([[0]], [0.0])):
        model = reduced(problem)
        assert (len(model.candidate), len(model.weight), model.total) == (0, 0, 0.0)


@settings(deadline=None, max_examples=150)
@given(instance)
def test_the_best_value_stays_for_every_number_of_rooms(
    make_problem: Make, brute_force: Callable[..., float], case: tuple[list[list[int]], list[float]]
) -> None:
    problem = make_problem(*case)
    model = reduced(problem)
    for rooms in range(1, len(problem.candidate_ids) + 1):
        assert brute_force(as_problem(model, make_problem), rooms) == brute_force(problem, rooms)
    # What is left cannot be reduced further, and both matrices are the same thing.
    assert (model.weight > 0).all()
    columns = [tuple(row.indices) for row in model.covered_by]
    assert len(set(columns)) == len(columns)
    np.testing.assert_array_equal(model.covers.toarray(), model.covered_by.toarray().T)
    assert (np.diff(model.candidate) > 0).all()
    sets = [set(row.indices.tolist()) for row in model.covers]
    assert not any(one <= two for i, one in enumerate(sets) for j, two in enumerate(sets) if i != j)


@settings(deadline=None, max_examples=60)
@given(instance)
def test_a_large_problem_loses_only_equal_candidates(
    make_problem: Make, brute_force: Callable[..., float], case: tuple[list[list[int]], list[float]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DOMINANCE_PAIRS", 0)
        problem = make_problem(*case)
        model = reduced(problem)
    sets = [tuple(row.indices) for row in model.covers]
    assert len(set(sets)) == len(sets)
    for rooms in range(1, len(problem.candidate_ids) + 1):
        assert brute_force(as_problem(model, make_problem), rooms) == brute_force(problem, rooms)


@settings(deadline=None, max_examples=60)
@given(instance, st.integers(0, 127))
def test_a_restricted_model_is_the_problem_of_its_candidates(
    make_problem: Make, brute_force: Callable[..., float], case: tuple[list[list[int]], list[float]], mask: int
) -> None:
    problem = make_problem(*case)
    model = reduce_problem(problem)
    kept = np.array([place for place in range(len(model.candidate)) if mask >> place & 1], np.int64)
    restriction = restrict(model, kept)
    part = restriction.model
    served = restriction.group >= 0
    np.testing.assert_array_equal(np.bincount(restriction.group[served], model.weight[served]), part.weight)
    for row, group in enumerate(part.group):
        assert (group >= 0) == (problem.population[row] > 0 and any(row in problem.rows_of(c) for c in part.candidate))
    assert part.candidate.tolist() == model.candidate[kept].tolist()
    alone = make_problem([problem.rows_of(place).tolist() for place in part.candidate], problem.population.tolist())
    for rooms in range(1, len(kept) + 1):
        assert brute_force(as_problem(part, make_problem), rooms) == brute_force(alone, rooms)


@settings(deadline=None, max_examples=60)
@given(instance, st.integers(0, 127), st.integers(0, 127))
def test_what_must_be_built_is_the_base_and_what_is_forbidden_is_gone(
    make_problem: Make, brute_force: Callable[..., float], case: tuple[list[list[int]], list[float]], one: int, two: int
) -> None:
    problem = make_problem(*case)
    places = range(len(problem.candidate_ids))
    must = [place for place in places if one >> place & 1]
    forbidden = [place for place in places if two >> place & 1 and place not in must]
    model = reduce_problem(problem, must=np.array(must, np.int64), forbidden=np.array(forbidden, np.int64))
    assert not set(model.candidate.tolist()) & {*must, *forbidden}
    served = set().union(*(problem.rows_of(place).tolist() for place in must)) if must else set()
    assert model.base == sum(problem.population[row] for row in served)
    assert set(np.flatnonzero(model.group == -2).tolist()) == served
    rest = [[row for row in problem.rows_of(place).tolist() if row not in served] for place in places]
    alone = make_problem([[] if place in forbidden else rest[place] for place in places], case[1])
    for rooms in range(1, len(rest) + 1):
        assert brute_force(as_problem(model, make_problem), rooms) == brute_force(alone, rooms)


def test_gathering_rows(make_problem: Make) -> None:
    covers = make_problem([[0, 2], [], [1], [0, 1, 2]], [1.0, 1.0, 1.0]).reach
    columns, lengths = gather(covers, np.array([3, 1, 0]))
    assert columns.tolist() == [0, 1, 2, 0, 2]
    assert lengths.tolist() == [3, 0, 2]
    nothing, none = gather(covers, np.zeros(0, np.int64))
    assert (nothing.tolist(), none.tolist()) == ([], [])

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from walkshed.siting.median import benefit as parts
from walkshed.siting.median.benefit import benefit_model, gains, restrict, total_gain, without_dominated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.siting.median.benefit import BenefitModel

    FloatArray = NDArray[np.float64]

TABLES = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 4).map(float))


NONE = np.zeros(0, np.int64)


def model_of(table: FloatArray) -> BenefitModel:
    return benefit_model(csr_array(table), np.arange(len(table)), np.arange(table.shape[1]))


@given(table=TABLES, rooms=st.integers(1, 4))
@settings(deadline=None)
def test_reductions_keep_the_best_value(
    table: FloatArray, rooms: int, best_choice: Callable[[BenefitModel, int], float]
) -> None:
    model = model_of(table)
    assert best_choice(without_dominated(model, NONE), rooms) == best_choice(model, rooms)


@given(table=TABLES)
@settings(deadline=None)
def test_no_candidate_that_stays_is_dominated(table: FloatArray) -> None:
    kept = without_dominated(model_of(table), NONE).candidate.tolist()
    for site in range(len(table)):
        better = [
            rival
            for rival in range(len(table))
            if rival != site
            and (table[rival] >= table[site]).all()
            and ((table[rival] > table[site]).any() or rival < site)
        ]
        assert (site in kept) == (not better and table[site].any())


@given(table=TABLES)
@settings(deadline=None)
def test_both_tables_say_the_same_and_rows_are_sorted(table: FloatArray) -> None:
    model = model_of(table)
    for row in range(model.rows):
        own = slice(model.start[row], model.start[row + 1])
        assert (np.diff(model.value[own]) <= 0).all()
        again = np.zeros(model.sites)
        again[model.site[own]] = model.value[own]
        assert (again == table[model.candidate, model.row[row]]).all()
        assert model.best[row] == again.max() > 0
    assert (model.benefit.toarray() == table[np.ix_(model.candidate, model.row)]).all()
    assert model.whole


@given(table=TABLES, data=st.data())
@settings(deadline=None)
def test_what_is_left_to_gain_adds_up(table: FloatArray, data: st.DataObject) -> None:
    model = model_of(table)
    built = np.flatnonzero([data.draw(st.booleans()) for _ in range(model.sites)])
    others = np.setdiff1d(np.arange(model.sites), built)
    have = gains(model, built)
    left = parts.given(model, others, have)
    for site in range(left.sites):
        both = np.append(built, others[site])
        assert total_gain(model, both) == have.sum() + total_gain(left, np.array([site]))


def test_a_part_keeps_its_own_numbering() -> None:
    part = restrict(model_of(np.array([[3.0, 0.0, 1.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]])), np.array([0, 2]))
    assert part.candidate.tolist() == [0, 2]
    assert part.row.tolist() == [0, 2]
    assert part.benefit.toarray().tolist() == [[3.0, 1.0], [0.0, 5.0]]
    assert not restrict(part, np.array([1])).benefit.toarray()[:, :0].size


def test_broken_benefits_are_not_taken_for_whole_ones() -> None:
    assert not model_of(np.array([[0.5, 1.0]])).whole
    model = model_of(np.array([[2.0, 1.0], [1.0, 3.0]]))
    assert not parts.given(model, np.array([0]), np.array([0.5, 0.0])).whole


def test_a_dominated_candidate_may_be_kept() -> None:
    model = model_of(np.array([[1.0, 1.0], [2.0, 1.0], [0.0, 3.0]]))
    assert without_dominated(model, NONE).candidate.tolist() == [1, 2]
    assert without_dominated(model, np.array([0])).candidate.tolist() == [0, 1, 2]

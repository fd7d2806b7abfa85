"""Make a covering problem smaller without changing its optimum."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

DOMINANCE_PAIRS: Final = 30_000_000
"""Most products of the candidate-by-candidate overlap; beyond it only candidates with equal reach are merged."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoveringModel:
    """A covering problem of m candidates and n groups of demand rows; the same candidates reach all rows of a group.

    Attributes
    ----------
    candidate : (m,) int64
        Position of each candidate in the problem it came from, ascending.
    weight : (n,) float64
        Residents of each group, above 0.
    covers : csr_array (m, n)
        1.0 where the candidate serves the group.
    covered_by : csr_array (n, m)
        Its transpose; both hold their own arrays.
    """

    candidate: LongArray
    weight: FloatArray
    covers: csr_array
    covered_by: csr_array

    @property
    def total(self) -> float:
        """Residents that all candidates together would serve."""
        return float(self.weight.sum())


def reduce_problem(problem: SitingProblem) -> CoveringModel:
    """Drop and merge what cannot matter.

    Rows without residents or out of everybody's reach are dropped, rows reached by the same candidates become one
    group, and a candidate is dropped when another one serves at least the same groups (of equals the first stays). The
    best value for every number of rooms stays what it was.
    """
    by_row = _transposed(problem.reach)
    live = np.flatnonzero((np.diff(by_row.indptr) > 0) & (problem.population > 0))
    covered_by, weight = _merge_rows(by_row[live], problem.population[live])
    covered_by = covered_by.astype(np.float64)
    covers = _transposed(covered_by)
    kept = np.flatnonzero(~_dominated(covers, covered_by))
    covered_by, weight = _merge_rows(_transposed(covers[kept]), weight)
    return CoveringModel(candidate=kept, weight=weight, covers=_transposed(covered_by), covered_by=covered_by)


def restrict(model: CoveringModel, kept: LongArray) -> CoveringModel:
    """Return the model with only the candidates at positions ``kept`` (ascending) and the groups they serve."""
    covered_by = _transposed(model.covers[kept])
    live = np.flatnonzero(np.diff(covered_by.indptr) > 0)
    merged, weight = _merge_rows(covered_by[live], model.weight[live])
    return CoveringModel(candidate=model.candidate[kept], weight=weight, covers=_transposed(merged), covered_by=merged)


def gather(matrix: csr_array, rows: NDArray[np.integer]) -> tuple[NDArray[np.int32], LongArray]:
    """Return the column indices of ``rows``, one row after the other, and how many each row has."""
    start = matrix.indptr[rows].astype(np.int64)
    length = matrix.indptr[rows + 1] - start
    before = np.cumsum(length) - length
    place = np.repeat(start - before, length) + np.arange(int(length.sum()))
    return matrix.indices[place], length


def _transposed(matrix: csr_array) -> csr_array:
    """Return the transpose as a matrix of its own, indices ascending."""
    flipped = csr_array(matrix.T)
    flipped.sort_indices()
    return flipped


def _first_equal(matrix: csr_array) -> LongArray:
    """Return for every row the first row with the same columns."""
    # The bytes of a row's sorted indices are the row itself: exact, and quicker than comparing sets.
    seen: dict[bytes, int] = {}
    rows = enumerate(pairwise(matrix.indptr.tolist()))
    first = (seen.setdefault(matrix.indices[start:stop].tobytes(), row) for row, (start, stop) in rows)
    return np.fromiter(first, np.int64, matrix.shape[0])


def _merge_rows(covered_by: csr_array, weight: FloatArray) -> tuple[csr_array, FloatArray]:
    """Merge rows with the same columns, adding their weights; the order of first appearance stays."""
    first, label = np.unique(_first_equal(covered_by), return_inverse=True)
    return covered_by[first], np.bincount(label, weight, minlength=len(first)).astype(np.float64)


def _dominated(covers: csr_array, covered_by: csr_array) -> BoolArray:
    """Say which candidates serve nobody, or nobody that one other candidate would not serve as well."""
    size = np.diff(covers.indptr)
    dominated: BoolArray = size == 0
    if float((np.diff(covered_by.indptr).astype(np.float64) ** 2).sum()) > DOMINANCE_PAIRS:
        dominated |= _first_equal(covers) != np.arange(len(size))
        return dominated
    shared = (covers @ covered_by).tocoo()
    small, large = shared.coords
    inside = shared.data == size[small]
    inside &= (size[large] > size[small]) | ((size[large] == size[small]) & (large < small))
    dominated[small[inside]] = True
    return dominated

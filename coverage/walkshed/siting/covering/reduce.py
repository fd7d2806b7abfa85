"""Make a covering problem smaller without changing its optimum."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING, Final, NamedTuple

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
UNREACHED: Final = -1
SERVED: Final = -2


@dataclass(frozen=True, kw_only=True, eq=False)
class CoveringModel:
    """A covering problem of m candidates and n groups of demand rows; the same candidates reach all rows of a group.

    Attributes
    ----------
    candidate : (m,) int64
        Position of each candidate in the problem it came from, ascending.
    weight : (n,) float64
        Residents of each group, above 0.
    covers : csr_array (m, n) float32
        1.0 where the candidate serves the group. Narrow numbers and indices: the work is bound by memory.
    covered_by : csr_array (n, m)
        Its transpose; both hold their own arrays.
    group : (N,) int64
        Group of every demand row of the problem; :data:`UNREACHED` where no candidate reaches it or nobody lives,
        :data:`SERVED` where a room that must be built serves it.
    base
        Residents whom the rooms that must be built serve.
    """

    candidate: LongArray
    weight: FloatArray
    covers: csr_array
    covered_by: csr_array
    group: LongArray
    base: float = 0.0

    @property
    def total(self) -> float:
        """Residents that all candidates together would serve, those of rooms that must be built included."""
        return self.base + float(self.weight.sum())


class Restriction(NamedTuple):
    """A model with fewer candidates.

    Attributes
    ----------
    model
        What is left.
    kept : (k,) int64
        Positions of its candidates in the model before.
    group : (n,) int64
        Its group for every group of the model before; -1 where none of its candidates reaches it.
    """

    model: CoveringModel
    kept: LongArray
    group: LongArray


def reduce_problem(
    problem: SitingProblem, *, must: LongArray | None = None, forbidden: LongArray | None = None
) -> CoveringModel:
    """Leave out and merge what cannot matter.

    Rows without residents or out of everybody's reach are left out, rows reached by the same candidates become one
    group, and candidates that serve nobody (forbidden ones, and those beside the rooms that must be built) are left
    out. The best value for every number of rooms stays what it was.

    Parameters
    ----------
    problem
        Of N rows.
    must, forbidden
        Positions of candidates: built anyway (and not in the model), never built.
    """
    reach = problem.reach
    group = np.full(reach.shape[1], UNREACHED, np.int64)
    allowed = np.diff(reach.indptr) > 0
    base = 0.0
    if must is not None and len(must):
        group[gather(reach, must)[0]] = SERVED
        base = fsum(problem.population[group == SERVED].tolist())
        allowed[must] = False
    if forbidden is not None:
        allowed[forbidden] = False
    candidate = np.flatnonzero(allowed)
    by_row = _transposed(reach if len(candidate) == reach.shape[0] else reach[candidate])
    live = np.flatnonzero((np.diff(by_row.indptr) > 0) & (problem.population > 0) & (group != SERVED))
    if len(live) < len(group):
        by_row = by_row[live]
    covered_by, weight, label = _merge_rows(by_row, problem.population[live])
    del by_row  # as large as the problem itself
    group[live] = label
    model = _model(candidate, covered_by, weight, group, base)
    busy = np.flatnonzero(np.diff(model.covers.indptr) > 0)
    return model if len(busy) == len(candidate) else restrict(model, busy).model


def restrict(model: CoveringModel, kept: LongArray) -> Restriction:
    """Leave only the candidates at positions ``kept`` (ascending) and the groups they serve."""
    covered_by = _transposed(model.covers[kept])
    live = np.flatnonzero(np.diff(covered_by.indptr) > 0)
    merged, weight, label = _merge_rows(covered_by[live], model.weight[live])
    old = np.full(len(model.weight), UNREACHED, np.int64)
    old[live] = label
    group = model.group.copy()
    known = group >= 0
    group[known] = old[group[known]]
    return Restriction(_model(model.candidate[kept], merged, weight, group, model.base), kept, old)


def without_dominated(model: CoveringModel) -> Restriction:
    """Leave out candidates when another one serves at least the same groups; of equals the first stays."""
    return restrict(model, np.flatnonzero(~_dominated(model.covers, model.covered_by)))


def _model(
    candidate: LongArray, covered_by: csr_array, weight: FloatArray, group: LongArray, base: float
) -> CoveringModel:
    narrow = np.int32 if covered_by.nnz <= np.iinfo(np.int32).max else np.int64
    ones = np.ones(covered_by.nnz, np.float32)
    tidy = csr_array(
        (ones, covered_by.indices.astype(narrow), covered_by.indptr.astype(narrow)), shape=covered_by.shape
    )
    return CoveringModel(
        candidate=candidate, weight=weight, covers=_transposed(tidy), covered_by=tidy, group=group, base=base
    )


def gather(matrix: csr_array, rows: NDArray[np.integer]) -> tuple[NDArray[np.int32], LongArray]:
    """Return the column indices of ``rows``, one row after the other, and how many each row has."""
    start = matrix.indptr[rows]
    length = matrix.indptr[rows + 1] - start
    after = np.cumsum(length, dtype=np.int64)
    place = np.repeat(start - (after - length), length)
    place += np.arange(after[-1] if len(after) else 0)
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


def _merge_rows(covered_by: csr_array, weight: FloatArray) -> tuple[csr_array, FloatArray, LongArray]:
    """Merge rows with the same columns, adding their weights; the order of first appearance stays."""
    first, label = np.unique(_first_equal(covered_by), return_inverse=True)
    return covered_by[first], np.bincount(label, weight, minlength=len(first)).astype(np.float64), label


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

"""A set covering problem: choose candidates so that every row is covered, at the least cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverModel:
    """m candidates and n rows, each of which at least one candidate covers.

    Attributes
    ----------
    candidate : (m,) int64
        Position of each candidate in the problem it came from, ascending.
    row : (n,) int64
        Position of each row in the problem it came from, ascending.
    cost : (m,) float64
        What each candidate costs; 1 where rooms are counted.
    covers : csr_array (m, n)
        1.0 where the candidate covers the row.
    covered_by : csr_array (n, m)
        Its transpose; both hold their own arrays.
    """

    candidate: LongArray
    row: LongArray
    cost: FloatArray
    covers: csr_array
    covered_by: csr_array

    @property
    def whole(self) -> bool:
        """Whether every choice costs a whole number."""
        return bool((self.cost == np.floor(self.cost)).all())

    def price(self, chosen: LongArray) -> float:
        """Return what the candidates at these positions of the model cost together."""
        return float(self.cost[chosen].sum())

    def is_covered_by(self, chosen: LongArray) -> bool:
        """Say whether the candidates at these positions cover every row."""
        opened = np.zeros(len(self.candidate))
        opened[chosen] = 1.0
        return bool(((self.covered_by @ opened) > 0).all())


def cover_model(reach: csr_array, candidates: LongArray, rows: LongArray, cost: FloatArray) -> CoverModel:
    """Return the model of some candidates and some rows of a problem.

    Parameters
    ----------
    reach : (M, N)
        A stored entry says that the candidate covers the row, whatever its value.
    candidates, rows
        Positions, ascending.
    cost : (M,)
        Cost of all candidates of the problem.
    """
    part = csr_array(csr_array(reach[candidates])[:, rows])
    covers = csr_array((np.ones(part.nnz), part.indices, part.indptr), shape=part.shape, copy=True)
    covers.sort_indices()
    return _model(candidates, rows, cost[candidates], covers)


def restrict(model: CoverModel, candidates: LongArray, rows: LongArray) -> CoverModel:
    """Return the model with only the candidates and the rows at these positions, both ascending."""
    covers = csr_array(csr_array(model.covers[candidates])[:, rows])
    covers.sort_indices()
    return _model(model.candidate[candidates], model.row[rows], model.cost[candidates], covers)


def split(model: CoverModel) -> list[CoverModel]:
    """Return the parts of a model that have no candidate and no row in common, the smallest first."""
    sites, rows = model.covers.shape
    coordinates = model.covers.tocoo()
    graph = csr_array(
        (np.ones(model.covers.nnz, np.int8), (coordinates.coords[0], coordinates.coords[1] + sites)),
        shape=(sites + rows, sites + rows),
    )
    count, label = connected_components(graph, directed=False)
    if count == 1:
        return [model]
    parts = []
    of_site = np.split(np.argsort(label[:sites], kind="stable"), np.cumsum(np.bincount(label[:sites], minlength=count)))
    of_row = np.split(np.argsort(label[sites:], kind="stable"), np.cumsum(np.bincount(label[sites:], minlength=count)))
    for candidates, own in zip(of_site[:count], of_row[:count], strict=True):
        if len(own):
            parts.append(restrict(model, candidates, own))
    return sorted(parts, key=lambda part: part.covers.nnz)


def gather(matrix: csr_array, rows: NDArray[np.integer]) -> tuple[NDArray[np.int32], LongArray]:
    """Return the column indices of ``rows``, one row after the other, and how many each row has."""
    start = matrix.indptr[rows].astype(np.int64)
    length = matrix.indptr[rows + 1] - start
    before = np.cumsum(length) - length
    place = np.repeat(start - before, length) + np.arange(int(length.sum()))
    return matrix.indices[place], length


def transposed(matrix: csr_array) -> csr_array:
    """Return the transpose as a matrix of its own, indices ascending."""
    flipped = csr_array(matrix.T)
    flipped.sort_indices()
    return flipped


def _model(candidate: LongArray, row: LongArray, cost: FloatArray, covers: csr_array) -> CoverModel:
    return CoverModel(candidate=candidate, row=row, cost=cost, covers=covers, covered_by=transposed(covers))

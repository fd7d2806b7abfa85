"""What every candidate saves every demand row: the form that the p-median and gradual coverage share.

Both are: choose p candidates so that the sum over rows of the best benefit among the chosen is largest (the p-median as
Cornuejols, Fisher and Nemhauser 1977 maximise it). What a row has today is worth nothing here: only pairs that are
better than today have a benefit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

DOMINANCE_PAIRS: Final = 20_000_000
"""Most entries to compare in search of dominated candidates."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BenefitModel:
    """A benefit problem of m candidates and n rows.

    Attributes
    ----------
    candidate : (m,) int64
        Position of each candidate in the problem it came from, ascending.
    row : (n,) int64
        Position of each row in that problem, ascending.
    benefit : csr_array (m, n)
        What a row gains when the candidate is its best one, above 0; not stored: nothing.
    start : (n + 1,) int64
        Where the entries of every row begin in ``site`` and ``value``.
    site, value : (nnz,) int64 and float64
        Candidates and benefits row by row, the best first; of equals the first candidate first.
    whole
        All benefits are whole numbers, so values of choices are.
    """

    candidate: LongArray
    row: LongArray
    benefit: csr_array
    start: LongArray
    site: LongArray
    value: FloatArray
    whole: bool

    @property
    def sites(self) -> int:
        """Number of candidates."""
        return len(self.candidate)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row)

    @property
    def best(self) -> FloatArray:
        """(n,) the most that a row can gain."""
        return self.value[self.start[:-1]]


def benefit_model(benefit: csr_array, candidate: LongArray, row: LongArray) -> BenefitModel:
    """Sort a table of benefits, without rows and candidates that have none.

    Parameters
    ----------
    benefit : csr_array (m, n)
        Indices ascending, entries above 0.
    candidate, row
        Positions in the problem, ascending.
    """
    useful = np.flatnonzero(np.diff(benefit.indptr))
    own = benefit[useful]
    site = np.repeat(np.arange(len(useful)), np.diff(own.indptr))
    order = np.lexsort((site, -own.data, own.indices))
    whole = bool((own.data == np.floor(own.data)).all())
    return _assemble(
        candidate[useful], row, own.indices[order].astype(np.int64), site[order], own.data[order], whole=whole
    )


def without_dominated(model: BenefitModel, keep: LongArray) -> BenefitModel:
    """Leave out candidates that no row needs as another one is at least as good for every row (of equals the first).

    The best value for every number of candidates stays what it was. What multipliers prove does not: they may share a
    row out among candidates one of which dominates the other.

    Parameters
    ----------
    model
        m candidates.
    keep
        Positions of candidates that stay all the same.
    """
    dominated = _dominated(model)
    dominated[keep] = False
    return restrict(model, np.flatnonzero(~dominated)) if dominated.any() else model


def restrict(model: BenefitModel, kept: LongArray) -> BenefitModel:
    """Return the model with only the candidates at positions ``kept`` (ascending) and the rows that gain by them."""
    return given(model, kept, np.zeros(model.rows))


def given(model: BenefitModel, kept: LongArray, have: FloatArray) -> BenefitModel:
    """Return what is left to gain where every row (n,) gains ``have`` anyway and only ``kept`` can still be chosen.

    Parameters
    ----------
    model
        m candidates, n rows.
    kept
        Positions, ascending.
    have
        (n,) at least 0. The value of a choice in the model returned is what it adds to the sum of ``have``.
    """
    length = np.diff(model.start)
    number = np.full(model.sites, -1, np.int64)
    number[kept] = np.arange(len(kept))
    value = model.value - np.repeat(have, length)
    staying = (number[model.site] >= 0) & (value > 0.0)
    own_row = np.repeat(np.arange(model.rows), length)[staying]
    return _assemble(
        model.candidate[kept],
        model.row,
        own_row,
        number[model.site[staying]],
        value[staying],
        whole=model.whole and bool((have == np.floor(have)).all()),
    )


def entries(start: LongArray, length: LongArray) -> LongArray:
    """Return the positions ``start[k] .. start[k] + length[k] - 1`` for every k, one after the other."""
    before = np.cumsum(length) - length
    return np.repeat(start - before, length) + np.arange(int(length.sum()))


def of_candidates(model: BenefitModel, chosen: LongArray) -> tuple[LongArray, FloatArray, LongArray]:
    """Return rows and benefits of the candidates ``chosen``, one after the other, and how many each has."""
    start = model.benefit.indptr[chosen].astype(np.int64)
    length = model.benefit.indptr[chosen + 1] - start
    place = entries(start, length)
    return model.benefit.indices[place].astype(np.int64), model.benefit.data[place], length


def gains(model: BenefitModel, chosen: LongArray) -> FloatArray:
    """Return what every row (n,) gains by the candidates at positions ``chosen``."""
    best = np.zeros(model.rows)
    rows, benefits, _ = of_candidates(model, chosen)
    np.maximum.at(best, rows, benefits)
    return best


def total_gain(model: BenefitModel, chosen: LongArray) -> float:
    """Return what all rows gain together by the candidates at positions ``chosen``."""
    return float(gains(model, chosen).sum())


def _assemble(
    candidate: LongArray, row: LongArray, own_row: LongArray, site: LongArray, value: FloatArray, *, whole: bool
) -> BenefitModel:
    """Return the model of entries that come row by row, the best first; rows without any are left out."""
    count = np.bincount(own_row, minlength=len(row))
    live = np.flatnonzero(count)
    column = (np.cumsum(count > 0) - 1)[own_row]
    by_site = np.argsort(site, kind="stable")
    pointer = np.concatenate([[0], np.cumsum(np.bincount(site, minlength=len(candidate)))])
    return BenefitModel(
        candidate=candidate,
        row=row[live],
        benefit=csr_array((value[by_site], column[by_site], pointer), shape=(len(candidate), len(live))),
        start=np.concatenate([[0], np.cumsum(count[live])]).astype(np.int64),
        site=site,
        value=value,
        whole=whole,
    )


def _dominated(model: BenefitModel) -> BoolArray:
    """Say which candidates have no benefit, or none that one other candidate would not have as well.

    Who dominates a candidate is at least as good in every row, so in the one where fewest are: only those are compared.
    """
    length = np.diff(model.start)
    own_row = np.repeat(np.arange(model.rows), length)
    place = np.arange(len(model.site)) - model.start[own_row]
    # Candidates at least as good as each entry in its row: up to the last entry of equal value.
    run_ends = np.ones(len(model.site), bool)
    run_ends[:-1] = (model.value[1:] != model.value[:-1]) | (own_row[1:] != own_row[:-1])
    ends = np.flatnonzero(run_ends)
    rank = place[ends[np.searchsorted(ends, np.arange(len(model.site)))]]
    size = np.diff(model.benefit.indptr)
    dominated: BoolArray = size == 0
    rarest = np.full(model.sites, -1, np.int64)
    order = np.lexsort((rank, model.site))
    first = np.flatnonzero(np.diff(model.site[order], prepend=-1))
    rarest[model.site[order[first]]] = order[first]
    pairs = 0
    for position in np.flatnonzero(~dominated):
        entry = rarest[position]
        begin = model.start[own_row[entry]]
        rivals = model.site[begin : begin + rank[entry] + 1]
        rivals = rivals[(rivals != position) & (size[rivals] >= size[position])]
        pairs += len(rivals) * int(size[position])
        if pairs > DOMINANCE_PAIRS:
            break
        dominated[position] = any(_beats(model, int(rival), int(position)) for rival in rivals)
    return dominated


def _beats(model: BenefitModel, rival: int, position: int) -> bool:
    """Say whether ``rival`` is at least as good in every row and, where equal in all, the earlier one."""
    pointer, indices, data = model.benefit.indptr, model.benefit.indices, model.benefit.data
    rows, own = indices[pointer[position] : pointer[position + 1]], data[pointer[position] : pointer[position + 1]]
    other = indices[pointer[rival] : pointer[rival + 1]]
    found = np.searchsorted(other, rows)
    if found[-1] >= len(other) or not (other[found] == rows).all():
        return False
    theirs = data[pointer[rival] : pointer[rival + 1]][found]
    if not (theirs >= own).all():
        return False
    equal = len(other) == len(rows) and bool((theirs == own).all())
    return not equal or rival < position

"""Make a set covering problem smaller without changing its least cost.

Three rules, again and again until none applies (Garfinkel and Nemhauser 1972): a row that every cover of another row
covers as well is dropped; a candidate is dropped when another one, no dearer, covers all its rows; the only candidate
of a row is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.setcover.model import CoverModel, gather, restrict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.siting.clock import Clock

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]
    SignArray = NDArray[np.uint64]

ROUNDS_MAX: Final = 12
PAIRS_AT_ONCE: Final = 200_000
EXACT_BYTES: Final = 2**26
"""Sets are compared as words of bits, one bit per element, while those take no more memory than this."""
SIGNATURES: Final = 4
"""Beyond it, words of 64 bits by which most pairs of sets are told apart before their elements are compared."""
SPREAD: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
WORD: Final = 64


class Reduced(NamedTuple):
    """What is left of a model, and the candidates (positions in the problem) that are taken whatever comes."""

    model: CoverModel
    taken: LongArray


def reduce_cover(model: CoverModel, clock: Clock) -> Reduced:
    """Apply the three rules.

    Parameters
    ----------
    model
        Every row is covered by at least one candidate.
    clock
        Between two portions of work it is asked to report; when time is up the model is returned as far as it is
        reduced, which is always a valid reduction.
    """
    taken: list[LongArray] = []
    for _ in range(ROUNDS_MAX):
        before = model.covers.shape
        model = _without_rows(model, clock)
        lone = np.flatnonzero(np.diff(model.covered_by.indptr) == 1)
        if len(lone):
            essential = np.unique(gather(model.covered_by, lone)[0]).astype(np.int64)
            taken.append(model.candidate[essential])
            left = np.ones(model.covers.shape[1], bool)
            left[gather(model.covers, essential)[0]] = False
            model = restrict(model, np.setdiff1d(np.arange(len(model.candidate)), essential), np.flatnonzero(left))
        model = _without_candidates(model, clock)
        if not model.covers.shape[1] or model.covers.shape == before or not clock.running():
            break
    return Reduced(model, np.sort(np.concatenate(taken)) if taken else np.zeros(0, np.int64))


def _without_rows(model: CoverModel, clock: Clock) -> CoverModel:
    """Drop the rows that are covered whenever some other row is; of equal ones the first stays."""
    alive = np.ones(len(model.row), bool)
    size = np.diff(model.covered_by.indptr)
    for small, large in _subsets(model.covered_by, model.covers, alive, clock):
        alive[large[(size[large] > size[small]) | (large > small)]] = False
    return model if alive.all() else restrict(model, np.arange(len(model.candidate)), np.flatnonzero(alive))


def _without_candidates(model: CoverModel, clock: Clock) -> CoverModel:
    """Drop the candidates that some other one replaces at no higher cost; of equal ones the first stays."""
    size, cost = np.diff(model.covers.indptr), model.cost
    alive = size > 0
    for small, large in _subsets(model.covers, model.covered_by, alive, clock):
        better = (size[large] > size[small]) | (large < small)
        alive[small[(cost[large] < cost[small]) | ((cost[large] == cost[small]) & better)]] = False
    return model if alive.all() else restrict(model, np.flatnonzero(alive), np.arange(len(model.row)))


def _subsets(
    sets: csr_array, members: csr_array, alive: BoolArray, clock: Clock
) -> Iterator[tuple[LongArray, LongArray]]:
    """Find the pairs of sets of which the first is part of the second (or equal to it), smaller sets first.

    Parameters
    ----------
    sets
        One set per row, its elements as ascending column indices.
    members
        Its transpose.
    alive
        Sets that count; is looked at again before every portion, so that a set found superfluous costs nothing more.
    """
    size = np.diff(sets.indptr).astype(np.int64)
    if not sets.nnz:
        return
    exact = sets.shape[0] * sets.shape[1] <= 8 * EXACT_BYTES
    signature = _bits(sets) if exact else _signatures(sets)
    element = _rarest(sets, np.diff(members.indptr))
    # One number per entry, ascending: an entry is looked up by bisection.
    owner = np.repeat(np.arange(sets.shape[0], dtype=np.int64), size)
    entries = owner * sets.shape[1] + sets.indices
    order = np.argsort(size, kind="stable")
    order = order[size[order] > 0]
    # Whoever holds a set holds its rarest element: only those need a look.
    work = np.cumsum(np.diff(members.indptr)[element[order]])
    start = 0
    while start < len(order) and clock.running():
        done = work[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(work, done + PAIRS_AT_ONCE)))
        portion = order[start:stop]
        start = stop
        portion = portion[alive[portion]]
        large, times = gather(members, element[portion])
        small = np.repeat(portion, times)
        maybe = alive[large] & (size[large] >= size[small]) & (small != large)
        small, large = small[maybe], large[maybe].astype(np.int64)
        for word in signature:
            maybe = (word[small] & ~word[large]) == 0
            small, large = small[maybe], large[maybe]
        yield (small, large) if exact else _inside(sets, entries, small, large)


def _inside(sets: csr_array, entries: LongArray, small: LongArray, large: LongArray) -> tuple[LongArray, LongArray]:
    """Keep the pairs of which the first really is part of the second."""
    found = []
    length = np.diff(sets.indptr)[small].astype(np.int64)
    cuts = np.searchsorted(np.cumsum(length), np.arange(PAIRS_AT_ONCE, int(length.sum()), PAIRS_AT_ONCE))
    for part in np.split(np.arange(len(small)), cuts):
        element, times = gather(sets, small[part])
        wanted = np.repeat(large[part], times) * sets.shape[1] + element
        place = np.minimum(np.searchsorted(entries, wanted), len(entries) - 1)
        missing = np.bincount(np.repeat(np.arange(len(part)), times), entries[place] != wanted, minlength=len(part))
        found.append(part[missing == 0])
    pairs = np.concatenate(found)
    return small[pairs], large[pairs]


def _bits(sets: csr_array) -> SignArray:
    """Return (words, k): one bit per element."""
    found = np.zeros((-(-sets.shape[1] // WORD), sets.shape[0]), np.uint64)
    owner = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    bit = np.uint64(1) << (sets.indices % WORD).astype(np.uint64)
    # Elements ascend, so that those of one word stand together.
    group = owner * found.shape[0] + sets.indices // WORD
    first = np.flatnonzero(np.diff(group, prepend=-1))
    if len(first):
        found[group[first] % found.shape[0], owner[first]] = np.bitwise_or.reduceat(bit, first)
    return found


def _signatures(sets: csr_array) -> SignArray:
    """Return (4, k) words: a set that is part of another one has no bit that the other one lacks."""
    found = np.zeros((SIGNATURES, sets.shape[0]), np.uint64)
    filled = np.flatnonzero(np.diff(sets.indptr) > 0)
    for word in range(SIGNATURES):
        spread = np.arange(sets.shape[1], dtype=np.uint64) * SPREAD[word]
        bit = np.uint64(1) << (spread >> np.uint64(58))
        found[word, filled] = np.bitwise_or.reduceat(bit[sets.indices], sets.indptr[filled])
    return found


def _rarest(sets: csr_array, held: LongArray) -> LongArray:
    """Return for every set its element that fewest sets hold, 0 for an empty one."""
    found = np.zeros(sets.shape[0], np.int64)
    filled = np.flatnonzero(np.diff(sets.indptr) > 0)
    rank = held.astype(np.int64) * sets.shape[1] + np.arange(sets.shape[1])
    found[filled] = np.minimum.reduceat(rank[sets.indices], sets.indptr[filled]) % sets.shape[1]
    return found

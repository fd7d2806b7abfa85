"""Sums over the entries of some candidates, for checking bounds: numpy alone, nothing of the solvers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from walkshed.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WHOLE_SLACK: Final = 0.01
"""Rounding that a bound of whole residents may carry before it is rounded down (or one of rooms up)."""
MANY: Final = 0.25
"""From this share of the candidates on, their entries are marked instead of counted out."""


def check_multiplier(multiplier: FloatArray, most: FloatArray) -> None:
    """Refuse multipliers that are no numbers between 0 and ``most`` (N,).

    Raises
    ------
    SolverError
        If one is not.
    """
    if multiplier.shape != most.shape or not ((multiplier >= 0) & (multiplier <= most)).all():
        raise SolverError("certificate_unusable")


def entries(problem: SitingProblem, candidates: LongArray) -> tuple[NDArray[np.int32], LongArray]:
    """Return the rows that candidates reach, one candidate after the other, and how many each reaches."""
    place, length = places(problem.reach.indptr, candidates)
    return problem.reach.indices[place], length


def places(start: NDArray[np.integer], candidates: LongArray) -> tuple[Any, LongArray]:
    """Return an index of the entries of candidates (ascending), one after the other, and how many each has."""
    lengths = np.diff(start)
    length = lengths[candidates].astype(np.int64)
    if len(candidates) == len(lengths):
        return slice(None), length
    if len(candidates) > MANY * len(lengths):
        wanted = np.zeros(len(lengths), bool)
        wanted[candidates] = True
        return np.repeat(wanted, lengths), length
    before = np.cumsum(length) - length
    place = np.repeat(start[candidates] - before, length)
    place += np.arange(len(place))
    return place, length


def scores(problem: SitingProblem, multiplier: FloatArray, candidates: LongArray) -> FloatArray:
    """Return for every candidate the sum of the multipliers of the rows it reaches."""
    rows, length = entries(problem, candidates)
    return sums(multiplier[rows], length)


def sums(values: FloatArray, length: LongArray) -> FloatArray:
    """Return the sums of values that stand one run after the other."""
    sums = np.zeros(len(length))
    some = np.flatnonzero(length)
    if len(some):
        sums[some] = np.add.reduceat(values, (np.cumsum(length) - length)[some])
    return sums


def largest(values: FloatArray, count: int) -> FloatArray:
    """Return the ``count`` largest values, all of them where there are no more."""
    if count >= len(values):
        return values
    if count <= 0:
        return values[:0]
    return np.partition(values, len(values) - count)[len(values) - count :]


def positions(problem: SitingProblem, ids: Iterable[str]) -> LongArray:
    """Return positions of candidates.

    Raises
    ------
    SolverError
        If an id is no candidate's.
    """
    place = {key: position for position, key in enumerate(problem.candidate_ids)}
    wanted = list(ids)
    for key in wanted:
        if key not in place:
            raise SolverError("chosen_unknown", candidate=key)
    return np.array([place[key] for key in wanted], np.int64)

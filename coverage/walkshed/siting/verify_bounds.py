"""Recompute a bound from its certificates: the problem, a few multipliers by demand row, and numpy.

Nothing here is shared with the solvers. A certificate that proves nothing gives a useless bound, never a wrong one.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from walkshed.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WHOLE_SLACK: Final = 0.01
"""Rounding that a bound of whole residents may carry before it is rounded down (or one of rooms up)."""
MANY: Final = 0.25
"""From this share of the candidates on, their entries are marked instead of counted out."""
PRECISION: Final = 1e-9
"""Relative rounding of sums of floats in another order."""


def covering_bound(
    problem: SitingProblem,
    certificates: Sequence[FloatArray],
    *,
    rooms: int,
    must: LongArray,
    forbidden: LongArray,
    stated: float,
) -> float:
    """Return how many residents no plan can newly serve, as far as the certificates prove it.

    For multipliers 0 <= l <= w, whoever is chosen serves at most sum(w - l) + the sum of the chosen ones' A l. The
    first certificate is summed over all candidates. Those that with it could be part of at most ``stated`` residents
    leave: plans with them are no better than what is stated. The next certificate is summed over those that remain.

    Parameters
    ----------
    problem
        N rows.
    certificates
        (N,) each, residents.
    rooms
        New rooms, those of ``must`` among them.
    must, forbidden
        Positions of candidates.
    stated
        The bound that is to be checked.

    Returns
    -------
    float
        Residents; ``inf`` without certificates. Rounded down where all residents are whole numbers.

    Raises
    ------
    SolverError
        If a multiplier is no number between 0 and the row's residents.
    """
    residents = problem.population
    whole = bool((residents == np.floor(residents)).all())
    enough = stated + 1.0 - WHOLE_SLACK if whole else stated * (1.0 + PRECISION)
    free = np.ones(len(problem.candidate_ids), bool)
    free[np.concatenate([must, forbidden])] = False
    remaining = np.flatnonzero(free)
    count = rooms - len(must)
    best, left_out = np.inf, 0.0
    for number, multiplier in enumerate(certificates):
        _check(multiplier, residents)
        rows, length = _entries(problem, remaining)
        score = _sums(multiplier[rows], length)
        rest = residents - multiplier
        if number:
            # Whom none of those that remain reaches is not served, whatever the multiplier.
            near = np.zeros(len(rest), bool)
            near[rows] = True
            near[_entries(problem, must)[0]] = True
            rest = rest[near]
        fixed = float(rest.sum()) + float(_scores(problem, multiplier, must).sum())
        chosen = _largest(score, count)
        bound = fixed + float(chosen.sum())
        best = min(best, max(bound, left_out))
        if 0 < count < len(score):
            ceiling = bound - np.maximum(chosen.min() - score, 0.0)
            leaving = ceiling < enough
            left_out = max(left_out, float(ceiling[leaving].max(initial=0.0)))
            remaining = remaining[~leaving]
    return float(floor(best + WHOLE_SLACK)) if whole and np.isfinite(best) else best


def median_bound(
    problem: SitingProblem,
    certificates: Sequence[FloatArray],
    *,
    rooms: int,
    must: LongArray,
    forbidden: LongArray,
    stated: float,
) -> float:
    """Return how few person-minutes are possible at least, as far as the certificates prove it.

    For multipliers l, in person-minutes, any choice costs at least sum(l) - sum(max(0, l - w t0)), with t0 the
    walk to an existing room, less the sum of the chosen ones' sum_i max(0, l_i - w_i t_ij) (Cornuejols, Fisher and
    Nemhauser 1977). Certificates follow each other as in :func:`covering_bound`.

    Parameters
    ----------
    problem
        N rows; a walk beyond a finite horizon counts as the horizon.
    certificates
        (N,) each.
    rooms, must, forbidden, stated
        As for :func:`covering_bound`.

    Returns
    -------
    float
        Person-minutes; ``-inf`` without certificates.

    Raises
    ------
    SolverError
        If a multiplier is no number.
    """
    people = problem.population
    today = np.minimum(problem.minutes_today, problem.horizon_min)
    # An infinite walk is no option, whoever lives there.
    standing = np.where(np.isfinite(today), people * np.where(np.isfinite(today), today, 0.0), np.inf)
    start, minutes = problem.minutes.indptr, problem.minutes.data
    free = np.ones(len(problem.candidate_ids), bool)
    free[np.concatenate([must, forbidden])] = False
    remaining = np.flatnonzero(free)
    count = rooms - len(must)
    best, left_out = -np.inf, np.inf
    for multiplier in certificates:
        if multiplier.shape != people.shape or not np.isfinite(multiplier).all():
            raise SolverError("certificate_unusable")

        def savings(candidates: LongArray, offered: FloatArray = multiplier) -> FloatArray:
            place, length = _places(start, candidates)
            rows = problem.minutes.indices[place]
            return _sums(np.maximum(0.0, offered[rows] - people[rows] * minutes[place]), length)

        score = savings(remaining)
        fixed = float(np.minimum(multiplier, standing).sum()) - float(savings(must).sum())
        chosen = _largest(score, count)
        bound = fixed - float(chosen.sum())
        best = max(best, min(bound, left_out))
        if 0 < count < len(score):
            floors = bound + np.maximum(chosen.min() - score, 0.0)
            leaving = floors >= stated * (1.0 - PRECISION)
            left_out = min(left_out, float(floors[leaving].min(initial=np.inf)))
            remaining = remaining[~leaving]
    return best


def set_cover_bound(
    problem: SitingProblem, multiplier: FloatArray, *, cost: FloatArray, must: LongArray, forbidden: LongArray
) -> float:
    """Return what covering every row that can be covered costs at least, as far as ``multiplier`` proves it.

    For multipliers l >= 0 of rows that have to be covered, no cover costs less than sum(l) + the sum over all
    candidates of min(0, c - A l).

    Parameters
    ----------
    problem
        N rows.
    multiplier
        (N,), 0 for rows that need not be covered.
    cost
        (M,); rounded up where all are whole numbers.
    must, forbidden
        Positions of candidates.

    Raises
    ------
    SolverError
        If a multiplier is below 0, or above 0 where nobody lives, the row is served today or no candidate reaches it.
    """
    free = np.ones(len(cost), bool)
    free[np.concatenate([must, forbidden])] = False
    allowed = np.flatnonzero(free)
    needed = np.zeros(len(multiplier), bool)
    needed[_entries(problem, allowed)[0]] = True
    needed[_entries(problem, must)[0]] = False
    needed &= problem.population > 0
    _check(multiplier, np.where(needed, np.inf, 0.0))
    spare = cost[allowed] - _scores(problem, multiplier, allowed)
    bound = float(cost[must].sum()) + float(multiplier.sum()) + float(np.minimum(spare, 0.0).sum())
    return float(ceil(bound - WHOLE_SLACK)) if (cost == np.floor(cost)).all() else bound


def _check(multiplier: FloatArray, most: FloatArray) -> None:
    if multiplier.shape != most.shape or not ((multiplier >= 0) & (multiplier <= most)).all():
        raise SolverError("certificate_unusable")


def _entries(problem: SitingProblem, candidates: LongArray) -> tuple[NDArray[np.int32], LongArray]:
    """Return the rows that candidates reach, one candidate after the other, and how many each reaches."""
    place, length = _places(problem.reach.indptr, candidates)
    return problem.reach.indices[place], length


def _places(start: NDArray[np.integer], candidates: LongArray) -> tuple[Any, LongArray]:
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


def _scores(problem: SitingProblem, multiplier: FloatArray, candidates: LongArray) -> FloatArray:
    """Return for every candidate the sum of the multipliers of the rows it reaches."""
    rows, length = _entries(problem, candidates)
    return _sums(multiplier[rows], length)


def _sums(values: FloatArray, length: LongArray) -> FloatArray:
    """Return the sums of values that stand one run after the other."""
    sums = np.zeros(len(length))
    some = np.flatnonzero(length)
    if len(some):
        sums[some] = np.add.reduceat(values, (np.cumsum(length) - length)[some])
    return sums


def _largest(values: FloatArray, count: int) -> FloatArray:
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

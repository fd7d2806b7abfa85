"""Recompute a bound from its certificates: the problem, a few multipliers by demand row, and numpy.

Nothing here is shared with the solvers. A certificate that proves nothing gives a useless bound, never a wrong one.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.errors import SolverError
from walkshed.siting.verify_sums import WHOLE_SLACK, check_multiplier, entries, largest, places, scores, sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WHOLE_MOST: Final = 1e12
"""Larger sums are not exact enough to tell whole numbers apart."""
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
        check_multiplier(multiplier, residents)
        rows, length = entries(problem, remaining)
        score = sums(multiplier[rows], length)
        rest = residents - multiplier
        if number:
            # Whom none of those that remain reaches is not served, whatever the multiplier.
            near = np.zeros(len(rest), bool)
            near[rows] = True
            near[entries(problem, must)[0]] = True
            rest = rest[near]
        fixed = float(rest.sum()) + float(scores(problem, multiplier, must).sum())
        chosen = largest(score, count)
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
        Person-minutes; ``-inf`` without certificates. Rounded up where residents and minutes are whole numbers.

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
    finite = today[np.isfinite(today)]
    whole = all((values == np.floor(values)).all() for values in (people, finite, minutes))
    whole = (
        whole
        and abs(stated) < WHOLE_MOST
        and (np.isinf(problem.horizon_min) or problem.horizon_min == floor(problem.horizon_min))
    )
    # A plan of whole person-minutes that costs more than one less than what is stated is no better than that.
    enough = stated - 1.0 + WHOLE_SLACK if whole else stated * (1.0 - PRECISION)
    free = np.ones(len(problem.candidate_ids), bool)
    free[np.concatenate([must, forbidden])] = False
    remaining = np.flatnonzero(free)
    count = rooms - len(must)
    best, left_out = -np.inf, np.inf
    for multiplier in certificates:
        if multiplier.shape != people.shape or not np.isfinite(multiplier).all():
            raise SolverError("certificate_unusable")

        def savings(candidates: LongArray, offered: FloatArray = multiplier) -> FloatArray:
            place, length = places(start, candidates)
            rows = problem.minutes.indices[place]
            return sums(np.maximum(0.0, offered[rows] - people[rows] * minutes[place]), length)

        score = savings(remaining)
        fixed = float(np.minimum(multiplier, standing).sum()) - float(savings(must).sum())
        chosen = largest(score, count)
        bound = fixed - float(chosen.sum())
        best = max(best, min(bound, left_out))
        if 0 < count < len(score):
            floors = bound + np.maximum(chosen.min() - score, 0.0)
            leaving = floors > enough
            left_out = min(left_out, float(floors[leaving].min(initial=np.inf)))
            remaining = remaining[~leaving]
    return float(ceil(best - WHOLE_SLACK)) if whole and np.isfinite(best) else best

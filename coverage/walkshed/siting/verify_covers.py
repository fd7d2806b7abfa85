"""Recompute bounds of covering everybody from their certificates: how many rooms it takes, and how near they can be."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.verify_sums import WHOLE_SLACK, check_multiplier, entries, places, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


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
    needed[entries(problem, allowed)[0]] = True
    needed[entries(problem, must)[0]] = False
    needed &= problem.population > 0
    check_multiplier(multiplier, np.where(needed, np.inf, 0.0))
    spare = cost[allowed] - scores(problem, multiplier, allowed)
    bound = float(cost[must].sum()) + float(multiplier.sum()) + float(np.minimum(spare, 0.0).sum())
    return float(ceil(bound - WHOLE_SLACK)) if (cost == np.floor(cost)).all() else bound


def center_bound(
    problem: SitingProblem, multiplier: FloatArray, *, rooms: int, must: LongArray, forbidden: LongArray, stated: float
) -> float:
    """Return minutes that the worst walk cannot be below, as far as ``multiplier`` proves it.

    With everything built the worst walk is what it is. And where keeping all walks below ``stated`` would take more
    rooms than there are, by the multipliers of :func:`set_cover_bound`, ``stated`` is a bound.

    Parameters
    ----------
    problem
        N rows.
    multiplier
        (N,).
    rooms, must, forbidden, stated
        As for :func:`covering_bound`.

    Raises
    ------
    SolverError
        If a multiplier is below 0, or above 0 where nobody lives or the walk is shorter than ``stated`` anyway.
    """
    free = np.ones(len(problem.candidate_ids), bool)
    free[np.concatenate([must, forbidden])] = False
    nearest = np.array(problem.minutes_today, np.float64)
    start, minutes = problem.minutes.indptr, problem.minutes.data
    short = np.zeros(len(nearest), bool)
    for candidates in (must, np.flatnonzero(free)):
        place, _ = places(start, np.sort(candidates))
        np.minimum.at(nearest, problem.minutes.indices[place], minutes[place].astype(np.float64))
        if candidates is must:
            short = nearest < stated
    counted = (problem.population > 0) & np.isfinite(nearest)
    least = float(nearest[counted].max(initial=0.0))
    check_multiplier(multiplier, np.where(counted & ~short, np.inf, 0.0))
    near = minutes.astype(np.float64) < stated
    score = np.zeros(len(free))
    some = np.flatnonzero(np.diff(start))
    if len(some):
        score[some] = np.add.reduceat(np.where(near, multiplier[problem.minutes.indices], 0.0), start[some])
    needed = float(multiplier.sum()) + float(np.minimum(0.0, 1.0 - score[free]).sum())
    return max(least, stated) if ceil(needed - WHOLE_SLACK) > rooms - len(must) else least

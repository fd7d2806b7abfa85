"""From a siting problem to benefits and back: the p-median in person-minutes, gradual coverage in residents."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, fsum, inf
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from walkshed.siting.median.benefit import BenefitModel, benefit_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """A benefit model and what it leaves out.

    Attributes
    ----------
    model
        Benefits of candidates that are neither required nor forbidden, beyond today and the required ones.
    worth : csr_array (M, N)
        Benefits of all candidates beyond today, to put rooms in build order; those of the same unit as ``model``.
    ground : (N,) float64
        p-median: person-minutes of every row without any of the model's candidates. Gradual: residents that the
        required candidates are worth.
    minimises
        Whether it is a p-median: an objective is the sum of ``ground`` less a value of the model. Else it is the sum of
        ``ground`` and the value.
    reaching
        Least value of a choice that reaches everybody it has to, where not every choice does; else 0.
    free
        Positions of the candidates to choose among.
    """

    model: BenefitModel
    worth: csr_array
    ground: FloatArray
    minimises: bool
    reaching: float
    free: LongArray

    @property
    def constant(self) -> float:
        """Objective without any of the model's candidates."""
        return fsum(self.ground.tolist())

    def objective(self, value: float) -> float:
        """Return the objective that a value of the model stands for."""
        return self.constant - value if self.minimises else self.constant + value

    def certificate(self, multiplier: FloatArray, model: BenefitModel) -> FloatArray:
        """Return multipliers (N,) of the problem from those (n,) of this model or a part of it.

        p-median, in person-minutes l: no choice of p candidates costs less than sum(l) - the p largest of
        sum_i max(0, l_i - w_i t_ij), with the required candidates among the p. Gradual, in residents u: none is worth
        more than sum(u) + the p largest of sum_i max(0, b_ij - u_i).
        """
        by_row = np.zeros(len(self.ground))
        by_row[model.row] = multiplier
        return self.ground - by_row if self.minimises else self.ground + by_row


def counted_minutes(problem: SitingProblem) -> FloatArray:
    """Return the minutes (N,) that count for every row today: at most the horizon, ``inf`` for 'out of reach'."""
    return np.minimum(problem.minutes_today, problem.horizon_min)


def reachable(problem: SitingProblem) -> NDArray[np.bool_]:
    """Say which rows (N,) count in a p-median: all with residents, at an infinite horizon only those in reach."""
    known = np.isfinite(counted_minutes(problem))
    known[problem.minutes.indices] = True
    return known & (problem.population > 0)


def median_instance(problem: SitingProblem, weight: FloatArray, *, must: LongArray, forbidden: LongArray) -> Instance:
    """Return the p-median in benefits: person-minutes saved.

    Where all pairs are known (an infinite horizon) and no existing room reaches a row, its walk is measured from its
    farthest candidate; a row that only some candidates reach costs a penalty until one does, so high that reaching one
    row more is worth more than anything else.

    Parameters
    ----------
    problem
        Who lives where and how far everything is.
    weight : (N,) float64
        What the residents of every row count.
    must, forbidden
        Positions of candidates.
    """
    minutes = _pairs(problem)
    counts = reachable(problem) & (weight > 0)
    weight = np.where(counts, weight, 0.0)
    today = np.where(counts, counted_minutes(problem), 0.0)
    standing = np.minimum(today, _nearest(minutes, must))
    free = _free(problem, must, forbidden)
    farthest, how_many = _extent(minutes, free)
    never = np.isinf(standing)
    # All free candidates reach it, and one will be chosen: no walk is longer than to the farthest.
    partly = never & (how_many < len(free))
    level = np.where(never, farthest, standing)
    spread = weight * np.where(how_many > 0, np.maximum(0.0, level - _nearest(minutes, free)), 0.0)
    penalty = float(ceil(fsum(spread.tolist()) + 1.0)) if partly.any() else 0.0
    extra = np.where(partly, penalty, 0.0)
    benefit = _benefits(minutes, weight, level, extra)
    unbuilt = np.where(np.isinf(today), _extent(minutes, np.arange(minutes.shape[0]))[0], today)
    first = np.where(np.isinf(today), penalty + 1.0 + float((weight * unbuilt).sum()), 0.0)
    return Instance(
        model=_model(benefit, free),
        worth=_benefits(minutes, weight, unbuilt, first),
        ground=weight * level + extra,
        minimises=True,
        reaching=penalty * int(partly.sum()),
        free=free,
    )


def gradual_instance(
    problem: SitingProblem, weight: FloatArray, full_min: float | None, *, must: LongArray, forbidden: LongArray
) -> Instance:
    """Return gradual coverage in benefits: residents, each counted by how good the walk is, beyond today.

    Parameters
    ----------
    problem, weight, must, forbidden
        As for :func:`median_instance`.
    full_min
        Up to here a walk counts 1, from here less, 0 at the cutoff; ``None``: 1 up to the cutoff.
    """
    cutoff = problem.cutoff_min
    if full_min is None or full_min >= cutoff:
        today = problem.served.astype(np.float64)
        value = (problem.minutes.data <= cutoff).astype(np.float64)
    else:
        today = _falling(problem.minutes_today, full_min, cutoff)
        value = _falling(problem.minutes.data.astype(np.float64), full_min, cutoff)
    rows = problem.minutes.indices
    worth = _positive(problem.minutes, weight[rows] * np.maximum(0.0, value - today[rows]))
    free = _free(problem, must, forbidden)
    ground = np.zeros(len(weight))
    required = worth[must]
    np.maximum.at(ground, required.indices, required.data)
    return Instance(
        model=_model(_positive(worth, worth.data - ground[worth.indices]), free),
        worth=worth,
        ground=ground,
        minimises=False,
        reaching=0.0,
        free=free,
    )


def _falling(minutes: FloatArray, full_min: float, cutoff_min: float) -> FloatArray:
    share: FloatArray = np.clip((cutoff_min - minutes) / (cutoff_min - full_min), 0.0, 1.0)
    return share


def _pairs(problem: SitingProblem) -> csr_array:
    """Return the minutes as float64; pairs with rows beyond the horizon count as what they are, at most the horizon."""
    own = problem.minutes
    data = np.minimum(own.data.astype(np.float64), problem.horizon_min)
    return csr_array((data, own.indices, own.indptr), shape=own.shape)


def _free(problem: SitingProblem, must: LongArray, forbidden: LongArray) -> LongArray:
    free = np.ones(len(problem.candidate_ids), bool)
    free[must] = False
    free[forbidden] = False
    return np.flatnonzero(free)


def _nearest(minutes: csr_array, candidates: LongArray) -> FloatArray:
    """Return minutes (N,) to the nearest of some candidates, ``inf`` where none reaches."""
    own = minutes[candidates]
    nearest = np.full(minutes.shape[1], inf)
    np.minimum.at(nearest, own.indices, own.data)
    return nearest


def _extent(minutes: csr_array, candidates: LongArray) -> tuple[FloatArray, LongArray]:
    """Return minutes (N,) to the farthest of some candidates, 0 where none reaches, and how many do."""
    own = minutes[candidates]
    farthest = np.zeros(minutes.shape[1])
    np.maximum.at(farthest, own.indices, own.data)
    return farthest, np.bincount(own.indices, minlength=minutes.shape[1]).astype(np.int64)


def _benefits(minutes: csr_array, weight: FloatArray, level: FloatArray, extra: FloatArray) -> csr_array:
    rows = minutes.indices
    saved = weight[rows] * np.maximum(0.0, level[rows] - minutes.data)
    return _positive(minutes, saved + np.where(weight[rows] > 0, extra[rows], 0.0))


def _positive(pattern: csr_array, data: FloatArray) -> csr_array:
    """Return a matrix with these entries at the places of ``pattern``, only those above 0."""
    kept = data > 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return csr_array((data[kept], pattern.indices[kept], before[pattern.indptr]), shape=pattern.shape)


def _model(benefit: csr_array, free: LongArray) -> BenefitModel:
    return benefit_model(benefit[free], free, np.arange(benefit.shape[1]))

"""How cheap any cover can be: the linear relaxation's dual, solved by restarted primal-dual steps.

For multipliers l >= 0 of the rows every cover costs at least sum(l) + the sum over the candidates of min(0, c - A l)
(Lagrangian relaxation of set covering, Beasley 1987): every l gives a valid bound, a good one a tight bound. The steps
are the primal-dual hybrid gradient with restarts to the average (Applegate et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.setcover.model import CoverModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

CHECK_EVERY: Final = 40
"""Steps between two looks at the bound."""
NORM_STEPS: Final = 20
NORM_MARGIN: Final = 1.02
"""The norm comes from a few power steps, which end a little below it."""
RESTART_FACTOR: Final = 0.5
RESTART_SHARE: Final = 0.36
SOLVED: Final = 1e-6
"""Relative gap between the relaxation's two sides at which more steps win nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverBound:
    """A proven lower bound.

    Attributes
    ----------
    bound
        No cover of the model costs less than this.
    multiplier : (n,) float64
        The proof: see :func:`multiplier_bound`.
    """

    bound: float
    multiplier: FloatArray


def multiplier_bound(model: CoverModel, multiplier: FloatArray) -> float:
    """Return the bound that ``multiplier`` (n,), nowhere below 0, proves."""
    return float(multiplier.sum() + np.minimum(0.0, model.cost - model.covers @ multiplier).sum())


def candidate_bounds(model: CoverModel, multiplier: FloatArray) -> FloatArray:
    """Return for every candidate (m,) what every cover that includes it costs at least."""
    reduced = model.cost - model.covers @ multiplier
    floor: FloatArray = float(multiplier.sum() + np.minimum(0.0, reduced).sum()) + np.maximum(0.0, reduced)
    return floor


def relaxation_bound(
    model: CoverModel, chosen: LongArray, *, steps: int, target: float, clock: Clock, share: float
) -> CoverBound:
    """Bound what a cover costs.

    Parameters
    ----------
    model
        m candidates, n rows.
    chosen
        A good cover to start from.
    steps
        Most steps.
    target
        Stop once the bound is at least this.
    clock, share
        Stops early once ``share`` of the time is spent.
    """
    primal = np.zeros(len(model.candidate))
    primal[chosen] = 1.0
    # Every row pays its part of the cheapest share it could have: a first multiplier that is feasible.
    each = model.cost / np.maximum(1.0, np.diff(model.covers.indptr))
    dual = np.minimum.reduceat(each[model.covered_by.indices], model.covered_by.indptr[:-1])
    best = CoverBound(bound=multiplier_bound(model, dual), multiplier=dual)
    norm = _operator_norm(model)
    balance = 1.0 / max(1e-12, float(model.cost.mean()))
    slope = model.covers @ dual
    start_primal, start_dual = primal, dual
    sum_primal, sum_dual, since, last_gap = np.zeros_like(primal), np.zeros_like(dual), 0, np.inf
    for step in range(1, steps + 1):
        moved = np.clip(primal + balance / norm * (slope - model.cost), 0.0, 1.0)
        served = model.covered_by @ (2.0 * moved - primal)
        primal = moved
        dual = np.maximum(0.0, dual + (1.0 - served) / (balance * norm))
        slope = model.covers @ dual
        sum_primal += primal
        sum_dual += dual
        since += 1
        if step % CHECK_EVERY:
            continue
        mean_primal, mean_dual = sum_primal / since, sum_dual / since
        gaps = []
        for a, b in ((primal, dual), (mean_primal, mean_dual)):
            bound = multiplier_bound(model, b)
            if bound > best.bound:
                best = CoverBound(bound=bound, multiplier=b.copy())
            # What is left uncovered is charged at the dearest price a row may have: an upper bound, roughly.
            open_ = np.maximum(0.0, 1.0 - model.covered_by @ a)
            gaps.append(float(model.cost @ a + model.cost.max() * open_.sum()) - bound)
        if best.bound >= target or min(gaps) < SOLVED * max(1.0, best.bound) or not clock.running(share):
            break
        if gaps[1] < RESTART_FACTOR * last_gap or since >= RESTART_SHARE * step:
            if gaps[1] < gaps[0]:
                primal, dual = mean_primal, mean_dual
                slope = model.covers @ dual
            moved_primal, moved_dual = np.linalg.norm(primal - start_primal), np.linalg.norm(dual - start_dual)
            if moved_primal > 0 and moved_dual > 0:
                balance = float(np.sqrt(balance * moved_primal / moved_dual))
            start_primal, start_dual = primal, dual
            sum_primal, sum_dual, since, last_gap = np.zeros_like(primal), np.zeros_like(dual), 0, min(gaps)
    return best


def _operator_norm(model: CoverModel) -> float:
    """Return the spectral norm of the covering matrix, by power iteration from a fixed start."""
    vector = np.full(len(model.candidate), 1.0 / np.sqrt(len(model.candidate)))
    norm = 1.0
    for _ in range(NORM_STEPS):
        vector = model.covers @ (model.covered_by @ vector)
        norm = float(np.linalg.norm(vector))
        vector /= norm
    return NORM_MARGIN * float(np.sqrt(norm))

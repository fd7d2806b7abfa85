"""How good any answer can be: the linear relaxation's dual, solved by restarted primal-dual steps.

For multipliers 0 <= l <= w the best answer with p rooms serves at most sum(w - l) + the p largest of (A l) residents
(Lagrangian relaxation of maximal covering, Galvão and ReVelle 1996): every l gives a valid bound, a good one a tight
bound. The steps are the primal-dual hybrid gradient with restarts to the average (Applegate et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

CHECK_EVERY: Final = 40
"""Steps between two looks at the bound; a look costs as much as three steps."""
NORM_STEPS: Final = 20
NORM_MARGIN: Final = 1.02
"""The norm comes from a few power steps, which end a little below it."""
RESTART_FACTOR: Final = 0.5
RESTART_SHARE: Final = 0.36
FIRST_WEIGHT: Final = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxation:
    """A proven upper bound.

    Attributes
    ----------
    bound
        No choice of the given number of rooms serves more residents of the model than this.
    multiplier : (n,) float64
        The proof: see :func:`multiplier_bound`.
    """

    bound: float
    multiplier: FloatArray


def multiplier_bound(model: CoveringModel, multiplier: FloatArray, rooms: int) -> float:
    """Return the bound that ``multiplier`` (n,), between 0 and the weights, proves for ``rooms`` rooms."""
    return float((model.weight - multiplier).sum()) + _largest(model.covers @ multiplier, rooms)


def candidate_bounds(model: CoveringModel, multiplier: FloatArray, rooms: int) -> FloatArray:
    """Return for every candidate (m,) what no choice of ``rooms`` rooms that includes it can exceed.

    It is :func:`multiplier_bound` with the candidate forced among the largest.
    """
    score = model.covers @ multiplier
    bound = float((model.weight - multiplier).sum()) + _largest(score, rooms)
    if rooms >= len(score):
        return np.full(len(score), bound, np.float64)
    weakest = np.partition(score, len(score) - rooms)[len(score) - rooms]
    ceiling: FloatArray = bound - np.maximum(weakest - score, 0.0)
    return ceiling


def relaxation_bound(
    model: CoveringModel, rooms: int, chosen: LongArray, *, steps: int, target: float, clock: Clock, share: float
) -> Relaxation:
    """Bound what ``rooms`` rooms can serve.

    Parameters
    ----------
    model
        m candidates, n groups.
    rooms
        At most m.
    chosen
        A good choice to start from.
    steps
        Most steps.
    target
        Stop once the bound is at most this, or within a ten-thousandth of a resident of the relaxation's optimum.
    clock, share
        Stops early once ``share`` of the time is spent.
    """
    weight = model.weight
    primal = np.zeros(len(model.candidate))
    primal[chosen] = 1.0
    dual = 0.5 * np.minimum(weight, weight / np.maximum(1.0, model.covered_by @ primal))
    best = Relaxation(bound=float(weight.sum()), multiplier=np.zeros_like(weight))
    norm = _operator_norm(model)
    balance = FIRST_WEIGHT
    slope = model.covers @ dual
    start_primal, start_dual = primal, dual
    sum_primal, sum_dual, since, last_gap = np.zeros_like(primal), np.zeros_like(dual), 0, np.inf
    for step in range(1, steps + 1):
        moved = _project(primal + balance / norm * slope, rooms)
        served = model.covered_by @ (2.0 * moved - primal)
        primal = moved
        dual = np.clip(dual - (served - 1.0) / (balance * norm), 0.0, weight)
        slope = model.covers @ dual
        sum_primal += primal
        sum_dual += dual
        since += 1
        if step % CHECK_EVERY:
            continue
        # The mean of numbers up to a weight may exceed it in its last digit; a proof may not.
        mean_primal, mean_dual = sum_primal / since, np.minimum(sum_dual / since, weight)
        gaps = []
        for a, b in ((primal, dual), (mean_primal, mean_dual)):
            bound = multiplier_bound(model, b, rooms)
            if bound < best.bound:
                best = Relaxation(bound=bound, multiplier=b.copy())
            gaps.append(bound - float(weight @ np.minimum(1.0, model.covered_by @ a)))
        if best.bound <= target or min(gaps) < 1e-4 or not clock.running(share):  # noqa: PLR2004 - see docstring
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


def _largest(values: FloatArray, count: int) -> float:
    if count >= len(values):
        return float(values.sum())
    return float(np.partition(values, len(values) - count)[len(values) - count :].sum())


def _operator_norm(model: CoveringModel) -> float:
    """Return the spectral norm of the covering matrix, by power iteration from a fixed start."""
    vector = np.full(len(model.candidate), 1.0 / np.sqrt(len(model.candidate)))
    norm = 1.0
    for _ in range(NORM_STEPS):
        vector = model.covers @ (model.covered_by @ vector)
        norm = float(np.linalg.norm(vector))
        vector /= norm
    return NORM_MARGIN * float(np.sqrt(norm))


def _project(values: FloatArray, rooms: int) -> FloatArray:
    """Return the nearest point with entries in 0..1 and a sum of at most ``rooms`` (bisection on the shift)."""
    clipped = np.clip(values, 0.0, 1.0)
    if clipped.sum() <= rooms:
        return clipped
    live = values[values > 0]
    low, high = 0.0, float(live.max())
    while high - low > 1e-9 * max(1.0, high):
        middle = 0.5 * (low + high)
        if np.clip(live - middle, 0.0, 1.0).sum() > rooms:
            low = middle
        else:
            high = middle
    return np.clip(values - high, 0.0, 1.0)

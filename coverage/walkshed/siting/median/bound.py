"""How good any choice can be: Lagrangian relaxation of "a row gains by one room only".

For multipliers u >= 0 by row no choice of p candidates has more value than sum(u) + the p largest of
sum_i max(0, b_ij - u_i) (Cornuejols, Fisher and Nemhauser 1977): every u gives a valid bound, a good one that of the
linear relaxation. Good ones are found by the volume algorithm (Barahona and Anbil 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.median.benefit import entries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.benefit import BenefitModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

LOW_SHARE: Final = 0.7
"""Between two looks no multiplier falls below this share of the best one: entries below are left aside meanwhile."""
LOOK_EVERY: Final = 25
FIRST_STEP: Final = 1.0
LAST_STEP: Final = 1e-4
LONGEST_STEP: Final = 2.0
NOTHING_LEFT: Final = 1e-12
"""Square of a direction that corrects nothing any more."""
WORTHWHILE: Final = 1e-7
"""Share of the bound that a step has to win to count as one that did."""
MEMORY: Final = 0.1
"""Weight of the newest choice in the running mean of choices."""
PATIENCE: Final = 12
"""Steps that win nothing before they get shorter."""


class Ceiling(NamedTuple):
    """What multipliers prove: a bound, every candidate's score (m,), and the score that is just chosen / not chosen."""

    bound: float
    score: FloatArray
    last_in: float
    first_out: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxation:
    """A proven upper bound, its multipliers (n,), and a fractional choice (m,) near the relaxation's optimum."""

    bound: float
    multiplier: FloatArray
    choice: FloatArray


def scores(model: BenefitModel, multiplier: FloatArray) -> FloatArray:
    """Return for every candidate (m,) what it is worth beyond the multipliers (n,)."""
    over = np.maximum(model.value - np.repeat(multiplier, np.diff(model.start)), 0.0)
    return np.bincount(model.site, over, minlength=model.sites).astype(np.float64)


def multiplier_ceiling(model: BenefitModel, multiplier: FloatArray, rooms: int) -> Ceiling:
    """Return what ``multiplier`` (n,), at least 0, proves for ``rooms`` rooms."""
    score = scores(model, multiplier)
    ranked = np.sort(score)[::-1]
    bound = float(multiplier.sum()) + float(ranked[:rooms].sum())
    last_in = float(ranked[rooms - 1]) if 0 < rooms <= len(ranked) else 0.0
    return Ceiling(bound, score, last_in, float(ranked[rooms]) if rooms < len(ranked) else 0.0)


def candidate_bounds(ceiling: Ceiling) -> tuple[FloatArray, FloatArray]:
    """Return for every candidate (m,) what no choice with it, and what no choice without it, can exceed."""
    with_it = ceiling.bound - np.maximum(ceiling.last_in - ceiling.score, 0.0)
    without = ceiling.bound - np.maximum(ceiling.score - ceiling.first_out, 0.0)
    return with_it, without


class _Active:
    """The entries that can be worth something while no multiplier is below ``low``."""

    def __init__(self, model: BenefitModel, low: FloatArray) -> None:
        kept = model.benefit.data > low[model.benefit.indices]
        self.sites, self.rows = model.sites, model.rows
        self.row = model.benefit.indices[kept]
        self.value = model.benefit.data[kept]
        self.start = np.concatenate([[0], np.cumsum(kept)])[model.benefit.indptr]
        self.full = np.flatnonzero(np.diff(self.start))
        self.low = low

    def look(self, multiplier: FloatArray, rooms: int) -> tuple[float, LongArray, FloatArray]:
        """Return bound, chosen candidates and how many of them would each serve every row (n,)."""
        over = self.value - multiplier[self.row]
        np.maximum(over, 0.0, out=over)
        score = np.zeros(self.sites)
        if len(over):
            score[self.full] = np.add.reduceat(over, self.start[self.full])
        if rooms < self.sites:
            chosen = np.argpartition(score, self.sites - rooms)[self.sites - rooms :]
        else:
            chosen = np.arange(self.sites)
        bound = float(multiplier.sum()) + float(score[chosen].sum())
        place = entries(self.start[chosen], self.start[chosen + 1] - self.start[chosen])
        served = np.bincount(self.row[place[over[place] > 0]], minlength=self.rows).astype(np.float64)
        return bound, chosen, served


def relaxation_bound(
    model: BenefitModel,
    rooms: int,
    multiplier: FloatArray,
    *,
    target: float,
    steps: int,
    clock: Clock,
    share: float = 1.0,
) -> Relaxation:
    """Bound the value of ``rooms`` candidates.

    Parameters
    ----------
    model
        m candidates, n rows.
    rooms
        1..m.
    multiplier
        (n,) to start from, at least 0.
    target
        Stop once the bound is at most this; also what the steps aim at.
    steps
        Most steps.
    clock, share
        Stops early once ``share`` of the time is spent.
    """
    best = multiplier.copy()
    active = _Active(model, LOW_SHARE * best)
    bound, chosen, served = active.look(best, rooms)
    mean = served.copy()
    choice = np.zeros(model.sites)
    choice[chosen] = 1.0
    size, failed, best_bound = FIRST_STEP, 0, bound
    for step in range(1, steps + 1):
        direction = mean - 1.0
        direction[(best <= 0.0) & (direction < 0.0)] = 0.0
        norm = float(np.square(direction).sum())
        if best_bound <= target or norm < NOTHING_LEFT or size < LAST_STEP or not clock.running(share):
            break
        move = size * (best_bound - target) / norm
        trial = np.maximum(best + move * direction, active.low)
        bound, chosen, served = active.look(trial, rooms)
        mean = (1.0 - MEMORY) * mean + MEMORY * served
        choice *= 1.0 - MEMORY
        choice[chosen] += MEMORY
        better = bound < best_bound - WORTHWHILE * abs(best_bound)
        if bound < best_bound:
            best, best_bound = trial, bound
        failed = 0 if better else failed + 1
        # Still going the way of the mean, a step was too short; going nowhere for long, steps are too long.
        if better and float(((served - 1.0) * (mean - 1.0)).sum()) > 0:
            size = min(LONGEST_STEP, 1.1 * size)
        elif failed >= PATIENCE:
            size, failed = 0.66 * size, 0
        if step % LOOK_EVERY == 0:
            active = _Active(model, LOW_SHARE * best)
    return Relaxation(bound=best_bound, multiplier=best, choice=choice)

"""Close the gap between choice and bound: swaps, multipliers, what can be left out, then branching or HiGHS."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.median.benefit import restrict, total_gain, without_dominated
from walkshed.siting.median.bound import candidate_bounds, multiplier_ceiling, relaxation_bound
from walkshed.siting.median.branch import branch
from walkshed.siting.median.programme import branch_and_bound, open_levels
from walkshed.siting.median.swaps import greedy, improve, two_best
from walkshed.siting.runner import WHOLE_GAP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.instance import Instance

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WHOLE_SLACK: Final = 0.005
"""Rounding that a bound may carry before it is rounded down to a whole number; with ``WHOLE_GAP`` less than 1."""
WHOLE_MOST: Final = 1e10
"""Larger sums are not exact enough to tell whole numbers apart."""
EXACT: Final = 1e-9
"""Relative gap that is asked for where the optimum is: sums of floats are hardly more exact."""
ROUNDING: Final = 1e-12
SMALL_ENTRIES: Final = 5_000
"""A model with fewer usable entries goes to HiGHS, a larger one is branched on by multipliers: measured on pmed1-40."""


class _Effort(NamedTuple):
    """How much to put into one round of swaps and bound; shares are of the time limit."""

    patience: int
    swap_share: float
    steps: int
    bound_share: float


EFFORTS: Final = (_Effort(20, 0.2, 500, 0.3), _Effort(60, 0.4, 1500, 0.6))


class Stand(NamedTuple):
    """How far a search has come.

    Attributes
    ----------
    chosen : (k,) int64
        The best choice, positions in the problem.
    value
        What it is worth.
    bound
        No choice is worth more.
    certificates
        Multipliers by row of the problem: one set after the other, each for the candidates the ones before left.
    branched
        Whether the bound needed more than multipliers.
    """

    chosen: LongArray
    value: float
    bound: float
    certificates: tuple[FloatArray, ...]
    branched: bool


class Search:
    """One search for the best choice.

    Parameters
    ----------
    instance
        A model with at least one candidate.
    rooms
        At least 1.
    mip_gap
        Relative gap of the instance's objective that is good enough.
    clock
        Its limit holds.
    """

    def __init__(self, instance: Instance, rooms: int, *, mip_gap: float, clock: Clock) -> None:
        self.instance = instance
        self.model = instance.model
        self.rooms = min(rooms, self.model.sites)
        self.mip_gap = mip_gap
        self.clock = clock
        self.chosen = np.zeros(0, np.int64)
        self.value = 0.0
        self.bound = float(self.model.best.sum())
        self.scale = abs(instance.constant) + self.bound
        self.whole = self.model.whole and self.scale < WHOLE_MOST
        self.left_out = 0.0
        """What choices with a candidate that was left out can be worth at most."""
        self.certificates = [instance.certificate(self.model.best, self.model)]
        self.branched = False

    def run(self) -> Stand:
        """Search until the gap is closed or time is up."""
        self._choose(greedy(self.model, self.rooms, self.clock))
        multiplier = two_best(self.model, self._start()).mean(axis=0)
        for effort in EFFORTS:
            found = improve(
                self.model, self._start(), patience=effort.patience, clock=self.clock, share=effort.swap_share
            )
            self._choose(found)
            if self._closed():
                break
            multiplier = self._relax(multiplier, effort)
            if self._closed():
                break
            multiplier = self._narrow(multiplier)
            if self._is_small(multiplier):
                break
        if not self._closed():
            self._finish(multiplier)
        if self.bound - self.value <= ROUNDING * self.scale:
            self.bound = self.value
        return Stand(self.chosen, self.value, self.bound, tuple(self.certificates), self.branched)

    def enough(self, value: float) -> float:
        """Return a bound so low that it closes the gap to a value."""
        objective = abs(self.instance.objective(value))
        allowed = max(max(self.mip_gap, EXACT) * objective, ROUNDING * self.scale)
        return value + max(allowed, WHOLE_GAP if self.whole else 0.0)

    def _closed(self) -> bool:
        return self.bound <= self.enough(self.value)

    def _start(self) -> LongArray:
        """Return the best choice as positions in the model."""
        return np.searchsorted(self.model.candidate, self.chosen)

    def _choose(self, chosen: LongArray) -> None:
        """Take a choice (positions in the model) if it is better."""
        value = total_gain(self.model, chosen)
        if value > self.value:
            self.chosen, self.value = np.sort(self.model.candidate[chosen]), value
            self.bound = max(self.bound, value)

    def _lower(self, bound: float) -> bool:
        """Take a valid bound of the model if it is tighter; whole values allow whole bounds."""
        most = max(bound, self.left_out)
        tidy = float(floor(most + WHOLE_SLACK)) if self.whole else most
        tighter = tidy < self.bound
        self.bound = max(self.value, min(self.bound, tidy))
        return tighter

    def _relax(self, multiplier: FloatArray, effort: _Effort) -> FloatArray:
        relaxed = relaxation_bound(
            self.model, self.rooms, multiplier, target=self.enough(self.value), steps=effort.steps, clock=self.clock,
            share=effort.bound_share,
        )  # fmt: skip
        self._choose(np.argsort(-relaxed.choice, kind="stable")[: self.rooms])
        if self._lower(relaxed.bound):
            self.certificates[-1] = self.instance.certificate(relaxed.multiplier, self.model)
        return relaxed.multiplier

    def _narrow(self, multiplier: FloatArray) -> FloatArray:
        """Leave out the candidates that provably cannot be part of anything better.

        What they could have been part of at most stays in the bound.
        """
        with_it, _ = candidate_bounds(multiplier_ceiling(self.model, multiplier, self.rooms))
        useful = with_it > self.enough(self.value)
        useful[self._start()] = True
        if useful.all():
            return multiplier
        self.left_out = max(self.left_out, float(with_it[~useful].max(initial=0.0)))
        smaller = restrict(self.model, np.flatnonzero(useful))
        rest = multiplier[np.searchsorted(self.model.row, smaller.row)]
        self.model, self.rooms = smaller, min(self.rooms, smaller.sites)
        self.certificates.append(self.instance.certificate(rest, smaller))
        return rest

    def _least(self) -> float:
        """Return a value so low that the best choice so far is above it, and hardly anything between the two."""
        return self.value - (WHOLE_GAP / 2.0 if self.whole else EXACT * max(1.0, self.value))

    def _is_small(self, multiplier: FloatArray) -> bool:
        slack = multiplier_ceiling(self.model, multiplier, self.rooms).bound - self._least()
        return int(open_levels(self.model, multiplier, slack).sum()) < SMALL_ENTRIES

    def _finish(self, multiplier: FloatArray) -> None:
        smaller = without_dominated(self.model, self._start())
        multiplier = multiplier[np.searchsorted(self.model.row, smaller.row)]
        self.model, self.rooms = smaller, min(self.rooms, smaller.sites)
        if self._is_small(multiplier):
            exact = branch_and_bound(
                self.model, self.rooms, self._start(), multiplier, least=self._least(),
                tolerance=self.enough(self.value) - self.value, bound=self.bound, clock=self.clock,
            )  # fmt: skip
            chosen, bound = exact.chosen, exact.bound
        else:
            tree = branch(self.model, self.rooms, self._start(), multiplier, enough=self.enough, clock=self.clock)
            chosen, bound = tree.chosen, tree.bound
        self._choose(chosen)
        self.branched = self._lower(bound)

"""Close the gap between the best choice and the bound: swaps, multipliers, what can be left out, and then HiGHS."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.answer import OPTIMAL_GAP
from walkshed.siting.covering.bound import Relaxation, candidate_bounds
from walkshed.siting.covering.highs import branch_and_bound
from walkshed.siting.covering.reduce import restrict, without_dominated
from walkshed.siting.covering.swaps import covered_weight, greedy, improve
from walkshed.siting.runner import WHOLE_GAP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WHOLE_SLACK: Final = 0.01
"""Rounding that a bound may carry before it is rounded down to whole residents."""
LOOK_EVERY: Final = 40
"""Steps between two looks at the bound."""
REPORT_EVERY: Final = 10
"""Steps between two reports of progress: in the largest models a few tenths of a second."""
SOLVED: Final = 1e-4
"""A relaxation that is open by fewer residents is solved."""
SHRINK: Final = 0.5
"""A model is restricted once no more than this share of its candidates can still be part of anything better."""
SHRINK_LATE: Final = 0.95
"""The same on the way to the solver; in larger models every restriction is one more certificate to check."""
SMALL_ENTRIES: Final = 5_000
"""A model with fewer entries goes to the solver after the first round: that is quicker than more swaps."""
LARGE_ENTRIES: Final = 400_000
"""In a model with more entries the solver's first linear programme takes minutes: more rounds use the time better."""
OPEN_SHARE: Final = 0.05
"""Once the relaxation is open by less than this share of the gap, more steps are not worth their time."""


class _Effort(NamedTuple):
    """How much to put into one round of bound and swaps; shares are of the time limit.

    Swaps look at candidates whose multipliers add up to the share ``focus`` of what the weakest counted one's do.
    """

    steps: int
    bound_share: float
    patience: int
    swap_share: float
    focus: float


EFFORTS: Final = (
    _Effort(480, 0.3, 4, 0.4, 0.96),
    _Effort(800, 0.6, 30, 0.7, 0.98),
    _Effort(2000, 0.8, 40, 0.85, 0.95),
)
LAST_LOOK: Final = _Effort(400, 0.85, 0, 0.85, 1.0)
LAST_EFFORT: Final = _Effort(2000, 1.0, 60, 1.0, 0.95)
"""What is repeated until time is up where a model is too large for the solver."""


class Stand(NamedTuple):
    """How far a search has come.

    Attributes
    ----------
    chosen : (k,) int64
        The best choice so far, positions in the problem.
    value
        Residents it serves.
    bound
        No choice serves more.
    proofs
        Multipliers by demand row, one set after the other: see :func:`walkshed.siting.verify.certified_bound`.
    """

    chosen: LongArray
    value: float
    bound: float
    proofs: tuple[FloatArray, ...] = ()

    def closed(self, mip_gap: float) -> bool:
        """Say whether the gap is small enough."""
        return self.bound - self.value <= max(mip_gap, OPTIMAL_GAP) * self.value


class Search:
    """One search for the best choice.

    Parameters
    ----------
    model
        At least one candidate.
    rooms
        At least 1.
    population : (N,) float64
        Of the problem's rows.
    mip_gap
        Relative gap that is good enough.
    clock
        Its limit holds.
    """

    def __init__(
        self, model: CoveringModel, rooms: int, *, population: FloatArray, mip_gap: float, clock: Clock
    ) -> None:
        self.model = model
        self.rooms = min(rooms, len(model.candidate))
        self.population = population
        self.mip_gap = mip_gap
        self.clock = clock
        self.whole = bool((model.weight == np.floor(model.weight)).all()) and model.base == floor(model.base)
        self.chosen = np.zeros(0, np.int64)
        self.value = model.base
        self.bound = model.total
        self.left_out = 0.0
        """What choices with a candidate that was left out can serve at most."""
        self.proofs: list[FloatArray] = []

    def run(self) -> Stand:
        """Search until the gap is closed or time is up."""
        self._choose(greedy(self.model, self.rooms, self.clock))
        self._choose(improve(self.model, self._start(), patience=0, clock=self.clock, share=0.2))
        relaxation = Relaxation(self.model, self.rooms, self._start())
        turn = 0
        while not self._closed() and self.clock.running():
            entries = self.model.covers.nnz
            if (turn and entries < SMALL_ENTRIES) or (turn >= len(EFFORTS) and entries <= LARGE_ENTRIES):
                break
            self._round(relaxation, EFFORTS[turn] if turn < len(EFFORTS) else LAST_EFFORT, turn)
            turn += 1
        if not self._closed() and self.clock.running():
            # What was left out last makes the bound tighter still, in a small model at no cost.
            self._relax(relaxation, LAST_LOOK)
        self.proofs.append(self._by_row(relaxation.multiplier))
        if not self._closed() and self.clock.running():
            self._finish()
        return Stand(self.chosen, self.value, self.bound, tuple(self.proofs))

    def _round(self, relaxation: Relaxation, effort: _Effort, turn: int) -> None:
        """Lower the bound, take what the relaxation would build, and swap."""
        self._relax(relaxation, effort)
        if self._closed():
            return
        clock, share = self.clock, effort.swap_share
        likely = relaxation.likely()
        part = self._promising(relaxation, likely, effort.focus)
        enough = self.bound / (1.0 + max(self.mip_gap, OPTIMAL_GAP))
        for start, patience in ((self.model.candidate[likely], 0), (self.chosen, effort.patience)):
            place = np.searchsorted(part.candidate, start)
            found = improve(
                part, place, patience=patience, clock=clock, share=share, turn=turn, enough=enough - part.base
            )
            self._choose(np.searchsorted(self.model.candidate, part.candidate[found]))
        self._narrow(relaxation, SHRINK if self.model.covers.nnz > LARGE_ENTRIES else SHRINK_LATE)

    def _promising(self, relaxation: Relaxation, likely: LongArray, focus: float) -> CoveringModel:
        """Return the model of the candidates among which a better choice is likely: swaps there are quicker."""
        score = self.model.covers @ relaxation.multiplier
        useful = score >= focus * np.partition(score, len(score) - self.rooms)[len(score) - self.rooms]
        useful[likely] = True
        useful[self._start()] = True
        return self.model if useful.mean() > SHRINK else restrict(self.model, np.flatnonzero(useful)).model

    def _closed(self) -> bool:
        return Stand(self.chosen, self.value, self.bound).closed(self.mip_gap)

    @property
    def _enough(self) -> float:
        """A bound so low closes the gap."""
        return max(self.value * (1.0 + self.mip_gap), self.value + (WHOLE_GAP if self.whole else 0.0))

    def _start(self) -> LongArray:
        """Return the best choice as positions in the model."""
        return np.searchsorted(self.model.candidate, self.chosen)

    def _choose(self, chosen: LongArray) -> None:
        """Take a choice (positions in the model) if it is better."""
        value = self.model.base + covered_weight(self.model, chosen)
        if value > self.value:
            self.chosen, self.value = np.sort(self.model.candidate[chosen]), value
            self.bound = max(self.bound, value)
            self.clock.found(self.value, self.bound)

    def _lower(self, bound: float) -> None:
        """Take a valid bound of the model; whole residents allow whole bounds."""
        least = max(bound, self.left_out)
        tidy = float(floor(least + WHOLE_SLACK)) if self.whole else least
        self.bound = max(self.value, min(self.bound, tidy))
        self.clock.found(self.value, self.bound)

    def _relax(self, relaxation: Relaxation, effort: _Effort) -> None:
        """Lower the bound, leaving out candidates on the way."""
        last = relaxation.taken + effort.steps
        while relaxation.taken < last and self.clock.running(effort.bound_share):
            for _ in range(0, LOOK_EVERY, REPORT_EVERY):
                relaxation.advance(REPORT_EVERY)
                self.clock.running()
            open_ = relaxation.look()
            self._lower(relaxation.bound)
            if self._closed() or open_ < max(SOLVED, OPEN_SHARE * (self.bound - self.value)):
                return
            self._narrow(relaxation, SHRINK)

    def _narrow(self, relaxation: Relaxation, shrink: float) -> None:
        """Leave out the candidates that provably cannot be part of anything better, if those are many.

        What they could have been part of at most stays in the bound.
        """
        ceiling = candidate_bounds(self.model, relaxation.multiplier, self.rooms)
        useful = ceiling > self._enough
        useful[self._start()] = True
        if useful.sum() >= shrink * len(useful):
            return
        self.left_out = max(self.left_out, float(ceiling[~useful].max(initial=0.0)))
        self.proofs.append(self._by_row(relaxation.multiplier))
        restriction = restrict(self.model, np.flatnonzero(useful))
        self.model = restriction.model
        self.rooms = min(self.rooms, len(self.model.candidate))
        relaxation.narrow(restriction)

    def _by_row(self, multiplier: FloatArray) -> FloatArray:
        """Return multipliers by demand row; rows out of reach get all they can, so that they count for nothing."""
        group = self.model.group
        live = group >= 0
        share = multiplier / self.model.weight
        by_row = np.where(group == -1, self.population, 0.0)
        by_row[live] = np.minimum(share[group[live]] * self.population[live], self.population[live])
        return by_row

    def _finish(self) -> None:
        """Let HiGHS search through what is left."""
        self.model = without_dominated(self.model).model
        self.rooms = min(self.rooms, len(self.model.candidate))
        exact = branch_and_bound(
            self.model, self.rooms, self._start(), clock=self.clock, mip_gap=self.mip_gap, whole=self.whole,
            bound=self.bound,
        )  # fmt: skip
        self._choose(exact.chosen)
        self._lower(exact.bound)

"""Who is built in which phase: swaps of rooms and phases for plain covering, within each phase's number and money.

A resident counts from the first phase in which a room serves them. The best timetable is a matter of nested choices,
for which one programme over all phases proved too slow; local search gets within a few percent of their own bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

RELATIVE_GAIN: Final = 1e-10
"""A move must win more than this share of all: sums of floats are no more exact than that."""
MONEY_SLACK: Final = 1e-9
"""Share of a limit by which a sum of prices may exceed it through rounding."""
LEAST_MONEY: Final = 1e-12
"""Nothing is divided by less."""
SEED: Final = 20_240_801
MOVES_MAX: Final = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Limit:
    """What the phases may spend of one thing: rooms, or money.

    Attributes
    ----------
    cost : (m,) float64
        Of every candidate.
    by_phase : (T,) float64
        What every phase is given.
    carried
        What one phase leaves over goes to the next.
    """

    cost: FloatArray
    by_phase: FloatArray
    carried: bool

    def slack(self, phase: LongArray) -> FloatArray:
        """Return what each phase may still spend, (T,), where candidates are built in ``phase`` (T for not at all)."""
        phases = len(self.by_phase)
        spent = np.bincount(phase, self.cost, minlength=phases + 1)[:phases]
        if not self.carried:
            return self.by_phase - spent + MONEY_SLACK * self.by_phase
        given = np.cumsum(self.by_phase)
        left = given - np.cumsum(spent) + MONEY_SLACK * given
        # What is spent now is missing in every later phase.
        return np.asarray(np.minimum.accumulate(left[::-1])[::-1], np.float64)


class Timetable:
    """A phase for every candidate, changed move by move.

    Parameters
    ----------
    model
        m candidates, n groups.
    weights
        (T,) what a resident served at the end of each phase counts.
    limits
        All hold.
    fixed : (m,) bool
        Candidates that must be built, in whatever phase.
    """

    def __init__(
        self, model: CoveringModel, weights: FloatArray, limits: Sequence[Limit], fixed: BoolArray | None = None
    ) -> None:
        self.model = model
        self.phases = len(weights)
        self.limits = tuple(limits)
        self.worth = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
        """What a resident counts who is served from each phase on; the last entry: never."""
        self.fixed = np.zeros(len(model.candidate), bool) if fixed is None else fixed
        self.least = RELATIVE_GAIN * float(model.weight.sum()) * float(self.worth[0])
        self.set(np.full(len(model.candidate), self.phases, np.int64))

    def set(self, phase: LongArray) -> None:
        """Take a whole timetable, (m,) phases from 0, T for not at all."""
        self.phase = phase.astype(np.int64)
        self.count = np.zeros((self.phases, len(self.model.weight)), np.int32)
        for place in range(self.phases):
            groups = gather(self.model.covers, np.flatnonzero(self.phase == place))[0]
            self.count[place] = np.bincount(groups, minlength=len(self.model.weight))
        self.first = self._first(np.arange(len(self.model.weight)))

    @property
    def value(self) -> float:
        """What the timetable is worth."""
        return float(self.model.weight @ self.worth[self.first])

    def fits(self, phase: int) -> BoolArray:
        """Return which candidates that are not built could be, in a phase, within all limits."""
        fits: BoolArray = self.phase == self.phases
        for limit in self.limits:
            fits &= limit.cost <= limit.slack(self.phase)[phase]
        return fits

    def gains(self, phase: int) -> FloatArray:
        """Return what every candidate would add if it were built in a phase."""
        more = np.maximum(0.0, self.worth[phase] - self.worth[self.first])
        gains: FloatArray = self.model.covers @ (self.model.weight * more)
        return gains

    def put(self, candidate: int, phase: int) -> None:
        """Build a candidate in a phase, T for not at all, wherever it stood before."""
        groups = gather(self.model.covers, np.array([candidate]))[0]
        if self.phase[candidate] < self.phases:
            self.count[self.phase[candidate], groups] -= 1
        if phase < self.phases:
            self.count[phase, groups] += 1
        self.phase[candidate] = phase
        self.first[groups] = self._first(groups)

    def fill(self, phase: int, among: BoolArray | None = None) -> None:
        """Build in a phase, again and again, what wins most per share of what is left to spend."""
        while len(self.phase):
            fits = self.fits(phase)
            if among is not None:
                fits &= among
            gains = np.where(fits, self.gains(phase), 0.0)
            score = gains / self._price(phase)
            best = int(np.argmax(score))
            if gains[best] <= self.least:
                return
            self.put(best, phase)

    def descend(self, clock: Clock, share: float) -> None:
        """Make moves that win until there is none or ``share`` of the time is spent."""
        while clock.running(share):
            before = self.value
            for phase in range(self.phases):
                self.fill(phase)
            for candidate in np.flatnonzero(self.phase < self.phases).tolist():
                if not clock.running(share):
                    return
                self._replace(candidate)
            self._exchange(clock, share)
            if self.value <= before + self.least:
                return

    def shake(self, random: np.random.Generator) -> None:
        """Take a few random rooms out."""
        free = np.flatnonzero((self.phase < self.phases) & ~self.fixed)
        for candidate in random.permutation(free)[: int(random.integers(1, MOVES_MAX + 1))].tolist():
            self.put(candidate, self.phases)
            fits = self.fits(int(random.integers(self.phases)))
            fits[candidate] = False
            others = np.flatnonzero(fits)
            if len(others):
                # Of some drawn at random the one that adds most.
                drawn = others[random.integers(len(others), size=8)]
                phase = int(random.integers(self.phases))
                best = int(drawn[np.argmax(self.gains(phase)[drawn])])
                if self.fits(phase)[best]:
                    self.put(best, phase)

    def _first(self, groups: NDArray[np.integer]) -> LongArray:
        """Return the first phase that serves each group, T for none."""
        served = self.count[:, groups] > 0
        return np.where(served.any(axis=0), served.argmax(axis=0), self.phases)

    def _price(self, phase: int) -> FloatArray:
        """Return what candidates cost, as share of what may be spent, of whatever is scarcest for them."""
        price = np.full(len(self.phase), LEAST_MONEY)
        for limit in self.limits:
            price = np.maximum(price, limit.cost / max(float(limit.slack(self.phase)[phase]), LEAST_MONEY))
        return price

    def _replace(self, candidate: int) -> None:
        """Put the best other candidate into the place of this one, in any phase, if that wins."""
        if self.fixed[candidate]:
            return
        home, before = int(self.phase[candidate]), self.value
        self.put(candidate, self.phases)
        needed = before - self.value + self.least
        best, best_gain, best_phase = candidate, needed, home
        for phase in range(self.phases):
            gains = np.where(self.fits(phase), self.gains(phase), -np.inf)
            other = int(np.argmax(gains))
            if gains[other] > best_gain:
                best, best_gain, best_phase = other, float(gains[other]), phase
        self.put(best, best_phase)

    def _exchange(self, clock: Clock, share: float) -> None:
        """Let two rooms of different phases change places, if that wins."""
        built = np.flatnonzero(self.phase < self.phases)
        for one in built.tolist():
            for other in built[built > one].tolist():
                early, late = int(self.phase[one]), int(self.phase[other])
                if early == late:
                    continue
                before = self.value
                self.put(one, late)
                self.put(other, early)
                within = all((limit.slack(self.phase) >= 0).all() for limit in self.limits)
                if not within or self.value <= before + self.least:
                    self.put(one, early)
                    self.put(other, late)
            if not clock.running(share):
                return


def best_timetable(
    table: Timetable, starts: Sequence[LongArray], *, patience: int, clock: Clock, share: float
) -> LongArray:
    """Improve several timetables by moves, then shake the best one and try again.

    Parameters
    ----------
    table
        Holds the limits.
    starts
        (m,) phases each, within all limits.
    patience
        How often to shake in a row without finding anything better.
    clock, share
        Stops early once ``share`` of the time is spent.

    Returns
    -------
    (m,) int64
        Phase of every candidate, T for not at all; never worse than the best start.
    """
    best, best_value = starts[0], -np.inf
    for start in starts:
        table.set(start)
        table.descend(clock, share)
        if table.value > best_value:
            best, best_value = table.phase.copy(), table.value
    random = np.random.default_rng(SEED)
    failed = 0
    while failed < patience and clock.running(share):
        failed += 1
        table.set(best)
        table.shake(random)
        table.descend(clock, share)
        if table.value > best_value + table.least:
            best, best_value, failed = table.phase.copy(), table.value, 0
    return best

"""Good choices fast: greedily, then by the best swap of one room for another, again and again.

The fast interchange of Resende and Werneck (2007): what a swap wins is gain + extra - loss, three tables that a swap
changes only for the rows whose best or second best room changes. Small random changes start it anew (iterated local
search, Lourenço, Martin and Stützle 2003). Random numbers have a fixed seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.median.benefit import entries, of_candidates, total_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.benefit import BenefitModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

SEED: Final = 20_250_301
RELATIVE_GAIN: Final = 1e-10
"""A swap must win more than this share of the value: running sums of floats are no more exact than that."""
REBUILD_EVERY: Final = 50
"""Rounds after which the tables are summed anew, so that rounding cannot build up."""
STALE_ROUNDS: Final = 60
"""Rounds without a better answer after which the search goes back to the best one."""
MOVES_MAX: Final = 6
TOURNAMENT: Final = 8


def greedy(model: BenefitModel, rooms: int, clock: Clock) -> LongArray:
    """Choose the candidate that adds most, again and again.

    Parameters
    ----------
    model
        m candidates.
    rooms
        How many to choose, 0..m; fewer are chosen when nothing is left to add.
    clock
        Is asked to report; the choice is finished even when time is up.

    Returns
    -------
    (k,) int64
        Positions in the model, in the order of choice; of equal candidates the first.
    """
    gain = np.bincount(model.site, model.value, minlength=model.sites)
    have = np.zeros(model.rows)
    chosen: list[int] = []
    while len(chosen) < rooms:
        clock.running()
        best = int(np.argmax(gain))
        if gain[best] <= RELATIVE_GAIN * max(1.0, float(have.sum())):
            break
        rows, benefits, _ = of_candidates(model, np.array([best]))
        better = benefits > have[rows]
        rows, benefits = rows[better], benefits[better]
        gain[best] = -np.inf
        if not len(rows):
            continue
        chosen.append(best)
        length = better_than(model, rows, have[rows])
        place = entries(model.start[rows], length)
        old, new = np.repeat(have[rows], length), np.repeat(benefits, length)
        less = np.minimum(model.value[place], new) - old
        gain -= np.bincount(model.site[place], less, minlength=model.sites)
        have[rows] = benefits
    return np.array(chosen, np.int64)


def better_than(model: BenefitModel, rows: LongArray, level: FloatArray) -> LongArray:
    """Return how many entries of each of ``rows`` are above its ``level``: they are the first of that row."""
    low = model.start[rows]
    high = model.start[rows + 1]
    while True:
        open_ = low < high
        if not open_.any():
            return low - model.start[rows]
        middle = (low + high) // 2
        above = open_ & (model.value[np.minimum(middle, len(model.value) - 1)] > level)
        low = np.where(above, middle + 1, low)
        high = np.where(open_ & ~above, middle, high)


def improve(model: BenefitModel, chosen: LongArray, *, patience: int, clock: Clock, share: float = 1.0) -> LongArray:
    """Swap rooms while that adds to the value, then shake the choice and try again.

    Parameters
    ----------
    model
        m candidates.
    chosen
        (p,) positions to start from.
    patience
        How often to shake in a row without finding anything better; 0 ends in the first local optimum.
    clock, share
        Stops early once ``share`` of the time is spent.

    Returns
    -------
    (p,) int64
        The best choice seen, never worse than ``chosen``.
    """
    if not 0 < len(chosen) < model.sites:
        return chosen
    random = np.random.default_rng(SEED)
    most = float(model.best.sum())
    table = SwapTable(model, chosen)
    table.descend(clock, share)
    best, best_value = table.chosen.copy(), total_gain(model, table.chosen)
    here, here_value = best, best_value
    turn = failed = 0
    while failed < patience and best_value < most and clock.running(share):
        turn, failed = turn + 1, failed + 1
        table.shake(random)
        table.descend(clock, share)
        value = total_gain(model, table.chosen)
        if value >= here_value:
            here, here_value = table.chosen.copy(), value
        if value > best_value * (1.0 + RELATIVE_GAIN):
            best, best_value, failed = here, value, 0
        elif failed % STALE_ROUNDS == 0:
            here, here_value = best, best_value
        if turn % REBUILD_EVERY == 0:
            table = SwapTable(model, here)
        else:
            table.move_to(here)
    return best if best_value >= total_gain(model, chosen) else chosen


class SwapTable:
    """What every swap would add, kept up to date while swaps are made.

    Attributes
    ----------
    chosen : (p,) int64
        The candidate in every slot.
    held : (p, n) float64
        What every row gains by the candidate of a slot.
    owner : (n,) int64
        The slot that is best for a row.
    first, second : (n,) float64
        What a row gains by its best and its second best slot.
    gain : (m,) float64
        What a candidate would add.
    loss : (p,) float64
        What would be lost with the candidate of a slot.
    extra : (p, m) float64
        What of a slot's loss a candidate would make good.
    """

    def __init__(self, model: BenefitModel, chosen: LongArray) -> None:
        slots = len(chosen)
        self.model = model
        self.chosen = chosen.astype(np.int64)
        self.held = np.zeros((slots, model.rows))
        rows, benefits, length = of_candidates(model, self.chosen)
        self.held[np.repeat(np.arange(slots), length), rows] = benefits
        self.owner = np.zeros(model.rows, np.int64)
        self.first, self.second = np.zeros(model.rows), np.zeros(model.rows)
        self.gain, self.loss = np.zeros(model.sites), np.zeros(slots)
        self.extra = np.zeros((slots, model.sites))
        everybody = np.arange(model.rows)
        self._rank(everybody)
        self._count(everybody, 1.0)

    def best_swap(self) -> tuple[float, int, int]:
        """Return the best win, its slot and its candidate; of equal ones the lowest slot, then candidate."""
        win = self.extra + self.gain
        win -= self.loss[:, None]
        win[:, self.chosen] = -np.inf
        slot, candidate = divmod(int(win.argmax()), win.shape[1])
        return float(win[slot, candidate]), slot, candidate

    def descend(self, clock: Clock, share: float) -> None:
        """Make the best swap until none adds anything or ``share`` of the time is spent."""
        least = RELATIVE_GAIN * max(1.0, float(self.first.sum()))
        while clock.running(share):
            win, slot, candidate = self.best_swap()
            if win <= least:
                return
            self.swap(slot, candidate)

    def shake(self, random: np.random.Generator) -> None:
        """Force a few swaps of random rooms, half of them to a candidate that is good for some of the same rows."""
        for _ in range(int(random.integers(1, min(MOVES_MAX, len(self.chosen)) + 1))):
            slot = int(random.integers(len(self.chosen)))
            own = np.flatnonzero(self.owner == slot)
            if len(own) and random.random() < 0.5:  # noqa: PLR2004 - half of them
                row = own[random.integers(len(own))]
                near = better_than(self.model, np.array([row]), self.second[row : row + 1])[0]
                candidate = int(self.model.site[self.model.start[row] + random.integers(max(1, near))])
            else:
                drawn = random.integers(self.model.sites, size=TOURNAMENT)
                candidate = int(drawn[np.argmax(self.gain[drawn] + self.extra[slot, drawn])])
            if not (self.chosen == candidate).any():
                self.swap(slot, candidate)

    def move_to(self, chosen: LongArray) -> None:
        """Swap slot by slot until ``chosen`` is chosen again."""
        for slot in np.flatnonzero(self.chosen != chosen):
            self.swap(int(slot), int(chosen[slot]))

    def swap(self, slot: int, candidate: int) -> None:
        """Put ``candidate`` in the place of what ``slot`` holds."""
        old = self.held[slot]
        new = np.zeros(self.model.rows)
        rows, benefits, _ = of_candidates(self.model, np.array([candidate]))
        new[rows] = benefits
        # Only rows for which either is the best or second best change.
        changed = np.flatnonzero((old >= self.second) & (old > 0) | (new > self.second))
        self._count(changed, -1.0)
        self.chosen[slot] = candidate
        self.held[slot] = new
        self._rank(changed)
        self._count(changed, 1.0)

    def _rank(self, rows: LongArray) -> None:
        """Find the best and second best slot of rows."""
        held = self.held[:, rows]
        here = np.arange(len(rows))
        owner = held.argmax(axis=0)
        self.owner[rows] = owner
        self.first[rows] = held[owner, here]
        held[owner, here] = 0.0
        self.second[rows] = held.max(axis=0)

    def _count(self, rows: LongArray, sign: float) -> None:
        """Add what rows contribute to the three tables, or take it away."""
        model = self.model
        first, second, owner = self.first[rows], self.second[rows], self.owner[rows]
        np.add.at(self.loss, owner, sign * (first - second))
        length = better_than(model, rows, second)
        place = entries(model.start[rows], length)
        site, value = model.site[place], model.value[place]
        own_first = np.repeat(first, length)
        over = value > own_first
        self.gain += np.bincount(site[over], sign * (value[over] - own_first[over]), minlength=model.sites)
        made_good = np.minimum(value, own_first) - np.repeat(second, length)
        flat = np.repeat(owner * model.sites, length) + site
        np.add.at(self.extra.reshape(-1), flat, sign * made_good)


def two_best(model: BenefitModel, chosen: LongArray) -> FloatArray:
    """Return what every row gains by its best and by its second best of some candidates, (2, n)."""
    best = np.zeros((2, model.rows))
    for candidate in chosen.tolist():
        rows, benefits, _ = of_candidates(model, np.array([candidate]))
        best[1, rows] = np.maximum(best[1, rows], np.minimum(best[0, rows], benefits))
        best[0, rows] = np.maximum(best[0, rows], benefits)
    return best

"""Good answers fast: greedy choice, then iterated swaps of one room for another.

The start is the greedy algorithm for maximal covering (Church and ReVelle 1974), improved by vertex substitution (Teitz
and Bart 1968) with tables of gains that a swap changes only where it matters, restarted from small random changes
(iterated local search, Lourenço, Martin and Stützle 2003). Random numbers have a fixed seed: the same problem gives the
same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

SEED: Final = 20_240_801
RELATIVE_GAIN: Final = 1e-10
"""A swap must win more than this share of all weight: running sums of floats are no more exact than that."""
REBUILD_EVERY: Final = 50
"""Rounds after which the tables are summed anew, so that rounding cannot build up."""
STALE_ROUNDS: Final = 100
"""Rounds without a better answer after which the search goes back to the best one."""
TABLE_MAX: Final = 40_000_000
"""Most entries of the table of swaps, 8 bytes each; rooms of a larger one stay where they are."""
MOVES_MAX: Final = 8
TOURNAMENT: Final = 8


def covered_weight(model: CoveringModel, chosen: LongArray) -> float:
    """Return the residents that the candidates at positions ``chosen`` serve together."""
    served = np.zeros(len(model.weight), bool)
    served[gather(model.covers, chosen)[0]] = True
    return float(model.weight[served].sum())


def greedy(model: CoveringModel, rooms: int, clock: Clock) -> LongArray:
    """Choose the candidate that wins most, again and again.

    Parameters
    ----------
    model
        m candidates.
    rooms
        How many to choose, 1..m; fewer are chosen when nothing is left to win.
    clock
        Is asked to report; the choice is finished even when time is up, it takes no longer than reading the model.

    Returns
    -------
    (k,) int64
        Positions in the model, in the order of choice; of equal candidates the first.
    """
    gain = model.covers @ model.weight
    open_ = np.ones(len(model.weight), bool)
    chosen: list[int] = []
    while len(chosen) < rooms and open_.any():
        clock.running()
        best = int(np.argmax(gain))
        gain[best] = -np.inf
        won = gather(model.covers, np.array([best]))[0]
        won = won[open_[won]]
        if not len(won):
            continue  # all that was left of its gain is rounding
        chosen.append(best)
        open_[won] = False
        losing, times = gather(model.covered_by, won)
        gain -= np.bincount(losing, np.repeat(model.weight[won], times), minlength=len(gain))
    return np.array(chosen, np.int64)


def improve(
    model: CoveringModel, chosen: LongArray, *, patience: int, clock: Clock, share: float = 1.0, turn: int = 0
) -> LongArray:
    """Swap rooms while that wins residents, then shake the answer and try again.

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
    turn
        Another turn shakes otherwise.

    Returns
    -------
    (p,) int64
        The best choice seen, never worse than ``chosen``.
    """
    if not 0 < len(chosen) < len(model.candidate) or len(chosen) * len(model.candidate) > TABLE_MAX:
        return chosen
    random = np.random.default_rng(SEED + turn)
    table = SwapTable(model, chosen)
    table.descend(clock, share)
    best, best_value = table.chosen.copy(), table.value
    here, here_value = best, best_value
    tries = failed = 0
    everybody = float(model.weight.sum())
    while failed < patience and best_value < everybody and clock.running(share):
        tries, failed = tries + 1, failed + 1
        table.shake(random)
        table.descend(clock, share)
        value = table.value
        if value >= here_value:
            here, here_value = table.chosen.copy(), value
        if value > best_value:
            best, best_value, failed = here, value, 0
        elif failed % STALE_ROUNDS == 0:
            here, here_value = best, best_value
        if tries % REBUILD_EVERY == 0:
            table = SwapTable(model, here)
        else:
            table.move_to(here)
    return best if best_value >= covered_weight(model, chosen) else chosen


class SwapTable:
    """What every swap would win, kept up to date while swaps are made.

    Attributes
    ----------
    chosen : (p,) int64
        The candidate in every slot.
    count, owner : (n,) int64
        How many chosen candidates serve a group, and the sum of their slots: the slot itself where the count is 1.
    gain : (m,) float64
        What a candidate would add.
    loss : (p,) float64
        What would be lost with the candidate of a slot.
    back : (p, m) float64
        What of a slot's loss a candidate would win back.
    """

    def __init__(self, model: CoveringModel, chosen: LongArray) -> None:
        sites, groups = model.covers.shape
        slots = len(chosen)
        self.model = model
        self.chosen = chosen.astype(np.int64)
        served, times = gather(model.covers, self.chosen)
        self.count = np.bincount(served, minlength=groups)
        self.owner = np.bincount(served, np.repeat(np.arange(slots), times), minlength=groups).astype(np.int64)
        self.gain = model.covers @ np.where(self.count == 0, model.weight, 0.0)
        self.loss = np.zeros(slots)
        self.back = np.zeros((slots, sites))
        self.mark = np.zeros(groups, bool)
        self._hand(np.flatnonzero(self.count == 1), 1.0)

    @property
    def value(self) -> float:
        """Residents that the chosen candidates serve together."""
        return float(self.model.weight[self.count > 0].sum())

    def best_swap(self) -> tuple[float, int, int]:
        """Return the best win, its slot and its candidate; of equal ones the lowest slot, then candidate."""
        win = self.back + self.gain
        win -= self.loss[:, None]
        win[:, self.chosen] = -np.inf
        slot, candidate = divmod(int(win.argmax()), win.shape[1])
        return float(win[slot, candidate]), slot, candidate

    def descend(self, clock: Clock, share: float) -> None:
        """Make the best swap until none wins anything or ``share`` of the time is spent."""
        least = RELATIVE_GAIN * self.model.total
        while clock.running(share):
            win, slot, candidate = self.best_swap()
            if win <= least:
                return
            self.swap(slot, candidate)

    def shake(self, random: np.random.Generator) -> None:
        """Force a few swaps of random rooms, half of them to a neighbour that serves some of the same residents."""
        for _ in range(int(random.integers(1, min(MOVES_MAX, len(self.chosen)) + 1))):
            slot = int(random.integers(len(self.chosen)))
            served = gather(self.model.covers, self.chosen[slot : slot + 1])[0]
            if random.random() < 0.5:  # noqa: PLR2004 - half of them
                group = served[random.integers(len(served))]
                rivals = gather(self.model.covered_by, np.array([group]))[0]
                candidate = int(rivals[random.integers(len(rivals))])
            else:
                drawn = random.integers(len(self.gain), size=TOURNAMENT)
                candidate = int(drawn[np.argmax(self.gain[drawn] + self.back[slot, drawn])])
            if not (self.chosen == candidate).any():
                self.swap(slot, candidate)

    def move_to(self, chosen: LongArray) -> None:
        """Swap slot by slot until ``chosen`` is chosen again."""
        for slot in np.flatnonzero(self.chosen != chosen):
            self.swap(int(slot), int(chosen[slot]))

    def swap(self, slot: int, candidate: int) -> None:
        """Put ``candidate`` in the place of what ``slot`` holds."""
        old, new = self._groups(int(self.chosen[slot])), self._groups(candidate)
        self.chosen[slot] = candidate
        self.mark[new] = True
        self._leave(slot, old[~self.mark[old]])
        self.mark[new] = False
        self.mark[old] = True
        self._enter(slot, new[~self.mark[new]])
        self.mark[old] = False

    def _groups(self, candidate: int) -> NDArray[np.int32]:
        """Return the groups that a candidate serves."""
        start, stop = self.model.covers.indptr[candidate : candidate + 2]
        groups: NDArray[np.int32] = self.model.covers.indices[start:stop]
        return groups

    def _leave(self, slot: int, groups: NDArray[np.int32]) -> None:
        count = self.count[groups]
        lone, shared = groups[count == 1], groups[count == 2]  # noqa: PLR2004 - two rooms, one of them leaves
        self._move(slot, lone, -1.0)
        self.count[groups] -= 1
        self.owner[groups] -= slot
        self._hand(shared, 1.0)

    def _enter(self, slot: int, groups: NDArray[np.int32]) -> None:
        count = self.count[groups]
        lone, fresh = groups[count == 1], groups[count == 0]
        self._hand(lone, -1.0)
        self.count[groups] += 1
        self.owner[groups] += slot
        self._move(slot, fresh, 1.0)

    def _move(self, slot: int, groups: NDArray[np.int32], sign: float) -> None:
        """Count groups as served by ``slot`` alone (1) or by nobody (-1), where it was the other way round."""
        if not len(groups):
            return
        rivals, times = gather(self.model.covered_by, groups)
        weight = sign * self.model.weight[groups]
        change = np.bincount(rivals, np.repeat(weight, times), minlength=len(self.gain))
        self.back[slot] += change
        self.gain -= change
        self.loss[slot] += weight.sum()

    def _hand(self, groups: NDArray[np.integer], sign: float) -> None:
        """Let groups join (1) or leave (-1) what is lost with the slot that alone serves them."""
        if not len(groups):
            return
        rivals, times = gather(self.model.covered_by, groups)
        weight, owner = sign * self.model.weight[groups], self.owner[groups]
        flat = np.repeat(owner * self.back.shape[1], times)
        flat += rivals
        np.add.at(self.back.reshape(-1), flat, np.repeat(weight, times))
        np.add.at(self.loss, owner, weight)

"""What every swap of one room for another would win, kept up to date while swaps are made."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    BoolArray = NDArray[np.bool_]
    LongArray = NDArray[np.int64]

RELATIVE_GAIN: Final = 1e-10
"""A swap must win more than this share of all weight: running sums of floats are no more exact than that."""
TOURNAMENT: Final = 8
REST: Final = (5, 15)
"""A slot rests for so many steps, drawn at random; fewer where there are few slots."""
REST_SHARE: Final = 3
"""At most so many tenths of the slots rest."""


class SwapTable:
    """What every swap would win, kept up to date while swaps are made.

    Attributes
    ----------
    chosen : (p,) int64
        The candidate in every slot.
    count, owner : (n,) int32
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
        self.count = np.bincount(served, minlength=groups).astype(np.int32)
        self.owner = np.bincount(served, np.repeat(np.arange(slots), times), minlength=groups).astype(np.int32)
        self.gain = model.covers @ np.where(self.count == 0, model.weight, 0.0)
        self.loss = np.zeros(slots)
        self.back = np.zeros((slots, sites))
        self.mark = np.zeros(groups, bool)
        lone = np.flatnonzero(self.count == 1)
        rivals, times = gather(model.covered_by, lone)
        self._hand(self.owner[lone], rivals, times, np.repeat(model.weight[lone], times), model.weight[lone])

    @property
    def value(self) -> float:
        """Residents that the chosen candidates serve together."""
        return float(self.model.weight[self.count > 0].sum())

    def copy(self) -> SwapTable:
        """Return a table of its own to try swaps in."""
        other = copy(self)
        for name in ("chosen", "count", "owner", "gain", "loss", "back", "mark"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def best_swap(self, resting: BoolArray | None = None) -> tuple[float, int, int]:
        """Return the best win, its slot and its candidate; of equal ones the lowest slot, then candidate.

        Slots that are ``resting`` (p,) do not swap.
        """
        gain = self.gain.copy()
        gain[self.chosen] = -np.inf
        win = self.back + gain
        win -= self.loss[:, None]
        if resting is not None:
            win[resting] = -np.inf
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

    def shake(self, random: np.random.Generator, swaps: int) -> None:
        """Swap so many random rooms, each for one that loses least among a few random candidates."""
        for _ in range(swaps):
            slot = int(random.integers(len(self.chosen)))
            drawn = random.integers(len(self.gain), size=TOURNAMENT)
            candidate = int(drawn[np.argmax(self.gain[drawn] + self.back[slot, drawn])])
            if not (self.chosen == candidate).any():
                self.swap(slot, candidate)

    def wander(self, random: np.random.Generator, steps: int, clock: Clock, share: float) -> LongArray:
        """Make the best swap again and again, even one that loses, and return the best choice (p,) on the way.

        A slot that was swapped rests for a few steps (tabu search, Glover 1989), so that no step is taken back at once.
        """
        slots = len(self.chosen)
        least, most = min(REST[0], slots // 10), min(REST[1], max(1, REST_SHARE * slots // 10))
        rested = np.zeros(slots, np.int64)
        best, value, best_value = self.chosen.copy(), 0.0, 0.0
        for step in range(steps):
            win, slot, candidate = self.best_swap(rested > step)
            if win == -np.inf or not clock.running(share):
                break
            self.swap(slot, candidate)
            value += win
            rested[slot] = step + 1 + random.integers(max(1, least), most + 1)
            if value > best_value + RELATIVE_GAIN * self.model.total:
                best, best_value = self.chosen.copy(), value
        return best

    def swap(self, slot: int, candidate: int) -> None:
        """Put ``candidate`` in the place of what ``slot`` holds."""
        old, new = self._groups(int(self.chosen[slot])), self._groups(candidate)
        self.chosen[slot] = candidate
        self.mark[new] = True
        left = old[~self.mark[old]]
        self.mark[new] = False
        self.mark[old] = True
        entered = new[~self.mark[new]]
        self.mark[old] = False
        before, after = self.count[left], self.count[entered]
        lost, won = left[before == 1], entered[after == 0]
        given, taken = left[before == 2], entered[after == 1]  # noqa: PLR2004 - two rooms, one of them leaves
        self.count[left] -= 1
        self.owner[left] -= slot
        heirs = np.concatenate([self.owner[given], self.owner[taken]])
        self.count[entered] += 1
        self.owner[entered] += slot
        groups = np.concatenate([lost, won, given, taken])
        weight = self.model.weight[groups]
        weight[: len(lost)] *= -1.0
        weight[len(groups) - len(taken) :] *= -1.0
        own = len(lost) + len(won)
        rivals, times = gather(self.model.covered_by, groups)
        spread = np.repeat(weight, times)
        border = int(times[:own].sum())
        change = np.bincount(rivals[:border], spread[:border], minlength=len(self.gain))
        self.back[slot] += change
        self.gain -= change
        self.loss[slot] += weight[:own].sum()
        self._hand(heirs, rivals[border:], times[own:], spread[border:], weight[own:])

    def _groups(self, candidate: int) -> NDArray[np.int32]:
        """Return the groups that a candidate serves."""
        start, stop = self.model.covers.indptr[candidate : candidate + 2]
        groups: NDArray[np.int32] = self.model.covers.indices[start:stop]
        return groups

    def _hand(
        self,
        owner: NDArray[np.int32],
        rivals: NDArray[np.int32],
        times: LongArray,
        spread: NDArray[np.float64],
        weight: NDArray[np.float64],
    ) -> None:
        """Let groups join what is lost with the slot that alone serves them, or leave it (weights below 0)."""
        flat = np.repeat(owner.astype(np.int64) * self.back.shape[1], times)
        flat += rivals
        np.add.at(self.back.reshape(-1), flat, spread)
        np.add.at(self.loss, owner, weight)

"""What every swap of one room for another would win, kept up to date while swaps are made."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.network.compiled import kernel
from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int32]
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
        covers, covered_by = model.covers, model.covered_by
        self.ground = _Ground(covers.indptr, covers.indices, covered_by.indptr, covered_by.indices, model.weight)
        self.chosen = chosen.astype(np.int64)
        served, times = gather(model.covers, self.chosen)
        self.count = np.bincount(served, minlength=groups).astype(np.int32)
        self.owner = np.bincount(served, np.repeat(np.arange(slots), times), minlength=groups).astype(np.int32)
        self.gain = model.covers @ np.where(self.count == 0, model.weight, 0.0)
        self.loss = np.zeros(slots)
        self.back = np.zeros((slots, sites))
        self.mark = np.zeros(groups, bool)
        _own_all(self.ground, self._sums())

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
        _swap(self.ground, self._sums(), slot, candidate)

    def _sums(self) -> _Sums:
        return _Sums(self.chosen, self.count, self.owner, self.gain, self.loss, self.back, self.mark)


class _Ground(NamedTuple):
    """Who serves whom, as kernels read it: the model's two matrices and its weights."""

    cover_start: IntArray
    cover_group: IntArray
    group_start: IntArray
    group_site: IntArray
    weight: FloatArray


class _Sums(NamedTuple):
    """The arrays of a table, as kernels change them."""

    chosen: LongArray
    serving: IntArray
    owner: IntArray
    gain: FloatArray
    loss: FloatArray
    back: FloatArray
    mark: BoolArray


@kernel
def _swap(ground: _Ground, sums: _Sums, slot: int, candidate: int) -> None:
    """Put a candidate in a slot; ``mark`` is all False before and after."""
    old = sums.chosen[slot]
    sums.chosen[slot] = candidate
    for place in range(ground.cover_start[candidate], ground.cover_start[candidate + 1]):
        sums.mark[ground.cover_group[place]] = True
    for place in range(ground.cover_start[old], ground.cover_start[old + 1]):
        group = ground.cover_group[place]
        if sums.mark[group]:
            sums.mark[group] = False  # served before and after: nothing changes
        else:
            _leave(ground, sums, slot, group)
    for place in range(ground.cover_start[candidate], ground.cover_start[candidate + 1]):
        group = ground.cover_group[place]
        if sums.mark[group]:
            sums.mark[group] = False
            _enter(ground, sums, slot, group)


@kernel
def _own_all(ground: _Ground, sums: _Sums) -> None:
    """Let every group that one slot alone serves join what is lost with it."""
    for group in range(len(sums.serving)):
        if sums.serving[group] == 1:
            _own(ground, sums, sums.owner[group], group, ground.weight[group])


@kernel
def _leave(ground: _Ground, sums: _Sums, slot: int, group: int) -> None:
    """Let a slot serve a group no longer."""
    sums.serving[group] -= 1
    sums.owner[group] -= slot
    if sums.serving[group] == 0:
        _own(ground, sums, slot, group, -ground.weight[group])
        _offer(ground, sums, group, ground.weight[group])
    elif sums.serving[group] == 1:
        _own(ground, sums, sums.owner[group], group, ground.weight[group])


@kernel
def _enter(ground: _Ground, sums: _Sums, slot: int, group: int) -> None:
    """Let a slot serve a group, too."""
    if sums.serving[group] == 0:
        _own(ground, sums, slot, group, ground.weight[group])
        _offer(ground, sums, group, -ground.weight[group])
    elif sums.serving[group] == 1:
        _own(ground, sums, sums.owner[group], group, -ground.weight[group])
    sums.serving[group] += 1
    sums.owner[group] += slot


@kernel
def _own(ground: _Ground, sums: _Sums, slot: int, group: int, weight: float) -> None:
    """Let a group join what is lost with the slot that alone serves it, or leave it (a weight below 0)."""
    sums.loss[slot] += weight
    for place in range(ground.group_start[group], ground.group_start[group + 1]):
        sums.back[slot, ground.group_site[place]] += weight


@kernel
def _offer(ground: _Ground, sums: _Sums, group: int, weight: float) -> None:
    """Let a group join what candidates would add, or leave it (a weight below 0)."""
    for place in range(ground.group_start[group], ground.group_start[group + 1]):
        sums.gain[ground.group_site[place]] += weight

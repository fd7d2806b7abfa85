"""What a ladder of choices is made of: rooms added greedily, rooms left out, bounds for several numbers of rooms."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.clock import Clock
from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


def part_of(clock: Clock, limit_s: float) -> Clock:
    """Return a clock for a part of the work, at least a moment of it, that reports as part of the whole."""

    def report(stage: str, done: int, total: int) -> None:
        del stage, done, total
        clock.running()

    return Clock(limit_s=max(0.05, limit_s), progress=report)


def weight_of(model: CoveringModel, chosen: LongArray) -> float:
    """Return the residents that the candidates at positions ``chosen`` serve together."""
    return float(model.weight[np.unique(gather(model.covers, chosen)[0])].sum())


def multiplier_bounds(model: CoveringModel, multiplier: FloatArray, rooms: LongArray) -> FloatArray:
    """Return the bounds that ``multiplier`` (n,), between 0 and the weights, proves for several numbers of rooms."""
    score = np.sort(model.covers @ multiplier)[::-1]
    largest = np.concatenate([[0.0], np.cumsum(score)])
    bounds: FloatArray = (model.weight - multiplier).sum() + largest[np.minimum(rooms, len(score))]
    return bounds


def extended(model: CoveringModel, chosen: LongArray, rooms: int) -> LongArray:
    """Add the candidate that wins most, again and again, until there are ``rooms`` or nothing is left to win.

    Parameters
    ----------
    model
        m candidates.
    chosen
        Positions that stand already.
    rooms
        How many to choose in all.
    """
    open_ = np.ones(len(model.weight), bool)
    open_[gather(model.covers, chosen)[0]] = False
    gain = model.covers @ np.where(open_, model.weight, 0.0)
    gain[chosen] = -np.inf
    found = chosen.tolist()
    while len(found) < rooms and open_.any():
        best = int(np.argmax(gain))
        if gain[best] == -np.inf:
            break
        gain[best] = -np.inf
        won = gather(model.covers, np.array([best]))[0]
        won = won[open_[won]]
        if not len(won):
            continue  # all that was left of its gain is rounding
        found.append(best)
        open_[won] = False
        losing, times = gather(model.covered_by, won)
        gain -= np.bincount(losing, np.repeat(model.weight[won], times), minlength=len(gain))
    return np.array(found, np.int64)


def in_build_order(model: CoveringModel, chosen: LongArray) -> LongArray:
    """Return a choice, what adds most first; what adds nothing is left out.

    What a candidate adds only falls while others are built, so it is counted anew only where it leads (lazy greedy,
    Minoux 1978).
    """
    serves = {each: model.covers.indices[slice(*model.covers.indptr[each : each + 2])] for each in chosen.tolist()}
    open_ = np.ones(len(model.weight), bool)
    waiting = [(-float(model.weight[groups].sum()), each) for each, groups in serves.items()]
    heapify(waiting)
    found: list[int] = []
    while waiting:
        _, each = waiting[0]
        left = serves[each][open_[serves[each]]]
        if not len(left):
            heappop(waiting)
            continue
        gain = (-float(model.weight[left].sum()), each)
        if heapreplace(waiting, gain) < gain and waiting[0] < gain:
            continue  # another one leads now
        heappop(waiting)
        found.append(each)
        open_[left] = False
    return np.array(found, np.int64)


def dropped(model: CoveringModel, chosen: LongArray, rooms: int) -> LongArray:
    """Leave out the room that is missed least, again and again, until there are ``rooms``."""
    left = chosen
    while len(left) > rooms:
        groups, times = gather(model.covers, left)
        lone = np.bincount(groups, minlength=len(model.weight))[groups] == 1
        loss = np.bincount(np.repeat(np.arange(len(left)), times), model.weight[groups] * lone, minlength=len(left))
        left = np.delete(left, int(np.argmin(loss)))
    return left

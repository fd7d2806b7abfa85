"""The programme of a frame as far as all aims share it: what may be chosen, and whom that serves."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.programme.apart import cliques
from walkshed.siting.programme.lp import Programme, Sum

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """A programme without an aim.

    Attributes
    ----------
    programme
        Its columns begin with those of the frame.
    worth
        What the plan is worth to all residents, rooms that stand in any case included: what they count, or weighted
        minutes saved.
    shares
        The share of every condition of the frame.
    start
        Turns a choice (m,) into a solution of the programme, as far as it is easily told.
    """

    programme: Programme
    worth: Sum
    shares: tuple[Sum, ...]
    start: Callable[[BoolArray], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Which limits of the frame a programme keeps to; to find out what stands in the way, single ones are lifted."""

    number: bool = True
    budget: bool = True
    spacing: bool = True


ALL_LIMITS = Limits()


def add_choice(programme: Programme, frame: Frame, limits: Limits = ALL_LIMITS) -> LongArray:
    """Add a binary column for every column of the frame, and number, budget, closings and distances."""
    opened = programme.add_columns(frame.size, whole=True)
    # Never without a whole-numbered column: the solver tells bounds and solutions of mixed-integer programmes only.
    programme.shut(programme.add_columns(1, whole=True))
    new, old = opened[: frame.new], opened[frame.new :]
    if limits.number and frame.rooms_left < len(new):
        programme.add_rows(1, (np.zeros(len(new), np.int64), new, 1.0), most=frame.rooms_left)
    cost = frame.cost
    if limits.budget and isfinite(frame.money_left) and cost.sum() > frame.money_left:
        programme.add_rows(1, (np.zeros(len(new), np.int64), new, cost), most=frame.money_left)
        programme.shut(new[cost > frame.money_left * (1.0 + 1e-9)])
    if len(old):
        programme.add_rows(1, (np.zeros(len(old), np.int64), old, 1.0), least=len(old) - frame.closings_left)
    if limits.spacing and len(frame.clashes):
        sets = cliques(frame.clashes, frame.size)
        row = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
        column = np.array([column for each in sets for column in each], np.int64)
        programme.add_rows(len(sets), (row, opened[column], 1.0), most=1.0)
    return opened


def rooms_sum(frame: Frame, *, cost: bool) -> Sum:
    """Return the number of new rooms, or their cost, of a plan."""
    price = frame.cost if cost else np.ones(frame.new)
    known = float(frame.problem.cost[frame.must].sum()) if cost else float(len(frame.must))
    return Sum(np.arange(frame.new), price, known)

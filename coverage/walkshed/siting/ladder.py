"""Plain maximal covering for many numbers of rooms at once: what is learned about one number helps all others.

A choice for k rooms starts those for k - 1 and k + 1. A multiplier (:mod:`walkshed.siting.covering.bound`) bounds every
number of rooms, not only the one it was made for. Best values never fall with the number of rooms, and a plan of k
rooms without its least useful one keeps (k - 1) / k of its residents, since residents are served only once: both carry
bounds from one number to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.answer import OPTIMAL_GAP
from walkshed.siting.covering.bound import Relaxation, candidate_bounds
from walkshed.siting.covering.highs import branch_and_bound
from walkshed.siting.covering.reduce import restrict
from walkshed.siting.covering.swaps import improve
from walkshed.siting.ladder_moves import dropped, extended, multiplier_bounds, part_of, weight_of
from walkshed.siting.runner import WHOLE_GAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

WHOLE_SLACK: Final = 0.01
"""Rounding that a bound may carry before it is rounded down to whole residents."""
TABLE_ENTRIES: Final = 20_000_000
"""Swaps keep a table of rooms by candidates; a larger one is not made."""
LARGE_ENTRIES: Final = 400_000
"""In a model with more entries the solver's first linear programme alone takes minutes."""
CLIMB_SHARE: Final = 0.3
BOUND_SHARE: Final = 0.75


LOOK_EVERY: Final = 40
"""Steps between two looks at the bound; a look costs as much as three steps."""
SOLVED: Final = 1e-4
"""A relaxation open by so few residents is solved."""

TURNS: Final = 20
"""No less than this part of the time that is left goes to one number of rooms."""
WORTH: Final = 0.1
"""Where the solver has to finish anyway, a bound is left alone once it can fall only by this share of the gap."""


class _Effort(NamedTuple):
    """How much to put into one number of rooms at a time."""

    patience: int
    steps: int


EFFORTS: Final = (_Effort(3, 400), _Effort(12, 1200), _Effort(40, 4000))


@dataclass(eq=False)
class Ladder:
    """The best choice so far and a valid bound for every number of rooms.

    Attributes
    ----------
    model
        m candidates.
    rooms : (k,) int64
        Numbers of rooms, ascending.
    chosen
        Positions in the model, for each number.
    value, bound : (k,) float64
        Residents that the choice serves, and that no choice of so many rooms exceeds; those of rooms that must be built
        not included.
    relaxed
        Linear relaxations that were begun, by place.
    """

    model: CoveringModel
    rooms: LongArray
    chosen: list[LongArray]
    value: FloatArray
    bound: FloatArray
    relaxed: dict[int, Relaxation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find out whether residents are whole numbers: whole bounds are then valid."""
        self.whole = bool((self.model.weight == np.floor(self.model.weight)).all())

    def offer(self, place: int, chosen: LongArray) -> bool:
        """Take a choice for the number at ``place`` if it is better, and say so."""
        value = weight_of(self.model, chosen)
        if value <= self.value[place] or len(chosen) > self.rooms[place]:
            return False
        self.chosen[place], self.value[place] = chosen, value
        return True

    def lower(self, bound: FloatArray) -> None:
        """Take valid bounds, (k,) each, where they are tighter, and carry them to the other numbers."""
        best = np.minimum(self.bound, bound)
        best = np.minimum.accumulate(best[::-1])[::-1]
        per_room = np.minimum.accumulate(best[self.rooms > 0] / self.rooms[self.rooms > 0])
        best[self.rooms > 0] = np.minimum(best[self.rooms > 0], per_room * self.rooms[self.rooms > 0])
        if self.whole:
            best = np.array([floor(each + WHOLE_SLACK) for each in best], np.float64)
        self.bound = np.maximum(self.value, best)

    def lower_one(self, place: int, bound: float) -> None:
        """Take a valid bound for the number at ``place``."""
        several = np.full(len(self.rooms), np.inf)
        several[place] = bound
        self.lower(several)

    def prove(self, multiplier: FloatArray) -> None:
        """Take the bounds that a multiplier proves, for all numbers of rooms."""
        self.lower(multiplier_bounds(self.model, multiplier, self.rooms))

    def gaps(self, mip_gap: float) -> FloatArray:
        """Return the relative gap of every number, 0 where it is small enough."""
        missing = self.bound - self.value
        closed = missing <= max(mip_gap, OPTIMAL_GAP) * self.value
        return np.where(closed, 0.0, missing / np.maximum(self.value, np.finfo(float).tiny))

    def enough(self, place: int, mip_gap: float) -> float:
        """Return the bound that closes the gap at ``place``."""
        value = float(self.value[place])
        return max(value * (1.0 + mip_gap), value + (WHOLE_GAP if self.whole else 0.0))


def climb(model: CoveringModel, rooms: Sequence[int] | LongArray, *, mip_gap: float, clock: Clock) -> Ladder:
    """Find a good choice and a bound for several numbers of rooms.

    Parameters
    ----------
    model
        m candidates. Rooms that must be built count neither in ``rooms`` nor in what is returned.
    rooms
        Numbers from 0 to m, ascending.
    mip_gap
        Relative gap that is good enough for each.
    clock
        Its time is shared out: a third to find choices, then to wherever the gap is widest, the rest to the solver.

    Returns
    -------
    Ladder
        Values and bounds do not fall with the number of rooms.
    """
    model = replace(model, base=0.0)
    numbers = np.asarray(rooms, np.int64)
    start = extended(model, np.zeros(0, np.int64), int(numbers.max(initial=0)))
    total = float(model.weight.sum())
    ladder = Ladder(
        model=model,
        rooms=numbers,
        chosen=[start[:number] for number in numbers],
        value=np.array([weight_of(model, start[:number]) for number in numbers]),
        bound=np.full(len(numbers), total),
    )
    ladder.lower(np.where(numbers == 0, 0.0, total))
    _up(ladder, clock)
    _down(ladder, range(len(numbers) - 2, -1, -1), clock, CLIMB_SHARE)
    _narrow(ladder, mip_gap, clock)
    _finish(ladder, mip_gap, clock)
    _level(ladder)
    return ladder


def _swapped(ladder: Ladder, chosen: LongArray, clock: Clock, share: float, patience: int = 0) -> LongArray:
    if len(chosen) * len(ladder.model.candidate) > TABLE_ENTRIES or not clock.running(share):
        return chosen
    return improve(ladder.model, chosen, patience=patience, clock=clock, share=share)


def _up(ladder: Ladder, clock: Clock) -> None:
    """Build every choice on the one before it."""
    for place in range(len(ladder.rooms)):
        if place:
            if not clock.running(CLIMB_SHARE / 2):
                break
            ladder.offer(place, extended(ladder.model, ladder.chosen[place - 1], int(ladder.rooms[place])))
        ladder.offer(place, _swapped(ladder, ladder.chosen[place], clock, CLIMB_SHARE / 2))
    else:
        return
    # No time for the larger ones: the last good choice, carried on greedily, serves them all.
    longest = extended(ladder.model, ladder.chosen[place - 1], int(ladder.rooms[-1]))
    for later in range(place, len(ladder.rooms)):
        ladder.offer(later, longest[: ladder.rooms[later]])


def _down(ladder: Ladder, places: Sequence[int], clock: Clock, share: float, *, stop: bool = False) -> None:
    """Thin every choice to the next smaller number; ``stop`` where that is no better."""
    for place in places:
        if not clock.running(share):
            return
        fewer = dropped(ladder.model, ladder.chosen[place + 1], int(ladder.rooms[place]))
        better = ladder.offer(place, _swapped(ladder, fewer, clock, share))
        if stop and not better:
            return


def _spread(ladder: Ladder, place: int, clock: Clock, share: float) -> None:
    """Let the numbers beside ``place`` have what was found there."""
    for above in range(place + 1, len(ladder.rooms)):
        more = extended(ladder.model, ladder.chosen[above - 1], int(ladder.rooms[above]))
        if not ladder.offer(above, _swapped(ladder, more, clock, share)):
            break
    _down(ladder, range(place - 1, -1, -1), clock, share, stop=True)


def _narrow(ladder: Ladder, mip_gap: float, clock: Clock) -> None:
    """Work wherever the gap is widest, on both sides of it."""
    tries = np.zeros(len(ladder.rooms), np.int64)
    while clock.running(BOUND_SHARE):
        gaps = np.where(tries < len(EFFORTS), ladder.gaps(mip_gap), 0.0)
        place = int(np.argmax(gaps))
        if gaps[place] <= 0:
            return
        effort = EFFORTS[tries[place]]
        tries[place] += 1
        waiting = min(int((gaps > 0).sum()), TURNS)  # what is learned here closes some of the others as well
        share = _slice(clock, BOUND_SHARE, waiting)
        if ladder.offer(place, _swapped(ladder, ladder.chosen[place], clock, share, effort.patience)):
            _spread(ladder, place, clock, share)
        _relax(ladder, place, effort.steps, mip_gap, clock, _slice(clock, BOUND_SHARE, waiting))


def _relax(ladder: Ladder, place: int, steps: int, mip_gap: float, clock: Clock, share: float) -> None:
    """Go on with the linear relaxation at ``place``."""
    if place not in ladder.relaxed:
        ladder.relaxed[place] = Relaxation(ladder.model, int(ladder.rooms[place]), ladder.chosen[place])
    relaxed = ladder.relaxed[place]
    target = ladder.enough(place, mip_gap)
    for _ in range(steps // LOOK_EVERY):
        relaxed.advance(LOOK_EVERY)
        left = relaxed.look()
        # The relaxation's own optimum lies at most so far below its bound: more steps cannot lead beyond it.
        useless = relaxed.bound - left > target and left < WORTH * (relaxed.bound - float(ladder.value[place]))
        if relaxed.bound <= target or left < SOLVED or useless or not clock.running(share):
            break
    ladder.prove(relaxed.multiplier)
    ladder.offer(place, relaxed.likely())


def _finish(ladder: Ladder, mip_gap: float, clock: Clock) -> None:
    """Let the solver close what is still open, the narrowest gap first."""
    gaps = ladder.gaps(mip_gap)
    waiting = [place for place in np.argsort(gaps, kind="stable").tolist() if gaps[place] > 0]
    while waiting and clock.running():
        place = waiting.pop(0)
        if ladder.gaps(mip_gap)[place] <= 0:
            continue  # a neighbour's bound was enough
        _solve(ladder, place, mip_gap, part_of(clock, clock.left_s / (1 + len(waiting))))
        _spread(ladder, place, clock, 1.0)


def _solve(ladder: Ladder, place: int, mip_gap: float, clock: Clock) -> None:
    """Solve one number of rooms exactly, without candidates that provably are part of nothing better."""
    model, rooms = ladder.model, int(ladder.rooms[place])
    ceiling = np.full(len(model.candidate), np.inf)
    for relaxed in ladder.relaxed.values():
        ceiling = np.minimum(ceiling, candidate_bounds(model, relaxed.multiplier, rooms))
    useful = ceiling > ladder.enough(place, mip_gap)
    useful[ladder.chosen[place]] = True
    left_out = float(ceiling[~useful].max(initial=0.0))
    kept = np.flatnonzero(useful)
    part = restrict(model, kept).model
    if part.covers.nnz > LARGE_ENTRIES:
        return
    exact = branch_and_bound(
        part,
        min(rooms, len(kept)),
        np.searchsorted(kept, np.sort(ladder.chosen[place])),
        clock=clock,
        mip_gap=mip_gap,
        whole=ladder.whole,
        bound=float(ladder.bound[place]),
    )
    ladder.offer(place, kept[exact.chosen])
    ladder.lower_one(place, max(exact.bound, left_out))


def _level(ladder: Ladder) -> None:
    """Let no number of rooms serve fewer than a smaller one."""
    for place in range(1, len(ladder.rooms)):
        ladder.offer(place, ladder.chosen[place - 1])
    ladder.lower(ladder.bound)


def _slice(clock: Clock, share: float, waiting: int) -> float:
    """Return up to which share of all time one of ``waiting`` may work."""
    spent = clock.elapsed_s / clock.limit_s
    return min(share, spent + max(0.0, share - spent) / max(1, waiting))

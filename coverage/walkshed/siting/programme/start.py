"""A first plan: greedy choice, swaps and kicks, keeping to every requirement as far as it can."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.programme.ground import (
    BETTER,
    Ground,
    Score,
    after_opening,
    make_ground,
    may_open,
    score_of,
    state_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.programme.aims import Task

    BoolArray = NDArray[np.bool_]

PATIENCE: Final = 30
"""Kicks without success after which the search ends."""
KICK: Final = 2
LIKELY: Final = 30
"""A kick opens one of so many of the best rooms."""


def first_plan(task: Task, clock: Clock, *, share: float) -> BoolArray | None:
    """Return a choice of columns (m,), or None where none was found that misses nothing."""
    frame = task.frame
    ground = make_ground(task)
    opened = np.zeros(frame.size, bool)
    opened[frame.new :] = True
    by_price = task.minimise_cost or isfinite(frame.money_left)
    best: tuple[BoolArray, Score] | None = None
    for per_cost in (False, True) if by_price else (False,):
        plan = _local(ground, opened.copy(), clock, share=share, per_cost=per_cost)
        best = plan if best is None or plan[1].beats(best[1]) else best
        best = _kicked(ground, best, clock, share=share, per_cost=per_cost)
    return best[0] if best is not None and best[1].missing <= BETTER else None


def _local(ground: Ground, opened: BoolArray, clock: Clock, *, share: float, per_cost: bool) -> tuple[BoolArray, Score]:
    """Fill up greedily and swap."""
    plan = _greedy(ground, opened, clock, share=share, per_cost=per_cost)
    plan, score = _swap(ground, plan, score_of(ground, plan), clock, share=share, per_cost=per_cost)
    if ground.task.frame.model == "lscp" and score.missing <= BETTER:
        plan = _drop(ground, plan)
        score = score_of(ground, plan)
    return plan, score


def _kicked(
    ground: Ground, best: tuple[BoolArray, Score], clock: Clock, *, share: float, per_cost: bool
) -> tuple[BoolArray, Score]:
    """Shut a few rooms by chance, fill up and swap again, as long as that helps now and then."""
    random = np.random.default_rng(0)
    waited = 0
    while waited < PATIENCE and clock.running(share):
        waited += 1
        plan = best[0].copy()
        rooms = np.flatnonzero(plan[: ground.task.frame.new])
        if len(rooms) < KICK:
            break
        plan[random.choice(rooms, KICK, replace=False)] = False
        # One room by chance, so that the search does not simply go back.
        free = np.flatnonzero(may_open(ground, plan))
        if not len(free):
            break
        gain = after_opening(ground, state_of(ground, plan))[1][free]
        likely = free[np.argsort(-gain, kind="stable")[:LIKELY]]
        plan[random.choice(likely)] = True
        found = _local(ground, plan, clock, share=share, per_cost=per_cost)
        if found[1].beats(best[1]):
            waited = 0
        best = best if best[1].beats(found[1]) else found
    return best


def _greedy(ground: Ground, opened: BoolArray, clock: Clock, *, share: float, per_cost: bool) -> BoolArray:
    frame = ground.task.frame
    price = np.ones(frame.size)
    if per_cost:
        price[: frame.new] = np.maximum(frame.cost, 1e-9)
    while clock.running(share):
        free = np.flatnonzero(may_open(ground, opened))
        state = state_of(ground, opened)
        done = frame.model == "lscp" and state.score.missing <= BETTER
        if not len(free) or done:
            break
        missing, gain = after_opening(ground, state)
        saved = (state.score.missing - missing[free]) / price[free]
        useful = saved > BETTER
        rank = np.where(useful, saved, 0.0) if useful.any() else gain[free] / price[free]
        best = int(np.argmax(rank))
        if rank[best] <= BETTER:
            break
        opened[free[best]] = True
    return opened


def _swap(
    ground: Ground, opened: BoolArray, score: Score, clock: Clock, *, share: float, per_cost: bool
) -> tuple[BoolArray, Score]:
    """Shut one column and open what is then best, as long as that helps."""
    improved = True
    while improved:
        improved = False
        for out in np.flatnonzero(opened).tolist():
            if not clock.running(share):
                return opened, score
            trial = opened.copy()
            trial[out] = False
            if not ground.task.frame.allows(trial):
                continue
            better = _best_in(ground, trial, score)
            if better is not None:
                opened, score = better
                improved = True
        if per_cost and improved:
            # A cheaper room may have left money for one more.
            opened = _greedy(ground, opened, clock, share=share, per_cost=per_cost)
            score = score_of(ground, opened)
    return opened, score


def _best_in(ground: Ground, trial: BoolArray, score: Score) -> tuple[BoolArray, Score] | None:
    free = np.flatnonzero(may_open(ground, trial))
    state = state_of(ground, trial)
    if state.score.beats(score):
        return trial, state.score
    if not len(free):
        return None
    missing, gain = after_opening(ground, state)
    least = missing[free].min()
    if least > score.missing + BETTER:
        return None
    good = free[missing[free] <= max(least, 0.0) + BETTER]
    best = int(good[np.argmax(gain[good])])
    if ground.task.frame.model not in ("lscp", "p_center") and not ground.task.frame.requirements.capacity:
        promise = Score(float(missing[best]), state.score.value + float(gain[best]))
        if not promise.beats(score):
            return None
    trial[best] = True
    mine = score_of(ground, trial)
    return (trial, mine) if mine.beats(score) else None


def _drop(ground: Ground, opened: BoolArray) -> BoolArray:
    """Shut the dearest new rooms that nobody needs."""
    frame = ground.task.frame
    new = np.flatnonzero(opened[: frame.new])
    for column in new[np.argsort(-frame.cost[new], kind="stable")].tolist():
        trial = opened.copy()
        trial[column] = False
        if score_of(ground, trial).missing <= BETTER:
            opened = trial
    return opened

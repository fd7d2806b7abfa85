"""The least worst walk: bisection over the walks that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.programme.flows import room_pairs
from walkshed.siting.programme.search import Found, Plan, best_case, improve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.programme.aims import Task

    FloatArray = NDArray[np.float64]


def least_worst(task: Task, start: Plan | None, *, clock: Clock, mip_gap: float) -> Found:
    """Find the shortest walk within which a plan reaches everybody who can be reached at all.

    Every walk that turns out to be too short moves the bound to the next one.

    Parameters
    ----------
    task
        What is asked for.
    start
        A plan that holds.
    clock
        When time is up, the best plan so far is returned.
    mip_gap
        Relative gap that is good enough.
    """
    frame = task.frame
    times = _times(task)
    if not len(times):
        times = np.zeros(1)
    low, high = 0, len(times) - 1
    if start is not None:
        high = min(high, int(np.searchsorted(times, start.value)))
    plan = start
    while plan is None or times[high] - times[low] > mip_gap * times[high]:
        # Whether there is any plan at all is the first question.
        middle = high if plan is None else (low + high) // 2
        found = improve(task, None, reach_min=float(times[middle]), bound=-np.inf, clock=clock, mip_gap=0.0)
        if found.plan is not None:
            worst = float(times[middle]) if frame.requirements.capacity else found.plan.value
            plan = Plan(found.plan.opened, worst)
            high = int(np.searchsorted(times, worst))
        elif found.infeasible and plan is None:
            return Found(None, float(times[low]), infeasible=True)
        elif found.infeasible:
            low = middle + 1
        else:
            break
    return Found(plan, float(times[low]), infeasible=False)


def _times(task: Task) -> FloatArray:
    """Return the walks that can be the worst one, ascending."""
    frame = task.frame
    known = [frame.walks.minutes[frame.reachable[frame.walks.row]]]
    standing = frame.standing[frame.reachable].ravel()
    known.append(standing[np.isfinite(standing)])
    if frame.requirements.capacity:
        # Who is sent on from a full room may walk to any other.
        known.append(room_pairs(frame, np.inf).minutes)
    every = np.unique(np.concatenate(known))
    least = best_case(task)
    times: FloatArray = every[every >= least]
    return times

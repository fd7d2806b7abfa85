"""In which order to build rooms that shorten the worst walk."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


def center_order(problem: SitingProblem, chosen: LongArray, rows: LongArray, radius: float) -> LongArray:
    """Order rooms: every time the one after which the worst walk is shortest.

    Of equals the one that brings most residents within ``radius`` who were farther, then the first. (Until the last far
    corner is reached no single room shortens the worst walk, so that it is mostly residents that decide.)

    Parameters
    ----------
    problem
        N rows.
    chosen
        Positions of candidates.
    rows
        Rows that count, ascending.
    radius
        The worst walk once all are built, minutes.
    """
    counted = np.full(len(problem.demand_ids), -1, np.int64)
    counted[rows] = np.arange(len(rows))
    walks, residents = problem.minutes_today[rows], problem.population[rows]
    waiting: dict[int, tuple[LongArray, FloatArray]] = {}
    start = problem.minutes.indptr
    for place in np.sort(chosen).tolist():
        at = counted[problem.minutes.indices[start[place] : start[place + 1]]]
        minutes = problem.minutes.data[start[place] : start[place + 1]].astype(np.float64)
        waiting[place] = (at[at >= 0], minutes[at >= 0])
    order: list[int] = []
    while waiting:
        ranks: dict[int, tuple[float, float, int]] = {}
        for place, (reached, minutes) in waiting.items():
            after = walks.copy()
            after[reached] = np.minimum(after[reached], minutes)
            near = reached[(walks[reached] > radius) & (minutes <= radius)]
            ranks[place] = (float(after.max(initial=0.0)), -fsum(residents[near].tolist()), place)
        best = min(ranks, key=lambda place: ranks[place])
        at, minutes = waiting.pop(best)
        walks[at] = np.minimum(walks[at], minutes)
        order.append(best)
    return np.array(order, np.int64)

"""Who stays farther from every room than was searched."""

from __future__ import annotations

from dataclasses import replace
from math import fsum, inf
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from walkshed.siting.covering.solve import mclp
from walkshed.siting.setcover.center import nearest_walk
from walkshed.siting.setcover.cover import portion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem

    LongArray = NDArray[np.int64]

SECONDS: Final = 3.0
"""Time to find out; a plan has failed already, the figure only has to be good enough for a message."""
GAP: Final = 0.01


class Beyond(NamedTuple):
    """Residents who stay beyond the horizon: under any plan at least, and under the best plan found."""

    least: float
    found: float


def residents_beyond(
    problem: SitingProblem, rooms: int, *, must: LongArray, forbidden: LongArray, clock: Clock, proven: bool
) -> Beyond:
    """Return how many residents whom some candidate could reach stay beyond the horizon with ``rooms`` new rooms.

    Parameters
    ----------
    problem
        N rows.
    rooms
        How many rooms may be built, at least as many as ``must`` has.
    must, forbidden
        Positions of candidates.
    clock
        What its progress raises ends the work; it may take a few seconds more than its limit.
    proven
        That no plan brings all of them within the horizon: at least the residents of one row stay beyond it.
    """
    allowed = np.setdiff1d(np.arange(len(problem.candidate_ids)), forbidden)
    waiting = np.isfinite(nearest_walk(problem, allowed)) & ~np.isfinite(problem.minutes_today)
    residents = fsum(problem.population[waiting].tolist())
    # Serving everybody within the horizon is maximal covering with a cutoff that takes in every walk.
    rows = len(problem.demand_ids)
    reaching = replace(
        problem,
        cutoff_min=float(problem.minutes.data.max(initial=0.0)),
        horizon_min=inf,
        population=np.where(waiting, problem.population, 0.0),
        minutes_today=np.full(rows, inf),
        within_today=np.zeros(rows, np.int64),
        left_out_served=0.0,
        groups={},
        existing_ids=(),
        existing_minutes=csr_array((0, rows)),
        existing_capacity=np.zeros(0),
        existing_place_m=np.zeros(0),
    )
    extended = portion(clock, SECONDS)
    extended.limit_s = clock.elapsed_s + SECONDS
    answer = mclp(reaching, rooms, must=must, forbidden=forbidden, clock=extended, mip_gap=GAP)
    homes = problem.population[waiting & (problem.population > 0)]
    surely = float(homes.min()) if proven and len(homes) else 0.0
    return Beyond(max(surely, residents - answer.bound), residents - answer.objective)

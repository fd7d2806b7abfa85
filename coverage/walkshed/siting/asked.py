"""What every solver looks at first: whether what is asked for makes sense."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from walkshed.errors import InfeasibleError, SitingError
from walkshed.siting.clock import Clock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.progress import Progress
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    LongArray = NDArray[np.int64]


def asked_places(problem: SitingProblem, requirements: Requirements) -> tuple[LongArray, LongArray]:
    """Return the positions of the candidates that must be built and of those that must not."""
    return (
        np.unique(problem.positions_of(requirements.must_build)),
        np.unique(problem.positions_of(requirements.forbidden)),
    )


def checked_rooms(problem: SitingProblem, new_rooms: object, requirements: Requirements) -> int:
    """Return how many rooms are asked for.

    Raises
    ------
    SitingError
        If that is no whole number of 0 or more.
    InfeasibleError
        If there is no candidate, or more must be built.
    """
    if not isinstance(new_rooms, int | np.integer) or isinstance(new_rooms, bool) or new_rooms < 0:
        raise SitingError("new_rooms_unusable", value=new_rooms)
    if new_rooms and not problem.candidate_ids:
        raise InfeasibleError("no_candidates")
    must = len(set(requirements.must_build))
    if must > new_rooms:
        raise InfeasibleError("must_exceeds_rooms", must=must, rooms=new_rooms)
    return int(new_rooms)


def started_clock(time_limit_s: float, mip_gap: float, progress: Progress) -> Clock:
    """Check how much effort is asked for and start the clock."""
    if not (isfinite(time_limit_s) and time_limit_s > 0):
        raise SitingError("time_limit_unusable", value=time_limit_s)
    if not 0 <= mip_gap < 1:
        raise SitingError("mip_gap_unusable", value=mip_gap)
    clock = Clock(limit_s=time_limit_s, progress=progress)
    clock.running()
    return clock

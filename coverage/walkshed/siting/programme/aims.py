"""What a plan is to be best at."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from walkshed.siting.programme.conditions import SHARE_SLACK
from walkshed.siting.programme.count import counted_share
from walkshed.siting.programme.cover import cover_service
from walkshed.siting.programme.flows import flow_service
from walkshed.siting.programme.lp import NO_SUM, Sum
from walkshed.siting.programme.service import ALL_LIMITS, Limits, Service, rooms_sum

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]

ANY_WALK: Final = float(np.finfo(np.float64).max)


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """A frame with everything that is asked of a plan.

    Attributes
    ----------
    frame
        What a plan can be.
    share
        Least share of all residents (set cover only).
    minimise_cost
        Count money instead of rooms (set cover only).
    worth_today
        What the existing rooms are worth to all residents.
    """

    frame: Frame
    share: float
    minimise_cost: bool
    worth_today: float

    @property
    def reach_min(self) -> float | None:
        """Minutes within which everybody must be reached who can be, if so: any number, for any walk that there is."""
        endless = self.frame.model == "p_median" and not np.isfinite(self.frame.problem.horizon_min)
        return ANY_WALK if endless or self.frame.model == "p_center" else None


def build_service(frame: Frame, *, reach_min: float | None, limits: Limits = ALL_LIMITS) -> Service:
    """Return the programme of a frame, with or without capacities."""
    build = flow_service if frame.requirements.capacity else cover_service
    return build(frame, reach_min=reach_min, limits=limits)


def model_aim(task: Task, service: Service) -> tuple[Sum, bool]:
    """Return what the model wants, and whether more of it is better."""
    frame = task.frame
    if frame.model == "mclp":
        return service.worth._replace(constant=service.worth.constant - task.worth_today), True
    if frame.model == "lscp":
        return rooms_sum(frame, cost=task.minimise_cost), False
    if frame.model == "p_median":
        return service.worth.scaled(-1.0, fsum((frame.weight * frame.far).tolist())), False
    return NO_SUM, False


def add_conditions(task: Task, service: Service, *, without: Collection[int] = ()) -> None:
    """Ask for every share of the frame, save some by number, and for the share of a set cover (number -1)."""
    frame = task.frame
    for number, (condition, share) in enumerate(zip(frame.conditions, service.shares, strict=True)):
        if number not in without:
            service.programme.add_sum(share, least=condition.least - SHARE_SLACK, scale=max(1000.0, condition.persons))
    if frame.model == "lscp" and -1 not in without:
        everyone = fsum([frame.problem.left_out_served, *frame.weight.tolist()])
        service.programme.add_sum(
            service.worth,
            least=(task.share - SHARE_SLACK) * everyone - frame.problem.left_out_served,
        )


def cover_share(task: Task, service: Service) -> Sum:
    """Return the share of all residents, as they count, that a plan serves."""
    nothing = counted_share(task.frame, 0.0)
    return service.worth.scaled(counted_share(task.frame, 1.0) - nothing, nothing)


def finish(service: Service, aim: Sum, *, maximise: bool) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the ``highspy.HighsLp``."""
    return service.programme.finish(aim, maximise=maximise)

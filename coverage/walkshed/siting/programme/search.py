"""Improve a plan, or prove that nothing is better, by branch and bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, fsum, inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from walkshed.errors import SolverError
from walkshed.siting.programme.aims import add_conditions, build_service, finish, model_aim
from walkshed.siting.programme.count import counted_share, meets, objective_of, worth_of
from walkshed.siting.programme.flows import flow_service
from walkshed.siting.programme.frame import make_frame
from walkshed.siting.requirements import Requirements
from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.programme.aims import Task
    from walkshed.siting.programme.frame import Frame
    from walkshed.siting.programme.lp import Sum

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

HALF: Final = 0.5
LINEAR: Final = {"mip_lp_solver": "ipm"}
"""The first relaxation by interior points: a half to a quarter of the simplex method's time on whole cities."""
WHOLE_SLACK: Final = 0.01
"""Rounding that a bound may carry before it is rounded to a whole number."""


class Plan(NamedTuple):
    """A choice of columns (m,) and the model's objective."""

    opened: BoolArray
    value: float


class Found(NamedTuple):
    """The best plan, a valid bound, and whether it is proven that there is no plan at all."""

    plan: Plan | None
    bound: float
    infeasible: bool


@dataclass(eq=False)
class _Incumbent:
    """The best plan so far, by our own count of it."""

    task: Task
    aim: Sum
    reach_min: float | None
    maximise: bool
    plan: Plan | None = field(default=None)

    def offer(self, columns: FloatArray) -> None:
        """Take a solution of the solver if it holds and is better."""
        frame = self.task.frame
        opened = columns[: frame.size] > HALF
        if not frame.allows(opened):
            return
        if frame.requirements.capacity:
            value = self.aim.at(columns)
        else:
            if not meets(frame, frame.walks.two(opened, frame.standing), self.task.share, self.reach_min):
                return
            value = objective_of(frame, opened, minimise_cost=self.task.minimise_cost)
        sign = 1.0 if self.maximise else -1.0
        if self.plan is None or sign * value > sign * self.plan.value:
            self.plan = Plan(opened, value)


def improve(
    task: Task, start: Plan | None, *, reach_min: float | None, bound: float, clock: Clock, mip_gap: float
) -> Found:
    """Solve a task as far as time allows.

    Parameters
    ----------
    task
        What is asked for.
    start
        A plan that holds.
    reach_min
        Everybody who can be reached at all must be within so many minutes.
    bound
        A valid bound.
    clock, mip_gap
        As in :func:`walkshed.siting.runner.run_programme`.
    """
    service = build_service(task.frame, reach_min=reach_min)
    aim, maximise = model_aim(task, service)
    add_conditions(task, service)
    best = _Incumbent(task, aim, reach_min, maximise, start)
    outcome = run_programme(
        finish(service, aim, maximise=maximise),
        start=None if start is None else service.start(start.opened),
        clock=clock,
        mip_gap=mip_gap,
        whole=is_whole(task),
        bound=bound,
        take=best.offer,
        options=LINEAR,
    )
    return Found(best.plan, tidy(task, outcome.bound), outcome.infeasible and best.plan is None)


def assign(task: Task, opened: BoolArray, *, reach_min: float | None, clock: Clock) -> float | None:
    """Return the objective of a choice when residents are assigned as well as can be, None where the choice fails."""
    if not task.frame.allows(opened):
        return None
    service = build_service(task.frame, reach_min=reach_min)
    aim, maximise = model_aim(task, service)
    add_conditions(task, service)
    programme = finish(service, aim, maximise=maximise)
    for name in ("col_lower_", "col_upper_"):
        limits = np.array(getattr(programme, name))
        limits[: task.frame.size] = opened
        setattr(programme, name, limits)
    return _value(programme, aim, maximise=maximise, clock=clock)


def worth_of_today(frame: Frame, clock: Clock) -> float:
    """Return what the existing rooms are worth to all residents; with capacities, by the best assignment.

    Raises
    ------
    SolverError
        If that is not found in time.
    """
    if not frame.requirements.capacity:
        return worth_of(frame, frame.today)
    wanted = frame.requirements
    nothing = Requirements(
        forbidden=frame.problem.candidate_ids,
        capacity=True,
        group_weights=wanted.group_weights,
        backup_share=wanted.backup_share,
        full_min=wanted.full_min,
    )
    service = flow_service(make_frame(frame.problem, nothing, frame.model, 0))
    value = _value(finish(service, service.worth, maximise=True), service.worth, maximise=True, clock=clock)
    if value is None:
        raise SolverError("no_plan_in_time", limit_s=clock.limit_s)
    return value


def _value(programme: Any, aim: Sum, *, maximise: bool, clock: Clock) -> float | None:  # noqa: ANN401 - highspy
    found: list[float] = []
    run_programme(
        programme,
        start=None,
        clock=clock,
        mip_gap=0.0,
        whole=False,
        bound=inf if maximise else -inf,
        take=lambda columns: found.append(aim.at(columns)),
    )
    if not found:
        return None
    return max(found) if maximise else min(found)


def best_case(task: Task) -> float:
    """Return a bound that costs nothing: every column open, or nothing built."""
    frame = task.frame
    if frame.model == "lscp":
        costs = frame.problem.cost[frame.must]
        return fsum(costs.tolist()) if task.minimise_cost else float(len(costs))
    two = frame.walks.two(np.ones(frame.size, bool), frame.standing)
    if frame.model == "p_center":
        return float(two[frame.reachable, 0].max(initial=0.0))
    worth = worth_of(frame, two)
    if frame.model == "mclp" and frame.requirements.capacity and not frame.requirements.backup_share:
        return min(worth - task.worth_today, _room_for(frame))
    return worth - task.worth_today if frame.model == "mclp" else fsum((frame.weight * frame.far).tolist()) - worth


def _room_for(frame: Frame) -> float:
    """Return what the residents count at most whom new rooms have room for: existing ones serve no more than today."""
    holds = frame.problem.capacity
    free = np.sort(holds[frame.columns[: frame.new]])[::-1]
    most = len(free) if frame.rooms_left >= len(free) else int(frame.rooms_left)
    people = np.maximum(frame.problem.population, 1e-300)
    dearest = float((frame.weight / people)[frame.problem.population > 0].max(initial=0.0))
    return dearest * (fsum(free[:most].tolist()) + fsum(holds[frame.must].tolist()))


def is_whole(task: Task) -> bool:
    """Say whether every plan has a whole-numbered objective."""
    frame = task.frame
    if frame.model == "lscp":
        prices = np.concatenate([frame.cost, frame.problem.cost[frame.must]])
        return not task.minimise_cost or _are_whole(prices)
    if frame.requirements.backup_share or frame.requirements.capacity or not _are_whole(frame.weight):
        return False
    if frame.model == "p_median":
        times = np.concatenate([frame.walks.minutes, frame.standing[:, 0], frame.far])
        return _are_whole(times[np.isfinite(times)])
    return frame.model == "mclp" and frame.requirements.full_min is None


def _are_whole(values: FloatArray) -> bool:
    return bool((values == np.floor(values)).all())


def tidy(task: Task, bound: float) -> float:
    """Round a bound to the next whole number that a plan can have."""
    if not np.isfinite(bound) or not is_whole(task):
        return bound
    return float(floor(bound + WHOLE_SLACK)) if task.frame.model == "mclp" else float(ceil(bound - WHOLE_SLACK))


def coverable_share(task: Task) -> float:
    """Return the share of all residents that would be served with a room on every allowed candidate."""
    frame = task.frame
    return counted_share(frame, worth_of(frame, frame.walks.two(np.ones(frame.size, bool), frame.standing)))

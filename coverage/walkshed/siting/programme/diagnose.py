"""Say what stands in the way where no plan can keep to everything that is asked for."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

import highspy
import numpy as np

from walkshed.errors import InfeasibleError, Message
from walkshed.siting.clock import Clock
from walkshed.siting.programme.aims import add_conditions, build_service, cover_share, finish
from walkshed.siting.programme.conditions import SHARE_SLACK
from walkshed.siting.programme.lp import Sum
from walkshed.siting.programme.search import coverable_share
from walkshed.siting.programme.service import ALL_LIMITS, Limits, Service, rooms_sum
from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.programme.aims import Task

    FloatArray = NDArray[np.float64]

SHARE: Final = -1
"""Number of the share of a set cover, beside those of the frame's conditions."""
NAMED_MOST: Final = 8
"""Most shares that are looked at one by one."""
MISSED: Final = 1e-6
"""A share that falls short by less is met, as far as the solver's arithmetic goes."""
LOOK_S: Final = 5.0
"""Seconds for one look."""


class _Look(NamedTuple):
    """What one solve found: value and bound of its aim, its columns; ``none`` when there is nothing to find."""

    value: float
    bound: float
    columns: FloatArray
    none: bool


def name_impossible(task: Task) -> None:
    """Refuse what could not be met even with a room on every allowed candidate.

    Raises
    ------
    InfeasibleError
        Names every such share with the best that is possible, or who could not be reached at all.
    """
    frame = task.frame
    two = frame.walks.two(np.ones(frame.size, bool), frame.standing)
    served = (two[:, 0] <= frame.problem.cutoff_min).astype(np.float64)
    problems = [
        _named(task, number, "best", best=condition.reached(served))
        for number, condition in enumerate(frame.conditions)
        if condition.kind == "floor" and not condition.is_met(served)
    ]
    if frame.model == "lscp" and (best := coverable_share(task)) < task.share - SHARE_SLACK:
        problems.append(_named(task, SHARE, "best", best=best))
    if problems:
        raise InfeasibleError("shares_out_of_reach", problems=problems, count=len(problems))
    if task.reach_min is not None:
        out = np.flatnonzero(frame.reachable & ~np.isfinite(two[:, 0]))
        if len(out):
            people = float(frame.problem.population[out].sum())
            raise InfeasibleError("rows_out_of_reach", residents=people, first=frame.problem.demand_ids[out[0]])


def explain(task: Task, clock: Clock, *, reach_min: float | None) -> InfeasibleError:
    """Return what stands in the way of a task that is proven to have no plan.

    First the plan that misses least in all; what it misses is looked at one by one: how much of it would be possible if
    nothing else were asked for. Then, limit by limit, whether lifting it would do.
    """
    problems = _missed(task, clock)
    problems += _remedies(task, clock, reach_min=reach_min)
    if not problems:
        return InfeasibleError("requirements_contradict")
    return InfeasibleError("requirements_unmet", problems=problems)


def _missed(task: Task, clock: Clock) -> list[Message]:
    """Name the shares that the plan misses which misses least in all."""
    service = build_service(task.frame, reach_min=None)
    shares = _shares(task, service)
    if not shares:
        return []
    short = service.programme.add_columns(len(shares))
    for (_, least, share), own in zip(shares, short.tolist(), strict=True):
        total = Sum(np.append(share.column, own), np.append(share.value, 1.0), share.constant)
        service.programme.add_sum(total, least=least, scale=1000.0)
    look = _solve(service, Sum(short, np.ones(len(short))), maximise=False, clock=clock)
    if not len(look.columns):
        return []
    missed = [
        (number, least, share.at(look.columns))
        for number, least, share in shares
        if share.at(look.columns) < least - MISSED
    ]
    found = []
    for number, least, reached in missed[:NAMED_MOST]:
        alone = _alone(task, number, clock)
        if not alone.none and len(alone.columns) and alone.bound < least - MISSED:
            found.append(_named(task, number, "within", best=alone.value))
        else:
            found.append(_named(task, number, "together", best=reached))
    return found


def _alone(task: Task, number: int, clock: Clock) -> _Look:
    """Find the most that one share can be when no other is asked for."""
    service = build_service(task.frame, reach_min=None)
    (share,) = (share for own, _, share in _shares(task, service) if own == number)
    return _solve(service, share, maximise=True, clock=clock)


def _shares(task: Task, service: Service) -> list[tuple[int, float, Sum]]:
    """Return every share that is asked for: its number, the least, and the share itself."""
    conditions = zip(task.frame.conditions, service.shares, strict=True)
    found = [(number, each.least, share) for number, (each, share) in enumerate(conditions)]
    if task.frame.model == "lscp":
        found.append((SHARE, task.share, cover_share(task, service)))
    return found


def _remedies(task: Task, clock: Clock, *, reach_min: float | None) -> list[Message]:
    """Tell what would do: more rooms, more money, less distance between rooms, larger rooms."""
    frame = task.frame
    found = []
    if isfinite(frame.rooms_left) and frame.rooms_left < frame.new:
        rooms = _lifted(task, replace(ALL_LIMITS, number=False), clock, reach_min=reach_min, cost=False)
        if rooms is not None:
            found.append(Message("errors.remedy_number", {"rooms": round(rooms)}))
    if isfinite(frame.money_left) and float(frame.cost.sum()) > frame.money_left:
        money = _lifted(task, replace(ALL_LIMITS, budget=False), clock, reach_min=reach_min, cost=True)
        if money is not None:
            budget = frame.requirements.budget
            found.append(Message("errors.remedy_budget", {"cost": money, "budget": budget}))
    if len(frame.clashes):
        lifted = _lifted(task, replace(ALL_LIMITS, spacing=False), clock, reach_min=reach_min, cost=False)
        if lifted is not None:
            found.append(Message("errors.remedy_spacing", {"spacing_m": frame.requirements.spacing_m}))
    if frame.requirements.capacity:
        roomy = replace(task, frame=replace(frame, requirements=replace(frame.requirements, capacity=False)))
        if _lifted(roomy, ALL_LIMITS, clock, reach_min=reach_min, cost=False) is not None:
            found.append(Message("errors.remedy_capacity"))
    return found


def _lifted(task: Task, limits: Limits, clock: Clock, *, reach_min: float | None, cost: bool) -> float | None:
    """Return the fewest rooms or the least money that do without some limit, None where nothing does."""
    service = build_service(task.frame, reach_min=reach_min, limits=limits)
    add_conditions(task, service)
    look = _solve(service, rooms_sum(task.frame, cost=cost), maximise=False, clock=clock)
    return look.value if len(look.columns) else None


def _solve(service: Service, aim: Sum, *, maximise: bool, clock: Clock) -> _Look:
    found: list[FloatArray] = []
    look = Clock(limit_s=min(LOOK_S, clock.left_s), progress=lambda *_: _report(clock))
    outcome = run_programme(
        finish(service, aim, maximise=maximise),
        start=None,
        clock=look,
        mip_gap=0.0,
        whole=False,
        bound=highspy.kHighsInf if maximise else -highspy.kHighsInf,
        take=found.append,
    )
    columns = found[-1] if found else np.zeros(0)
    return _Look(aim.at(columns) if found else 0.0, outcome.bound, columns, outcome.infeasible)


def _report(clock: Clock) -> None:
    clock.running()


def _named(task: Task, number: int, how: str, *, best: float) -> Message:
    """Return the text for one share: ``how`` it fails, whose it is, what is asked for and what is possible."""
    frame = task.frame
    if number == SHARE:
        return Message(f"errors.share_{how}", {"asked": task.share, "best": best})
    condition = frame.conditions[number]
    if condition.kind == "parity":
        return Message(f"errors.parity_{how}", {"group": condition.group, "behind": -best})
    whose = "_".join(["floor", *(["area"] if condition.area else []), *(["group"] if condition.group else [])])
    name = frame.problem.area_names.get(condition.area, "") if condition.area else ""
    area = f"{name} ({condition.area})" if name else condition.area
    fields = {"area": area, "group": condition.group, "asked": condition.least, "best": best}
    return Message(f"errors.{whose}_{how}", fields)

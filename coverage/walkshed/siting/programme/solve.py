"""Solve any of the four models with any requirements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from walkshed.errors import InfeasibleError, SolverError
from walkshed.siting.answer import OPTIMAL_GAP, SitingAnswer, relative_gap, status_of
from walkshed.siting.clock import Clock
from walkshed.siting.programme.aims import Task
from walkshed.siting.programme.center import least_worst
from walkshed.siting.programme.count import meets, objective_of
from walkshed.siting.programme.diagnose import explain, name_impossible
from walkshed.siting.programme.frame import make_frame
from walkshed.siting.programme.search import Found, Plan, assign, best_case, improve, worth_of_today
from walkshed.siting.programme.sequence import build_sequence, closed_rooms, tidied
from walkshed.siting.programme.start import first_plan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from walkshed.siting.answer import Status
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    BoolArray = NDArray[np.bool_]

START_SHARE: Final = 0.2
"""Part of the time for a first plan."""
EASY_SHARE: Final = 0.5
"""Part of the time for the task without capacities."""
ROUNDING: Final = 1e-9
SMALL_PAIRS: Final = 5_000
"""With capacities, looking for rooms of no use takes an assignment per room: only problems this small are tidied."""


def constrained(
    problem: SitingProblem,
    *,
    model: str,
    new_rooms: int | None,
    share: float,
    minimise_cost: bool,
    requirements: Requirements,
    clock: Clock,
    mip_gap: float,
) -> SitingAnswer:
    """Solve a model with every requirement that is asked for, as one mixed-integer programme.

    A first plan comes from greedy choice and swaps; HiGHS improves it and bounds what is left to gain. Every plan is
    counted from the walks themselves. The same problem gives the same answer as long as the time limit does not
    intervene.

    How requirements work together:

    - Floors and parities hold for residents with a room within the cutoff, whatever a walk or a second room counts.
    - With a backup share, the nearest open room counts ``1 - backup_share`` and the second-nearest the rest; with
      gradual coverage each by its own walk. A p-median then weighs the two walks in the same way; a second walk that
      does not exist counts as the horizon or, where that is infinite, as the farthest walk known of the row.
    - With capacities residents are assigned to rooms as serves the plan best, rows split where need be: it is the
      planner's assignment, not everybody's own nearest room. Only who is assigned is served, whoever is in reach of a
      full room is not. A parity may then leave places empty. A second room counts when it is open within reach, full or
      not. Existing rooms without ids take everybody.
    - A set cover takes the share of residents as they count (weights, gradual coverage, backup, capacity).

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    model
        ``"mclp"``, ``"lscp"``, ``"p_median"`` or ``"p_center"``.
    new_rooms
        Most new rooms, those that must be built included; ``None`` for any number.
    share
        Least share of all residents (``lscp`` only), those served today included.
    minimise_cost
        Count money instead of rooms (``lscp`` only).
    requirements
        What to keep to.
    clock
        Its limit holds, and what its progress raises ends the solve.
    mip_gap
        Relative gap of the objective that is good enough.

    Returns
    -------
    SitingAnswer

    Raises
    ------
    SitingError
        If a requirement makes no sense for the problem or the model.
    InfeasibleError
        If no plan keeps to everything; it names what fails, what would be possible, and what would help.
    SolverError
        If time was up before any plan was found, or HiGHS fails.
    CancelledError
        If the clock's progress raises it.
    """
    clock.running()
    if new_rooms and not problem.candidate_ids:
        raise InfeasibleError("no_candidates")
    frame = make_frame(problem, requirements, model, new_rooms)
    plain = Task(frame=frame, share=share, minimise_cost=minimise_cost, worth_today=0.0)
    name_impossible(plain)
    today = worth_of_today(frame, clock)
    task = Task(frame=frame, share=share, minimise_cost=minimise_cost, worth_today=today)
    start = _started(task, clock)
    if model == "p_center":
        found = least_worst(task, start, clock=clock, mip_gap=mip_gap)
    else:
        bound = best_case(task)
        if requirements.capacity and len(frame.walks.row) > SMALL_PAIRS and model in ("mclp", "p_median"):
            start, bound = _without_capacity(task, start, bound, clock, mip_gap)
        if start is not None and relative_gap(start.value, bound) <= max(mip_gap, OPTIMAL_GAP):
            found = Found(start, bound, infeasible=False)
        else:
            found = improve(task, start, reach_min=task.reach_min, bound=bound, clock=clock, mip_gap=mip_gap)
    if found.plan is None:
        if found.infeasible:
            raise explain(task, clock, reach_min=task.reach_min)
        raise SolverError("no_plan_in_time", limit_s=clock.limit_s)
    answer = _answer(task, found, found.plan, clock, mip_gap)
    clock.finish()
    return answer


def _without_capacity(
    task: Task, start: Plan | None, bound: float, clock: Clock, mip_gap: float
) -> tuple[Plan | None, float]:
    """Return a start and a bound from the same task without capacities, which is far quicker and never worth less."""
    roomy = replace(task.frame, requirements=replace(task.frame.requirements, capacity=False))
    easy = replace(task, frame=roomy, worth_today=worth_of_today(roomy, clock))
    part = Clock(limit_s=EASY_SHARE * clock.left_s, progress=lambda *_: _forward(clock))
    first = _started(easy, part)
    found = improve(easy, first, reach_min=task.reach_min, bound=best_case(easy), clock=part, mip_gap=mip_gap)
    sign = 1.0 if task.frame.model == "mclp" else -1.0
    shift = easy.worth_today - task.worth_today if sign > 0 else 0.0
    bound = sign * min(sign * bound, sign * (found.bound + shift))
    if found.plan is not None:
        value = assign(task, found.plan.opened, reach_min=task.reach_min, clock=clock)
        if value is not None and (start is None or sign * value > sign * start.value):
            start = Plan(found.plan.opened, value)
    return start, bound


def _forward(clock: Clock) -> None:
    clock.running()


def _started(task: Task, clock: Clock) -> Plan | None:
    """Return a first plan, if one is found quickly."""
    opened = first_plan(task, clock, share=START_SHARE)
    if opened is None:
        return None
    value = _checked(task, opened, clock)
    return None if value is None else Plan(opened, value)


def _checked(task: Task, opened: BoolArray, clock: Clock) -> float | None:
    """Return the objective of a choice, None where it does not keep to everything."""
    frame = task.frame
    if frame.requirements.capacity:
        return None if frame.model == "p_center" else assign(task, opened, reach_min=task.reach_min, clock=clock)
    two = frame.walks.two(opened, frame.standing)
    if not frame.allows(opened) or not meets(frame, two, task.share, task.reach_min):
        return None
    return objective_of(frame, opened, minimise_cost=task.minimise_cost)


def _answer(task: Task, found: Found, plan: Plan, clock: Clock, mip_gap: float) -> SitingAnswer:
    frame, problem = task.frame, task.frame.problem
    sign = 1.0 if frame.model == "mclp" else -1.0
    opened, value = plan

    def holds(trial: BoolArray) -> bool:
        own = _checked(task, trial, clock)
        return own is not None and sign * own >= sign * value - ROUNDING * abs(value)

    if not frame.requirements.capacity:
        opened = tidied(frame, opened, holds)
        value = objective_of(frame, opened, minimise_cost=task.minimise_cost)
    elif frame.model != "p_center" and clock.left_s > 0:
        # The solver's rooms are open to the last digit only; the assignment is made once more to rooms that are.
        exact = assign(task, opened, reach_min=task.reach_min, clock=clock)
        value = value if exact is None else exact
        if len(frame.walks.row) <= SMALL_PAIRS:
            opened = tidied(frame, opened, holds)
    bound = (max(found.bound, value) if sign > 0 else min(found.bound, value)) + 0.0
    gap = relative_gap(value, bound)
    chosen, closed = build_sequence(frame, opened), closed_rooms(frame, opened)
    status: Status = status_of(gap, mip_gap)
    if status == "optimal" and not chosen and not len(closed):
        status = "nothing_to_gain"
    return SitingAnswer(
        model=frame.model,
        status=status,
        chosen=tuple(problem.candidate_ids[candidate] for candidate in chosen),
        objective=value,
        bound=bound,
        mip_gap=gap,
        seconds=clock.elapsed_s,
        closed=tuple(problem.existing_ids[room] for room in closed),
    )

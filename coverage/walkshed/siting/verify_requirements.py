"""Check a plan against every requirement and count its objective again, with nothing of the solvers'."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import dist, fsum, inf, isclose
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack

from walkshed.errors import SolverError
from walkshed.siting.requirements import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

SHARE_TOLERANCE: Final = 1e-7
METRES_TOLERANCE: Final = 1e-5
MONEY_TOLERANCE: Final = 1e-8
EXACT: Final = 1e-9
ASSIGNED: Final = 1e-5
"""Relative tolerance of an objective: counted, or from an assignment to capacities, which is a linear programme."""
UNNAMED_MIN: Final = 1e-4
"""An existing walk shorter than to any room with an id by at least this is to a room without one."""


class Recount(NamedTuple):
    """What a plan comes to.

    Attributes
    ----------
    objective
        By the model; ``nan`` where it cannot be told, as somebody who has to be assigned is not.
    broken
        Names of the requirements that it does not keep to.
    """

    objective: float
    broken: tuple[str, ...]


class _Room(NamedTuple):
    """An open room: rows with their minutes, and how many residents it takes."""

    rows: LongArray
    minutes: FloatArray
    capacity: float


def verify_requirements(
    problem: SitingProblem,
    answer: SitingAnswer,
    *,
    requirements: Requirements = NOTHING,
    new_rooms: int | None = None,
    share: float | None = None,
    minimise_cost: bool = False,
) -> None:
    """Make sure that an answer keeps to all that was asked for and reaches what it says.

    Parameters
    ----------
    problem, answer
        The raw problem and the answer.
    requirements, new_rooms, share, minimise_cost
        As they were given to the solver; ``new_rooms=None``: any number.

    Raises
    ------
    SolverError
        If a requirement is broken, the objective is another one, or the bound contradicts it.
    """
    found = recount_plan(
        problem,
        answer.chosen,
        answer.closed,
        model=answer.model,
        requirements=requirements,
        new_rooms=new_rooms,
        share=share,
        minimise_cost=minimise_cost,
    )
    if found.broken:
        raise SolverError("requirement_broken", what=", ".join(found.broken), chosen=", ".join(answer.chosen))
    slack = ASSIGNED if requirements.capacity else EXACT
    same = isclose(found.objective, answer.objective, rel_tol=slack, abs_tol=slack)
    beyond = answer.objective - answer.bound if answer.maximises else answer.bound - answer.objective
    if not same or beyond > slack * max(1.0, abs(answer.objective)):
        raise SolverError("recount_differs", told=answer.objective, counted=found.objective, bound=answer.bound)


def recount_plan(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str] = (),
    *,
    model: str,
    requirements: Requirements = NOTHING,
    new_rooms: int | None = None,
    share: float | None = None,
    minimise_cost: bool = False,
) -> Recount:
    """Count what a plan comes to, from the problem itself.

    Parameters
    ----------
    problem
        The raw problem.
    chosen, closed
        Ids of candidates to build and of existing rooms to close.
    model, requirements, new_rooms, share, minimise_cost
        As in :func:`verify_requirements`.
    """
    broken = list(_broken_choice(problem, chosen, closed, requirements, new_rooms))
    if "ids" in broken:
        return Recount(float("nan"), tuple(broken))
    if requirements.capacity:
        objective, more = _assigned(problem, chosen, closed, model, requirements, share)
    else:
        objective, more = _counted(problem, chosen, closed, model, requirements, share)
    if model == "lscp":
        price = dict(zip(problem.candidate_ids, problem.cost.tolist(), strict=True))
        objective = fsum(price[key] for key in chosen) if minimise_cost else float(len(chosen))
    return Recount(objective, (*broken, *more))


def _broken_choice(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    requirements: Requirements,
    new_rooms: int | None,
) -> Iterator[str]:
    """Name what the choice itself breaks."""
    site = {key: place for place, key in enumerate(problem.candidate_ids)}
    room = {key: place for place, key in enumerate(problem.existing_ids)}
    twice = max(Counter(chosen).values(), default=1) > 1 or max(Counter(closed).values(), default=1) > 1
    if twice or not set(chosen) <= set(site) or not set(closed) <= set(room):
        yield "ids"
        return
    if new_rooms is not None and len(chosen) > new_rooms:
        yield "new_rooms"
    cost = fsum(problem.cost[site[key]] for key in chosen)
    if requirements.budget is not None and cost > requirements.budget + MONEY_TOLERANCE * max(1.0, cost):
        yield "budget"
    if not set(requirements.must_build) <= set(chosen):
        yield "must_build"
    if set(requirements.forbidden) & set(chosen):
        yield "forbidden"
    if len(closed) > requirements.closings_max:
        yield "closings_max"
    if set(requirements.must_keep) & set(closed):
        yield "must_keep"
    if requirements.spacing_m > 0:
        new = [problem.place_m[site[key]] for key in chosen]
        old = [problem.existing_place_m[place] for key, place in room.items() if key not in closed]
        near = requirements.spacing_m - METRES_TOLERANCE
        pairs = [*combinations(new, 2), *((a, b) for a in new for b in old)]
        if any(dist(a, b) < near for a, b in pairs):
            yield "spacing_m"


def _rooms(problem: SitingProblem, chosen: Sequence[str], closed: Sequence[str]) -> Iterator[_Room]:
    """Yield every open room; existing ones without ids as one or two that take everybody."""
    shut = set(closed)
    nearest = np.full(len(problem.demand_ids), inf)
    within = np.zeros(len(problem.demand_ids), np.int64)
    for place, key in enumerate(problem.existing_ids):
        rows, minutes = _walks(problem, problem.existing_minutes, place)
        nearest[rows] = np.minimum(nearest[rows], minutes)
        within[rows] += minutes <= problem.cutoff_min
        if key not in shut:
            yield _Room(rows, minutes, float(problem.existing_capacity[place]))
    more = problem.within_today - within
    today = np.where(problem.minutes_today < nearest - UNNAMED_MIN, problem.minutes_today, inf)
    # The count within the cutoff is the truth, the minutes are rounded.
    today = np.where(more > 0, np.minimum(today, problem.cutoff_min), today)
    today[(more < 1) & (today <= problem.cutoff_min)] = inf
    for minutes in (today, np.where(more > 1, problem.cutoff_min, inf)):
        rows = np.flatnonzero(np.isfinite(minutes))
        yield _Room(rows, minutes[rows], inf)
    for key in chosen:
        place = problem.candidate_ids.index(key)
        yield _Room(*_walks(problem, problem.minutes, place), float(problem.capacity[place]))


def _walks(problem: SitingProblem, matrix: csr_array, place: int) -> tuple[LongArray, FloatArray]:
    span = slice(matrix.indptr[place], matrix.indptr[place + 1])
    stored, cutoff = matrix.data[span], problem.cutoff_min
    minutes = stored.astype(np.float64)
    near = stored <= cutoff
    minutes[near] = np.minimum(minutes[near], cutoff)
    minutes[~near] = np.maximum(minutes[~near], np.nextafter(cutoff, inf))
    return matrix.indices[span].astype(np.int64), minutes


def _two_nearest(problem: SitingProblem, chosen: Sequence[str], closed: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return the walks to the nearest and the second-nearest open room."""
    one, two = np.full(len(problem.demand_ids), inf), np.full(len(problem.demand_ids), inf)
    for rows, minutes, _ in _rooms(problem, chosen, closed):
        later = np.maximum(one[rows], minutes)
        one[rows] = np.minimum(one[rows], minutes)
        two[rows] = np.minimum(two[rows], later)
    return one, two


def _reachable(problem: SitingProblem, requirements: Requirements) -> tuple[BoolArray, FloatArray]:
    """Return who is reached by any existing room or allowed candidate, and the minutes that count for 'too far'."""
    allowed = [key for key in problem.candidate_ids if key not in set(requirements.forbidden)]
    farthest = np.full(len(problem.demand_ids), -inf)
    for rows, minutes, _ in _rooms(problem, allowed, ()):
        farthest[rows] = np.maximum(farthest[rows], minutes)
    reached = (farthest >= 0) & (problem.population > 0)
    if problem.horizon_min < inf:
        return reached, np.full(len(farthest), problem.horizon_min)
    return reached, np.maximum(farthest, 0.0)


def _counts(problem: SitingProblem, requirements: Requirements) -> FloatArray:
    """Return what the residents of every row count."""
    counts = np.array(problem.population)
    for name, weight in requirements.group_weights.items():
        counts = counts + (weight - 1.0) * problem.groups[name]
    return np.maximum(counts, 0.0)


def _worth(
    problem: SitingProblem, requirements: Requirements, model: str, minutes: FloatArray, far: FloatArray
) -> FloatArray:
    """Return what a walk is worth: minutes saved, or a part of 1."""
    if model in ("p_median", "p_center"):
        return np.maximum(far - minutes, 0.0)
    if requirements.full_min is None or requirements.full_min >= problem.cutoff_min:
        return np.where(minutes <= problem.cutoff_min, 1.0, 0.0)
    slope = (problem.cutoff_min - minutes) / (problem.cutoff_min - requirements.full_min)
    return np.clip(slope, 0.0, 1.0)


def _conditions(problem: SitingProblem, requirements: Requirements) -> Iterator[tuple[str, FloatArray, float]]:
    """Yield every share as its name, what a served row adds, and how much all of them have to add up to."""
    for floor in requirements.floors:
        people = problem.groups[floor.group] if floor.group else problem.population
        for area in list(problem.areas) if floor.area == "*" else [floor.area]:
            mine = np.zeros(len(people))
            rows = problem.areas[area] if area else slice(None)
            mine[rows] = people[rows]
            elsewhere = 0.0 if area or floor.group else problem.left_out_served
            every = mine.sum() + elsewhere
            if every > 0:
                yield f"floor {area}/{floor.group}", mine / every, floor.share - elsewhere / every
    for group in requirements.parities:
        people, everyone = problem.groups[group], problem.population
        if people.sum() > 0:
            yield f"parity {group}", people / people.sum() - everyone / everyone.sum(), 0.0


def _counted(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    model: str,
    requirements: Requirements,
    share: float | None,
) -> tuple[float, list[str]]:
    """Return objective and broken shares where rooms take everybody in reach."""
    reached, far = _reachable(problem, requirements)
    counts = _counts(problem, requirements)
    one, two = _two_nearest(problem, chosen, closed)
    served = (one <= problem.cutoff_min).astype(np.float64)
    broken = [
        name for name, adds, least in _conditions(problem, requirements) if adds @ served < least - SHARE_TOLERANCE
    ]

    def total(first: FloatArray, second: FloatArray) -> FloatArray:
        backup = requirements.backup_share
        nearer = (1.0 - backup) * _worth(problem, requirements, model, first, far)
        return counts * (nearer + backup * _worth(problem, requirements, model, second, far))

    if model == "p_center":
        out = reached & ~np.isfinite(one)
        return float(one[reached].max(initial=0.0)), [*broken, *(["reach"] if out.any() else [])]
    worth = total(one, two)
    if model == "p_median":
        lost = problem.horizon_min == inf and bool((reached & ~np.isfinite(one)).any())
        ours = reached if problem.horizon_min == inf else np.ones(len(reached), bool)
        return fsum((counts * far - worth)[ours].tolist()), [*broken, *(["reach"] if lost else [])]
    if model == "lscp" and _share(problem, counts, worth.sum()) < (share or 0.0) - SHARE_TOLERANCE:
        broken.append("share")
    return fsum((worth - total(*_two_nearest(problem, (), ()))).tolist()), broken


def _share(problem: SitingProblem, counts: FloatArray, worth: float) -> float:
    every = counts.sum() + problem.left_out_served
    return float((worth + problem.left_out_served) / every) if every else 1.0


def _assigned(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    model: str,
    requirements: Requirements,
    share: float | None,
) -> tuple[float, list[str]]:
    """Return objective and broken shares under the best assignment to rooms with capacities."""
    reached, far = _reachable(problem, requirements)
    counts = _counts(problem, requirements)
    if model == "p_center":
        limits = np.unique(np.concatenate([room.minutes for room in _rooms(problem, chosen, closed)]))
        low, high = 0, len(limits)
        while low < high:
            middle = (low + high) // 2
            fits = _assignment(problem, chosen, closed, model, requirements, limit=limits[middle], all_of=reached)
            low, high = (low, middle) if fits is not None else (middle + 1, high)
        if not reached.any():
            fits = _assignment(problem, chosen, closed, model, requirements, limit=inf, all_of=reached)
            return 0.0, [] if fits is not None else ["shares"]
        return (float(limits[low]), []) if low < len(limits) else (float("nan"), ["capacity or shares"])
    endless = model == "p_median" and problem.horizon_min == inf
    everyone = reached if endless else np.zeros(len(reached), bool)
    worth = _assignment(problem, chosen, closed, model, requirements, limit=inf, all_of=everyone)
    if worth is None:
        return float("nan"), ["capacity or shares"]
    if model == "p_median":
        ours = reached if endless else np.ones(len(reached), bool)
        return float((counts * far)[ours].sum()) - worth, []
    if model == "lscp":
        short = _share(problem, counts, worth) < (share or 0.0) - SHARE_TOLERANCE
        return 0.0, ["share"] if short else []
    nothing = np.zeros(len(reached), bool)
    today = _assignment(problem, (), (), model, requirements, limit=inf, all_of=nothing, shares=False)
    return worth - (today or 0.0), []


def _assignment(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    model: str,
    requirements: Requirements,
    *,
    limit: float,
    all_of: BoolArray,
    shares: bool = True,
) -> float | None:
    """Return the most that an assignment of residents to open rooms is worth, None where there is none."""
    one, two = _two_nearest(problem, chosen, closed)
    del one
    far = _reachable(problem, requirements)[1]
    rooms = list(_rooms(problem, chosen, closed))
    row = np.concatenate([room.rows for room in rooms])
    minutes = np.concatenate([room.minutes for room in rooms])
    room_of = np.repeat(np.arange(len(rooms)), [len(room.rows) for room in rooms])
    useful = (minutes <= (limit if model in ("p_median", "p_center") else problem.cutoff_min)) & (
        problem.population[row] > 0
    )
    row, minutes, room_of = row[useful], minutes[useful], room_of[useful]
    if np.setdiff1d(np.flatnonzero(all_of), row).size:
        return None
    backup = requirements.backup_share
    gain = (1.0 - backup) * _worth(problem, requirements, model, minutes, far[row])
    gain += backup * _worth(problem, requirements, model, two, far)[row]
    capacity = np.array([room.capacity for room in rooms])
    finite = np.flatnonzero(np.isfinite(capacity))
    pair, size = np.arange(len(row)), (len(problem.demand_ids), len(row))
    part = csr_array(coo_array((np.ones(len(row)), (row, pair)), shape=size))
    load = csr_array(coo_array((problem.population[row], (room_of, pair)), shape=(len(rooms), len(row))))
    blocks, most = [part, load[finite]], [np.ones(len(problem.demand_ids)), capacity[finite]]
    near = minutes <= problem.cutoff_min
    for _, adds, least in _conditions(problem, requirements) if shares else ():
        blocks.append(csr_array(-(adds[row] * near)[None, :]))
        most.append(np.array([SHARE_TOLERANCE / 1000 - least]))
    if not len(row):
        return 0.0 if all((limits >= 0).all() for limits in most) else None
    matrix = vstack(blocks, format="csr")
    equal = part[np.flatnonzero(all_of)] if all_of.any() else None
    counts = _counts(problem, requirements)[row]
    solved = linprog(  # type: ignore[call-overload]  # its stubs know dense matrices only
        -counts * gain,
        A_ub=matrix,
        b_ub=np.concatenate(most),
        A_eq=equal,
        b_eq=None if equal is None else np.ones(equal.shape[0]),
        bounds=(0.0, 1.0),
        method="highs",
    )
    return -float(solved.fun) if solved.status == 0 else None

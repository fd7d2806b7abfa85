"""Who walks how far to which open room, and what that counts: for checking plans, with nothing of the solvers."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

SHARE_TOLERANCE: Final = 1e-7
UNNAMED_MIN: Final = 1e-4
"""An existing walk shorter than to any room with an id by at least this is to a room without one."""


class Room(NamedTuple):
    """An open room: rows with their minutes, and how many residents it takes."""

    rows: LongArray
    minutes: FloatArray
    capacity: float


def open_rooms(problem: SitingProblem, chosen: Sequence[str], closed: Sequence[str]) -> Iterator[Room]:
    """Yield every open room; existing ones without ids as one or two that take everybody."""
    shut = set(closed)
    nearest = np.full(len(problem.demand_ids), inf)
    within = np.zeros(len(problem.demand_ids), np.int64)
    for place, key in enumerate(problem.existing_ids):
        rows, minutes = _walks(problem, problem.existing_minutes, place)
        nearest[rows] = np.minimum(nearest[rows], minutes)
        within[rows] += minutes <= problem.cutoff_min
        if key not in shut:
            yield Room(rows, minutes, float(problem.existing_capacity[place]))
    more = problem.within_today - within
    today = np.where(problem.minutes_today < nearest - UNNAMED_MIN, problem.minutes_today, inf)
    # The count within the cutoff is the truth, the minutes are rounded.
    today = np.where(more > 0, np.minimum(today, problem.cutoff_min), today)
    today[(more < 1) & (today <= problem.cutoff_min)] = inf
    for minutes in (today, np.where(more > 1, problem.cutoff_min, inf)):
        rows = np.flatnonzero(np.isfinite(minutes))
        yield Room(rows, minutes[rows], inf)
    for key in chosen:
        place = problem.candidate_ids.index(key)
        yield Room(*_walks(problem, problem.minutes, place), float(problem.capacity[place]))


def _walks(problem: SitingProblem, matrix: csr_array, place: int) -> tuple[LongArray, FloatArray]:
    span = slice(matrix.indptr[place], matrix.indptr[place + 1])
    stored, cutoff = matrix.data[span], problem.cutoff_min
    minutes = stored.astype(np.float64)
    near = stored <= cutoff
    minutes[near] = np.minimum(minutes[near], cutoff)
    minutes[~near] = np.maximum(minutes[~near], np.nextafter(cutoff, inf))
    return matrix.indices[span].astype(np.int64), minutes


def two_nearest(problem: SitingProblem, chosen: Sequence[str], closed: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return the walks to the nearest and the second-nearest open room."""
    one, two = np.full(len(problem.demand_ids), inf), np.full(len(problem.demand_ids), inf)
    for rows, minutes, _ in open_rooms(problem, chosen, closed):
        later = np.maximum(one[rows], minutes)
        one[rows] = np.minimum(one[rows], minutes)
        two[rows] = np.minimum(two[rows], later)
    return one, two


def reachable(problem: SitingProblem, requirements: Requirements) -> tuple[BoolArray, FloatArray]:
    """Return who is reached by any existing room or allowed candidate, and the minutes that count for 'too far'."""
    allowed = [key for key in problem.candidate_ids if key not in set(requirements.forbidden)]
    farthest = np.full(len(problem.demand_ids), -inf)
    for rows, minutes, _ in open_rooms(problem, allowed, ()):
        farthest[rows] = np.maximum(farthest[rows], minutes)
    reached = (farthest >= 0) & (problem.population > 0)
    if problem.horizon_min < inf:
        return reached, np.full(len(farthest), problem.horizon_min)
    return reached, np.maximum(farthest, 0.0)


def counts_of(problem: SitingProblem, requirements: Requirements) -> FloatArray:
    """Return what the residents of every row count."""
    counts = np.array(problem.population)
    for name, weight in requirements.group_weights.items():
        counts = counts + (weight - 1.0) * problem.groups[name]
    return np.maximum(counts, 0.0)


def worth_of(
    problem: SitingProblem, requirements: Requirements, model: str, minutes: FloatArray, far: FloatArray
) -> FloatArray:
    """Return what a walk is worth: minutes saved, or a part of 1."""
    if model in ("p_median", "p_center"):
        return np.maximum(far - minutes, 0.0)
    if requirements.full_min is None or requirements.full_min >= problem.cutoff_min:
        return np.where(minutes <= problem.cutoff_min, 1.0, 0.0)
    slope = (problem.cutoff_min - minutes) / (problem.cutoff_min - requirements.full_min)
    return np.clip(slope, 0.0, 1.0)


def conditions(problem: SitingProblem, requirements: Requirements) -> Iterator[tuple[str, FloatArray, float]]:
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


def share_of(problem: SitingProblem, counts: FloatArray, worth: float) -> float:
    """Return the share of all residents, those left out of the problem included, that a plan's worth comes to."""
    every = counts.sum() + problem.left_out_served
    return float((worth + problem.left_out_served) / every) if every else 1.0

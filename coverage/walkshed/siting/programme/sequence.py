"""In which order to build the rooms of a plan, and which of them are of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.programme.walks import nearest_two, own_walks, room_walks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


def chosen_candidates(frame: Frame, opened: BoolArray) -> LongArray:
    """Return the positions of all candidates that a plan builds, ascending."""
    new = frame.columns[: frame.new][opened[: frame.new]]
    return np.sort(np.concatenate([new, frame.must]))


def closed_rooms(frame: Frame, opened: BoolArray) -> LongArray:
    """Return the positions of the existing rooms that a plan closes, ascending."""
    old = frame.columns[frame.new :][~opened[frame.new :]]
    return np.sort(np.concatenate([old, frame.gone]))


def tidied(frame: Frame, opened: BoolArray, holds: Callable[[BoolArray], bool]) -> BoolArray:
    """Leave out what is of no use: closings first, then rooms, the last one in building order first.

    Parameters
    ----------
    frame
        What a plan can be.
    opened : (m,)
        A plan.
    holds
        Whether another plan keeps to everything and is no worse.
    """
    plan = opened.copy()
    for column in np.flatnonzero(~plan[frame.new :]) + frame.new:
        trial = plan.copy()
        trial[column] = True
        plan = trial if holds(trial) else plan
    place = {candidate: column for column, candidate in enumerate(frame.columns[: frame.new].tolist())}
    for candidate in reversed(build_sequence(frame, plan)):
        if candidate in place:
            trial = plan.copy()
            trial[place[candidate]] = False
            plan = trial if holds(trial) else plan
    return plan


def build_sequence(frame: Frame, opened: BoolArray) -> list[int]:
    """Order the candidates of a plan by what each adds to those before it, the first of equals first.

    What counts is what residents count in the model: their worth, or minutes saved. With capacities, a room is taken to
    serve what earlier ones leave over.
    """
    problem = frame.problem
    waiting = chosen_candidates(frame, opened).tolist()
    closed = closed_rooms(frame, opened)
    kept = np.setdiff1d(np.arange(len(problem.existing_ids)), closed)
    two = own_walks(problem, np.zeros(0, np.int64), kept, frame.today, untouched=not len(closed))
    left = np.ones(len(problem.population))
    if frame.requirements.capacity:
        left = _left_over(frame, kept)
    order: list[int] = []
    pairs = {candidate: room_walks(problem, problem.minutes, np.array([candidate]))[1:] for candidate in waiting}
    while waiting:
        gains = [_gain(frame, two, left, candidate, *pairs[candidate]) for candidate in waiting]
        best = waiting.pop(int(np.argmax(gains)))
        row, minutes = pairs[best]
        if frame.requirements.capacity:
            left[row] *= 1.0 - _taken(frame, left, best, row, minutes)
        else:
            two[row] = nearest_two(two[row], np.arange(len(row)), minutes)
        order.append(best)
    return order


def _gain(
    frame: Frame, two: FloatArray, left: FloatArray, candidate: int, row: LongArray, minutes: FloatArray
) -> float:
    weight = frame.weight[row]
    if frame.requirements.capacity:
        taken = _taken(frame, left, candidate, row, minutes)
        return float((weight * left[row] * taken * frame.worth(minutes, row)).sum())
    after = nearest_two(two[row], np.arange(len(row)), minutes)
    second = frame.requirements.backup_share
    gain = (1.0 - second) * (frame.worth(after[:, 0], row) - frame.worth(two[row, 0], row))
    if second:
        gain = gain + second * (frame.worth(after[:, 1], row) - frame.worth(two[row, 1], row))
    return float((weight * gain).sum())


def _taken(frame: Frame, left: FloatArray, candidate: int, row: LongArray, minutes: FloatArray) -> FloatArray:
    """Return which part of what is left of every row a room can take."""
    near: BoolArray = (minutes <= frame.problem.cutoff_min) | frame.is_walking
    load = float((frame.problem.population[row] * left[row] * near).sum())
    part = min(1.0, float(frame.problem.capacity[candidate]) / load) if load else 0.0
    return part * near.astype(np.float64)


def _left_over(frame: Frame, kept: LongArray) -> FloatArray:
    """Return which part of every row the existing rooms leave over, filled one after the other."""
    problem = frame.problem
    left = np.ones(len(problem.population))
    for room in kept.tolist():
        _, row, minutes = room_walks(problem, problem.existing_minutes, np.array([room]))
        row = row if frame.is_walking else row[minutes <= problem.cutoff_min]
        load = float((problem.population[row] * left[row]).sum())
        left[row] *= 1.0 - (min(1.0, float(problem.existing_capacity[room]) / load) if load else 0.0)
    return left

"""Whom a plan serves when rooms have capacities: residents are assigned to rooms, some to one, some to another.

The assignment is the planner's: the one that serves the plan best. Residents who would rather go elsewhere, and people
who stay at home so that a share is met, are its limits. A row may be split among rooms; whoever is assigned counts in
equal parts of all groups of the row. Rows alike in rooms and composition are one.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.programme.lp import Programme, Sum
from walkshed.siting.programme.service import ALL_LIMITS, Limits, Service, add_choice
from walkshed.siting.programme.sets import family, members, second_steps
from walkshed.siting.programme.walks import room_walks, unnamed_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame
    from walkshed.siting.programme.sets import Steps

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

COEFFICIENT_ZERO: Final = 1e-15


class Pairs(NamedTuple):
    """Pairs of row and room, sorted by row; rooms are the frame's columns, then those that stand in any case."""

    row: LongArray
    room: LongArray
    minutes: FloatArray


class Alike(NamedTuple):
    """Rows of the problem merged into groups.

    ``group`` (N,) is the number of every row's group, -1 for rows that no room reaches; ``first`` (g,) a row of each.
    """

    group: LongArray
    first: LongArray


def flow_service(frame: Frame, *, reach_min: float | None = None, limits: Limits = ALL_LIMITS) -> Service:
    """Return the programme of a frame whose rooms have capacities.

    Parameters
    ----------
    frame
        What a plan can be.
    reach_min
        Everybody who can be reached at all must be assigned to a room within so many minutes.
    limits
        What to keep to.
    """
    programme = Programme()
    opened = add_choice(programme, frame, limits)
    pairs = room_pairs(frame, inf if reach_min is None else reach_min)
    capacity = capacities(frame)
    alike = merge_alike(frame, pairs)
    if reach_min is not None and (frame.reachable & (alike.group < 0)).any():
        programme.contradict()
    groups = len(alike.first)
    inside = alike.group >= 0

    def merged(values: FloatArray) -> FloatArray:
        return np.bincount(alike.group[inside], values[inside], minlength=groups).astype(np.float64)

    people, weight = merged(frame.problem.population), merged(frame.weight)
    # Only the pairs of the first row of each group are needed: the others have the same.
    own = np.flatnonzero(alike.first[alike.group[pairs.row]] == pairs.row)
    group, room, minutes = alike.group[pairs.row[own]], pairs.room[own], pairs.minutes[own]
    part = programme.add_columns(len(own))
    must = reach_min is not None
    programme.add_rows(groups, (group, part, 1.0), least=1.0 if must else 0.0, most=1.0)
    _fill_rooms(programme, frame, capacity, group, room, part, people)
    _open_some(programme, frame, groups, group, room, part, opened)
    second = frame.requirements.backup_share
    row = alike.first[group]
    base = frame.worth(frame.standing[:, 1], np.arange(len(frame.weight)))[row] if second else 0.0
    gain = weight[group] * ((1.0 - second) * frame.worth(minutes, row) + second * base)
    worth = Sum(part, gain)
    if second:
        extra = _back_up(programme, frame, alike, weight, group=group, part=part, opened=opened)
        worth = Sum(np.concatenate([part, extra.column]), np.concatenate([gain, extra.value]))
    near = np.flatnonzero(minutes <= frame.problem.cutoff_min)
    shares = []
    for condition in frame.conditions:
        value = merged(condition.coefficient)[group[near]]
        used = np.flatnonzero(np.abs(value) > COEFFICIENT_ZERO)
        shares.append(Sum(part[near[used]], value[used], condition.constant))

    def start(choice: BoolArray) -> FloatArray:
        columns = np.zeros(programme.columns)
        columns[opened] = choice
        return columns

    return Service(programme=programme, worth=worth, shares=tuple(shares), start=start)


def room_pairs(frame: Frame, limit_min: float) -> Pairs:
    """Return every pair of a row with residents and a room within the limit."""
    problem, walks = frame.problem, frame.walks
    standing = [
        room_walks(problem, problem.minutes, frame.must),
        room_walks(problem, problem.existing_minutes, frame.stays),
    ]
    unnamed = unnamed_two(problem)[:, 0]
    somewhere = np.flatnonzero(np.isfinite(unnamed))
    standing.append((np.zeros(len(somewhere), np.int64), somewhere, unnamed[somewhere]))
    row, room, minutes = [walks.row], [walks.column], [walks.minutes]
    before = frame.size
    for (column, rows, walk), count in zip(standing, (len(frame.must), len(frame.stays), 1), strict=True):
        row.append(rows)
        room.append(column + before)
        minutes.append(walk)
        before += count
    every = Pairs(np.concatenate(row), np.concatenate(room), np.concatenate(minutes))
    useful = (problem.population[every.row] > 0) & (every.minutes <= limit_min)
    if not frame.is_walking:
        useful &= every.minutes <= problem.cutoff_min
    kept = np.flatnonzero(useful)
    kept = kept[np.lexsort((every.room[kept], every.row[kept]))]
    return Pairs(every.row[kept], every.room[kept], every.minutes[kept])


def capacities(frame: Frame) -> FloatArray:
    """Return how many residents every room can serve: columns, then those that stand in any case."""
    problem, new = frame.problem, frame.new
    return np.concatenate(
        [
            problem.capacity[frame.columns[:new]],
            problem.existing_capacity[frame.columns[new:]],
            problem.capacity[frame.must],
            problem.existing_capacity[frame.stays],
            [inf],
        ]
    )


def merge_alike(frame: Frame, pairs: Pairs) -> Alike:
    """Merge rows with the same rooms, worth the same, and the same composition."""
    worth = frame.worth(pairs.minutes, pairs.row)
    near = pairs.minutes <= frame.problem.cutoff_min
    people = np.maximum(frame.problem.population, 1e-300)
    # Rounded, so that equal parts of unequal rows are equal; what is merged is added up exactly.
    makeup = [np.round(frame.weight / people, 12)]
    makeup += [np.round(each.coefficient * each.persons / people, 12) for each in frame.conditions]
    parts = np.column_stack(makeup)
    start = np.searchsorted(pairs.row, np.arange(len(people) + 1))
    group = np.full(len(people), -1, np.int64)
    first: list[int] = []
    seen: dict[bytes, int] = {}
    for row in np.flatnonzero(np.diff(start)).tolist():
        span = slice(start[row], start[row + 1])
        key = b"".join(values[span].tobytes() for values in (pairs.room, worth, near)) + parts[row].tobytes()
        group[row] = seen.setdefault(key, len(seen))
        if group[row] == len(first):
            first.append(row)
    return Alike(group, np.array(first, np.int64))


def _fill_rooms(
    programme: Programme,
    frame: Frame,
    capacity: FloatArray,
    group: LongArray,
    room: LongArray,
    part: LongArray,
    people: FloatArray,
) -> None:
    """Assign to a room no more than it holds, and nobody while it is shut."""
    load = np.bincount(room, people[group], minlength=len(capacity))
    holds = np.minimum(capacity, load)
    decided = np.arange(frame.size)
    tight = np.flatnonzero(load[frame.size :] > capacity[frame.size :]) + frame.size
    wanted = np.concatenate([decided, tight])
    number = np.full(len(capacity), -1, np.int64)
    number[wanted] = np.arange(len(wanted))
    used = np.flatnonzero(number[room] >= 0)
    # Scaled to shares of the room, so that the solver's absolute tolerance is a share as well.
    scale = np.where(holds > 0, 1.0 / np.maximum(holds, 1e-300), 1.0)
    most = np.where(wanted < frame.size, 0.0, holds[wanted] * scale[wanted])
    programme.add_rows(
        len(wanted),
        (number[room[used]], part[used], people[group[used]] * scale[room[used]]),
        (decided, decided, -holds[decided] * scale[decided]),
        most=most,
    )


def _open_some(
    programme: Programme,
    frame: Frame,
    groups: int,
    group: LongArray,
    room: LongArray,
    part: LongArray,
    opened: LongArray,
) -> None:
    """Assign nobody of a group before a room in its reach is open: far tighter than the capacities alone."""
    decided = room < frame.size
    has_standing = np.zeros(groups, bool)
    has_standing[group[~decided]] = True
    number = np.cumsum(~has_standing) - 1
    waiting = np.flatnonzero(~has_standing[group])
    row = number[group[waiting]]
    programme.add_rows(
        int((~has_standing).sum()), (row, part[waiting], 1.0), (row, opened[room[waiting]], -1.0), most=0.0
    )


def _back_up(
    programme: Programme,
    frame: Frame,
    alike: Alike,
    weight: FloatArray,
    *,
    group: LongArray,
    part: LongArray,
    opened: LongArray,
) -> Sum:
    """Let those who are assigned count more where a second room is open in reach; that room's capacity is not asked."""
    kept = np.zeros(len(frame.weight), bool)
    kept[alike.first] = True
    alone, pair = (steps.only(kept[steps.row]) for steps in second_steps(frame))
    total, values = [], []
    order = np.argsort(group, kind="stable")
    begin = np.searchsorted(group[order], np.arange(len(alike.first) + 1))
    for steps, needs in ((alone, 1), (pair, 2)):
        backed = programme.add_columns(len(steps.row))
        own = alike.group[steps.row]
        every = np.arange(len(backed))
        length = begin[own + 1] - begin[own]
        row = np.repeat(every, length)
        place = np.repeat(begin[own] - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
        programme.add_rows(len(backed), (every, backed, 1.0), (row, part[order[place]], -1.0), most=0.0)
        _need(programme, frame, steps, needs, backed=backed, opened=opened)
        total.append(backed)
        values.append(frame.requirements.backup_share * weight[own] * steps.gain)
    return Sum(np.concatenate(total), np.concatenate(values))


def _need(
    programme: Programme, frame: Frame, steps: Steps, needs: int, *, backed: LongArray, opened: LongArray
) -> None:
    """Hold a backed-up column at 0 until so many of its rooms are open."""
    sets = family(frame, (steps,))
    every = np.arange(sets.size)
    span, column = members(frame, frame.walks.start[sets.row], sets.end)
    full = programme.add_columns(sets.size)
    rows = [(every, full, 1.0), (span, opened[column], -1.0)]
    if needs > 1:
        first = programme.add_columns(sets.size, whole=True)
        rows.append((every, first, 1.0))
        programme.add_rows(sets.size, (every, full, 1.0), (every, first, -1.0), most=0.0)
    programme.add_rows(sets.size, *rows, most=0.0)
    place = np.arange(len(backed))
    programme.add_rows(len(backed), (place, backed, 1.0), (place, full[sets.label[0]], -1.0), most=0.0)

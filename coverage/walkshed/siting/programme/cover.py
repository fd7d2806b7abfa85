"""Whom a plan serves when rooms take everybody in reach: one column for every distinct set of rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.programme.lp import Programme, Sum
from walkshed.siting.programme.service import ALL_LIMITS, Limits, Service, add_choice
from walkshed.siting.programme.sets import (
    SetFamily,
    Steps,
    family,
    first_steps,
    limit_steps,
    members,
    open_count,
    second_steps,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

HALF: Final = 0.5
COEFFICIENT_ZERO: Final = 1e-15


def cover_service(frame: Frame, *, reach_min: float | None = None, limits: Limits = ALL_LIMITS) -> Service:
    """Return the programme of a frame without capacities.

    Parameters
    ----------
    frame
        What a plan can be.
    reach_min
        Every row that can be reached at all must have a room within so many minutes.
    limits
        What to keep to.
    """
    programme = Programme()
    opened = add_choice(programme, frame, limits)
    second = frame.requirements.backup_share
    first = first_steps(frame) if frame.model != "p_center" else _no_steps()
    alone, pair = second_steps(frame) if second and frame.model != "p_center" else (_no_steps(), _no_steps())
    unserved = np.flatnonzero((frame.standing[:, 0] > frame.problem.cutoff_min) & (frame.problem.population > 0))
    asked = limit_steps(frame, unserved if frame.conditions else unserved[:0], frame.problem.cutoff_min)
    forced = _no_steps()
    if reach_min is not None:
        waiting = np.flatnonzero(frame.reachable & (frame.standing[:, 0] > reach_min))
        forced = limit_steps(frame, waiting, reach_min)
        if len(forced.row) < len(waiting):
            programme.contradict()
    sets = family(frame, (first, alone, asked, forced, pair))
    low = np.zeros(sets.size)
    low[sets.label[3]] = 1.0
    served = programme.add_columns(sets.size, low=low)
    _open_one(programme, frame, sets, opened, served)
    gain = np.zeros(sets.size)
    np.add.at(gain, sets.label[0], (1.0 - second) * frame.weight[first.row] * first.gain)
    np.add.at(gain, sets.label[1], second * frame.weight[alone.row] * alone.gain)
    pairs = family(frame, (pair,))
    ones = np.zeros(pairs.size, np.int64)
    ones[pairs.label[0]] = served[sets.label[4]]
    twos = _open_two(programme, frame, pairs, opened, ones)
    pair_gain = np.zeros(pairs.size)
    np.add.at(pair_gain, pairs.label[0], second * frame.weight[pair.row] * pair.gain)
    shares = _shares(frame, asked, sets.label[2], served)
    for share in shares:
        _close_down(programme, frame, sets, opened, served, share)

    def start(choice: BoolArray) -> FloatArray:
        columns = np.zeros(programme.columns)
        columns[opened] = choice
        columns[served] = np.minimum(1, open_count(frame, sets.row, sets.end, choice))
        columns[twos] = open_count(frame, pairs.row, pairs.end, choice) >= 2  # noqa: PLR2004 - a second room
        return columns

    worth = Sum(np.concatenate([served, twos]), np.concatenate([gain, pair_gain]), standing_worth(frame))
    return Service(programme=programme, worth=worth, shares=shares, start=start)


def standing_worth(frame: Frame) -> float:
    """Return what the rooms that stand in any case are worth to all residents."""
    rows, second = np.arange(len(frame.weight)), frame.requirements.backup_share
    worth = (1.0 - second) * frame.worth(frame.standing[:, 0], rows) + second * frame.worth(frame.standing[:, 1], rows)
    return float(frame.weight @ worth)


def _no_steps() -> Steps:
    return Steps(row=np.zeros(0, np.int64), end=np.zeros(0, np.int64), gain=np.zeros(0))


def _spans(frame: Frame, sets: SetFamily) -> tuple[LongArray, LongArray]:
    """Return set and column of the pairs that a set has beyond its parent."""
    begin = frame.walks.start[sets.row]
    chained = sets.parent >= 0
    # The parent's size is that of the same row's step before; its own representative may be another row.
    size = sets.end - begin
    begin = np.where(chained, begin + size[sets.parent], begin)
    return members(frame, begin, sets.end)


def _open_one(programme: Programme, frame: Frame, sets: SetFamily, opened: LongArray, served: LongArray) -> None:
    """Serve a set no more than its parent and its other columns are open."""
    span, column = _spans(frame, sets)
    child = np.flatnonzero(sets.parent >= 0)
    every = np.arange(sets.size)
    programme.add_rows(
        sets.size,
        (every, served, 1.0),
        (child, served[sets.parent[child]], -1.0),
        (span, opened[column], -1.0),
        most=0.0,
    )


def _open_two(programme: Programme, frame: Frame, pairs: SetFamily, opened: LongArray, ones: LongArray) -> LongArray:
    """Add a column for a second open room of every set whose first is in ``ones``: together no more than are open."""
    # Where the second room counts more than the first, the relaxation would take half of each for one room.
    if frame.requirements.backup_share > HALF:
        programme.round(ones)
    twos = programme.add_columns(pairs.size)
    span, column = _spans(frame, pairs)
    child = np.flatnonzero(pairs.parent >= 0)
    every = np.arange(pairs.size)
    programme.add_rows(
        pairs.size,
        (every, ones, 1.0),
        (every, twos, 1.0),
        (child, ones[pairs.parent[child]], -1.0),
        (child, twos[pairs.parent[child]], -1.0),
        (span, opened[column], -1.0),
        most=0.0,
    )
    programme.add_rows(pairs.size, (every, twos, 1.0), (every, ones, -1.0), most=0.0)
    return twos


def _shares(frame: Frame, asked: Steps, label: LongArray, served: LongArray) -> tuple[Sum, ...]:
    standing = (frame.standing[:, 0] <= frame.problem.cutoff_min).astype(np.float64)
    found = []
    for condition in frame.conditions:
        value = np.bincount(label, condition.coefficient[asked.row], minlength=len(served)).astype(np.float64)
        used = np.flatnonzero(np.abs(value) > COEFFICIENT_ZERO)
        found.append(Sum(served[used], value[used], condition.reached(standing)))
    return tuple(found)


def _close_down(
    programme: Programme, frame: Frame, sets: SetFamily, opened: LongArray, served: LongArray, share: Sum
) -> None:
    """Make sure that a set counts as served once one of its columns is open, where serving it lowers a share."""
    worse = np.flatnonzero(np.isin(served, share.column[share.value < 0]))
    span, column = members(frame, frame.walks.start[sets.row[worse]], sets.end[worse])
    programme.add_rows(
        len(span),
        (np.arange(len(span)), served[worse][span], 1.0),
        (np.arange(len(span)), opened[column], -1.0),
        least=0.0,
    )

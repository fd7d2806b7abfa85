"""Who walks how far: to the rooms to be decided on, to those that stand in any case, and today."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

SAME_MIN: Final = 1e-4
"""A walk today that is shorter by less than this is the walk to the nearest known room, rounded otherwise."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Walks:
    """Pairs of row and column (room), by row, the shortest walk first; of equals the first column first.

    Attributes
    ----------
    row, column : (k,) int64
        Row of the problem and column of each pair.
    minutes : (k,) float64
        Walk.
    start : (N + 1,) int64
        Where the pairs of every row begin.
    """

    row: LongArray
    column: LongArray
    minutes: FloatArray
    start: LongArray

    @classmethod
    def of(cls, problem: SitingProblem, candidates: LongArray, existing: LongArray, *, beyond_cutoff: bool) -> Walks:
        """Collect the pairs of some candidates and, as further columns, of some existing rooms."""
        parts = [
            room_walks(problem, problem.minutes, candidates),
            room_walks(problem, problem.existing_minutes, existing),
        ]
        column = np.concatenate([parts[0][0], parts[1][0] + len(candidates)])
        row, minutes = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
        useful = problem.population[row] > 0
        if not beyond_cutoff:
            useful &= minutes <= problem.cutoff_min
        column, row, minutes = column[useful], row[useful], minutes[useful]
        order = np.lexsort((column, minutes, row))
        count = np.bincount(row, minlength=len(problem.demand_ids))
        return cls(
            row=row[order],
            column=column[order],
            minutes=minutes[order],
            start=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        )

    def two(self, opened: BoolArray, others: FloatArray) -> FloatArray:
        """Return minutes (N, 2) to the nearest and second-nearest open column or other room."""
        chosen = np.flatnonzero(opened[self.column])
        return nearest_two(others, self.row[chosen], self.minutes[chosen])

    def within(self, limit: FloatArray) -> LongArray:
        """Return for every row (N,) how many of its pairs are within ``limit`` (N,) minutes."""
        inside = self.minutes <= limit[self.row]
        return np.bincount(self.row[inside], minlength=len(self.start) - 1).astype(np.int64)


def nearest_two(others: FloatArray, row: LongArray, minutes: FloatArray) -> FloatArray:
    """Return the two shortest walks of every row (N, 2) among ``others`` (N, k) and pairs sorted by row and minutes."""
    two = np.full((len(others), 2), inf)
    if others.shape[1]:
        two[:, : min(2, others.shape[1])] = np.sort(others, axis=1)[:, :2]
    if not len(row):
        return two
    first = np.ones(len(row), bool)
    first[1:] = row[1:] != row[:-1]
    second = np.zeros(len(row), bool)
    second[1:] = first[:-1] & ~first[1:]
    own = np.full((len(others), 2), inf)
    own[row[first], 0] = minutes[first]
    own[row[second], 1] = minutes[second]
    later = np.maximum(two[:, 0], own[:, 0])
    return np.column_stack([np.minimum(two[:, 0], own[:, 0]), np.minimum(later, np.minimum(two[:, 1], own[:, 1]))])


def today_two(problem: SitingProblem) -> FloatArray:
    """Return minutes (N, 2) to the two nearest existing rooms, as far as the problem knows of them.

    Where it only knows that there are two within the cutoff, the second counts as being on its edge.
    """
    _, row, minutes = room_walks(problem, problem.existing_minutes, np.arange(len(problem.existing_ids)))
    order = np.lexsort((minutes, row))
    known = nearest_two(unnamed_two(problem), row[order], minutes[order])
    cutoff, beyond = problem.cutoff_min, np.nextafter(problem.cutoff_min, inf)
    today = problem.minutes_today
    first = np.where(problem.served, np.minimum(today, cutoff), np.maximum(today, beyond))
    second = np.maximum(known[:, 1], first)
    both = problem.within_today >= 2  # noqa: PLR2004 - a second room
    second = np.where(both, np.minimum(second, cutoff), np.maximum(second, beyond))
    return np.column_stack([first, np.maximum(first, second)])


def own_walks(
    problem: SitingProblem, must: LongArray, stays: LongArray, today: FloatArray, *, untouched: bool
) -> FloatArray:
    """Return minutes (N, 2) to the two nearest rooms that stand in any case.

    Parameters
    ----------
    must
        Candidates that are built in any case.
    stays
        Existing rooms that stay.
    today : (N, 2)
        From :func:`today_two`.
    untouched
        No existing room is closed or may be.
    """
    _, row, minutes = room_walks(problem, problem.minutes, must)
    others = today if untouched else unnamed_two(problem)
    if not untouched:
        _, kept_row, kept_minutes = room_walks(problem, problem.existing_minutes, stays)
        row, minutes = np.concatenate([row, kept_row]), np.concatenate([minutes, kept_minutes])
    order = np.lexsort((minutes, row))
    return nearest_two(others, row[order], minutes[order])


def unnamed_two(problem: SitingProblem) -> FloatArray:
    """Return minutes (N, 2) to existing rooms that the problem knows of without their ids."""
    rooms = np.arange(len(problem.existing_ids))
    _, row, minutes = room_walks(problem, problem.existing_minutes, rooms)
    nearest = np.full(len(problem.demand_ids), inf)
    np.minimum.at(nearest, row, minutes)
    named = np.bincount(row[minutes <= problem.cutoff_min], minlength=len(nearest))
    more = problem.within_today - named
    first = np.where(problem.minutes_today < nearest - SAME_MIN, problem.minutes_today, inf)
    first = np.where(more >= 1, np.minimum(first, problem.cutoff_min), first)
    first = np.where((more < 1) & (first <= problem.cutoff_min), inf, first)
    second = np.where(more >= 2, problem.cutoff_min, inf)  # noqa: PLR2004 - a second room
    return np.column_stack([first, second])


def room_walks(problem: SitingProblem, matrix: csr_array, rooms: LongArray) -> tuple[LongArray, LongArray, FloatArray]:
    """Return the pairs of some rooms: position in ``rooms``, row, minutes.

    Whether a walk is within the cutoff is decided in the precision in which it is stored, and kept when it is widened.
    """
    start, stop = matrix.indptr[rooms], matrix.indptr[rooms + 1]
    length = (stop - start).astype(np.int64)
    place = np.repeat(start - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
    stored = matrix.data[place]
    minutes = stored.astype(np.float64)
    cutoff = problem.cutoff_min
    minutes = np.where(stored <= cutoff, np.minimum(minutes, cutoff), np.maximum(minutes, np.nextafter(cutoff, inf)))
    return np.repeat(np.arange(len(rooms)), length), matrix.indices[place].astype(np.int64), minutes

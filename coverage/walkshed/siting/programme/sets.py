"""What a plan is worth, as sets of columns of which one or two have to be open.

A row counts the more the nearer its nearest open room is. Sorted by walk, its columns up to each step of that worth are
a set; the row earns the step once one column of the set is open (the radius formulation of the p-median by Cornuejols,
Nemhauser and Wolsey 1980, and with one step the covering model). With backup, a second column of the set earns the
rest. Equal sets of different rows are one set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

WORDS: Final = 2
"""Words of 64 random bits whose sum tells sets apart: among a million sets two collide with a chance below 1e-26."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """Sets as the first pairs of a row: up to (not including) position ``end`` of the walks, earning ``gain``."""

    row: LongArray
    end: LongArray
    gain: FloatArray

    def only(self, kept: BoolArray) -> Steps:
        """Return some of them."""
        return Steps(row=self.row[kept], end=self.end[kept], gain=self.gain[kept])


@dataclass(frozen=True, kw_only=True, eq=False)
class SetFamily:
    """Distinct sets of columns.

    Attributes
    ----------
    row, end : (s,) int64
        A row whose first pairs they are.
    parent : (s,) int64
        The largest other set of the family that the same row puts before it, -1 where there is none.
    label
        For each family of steps given: the set of every step.
    """

    row: LongArray
    end: LongArray
    parent: LongArray
    label: tuple[LongArray, ...]

    @property
    def size(self) -> int:
        """Number of sets."""
        return len(self.row)


def first_steps(frame: Frame) -> Steps:
    """Return what the nearest open column earns every resident's row beyond what stands in any case."""
    walks = frame.walks
    worth = frame.worth(walks.minutes, walks.row)
    least = _standing_worth(frame, 0)
    ends = _run_ends(walks.row, worth)
    ends = ends[worth[ends] > least[walks.row[ends]]]
    return _with_gains(walks.row[ends], worth[ends], ends + 1, least)


def second_steps(frame: Frame) -> tuple[Steps, Steps]:
    """Return what a second room earns: steps that take one open column, and steps that take two."""
    walks = frame.walks
    worth = frame.worth(walks.minutes, walks.row)
    one, least = _standing_worth(frame, 0), _standing_worth(frame, 1)
    ends = _run_ends(walks.row, worth)
    ends = ends[worth[ends] > least[walks.row[ends]]]
    # The standing room is a step of its own: from there on one open column is the second room.
    count = np.bincount(walks.row[worth >= one[walks.row]], minlength=len(one))
    has_equal = np.zeros(len(one), bool)
    has_equal[walks.row[ends][worth[ends] == one[walks.row[ends]]]] = True
    extra = np.flatnonzero((one > least) & ~has_equal)
    row = np.concatenate([walks.row[ends], extra])
    value = np.concatenate([worth[ends], one[extra]])
    end = np.concatenate([ends + 1, walks.start[extra] + count[extra]])
    order = np.lexsort((-value, row))
    steps = _with_gains(row[order], value[order], end[order], least)
    alone = value[order] > one[row[order]]
    size = steps.end - walks.start[steps.row]
    return steps.only(~alone & (size > 0)), steps.only(alone & (size > 1))


def limit_steps(frame: Frame, rows: LongArray, limit_min: float) -> Steps:
    """Return, for some rows, the columns within ``limit_min``; rows without any are left out."""
    count = frame.walks.within(np.full(len(frame.weight), limit_min))[rows]
    rows, count = rows[count > 0], count[count > 0]
    return Steps(row=rows, end=frame.walks.start[rows] + count, gain=np.zeros(len(rows)))


def family(frame: Frame, groups: Iterable[Steps]) -> SetFamily:
    """Merge equal sets."""
    parts = list(groups)
    row = np.concatenate([np.zeros(0, np.int64), *(part.row for part in parts)])
    end = np.concatenate([np.zeros(0, np.int64), *(part.end for part in parts)])
    # Random words from a fixed seed: the same problem gives the same programme.
    words = np.random.default_rng(0).integers(0, 2**64, (WORDS, frame.size), np.uint64, endpoint=False)
    key = np.empty((len(row), WORDS + 1), np.uint64)
    begin = frame.walks.start[row]
    for place in range(WORDS):
        before = np.concatenate([np.zeros(1, np.uint64), np.cumsum(words[place][frame.walks.column], dtype=np.uint64)])
        key[:, place] = before[end] - before[begin]
    key[:, WORDS] = (end - begin).astype(np.uint64)
    first, label = _distinct(key)
    own_row, own_end = row[first], end[first]
    pieces = np.split(label, np.cumsum([len(part.row) for part in parts])[:-1]) if parts else []
    return SetFamily(row=own_row, end=own_end, parent=_parents(own_row, own_end, row, end, label), label=tuple(pieces))


def members(frame: Frame, begin: LongArray, end: LongArray) -> tuple[LongArray, LongArray]:
    """Return which of the (k,) spans ``begin`` up to ``end`` every pair in them belongs to, and its column."""
    length = end - begin
    span = np.repeat(np.arange(len(begin)), length)
    place = np.repeat(begin - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
    return span, frame.walks.column[place]


def open_count(frame: Frame, row: LongArray, end: LongArray, opened: BoolArray) -> LongArray:
    """Return how many columns of each set are open."""
    before = np.concatenate([[0], np.cumsum(opened[frame.walks.column])])
    count: LongArray = before[end] - before[frame.walks.start[row]]
    return count


def _standing_worth(frame: Frame, place: int) -> FloatArray:
    """Return what the nearest (0) or second-nearest (1) room that stands in any case is worth to every row."""
    return frame.worth(frame.standing[:, place], np.arange(len(frame.weight)))


def _run_ends(row: LongArray, worth: FloatArray) -> LongArray:
    """Return the positions of the last pair of every run of equal worth in a row."""
    ends = np.ones(len(row), bool)
    ends[:-1] = (row[1:] != row[:-1]) | (worth[1:] != worth[:-1])
    return np.flatnonzero(ends)


def _with_gains(row: LongArray, worth: FloatArray, end: LongArray, least: FloatArray) -> Steps:
    """Return steps, sorted by row and falling worth, each with what it earns above the next one."""
    below = least[row]
    same = row[1:] == row[:-1]
    below[:-1][same] = worth[1:][same]
    return Steps(row=row, end=end, gain=worth - below)


def _distinct(key: NDArray[np.uint64]) -> tuple[LongArray, LongArray]:
    """Return where each distinct key comes first, in order of appearance, and the number of every key's own."""
    order = np.lexsort(key.T)
    new = np.ones(len(key), bool)
    new[1:] = (key[order][1:] != key[order][:-1]).any(axis=1)
    group = np.empty(len(key), np.int64)
    group[order] = np.cumsum(new) - 1
    first = np.full(int(new.sum()), len(key), np.int64)
    np.minimum.at(first, group, np.arange(len(key)))
    appearance = np.argsort(first, kind="stable")
    number = np.empty(len(first), np.int64)
    number[appearance] = np.arange(len(first))
    return first[appearance], number[group]


def _parents(own_row: LongArray, own_end: LongArray, row: LongArray, end: LongArray, label: LongArray) -> LongArray:
    """Return for every set the set that its own row puts before it."""
    order = np.lexsort((end, row))
    row, end, label = row[order], end[order], label[order]
    # Where the row's step with this end comes first among equals; the step before it is the parent.
    wanted = row * (int(end.max(initial=0)) + 1) + end
    place = np.searchsorted(wanted, own_row * (int(end.max(initial=0)) + 1) + own_end)
    before = np.maximum(place - 1, 0)
    has = (place > 0) & (row[before] == own_row) if len(row) else np.zeros(len(own_row), bool)
    return np.where(has, label[before], -1) if len(row) else np.zeros(0, np.int64)

"""What each room of a plan adds to those before it: residents, groups and minutes, after closings if there are any."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import fsum, inf
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from walkshed.errors import SitingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """What the existing rooms that stay do without any new one.

    Attributes
    ----------
    served : (N,) bool
        Rows that they serve.
    walk_min : (N,) float64
        Walk to the nearest of them; a walk beyond the problem's horizon counts as the horizon.
    lost : (N,) bool
        Rows served today and no longer.
    """

    served: BoolArray
    walk_min: FloatArray
    lost: BoolArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One room of a plan and what it adds to the existing rooms that stay and to the new ones before it.

    Attributes
    ----------
    candidate
        Position in the problem.
    rows : (k,) int64
        Demand rows, not served today, that it is the first to serve.
    kept : (l,) int64
        Demand rows that lose their room by a closing and that it is the first to serve again.
    minutes_saved
        Person-minutes by which it shortens walks; a walk beyond the horizon counts as the horizon. Where the horizon is
        infinite, who reached no room before is left aside.
    walk_min
        Mean walk of the residents of ``rows`` and ``kept`` to it, minutes; NaN where there are none.
    """

    candidate: int
    rows: LongArray
    kept: LongArray
    minutes_saved: float
    walk_min: float


def standing_after(problem: SitingProblem, closed: Iterable[str]) -> Standing:
    """Return what the existing rooms do once some are closed.

    Raises
    ------
    SitingError
        If an id is no existing room's.
    """
    within, walk = problem.within_today, problem.minutes_today
    gone = _rooms(problem, closed)
    if gone.any():
        times = problem.existing_minutes
        room = np.repeat(np.arange(times.shape[0]), np.diff(times.indptr))
        leaves = gone[room]
        near = leaves & (times.data <= problem.cutoff_min)
        within = within - np.bincount(times.indices[near], minlength=len(within))
        left, best = np.full(len(walk), inf), np.full(len(walk), inf)
        np.minimum.at(left, times.indices[~leaves], times.data[~leaves])
        np.minimum.at(best, times.indices, times.data)
        # A row whose nearest room is none of those known one by one keeps it.
        walk = np.where(best <= walk, left, walk)
    return Standing(
        served=within > 0,
        walk_min=np.minimum(walk, problem.horizon_min),
        lost=problem.served & (within <= 0),
    )


def _rooms(problem: SitingProblem, closed: Iterable[str]) -> BoolArray:
    """Return which existing rooms these are."""
    wanted = set(closed)
    unknown = sorted(wanted - set(problem.existing_ids))
    if unknown:
        raise SitingError("rooms_unknown", count=len(unknown), ids=", ".join(unknown[:5]))
    return np.array([key in wanted for key in problem.existing_ids], bool)


def covers_of(problem: SitingProblem, standing: Standing) -> csr_array:
    """Return (M, N) float64 ones where a candidate serves a row that the rooms that stay do not."""
    times = problem.minutes if standing.lost.any() else problem.reach
    near = ~standing.served[times.indices]
    if times is problem.minutes:
        near &= times.data <= problem.cutoff_min
    start = np.concatenate([[0], np.cumsum(near)])[times.indptr]
    return csr_array((np.ones(int(start[-1])), times.indices[near], start), shape=times.shape)


def walks_of(problem: SitingProblem, candidate: int) -> tuple[LongArray, FloatArray]:
    """Return the rows that a candidate (position) reaches within the horizon, and the walks."""
    times = problem.minutes
    part = slice(times.indptr[candidate], times.indptr[candidate + 1])
    return times.indices[part].astype(np.int64), times.data[part].astype(np.float64)


def plan_steps(problem: SitingProblem, answer: SitingAnswer) -> list[Step]:
    """Return what each room of an answer adds, in the answer's own order, in which they are to be built.

    Raises
    ------
    SitingError
        If the answer names a candidate or a room that the problem does not have.
    """
    standing = standing_after(problem, answer.closed)
    open_row, walk = ~standing.served, standing.walk_min.copy()
    steps = []
    for candidate in problem.positions_of(answer.chosen).tolist():
        rows, minutes = walks_of(problem, candidate)
        people = problem.population[rows]
        saved = np.where(np.isfinite(walk[rows]), people * (walk[rows] - minutes), 0.0)
        first = open_row[rows] & (minutes <= problem.cutoff_min)
        served, lost = rows[first], standing.lost[rows[first]]
        crowd = fsum(people[first].tolist())
        steps.append(
            Step(
                candidate=candidate,
                rows=served[~lost],
                kept=served[lost],
                minutes_saved=fsum(saved[saved > 0].tolist()),
                walk_min=fsum((people * minutes)[first].tolist()) / crowd if crowd else np.nan,
            )
        )
        open_row[served] = False
        walk[rows] = np.minimum(walk[rows], minutes)
    return steps


def residents_of(problem: SitingProblem, rows: LongArray, group: str = "") -> float:
    """Return how many residents, or how many of a group, live in some rows."""
    people = problem.groups[group] if group else problem.population
    return fsum(people[rows].tolist())


def served_only_by(problem: SitingProblem, chosen: LongArray, standing: Standing) -> FloatArray:
    """Return the residents whom each chosen candidate alone serves, the others and the rooms that stay given."""
    covers = covers_of(problem, standing)[chosen]
    others = np.bincount(covers.indices, minlength=covers.shape[1]) - 1
    alone = others[covers.indices] == 0
    start = np.concatenate([[0], np.cumsum(alone)])[covers.indptr]
    rows = covers.indices[alone]
    parts = pairwise(start.tolist())
    return np.array([residents_of(problem, rows[first:last]) for first, last in parts])

"""What a plan can be: which rooms may open or close, what stands in any case, and which shares have to be met."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.errors import InfeasibleError, SitingError
from walkshed.siting.programme.apart import clashes_among, clashes_between
from walkshed.siting.programme.conditions import Condition, conditions_of, weights_of
from walkshed.siting.programme.walks import Walks, nearest_two, own_walks, room_walks, today_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

MONEY_SLACK: Final = 1e-9
"""Relative rounding that a sum of costs may carry."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """A problem and its requirements, put in order.

    A *column* is a room that is yet to be decided on: m of them, first the candidates that may be built, then the
    existing rooms that may be closed. A plan says which columns are open.

    Attributes
    ----------
    problem, requirements, model
        As given.
    columns : (m,) int64
        Positions of the candidates, then of the existing rooms.
    new
        How many of the columns are candidates.
    must : (k,) int64
        Candidates that are built in any case.
    gone : (l,) int64
        Existing rooms that are closed in any case, because a room that must be built stands too near.
    stays : (e,) int64
        Existing rooms that cannot be closed.
    rooms_left, money_left, closings_left
        What remains of number, budget and closings after ``must`` and ``gone``.
    clashes : (c, 2) int64
        Pairs of columns that cannot both be open.
    walks
        Who walks how far to which column, row by row, the nearest first.
    standing : (N, 2) float64
        Minutes to the nearest and second-nearest of the rooms that stand in any case.
    today : (N, 2) float64
        The same for the existing rooms.
    weight : (N,) float64
        What the residents of every row count together.
    far : (N,) float64
        Minutes that count for a walk at least as long (p-median, p-center).
    reachable : (N,) bool
        Rows with residents whom an existing room or a candidate that is not forbidden reaches at all.
    conditions
        Shares that have to be met.
    """

    problem: SitingProblem
    requirements: Requirements
    model: str
    columns: LongArray
    new: int
    must: LongArray
    gone: LongArray
    stays: LongArray
    rooms_left: float
    money_left: float
    closings_left: int
    clashes: LongArray
    walks: Walks
    standing: FloatArray
    today: FloatArray
    weight: FloatArray
    far: FloatArray
    reachable: BoolArray
    conditions: tuple[Condition, ...]

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.columns)

    @property
    def cost(self) -> FloatArray:
        """(new,) price of every candidate column."""
        own: FloatArray = self.problem.cost[self.columns[: self.new]]
        return own

    @property
    def is_walking(self) -> bool:
        """Whether the model counts minutes rather than residents."""
        return self.model in ("p_median", "p_center")

    def worth(self, minutes: FloatArray, row: LongArray) -> FloatArray:
        """Return what a resident of ``row`` gains by a room so far away: a share, or minutes saved."""
        if self.is_walking:
            return np.maximum(0.0, self.far[row] - minutes)
        cutoff = self.problem.cutoff_min
        full = self.requirements.full_min
        if full is None or full >= cutoff:
            return (minutes <= cutoff).astype(np.float64)
        return np.clip((cutoff - minutes) / (cutoff - full), 0.0, 1.0)

    def allows(self, opened: BoolArray) -> bool:
        """Say whether a choice of columns (m,) keeps to number, budget, closings and distances."""
        new, old = opened[: self.new], opened[self.new :]
        both = opened[self.clashes[:, 0]] & opened[self.clashes[:, 1]]
        spent = float(self.cost[new].sum())
        return (
            int(new.sum()) <= self.rooms_left
            and spent <= self.money_left + MONEY_SLACK * max(1.0, spent)
            and int((~old).sum()) <= self.closings_left
            and not bool(both.any())
        )


def make_frame(problem: SitingProblem, requirements: Requirements, model: str, new_rooms: int | None) -> Frame:
    """Put problem and requirements in order.

    Raises
    ------
    SitingError
        If a requirement makes no sense for the problem or the model.
    InfeasibleError
        If what must be built clashes with the number, the budget or the distances.
    """
    _check_model(problem, requirements, model)
    must = np.unique(problem.positions_of(requirements.must_build))
    free = np.ones(len(problem.candidate_ids), bool)
    free[must] = False
    free[problem.positions_of(requirements.forbidden)] = False
    closable = _closable(problem, requirements)
    stays = np.setdiff1d(np.arange(len(problem.existing_ids)), closable)
    gone, clashes = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    if requirements.spacing_m > 0:
        gone = _keep_apart(problem, requirements, free, must=must, stays=stays, closable=closable)
        closable = np.setdiff1d(closable, gone)
    _check_must(problem, requirements, must, new_rooms)
    candidates = np.flatnonzero(free)
    columns = np.concatenate([candidates, closable])
    if requirements.spacing_m > 0:
        clashes = _clashes(problem, requirements.spacing_m, candidates, closable)
    money = inf if requirements.budget is None else requirements.budget - float(problem.cost[must].sum())
    today = today_two(problem)
    own = own_walks(problem, must, stays, today, untouched=not len(closable) and not len(gone))
    reachable, far = _extent(problem, today, problem.positions_of(requirements.forbidden))
    return Frame(
        problem=problem,
        requirements=requirements,
        model=model,
        columns=columns,
        new=len(candidates),
        must=must,
        gone=gone,
        stays=stays,
        rooms_left=inf if new_rooms is None else new_rooms - len(must),
        money_left=max(0.0, money),
        closings_left=min(requirements.closings_max - len(gone), len(closable)),
        clashes=clashes,
        walks=Walks.of(problem, candidates, closable, beyond_cutoff=model in ("p_median", "p_center")),
        standing=own,
        today=nearest_two(today, np.zeros(0, np.int64), np.zeros(0)),
        weight=weights_of(problem, requirements),
        far=far,
        reachable=reachable,
        conditions=conditions_of(problem, requirements),
    )


def _check_model(problem: SitingProblem, requirements: Requirements, model: str) -> None:
    """Refuse requirements that mean nothing to the model, and problems that lack what a requirement needs."""
    senseless = {
        "p_median": {"full_min": requirements.full_min is not None},
        "p_center": {
            "full_min": requirements.full_min is not None,
            "backup_share": requirements.backup_share > 0,
            "group_weights": bool(requirements.group_weights),
        },
    }.get(model, {})
    for name, asked in senseless.items():
        if asked:
            raise SitingError("requirement_without_meaning", name=name, model=model)
    part = problem.left_out_served > 0
    for name, needed in {
        "floors": any(floor.area or floor.group for floor in requirements.floors),
        "parities": bool(requirements.parities),
        "group_weights": bool(requirements.group_weights),
        "backup_share": requirements.backup_share > 0,
        "full_min": requirements.full_min is not None,
        "closings_max": requirements.closings_max > 0,
        "capacity": requirements.capacity and bool(np.isfinite(problem.existing_capacity).any()),
    }.items():
        if part and needed:
            raise SitingError("rows_left_out", name=name)
    if requirements.spacing_m > 0:
        unknown = not problem.existing_ids and (part or bool(problem.served.any()))
        if len(problem.place_m) != len(problem.candidate_ids):
            raise SitingError("places_missing", table="candidates")
        if unknown or len(problem.existing_place_m) != len(problem.existing_ids):
            raise SitingError("places_missing", table="existing")


def _closable(problem: SitingProblem, requirements: Requirements) -> LongArray:
    place = {key: position for position, key in enumerate(problem.existing_ids)}
    unknown = [key for key in requirements.must_keep if key not in place]
    if unknown:
        raise SitingError("existing_unknown", count=len(unknown), ids=", ".join(unknown[:5]))
    if not requirements.closings_max:
        return np.zeros(0, np.int64)
    if not place:
        raise SitingError("nothing_to_close")
    kept = np.array([place[key] for key in requirements.must_keep], np.int64)
    return np.setdiff1d(np.arange(len(place)), kept)


def _keep_apart(
    problem: SitingProblem,
    requirements: Requirements,
    free: BoolArray,
    *,
    must: LongArray,
    stays: LongArray,
    closable: LongArray,
) -> LongArray:
    """Take candidates too near to what stands off ``free``; return existing rooms that must go for what must come."""
    spacing, ids = requirements.spacing_m, problem.candidate_ids
    place, existing = problem.place_m, problem.existing_place_m
    pairs = clashes_among(place[must], spacing)
    if len(pairs):
        near = "; ".join(f"{ids[must[a]]} - {ids[must[b]]}" for a, b in pairs[:5])
        raise InfeasibleError("must_too_near", spacing_m=spacing, count=len(pairs), pairs=near)
    blocked = clashes_between(place[must], existing[stays], spacing)
    if len(blocked):
        near = "; ".join(f"{ids[must[a]]} - {problem.existing_ids[stays[b]]}" for a, b in blocked[:5])
        raise InfeasibleError("must_near_existing", spacing_m=spacing, count=len(blocked), pairs=near)
    gone = np.unique(closable[clashes_between(place[must], existing[closable], spacing)[:, 1]])
    if len(gone) > requirements.closings_max:
        names = ", ".join(problem.existing_ids[room] for room in gone[:5])
        raise InfeasibleError(
            "must_needs_closings", spacing_m=spacing, needed=len(gone), allowed=requirements.closings_max, ids=names
        )
    free[clashes_between(place, np.concatenate([existing[stays], place[must]]), spacing)[:, 0]] = False
    return gone


def _clashes(problem: SitingProblem, spacing_m: float, candidates: LongArray, closable: LongArray) -> LongArray:
    """Return pairs of columns that are too near to each other; two existing rooms may be as near as they are."""
    among = clashes_among(problem.place_m[candidates], spacing_m)
    with_old = clashes_between(problem.place_m[candidates], problem.existing_place_m[closable], spacing_m)
    return np.concatenate([among, with_old + np.array([0, len(candidates)])]).astype(np.int64)


def _check_must(problem: SitingProblem, requirements: Requirements, must: LongArray, new_rooms: int | None) -> None:
    if new_rooms is not None and len(must) > new_rooms:
        raise InfeasibleError("must_beyond_number", must=len(must), new_rooms=new_rooms)
    cost = float(problem.cost[must].sum())
    if requirements.budget is not None and cost > requirements.budget * (1.0 + MONEY_SLACK):
        raise InfeasibleError("must_beyond_budget", cost=cost, budget=requirements.budget)


def _extent(problem: SitingProblem, today: FloatArray, forbidden: LongArray) -> tuple[BoolArray, FloatArray]:
    """Return who can be reached at all, and the minutes that stand for 'too far': the horizon or the farthest pair."""
    allowed = np.setdiff1d(np.arange(len(problem.candidate_ids)), forbidden)
    farthest = np.where(np.isfinite(today[:, 0]), today[:, 0], -inf)
    for matrix, rooms in ((problem.minutes, allowed), (problem.existing_minutes, np.arange(len(problem.existing_ids)))):
        _, row, minutes = room_walks(problem, matrix, rooms)
        np.maximum.at(farthest, row, minutes)
    reachable = (farthest >= 0) & (problem.population > 0)
    if np.isfinite(problem.horizon_min):
        return reachable, np.full(len(farthest), problem.horizon_min)
    return reachable, np.maximum(farthest, 0.0)

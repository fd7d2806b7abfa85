"""Which rooms to build and which gates and footbridges to open, together, with a proven bound."""

from __future__ import annotations

from dataclasses import replace
from math import floor, fsum, inf, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

from walkshed.errors import InfeasibleError, SitingError, SolverError
from walkshed.progress import silent
from walkshed.siting.answer import OPTIMAL_GAP, relative_gap, status_of
from walkshed.siting.clock import Clock
from walkshed.siting.covering.bound import Relaxation
from walkshed.siting.covering.reduce import CoveringModel, gather
from walkshed.siting.ladder import LOOK_EVERY, SOLVED, WHOLE_SLACK
from walkshed.siting.links import LinkedAnswer
from walkshed.siting.links_programme import columns_of, linked_programme
from walkshed.siting.links_search import MONEY_SLACK, best_choice, linked_model
from walkshed.siting.requirements import NOTHING
from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.progress import Progress
    from walkshed.siting.links import LinkedProblem
    from walkshed.siting.links_search import LinkedModel
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

SEARCH_SHARE: Final = 0.3
BOUND_SHARE: Final = 0.5
PATIENCE: Final = 30
STEPS: Final = 1200
LARGE_ENTRIES: Final = 400_000
"""In a model with more entries the solver's first linear programme takes minutes."""
CHOSEN: Final = 0.5


def solve_with_links(
    problem: LinkedProblem,
    *,
    new_rooms: int | None = None,
    links_max: int | None = None,
    budget: float | None = None,
    requirements: Requirements = NOTHING,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.0,
    progress: Progress = silent,
) -> LinkedAnswer:
    """Choose the rooms and links that together serve most residents who are not served today.

    Greedy and swaps over rooms and links, a bound from the linear relaxation in which every link is open to rooms for
    nothing, and then HiGHS on the whole: rooms, links, and pairs that serve somebody only together.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.links_build.build_linked_problem`.
    new_rooms, links_max
        Most rooms and most links; ``None`` for as many as the budget allows.
    budget
        Money for rooms and links together.
    requirements
        Rooms that must or may not be built, and the budget where it stands here.
    time_limit_s
        Seconds after which the best answer so far is returned, with its bound.
    mip_gap
        A relative gap that is good enough.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    LinkedAnswer
        What is promised takes every walk over one link at most; :func:`walkshed.siting.links_measure.measure_links`
        builds everything and says what is then true.

    Raises
    ------
    SitingError
        If an argument makes no sense, or the requirements ask for more.
    InfeasibleError
        If what must be built is too much.
    SolverError
        If HiGHS fails.
    CancelledError
        If ``progress`` raises it; the solve ends within two seconds.
    """
    clock = Clock(limit_s=time_limit_s, progress=progress)
    money = min((each for each in (budget, requirements.budget) if each is not None), default=None)
    _check_arguments(new_rooms, links_max, money, time_limit_s, mip_gap)
    if not replace(requirements, budget=None).plain:
        raise SitingError("links_requirements")
    clock.running()
    base = problem.base
    must, forbidden = base.positions_of(requirements.must_build), base.positions_of(requirements.forbidden)
    model = linked_model(problem, _limits(problem, new_rooms, links_max, money), must=must, forbidden=forbidden)
    if not model.affordable(model.fixed):
        raise InfeasibleError("links_infeasible", must_build=len(must))
    whole = bool((model.weight == np.floor(model.weight)).all())
    best = _Best(model, best_choice(model, [], patience=PATIENCE, clock=clock, share=SEARCH_SHARE))
    bound = min(float(model.weight.sum()), _relaxed(model, best.built, clock))
    bound = max(best.value, _tidy(bound, whole=whole))
    if bound - best.value > max(mip_gap, OPTIMAL_GAP) * best.value and model.covers.nnz <= LARGE_ENTRIES:
        outcome = run_programme(
            linked_programme(model),
            start=columns_of(model, best.built),
            clock=clock,
            mip_gap=mip_gap,
            whole=whole,
            bound=bound,
            take=best.offer,
        )
        bound = max(best.value, _tidy(min(bound, outcome.bound), whole=whole))
    answer = _answer(problem, model, best.built, bound, mip_gap, clock)
    clock.finish()
    return answer


def promised_rows(problem: LinkedProblem, chosen: LongArray, links: LongArray) -> LongArray:
    """Return the rows, unserved today, that rooms and links (positions) are promised to serve, ascending."""
    pairs = problem.pairs
    both = np.flatnonzero(np.isin(pairs.candidate, chosen) & np.isin(pairs.link, links))
    found = (gather(problem.base.reach, chosen)[0], gather(problem.alone, links)[0], gather(pairs.rows, both)[0])
    return np.unique(np.concatenate(found)).astype(np.int64)


class _Best:
    """Best choice so far, by our own count of it."""

    def __init__(self, model: LinkedModel, built: BoolArray) -> None:
        self.model = model
        self.built, self.value = built, model.value(built)

    def offer(self, columns: FloatArray) -> None:
        """Take a solution of the solver if it is better."""
        built = columns[: self.model.things] > CHOSEN
        if self.model.affordable(built) and (value := self.model.value(built)) > self.value:
            self.built, self.value = built, value


def _limits(
    problem: LinkedProblem, new_rooms: int | None, links_max: int | None, budget: float | None
) -> list[tuple[FloatArray, float]]:
    rooms, links = len(problem.base.candidate_ids), len(problem.links)
    is_room = np.arange(rooms + links) < rooms
    limits = []
    if new_rooms is not None:
        limits.append((is_room.astype(np.float64), float(new_rooms)))
    if links_max is not None:
        limits.append(((~is_room).astype(np.float64), float(links_max)))
    if budget is not None:
        limits.append((np.concatenate([problem.base.cost, problem.link_cost]), float(budget)))
    return limits


def _relaxed(model: LinkedModel, built: BoolArray, clock: Clock) -> float:
    """Bound the choice as if every link were open to every room for nothing.

    The multipliers (:mod:`walkshed.siting.covering.bound`) count the largest rooms and the largest links apart, of
    either as many as the limits allow of the cheapest.
    """
    rooms_most, links_most = _most(model, slice(0, model.rooms)), _most(model, slice(model.rooms, None))
    most = rooms_most + links_most
    if not most or not model.covers.nnz:
        return model.value(model.fixed)
    reach = _free_links(model)
    covered_by = csr_array(reach.T)
    covered_by.sort_indices()
    plain = CoveringModel(
        candidate=np.arange(model.things),
        weight=model.weight,
        covers=reach,
        covered_by=covered_by,
        group=np.arange(len(model.weight)),
    )
    relaxed = Relaxation(plain, most, np.flatnonzero(built)[:most])
    best = inf
    for _ in range(STEPS // LOOK_EVERY):
        relaxed.advance(LOOK_EVERY)
        left = relaxed.look()
        score = reach @ relaxed.multiplier
        largest = sum(
            float(np.sort(part)[::-1][:count].sum())
            for part, count in ((score[: model.rooms], rooms_most), (score[model.rooms :], links_most))
        )
        best = min(best, float((model.weight - relaxed.multiplier).sum()) + largest)
        if left < SOLVED or not clock.running(BOUND_SHARE):
            break
    return best


def _most(model: LinkedModel, part: slice) -> int:
    """Return how many things of a part the limits allow at most, were they the cheapest."""
    most = int(model.allowed[part].sum())
    for cost, limit in model.limits:
        spent = np.cumsum(np.sort(cost[part][model.allowed[part]]))
        most = min(most, int((spent <= limit * (1.0 + MONEY_SLACK)).sum()))
    return most


def _free_links(model: LinkedModel) -> csr_array:
    """Return what things serve, (M + L, n), where rooms have what any link gives them."""
    entries = model.covers.tocoo()
    owner = np.concatenate([np.arange(model.things), model.pair_room])[entries.coords[0]]
    reach = csr_array((entries.data, (owner, entries.coords[1])), shape=(model.things, model.covers.shape[1]))
    reach.sum_duplicates()
    reach.data[:] = 1.0
    reach.sort_indices()
    return reach


def _tidy(bound: float, *, whole: bool) -> float:
    return float(floor(bound + WHOLE_SLACK)) if whole and isfinite(bound) else bound


def _answer(
    problem: LinkedProblem, model: LinkedModel, built: BoolArray, bound: float, mip_gap: float, clock: Clock
) -> LinkedAnswer:
    base = problem.base
    built = _needed(model, built)
    rooms, links = np.flatnonzero(built[: model.rooms]), np.flatnonzero(built[model.rooms :])
    objective = fsum(base.population[promised_rows(problem, rooms, links)].tolist())
    if abs(objective - model.value(built)) > WHOLE_SLACK + OPTIMAL_GAP * objective:
        ids = ", ".join(base.candidate_ids[each] for each in rooms)
        raise SolverError("answer_differs", objective=model.value(built), served=objective, bound=bound, chosen=ids)
    bound = max(bound, objective)
    gap = relative_gap(objective, bound)
    return LinkedAnswer(
        status=status_of(gap, mip_gap) if len(model.weight) else "nothing_to_gain",
        chosen=tuple(base.candidate_ids[each] for each in rooms),
        links=tuple(problem.link_ids[each] for each in links),
        objective=objective,
        bound=bound,
        mip_gap=gap,
        seconds=clock.elapsed_s,
    )


def _needed(model: LinkedModel, built: BoolArray) -> BoolArray:
    """Leave out what adds nothing."""
    value, needed = model.value(built), built.copy()
    for thing in np.flatnonzero(built & ~model.fixed)[::-1].tolist():
        needed[thing] = False
        needed[thing] = model.value(needed) < value
    return needed


def _check_arguments(
    new_rooms: object, links_max: object, budget: float | None, time_limit_s: float, mip_gap: float
) -> None:
    for value in (new_rooms, links_max):
        if value is None and budget is None:
            raise SitingError("links_unlimited")
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 0
        if value is not None and not whole:
            raise SitingError("new_rooms_unusable", value=value)
    if budget is not None and not (isfinite(budget) and budget >= 0):
        raise SitingError("requirement_unusable", name="budget", value=budget)
    if not (isfinite(time_limit_s) and time_limit_s > 0):
        raise SitingError("time_limit_unusable", value=time_limit_s)
    if not 0 <= mip_gap < 1:
        raise SitingError("mip_gap_unusable", value=mip_gap)

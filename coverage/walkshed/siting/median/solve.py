"""The p-median and gradual coverage with rooms alone to decide on: the quick way, for whole cities."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from walkshed.errors import InfeasibleError, SitingError
from walkshed.siting.answer import SitingAnswer, relative_gap, status_of
from walkshed.siting.median.instance import counted_minutes, gradual_instance, median_instance, reachable
from walkshed.siting.median.ordering import build_order
from walkshed.siting.median.search import Search, Stand
from walkshed.siting.programme.conditions import weights_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.instance import Instance
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


def p_median(
    problem: SitingProblem,
    rooms: int,
    *,
    must: LongArray,
    forbidden: LongArray,
    clock: Clock,
    mip_gap: float,
    weight: FloatArray | None = None,
) -> SitingAnswer:
    """Choose the candidates that leave least person-minutes to walk to the nearest room, existing ones included.

    A walk beyond a finite horizon counts as the horizon. Where all pairs are known (an infinite horizon), rows that
    neither an existing room nor any candidate reaches are left aside, and every other row has to be reached.

    Parameters
    ----------
    problem
        Who lives where and how far everything is.
    rooms
        How many rooms may be built, at least as many as ``must`` has.
    must, forbidden
        Positions of candidates that are built whatever they add, and never.
    clock
        Its limit holds.
    mip_gap
        Relative gap on person-minutes that is good enough.
    weight : (N,) float64
        What the residents of every row count; by default each counts 1.

    Returns
    -------
    SitingAnswer
        Beside those of ``must`` no room is chosen that would save nothing. Its certificates are person-minutes by row:
        see :meth:`walkshed.siting.median.instance.Instance.certificate`.

    Raises
    ------
    InfeasibleError
        If so few rooms do not reach every row, at an infinite horizon.
    SitingError
        If time was up before any plan was found that does.
    SolverError
        If HiGHS fails.
    """
    people = problem.population if weight is None else weight
    must = np.unique(must)
    instance = median_instance(problem, people, must=must, forbidden=forbidden)
    stand = _search(instance, rooms - len(must), clock=clock, mip_gap=mip_gap)
    counts = reachable(problem) & (people > 0)
    chosen = _ordered(instance, stand, must)
    minutes = _minutes(problem, chosen)
    if np.isinf(minutes[counts]).any() and not len(stand.chosen) and rooms > len(must) and len(instance.free):
        # No candidate is better than another, but any is better than none where there is no room today.
        chosen = _ordered(instance, stand._replace(chosen=instance.free[:1]), must)
        minutes = _minutes(problem, chosen)
    _check_reached(problem, counts & np.isinf(minutes), instance, stand, rooms)
    objective = fsum((people[counts] * minutes[counts]).tolist())
    bound = objective - max(0.0, stand.bound - stand.value)
    return _answer(problem, "p_median", stand, chosen, objective, max(0.0, bound), clock=clock, mip_gap=mip_gap)


def gradual(
    problem: SitingProblem,
    rooms: int,
    *,
    requirements: Requirements,
    must: LongArray,
    forbidden: LongArray,
    clock: Clock,
    mip_gap: float,
) -> SitingAnswer:
    """Choose the candidates that serve most residents more, where a walk counts the less the longer it is.

    Parameters
    ----------
    problem
        Who lives where and how far everything is, with every row: a walk that is within the cutoff today may get
        shorter.
    rooms
        How many rooms may be built, at least as many as ``must`` has.
    requirements
        Of these only ``full_min`` (up to here a walk counts in full, nothing at the cutoff, linear between; ``None``:
        in full up to the cutoff) and ``group_weights`` are looked at.
    must, forbidden
        Positions of candidates that are built whatever they add, and never.
    clock
        Its limit holds.
    mip_gap
        Relative gap on newly served residents that is good enough.

    Returns
    -------
    SitingAnswer
        Its objective is what the plan adds to today. Beside those of ``must`` no room is chosen that would add nothing.

    Raises
    ------
    SitingError
        If rows were left out of the problem because they are served today.
    SolverError
        If HiGHS fails.
    """
    for name, asked in (("full_min", requirements.full_min is not None), ("group_weights", requirements.group_weights)):
        if asked and problem.left_out_served > 0:
            raise SitingError("rows_left_out", name=name)
    must = np.unique(must)
    weight = weights_of(problem, requirements)
    instance = gradual_instance(problem, weight, requirements.full_min, must=must, forbidden=forbidden)
    stand = _search(instance, rooms - len(must), clock=clock, mip_gap=mip_gap)
    chosen = _ordered(instance, stand, must)
    worth = np.zeros(len(problem.demand_ids))
    own = instance.worth[chosen]
    np.maximum.at(worth, own.indices, own.data)
    objective = fsum(worth.tolist())
    bound = objective + max(0.0, stand.bound - stand.value)
    return _answer(problem, "mclp", stand, chosen, objective, bound, clock=clock, mip_gap=mip_gap)


def _search(instance: Instance, rooms: int, *, clock: Clock, mip_gap: float) -> Stand:
    if rooms > 0 and instance.model.sites:
        return Search(instance, rooms, mip_gap=mip_gap, clock=clock).run()
    return Stand(np.zeros(0, np.int64), 0.0, 0.0, (instance.ground,), branched=False)


def _ordered(instance: Instance, stand: Stand, must: LongArray) -> LongArray:
    everything = np.concatenate([must, stand.chosen]).astype(np.int64)
    return np.array(build_order(instance.worth, everything, set(must.tolist())), np.int64)


def _minutes(problem: SitingProblem, chosen: LongArray) -> FloatArray:
    """Return the minutes (N,) that count for every row once the candidates are built."""
    minutes = counted_minutes(problem)
    own = problem.minutes[chosen]
    np.minimum.at(minutes, own.indices, own.data.astype(np.float64))
    return minutes


def _check_reached(
    problem: SitingProblem, missed: NDArray[np.bool_], instance: Instance, stand: Stand, rooms: int
) -> None:
    """Refuse a plan that leaves rows out of everybody's reach."""
    if not missed.any():
        return
    first = problem.demand_ids[int(np.flatnonzero(missed)[0])]
    least = int(missed.sum())
    if not instance.reaching or stand.bound < instance.reaching:
        raise InfeasibleError("median_unreached", rooms=rooms, count=least, first=first)
    raise SitingError("median_undecided", rooms=rooms, count=least, first=first)


def _answer(
    problem: SitingProblem,
    model: str,
    stand: Stand,
    chosen: LongArray,
    objective: float,
    bound: float,
    *,
    clock: Clock,
    mip_gap: float,
) -> SitingAnswer:
    gap = relative_gap(objective, bound)
    return SitingAnswer(
        model=model,
        status=status_of(gap, mip_gap) if len(chosen) or gap else "nothing_to_gain",
        chosen=tuple(problem.candidate_ids[candidate] for candidate in chosen.tolist()),
        objective=objective,
        bound=bound,
        mip_gap=gap,
        seconds=clock.elapsed_s,
        proof="branch_and_bound" if stand.branched else "certificate",
        certificates=stand.certificates,
    )

"""Check a plan against every requirement and count its objective again, with nothing of the solvers'."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import dist, fsum, inf, isclose
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.errors import SolverError
from walkshed.siting.requirements import NOTHING
from walkshed.siting.verify_assignment import assigned
from walkshed.siting.verify_walks import (
    SHARE_TOLERANCE,
    conditions,
    counts_of,
    reachable,
    share_of,
    two_nearest,
    worth_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]

METRES_TOLERANCE: Final = 1e-5
MONEY_TOLERANCE: Final = 1e-8
EXACT: Final = 1e-9
ASSIGNED: Final = 1e-5
"""Relative tolerance of an objective: counted, or from an assignment to capacities, which is a linear programme."""


class Recount(NamedTuple):
    """What a plan comes to.

    Attributes
    ----------
    objective
        By the model; ``nan`` where it cannot be told, as somebody who has to be assigned is not.
    broken
        Names of the requirements that it does not keep to.
    """

    objective: float
    broken: tuple[str, ...]


def verify_requirements(
    problem: SitingProblem,
    answer: SitingAnswer,
    *,
    requirements: Requirements = NOTHING,
    new_rooms: int | None = None,
    share: float | None = None,
    minimise_cost: bool = False,
) -> None:
    """Make sure that an answer keeps to all that was asked for and reaches what it says.

    Parameters
    ----------
    problem, answer
        The raw problem and the answer.
    requirements, new_rooms, share, minimise_cost
        As they were given to the solver; ``new_rooms=None``: any number.

    Raises
    ------
    SolverError
        If a requirement is broken, the objective is another one, or the bound contradicts it.
    """
    found = recount_plan(
        problem,
        answer.chosen,
        answer.closed,
        model=answer.model,
        requirements=requirements,
        new_rooms=new_rooms,
        share=share,
        minimise_cost=minimise_cost,
    )
    if found.broken:
        raise SolverError("requirement_broken", what=", ".join(found.broken), chosen=", ".join(answer.chosen))
    slack = ASSIGNED if requirements.capacity else EXACT
    same = isclose(found.objective, answer.objective, rel_tol=slack, abs_tol=slack)
    beyond = answer.objective - answer.bound if answer.maximises else answer.bound - answer.objective
    if not same or beyond > slack * max(1.0, abs(answer.objective)):
        raise SolverError("recount_differs", told=answer.objective, counted=found.objective, bound=answer.bound)


def recount_plan(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str] = (),
    *,
    model: str,
    requirements: Requirements = NOTHING,
    new_rooms: int | None = None,
    share: float | None = None,
    minimise_cost: bool = False,
) -> Recount:
    """Count what a plan comes to, from the problem itself.

    Parameters
    ----------
    problem
        The raw problem.
    chosen, closed
        Ids of candidates to build and of existing rooms to close.
    model, requirements, new_rooms, share, minimise_cost
        As in :func:`verify_requirements`.
    """
    broken = list(_broken_choice(problem, chosen, closed, requirements, new_rooms))
    if "ids" in broken:
        return Recount(float("nan"), tuple(broken))
    if requirements.capacity:
        objective, more = assigned(problem, chosen, closed, model, requirements, share)
    else:
        objective, more = _counted(problem, chosen, closed, model, requirements, share)
    if model == "lscp":
        price = dict(zip(problem.candidate_ids, problem.cost.tolist(), strict=True))
        objective = fsum(price[key] for key in chosen) if minimise_cost else float(len(chosen))
    return Recount(objective, (*broken, *more))


def _broken_choice(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    requirements: Requirements,
    new_rooms: int | None,
) -> Iterator[str]:
    """Name what the choice itself breaks."""
    site = {key: place for place, key in enumerate(problem.candidate_ids)}
    room = {key: place for place, key in enumerate(problem.existing_ids)}
    twice = max(Counter(chosen).values(), default=1) > 1 or max(Counter(closed).values(), default=1) > 1
    if twice or not set(chosen) <= set(site) or not set(closed) <= set(room):
        yield "ids"
        return
    if new_rooms is not None and len(chosen) > new_rooms:
        yield "new_rooms"
    cost = fsum(problem.cost[site[key]] for key in chosen)
    if requirements.budget is not None and cost > requirements.budget + MONEY_TOLERANCE * max(1.0, cost):
        yield "budget"
    if not set(requirements.must_build) <= set(chosen):
        yield "must_build"
    if set(requirements.forbidden) & set(chosen):
        yield "forbidden"
    if len(closed) > requirements.closings_max:
        yield "closings_max"
    if set(requirements.must_keep) & set(closed):
        yield "must_keep"
    if requirements.spacing_m > 0:
        new = [problem.place_m[site[key]] for key in chosen]
        old = [problem.existing_place_m[place] for key, place in room.items() if key not in closed]
        near = requirements.spacing_m - METRES_TOLERANCE
        pairs = [*combinations(new, 2), *((a, b) for a in new for b in old)]
        if any(dist(a, b) < near for a, b in pairs):
            yield "spacing_m"


def _counted(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    model: str,
    requirements: Requirements,
    share: float | None,
) -> tuple[float, list[str]]:
    """Return objective and broken shares where rooms take everybody in reach."""
    reached, far = reachable(problem, requirements)
    counts = counts_of(problem, requirements)
    one, two = two_nearest(problem, chosen, closed)
    served = (one <= problem.cutoff_min).astype(np.float64)
    broken = [
        name for name, adds, least in conditions(problem, requirements) if adds @ served < least - SHARE_TOLERANCE
    ]

    def total(first: FloatArray, second: FloatArray) -> FloatArray:
        backup = requirements.backup_share
        nearer = (1.0 - backup) * worth_of(problem, requirements, model, first, far)
        return counts * (nearer + backup * worth_of(problem, requirements, model, second, far))

    if model == "p_center":
        out = reached & ~np.isfinite(one)
        return float(one[reached].max(initial=0.0)), [*broken, *(["reach"] if out.any() else [])]
    worth = total(one, two)
    if model == "p_median":
        lost = problem.horizon_min == inf and bool((reached & ~np.isfinite(one)).any())
        ours = reached if problem.horizon_min == inf else np.ones(len(reached), bool)
        return fsum((counts * far - worth)[ours].tolist()), [*broken, *(["reach"] if lost else [])]
    if model == "lscp" and share_of(problem, counts, worth.sum()) < (share or 0.0) - SHARE_TOLERANCE:
        broken.append("share")
    return fsum((worth - total(*two_nearest(problem, (), ()))).tolist()), broken

"""Check an answer again, from the problem itself and with nothing of the solvers."""

from __future__ import annotations

from math import ceil, fsum, inf, isclose, isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.errors import SolverError
from walkshed.siting.answer import relative_gap
from walkshed.siting.requirements import NOTHING
from walkshed.siting.verify_bounds import covering_bound, median_bound
from walkshed.siting.verify_covers import center_bound, set_cover_bound
from walkshed.siting.verify_requirements import verify_requirements
from walkshed.siting.verify_sums import positions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

PRECISION: Final = 1e-9
"""Relative rounding of sums of floats in another order."""


class Verified(NamedTuple):
    """What was checked.

    Attributes
    ----------
    objective
        Counted again.
    certified
        Bound that the certificates prove; ``inf`` (``mclp``) or ``-inf`` (the others) where they prove nothing.
    stated
        Bound that the answer states. Where it is tighter than ``certified``, HiGHS's search stands for the difference.
    proven
        Whether the certificates alone prove the stated bound, to one in a thousand million.
    """

    objective: float
    certified: float
    stated: float
    proven: bool


def verify(
    problem: SitingProblem,
    answer: SitingAnswer,
    *,
    requirements: Requirements = NOTHING,
    new_rooms: int | None = None,
    share: float | None = None,
    bound: bool = True,
) -> Verified:
    """Make sure that an answer is what it says.

    Parameters
    ----------
    problem, answer
        The problem and what was answered.
    requirements
        What was asked for.
    new_rooms
        How many rooms were asked for: needed to check the number and to recompute the bound.
    share
        Of all residents, where it was asked for (``lscp``).
    bound
        Recompute the bound from the certificates, too.

    Returns
    -------
    Verified

    Raises
    ------
    SolverError
        If the answer contradicts itself, the problem or what was asked for, or a certificate is unusable.
    """
    _check_choice(problem, answer, requirements, new_rooms)
    objective = answer.objective
    if requirements.plain:
        objective = _recounted(problem, answer, requirements)
        exact = answer.model == "mclp"
        if not (objective == answer.objective if exact else isclose(objective, answer.objective, rel_tol=PRECISION)):
            raise _differs(answer, objective)
        if share is not None:
            got = problem.served_today + recount(problem, answer.chosen)
            if got < share * problem.residents * (1.0 - PRECISION):
                raise _differs(answer, got)
    else:
        by_cost = answer.model == "lscp" and answer.objective != len(answer.chosen)
        verify_requirements(
            problem, answer, requirements=requirements, new_rooms=new_rooms, share=share, minimise_cost=by_cost
        )
    certified = inf if answer.maximises else -inf
    if bound:
        certified = certified_bound(problem, answer, requirements=requirements, new_rooms=new_rooms, share=share)
    beyond = certified - answer.bound if answer.maximises else answer.bound - certified
    return Verified(objective, certified, answer.bound, beyond <= PRECISION * abs(answer.bound))


def verify_answer(problem: SitingProblem, answer: SitingAnswer) -> None:
    """Make sure of the choice and of the newly served residents of a covering answer.

    Raises
    ------
    SolverError
        If a candidate is chosen twice or unknown, if the chosen ones do not serve exactly ``answer.objective``
        residents, or if the bound is below the objective.
    """
    verify(problem, answer, bound=False)


def recount(problem: SitingProblem, chosen: Iterable[str]) -> float:
    """Return how many residents, unserved today, the chosen candidates serve together.

    Parameters
    ----------
    problem
        Who is reached by whom.
    chosen
        Candidate ids.

    Raises
    ------
    SolverError
        If an id is no candidate of the problem.
    """
    served = np.zeros(len(problem.demand_ids), bool)
    start, rows = problem.reach.indptr, problem.reach.indices
    for place in positions(problem, chosen):
        served[rows[start[place] : start[place + 1]]] = True
    return fsum(problem.population[served].tolist())


def walks(problem: SitingProblem, chosen: Iterable[str]) -> FloatArray:
    """Return the minutes (N,) to the nearest room, of today or chosen; ``inf`` beyond the horizon."""
    nearest = problem.minutes_today.copy()
    start = problem.minutes.indptr
    for place in positions(problem, chosen):
        rows = problem.minutes.indices[start[place] : start[place + 1]]
        nearest[rows] = np.minimum(nearest[rows], problem.minutes.data[start[place] : start[place + 1]])
    return nearest


def certified_bound(
    problem: SitingProblem,
    answer: SitingAnswer,
    *,
    requirements: Requirements = NOTHING,
    new_rooms: int | None = None,
    share: float | None = None,
) -> float:
    """Return the bound that an answer's certificates prove, computed from the problem with numpy alone.

    ``mclp``: :func:`walkshed.siting.verify_bounds.covering_bound`. ``p_median``:
    :func:`walkshed.siting.verify_bounds.median_bound`. ``p_center``:
    :func:`walkshed.siting.verify_covers.center_bound`. ``lscp``: where everybody is to be covered,
    :func:`walkshed.siting.verify_covers.set_cover_bound`; for a lower share the certificates are those of maximal
    covering with one room less than the bound: they prove it where so many rooms serve too few.

    Returns
    -------
    float
        ``inf`` (``mclp``) or ``-inf`` (the others) where nothing is proven: without certificates, without knowing
        ``new_rooms`` or ``share``, or under further requirements.
    """
    nothing = inf if answer.maximises else -inf
    if not answer.certificates or not requirements.plain:
        return nothing
    must = positions(problem, requirements.must_build)
    forbidden = positions(problem, requirements.forbidden)
    if answer.model == "mclp" and new_rooms is not None:
        return covering_bound(
            problem, answer.certificates, rooms=new_rooms, must=must, forbidden=forbidden, stated=answer.bound
        )
    if answer.model == "p_median" and new_rooms is not None:
        return median_bound(
            problem, answer.certificates, rooms=new_rooms, must=must, forbidden=forbidden, stated=answer.bound
        )
    if answer.model == "p_center" and new_rooms is not None:
        return center_bound(
            problem, answer.certificates[0], rooms=new_rooms, must=must, forbidden=forbidden, stated=answer.bound
        )
    if answer.model == "lscp" and share is not None:
        return _cover_bound(problem, answer, share, must, forbidden)
    return nothing


def _cover_bound(
    problem: SitingProblem, answer: SitingAnswer, share: float, must: LongArray, forbidden: LongArray
) -> float:
    """Return how many rooms (or how much money) the certificates prove to be needed for a share of all residents."""
    wanted = share * problem.residents - problem.served_today - PRECISION * problem.residents
    whole = bool((problem.population == np.floor(problem.population)).all())
    fewer, too_few = int(answer.bound) - 1, ceil(wanted) - 1.0 if whole else wanted * (1 - PRECISION)
    if len(answer.certificates) == 1 and share >= 1.0:
        cost = np.ones(len(problem.candidate_ids))
        cost = cost if answer.objective == len(answer.chosen) else problem.cost
        return set_cover_bound(problem, answer.certificates[0], cost=cost, must=must, forbidden=forbidden)
    most = covering_bound(problem, answer.certificates, rooms=fewer, must=must, forbidden=forbidden, stated=too_few)
    return answer.bound if most < wanted else -inf


def _check_choice(
    problem: SitingProblem, answer: SitingAnswer, requirements: Requirements, new_rooms: int | None
) -> None:
    """Refuse a choice or figures that contradict each other or what was asked for."""
    chosen = set(answer.chosen)
    positions(problem, answer.chosen)
    ahead = answer.objective <= answer.bound if answer.maximises else answer.bound <= answer.objective
    gap = relative_gap(answer.objective, answer.bound)
    fits = (
        len(chosen) == len(answer.chosen),
        ahead or not requirements.plain,
        answer.mip_gap == gap or isclose(answer.mip_gap, gap, rel_tol=PRECISION, abs_tol=PRECISION),
        chosen >= set(requirements.must_build),
        not chosen & set(requirements.forbidden),
        new_rooms is None or len(chosen) <= new_rooms,
    )
    if not all(fits):
        raise _differs(answer, answer.objective)


def _recounted(problem: SitingProblem, answer: SitingAnswer, requirements: Requirements) -> float:
    """Return the objective of a model without further requirements, counted from the problem."""
    if answer.model == "mclp":
        return recount(problem, answer.chosen)
    if answer.model == "lscp":
        rooms = float(len(answer.chosen))
        return rooms if answer.objective == rooms else fsum(problem.cost[positions(problem, answer.chosen)].tolist())
    minutes = walks(problem, answer.chosen)
    if isfinite(problem.horizon_min):
        minutes = np.minimum(minutes, problem.horizon_min) if answer.model == "p_median" else minutes
    if answer.model == "p_median":
        counted = np.isfinite(minutes)
        return fsum((problem.population[counted] * minutes[counted]).tolist())
    allowed = [key for key in problem.candidate_ids if key not in set(requirements.forbidden)]
    counted = (problem.population > 0) & np.isfinite(walks(problem, allowed))
    return float(minutes[counted].max(initial=0.0))


def _differs(answer: SitingAnswer, counted: float) -> SolverError:
    return SolverError(
        "answer_differs",
        objective=answer.objective,
        served=counted,
        bound=answer.bound,
        chosen=", ".join(answer.chosen),
    )

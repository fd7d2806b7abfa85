"""Fewest rooms (LSCP and partial cover) and the least worst walk (p-center), each with a proven bound."""

from __future__ import annotations

from math import floor, fsum, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.errors import InfeasibleError
from walkshed.siting.answer import SitingAnswer, relative_gap, status_of
from walkshed.siting.covering.reduce import reduce_problem
from walkshed.siting.order import build_order
from walkshed.siting.programme.solve import constrained
from walkshed.siting.requirements import Requirements
from walkshed.siting.setcover.center import CenterModel, CenterSearch, nearest_walk
from walkshed.siting.setcover.certificate import center_certificate, cover_certificate
from walkshed.siting.setcover.cover import Cover
from walkshed.siting.setcover.farthest import residents_beyond
from walkshed.siting.setcover.model import cover_model, gather
from walkshed.siting.setcover.ordering import center_order
from walkshed.siting.setcover.partial import PartialSearch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

SHARE_SLACK: Final = 1e-9
"""Part of all residents by which a share may be missed: sums of floats are no more exact than that."""
ROUNDS: Final = ((1000, 2000, 0.3), (4000, 20_000, 0.4))
"""Steps of the bound, turns of the search and share of the time, quick and thorough; the solver has the rest."""


def best_share(problem: SitingProblem, forbidden: LongArray | None = None) -> float:
    """Return the share of all residents, 0..1, served today or by at least one candidate that is not forbidden.

    Parameters
    ----------
    problem
        Who is reached by whom.
    forbidden
        Positions of candidates.
    """
    if not problem.residents:
        return 1.0
    return (problem.served_today + _residents(problem, _reachable(problem, forbidden))) / problem.residents


def unreachable_rows(problem: SitingProblem, forbidden: LongArray | None = None) -> LongArray:
    """Return the rows with residents whom neither a room of today nor an allowed candidate reaches within the horizon.

    p-center leaves them aside.

    Parameters
    ----------
    problem
        N rows.
    forbidden
        Positions of candidates.

    Returns
    -------
    (k,) int64
        Positions, ascending.
    """
    nearest = nearest_walk(problem, _allowed(problem, forbidden))
    return np.flatnonzero((problem.population > 0) & ~np.isfinite(nearest))


def lscp(
    problem: SitingProblem,
    *,
    share: float,
    must: LongArray,
    forbidden: LongArray,
    clock: Clock,
    mip_gap: float,
    minimise_cost: bool = False,
) -> SitingAnswer:
    """Choose the fewest candidates, or the cheapest, with which a share of all residents is served.

    Where every reachable row is needed this is set covering (Toregas, Swain, ReVelle and Bergman 1971): reduce, cover
    greedily, improve by local search, bound by the linear relaxation's dual, and let HiGHS finish. A lower share asks
    for number after number of rooms how many residents they can serve.

    Parameters
    ----------
    problem
        Who lives where, who is served today and who is reached by whom.
    share
        Of all residents, those served today included, 0..1.
    must, forbidden
        Positions of candidates that are built whatever they add, and never.
    clock
        Its limit holds.
    mip_gap
        Relative gap that is good enough.
    minimise_cost
        Minimise the cost of the rooms instead of their number.

    Returns
    -------
    SitingAnswer
        ``objective`` and ``bound`` count the rooms of ``must``, too.

    Raises
    ------
    InfeasibleError
        If the share is above what all candidates together could serve.
    """
    reachable = _reachable(problem, forbidden)
    wanted = share * problem.residents - problem.served_today - SHARE_SLACK * problem.residents
    if wanted > _residents(problem, reachable):
        raise _share_unreachable(problem, share, forbidden, reachable)
    left = np.setdiff1d(reachable, gather(problem.reach, must)[0])
    base = _residents(problem, reachable) - _residents(problem, left)
    cost = problem.cost if minimise_cost else np.ones(len(problem.candidate_ids))
    free = np.setdiff1d(_allowed(problem, forbidden), must)
    fixed = fsum(cost[must].tolist())
    certificates: tuple[FloatArray, ...] = ()
    certified = False
    if base >= wanted:
        chosen, bound = np.zeros(0, np.int64), 0.0
    elif base + _residents(problem, left) - float(problem.population[left].min()) < wanted:
        model = cover_model(problem.reach, free, left, cost)
        cover = _covered(Cover(model, clock), mip_gap=mip_gap)
        chosen, bound = cover.chosen, cover.bound
        if share >= 1.0:
            certificate = cover_certificate(model, cover, rows=len(problem.demand_ids))
            certificates, certified = (certificate.multiplier,), certificate.proves(bound)
    elif minimise_cost:
        # Fewest rooms are found by asking for one number after the other; there is nothing like it for money.
        asked = Requirements(
            must_build=tuple(problem.candidate_ids[place] for place in must),
            forbidden=tuple(problem.candidate_ids[place] for place in forbidden),
        )
        return constrained(
            problem, model="lscp", new_rooms=None, share=share, minimise_cost=True, requirements=asked, clock=clock,
            mip_gap=mip_gap,
        )  # fmt: skip
    else:
        reduced = reduce_problem(problem, must=must, forbidden=forbidden)
        search = PartialSearch(reduced, wanted, population=problem.population, clock=clock, mip_gap=mip_gap)
        stand = search.run()
        chosen, bound, certificates, certified = stand.chosen, float(stand.bound), stand.proofs, stand.certified
    steps = build_order(problem, [*must.tolist(), *chosen.tolist()])
    objective = fsum(cost[[step.candidate for step in steps]].tolist())
    bound = min(objective, fixed + bound)
    gap = relative_gap(objective, bound)
    return SitingAnswer(
        model="lscp",
        status="nothing_to_gain" if not steps else status_of(gap, mip_gap),
        chosen=tuple(problem.candidate_ids[step.candidate] for step in steps),
        objective=objective,
        bound=bound,
        mip_gap=gap,
        seconds=clock.elapsed_s,
        proof="certificate" if certified else "branch_and_bound",
        certificates=certificates,
    )


def p_center(
    problem: SitingProblem, rooms: int, *, must: LongArray, forbidden: LongArray, clock: Clock, mip_gap: float
) -> SitingAnswer:
    """Choose the candidates with which the worst walk is shortest.

    Parameters
    ----------
    problem
        Who lives where, how far it is today and how far every candidate is.
    rooms
        How many rooms may be built, at least as many as ``must`` has.
    must, forbidden
        Positions of candidates that are built whatever they add, and never.
    clock
        Its limit holds.
    mip_gap
        Relative gap, of the worst walk, that is good enough.

    Returns
    -------
    SitingAnswer
        ``objective`` is the worst walk of the rows that can be reached at all (see :func:`unreachable_rows`). A room
        that the worst walk does not need is not chosen.

    Raises
    ------
    InfeasibleError
        If no plan brings all of them within the horizon, or none was found in time.
    """
    model = CenterModel(problem, must, forbidden)
    stand = CenterSearch(model, rooms - len(must), clock=clock, mip_gap=mip_gap).run()
    if stand.chosen is None:
        raise _beyond_horizon(problem, rooms, must, forbidden, clock, proven=not isfinite(stand.bound))
    together = np.concatenate([must, stand.chosen]).astype(np.int64)
    order = center_order(problem, together, model.row, stand.radius)
    free, size = rooms - len(must), len(problem.demand_ids)
    certificate = center_certificate(model, stand.bound, free=free, rows=size, clock=clock)
    certified = stand.bound <= model.least or certificate.proves(free + 1.0)
    gap = relative_gap(stand.radius, stand.bound)
    return SitingAnswer(
        model="p_center",
        status="nothing_to_gain" if not len(order) and not gap else status_of(gap, mip_gap),
        chosen=tuple(problem.candidate_ids[place] for place in order),
        objective=stand.radius,
        bound=stand.bound,
        mip_gap=gap,
        seconds=clock.elapsed_s,
        proof="certificate" if certified else "branch_and_bound",
        certificates=(certificate.multiplier,),
    )


def _allowed(problem: SitingProblem, forbidden: LongArray | None) -> LongArray:
    free = np.ones(len(problem.candidate_ids), bool)
    if forbidden is not None:
        free[forbidden] = False
    return np.flatnonzero(free)


def _reachable(problem: SitingProblem, forbidden: LongArray | None) -> LongArray:
    """Return the rows with residents, not served today, whom at least one allowed candidate would serve."""
    rows = np.unique(gather(problem.reach, _allowed(problem, forbidden))[0]).astype(np.int64)
    return rows[problem.population[rows] > 0]


def _residents(problem: SitingProblem, rows: LongArray) -> float:
    return fsum(problem.population[rows].tolist())


def _covered(cover: Cover, *, mip_gap: float) -> Cover:
    """Solve a covering problem as far as the time goes."""
    for steps, patience, share in ROUNDS:
        cover.relax(steps=steps, mip_gap=mip_gap, share=share)
        cover.search(patience=patience, mip_gap=mip_gap, share=share)
    cover.prove(mip_gap=mip_gap)
    return cover


def _share_unreachable(
    problem: SitingProblem, share: float, forbidden: LongArray, reachable: LongArray
) -> InfeasibleError:
    """Return the error that names the best possible share and who is out of reach."""
    out = (problem.population > 0) & ~problem.served
    out[reachable] = False
    rows = np.flatnonzero(out)
    return InfeasibleError(
        "share_unreachable",
        share=share,
        # Rounded down, so that the number can be asked for.
        best=floor(1000.0 * best_share(problem, forbidden)) / 1000.0,
        residents=_residents(problem, rows),
        rows=len(rows),
        first=", ".join(problem.demand_ids[row] for row in rows[:3]),
    )


def _beyond_horizon(
    problem: SitingProblem, rooms: int, must: LongArray, forbidden: LongArray, clock: Clock, *, proven: bool
) -> InfeasibleError:
    """Return the error that names how many residents stay beyond the horizon."""
    beyond = residents_beyond(problem, rooms, must=must, forbidden=forbidden, clock=clock, proven=proven)
    return InfeasibleError(
        "center_beyond_horizon" if proven else "center_undecided",
        rooms=rooms,
        # Without a horizon, the farthest walk that is known.
        horizon_min=min(problem.horizon_min, float(problem.minutes.data.max(initial=0.0))),
        least=beyond.least,
        found=beyond.found,
        seconds=clock.elapsed_s,
    )

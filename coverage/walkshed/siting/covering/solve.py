"""Where the next rooms serve most people: maximal covering (MCLP), with a proven bound."""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.answer import SitingAnswer, relative_gap, status_of
from walkshed.siting.covering.reduce import SERVED, reduce_problem
from walkshed.siting.covering.search import Search, Stand
from walkshed.siting.order import build_order
from walkshed.siting.verify_bounds import PRECISION, covering_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem

    LongArray = NDArray[np.int64]


def mclp(
    problem: SitingProblem, rooms: int, *, must: LongArray, forbidden: LongArray, clock: Clock, mip_gap: float
) -> SitingAnswer:
    """Choose the candidates that together serve most residents who are not served today.

    Reduce, choose greedily, improve by swaps, bound by the linear relaxation's dual, leave out candidates that provably
    cannot be part of anything better, and let HiGHS finish. Every step ends as soon as the gap is closed.

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
        Relative gap that is good enough.

    Returns
    -------
    SitingAnswer
        Beside those of ``must`` no room is chosen that would serve nobody more.
    """
    model = reduce_problem(problem, must=must, forbidden=forbidden)
    free = rooms - len(must)
    if free > 0 and len(model.candidate):
        stand = Search(model, free, population=problem.population, mip_gap=mip_gap, clock=clock).run()
    else:
        # Nobody can be served beyond the base: 0 rooms, or nobody in reach of them.
        known = np.where(model.group == SERVED, 0.0, problem.population)
        stand = Stand(np.zeros(0, np.int64), model.base, model.base, (known,))
    required = set(must.tolist())
    steps = build_order(problem, [*required, *stand.chosen.tolist()])
    steps = [step for step in steps if step.newly_served > 0 or step.candidate in required]
    objective = fsum(problem.population[row] for step in steps for row in step.rows)
    bound = max(stand.bound, objective)
    gap = relative_gap(objective, bound)
    nothing = not len(model.candidate) and not steps
    answer = SitingAnswer(
        model="mclp",
        status="nothing_to_gain" if nothing else status_of(gap, mip_gap),
        chosen=tuple(problem.candidate_ids[step.candidate] for step in steps),
        objective=objective,
        bound=bound,
        mip_gap=gap,
        seconds=0.0,
        certificates=stand.proofs,
    )
    certified = covering_bound(problem, stand.proofs, rooms=rooms, must=must, forbidden=forbidden, stated=bound)
    proven = certified <= bound * (1.0 + PRECISION)
    return replace(answer, proof="certificate" if proven else "branch_and_bound", seconds=clock.elapsed_s)

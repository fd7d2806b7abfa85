"""Count an answer again, from the problem itself and with nothing of the solver's."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from walkshed.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.solve import SitingAnswer


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
    position = {key: place for place, key in enumerate(problem.candidate_ids)}
    start, rows = problem.reach.indptr.tolist(), problem.reach.indices
    served: set[int] = set()
    for key in chosen:
        if key not in position:
            raise SolverError("chosen_unknown", candidate=key)
        served.update(rows[start[position[key]] : start[position[key] + 1]].tolist())
    return fsum(problem.population[row] for row in served)


def verify_answer(problem: SitingProblem, answer: SitingAnswer) -> None:
    """Make sure that an answer is what it says.

    Raises
    ------
    SolverError
        If a candidate is chosen twice or unknown, if the chosen ones do not serve exactly ``answer.objective``
        residents, or if the bound is below the objective.
    """
    served = recount(problem, answer.chosen)
    single = len(set(answer.chosen)) == len(answer.chosen)
    if not (single and served == answer.objective and served <= answer.bound):
        raise SolverError(
            "answer_differs",
            objective=answer.objective,
            served=served,
            bound=answer.bound,
            chosen=", ".join(answer.chosen),
        )

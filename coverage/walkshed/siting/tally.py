"""Residents counted plan by plan, for tables that set many plans side by side."""

from __future__ import annotations

from math import fsum, nan
from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    LongArray = NDArray[np.int64]


def counts_residents(requirements: Requirements) -> bool:
    """Say whether the aim is in residents: no weights, no second room, no walk that counts in part."""
    return not requirements.group_weights and not requirements.backup_share and requirements.full_min is None


def newly_served(problem: SitingProblem, candidates: LongArray) -> float:
    """Return the residents, unserved today, whom candidates (positions) serve together."""
    served = np.zeros(len(problem.population), bool)
    served[gather(problem.reach, candidates)[0]] = True
    return fsum(problem.population[served].tolist())


def served_after(problem: SitingProblem, chosen: Iterable[str], closed: Iterable[str] = ()) -> float:
    """Return the residents served once candidates are built and existing rooms closed, by their ids."""
    within = problem.within_today.copy()
    existing = {key: place for place, key in enumerate(problem.existing_ids)}
    gone = np.array([existing[key] for key in closed], np.int64)
    for matrix, rooms, sign in (
        (problem.existing_minutes, gone, -1),
        (problem.minutes, problem.positions_of(chosen), 1),
    ):
        near = matrix[rooms]
        within += sign * np.bincount(near.indices[near.data <= problem.cutoff_min], minlength=len(within))
    return fsum([problem.left_out_served, *problem.population[within > 0].tolist()])


def residents_of(problem: SitingProblem, newly: float, bound: float) -> dict[str, float]:
    """Return ``newly_served``, ``served``, ``rate``, ``bound``, ``bound_rate``; but for the first, today's included."""
    today, everybody = problem.served_today, problem.residents
    return {
        "newly_served": newly,
        "served": today + newly,
        "rate": (today + newly) / everybody if everybody > 0 else nan,
        "bound": today + bound,
        "bound_rate": (today + bound) / everybody if everybody > 0 else nan,
    }

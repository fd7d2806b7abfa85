"""In which order to build: every time the room that then serves most people who are still unserved."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem


@dataclass(frozen=True, kw_only=True, eq=False)
class BuildStep:
    """One room of a plan.

    Attributes
    ----------
    candidate
        Position in the problem.
    rows : (k,) int32
        Demand rows that it is the first to serve.
    newly_served
        Their residents.
    """

    candidate: int
    rows: NDArray[np.int32]
    newly_served: float


def build_order(problem: SitingProblem, candidates: Iterable[int], *, standing: Iterable[int] = ()) -> list[BuildStep]:
    """Order candidates (positions in the problem) by what each adds to those before it, the first of equals first.

    Rooms that add nothing come last. Whom the ``standing`` candidates serve nobody adds.
    """
    waiting = {int(candidate): problem.rows_of(int(candidate)) for candidate in sorted(candidates)}
    unserved = np.ones(len(problem.demand_ids), bool)
    for candidate in standing:
        unserved[problem.rows_of(candidate)] = False
    steps: list[BuildStep] = []
    while waiting:
        waiting = {candidate: rows[unserved[rows]] for candidate, rows in waiting.items()}
        gains = {candidate: fsum(problem.population[rows].tolist()) for candidate, rows in waiting.items()}
        best = max(gains, key=lambda candidate: (gains[candidate], -candidate))
        rows = waiting.pop(best)
        unserved[rows] = False
        steps.append(BuildStep(candidate=best, rows=rows, newly_served=gains[best]))
    return steps

"""Shares that a plan has to meet, and what residents count."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.errors import SitingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]

SHARE_SLACK: Final = 1e-9
"""A share that falls short by this much counts as met: sums of floats are no more exact than that."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition:
    """A share that has to be met: ``constant + coefficient @ served >= least``.

    Attributes
    ----------
    kind
        ``"floor"``, ``"parity"`` or ``"share"`` (of a set cover).
    area, group
        Whose share: ``""`` for all.
    least
        What is asked for; 0 for a parity, which compares the group's share with that of all.
    coefficient : (N,) float64
        What a row adds once it is served.
    constant
        What those add who are in no row.
    persons
        Residents that the share is of.
    """

    kind: str
    area: str = ""
    group: str = ""
    least: float
    coefficient: FloatArray
    constant: float = 0.0
    persons: float

    def reached(self, served: FloatArray) -> float:
        """Return the share, from how far every row (N,) is served."""
        return self.constant + float(self.coefficient @ served)

    def is_met(self, served: FloatArray) -> bool:
        """Say whether the share is met."""
        return self.reached(served) >= self.least - SHARE_SLACK


def weights_of(problem: SitingProblem, requirements: Requirements) -> FloatArray:
    """Return what the residents of every row (N,) count together.

    Residents of a weighted group count its weight, others 1; who is in several groups counts with the sum of what each
    group adds or takes, the row as a whole never less than nothing.
    """
    weight = problem.population.astype(np.float64).copy()
    for name, factor in requirements.group_weights.items():
        weight += (factor - 1.0) * _group(problem, name)
    return np.maximum(weight, 0.0)


def conditions_of(problem: SitingProblem, requirements: Requirements) -> tuple[Condition, ...]:
    """Return every floor and parity as a condition; shares of nobody are left out.

    Raises
    ------
    SitingError
        If an area or a group is unknown.
    """
    return (*_floors(problem, requirements), *_parities(problem, requirements))


def _floors(problem: SitingProblem, requirements: Requirements) -> Iterator[Condition]:
    rows = len(problem.demand_ids)
    for floor in requirements.floors:
        people = _group(problem, floor.group) if floor.group else problem.population
        for area in problem.areas if floor.area == "*" else (floor.area,):
            inside = np.zeros(rows, bool)
            if area and area not in problem.areas:
                raise SitingError("area_unknown", area=area, known=", ".join(list(problem.areas)[:5]))
            inside[problem.areas[area] if area else slice(None)] = True
            outside = problem.left_out_served if not area and not floor.group else 0.0
            persons = fsum([outside, *people[inside].tolist()])
            if persons > 0:
                yield Condition(
                    kind="floor",
                    area=area,
                    group=floor.group,
                    least=floor.share,
                    coefficient=np.where(inside, people, 0.0) / persons,
                    constant=outside / persons,
                    persons=persons,
                )


def _parities(problem: SitingProblem, requirements: Requirements) -> Iterator[Condition]:
    everyone = fsum(problem.population.tolist())
    for name in requirements.parities:
        people = _group(problem, name)
        persons = fsum(people.tolist())
        if persons > 0 and everyone > 0:
            yield Condition(
                kind="parity",
                group=name,
                least=0.0,
                coefficient=people / persons - problem.population / everyone,
                persons=persons,
            )


def _group(problem: SitingProblem, name: str) -> FloatArray:
    if name not in problem.groups:
        raise SitingError("group_unknown", group=name, known=", ".join(list(problem.groups)[:5]))
    return problem.groups[name]

"""Small p-medians and gradual coverings, counted by plain loops."""

from __future__ import annotations

from itertools import combinations
from math import fsum, inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.sparse import csr_array

from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from walkshed.siting.median.benefit import BenefitModel

    FloatArray = NDArray[np.float64]


class Case(NamedTuple):
    """A problem with its walks as a table (``inf``: no pair), and what is asked."""

    problem: SitingProblem
    walks: FloatArray
    rooms: int
    must: NDArray[np.int64]
    forbidden: NDArray[np.int64]

    def choices(self) -> list[tuple[int, ...]]:
        """Return every choice that is allowed and full."""
        free = sorted(set(range(len(self.walks))) - set(self.must.tolist()) - set(self.forbidden.tolist()))
        more = min(self.rooms - len(self.must), len(free))
        return [(*self.must.tolist(), *extra) for extra in combinations(free, more)]


def person_minutes(case: Case, chosen: Collection[int]) -> float:
    """Return the person-minutes of a choice; ``inf`` where somebody who can be reached is not."""
    problem, found = case.problem, []
    for row, people in enumerate(problem.population.tolist()):
        walks = [problem.minutes_today[row], *case.walks[:, row]]
        if people == 0 or (problem.horizon_min == inf and min(walks) == inf):
            continue
        best = min([problem.minutes_today[row], *(case.walks[site, row] for site in chosen)])
        found.append(people * min(best, problem.horizon_min))
    return fsum(found)


def worth(case: Case, chosen: Collection[int], full_min: float | None, weight: FloatArray) -> float:
    """Return what a choice adds to gradual coverage."""
    cutoff = case.problem.cutoff_min

    def share(minutes: float) -> float:
        if full_min is None or full_min >= cutoff:
            return float(minutes <= cutoff)
        return min(1.0, max(0.0, (cutoff - minutes) / (cutoff - full_min)))

    found = []
    for row, people in enumerate(weight.tolist()):
        today = share(case.problem.minutes_today[row])
        found.append(people * (max([today, *(share(case.walks[site, row]) for site in chosen)]) - today))
    return fsum(found)


@st.composite
def cases(draw: st.DrawFn, *, horizons: Sequence[float] = (inf, 12.0, 20.0), holes: bool = True) -> Case:
    """Draw a problem small enough to try every choice."""
    sites, rows = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    horizon = draw(st.sampled_from(horizons))
    top = 25.0 if horizon == inf else horizon
    whole = draw(st.booleans())
    walks = (
        random.integers(0, int(top) + 1, (sites, rows)).astype(float)
        if whole
        else random.uniform(0, top, (sites, rows))
    )
    if holes:
        walks[random.random((sites, rows)) < draw(st.sampled_from((0.0, 0.3, 0.7)))] = inf
    people = random.integers(0, 6, rows).astype(float) if whole else random.choice([0.0, 0.5, 1.7, 40.25], rows)
    today = np.full(rows, inf)
    served = random.random(rows) < draw(st.sampled_from((0.0, 0.4, 1.0)))
    today[served] = random.integers(0, int(top) + 6, int(served.sum()))
    known = np.isfinite(walks)
    problem = SitingProblem(
        candidate_ids=tuple(f"c{site}" for site in range(sites)),
        demand_ids=tuple(f"d{row}" for row in range(rows)),
        population=people,
        minutes=csr_array((walks[known], np.nonzero(known)), shape=walks.shape),
        cutoff_min=10.0,
        horizon_min=horizon,
        minutes_today=today,
    )
    order = random.permutation(sites)
    must = draw(st.integers(0, min(2, sites)))
    forbidden = draw(st.integers(0, min(2, sites - must)))
    rooms = must + draw(st.integers(0 if must else 1, 3))
    return Case(problem, walks, rooms, np.sort(order[:must]), order[must : must + forbidden])


@pytest.fixture(scope="session")
def median_cases() -> Callable[..., st.SearchStrategy[Case]]:
    """Return :func:`cases`."""
    return cases


@pytest.fixture(scope="session")
def count_minutes() -> Callable[[Case, Collection[int]], float]:
    """Return :func:`person_minutes`."""
    return person_minutes


@pytest.fixture(scope="session")
def count_worth() -> Callable[[Case, Collection[int], float | None, FloatArray], float]:
    """Return :func:`worth`."""
    return worth


@pytest.fixture(scope="session")
def best_choice() -> Callable[[BenefitModel, int], float]:
    """Return a function that finds the best value of a benefit model by trying every choice."""

    def find(model: BenefitModel, rooms: int) -> float:
        table = model.benefit.toarray()
        count = min(rooms, len(table))
        return max(
            (table[list(chosen)].max(axis=0, initial=0.0).sum() for chosen in combinations(range(len(table)), count)),
            default=0.0,
        )

    return find

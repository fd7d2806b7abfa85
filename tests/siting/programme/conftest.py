"""Random little towns with everything that a requirement can be about, and the best plan by trying all of them."""

from __future__ import annotations

from itertools import chain, combinations
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from walkshed.errors import InfeasibleError
from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.problem import SitingProblem
from walkshed.siting.programme.solve import constrained
from walkshed.siting.verify_requirements import recount_plan, verify_requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.requirements import Requirements


def little_town(
    seed: int, *, sites: int = 5, rows: int = 9, rooms: int = 2, horizon_min: float = 30.0
) -> SitingProblem:
    """Return a town of a few rows; walks are whole minutes, so that there are ties."""
    random = np.random.default_rng(seed)

    def walks(count: int) -> csr_array:
        minutes = random.integers(0, 41, (count, rows)).astype(float)
        known = minutes <= horizon_min if np.isfinite(horizon_min) else random.random((count, rows)) < 0.9
        row, column = np.nonzero(known)
        return csr_array((minutes[row, column], (row, column)), shape=(count, rows))

    population = random.integers(0, 40, rows).astype(float)
    seniors = np.floor(population * random.random(rows) * 0.5)
    split = rows // 2
    return SitingProblem(
        candidate_ids=tuple(f"c{place}" for place in range(sites)),
        demand_ids=tuple(f"d{place}" for place in range(rows)),
        population=population,
        minutes=walks(sites),
        cutoff_min=15.0,
        horizon_min=horizon_min,
        groups={"seniors": seniors, "children": np.floor(population * 0.2)},
        areas={"north": np.arange(split), "south": np.arange(split, rows), "centre": np.arange(2, rows - 2)},
        cost=random.integers(1, 9, sites).astype(float),
        capacity=random.integers(10, 80, sites).astype(float),
        place_m=random.uniform(0.0, 1000.0, (sites, 2)),
        existing_ids=tuple(f"e{place}" for place in range(rooms)),
        existing_minutes=walks(rooms),
        existing_capacity=random.integers(10, 60, rooms).astype(float),
        existing_place_m=random.uniform(0.0, 1000.0, (rooms, 2)),
    )


def ask(
    problem: SitingProblem,
    model: str,
    requirements: Requirements,
    *,
    new_rooms: int | None = 2,
    share: float = 0.6,
    minimise_cost: bool = False,
    limit_s: float = 60.0,
    mip_gap: float = 0.0,
) -> SitingAnswer:
    """Solve with every argument at hand."""
    return constrained(
        problem,
        model=model,
        new_rooms=new_rooms,
        share=share,
        minimise_cost=minimise_cost,
        requirements=requirements,
        clock=Clock(limit_s=limit_s, progress=silent),
        mip_gap=mip_gap,
    )


def every_choice(ids: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """Yield every choice of at most so many ids."""
    return chain.from_iterable(combinations(ids, size) for size in range(min(most, len(ids)) + 1))


def best_by_trying(problem: SitingProblem, model: str, requirements: Requirements, **asked: Any) -> float | None:
    """Return the best objective of all plans that keep to everything, None where there is none."""
    sign = -1.0 if model == "mclp" else 1.0
    best = inf
    rooms = asked.get("new_rooms")
    for closed in every_choice(problem.existing_ids, requirements.closings_max):
        for chosen in every_choice(problem.candidate_ids, len(problem.candidate_ids) if rooms is None else rooms):
            found = recount_plan(problem, chosen, closed, model=model, requirements=requirements, **asked)
            if not found.broken:
                best = min(best, sign * found.objective)
    return None if best == inf else sign * best


def compare_with_trying(problem: SitingProblem, model: str, requirements: Requirements, **asked: Any) -> None:
    """Make sure that the programme's answer is the best of all plans, or that there is none and it says so."""
    asked = {"new_rooms": 2, "share": 0.6, "minimise_cost": False} | asked
    best = best_by_trying(problem, model, requirements, **asked)
    if best is None:
        with pytest.raises(InfeasibleError) as caught:
            ask(problem, model, requirements, **asked)
        assert caught.value.text("zh") != caught.value.text("en")
        return
    answer = ask(problem, model, requirements, **asked)
    verify_requirements(problem, answer, requirements=requirements, **asked)
    assert answer.status in {"optimal", "nothing_to_gain"}
    assert answer.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert answer.bound == pytest.approx(best, rel=2e-6, abs=1e-5)


@pytest.fixture(scope="session")
def make_little_town() -> Callable[..., SitingProblem]:
    """Return :func:`little_town`."""
    return little_town


@pytest.fixture(scope="session")
def solve() -> Callable[..., SitingAnswer]:
    """Return :func:`ask`."""
    return ask


@pytest.fixture(scope="session")
def compare() -> Callable[..., None]:
    """Return :func:`compare_with_trying`."""
    return compare_with_trying

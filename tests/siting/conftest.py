"""Siting problems: small ones to enumerate, larger ones that look like a town, published ones."""

from __future__ import annotations

from itertools import combinations
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from walkshed.network.snap import snap
from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork


def problem_from(
    served: Sequence[Sequence[int]], population: Sequence[float], served_today: float = 0.0
) -> SitingProblem:
    """Return a problem: ``served[j]`` lists the demand rows that candidate ``c<j>`` serves."""
    lengths = [len(set(rows)) for rows in served]
    reach = csr_array(
        (np.ones(sum(lengths)), [row for rows in served for row in sorted(set(rows))], np.cumsum([0, *lengths])),
        shape=(len(served), len(population)),
    )
    return SitingProblem(
        candidate_ids=tuple(f"c{place}" for place in range(len(served))),
        demand_ids=tuple(f"d{place}" for place in range(len(population))),
        population=np.array(population, float),
        minutes=reach,
        cutoff_min=15.0,
        left_out_served=served_today,
    )


@pytest.fixture(scope="session")
def make_problem() -> Callable[..., SitingProblem]:
    """Return :func:`problem_from`."""
    return problem_from


def best_by_trying(problem: SitingProblem, rooms: int, *, including: int | None = None) -> float:
    """Return the most residents that ``rooms`` candidates can serve, by trying every choice."""
    served = [set(problem.rows_of(place).tolist()) for place in range(len(problem.candidate_ids))]
    best = 0.0
    for chosen in combinations(range(len(served)), min(rooms, len(served))):
        if including is None or including in chosen:
            rows = set().union(*(served[place] for place in chosen))
            best = max(best, fsum(problem.population[row] for row in rows))
    return best


@pytest.fixture(scope="session")
def brute_force() -> Callable[..., float]:
    """Return :func:`best_by_trying`."""
    return best_by_trying


def town_problem(rows: int, sites: int, *, seed: int, radius: float = 400.0, decimals: int = 0) -> SitingProblem:
    """Return residents in clusters and candidates between them, as in a town of about 130 rows per km²."""
    random = np.random.default_rng(seed)
    side = 1000.0 * np.sqrt(rows / 130.0)
    middles = random.uniform(0.0, side, (max(3, rows // 400), 2))
    homes = middles[random.integers(len(middles), size=rows)] + random.normal(0.0, side / 9, (rows, 2))
    spread = random.uniform(0.0, side, (rows // 5, 2))
    homes[: len(spread)] = spread
    places = homes[random.integers(rows, size=sites)] + random.normal(0.0, 250.0, (sites, 2))
    population = np.maximum(1.0, np.round(random.lognormal(3.5, 0.9, rows), decimals))
    near = cKDTree(places).sparse_distance_matrix(cKDTree(homes), radius, output_type="coo_matrix")
    return SitingProblem(
        candidate_ids=tuple(f"c{place}" for place in range(sites)),
        demand_ids=tuple(f"d{place}" for place in range(rows)),
        population=population,
        minutes=csr_array(near),
        cutoff_min=radius,
    )


@pytest.fixture(scope="session")
def make_town() -> Callable[..., SitingProblem]:
    """Return :func:`town_problem`."""
    return town_problem


@pytest.fixture(scope="session")
def san_jose(shared_data: Path) -> Callable[[str], SitingProblem]:
    """Return a function that reads an SJC instance: every point is demand and candidate, 800 m as the crow flies."""

    def read(name: str) -> SitingProblem:
        lines = (shared_data / "siting" / "mclp" / f"{name}.txt").read_text(encoding="ascii").splitlines()[1:]
        x, y, demand = np.array([line.split()[:3] for line in lines if line.strip()], float).T
        near = np.hypot(x[:, None] - x, y[:, None] - y) <= 800.0
        ids = tuple(str(place) for place in range(len(x)))
        return SitingProblem(
            candidate_ids=ids, demand_ids=ids, population=demand, minutes=csr_array(near), cutoff_min=15.0
        )

    return read


@pytest.fixture
def clock() -> Clock:
    """Return a clock that never runs out."""
    return Clock(limit_s=3600.0, progress=silent)


@pytest.fixture(scope="session")
def tied(make_points: Callable[..., gpd.GeoDataFrame]) -> Callable[..., gpd.GeoDataFrame]:
    """Return a function that makes a table of points (metres from the corner) and ties it to a network."""

    def tie(
        network: WalkNetwork, places: Sequence[tuple[float, float]], role: str = "demand", **columns: object
    ) -> gpd.GeoDataFrame:
        id_column, prefix = {
            "demand": ("demand_id", "d"), "facilities": ("facility_id", "f"), "candidates": ("candidate_id", "c"),
        }[role]  # fmt: skip
        table = make_points(places, id_column=id_column, prefix=prefix, **columns)
        return snap(table, network, max_m=100.0)

    return tie

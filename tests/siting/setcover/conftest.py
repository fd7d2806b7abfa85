"""Set covering problems: small ones to enumerate, published ones."""

from __future__ import annotations

import csv
from itertools import combinations
from math import fsum, inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


class Case(NamedTuple):
    """A problem with candidates that must and that must not be built."""

    problem: SitingProblem
    must: LongArray
    forbidden: LongArray

    def choices(self, rooms: int | None = None) -> Iterator[tuple[int, ...]]:
        """Yield every choice that holds ``must`` and nothing of ``forbidden``."""
        required = tuple(self.must.tolist())
        free = sorted(set(range(len(self.problem.candidate_ids))) - set(required) - set(self.forbidden.tolist()))
        most = len(free) if rooms is None else rooms - len(required)
        for count in range(min(most, len(free)) + 1):
            for chosen in combinations(free, count):
                yield required + chosen

    def newly_served(self, chosen: tuple[int, ...]) -> float:
        """Return the residents, unserved today, whom a choice serves."""
        rows = set().union(*(self.problem.rows_of(place).tolist() for place in chosen), set())
        return fsum(self.problem.population[row] for row in rows)

    def worst_walk(self, chosen: tuple[int, ...]) -> float:
        """Return the worst walk of the rows that can be reached at all."""
        allowed = sorted(set(range(len(self.problem.candidate_ids))) - set(self.forbidden.tolist()))
        best, own = self._walks(allowed), self._walks(list(chosen))
        counted = (self.problem.population > 0) & np.isfinite(best)
        return float(own[counted].max(initial=0.0))

    def _walks(self, places: list[int]) -> FloatArray:
        walks = self.problem.minutes_today.copy()
        for place in places:
            start, stop = self.problem.minutes.indptr[place : place + 2]
            for row, minutes in zip(
                self.problem.minutes.indices[start:stop], self.problem.minutes.data[start:stop], strict=True
            ):
                walks[row] = min(walks[row], float(minutes))
        return walks


def table_problem(walks: FloatArray, population: FloatArray, *, cutoff_min: float, **more: object) -> SitingProblem:
    """Return a problem of a table of walks (candidates x rows); ``inf`` is out of reach."""
    known = np.isfinite(walks)
    minutes = csr_array(
        (walks[known], np.nonzero(known)[1], np.concatenate([[0], known.sum(axis=1).cumsum()])), shape=walks.shape
    )
    return SitingProblem(
        candidate_ids=tuple(f"c{place}" for place in range(walks.shape[0])),
        demand_ids=tuple(f"d{place}" for place in range(walks.shape[1])),
        population=population,
        minutes=minutes,
        cutoff_min=cutoff_min,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def from_table() -> Callable[..., SitingProblem]:
    """Return :func:`table_problem`."""
    return table_problem


def random_case(seed: int) -> Case:
    """Return a small problem with everything in it: rooms of today, unreachable rows, ties, empty rows, prices."""
    random = np.random.default_rng(seed)
    sites, rows = int(random.integers(1, 8)), int(random.integers(1, 12))
    walks = np.round(random.uniform(0.0, 30.0, (sites, rows)), int(random.integers(0, 2)))
    walks[random.random((sites, rows)) < random.uniform(0.0, 0.7)] = inf
    population = np.round(random.lognormal(3.0, 1.0, rows), int(random.integers(0, 3)))
    population[random.random(rows) < 0.1] = 0.0
    today = np.round(random.uniform(5.0, 40.0, rows), 1)
    today[random.random(rows) < random.uniform(0.3, 1.0)] = inf
    problem = table_problem(
        walks, population, cutoff_min=15.0, horizon_min=40.0, minutes_today=today,
        left_out_served=float(random.integers(0, 2) * 50), cost=random.choice([0.0, 1.0, 2.5, 3.0, 7.0], sites),
    )  # fmt: skip
    order = random.permutation(sites)
    fixed = int(random.integers(0, 2)) if sites > 1 else 0
    barred = int(random.integers(0, 2)) if sites > 1 else 0
    return Case(problem, np.sort(order[:fixed]), np.sort(order[fixed : fixed + barred]))


@pytest.fixture(scope="session")
def make_case() -> Callable[[int], Case]:
    """Return :func:`random_case`."""
    return random_case


@pytest.fixture(scope="session")
def nobody() -> LongArray:
    """Return no candidates."""
    return np.zeros(0, np.int64)


@pytest.fixture(scope="session")
def clock_of() -> Callable[[float], Clock]:
    """Return a function that makes a clock with a limit in seconds."""
    return lambda limit_s: Clock(limit_s=limit_s, progress=silent)


@pytest.fixture(scope="session")
def pmed(shared_data: Path) -> Callable[[int], tuple[FloatArray, int]]:
    """Return a function that reads an instance of the OR-Library: shortest paths and the number of rooms."""

    def read(number: int) -> tuple[FloatArray, int]:
        words = (shared_data / "siting" / "pmed" / f"pmed{number}.txt").read_text(encoding="ascii").split()
        nodes, edges, rooms = (int(word) for word in words[:3])
        length = np.full((nodes, nodes), inf)
        for start, end, value in np.array(words[3 : 3 + 3 * edges], int).reshape(-1, 3):
            length[start - 1, end - 1] = length[end - 1, start - 1] = value  # of duplicates the last counts
        np.fill_diagonal(length, 0.0)
        return shortest_path(length, method="D"), rooms

    return read


class Stores(NamedTuple):
    """The San Francisco instance of spopt: distances in metres and residents."""

    walks: FloatArray
    population: FloatArray


@pytest.fixture(scope="session")
def san_francisco(shared_data: Path) -> Stores:
    """Return 16 stores and 205 census tracts."""
    name = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    with (shared_data / "siting" / "spopt-san-francisco" / name).open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    stores = sorted({line["name"] for line in lines})
    tracts = sorted({line["DestinationName"] for line in lines})
    walks, population = np.full((len(stores), len(tracts)), inf), np.zeros(len(tracts))
    for line in lines:
        tract = tracts.index(line["DestinationName"])
        walks[stores.index(line["name"]), tract] = float(line["distance"])
        population[tract] = float(line["demand"])
    return Stores(walks, population)


@pytest.fixture(scope="session")
def endless() -> Clock:
    """Return a clock that does not run out while tests run."""
    return Clock(limit_s=1e6, progress=silent)

"""Siting problems of any size that look like a town: clustered residents, crooked blocks, walks along the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from tests.benchmarks.engine import CUTOFF_MIN, SPEED_KMH, table_on_edges
from tests.benchmarks.streets import street_network

from walkshed.reach.times import time_matrix
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from pathlib import Path

NODES_PER_KM2 = 170
AREAS = 4
"""A furnished town is cut into so many rows and columns of areas."""
CLUSTER_KM2 = 25.0
"""One centre of population in so much land."""


class Size(NamedTuple):
    """A size of the benchmark: demand rows, candidates and the land they lie in."""

    rows: int
    sites: int
    area_km2: float

    def __str__(self) -> str:
        """Return the size as tables call it."""
        return f"{self.rows:,} x {self.sites:,}"


SMALL, MIDDLE, LARGE = Size(10_000, 1_000, 150.0), Size(50_000, 5_000, 400.0), Size(200_000, 20_000, 1_500.0)


def street_problem(
    size: Size, *, existing: int = 0, seed: int = 1, horizon_min: float = CUTOFF_MIN, furnished: bool = False
) -> SitingProblem:
    """Draw a siting problem, the same every time.

    Parameters
    ----------
    size
        How large.
    existing
        Rooms that stand already, mostly where most people live.
    seed
        Another seed draws another town.
    horizon_min
        How far walks are searched.
    furnished
        With seniors, areas, prices, capacities and places, as further requirements need them.

    Returns
    -------
    SitingProblem
        Walks of up to 15 minutes at 4.5 km/h count as served; whole residents; minutes in float32.
    """
    random = np.random.default_rng(seed)
    network = street_network(int(size.area_km2 * NODES_PER_KM2), speed_kmh=SPEED_KMH, seed=seed)
    x = (network.x[network.u] + network.x[network.v]) / 2
    y = (network.y[network.u] + network.y[network.v]) / 2
    people = _density(random, x, y, size.area_km2)

    def places(count: int, weight: np.ndarray, column: str, leg_m: float) -> object:
        edge = random.choice(len(x), count, p=weight / weight.sum())
        table = table_on_edges(network, edge, random.random(count), column)
        return table.assign(access_m=random.uniform(0.0, leg_m, count))

    homes = places(size.rows, people, "demand_id", 120.0)
    sites = places(size.sites, np.sqrt(people), "candidate_id", 40.0)
    rooms = places(existing, people, "facility_id", 40.0)
    crowd = np.minimum(people[homes["edge"].to_numpy()], 3.0)
    population = np.maximum(1.0, np.round(random.lognormal(4.2, 0.9, size.rows) * (0.6 + crowd / 2)))

    def minutes(table: object) -> csr_array:
        matrix = time_matrix(network, table, homes, cutoff_min=horizon_min)
        return csr_array((matrix.data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)

    more: dict[str, object] = {}
    if existing:
        more |= {"existing_ids": tuple(f"f{i}" for i in range(existing)), "existing_minutes": minutes(rooms)}
    if furnished:
        where = [np.column_stack([x, y])[table["edge"].to_numpy()] for table in (homes, sites, rooms)]
        more |= _furniture(random, population, *where)
    return SitingProblem(
        candidate_ids=tuple(f"c{i}" for i in range(size.sites)),
        demand_ids=tuple(f"d{i}" for i in range(size.rows)),
        population=population,
        minutes=minutes(sites),
        cutoff_min=CUTOFF_MIN,
        horizon_min=horizon_min,
        **more,
    )


def save_problem(problem: SitingProblem, path: Path) -> None:
    """Write a problem without groups, areas, prices and places, for another process."""
    np.savez(
        path, population=problem.population, today=problem.minutes_today, within=problem.within_today,
        data=problem.minutes.data, indices=problem.minutes.indices, indptr=problem.minutes.indptr,
        limits=np.array([problem.cutoff_min, problem.horizon_min]),
    )  # fmt: skip


def load_problem(path: Path) -> SitingProblem:
    """Read what :func:`save_problem` wrote."""
    with np.load(path) as held:
        sites, rows = len(held["indptr"]) - 1, len(held["population"])
        return SitingProblem(
            candidate_ids=tuple(f"c{i}" for i in range(sites)),
            demand_ids=tuple(f"d{i}" for i in range(rows)),
            population=held["population"],
            minutes=csr_array((held["data"], held["indices"], held["indptr"]), shape=(sites, rows)),
            cutoff_min=float(held["limits"][0]),
            horizon_min=float(held["limits"][1]),
            minutes_today=held["today"],
            within_today=held["within"],
        )


def _furniture(
    random: np.random.Generator, population: np.ndarray, homes: np.ndarray, sites: np.ndarray, rooms: np.ndarray
) -> dict[str, object]:
    """Return seniors, square areas, prices, capacities and places."""
    low, high = homes.min(axis=0), homes.max(axis=0)
    cell = np.minimum((AREAS * (homes - low) / (high - low)).astype(int), AREAS - 1) @ (AREAS, 1)
    return {
        "groups": {"seniors": np.floor(population * random.uniform(0.05, 0.35, len(population)))},
        "areas": {f"area {key}": np.flatnonzero(cell == key) for key in range(AREAS**2)},
        "cost": np.round(random.lognormal(4.6, 0.35, len(sites)), 1),
        "capacity": np.round(random.uniform(20_000, 60_000, len(sites))),
        "existing_capacity": np.round(random.uniform(20_000, 60_000, len(rooms))),
        "place_m": sites,
        "existing_place_m": rooms,
    }


def _density(random: np.random.Generator, x: np.ndarray, y: np.ndarray, area_km2: float) -> np.ndarray:
    """Return how crowded places are: a thin spread of people, and centres of different size."""
    side_m = 1000.0 * np.sqrt(area_km2)
    centres = max(4, int(area_km2 / CLUSTER_KM2))
    middle = random.uniform(0.08, 0.92, (centres, 2)) * side_m
    width, height = random.uniform(600.0, 2200.0, centres), random.lognormal(0.0, 0.8, centres)
    people = np.full(len(x), 0.06)
    for (east, north), wide, high in zip(middle, width, height, strict=True):
        away2 = (x - x.min() - east) ** 2 + (y - y.min() - north) ** 2
        people += high * np.exp(-away2 / (2 * wide**2))
    return people

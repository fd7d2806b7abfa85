"""Answers that others published: OR-Library's pmed instances (Beasley 1985) and spopt's San Francisco."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.median.solve import p_median
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from pathlib import Path

NONE = np.zeros(0, np.int64)


def problem_of(walks: np.ndarray, people: np.ndarray) -> SitingProblem:
    places = np.indices(walks.shape).reshape(2, -1)
    return SitingProblem(
        candidate_ids=tuple(f"c{site}" for site in range(len(walks))),
        demand_ids=tuple(f"d{row}" for row in range(len(people))),
        population=people,
        minutes=csr_array((walks.ravel(), (places[0], places[1])), shape=walks.shape),
        cutoff_min=0.0,
    )


@pytest.mark.parametrize(
    ("number", "optimum"),
    [(1, 5819), (2, 4093), (3, 4250), (6, 7824), (9, 2734), (11, 7696), (14, 2968), (16, 8162), (20, 1789), (24, 2961)],
)
def test_pmed(number: int, optimum: int, shared_data: Path) -> None:
    words = np.array((shared_data / "siting" / "pmed" / f"pmed{number}.txt").read_text().split(), np.int64)
    vertices, edges, rooms = words[:3].tolist()
    length = np.full((vertices, vertices), np.inf)
    for u, v, cost in words[3 : 3 + 3 * edges].reshape(-1, 3):
        length[u - 1, v - 1] = length[v - 1, u - 1] = cost
    problem = problem_of(shortest_path(length, directed=False), np.ones(vertices))
    clock = Clock(limit_s=300.0, progress=silent)
    answer = p_median(problem, rooms, must=NONE, forbidden=NONE, clock=clock, mip_gap=0.0)
    assert (answer.objective, answer.bound, answer.status) == (optimum, optimum, "optimal")


def test_san_francisco(shared_data: Path) -> None:
    table = pd.read_csv(
        shared_data / "siting" / "spopt-san-francisco" / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    )
    walks = table.pivot_table(values="distance", index="name", columns="DestinationName")
    people = table.groupby("DestinationName")["demand"].first()[walks.columns]
    problem = problem_of(walks.to_numpy(float), people.to_numpy(float))
    clock = Clock(limit_s=60.0, progress=silent)
    answer = p_median(problem, 4, must=NONE, forbidden=NONE, clock=clock, mip_gap=0.0)
    assert answer.objective == pytest.approx(2_848_268_129.71, abs=0.005)
    assert answer.status == "optimal"

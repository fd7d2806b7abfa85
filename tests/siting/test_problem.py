"""The problem: what it refuses, what it owns, and whom a candidate serves on drawn streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from walkshed.assess.coverage import measure_coverage
from walkshed.errors import CancelledError, InputError, SitingError, SnapError
from walkshed.network.build import with_speed
from walkshed.siting import build as module
from walkshed.siting.build import build_problem
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Tie = Callable[..., gpd.GeoDataFrame]


def plain(**changes: object) -> SitingProblem:
    parts = {
        "candidate_ids": ("a", "b"),
        "demand_ids": ("x", "y", "z"),
        "population": np.array([1.0, 2.0, 4.0]),
        "cutoff_min": 15.0,
        "minutes": csr_array(np.array([[1, 0, 1], [0, 1, 1]])),
    }
    return SitingProblem(**(parts | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"candidate_ids": ("a",)}, "shape"),
        ({"demand_ids": ("x", "y")}, "shape"),
        ({"population": np.ones(2)}, "shape"),
        ({"candidate_ids": ("a", "a")}, "candidates"),
        ({"demand_ids": ("x", "y", "x")}, "demand"),
        ({"population": np.array([1.0, -1.0, 0.0])}, "y"),
        ({"population": np.array([1.0, 2.0, np.nan])}, "z"),
        ({"left_out_served": -1.0}, "served"),
        ({"left_out_served": float("nan")}, "served"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(SitingError, match=words):
        plain(**changes)


def test_the_problem_owns_frozen_arrays_and_keeps_stored_zeros() -> None:
    minutes = csr_array((np.array([0.0, 5.0]), np.array([2, 0]), np.array([0, 2, 2])), shape=(2, 3))
    population = np.array([1.0, 2.0, 4.0])
    problem = plain(minutes=minutes, population=population, left_out_served=3.0)
    assert problem.rows_of(0).tolist() == [0, 2]  # 0 minutes away is served
    assert problem.rows_of(1).tolist() == []
    assert problem.residents == 10.0
    population[0] = 99.0
    minutes.indices[0] = 1
    assert problem.population[0] == 1.0
    assert problem.rows_of(0).tolist() == [0, 2]
    for array in (problem.population, problem.reach.data, problem.reach.indices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_pair_given_twice_is_refused() -> None:
    twice = csr_array((np.ones(3), np.array([1, 1, 0]), np.array([0, 3, 3])), shape=(2, 3))
    with pytest.raises(SitingError, match="twice"):
        plain(minutes=twice)


@pytest.fixture(scope="module")
def street(make_network: Callable[..., WalkNetwork]) -> WalkNetwork:
    return make_network([(0, 0), (6000, 0)], [(0, 1)])


@pytest.fixture(scope="module")
def measured(street: WalkNetwork, tied: Tie) -> gpd.GeoDataFrame:
    """One room at 0; residents every kilometre, two of them off the map."""
    facilities = tied(street, [(0, 0)], "facilities")
    places = [(1000, 0), (3000, 0), (1000, 900), (4000, 0), (6000, 0)]
    demand = tied(street, places, population=[1.0, 2.0, 4.0, 8.0, 16.0], kind="building")
    return measure_coverage(street, facilities, demand, cutoff_min=15.0)


def test_whom_a_candidate_serves_by_hand(street: WalkNetwork, measured: gpd.GeoDataFrame, tied: Tie) -> None:
    candidates = tied(street, [(4400, 0), (2000, 2000), (1600, 0), (3000, 0)], "candidates", place="somewhere")
    problem = build_problem(street, candidates, measured, cutoff_min=15.0)
    assert problem.candidate_ids == ("c0", "c2", "c3")  # c1 is tied to no street
    assert problem.demand_ids == ("d1", "d2", "d3", "d4")  # d0 is served today
    assert problem.population.tolist() == [2.0, 4.0, 8.0, 16.0]
    assert [problem.rows_of(place).tolist() for place in range(3)] == [[0, 2], [0], [0, 2]]
    assert problem.served_today == 1.0
    assert problem.residents == 31.0


def test_direction_decides_where_a_street_is_slower_one_way(
    make_network: Callable[..., WalkNetwork], tied: Tie
) -> None:
    hill = make_network([(0, 0), (1000, 0)], [(0, 1)], backward_min=[20.0])
    demand = tied(hill, [(0, 0)], population=5.0, kind="building")
    room, site = tied(hill, [(5000, 0)], "facilities"), tied(hill, [(1000, 0)], "candidates")
    for direction, reached in (("to_facility", [0]), ("from_facility", [])):
        measured = measure_coverage(hill, room, demand, cutoff_min=15.0, direction=direction)
        problem = build_problem(hill, site, measured, cutoff_min=15.0, direction=direction)
        assert problem.rows_of(0).tolist() == reached


def test_many_candidates_are_searched_in_parts_and_progress_is_told(
    street: WalkNetwork, measured: gpd.GeoDataFrame, tied: Tie, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidates = tied(street, [(150.0 * place, 0) for place in range(25)], "candidates")
    whole = build_problem(street, candidates, measured, cutoff_min=15.0)
    monkeypatch.setattr(module, "CANDIDATES_PER_CALL", 10)
    told: list[tuple[str, int, int]] = []
    parts = build_problem(street, candidates, measured, cutoff_min=15.0, progress=lambda *call: told.append(call))
    np.testing.assert_array_equal(parts.reach.toarray(), whole.reach.toarray())
    assert told == [("minutes", done, 25) for done in (0, 10, 20, 25)]


def test_progress_can_stop_the_build(street: WalkNetwork, measured: gpd.GeoDataFrame, tied: Tie) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        del done, total
        raise CancelledError("cancelled", stage=stage)

    with pytest.raises(CancelledError):
        build_problem(street, tied(street, [(0, 0)], "candidates"), measured, cutoff_min=15.0, progress=stop)


def test_no_candidates_and_nobody_unserved_are_problems_too(
    street: WalkNetwork, measured: gpd.GeoDataFrame, tied: Tie
) -> None:
    candidates = tied(street, [(0, 0)], "candidates")
    none = build_problem(street, candidates.iloc[:0], measured, cutoff_min=15.0)
    assert (none.candidate_ids, none.reach.shape) == ((), (0, 4))
    happy = build_problem(street, candidates, measured[measured.covered], cutoff_min=15.0)
    assert (happy.demand_ids, happy.reach.shape, happy.served_today) == ((), (1, 0), 1.0)


def test_another_cutoff_than_measured_is_refused(street: WalkNetwork, measured: gpd.GeoDataFrame, tied: Tie) -> None:
    candidates = tied(street, [(0, 0)], "candidates")
    for cutoff in (9.0, 31.0):
        with pytest.raises(SitingError, match="cutoff_min"):
            build_problem(street, candidates, measured, cutoff_min=cutoff)
    # Another speed is another measurement, but as long as the same people are served it is consistent.
    slow = with_speed(street, 5.9)
    assert build_problem(slow, candidates, measured, cutoff_min=15.0).served_today == 1.0


def test_tables_of_the_wrong_step_are_refused(street: WalkNetwork, measured: gpd.GeoDataFrame, tied: Tie) -> None:
    candidates = tied(street, [(0, 0)], "candidates")
    with pytest.raises(InputError, match="measure_coverage"):
        build_problem(street, candidates, measured.drop(columns="covered"), cutoff_min=15.0)
    with pytest.raises(InputError, match="snap"):
        build_problem(street, candidates.drop(columns="edge"), measured, cutoff_min=15.0)
    with pytest.raises(SnapError, match="snap"):
        build_problem(street, candidates.assign(edge=9), measured, cutoff_min=15.0)
    before = candidates.copy()
    build_problem(street, candidates, measured, cutoff_min=15.0)
    pd.testing.assert_frame_equal(pd.DataFrame(candidates), pd.DataFrame(before))

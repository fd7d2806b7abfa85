"""Proposals: build order, sums, places and units by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import InputError, SitingError
from walkshed.siting.order import build_order
from walkshed.siting.plan import COLUMNS, make_proposals
from walkshed.siting.solve import solve_mclp

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem

    Make = Callable[..., SitingProblem]


def sites(count: int, **columns: object) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"candidate_id": [f"c{place}" for place in range(count)]})
    points = gpd.points_from_xy(np.arange(count) / 100, np.zeros(count))
    return gpd.GeoDataFrame(
        frame.assign(place=[f"Street {place}" for place in range(count)], **columns), geometry=points, crs=4326
    )


def homes(problem: SitingProblem, units: list[str] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"demand_id": ["served today", *problem.demand_ids]})
    return frame if units is None else frame.assign(unit_id=["old", *units])


def solved(problem: SitingProblem, rooms: int) -> SitingAnswer:
    return solve_mclp(problem, new_rooms=rooms, time_limit_s=60.0, mip_gap=0.0)


@pytest.fixture
def problem(make_problem: Make) -> SitingProblem:
    """c1 serves 9, c2 then adds 6 of its 8, c0 then adds 1."""
    return make_problem([[0], [1, 2, 3], [3, 4, 5]], [1.0, 4.0, 3.0, 2.0, 5.0, 1.0], served_today=84.0)


def test_build_order_and_sums_by_hand(problem: SitingProblem) -> None:
    table = sites(3, place_kind=["on", "near", "at"])
    proposals = make_proposals(problem, solved(problem, 3), table, homes(problem))
    assert list(proposals.columns) == list(COLUMNS)
    assert list(proposals["rank"]) == [1, 2, 3]
    assert list(proposals.candidate_id) == ["c1", "c2", "c0"]
    assert list(proposals.place) == ["Street 1", "Street 2", "Street 0"]
    assert list(proposals.place_kind) == ["near", "at", "on"]
    assert list(proposals.newly_served) == [9.0, 6.0, 1.0]
    assert list(proposals.cumulative_served) == [93.0, 99.0, 100.0]
    assert list(proposals.cumulative_rate) == [0.93, 0.99, 1.0]
    assert list(proposals.unit_id) == ["", "", ""]
    assert proposals.crs == table.crs
    assert proposals.geometry.iloc[0] == table.geometry.iloc[1]
    assert list(make_proposals(problem, solved(problem, 3), sites(3), homes(problem)).place_kind) == ["at"] * 3


def test_a_room_is_in_its_own_unit_or_in_that_of_those_it_serves(problem: SitingProblem) -> None:
    measured = homes(problem, ["u1", "u1", "u2", "u2", "u3", ""])
    answer = solved(problem, 3)
    assert list(make_proposals(problem, answer, sites(3), measured).unit_id) == ["u2", "u3", "u1"]
    own = sites(3, unit_id=[None, "u9", ""])
    assert list(make_proposals(problem, answer, own, measured).unit_id) == ["u9", "u3", "u1"]


def test_nothing_proposed_is_a_table_too(make_problem: Make) -> None:
    nothing = make_problem([[]], [0.0])
    proposals = make_proposals(nothing, solved(nothing, 2), sites(1), homes(nothing))
    assert proposals.empty
    assert list(proposals.columns) == list(COLUMNS)
    assert proposals.crs == sites(1).crs
    assert proposals.newly_served.sum() == 0.0


def test_tables_of_another_problem_are_refused(problem: SitingProblem) -> None:
    answer = solved(problem, 2)
    with pytest.raises(SitingError, match="c2"):
        make_proposals(problem, answer, sites(2), homes(problem))
    with pytest.raises(SitingError, match="d5"):
        make_proposals(problem, answer, sites(3), homes(problem).iloc[:-1])
    with pytest.raises(SitingError, match="c7"):
        make_proposals(problem, replace(answer, chosen=("c7",)), sites(9), homes(problem))
    with pytest.raises(InputError, match="place"):
        make_proposals(problem, answer, sites(3).drop(columns="place"), homes(problem))


def test_rooms_that_add_nothing_are_built_last(make_problem: Make) -> None:
    steps = build_order(make_problem([[0], [0, 1], [1, 2]], [1.0, 2.0, 3.0]), [2, 1, 0])
    assert [step.candidate for step in steps] == [2, 0, 1]
    assert [step.newly_served for step in steps] == [5.0, 1.0, 0.0]
    assert [step.rows.tolist() for step in steps] == [[1, 2], [0], []]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), rooms=st.integers(0, 6), today=st.sampled_from([0.0, 500.0]))
def test_proposals_add_up_to_the_answer(make_town: Make, seed: int, rooms: int, today: float) -> None:
    problem = replace(make_town(100, 14, seed=seed), left_out_served=today)
    answer = solved(problem, rooms)
    proposals = make_proposals(problem, answer, sites(14), homes(problem))
    assert proposals.newly_served.sum() == answer.objective
    assert tuple(proposals.candidate_id) == answer.chosen
    assert (proposals.newly_served > 0).all()
    assert (np.diff(proposals.newly_served) <= 0).all()
    np.testing.assert_allclose(proposals.cumulative_served, today + proposals.newly_served.cumsum())
    np.testing.assert_allclose(proposals.cumulative_rate, proposals.cumulative_served / problem.residents)

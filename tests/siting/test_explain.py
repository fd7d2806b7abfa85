"""Why here: figures of a plan by hand, and every one of them against a count of people one by one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from walkshed.errors import SitingError
from walkshed.siting.alternatives import find_alternatives
from walkshed.siting.answer import SitingAnswer
from walkshed.siting.explain import explain_proposals
from walkshed.siting.explain_words import explain_in_words
from walkshed.siting.plan import make_proposals
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Make = Callable[..., SitingProblem]

EAST_M = 78_846.8  # metres of 0.01 degrees of longitude at 45 degrees north, times 100


def sites(count: int, **columns: object) -> gpd.GeoDataFrame:
    """Return candidates about 79 m apart, in a row."""
    frame = pd.DataFrame({"candidate_id": [f"c{place}" for place in range(count)]})
    points = gpd.points_from_xy(np.arange(count) / 1000, np.full(count, 45.0))
    return gpd.GeoDataFrame(
        frame.assign(place=[f"Street {place}" for place in range(count)], **columns), geometry=points, crs=4326
    )


def homes(problem: SitingProblem, **columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Return the measured rows of a problem, one that is served today before them."""
    data = {
        "demand_id": ["served today", *problem.demand_ids],
        **{name: [None, *each] for name, each in columns.items()},
    }
    points = gpd.points_from_xy(np.zeros(len(problem.demand_ids) + 1), np.full(len(problem.demand_ids) + 1, 45.0))
    return gpd.GeoDataFrame(data, geometry=points, crs=4326)


def answer(*chosen: str, model: str = "mclp", closed: tuple[str, ...] = ()) -> SitingAnswer:
    return SitingAnswer(
        model=model, status="optimal", chosen=chosen, closed=closed, objective=0.0, bound=0.0, mip_gap=0.0, seconds=0.0
    )


@pytest.fixture
def problem(make_problem: Make) -> SitingProblem:
    """c1 serves 9, c2 then adds 6 of its 8, c0 then adds 1; c3 would add nothing to c2, c4 serves 4 of c1's."""
    served = [[0], [1, 2, 3], [3, 4, 5], [4], [1]]
    return make_problem(served, [1.0, 4.0, 3.0, 2.0, 5.0, 1.0], served_today=84.0)


def test_figures_by_hand(problem: SitingProblem) -> None:
    measured = homes(problem, unit_id=["a", "a", "b", "b", "b", ""])
    gap_ids = pd.Series(["", "gap-2", "gap-1", "gap-1", "gap-1", "gap-1", "gap-2"])
    gaps = pd.DataFrame({"gap_id": ["gap-1", "gap-2"], "residents": [14.0, 2.0]})
    units = pd.DataFrame({"unit_id": ["top", "a", "b"], "name": ["Top", "A", "B"], "parent_id": ["", "top", "top"]})
    told = explain_proposals(
        problem, answer("c1", "c2", "c0"), sites(5), measured, gaps=gaps, gap_ids=gap_ids, units=units
    )
    plan = told.proposals
    assert plan.newly_served.tolist() == [9.0, 6.0, 1.0]
    assert plan.served_only_here.tolist() == [7.0, 6.0, 1.0]
    assert plan.gap_id.tolist() == ["gap-1", "gap-1", "gap-2"]
    assert plan.gap_share.tolist() == [9 / 14, 5 / 14, 0.5]
    rows = list(told.by_unit[["rank", "unit_id", "unit_name", "newly_served"]].itertuples(index=False, name=None))
    assert rows == [
        (1, "top", "Top", 9.0), (1, "b", "B", 5.0), (1, "a", "A", 4.0), (2, "b", "B", 5.0), (2, "top", "Top", 5.0),
        (2, "", "", 1.0), (3, "a", "A", 1.0), (3, "top", "Top", 1.0),
    ]  # fmt: skip
    rows = list(told.by_gap[["rank", "gap_id", "newly_served", "share", "closed_share"]].itertuples(index=False))
    assert [tuple(row) for row in rows] == [
        (1, "gap-1", 9.0, 9 / 14, 9 / 14), (2, "gap-1", 5.0, 5 / 14, 1.0), (2, "gap-2", 1.0, 0.5, 0.5),
        (3, "gap-2", 1.0, 0.5, 1.0),
    ]  # fmt: skip


def test_alternatives_by_hand(problem: SitingProblem) -> None:
    table = sites(5, near_place=["", "", "", "The Mill", ""], near_m=[np.nan, np.nan, np.nan, 40.0, np.nan])
    found = find_alternatives(problem, answer("c1", "c2"), table, nearby_m=100.0)
    rows = list(found[["rank", "scope", "alternative_id", "serves", "loss"]].itertuples(index=False, name=None))
    # Without c1: c4 serves 4, c0 only 1. Without c2: c3 serves 5 of the 6, and it stands next to it.
    assert rows == [
        (1, "nearby", "c0", 1.0, 6.0), (1, "overall", "c4", 4.0, 3.0),
        (2, "nearby", "c3", 5.0, 1.0), (2, "overall", "c3", 5.0, 1.0),
    ]  # fmt: skip
    assert found.distance_m.iloc[2] == pytest.approx(EAST_M / 1000, abs=0.1)
    assert found.place.tolist() == ["Street 0", "Street 4", "Street 3", "Street 3"]
    assert found.near_place.tolist() == ["", "", "The Mill", "The Mill"]
    assert found.near_m.iloc[2] == 40.0
    none = find_alternatives(problem, answer("c1", "c2"), table, nearby_m=0.0, forbidden=["c4"])
    assert none.alternative_id.tolist() == ["c0", "c3"]
    assert none.scope.tolist() == ["overall"] * 2
    assert find_alternatives(problem, answer(), table).empty


def test_closings_are_taken_into_account() -> None:
    # Room e0 serves d0 and d1, e1 serves d1. c0 serves d0 and d2, c1 serves d2 and d3.
    problem = SitingProblem(
        candidate_ids=("c0", "c1"),
        demand_ids=("d0", "d1", "d2", "d3"),
        population=np.array([10.0, 20.0, 5.0, 3.0]),
        minutes=csr_array(np.array([[4.0, 30.0, 6.0, 0.0], [0.0, 0.0, 2.0, 8.0]])),
        cutoff_min=15.0,
        horizon_min=30.0,
        existing_ids=("e0", "e1"),
        existing_minutes=csr_array(np.array([[2.0, 5.0, 0.0, 20.0], [0.0, 9.0, 0.0, 0.0]])),
        groups={"seniors": np.array([1.0, 2.0, 3.0, 0.0])},
        left_out_served=100.0,
    )
    plan = make_proposals(problem, answer("c0", "c1", closed=("e0",)), sites(2, cost=[7.0, np.nan]), homes(problem))
    assert plan.newly_served.tolist() == [5.0, 3.0]
    assert plan.newly_served_seniors.tolist() == [3.0, 0.0]
    assert plan.kept_served.tolist() == [10.0, 0.0]
    assert plan.cumulative_served.tolist() == [135.0, 138.0]
    assert plan.cumulative_rate.tolist() == [135 / 138, 1.0]
    assert plan.cost.tolist()[0] == 7.0
    # Without e0, d0 and d3 walk the horizon of 30 minutes and d1 walks 9.
    assert plan.minutes_saved.tolist() == [26 * 10 + 24 * 5, 4 * 5 + 22 * 3]
    assert plan.walk_min.tolist() == [(4 * 10 + 6 * 5) / 15, 8.0]
    # Zeros of a dense matrix are not stored: c1 does not reach d0.
    assert plan.served_only_here.tolist() == [10.0, 3.0]
    kept = make_proposals(problem, answer("c0", "c1"), sites(2), homes(problem))
    assert kept.kept_served.tolist() == [0.0, 0.0]
    assert kept.cumulative_served.tolist() == [135.0, 138.0]
    with pytest.raises(SitingError, match="e9"):
        make_proposals(problem, answer("c0", closed=("e9",)), sites(2), homes(problem))


def test_tables_that_do_not_belong(problem: SitingProblem) -> None:
    gaps = pd.DataFrame({"gap_id": ["gap-1"], "residents": [14.0]})
    with pytest.raises(SitingError, match="gap_ids has 0 entries for 7 rows"):
        explain_proposals(problem, answer("c1"), sites(5), homes(problem), gaps=gaps)
    wrong = pd.Series(["gap-7"] * 7)
    with pytest.raises(SitingError, match="gap-7"):
        explain_proposals(problem, answer("c1"), sites(5), homes(problem), gaps=gaps, gap_ids=wrong)
    with pytest.raises(SitingError, match="nearby_m = nan"):
        find_alternatives(problem, answer("c1"), sites(5), nearby_m=np.nan)


def drawn(seed: int, *, rooms: int = 4, horizon: float = 40.0) -> SitingProblem:
    """Return a small town drawn at random, residents in whole numbers, existing rooms among them."""
    random = np.random.default_rng(seed)
    homes_m, sites_m, rooms_m = (random.uniform(0, 1000, (count, 2)) for count in (40, 9, rooms))

    def times(places: np.ndarray) -> csr_array:
        minutes = np.hypot(*(places[:, None] - homes_m).transpose(2, 0, 1)) / 20
        near = np.flatnonzero(minutes.ravel() <= horizon)
        return csr_array((minutes.ravel()[near], np.unravel_index(near, minutes.shape)), shape=minutes.shape)

    population = random.integers(0, 50, 40).astype(float)
    return SitingProblem(
        candidate_ids=tuple(f"c{place}" for place in range(9)),
        demand_ids=tuple(f"d{place}" for place in range(40)),
        population=population,
        minutes=times(sites_m),
        cutoff_min=12.0,
        horizon_min=horizon,
        existing_ids=tuple(f"e{place}" for place in range(rooms)),
        existing_minutes=times(rooms_m),
        groups={"seniors": np.floor(population / 3)},
        place_m=sites_m,
    )


def walks(problem: SitingProblem, chosen: Sequence[str], closed: Sequence[str]) -> np.ndarray:
    """Return everybody's walk once a plan is carried out, counted one by one."""
    found = np.full(len(problem.demand_ids), problem.horizon_min)
    known = ((problem.candidate_ids, problem.minutes), (problem.existing_ids, problem.existing_minutes))
    for (ids, matrix), wanted in zip(known, (chosen, set(problem.existing_ids) - set(closed)), strict=True):
        for site, row, minutes in zip(*matrix.tocoo().coords, matrix.tocoo().data, strict=True):
            if ids[site] in wanted:
                found[row] = min(found[row], minutes)
    return found


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    picks=st.lists(st.integers(0, 8), max_size=5, unique=True),
    shut=st.lists(st.integers(0, 3), max_size=2, unique=True),
    model=st.sampled_from(["mclp", "lscp", "p_median", "p_center"]),
)
def test_every_figure_is_a_count_of_people(seed: int, picks: list[int], shut: list[int], model: str) -> None:
    problem = drawn(seed)
    chosen, closed = [f"c{place}" for place in picks], tuple(f"e{place}" for place in shut)
    plan = answer(*chosen, model=model, closed=closed)
    people, seniors = problem.population, problem.groups["seniors"]
    told = explain_proposals(
        problem, plan, sites(9), homes(problem, unit_id=[f"u{row % 3}" for row in range(40)]), nearby_m=400.0
    )
    today = walks(problem, (), ()) <= 12.0
    for rank in range(len(chosen)):
        before, after = (walks(problem, chosen[:last], closed) for last in (rank, rank + 1))
        newly = (after <= 12.0) & ~(before <= 12.0)
        row = told.proposals.iloc[rank]
        assert row.newly_served == people[newly & ~today].sum()
        assert row.newly_served_seniors == seniors[newly & ~today].sum()
        assert row.kept_served == people[newly & today].sum()
        assert row.cumulative_served == people[after <= 12.0].sum()
        assert row.minutes_saved == pytest.approx(((before - after) * people).sum(), rel=1e-9, abs=1e-7)
        if people[newly].sum():
            assert row.walk_min == pytest.approx(np.average(after[newly], weights=people[newly]))
        units = told.by_unit[told.by_unit["rank"] == rank + 1]
        assert units.newly_served.sum() == row.newly_served
        assert units.newly_served_seniors.sum() == row.newly_served_seniors
        rest = [key for key in chosen if key != chosen[rank]]
        served = {key: people[walks(problem, [*rest, key], closed) <= 12.0].sum() for key in problem.candidate_ids}
        without = people[walks(problem, rest, closed) <= 12.0].sum()
        assert row.served_only_here == served[chosen[rank]] - without
        _check_alternatives(problem, told.alternatives, rank, (chosen, rest, closed, model), served, without)


def _check_alternatives(
    problem: SitingProblem,
    alternatives: pd.DataFrame,
    rank: int,
    plan: tuple[list[str], list[str], tuple[str, ...], str],
    served: dict[str, float],
    without: float,
) -> None:
    chosen, rest, closed, model = plan
    place = dict(zip(problem.candidate_ids, problem.place_m, strict=True))

    def value(key: str) -> float:
        if model == "p_median":
            walk = walks(problem, rest, closed) - walks(problem, [*rest, key], closed)
            return float((walk * problem.population).sum())
        return float(served[key] - without)

    for scope, limit in (("nearby", 400.0), ("overall", np.inf)):
        others = [key for key in problem.candidate_ids if key not in chosen]
        others = [key for key in others if np.hypot(*(place[key] - place[chosen[rank]])) <= limit and value(key) > 1e-6]
        found = alternatives[(alternatives["rank"] == rank + 1) & (alternatives["scope"] == scope)]
        assert len(found) == bool(others)
        if others:
            row = found.iloc[0]
            assert value(row.alternative_id) == pytest.approx(max(map(value, others)))
            assert row.loss == pytest.approx(served[chosen[rank]] - served[row.alternative_id])
            if model == "p_median":
                assert row.loss_minutes == pytest.approx(value(chosen[rank]) - value(row.alternative_id))
            else:
                assert np.isnan(row.loss_minutes)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_minutes_saved_are_what_a_median_gains(seed: int) -> None:
    problem = drawn(seed)
    for chosen in list(combinations(problem.candidate_ids, 2))[:4]:
        plan = make_proposals(problem, answer(*chosen, model="p_median"), sites(9), homes(problem))
        gained = (walks(problem, (), ()) - walks(problem, chosen, ())) @ problem.population
        assert plan.minutes_saved.sum() == pytest.approx(gained, rel=1e-9, abs=1e-7)
    assert shapely.get_x(plan.geometry.array[0]) == 0.0


def test_sentences(problem: SitingProblem) -> None:
    gap_ids = pd.Series(["", "gap-2", "gap-1", "gap-1", "gap-1", "gap-1", "gap-2"])
    gaps = pd.DataFrame({"gap_id": ["gap-1", "gap-2"], "residents": [14.0, 2.0]})
    told = explain_proposals(
        problem, answer("c1", "c2"), sites(5), homes(problem), gaps=gaps, gap_ids=gap_ids, nearby_m=100.0
    )
    first = [message.text("en") for message in explain_in_words(told, 1)]
    assert first == [
        "Newly serves 9 residents; 93.0% of all residents are then served.",
        "Those it serves walk 1.0 minutes to it on average.",
        "It serves 64% of the residents of gap 1.",
        "Without it, the other rooms of the plan being built, 7 residents would have none within reach.",
        "If this site cannot be had: Street 0 (c0), 79 m away, 6 residents fewer.",
        "The best site anywhere instead: Street 4 (c4), 237 m away, 3 residents fewer.",
    ]
    second = [message.text("zh") for message in explain_in_words(told, 2)]
    assert second[-1].startswith("若该点无法落实：可改选 Street 3（c3），相距 79 米，少覆盖 1 人")  # noqa: RUF001 - Chinese
    median = explain_proposals(problem, answer("c3", "c2", model="p_median"), sites(5), homes(problem), nearby_m=0.0)
    words = [message.key for message in explain_in_words(median, 1)]
    assert words == ["why.serves", "why.walk", "why.not_alone", "why.none_nearby", "why.elsewhere_minutes"]
    with pytest.raises(KeyError):
        explain_in_words(told, 3)

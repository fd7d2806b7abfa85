"""What cannot be is named: who, what was asked for, what is possible, what would help."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from walkshed.errors import InfeasibleError, SitingError
from walkshed.siting.problem import SitingProblem
from walkshed.siting.requirements import NOTHING, Floor, Requirements

if TYPE_CHECKING:
    from collections.abc import Callable


def street(**more: Any) -> SitingProblem:
    """Return a street: ``c0`` serves a0 a1, ``c1`` serves a2 b0, ``c2`` serves b1 b2; nobody serves b3."""
    served = [(0, 1), (2, 3), (4, 5)]
    pairs = [(site, row) for site, rows in enumerate(served) for row in rows]
    site, row = zip(*pairs, strict=True)
    return SitingProblem(
        candidate_ids=("c0", "c1", "c2"),
        demand_ids=("a0", "a1", "a2", "b0", "b1", "b2", "b3"),
        population=np.array([10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 20.0]),
        minutes=csr_array((np.full(6, 5.0), (site, row)), shape=(3, 7)),
        cutoff_min=15.0,
        areas={"alpha": np.arange(3), "beta": np.arange(3, 7)},
        groups={"seniors": np.array([0.0, 0, 0, 0, 0, 0, 9]), "young": np.array([5.0, 5, 0, 0, 0, 0, 0])},
        place_m=np.array([[0.0, 0.0], [300.0, 0.0], [600.0, 0.0]]),
        **more,
    )


def refusal(solve: Callable[..., Any], model: str, requirements: Requirements, **asked: Any) -> InfeasibleError:
    """Return the error that a solve ends with."""
    with pytest.raises(InfeasibleError) as caught:
        solve(street(), model, requirements, **asked)
    return caught.value


def test_a_floor_beyond_all_candidates_is_named_with_its_best(solve: Callable[..., Any]) -> None:
    error = refusal(solve, "mclp", Requirements(floors=(Floor(share=0.8, area="*"),)), new_rooms=3)
    assert error.message.key == "errors.shares_out_of_reach"
    assert "beta cannot reach 80.0%: with a room on every allowed candidate it is 60.0%." in str(error)
    assert "alpha" not in str(error)
    assert "beta无法达到 80.0%" in error.text("zh")


def test_a_town_with_a_name_of_its_own_is_called_by_it(solve: Callable[..., Any]) -> None:
    with pytest.raises(InfeasibleError) as caught:
        solve(
            street(area_names={"beta": "虎溪街道"}),
            "mclp",
            Requirements(floors=(Floor(share=0.8, area="beta"),)),
            new_rooms=3,
        )
    assert "虎溪街道 (beta) cannot reach 80.0%" in str(caught.value)


def test_a_floor_beyond_the_number_is_named_with_its_best_and_the_number_that_would_do(
    solve: Callable[..., Any],
) -> None:
    error = refusal(solve, "mclp", Requirements(floors=(Floor(share=1.0, area="alpha"),)), new_rooms=1)
    assert "alpha cannot reach 100.0%" in str(error)
    assert "the best is 66.7%" in str(error)
    assert "With 2 new rooms everything would be met." in str(error)


def test_floors_possible_alone_but_not_together_are_named_as_such(solve: Callable[..., Any]) -> None:
    floors = (Floor(share=0.6, area="alpha"), Floor(share=0.4, area="beta"))
    error = refusal(solve, "mclp", Requirements(floors=floors), new_rooms=1)
    assert "alone, but not together" in str(error)
    assert "With 2 new rooms everything would be met." in str(error)


def test_a_parity_that_cannot_be_is_named_with_how_far_behind_it_stays(solve: Callable[..., Any]) -> None:
    wish = Requirements(parities=("seniors",), must_build=("c0",))
    error = refusal(solve, "mclp", wish, new_rooms=2)
    assert "The group seniors cannot be served as well as all residents: at best its share stays 25.0% behind." in str(
        error
    )


def test_a_share_beyond_all_candidates_is_named_with_its_best(solve: Callable[..., Any]) -> None:
    error = refusal(solve, "lscp", Requirements(budget=9.0), share=0.9, new_rooms=None)
    assert "All residents cannot reach 90.0%: with a room on every allowed candidate it is 75.0%." in str(error)


def test_a_budget_that_is_too_small_is_named_with_what_would_do(solve: Callable[..., Any]) -> None:
    error = refusal(solve, "lscp", Requirements(budget=2.0), share=0.7, new_rooms=None)
    assert "With a budget of 3.00 instead of 2.00 everything would be met." in str(error)


def test_a_spacing_that_is_too_wide_is_named(solve: Callable[..., Any]) -> None:
    error = refusal(solve, "lscp", Requirements(spacing_m=400.0), share=0.7, new_rooms=None)
    assert "Without the spacing of 400 m everything would be met" in str(error)


def test_a_capacity_that_is_too_small_is_named(solve: Callable[..., Any]) -> None:
    with pytest.raises(InfeasibleError) as caught:
        solve(street(capacity=np.full(3, 15.0)), "lscp", Requirements(capacity=True), share=0.7, new_rooms=None)
    assert "All residents cannot reach 70.0%" in str(caught.value)
    assert "the best is 56.2%" in str(caught.value)
    assert "If rooms took everybody in reach, everything would be met" in str(caught.value)


@pytest.mark.parametrize("model", ["p_median", "p_center"])
def test_residents_beyond_the_number_are_named_with_the_number_that_would_do(
    model: str, solve: Callable[..., Any]
) -> None:
    error = refusal(solve, model, Requirements(budget=9.0), new_rooms=2)
    assert "With 3 new rooms everything would be met." in str(error)


@pytest.mark.parametrize(
    ("key", "wish", "rooms"),
    [
        ("must_beyond_number", {"must_build": ("c0", "c1")}, 1),
        ("must_beyond_budget", {"must_build": ("c0", "c1"), "budget": 1.5}, 2),
        ("must_too_near", {"must_build": ("c0", "c1"), "spacing_m": 301.0}, 2),
    ],
)
def test_clashes_of_what_must_be_built_are_named_before_solving(
    key: str, wish: dict[str, Any], rooms: int, solve: Callable[..., Any]
) -> None:
    assert refusal(solve, "mclp", Requirements(**wish), new_rooms=rooms).message.key == f"errors.{key}"


def test_rooms_that_must_come_and_rooms_that_must_stay_are_named_when_too_near(solve: Callable[..., Any]) -> None:
    town = street(
        existing_ids=("e0", "e1"),
        existing_minutes=csr_array((2, 7)),
        existing_place_m=np.array([[50.0, 0.0], [-50.0, 0.0]]),
    )
    for wish, key in (
        ({}, "must_near_existing"),
        ({"closings_max": 1}, "must_needs_closings"),
        ({"closings_max": 2, "must_keep": ("e1",)}, "must_near_existing"),
    ):
        with pytest.raises(InfeasibleError) as caught:
            solve(town, "mclp", Requirements(must_build=("c0",), spacing_m=100.0, **wish))
        assert caught.value.message.key == f"errors.{key}"
    answer = solve(town, "mclp", Requirements(must_build=("c0",), spacing_m=100.0, closings_max=2), new_rooms=1)
    assert (answer.chosen, answer.closed) == (("c0",), ("e0", "e1"))


@pytest.mark.parametrize(
    ("key", "model", "wish"),
    [
        ("requirement_without_meaning", "p_median", {"full_min": 5.0}),
        ("requirement_without_meaning", "p_center", {"backup_share": 0.5}),
        ("requirement_without_meaning", "p_center", {"group_weights": {"young": 2.0}}),
        ("area_unknown", "mclp", {"floors": (Floor(share=0.5, area="gamma"),)}),
        ("group_unknown", "mclp", {"parities": ("left-handed",)}),
        ("group_unknown", "mclp", {"group_weights": {"left-handed": 2.0}}),
        ("existing_unknown", "mclp", {"must_keep": ("e9",)}),
        ("nothing_to_close", "mclp", {"closings_max": 1}),
        ("candidates_unknown", "mclp", {"must_build": ("c9",)}),
    ],
)
def test_a_requirement_that_makes_no_sense_is_refused(
    key: str, model: str, wish: dict[str, Any], solve: Callable[..., Any]
) -> None:
    with pytest.raises(SitingError) as caught:
        solve(street(), model, Requirements(**wish))
    assert caught.value.message.key == f"errors.{key}"
    assert caught.value.text("zh") != str(caught.value)


def test_rooms_cannot_be_kept_apart_where_places_are_unknown(
    make_problem: Callable[..., Any], solve: Callable[..., Any]
) -> None:
    with pytest.raises(SitingError) as caught:
        solve(make_problem([[0]], [5.0]), "mclp", Requirements(spacing_m=100.0))
    assert caught.value.message.key == "errors.places_missing"


def test_a_share_of_an_area_needs_the_residents_served_today(solve: Callable[..., Any]) -> None:
    town = street(left_out_served=100.0)
    with pytest.raises(SitingError) as caught:
        solve(town, "mclp", Requirements(floors=(Floor(share=0.5, area="alpha"),)))
    assert caught.value.message.key == "errors.rows_left_out"
    answer = solve(town, "mclp", Requirements(floors=(Floor(share=0.85),)), new_rooms=3)
    assert answer.objective == 60.0


def test_rooms_for_nobody_are_refused_where_there_is_no_candidate(
    make_problem: Callable[..., Any], solve: Callable[..., Any]
) -> None:
    with pytest.raises(InfeasibleError):
        solve(make_problem([], [5.0]), "mclp", Requirements(budget=1.0))


def test_who_only_a_forbidden_candidate_reaches_is_left_aside(solve: Callable[..., Any]) -> None:
    answer = solve(street(), "p_center", Requirements(forbidden=("c2",), budget=5.0), new_rooms=2)
    assert answer.objective == 5.0
    assert street().horizon_min == inf
    assert NOTHING.plain

"""Every model with every requirement, alone and together, against the best of all plans."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.siting.requirements import Floor, Requirements

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS: Final = ("mclp", "lscp", "p_median", "p_center")
ALONE: Final[dict[str, dict[str, Any]]] = {
    "nothing": {},
    "budget": {"budget": 7.0},
    "must": {"must_build": ("c3",)},
    "forbidden": {"forbidden": ("c0", "c2")},
    "spacing": {"spacing_m": 350.0},
    "floor": {"floors": (Floor(share=0.6, area="north"),)},
    "floors": {"floors": (Floor(share=0.5, area="*"), Floor(share=0.6, group="seniors"))},
    "parity": {"parities": ("seniors",)},
    "weights": {"group_weights": {"seniors": 3.0, "children": 0.0}},
    "backup": {"backup_share": 0.3},
    "backup mostly": {"backup_share": 0.8},
    "gradual": {"full_min": 6.0},
    "capacity": {"capacity": True},
    "closings": {"closings_max": 1},
    "relocation": {"closings_max": 2, "must_keep": ("e0",), "spacing_m": 350.0},
    "capacity and floors": {"capacity": True, "floors": (Floor(share=0.5, area="*"),)},
    "capacity and backup": {"capacity": True, "backup_share": 0.6},
    "capacity and gradual": {"capacity": True, "full_min": 5.0, "closings_max": 1},
    "gradual backup": {"backup_share": 0.4, "full_min": 5.0, "must_build": ("c1",)},
}
WITHOUT_MEANING: Final = {
    "p_median": {"full_min"},
    "p_center": {"full_min", "backup_share", "group_weights"},
}


def fitting(model: str, asked: dict[str, Any]) -> Requirements:
    """Return the requirements without what means nothing to the model."""
    return Requirements(**{key: value for key, value in asked.items() if key not in WITHOUT_MEANING.get(model, set())})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ALONE)
def test_a_requirement_alone_gives_the_best_of_all_plans(
    name: str, model: str, make_little_town: Callable[..., Any], compare: Callable[..., None]
) -> None:
    for seed in range(3):
        horizon = inf if seed == 2 else 30.0
        compare(make_little_town(seed, horizon_min=horizon), model, fitting(model, ALONE[name]), new_rooms=2 + seed)


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any combination of requirements."""
    floors = st.builds(
        Floor,
        share=st.sampled_from([0.2, 0.4, 0.5, 0.7, 1.0]),
        area=st.sampled_from(["", "*", "north", "south", "centre"]),
        group=st.sampled_from(["", "", "seniors"]),
    )
    possible: dict[str, st.SearchStrategy[Any]] = {
        "budget": st.sampled_from([3.0, 6.0, 10.0, 15.0]),
        "must_build": st.sampled_from([("c4",), ("c3", "c4")]),
        "forbidden": st.sampled_from([("c0",), ("c0", "c1")]),
        "spacing_m": st.sampled_from([200.0, 400.0, 700.0]),
        "floors": st.lists(floors, min_size=1, max_size=2).map(tuple),
        "parities": st.sampled_from([("seniors",), ("seniors", "children")]),
        "group_weights": st.sampled_from([{"seniors": 2.0}, {"children": 0.5, "seniors": 0.0}]),
        "backup_share": st.sampled_from([0.25, 0.5, 0.7, 1.0]),
        "full_min": st.sampled_from([0.0, 5.0, 15.0]),
        "capacity": st.just(value=True),
        "closings_max": st.integers(1, 2),
    }
    names = draw(st.lists(st.sampled_from(sorted(possible)), unique=True, min_size=2, max_size=5))
    return {name: draw(possible[name]) for name in names}


@pytest.mark.parametrize("model", MODELS)
@settings(deadline=None, max_examples=25, derandomize=True)
@given(data=st.data())
def test_requirements_together_give_the_best_of_all_plans(
    model: str, make_little_town: Callable[..., Any], compare: Callable[..., None], data: st.DataObject
) -> None:
    asked = data.draw(wishes())
    seed = data.draw(st.integers(0, 10_000))
    rooms = data.draw(st.integers(1, 3))
    horizon = data.draw(st.sampled_from([30.0, inf]))
    town = make_little_town(seed, sites=5, rows=7, rooms=2, horizon_min=horizon)
    cost = data.draw(st.booleans()) and model == "lscp"
    share = data.draw(st.sampled_from([0.3, 0.6, 0.8]))
    compare(town, model, fitting(model, asked), new_rooms=rooms, share=share, minimise_cost=cost)

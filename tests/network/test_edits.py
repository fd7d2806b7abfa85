"""Edits of a scenario as data: read, checked, written."""

from __future__ import annotations

import math
import tomllib
from typing import TYPE_CHECKING

import pytest

from walkshed.errors import ContractError
from walkshed.network.edits import (
    EDITS,
    AddFacility,
    AddFootbridge,
    CloseLink,
    OpenGate,
    edit_records,
    kind_of,
    parse_edits,
)
from walkshed.network.scenario import apply_edits

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork


STUDY = """
[[scenario.edits]]
edit = "close_link"
name = "works"
way_ids = [123, 456]

[[scenario.edits]]
edit = "close_link"
line = [[116.33, 40.0], [116.34, 40]]

[[scenario.edits]]
edit = "open_gate"
at = [116.3305, 40.0015]
reach_m = 20

[[scenario.edits]]
edit = "add_footbridge"
name = "Bridge to the school"
line = [[116.3301, 40.0012], [116.3309, 40.0013]]
steps = true

[[scenario.edits]]
edit = "add_facility"
facility_id = "r9"
at = [116.33, 40.0]
capacity = 30
"""


def test_edits_are_read_as_they_stand_in_a_study() -> None:
    edits = parse_edits(tomllib.loads(STUDY)["scenario"]["edits"])
    assert edits == (
        CloseLink(name="works", way_ids=(123, 456)),
        CloseLink(line=((116.33, 40.0), (116.34, 40.0))),
        OpenGate(at=(116.3305, 40.0015), reach_m=20.0),
        AddFootbridge(name="Bridge to the school", line=((116.3301, 40.0012), (116.3309, 40.0013)), steps=True),
        AddFacility(facility_id="r9", at=(116.33, 40.0), capacity=30.0),
    )
    assert parse_edits(edit_records(edits)) == edits
    assert edit_records(edits)[2] == {"edit": "open_gate", "at": [116.3305, 40.0015], "reach_m": 20.0}
    assert parse_edits([]) == ()


def test_every_kind_of_edit_has_its_name() -> None:
    for name, kind in EDITS.items():
        assert kind_of(kind()) == name


def test_every_mistake_in_a_list_of_edits_is_told_at_once() -> None:
    records = [
        {"edit": "open_gates", "at": [116.3, 40.0]},
        {"at": [116.3, 40.0]},
        "close_link",
        {"edit": "close_link"},
        {"edit": "open_link", "name": "x"},
        {"edit": "close_link", "way_id": [1]},
        {"edit": "close_link", "way_ids": ["1"]},
        {"edit": "open_gate", "at": [40.0, 116.3]},
        {"edit": "open_gate"},
        {"edit": "open_gate", "at": [116.3, 40.0], "reach_m": 5000},
        {"edit": "add_footbridge", "line": [[116.3, 40.0], [116.3, 40.0]]},
        {"edit": "add_footbridge", "line": [[116.3, 40.0], [116.3]]},
        {"edit": "move_facility", "at": [116.3, math.nan], "facility_id": "r1"},
        {"edit": "close_facility", "facility_id": " "},
    ]
    with pytest.raises(ContractError) as caught:
        parse_edits(records)
    told = [problem.text() for problem in caught.value.problems]
    expected = [
        "'scenario.edits[0].edit' is 'open_gates'; it must be one of open_gate",
        "'scenario.edits[1].edit' is ''; it must be one of close_link, open_link",
        "'scenario.edits[2]' must be a table",
        "'scenario.edits[3]' (close_link) does not say what it is about; give one of way_ids, links, line",
        "'scenario.edits[4]' (open_link) does not say what it is about; give one of way_ids, links",
        "unknown key 'scenario.edits[5].way_id'; did you mean 'way_ids'?",
        "'scenario.edits[6].way_ids[0]' must be a whole number",
        "'scenario.edits[7].at' is [40.0, 116.3]; it must be [longitude, latitude]",
        "'scenario.edits[8].at' is []",
        "'scenario.edits[9].reach_m' must lie between 1 and 500",
        "'scenario.edits[10].line' needs two different positions",
        "'scenario.edits[11].line[1]' is [116.3]",
        "'scenario.edits[12].at' is [116.3, nan]",
        "'scenario.edits[13].facility_id' is blank",
    ]
    assert len(told) == len(expected)
    for line, start in zip(told, expected, strict=True):
        assert line.startswith(start)
    assert caught.value.text("zh").startswith("scenario.edits 中的情景编辑有误")


def test_edits_made_in_a_program_are_checked_too(make_network: Callable[..., WalkNetwork]) -> None:
    street = make_network([(0, 0), (100, 0)], [(0, 1)])
    with pytest.raises(ContractError, match=r"scenario\.edits\[1\]\.at"):
        apply_edits(street, [CloseLink(way_ids=(1,)), OpenGate(at=(116.3, 95.0))])
    with pytest.raises(ContractError, match="reach_m"):
        apply_edits(street, [OpenGate(at=(116.3, 40.0), reach_m=math.nan)])


@pytest.mark.parametrize("kind", [["close_link"], {"a": 1}, float("nan"), 3])
def test_a_kind_of_edit_that_is_no_word_is_told(kind: object) -> None:
    with pytest.raises(ContractError):
        parse_edits([{"edit": kind}])

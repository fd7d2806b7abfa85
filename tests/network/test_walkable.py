"""Which ways are walked, and which way round."""

from __future__ import annotations

import pytest

from walkshed.network.walkable import NOT_FOR_WALKERS, NOT_THERE, gate_is_shut, merged_passage, walking_passage
from walkshed.walkers import Access


def passage(**tags: str) -> tuple[bool, bool]:
    return walking_passage({key.replace("__", ":"): value for key, value in tags.items()})


OPEN, SHUT = (True, True), (False, False)


@pytest.mark.parametrize(
    "highway",
    ["residential", "footway", "steps", "trunk", "cycleway", "platform", "corridor", "elevator", "trail", "road"],
)
def test_streets_and_paths_are_walked_unless_a_rule_says_otherwise(highway: str) -> None:
    assert passage(highway=highway) == OPEN


def test_what_is_no_street_is_not_walked() -> None:
    assert passage(railway="rail", foot="yes") == SHUT


@pytest.mark.parametrize("highway", sorted(NOT_THERE))
def test_no_tag_opens_what_is_not_there(highway: str) -> None:
    assert passage(highway=highway, foot="yes", sidewalk="both") == SHUT
    assert walking_passage({"highway": highway}, access=Access(private=True)) == SHUT


@pytest.mark.parametrize("highway", sorted(NOT_FOR_WALKERS))
def test_roads_without_walkers_open_by_foot_or_by_a_sidewalk_only(highway: str) -> None:
    assert passage(highway=highway) == SHUT
    assert walking_passage({"highway": highway}, access=Access(private=True)) == SHUT
    assert passage(highway=highway, foot="designated") == OPEN
    assert passage(highway=highway, sidewalk="right") == OPEN
    assert passage(highway=highway, sidewalk__left="yes") == OPEN
    assert passage(highway=highway, sidewalk="no") == SHUT
    assert passage(highway=highway, sidewalk="both", access="private") == SHUT


def test_an_express_road_is_told_by_its_tag() -> None:
    assert passage(highway="trunk", motorroad="yes") == SHUT
    assert passage(highway="trunk", motorroad="no") == OPEN


@pytest.mark.parametrize(
    ("tags", "public", "private"),
    [
        ({"access": "private"}, SHUT, OPEN),
        ({"access": "no"}, SHUT, OPEN),
        ({"access": "military"}, SHUT, OPEN),
        ({"foot": "private"}, SHUT, OPEN),
        ({"foot": "no"}, SHUT, SHUT),
        ({"access": "private", "foot": "yes"}, OPEN, OPEN),
        ({"access": "no", "foot": "designated"}, OPEN, OPEN),
        ({"access": "no", "foot": "permissive"}, OPEN, OPEN),
        ({"access": "private", "foot": "no"}, SHUT, SHUT),
        ({"access": "customers"}, OPEN, OPEN),
        ({"access": "destination"}, OPEN, OPEN),
        ({"foot": "use_sidepath"}, OPEN, OPEN),
        ({"sidewalk": "separate"}, OPEN, OPEN),
    ],
)
def test_access(tags: dict[str, str], public: tuple[bool, bool], private: tuple[bool, bool]) -> None:
    tags = {"highway": "service"} | tags
    assert walking_passage(tags) == public
    assert walking_passage(tags, access=Access(private=True)) == private


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, (True, True)),
        ({"oneway": "-1", "junction": "roundabout"}, (True, True)),
        ({"oneway:foot": "yes"}, (True, False)),
        ({"oneway:foot": "-1"}, (False, True)),
        ({"oneway:foot": "no", "oneway": "yes"}, (True, True)),
        ({"foot:backward": "no"}, (True, False)),
        ({"foot:forward": "no"}, (False, True)),
        ({"conveying": "forward"}, (True, False)),
        ({"conveying": "backward"}, (False, True)),
        ({"conveying": "yes"}, (True, True)),
        ({"foot:forward": "no", "foot:backward": "no"}, (False, False)),
    ],
)
def test_direction(tags: dict[str, str], expected: tuple[bool, bool]) -> None:
    assert walking_passage({"highway": "footway"} | tags) == expected
    assert bool(walking_passage({"highway": "footway"} | tags)) is any(expected)


@pytest.mark.parametrize(
    ("tags", "access", "passable"),
    [
        ({"highway": "busway"}, Access(allow=("highway=busway",)), True),
        ({"highway": "service", "access": "private"}, Access(allow=("highway=service",)), True),
        ({"highway": "construction"}, Access(allow=("highway=construction",)), False),
        ({"highway": "track", "surface": "mud"}, Access(forbid=("surface = mud",)), False),
        ({"highway": "track", "foot": "yes"}, Access(allow=("foot=yes",), forbid=("highway=track",)), False),
        ({"highway": "track", "surface": "asphalt"}, Access(forbid=("surface=mud",)), True),
    ],
)
def test_a_study_overrides_the_rules(tags: dict[str, str], access: Access, *, passable: bool) -> None:
    assert bool(walking_passage(tags, access=access)) is passable
    assert bool(merged_passage(tags, access=access)) is passable


@pytest.mark.parametrize(
    ("tags", "tagged", "private", "closed"),
    [
        ({"barrier": "gate"}, False, False, True),
        ({"barrier": "gate", "access": "yes"}, False, False, False),
        ({"barrier": "gate", "access": "private"}, True, False, True),
        ({"barrier": "lift_gate", "access": "private", "foot": "yes"}, False, False, False),
        ({"barrier": "gate", "locked": "yes"}, True, True, True),
        ({"barrier": "swing_gate", "foot": "no"}, True, True, True),
        ({"barrier": "bollard", "access": "no"}, False, False, False),
        ({"access": "private"}, False, False, False),
    ],
)
def test_gates(tags: dict[str, str], *, tagged: bool, private: bool, closed: bool) -> None:
    assert gate_is_shut(tags) is tagged
    assert gate_is_shut(tags, access=Access(private=True)) is private
    assert gate_is_shut(tags, access=Access(gates="closed")) is closed
    assert not gate_is_shut(tags, access=Access(gates="open"))


def test_an_edge_of_several_ways_is_as_open_as_its_worst_part() -> None:
    assert merged_passage({"highway": ["footway", "steps"]}) == OPEN
    assert merged_passage({"highway": ["footway", "motorway"]}) == SHUT
    assert merged_passage({"highway": ["footway", "path"], "access": ["yes", "private"]}) == SHUT
    merged = {"highway": ["footway", "path"], "access": ["yes", "private"]}
    assert merged_passage(merged, access=Access(private=True)) == OPEN
    assert merged_passage({"highway": "footway", "conveying": ["forward", "yes"]}) == (True, False)


def test_an_edge_that_says_nothing_is_open() -> None:
    assert merged_passage({}) == OPEN
    assert merged_passage({"highway": None, "foot": float("nan"), "access": "nan"}) == OPEN
    assert merged_passage({"access": "private"}) == SHUT

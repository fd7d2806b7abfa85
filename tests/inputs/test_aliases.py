# ruff: noqa: RUF001 - Chinese names are what is compared
"""Names of the same place: the reading rooms of Chongqing High-tech Zone as several papers call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import InputError
from walkshed.inputs.aliases import HOWS, alias_key, find_duplicates, match_names, similarity
from walkshed.inputs.facilities import read_facilities
from walkshed.norms import NameRules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

ROOMS = ("西永", "香炉山", "金凤", "走马", "曾家", "虎溪", "白市驿")


@pytest.fixture(scope="module")
def rooms(root: Path) -> gpd.GeoDataFrame:
    return read_facilities(root / "data/chongqing-gaoxin/facilities.csv").table


@pytest.fixture(scope="module")
def known(rooms: gpd.GeoDataFrame) -> dict[str, str]:
    return dict(zip(rooms.facility_id, rooms.name, strict=True))


@pytest.mark.parametrize(
    ("pattern", "how"),
    [
        ("{}智慧书房", "exact"),
        (" {} 智慧书房", "normalised"),
        ("{}（智慧书房）", "normalised"),
        ("{}城市书房", "alias"),
        ("{}24小时书屋", "alias"),
        ("{}２４小时智慧阅读空间", "alias"),
        ("{}智慧书房（24小时）", "alias"),
        ("重庆高新区{}智慧书房", "alias"),
        ("高新区直管园{}街道24小时智慧书房", "alias"),
    ],
)
def test_the_seven_open_rooms_are_found_under_every_name(known: dict[str, str], pattern: str, how: str) -> None:
    found = match_names([pattern.format(room) for room in ROOMS], known)
    assert list(found.known_id) == [f"gxq-{number}" for number in range(1, 8)]
    assert set(found.how) == {how}
    assert found.sure.all()


def test_what_is_only_similar_is_listed_and_never_sure(known: dict[str, str]) -> None:
    found = match_names(["中央公园智慧书房", "金风智慧书房", "西永图书馆分馆", "西永"], known)
    best = found.drop_duplicates("row")
    assert list(best.known_id) == ["gxq-8", "gxq-3", "gxq-1", "gxq-1"]
    assert set(found.how) == {"fuzzy"}
    assert not found.sure.any()


def test_towns_without_a_room_match_nothing(known: dict[str, str]) -> None:
    found = match_names(["含谷智慧书房", "石板智慧书房", "巴福智慧书房", "", None], known)
    assert list(found.row) == [0, 1, 2, 3, 4]
    assert set(found.how) == {"none"}
    assert (found.known_id == "").all()


def test_a_name_that_fits_two_is_listed_twice_and_not_sure() -> None:
    found = match_names(["西永书屋"], {"a": "西永智慧书房", "b": "西永城市书房"})
    assert found[["known_id", "how", "sure"]].to_numpy().tolist() == [["a", "alias", False], ["b", "alias", False]]


def test_towns_are_found_by_short_names_but_a_community_is_no_town() -> None:
    towns = {"500106017": "西永街道", "500106108": "曾家镇", "500107105": "白市驿镇"}
    found = match_names(["西永", "西永街道办事处", "重庆市高新区曾家镇", "曾家社区", "白市驿"], towns)
    sure = found[found.sure]
    assert dict(zip(sure.given, sure.known_id, strict=True)) == {
        "西永": "500106017", "西永街道办事处": "500106017", "重庆市高新区曾家镇": "500106108", "白市驿": "500107105",
    }  # fmt: skip
    assert found[found.given == "曾家社区"].how.tolist() == ["fuzzy"]


def test_rules_of_ones_own() -> None:
    rules = NameRules(prefixes=("广州市",), kinds={"room": ("粤书吧",)}, same={"老图书馆": "中山粤书吧"})
    found = match_names(["广州市中山粤书吧", "老图书馆"], {"z": "中山粤书吧"}, rules=rules)
    assert list(found.how) == ["alias", "alias"]
    assert found.sure.all()


def test_a_prefix_stays_where_nothing_else_is_left() -> None:
    assert alias_key("重庆图书馆") == ("重庆", "library_branch")
    assert alias_key("高新区图书馆") == ("高新区", "library_branch")


letters = st.text(alphabet="西永金凤曾家镇街道智慧书房分馆24小时（） ", max_size=12)


@settings(max_examples=200, deadline=None)
@given(one=letters, other=letters)
def test_similarity_is_symmetric_enough_and_one_for_the_same(one: str, other: str) -> None:
    first, second = alias_key(one), alias_key(other)
    assert 0.0 <= similarity(first, second) <= 1.0
    if first[0]:
        assert similarity(first, first) == 1.0


@settings(max_examples=100, deadline=None)
@given(given_names=st.lists(letters, max_size=6), known_names=st.lists(letters, max_size=6))
def test_every_given_name_has_a_row_and_sure_means_one(given_names: list[str], known_names: list[str]) -> None:
    known = {f"k{place}": name for place, name in enumerate(known_names)}
    found = match_names(given_names, known)
    assert sorted(set(found.row)) == list(range(len(given_names)))
    assert set(found.how) <= set(HOWS)
    assert found[found.sure].row.is_unique
    assert not found[found.sure].how.isin(["fuzzy", "none"]).any()


def test_duplicates_are_near_or_of_the_same_name(make_points: Callable[..., gpd.GeoDataFrame]) -> None:
    names = ["西永智慧书房", "西永24小时书屋", "文化站", "金凤智慧书房", "金凤书屋", "远处书房"]
    places = [(0, 0), (30, 40), (60, 0), (5000, 0), (9000, 0), (20_000, 0)]
    table = make_points(places, id_column="facility_id", prefix="f", name=names)
    table.geometry = [*table.geometry[:4], None, table.geometry[5]]
    found = find_duplicates(table, near_m=55.0)
    # f0-f1 50 m apart, f1-f2 50 m apart, f0-f2 60 m; f3 and f4 bear one name, f4 has no position.
    assert found[["first_id", "second_id", "how"]].to_numpy().tolist() == [
        ["f0", "f1", "alias"], ["f1", "f2", "none"], ["f3", "f4", "alias"],
    ]  # fmt: skip
    np.testing.assert_allclose(found.distance_m, [50.0, 50.0, np.nan], rtol=1e-3)


def test_the_zone_has_no_duplicates(rooms: gpd.GeoDataFrame) -> None:
    assert find_duplicates(rooms).empty


@pytest.mark.parametrize("near_m", [-1.0, float("nan"), float("inf")])
def test_an_unusable_distance_is_refused(rooms: gpd.GeoDataFrame, near_m: float) -> None:
    with pytest.raises(InputError, match="near_m"):
        find_duplicates(rooms, near_m=near_m)

"""Units as a tree: by parent, by code, by name, by geometry; what contradicts itself is told and nothing is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import entries
from walkshed.contracts import UNITS, check_table
from walkshed.errors import InputError
from walkshed.inputs.unit_codes import LEVELS, code_level, codes_above, mended_code, plain_code
from walkshed.inputs.unit_tree import ancestors, children_of, descendants, level_counts, unit_tree
from walkshed.inputs.units import assign_units, read_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def table(shapes: list[shapely.Geometry | None] | None = None, **columns: list[object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(columns)
    if "name" not in frame:
        frame["name"] = frame["unit_id"]
    return gpd.GeoDataFrame(frame, geometry=shapes or [None] * len(frame), crs=4326)


def parents(units: gpd.GeoDataFrame) -> dict[str, str]:
    tree = unit_tree(units).table
    return dict(zip(tree.unit_id, tree.parent_id, strict=True))


def findings(units: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    told = unit_tree(units).findings
    return list(zip(told.unit_id, told.finding, strict=True))


def test_codes() -> None:
    assert [plain_code(text) for text in ("500106017003", "500106017000", "500106017", "500106000000", "500106")] == [
        "500106017003", "500106017", "500106017", "500106", "500106",
    ]  # fmt: skip
    assert [plain_code(text) for text in ("500000", "500100", "156500106")] == ["50", "5001", "500106"]
    # Two digits are a number that somebody gave, and no province begins with 99.
    assert [plain_code(text) for text in ("50", "5001", "990106", "5001O6", "", "relation/1")] == [""] * 6
    assert codes_above("500106017003") == ["500106017", "500106", "5001", "50"]
    assert [code_level(code) for code in ("50", "44", "5001", "500106", "500106017", "500106017003", "")] == [
        "city", "province", "city", "district", "town", "community", "",
    ]  # fmt: skip
    assert mended_code("5.00106E+11") is None
    assert mended_code("5.00106017003e11") == "500106017003"
    assert mended_code("0500106") == "0500106"


def test_a_tree_by_codes_with_and_without_filling_zeros() -> None:
    units = table(
        unit_id=["500106017003", "500106000000", "500106017000", "500106018001", "500106018"],
        name=["香蕉园社区", "沙坪坝区", "西永街道", "四塘村", "虎溪街道"],
    )
    tree = unit_tree(units)
    rows = tree.table.set_index("unit_id")
    assert rows.parent_id.to_dict() == {
        "500106017003": "500106017000", "500106000000": "", "500106017000": "500106000000",
        "500106018001": "500106018", "500106018": "500106000000",
    }  # fmt: skip
    assert rows.level.tolist() == ["community", "district", "town", "community", "town"]
    assert rows.depth.tolist() == [2, 0, 1, 2, 1]
    assert rows.path["500106017003"] == "500106000000/500106017000/500106017003"
    assert tree.table.unit_id.tolist() == units.unit_id.tolist()
    assert tree.findings.empty
    assert ancestors(tree.table, "500106018001") == ["500106018", "500106000000"]
    assert children_of(tree.table, "500106000000") == ["500106017000", "500106018"]
    assert children_of(tree.table) == ["500106000000"]
    assert descendants(tree.table, "500106000000") == [
        key for key in units.unit_id if key != "500106000000"
    ]  # fmt: skip
    assert level_counts(tree.table) == {"district": 1, "town": 2, "community": 2}
    assert tree.messages() == []
    check_table(tree.table, UNITS)
    with pytest.raises(KeyError):
        ancestors(tree.table, "nobody")


def test_a_town_that_is_missing_among_others_is_told() -> None:
    units = table(unit_id=["500106", "500106017", "500106017003", "500106018001"])
    assert parents(units)["500106018001"] == "500106"
    assert findings(units) == [("500106018001", "skipped_level")]
    # Dongguan has no districts: its towns lie right below the city, and nothing is missing.
    assert findings(table(unit_id=["441900", "441900003", "441900004"])) == []
    assert parents(table(unit_id=["441900", "441900003"])) == {"441900": "", "441900003": "441900"}


def test_parents_by_id_code_and_name() -> None:
    units = table(
        unit_id=["q", "t1", "500106017", "c1", "c2", "c3"],
        name=["区", "东街道", "西永街道", "甲社区", "乙社区", "丙社区"],
        parent_id=["", "q", "q", "东街道", "500106017000", "t1"],
    )
    tree = unit_tree(units).table.set_index("unit_id")
    assert tree.parent_id.to_dict() == {"q": "", "t1": "q", "500106017": "q", "c1": "t1", "c2": "500106017", "c3": "t1"}
    assert tree.level.tolist() == ["", "town", "town", "community", "community", "community"]


def test_levels_given_in_words_or_inferred() -> None:
    units = table(
        unit_id=list("abcde"), name=["a", "b", "c", "d", "e"], level=["区县", "", "", "片区", ""],
        parent_id=["", "a", "b", "a", "d"],
    )  # fmt: skip
    assert unit_tree(units).table.level.tolist() == ["district", "town", "community", "片区", ""]


def test_what_contradicts_itself_is_told_and_stays() -> None:
    units = table(
        unit_id=["t", "x", "y", "z", "lost", "t", "c", "self", "who", "n1", "n2"],
        name=["镇", "x", "y", "z", "lost", "again", "c", "self", "who", "同名", "同名"],
        parent_id=["", "y", "z", "x", "nowhere", "", "t", "self", "同名", "t", "t"],
    )
    tree = unit_tree(units)
    assert sorted(findings(units)) == [
        ("lost", "orphan"), ("self", "cycle"), ("t", "double_id"), ("who", "ambiguous_parent"), ("x", "cycle"),
        ("y", "cycle"), ("z", "cycle"),
    ]  # fmt: skip
    assert tree.table.unit_id.tolist() == ["t", "x", "y", "z", "lost", "c", "self", "who", "n1", "n2"]
    assert len(tree.table) + (tree.findings.finding == "double_id").sum() == len(units)
    tops = {"t", "x", "y", "z", "lost", "self", "who"}
    assert set(children_of(tree.table)) == tops
    circle = tree.findings[tree.findings.unit_id == "x"].iloc[0]
    assert circle.detail == "x > y > z > x"
    for message in tree.messages():
        assert message.text("zh")
        assert message.fields["unit_id"] in message.text("en")


def test_a_table_that_ends_below_its_parents_is_no_finding() -> None:
    towns = table(unit_id=["1", "2", "3"], parent_id=["500106", "500107", "500107"])
    assert findings(towns) == []
    communities = table(unit_id=["1", "2", "3", "4"], parent_id=["500106", "500106", "1", "50016"])
    assert findings(communities) == [("4", "orphan")]


def test_names_in_columns_imply_the_towns(write_text: Callable[..., Path]) -> None:
    text = (
        "区划代码,街道,社区,常住人口\n500106017003,西永街道,香蕉园社区,3000\n500106017004,西永街道,永兴社区,2000\n"
        "500106016001,虎溪街道,永兴社区,1000\n"
    )
    read = read_units(write_text("u.csv", text))
    assert read.table.name.tolist() == ["香蕉园社区", "永兴社区", "永兴社区"]
    assert read.table.level.tolist() == ["community"] * 3
    assert read.table.in_town.tolist() == ["西永街道", "西永街道", "虎溪街道"]
    tree = unit_tree(read.table)
    rows = tree.table.set_index("unit_id")
    assert rows.parent_id.to_dict() == {
        "500106017003": "500106017", "500106017004": "500106017", "500106016001": "500106016",
        "500106017": "", "500106016": "",
    }  # fmt: skip
    assert rows.name[["500106017", "500106016"]].tolist() == ["西永街道", "虎溪街道"]
    assert rows.implied.tolist() == [False, False, False, True, True]
    assert rows.population.isna().tolist() == [False, False, False, True, True]
    assert set(tree.findings.finding) == {"implied"}
    check_table(tree.table, UNITS)


def test_a_town_known_by_its_code_is_not_implied_under_another_name() -> None:
    units = table(unit_id=["500106017003", "500106017"], name=["甲社区", "西永街道"], in_town=["西永", ""])
    tree = unit_tree(units)
    assert tree.table.parent_id.tolist() == ["500106017", ""]
    assert tree.findings.empty


def test_towns_among_the_rows_are_not_implied_and_names_need_no_code(write_sheet: Callable[..., Path]) -> None:
    rows = [
        ["区", "街道", "社区"], ["沙坪坝区", "西永街道", ""], ["沙坪坝区", "西永街道", "甲社区"],
        ["九龙坡区", "金凤镇", "甲社区"], ["九龙坡区", "走马镇", "乙村"],
    ]  # fmt: skip
    read = read_units(write_sheet("u.xlsx", rows), columns={"in_district": "区"})
    assert read.table.name.tolist() == ["西永街道", "甲社区", "甲社区", "乙村"]
    assert read.table.level.tolist() == ["town", "community", "community", "community"]
    tree = unit_tree(read.table)
    paths = dict(zip(tree.table.path, tree.table.name, strict=True))
    assert sorted(re.sub(r"row-\d", "*", path) for path in paths) == sorted(
        ["沙坪坝区", "沙坪坝区/*", "沙坪坝区/*/*", "九龙坡区", "九龙坡区/金凤镇", "九龙坡区/金凤镇/*",
         "九龙坡区/走马镇", "九龙坡区/走马镇/*"]
    )  # fmt: skip
    assert sorted(tree.findings.name) == sorted(["沙坪坝区", "九龙坡区", "金凤镇", "走马镇"])


def test_a_name_column_beside_the_town(write_text: Callable[..., Path]) -> None:
    read = read_units(write_text("u.csv", "名称,所属街道\n甲社区,西永街道\n西永街道,西永街道\n"))
    assert read.table.name.tolist() == ["甲社区", "西永街道"]
    tree = unit_tree(read.table).table
    assert tree.parent_id.tolist() == ["row-3", ""]
    assert tree.level.tolist() == ["community", "town"]


def test_a_tree_by_geometry_where_nothing_else_is_given() -> None:
    town, east, west = shapely.box(0, 0, 4, 4), shapely.box(2, 0, 4, 4), shapely.box(0, 0, 2, 4)
    inner, abroad = shapely.box(0.1, 0.1, 1, 1), shapely.box(3.5, 3.5, 6, 6)
    units = table([inner, east, town, west, abroad, None], unit_id=list("ietwan"))
    assert parents(units) == {"i": "w", "e": "t", "t": "", "w": "t", "a": "", "n": ""}
    # One parent that is given, and nothing is guessed.
    given_one = units.assign(parent_id=["t", "", "", "", "", ""])
    assert parents(given_one) == {"i": "t", "e": "", "t": "", "w": "", "a": "", "n": ""}


def test_a_child_outside_its_parent_and_levels_upside_down() -> None:
    units = table(
        [shapely.box(0, 0, 4, 4), shapely.box(3, 0, 5, 4), shapely.box(0, 0, 1.02, 4), None],
        unit_id=list("tabc"), parent_id=["", "t", "t", "a"], level=["town", "community", "community", "district"],
    )  # fmt: skip
    told = unit_tree(units).findings.set_index("unit_id")
    assert told.finding.to_dict() == {"a": "outside_parent", "c": "level_order"}
    assert "inside=50.0%" in told.detail["a"]
    assert unit_tree(units, inside_min=0.4).findings.finding.tolist() == ["level_order"]


def test_codes_damaged_by_a_spreadsheet(write_text: Callable[..., Path]) -> None:
    text = (
        "区划代码,名称,上级代码\n5.00106E+11,西永街道,\n5.00106017003E+11,甲社区,500106017\n"
        "500106017004,乙社区,5.00106E+11\n0101,丙,\n"
    )
    read = read_units(write_text("u.csv", text))
    assert read.table.unit_id.tolist() == ["500106017003", "0101"]
    assert read.rejects.reason.tolist() == ["damaged_code"] * 2
    assert read.rejects.detail.tolist() == ["区划代码=5.00106E+11", "上级代码=5.00106E+11"]
    with pytest.raises(InputError, match="format 'text'"):
        read_units(write_text("v.csv", "区划代码,名称\n5.00106E+11,西永街道\n5.00106E+11,虎溪街道\n"))


def test_numbers_in_a_sheet_are_texts_and_codes_of_towns_are_parents(write_sheet: Callable[..., Path]) -> None:
    rows = [["社区代码", "名称", "街道代码"], [500106017003, "甲社区", 500106017000], ["007", "乙社区", "09"]]
    table_read = read_units(write_sheet("u.xlsx", rows)).table
    assert table_read.unit_id.tolist() == ["500106017003", "007"]
    assert table_read.parent_id.tolist() == ["500106017000", "09"]


def test_groups_of_units_are_numbers(write_text: Callable[..., Path]) -> None:
    read = read_units(write_text("u.csv", "id,name,常住人口,老年人口,population_boatmen\na,甲,100,20,3\nb,乙,200,,1\n"))
    assert read.table.population_seniors.iloc[0] == 20
    assert np.isnan(read.table.population_seniors.iloc[1])
    assert read.table.population_boatmen.tolist() == [3, 1]


def test_rows_go_to_the_lowest_unit_by_place_and_by_code() -> None:
    units = table(
        [shapely.box(0, 0, 4, 4), shapely.box(0, 0, 2, 4), None],
        unit_id=["500106017", "500106017003", "500106016"], name=["西永", "香蕉园", "虎溪"],
        parent_id=["", "500106017", ""],
    )  # fmt: skip
    homes = gpd.GeoDataFrame(
        {"unit_id": ["西永", "西永", "500106016009", "500106017000", "500106017003", "500109001", ""]},
        geometry=gpd.points_from_xy([1, 3, 1, 3, 3, 9, 9], [1] * 7), crs=4326,
    )  # fmt: skip
    assert assign_units(homes, units).unit_id.tolist() == [
        "500106017003",  # named by its town, it stands in the community
        "500106017",
        "500106016",  # the code says its town; the place may be wrong
        "500106017",
        "500106017003",
        "500109001",
        "",
    ]


def test_the_towns_of_shapingba(shared_data: Path, tmp_path: Path) -> None:
    names = ["unit_id", "上级代码", "name", "kind"]
    rows = pd.read_csv(shared_data / "chongqing" / "adcode_500106.csv", header=None, dtype=str)
    path = tmp_path / "u.csv"
    rows[[0, 1, 2, 3]].set_axis(names, axis=1).to_csv(path, index=False, encoding="utf-8-sig")
    tree = unit_tree(read_units(path).table)
    assert tree.findings.empty
    counts = level_counts(tree.table)
    assert counts["district"] == 1
    assert counts["town"] == 26
    assert sum(counts.values()) == len(rows)
    assert len(children_of(tree.table, "500106000000")) == 26


def test_every_finding_and_level_has_its_text(root: Path) -> None:
    code = "".join(
        (root / "coverage/walkshed/inputs" / name).read_text(encoding="utf-8")
        for name in ("unit_tree.py", "unit_parents.py")
    )
    known = {key.removeprefix("findings.") for key in entries() if key.startswith("findings.")}
    assert {key for key in known if f'"{key}"' in code} == {
        "ambiguous_parent", "cycle", "double_id", "implied", "level_order", "orphan", "outside_parent", "skipped_level",
    }  # fmt: skip
    assert {f"units.level_{level}" for level in LEVELS} <= set(entries())


digit = st.text("0123456789", min_size=3, max_size=3)
anything = st.one_of(st.just(""), st.sampled_from(list("abcdef")), digit.map(lambda end: f"500106{end}"))


@settings(deadline=None, max_examples=80)
@given(rows=st.lists(st.tuples(anything.filter(bool), anything, st.sampled_from(["", "t", "s"])), max_size=9))
def test_whatever_is_given_becomes_a_tree(rows: list[tuple[str, str, str]]) -> None:
    ids, above, towns = zip(*rows, strict=True) if rows else ((), (), ())
    units = table(unit_id=list(ids), parent_id=list(above), in_town=list(towns))
    tree = unit_tree(units)
    kept = tree.table[~tree.table.implied.astype(bool)]
    assert kept.unit_id.tolist() == list(dict.fromkeys(ids))
    assert (tree.findings.finding == "double_id").sum() == len(ids) - len(set(ids))
    assert tree.table.unit_id.is_unique
    known = set(tree.table.unit_id)
    assert set(tree.table.parent_id) <= known | {""}
    for row in tree.table.itertuples():
        chain = row.path.split("/")
        assert chain[-1] == row.unit_id
        assert len(chain) == len(set(chain)) == row.depth + 1
        assert ancestors(tree.table, row.unit_id) == chain[-2::-1]
    again = unit_tree(tree.table.drop(columns=["path", "depth"])).table
    if set(above) <= {*ids, ""} and "cycle" not in set(tree.findings.finding):
        assert again.parent_id.tolist() == tree.table.parent_id.tolist()

# ruff: noqa: RUF001 - full-width forms are among the things tested
"""Columns, cells, shapes and rejects: what every reader is made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import entries
from walkshed.errors import InputError
from walkshed.inputs import candidates, demand, facilities, units
from walkshed.inputs.reads import empty_rejects, join_rejects, make_rejects
from walkshed.inputs.shapes import repair_areas, simplify_types
from walkshed.inputs.synonyms import LAYER_SYNONYMS, SYNONYMS, header_key
from walkshed.inputs.tables import find_columns
from walkshed.inputs.values import BLANKS, parse_degree, parse_number, split_pair, text_of

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

# --- columns --------------------------------------------------------------------------------------------------------


def columns_of(*names: str) -> pd.DataFrame:
    return pd.DataFrame([[""] * len(names)], columns=list(names))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (("名称", "经度", "纬度"), {"name": "名称", "lon": "经度", "lat": "纬度"}),
        (("Name", "LNG", "Lat"), {"name": "Name", "lon": "LNG", "lat": "Lat"}),
        (("X", "Y"), {"lon": "X", "lat": "Y"}),
        (("id", "location"), {"facility_id": "id", "location": "location"}),
        (("经度（WGS84）", "纬度（WGS84）"), {"lon": "经度（WGS84）", "lat": "纬度（WGS84）"}),
        (("Opening Hours",), {"opening_hours": "Opening Hours"}),
        (("街道", "状态", "座位数"), {"unit_id": "街道", "status": "状态", "capacity": "座位数"}),
        (("ｌｏｎ", "ＬＡＴ"), {"lon": "ｌｏｎ", "lat": "ＬＡＴ"}),
        (("经度", "lon", "纬度"), {"lon": "lon", "lat": "纬度"}),
    ],
)
def test_columns_are_found_by_their_synonyms(headers: tuple[str, ...], found: dict[str, str]) -> None:
    wanted = ("facility_id", "name", "lon", "lat", "location", "opening_hours", "unit_id", "status", "capacity")
    assert find_columns(columns_of(*headers), wanted, layer="facilities") == found


def test_the_mapping_wins_and_an_empty_entry_means_none() -> None:
    frame = columns_of("名称", "简称", "经度", "纬度", "lon")
    mapping = {"name": "简称", "lon": "经度", "lat": ""}
    assert find_columns(frame, ("name", "lon", "lat"), mapping) == {"name": "简称", "lon": "经度"}


def test_a_mapping_to_an_unknown_column_lists_those_seen() -> None:
    with pytest.raises(InputError, match=r"f\.csv.*经度2.*seen: 名称, 经度"):
        find_columns(columns_of("名称", "经度"), ("name", "lon"), {"lon": "经度2"}, path="f.csv")


def test_a_mapping_of_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"longitude.*Known names: name, lon"):
        find_columns(columns_of("名称", "经度"), ("name", "lon"), {"longitude": "经度"})


def test_two_columns_that_fit_equally_well_are_an_error() -> None:
    with pytest.raises(InputError, match=r"'population': 人口\(2010\), 人口\(2020\)"):
        find_columns(columns_of("人口(2010)", "人口(2020)"), ("population",))
    assert find_columns(columns_of("人口", "人口(2010)"), ("population",)) == {"population": "人口"}


@pytest.mark.parametrize("module", [facilities, demand, units, candidates])
def test_no_header_means_two_things_in_a_layer(module: ModuleType) -> None:
    layer = module.__name__.rsplit(".", 1)[-1]
    meanings: dict[str, str] = {}
    for name in (*module.COLUMNS, "households", "lon", "lat", "location"):
        for word in LAYER_SYNONYMS[layer].get(name) or SYNONYMS[name]:
            assert meanings.setdefault(header_key(word), name) == name, word


# --- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("3005户", 3005),
        ("3,005", 3005),
        ("3，005户", 3005),
        ("３００５", 3005),
        (" 3 005 ", 3005),
        ("约1.2万人", 12000),
        ("7.4712万", 74712),
        ("530万元", 5_300_000),
        ("120座", 120),
        ("300㎡", 300),
        ("１，２３４．５", 1234.5),
        ("1e3", 1000),
        ("-5", -5),
        ("−5户", -5),
        (12, 12),
        (np.float64(1.5), 1.5),
        (".5", 0.5),
        ("5.", 5),
    ],
)
def test_numbers_are_read_as_people_write_them(cell: object, number: float) -> None:
    assert parse_number(cell) == number


@pytest.mark.parametrize("cell", ["", " ", None, "-", "无", "NaN", "n/a", float("nan"), pd.NA, "--", "N/A", "未知"])
def test_blank_cells_have_no_number(cell: object) -> None:
    assert np.isnan(parse_number(cell))
    assert np.isnan(parse_degree(cell))


@pytest.mark.parametrize("cell", ["abc", "3000-4000", "1,00", "12户3", "1_000", "三千", "0x10", True])
def test_what_is_no_number_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_number(cell)


@pytest.mark.parametrize("cell", ["106,37", "106°22'", "1_06.3", "106.3 29.5", "east", True])
def test_what_is_no_coordinate_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_degree(cell)


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_any_float_survives_its_text(number: float) -> None:
    assert parse_degree(repr(number)) == number
    assert parse_degree(number) == number
    assert parse_number(repr(number)) == number


@given(st.integers(0, 10**9), st.sampled_from(["{}", "{:,}", "{}户", "约{:,}人", " {} "]))
@settings(deadline=None)
def test_any_count_survives_its_spelling(count: int, spelling: str) -> None:
    assert parse_number(spelling.format(count)) == count


@pytest.mark.parametrize(
    "cell", ["106.3,29.5", "106.3，29.5", "106.3 29.5", "106.3, 29.5", "[106.3;29.5]", "（106.3、29.5）"]
)
def test_pairs_are_split_however_they_are_joined(cell: str) -> None:
    assert split_pair(cell) == ("106.3", "29.5")


def test_texts_of_cells() -> None:
    assert text_of(np.float64(5.0)) == "5"
    assert text_of(5.25) == "5.25"
    assert text_of(500106017) == "500106017"
    assert text_of("\ufeff 西永\u3000") == "西永"
    assert text_of(pd.NaT) == ""
    assert "" in BLANKS


# --- shapes and rejects ---------------------------------------------------------------------------------------------


def test_self_intersecting_areas_keep_what_they_enclose() -> None:
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    overlapping = shapely.Polygon([(0, 0), (4, 0), (4, 3), (1, 3), (1, 1), (3, 1), (3, 4), (0, 4)])
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (1, 5), (1, 1), (0, 1)])
    collapsed = shapely.Polygon([(0, 0), (1, 1), (2, 2)])
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(5, 5), shapely.box(1, 0, 2, 1)])
    point = shapely.Point(1, 1)
    shapes = np.array([bow_tie, overlapping, spike, collapsed, mixed, point, None], object)
    repaired = repair_areas(shapes)
    assert shapely.is_valid(repaired[:6]).all()
    assert shapely.area(repaired[:6]).tolist() == pytest.approx([2, 15, 1, 0, 2, 0])
    assert repaired[3].is_empty
    assert repaired[5] is point
    assert repaired[6] is None
    assert shapes[0] is bow_tie


def test_lone_members_come_out_of_their_collections() -> None:
    shapes = np.array([shapely.MultiPoint([(1, 2)]), shapely.GeometryCollection([shapely.Point(1, 2)])], object)
    assert [shape.geom_type for shape in simplify_types(shapes)] == ["Point", "Point"]


def test_rejects_are_joined_in_order() -> None:
    one = make_rejects(
        "units", "u.csv", lines=[3, None], row_ids=["a", "b"], reasons=["swapped"] * 2, details=["", "x"]
    )
    joined = join_rejects([empty_rejects(), one, empty_rejects(), one.iloc[:1]])
    assert joined.row_id.tolist() == ["a", "b", "a"]
    assert joined.line.isna().tolist() == [False, True, False]
    assert list(joined.columns) == list(empty_rejects().columns) == list(join_rejects([]).columns)
    assert joined.dtypes.tolist() == empty_rejects().dtypes.tolist()


def test_every_reason_that_a_reader_gives_has_its_text(root: Path) -> None:
    code = "".join(
        (root / "coverage/walkshed/inputs" / name).read_text(encoding="utf-8")
        for name in ("reads.py", "positions.py", "rows.py", "facilities.py", "demand.py")
    )
    given = set(re.findall(r"\.refuse\([^\"]*\"([a-z_]+)\"", code)) | set(
        re.findall(r"reasons\[row\] = \"([a-z_]+)\"", code)
    )
    assert len(given) > 12
    assert {f"rejects.{reason}" for reason in given} <= set(entries())

"""Official denominators from files, in both shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pytest

from walkshed.errors import InputError
from walkshed.inputs.denominators import read_denominators

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def units() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"unit_id": ["500106017", "500106016", "x", "y"], "name": ["西永街道", "虎溪街道", "同名", "同名"]},
        geometry=[None] * 4, crs=4326,
    )  # fmt: skip


def test_a_column_per_basis(write_text: Callable[..., Path], units: gpd.GeoDataFrame) -> None:
    text = (
        "街道,年末常住人口(万人),denominator_A,denominator_E_seniors\n西永街道,7.4,5,\n500106016000,6,,900\n合计,13.4,,\n"
        "同名,1,,\n不知道,1,,\n西永街道,8,,\n"
    )
    read = read_denominators(write_text("d.csv", text), units=units, columns={"denominator_E": "年末常住人口(万人)"})
    assert sorted(read.table.to_numpy().tolist()) == [
        ["", "E", "", 134_000.0], ["500106016", "E", "", 60_000.0], ["500106016", "E", "seniors", 900.0],
        ["500106017", "A", "", 5.0], ["500106017", "E", "", 74_000.0],
    ]  # fmt: skip
    assert read.rejects.reason.tolist() == ["unknown_unit", "unknown_unit", "duplicate_id"]
    assert read.rejects.line.tolist() == [5, 6, 7]


def test_a_row_per_figure(write_text: Callable[..., Path], units: gpd.GeoDataFrame) -> None:
    text = (
        "名称,口径,人群,分母\n西永街道,A 设置率,,5\n"
        "西永街道,人口覆盖率\uff08E\uff09,seniors,700\n虎溪街道,e_buildings,,80\n"
        "虎溪街道,覆盖率,,80\n虎溪街道,A,,-1\n"
    )
    read = read_denominators(write_text("d.csv", text), units=units)
    assert read.table.to_numpy().tolist() == [
        ["500106017", "A", "", 5.0], ["500106017", "E", "seniors", 700.0], ["500106016", "E_buildings", "", 80.0],
    ]  # fmt: skip
    assert read.rejects.reason.tolist() == ["unknown_basis", "negative_number"]


def test_what_is_no_table_of_denominators(write_text: Callable[..., Path], units: gpd.GeoDataFrame) -> None:
    with pytest.raises(InputError, match="no denominators"):
        read_denominators(write_text("d.csv", "名称,人口\n西永街道,5\n"), units=units)
    with pytest.raises(InputError, match="denominator_Z"):
        read_denominators(write_text("e.csv", "名称,denominator_Z\n西永街道,5\n"), units=units)
    with pytest.raises(InputError, match="None of the 1 rows"):
        read_denominators(write_text("f.csv", "名称,denominator_E\n东街道,5\n"), units=units)

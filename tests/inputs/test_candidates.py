"""Candidate sites: like facilities, but inside the study area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.contracts import CANDIDATES, check_table
from walkshed.inputs.candidates import read_candidates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd


def reasons(rejects: pd.DataFrame) -> list[tuple[int, str, str]]:
    return list(zip(rejects.line.tolist(), rejects.row_id, rejects.reason, strict=True))


def test_candidates_are_read_and_must_lie_inside(write_text: Callable[..., Path], zone: gpd.GeoDataFrame) -> None:
    text = (
        "候选点编号,地点,造价(万元),lon,lat\n"
        "c1,公园西门,120,106.3,29.5\n"
        "c2,,,106.31,29.5\n"
        "c3,外,1,106.41,29.5\n"
        "c4,远,1,108,29.5\n"
    )
    read = read_candidates(write_text("c.csv", text), boundary=zone)
    assert read.table.candidate_id.tolist() == ["c1", "c2"]
    check_table(read.table, CANDIDATES)
    assert read.table.place.tolist() == ["公园西门", "c2"]
    assert read.table.cost.tolist()[0] == 1_200_000
    assert np.isnan(read.table.cost.tolist()[1])
    assert reasons(read.rejects) == [(4, "c3", "outside_boundary"), (5, "c4", "far_outside")]


def test_candidates_need_no_cost_and_no_name(write_text: Callable[..., Path]) -> None:
    table = read_candidates(write_text("c.csv", "lon,lat\n106.3,29.5\n")).table
    assert table.place.tolist() == ["row-2"]
    assert "cost" not in table


def test_capacity_and_kind_of_premises(write_text: Callable[..., Path]) -> None:
    rows = ("a,旧粮站,空置用房,60,106.3,29.5", "b,社区中心,,,106.31,29.5", "c,公园,公园,-4,106.32,29.5")
    text = "\n".join(("编号,名称,类型,座位数,lon,lat", *rows, ""))
    read = read_candidates(write_text("c.csv", text))
    assert read.table.kind.tolist() == ["空置用房", ""]
    assert read.table.capacity.tolist()[0] == 60.0
    assert np.isnan(read.table.capacity.tolist()[1])
    assert reasons(read.rejects) == [(4, "c", "negative_number")]


def test_candidates_without_position_are_refused_even_with_a_unit(write_text: Callable[..., Path]) -> None:
    read = read_candidates(write_text("c.csv", "id,unit_id,lon,lat\na,u,,\nb,u,106.3,29.5\n"))
    assert reasons(read.rejects) == [(2, "a", "no_position")]
    assert read.table.unit_id.tolist() == ["u"]


def test_points_of_porto_alegre_have_latitude_first_and_are_found_by_name(shared_data: Path) -> None:
    read = read_candidates(shared_data / "porto-alegre/poa_points_of_interest.csv")
    assert len(read.table) == 15
    assert read.table.candidate_id[0] == "public_market"
    assert read.table.geometry.x.between(-51.3, -51.1).all()
    assert read.rejects.empty

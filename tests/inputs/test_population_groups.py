"""Groups beside residents: headers of both languages, the mapping, shares, odd figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from walkshed.errors import InputError
from walkshed.inputs.demand import read_demand
from walkshed.inputs.population_groups import group_names, group_notes
from walkshed.inputs.population_words import GROUP_SYNONYMS
from walkshed.inputs.units import read_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

HEAD = "id,人口,lon,lat"


def demand(write_text: Callable[..., Path], header: str, *cells: str, **settings: object) -> gpd.GeoDataFrame:
    rows = [f"r{number},200,106.3,29.{number + 1},{cell}" for number, cell in enumerate(cells)]
    path = write_text("homes.csv", "\n".join([f"{HEAD},{header}", *rows]))
    return read_demand(path, **settings).table  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "group"),
    [
        ("60岁以上", "seniors"),
        ("60岁及以上人口", "seniors"),
        ("老年人口", "seniors"),
        ("65岁以上人口(人)", "seniors"),
        ("elderly", "seniors"),
        ("Population Seniors", "seniors"),
        ("0-14岁", "children"),
        ("0～14岁人口", "children"),  # noqa: RUF001 - full width, as typed in Chinese
        ("儿童", "children"),
        ("未成年人口", "children"),
        ("学生", "students"),
        ("在校学生人数", "students"),
        ("外来人口", "migrants"),
        ("流动人口", "migrants"),
        ("残疾人", "disabled"),
        ("残疾人口", "disabled"),
        ("低保", "low_income"),
        ("低收入人口", "low_income"),
        ("population_veterans", "veterans"),
    ],
)
def test_headers_of_groups_are_known(write_text: Callable[..., Path], header: str, group: str) -> None:
    table = demand(write_text, header, "46", "0")
    assert group_names(table) == (group,)
    assert table[f"population_{group}"].tolist() == [46.0, 0.0]
    assert table["population"].tolist() == [200.0, 200.0]


def test_no_header_means_two_groups() -> None:
    words = [word for headers in GROUP_SYNONYMS.values() for word in headers]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("header", "cells", "people"),
    [
        ("老年人口", ("23%", "11.5％"), [46.0, 23.0]),  # noqa: RUF001 - full width
        ("老年人口占比", ("0.23", "1"), [46.0, 200.0]),
        ("老年人口占比", ("23", "0.5"), [46.0, 1.0]),
        ("60岁以上(%)", ("23", "0.5"), [46.0, 1.0]),
        ("老龄化率", ("23%", "11.5"), [46.0, 23.0]),
        ("senior_share", ("0.23", "23%"), [46.0, 46.0]),
        ("老年人口(百人)", ("0.46", "1"), [46.0, 100.0]),
        ("老年人口(百分比)", ("23%", "50%"), [46.0, 100.0]),
    ],
)
def test_shares_become_people_of_the_row(
    write_text: Callable[..., Path], header: str, cells: tuple[str, ...], people: list[float]
) -> None:
    assert demand(write_text, header, *cells)["population_seniors"].tolist() == pytest.approx(people)


def test_shares_are_of_people_counted_in_households(write_text: Callable[..., Path]) -> None:
    path = write_text("h.csv", "id,户数,lon,lat,老年人口\na,100户,106.3,29.5,10%\n")
    assert read_demand(path).table["population_seniors"].tolist() == pytest.approx([26.0])


def test_people_count_before_shares(write_text: Callable[..., Path]) -> None:
    assert demand(write_text, "老年人口占比,老年人口", "50%,46")["population_seniors"].tolist() == [46.0]


def test_the_mapping_names_groups_of_any_kind(write_text: Callable[..., Path]) -> None:
    columns = {"population_seniors": "甲", "population_退役军人": "乙"}
    table = demand(write_text, "甲,乙", "46,7", columns=columns)
    assert table["population_seniors"].tolist() == [46.0]
    assert table["population_退役军人"].tolist() == [7.0]
    unwanted = demand(write_text, "老年人口", "46", columns={"population_seniors": ""})
    assert group_names(unwanted) == ()
    with pytest.raises(InputError, match="does not have: 丙"):
        demand(write_text, "甲", "46", columns={"population_seniors": "丙"})


@pytest.mark.parametrize("header", ["population_density", "population_2020", "population_source"])
def test_what_is_said_of_all_the_people_is_no_group(write_text: Callable[..., Path], header: str) -> None:
    table = demand(write_text, header, "46" if header[-1] != "e" else "census")
    assert group_names(table) == ()
    assert f"file_{header}" in table


def test_a_blank_is_nobody_in_a_home_and_unknown_in_a_unit(write_text: Callable[..., Path]) -> None:
    assert demand(write_text, "老年人口", "", "5")["population_seniors"].tolist() == [0.0, 5.0]
    assert group_names(demand(write_text, "老年人口", "", "")) == ()
    units = read_units(
        write_text("u.csv", "unit_id,name,人口,老年人口\na,甲,100,\nb,乙,,7\nc,丙,50,10%\nd,丁,,10%\n")
    ).table
    assert units["population_seniors"].to_numpy() == pytest.approx([np.nan, 7.0, 5.0, np.nan], nan_ok=True)


def test_bad_figures_are_refused(write_text: Callable[..., Path]) -> None:
    rows = [f"r{number},200,106.3,29.5,{cell}" for number, cell in enumerate(["1", "many", "-3", "-5%", "x%"])]
    read = read_demand(write_text("homes.csv", "\n".join([f"{HEAD},老年人口", *rows])))
    assert read.table["demand_id"].tolist() == ["r0"]
    assert read.rejects["reason"].tolist() == ["bad_number", "negative_number", "negative_number", "bad_number"]
    assert read.rejects["detail"].tolist()[0] == "老年人口=many"


def test_more_of_a_group_than_residents_is_told_and_kept(write_text: Callable[..., Path]) -> None:
    table = demand(write_text, "老年人口,儿童", "201,1", "100%,0", "120%,0")
    assert table["population_seniors"].tolist() == pytest.approx([201.0, 200.0, 240.0])
    (note,) = group_notes(table, id_column="demand_id")
    assert note.fields["count"] == 2
    assert "2 rows say more people of the group 'seniors' than residents, first r0 (201 of 200)" in note.text()
    assert "r0" in note.text("zh")


@pytest.mark.parametrize(
    ("text", "households"),
    [("3005户", 3005), ("约1200余户", 1200), ("总户数：3005", 3005), ("规划户数3,005户", 3005), ("1.2万余户", 12000),  # noqa: RUF001 - as typed
     ("3000多户", 3000), ("近500户", 500), ("３００５户", 3005)],
)  # fmt: skip
def test_households_as_people_write_them(write_text: Callable[..., Path], text: str, households: float) -> None:
    path = write_text("h.csv", f'id,户数,lon,lat\na,"{text}",106.3,29.5\n')
    assert read_demand(path, persons_per_household=2.0).table["population"].tolist() == [2.0 * households]


@pytest.mark.parametrize("text", ["1200-1500户", "一期300户二期200户", "户", "3005户8栋"])
def test_households_that_are_not_one_number_are_refused(write_text: Callable[..., Path], text: str) -> None:
    path = write_text("h.csv", f"id,户数,lon,lat\na,{text},106.3,29.5\nb,1,106.3,29.6\n")
    assert read_demand(path).rejects["reason"].tolist() == ["bad_number"]

"""A study with slopes, stairs, access rules and a scenario: told before and after, from the same inputs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
from rasterio import Affine

from walkshed.assess.change import compare_demand, compare_rates
from walkshed.errors import ContractError, InputError
from walkshed.network.walking import weigh
from walkshed.parameters import Scenario
from walkshed.reach.times import nearest
from walkshed.reporting.headline import headline_lines
from walkshed.reporting.outputs import write_outputs
from walkshed.reporting.summary import summarise
from walkshed.study import load_study, run_study
from walkshed.walkers import Access, Profile

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


def varied(result: StudyResult, *edits: dict[str, object]) -> StudyResult:
    scenario = Scenario(name_en="What if", name_zh="情景一", edits=edits)
    return run_study(replace(result.config, scenario=scenario), inputs=result.inputs)


@pytest.fixture
def new_room(helsinki: StudyResult) -> dict[str, object]:
    """Return the edit that builds the study's first proposal."""
    at = helsinki.proposals.geometry.iloc[0]
    return {"edit": "add_facility", "facility_id": "new", "name": "Kamppi", "at": [at.x, at.y]}


@pytest.fixture(scope="module")
def busiest(request: pytest.FixtureRequest) -> int:
    """Return the way of Helsinki whose closing cuts off most: the longest named one."""
    network = request.getfixturevalue("helsinki").inputs.network
    metres = pd.Series(network.length_m).groupby(network.way_id).sum()
    return int(metres.idxmax())


def test_without_a_scenario_there_is_no_before(helsinki: StudyResult) -> None:
    assert helsinki.before is None
    assert summarise(helsinki)["scenario"] is None


def test_before_is_the_study_without_its_scenario(helsinki: StudyResult, new_room: dict[str, object]) -> None:
    after = varied(helsinki, new_room)
    assert after.before is not None
    pd.testing.assert_frame_equal(pd.DataFrame(after.before.demand), pd.DataFrame(helsinki.demand), check_exact=True)
    pd.testing.assert_frame_equal(after.before.rates, helsinki.rates, check_exact=True)
    assert list(after.demand.demand_id) == list(helsinki.demand.demand_id)


def test_a_new_room_takes_nothing_from_anybody(helsinki: StudyResult, new_room: dict[str, object]) -> None:
    after = varied(helsinki, new_room)
    change = compare_demand(helsinki.demand, after.demand)
    assert change.lost == change.farther == 0
    assert change.gained == pytest.approx(helsinki.proposals.newly_served.iloc[0])
    served = [result.demand.population[result.demand.covered].sum() for result in (helsinki, after)]
    assert change.gained == pytest.approx(served[1] - served[0])
    assert "new" in set(after.facilities.facility_id)
    assert "new" not in set(after.inputs.facilities.facility_id)


def test_closing_a_street_and_opening_it_again_changes_nothing(helsinki: StudyResult, busiest: int) -> None:
    shut = {"edit": "close_link", "way_ids": [busiest]}
    closed = compare_demand(helsinki.demand, varied(helsinki, shut).demand)
    assert closed.gained == closed.nearer == 0
    assert closed.farther > 0
    again = varied(helsinki, shut, {"edit": "open_link", "way_ids": [busiest]})
    pd.testing.assert_series_equal(again.demand.minutes, helsinki.demand.minutes, check_exact=True)


def test_a_scenario_is_told_everywhere(helsinki: StudyResult, new_room: dict[str, object], tmp_path: Path) -> None:
    after = varied(helsinki, new_room)
    write_outputs(after, tmp_path, language="zh")
    told = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["scenario"]
    change = compare_demand(helsinki.demand, after.demand)
    assert told["change"]["gained"] == pytest.approx(change.gained, abs=1e-5)
    (edit,) = told["edits"]
    assert edit == new_room | {"at": pytest.approx(new_room["at"], abs=1e-6)}
    homes = gpd.read_file(tmp_path / "result.gpkg", layer="demand")
    gained = homes.population[homes.covered.astype(bool) & ~homes.covered_before.astype(bool)].sum()
    assert gained == pytest.approx(change.gained, abs=1e-5)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx", read_only=True)
    rows = list(book["情景前后对比"].iter_rows(values_only=True))
    assert len(rows) == 1 + len(compare_rates(helsinki.rates, after.rates))
    for language, name in (("en", "What if"), ("zh", "情景一")):
        lines = headline_lines(after, language)
        assert any(name in line for line in lines)
        assert any("Kamppi" in line for line in lines)


def test_an_edit_that_cannot_be_meant_is_refused_before_anything_is_read(helsinki: StudyResult) -> None:
    config = replace(helsinki.config, scenario=Scenario(edits=({"edit": "close_lnk"},)))
    seen: list[str] = []
    with pytest.raises(ContractError, match="close_link"):
        load_study(config, progress=lambda stage, *_: seen.append(stage))
    assert seen == []


def test_an_edit_that_changes_nothing_is_refused(helsinki: StudyResult) -> None:
    with pytest.raises(InputError, match="nobody"):
        varied(helsinki, {"edit": "close_facility", "facility_id": "nobody"})


@pytest.fixture
def hill(helsinki: StudyResult, tmp_path: Path) -> Path:
    """Return a raster that rises by 10 % towards the north over the whole extract."""
    west, south, east, north = helsinki.inputs.boundary.to_crs(helsinki.network.crs).total_bounds
    step, margin = 20.0, 2000.0
    rows, columns = int((north - south + 2 * margin) / step), int((east - west + 2 * margin) / step)
    height = np.repeat(np.arange(rows)[::-1, None] * step * 0.1, columns, axis=1).astype(np.float32)
    path = tmp_path / "hill.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", crs=helsinki.network.crs,
        transform=Affine(step, 0, west - margin, 0, -step, north + margin),
    ) as raster:  # fmt: skip
        raster.write(height, 1)
    return path


def test_a_hill_makes_both_directions_differ(helsinki: StudyResult, hill: Path) -> None:
    config = replace(helsinki.config, network=replace(helsinki.config.network, elevation=str(hill)))
    uphill = run_study(config)
    assert any(record.layer == "elevation" and record.sha256 for record in uphill.inputs.records)
    pace = uphill.network.backward_min / uphill.network.forward_min
    assert (np.abs(pace - 1) > 0.3).any()
    back = replace(config, walking=replace(config.walking, direction="from_facility"))
    minutes, returning = uphill.demand.minutes, run_study(back, inputs=uphill.inputs).demand.minutes
    assert np.nanmax(np.abs(minutes - returning)) > 1
    north, south = (np.nanargmax(sign * uphill.demand.geometry.representative_point().y) for sign in (1.0, -1.0))
    assert minutes[north] < returning[north]  # down to the room, up on the way home
    assert minutes[south] > returning[south]


def test_stairs_slow_down_and_close(helsinki: StudyResult) -> None:
    network = helsinki.inputs.network
    assert network.steps.any()
    level = weigh(network, Profile(speed_kmh=3.6, stairs_up_factor=1.0, stairs_down_factor=1.0))
    usual = weigh(network, Profile(speed_kmh=3.6))
    wheels = weigh(network, Profile(speed_kmh=3.6, stairs=False))
    assert (usual.forward_min[network.steps] > 1.9 * level.forward_min[network.steps]).all()
    assert np.isinf(wheels.forward_min[network.steps]).all()
    config = replace(
        helsinki.config, walking=replace(helsinki.config.walking, compare_profiles=("adult", "wheelchair"))
    )
    rates = run_study(config, inputs=helsinki.inputs).rates
    assert set(rates.profile) == {"senior", "adult", "wheelchair"}


@pytest.mark.parametrize(
    ("access", "more"),
    [(Access(private=True), True), (Access(gates="open"), True), (Access(forbid=("highway=footway",)), False)],
)
def test_access_rules_open_and_close(helsinki: StudyResult, access: Access, *, more: bool) -> None:
    inputs = load_study(replace(helsinki.config, access=access))
    base = helsinki.inputs.network
    joined = len(inputs.network.node_id) - len(inputs.network.u)  # opening a gate joins two nodes
    if more:
        assert (inputs.network.length_m.sum(), -joined) >= (base.length_m.sum(), len(base.u) - len(base.node_id))
        assert (inputs.network.length_m.sum(), -joined) != (base.length_m.sum(), len(base.u) - len(base.node_id))
    else:
        assert inputs.network.length_m.sum() < 0.8 * base.length_m.sum()


def test_residents_are_tied_to_streets_their_walker_can_use(helsinki: StudyResult) -> None:
    config = replace(helsinki.config, walking=replace(helsinki.config.walking, profile="wheelchair"))
    result = run_study(config, inputs=helsinki.inputs)
    edges = result.demand.edge[result.demand.edge >= 0]
    assert not result.network.steps[edges].any()
    serving = result.facilities[result.facilities.status == "open"]
    again = nearest(result.network, serving, result.demand)
    pd.testing.assert_series_equal(again.minutes, result.demand.minutes, check_names=False, check_exact=True)


def test_doors_of_the_map_are_used_and_written(helsinki: StudyResult, tmp_path: Path) -> None:
    config = replace(
        helsinki.config,
        facilities=replace(helsinki.config.facilities, entrances="osm"),
        residents=replace(helsinki.config.residents, gates="osm"),
    )
    result = run_study(config)
    assert {"entrances", "gates"} <= {record.layer for record in result.inputs.records}
    assert len(result.inputs.entrances) > 0
    assert len(result.inputs.gates) > 0
    assert set(result.demand.gate) - {""}
    write_outputs(result, tmp_path, language="en")
    doors = gpd.read_file(tmp_path / "result.gpkg", layer="entrances")
    assert set(doors.layer) == {"facilities", "demand"}
    assert "entrances" not in gpd.read_file(tmp_path / "result.gpkg", layer="demand").columns
    assert len(result.demand) == len(helsinki.demand)


def test_doors_from_a_table_of_ones_own(helsinki: StudyResult, tmp_path: Path) -> None:
    room = helsinki.facilities.iloc[0]
    far = room.geometry.x + 0.003, room.geometry.y
    table = f"facility_id,name,longitude,latitude\n{room.facility_id},East,{far[0]},{far[1]}\nnobody,X,24.94,60.17\n"
    (tmp_path / "doors.csv").write_text(table, encoding="utf-8")
    facilities = replace(helsinki.config.facilities, entrances="file", entrances_path=str(tmp_path / "doors.csv"))
    result = run_study(replace(helsinki.config, facilities=facilities))
    assert result.facilities.entrances.iloc[0][0].name == "East"
    assert set(result.demand.entrance) == {"", "East"}
    assert list(result.inputs.rejects.reason) == ["unknown_owner"]
    assert not np.allclose(result.demand.minutes, helsinki.demand.minutes)

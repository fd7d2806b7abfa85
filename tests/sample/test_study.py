"""What the sample district shows: every kind of gap, stairs, slopes, a locked gate, bases that differ."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from walkshed.assess.coverage import measure_coverage
from walkshed.parameters import StudyConfig
from walkshed.reporting.areas import own_areas
from walkshed.reporting.layers import write_layers
from walkshed.reporting.tables import write_xlsx
from walkshed.reporting.webmap import webmap
from walkshed.study import run_study
from walkshed.study.measures import measure_study
from walkshed.study.norms import hold_against_norms
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


def _share(result: StudyResult) -> float:
    people = result.demand.population
    return float(people[result.demand.covered].sum() / people.sum())


def _rate(result: StudyResult, basis: str, profile: str = "adult", unit: str = "") -> float:
    rates = result.rates
    for column in ("group", "tier"):
        if column in rates:
            rates = rates[rates[column] == ""]
    chosen = (rates.basis == basis) & (rates.profile == profile) & (rates.cutoff_min == 15) & (rates.unit_id == unit)
    return float(rates.rate[chosen].iloc[0])


def test_most_but_not_all_are_served(study: StudyResult) -> None:
    assert 0.55 < _share(study) < 0.75
    assert 80_000 < study.demand.population.sum() < 120_000


def test_every_reason_without_hours_and_capacity_occurs(study: StudyResult) -> None:
    assert {"too_far", "disconnected", "unmapped"} <= set(study.demand.reason)
    assert study.demand.moved.any()


def test_walkers_bases_and_communities_differ(study: StudyResult) -> None:
    adult, senior, child, wheelchair = (_rate(study, "E", who) for who in ("adult", "senior", "child", "wheelchair"))
    assert senior < child < adult
    assert wheelchair < adult - 0.1
    assert len({round(_rate(study, basis), 3) for basis in ("A", "E", "E_buildings")}) == 3
    communities = study.inputs.units.unit_id[study.inputs.units.level == "community"]
    rates = [_rate(study, "E", unit=unit) for unit in communities]
    assert min(rates) == 0.0
    assert max(rates) == 1.0
    assert sum(0.1 < rate < 0.9 for rate in rates) >= 4


def test_slopes_and_stairs_matter(study: StudyResult) -> None:
    network = study.network
    assert network.steps.sum() > 12
    open_ways = np.isfinite(network.forward_min) & np.isfinite(network.backward_min)
    ratio = (network.forward_min / network.backward_min)[open_ways]
    assert (np.abs(np.log(ratio)) > np.log(1.1)).mean() > 0.1


def test_slips_of_the_list_of_rooms_are_told(study: StudyResult) -> None:
    rejects = study.inputs.rejects
    assert dict(zip(rejects.row_id, rejects.reason, strict=True)) == {"XS-014": "no_position", "XS-005": "duplicate_id"}
    assert set(study.facilities.status) == {"open", "building", "planned", "closed"}
    assert study.facilities.loc[study.facilities.why == "no_position", "facility_id"].tolist() == ["XS-013"]


def test_the_locked_gate_and_the_footbridge_serve_thousands(scenario: StudyResult) -> None:
    before, after = scenario.before.demand, scenario.demand
    gained = after.covered & ~before.covered
    assert not (before.covered & ~after.covered).any()
    assert after.population[gained].sum() > 5_000
    jiangwan = scenario.inputs.units.set_index("name").unit_id["江湾社区"]
    assert after.population[gained & (after.unit_id == jiangwan)].sum() > 0.8 * after.population[gained].sum()


def test_the_compounds_register_runs_and_leaves_by_gates(written: Path) -> None:
    result = run_study(StudyConfig.from_toml(written / "compounds.toml"))
    demand = result.demand.set_index("name")
    assert demand.population["江湾国际"] == 3005 * 2.6
    assert not demand.covered["江湾国际"]
    assert 0.5 < _share(result) < 0.9


def test_walks_handed_round_change_no_figure(study: StudyResult) -> None:
    assert study.walks is not None
    alone = dataclasses.replace(study, walks=None)
    measures = measure_study(study.config, study.inputs, alone)
    norms = hold_against_norms(study.config, study.inputs, alone, measures)
    for known, again in ((study.measures, measures), (study.norms, norms)):
        for item in dataclasses.fields(known):
            one, other = getattr(known, item.name), getattr(again, item.name)
            if isinstance(one, pd.DataFrame):
                assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other), check_exact=True, obj=item.name)
            else:
                assert one == other, item.name
    serving, walking = serving_of(study.config, study.facilities), study.config.walking
    for cutoff in walking.cutoffs_min:
        measured = measure_coverage(study.network, serving, study.demand, cutoff_min=cutoff)
        rates = study.rates[(study.rates.basis == "E") & (study.rates.unit_id == "") & (study.rates.profile == "adult")]
        told = rates[rates.cutoff_min == cutoff].iloc[0]
        assert told.numerator == pytest.approx(measured.population[measured.covered].sum(), rel=1e-12)


def test_on_a_saturday_evening_some_find_rooms_closed_or_full_and_the_headline_stays(study: StudyResult) -> None:
    norms, demand = study.norms, study.demand
    assert norms.available is not None
    assert norms.unserved_then is not None
    assert norms.gaps_then is not None
    assert {"closed", "full"}.isdisjoint(demand.reason)
    then = norms.available.reason_then
    assert {"", "closed", "full", "too_far", "disconnected", "unmapped"} == set(then)
    near = demand.covered.to_numpy()
    assert near[then.isin(("closed", "full"))].all()
    by_reason = norms.unserved_then.set_index("reason").residents
    assert by_reason.sum() == pytest.approx(demand.population.sum())
    assert by_reason[""] < demand.population[near].sum()
    assert by_reason["full"] == pytest.approx(study.measures.accessibility.no_room[~then.eq("closed")].sum())
    assert norms.gaps_then.residents.sum() == pytest.approx(by_reason.drop("").sum())
    assert norms.gaps_then[["closed", "full"]].sum().tolist() == pytest.approx(by_reason[["closed", "full"]].tolist())
    hour = study.config.hours.hour
    rate = norms.rates[(norms.rates.hour == hour) & (norms.rates.basis == "E") & (norms.rates.unit_id == "")].iloc[0]
    assert norms.hourly is not None
    assert rate.numerator == pytest.approx(norms.hourly.served.iloc[hour])
    assert rate.numerator == pytest.approx(by_reason[""] + by_reason["full"])


def test_lists_stand_in_the_workbook_the_layers_and_on_the_map(scenario: StudyResult, tmp_path: Path) -> None:
    norms = scenario.norms
    write_xlsx(scenario, tmp_path / "tables.xlsx", language="zh")
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    rows = {sheet.title: list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book}
    assert len(rows["未达标单元"]) == len(norms.failing_units) > 0
    assert [row[2] for row in rows["名单核对"]].count("缺失") == 1
    assert norms.totals is not None
    assert len(rows["总数对照"]) == len(norms.totals)
    assert [row[1] for row in rows["情景编辑"]] == ["打开大门", "新建人行桥"]
    assert {row[0] for row in rows["开放与容量"]} == {"周六 20:00-21:00"}
    assert norms.gaps_then is not None
    assert len(rows["时段与容量盲区"]) == len(norms.gaps_then)

    write_layers(scenario, tmp_path / "result.gpkg")
    layers = {
        name: gpd.read_file(tmp_path / "result.gpkg", layer=name)
        for name in ("demand", "failing_units", "gaps_then", "service_areas", "reached_streets")
    }
    assert norms.available is not None
    assert layers["demand"].reason_then.fillna("").tolist() == norms.available.reason_then.tolist()
    assert layers["failing_units"].unit_id.tolist() == norms.failing_units.unit_id.tolist()
    assert layers["failing_units"].geometry.notna().all()
    areas = layers["service_areas"]
    drawn = areas.geometry[areas.geometry.notna()].to_crs(scenario.network.crs)
    merged = scenario.isochrones[(scenario.isochrones.facility_id == "") & (scenario.isochrones.cutoff_min == 15)]
    whole = merged.to_crs(scenario.network.crs).area.iloc[0]
    assert drawn.union_all().area == pytest.approx(drawn.area.sum(), rel=1e-9)
    assert drawn.area.sum() == pytest.approx(whole, rel=1e-6)
    assert areas.residents.sum() == pytest.approx(scenario.demand.population[scenario.demand.covered].sum())
    length = layers["reached_streets"].to_crs(scenario.network.crs).length
    assert length.to_numpy() == pytest.approx(layers["reached_streets"].length_m.to_numpy(), abs=1e-3)
    assert 0 < length.sum() < scenario.network.length_m.sum()
    page = webmap(scenario, language="zh").page.render()
    assert "各设施服务区" in page
    assert all(name in page for name in own_areas(scenario).name[own_areas(scenario).residents > 0])

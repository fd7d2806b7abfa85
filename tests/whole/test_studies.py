"""Whole runs on real places: the parts agree with each other and with a second computation."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from walkshed.assess.coverage import measure_coverage

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


@pytest.fixture(params=["helsinki", "las_palmas"])
def result(request: pytest.FixtureRequest) -> StudyResult:
    return request.getfixturevalue(request.param)


def serving(result: StudyResult) -> gpd.GeoDataFrame:
    return result.facilities[result.facilities.status.isin(result.config.facilities.serving)]


def test_no_resident_is_lost_or_moved(result: StudyResult) -> None:
    assert list(result.demand.demand_id) == list(result.inputs.demand.demand_id)
    assert result.demand.population.sum() == pytest.approx(result.inputs.demand.population.sum(), rel=1e-12)
    assert result.demand.population.sum() > 0


def test_served_means_within_the_cutoff_and_unserved_has_a_reason(result: StudyResult) -> None:
    demand, cutoff = result.demand, result.config.walking.cutoff_min
    assert (demand.minutes[demand.covered] <= cutoff).all()
    assert not (demand.minutes[~demand.covered] <= cutoff).any()
    assert (demand.reason[demand.covered] == "").all()
    assert (demand.reason[~demand.covered] != "").all()
    assert (demand["within_reach"][demand.covered] >= 1).all()
    assert (demand["within_reach"][~demand.covered] == 0).all()


def test_the_headline_rate_is_the_residents_own(result: StudyResult) -> None:
    rates, walking = result.rates, result.config.walking
    row = rates[
        (rates.basis == "E")
        & (rates.unit_id == "")
        & (rates.profile == walking.profile)
        & (rates.cutoff_min == walking.cutoff_min)
    ]
    demand = result.demand
    assert len(row) == 1
    assert row.numerator.iloc[0] == pytest.approx(demand.population[demand.covered].sum())
    assert row.denominator.iloc[0] == pytest.approx(demand.population.sum())
    assert row.rate.iloc[0] == pytest.approx(row.numerator.iloc[0] / row.denominator.iloc[0])


def test_rates_grow_with_minutes_and_speed(result: StudyResult) -> None:
    whole = result.rates[(result.rates.unit_id == "") & result.rates.basis.isin(["E", "E_buildings"])]
    table = whole.pivot_table(index=["basis", "profile"], columns="cutoff_min", values="numerator")
    assert (np.diff(table.to_numpy(), axis=1) >= 0).all()
    assert (table.xs("adult", level="profile") >= table.xs("senior", level="profile")).all(axis=None)


def test_gaps_hold_exactly_the_unserved(result: StudyResult) -> None:
    unserved = result.demand.population[~result.demand.covered].sum()
    assert result.gaps.residents.sum() == pytest.approx(unserved, rel=1e-9)
    assert result.gaps.residents.is_monotonic_decreasing
    assert result.gaps.geometry.is_valid.all()


def test_isochrones_nest_and_are_valid(result: StudyResult) -> None:
    for _, bands in result.isochrones.groupby("facility_id"):
        shapes = bands.sort_values("cutoff_min").geometry.to_list()
        assert all(shape.is_valid and not shape.is_empty for shape in shapes)
        for small, large in pairwise(shapes):
            assert small.difference(large).area <= 1e-9 * large.area


def test_the_stated_disagreement_of_picture_and_truth_is_recounted(result: StudyResult) -> None:
    bands = result.isochrones
    drawn = bands[(bands.facility_id == "") & (bands.cutoff_min == result.config.walking.cutoff_min)].geometry.iloc[0]
    inside = np.array([drawn.contains(point) for point in result.demand.geometry.representative_point()])
    people = result.demand.population.to_numpy()
    share = people[inside != result.demand.covered.to_numpy()].sum() / people.sum()
    assert result.disagreement == pytest.approx(share, abs=1e-6)
    assert share < 0.2


def test_building_the_proposals_serves_whom_they_promise(result: StudyResult) -> None:
    """A second computation: the proposals become facilities and everybody is measured again."""
    built = result.candidates.merge(result.proposals[["candidate_id"]], on="candidate_id")
    built = built.assign(facility_id="new-" + built.candidate_id, name="new", status="open")
    both = gpd.GeoDataFrame(pd.concat([serving(result), built], ignore_index=True), crs=4326)
    walking = result.config.walking
    again = measure_coverage(
        result.network, both, result.demand, cutoff_min=walking.cutoff_min, direction=walking.direction
    )
    newly = again.population[again.covered & ~result.demand.covered].sum()
    assert not (result.demand.covered & ~again.covered).any()
    assert newly == pytest.approx(result.siting.objective, rel=1e-9)
    assert result.proposals.newly_served.sum() == pytest.approx(result.siting.objective, rel=1e-9)
    assert len(result.proposals) <= result.config.siting.new_rooms
    assert result.siting.objective <= result.siting.bound * (1 + 1e-9)


def test_a_second_run_is_the_same_to_the_last_bit(helsinki: StudyResult) -> None:
    from walkshed.study import run_study  # noqa: PLC0415 - only this test runs a study itself

    again = run_study(helsinki.config, inputs=helsinki.inputs)
    pd.testing.assert_frame_equal(pd.DataFrame(again.demand), pd.DataFrame(helsinki.demand), check_exact=True)
    pd.testing.assert_frame_equal(again.rates, helsinki.rates, check_exact=True)
    assert list(again.proposals.candidate_id) == list(helsinki.proposals.candidate_id)
    assert (again.isochrones.geometry.to_wkb() == helsinki.isochrones.geometry.to_wkb()).all()


def test_outputs_agree_with_each_other(helsinki: StudyResult, helsinki_files: Path) -> None:
    summary = json.loads((helsinki_files / "summary.json").read_text(encoding="utf-8"))
    demand = gpd.read_file(helsinki_files / "result.gpkg", layer="demand")
    book = openpyxl.load_workbook(helsinki_files / "tables.xlsx", read_only=True)
    served = float(demand.population[demand.covered.astype(bool)].sum())
    headline = next(
        row for row in summary["rates"]
        if (row["basis"], row["unit_id"], row["profile"], row["cutoff_min"]) == ("E", "", "senior", 15)
    )  # fmt: skip
    assert headline["numerator"] == pytest.approx(served, abs=0.01)
    assert len(summary["proposals"]) == len(helsinki.proposals)
    assert summary["siting"]["status"] == helsinki.siting.status
    assert "街道汇总" in book.sheetnames
    assert {row["layer"] for row in summary["inputs"]} >= {"network", "facilities", "demand"}
    assert (helsinki_files / "map.png").stat().st_size > 100_000
    assert "http://" not in (helsinki_files / "map.html").read_text(encoding="utf-8").split("<body")[0]


def test_another_number_of_rooms_takes_over_who_is_served(helsinki: StudyResult) -> None:
    from walkshed.study import run_study  # noqa: PLC0415 - as above
    from walkshed.study.variants import assessment_digest, vary_study  # noqa: PLC0415 - as above

    one = vary_study(helsinki.config, new_rooms=1)
    assert assessment_digest(one) == assessment_digest(helsinki.config)
    assert assessment_digest(vary_study(helsinki.config, cutoff_min=5)) != assessment_digest(helsinki.config)
    fresh, reused = (run_study(one, inputs=helsinki.inputs, known=known) for known in (None, helsinki))
    assert reused.demand is helsinki.demand
    assert list(fresh.proposals.candidate_id) == list(reused.proposals.candidate_id)
    assert len(reused.proposals) == 1
    pd.testing.assert_frame_equal(fresh.rates, reused.rates, check_exact=True)

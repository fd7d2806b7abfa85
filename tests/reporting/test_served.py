"""Who the proposals newly serve: the same people the plan counted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from walkshed.reporting.keyfigures import headline_rate, key_figures
from walkshed.reporting.served import home_classes, newly_served

if TYPE_CHECKING:
    from walkshed.results import StudyResult


def test_newly_served_people_are_the_proposals(result: StudyResult) -> None:
    fresh = newly_served(result)
    people = result.demand["population"].to_numpy()
    assert people[fresh].sum() == pytest.approx(result.proposals["cumulative_served"].iloc[-1])
    assert not (fresh & result.demand["covered"].to_numpy()).any()


def test_the_first_proposal_alone(result: StudyResult) -> None:
    one = dataclasses.replace(result, proposals=result.proposals.iloc[:1])
    people = result.demand["population"].to_numpy()
    assert people[newly_served(one)].sum() == pytest.approx(result.proposals["newly_served"].iloc[0])


def test_classes_split_everybody(result: StudyResult, bare: StudyResult) -> None:
    classes = home_classes(result)
    covered = result.demand["covered"].to_numpy()
    assert ((classes == 0) == covered).all()
    assert set(classes.tolist()) == {0, 1, 2}
    assert (home_classes(bare) == 1).all()


def test_key_figures_carry_basis_numerator_denominator_and_bound(result: StudyResult) -> None:
    rate, unserved, gain = key_figures(result, "en")
    total, served = result.demand["population"].sum(), result.demand.loc[result.demand["covered"], "population"].sum()
    assert rate.value == f"{served / total:.1%}"
    assert "(E)" in rate.label
    assert f"{served:,.0f} of {total:,.0f}" in rate.detail
    assert unserved.value == f"{total - served:,.0f}"
    assert f"{result.siting.bound:,.0f}" in gain.detail
    assert "4.2" in rate.detail


def test_the_headline_falls_back_to_a_basis_that_was_measured(result: StudyResult, bare: StudyResult) -> None:
    rates = result.rates.copy()
    rates.loc[rates["basis"] == "E", ["denominator", "rate"]] = [0.0, np.nan]
    row = headline_rate(dataclasses.replace(result, rates=rates))
    assert row is not None
    assert row["basis"] == "E_buildings"
    assert headline_rate(bare) is None
    assert [figure.role for figure in key_figures(bare, "zh")] == ["unserved"]


def test_a_time_limit_is_never_called_optimal(result: StudyResult) -> None:
    late = dataclasses.replace(result.siting, status="time_limit", bound=result.siting.objective * 1.1, mip_gap=0.1)
    gain = key_figures(dataclasses.replace(result, siting=late), "en")[2]
    assert "optimal" not in gain.detail
    assert "proven" not in gain.detail
    assert f"{late.bound:,.0f}" in gain.detail

"""What the sample district shows: every kind of gap, stairs, slopes, a locked gate, bases that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.parameters import StudyConfig
from walkshed.study import run_study

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

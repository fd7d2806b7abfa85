"""Siting in a whole study: every aim and requirement of study.toml reaches the solver and comes back explained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from walkshed.commands.program import app
from walkshed.errors import ContractError, InfeasibleError, SitingError
from walkshed.parameters import StudyConfig
from walkshed.reporting.summary import summarise
from walkshed.siting.verify import verify
from walkshed.study import load_study, run_study
from walkshed.study.siting import requirements_of

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyInputs, StudyResult


@pytest.fixture(scope="module")
def config(root: Path) -> StudyConfig:
    return StudyConfig.from_toml(root / "data" / "sample-district")


@pytest.fixture(scope="module")
def inputs(config: StudyConfig) -> StudyInputs:
    return load_study(config)


@pytest.fixture(scope="module")
def district(config: StudyConfig, inputs: StudyInputs) -> StudyResult:
    return run_study(config, inputs=inputs)


def asked(config: StudyConfig, **changes: Any) -> StudyConfig:
    quick = {"robustness": False, "curve_max": 0}
    return replace(config, siting=replace(config.siting, **(quick | changes)))


@pytest.mark.parametrize("model", ["mclp", "lscp", "p_median", "p_center"])
@pytest.mark.parametrize("extra", [{}, {"spacing_m": 500.0}, {"closings_max": 1}, {"budget": 1_200_000.0}])
def test_every_aim_with_every_requirement_is_verified(
    config: StudyConfig, inputs: StudyInputs, district: StudyResult, model: str, extra: dict[str, float]
) -> None:
    variant = asked(config, model=model, share=0.85, **extra)
    result = run_study(variant, inputs=inputs, known=district)
    siting = variant.siting
    assert result.siting.model == model
    found = verify(
        result.plan.problem,
        result.siting,
        requirements=result.plan.requirements,
        new_rooms=None if model == "lscp" else siting.new_rooms,
        share=siting.share if model == "lscp" else None,
    )
    assert found.objective == pytest.approx(result.siting.objective)
    assert result.proposals["candidate_id"].tolist() == list(result.siting.chosen)
    if model == "lscp":
        served = result.demand["population"][result.demand["covered"]].sum() + result.proposals["newly_served"].sum()
        assert result.siting.closed or served >= 0.85 * result.demand["population"].sum() - 1e-6


def test_the_plan_is_explained_and_told(district: StudyResult) -> None:
    plan = district.plan
    assert plan.curve is not None
    assert plan.robustness is not None
    chosen = plan.curve[plan.curve["rooms"] == len(district.proposals)].iloc[0]
    assert chosen["newly_served"] == pytest.approx(district.siting.objective)
    assert plan.curve["served"].is_monotonic_increasing
    assert (plan.curve["bound"] >= plan.curve["served"] - 1e-6).all()
    assert set(plan.robustness.variants["variant"]) == {"slower", "faster"}
    by_unit = plan.explanations.by_unit
    assert set(by_unit["rank"]) == set(district.proposals["rank"])
    facts = summarise(district)["siting"]
    assert [row["rank"] for row in facts["why"]] == district.proposals["rank"].tolist()
    assert all(row["en"] and row["zh"] for row in facts["why"])
    assert facts["proof"] in {"certificate", "branch_and_bound"}


def test_phases_build_what_they_say(config: StudyConfig, inputs: StudyInputs, district: StudyResult) -> None:
    result = run_study(asked(config, phases=(1, 1, 2)), inputs=inputs, known=district)
    phases = result.plan.phases
    assert phases is not None
    assert [len(chosen) for chosen in phases["chosen"]] == [1, 1, 2]
    assert len({key for chosen in phases["chosen"] for key in chosen}) == 4
    assert (np.diff(phases["served"]) >= 0).all()
    assert (phases["share_of_bound"] <= 1 + 1e-9).all()


def test_links_are_built_and_measured(config: StudyConfig, inputs: StudyInputs) -> None:
    result = run_study(asked(config, links_max=2, new_rooms=1), inputs=inputs)
    linked = result.plan.linked
    assert linked is not None
    assert len(linked.answer.links) <= 2
    assert linked.outcome.newly_served >= linked.outcome.promised - 1e-6
    alone = run_study(asked(config, new_rooms=1), inputs=inputs, known=result)
    assert linked.outcome.newly_served >= alone.siting.objective - 1e-6, "links are a choice, never a duty"


def test_a_floor_that_cannot_be_kept_is_named(config: StudyConfig, inputs: StudyInputs, district: StudyResult) -> None:
    with pytest.raises(InfeasibleError, match=r"60\.0%"):
        run_study(asked(config, floors=({"share": 0.6, "area": "*"},)), inputs=inputs, known=district)


def test_settings_that_make_no_sense_are_refused(config: StudyConfig, inputs: StudyInputs) -> None:
    with pytest.raises(ContractError, match="nobody_knows"):
        requirements_of(replace(config.siting, floors=({"share": 0.5, "nobody_knows": 1},)))
    with pytest.raises(SitingError, match="K-99"):
        run_study(asked(config, must_build=("K-99",)), inputs=inputs)
    seatless = replace(config, facilities=replace(config.facilities, residents_per_capacity=0.0))
    with pytest.raises(SitingError, match="residents_per_capacity"):
        run_study(asked(seatless, capacity=True), inputs=inputs)


def test_candidates_of_several_sources(config: StudyConfig) -> None:
    both = replace(config, candidates=replace(config.candidates, also=("network",), spacing_m=150.0))
    result = run_study(asked(both))
    sources = result.candidates["source"].value_counts()
    assert sources["file"] == len(result.inputs.candidates["file"])
    assert sources["network"] > 100
    assert result.candidates["candidate_id"].is_unique
    assert set(result.plan.left_out["reason"]) <= {
        "candidate_doubled", "candidate_far", "candidate_in_water", "candidate_excluded",
    }  # fmt: skip
    assert result.siting.objective >= run_study(asked(config)).siting.objective - 1e-6, "more to choose from"


def test_the_command_line_takes_another_aim(root: Path) -> None:
    ended = CliRunner().invoke(
        app, ["site", str(root / "data" / "sample-district"), "--aim", "lscp", "--share", "0.9", "--lang", "en"]
    )
    assert ended.exit_code == 0, ended.output
    assert "fewest rooms" in ended.output
    assert "Newly serves" in ended.output
    refused = CliRunner().invoke(app, ["site", str(root / "data" / "sample-district"), "--aim", "most"])
    assert refused.exit_code == 2

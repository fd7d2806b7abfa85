"""Where a study proposes to build: candidates, problem, answer, and what there is to say about it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from walkshed.errors import ContractError, SitingError
from walkshed.inputs.units import assign_units
from walkshed.progress import silent
from walkshed.results import Plan
from walkshed.siting.build import build_problem
from walkshed.siting.candidates_combine import gather_candidates
from walkshed.siting.curve import rooms_curve
from walkshed.siting.explain import explain_proposals
from walkshed.siting.phases import plan_phases
from walkshed.siting.requirements import Floor, Requirements
from walkshed.siting.robust import robustness
from walkshed.siting.solve import solve_lscp, solve_mclp, solve_p_center, solve_p_median
from walkshed.siting.variants import problem_variants
from walkshed.study.streets import serving_of
from walkshed.toml_records import build_record

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd

    from walkshed.inputs.reads import Read
    from walkshed.parameters import StudyConfig
    from walkshed.planning import Siting
    from walkshed.progress import Progress
    from walkshed.results import Assessment, StudyInputs, StudyResult
    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.robust import Robustness
    from walkshed.study.streets import Streets

CURVE_GAP = 0.005
"""Relative gap that is good enough for every point of the coverage-against-number curve."""
BY_MINUTES = ("p_median", "p_center")
NUMBER_ONLY = ("new_rooms", "robustness", "time_limit_s", "mip_gap", "phases", "nearby_m")
"""Settings that change neither the problem nor the curve."""


def plan_siting(
    config: StudyConfig,
    inputs: StudyInputs,
    now: Assessment,
    streets: Streets,
    *,
    known: StudyResult | None = None,
    progress: Progress = silent,
) -> Plan:
    """Propose where to build.

    Parameters
    ----------
    config, inputs
        The study.
    now
        Who is served today.
    streets
        What ``now`` was computed on.
    known
        A result of the same inputs and assessment: candidates, problem and curve are taken from it as far as they are
        the same.
    progress
        Called inside long steps.

    Raises
    ------
    WalkshedError
        See the functions of :mod:`walkshed.siting`; ``InfeasibleError`` names what cannot be kept.
    """
    siting = config.siting
    requirements = requirements_of(siting)
    old = None if known is None or known.config.candidates != config.candidates else known
    if old is None:
        read = _gather(config, inputs, now, streets)
        candidates, left_out = read.table, read.rejects
    else:
        candidates, left_out = old.candidates, old.plan.left_out
    same_problem = old is not None and _problem_settings(old.config.siting) == _problem_settings(siting)
    problem = old.plan.problem if old and same_problem else _problem(config, inputs, now, candidates, progress)
    solve = partial(_solve, siting=siting, requirements=requirements)
    answer = solve(problem, progress=progress)
    explained = explain_proposals(
        problem,
        answer,
        candidates,
        now.demand,
        gaps=now.gaps,
        gap_ids=now.gap_ids,
        units=inputs.units,
        forbidden=siting.forbidden,
        nearby_m=siting.nearby_m,
    )
    same_curve = old is not None and _curve_settings(old.config.siting) == _curve_settings(siting)
    curve = old.plan.curve if old and same_curve else _curve(problem, siting, requirements, progress)
    return Plan(
        candidates=candidates,
        left_out=left_out,
        problem=problem,
        requirements=requirements,
        answer=answer,
        explanations=explained,
        curve=curve,
        phases=_phases(problem, siting, requirements, progress),
        robustness=_robustness(config, inputs, now, candidates, (problem, answer, solve)),
    )


def requirements_of(siting: Siting) -> Requirements:
    """Return what a plan has to keep to, as ``[siting]`` says.

    Raises
    ------
    ContractError
        With every unknown key and wrong value of ``[[siting.floors]]``.
    SitingError
        If a number is unusable.
    """
    floors, problems = [], []
    for place, record in enumerate(siting.floors):
        given = {"share": float("nan"), **record}
        if "share" not in record:
            given["share"] = 0.0
        floor, found = build_record(Floor, given, prefix=f"siting.floors[{place}].")
        floors.append(floor)
        problems += found
    if problems:
        raise ContractError("study_invalid", problems=problems, where="study.toml")
    return Requirements(
        budget=siting.budget or None,
        must_build=siting.must_build,
        forbidden=siting.forbidden,
        spacing_m=siting.spacing_m,
        floors=tuple(floors),
        parities=siting.parities,
        group_weights=dict(siting.group_weights),
        backup_share=siting.backup_share,
        full_min=siting.full_min or None,
        capacity=siting.capacity,
        closings_max=siting.closings_max,
        must_keep=siting.must_keep,
    )


def _gather(config: StudyConfig, inputs: StudyInputs, now: Assessment, streets: Streets) -> Read:
    source = config.candidates
    sources: dict[str, gpd.GeoDataFrame | None] = {
        name: streets.tie(assign_units(table, inputs.units))
        for name, table in inputs.candidates.items()
        if name in (source.source, *source.also)
    }
    if "network" in (source.source, *source.also):
        sources["network"] = None
    return gather_candidates(
        now.network,
        inputs.boundary,
        sources=sources,
        spacing_m=source.spacing_m,
        exclude=inputs.exclusions,
        places=inputs.places,
        apart_m=source.apart_m,
        fragment_max_m=config.network.fragment_max_m,
    )


def _problem(
    config: StudyConfig, inputs: StudyInputs, now: Assessment, candidates: gpd.GeoDataFrame, progress: Progress
) -> SitingProblem:
    if config.siting.capacity and config.facilities.residents_per_capacity <= 0:
        raise SitingError("capacity_unknown")
    return build_problem(
        now.network, candidates, now.demand, cutoff_min=config.walking.cutoff_min, progress=progress,
        **_how(config, inputs, now),
    )  # fmt: skip


def _how(config: StudyConfig, inputs: StudyInputs, now: Assessment) -> dict[str, Any]:
    """Return how far and for whom the problem is built: all residents only where the aim needs them."""
    siting = config.siting
    whole = not requirements_of(siting).plain or siting.model in BY_MINUTES
    return {
        "direction": config.walking.direction,
        "facilities": serving_of(config, now.facilities) if whole else None,
        "units": inputs.units if whole else None,
        "horizon_min": max(siting.horizon_min, config.walking.cutoff_min) if siting.model in BY_MINUTES else None,
        "residents_per_capacity": config.facilities.residents_per_capacity or 1.0,
    }


def _solve(
    problem: SitingProblem, *, siting: Siting, requirements: Requirements, progress: Progress = silent
) -> SitingAnswer:
    limits = {"time_limit_s": siting.time_limit_s, "mip_gap": siting.mip_gap}
    if siting.model == "lscp":
        return solve_lscp(
            problem, share=siting.share, minimise_cost=siting.minimise_cost, requirements=requirements,
            progress=progress, **limits,
        )  # fmt: skip
    solver = {"mclp": solve_mclp, "p_median": solve_p_median, "p_center": solve_p_center}[siting.model]
    return solver(problem, new_rooms=siting.new_rooms, requirements=requirements, progress=progress, **limits)


def _curve(
    problem: SitingProblem, siting: Siting, requirements: Requirements, progress: Progress
) -> pd.DataFrame | None:
    """Return coverage against the number of rooms, whatever the aim is; ``None`` where none is asked for."""
    if not siting.curve_max or not problem.candidate_ids:
        return None
    return rooms_curve(
        problem, rooms_max=siting.curve_max, requirements=requirements, time_limit_s=siting.time_limit_s,
        mip_gap=max(siting.mip_gap, CURVE_GAP), progress=progress,
    )  # fmt: skip


def _phases(
    problem: SitingProblem, siting: Siting, requirements: Requirements, progress: Progress
) -> pd.DataFrame | None:
    if not siting.phases:
        return None
    return plan_phases(
        problem, rooms_by_phase=siting.phases, requirements=requirements, time_limit_s=siting.time_limit_s,
        mip_gap=max(siting.mip_gap, CURVE_GAP), progress=progress,
    ).table  # fmt: skip


def _robustness(
    config: StudyConfig,
    inputs: StudyInputs,
    now: Assessment,
    candidates: gpd.GeoDataFrame,
    solved: tuple[SitingProblem, SitingAnswer, Callable[[SitingProblem], SitingAnswer]],
) -> Robustness | None:
    problem, answer, solve = solved
    if not config.siting.robustness or not answer.chosen:
        return None
    how = _how(config, inputs, now)
    whole = how.pop("facilities") is not None
    variants = problem_variants(
        now.network, candidates, serving_of(config, now.facilities), now.demand,
        cutoff_min=config.walking.cutoff_min, whole=whole, **how,
    )  # fmt: skip
    return robustness(problem, answer, variants, solve)


def _problem_settings(siting: Siting) -> tuple[object, ...]:
    plain = requirements_of(siting).plain
    return siting.model in BY_MINUTES, siting.horizon_min, plain, siting.capacity


def _curve_settings(siting: Siting) -> Siting:
    return replace(siting, **{name: getattr(type(siting)(), name) for name in NUMBER_ONLY})

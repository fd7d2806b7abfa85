"""What a study says by hour, by group, by tier, and against norms."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from walkshed.assess.circle import circle_rates, measure_circle, residents_within
from walkshed.assess.criteria import assess_criteria, criteria_rates, failing_rows, summarise_criteria
from walkshed.assess.hours import coverage_by_hour, measure_coverage_at, night_coverage
from walkshed.assess.rates import coverage_rates, group_rates, level_rates, tier_rates
from walkshed.assess.rollup import failing_units
from walkshed.assess.tiers import measure_tiers
from walkshed.errors import Message
from walkshed.inputs.aliases import find_duplicates
from walkshed.inputs.hours import open_hours
from walkshed.results import Norms
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.inputs.hours import OpenHours
    from walkshed.parameters import StudyConfig
    from walkshed.results import Assessment, StudyInputs

SUMMER_PARTS = 4
NEARBY = "residents_1500m"


def hold_against_norms(config: StudyConfig, inputs: StudyInputs, assessed: Assessment) -> Norms:
    """Compute a study's figures by hour, group and tier, and against the norms it names.

    Parameters
    ----------
    config, inputs
        The study.
    assessed
        From :func:`walkshed.study.assessment.assess_study` of the same study.

    Raises
    ------
    ContractError
        If a criterion is unusable.
    InputError
        If the tiers of the culture circle are unusable.
    """
    walking, network, demand = config.walking, assessed.network, assessed.demand
    serving = serving_of(config, assessed.facilities)
    cutoff, direction = walking.cutoff_min, walking.direction
    hours = _hours(config, serving)
    known = bool((hours.table["hours_reason"] == "").any())
    summary, failing = _criteria(config, assessed, serving, hours)
    rates = [
        *_rates(config, inputs, assessed, serving, summary),
        *([_rates_at(config, inputs, assessed, serving, hours)] if known and config.hours.hour >= 0 else []),
    ]
    hourly = night = None
    if known:
        hourly = coverage_by_hour(
            network, serving, demand, cutoff_min=cutoff, direction=direction, open_mask=hours.mask
        )
        always = hours.table["open_24h"].to_numpy(bool)
        night = night_coverage(network, serving, demand, cutoff_min=cutoff, direction=direction, open_24h=always)
    duplicates = find_duplicates(assessed.facilities, rules=config.names)
    return Norms(
        hours=hours.unclear,
        hourly=hourly,
        night=night,
        criteria=summary,
        failing=failing,
        duplicates=duplicates,
        failing_units=_failing_units(config, assessed),
        rates=pd.concat(rates, ignore_index=True) if rates else assessed.rates.iloc[:0],
        notes=(*(hours.notes if known else ()), *_notes(summary, duplicates)),
    )


def _hours(config: StudyConfig, serving: gpd.GeoDataFrame) -> OpenHours:
    summer = config.hours.summer
    return open_hours(
        serving,
        unknown_hours=config.hours.unknown,
        week=date.fromisoformat(config.hours.week),
        summer=(summer[0], summer[1], summer[2], summer[3]) if len(summer) == SUMMER_PARTS else None,
    )


def _criteria(
    config: StudyConfig, assessed: Assessment, serving: gpd.GeoDataFrame, hours: OpenHours
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    rules = config.criteria.all_rules()
    if not rules:
        return None, None
    table = hours.table
    if any(rule.column == NEARBY for rule in rules):
        table = residents_within(assessed.network, table, assessed.demand, direction=config.walking.direction)
    answers = assess_criteria(table, rules)
    return summarise_criteria(answers), failing_rows(answers, serving)


def _failing_units(config: StudyConfig, assessed: Assessment) -> pd.DataFrame:
    """Return the units whose residents fall short of the target."""
    walking, rates = config.walking, assessed.rates
    head = rates[(rates["profile"] == walking.profile) & (rates["cutoff_min"] == walking.cutoff_min)]
    return failing_units(head, basis="E", target=config.units.target)


def _rates(
    config: StudyConfig,
    inputs: StudyInputs,
    assessed: Assessment,
    serving: gpd.GeoDataFrame,
    criteria: pd.DataFrame | None,
) -> Iterator[pd.DataFrame]:
    """Yield the rates beside those of the headline, each where the data supports it."""
    walking, units = config.walking, inputs.units
    cutoff, direction = walking.cutoff_min, walking.direction
    yield group_rates(
        assessed.demand,
        units=units,
        profile=walking.profile,
        cutoff_min=cutoff,
        denominators=inputs.denominators,
    )
    if len(units):
        yield level_rates(
            units=units,
            facilities=serving,
            profile=walking.profile,
            cutoff_min=cutoff,
            denominators=inputs.denominators,
        )
    by_tier = measure_tiers(assessed.network, serving, assessed.demand, cutoff_min=cutoff, direction=direction)
    if len(by_tier) > 1:
        yield tier_rates(by_tier, units=units, facilities=serving, profile=walking.profile, cutoff_min=cutoff)
    if criteria is not None:
        yield criteria_rates(criteria, serving, units=units, profile=walking.profile, cutoff_min=cutoff)
    if config.circle.required_tiers or config.circle.space_tiers:
        tested = measure_circle(
            assessed.network,
            serving,
            assessed.demand,
            rules=config.circle,
            cutoff_min=cutoff,
            direction=direction,
            units=units,
        )
        yield circle_rates(tested, units=units, profile=walking.profile, cutoff_min=cutoff)


def _rates_at(
    config: StudyConfig, inputs: StudyInputs, assessed: Assessment, serving: gpd.GeoDataFrame, hours: OpenHours
) -> pd.DataFrame:
    """Return the rates at the hour of the week that the study asks about."""
    walking = config.walking
    measured = measure_coverage_at(
        assessed.network,
        serving,
        assessed.demand,
        cutoff_min=walking.cutoff_min,
        direction=walking.direction,
        open_mask=hours.mask,
        hour=config.hours.hour,
    )
    found = coverage_rates(
        measured, units=inputs.units, facilities=serving, profile=walking.profile, cutoff_min=walking.cutoff_min
    )
    return found.assign(hour=config.hours.hour)


def _notes(criteria: pd.DataFrame | None, duplicates: pd.DataFrame) -> Iterator[Message]:
    if criteria is not None and criteria["met_all"].isna().any():
        total, unknown = len(criteria), int(criteria["met_all"].isna().sum())
        met = int(criteria["met_all"].fillna(value=False).sum())
        fields = {"count": unknown, "total": total, "least": met / total, "most": (met + unknown) / total}
        yield Message("notes.criteria_unknown", fields)
    if len(duplicates):
        yield Message("notes.duplicates", {"count": len(duplicates)})

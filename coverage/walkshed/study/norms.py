"""What a study says by hour, by group, by tier, and against norms."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from walkshed.assess.availability import find_gaps_then, tell_availability, unserved_by_reason
from walkshed.assess.circle import circle_rates, measure_circle, residents_within
from walkshed.assess.criteria import assess_criteria, criteria_rates, failing_rows, summarise_criteria
from walkshed.assess.groups import groups_of
from walkshed.assess.hours import coverage_by_hour, measure_coverage_at, night_coverage
from walkshed.assess.places import street_places
from walkshed.assess.rates import coverage_rates, group_rates, level_rates, tier_rates
from walkshed.assess.rollup import failing_units, with_denominators
from walkshed.assess.tiers import measure_tiers
from walkshed.assess.totals import totals_given, totals_notes
from walkshed.errors import Message
from walkshed.inputs.aliases import find_duplicates
from walkshed.inputs.hours import open_hours
from walkshed.inputs.name_lists import check_names, names_notes
from walkshed.inputs.population_compare import compare_totals
from walkshed.results import Norms
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.inputs.hours import OpenHours
    from walkshed.parameters import StudyConfig
    from walkshed.results import Assessment, Measures, StudyInputs

SUMMER_PARTS = 4
NEARBY = "residents_1500m"


def hold_against_norms(
    config: StudyConfig, inputs: StudyInputs, assessed: Assessment, measures: Measures | None = None
) -> Norms:
    """Compute a study's figures by hour, group and tier, and against the norms it names.

    Parameters
    ----------
    config, inputs
        The study.
    assessed
        From :func:`walkshed.study.assessment.assess_study` of the same study.
    measures
        From :func:`walkshed.study.measures.measure_study`: who finds no room. Without it nobody is told to be so.

    Raises
    ------
    ContractError
        If a criterion is unusable.
    InputError
        If the tiers of the culture circle are unusable.
    """
    network, demand, walks = assessed.network, assessed.demand, assessed.walks
    serving = serving_of(config, assessed.facilities)
    walk: dict[str, Any] = {
        "cutoff_min": config.walking.cutoff_min, "direction": config.walking.direction, "walks": walks,
    }  # fmt: skip
    hours = _hours(config, serving)
    known = bool((hours.table["hours_reason"] == "").any())
    summary, failing = _criteria(config, assessed, serving, hours)
    rates = list(_rates(config, inputs, assessed, serving, summary))
    hourly = night = then = None
    if known:
        hourly = coverage_by_hour(network, serving, demand, open_mask=hours.mask, **walk)
        always = hours.table["open_24h"].to_numpy(bool)
        night = night_coverage(network, serving, demand, open_24h=always, **walk)
        if config.hours.hour >= 0:
            hour = config.hours.hour
            then = measure_coverage_at(network, serving, demand, open_mask=hours.mask, hour=hour, **walk)
            rates.append(_rates_at(config, inputs, then, serving))
    available, unserved_then, gaps_then = _availability(config, inputs, assessed, measures, then)
    duplicates = find_duplicates(assessed.facilities, rules=config.names)
    names = None if inputs.names is None else check_names(inputs.names, assessed.facilities, rules=config.names)
    totals = _totals(config, inputs, demand, serving)
    return Norms(
        hours=hours.unclear,
        hourly=hourly,
        night=night,
        criteria=summary,
        failing=failing,
        duplicates=duplicates,
        failing_units=_failing_units(config, assessed),
        rates=pd.concat(rates, ignore_index=True) if rates else assessed.rates.iloc[:0],
        available=available,
        unserved_then=unserved_then,
        gaps_then=gaps_then,
        names=names,
        totals=totals,
        notes=(
            *(hours.notes if known else ()),
            *_notes(summary, duplicates),
            *(() if names is None else names_notes(names)),
            *(() if totals is None else totals_notes(totals, differ_share=config.units.differ_share)),
        ),
    )


def _availability(
    config: StudyConfig,
    inputs: StudyInputs,
    assessed: Assessment,
    measures: Measures | None,
    then: gpd.GeoDataFrame | None,
) -> tuple[pd.DataFrame | None, pd.DataFrame | None, gpd.GeoDataFrame | None]:
    """Tell the residents a second time, where the study chooses an hour or knows the capacity of its rooms."""
    full = None
    if measures is not None and config.facilities.residents_per_capacity > 0:
        full = measures.accessibility["no_room"].to_numpy(np.float64)
    if then is None and full is None:
        return None, None, None
    measured = assessed.demand if then is None else then
    available = tell_availability(measured, full=full)
    places = inputs.places if len(inputs.places) else street_places(assessed.network)
    gaps = find_gaps_then(measured, available, crs=assessed.network.crs, units=inputs.units, places=places)
    return available, unserved_by_reason(measured, available), gaps


def _totals(
    config: StudyConfig, inputs: StudyInputs, demand: gpd.GeoDataFrame, serving: gpd.GeoDataFrame
) -> pd.DataFrame | None:
    """Hold official denominators, the units' own populations and another source of residents against what is counted.

    ``None`` where nothing is given.
    """
    units = inputs.units
    stated = "population" in units and units["population"].notna().any()
    if inputs.denominators is None and inputs.estimate is None and not stated:
        return None
    walk: dict[str, Any] = {"profile": config.walking.profile, "cutoff_min": config.walking.cutoff_min}
    counted = [
        coverage_rates(demand, units=units, facilities=serving, **walk),
        group_rates(demand, units=units, **walk),
    ]
    if inputs.denominators is not None and (inputs.denominators["basis"] == "F").any():
        people = counted[0][counted[0]["basis"] == "E"]
        counted.append(people.assign(basis="F"))
    other = None
    if inputs.estimate is not None:
        both = set(groups_of(inputs.demand)) & set(groups_of(inputs.estimate))
        groups = [group for group in groups_of(inputs.demand) if group in both]
        other = compare_totals(inputs.demand, inputs.estimate, units, groups=groups)
    table = totals_given(
        pd.concat(counted, ignore_index=True), units=units, denominators=inputs.denominators, other=other
    )
    return table if len(table) else None


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
    by_tier = measure_tiers(
        assessed.network, serving, assessed.demand, cutoff_min=cutoff, direction=direction, walks=assessed.walks
    )
    if len(by_tier) > 1:
        yield tier_rates(
            by_tier,
            units=units,
            facilities=serving,
            profile=walking.profile,
            cutoff_min=cutoff,
            denominators=inputs.denominators,
        )
    if criteria is not None:
        rates = criteria_rates(criteria, serving, units=units, profile=walking.profile, cutoff_min=cutoff)
        yield _with_given(rates, inputs)
    if config.circle.required_tiers or config.circle.space_tiers:
        tested = measure_circle(
            assessed.network,
            serving,
            assessed.demand,
            rules=config.circle,
            cutoff_min=cutoff,
            direction=direction,
            units=units,
            walks=assessed.walks,
        )
        yield _with_given(circle_rates(tested, units=units, profile=walking.profile, cutoff_min=cutoff), inputs)


def _with_given(rates: pd.DataFrame, inputs: StudyInputs) -> pd.DataFrame:
    given = inputs.denominators
    return rates if given is None or given.empty else with_denominators(rates, given, units=inputs.units)


def _rates_at(
    config: StudyConfig, inputs: StudyInputs, then: gpd.GeoDataFrame, serving: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the rates at the hour of the week that the study asks about."""
    found = coverage_rates(
        then,
        units=inputs.units,
        facilities=serving,
        profile=config.walking.profile,
        cutoff_min=config.walking.cutoff_min,
        denominators=inputs.denominators,
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

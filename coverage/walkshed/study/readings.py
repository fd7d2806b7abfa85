"""A survey read otherwise: at one hour of the week, or for one group of residents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from walkshed.assess.curve import coverage_curve
from walkshed.assess.equity import measure_equity
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.assess.groups import group_column
from walkshed.assess.hours import measure_coverage_at
from walkshed.assess.places import street_places
from walkshed.assess.rates import coverage_rates, group_rates
from walkshed.inputs.hours import open_hours
from walkshed.progress import hearted, silent
from walkshed.reach.isochrones import isochrones
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from walkshed.inputs.hours import OpenHours
    from walkshed.progress import Progress
    from walkshed.results import Survey

SUMMER_PARTS = 4


def hours_of(survey: Survey) -> OpenHours:
    """Return when the serving facilities of a study are open, in their order."""
    rules = survey.config.hours
    summer = rules.summer
    return open_hours(
        serving_of(survey.config, survey.facilities),
        unknown_hours=rules.unknown,
        week=date.fromisoformat(rules.week),
        summer=(summer[0], summer[1], summer[2], summer[3]) if len(summer) == SUMMER_PARTS else None,
    )


@hearted
def read_at_hour(survey: Survey, hour: int, *, progress: Progress = silent) -> Survey:
    """Return a survey as if only the rooms open at an hour of the week were there.

    Parameters
    ----------
    survey
        At any hour.
    hour
        0 (Monday 00:00-01:00) to 167.
    progress
        Called before every step.

    Returns
    -------
    Survey
        ``demand`` (``reason`` may be ``"closed"``), ``facilities`` (serving ones that are closed then have that
        status), ``isochrones`` merged over the open rooms, ``gaps``, ``gap_ids``,
        ``rates`` (of the headline's profile and cutoff alone), ``curve`` and ``equity`` of the measures; the rest, and
        the capacity of the rooms, is as at any hour. The range of the headline is empty: it was not searched then.

    Raises
    ------
    InputError
        If there is no such hour.
    """
    config, inputs, walking = survey.config, survey.inputs, survey.config.walking
    serving, network = serving_of(config, survey.facilities), survey.network
    mask = hours_of(survey).mask
    walk: dict[str, Any] = {"cutoff_min": walking.cutoff_min, "direction": walking.direction}
    progress("minutes", 0, 1)
    demand = measure_coverage_at(network, serving, survey.demand, open_mask=mask, hour=hour, walks=survey.walks, **walk)
    progress("isochrones", 0, 1)
    shapes = isochrones(
        network,
        serving[mask[:, hour]],
        cutoffs_min=sorted(walking.cutoffs_min),
        direction=walking.direction,
        buffer_m=walking.isochrone_buffer_m,
        merged=True,
        progress=progress,
    )
    progress("rates", 0, 1)
    rates = coverage_rates(
        demand,
        units=inputs.units,
        facilities=serving,
        profile=walking.profile,
        cutoff_min=walking.cutoff_min,
        denominators=inputs.denominators,
    ).assign(hour=hour)
    progress("gaps", 0, 1)
    ids = gap_of(demand, crs=network.crs)
    places = inputs.places if len(inputs.places) else street_places(network)
    gaps = find_gaps(demand, crs=network.crs, units=inputs.units, places=places, gap_ids=ids)
    measures = replace(
        survey.measures,
        curve=coverage_curve(demand),
        equity=measure_equity(demand),
        range=survey.measures.range.iloc[:0],
    )
    shut = survey.facilities["facility_id"].isin(serving["facility_id"][~mask[:, hour]])
    return replace(
        survey,
        facilities=survey.facilities.assign(status=survey.facilities["status"].mask(shut, "closed")),
        demand=demand,
        isochrones=shapes,
        rates=rates,
        gaps=gaps,
        gap_ids=ids,
        measures=measures,
        walks=None,
    )


def read_for_group(survey: Survey, group: str) -> Survey:
    """Return a survey that counts the people of one group where it counted everybody.

    Parameters
    ----------
    survey
        Of everybody.
    group
        One of :func:`walkshed.assess.groups.groups_of` its demand.

    Returns
    -------
    Survey
        ``population`` of the demand is the group's, the gaps are those where anybody of it lives, ranked by it, and
        ``rates`` are the group's at the headline's profile and cutoff. Minutes are those of the study's walker.

    Raises
    ------
    InputError
        If the residents are not counted by such a group.
    """
    column, walking = group_column(group), survey.config.walking
    found = group_rates(
        survey.demand,
        units=survey.inputs.units,
        profile=walking.profile,
        cutoff_min=walking.cutoff_min,
        groups=(group,),
        denominators=survey.inputs.denominators,
    )
    gaps = survey.gaps.assign(residents=survey.gaps[column])
    gaps = gaps[gaps["residents"] > 0].sort_values("residents", ascending=False, kind="stable").reset_index(drop=True)
    curve = survey.measures.curve
    return replace(
        survey,
        demand=survey.demand.assign(population=survey.demand[column].fillna(0.0)),
        rates=found,
        gaps=gaps.assign(rank=pd.RangeIndex(1, len(gaps) + 1)),
        measures=replace(
            survey.measures,
            curve=curve[curve["group"] == group].assign(group=""),
            range=survey.measures.range.iloc[:0],
        ),
    )

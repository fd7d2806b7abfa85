"""The few figures that stand in front: on the web map, the map sheet and in the tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from walkshed.reporting.norm_sheets import hour_name
from walkshed.reporting.siting_words import gain_words
from walkshed.reporting.wording import count, credits_of, named, people, percent, say

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.results import StudyResult, Survey

BASES = ("E", "E_buildings", "C", "D", "A")
"""The first of these that has a denominator is the headline."""


class KeyFigure(NamedTuple):
    """One figure for readers.

    Attributes
    ----------
    role
        ``"rate"``, ``"unserved"`` or ``"gain"``; decides the colour.
    value
        The figure, large.
    label
        What it is.
    detail
        Basis, numerator and denominator.
    """

    role: str
    value: str
    label: str
    detail: str


def headline_rate(result: Survey) -> pd.Series | None:
    """Return the row of ``result.rates`` that stands for the whole area at the headline profile and cutoff.

    Returns
    -------
    pandas.Series or None
        Residents if there are any, otherwise the next basis with a denominator; ``None`` where nothing could be
        measured.
    """
    rates, walking = result.rates, result.config.walking
    rows = rates[
        (rates["unit_id"] == "")
        & (rates["profile"] == walking.profile)
        & (rates["cutoff_min"] == walking.cutoff_min)
        & (rates["denominator"] > 0)
    ]
    for basis in BASES:
        found = rows[rows["basis"] == basis]
        if len(found):
            return found.iloc[0]
    return None


def key_figures(result: StudyResult, language: str) -> list[KeyFigure]:
    """Return the figures in front.

    Parameters
    ----------
    result
        The study's result.
    language
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of KeyFigure
        The coverage rate, the residents not served, and (where rooms are proposed) what the proposals add, with the
        solver's status and bound.
    """
    walking = result.config.walking
    figures = []
    rate = headline_rate(result)
    if rate is not None:
        figures.append(
            KeyFigure(
                "rate",
                percent(float(rate["rate"])),
                say("rate_label", language, minutes=walking.cutoff_min, basis=named("basis", rate["basis"], language)),
                say(
                    "rate_detail",
                    language,
                    numerator=count(float(rate["numerator"])),
                    denominator=count(float(rate["denominator"])),
                    quantity=named("quantity", rate["quantity"], language),
                    profile=named("profile", walking.profile, language),
                    speed=result.config.speed_kmh(),
                )
                + _range(result, str(rate["basis"]), language)
                + _then(result, str(rate["basis"]), language),
            )
        )
    demand = result.demand
    total = float(demand["population"].sum())
    unserved = float(demand.loc[~demand["covered"].astype(bool), "population"].sum())
    if total > 0:
        # Sheets that leave the gaps undrawn still tell how many there are.
        gaps = len(result.gaps) or len(set(result.gap_ids.fillna("")) - {""})
        figures.append(
            KeyFigure(
                "unserved",
                people(unserved, language),
                say("unserved_label", language),
                say("unserved_detail", language, share=percent(unserved / total), gaps=gaps),
            )
        )
    if len(result.proposals) and total > 0:
        answer = result.siting
        after = float(result.proposals["cumulative_rate"].iloc[-1])
        points = 100 * (after - (1 - unserved / total))
        figures.append(
            KeyFigure(
                "gain",
                say("gain_value", language, points=points),
                say(
                    "gain_label", language, count=len(result.proposals), before=percent(1 - unserved / total),
                    after=percent(after),
                ),
                say("gain_detail_part", language, residents=count(answer.objective))
                if math.isnan(answer.bound)
                else gain_words(result, language),
            )
        )  # fmt: skip
    return figures


def _range(result: StudyResult, basis: str, language: str) -> str:
    """Return the range of the headline under other assumptions, where it was computed."""
    rates = result.measures.range["rate"].dropna()
    if basis != "E" or rates.empty:
        return ""
    return say("rate_range", language, low=percent(float(rates.min())), high=percent(float(rates.max())))


def _then(result: StudyResult, basis: str, language: str) -> str:
    """Return the rate at the hour that the study chooses, where it chooses one; the headline is that of any hour."""
    rates, hour = result.norms.rates, result.config.hours.hour
    if hour < 0 or rates.empty:
        return ""
    at = rates[(rates["hour"] == hour) & (rates["unit_id"] == "") & (rates["basis"] == basis)]
    return "".join(
        say("rate_then", language, rate=percent(float(rate)), hour=hour_name(hour, language)) for rate in at["rate"]
    )


def approval_line(result: StudyResult, language: str) -> str:
    """Return the map approval number, or that the map is for internal work and not to be published."""
    number = result.config.report.map_approval_number
    return say("approved", language, number=number) if number else say("internal", language)


def source_line(result: StudyResult, language: str) -> str:
    """Return where the data is from, OpenStreetMap first, and its date."""
    line = say("sources", language, names=credits_of(result, language))
    date = result.config.study.data_date
    return f"{line}{say('sentence_separator', language)}{say('data_date', language, date=date)}" if date else line

"""The sheets of what a study says by hour, group and tier, and against norms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.columns import Kind, Sheet, numbers, texts
from walkshed.reporting.wording import group_name, named, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from walkshed.results import StudyResult

DAY = 24
ANSWERS = {True: "yes", False: "no"}


def norm_sheets(result: StudyResult, language: str) -> Iterator[Sheet]:
    """Yield the sheets that the study has anything for."""
    norms = result.norms
    if len(norms.rates):
        yield other_rate_sheet(result, language)
    if norms.hourly is not None:
        yield hour_sheet(norms.hourly, language)
    if norms.criteria is not None:
        yield criteria_sheet(result, norms.criteria, language)


def other_rate_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the rates by group, by tier, on bases B and F, at one hour, and A level by level."""
    rates = result.norms.rates
    whole = say("whole_area", language)
    units = [name if key else whole for key, name in zip(rates["unit_id"], rates["unit_name"], strict=True)]
    return Sheet(
        "other_rates",
        (
            texts("unit", units, language),
            texts("basis", (named("basis", value, language) for value in rates["basis"]), language),
            texts("group", (group_name(value, language) for value in rates["group"]), language),
            texts("tier", rates["tier"], language),
            texts("hour", (hour_name(int(value), language) for value in rates["hour"]), language),
            texts("profile", (named("profile", value, language) for value in rates["profile"]), language),
            numbers("cutoff", rates["cutoff_min"], language, Kind.WHOLE),
            numbers("rate", rates["rate"], language, Kind.PERCENT),
            numbers("numerator", rates["numerator"], language, Kind.WHOLE),
            numbers("denominator", rates["denominator"], language, Kind.WHOLE),
            texts("quantity", (named("quantity", value, language) for value in rates["quantity"]), language),
        ),
        frozen=1,
    )


def hour_sheet(hourly: pd.DataFrame, language: str) -> Sheet:
    """Return who is served at every hour of an ordinary week."""
    return Sheet(
        "hours",
        (
            texts("hour", (hour_name(int(hour), language) for hour in hourly["hour"]), language),
            numbers("rate", hourly["rate"], language, Kind.PERCENT),
            numbers("numerator", hourly["served"], language, Kind.WHOLE),
            numbers("denominator", hourly["denominator"], language, Kind.WHOLE),
            numbers("open_facilities", hourly["open_facilities"], language, Kind.WHOLE),
        ),
        frozen=1,
    )


def criteria_sheet(result: StudyResult, criteria: pd.DataFrame, language: str) -> Sheet:
    """Return every serving facility against the norm, with what fails and what is unknown."""
    names = dict(zip(result.facilities["facility_id"].astype(str), result.facilities["name"], strict=True))
    labels = {
        rule.name: (rule.label_zh if language == "zh" else rule.label_en) or rule.name
        for rule in result.config.criteria.all_rules()
    }

    def told(cell: str) -> str:
        return say("list_separator", language).join(labels.get(name, name) for name in cell.split(", ") if name)

    return Sheet(
        "criteria",
        (
            texts("facility_id", criteria["facility_id"], language),
            texts("name", (names.get(key, "") for key in criteria["facility_id"]), language),
            texts("met_all", (say(ANSWERS.get(met, "unknown"), language) for met in criteria["met_all"]), language),
            texts("failing", (told(cell) for cell in criteria["failing"]), language),
            texts("unknown", (told(cell) for cell in criteria["unknown"]), language),
        ),
        frozen=2,
    )


def hour_name(hour: int, language: str) -> str:
    """Return what readers call an hour of the week, ``""`` for any hour."""
    if hour < 0:
        return ""
    day, start = divmod(hour, DAY)
    return say("hour_of_week", language, day=say(f"weekday_{day}", language), start=start, end=start + 1)

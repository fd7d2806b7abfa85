"""The sheets of what is to be looked after: the second reading, units below the target, totals, names, edits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from walkshed.assess.groups import PREFIX
from walkshed.assess.units import NO_UNIT
from walkshed.catalogue import has, text
from walkshed.network.edits import edit_records, parse_edits
from walkshed.reporting.columns import Column, Kind, Sheet, numbers, texts
from walkshed.reporting.norm_sheets import hour_name
from walkshed.reporting.wording import group_name, named, plain, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import pandas as pd

    from walkshed.results import StudyResult


def list_sheets(result: StudyResult, language: str) -> Iterator[Sheet]:
    """Yield the sheets that the study has anything for."""
    norms = result.norms
    if norms.unserved_then is not None:
        yield unserved_then_sheet(result, norms.unserved_then, language)
    if norms.gaps_then is not None:
        yield gap_then_sheet(norms.gaps_then, language)
    if len(norms.failing_units):
        yield failing_unit_sheet(result, language)
    if norms.totals is not None:
        yield totals_sheet(norms.totals, language)
    if norms.names is not None:
        yield name_sheet(norms.names, language)
    if result.config.scenario.edits:
        yield edit_sheet(result, language)


def unserved_then_sheet(result: StudyResult, table: pd.DataFrame, language: str) -> Sheet:
    """Return the residents by why they find no open room with room for them, the served first."""
    hour = hour_name(result.config.hours.hour, language) or say("any_hour", language)
    groups = [column for column in table.columns if column.startswith(PREFIX)]
    return Sheet(
        "unserved_then",
        (
            texts("hour", [hour] * len(table), language),
            texts("reason", (reason_name(value, language) for value in table["reason"]), language),
            numbers("residents", table["residents"], language, Kind.WHOLE),
            numbers("share_of_residents", table["share"], language, Kind.PERCENT),
            *(
                numbers("residents", table[column], language, Kind.WHOLE)._replace(
                    header=group_name(column.removeprefix(PREFIX), language)
                )
                for column in groups
            ),
        ),
        frozen=2,
    )


def reason_name(reason: object, language: str) -> str:
    """Return what readers call the reason why somebody is not served, or that they are, for ``""``."""
    return named("reason", reason, language) or say("served_then", language)


def gap_then_sheet(gaps: gpd.GeoDataFrame, language: str) -> Sheet:
    """Return the gaps of the second reading, most residents first."""
    points = gaps.geometry.representative_point()
    return Sheet(
        "gaps_then",
        (
            numbers("rank", gaps["rank"], language, Kind.WHOLE),
            texts("unit", gaps["unit_name"], language),
            texts("place", gaps["place"], language),
            numbers("residents", gaps["residents"], language, Kind.WHOLE),
            numbers("areas", gaps["areas"], language, Kind.WHOLE),
            numbers("minutes", gaps["minutes"], language, Kind.NUMBER),
            texts("reason", (named("reason", value, language) for value in gaps["reason"]), language),
            numbers("closed", gaps["closed"], language, Kind.WHOLE),
            numbers("full", gaps["full"], language, Kind.WHOLE),
            Column(say("field_lon", language), Kind.DEGREES, [round(float(x), 6) for x in points.x]),
            Column(say("field_lat", language), Kind.DEGREES, [round(float(y), 6) for y in points.y]),
        ),
        frozen=1,
    )


def failing_unit_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the units below the target, the lowest rate first, with what they lack."""
    table, target = result.norms.failing_units, result.config.units.target
    return Sheet(
        "failing_units",
        (
            texts("unit", table["unit_name"], language),
            texts("unit_id", table["unit_id"], language),
            texts("level", (level_name(value, language) for value in table["level"]), language),
            texts("basis", (named("basis", value, language) for value in table["basis"]), language),
            numbers("rate", table["rate"], language, Kind.PERCENT),
            numbers("target", [target] * len(table), language, Kind.PERCENT),
            numbers("numerator", table["numerator"], language, Kind.WHOLE),
            numbers("denominator", table["denominator"], language, Kind.WHOLE),
            numbers("missing", table["missing"], language, Kind.WHOLE),
            texts("quantity", (named("quantity", value, language) for value in table["quantity"]), language),
        ),
        frozen=1,
    )


def totals_sheet(table: pd.DataFrame, language: str) -> Sheet:
    """Return the totals that somebody gives beside those that the study counts."""
    own = {"": say("whole_area", language), NO_UNIT: say("outside_units", language)}
    units = [own.get(key, name) for key, name in zip(table["unit_id"], table["unit_name"], strict=True)]
    return Sheet(
        "totals",
        (
            texts("totals_source", (say(f"totals_{source}", language) for source in table["source"]), language),
            texts("unit", units, language),
            texts("unit_id", table["unit_id"], language),
            texts("level", (level_name(value, language) for value in table["level"]), language),
            texts("basis", (named("basis", value, language) for value in table["basis"]), language),
            texts("group", (group_name(value, language) for value in table["group"]), language),
            numbers("given", table["given"], language, Kind.WHOLE),
            numbers("counted", table["counted"], language, Kind.WHOLE),
            numbers("difference", table["difference"], language, Kind.WHOLE),
            numbers("ratio", table["ratio"], language, Kind.PERCENT),
        ),
        frozen=2,
    )


def name_sheet(table: pd.DataFrame, language: str) -> Sheet:
    """Return the names of a document against the facilities, and the facilities that it does not name."""
    return Sheet(
        "names",
        (
            numbers("line", table["line"], language, Kind.WHOLE),
            texts("given_name", table["given"], language),
            texts("verdict", (say(f"verdict_{value}", language) for value in table["verdict"]), language),
            texts("how", (say(f"how_{value}", language) for value in table["how"]), language),
            numbers("score", table["score"], language, Kind.RATIO),
            texts("facility_id", table["facility_id"], language),
            texts("name", table["name"], language),
            texts("status", (named("status", value, language) for value in table["status"]), language),
        ),
        frozen=2,
    )


def edit_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the scenario's edits as they were carried out, so that they can be read without its file."""
    records = edit_records(parse_edits(result.config.scenario.edits))
    settings = [
        "; ".join(
            f"{name} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in record.items()
            if name not in ("edit", "name")
        )
        for record in records
    ]
    return Sheet(
        "edits",
        (
            numbers("order", range(1, len(records) + 1), language, Kind.WHOLE),
            texts("edit", (say(f"edit_{record['edit']}", language) for record in records), language),
            texts("name", (record.get("name", "") for record in records), language),
            Column(say("field_settings", language), Kind.LONG, settings),
        ),
        frozen=1,
    )


def level_name(level: object, language: str) -> str:
    """Return what readers call a level of units; one of the user's own keeps its name."""
    key = f"units.level_{plain(level)}"
    return text(key, language) if has(key) else plain(level)

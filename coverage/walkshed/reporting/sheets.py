"""What stands on the sheets of the workbook, as columns of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.columns import Column, Kind, Sheet, Value, numbers, texts
from walkshed.reporting.keyfigures import BASES, approval_line, source_line
from walkshed.reporting.scenario import moved_rows, rules_text, scenario_rates
from walkshed.reporting.siting_words import proof_words
from walkshed.reporting.webmap import reader_notes
from walkshed.reporting.wording import definition, named, plain, say, title

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

    from walkshed.results import StudyResult


def room_sheet(result: StudyResult, language: str) -> Sheet:
    """Return all rooms, also those that serve nobody in the figures, with the reason."""
    rooms = result.facilities
    serving = rooms["status"].isin(result.config.facilities.serving) & rooms["snapped"].astype(bool)
    served = result.demand[result.demand["covered"].astype(bool)]
    nearest = served.groupby(served["facility_id"].astype(str))["population"].sum()
    lon, lat = _degrees(rooms)
    return Sheet(
        "facilities",
        (
            texts("facility_id", rooms["facility_id"], language),
            texts("name", rooms["name"], language),
            texts("status", (named("status", value, language) for value in rooms["status"]), language),
            texts("tier", _optional(rooms, "tier"), language),
            numbers("capacity", _optional(rooms, "capacity"), language, Kind.WHOLE),
            texts("opening_hours", _optional(rooms, "opening_hours"), language),
            texts("unit", _unit_names(result, _optional(rooms, "unit_id")), language),
            texts("counts", (say("yes" if value else "no", language) for value in serving), language),
            numbers(
                "nearest_residents",
                [
                    nearest.get(str(key), 0.0) if counts else None
                    for key, counts in zip(rooms["facility_id"], serving, strict=True)
                ],
                language,
                Kind.WHOLE,
                total=True,
            ),
            numbers("access_m", rooms["access_m"], language, Kind.NUMBER),
            texts("why", (named("reason", value, language) for value in rooms["why"]), language),
            Column(say("field_lon", language), Kind.DEGREES, lon),
            Column(say("field_lat", language), Kind.DEGREES, lat),
            texts("position_quality", _optional(rooms, "position_quality"), language),
            texts("source", _optional(rooms, "source"), language),
        ),
        frozen=2,
    )


def unit_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the rates side by side, one row per unit below the whole area.

    Every basis that has a denominator, at the headline profile and cutoff, with numerator and denominator; then the
    headline basis for the other walkers and cutoffs.
    """
    rates, walking = result.rates, result.config.walking
    keys = list(dict.fromkeys(rates.sort_values("unit_id", kind="stable")["unit_id"]))
    names = dict(zip(rates["unit_id"], rates["unit_name"], strict=True)) | {"": say("whole_area", language)}
    known = {
        (row.basis, row.profile, row.cutoff_min, row.unit_id): row
        for row in rates[rates["denominator"] > 0].itertuples()
    }
    bases = [basis for basis in BASES if any(key[0] == basis for key in known)]
    headline = (walking.profile, walking.cutoff_min)
    columns = [
        texts("unit", (names[key] for key in keys), language),
        texts("unit_id", keys, language),
    ]

    def column(header: str, kind: Kind, field: str, basis: str, walk: tuple[str, float]) -> Column:
        rows = [known.get((basis, *walk, key)) for key in keys]
        words = {
            "basis": named("basis", basis, language),
            "profile": named("profile", walk[0], language),
            "minutes": walk[1],
            "quantity": next((named("quantity", row.quantity, language) for row in rows if row is not None), ""),
        }
        return Column(
            say(header, language, **words), kind, [None if row is None else float(getattr(row, field)) for row in rows]
        )

    for basis in bases:
        columns.append(column("header_rate", Kind.PERCENT, "rate", basis, headline))
        columns += [
            column(f"header_{part}", Kind.WHOLE, part, basis, headline) for part in ("numerator", "denominator")
        ]
    walks = dict.fromkeys(zip(rates["profile"], rates["cutoff_min"], strict=True))
    for walk in sorted(walks, key=lambda walk: (walk[0] != walking.profile, walk)):
        if bases and walk != headline:
            columns.append(column("header_rate", Kind.PERCENT, "rate", bases[0], walk))
    return Sheet("rates", tuple(columns), frozen=1)


def rate_sheet(result: StudyResult, language: str) -> Sheet:
    """Return every rate: the whole area first, then unit by unit; the headline profile and cutoff first."""
    rates, walking = result.rates, result.config.walking
    order = {basis: i for i, basis in enumerate(BASES)}
    ranked = rates.assign(
        whole=rates["unit_id"] != "",
        walker=rates["profile"] != walking.profile,
        near=rates["cutoff_min"] != walking.cutoff_min,
        place=rates["basis"].map(order).fillna(len(order)),
    ).sort_values(["walker", "near", "profile", "cutoff_min", "whole", "unit_id", "place"], kind="stable")
    whole = say("whole_area", language)
    return Sheet(
        "details",
        (
            texts(
                "unit",
                (name if key else whole for key, name in zip(ranked["unit_id"], ranked["unit_name"], strict=True)),
                language,
            ),
            texts("unit_id", ranked["unit_id"], language),
            texts("basis", (named("basis", value, language) for value in ranked["basis"]), language),
            texts("profile", (named("profile", value, language) for value in ranked["profile"]), language),
            numbers("cutoff", ranked["cutoff_min"], language, Kind.WHOLE),
            numbers("rate", ranked["rate"], language, Kind.PERCENT),
            numbers("numerator", ranked["numerator"], language, Kind.WHOLE),
            numbers("denominator", ranked["denominator"], language, Kind.WHOLE),
            texts("quantity", (named("quantity", value, language) for value in ranked["quantity"]), language),
        ),
        frozen=1,
    )


def gap_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the gaps, most residents first, each with a place on it."""
    gaps = result.gaps
    links = result.measures.links.drop_duplicates("gap_id").set_index("gap_id")["rank"]
    points = gaps.geometry.representative_point()
    return Sheet(
        "gaps",
        (
            numbers("rank", gaps["rank"], language, Kind.WHOLE),
            texts("gap_id", gaps["gap_id"], language),
            texts("unit", gaps["unit_name"], language),
            texts("place", gaps["place"], language),
            numbers("residents", gaps["residents"], language, Kind.WHOLE, total=True),
            numbers("areas", gaps["areas"], language, Kind.WHOLE, total=True),
            numbers("minutes", gaps["minutes"], language, Kind.NUMBER),
            texts("reason", (named("reason", value, language) for value in gaps["reason"]), language),
            texts("barrier", (say("yes" if value else "no", language) for value in gaps["barrier"]), language),
            numbers("barred", gaps["barred"], language, Kind.WHOLE),
            numbers("link_rank", gaps["gap_id"].map(links), language, Kind.WHOLE),
            Column(say("field_lon", language), Kind.DEGREES, [round(float(x), 6) for x in points.x]),
            Column(say("field_lat", language), Kind.DEGREES, [round(float(y), 6) for y in points.y]),
        ),
        frozen=2,
    )


def proposal_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the proposed rooms in build order."""
    sites = result.proposals
    lon, lat = _degrees(sites)
    return Sheet(
        "proposals",
        (
            numbers("order", sites["rank"], language, Kind.WHOLE),
            texts("place", sites["place"], language),
            texts("unit", _unit_names(result, sites["unit_id"]), language),
            numbers("newly_served", sites["newly_served"], language, Kind.WHOLE, total=True),
            numbers("cumulative_served", sites["cumulative_served"], language, Kind.WHOLE),
            numbers("cumulative_rate", sites["cumulative_rate"], language, Kind.PERCENT),
            Column(say("field_lon", language), Kind.DEGREES, lon),
            Column(say("field_lat", language), Kind.DEGREES, lat),
            texts("candidate_id", sites["candidate_id"], language),
        ),
        frozen=2,
    )


def scenario_sheet(result: StudyResult, language: str) -> Sheet:
    """Return every rate before and after the scenario."""
    return rates_before_and_after(scenario_rates(result), language)


def rates_before_and_after(rates: pd.DataFrame, language: str) -> Sheet:
    """Return rates side by side, see :func:`walkshed.assess.change.compare_rates`."""
    whole = say("whole_area", language)
    units = [name if key else whole for key, name in zip(rates["unit_id"], rates["unit_name"], strict=True)]
    return Sheet(
        "scenario",
        (
            texts("unit", units, language),
            texts("basis", (named("basis", value, language) for value in rates["basis"]), language),
            texts("profile", (named("profile", value, language) for value in rates["profile"]), language),
            numbers("cutoff", rates["cutoff_min"], language, Kind.WHOLE),
            numbers("rate_before", rates["rate_before"], language, Kind.PERCENT),
            numbers("rate_after", rates["rate_after"], language, Kind.PERCENT),
            numbers("numerator_before", rates["numerator_before"], language, Kind.WHOLE),
            numbers("numerator_after", rates["numerator_after"], language, Kind.WHOLE),
            numbers("denominator", rates["denominator"], language, Kind.WHOLE),
            texts("quantity", (named("quantity", value, language) for value in rates["quantity"]), language),
        ),
        frozen=1,
    )


def definition_sheet(result: StudyResult, language: str) -> Sheet:
    """Return what a reader must know: settings, definitions of every basis, solver, inputs, notes."""
    rows = list(_definitions(result, language))
    return Sheet(
        "definitions",
        (
            Column(say("field_item", language), Kind.TEXT, [item for item, _ in rows]),
            Column(say("field_content", language), Kind.LONG, [content for _, content in rows]),
        ),
    )


def reject_sheet(result: StudyResult, language: str) -> Sheet:
    """Return every input row that was not used, with file, line and reason."""
    rejects = result.inputs.rejects
    return Sheet(
        "rejects",
        (
            texts("layer", (named("layer", value, language) for value in rejects["layer"]), language),
            texts("file", rejects["file"], language),
            numbers("line", rejects["line"], language, Kind.WHOLE),
            texts("row_id", rejects["row_id"], language),
            texts("reject_reason", (named("reject", value, language) for value in rejects["reason"]), language),
            texts("detail", rejects["detail"], language),
        ),
    )


def _definitions(result: StudyResult, language: str) -> Iterable[tuple[str, str]]:
    config, walking, answer = result.config, result.config.walking, result.siting
    yield say("item_study", language), title(result, language)
    yield say("item_study", language), source_line(result, language)
    if config.report.author_unit:
        yield say("item_study", language), say("author", language, unit=config.report.author_unit)
    yield say("item_study", language), approval_line(result, language)
    yield say("item_digest", language), config.digest()
    profiles = dict.fromkeys((walking.profile, *walking.compare_profiles))
    for profile in profiles:
        fields = {
            "profile": named("profile", profile, language),
            "speed": config.speed_kmh(profile),
            "minutes": walking.cutoff_min,
            "direction": say(f"direction_{walking.direction}", language),
        }
        yield say("item_walking", language), say("walking_line", language, **fields)
        yield say("item_walking", language), rules_text(config.profiles[profile], language)
    item = say("item_definition", language)
    present = [*(basis for basis in BASES if basis in set(result.rates["basis"]))]
    for basis in present:
        yield item, definition(basis, language)
    yield item, say("definition_minutes", language)
    statuses = [named("status", status, language) for status in config.facilities.serving]
    yield item, say("definition_serving", language, statuses=say("list_separator", language).join(statuses))
    yield item, say("definition_gap", language)
    yield item, say("definition_proposal", language)
    yield (
        say("item_siting", language),
        say("solver", language, proof=proof_words(result, language), seconds=answer.seconds),
    )
    for row in moved_rows(result).itertuples():
        name = plain(row.name) or plain(row.row_id)
        yield say("item_moved", language), say("moved_line", language, name=name, metres=row.access_m)
    for record in result.inputs.records:
        layer = named("layer", record.layer, language)
        fields = {"source": record.source, "count": record.count, "rejected": record.rejected, "sha256": record.sha256}
        yield say("item_input", language), say("input_line", language, layer=layer, **fields)
    for note in reader_notes(result, language):
        yield say("item_note", language), note


def _optional(table: pd.DataFrame, column: str) -> Iterable[object]:
    return table[column] if column in table.columns else [None] * len(table)


def _unit_names(result: StudyResult, unit_ids: Iterable[object]) -> list[str]:
    units = result.inputs.units
    names = dict(zip(units["unit_id"].astype(str), units["name"].astype(str), strict=True))
    return [names.get(plain(key), plain(key)) for key in unit_ids]


def _degrees(table: gpd.GeoDataFrame) -> tuple[list[Value], list[Value]]:
    known = [None if shape is None or shape.is_empty else shape for shape in table.geometry]
    lon: list[Value] = [None if shape is None else round(float(shape.x), 6) for shape in known]
    lat: list[Value] = [None if shape is None else round(float(shape.y), 6) for shape in known]
    return lon, lat

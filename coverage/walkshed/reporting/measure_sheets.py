"""The sheets of a study's further measures: service of every room, curve, equity, missing links, range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from walkshed.reporting.columns import Column, Kind, Sheet, numbers, texts
from walkshed.reporting.wording import group_name, named, say

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.results import StudyResult


def service_sheet(result: StudyResult, language: str) -> Sheet:
    """Return whom every serving room serves, who would lose their only one, and its load."""
    found = result.measures.catchments
    everybody = found[found["group"] == ""].merge(result.measures.load, on="facility_id", how="left")
    names = dict(zip(result.facilities["facility_id"], result.facilities["name"], strict=True))
    return Sheet(
        "service",
        (
            texts("facility_id", everybody["facility_id"], language),
            texts("name", (names.get(key, "") for key in everybody["facility_id"]), language),
            numbers("reach", everybody["reach"], language, Kind.WHOLE),
            numbers("exclusive", everybody["exclusive"], language, Kind.WHOLE),
            numbers("shared", everybody["shared"], language, Kind.WHOLE),
            numbers("nearest_residents", everybody["nearest"], language, Kind.WHOLE),
            numbers("capacity_residents", everybody["capacity"], language, Kind.WHOLE),
            numbers("load", everybody["load"], language, Kind.WHOLE),
            numbers("use", everybody["use"], language, Kind.PERCENT),
        ),
        frozen=2,
    )


def curve_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the share of residents served within 0, 1, 2 ... minutes, a column for every group."""
    curve = result.measures.curve
    columns: list[Column] = []
    for group in dict.fromkeys(curve["group"]):
        part = curve[curve["group"] == group]
        if not columns:
            columns.append(numbers("minutes_walked", part["minutes"], language, Kind.WHOLE))
        header = say("header_curve", language, group=group_name(group, language))
        columns.append(Column(header, Kind.PERCENT, [*numbers("rate", part["rate"], language, Kind.PERCENT).values]))
        header = say("header_curve_people", language, group=group_name(group, language))
        columns.append(Column(header, Kind.WHOLE, [*numbers("rate", part["served"], language, Kind.WHOLE).values]))
    return Sheet("curve", tuple(columns), frozen=1)


def equity_sheet(result: StudyResult, language: str) -> Sheet:
    """Return how the walk is shared out over everybody and every group."""
    table = result.measures.equity
    return Sheet(
        "equity",
        (
            texts("group", (group_name(group, language) for group in table["group"]), language),
            numbers("residents", table["population"], language, Kind.WHOLE),
            numbers("rate", table["covered_rate"], language, Kind.PERCENT),
            numbers("reached_rate", table["reached_rate"], language, Kind.PERCENT),
            numbers("mean_min", table["mean_min"], language, Kind.NUMBER),
            numbers("median_min", table["median_min"], language, Kind.NUMBER),
            numbers("p90_min", table["p90_min"], language, Kind.NUMBER),
            numbers("gini", table["gini"], language, Kind.RATIO),
            numbers("palma", table["palma"], language, Kind.RATIO),
        ),
        frozen=1,
    )


def link_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the links and gates whose opening would serve most."""
    links = result.measures.links
    lon, lat = link_middles(links)
    return Sheet(
        "links",
        (
            numbers("rank", links["rank"], language, Kind.WHOLE),
            texts("link_kind", (named("link", kind, language) for kind in links["kind"]), language),
            texts("from_place", links["from_place"], language),
            texts("to_place", links["to_place"], language),
            numbers("length_m", links["length_m"], language, Kind.WHOLE),
            numbers("newly_served", links["newly_served"], language, Kind.WHOLE),
            numbers("minutes_before", links["minutes_before"], language, Kind.NUMBER),
            numbers("minutes_after", links["minutes_after"], language, Kind.NUMBER),
            Column(say("field_lon", language), Kind.DEGREES, [round(x, 6) for x in lon]),
            Column(say("field_lat", language), Kind.DEGREES, [round(y, 6) for y in lat]),
        ),
        frozen=1,
    )


def link_middles(links: gpd.GeoDataFrame) -> tuple[list[float], list[float]]:
    """Return longitude and latitude half-way along every link; links are short enough to be straight in degrees."""
    middles = shapely.line_interpolate_point(np.asarray(links.geometry.array, dtype=object), 0.5, normalized=True)
    return shapely.get_x(middles).tolist(), shapely.get_y(middles).tolist()


def range_sheet(result: StudyResult, language: str) -> Sheet:
    """Return the headline rate under other assumptions."""
    table = result.measures.range
    return Sheet(
        "range",
        (
            texts("variant", (named("variant", variant, language) for variant in table["variant"]), language),
            numbers("rate", table["rate"], language, Kind.PERCENT),
            numbers("numerator", table["served"], language, Kind.WHOLE),
            numbers("denominator", table["denominator"], language, Kind.WHOLE),
        ),
        frozen=1,
    )

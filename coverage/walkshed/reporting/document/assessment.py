"""Chapters 3 and 4 of a report: how well residents are served, on what basis, and where it falls short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.document.cells import Cells, counts, shares, table_of, walks, words
from walkshed.reporting.document.state import place_of
from walkshed.reporting.document.tree import Bullets, Chapter, Illustration, Paragraph
from walkshed.reporting.document.words import tell
from walkshed.reporting.keyfigures import BASES, headline_rate
from walkshed.reporting.wording import count, definition, group_name, named, people, percent, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from walkshed.reporting.document.tree import Block
    from walkshed.results import StudyResult

GAPS_LISTED = 15
UNITS_LISTED = 40
LINKS_LISTED = 5


def assessment(result: StudyResult, language: str) -> Chapter:
    """Return rates on every basis, by unit and by group, with their definitions."""
    walking = result.config.walking
    whole = _headline_rates(result)
    blocks: list[Block] = [
        Paragraph(
            text=tell(
                "assessment_basis",
                language,
                minutes=walking.cutoff_min,
                profile=named("profile", walking.profile, language),
                speed=result.config.speed_kmh(),
                direction=say(f"direction_{walking.direction}", language),
            )
        ),
        table_of("rates", tell("table_rates", language), _rate_cells(whole, language)),
        Bullets(items=tuple(definition(str(basis), language) for basis in whole["basis"])),
    ]
    rates = result.measures.range["rate"].dropna()
    if len(rates):
        low, high = percent(float(rates.min())), percent(float(rates.max()))
        blocks.append(Paragraph(text=tell("assessment_range", language, low=low, high=high)))
    others = list(_other_walkers(result, language))
    if others:
        blocks.append(table_of("walkers", tell("table_walkers", language), others))
    units = _unit_rates(result)
    if len(units):
        blocks.append(table_of("units", tell("table_units", language), unit_cells(units.head(UNITS_LISTED), language)))
        if len(units) > UNITS_LISTED:
            more = len(units) - UNITS_LISTED
            blocks.append(Paragraph(text=tell("rows_more", language, count=more), small=True))
    groups = result.measures.equity
    if len(groups) > 1:
        blocks.append(table_of("groups", tell("table_groups", language), _group_cells(groups, language)))
    if len(result.measures.curve):
        caption = tell("picture_minutes_curve", language)
        blocks.append(Illustration(picture="minutes_curve", caption=caption))
    blocks.append(
        Paragraph(text=say("disagreement", language, share=percent(float(result.disagreement), 2)), small=True)
    )
    return Chapter(key="assessment", title=tell("chapter_assessment", language), blocks=tuple(blocks))


def shortfalls(result: StudyResult, language: str) -> Chapter:
    """Return the gaps, why residents are not served, units below the target, and barriers."""
    gaps = result.gaps.sort_values("rank")
    unserved = result.demand[~result.demand["covered"].astype(bool)]
    total = float(unserved["population"].sum())
    if not len(gaps):
        nothing = Paragraph(text=tell("no_gaps", language))
        return Chapter(key="shortfalls", title=tell("chapter_shortfalls", language), blocks=(nothing,))
    blocks: list[Block] = [
        Paragraph(text=tell("shortfalls_now", language, residents=people(total, language), gaps=len(gaps))),
        Illustration(picture="gaps", caption=tell("picture_gaps", language)),
        table_of("gaps", tell("table_gaps", language), gap_cells(result, language, limit=GAPS_LISTED)),
    ]
    if len(gaps) > GAPS_LISTED:
        more = len(gaps) - GAPS_LISTED
        blocks.append(Paragraph(text=tell("rows_more", language, count=more), small=True))
    by_reason = unserved.groupby(unserved["reason"].astype(str))["population"].sum().sort_values(ascending=False)
    reasons = (
        tell(
            "reason_share",
            language,
            reason=named("reason", reason, language),
            people=people(float(value), language),
            share=percent(float(value) / total if total else float("nan")),
        )
        for reason, value in by_reason.items()
    )
    blocks += [Paragraph(text=tell("shortfalls_reasons", language)), Bullets(items=tuple(reasons))]
    failing = result.norms.failing_units
    if len(failing):
        target = percent(result.config.units.target)
        names = say("list_separator", language).join(str(name) for name in failing["unit_name"])
        blocks.append(Paragraph(text=tell("failing_units", language, count=len(failing), target=target, names=names)))
    links = result.measures.links.head(LINKS_LISTED)
    if len(links):
        blocks += [
            Paragraph(text=tell("shortfalls_links", language, barred=people(float(result.measures.barred), language))),
            table_of("links", tell("table_links", language), _link_cells(links, language)),
        ]
    return Chapter(key="shortfalls", title=tell("chapter_shortfalls", language), blocks=tuple(blocks))


def gap_cells(result: StudyResult, language: str, *, limit: int | None = None) -> Iterator[Cells]:
    """Return the columns of the table of gaps."""
    gaps = result.gaps.sort_values("rank")
    gaps = gaps.head(limit) if limit else gaps
    yield counts("rank", gaps["rank"], language, 0.85)
    places = (place_of(unit, place, language) for unit, place in zip(gaps["unit_name"], gaps["place"], strict=True))
    yield words("place", places, language, 3.0)
    yield counts("residents", gaps["residents"], language)
    yield walks("minutes", gaps["minutes"], language)
    yield words("reason", (named("reason", value, language) for value in gaps["reason"]), language, 2.4)


def unit_cells(units: pd.DataFrame, language: str) -> Iterator[Cells]:
    """Return the columns of the table of units; ``units`` are rates on one basis."""
    yield words("unit", units["unit_name"], language, 2.2)
    yield counts("numerator", units["numerator"], language)
    yield counts("denominator", units["denominator"], language)
    yield shares("rate", units["rate"], language)


def _headline_rates(result: StudyResult) -> pd.DataFrame:
    rates, walking = result.rates, result.config.walking
    rows = rates[
        (rates["unit_id"] == "")
        & (rates["profile"] == walking.profile)
        & (rates["cutoff_min"] == walking.cutoff_min)
        & (rates["denominator"] > 0)
    ]
    order = {basis: place for place, basis in enumerate(BASES)}
    place = rows["basis"].map(order).fillna(len(order))
    sorted_rows: pd.DataFrame = rows.assign(place=place).sort_values("place", kind="stable").drop(columns="place")
    return sorted_rows


def _unit_rates(result: StudyResult) -> pd.DataFrame:
    """Return the headline rate of every unit, the lowest first."""
    head, rates, walking = headline_rate(result), result.rates, result.config.walking
    if head is None:
        return rates.iloc[:0]
    rows = rates[
        (rates["unit_id"] != "")
        & (rates["basis"] == head["basis"])
        & (rates["profile"] == walking.profile)
        & (rates["cutoff_min"] == walking.cutoff_min)
        & (rates["denominator"] > 0)
    ]
    lowest_first: pd.DataFrame = rows.sort_values(["rate", "unit_id"], kind="stable")
    return lowest_first


def _rate_cells(whole: pd.DataFrame, language: str) -> Iterator[Cells]:
    yield words("basis", (named("basis", value, language) for value in whole["basis"]), language, 2.6)
    yield counts("numerator", whole["numerator"], language)
    yield counts("denominator", whole["denominator"], language)
    yield words("quantity", (named("quantity", value, language) for value in whole["quantity"]), language, 0.9)
    yield shares("rate", whole["rate"], language)


def _other_walkers(result: StudyResult, language: str) -> Iterator[Cells]:
    """Return the headline basis for every walker and cutoff, where there is more than one."""
    head, rates = headline_rate(result), result.rates
    if head is None:
        return
    rows = rates[(rates["unit_id"] == "") & (rates["basis"] == head["basis"])]
    minutes = sorted(set(rows["cutoff_min"]))
    walkers = list(dict.fromkeys(rows["profile"]))
    yield words("profile", (named("profile", walker, language) for walker in walkers), language, 1.6)
    known = {(row.profile, row.cutoff_min): float(row.rate) for row in rows.itertuples()}
    for cutoff in minutes:
        cells = tuple(percent(known.get((walker, cutoff), float("nan"))) for walker in walkers)
        yield Cells(tell("head_minutes", language, minutes=cutoff), "right", 1.0, cells)


def _group_cells(groups: pd.DataFrame, language: str) -> Iterator[Cells]:
    yield words("group", (group_name(group, language) for group in groups["group"]), language, 1.6)
    yield counts("residents", groups["population"], language)
    yield shares("rate", groups["covered_rate"], language)
    yield walks("mean_min", groups["mean_min"], language)
    gini = tuple("—" if value != value else f"{value:.2f}" for value in groups["gini"])  # noqa: PLR0124 - NaN
    yield Cells(say("field_gini", language), "right", 1.0, gini)


def _link_cells(links: pd.DataFrame, language: str) -> Iterator[Cells]:
    yield words("link_kind", (named("link", kind, language) for kind in links["kind"]), language, 1.4)
    for end in ("from_place", "to_place"):
        yield words(end, links[end].replace("", say("link_nameless", language)), language, 1.8)
    yield Cells(say("field_length_m", language), "right", 0.9, tuple(count(float(m)) for m in links["length_m"]))
    yield counts("newly_served", links["newly_served"], language)

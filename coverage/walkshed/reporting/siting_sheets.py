"""The sheets about siting: why here, alternatives, coverage against number, phases, robustness, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.columns import Column, Kind, Sheet, numbers, texts
from walkshed.reporting.wording import named, plain, say
from walkshed.siting.explain_words import explain_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.results import StudyResult


def siting_sheets(result: StudyResult, language: str) -> Iterator[Sheet]:
    """Return the sheets that the study's plan has something for."""
    if not len(result.proposals):
        return
    yield why_sheet(result, language)
    yield alternative_sheet(result, language)
    if result.plan.curve is not None:
        yield curve_sheet(result, language)
    if result.plan.phases is not None:
        yield phase_sheet(result, language)
    if result.plan.robustness is not None:
        yield robustness_sheet(result, language)
    if result.plan.linked is not None:
        yield linked_sheet(result, language)


def why_sheet(result: StudyResult, language: str) -> Sheet:
    """Return in words why each room is proposed, and where the newly served live."""
    sites, why = result.proposals, result.plan.explanations
    told = [" ".join(each.text(language) for each in explain_in_words(why, int(rank))) for rank in sites["rank"]]
    homes = why.by_unit
    separator = say("list_separator", language)
    where = [
        separator.join(
            f"{plain(row.unit_name) or say('no_unit', language)} {row.newly_served:,.0f}"
            for row in homes[homes["rank"] == rank].itertuples()
        )
        for rank in sites["rank"]
    ]
    return Sheet(
        "why",
        (
            numbers("order", sites["rank"], language, Kind.WHOLE),
            texts("place", sites["place"], language),
            Column(say("field_why_here", language), Kind.LONG, told),
            Column(say("field_newly_by_unit", language), Kind.LONG, where),
            numbers("served_only_here", sites["served_only_here"], language, Kind.WHOLE),
            numbers("walk_min", sites["walk_min"], language, Kind.NUMBER),
            numbers("minutes_saved", sites["minutes_saved"], language, Kind.WHOLE),
        ),
        frozen=2,
    )


def alternative_sheet(result: StudyResult, language: str) -> Sheet:
    """Return what to build where a site cannot be had."""
    table = result.plan.explanations.alternatives
    names = dict(zip(result.proposals["rank"], result.proposals["place"], strict=True))
    return Sheet(
        "alternatives",
        (
            numbers("order", table["rank"], language, Kind.WHOLE),
            texts("place", (names[rank] for rank in table["rank"]), language),
            texts("scope", (say(f"scope_{scope}", language) for scope in table["scope"]), language),
            texts("alternative", table["place"], language),
            texts("alternative_id", table["alternative_id"], language),
            numbers("distance_m", table["distance_m"], language, Kind.WHOLE),
            numbers("loss", table["loss"], language, Kind.WHOLE),
        ),
        frozen=2,
    )


def curve_sheet(result: StudyResult, language: str) -> Sheet:
    """Return coverage against the number of new rooms, with what no plan can exceed."""
    curve = result.plan.curve
    assert curve is not None  # noqa: S101 - asked by the caller
    return Sheet(
        "rooms_curve",
        (
            numbers("rooms", curve["rooms"], language, Kind.WHOLE),
            numbers("newly_served", curve["newly_served"], language, Kind.WHOLE),
            numbers("served", curve["served"], language, Kind.WHOLE),
            numbers("rate", curve["rate"], language, Kind.PERCENT),
            numbers("bound_rate", curve["bound_rate"], language, Kind.PERCENT),
            texts("siting_status", (named("siting", status, language) for status in curve["status"]), language),
        ),
        frozen=1,
    )


def phase_sheet(result: StudyResult, language: str) -> Sheet:
    """Return what to build in which phase."""
    phases = result.plan.phases
    assert phases is not None  # noqa: S101 - asked by the caller
    names = dict(zip(result.candidates["candidate_id"], result.candidates["place"], strict=True))
    separator = say("list_separator", language)
    return Sheet(
        "phases",
        (
            numbers("phase", phases["phase"], language, Kind.WHOLE),
            texts("places", (separator.join(names[key] for key in chosen) for chosen in phases["chosen"]), language),
            numbers("adds", phases["adds"], language, Kind.WHOLE),
            numbers("served", phases["served"], language, Kind.WHOLE),
            numbers("rate", phases["rate"], language, Kind.PERCENT),
            numbers("share_of_bound", phases["share_of_bound"], language, Kind.PERCENT),
            numbers("cost", phases["cost"], language, Kind.WHOLE),
        ),
        frozen=1,
    )


def robustness_sheet(result: StudyResult, language: str) -> Sheet:
    """Return how often every site stays chosen under other assumptions."""
    found = result.plan.robustness
    assert found is not None  # noqa: S101 - asked by the caller
    names = dict(zip(result.candidates["candidate_id"], result.candidates["place"], strict=True))
    sites, variants = found.sites, found.variants
    columns = [
        numbers("order", sites["rank"], language, Kind.WHOLE),
        texts("place", (names[key] for key in sites["candidate_id"]), language),
        numbers("chosen_share", sites["chosen_share"], language, Kind.PERCENT),
        numbers("same_share", sites["same_share"], language, Kind.PERCENT),
    ]
    for variant in variants["variant"]:
        header = say("header_away", language, variant=named("variant", variant, language))
        values = [None if value != value else float(value) for value in sites[f"away_m_{variant}"]]  # noqa: PLR0124 - NaN
        columns.append(Column(header, Kind.WHOLE, values))
    return Sheet("robustness", tuple(columns), frozen=2)


def linked_sheet(result: StudyResult, language: str) -> Sheet:
    """Return rooms and links proposed together, and what is true once they are built."""
    linked = result.plan.linked
    assert linked is not None  # noqa: S101 - asked by the caller
    names = dict(zip(result.candidates["candidate_id"], result.candidates["place"], strict=True))
    rows = [
        *((say("linked_room", language), names[key]) for key in linked.answer.chosen),
        *((say("linked_link", language), key) for key in linked.answer.links),
        (say("linked_promised", language), f"{linked.outcome.promised:,.0f}"),
        (say("linked_true", language), f"{linked.outcome.newly_served:,.0f}"),
        (say("linked_bound", language), f"{linked.answer.bound:,.0f}"),
    ]
    return Sheet(
        "linked",
        (
            texts("item", (item for item, _ in rows), language),
            texts("content", (content for _, content in rows), language),
        ),
    )

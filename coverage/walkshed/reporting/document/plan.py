"""Chapters 5 to 7 of a report: where to build, in which order, and the annexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.document.assessment import gap_cells
from walkshed.reporting.document.cells import Cells, counts, shares, table_of, words
from walkshed.reporting.document.state import place_of, room_cells
from walkshed.reporting.document.tree import Bullets, Chapter, Illustration, Paragraph
from walkshed.reporting.document.words import tell
from walkshed.reporting.keyfigures import source_line
from walkshed.reporting.siting_words import proof_words
from walkshed.reporting.summary import versions
from walkshed.reporting.wording import count, named, people, percent, plain, say
from walkshed.siting.explain_words import explain_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.reporting.document.tree import Block
    from walkshed.results import StudyResult


def proposals(result: StudyResult, language: str) -> Chapter:
    """Return where to build, what each room adds, and how good the choice provably is."""
    plan, answer = result.proposals, result.siting
    title = tell("chapter_proposals", language)
    if not len(plan):
        nothing = Paragraph(text=tell("no_proposals", language))
        return Chapter(key="proposals", title=title, blocks=(nothing,))
    blocks: list[Block] = [
        Paragraph(
            text=tell(
                "proposals_how",
                language,
                candidates=count(len(result.candidates)),
                model=named("model", answer.model, language),
                count=len(plan),
                gained=people(float(plan["newly_served"].sum()), language),
                after=percent(float(plan["cumulative_rate"].iloc[-1])),
            )
        ),
        Illustration(picture="proposals", caption=tell("picture_proposals", language)),
        table_of("proposals", tell("table_proposals", language), _proposal_cells(result, language)),
        Paragraph(text=tell(f"proof_{answer.status}", language, gap=f"{answer.mip_gap:.2%}")),
        Paragraph(text=proof_words(result, language), small=True),
        Paragraph(text=tell("why_here", language)),
        Bullets(items=tuple(_why(result, language))),
    ]
    if len(result.plan.explanations.alternatives):
        caption = tell("table_alternatives", language)
        blocks.append(table_of("alternatives", caption, _alternative_cells(result, language)))
    if result.plan.curve is not None and len(result.plan.curve) > 1:
        blocks.append(Illustration(picture="rooms_curve", caption=tell("picture_rooms_curve", language)))
    if result.plan.robustness is not None:
        caption = tell("table_robustness", language)
        blocks.append(table_of("robustness", caption, _robustness_cells(result, language)))
    if result.plan.linked is not None:
        outcome = result.plan.linked.outcome
        links = say("list_separator", language).join(outcome.links) or "—"
        blocks.append(
            Paragraph(
                text=tell(
                    "linked",
                    language,
                    rooms=len(result.plan.linked.answer.chosen),
                    links=links,
                    people=people(outcome.newly_served, language),
                )
            )
        )
    return Chapter(key="proposals", title=title, blocks=tuple(blocks))


def phasing(result: StudyResult, language: str) -> Chapter:
    """Return which room to build when: the phases asked for, otherwise the build order."""
    phases = result.plan.phases
    title = tell("chapter_phases", language)
    if not len(result.proposals):
        nothing = Paragraph(text=tell("no_proposals", language))
        return Chapter(key="phases", title=title, blocks=(nothing,))
    before_building = (
        Paragraph(text=tell("plan_checks", language)),
        Bullets(items=tuple(tell(f"plan_check_{part}", language) for part in ("site", "nearby", "again"))),
    )
    if phases is None:
        order = say("list_separator", language).join(plain(place) for place in result.proposals["place"])
        how = Paragraph(text=tell("phases_none", language, order=order))
        return Chapter(key="phases", title=title, blocks=(how, *before_building))
    blocks = (
        Paragraph(text=tell("phases_how", language, count=len(phases))),
        table_of("phases", tell("table_phases", language), _phase_cells(result, language)),
        *before_building,
    )
    return Chapter(key="phases", title=title, blocks=blocks)


def annexes(result: StudyResult, language: str) -> Chapter:
    """Return the whole lists, the inputs, the settings that matter, and the versions."""
    blocks: list[Block] = [
        table_of("all_rooms", tell("table_all_rooms", language), room_cells(result, language)),
        table_of("all_gaps", tell("table_all_gaps", language), gap_cells(result, language)),
        table_of("inputs", tell("table_inputs", language), _input_cells(result, language)),
        Paragraph(text=source_line(result, language)),
        Paragraph(text=tell("versions", language, names=_versions(language)), small=True),
        Paragraph(text=tell("digest", language, digest=result.config.digest()), small=True),
    ]
    return Chapter(key="annexes", title=tell("chapter_annexes", language), blocks=tuple(blocks))


def _proposal_cells(result: StudyResult, language: str) -> Iterator[Cells]:
    plan = result.proposals
    units = dict(zip(result.inputs.units["unit_id"], result.inputs.units["name"], strict=True))
    yield counts("order", plan["rank"], language, 0.7)
    places = (
        place_of(units.get(unit, ""), place, language)
        for unit, place in zip(plan["unit_id"], plan["place"], strict=True)
    )
    yield words("place", places, language, 3.0)
    yield counts("newly_served", plan["newly_served"], language)
    yield counts("cumulative_served", plan["cumulative_served"], language)
    yield shares("cumulative_rate", plan["cumulative_rate"], language)


def _input_cells(result: StudyResult, language: str) -> Iterator[Cells]:
    records = result.inputs.records
    yield words("layer", (named("layer", record.layer, language) for record in records), language, 1.2)
    yield words("file", (plain(record.source) for record in records), language, 2.6)
    yield counts("count", (record.count for record in records), language)
    yield counts("rejected", (record.rejected for record in records), language)
    short = (record.sha256[:12] for record in records)
    yield words("sha256", short, language, 1.6)


def _versions(language: str) -> str:
    told = (f"{name} {number}" for name, number in versions().items())
    return say("list_separator", language).join(told)


def _why(result: StudyResult, language: str) -> Iterator[str]:
    for rank, place in zip(result.proposals["rank"], result.proposals["place"], strict=True):
        told = " ".join(each.text(language) for each in explain_in_words(result.plan.explanations, int(rank)))
        yield tell("why_room", language, rank=rank, place=plain(place), why=told)


def _alternative_cells(result: StudyResult, language: str) -> Iterator[Cells]:
    table = result.plan.explanations.alternatives
    table = table[table["scope"] == "nearby"]
    names = dict(zip(result.proposals["rank"], result.proposals["place"], strict=True))
    yield counts("order", table["rank"], language, 0.7)
    yield words("place", (names[rank] for rank in table["rank"]), language)
    yield words("alternative", table["place"], language)
    yield counts("distance_m", table["distance_m"], language)
    yield counts("loss", table["loss"], language)


def _robustness_cells(result: StudyResult, language: str) -> Iterator[Cells]:
    found = result.plan.robustness
    assert found is not None  # noqa: S101 - asked by the caller
    names = dict(zip(result.candidates["candidate_id"], result.candidates["place"], strict=True))
    sites = found.sites
    yield counts("order", sites["rank"], language, 0.7)
    yield words("place", (names[key] for key in sites["candidate_id"]), language, 3.0)
    yield shares("chosen_share", sites["chosen_share"], language, 1.4)
    yield shares("same_share", sites["same_share"], language)


def _phase_cells(result: StudyResult, language: str) -> Iterator[Cells]:
    phases = result.plan.phases
    assert phases is not None  # noqa: S101 - asked by the caller
    names = dict(zip(result.candidates["candidate_id"], result.candidates["place"], strict=True))
    separator = say("list_separator", language)
    yield counts("phase", phases["phase"], language, 0.7)
    yield words("places", (separator.join(names[key] for key in keys) for keys in phases["chosen"]), language, 3.0)
    yield counts("adds", phases["adds"], language)
    yield shares("rate", phases["rate"], language)
    yield shares("share_of_bound", phases["share_of_bound"], language, 1.4)

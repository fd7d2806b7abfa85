"""A study's result in a few lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from walkshed.catalogue import text
from walkshed.reporting.scenario import scenario_lines
from walkshed.reporting.siting_words import newly_served_people, proof_words
from walkshed.siting.explain_words import explain_in_words
from walkshed.walkers import STANDARD_PROFILES

if TYPE_CHECKING:
    from walkshed.study import StudyResult


def headline_lines(result: StudyResult, language: str = "en") -> list[str]:
    """Return the main figures as lines of text.

    Parameters
    ----------
    result
        The study's result.
    language
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        Title, rates of the whole area with numerator and denominator, gaps, proposals with the solver's bound, notes.
    """
    config = result.config
    lines = [config.study.title_zh if language == "zh" else config.study.title_en]
    whole = result.rates[(result.rates.unit_id == "") & (result.rates.cutoff_min == config.walking.cutoff_min)]
    lines += [
        "  "
        + text(
            "headline.rate",
            language,
            basis=text(f"figures.basis_{row.basis}", language),
            profile=profile_name(str(row.profile), language),
            minutes=row.cutoff_min,
            rate=row.rate,
            numerator=row.numerator,
            denominator=row.denominator,
            quantity=text(f"figures.quantity_{row.quantity}", language),
        )
        for row in whole.itertuples()
    ]
    rates = result.measures.range["rate"].dropna()
    if len(rates):
        lines.append("  " + text("headline.range", language, low=rates.min(), high=rates.max()))
    lines += ["  " + line for line in scenario_lines(result, language)]
    lines.append("  " + text("headline.gaps", language, count=len(result.gaps), residents=result.gaps.residents.sum()))
    lines.append(
        "  "
        + text(
            "headline.siting",
            language,
            count=len(result.proposals),
            people=newly_served_people(result),
            proof=proof_words(result, language),
        )
    )
    known = not math.isnan(result.disagreement)
    lines.append("  " + text(f"headline.{'disagreement' if known else 'nobody'}", language, share=result.disagreement))
    return lines + ["  * " + note.text(language) for note in result.notes]


def why_lines(result: StudyResult, language: str = "en") -> list[str]:
    """Return the proposed rooms in build order, each with the reasons for it, as lines of text."""
    lines = []
    for rank, place, gain in zip(
        result.proposals["rank"], result.proposals["place"], result.proposals["newly_served"], strict=True
    ):
        lines.append("  " + text("headline.room", language, rank=rank, place=place, people=gain))
        why = explain_in_words(result.plan.explanations, int(rank))
        lines += ["      " + message.text(language) for message in why]
    return lines


def profile_name(profile: str, language: str) -> str:
    """Return a walking profile's name for readers; a profile of the user's own keeps its name."""
    names = set(STANDARD_PROFILES)
    return text(f"figures.profile_{profile}", language) if profile in names else profile

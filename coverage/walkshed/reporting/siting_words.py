"""What a plan reaches, in the unit of its aim, and how good that provably is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.reporting.wording import count, named, say
from walkshed.siting.tally import counts_residents

if TYPE_CHECKING:
    from walkshed.results import StudyResult


def newly_served_people(result: StudyResult) -> float:
    """Return the residents whom the proposals newly serve within the cutoff, whatever the aim was."""
    return float(result.proposals["newly_served"].sum())


def proof_words(result: StudyResult, language: str) -> str:
    """Return objective and bound of a plan with their unit, its gap and what was proven."""
    answer = result.siting
    residents = answer.model == "mclp" and counts_residents(result.plan.requirements)
    unit = "residents" if residents else answer.model
    digits = 1 if answer.model == "p_center" else 0
    return say(
        "proof_words",
        language,
        model=named("model", answer.model, language),
        objective=f"{answer.objective:,.{digits}f}",
        unit=say(f"aim_unit_{unit}", language),
        bound=f"{answer.bound:,.{digits}f}",
        gap=f"{answer.mip_gap:.2%}",
        status=named("siting", answer.status, language),
    )


def gain_words(result: StudyResult, language: str) -> str:
    """Return the small line below what the proposals add."""
    answer = result.siting
    if answer.model == "mclp" and counts_residents(result.plan.requirements):
        return say(
            "gain_detail",
            language,
            residents=count(answer.objective),
            bound=count(answer.bound),
            status=named("siting", answer.status, language),
        )
    told = say("gain_detail_plain", language, residents=count(newly_served_people(result)))
    return told + say("sentence_separator", language) + proof_words(result, language)

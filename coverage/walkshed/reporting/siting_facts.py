"""What a study says about siting, as plain values for its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from walkshed.siting.explain_words import explain_in_words
from walkshed.toml_records import plain

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.results import LinkedPlan, StudyResult


def siting_facts(result: StudyResult) -> dict[str, Any]:
    """Return aim, requirements, the answer with its bound, and everything told about the proposals."""
    answer, plan = result.siting, result.plan
    why = plan.explanations
    return {
        "model": answer.model,
        "status": answer.status,
        "proof": answer.proof,
        "chosen": list(answer.chosen),
        "closed": list(answer.closed),
        "objective": answer.objective,
        "bound": answer.bound,
        "mip_gap": answer.mip_gap,
        "requirements": plain(plan.requirements),
        "candidates": len(plan.candidates),
        "candidates_left_out": {
            str(reason): int(count) for reason, count in plan.left_out["reason"].value_counts().sort_index().items()
        },
        "why": [
            {"rank": int(rank), "en": _told(result, int(rank), "en"), "zh": _told(result, int(rank), "zh")}
            for rank in result.proposals["rank"]
        ],
        "by_unit": _rows(why.by_unit),
        "by_gap": _rows(why.by_gap),
        "alternatives": _rows(why.alternatives),
        "curve": None if plan.curve is None else _rows(plan.curve),
        "phases": None if plan.phases is None else _rows(plan.phases),
        "robustness": None
        if plan.robustness is None
        else {"sites": _rows(plan.robustness.sites), "variants": _rows(plan.robustness.variants)},
        "linked": None if plan.linked is None else _linked(plan.linked),
    }


def _told(result: StudyResult, rank: int, language: str) -> list[str]:
    return [message.text(language) for message in explain_in_words(result.plan.explanations, rank)]


def _linked(linked: LinkedPlan) -> dict[str, Any]:
    answer, outcome = linked.answer, linked.outcome
    return {
        "links": [link.link_id for link in linked.links],
        "chosen": list(answer.chosen),
        "built": list(outcome.links),
        "promised": outcome.promised,
        "newly_served": outcome.newly_served,
        "bound": answer.bound,
        "status": answer.status,
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in zip(table.columns, row, strict=True)}
        for row in table.itertuples(index=False, name=None)
    ]

"""A plan told in sentences: how good it provably is, in the unit of its own aim."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from walkshed.app.texts import say, term
from walkshed.reporting.wording import count
from walkshed.siting.tally import counts_residents

if TYPE_CHECKING:
    from walkshed.results import StudyResult


class Proof(NamedTuple):
    """What is proven: a kind of box, a sentence, further sentences, the solver's own figures."""

    kind: str
    told: str
    more: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def unit_of(result: StudyResult) -> str:
    """Return what the objective of a plan counts.

    Returns
    -------
    str
        ``"residents"``, ``"points"`` (residents, weighted or in part), ``"rooms"``, ``"cost"``, ``"person_minutes"`` or
        ``"minutes"``.
    """
    model = result.siting.model
    if model == "mclp":
        return "residents" if counts_residents(result.plan.requirements) else "points"
    if model == "lscp":
        return "cost" if result.config.siting.minimise_cost else "rooms"
    return "person_minutes" if model == "p_median" else "minutes"


def amount(result: StudyResult, value: float) -> str:
    """Return an amount with the unit of a plan's objective."""
    unit = unit_of(result)
    digits = 1 if unit == "minutes" else 0
    return say(f"amount_{unit}", value=f"{value:,.{digits}f}")


def proof(result: StudyResult) -> Proof:
    """Tell how good a plan is."""
    answer, siting = result.siting, result.config.siting
    way = "at_least" if not answer.maximises else "at_most"
    told = say(
        f"proven_{answer.status}_{way}",
        count=say("count_rooms", count=len(answer.chosen)),
        aim=say(f"aim_of_{answer.model}"),
        objective=amount(result, answer.objective),
        bound=amount(result, answer.bound),
        gap=f"{answer.mip_gap:.2%}",
    )
    more = []
    if answer.model != "lscp" and 0 < len(answer.chosen) < siting.new_rooms and not siting.budget:
        more.append(say("fewer_than_asked", asked=siting.new_rooms, count=len(answer.chosen)))
    if unit_of(result) == "points":
        more.append(say("points_explained"))
    if answer.closed:
        names = dict(zip(result.facilities["facility_id"].astype(str), result.facilities["name"], strict=True))
        closed = say("list_comma").join(str(names.get(key, key)) for key in answer.closed)
        more.append(say("closes_rooms", names=closed))
    if siting.budget:
        spent = float(result.proposals["cost"].fillna(0.0).sum())
        more.append(say("money_spent", spent=count(spent), budget=count(siting.budget)))
    facts = (
        (say("proof_row_model"), say(f"solver_{answer.model}")),
        (say("proof_row_status"), term("siting", answer.status)),
        (say("proof_row_reached"), amount(result, answer.objective)),
        (say(f"proof_row_{way}"), amount(result, answer.bound)),
        (say("proof_row_gap"), f"{answer.mip_gap:.2%}"),
        (say("proof_row_way"), say(f"proof_by_{answer.proof}")),
        (say("proof_row_seconds"), f"{answer.seconds:.2f}"),
    )
    return Proof("success" if answer.status in ("optimal", "nothing_to_gain") else "note", told, tuple(more), facts)

"""What there is to say about a plan: proof, rooms, why here, phases, other assumptions, the curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import asking, figures, goals, parts, plantables, planwords, running, tables
from walkshed.app.errors import box, explained
from walkshed.app.texts import language, safe, say
from walkshed.siting.explain_words import explain_in_words

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf

WHY_KEY = "why_room"


def proof(result: StudyResult) -> None:
    """Say in plain words how good the plan is, then the solver's own figures."""
    parts.subheading(say("proof_title"))
    told = planwords.proof(result)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        box("\n".join((told.told, *told.more)), kind=told.kind)
    with right, st.expander(say("proof_details")):
        parts.facts(told.facts)


def rooms(result: StudyResult) -> None:
    """Draw the proposed rooms in build order, and why each stands where it does."""
    if result.proposals.empty:
        box(say("no_proposals"), kind="note")
        return
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        parts.subheading(say("plan_title"), say("plan_help"))
        tables.proposals(result)
        if result.plan.phases is not None:
            parts.subheading(say("phases_title"), say("phases_help"))
            plantables.phases(result.plan.phases, result)
        if result.plan.robustness is not None:
            parts.subheading(say("robustness_title"), say("robustness_help"))
            plantables.robustness(result)
    with right:
        _why(result)


def _why(result: StudyResult) -> None:
    ranks = result.proposals["rank"].tolist()
    row = (st.session_state.get(tables.PROPOSAL_KEY) or {}).get("selection", {}).get("rows", [])
    if row and row[0] < len(ranks) and st.session_state.get("why_row") != row:
        st.session_state[WHY_KEY] = ranks[row[0]]
    st.session_state["why_row"] = row
    if st.session_state.get(WHY_KEY) not in ranks:
        st.session_state[WHY_KEY] = ranks[0]
    places = dict(zip(ranks, result.proposals["place"].astype(str), strict=True))
    parts.subheading(say("why_title"))
    st.selectbox(
        say("why_choose"), ranks, format_func=lambda rank: f"{rank}. {places[rank]}", key=WHY_KEY,
        label_visibility="collapsed",
    )  # fmt: skip
    rank = int(st.session_state[WHY_KEY])
    told = [message.text(language()) for message in explain_in_words(result.plan.explanations, rank)]
    stays = plantables.stays(result, rank)
    lines = "".join(f"<li>{safe(line)}</li>" for line in (*told, *((stays,) if stays else ())))
    st.html(f'<ul class="ws-why">{lines}</ul>')
    plantables.by_unit(result, rank)
    plantables.by_gap(result, rank)


def changes(now: WhatIf) -> None:
    """Draw what the rooms on the map mean for every group."""
    if len(now.figures.groups) > 1:
        parts.subheading(say("changes_title"))
        plantables.changed_groups(now)


def curve(config: StudyConfig, result: StudyResult) -> None:
    """Draw coverage against the number of rooms; a click takes the number."""
    if not result.plan.problem.candidate_ids:
        return
    parts.subheading(say("rooms_curve_title"), say("rooms_curve_help"))
    with explained():
        given = asking.curve(config, result)
        if given is None:
            wanted = asking.curve_key(config, result)
            st.button(say("rooms_curve_ask"), key="ask_curve", on_click=asking.ask_curve, args=(wanted,))
            return
        if given.value is None or given.value.empty:
            return
        with running.part(asking.CURVE_PLACE, "chart"):
            left, right = st.columns([1.9, 1], gap="medium")
            with left:
                chosen = len(result.siting.chosen)
                plantables.curve(given.value, before=figures.residents_rate(result), chosen=chosen)
            with right:
                box(plantables.saturation(given.value, residents=result.plan.problem.residents), kind="note")
                _take(plantables.chosen_point())


def _take(number: int | None) -> None:
    """Offer the number of the point that was clicked."""
    if number is None:
        st.html(f'<p class="ws-small">{safe(say("rooms_curve_click"))}</p>')
        return
    st.button(
        say("rooms_curve_take", count=number), key="take_number", type="primary", on_click=_use, args=(number,)
    )  # fmt: skip


def _use(number: int) -> None:
    aim = str(st.session_state[goals.DRAFT_KEY].aim)
    goals.change(new_rooms=number, aim="most" if aim == "fewest" else aim, limit="number")

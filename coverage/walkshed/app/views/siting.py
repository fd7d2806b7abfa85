"""选址 Siting: where the next rooms should stand, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import controls, figures, mapview, parts, state, tables
from walkshed.app.errors import box, explained
from walkshed.app.parts import Card
from walkshed.app.texts import say, term
from walkshed.reporting.wording import count, percent

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

SHOWN = ("isochrones", "gaps")


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_siting"), config)
    _body(config)


@st.fragment
def _body(config: StudyConfig) -> None:
    """Draw what follows the controls; a click redraws no more than this."""
    with explained():
        result = state.current_result(config)
        _key_figures(result)
        left, right = st.columns([2.85, 1], gap="medium")
        with right:
            _controls(config)
            _proof(result)
        with left:
            mapview.draw_siting(
                result,
                shown=controls.shown(SHOWN),
                focus=controls.chosen_row(tables.PROPOSAL_KEY, result.proposals),
            )
        _plan(result)
        parts.notes(result)
        state.remember()


def _key_figures(result: StudyResult) -> None:
    walking, plan = result.config.walking, result.proposals
    before = figures.residents_rate(result)
    after = float(plan.cumulative_rate.iloc[-1]) if len(plan) else before
    gained = float(plan.newly_served.sum())
    label = say("rate_label", minutes=f"{walking.cutoff_min:g}", who=term("profile", walking.profile))
    left = figures.unserved_people(result) - gained
    parts.cards(
        [
            Card(
                label=label,
                value=f"{percent(before)} → {percent(after)}",
                lines=(say("rate_points", points=f"{100 * (after - before):+.1f}"),),
                kind="gain",
            ),
            Card(
                label=say("newly_label", count=len(plan)),
                value=count(gained),
                unit=say("people"),
                lines=(say("newly_line", minutes=f"{walking.cutoff_min:g}"),),
                kind="gain",
            ),
            Card(label=say("left_label"), value=count(left), unit=say("people"), lines=(say("left_line"),)),
            Card(
                label=say("candidates_label"),
                value=f"{len(result.candidates):,}",
                unit=say("places"),
                lines=(_candidate_source(result),),
            ),
        ]
    )


def _candidate_source(result: StudyResult) -> str:
    source = result.config.candidates
    return say(f"candidates_{source.source}", spacing=f"{source.spacing_m:g}")


def _controls(config: StudyConfig) -> None:
    controls.slide("new_rooms", low=0, high=max(state.MAX_NEW_ROOMS, config.siting.new_rooms), label=say("new_rooms"))
    controls.choose(
        "cutoff_min", sorted(config.walking.cutoffs_min), label=say("cutoff"), format_func=lambda value: f"{value:g}"
    )
    controls.choose("profile", state.profiles(config), label=say("profile"), format_func=parts.profile_button)
    st.html(f'<p class="ws-h3">{say("show_on_map")}</p>')
    for layer in SHOWN:
        controls.switch(f"show_{layer}", label=say(f"show_{layer}"))


def _proof(result: StudyResult) -> None:
    """Say in plain words how good the plan is, then the solver's own figures."""
    answer = result.siting
    parts.subheading(say("proof_title"))
    told = say(
        f"proof_{answer.status}",
        count=len(answer.chosen),
        objective=count(answer.objective),
        bound=count(answer.bound),
        gap=f"{answer.mip_gap:.2%}",
    )
    box(told, kind="success" if answer.status in ("optimal", "nothing_to_gain") else "note")
    asked = result.config.siting.new_rooms
    if 0 < len(answer.chosen) < asked:
        st.html(f'<p class="ws-small">{say("fewer_rooms", asked=asked, count=len(answer.chosen))}</p>')
    rows = [
        (say("proof_row_model"), say(f"model_{answer.model}")),
        (say("proof_row_status"), term("siting", answer.status)),
        (say("proof_row_objective"), count(answer.objective)),
        (say("proof_row_bound"), count(answer.bound)),
        (say("proof_row_gap"), f"{answer.mip_gap:.2%}"),
        (say("proof_row_seconds"), f"{answer.seconds:.2f}"),
    ]
    parts.facts(rows)


def _plan(result: StudyResult) -> None:
    if result.proposals.empty:
        box(say("no_proposals"), kind="note")
        return
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        parts.subheading(say("plan_title"), say("plan_help"))
        tables.proposals(result)
    with right:
        parts.subheading(say("gain_title"), say("gain_help"))
        tables.gains(result, figures.residents_rate(result))

"""选址 Siting: what is wanted, where the next rooms should stand, how sure that is, and what if."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import asking, handmade, parts, running, state
from walkshed.app.errors import box, explained
from walkshed.app.parts import Card
from walkshed.app.texts import language, say, term
from walkshed.app.views import siting_goal, siting_hand, siting_plan
from walkshed.reporting.wording import count, minutes, percent

if TYPE_CHECKING:
    from walkshed.app.asking import Planned
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_siting"), config)
    _body(config)


@st.fragment
def _body(config: StudyConfig) -> None:
    """Draw what follows the controls; a click redraws no more than this."""
    with explained():
        planned = asking.plan(config)
        _told(planned)
        if planned.result is None:
            siting_goal.panel(config, planned)
        else:
            _page(config, planned, planned.result)
        state.remember()


def _told(planned: Planned) -> None:
    """Say why what is shown is not what was asked for."""
    if planned.problem is not None:
        box(f"{say('goal_impossible')}\n{planned.problem.text(language())}", kind="error")
    elif planned.to_ask and planned.result is not None:
        box(say("goal_waits"), kind="warning")
    # In every run: a style that is merely not drawn any more stays in the browser until the whole page is drawn anew.
    look = "filter: grayscale(1); opacity: 0.45" if planned.stale else "filter: none !important; opacity: 1 !important"
    st.html(f'<style>[class*="st-key-fresh-{asking.PLACE}-"] {{ {look}; }}</style>')


def _page(config: StudyConfig, planned: Planned, result: StudyResult) -> None:
    _live(config, planned, result)
    with running.part(asking.PLACE, "plan"):
        siting_plan.proof(result)
        siting_plan.rooms(result)
    siting_plan.curve(config, result)
    parts.notes(result)


@st.fragment
def _live(config: StudyConfig, planned: Planned, result: StudyResult) -> None:
    """Draw what follows the hand on the map; a click there redraws no more than this."""
    if asking.question() != planned.question:
        st.rerun()
    with explained():
        siting_hand.heed(result)
        now = handmade.arranged(result)
        with running.part(asking.PLACE, "figures"):
            _key_figures(result, now)
        left, right = st.columns([2.55, 1], gap="medium")
        # The map first: it is on its way while the rest is drawn.
        with left:
            siting_hand.toolbar()
            with running.part(asking.PLACE, "map"):
                siting_hand.draw_map(result, planned, now)
        with right:
            goal, limits, hand = st.tabs([say("tab_goal"), say("tab_limits"), say("tab_hand")])
            with goal:
                siting_goal.panel(config, planned)
            with limits:
                siting_goal.limits(planned, result)
            with hand:
                siting_hand.panel(config, result, now)
        with running.part(asking.PLACE, "changes"):
            siting_plan.changes(now)


def _key_figures(result: StudyResult, now: WhatIf) -> None:
    walking, figures = result.config.walking, now.figures
    by_hand = len(handmade.rooms())
    added = sum(1 for key in now.rooms if key.startswith((handmade.PLAN_PREFIX, handmade.HAND_PREFIX)))
    made_of = say("added_line_hand", count=by_hand) if by_hand else say("newly_line", minutes=f"{walking.cutoff_min:g}")
    lost = (say("lost_line", people=count(figures.lost)),) if figures.lost >= 1 else ()
    parts.cards(
        [
            Card(
                label=say("rate_label", minutes=f"{walking.cutoff_min:g}", who=term("profile", walking.profile)),
                value=f"{percent(figures.rate_before)} → {percent(figures.rate)}",
                lines=(say("rate_points", points=f"{100 * (figures.rate - figures.rate_before):+.1f}"),),
                kind="gain",
            ),
            Card(
                label=say("newly_label", count=added),
                value=count(figures.newly_served),
                unit=say("people"),
                lines=(made_of, *lost),
                kind="gain",
            ),
            Card(
                label=say("left_label"),
                value=count(figures.residents - figures.served),
                unit=say("people"),
                lines=(say("left_line"),),
            ),
            Card(
                label=say("walk_label"),
                value=minutes(figures.walk_min),
                unit=say("minutes"),
                lines=(say("walk_line"), say("candidates_line", count=f"{len(result.candidates):,}")),
            ),
        ]
    )

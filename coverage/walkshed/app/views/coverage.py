"""覆盖 Coverage: who reaches a reading room today, who does not, and why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import basemaps, computing, figures, mapview, parts, running, state, studies
from walkshed.app.errors import box, explained
from walkshed.app.texts import safe, say
from walkshed.app.views import coverage_choices as choices
from walkshed.app.views import coverage_figures, coverage_tables

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import Survey

PLACE = "coverage"
HEAD_START_S, FIRST_HEAD_START_S = 0.2, 0.9
"""Of figures and map before the tables; a browser that has yet to load the map's scripts needs longer."""
DRAWN_KEY = "coverage_drawn"


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_coverage"), config)
    if state.is_own(config) and studies.missing_layers(config):
        box(say("go_to_data"), kind="note")
        return
    _body(config)


@st.fragment
def _body(config: StudyConfig) -> None:
    """Draw what follows the controls; a click redraws no more than this."""
    with explained():
        given = computing.coverage(config, hour=choices.hour(), group=choices.group())
        result = given.value
        if result is not None:
            choices.settle(result)
        with running.part(PLACE, "figures"):
            if result is not None:
                coverage_figures.cards(result)
                told = figures.told_hour(result, choices.hour())
                if told:
                    st.html(f'<p class="ws-small">{safe(told)}</p>')
        left, right = st.columns([2.85, 1], gap="medium")
        with left, running.part(PLACE, "map"):
            _map(result)
        with right:
            choices.draw(config, result)
        # Browsers do one thing after another: what is above is on the screen before the tables are made.
        if result is not None:
            time.sleep(_head_start_s())
        with left, running.part(PLACE, "why"):
            if result is not None:
                coverage_figures.breakdown(result)
        with running.part(PLACE, "tables"):
            if result is not None:
                coverage_tables.draw(result)
                parts.notes(result)
        state.remember()


def _head_start_s() -> float:
    """Return how long the tables wait: longest the first time that a session sees the page."""
    first = not st.session_state.get(DRAWN_KEY)
    st.session_state[DRAWN_KEY] = True
    return FIRST_HEAD_START_S if first else HEAD_START_S


def _map(result: Survey | None) -> None:
    if result is None:
        box(say("nothing_yet"), kind="note")
        return
    ground = basemaps.chosen()
    mapview.draw_coverage(result, shown=choices.shown(), focus=coverage_tables.focus(result), ground=ground)
    told = basemaps.told(ground)
    if told:
        st.html(f'<p class="ws-small">{safe(told)}</p>')

"""方法 Methods: what every figure means, on what it rests, where the data is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import controls, parts, state
from walkshed.app.errors import explained
from walkshed.app.texts import say
from walkshed.app.views import methods_definitions, methods_settings, methods_sources

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig

SECTIONS: Final = ("definitions", "assumptions", "sources", "program")


def show(config: StudyConfig) -> None:
    """Draw the page; the definitions stand also where the study itself cannot be computed."""
    parts.heading(say("page_methods"), config)
    if st.session_state.get("methods_section") not in SECTIONS:
        st.session_state.methods_section = SECTIONS[0]
    controls.choose(
        "methods_section", SECTIONS, label=say("methods_sections"), format_func=lambda name: say(f"methods_{name}")
    )
    section = st.session_state.methods_section
    if section == "definitions":
        methods_definitions.show()
    elif section == "assumptions":
        methods_settings.show(config)
        with explained():
            parts.notes(state.current_result(config))
    elif section == "sources":
        with explained():
            methods_sources.show(config, state.current_result(config))
    else:
        methods_sources.show_program(config)

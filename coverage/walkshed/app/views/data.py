"""数据 Data: what the study consists of, files of one's own, the facilities as a table, the study as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import controls, parts, state, studies
from walkshed.app.errors import box, explained
from walkshed.app.texts import say, term
from walkshed.app.views import data_list, data_rooms, data_study, data_upload
from walkshed.errors import WalkshedError

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

SECTIONS: Final = ("list", "upload", "rooms", "study")
DONE_KEY: Final = "data_done"


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_data"), config)
    if st.session_state.get("data_section") not in SECTIONS:
        st.session_state.data_section = SECTIONS[0]
    controls.choose("data_section", SECTIONS, label=say("sections"), format_func=lambda name: say(f"section_{name}"))
    done = st.session_state.pop(DONE_KEY, "")
    if done:
        box(done, kind="success")
    result = _result(config)
    section = st.session_state.data_section
    with explained():
        if section == "list":
            data_list.show(config, result)
        elif section == "upload":
            data_upload.show(config, result)
        elif section == "rooms":
            data_rooms.show(config, result)
        else:
            data_study.show(config)


def _result(config: StudyConfig) -> StudyResult | None:
    """Return the study's result; ``None`` after saying why there is none yet."""
    missing = studies.missing_layers(config) if state.is_own(config) else ()
    if missing:
        named = say("list_comma").join(term("layer", layer) for layer in missing)
        box(say("still_missing", layers=named), kind="note")
        return None
    result = None
    with explained():
        try:
            result = state.current_result(config)
        except WalkshedError:
            box(say("not_computed"), kind="warning")
            raise
    return result

"""A plan as the new baseline: the question, and the button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import baseline, handmade, parts, sides, state
from walkshed.app.errors import box, explained
from walkshed.app.progress import progress_bar
from walkshed.app.texts import safe, say, term
from walkshed.app.views.data_upload import changed_rate, headline, replace_allowed

if TYPE_CHECKING:
    from walkshed.app.sides import Side
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

DONE_KEY: Final = "compare_done"
AS_KEY: Final = "accept_status"
WANTED_KEY: Final = "accept_wanted"
"""In the session: the side to take over, and as what, until the next run of the page."""


def show(config: StudyConfig, result: StudyResult, side: Side) -> None:
    """Draw what makes the plan of a side the new baseline; nothing for a side that is no plan."""
    parts.subheading(say("accept_title"), say("accept_help", name=side.label))
    if side.key in {sides.TODAY, sides.SCENARIO} or not (len(side.rooms) or side.closed):
        st.html(f'<p class="ws-small">{safe(say("accept_nothing"))}</p>')
        return
    names = {status: say("accept_as", status=term("status", status)) for status in baseline.STATUSES}
    status = st.radio(say("accept_status"), list(names), format_func=names.__getitem__, key=AS_KEY, horizontal=True)
    serves = status in config.facilities.serving
    st.html(f'<p class="ws-small">{safe(say("accept_serves" if serves else "accept_serves_not"))}</p>')
    rejected = int((result.inputs.rejects.layer == "facilities").sum())
    if rejected and config.facilities.source == "file":
        box(say("rooms_rejected", count=rejected), kind="warning")
    allowed = replace_allowed(config)
    pressed = st.button(
        say("accept_button", count=len(side.rooms)), type="primary", icon=":material/check:", disabled=not allowed
    )
    if pressed:
        st.session_state[WANTED_KEY] = (side.key, status)
        st.rerun()


def carry_out(config: StudyConfig) -> None:
    """Take the plan over that the button was pressed for; for the page itself: a fragment's run cannot be stopped."""
    wanted: tuple[str, str] | None = st.session_state.pop(WANTED_KEY, None)
    if wanted is None:
        return
    key, status = wanted
    with explained():
        result = state.current_result(config)
        with progress_bar() as progress:
            side = sides.side_of(config, result, key, progress=progress)
        before = headline(result)
        changed = baseline.accept_side(config, result, side, status=status)
        told = say("accepted", name=side.label, count=len(side.rooms), closed=len(side.closed))
        st.session_state[DONE_KEY] = " ".join(filter(None, (told, changed_rate(before, changed))))
        if side.key == sides.CURRENT:
            handmade.clear()
        st.rerun()

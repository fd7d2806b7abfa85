"""The map of the siting page and what a hand does on it: put rooms down, drag them, take them away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from walkshed.app import basemaps, controls, goals, hand_figures, handmade, plans, plantables, sitingmap, state, tables
from walkshed.app.errors import box
from walkshed.app.texts import language, safe, say
from walkshed.app.views import siting_goal
from walkshed.errors import WalkshedError
from walkshed.reporting.wording import count

if TYPE_CHECKING:
    from walkshed.app.asking import Planned
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf

MEANING_KEY, ACT_KEY, TOLD_KEY, REFUSED_KEY = "click_means", "hand_act", "hand_told", "hand_refused"
MEANINGS: Final = ("look", "add", "must", "not")
NEAR_CANDIDATE_M: Final = 150.0
SAVED_NAME = "plan_name"


def toolbar() -> None:
    """Draw what a click on the map does."""
    st.session_state.setdefault(MEANING_KEY, MEANINGS[0])
    left, right = st.columns([3.4, 1], vertical_alignment="bottom")
    with left:
        controls.choose(
            MEANING_KEY, MEANINGS, label=say("click_means"), format_func=lambda means: say(f"click_{means}")
        )
    with right, st.popover(say("layers_button"), width="stretch"):
        for layer in sitingmap.SHOWN:
            if layer == "candidates":
                st.session_state.setdefault("show_candidates", False)
            controls.switch(f"show_{layer}", label=say(f"show_{layer}"))
        controls.pick(
            basemaps.GROUND_KEY, basemaps.offered(), label=say("ground"), format_func=lambda name: say(f"ground_{name}")
        )


def draw_map(result: StudyResult, planned: Planned, now: WhatIf) -> None:
    """Draw the map."""
    told = st.session_state.pop(TOLD_KEY, None)
    if told is not None:
        box(told, kind="warning")
    meaning = st.session_state[MEANING_KEY]
    bounds = controls.chosen_row(tables.PROPOSAL_KEY, result.proposals)
    scene = sitingmap.Scene(
        now=now,
        shown=controls.shown(sitingmap.SHOWN),
        must_build=planned.goal.must_build,
        forbidden=planned.goal.forbidden,
        meaning="" if meaning == "look" else meaning,
        focus=bounds,
        ground=basemaps.chosen(),
        refused=st.session_state.get(REFUSED_KEY, 0),
    )
    sitingmap.draw(result, scene, on_change=_note)
    credit = basemaps.told(scene.ground)
    if credit:
        st.html(f'<p class="ws-small">{safe(credit)}</p>')


def _note() -> None:
    """Keep what was done on the map for the run that follows."""
    act = (st.session_state.get(sitingmap.KEY) or {}).get("act")
    if isinstance(act, dict):
        st.session_state[ACT_KEY] = act


def heed(result: StudyResult) -> None:
    """Do what was done on the map since the last run."""
    act: dict[str, Any] | None = st.session_state.pop(ACT_KEY, None)
    if act is None:
        return
    try:
        _do(result, act)
    except WalkshedError as error:
        st.session_state[TOLD_KEY] = error.text(language())
        st.session_state[REFUSED_KEY] = st.session_state.get(REFUSED_KEY, 0) + 1


def _do(result: StudyResult, act: dict[str, Any]) -> None:
    kind, room_id = act.get("kind"), str(act.get("id", ""))
    if kind == "remove":
        handmade.remove(room_id.removeprefix(handmade.HAND_PREFIX))
        return
    lon, lat = float(act["lng"]), float(act["lat"])
    if kind == "drag":
        handmade.move(result, room_id, lon, lat)
        return
    meaning = st.session_state.get(MEANING_KEY)
    if meaning == "add":
        handmade.add(result, lon, lat)
    elif meaning in ("must", "not"):
        reach = max(NEAR_CANDIDATE_M, result.config.candidates.spacing_m)
        found = goals.nearest_candidate(result, lon, lat, max_m=reach)
        if found:
            siting_goal.name_sites("must_build" if meaning == "must" else "forbidden", (found,))
        else:
            st.session_state[TOLD_KEY] = say("no_candidate_near", metres=f"{reach:.0f}")


def panel(config: StudyConfig, result: StudyResult, now: WhatIf) -> None:
    """Draw the rooms by hand, and what they come to."""
    rooms = handmade.rooms()
    st.html(f'<p class="ws-small">{safe(say("hand_help"))}</p>')
    if rooms:
        _basis()
        for room in rooms:
            _room(room, now)
    left, right = st.columns(2)
    with left:
        st.button(
            say("hand_undo"), key="hand_undo", disabled=not handmade.can_undo(), on_click=handmade.undo, width="stretch"
        )
    with right:
        st.button(say("hand_clear"), key="hand_clear", disabled=not rooms, on_click=handmade.clear, width="stretch")
    can_take = handmade.basis() == handmade.BESIDE and len(result.proposals) > 0
    st.button(
        say("hand_take_over"), key="hand_take_over", disabled=not can_take, on_click=handmade.take_over, args=(result,),
        width="stretch",
    )  # fmt: skip
    plantables.changed_units(now)
    _save(config, result)


def _basis() -> None:
    key = f"{handmade.BASIS_KEY}_widget"
    st.session_state[key] = handmade.basis()
    st.segmented_control(
        say("hand_basis"), handmade.BASES, format_func=lambda name: say(f"basis_{name}"), key=key,
        on_change=_take_basis, args=(key,),
    )  # fmt: skip


def _take_basis(key: str) -> None:
    if st.session_state[key] in handmade.BASES:
        st.session_state[handmade.BASIS_KEY] = st.session_state[key]


def _room(room: handmade.Placed, now: WhatIf) -> None:
    key = handmade.HAND_PREFIX + room.letter
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        if key in now.rooms:
            told = say(
                "hand_row", alone=count(hand_figures.alone(now, key)), reached=count(hand_figures.reached(now, key))
            )
        else:
            told = say("pin_off_street")
        st.html(f'<p class="ws-hand"><b>{safe(room.letter)}</b> {safe(told)}</p>')
    with right:
        st.button(
            "✕", key=f"hand_remove_{room.letter}", help=say("hand_remove", letter=room.letter),
            on_click=handmade.remove, args=(room.letter,), width="stretch",
        )  # fmt: skip


def _save(config: StudyConfig, result: StudyResult) -> None:
    """Draw the way to keep what is shown under a name."""
    st.html(f'<p class="ws-h3">{safe(say("hand_save_title"))}</p>')
    st.text_input(say("save_name"), key=SAVED_NAME, max_chars=plans.MAX_NAME)
    named = bool(str(st.session_state.get(SAVED_NAME) or "").strip())
    if st.button(say("save_plan"), key="save_plan", disabled=not named, width="stretch"):
        kept = plans.save_plan(
            state.settled(config),
            st.session_state[SAVED_NAME],
            rooms=handmade.for_keeping(result),
            closed=result.siting.closed,
        )
        box(say("save_done", name=kept.name), kind="success")

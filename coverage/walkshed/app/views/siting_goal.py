"""The panels in which a user says what is wanted of a plan, in plain words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from walkshed.app import asking, controls, goals, handmade, parts, state
from walkshed.app.mapsent import drawn_once
from walkshed.app.texts import in_markdown, language, say
from walkshed.reporting.wording import group_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.app.asking import Planned
    from walkshed.app.goals import Goal
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

FOUND_KEY, FILTER_KEY = "candidates_found", "candidates_filter"
MOST_FOUND = 60
MONEY_STEPS = 100


def panel(config: StudyConfig, planned: Planned) -> None:
    """Draw the goal, its number or budget, the question's minutes and walker, and the button."""
    goal, result = planned.goal, planned.result
    _choose("aim", goals.AIMS, goal.aim, label=say("goal_label"), name=lambda aim: say(f"goal_{aim}"))
    st.html(f'<p class="ws-small">{say(f"goal_help_{goal.aim}")}</p>')
    if goal.aim == "fairest":
        offered = [how for how in goals.FAIRNESS if _can(how, result)]
        _choose(
            "fairness", offered, goal.fairness, label=say("fairness_label"), name=lambda how: say(f"fairness_{how}")
        )
        if goal.fairness == "units":
            _share("floor_share", goal.floor_share, label=say("floor_share"))
        elif goal.fairness == "groups" and result is not None:
            _groups("parities", goal.parities, result, label=say("parities"))
    if goal.aim == "fewest":
        _share("share", goal.share, label=say("share_label"))
        if result is not None and goals.has_costs(result):
            _tick("minimise_cost", goal.minimise_cost, label=say("minimise_cost"))
    else:
        _how_much(config, goal, result)
    controls.choose(
        "cutoff_min", sorted(config.walking.cutoffs_min), label=say("cutoff"), format_func=lambda value: f"{value:g}"
    )
    controls.choose("profile", state.profiles(config), label=say("profile"), format_func=parts.profile_button)
    _sources(config, goal)
    _button(config, planned)


def _can(how: str, result: StudyResult | None) -> bool:
    if result is None:
        return True
    return {"units": goals.has_units(result), "groups": bool(goals.groups(result))}.get(how, True)


def _how_much(config: StudyConfig, goal: Goal, result: StudyResult | None) -> None:
    if result is not None and goals.has_costs(result):
        _choose("limit", goals.LIMITS, goal.limit, label=say("limit_label"), name=lambda limit: say(f"limit_{limit}"))
        if goal.limit == "budget":
            _number("budget", goal.budget, label=say("budget"), high=1e12, step=_money_step(result))
            return
    high = max(state.MAX_NEW_ROOMS, config.siting.new_rooms, goal.new_rooms)
    st.session_state["new_rooms_widget"] = min(goal.new_rooms, high)
    st.slider(
        say("new_rooms"), 0, high, key="new_rooms_widget", on_change=_take, args=("new_rooms", "new_rooms_widget")
    )


def _money_step(result: StudyResult) -> float:
    return max(1.0, float(result.candidates["cost"].max()) / MONEY_STEPS)


def _sources(config: StudyConfig, goal: Goal) -> None:
    offered = goals.offered_sources(config)
    with st.expander(say("candidates_title")):
        if len(offered) > 1:
            _several("sources", offered, goal.sources, label=say("candidates_from"), names=_source_name)
        if "network" in goal.sources:
            _number("apart_m", goal.apart_m, label=say("candidates_apart"), low=20.0, high=1000.0, step=10.0)


def _source_name(source: object) -> str:
    return say(f"source_{source}")


def _button(config: StudyConfig, planned: Planned) -> None:
    if planned.to_ask:
        st.button(
            say("compute_plan"),
            key="compute_plan",
            type="primary",
            width="stretch",
            on_click=asking.ask,
            args=(config,),
        )


def limits(planned: Planned, result: StudyResult) -> None:
    """Draw what the plan has to keep to."""
    goal = planned.goal
    counts_people = goal.model not in goals.BY_MINUTES
    _sites(goal, result)
    with st.expander(say("limits_more"), expanded=False):
        _number("spacing_m", goal.spacing_m, label=say("spacing"), high=20_000.0, step=100.0)
        if counts_people and goals.has_units(result) and goal.aim != "fairest":
            _share("floor_share", goal.floor_share, label=say("floor_share"))
        if goals.groups(result):
            if counts_people and goal.aim != "fairest":
                _groups("parities", goal.parities, result, label=say("parities"))
            if goal.model != "p_center":
                _weights(goal, result)
        if counts_people:
            _share("backup_share", goal.backup_share, label=say("backup"))
            cutoff = result.config.walking.cutoff_min
            _number("full_min", min(goal.full_min, cutoff), label=say("gradual"), high=cutoff, step=1.0)
        _whole("closings_max", goal.closings_max, label=say("closings"), high=20)
        if goal.closings_max:
            rooms = result.facilities
            names = dict(zip(rooms["facility_id"].astype(str), rooms["name"].astype(str), strict=True))
            _several("must_keep", tuple(names), goal.must_keep, label=say("must_keep"), names=partial(_named, names))
        if not goal.closings_max and not (goal.limit == "budget" and goal.budget):
            _phases(goal)
        _tick("robustness", goal.robustness, label=say("robustness_ask"))
        _number("time_limit_s", goal.time_limit_s, label=say("time_limit"), low=1.0, high=3600.0, step=10.0)


def _sites(goal: Goal, result: StudyResult) -> None:
    """Draw the candidates to be named, found by a word, and those that are named already."""
    st.html(f'<p class="ws-small">{say("sites_help")}</p>')
    table = result.candidates
    places: dict[str, str] = drawn_once(result, ("places",), lambda: _places(result))
    for field in ("must_build", "forbidden"):
        chosen = getattr(goal, field)
        if chosen:
            _several(field, chosen, chosen, label=say(field), names=partial(_placed, places))
    with st.expander(say("candidates_find")):
        word = st.text_input(say("candidates_word"), key=FILTER_KEY, max_chars=100).strip().casefold()
        found = [key for key, place in places.items() if word in key.casefold() or word in place.casefold()]
        shown = found[:MOST_FOUND]
        frame = pd.DataFrame({"place": [places[key] for key in shown], "id": shown})
        if "cost" in table.columns:
            price = dict(zip(table["candidate_id"].astype(str), table["cost"], strict=True))
            frame["cost"] = [price[key] for key in shown]
        st.dataframe(
            frame,
            key=FOUND_KEY,
            on_select="rerun",
            selection_mode="multi-row",
            hide_index=True,
            height=220,
            column_config={
                "place": st.column_config.TextColumn(say("column_place")),
                "id": st.column_config.TextColumn(say("column_candidate")),
                "cost": st.column_config.NumberColumn(say("column_cost"), format="localized"),
            },
        )
        if len(found) > len(shown):
            st.html(f'<p class="ws-small">{say("candidates_first", shown=len(shown), count=f"{len(found):,}")}</p>')
        rows = (st.session_state.get(FOUND_KEY) or {}).get("selection", {}).get("rows", [])
        ids = tuple(shown[row] for row in rows if row < len(shown))
        for field in ("must_build", "forbidden"):
            st.button(
                say(f"make_{field}"), key=f"make_{field}", disabled=not ids, on_click=name_sites, args=(field, ids)
            )
        st.button(say("make_hand"), key="make_hand", disabled=not ids, on_click=_put_down, args=(result, ids))


def _places(result: StudyResult) -> dict[str, str]:
    table = result.candidates
    return dict(zip(table["candidate_id"].astype(str), table["place"].astype(str), strict=True))


def name_sites(field: str, ids: Sequence[str]) -> None:
    """Let candidates be built in any case, or not at all; on one list they leave the other."""
    goal: Goal = st.session_state[goals.DRAFT_KEY]
    other = "forbidden" if field == "must_build" else "must_build"
    now = tuple(dict.fromkeys((*getattr(goal, field), *ids)))
    goals.change(**{field: now, other: tuple(key for key in getattr(goal, other) if key not in ids)})


def _put_down(result: StudyResult, ids: Sequence[str]) -> None:
    table = result.candidates
    for point in table[table["candidate_id"].isin(ids)].geometry:
        handmade.add(result, point.x, point.y)


def _phases(goal: Goal) -> None:
    key = "goal_phases_widget"
    if goals.phases_of(st.session_state.get(key, "")) not in (None, goal.phases):
        st.session_state.pop(key, None)
    st.session_state.setdefault(key, ", ".join(map(str, goal.phases)))
    st.text_input(say("phases"), key=key, max_chars=40, on_change=_take_phases, args=(key,), placeholder="2, 2, 1")
    if goals.phases_of(st.session_state[key]) is None:
        st.html(f'<p class="ws-small">{say("phases_wrong", most=goals.MAX_PHASES)}</p>')


def _take_phases(key: str) -> None:
    phases = goals.phases_of(st.session_state[key])
    if phases is not None:
        goals.change(phases=phases)


def _weights(goal: Goal, result: StudyResult) -> None:
    for group in goals.groups(result):
        key = f"goal_weight_{group}_widget"
        st.session_state[key] = float(goal.group_weights.get(group, 1.0))
        label = say("group_weight", group=in_markdown(group_name(group, language())))
        st.number_input(
            label, 0.0, goals.MAX_GROUP_WEIGHT, step=0.5, key=key, on_change=_take_weight, args=(group, key)
        )


def _take_weight(group: str, key: str) -> None:
    goal: Goal = st.session_state[goals.DRAFT_KEY]
    goals.change(group_weights={**goal.group_weights, group: float(st.session_state[key])})


def _choose(field: str, options: Sequence[str], now: str, *, label: str, name: Callable[[str], str]) -> None:
    key = f"goal_{field}_widget"
    st.session_state[key] = now if now in options else None
    names = {option: name(option) for option in options}
    st.segmented_control(label, options, format_func=names.__getitem__, key=key, on_change=_take, args=(field, key))


def _several(field: str, options: Sequence[str], now: Sequence[str], *, label: str, names: Any) -> None:  # noqa: ANN401 - a function
    key = f"goal_{field}_widget"
    st.session_state[key] = [each for each in now if each in options]
    told = {option: names(option) for option in options}
    st.multiselect(
        label,
        options,
        format_func=told.__getitem__,
        key=key,
        on_change=_take,
        args=(field, key),
        placeholder=say("choose_several"),
    )


def _groups(field: str, now: Sequence[str], result: StudyResult, *, label: str) -> None:
    spoken = language()
    _several(field, goals.groups(result), now, label=label, names=lambda group: group_name(group, spoken))


def _share(field: str, now: float, *, label: str) -> None:
    key = f"goal_{field}_widget"
    st.session_state[key] = round(100 * now)
    st.slider(label, 0, 100, step=1, format="%d%%", key=key, on_change=_take, args=(field, key, 0.01))


def _number(field: str, now: float, *, label: str, high: float, low: float = 0.0, step: float = 1.0) -> None:
    key = f"goal_{field}_widget"
    st.session_state[key] = min(max(float(now), low), high)
    st.number_input(label, low, high, step=step, format="%.0f", key=key, on_change=_take, args=(field, key))


def _whole(field: str, now: int, *, label: str, high: int) -> None:
    key = f"goal_{field}_widget"
    st.session_state[key] = min(now, high)
    st.number_input(label, 0, high, step=1, key=key, on_change=_take, args=(field, key))


def _tick(field: str, now: bool, *, label: str) -> None:  # noqa: FBT001 - the value of a box
    key = f"goal_{field}_widget"
    st.session_state[key] = now
    st.checkbox(label, key=key, on_change=_take, args=(field, key))


def _take(field: str, key: str, factor: float | None = None) -> None:
    value = st.session_state[key]
    if value is None or (field == "sources" and not value):
        return
    if isinstance(value, list):
        value = tuple(value)
    goals.change(**{field: value if factor is None else round(value * factor, 4)})


def _named(names: dict[str, str], key: object) -> str:
    return names.get(str(key)) or str(key)


def _placed(places: dict[str, str], key: object) -> str:
    place = places.get(str(key), "")
    return f"{place} ({key})" if place else str(key)

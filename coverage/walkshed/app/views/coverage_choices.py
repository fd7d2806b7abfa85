"""What can be chosen on the coverage page: minutes, walker, hour of the week, group, layers, base map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import basemaps, controls, parts, state
from walkshed.app.texts import language, safe, say
from walkshed.assess.groups import groups_of
from walkshed.reporting.wording import group_name
from walkshed.reporting.wording import say as report

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import Survey

SHOWN: Final = ("isochrones", "served", "unserved", "gaps")
MORE_SHOWN: Final = ("unit_rates", "own_areas")
"""Layers off at first."""
DAYS, HOURS = 7, 24
NOON: Final = 12


def hour() -> int:
    """Return the hour of the week that is chosen, -1 for any."""
    day = _whole("hour_day", -1, DAYS - 1, -1)
    return -1 if day < 0 else HOURS * day + _whole("hour_clock", 0, HOURS - 1, NOON)


def group() -> str:
    """Return the group of residents that is chosen, ``""`` for everybody."""
    return str(st.session_state.get("group", ""))


def shown() -> frozenset[str]:
    """Return the layers that are on."""
    for layer in MORE_SHOWN:
        st.session_state.setdefault(f"show_{layer}", False)
    return controls.shown((*SHOWN, *MORE_SHOWN))


def settle(result: Survey) -> None:
    """Forget choices that the study does not know, say from an old address."""
    if result.norms.hourly is None:
        st.session_state.pop("hour_day", None)
    if group() not in groups_of(result.inputs.demand):
        st.session_state.pop("group", None)


def draw(config: StudyConfig, result: Survey | None) -> None:
    """Draw the controls; those that depend on the data appear with the first result."""
    controls.choose(
        "cutoff_min", sorted(config.walking.cutoffs_min), label=say("cutoff"), format_func=lambda value: f"{value:g}"
    )
    controls.choose("profile", state.profiles(config), label=say("profile"), format_func=parts.profile_button)
    if result is not None:
        _group(result)
        _hour(result)
    st.html(f'<p class="ws-h3">{say("show_on_map")}</p>')
    for layer in SHOWN:
        controls.switch(f"show_{layer}", label=say(f"show_{layer}"))
    for layer in MORE_SHOWN:
        if layer != "unit_rates" or (result is not None and len(result.inputs.units)):
            controls.switch(f"show_{layer}", label=say(f"show_{layer}"), at_first=False)
    controls.pick(
        basemaps.GROUND_KEY, basemaps.offered(), label=say("ground"), format_func=lambda name: say(f"ground_{name}")
    )


def _group(result: Survey) -> None:
    groups = groups_of(result.inputs.demand)
    if not groups:
        return
    st.session_state.setdefault("group", "")
    controls.pick("group", ("", *groups), label=say("group"), format_func=lambda name: group_name(name, language()))
    if group():
        told = say("group_told", group=group_name(group(), language()))
        st.html(f'<p class="ws-small">{safe(told)}</p>')


def _hour(result: Survey) -> None:
    if result.norms.hourly is None:
        st.html(f'<p class="ws-small">{say("hours_unknown")}</p>')
        return
    st.session_state.hour_day = _whole("hour_day", -1, DAYS - 1, -1)
    controls.pick("hour_day", range(-1, DAYS), label=say("hour_day"), format_func=_day)
    if hour() >= 0:
        st.session_state.hour_clock = _whole("hour_clock", 0, HOURS - 1, NOON)
        controls.slide("hour_clock", low=0, high=HOURS - 1, label=say("hour_clock"))


def _day(day: int) -> str:
    return say("any_time") if day < 0 else report(f"weekday_{day}", language())


def _whole(key: str, low: int, high: int, otherwise: int) -> int:
    """Return a whole number of the session, which may come from the page's address as a text."""
    try:
        value = int(st.session_state.get(key, otherwise))
    except ValueError:
        return otherwise
    return value if low <= value <= high else otherwise

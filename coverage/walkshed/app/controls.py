"""Controls whose value outlives the widget, which Streamlit forgets as soon as another page is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import geopandas as gpd


def choose(key: str, options: Sequence[Any], *, label: str, format_func: Callable[[Any], str]) -> None:
    """Draw a row of buttons for ``st.session_state[key]``, which must hold one of the options.

    A second click on the chosen button does not unchoose it.
    """
    widget = _widget(key)
    st.session_state[widget] = st.session_state[key]
    labels = {option: format_func(option) for option in options}  # now, in the language of this run
    st.segmented_control(label, options, format_func=labels.__getitem__, key=widget, on_change=_take, args=(key,))


def pick(key: str, options: Sequence[Any], *, label: str, format_func: Callable[[Any], str]) -> None:
    """Draw a list to choose from for ``st.session_state[key]``."""
    widget = _widget(key)
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    st.session_state[widget] = st.session_state[key]
    labels = {option: format_func(option) for option in options}
    st.selectbox(label, options, format_func=labels.__getitem__, key=widget, on_change=_take, args=(key,))


def slide(key: str, *, low: int, high: int, label: str) -> None:
    """Draw a slider for the whole number in ``st.session_state[key]``."""
    widget = _widget(key)
    st.session_state[widget] = min(max(int(st.session_state[key]), low), high)
    st.slider(label, low, high, key=widget, on_change=_take, args=(key,))


def switch(key: str, *, label: str, at_first: bool = True) -> None:
    """Draw a box to tick for ``st.session_state[key]``."""
    widget = _widget(key)
    st.session_state[widget] = st.session_state.setdefault(key, at_first)
    st.checkbox(label, key=widget, on_change=_take, args=(key,))


def shown(layers: Iterable[str]) -> frozenset[str]:
    """Return the layers whose switch ``show_<layer>`` is on."""
    return frozenset(layer for layer in layers if st.session_state.get(f"show_{layer}", True))


def chosen_row(key: str, table: gpd.GeoDataFrame) -> tuple[float, float, float, float] | None:
    """Return the bounds of the row chosen in the table drawn as ``key``, in degrees; ``None`` without a choice.

    Parameters
    ----------
    key
        Of ``st.dataframe(..., on_select="rerun")`` that shows ``table`` row by row.
    table
        With geometry in EPSG:4326.
    """
    row = selected(key)
    if row is None or row >= len(table):
        return None
    west, south, east, north = table.geometry.iloc[row].bounds
    return float(west), float(south), float(east), float(north)


def selected(key: str) -> int | None:
    """Return the position of the row chosen in the table drawn as ``key``; ``None`` without a choice."""
    chosen = st.session_state.get(key) or {}
    rows = chosen.get("selection", {}).get("rows", [])
    return int(rows[0]) if rows else None


def _widget(key: str) -> str:
    return f"{key}_widget"


def _take(key: str) -> None:
    value = st.session_state[_widget(key)]
    if value is not None:
        st.session_state[key] = value

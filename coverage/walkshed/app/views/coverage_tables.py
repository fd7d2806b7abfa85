"""The tables and charts below the coverage map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import charts, controls, figures, measure_tables, parts, state, tables
from walkshed.app.texts import say
from walkshed.app.views import coverage_choices as choices
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.wording import percent

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.results import Survey


def focus(result: Survey) -> tuple[float, float, float, float] | None:
    """Return the bounds of the gap or unit that the reader has chosen in a table, in degrees."""
    if tables.touched() == tables.GAP_KEY:
        return controls.chosen_row(tables.GAP_KEY, result.gaps)
    row, rates = controls.selected(tables.UNIT_KEY), _by_unit(result)
    if row is None or row >= len(rates):
        return None
    return figures.unit_bounds(result, [str(rates.unit_id.iloc[row])])[0]


def draw(result: Survey) -> None:
    """Draw gaps, curve, units, week, and the study's further measures."""
    left, right = st.columns([1.6, 1], gap="medium")
    with left:
        parts.subheading(say("gaps_title"), say("gaps_help"))
        if result.gaps.empty:
            st.html(f'<p class="ws-small">{say("no_gaps")}</p>')
        else:
            tables.gaps(result)
    with right:
        parts.subheading(say("curve_title"), say("curve_help"))
        charts.curve(result)
    by_unit = _by_unit(result)
    if len(by_unit):
        parts.subheading(say("units_title"), say("units_zoom_help"))
        tables.units(by_unit, target=result.config.units.target)
    if result.norms.hourly is not None:
        parts.subheading(say("week_title"), say("week_help"))
        charts.week(result.norms.hourly, hour=choices.hour())
    _measures(result)
    parts.subheading(say("rates_title"), say("rates_help"))
    tables.rates(result, state.profiles(result.config))


def _by_unit(result: Survey) -> pd.DataFrame:
    head = headline_rate(result)
    return figures.unit_rates(result, str(head.basis)) if head is not None else result.rates.iloc[:0]


def _measures(result: Survey) -> None:
    any_hour = choices.hour() < 0 and not choices.group()
    if not any_hour:
        st.html(f'<p class="ws-small">{say("every_hour")}</p>')
    left, right = st.columns(2, gap="medium")
    with left:
        parts.subheading(say("service_title"), say("service_help"))
        measure_tables.service(result)
        parts.subheading(say("groups_title"), say("groups_help"))
        measure_tables.groups(result)
    with right:
        parts.subheading(say("links_title"), say("links_help"))
        if len(result.measures.links):
            measure_tables.links(result)
        else:
            st.html(f'<p class="ws-small">{say("no_links")}</p>')
        if result.norms.hourly is not None:
            parts.subheading(say("hours_title"), say("hours_help"))
            measure_tables.hours(result.norms.hourly)
        if any_hour and result.norms.gaps_then is not None and len(result.norms.gaps_then):
            parts.subheading(say("gaps_then_title", hour=measure_tables.hour_told(result)), say("gaps_then_help"))
            measure_tables.gaps_then(result.norms.gaps_then)
        if any_hour and len(result.norms.failing_units):
            parts.subheading(say("failing_title"), say("failing_help", target=percent(result.config.units.target)))
            measure_tables.failing_units(result.norms.failing_units)

"""覆盖 Coverage: who reaches a reading room today, who does not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import controls, figures, mapview, measure_tables, parts, state, tables
from walkshed.app.errors import explained
from walkshed.app.parts import Card
from walkshed.app.texts import say, term
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.palette import SERVED, UNSERVED
from walkshed.reporting.wording import count, minutes, percent

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

SHOWN = ("isochrones", "served", "unserved", "gaps")


def show(config: StudyConfig) -> None:
    """Draw the page."""
    parts.heading(say("page_coverage"), config)
    _body(config)


@st.fragment
def _body(config: StudyConfig) -> None:
    """Draw what follows the controls; a click redraws no more than this."""
    with explained():
        result = state.current_result(config)
        _key_figures(result)
        left, right = st.columns([2.85, 1], gap="medium")
        with right:
            _controls(config)
            _reasons(result)
            _by_cutoff(result)
        with left:
            mapview.draw_coverage(
                result, shown=controls.shown(SHOWN), focus=controls.chosen_row(tables.GAP_KEY, result.gaps)
            )
        _tables(result)
        parts.notes(result)
        state.remember()


def _key_figures(result: StudyResult) -> None:
    walking = result.config.walking
    who = term("profile", walking.profile)
    head = headline_rate(result)
    shown = []
    if head is not None:
        spread = figures.rates_by_profile(result, head.basis)
        lines = [
            say("basis_line", basis=term("basis", head.basis)),
            say(
                "fraction_line",
                numerator=count(head.numerator),
                denominator=parts.counted(head.denominator, head.quantity),
            ),
        ]
        if len(spread) > 1:
            ends = sorted(spread.items(), key=lambda item: item[1])
            (low_who, low), (high_who, high) = ends[0], ends[-1]
            lines.append(
                say(
                    "range_line",
                    low_who=term("profile", low_who),
                    low=percent(low),
                    high_who=term("profile", high_who),
                    high=percent(high),
                )
            )
        lines += _spread(result, str(head.basis))
        label = say("rate_label", minutes=f"{walking.cutoff_min:g}", who=who)
        shown.append(Card(label=label, value=percent(head.rate), lines=tuple(lines)))
    gaps = result.gaps
    largest = [say("largest_gap", residents=count(float(gaps.residents.iloc[0])))] if len(gaps) else []
    shown.append(
        Card(
            label=say("unserved_label"),
            value=count(figures.unserved_people(result)),
            unit=say("people"),
            lines=(say("gaps_line", count=len(gaps)), *largest),
            kind="alarm",
        )
    )
    serving, every = figures.serving_count(result)
    more = (say("not_serving_line", count=every - serving),) if every > serving else (say("all_serving_line"),)
    shown.append(Card(label=say("facilities_label"), value=f"{serving:,}", unit=say("rooms_unit"), lines=more))
    half, most = figures.minutes_reached_by(result, 0.5), figures.minutes_reached_by(result, 0.9)
    shown.append(
        Card(
            label=say("median_label"),
            value=minutes(half),
            unit=say("minutes"),
            lines=(say("median_line", who=who), say("ninety_line", minutes=minutes(most))),
        )
    )
    parts.cards(shown)


def _spread(result: StudyResult, basis: str) -> list[str]:
    """Return the headline's range under other assumptions."""
    rates = result.measures.range["rate"].dropna()
    if basis != "E" or rates.empty:
        return []
    return [say("spread_line", low=percent(float(rates.min())), high=percent(float(rates.max())))]


def _measures(result: StudyResult) -> None:
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


def _controls(config: StudyConfig) -> None:
    controls.choose(
        "cutoff_min", sorted(config.walking.cutoffs_min), label=say("cutoff"), format_func=lambda value: f"{value:g}"
    )
    controls.choose("profile", state.profiles(config), label=say("profile"), format_func=parts.profile_button)
    st.html(f'<p class="ws-h3">{say("show_on_map")}</p>')
    for layer in SHOWN:
        controls.switch(f"show_{layer}", label=say(f"show_{layer}"))


def _reasons(result: StudyResult) -> None:
    parts.subheading(say("why_unserved"))
    counts = figures.unserved_by_reason(result)
    if counts.empty:
        st.html(f'<p class="ws-small">{say("everybody_served")}</p>')
        return
    rows = [
        (term("reason", row["reason"]), row["residents"], f"{count(row['residents'])} {say('people')}")
        for row in counts.to_dict("records")
    ]
    parts.bars(rows, color=UNSERVED)


def _by_cutoff(result: StudyResult) -> None:
    """Draw the headline rate at every cutoff."""
    head = headline_rate(result)
    if head is None:
        return
    parts.subheading(say("rate_by_cutoff"))
    rows = [
        (say("value_minutes", minutes=f"{cutoff:g}"), rate, percent(rate))
        for cutoff, rate in figures.rates_by_cutoff(result, head.basis).items()
    ]
    parts.bars(rows, color=SERVED, full=1.0)


def _tables(result: StudyResult) -> None:
    left, right = st.columns([1.6, 1], gap="medium")
    with left:
        parts.subheading(say("gaps_title"), say("gaps_help"))
        if result.gaps.empty:
            st.html(f'<p class="ws-small">{say("no_gaps")}</p>')
        else:
            tables.gaps(result)
    with right:
        parts.subheading(say("curve_title"), say("curve_help"))
        tables.curve(result)
    head = headline_rate(result)
    by_unit = figures.unit_rates(result, head.basis) if head is not None else result.rates.iloc[:0]
    if len(by_unit):
        parts.subheading(say("units_title"), say("units_help"))
        tables.units(by_unit)
    _measures(result)
    parts.subheading(say("rates_title"), say("rates_help"))
    tables.rates(result, state.profiles(result.config))

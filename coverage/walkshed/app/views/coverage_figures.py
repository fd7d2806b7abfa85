"""The figures of the coverage page: cards on top, reasons and limits beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import figures, measure_tables, parts
from walkshed.app.parts import Card
from walkshed.app.texts import language, say, term
from walkshed.app.views import coverage_choices as choices
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.palette import SERVED, UNSERVED
from walkshed.reporting.wording import count, group_name, minutes, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from walkshed.results import Survey


def cards(result: Survey) -> None:
    """Draw the key figures, each with its basis and its range."""
    parts.cards([*_rate(result), _unserved(result), _rooms(result), _walk(result)])


def _rate(result: Survey) -> list[Card]:
    head, walking = headline_rate(result), result.config.walking
    if head is None:
        return []
    lines = [
        say("basis_line", basis=term("basis", head.basis)),
        say(
            "fraction_line",
            numerator=count(head.numerator),
            denominator=parts.counted(head.denominator, head.quantity),
        ),
    ]
    spread = figures.rates_by_profile(result, head.basis)
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
    rates = result.measures.range["rate"].dropna()
    if head.basis == "E" and len(rates):
        lines.append(say("spread_line", low=percent(float(rates.min())), high=percent(float(rates.max()))))
    told = {"minutes": f"{walking.cutoff_min:g}", "who": term("profile", walking.profile)}
    group = str(head.group)
    label = say("rate_label_group", group=group_name(group, language()), **told) if group else say("rate_label", **told)
    return [Card(label=label, value=percent(head.rate), lines=tuple(lines))]


def _unserved(result: Survey) -> Card:
    gaps, group = result.gaps, choices.group()
    largest = [say("largest_gap", residents=count(float(gaps.residents.iloc[0])))] if len(gaps) else []
    return Card(
        label=say("unserved_label_group", group=group_name(group, language())) if group else say("unserved_label"),
        value=count(figures.unserved_people(result)),
        unit=say("people"),
        lines=(say("gaps_line", count=len(gaps)), *largest),
        kind="alarm",
    )


def _rooms(result: Survey) -> Card:
    serving, every = figures.serving_count(result)
    more = (say("not_serving_line", count=every - serving),) if every > serving else (say("all_serving_line"),)
    return Card(label=say("facilities_label"), value=f"{serving:,}", unit=say("rooms_unit"), lines=more)


def _walk(result: Survey) -> Card:
    half, most = figures.minutes_reached_by(result, 0.5), figures.minutes_reached_by(result, 0.9)
    return Card(
        label=say("median_label"),
        value=minutes(half),
        unit=say("minutes"),
        lines=(
            say("median_line", who=term("profile", result.config.walking.profile)),
            say("ninety_line", minutes=minutes(most)),
        ),
    )


def breakdown(result: Survey) -> None:
    """Draw why residents are not served, today and in the study's second reading, and the rate at every limit."""
    then = result.norms.unserved_then if choices.hour() < 0 and not choices.group() else None
    head = headline_rate(result)
    limits = {} if head is None else figures.rates_by_cutoff(result, head.basis)
    drawn = [_reasons(result), *([_reasons_then(result, then)] if then is not None else [])]
    drawn += [_limits(limits)] if len(limits) > 1 else []
    for column, draw in zip(st.columns(len(drawn), gap="medium"), drawn, strict=True):
        with column:
            draw()


def _reasons(result: Survey) -> Callable[[], None]:
    def draw() -> None:
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

    return draw


def _reasons_then(result: Survey, then: pd.DataFrame) -> Callable[[], None]:
    def draw() -> None:
        parts.subheading(say("then_title", hour=measure_tables.hour_told(result)), say("then_help"))
        measure_tables.reasons_then(then)

    return draw


def _limits(limits: Mapping[float, float]) -> Callable[[], None]:
    def draw() -> None:
        parts.subheading(say("rate_by_cutoff"))
        rows = [(say("value_minutes", minutes=f"{cutoff:g}"), rate, percent(rate)) for cutoff, rate in limits.items()]
        parts.bars(rows, color=SERVED, full=1.0)

    return draw

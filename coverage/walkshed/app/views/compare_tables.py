"""Tables and charts of a comparison."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from walkshed.app import parts
from walkshed.app.charts import LETTERS, axis_style
from walkshed.app.comparemap import COLOURS, NAMES, ORDER, SIDE_COLOURS
from walkshed.app.side_rooms import common_rooms
from walkshed.app.tables import csv_bytes
from walkshed.app.texts import language, safe, say, term
from walkshed.reporting.list_sheets import level_name
from walkshed.reporting.wording import DASH, count, percent, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from walkshed.app.plans import SavedPlan
    from walkshed.app.sides import Comparison
    from walkshed.results import StudyResult

UNIT_KEY: Final = "compare_units"
MAX_BARS: Final = 30
ROW_PX, CHART_PX = 24, 70
BEFORE, AFTER = "#8A949E", "#0B3C5D"


def class_rows() -> Iterator[tuple[int, str, str]]:
    """Return the classes of homes in reading order: code, text, colour."""
    for code in ORDER:
        yield code, NAMES[code], COLOURS[code]


def show(result: StudyResult, comparison: Comparison) -> None:
    """Draw what changes by unit, and on every basis."""
    if len(comparison.units):
        left, right = st.columns([1.5, 1], gap="medium")
        with left:
            parts.subheading(say("compare_units_title"), say("compare_units_help"))
            _units(result, comparison)
        with right:
            parts.subheading(
                say("compare_bars_title"),
                say("compare_bars_help", before=comparison.before.label, after=comparison.after.label),
            )
            _bars(comparison)
    else:
        st.html(f'<p class="ws-small">{safe(say("compare_no_units"))}</p>')
    parts.subheading(say("compare_bases_title"), say("compare_bases_help"))
    _bases(comparison)


def _units(result: StudyResult, comparison: Comparison) -> None:
    units = comparison.units
    listed = result.inputs.units
    levels = dict(zip(listed["unit_id"].astype(str), listed["level"].astype(str), strict=True))
    frame = pd.DataFrame(
        {
            "unit": units["unit_name"].astype(str),
            "level": [level_name(levels.get(key, ""), language()) for key in units["unit_id"].astype(str)],
            "before": 100 * units["rate_before"].astype(float),
            "after": 100 * units["rate_after"].astype(float),
            "change": 100 * units["change"].astype(float),
            "gained": units["gained"].round(),
            "lost": units["lost"].round(),
        }
    )
    column = st.column_config
    share: dict[str, Any] = {"format": "%.1f%%", "width": 72}
    whole: dict[str, Any] = {"format": "localized", "width": 72}
    st.dataframe(
        frame.drop(columns="level"),
        key=UNIT_KEY,
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        column_config={
            "unit": column.TextColumn(say("column_unit"), width=125),
            "before": column.NumberColumn(say("column_rate_from"), **share),
            "after": column.NumberColumn(say("column_rate_to"), **share),
            "change": column.NumberColumn(say("column_change_points"), format="%+.1f", width=88),
            "gained": column.NumberColumn(say("class_gained"), **whole),
            "lost": column.NumberColumn(say("class_lost"), **whole),
        },
    )
    named = frame.rename(
        columns={
            "unit": say("column_unit"),
            "level": say("column_level"),
            "before": say("column_rate_from"),
            "after": say("column_rate_to"),
            "change": say("column_change_points"),
            "gained": say("class_gained"),
            "lost": say("class_lost"),
        }
    )
    st.download_button(
        say("rejects_download"),
        csv_bytes(named.round(2)),
        file_name="comparison-units.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="compare_units_csv",
    )


def _bars(comparison: Comparison) -> None:
    """Draw two bars per unit."""
    units = comparison.units.iloc[:MAX_BARS]
    labels = {"before": comparison.before.label, "after": comparison.after.label}
    if labels["before"] == labels["after"]:
        labels["after"] += " "
    rows = [
        {
            "unit": f"{place + 1}. {shortened(row['unit_name'], 24)}",
            "side": shortened(labels[side], 40),
            "order": place,
            "rate": float(row[f"rate_{side}"]),
        }
        for place, row in enumerate(units.to_dict("records"))
        for side in ("before", "after")
    ]
    domain = [shortened(labels[side], 40) for side in ("before", "after")]
    spec: dict[str, Any] = {
        "height": CHART_PX + ROW_PX * 1.25 * len(units),
        "mark": {"type": "bar", "height": {"band": 0.92}},
        "encoding": {
            "y": {
                "field": "unit", "type": "nominal", "sort": {"field": "order"}, "title": None,
                "axis": {"labelLimit": 150, "labelColor": "#1D2B38"},
            },
            "yOffset": {"field": "side", "type": "nominal", "sort": domain, "scale": {"domain": domain}},
            "x": {
                "field": "rate", "type": "quantitative", "title": say("column_rate"), "scale": {"domain": [0, 1]},
                "axis": axis_style() | {"format": ".0%"},
            },
            "color": {
                "field": "side", "type": "nominal", "title": None,
                "scale": {"domain": domain, "range": [BEFORE, AFTER]},
                "legend": {"orient": "top", "labelLimit": 260, "direction": "vertical", "labelColor": LETTERS},
            },
            "tooltip": [
                {"field": "unit", "type": "nominal", "title": say("column_unit")},
                {"field": "side", "type": "nominal", "title": say("field_side")},
                {"field": "rate", "type": "quantitative", "title": say("column_rate"), "format": ".1%"},
            ],
        },
    }  # fmt: skip
    st.vega_lite_chart(pd.DataFrame(rows), spec)
    if len(comparison.units) > MAX_BARS:
        st.html(f'<p class="ws-small">{safe(say("compare_bars_more", count=MAX_BARS))}</p>')


def _bases(comparison: Comparison) -> None:
    """Draw the rates of the whole area on every basis."""
    whole = comparison.rates[(comparison.rates["unit_id"] == "") & (comparison.rates["denominator"] > 0)]
    rows = [
        (
            term("basis", row["basis"]),
            f"{count(row['denominator'])} {term('quantity', row['quantity'])}",
            f"{percent(row['rate_before'])}  ({count(row['numerator_before'])})",
            f"{percent(row['rate_after'])}  ({count(row['numerator_after'])})",
            f"{100 * row['change']:+.1f}" if row["change"] == row["change"] else DASH,
        )
        for row in whole.to_dict("records")
    ]
    head = ("column_basis", "column_denominator", "column_rate_from", "column_rate_to", "column_change_points")
    parts.table([say(name) for name in head], rows, numbers=(1, 2, 3, 4))


def rooms(result: StudyResult, comparison: Comparison) -> None:
    """Draw the new rooms of both sides, and those that are closed."""
    parts.subheading(say("compare_rooms_title"), say("compare_rooms_help"))
    rows = [
        (say(f"legend_room_{side}"), shortened(name, 60))
        for side, own in zip(SIDE_COLOURS, common_rooms(comparison), strict=True)
        for name in own["name"]
    ]
    names = dict(zip(result.facilities["facility_id"].astype(str), result.facilities["name"].astype(str), strict=True))
    rows += [
        (say("legend_room_closed", name=side.label), shortened(names.get(key, key), 60))
        for side in (comparison.before, comparison.after)
        for key in side.closed
    ]
    if not rows:
        st.html(f'<p class="ws-small">{safe(say("compare_no_rooms"))}</p>')
        return
    parts.table([say("field_side"), say("column_place")], rows)


def saved_plans(every: Sequence[SavedPlan]) -> None:
    """Draw the plans that were kept."""
    rows = [
        (
            plan.name,
            say("plan_by_hand", count=len(plan.rooms)) if plan.by_hand else _asked(plan),
            say("plan_question", minutes=f"{plan.cutoff_min:g}", who=term("profile", plan.profile)),
            _when(plan.saved),
        )
        for plan in every
    ]
    parts.table([say(f"column_plan_{name}") for name in ("name", "asked", "question", "saved")], rows)


def _asked(plan: SavedPlan) -> str:
    """Return in a few words what a plan was to do."""
    siting = plan.siting
    if siting.model == "lscp":
        return say("plan_lscp", share=percent(siting.share))
    return say(f"plan_{siting.model}", count=siting.new_rooms)


def _when(saved: str) -> str:
    """Return a moment as readers write it, the text itself where it is none."""
    try:
        return datetime.fromisoformat(saved).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return saved[:20]

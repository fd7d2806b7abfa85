"""Result charts as the pages show them, with axes in the language of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from walkshed.app import figures
from walkshed.app.texts import language, say
from walkshed.reporting.wording import say as report

if TYPE_CHECKING:
    from walkshed.results import Survey


DAY = 24
NAVY, ORANGE, GREEN, GRID = "#0B3C5D", "#D55E00", "#009E73", "#E3E8EC"
LETTERS = "#44535F"
"""Of axes and legends: Streamlit's own grey is too pale for small letters."""
LETTERED = {"labelColor": LETTERS, "titleColor": LETTERS}
WEEK_COLOURS = ("#EFF3F7", "#9DBBD2", "#0B3C5D")


def curve(result: Survey) -> None:
    """Draw the share of residents served against the minutes allowed."""
    cutoff = result.config.walking.cutoff_min
    longest = max(2.0 * max(result.config.walking.cutoffs_min), cutoff)
    frame = figures.curve(result, longest_min=longest)
    spec: dict[str, Any] = {
        "height": 250,
        "layer": [
            {
                "mark": {"type": "area", "line": {"color": NAVY, "strokeWidth": 2}, "color": NAVY, "opacity": 0.12},
                "encoding": {
                    "x": _axis("minutes", say("axis_minutes"), {"domain": [0, longest], "nice": False}),
                    "y": _share_axis(),
                    "tooltip": [
                        {"field": "minutes", "type": "quantitative", "title": say("axis_minutes")},
                        {"field": "share", "type": "quantitative", "title": say("axis_share"), "format": ".1%"},
                    ],
                },
            },
            {
                "mark": {"type": "rule", "color": ORANGE, "strokeWidth": 1.5, "strokeDash": [5, 4]},
                "encoding": {"x": {"datum": cutoff, "type": "quantitative"}},
            },
        ],
    }
    st.vega_lite_chart(frame, spec)


def week(hourly: pd.DataFrame, *, hour: int = -1) -> None:
    """Draw the rate at every hour of the week, days below each other.

    Parameters
    ----------
    hourly
        From :func:`walkshed.assess.hours.coverage_by_hour`.
    hour
        To be marked, -1 none.
    """
    days = [report(f"weekday_{day}", language()) for day in range(7)]
    frame = pd.DataFrame(
        {
            "clock": hourly["hour"] % DAY,
            "day": [days[value // DAY] for value in hourly["hour"]],
            "rate": hourly["rate"],
            "open": hourly["open_facilities"],
            "chosen": hourly["hour"] == hour,
        }
    )
    spec: dict[str, Any] = {
        "height": 240,
        "encoding": {
            "x": {"field": "clock", "type": "ordinal", "title": say("axis_hour"), "axis": {"labelAngle": 0} | LETTERED},
            "y": {
                "field": "day", "type": "ordinal", "title": None, "sort": days,
                "axis": {"labelOverlap": False} | LETTERED,
            },
            "tooltip": [
                {"field": "day", "type": "nominal", "title": say("axis_day")},
                {"field": "clock", "type": "ordinal", "title": say("axis_hour")},
                {"field": "rate", "type": "quantitative", "title": say("axis_share"), "format": ".1%"},
                {"field": "open", "type": "quantitative", "title": say("axis_open")},
            ],
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "#FFFFFF", "strokeWidth": 1},
                "encoding": {
                    "color": {
                        "field": "rate", "type": "quantitative", "title": say("column_rate"),
                        "scale": {"domain": [0, 1], "range": list(WEEK_COLOURS)},
                        "legend": {"format": ".0%"} | LETTERED,
                    }
                },
            },
            {
                "transform": [{"filter": "datum.chosen"}],
                "mark": {"type": "rect", "fillOpacity": 0, "stroke": ORANGE, "strokeWidth": 2.5},
            },
        ],
    }  # fmt: skip
    st.vega_lite_chart(frame, spec)


def axis_style() -> dict[str, Any]:
    """Return how axes of figures look."""
    return {"grid": True, "gridColor": GRID, "titleFontWeight": 400} | LETTERED


def _axis(field: str, title: str, scale: dict[str, Any]) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": axis_style()}


def _share_axis() -> dict[str, Any]:
    return _axis("share", say("axis_share"), {"domain": [0, 1]}) | {"axis": axis_style() | {"format": ".0%"}}

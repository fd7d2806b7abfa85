"""Tables and charts of a plan, with headers in the language of the session."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from walkshed.app import hand_figures
from walkshed.app.charts import axis_style
from walkshed.app.parts import table
from walkshed.app.texts import language, say
from walkshed.catalogue import has, text
from walkshed.reporting.wording import DASH, count, group_name, percent
from walkshed.siting.curve import knee

if TYPE_CHECKING:
    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf

CURVE_KEY: Final = "siting_curve"
POINT: Final = "rooms_point"
GREEN, GREY, ORANGE = "#009E73", "#8A949E", "#D55E00"
WORTH_SHARE: Final = 0.01
"""A room that adds fewer than so many of all residents is hardly worth it."""
MOST_ROWS: Final = 5


def curve(frame: pd.DataFrame, *, before: float, chosen: int) -> None:
    """Draw coverage against the number of rooms with its bound; a click on a point is kept as ``CURVE_KEY``.

    Parameters
    ----------
    frame
        From :func:`walkshed.siting.curve.rooms_curve`.
    before
        Share served today.
    chosen
        Number of rooms in force.
    """
    shown = pd.DataFrame(
        {
            "rooms": frame["rooms"],
            "share": frame["rate"],
            "most": frame["bound_rate"].fillna(frame["rate"]),
            "now": frame["rooms"] == chosen,
        }
    )
    low = max(0.0, min(before, float(shown.share.min())) - 0.05)
    x = {
        "field": "rooms", "type": "quantitative", "title": say("axis_rooms"),
        "scale": {"domain": [int(shown.rooms.min()), int(max(shown.rooms.max(), 1))], "nice": False},
        "axis": {**axis_style(), "tickMinStep": 1, "format": "d"},
    }  # fmt: skip
    y: dict[str, Any] = {"type": "quantitative", "title": say("axis_share"), "scale": {"domain": [low, 1]}}
    y["axis"] = {**axis_style(), "format": ".0%"}
    tooltip = [
        {"field": "rooms", "type": "quantitative", "title": say("axis_rooms")},
        {"field": "share", "type": "quantitative", "title": say("axis_share"), "format": ".1%"},
        {"field": "most", "type": "quantitative", "title": say("axis_most"), "format": ".1%"},
    ]
    spec: dict[str, Any] = {
        "height": 240,
        "params": [{"name": POINT, "select": {"type": "point", "fields": ["rooms"]}, "views": ["points"]}],
        "layer": [
            {
                "mark": {"type": "area", "color": GREY, "opacity": 0.25},
                "encoding": {"x": x, "y": {**y, "field": "share"}, "y2": {"field": "most"}},
            },
            {
                "mark": {"type": "line", "color": GREY, "strokeDash": [4, 3], "strokeWidth": 1.2},
                "encoding": {"x": x, "y": {**y, "field": "most"}},
            },
            {
                "mark": {"type": "line", "color": GREEN, "strokeWidth": 2},
                "encoding": {"x": x, "y": {**y, "field": "share"}},
            },
            {
                "name": "points",
                "mark": {"type": "point", "filled": True, "cursor": "pointer", "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "share"},
                    "size": {"condition": {"test": "datum.now", "value": 190}, "value": 75},
                    "color": {"condition": {"test": "datum.now", "value": ORANGE}, "value": GREEN},
                    "tooltip": tooltip,
                },
            },
        ],
    }
    st.vega_lite_chart(shown, spec, key=CURVE_KEY, on_select="rerun", selection_mode=POINT)


def chosen_point() -> int | None:
    """Return the number of rooms of the point that was clicked in the curve."""
    picked = (st.session_state.get(CURVE_KEY) or {}).get("selection", {}).get(POINT) or []
    return int(picked[0]["rooms"]) if picked and "rooms" in picked[0] else None


def saturation(frame: pd.DataFrame, *, residents: float) -> str:
    """Say in a sentence after how many rooms another one is hardly worth it."""
    worth = WORTH_SHARE * residents
    at = knee(frame, residents_min=worth)
    told = {"rooms": at.rooms, "worth": count(worth)}
    if isnan(at.next_adds):
        return say("curve_not_yet", **told)
    if at.next_adds_at_most <= 0:
        return say("curve_ends", **told)
    return say("curve_knee", next=count(at.next_adds), most=count(at.next_adds_at_most), **told)


def phases(frame: pd.DataFrame, result: StudyResult) -> None:
    """Draw which room is built in which phase."""
    places = dict(zip(result.candidates["candidate_id"].astype(str), result.candidates["place"], strict=True))
    rows = [
        (
            str(row["phase"]),
            say("list_semicolon").join(f"{places.get(key, '')} ({key})" for key in row["chosen"]) or DASH,
            count(row["adds"]),
            percent(row["rate"]),
            percent(row["bound_rate"]),
        )
        for row in frame.to_dict("records")
    ]
    names = ("phase", "phase_rooms", "phase_adds", "rate_after", "at_most")
    table([say(f"column_{name}") for name in names], rows, numbers=(2, 3, 4))


def by_unit(result: StudyResult, rank: int) -> None:
    """Draw where the newly served of one room live."""
    rows = result.plan.explanations.by_unit
    rows = rows[(rows["rank"] == rank) & (rows["unit_id"] != "")].head(MOST_ROWS)
    if len(rows):
        told = [
            (str(row["unit_name"] or row["unit_id"]), count(row["newly_served"])) for row in rows.to_dict("records")
        ]
        table((say("column_unit"), say("column_newly")), told, numbers=(1,))


def by_gap(result: StudyResult, rank: int) -> None:
    """Draw which gaps one room closes, and how far."""
    rows = result.plan.explanations.by_gap
    rows = rows[(rows["rank"] == rank) & (rows["gap_id"] != "")].head(MOST_ROWS)
    if len(rows):
        told = [
            (
                say("gap_name", rank=str(row["gap_id"]).removeprefix("gap-")),
                count(row["newly_served"]),
                percent(row["share"]),
                percent(row["closed_share"]),
            )
            for row in rows.to_dict("records")
        ]
        names = ("gap_closed", "newly", "gap_part", "gap_so_far")
        table([say(f"column_{name}") for name in names], told, numbers=(1, 2, 3), kind="narrow")


def robustness(result: StudyResult) -> None:
    """Draw what becomes of the plan under other assumptions."""
    held = result.plan.robustness
    if held is None:
        return
    rows = [
        (
            _variant(row["variant"]),
            count(row["served_plan"]),
            count(row["served_best"]),
            count(row["regret"]),
            percent(row["regret_share"]),
        )
        for row in held.variants.to_dict("records")
    ]
    names = ("variant", "served_plan", "served_best", "regret", "regret_share")
    table([say(f"column_{name}") for name in names], rows, numbers=(1, 2, 3, 4))


def _variant(name: str) -> str:
    key = f"why.variant_{name}"
    return text(key, language()) if has(key) else name


def stays(result: StudyResult, rank: int) -> str:
    """Return how often one room stays chosen under other assumptions, ``""`` where that was not examined."""
    held = result.plan.robustness
    if held is None:
        return ""
    share = held.sites.set_index("rank")["chosen_share"].get(rank, float("nan"))
    return "" if pd.isna(share) else say("stays_chosen", share=f"{share:.0%}")


def changed_units(now: WhatIf) -> None:
    """Draw the units in which the rooms on the map change anything."""
    rows = hand_figures.changed_units(now)
    if rows.empty:
        return
    told = [
        (
            str(row["unit_name"] or row["unit_id"]),
            percent(row["rate_before"]),
            percent(row["rate"]),
            f"{row['change']:+,.0f}",
        )
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    names = ("unit", "rate_today", "rate_then", "change")
    table([say(f"column_{name}") for name in names], told, numbers=(1, 2, 3))


def changed_groups(now: WhatIf) -> None:
    """Draw the coverage of every group of residents."""
    rows = now.figures.groups
    if len(rows) < 2:  # noqa: PLR2004 - everybody is the first
        return
    told = [
        (
            group_name(row["group"], language()),
            percent(row["rate_before"]),
            percent(row["rate"]),
            f"{row['change']:+,.0f}",
        )
        for row in rows.to_dict("records")
    ]
    names = ("group", "rate_today", "rate_then", "change")
    table([say(f"column_{name}") for name in names], told, numbers=(1, 2, 3))

"""Result tables and charts as the pages show them, with headers in the language of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from walkshed.app import figures
from walkshed.app.parts import table
from walkshed.app.texts import language, say, term
from walkshed.catalogue import has, text
from walkshed.reporting.wording import DASH, count, percent
from walkshed.reporting.wording import say as report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.results import StudyResult, Survey

GAP_KEY, PROPOSAL_KEY, UNIT_KEY = "gaps_table", "proposals_table", "units_table"
FOCUS_KEY = "table_touched"
DAY = 24
ROW_PX, HEAD_PX = 35, 38
ALMOST = 0.999  # nearly everybody never reads 100 %
FORMULA = r"[=+\-@\t\r]"
NAVY, ORANGE, GREEN, GRID = "#0B3C5D", "#D55E00", "#009E73", "#E3E8EC"
WEEK_COLOURS = ("#EFF3F7", "#9DBBD2", "#0B3C5D")


def gaps(result: Survey) -> None:
    """Draw the gaps, most residents first; a chosen row is looked up on the map."""
    frame = pd.DataFrame(
        {
            "rank": result.gaps["rank"],
            "place": _places(result.gaps),
            "residents": result.gaps.residents.round().astype(int),
            "minutes": result.gaps.minutes.round(1),
            "reason": [term("reason", reason) for reason in result.gaps.reason],
            "areas": result.gaps.areas,
        }
    )
    most = int(max(frame.residents.max(), 1))
    st.dataframe(
        frame,
        key=GAP_KEY,
        on_select=_chosen(GAP_KEY),
        selection_mode="single-row",
        hide_index=True,
        height=_height(len(frame), 7),
        column_config={
            "rank": st.column_config.NumberColumn(say("column_rank"), width=50),
            "place": st.column_config.TextColumn(say("column_place"), width=165),
            "residents": st.column_config.ProgressColumn(
                say("column_unserved"), format="localized", min_value=0, max_value=most, width=130
            ),
            "minutes": st.column_config.NumberColumn(say("column_minutes"), format="%.1f", width=90),
            "reason": st.column_config.TextColumn(say("column_reason"), width=120),
            "areas": st.column_config.NumberColumn(say("column_homes"), format="localized", width=65),
        },
    )


def proposals(result: StudyResult) -> None:
    """Draw the proposals in build order; a chosen row is looked up on the map."""
    plan = result.proposals
    frame = pd.DataFrame(
        {
            "rank": plan["rank"],
            "place": plan.place.astype(str),
            "newly": plan.newly_served.round().astype(int),
            "rate": 100 * plan.cumulative_rate.where(~plan.cumulative_rate.between(ALMOST, 1, "left"), ALMOST),
            "served": plan.cumulative_served.round().astype(int),
        }
    )
    st.dataframe(
        frame,
        key=PROPOSAL_KEY,
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=_height(len(frame), 10),
        column_config={
            "rank": st.column_config.NumberColumn(say("column_rank"), width=50),
            "place": st.column_config.TextColumn(say("column_place"), width=165),
            "newly": st.column_config.NumberColumn(say("column_newly"), format="localized", width=105),
            "rate": st.column_config.ProgressColumn(
                say("column_rate_after"), format="%.1f%%", min_value=0, max_value=100, width=150
            ),
            "served": st.column_config.NumberColumn(say("column_cumulative"), format="localized", width=115),
        },
    )


def units(rates: pd.DataFrame, *, target: float = 0.0) -> None:
    """Draw rates by unit, lowest first; a chosen row is looked up on the map.

    Parameters
    ----------
    rates
        Of units.
    target
        Rate that every unit should reach, 0 for none.
    """
    levels = rates["level"].astype(str) if "level" in rates.columns else pd.Series("", index=rates.index)
    frame = pd.DataFrame({"unit": rates["unit_name"].astype(str)})
    if len(set(levels)) > 1:
        frame["level"] = [_level_name(level) for level in levels]
    shown = rates["rate"].where(~rates["rate"].between(ALMOST, 1, "left"), ALMOST)
    frame["rate"] = 100 * shown
    if target > 0:
        frame["short"] = (100 * (target - rates["rate"])).clip(lower=0).round(1)
    frame["numerator"] = rates["numerator"].round()
    frame["denominator"] = rates["denominator"].round()
    frame["quantity"] = [term("quantity", quantity) for quantity in rates["quantity"]]
    st.dataframe(
        frame,
        key=UNIT_KEY,
        on_select=_chosen(UNIT_KEY),
        selection_mode="single-row",
        hide_index=True,
        height=_height(len(frame), 9),
        column_config={
            "unit": st.column_config.TextColumn(say("column_unit"), width=170),
            "level": st.column_config.TextColumn(say("column_level"), width=120),
            "rate": st.column_config.ProgressColumn(
                say("column_rate"), format="%.1f%%", min_value=0, max_value=100, width=140
            ),
            "short": st.column_config.NumberColumn(say("column_short"), format="%.1f", width=105),
            "numerator": st.column_config.NumberColumn(say("column_numerator"), format="localized", width=90),
            "denominator": st.column_config.NumberColumn(say("column_denominator"), format="localized", width=90),
            "quantity": st.column_config.TextColumn(say("column_quantity"), width=80),
        },
    )


def _chosen(key: str) -> Callable[[], None]:
    """Return what notes that a table's row is the one to look at: of two tables the last one touched counts."""

    def note() -> None:
        st.session_state[FOCUS_KEY] = key

    return note


def touched() -> str:
    """Return the key of the table whose row was chosen last."""
    return str(st.session_state.get(FOCUS_KEY, GAP_KEY))


def _level_name(level: str) -> str:
    """Return what readers call a level of units; one of the user's own keeps its name."""
    key = f"units.level_{level}"
    return text(key, language()) if has(key) else level


def rates(result: Survey, profiles: Sequence[str]) -> None:
    """Draw every rate of the whole area: a row per basis and walker, a column per cutoff."""
    every = figures.area_rates(result, profiles)
    cutoffs = sorted(every.cutoff_min.unique())
    rows = []
    for (basis, profile), part in every.groupby(["basis", "profile"], sort=False):
        by_cutoff = {row["cutoff_min"]: row for row in part.to_dict("records")}
        cells = [
            f"{percent(row['rate'])}  ({count(row['numerator'])})" if (row := by_cutoff.get(cutoff)) else DASH
            for cutoff in cutoffs
        ]
        first = part.iloc[0]
        denominator = f"{count(first.denominator)} {term('quantity', first.quantity)}"
        rows.append((term("basis", basis), term("profile", profile), denominator, *cells))
    head = [say("column_basis"), say("column_profile"), say("column_denominator")]
    head += [say("column_within", minutes=f"{cutoff:g}") for cutoff in cutoffs]
    table(head, rows, numbers=range(2, 3 + len(cutoffs)))


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
            "x": {"field": "clock", "type": "ordinal", "title": say("axis_hour"), "axis": {"labelAngle": 0}},
            "y": {"field": "day", "type": "ordinal", "title": None, "sort": days, "axis": {"labelOverlap": False}},
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
                        "scale": {"domain": [0, 1], "range": list(WEEK_COLOURS)}, "legend": {"format": ".0%"},
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


def gains(result: StudyResult, before: float) -> None:
    """Draw the share of residents served after every new room."""
    plan = result.proposals
    frame = pd.DataFrame({"rooms": [0, *plan["rank"]], "share": [before, *plan.cumulative_rate.astype(float)]})
    spec: dict[str, Any] = {
        "height": 230,
        "mark": {"type": "line", "color": GREEN, "strokeWidth": 2, "point": {"color": GREEN, "size": 55}},
        "encoding": {
            "x": _axis("rooms", say("axis_rooms"), {"domain": [0, len(plan)], "nice": False})
            | {"axis": _axis_style() | {"tickMinStep": 1}},
            "y": _share_axis(),
            "tooltip": [
                {"field": "rooms", "type": "quantitative", "title": say("axis_rooms")},
                {"field": "share", "type": "quantitative", "title": say("axis_share"), "format": ".1%"},
            ],
        },
    }
    st.vega_lite_chart(frame, spec)


def rejects(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rejected rows with headers and reasons in the language of the session."""
    names = ["layer", "file", "line", "row_id", "reason", "detail"]
    frame = rows[names].copy()
    frame["layer"] = [term("layer", layer) for layer in frame.layer]
    frame["reason"] = [term("reject", reason) for reason in frame.reason]
    return frame.rename(columns={name: say(f"column_reject_{name}") for name in names})


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV that Excel opens with its Chinese and runs nothing from.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    texts = frame.astype("string").fillna("")
    for column in texts:
        formula = texts[column].str.match(FORMULA)
        texts[column] = texts[column].where(~formula, "'" + texts[column])
    return texts.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _places(gaps_table: pd.DataFrame) -> list[str]:
    """Return what a gap is called: its place, else its unit, else its number."""
    named = gaps_table[["place", "unit_name"]].fillna("").assign(rank=gaps_table["rank"])
    return [str(row.place or row.unit_name or say("gap_name", rank=row.rank)) for row in named.itertuples()]


def _height(rows: int, most: int) -> int:
    return HEAD_PX + ROW_PX * min(max(rows, 1), most)


def _axis_style() -> dict[str, Any]:
    return {"grid": True, "gridColor": GRID, "labelColor": "#44535F", "titleColor": "#44535F", "titleFontWeight": 400}


def _axis(field: str, title: str, scale: dict[str, Any]) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": _axis_style()}


def _share_axis() -> dict[str, Any]:
    return _axis("share", say("axis_share"), {"domain": [0, 1]}) | {"axis": _axis_style() | {"format": ".0%"}}

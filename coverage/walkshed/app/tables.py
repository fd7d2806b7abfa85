"""Result tables as the pages show them, with headers in the language of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
import streamlit as st

from walkshed.app import figures
from walkshed.app.parts import table
from walkshed.app.texts import language, say, term
from walkshed.catalogue import has, text
from walkshed.reporting.wording import DASH, count, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streamlit.elements.lib.column_types import ColumnConfig

    from walkshed.results import StudyResult, Survey

GAP_KEY, PROPOSAL_KEY, UNIT_KEY = "gaps_table", "proposals_table", "units_table"
FOCUS_KEY = "table_touched"
ROW_PX, HEAD_PX = 35, 38
ALMOST = 0.999  # nearly everybody never reads 100 %
FORMULA = r"[=+\-@\t\r]"


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
    columns = {
        "rank": st.column_config.NumberColumn(say("column_rank"), width=50),
        "place": st.column_config.TextColumn(say("column_place"), width=165),
        "residents": st.column_config.ProgressColumn(
            say("column_unserved"), format="localized", min_value=0, max_value=most, width=130
        ),
        "minutes": st.column_config.NumberColumn(say("column_minutes"), format="%.1f", width=90),
        "reason": st.column_config.TextColumn(say("column_reason"), width=120),
        "areas": st.column_config.NumberColumn(say("column_homes"), format="localized", width=65),
    }
    _listed(frame, GAP_KEY, columns, most=7, on_select=_chosen(GAP_KEY))


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
    columns = {
        "rank": st.column_config.NumberColumn(say("column_rank"), width=50),
        "place": st.column_config.TextColumn(say("column_place"), width=165),
        "newly": st.column_config.NumberColumn(say("column_newly"), format="localized", width=105),
        "rate": st.column_config.ProgressColumn(
            say("column_rate_after"), format="%.1f%%", min_value=0, max_value=100, width=150
        ),
        "served": st.column_config.NumberColumn(say("column_cumulative"), format="localized", width=115),
    }
    _listed(frame, PROPOSAL_KEY, columns, most=10, on_select="rerun")


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
    columns = {
        "unit": st.column_config.TextColumn(say("column_unit"), width=150),
        "level": st.column_config.TextColumn(say("column_level"), width=100),
        "rate": st.column_config.ProgressColumn(
            say("column_rate"), format="%.1f%%", min_value=0, max_value=100, width=130
        ),
        "short": st.column_config.NumberColumn(say("column_short"), format="%.1f", width=95),
        "numerator": st.column_config.NumberColumn(say("column_numerator"), format="localized", width=85),
        "denominator": st.column_config.NumberColumn(say("column_denominator"), format="localized", width=85),
        "quantity": st.column_config.TextColumn(say("column_quantity"), width=65),
    }
    _listed(frame, UNIT_KEY, columns, most=9, on_select=_chosen(UNIT_KEY))


def _listed(
    frame: pd.DataFrame,
    key: str,
    columns: Mapping[str, ColumnConfig],
    *,
    most: int,
    on_select: Literal["rerun"] | Callable[[], None],
) -> None:
    """Draw a table of which one row can be chosen, so many rows high at most."""
    st.dataframe(
        frame,
        key=key,
        on_select=on_select,
        selection_mode="single-row",
        hide_index=True,
        height=_height(len(frame), most),
        column_config=dict(columns),
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

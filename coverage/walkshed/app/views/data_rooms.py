"""The facilities as a table to edit, with positions set by a click on the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from walkshed.app import changing, file_names, parts, rooms
from walkshed.app.errors import box, explained
from walkshed.app.texts import safe, say, term
from walkshed.app.views.data_map import draw_rooms
from walkshed.app.views.data_upload import changed_rate, headline, replace_allowed
from walkshed.contracts import STATUSES
from walkshed.errors import WalkshedError
from walkshed.inputs.facilities import read_facilities

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

DRAFT_KEY, ROW_KEY, MAP_KEY, DONE_KEY = "rooms_draft", "rooms_row", "map_rooms", "data_done"
TABLE_PX: Final = 420


@dataclass
class _Draft:
    """Facilities that are being edited: what the editor started from, how they are now, and for which study."""

    key: str
    start: pd.DataFrame
    now: pd.DataFrame
    version: int = 0
    clicked: object = None


def show(config: StudyConfig, result: StudyResult | None) -> None:
    """Draw the section."""
    parts.subheading(say("rooms_title"), say("rooms_help"))
    former = _former(config, result)
    draft = _draft(config, former)
    left, right = st.columns([1.35, 1], gap="medium")
    with left:
        edited = _editor(draft)
    draft.now = edited
    with right:
        _map(edited, result)
    rejected = 0 if result is None else int((result.inputs.rejects.layer == "facilities").sum())
    if rejected and config.facilities.source == "file":
        box(say("rooms_rejected", count=rejected), kind="warning")
    _save(config, result, former, edited)


def _former(config: StudyConfig, result: StudyResult | None) -> gpd.GeoDataFrame | None:
    """Return the facilities as the study has them; ``None`` while it has none."""
    if result is not None:
        return result.inputs.facilities
    if config.facilities.source != "file" or not config.resolve(config.facilities.path).is_file():
        return None
    try:
        source = config.facilities
        return read_facilities(config.resolve(source.path), columns=source.columns, datum=source.datum).table
    except WalkshedError:  # the empty table of a new study
        return None


def _draft(config: StudyConfig, former: gpd.GeoDataFrame | None) -> _Draft:
    """Return the table that is being edited: what the editor started from, and as it is now."""
    key = f"{config.folder}/{config.facilities!r}"
    draft: _Draft | None = st.session_state.get(DRAFT_KEY)
    if draft is None or draft.key != key:
        start = rooms.without_rows() if former is None else rooms.editable(former)
        draft = _Draft(key, start, start)
        st.session_state[DRAFT_KEY] = draft
    return draft


def _editor(draft: _Draft) -> pd.DataFrame:
    column = st.column_config
    names = {status: term("status", status) for status in STATUSES}
    degrees: dict[str, Any] = {"format": "%.6f", "step": 0.000001, "width": 95}
    edited = st.data_editor(
        draft.start,
        key=f"rooms_editor_{draft.version}",
        num_rows="dynamic",
        hide_index=True,
        height=TABLE_PX,
        placeholder="",
        column_config={
            "name": column.TextColumn(say("column_name"), required=True, width=145, max_chars=2000),
            "status": column.SelectboxColumn(
                say("column_status"),
                options=list(STATUSES),
                format_func=lambda status: names[str(status)],
                default="open",
                width=80,
            ),
            "tier": column.TextColumn(say("field_tier"), width=60),
            "capacity": column.NumberColumn(say("field_capacity"), min_value=0, width=60),
            "opening_hours": column.TextColumn(say("column_opening_hours"), width=130),
            "lon": column.NumberColumn(say("column_longitude"), min_value=-180, max_value=180, **degrees),
            "lat": column.NumberColumn(say("column_latitude"), min_value=-90, max_value=90, **degrees),
            "facility_id": column.TextColumn(say("column_facility_id"), disabled=True, width=80),
        },
    )
    return edited.reset_index(drop=True)


def _map(edited: pd.DataFrame, result: StudyResult | None) -> None:
    """Draw the rooms, and the choice of the one that a click places."""
    texts = [str(name) if isinstance(name, str) and name else say("room_nameless") for name in edited.name]
    rows: dict[int | None, str] = {None: say("place_none")}
    rows |= {row: f"{row + 1}. {text[:40]}" for row, text in enumerate(texts)}
    if st.session_state.get(ROW_KEY) not in rows:
        st.session_state[ROW_KEY] = None
    st.selectbox(
        say("place_row"),
        list(rows),
        format_func=rows.__getitem__,
        key=ROW_KEY,
    )
    chosen = st.session_state[ROW_KEY]
    st.html(f'<p class="ws-small">{safe(say("place_help"))}</p>')
    if result is None:
        box(say("place_no_map"), kind="note")
    frame = edited.assign(lon=pd.to_numeric(edited.lon), lat=pd.to_numeric(edited.lat))
    draw_rooms(frame.fillna({"name": "", "status": "open"}), chosen, key=MAP_KEY, result=result, on_click=take_click)


def take_click() -> None:
    """Set the position of the chosen row to where the map was clicked; called by the map."""
    clicked = (st.session_state.get(MAP_KEY) or {}).get("last_clicked")
    row, draft = st.session_state.get(ROW_KEY), st.session_state.get(DRAFT_KEY)
    if not clicked or row is None or draft is None or clicked == draft.clicked:
        return
    draft.clicked = clicked
    # The editor starts anew from the table with all that was typed so far, and the position.
    draft.start = rooms.place(draft.now, row, float(clicked["lng"]), float(clicked["lat"]))
    draft.version += 1


def _save(
    config: StudyConfig, result: StudyResult | None, former: gpd.GeoDataFrame | None, edited: pd.DataFrame
) -> None:
    table = rooms.cleaned(edited)
    lost = rooms.unplaced(table, former)
    if lost:
        named = say("list_comma").join(name[:60] for name in lost[:8])
        box(say("rooms_unplaced", count=len(lost), names=named), kind="warning")
    start = rooms.without_rows() if former is None else rooms.cleaned(rooms.editable(former))
    changed = not table.equals(start)
    if not changed:
        st.html(f'<p class="ws-small">{safe(say("rooms_unchanged"))}</p>')
    allowed = replace_allowed(config)
    save, undo = st.columns([1, 1])
    with save:
        pressed = st.button(
            say("rooms_save", count=len(table)),
            type="primary",
            icon=":material/save:",
            disabled=not (changed and len(table) and not lost and allowed),
        )
    with undo:
        if changed and st.button(say("rooms_undo"), icon=":material/undo:"):
            st.session_state.pop(DRAFT_KEY, None)
            st.rerun()
    if pressed:
        _store(config, result, former, table)


def _store(
    config: StudyConfig, result: StudyResult | None, former: gpd.GeoDataFrame | None, table: pd.DataFrame
) -> None:
    content = rooms.rooms_csv(table, former)
    header = content.decode("utf-8-sig").splitlines()[0].split(",")

    def make(own: StudyConfig) -> tuple[StudyConfig, dict[str, bytes]]:
        name = file_names.free_name(own, "facilities.csv")
        changed = rooms.with_rooms(own, name, header)
        return (rooms.without_entrances(changed) if rooms.gone(table, former) else changed), {name: content}

    before = headline(result)
    with explained():
        changed = changing.change_study(config, make)
        st.session_state.pop(DRAFT_KEY, None)
        told = say("rooms_saved", count=len(table))
        st.session_state[DONE_KEY] = " ".join(filter(None, (told, changed_rate(before, changed))))
        st.rerun()

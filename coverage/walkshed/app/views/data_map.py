"""Maps of the Data page: rows of a file before they are used, and facilities whose positions are set by a click."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
import shapely
import streamlit as st
from streamlit_folium import st_folium

from walkshed.app.blankmap import blank_map
from walkshed.app.mapbase import HOMES, study_base
from walkshed.app.texts import language, say, term
from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, MarkerLayer, compact_payload
from walkshed.reporting.maplayers import located
from walkshed.reporting.signs import SIGNS, area_key, sign_key
from walkshed.reporting.wording import credits_of, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    import pandas as pd

    from walkshed.results import StudyResult

HEIGHT_PX: Final = 460
MAX_DRAWN: Final = 5000
TAG_CHARACTERS, NAME_CHARACTERS = 24, 120
MARGIN: Final = 0.002
"""Degrees around a single point."""
NAMES: Final = ("name", "place", "facility_id", "demand_id", "unit_id")


def draw_table(table: gpd.GeoDataFrame, *, key: str, result: StudyResult | None) -> None:
    """Draw the rows of a file on the study's streets.

    Parameters
    ----------
    table
        EPSG:4326; of more than :data:`MAX_DRAWN` rows the first are drawn.
    key
        Of the map; another one for another file, so that the view goes there.
    result
        Of the study, for the streets; ``None`` draws the rows alone.
    """
    drawn = located(table).iloc[:MAX_DRAWN]
    if drawn.empty:
        return
    column = next((name for name in NAMES if name in drawn), None)
    names = [shortened(value, NAME_CHARACTERS) for value in drawn[column]] if column else None
    layer = CompactLayer(
        "preview",
        compact_payload(drawn.geometry, names=names),
        z=450,
        style={"color": palette.NAVY, "weight": 1.6, "fillColor": palette.UNSERVED, "fillOpacity": 0.55},
        radius=5.5,
        interactive=True,
    )
    rows = [{"key": area_key(palette.UNSERVED, opacity=0.55, stroke=palette.NAVY), "text": say("legend_preview")}]
    if len(table) > MAX_DRAWN:
        st.html(f'<p class="ws-small">{say("preview_first", count=f"{MAX_DRAWN:,}")}</p>')
    _draw([layer], rows, bounds=drawn.total_bounds, key=key, result=result)


def draw_rooms(
    frame: pd.DataFrame, chosen: int | None, *, key: str, result: StudyResult | None, on_click: Callable[[], None]
) -> None:
    """Draw facilities as they are being edited.

    Parameters
    ----------
    frame
        From :func:`walkshed.app.rooms.editable`.
    chosen
        Row whose position a click sets, marked by a pin.
    key
        Of the map; ``st.session_state[key]["last_clicked"]`` holds the place of a click.
    result
        Of the study, for the streets.
    on_click
        Called after a click.
    """
    items, statuses = [], []
    for row, room in enumerate(frame.to_dict("records")):
        if np.isnan(room["lon"]) or np.isnan(room["lat"]):
            continue
        status = room["status"] if room["status"] in palette.STATUS_COLOURS else "open"
        statuses.append(status)
        mine = row == chosen
        items.append(
            {
                "at": (room["lat"], room["lon"]),
                "sign": "proposal" if mine else status,
                "tag": shortened(room["name"], TAG_CHARACTERS),
                "plate": mine,
                "color": palette.NEW if mine else palette.STATUS_COLOURS[status],
                "rank": 0 if mine else row + 1,
                "name": shortened(room["name"], NAME_CHARACTERS),
            }
        )
    rows: list[dict[str, str]] = [
        {"key": sign_key(status), "text": say("legend_room", status=term("status", status))}
        for status in palette.STATUS_COLOURS
        if status in statuses
    ]
    rows.append({"key": sign_key("proposal"), "text": say("legend_chosen")})
    bounds = None if result is None else result.inputs.boundary.total_bounds
    if bounds is None and items:
        places: list[tuple[float, float]] = [item["at"] for item in items]  # type: ignore[misc]  # a pair, as above
        bounds = shapely.total_bounds(shapely.points([(lon, lat) for lat, lon in places]))
    if bounds is None:
        return
    _draw([MarkerLayer("rooms", SIGNS, items)], rows, bounds=bounds, key=key, result=result, on_click=on_click)


def _draw(
    layers: Sequence[Any],
    rows: list[dict[str, str]],
    *,
    bounds: Sequence[float],
    key: str,
    result: StudyResult | None,
    on_click: Callable[[], None] | None = None,
) -> None:
    spoken = language()
    west, south, east, north = (float(value) for value in bounds)
    credit = "" if result is None else credits_of(result, spoken)
    page_map = blank_map(bounds, language=spoken, attribution=credit, min_zoom=6)
    groups = [{"text": say("legend_edited"), "rows": rows}]
    if result is not None:
        base = study_base(result, spoken)
        for layer in replace(base, drawn=tuple(part for part in base.drawn if part[0] != HOMES)).layers():
            layer.add_to(page_map)
        groups.append({"text": say("legend_base"), "rows": list(base.rows)})
    Legend(say("legend"), groups).add_to(page_map)
    FitArea((west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN)).add_to(page_map)
    changing = folium.FeatureGroup(name="session", control=False)
    for layer in layers:
        layer.add_to(changing)
    st_folium(
        page_map,
        key=key,
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[] if on_click is None else ["last_clicked"],
        feature_group_to_add=changing,
        on_change=on_click,
    )

"""The empty map that every page fills: Leaflet and our own scripts by address, nothing inside that a click changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.app.assets import address
from walkshed.reporting.leaflet import OfflineMap
from walkshed.reporting.scripts import LOOKUP

if TYPE_CHECKING:
    from collections.abc import Sequence


def blank_map(
    bounds: Sequence[float], *, language: str, attribution: str, scripts: Sequence[str] = (), min_zoom: int = 8
) -> OfflineMap:
    """Return a map without layers, to be made anew at every run: streamlit-folium changes the object it is given.

    Parameters
    ----------
    bounds
        West, south, east, north in degrees.
    language
        Of the buttons.
    attribution
        Whom the data is owed to.
    scripts
        Names of further scripts among the session's files, each with a style sheet of the same name.
    min_zoom
        How far one can zoom out.
    """
    west, south, east, north = (float(value) for value in bounds)
    page_map = OfflineMap(
        [(south + north) / 2, (west + east) / 2],
        language=language,
        assets_url=address("leaflet", from_map=True),
        attribution=attribution,
        zoom_start=13,
        max_zoom=19,
        min_zoom=min_zoom,
        zoom_snap=0.05,
    )
    # By address instead of inside: what st_folium is given goes over the wire at every click.
    own, session = address("map", from_map=True), address("session", from_map=True)
    names = ("session", *scripts)
    page_map.default_js = [
        page_map.default_js[0],
        ("lookup", LOOKUP),
        ("walkshed", f"{own}map.js"),
        *((name, f"{session}{name}.js") for name in names),
    ]
    page_map.default_css = [
        page_map.default_css[0],
        ("walkshed_css", f"{own}map.css"),
        *((f"{name}_css", f"{session}{name}.css") for name in names),
    ]
    return page_map

"""The map of the coverage page: a study's geometry is fetched once by address, a click sends one character per home."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
from streamlit_folium import st_folium

from walkshed.app import basemaps, figures, legends, mapfacts, state
from walkshed.app.blankmap import blank_map
from walkshed.app.mapareas import standing
from walkshed.app.mapbase import HOMES, NO_RATE, RATE_COLOURS, UNIT_RATES, Base, rate_rows, study_base
from walkshed.app.mapsent import Follow, drawn_once, publish_facts, stay
from walkshed.app.texts import language, say
from walkshed.coordinates import wgs84_to_gcj02
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.leaflet import FitArea, Legend, OfflineMap, Paint
from walkshed.reporting.maplayers import located
from walkshed.reporting.served import SERVED, UNSERVED
from walkshed.reporting.wording import credits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.results import Survey

    Bounds = tuple[float, float, float, float]

HEIGHT_PX: Final = 620
FOCUS_PX: Final = 480
TILE_PX: Final = 256
FOCUS_ZOOMS: Final = (12.0, 17.0)
HIDDEN: Final = 3


def draw_coverage(result: Survey, *, shown: frozenset[str], focus: Bounds | None, ground: str = basemaps.OWN) -> None:
    """Draw who is served today.

    Parameters
    ----------
    result
        Any reading of the study.
    shown
        Of ``isochrones``, ``served``, ``unserved``, ``gaps``, ``unit_rates``, ``own_areas``.
    focus
        West, south, east, north of what the reader asked for, if anything.
    ground
        Base map, of :func:`walkshed.app.basemaps.offered`.
    """
    classes = np.where(result.demand.covered.to_numpy(bool), SERVED, UNSERVED)
    for code, layer in ((SERVED, "served"), (UNSERVED, "unserved")):
        if layer not in shown:
            classes = np.where(classes == code, HIDDEN, classes)
    spoken = language()
    base = study_base(result, spoken)
    # A fresh map at every run: streamlit-folium changes the object it is given.
    page_map = _blank_map(result, base, spoken, ground)
    changing = folium.FeatureGroup(name="session", control=False)
    kinds = [kind for kind in ("isochrones", "gaps", "own_areas") if kind in shown]
    stay(standing(result, (*kinds, "rooms"), spoken)).add_to(changing)
    people = result.demand.population.to_numpy(float)
    _follow(result, base, base.codes(classes, people)).add_to(changing)
    if base.units:
        Paint(UNIT_RATES, _unit_classes(result, base, shown)).add_to(changing)
    st_folium(
        page_map,
        key="map_coverage",
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing,
        center=None if focus is None else centre(focus, basemaps.datum_of(ground)),
        zoom=None if focus is None else focus_zoom(focus),
    )


def _follow(result: Survey, base: Base, codes: NDArray[np.integer]) -> Follow:
    """Return the homes' colours and facts; what a limit does not change is fetched once where it may be."""
    if base.blocks is not None:
        return Follow(HOMES, codes, mapfacts.block_facts(result, base.blocks))
    own = drawn_once(result, ("reason", language()), lambda: mapfacts.reason_fact(result))
    last = [own] if base.tells_residents else [own, mapfacts.residents_fact(result)]
    fixed = drawn_once(result, ("facts", language()), lambda: mapfacts.home_facts(result))
    if state.is_own(result.config):
        return Follow(HOMES, codes, [*fixed, *last])
    at = drawn_once(result, ("facts at", language()), lambda: publish_facts(fixed))
    return Follow(HOMES, codes, last, same=[at])


def centre(bounds: Bounds, datum: str) -> tuple[float, float]:
    """Return latitude and longitude of the middle, in the datum that the map is drawn in."""
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    if datum == "gcj02":
        lon, lat = (float(value) for value in wgs84_to_gcj02(lon, lat))
    return lat, lon


def _unit_classes(result: Survey, base: Base, shown: frozenset[str]) -> NDArray[np.int64]:
    """Return the fifth of every unit's rate, or that none is shown."""
    classes = np.full(len(base.units), NO_RATE)
    head = headline_rate(result)
    if head is None or "unit_rates" not in shown:
        return classes
    rates = figures.unit_rates(result, str(head.basis))
    known = dict(zip(rates.unit_id.astype(str), rates.rate.astype(float), strict=True))
    for i, unit in enumerate(base.units):
        rate = known.get(unit, math.nan)
        if not math.isnan(rate):
            classes[i] = min(int(rate * len(RATE_COLOURS) + 1e-9), len(RATE_COLOURS) - 1)
    return classes


def focus_zoom(bounds: Bounds) -> float:
    """Return the zoom at which an area fills about half of the map.

    Parameters
    ----------
    bounds
        West, south, east, north in degrees.
    """
    west, south, east, north = bounds
    widest = max(east - west, (north - south) / math.cos(math.radians((south + north) / 2)), 1e-6)
    zoom = math.log2(FOCUS_PX * 360 / (TILE_PX * widest))
    return round(4 * min(max(zoom, FOCUS_ZOOMS[0]), FOCUS_ZOOMS[1])) / 4


def _blank_map(result: Survey, base: Base, spoken: str, ground: str) -> OfflineMap:
    """Return the map without anything that a click changes."""
    bounds = result.inputs.boundary.total_bounds
    page_map = blank_map(bounds, language=spoken, attribution=credits_of(result, spoken))
    basemaps.add_ground(page_map, base, ground)
    Legend(say("legend"), _legend(result, base)).add_to(page_map)
    FitArea(bounds).add_to(page_map)
    return page_map


def _legend(result: Survey, base: Base) -> list[dict[str, Any]]:
    """Return the legend; its texts hold no figure, or the map would be built anew at every click."""
    rooms = located(result.inputs.facilities)
    groups = [
        {
            "text": say("legend_rooms"),
            "rows": legends.room_rows(rooms, always=() if result.norms.hourly is None else ("closed",)),
        },
        legends.homes_group(base, ((SERVED, "legend_served"), (UNSERVED, "legend_unserved"))),
        legends.areas_group(own_areas=len(rooms) > 1),
        {"text": say("legend_units"), "rows": rate_rows() if base.units else []},
        {"text": say("legend_base"), "rows": list(base.rows)},
    ]
    return [group for group in groups if group["rows"]]

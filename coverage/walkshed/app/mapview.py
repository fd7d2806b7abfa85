"""The map of the coverage page: a study's geometry is fetched once by address, a click sends one character per home."""

from __future__ import annotations

import json
import math
import zlib
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
import pandas as pd
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from walkshed.app import basemaps, figures
from walkshed.app.blankmap import blank_map
from walkshed.app.mapbase import HOMES, NO_RATE, RATE_COLOURS, UNIT_RATES, Base, rate_rows, study_base
from walkshed.app.texts import language, say, term
from walkshed.coordinates import wgs84_to_gcj02
from walkshed.reporting import palette
from walkshed.reporting.arealayer import area_group
from walkshed.reporting.encode import encode_classes
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, MarkerLayer, OfflineMap, Paint
from walkshed.reporting.maplayers import band_group, gap_group, located, room_group
from walkshed.reporting.panels import Call
from walkshed.reporting.scripts import script_json
from walkshed.reporting.served import SERVED, UNSERVED
from walkshed.reporting.signs import area_key, line_key, sign_key
from walkshed.reporting.wording import count, credits_of, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.results import Survey

    Bounds = tuple[float, float, float, float]

HEIGHT_PX: Final = 620
FOCUS_PX: Final = 480
TILE_PX: Final = 256
FOCUS_ZOOMS: Final = (12.0, 17.0)
HIDDEN: Final = 3
MAX_GAP_LABELS: Final = 6
FIRST_CHARACTER: Final = 48
MAX_CODE: Final = 70
NAME_CHARACTERS: Final = 60
THIN_M: Final = 3.0
PACKING: Final = 6
NOTHING: Final = " "


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
    within = result.isochrones.cutoff_min <= result.config.walking.cutoff_min
    groups = [
        _pack(band_group(replace(result, isochrones=_thin(result, within)), spoken)) if "isochrones" in shown else None,
        _pack(_gaps(result, spoken)) if "gaps" in shown else None,
        _pack(area_group(result, spoken)) if "own_areas" in shown else None,
        room_group(result, spoken),
    ]
    for group in groups:
        if group is not None:
            group["layer"].add_to(changing)
    people = result.demand.population.to_numpy(float)
    facts = _block_facts(result, base) if base.blocks else _home_facts(result, base)
    _Follow(HOMES, base.codes(classes, people), facts).add_to(changing)
    if base.units:
        Paint(UNIT_RATES, _unit_classes(result, base, shown)).add_to(changing)
    st_folium(
        page_map,
        key="map_coverage",
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing,
        center=None if focus is None else _centre(focus, basemaps.datum_of(ground)),
        zoom=None if focus is None else focus_zoom(focus),
    )


def _thin(result: Survey, rows: pd.Series[bool]) -> gpd.GeoDataFrame:
    """Return the merged isochrones with no more corners than can be seen."""
    return _thinned(result.isochrones[rows & (result.isochrones.facility_id == "")], result.network.crs)


def _thinned(shapes: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    return shapes.set_geometry(shapes.geometry.to_crs(crs).simplify(THIN_M).to_crs(shapes.crs))


def _centre(bounds: Bounds, datum: str) -> tuple[float, float]:
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


def _gaps(result: Survey, spoken: str) -> dict[str, Any] | None:
    """Return all gaps, but labels of the largest only: dozens of labels would hide the homes."""
    gaps = _thinned(result.gaps, result.network.crs)
    every = gap_group(replace(result, gaps=gaps), spoken)
    largest = gap_group(replace(result, gaps=gaps.iloc[:MAX_GAP_LABELS]), spoken)
    if every is None or largest is None:
        return None
    group = folium.FeatureGroup(name="gaps", control=False)
    for source, kind in ((every, CompactLayer), (largest, MarkerLayer)):
        for layer in list(source["layer"]._children.values()):  # noqa: SLF001 - branca has no other way
            if isinstance(layer, kind):
                layer.add_to(group)
    return {**every, "layer": group}


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
    page_map.add_child(Call("walkshed.datum", {"name": basemaps.datum_of(ground)}))
    for tiles in basemaps.tile_layers(ground):
        tiles.add_to(page_map)
    for layer in base.layers(ground=ground == basemaps.OWN):
        layer.add_to(page_map)
    Legend(say("legend"), _legend(result, base)).add_to(page_map)
    FitArea(bounds).add_to(page_map)
    return page_map


def _legend(result: Survey, base: Base) -> list[dict[str, Any]]:
    """Return the legend; its texts hold no figure, or the map would be built anew at every click."""
    homes = ((SERVED, "legend_served"), (UNSERVED, "legend_unserved"))
    rooms = located(result.inputs.facilities)
    hours = result.norms.hourly is not None
    statuses = [
        status for status in palette.STATUS_COLOURS if (rooms.status == status).any() or (hours and status == "closed")
    ]
    signs = [
        {"key": sign_key(status), "text": say("legend_room", status=term("status", status))} for status in statuses
    ]
    own = area_key(palette.NAVY, opacity=0.16, stroke=palette.NAVY)
    gap = area_key(palette.UNSERVED, opacity=0.15, stroke=palette.GAP)
    groups = [
        {"text": say("legend_rooms"), "rows": signs},
        {
            "text": say("legend_homes")
            if base.blocks is None
            else say("legend_blocks", side=f"{base.blocks.side_m:g}", count=f"{len(base.blocks.block):,}"),
            "rows": [{"key": area_key(palette.HOME_COLOURS[code]), "text": say(key)} for code, key in homes],
        },
        {
            "text": say("legend_areas"),
            "rows": [
                {"key": line_key(palette.NAVY), "text": say("legend_band")},
                {"key": line_key(palette.NAVY, dash="6 4"), "text": say("legend_inner_band")},
                {"key": gap, "text": say("legend_gap")},
                *([{"key": own, "text": say("legend_own_area")}] if len(rooms) > 1 else []),
            ],
        },
        {"text": say("legend_units"), "rows": rate_rows() if base.units else []},
        {"text": say("legend_base"), "rows": list(base.rows)},
    ]
    return [group for group in groups if group["rows"]]


class _Follow(MacroElement):
    """Colours of the homes and facts about them, which follow the settings: ``static/session.js``, ``walkshed.follow``.

    Deflated, since it is most of what a click sends: a character for every home and fact.
    """

    _template = Template(
        "{% macro script(this, kwargs) %} walkshed.follow({{ this.layer_id }}, '{{ this.packed }}'); {% endmacro %}"
    )

    def __init__(self, layer_id: str, classes: NDArray[np.integer], columns: Sequence[dict[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Follow"
        self.layer_id = script_json(layer_id)
        self.packed = packed({"codes": encode_classes(classes), "columns": list(columns)})


def packed(value: object) -> str:
    """Return a value as JSON, deflated, in base64: what ``walkshed.unpack`` reads."""
    return b64encode(zlib.compress(json.dumps(value, ensure_ascii=False).encode(), PACKING)).decode()


def _pack(group: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a group whose shapes travel deflated."""
    if group is not None:
        for layer in list(group["layer"]._children.values()):  # noqa: SLF001 - branca has no other way
            if isinstance(layer, CompactLayer):
                layer.source = f"walkshed.unpack('{packed(json.loads(layer.source))}')"
    return group


def _block_facts(result: Survey, base: Base) -> list[dict[str, object]]:
    """Return what a square tells of the homes in it."""
    blocks, demand = base.blocks, result.demand
    assert blocks is not None  # noqa: S101 - asked for only where there are some
    people = demand.population.to_numpy(float)
    every, served = blocks.add_up(people), blocks.add_up(people * demand.covered.to_numpy(bool))
    homes = blocks.add_up(np.ones(len(demand)))
    tenths = np.full(len(every), -1)
    tenths[every > 0] = np.round(10 * served[every > 0] / every[every > 0]).astype(int)
    return [
        {"label": say("fact_homes"), "values": [count(value) for value in homes]},
        _fact("fact_rate", tenths, [f"{10 * tenth} %" for tenth in range(11)]),
    ]


def _home_facts(result: Survey, base: Base) -> list[dict[str, object]]:
    """Return what a home shows on hovering, a character per home and fact."""
    demand, names = result.demand, result.facilities.set_index("facility_id").name
    walked = np.minimum(np.ceil(demand.minutes.to_numpy(float)), MAX_CODE - 1)
    minutes = np.where(np.isnan(walked), -1, walked).astype(int)
    room, room_ids = pd.factorize(demand.facility_id)
    reason, reasons = pd.factorize(demand.reason)
    facts = [
        _fact("fact_minutes", minutes, [say("within_minutes", minutes=value) for value in range(MAX_CODE)]),
        _fact("fact_nearest", room, [shortened(names.get(key, ""), NAME_CHARACTERS) for key in room_ids]),
        _fact("fact_reason", reason, [term("reason", key) for key in reasons]),
    ]
    if not base.tells_residents:
        told: dict[str, object] = {
            "label": say("fact_residents"),
            "values": [count(float(value)) for value in demand.population],
        }
        facts.insert(0, told)
    return facts


def _fact(label: str, codes: NDArray[np.integer], texts: Sequence[str]) -> dict[str, object]:
    """Return a fact with a character per home.

    Parameters
    ----------
    label
        Key of its label.
    codes
        Position in ``texts`` for every home, negative for nothing to tell.
    texts
        Beyond so many the rarest go untold.
    """
    used, count_of = np.unique(codes[codes >= 0], return_counts=True)
    told = np.sort(used[np.argsort(-count_of, kind="stable")][:MAX_CODE])
    letter = np.full(len(texts) + 1, ord(NOTHING), np.uint8)
    letter[told] = FIRST_CHARACTER + np.arange(len(told))
    values = letter[np.where(codes >= 0, codes, len(texts))]
    return {
        "label": say(label),
        "values": values.tobytes().decode("ascii"),
        "texts": {NOTHING: ""} | {chr(letter[i]): texts[i] for i in told},
    }

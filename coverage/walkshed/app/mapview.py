"""The maps of the pages: a study's geometry is fetched once by address, a click sends one character per home."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from walkshed.app.assets import address
from walkshed.app.mapbase import HOMES, Base, study_base
from walkshed.app.texts import language, say, term
from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, MarkerLayer, OfflineMap, Paint
from walkshed.reporting.maplayers import band_group, gap_group, located, proposal_group, room_group
from walkshed.reporting.scripts import LOOKUP, script_json
from walkshed.reporting.served import NEW, SERVED, UNSERVED, home_classes
from walkshed.reporting.signs import area_key, line_key, sign_key
from walkshed.reporting.wording import count, credits_of, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.results import StudyResult

    Bounds = tuple[float, float, float, float]

HEIGHT_PX: Final = 620
FOCUS_PX: Final = 480
TILE_PX: Final = 256
FOCUS_ZOOMS: Final = (12.0, 17.0)
HIDDEN: Final = 3
MAX_GAP_LABELS: Final = 6
FIRST_CHARACTER: Final = 48
MAX_CODE: Final = 70
NOTHING: Final = " "


def draw_coverage(result: StudyResult, *, shown: frozenset[str], focus: Bounds | None) -> None:
    """Draw who is served today.

    Parameters
    ----------
    result
        The study's result.
    shown
        Of ``isochrones``, ``served``, ``unserved``, ``gaps``.
    focus
        West, south, east, north of what the reader asked for, if anything.
    """
    classes = np.where(result.demand.covered.to_numpy(bool), SERVED, UNSERVED)
    for code, layer in ((SERVED, "served"), (UNSERVED, "unserved")):
        if layer not in shown:
            classes = np.where(classes == code, HIDDEN, classes)
    _draw(result, "coverage", classes=classes, shown=shown, focus=focus)


def draw_siting(result: StudyResult, *, shown: frozenset[str], focus: Bounds | None) -> None:
    """Draw the proposals and whom they would serve; parameters as for :func:`draw_coverage`."""
    _draw(result, "siting", classes=home_classes(result), shown=shown, focus=focus)


def _draw(
    result: StudyResult, page: str, *, classes: NDArray[np.integer], shown: frozenset[str], focus: Bounds | None
) -> None:
    """Draw one map. Only what is in the feature group changes from click to click; the rest stays in the browser."""
    spoken = language()
    base = study_base(result, spoken)
    # A fresh map at every run: streamlit-folium changes the object it is given.
    page_map = _blank_map(result, base, page, spoken)
    changing = folium.FeatureGroup(name="session", control=False)
    within = result.isochrones.cutoff_min <= result.config.walking.cutoff_min
    groups = [
        band_group(replace(result, isochrones=result.isochrones[within]), spoken) if "isochrones" in shown else None,
        _gaps(result, spoken) if "gaps" in shown else None,
        room_group(result, spoken),
        proposal_group(result, spoken) if page == "siting" else None,
    ]
    for group in groups:
        if group is not None:
            group["layer"].add_to(changing)
    Paint(HOMES, classes).add_to(changing)
    _Tell(HOMES, _home_facts(result, base)).add_to(changing)
    st_folium(
        page_map,
        key=f"map_{page}",
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing,
        center=None if focus is None else ((focus[1] + focus[3]) / 2, (focus[0] + focus[2]) / 2),
        zoom=None if focus is None else focus_zoom(focus),
    )


def _gaps(result: StudyResult, spoken: str) -> dict[str, Any] | None:
    """Return all gaps, but labels of the largest only: dozens of labels would hide the homes."""
    every = gap_group(result, spoken)
    largest = gap_group(replace(result, gaps=result.gaps.iloc[:MAX_GAP_LABELS]), spoken)
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


def _blank_map(result: StudyResult, base: Base, page: str, spoken: str) -> OfflineMap:
    """Return the map without anything that a click changes."""
    west, south, east, north = (float(value) for value in result.inputs.boundary.total_bounds)
    page_map = OfflineMap(
        [(south + north) / 2, (west + east) / 2],
        language=spoken,
        assets_url=address("leaflet", from_map=True),
        attribution=credits_of(result, spoken),
        zoom_start=13,
        max_zoom=19,
        min_zoom=8,
        zoom_snap=0.05,
    )
    # By address instead of inside: what st_folium is given goes over the wire at every click.
    own, session = address("map", from_map=True), address("session", from_map=True)
    page_map.default_js = [
        page_map.default_js[0],
        ("lookup", LOOKUP),
        ("walkshed", f"{own}map.js"),
        ("session", f"{session}session.js"),
    ]
    page_map.default_css = [
        page_map.default_css[0],
        ("walkshed_css", f"{own}map.css"),
        ("session_css", f"{session}session.css"),
    ]
    for layer in base.layers():
        layer.add_to(page_map)
    Legend(say("legend"), _legend(result, base, page)).add_to(page_map)
    FitArea((west, south, east, north)).add_to(page_map)
    return page_map


def _legend(result: StudyResult, base: Base, page: str) -> list[dict[str, Any]]:
    """Return the legend; its texts hold no figure, or the map would be built anew at every click."""
    homes = [(SERVED, "legend_served"), (UNSERVED, "legend_unserved")]
    homes += [(NEW, "legend_new")] if page == "siting" else []
    rooms = located(result.inputs.facilities)
    statuses = [status for status in palette.STATUS_COLOURS if (rooms.status == status).any()]
    signs = [
        {"key": sign_key(status), "text": say("legend_room", status=term("status", status))} for status in statuses
    ]
    signs += [{"key": sign_key("proposal"), "text": say("legend_proposal")}] if page == "siting" else []
    gap = area_key(palette.UNSERVED, opacity=0.15, stroke=palette.GAP)
    groups = [
        {"text": say("legend_rooms"), "rows": signs},
        {
            "text": say("legend_homes"),
            "rows": [{"key": area_key(palette.HOME_COLOURS[code]), "text": say(key)} for code, key in homes],
        },
        {
            "text": say("legend_areas"),
            "rows": [
                {"key": line_key(palette.NAVY), "text": say("legend_band")},
                {"key": line_key(palette.NAVY, dash="6 4"), "text": say("legend_inner_band")},
                {"key": gap, "text": say("legend_gap")},
            ],
        },
        {"text": say("legend_base"), "rows": list(base.rows)},
    ]
    return [group for group in groups if group["rows"]]


class _Tell(MacroElement):
    """Facts about every home that follow the settings: ``static/session.js``, ``walkshed.tell``."""

    _template = Template(
        "{% macro script(this, kwargs) %} walkshed.tell({{ this.layer_id }}, {{ this.columns }}); {% endmacro %}"
    )

    def __init__(self, layer_id: str, columns: Sequence[dict[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Tell"
        self.layer_id = script_json(layer_id)
        self.columns = script_json(columns)


def _home_facts(result: StudyResult, base: Base) -> list[dict[str, object]]:
    """Return what a home shows on hovering, a character per home and fact."""
    demand, names = result.demand, result.facilities.set_index("facility_id").name
    walked = np.ceil(demand.minutes.to_numpy(float))
    minutes = [
        "" if np.isnan(value) else say("within_minutes", minutes=f"{min(value, MAX_CODE):.0f}") for value in walked
    ]
    rooms = [shortened(names.get(key, ""), 60) for key in demand.facility_id]
    reasons = [term("reason", reason) for reason in demand.reason]
    facts = [
        _fact("fact_minutes", minutes),
        _fact("fact_nearest", rooms),
        _fact("fact_reason", reasons),
    ]
    if not base.tells_residents:
        told: dict[str, object] = {
            "label": say("fact_residents"),
            "values": [count(float(value)) for value in demand.population],
        }
        facts.insert(0, told)
    return facts


def _fact(label: str, values: Sequence[str]) -> dict[str, object]:
    """Return a fact with a character per home; beyond so many different texts the rarest go untold."""
    often = [value for value in dict.fromkeys(values) if value][:MAX_CODE]
    code = {value: chr(FIRST_CHARACTER + i) for i, value in enumerate(often)}
    return {
        "label": say(label),
        "values": "".join(code.get(value, NOTHING) for value in values),
        "texts": {NOTHING: ""} | {character: value for value, character in code.items()},
    }

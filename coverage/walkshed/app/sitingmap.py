"""The map of the siting page: the plan, rooms put down by hand, and whom they serve together."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from walkshed.app import handmade
from walkshed.app.blankmap import blank_map
from walkshed.app.mapbase import HOMES, Base, study_base
from walkshed.app.mapview import packed
from walkshed.app.texts import language, say, term
from walkshed.reporting import palette
from walkshed.reporting.encode import encode_classes
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, MarkerLayer, OfflineMap, compact_payload
from walkshed.reporting.maplayers import COARSE, band_group, gap_group, located, room_group
from walkshed.reporting.scripts import script_json
from walkshed.reporting.served import NEW, SERVED, UNSERVED
from walkshed.reporting.signs import SIGNS, area_key, line_key, sign_key
from walkshed.reporting.wording import count, credits_of, percent, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import geopandas as gpd
    import shapely
    from numpy.typing import NDArray

    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf

    Bounds = tuple[float, float, float, float]

KEY: Final = "map_siting"
HEIGHT_PX: Final = 620
SHOWN: Final = ("isochrones", "gaps", "candidates")
HAND_COLOUR: Final = "#A3195B"
MUST_COLOUR, NOT_COLOUR = "#6B4C9A", "#4A4A4A"
MAX_GAP_LABELS: Final = 6
MAX_CANDIDATES: Final = 2_500
"""More candidates than these are drawn thinned out: what is sent at every click has to stay small."""
TAG_CHARACTERS, NAME_CHARACTERS = 24, 400
FIRST_CHARACTER: Final = 48
MAX_MINUTES: Final = 60
RANK_MARKS: Final = 300
THIN_M: Final = 5.0
"""Corners of areas that matter less than so many metres are left out."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the map shows beside the study itself.

    Attributes
    ----------
    now
        Rooms as they stand, with whom they serve.
    shown
        Of :data:`SHOWN`.
    must_build, forbidden
        Candidates that the goal names.
    meaning
        What a click on the map does; ``""`` nothing.
    focus
        West, south, east, north of what the reader asked for, if anything.
    zoom
        With ``focus``.
    """

    now: WhatIf
    shown: frozenset[str]
    must_build: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    meaning: str = ""
    focus: Bounds | None = None
    zoom: float | None = None


def draw(result: StudyResult, scene: Scene, *, on_change: Callable[[], None]) -> None:
    """Draw the map. Only what is in the feature group changes from click to click; the rest stays in the browser.

    Parameters
    ----------
    result
        With the plan.
    scene
        What else there is to show.
    on_change
        Called after a click or a drag; :func:`act` then tells which.
    """
    spoken = language()
    base = study_base(result, spoken)
    page_map = _blank(result, base, spoken)
    changing = folium.FeatureGroup(name="session", control=False)
    for layer in _layers(result, scene, spoken):
        layer.add_to(changing)
    people = result.demand.population.to_numpy(float)
    codes = base.codes(handmade.home_classes(scene.now), people)
    facts = [] if base.blocks is not None else _facts(result, scene.now)
    _Say("walkshed.follow", HOMES, packed({"codes": encode_classes(codes), "columns": facts})).add_to(changing)
    _Say("walkshed.mean", scene.meaning).add_to(changing)
    focus = scene.focus
    st_folium(
        page_map,
        key=KEY,
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing,
        center=None if focus is None else ((focus[1] + focus[3]) / 2, (focus[0] + focus[2]) / 2),
        zoom=scene.zoom if focus is not None else None,
        on_change=on_change,
    )


def _layers(result: StudyResult, scene: Scene, spoken: str) -> Iterator[Any]:
    """Return what changes from click to click, lowest first."""
    for kind, make in (("isochrones", _bands), ("gaps", _gaps), ("candidates", _candidates)):
        if kind in scene.shown:
            yield from _again(handmade.drawn_once(result, (kind, spoken), partial(_made, make, result, spoken)))
    rooms = room_group(result, spoken)
    if rooms is not None:
        yield rooms["layer"]
    yield MarkerLayer("marks", _signs(), list(_marks(result, scene)))
    yield MarkerLayer("proposals", _signs(), list(_pins(result, scene.now)))
    yield MarkerLayer("hand", _signs(), list(_hand_pins(scene.now)))


def _made(
    make: Callable[[StudyResult, str], Iterator[Any]], result: StudyResult, spoken: str
) -> tuple[tuple[str, str], ...]:
    """Return layers as options and shapes, deflated; labels have none."""
    return tuple(
        (
            layer.options,
            f"walkshed.unpack('{packed(json.loads(layer.source))}')" if isinstance(layer, CompactLayer) else "",
        )
        for layer in make(result, spoken)
    )


def _again(parts: tuple[tuple[str, str], ...]) -> Iterator[Any]:
    """Return new layers for a new map."""
    for options, source in parts:
        name = str(json.loads(options)["id"])
        layer = CompactLayer(name, url="") if source else MarkerLayer(name, {}, [])
        layer.options = options
        if isinstance(layer, CompactLayer):
            layer.source = source
        yield layer


def _bands(result: StudyResult, spoken: str) -> Iterator[Any]:
    shapes = result.isochrones
    within = (shapes.cutoff_min <= result.config.walking.cutoff_min) & (shapes.facility_id == "")
    group = band_group(replace(result, isochrones=_thinned(shapes[within], result)), spoken)
    if group is not None:
        yield from group["layer"]._children.values()  # noqa: SLF001 - branca has no other way


def _gaps(result: StudyResult, spoken: str) -> Iterator[Any]:
    """Return all gaps, but labels of the largest only."""
    gaps = _thinned(result.gaps, result)
    every = gap_group(replace(result, gaps=gaps), spoken)
    largest = gap_group(replace(result, gaps=gaps.iloc[:MAX_GAP_LABELS]), spoken)
    for source, kind in ((every, CompactLayer), (largest, MarkerLayer)):
        if source is not None:
            children = list(source["layer"]._children.values())  # noqa: SLF001 - branca has no other way
            yield from (layer for layer in children if isinstance(layer, kind))


def _thinned(shapes: gpd.GeoDataFrame, result: StudyResult) -> gpd.GeoDataFrame:
    """Return areas with no more corners than can be seen."""
    return shapes.set_geometry(shapes.geometry.to_crs(result.network.crs).simplify(THIN_M).to_crs(shapes.crs))


def _candidates(result: StudyResult, spoken: str) -> Iterator[Any]:
    del spoken
    table = located(result.candidates)
    step = -(-len(table) // MAX_CANDIDATES) or 1
    yield CompactLayer(
        "candidates",
        compact_payload(table.geometry.iloc[::step], scale=COARSE),
        z=445,
        style={"color": "#FFFFFF", "weight": 0.8, "fillColor": palette.INK, "fillOpacity": 0.75},
        radius=2.6,
    )


def _pins(result: StudyResult, now: WhatIf) -> Iterator[dict[str, object]]:
    """Return the plan's rooms that stand, numbered in build order."""
    for site in result.proposals.to_dict("records"):
        key = handmade.PLAN_PREFIX + str(site["candidate_id"])
        if key not in now.rooms:
            continue
        yield {
            "at": _at(site["geometry"]),
            "sign": "proposal",
            "number": str(site["rank"]),
            "tag": say("pin_newly", people=count(site["newly_served"])),
            "plate": True,
            "color": palette.NEW,
            "rank": int(site["rank"]),
            "name": shortened(site["place"], NAME_CHARACTERS),
            "rows": [
                (say("column_newly"), count(float(site["newly_served"]))),
                (say("column_rate_after"), percent(float(site["cumulative_rate"]))),
                (say("column_candidate"), str(site["candidate_id"])),
            ],
            "drag": key,
        }


def _hand_pins(now: WhatIf) -> Iterator[dict[str, object]]:
    for place, room in enumerate(handmade.rooms()):
        key = handmade.HAND_PREFIX + room.letter
        stands = key in now.rooms
        alone = handmade.alone(now, key) if stands else 0.0
        yield {
            "at": (room.lat, room.lon),
            "sign": "hand",
            "number": room.letter,
            "tag": say("pin_alone", people=count(alone)) if stands else say("pin_off_street"),
            "plate": True,
            "color": HAND_COLOUR,
            "rank": 100 + place,
            "name": say("hand_room", letter=room.letter),
            "rows": [(say("column_alone"), count(alone))] if stands else [],
            "drag": key,
            "gone": True,
        }


def _marks(result: StudyResult, scene: Scene) -> Iterator[dict[str, object]]:
    """Return the candidates that the goal names."""
    named = dict.fromkeys(scene.must_build, "must") | dict.fromkeys(scene.forbidden, "not")
    table = result.candidates[result.candidates["candidate_id"].isin(named)]
    for place, site in enumerate(table.to_dict("records")):
        what = named[str(site["candidate_id"])]
        yield {
            "at": _at(site["geometry"]),
            "sign": what,
            "tag": say(f"mark_{what}"),
            "small": True,
            "color": MUST_COLOUR if what == "must" else NOT_COLOUR,
            "rank": RANK_MARKS + place,
            "name": shortened(site["place"], NAME_CHARACTERS),
            "rows": [(say("column_candidate"), str(site["candidate_id"]))],
        }


def _signs() -> dict[str, dict[str, object]]:
    """Return the signs: the plan's pin, that of rooms by hand, what must and what must not be built."""
    pin, planned, closed = SIGNS["proposal"], SIGNS["planned"], SIGNS["closed"]
    hand = {**pin, "svg": str(pin["svg"]).replace(palette.NEW, HAND_COLOUR)}
    return {
        "proposal": dict(pin),
        "hand": hand,
        "must": dict(planned),
        "not": {**closed, "svg": str(closed["svg"]).replace(palette.STATUS_COLOURS["closed"], NOT_COLOUR)},
    }


def _facts(result: StudyResult, now: WhatIf) -> list[dict[str, object]]:
    """Return what a home shows on hovering, a character per home and fact: the walk today, and then."""
    return [
        _minutes("fact_walk_today", result.demand["minutes"].to_numpy(float)),
        _minutes("fact_walk", now.nearest_min),
    ]


def _minutes(label: str, walked: NDArray[np.float64]) -> dict[str, object]:
    known = np.where(np.isfinite(walked), np.minimum(np.ceil(np.nan_to_num(walked, posinf=0)), MAX_MINUTES), -1)
    codes = (known + 1 + FIRST_CHARACTER).astype(np.uint8)
    told = {chr(FIRST_CHARACTER): say("walk_beyond")}
    told |= {
        chr(FIRST_CHARACTER + 1 + minute): say("within_minutes", minutes=minute) for minute in range(MAX_MINUTES + 1)
    }
    return {"label": say(label), "values": codes.tobytes().decode("ascii"), "texts": told}


def _blank(result: StudyResult, base: Base, spoken: str) -> OfflineMap:
    """Return the map without anything that a click changes; a fresh one at every run."""
    bounds = result.inputs.boundary.total_bounds
    page_map = blank_map(bounds, language=spoken, attribution=credits_of(result, spoken), scripts=("hands",))
    for layer in base.layers():
        layer.add_to(page_map)
    Legend(say("legend"), _legend(result, base)).add_to(page_map)
    FitArea(bounds).add_to(page_map)
    _Hands().add_to(page_map)
    return page_map


def _legend(result: StudyResult, base: Base) -> list[dict[str, Any]]:
    """Return the legend; its texts hold no figure, or the map would be built anew at every click."""
    rooms = located(result.inputs.facilities)
    statuses = [status for status in palette.STATUS_COLOURS if (rooms.status == status).any()]
    homes = ((SERVED, "legend_served"), (UNSERVED, "legend_unserved"), (NEW, "legend_new"))
    gap = area_key(palette.UNSERVED, opacity=0.15, stroke=palette.GAP)
    return [
        {
            "text": say("legend_rooms"),
            "rows": [
                {"key": sign_key("proposal"), "text": say("legend_proposal")},
                {"key": sign_key("proposal").replace(palette.NEW, HAND_COLOUR), "text": say("legend_hand")},
                *(
                    {"key": sign_key(status), "text": say("legend_room", status=term("status", status))}
                    for status in statuses
                ),
            ],
        },
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


class _Hands(MacroElement):
    """Clicks on the map are told to the page: ``static/hands.js``."""

    _template = Template(
        "{% macro script(this, kwargs) %} walkshed.hands({{ this._parent.get_name() }}); {% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Hands"


class _Say(MacroElement):
    """A call of one of the map's own functions."""

    _template = Template("{% macro script(this, kwargs) %} {{ this.function }}({{ this.arguments }}); {% endmacro %}")

    def __init__(self, function: str, *arguments: Sequence[object] | str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Say"
        self.function = function
        self.arguments = ", ".join(script_json(argument) for argument in arguments)


def _at(point: shapely.Point) -> tuple[float, float]:
    return round(point.y, 6), round(point.x, 6)

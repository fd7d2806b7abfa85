"""The map of a comparison: homes that gain, lose, and stay as they were; rooms of either side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from walkshed.app.blankmap import blank_map
from walkshed.app.mapbase import HOMES, Base, study_base
from walkshed.app.sides import GAINED, LOST, STILL_SERVED, STILL_UNSERVED, common_rooms
from walkshed.app.texts import language, say, term
from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, MarkerLayer, Paint
from walkshed.reporting.maplayers import located, room_group
from walkshed.reporting.scripts import script_json
from walkshed.reporting.signs import SIGNS, area_key, sign_key
from walkshed.reporting.wording import credits_of, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from walkshed.app.sides import Comparison
    from walkshed.results import StudyResult

    Bounds = tuple[float, float, float, float]

HEIGHT_PX: Final = 560
COLOURS: Final = {
    STILL_SERVED: "#B5CCDD", STILL_UNSERVED: "#EDB38C", GAINED: palette.NEW, LOST: "#6A1B9A",
}  # fmt: skip
"""What stays is pale, what changes is dark; told apart by lightness too (see tests/app/test_compare.py)."""
ORDER: Final = (GAINED, LOST, STILL_SERVED, STILL_UNSERVED)
NAMES: Final = {
    GAINED: "class_gained", LOST: "class_lost", STILL_SERVED: "class_still_served",
    STILL_UNSERVED: "class_still_unserved",
}  # fmt: skip
SIDE_COLOURS: Final = {"before": COLOURS[LOST], "both": palette.NAVY, "after": palette.NEW}
TAG_CHARACTERS, NAME_CHARACTERS, MAX_MINUTES = 24, 200, 60
FIRST_CHARACTER: Final = 48


def draw_comparison(result: StudyResult, comparison: Comparison, *, focus: Bounds | None) -> None:
    """Draw who gains and who loses.

    Parameters
    ----------
    result
        Of the session's choices.
    comparison
        Of two of its sides.
    focus
        West, south, east, north of what the reader asked for, if anything.
    """
    spoken = language()
    base = study_base(result, spoken)
    bounds = result.inputs.boundary.total_bounds
    page_map = blank_map(bounds, language=spoken, attribution=credits_of(result, spoken))
    for layer in base.layers():
        if isinstance(layer, CompactLayer):
            layer.options = _with_own_looks(layer.options)
        layer.add_to(page_map)
    Legend(say("legend"), _legend(result, base)).add_to(page_map)
    FitArea(bounds).add_to(page_map)
    changing = folium.FeatureGroup(name="session", control=False)
    rooms = room_group(result, spoken)
    if rooms is not None:
        rooms["layer"].add_to(changing)
    MarkerLayer("new-rooms", _signs(), list(_markers(comparison))).add_to(changing)
    people = result.demand["population"].to_numpy(float)
    Paint(HOMES, base.codes(comparison.classes, people)).add_to(changing)
    if base.blocks is None:
        _Tell(HOMES, _facts(comparison)).add_to(changing)
    st_folium(
        page_map,
        key="map_compare",
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing,
        center=None if focus is None else ((focus[1] + focus[3]) / 2, (focus[0] + focus[2]) / 2),
        zoom=None if focus is None else 14,
    )


def _with_own_looks(options: str) -> str:
    """Return the options of a layer; of the homes' with the classes of a comparison."""
    parsed: dict[str, Any] = json.loads(options)
    if parsed["id"] != HOMES:
        return options
    parsed["classes"] = [{"color": COLOURS[code], "fillColor": COLOURS[code]} for code in sorted(COLOURS)]
    return script_json(parsed)


def _legend(result: StudyResult, base: Base) -> list[dict[str, Any]]:
    """Return the legend; it holds no figure, or the map would be built anew at every click."""
    rooms = located(result.inputs.facilities)
    statuses = [status for status in palette.STATUS_COLOURS if (rooms.status == status).any()]
    pins = _signs()
    return [
        {
            "text": say("legend_homes"),
            "rows": [{"key": area_key(COLOURS[code]), "text": say(NAMES[code])} for code in ORDER],
        },
        {
            "text": say("legend_rooms"),
            "rows": [
                *({"key": _small(pins[side]), "text": say(f"legend_room_{side}")} for side in SIDE_COLOURS),
                *(
                    {"key": sign_key(status), "text": say("legend_room", status=term("status", status))}
                    for status in statuses
                ),
            ],
        },
        {"text": say("legend_base"), "rows": list(base.rows)},
    ]


def _signs() -> dict[str, dict[str, object]]:
    """Return a pin per side."""
    pin = SIGNS["proposal"]
    return {
        side: {**pin, "svg": str(pin["svg"]).replace(palette.NEW, colour)} for side, colour in SIDE_COLOURS.items()
    } | {"closed": dict(SIGNS["closed"])}


def _small(sign: Mapping[str, object]) -> str:
    return sign_key("proposal").replace(palette.NEW, _colour_of(sign))


def _colour_of(sign: Mapping[str, object]) -> str:
    return next(colour for colour in SIDE_COLOURS.values() if colour in str(sign["svg"]))


def _markers(comparison: Comparison) -> list[dict[str, object]]:
    """Return the new rooms of both sides, numbered within theirs."""
    items: list[dict[str, object]] = []
    for side, rooms in zip(SIDE_COLOURS, common_rooms(comparison), strict=True):
        items += _of_side(rooms, side, first=len(items))
    return items


def _of_side(rooms: gpd.GeoDataFrame, side: str, *, first: int) -> list[dict[str, object]]:
    return [
        {
            "at": (round(point.y, 6), round(point.x, 6)),
            "sign": side,
            "number": str(number),
            "tag": shortened(name, TAG_CHARACTERS),
            "plate": True,
            "color": SIDE_COLOURS[side],
            "rank": first + number,
            "name": shortened(name, NAME_CHARACTERS),
            "rows": [(say("field_side"), say(f"legend_room_{side}"))],
        }
        for number, (name, point) in enumerate(zip(rooms["name"], rooms.geometry, strict=True), start=1)
    ]


class _Tell(MacroElement):
    """Facts about every home that follow the choice: ``static/session.js``, ``walkshed.tell``."""

    _template = Template(
        "{% macro script(this, kwargs) %} walkshed.tell({{ this.layer_id }}, {{ this.columns }}); {% endmacro %}"
    )

    def __init__(self, layer_id: str, columns: Sequence[Mapping[str, object]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Tell"
        self.layer_id = script_json(layer_id)
        self.columns = script_json([dict(column) for column in columns])


def _facts(comparison: Comparison) -> list[dict[str, object]]:
    """Return what a home shows on hovering, a character per home and fact."""
    codes = {str(code): say(NAMES[code]) for code in ORDER}
    return [
        {"label": say("fact_change"), "values": "".join(map(str, comparison.classes)), "texts": codes},
        _minutes("fact_minutes_before", comparison.before.demand),
        _minutes("fact_minutes_after", comparison.after.demand),
    ]


def _minutes(label: str, demand: gpd.GeoDataFrame) -> dict[str, object]:
    walked = np.ceil(demand["minutes"].to_numpy(float))
    known = np.where(np.isnan(walked), MAX_MINUTES + 1, np.minimum(walked, MAX_MINUTES)).astype(int)
    texts = {chr(FIRST_CHARACTER + minutes): say("within_minutes", minutes=minutes) for minutes in range(MAX_MINUTES)}
    texts[chr(FIRST_CHARACTER + MAX_MINUTES)] = say("minutes_more", minutes=MAX_MINUTES - 1)
    texts[chr(FIRST_CHARACTER + MAX_MINUTES + 1)] = say("minutes_unreached")
    used = {chr(FIRST_CHARACTER + value) for value in set(known.tolist())}
    return {
        "label": say(label),
        "values": "".join(chr(FIRST_CHARACTER + value) for value in known),
        "texts": {code: told for code, told in texts.items() if code in used},
    }

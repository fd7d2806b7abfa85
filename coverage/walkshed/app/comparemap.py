"""The map of a comparison: homes that gain, lose, and stay as they were; rooms of either side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import folium
from streamlit_folium import st_folium

from walkshed.app import mapfacts
from walkshed.app.blankmap import blank_map
from walkshed.app.mapareas import standing
from walkshed.app.mapbase import HOMES, Base, study_base
from walkshed.app.mapsent import Follow, stay
from walkshed.app.side_rooms import common_rooms
from walkshed.app.sides import GAINED, LOST, STILL_SERVED, STILL_UNSERVED
from walkshed.app.texts import language, say, term
from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, FitArea, Legend, MarkerLayer
from walkshed.reporting.maplayers import located
from walkshed.reporting.scripts import script_json
from walkshed.reporting.signs import SIGNS, area_key, sign_key
from walkshed.reporting.wording import credits_of, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

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
TAG_CHARACTERS, NAME_CHARACTERS = 24, 200


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
    stay(standing(result, ("rooms",), spoken)).add_to(changing)
    MarkerLayer("new-rooms", _signs(), list(_markers(comparison))).add_to(changing)
    codes = base.codes(comparison.classes, result.demand["population"].to_numpy(float))
    Follow(HOMES, codes, _facts(comparison) if base.blocks is None else []).add_to(changing)
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


def _facts(comparison: Comparison) -> list[dict[str, object]]:
    """Return what a home shows on hovering, a character per home and fact."""
    before, after = (side.demand["minutes"].to_numpy(float) for side in (comparison.before, comparison.after))
    return [
        mapfacts.fact("fact_change", comparison.classes.astype(int), [say(NAMES[code]) for code in sorted(NAMES)]),
        mapfacts.walk("fact_minutes_before", before, none="minutes_unreached"),
        mapfacts.walk("fact_minutes_after", after, none="minutes_unreached"),
    ]

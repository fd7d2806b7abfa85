"""The map of the siting page: the plan, rooms put down by hand, and whom they serve together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import folium
from streamlit_folium import st_folium

from walkshed.app import basemaps, hand_figures, legends, mapfacts, state
from walkshed.app.blankmap import blank_map
from walkshed.app.mapareas import standing
from walkshed.app.mapbase import HOMES, Base, study_base
from walkshed.app.mapsent import Follow, Say, drawn_once, publish_facts, stay
from walkshed.app.mapview import centre, focus_zoom
from walkshed.app.sitingsigns import HAND_COLOUR, sign_layers
from walkshed.app.texts import language, say
from walkshed.reporting import palette
from walkshed.reporting.leaflet import FitArea, Legend, OfflineMap
from walkshed.reporting.maplayers import located
from walkshed.reporting.panels import Call
from walkshed.reporting.served import NEW, SERVED, UNSERVED
from walkshed.reporting.signs import sign_key
from walkshed.reporting.wording import credits_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.results import StudyResult
    from walkshed.siting.what_if import WhatIf

    Bounds = tuple[float, float, float, float]

KEY: Final = "map_siting"
HEIGHT_PX: Final = 620
SHOWN: Final = ("isochrones", "gaps", "candidates")


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
    ground
        Base map, of :func:`walkshed.app.basemaps.offered`.
    """

    now: WhatIf
    shown: frozenset[str]
    must_build: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    meaning: str = ""
    focus: Bounds | None = None
    ground: str = basemaps.OWN
    refused: int = 0


def draw(result: StudyResult, scene: Scene, *, on_change: Callable[[], None]) -> None:
    """Draw the map. Only what is in the feature group changes from click to click; the rest stays in the browser.

    Parameters
    ----------
    result
        With the plan.
    scene
        What else there is to show.
    on_change
        Called after a click or a drag; the session holds under :data:`KEY` which.
    """
    spoken = language()
    base = study_base(result, spoken)
    page_map = _blank(result, base, spoken, scene.ground)
    changing = folium.FeatureGroup(name="session", control=False)
    kinds = [kind for kind in SHOWN if kind in scene.shown]
    stay(standing(result, (*kinds, "rooms"), spoken)).add_to(changing)
    for signs in sign_layers(result, scene.now, must_build=scene.must_build, forbidden=scene.forbidden):
        signs.add_to(changing)
    _follow(result, scene.now, base).add_to(changing)
    # What does not differ is not drawn anew: after a refused drag nothing else would, and the pin would stay there.
    Say("walkshed.mean", scene.meaning, scene.refused).add_to(changing)
    focus, datum = scene.focus, basemaps.datum_of(scene.ground)
    st_folium(
        page_map,
        key=KEY,
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=changing,
        center=None if focus is None else centre(focus, datum),
        zoom=None if focus is None else focus_zoom(focus),
        on_change=on_change,
    )


def _follow(result: StudyResult, now: WhatIf, base: Base) -> Follow:
    """Return the homes' colours, and their walk today and then; today's is fetched once where it may be."""
    codes = base.codes(hand_figures.home_classes(now), result.demand.population.to_numpy(float))
    if base.blocks is not None:
        return Follow(HOMES, codes, [])
    today = drawn_once(
        result,
        ("walk_today", language()),
        lambda: mapfacts.walk("fact_walk_today", result.demand["minutes"].to_numpy(float), none="walk_beyond"),
    )
    then = mapfacts.walk("fact_walk", now.nearest_min, none="walk_beyond")
    if state.is_own(result.config):
        return Follow(HOMES, codes, [today, then])
    at = drawn_once(result, ("walk today at", language()), lambda: publish_facts([today]))
    return Follow(HOMES, codes, [then], same=[at])


def _blank(result: StudyResult, base: Base, spoken: str, ground: str) -> OfflineMap:
    """Return the map without anything that a click changes; a fresh one at every run."""
    bounds = result.inputs.boundary.total_bounds
    page_map = blank_map(bounds, language=spoken, attribution=credits_of(result, spoken), scripts=("hands",))
    basemaps.add_ground(page_map, base, ground)
    Legend(say("legend"), _legend(result, base)).add_to(page_map)
    FitArea(bounds).add_to(page_map)
    page_map.add_child(Call("walkshed.hands", {}))
    return page_map


def _legend(result: StudyResult, base: Base) -> list[dict[str, Any]]:
    """Return the legend; its texts hold no figure, or the map would be built anew at every click."""
    signs = [
        {"key": sign_key("proposal"), "text": say("legend_proposal")},
        {"key": sign_key("proposal").replace(palette.NEW, HAND_COLOUR), "text": say("legend_hand")},
    ]
    rooms = legends.room_rows(located(result.inputs.facilities))
    return [
        {"text": say("legend_rooms"), "rows": [*signs, *rooms]},
        legends.homes_group(base, ((SERVED, "legend_served"), (UNSERVED, "legend_unserved"), (NEW, "legend_new"))),
        legends.areas_group(),
        {"text": say("legend_base"), "rows": list(base.rows)},
    ]

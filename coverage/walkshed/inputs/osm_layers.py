"""The layers taken from OpenStreetMap: what each asks for, what it accepts, how it becomes a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from walkshed.errors import InputError
from walkshed.inputs.osm_filters import EXCLUSIONS, GREEN, GROUNDS, PLACES, WATER, has_all, has_any
from walkshed.inputs.osm_frames import (
    backdrop_frame,
    buildings_frame,
    exclusions_frame,
    landuse_frame,
    places_frame,
    points_frame,
    sites_frame,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from walkshed.inputs.osm_objects import OsmObject

    Choice = Mapping[str, Sequence[str]]

ANY = ("*",)


class Layer(NamedTuple):
    """A layer.

    Attributes
    ----------
    choice
        Key -> values (``"*"`` any); an object with one of the keys and values may belong to the layer.
    accept
        Decides by all tags of such an object.
    frame
        Makes the table.
    nodes
        Nodes belong to it too, not only areas.
    """

    choice: Choice
    accept: Callable[[Mapping[str, str]], bool]
    frame: Callable[[Sequence[OsmObject]], gpd.GeoDataFrame]
    nodes: bool = False


def _either(*choices: Choice) -> Choice:
    keys = dict.fromkeys(key for choice in choices for key in choice)
    return {key: tuple(value for choice in choices for value in choice.get(key, ())) for key in keys}


_LAND: Choice = {"landuse": ANY, "amenity": GROUNDS}
_BACKDROP = _either(WATER, GREEN)
_PLACES: Choice = {"place": PLACES, "name": ANY}
_EXCLUSIONS = _either(*EXCLUSIONS.values())

LAYERS = {
    "buildings": Layer({"building": ANY}, lambda tags: "building" in tags, buildings_frame),
    "landuse": Layer(_LAND, lambda tags: "landuse" in tags or has_any(tags, {"amenity": GROUNDS}), landuse_frame),
    "backdrop": Layer(_BACKDROP, lambda tags: has_any(tags, _BACKDROP), backdrop_frame),
    "exclusions": Layer(_EXCLUSIONS, lambda tags: has_any(tags, _EXCLUSIONS), exclusions_frame),
    "places": Layer({"place": PLACES}, lambda tags: has_all(tags, _PLACES), places_frame, nodes=True),
}


def points_layer(tags: Choice) -> Layer:
    """Return the layer of places that satisfy every key of ``tags``.

    Raises
    ------
    InputError
        If there is no key, or a key without values: that would choose everything on the map, or nothing.
    """
    if not tags or not all(tags.values()):
        raise InputError("osm_tags_empty")
    first = next(iter(tags))
    extra = [key for key in tags if key not in ("name", "operator", "opening_hours")]
    return Layer(
        {first: tags[first]}, lambda own: has_all(own, tags), lambda found: points_frame(found, extra), nodes=True
    )


def sites_layer(kinds: Mapping[str, Sequence[Choice]]) -> Layer:
    """Return the layer of places of several kinds, each told by any of its choices, of which every key must hold.

    Raises
    ------
    InputError
        If there is no kind, or a choice without keys or values.
    """
    choices = [choice for each in kinds.values() for choice in each]
    if not choices or not all(choice and all(choice.values()) for choice in choices):
        raise InputError("osm_tags_empty")
    firsts = [{next(iter(choice)): choice[next(iter(choice))]} for choice in choices]
    return Layer(
        _either(*firsts),
        lambda own: any(has_all(own, choice) for choice in choices),
        lambda found: sites_frame(found, kinds),
        nodes=True,
    )


def unit_tags(admin_level: int) -> Choice:
    """Return the tags of administrative units; nameless pieces of boundary, such as islets, are no units."""
    return {"boundary": ("administrative",), "admin_level": (str(admin_level),), "name": ANY}

"""Which tags of OpenStreetMap mean what: every choice by tags, in one place, with its reason.

Walkable streets have their own place, :mod:`walkshed.network.walkable`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WATER = {
    "natural": ("water", "bay"),
    "waterway": ("riverbank", "dock"),
    "landuse": ("reservoir", "basin"),
    "leisure": ("swimming_pool",),
}
"""Water areas of the backdrop. The sea has no area in OpenStreetMap, only a coast line, and stays paper."""

GREEN = {
    "leisure": ("park", "garden", "nature_reserve", "golf_course", "pitch", "playground", "recreation_ground"),
    "landuse": (
        "forest", "grass", "meadow", "recreation_ground", "village_green", "cemetery", "orchard", "vineyard",
        "allotments", "flowerbed", "plant_nursery",
    ),
    "natural": ("wood", "scrub", "grassland", "heath", "tree_group"),
}  # fmt: skip
"""Green areas of the backdrop: what a reader of a city map expects to see green."""

EXCLUSIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "water": WATER,
    "industrial": {
        "landuse": ("industrial", "depot"),
        "power": ("plant", "substation"),
        "man_made": ("works", "wastewater_plant"),
    },
    "military": {
        "landuse": ("military",),
        "military": (
            "airfield", "ammunition", "barracks", "base", "bunker", "danger_area", "naval_base", "obstacle_course",
            "office", "range", "training_area",
        ),
    },
    "railway": {"landuse": ("railway",), "railway": ("yard",)},
    "cemetery": {"landuse": ("cemetery",), "amenity": ("grave_yard",)},
    "quarry": {"landuse": ("quarry",)},
    "landfill": {"landuse": ("landfill",)},
    "airport": {"aeroway": ("aerodrome", "apron", "runway", "taxiway")},
    "farmland": {"landuse": ("farmland", "farmyard", "orchard", "vineyard", "allotments", "plant_nursery")},
    "forest": {"landuse": ("forest",), "natural": ("wood",)},
}  # fmt: skip
"""Kinds of land where no room can be built; a tag with one of the values suffices."""

SITES: Mapping[str, Sequence[Mapping[str, Sequence[str]]]] = {
    "community_centre": ({"amenity": ("community_centre", "social_centre")},),
    "public_building": (
        {"building": ("public", "civic", "government")},
        {"amenity": ("townhall",)},
        {"office": ("government",)},
    ),
    "culture": ({"amenity": ("arts_centre", "theatre")}, {"tourism": ("museum", "gallery")}),
    "school": ({"amenity": ("school", "college", "university")},),
    "park": ({"leisure": ("park",)},),
    "station": ({"railway": ("station",)}, {"public_transport": ("station",)}),
    "market": ({"amenity": ("marketplace",)}, {"shop": ("mall", "department_store", "supermarket")}),
    "vacant": ({"shop": ("vacant",)}, {"disused": ("yes",), "building": ("*",)}),
}
"""Kinds of places in which a room may find its place, most wanted first; each by any of its choices of tags."""

GROUNDS = ("school", "kindergarten", "college", "university", "hospital", "prison", "fire_station", "marketplace")
"""``amenity`` values that are drawn around whole grounds and therefore say what land is used for."""

PLACES = (
    "city", "borough", "suburb", "quarter", "neighbourhood", "city_block", "town", "village", "hamlet",
    "isolated_dwelling", "square", "locality", "island", "islet",
)  # fmt: skip
"""``place`` values by which people say where something is ("near ..."); states and larger regions say nothing there."""

PURPOSE_KEYS = (
    "amenity", "office", "shop", "tourism", "leisure", "healthcare", "craft", "industrial", "man_made", "power",
    "railway", "aeroway", "public_transport", "military", "government", "religion", "sport", "emergency", "telecom",
    "club", "historic",
)  # fmt: skip
"""Keys that, on a building, say what it is used for."""

MAX_LEVELS = 163.0
"""Storeys of the tallest building there is; a larger number is a slip of the pen."""


def is_residential_use(use: str) -> bool:
    """Say whether a value of ``building:use`` names dwelling, alone or among others.

    Examples
    --------
    >>> is_residential_use("residential;retail"), is_residential_use("office")
    (True, False)
    """
    return any(part.strip() in ("residential", "apartments", "dwelling", "housing") for part in use.split(";"))


def has_any(tags: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Say whether one of the keys has one of its values."""
    return any(tags.get(key) in values for key, values in wanted.items())


def has_all(tags: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Say whether every key has one of its values.

    A value of ``"*"`` stands for any; a tag with several values (``a;b``) counts by each of them.

    Examples
    --------
    >>> has_all({"amenity": "cafe;library"}, {"amenity": ["library"]})
    True
    >>> has_all({"amenity": "library"}, {"amenity": ["library"], "name": ["*"]})
    False
    """
    return all(_matches(tags.get(key), values) for key, values in wanted.items())


def _matches(value: str | None, allowed: Sequence[str]) -> bool:
    if value is None:
        return False
    return "*" in allowed or value in allowed or any(part.strip() in allowed for part in value.split(";"))


def parse_levels(value: str | None) -> float:
    """Return the number of storeys that ``building:levels`` states, NaN where it states none.

    Several numbers (``"4;6"``, ``"3-5"``) are parts of different height and give their mean.

    Examples
    --------
    >>> parse_levels("5"), parse_levels("4;6"), parse_levels("2,5"), parse_levels("-1")
    (5.0, 5.0, 2.5, nan)
    """
    text = (value or "").strip()
    if not re.fullmatch(r"\+?\d.*", text):
        return float("nan")
    numbers = [float(number.replace(",", ".")) for number in re.findall(r"\d+(?:[.,]\d+)?", text)]
    mean = sum(numbers) / len(numbers)
    return mean if 0.0 < mean <= MAX_LEVELS else float("nan")

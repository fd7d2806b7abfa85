"""The residents' buildings, land or points as one layer of the web map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import folium
import numpy as np

from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, compact_payload
from walkshed.reporting.maplayers import NAME_CHARACTERS, TAG_CHARACTERS
from walkshed.reporting.served import NEW, SERVED, UNSERVED, home_classes
from walkshed.reporting.signs import area_key
from walkshed.reporting.wording import named, people, say, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.reporting.maplayers import Group
    from walkshed.results import StudyResult


def home_group(result: StudyResult, language: str) -> Group:
    """Return the residents' buildings, land or points in the colours of their class."""
    demand = result.demand
    classes = home_classes(result)
    group = folium.FeatureGroup(name=say("homes", language))
    looks = [{"color": colour, "fillColor": colour} for colour in palette.HOME_COLOURS]
    names = [shortened(name, NAME_CHARACTERS) for name in demand["name"]] if "name" in demand else None
    payload = compact_payload(demand.geometry, classes=classes, names=names, columns=home_columns(result, language))
    CompactLayer(
        "homes", payload, z=420, style={"weight": 0.6, "fillOpacity": 0.86}, looks=looks, radius=3.5, interactive=True
    ).add_to(group)
    population = demand["population"].to_numpy(float)
    cutoff = result.config.walking.cutoff_min
    rows = [
        {
            "key": area_key(palette.HOME_COLOURS[code]),
            "text": say(
                key, language, minutes=cutoff, people=people(float(population[classes == code].sum()), language)
            ),
        }
        for code, key in class_names(classes)
    ]
    return {"text": say("homes", language), "layer": group, "rows": rows}


def class_names(classes: NDArray[np.uint8]) -> list[tuple[int, str]]:
    """Return the classes of homes that a legend tells, each with its key in the catalogue."""
    if (classes == NEW).any():
        return [(SERVED, "home_served"), (NEW, "home_new"), (UNSERVED, "home_still")]
    return [(SERVED, "home_served"), (UNSERVED, "home_unserved")]


def home_columns(result: StudyResult, language: str) -> list[dict[str, object]]:
    """Return what a home shows on hovering: kind, residents, minutes, nearest room, why it is not served."""
    demand = result.demand
    rooms = dict(zip(result.facilities["facility_id"], result.facilities["name"], strict=True))
    nearest = [shortened(rooms.get(key, ""), TAG_CHARACTERS) for key in demand["facility_id"]]
    walked = demand["minutes"].to_numpy(float)
    return [
        _coded(say("field_kind", language), [named("kind", value, language) for value in demand["kind"]]),
        {"label": say("field_residents", language), "values": [round(float(value)) for value in demand["population"]]},
        {
            "label": say("field_minutes", language),
            "values": [None if np.isnan(value) else round(float(value), 1) for value in walked],
            "decimals": 1,
        },
        _coded(say("field_nearest", language), nearest),
        _coded(say("field_reason", language), [named("reason", value, language) for value in demand["reason"]]),
    ]


def _coded(label: str, values: Sequence[str]) -> dict[str, object]:
    """Return a column of repeating texts as positions in the list of different ones."""
    texts = list(dict.fromkeys(values))
    position = {value: i for i, value in enumerate(texts)}
    return {"label": label, "texts": texts, "values": [position[value] for value in values]}

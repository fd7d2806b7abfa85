"""What a study's map shows whatever the settings are: water, green, streets, units, the shapes of the homes."""

from __future__ import annotations

import hashlib
import json
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from walkshed.app.assets import address, layer_folder
from walkshed.app.texts import say, term
from walkshed.reporting import palette
from walkshed.reporting.files import replacing
from walkshed.reporting.leaflet import CompactLayer, MarkerLayer, compact_payload
from walkshed.reporting.maplayers import base_group, unit_group
from walkshed.reporting.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from folium.map import Layer

    from walkshed.results import StudyResult

HOMES: Final = "homes"
HASH_CHARACTERS: Final = 16
HOMES_Z: Final = 420
LOOKS: Final[tuple[Mapping[str, object], ...]] = (
    *({"color": colour, "fillColor": colour} for colour in palette.HOME_COLOURS),
    {"opacity": 0, "fillOpacity": 0},
)
"""Served, unserved, newly served, hidden."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """The fixed part of a study's map, written where the browser fetches it once.

    Attributes
    ----------
    drawn
        Layer id, options and address of every layer, lowest first.
    names
        Options of marker layers (names of units).
    rows
        Rows of the legend.
    tells_residents
        The shapes of the homes carry their residents. Not where the residents came from a file of the study: what is
        fetched by address can be fetched without a login.
    """

    drawn: tuple[tuple[str, str, str], ...]
    names: tuple[tuple[str, str], ...]
    rows: tuple[dict[str, str], ...]
    tells_residents: bool

    def layers(self) -> Iterator[Layer]:
        """Return new layers for a new map."""
        for layer_id, options, url in self.drawn:
            layer = CompactLayer(layer_id, url=url, control=False)
            layer.options = options
            yield layer
        for layer_id, options in self.names:
            markers = MarkerLayer(layer_id, {}, [], control=False)
            markers.options = options
            yield markers


@st.cache_resource(show_spinner=False)
def _known() -> dict[tuple[int, str], tuple[weakref.ref[Any], Base]]:
    """Return the bases built so far by identity of their residents' table and language."""
    return {}


def study_base(result: StudyResult, spoken: str) -> Base:
    """Return the fixed part of a study's map, built once per loaded study and language.

    Parameters
    ----------
    result
        Any variant of the study.
    spoken
        ``"zh"`` or ``"en"``.
    """
    known, residents = _known(), result.inputs.demand
    key = (id(residents), spoken)
    entry = known.get(key)
    if entry is None or entry[0]() is not residents:
        for old in [old for old, (alive, _) in known.items() if alive() is None]:
            known.pop(old, None)
        known[key] = entry = (weakref.ref(residents), _build(result, spoken))
    return entry[1]


def _build(result: StudyResult, spoken: str) -> Base:
    demand, public = result.inputs.demand, result.config.residents.source == "osm"
    ground, units = base_group(result, spoken), unit_group(result, spoken)
    columns = []
    if public:
        columns = [
            {"label": say("fact_kind"), "values": [term("kind", kind) for kind in demand.kind]},
            {"label": say("fact_residents"), "values": [count(float(value)) for value in demand.population]},
        ]
    homes = CompactLayer(
        HOMES,
        compact_payload(demand.geometry, columns=columns),
        z=HOMES_Z,
        style={"weight": 0.6, "fillOpacity": 0.86},
        looks=LOOKS,
        radius=3.5,
        interactive=True,
    )
    layers = [*ground["layer"]._children.values(), *units["layer"]._children.values(), homes]  # noqa: SLF001 - branca has no other way
    compact = [layer for layer in layers if isinstance(layer, CompactLayer)]
    markers = [layer for layer in layers if isinstance(layer, MarkerLayer)]
    return Base(
        drawn=tuple((_layer_id(layer), layer.options, _publish(layer)) for layer in compact),
        names=tuple((_layer_id(layer), layer.options) for layer in markers),
        rows=(*units["rows"], *ground["rows"]),
        tells_residents=public,
    )


def _layer_id(layer: CompactLayer | MarkerLayer) -> str:
    return str(json.loads(layer.options)["id"])


def _publish(layer: CompactLayer) -> str:
    """Write what a layer carries inside itself where the map can fetch it, and return its address."""
    content = layer.source.encode()
    name = f"{_layer_id(layer)}-{hashlib.sha256(content).hexdigest()[:HASH_CHARACTERS]}.json"
    path = layer_folder() / name
    if not path.exists():
        with replacing(path) as draft:
            draft.write_bytes(content)
    return address("layers", from_map=True) + name

"""What a study's map shows whatever the settings are: water, green, streets, units, the shapes of the homes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.app import mapblocks
from walkshed.app.mapsent import drawn_once
from walkshed.app.published import publish
from walkshed.app.texts import say, term
from walkshed.reporting import palette
from walkshed.reporting.leaflet import CompactLayer, MarkerLayer, compact_payload
from walkshed.reporting.maplayers import COARSE, base_group, located, unit_group
from walkshed.reporting.signs import area_key
from walkshed.reporting.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    from folium.map import Layer
    from numpy.typing import NDArray

    from walkshed.results import Survey

HOMES: Final = "homes"
UNIT_RATES: Final = "unit-rates"
HOMES_Z, UNITS_Z = 420, 305
LOOKS: Final[tuple[Mapping[str, object], ...]] = (
    *({"color": colour, "fillColor": colour} for colour in palette.HOME_COLOURS),
    {"opacity": 0, "fillOpacity": 0},
)
"""Served, unserved, newly served, hidden."""
RATE_COLOURS: Final = ("#F2F0F7", "#CBC9E2", "#9E9AC8", "#756BB1", "#54278F")
"""Of units, by rate in fifths, the lowest lightest: told apart by lightness alone (ColorBrewer, Purples)."""
NO_RATE: Final = len(RATE_COLOURS)
RATE_LOOKS: Final[tuple[Mapping[str, object], ...]] = (
    *({"fillColor": colour, "fillOpacity": 0.62} for colour in RATE_COLOURS),
    {"fillOpacity": 0},
)
GROUND: Final = ("backdrop", "streets")
"""Layers that a base map from the internet replaces."""


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
    blocks
        Squares drawn instead of the homes, where those are too many.
    units
        ``unit_id`` of the areas of the layer :data:`UNIT_RATES`, in order.
    """

    drawn: tuple[tuple[str, str, str], ...]
    names: tuple[tuple[str, str], ...]
    rows: tuple[dict[str, str], ...]
    tells_residents: bool
    blocks: mapblocks.Blocks | None = None
    units: tuple[str, ...] = ()

    def codes(self, classes: NDArray[np.integer], people: NDArray[np.float64]) -> NDArray[np.integer]:
        """Return the classes of what is drawn: of the homes, or of the squares that stand for them.

        Parameters
        ----------
        classes
            One for every home.
        people
            Residents of every home: most of a square decide its class.
        """
        return classes if self.blocks is None else self.blocks.most(classes, people)

    def layers(self, *, ground: bool = True) -> Iterator[Layer]:
        """Return new layers for a new map, with or without water, green, buildings and streets."""
        for layer_id, options, url in self.drawn:
            if layer_id in GROUND and not ground:
                continue
            layer = CompactLayer(layer_id, url=url, control=False)
            layer.options = options
            yield layer
        for layer_id, options in self.names:
            markers = MarkerLayer(layer_id, {}, [], control=False)
            markers.options = options
            yield markers


def study_base(result: Survey, spoken: str) -> Base:
    """Return the fixed part of a study's map, built once per loaded study and language.

    Parameters
    ----------
    result
        Any variant of the study.
    spoken
        ``"zh"`` or ``"en"``.
    """
    residents: object = result.inputs.demand
    base: Base = drawn_once(residents, ("base", spoken), lambda: _build(result, spoken))
    return base


def _build(result: Survey, spoken: str) -> Base:
    demand, public = result.inputs.demand, result.config.residents.source == "osm"
    ground, units = base_group(result, spoken), unit_group(result, spoken)
    columns = []
    if public and len(demand) <= mapblocks.MAX_HOMES:
        columns = [
            {"label": say("fact_kind"), "values": [term("kind", kind) for kind in demand.kind]},
            {"label": say("fact_residents"), "values": [count(float(value)) for value in demand.population]},
        ]
    blocks = mapblocks.blocks_of(demand.geometry, result.network.crs)
    homes = CompactLayer(
        HOMES,
        compact_payload(demand.geometry, columns=columns)
        if blocks is None
        else compact_payload(blocks.geometry, scale=COARSE),
        z=HOMES_Z,
        style={"weight": 0.6, "fillOpacity": 0.86},
        looks=LOOKS,
        radius=3.5,
        interactive=True,
    )
    rated = lowest_areas(result)
    rates = [_rate_layer(rated)] if len(rated) else []
    layers = [*ground["layer"]._children.values(), *rates, *units["layer"]._children.values(), homes]  # noqa: SLF001 - branca has no other way
    compact = [layer for layer in layers if isinstance(layer, CompactLayer)]
    markers = [layer for layer in layers if isinstance(layer, MarkerLayer)]
    return Base(
        drawn=tuple(
            (_layer_id(layer), layer.options, publish(_layer_id(layer), layer.source.encode())) for layer in compact
        ),
        names=tuple((_layer_id(layer), layer.options) for layer in markers),
        rows=(*units["rows"], *ground["rows"]),
        tells_residents=public,
        blocks=blocks,
        units=tuple(rated["unit_id"].astype(str)),
    )


def lowest_areas(result: Survey) -> gpd.GeoDataFrame:
    """Return the units with a known area in which no other unit lies."""
    units = located(result.inputs.units)
    if "parent_id" not in units.columns:
        return units
    return units[~units["unit_id"].astype(str).isin(units["parent_id"].fillna("").astype(str))]


def _rate_layer(units: gpd.GeoDataFrame) -> CompactLayer:
    return CompactLayer(
        UNIT_RATES,
        compact_payload(units.geometry, scale=COARSE, classes=np.full(len(units), NO_RATE)),
        z=UNITS_Z,
        style={"stroke": False},
        looks=RATE_LOOKS,
    )


def rate_rows() -> list[dict[str, str]]:
    """Return the rows of the legend for :data:`UNIT_RATES`."""
    return [
        {"key": area_key(colour, opacity=0.62), "text": say("legend_fifth", low=20 * i, high=20 * (i + 1))}
        for i, colour in enumerate(RATE_COLOURS)
    ]


def _layer_id(layer: CompactLayer | MarkerLayer) -> str:
    return str(json.loads(layer.options)["id"])

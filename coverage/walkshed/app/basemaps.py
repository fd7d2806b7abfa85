"""Base maps from the internet, for those who choose one; without a choice nothing is asked for.

The study's own roads, water, green and buildings are drawn by default and need no connection. The address of every
service can be replaced by the environment, say by a mirror inside an intranet: ``WALKSHED_TILES_OSM``,
``WALKSHED_TILES_TIANDITU``, ``WALKSHED_TILES_TIANDITU_LABELS``, ``WALKSHED_TILES_AMAP``. Tianditu needs a key of one's
own, from ``WALKSHED_TIANDITU_KEY`` or the secret ``tianditu_key``; it is part of every address that the browser asks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import folium
import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from walkshed.app.texts import say
from walkshed.reporting.panels import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.app.mapbase import Base
    from walkshed.reporting.leaflet import OfflineMap

GROUND_KEY: Final = "ground"
"""In the session."""
OWN: Final = "own"
"""The study's own data, the default."""
KEY_VARIABLE, KEY_SECRET = "WALKSHED_TIANDITU_KEY", "tianditu_key"
TIANDITU: Final = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={{key}}"
)


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """One layer of tiles: address with ``{z}``, ``{x}``, ``{y}`` and perhaps ``{s}`` (server) and ``{key}``."""

    variable: str
    url: str
    subdomains: str = "abc"
    max_zoom: int = 19


@dataclass(frozen=True, kw_only=True)
class BaseMap:
    """A service, what it must be credited with, and the datum its streets are drawn in."""

    tiles: tuple[Tiles, ...]
    credit: str
    datum: str = "wgs84"
    needs_key: bool = False


SERVICES: Final = {
    "osm": BaseMap(
        tiles=(Tiles(variable="WALKSHED_TILES_OSM", url="https://tile.openstreetmap.org/{z}/{x}/{y}.png"),),
        credit="credit_osm",
    ),
    "tianditu": BaseMap(
        tiles=(
            Tiles(
                variable="WALKSHED_TILES_TIANDITU",
                url=TIANDITU.format(layer="vec"),
                subdomains="01234567",
                max_zoom=18,
            ),
            Tiles(
                variable="WALKSHED_TILES_TIANDITU_LABELS",
                url=TIANDITU.format(layer="cva"),
                subdomains="01234567",
                max_zoom=18,
            ),
        ),
        credit="credit_tianditu",
        needs_key=True,
    ),
    "amap": BaseMap(
        tiles=(
            Tiles(
                variable="WALKSHED_TILES_AMAP",
                url="https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
                subdomains="1234",
                max_zoom=18,
            ),
        ),
        credit="credit_amap",
        datum="gcj02",
    ),
}
"""Tianditu's CGCS2000 and WGS-84 differ by centimetres; Amap's streets lie in GCJ-02."""


def tianditu_key() -> str:
    """Return the key of this installation, ``""`` without one."""
    try:
        secret = str(st.secrets.get(KEY_SECRET, ""))
    except StreamlitSecretNotFoundError:
        secret = ""
    return os.environ.get(KEY_VARIABLE, "") or secret


def offered() -> tuple[str, ...]:
    """Return the base maps that can be chosen here, the study's own first."""
    key = tianditu_key()
    return (OWN, *(name for name, service in SERVICES.items() if key or not service.needs_key))


def datum_of(name: str) -> str:
    """Return the datum in which everything must be drawn over a base map."""
    return SERVICES[name].datum if name in SERVICES else "wgs84"


def tile_layers(name: str) -> Iterator[folium.TileLayer]:
    """Return new layers for a new map, none for the study's own base map.

    Parameters
    ----------
    name
        Of :func:`offered`.
    """
    if name not in SERVICES:
        return
    service = SERVICES[name]
    for tiles in service.tiles:
        url = os.environ.get(tiles.variable) or tiles.url
        yield folium.TileLayer(
            url.replace("{key}", quote(tianditu_key(), safe="")),
            attr=escape(say(service.credit)),
            subdomains=tiles.subdomains,
            max_zoom=19,
            max_native_zoom=tiles.max_zoom,
            control=False,
        )


def add_ground(page_map: OfflineMap, base: Base, name: str) -> None:
    """Put the fixed part of a study's map over a base map; over Amap's shifted streets everything is drawn shifted.

    Parameters
    ----------
    page_map
        New and empty.
    base
        Of the study; without its own streets and water where ``name`` is a service.
    name
        Of :func:`offered`.
    """
    page_map.add_child(Call("walkshed.datum", {"name": datum_of(name)}))
    for tiles in tile_layers(name):
        tiles.add_to(page_map)
    for layer in base.layers(ground=name == OWN):
        layer.add_to(page_map)


def told(name: str) -> str:
    """Return what a reader must know of a base map from the internet, ``""`` for the study's own."""
    if name == OWN:
        return ""
    return say("ground_online") + (say("ground_shifted") if datum_of(name) == "gcj02" else "")


def chosen() -> str:
    """Return the base map that the session has chosen, on every page the same."""
    wanted = st.session_state.get(GROUND_KEY, OWN)
    return wanted if wanted in offered() else OWN

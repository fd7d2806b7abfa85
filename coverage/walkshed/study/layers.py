"""Layers of OpenStreetMap for a study, from its file or from the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.errors import InputError
from walkshed.inputs.download import fetch_features
from walkshed.inputs.osm import (
    locate_osm,
    read_osm_backdrop,
    read_osm_buildings,
    read_osm_exclusions,
    read_osm_landuse,
    read_osm_places,
    read_osm_points,
)
from walkshed.progress import silent

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress


def osm_layer(
    config: StudyConfig,
    boundary: gpd.GeoDataFrame,
    layer: str,
    tags: dict[str, tuple[str, ...]] | None = None,
    *,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Return a layer of OpenStreetMap, from the study's file or from the internet.

    ``progress`` hears of the waiting for the internet and may end it: :func:`walkshed.inputs.service.ask`.
    """
    if config.network.source == "download" and not config.residents.path:
        return fetch_features(boundary, layer, tags=tags, progress=progress)
    path = osm_path(config)
    if layer == "points":
        return read_osm_points(path, tags or {})
    readers = {
        "buildings": read_osm_buildings,
        "landuse": read_osm_landuse,
        "backdrop": read_osm_backdrop,
        "places": read_osm_places,
        "exclusions": read_osm_exclusions,
    }
    return readers[layer](path)


def osm_path(config: StudyConfig) -> Path:
    """Return the street file of a study, or the one its residents come from.

    Raises
    ------
    InputError
        If it names none.
    """
    own = config.residents.path if config.residents.source == "osm" else ""
    path = config.network.path if config.network.source == "osm" else own
    if not path:
        raise InputError("no_osm_file", where=str(config.folder))
    return locate_osm(path, config.folder)

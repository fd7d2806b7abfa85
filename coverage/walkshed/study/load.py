"""From a configuration to valid tables and a network: the first half of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import pandas as pd

from walkshed.assess.rollup import denominators_of
from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import check_extent, metric_crs
from walkshed.errors import InputError
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.denominators import read_denominators
from walkshed.inputs.download import fetch_place, fetch_places
from walkshed.inputs.entrances import read_entrances
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.name_lists import read_names
from walkshed.inputs.osm import (
    read_osm_extent,
    read_osm_units,
)
from walkshed.inputs.osm_entrances import osm_entrances
from walkshed.inputs.reads import Read, empty_rejects, join_rejects
from walkshed.inputs.residents import candidates_from_osm, facilities_from_osm
from walkshed.inputs.unit_tree import unit_tree
from walkshed.inputs.units import assign_units, read_units
from walkshed.network.build import read_network
from walkshed.network.edits import parse_edits
from walkshed.network.fetch import fetch_network
from walkshed.network.model import METERS_PER_MINUTE_PER_KMH
from walkshed.network.slope import FASTEST_SLOPE, sample_elevation
from walkshed.progress import hearted, silent
from walkshed.results import StudyInputs
from walkshed.siting.exclusions import exclusion_areas
from walkshed.study.layers import osm_layer, osm_path
from walkshed.study.records import input_records
from walkshed.study.residents import load_residents

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress


@hearted
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

    parse_edits(config.scenario.edits)  # what cannot be meant is told before anything is read
    step("units")
    units = _load_units(config, progress)
    tree = unit_tree(units.table)
    units = units._replace(table=tree.table)
    step("boundary")
    boundary = _load_boundary(config, units.table, progress)
    step("network")
    network = _load_network(config, boundary, progress)
    raster = config.network.elevation
    elevation = sample_elevation(network, config.resolve(raster)) if raster else None
    step("facilities")
    facilities = _load_facilities(config, boundary, progress)
    step("demand")
    residents = load_residents(config, boundary, units.table, progress=progress)
    demand = residents.read
    facilities, demand = (read._replace(table=assign_units(read.table, units.table)) for read in (facilities, demand))
    entrances = _load_doors(config, "facilities", "entrances", facilities.table)
    gates = _load_doors(config, "residents", "gates", demand.table)
    step("candidates")
    candidates = _load_candidates(config, boundary, progress)
    exclusions = _load_exclusions(config, boundary, progress)
    step("backdrop")
    mapped = _has_osm(config)
    backdrop = osm_layer(config, boundary, "backdrop", progress=progress) if mapped else _nothing()
    places = osm_layer(config, boundary, "places", progress=progress) if mapped else _nothing(("name",))
    progress("load_backdrop", len(steps), len(steps))
    denominators, names = _load_denominators(config, units.table), _load_names(config)
    found = {
        "units": units, "facilities": facilities, "demand": demand,
        **{f"candidates_{source}": read for source, read in candidates.items()},
        "denominators": denominators, "entrances": entrances, "gates": gates, "names": names,
    }  # fmt: skip
    reads = {layer: read for layer, read in found.items() if read is not None}
    return StudyInputs(
        boundary=boundary,
        units=units.table,
        facilities=facilities.table,
        demand=demand.table,
        network=network,
        backdrop=backdrop,
        places=places,
        candidates={source: read.table for source, read in candidates.items()},
        exclusions=exclusions,
        rejects=join_rejects([read.rejects for read in reads.values()]),
        records=input_records(config, boundary, network, elevation, reads),
        elevation=elevation,
        entrances=None if entrances is None else entrances.table,
        gates=None if gates is None else gates.table,
        unplaced=residents.unplaced,
        estimate=None if residents.estimate is None else assign_units(residents.estimate, units.table),
        denominators=None if denominators is None else denominators.table,
        names=None if names is None else names.table,
        notes=(*tree.messages(), *residents.notes),
    )


def longest_walk_m(config: StudyConfig) -> float:
    """Return how far the fastest profile of a study walks within its longest cutoff, in metres.

    The network must reach this far beyond the boundary, since residents inside may walk outside.
    """
    profiles = [config.profiles[name] for name in (config.walking.profile, *config.walking.compare_profiles)]
    fastest = max(rules.speed_kmh * (FASTEST_SLOPE if rules.slopes else 1.0) for rules in profiles)
    return fastest * METERS_PER_MINUTE_PER_KMH * max(config.walking.cutoffs_min)


def _load_units(config: StudyConfig, progress: Progress) -> Read:
    source = config.units
    if source.source == "none":
        return Read(_nothing(("unit_id", "name")), empty_rejects())
    if source.source == "osm":
        return read_osm_units(osm_path(config), source.admin_level)
    read = read_units(config.resolve(source.path), columns=source.columns, datum=source.datum)
    if source.source == "file":
        return read
    found = fetch_places(read.table, progress=progress)
    return Read(found.table, join_rejects([read.rejects, found.rejects]))


def _load_boundary(config: StudyConfig, units: gpd.GeoDataFrame, progress: Progress) -> gpd.GeoDataFrame:
    source = config.boundary
    if source.source == "file":
        return read_boundary(config.resolve(source.path), datum=source.datum)
    if source.source == "place":
        return fetch_place(source.place, progress=progress)
    if source.source == "units":
        whole = units.geometry.dropna().union_all()
        if whole.is_empty:
            raise InputError("units_without_areas", where=config.units.path)
        return gpd.GeoDataFrame({"name": [""]}, geometry=[whole], crs=EXCHANGE_CRS)
    if config.network.source == "osm":
        return gpd.GeoDataFrame({"name": [""]}, geometry=[read_osm_extent(osm_path(config))], crs=EXCHANGE_CRS)
    network = read_network(config.resolve(config.network.path))
    extent = gpd.GeoSeries([network.extent], crs=network.crs).to_crs(EXCHANGE_CRS)
    return gpd.GeoDataFrame({"name": [""]}, geometry=extent, crs=EXCHANGE_CRS)


def _load_network(config: StudyConfig, boundary: gpd.GeoDataFrame, progress: Progress) -> WalkNetwork:
    source = config.network
    margin_m = longest_walk_m(config)
    if source.source == "download":
        return fetch_network(
            boundary, margin_m=margin_m, access=config.access, speed_kmh=config.speed_kmh(), progress=progress
        )
    path = osm_path(config) if source.source == "osm" else config.resolve(source.path)
    return read_network(
        path,
        access=config.access,
        speed_kmh=config.speed_kmh(),
        boundary=_grown(boundary, margin_m),
    )


def _load_facilities(config: StudyConfig, boundary: gpd.GeoDataFrame, progress: Progress) -> Read:
    source = config.facilities
    if source.source == "osm":
        # A room beyond the boundary serves residents inside it.
        around = _grown(boundary, longest_walk_m(config))
        return facilities_from_osm(osm_layer(config, around, "points", source.tags, progress=progress))
    path = config.resolve(source.path)
    return read_facilities(path, columns=source.columns, datum=source.datum, boundary=boundary)


def _load_denominators(config: StudyConfig, units: gpd.GeoDataFrame) -> Read | None:
    """Read official denominators: of their own file, else, or where that is silent, of columns of the units."""
    source = config.units
    own = denominators_of(units, None if source.denominators else source.denominators_columns)
    if not source.denominators:
        return Read(own, empty_rejects()) if len(own) else None
    path = config.resolve(source.denominators)
    found = read_denominators(path, units=units, columns=source.denominators_columns)
    both = pd.concat([found.table, own], ignore_index=True) if len(own) else found.table
    return Read(both.drop_duplicates(["unit_id", "basis", "group"], ignore_index=True), found.rejects)


def _load_names(config: StudyConfig) -> Read | None:
    if not config.names.list:
        return None
    found = read_names(config.resolve(config.names.list), columns=config.names.list_columns)
    return Read(found.table, found.rejects)


def _load_doors(config: StudyConfig, section: str, key: str, owners: gpd.GeoDataFrame) -> Read | None:
    """Read the entrances of facilities or the gates of residential areas, where the study names them."""
    settings = getattr(config, section)
    owner: Literal["facility_id", "demand_id"] = "facility_id" if key == "entrances" else "demand_id"
    source = getattr(settings, key)
    if source == "none":
        return None
    if source == "osm":
        return Read(osm_entrances(osm_path(config), owners, owner=owner), empty_rejects())
    return read_entrances(
        config.resolve(getattr(settings, f"{key}_path")),
        owner=owner,
        owners=owners,
        columns=getattr(settings, f"{key}_columns"),
        datum=getattr(settings, f"{key}_datum"),
    )


def _load_candidates(config: StudyConfig, boundary: gpd.GeoDataFrame, progress: Progress) -> dict[str, Read]:
    """Return the listed candidates by source, the user's own first: of two at one place the former stays."""
    source, found = config.candidates, {}
    asked = (source.source, *source.also)
    if "file" in asked:
        path = config.resolve(source.path)
        found["file"] = read_candidates(path, columns=source.columns, datum=source.datum, boundary=boundary)
    if "osm" in asked:
        points = osm_layer(config, boundary, "points", source.tags, progress=progress)
        found["osm"] = candidates_from_osm(points, boundary=boundary)
    return found


def _load_exclusions(config: StudyConfig, boundary: gpd.GeoDataFrame, progress: Progress) -> gpd.GeoDataFrame | None:
    """Return the land on which no room can be built, as far as it is known."""
    source = config.candidates
    own = read_boundary(config.resolve(source.exclude_path), datum=source.datum) if source.exclude_path else None
    asked = source.exclude and _has_osm(config)
    mapped = osm_layer(config, boundary, "exclusions", progress=progress) if asked else None
    if own is None and mapped is None:
        return None
    return exclusion_areas(mapped, kinds=source.exclude if mapped is not None else (), own=own)


def _has_osm(config: StudyConfig) -> bool:
    return config.network.source in ("osm", "download") or bool(config.residents.source == "osm")


def _grown(boundary: gpd.GeoDataFrame, margin_m: float) -> gpd.GeoDataFrame:
    crs = metric_crs(boundary.geometry.iloc[0])
    wide = boundary.geometry.to_crs(crs).buffer(margin_m).to_crs(EXCHANGE_CRS)
    check_extent(wide)
    return boundary.assign(geometry=wide)


def _nothing(columns: tuple[str, ...] = ("layer",)) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: pd.Series(dtype=object) for name in columns}, geometry=[], crs=EXCHANGE_CRS)

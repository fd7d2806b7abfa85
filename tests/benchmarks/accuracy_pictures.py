"""Our own results against exact ones: areas against exact buffers and routed minutes, minutes against networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from tests.benchmarks.accuracy_routes import minutes_from, place_graph
from tests.benchmarks.agreement import overlap
from tests.benchmarks.engine import pick_nodes

from walkshed.assess.coverage import measure_coverage, picture_disagreement
from walkshed.inputs.osm import read_osm_buildings, read_osm_landuse, read_osm_points
from walkshed.inputs.residents import estimate_residents, facilities_from_osm
from walkshed.network.build import with_speed
from walkshed.network.snap import snap
from walkshed.reach.graph import QUANTA_PER_MINUTE
from walkshed.reach.isochrones import isochrones, reached_lines
from walkshed.reach.times import travel_times

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.network.model import WalkNetwork

CUTOFFS_MIN = (5.0, 10.0, 15.0)
IOU_BUFFERS_M = (25.0, 40.0)
DRAWN_M = (25.0, 40.0, 60.0)
DRAWN_MIN = (5.0, 15.0)
ADULT_KMH = 4.2
SNAP_MAX_M = 150.0
M2_PER_PERSON, LEVELS = 40.0, 3.0
SAMPLE, ORIGINS = 12, 20


class Overlap(NamedTuple):
    """IoU of areas with exact buffers around exactly clipped streets."""

    buffer_m: float
    areas: int
    median: float
    least: float
    invalid: int
    not_nested: int


class Picture(NamedTuple):
    """The share of residents on whom the picture and the routed minutes disagree."""

    cutoff_min: float
    buffer_m: float
    residents: float
    covered: float
    disagree: float
    painted: float


class Exactness(NamedTuple):
    """Our minutes against networkx on the same streets."""

    pairs: int
    only_one: int
    apart_s: float
    unrounded_apart_s: float


def scatter(network: WalkNetwork, count: int, *, seed: int, id_column: str) -> gpd.GeoDataFrame:
    """Return places about 25 m from nodes of the main component, tied to the network."""
    rng = np.random.default_rng(seed)
    node = rng.choice(pick_nodes(network, 20 * count, seed=seed), count)
    points = gpd.points_from_xy(
        network.x[node] + rng.normal(0, 25, count), network.y[node] + rng.normal(0, 25, count), crs=network.crs
    )
    table = gpd.GeoDataFrame({id_column: [f"p{i}" for i in range(count)]}, geometry=points)
    return snap(table.to_crs("EPSG:4326"), network, max_m=SNAP_MAX_M)


def overlaps(network: WalkNetwork) -> list[Overlap]:
    """Hold isochrones of some places against exact buffers."""
    rooms = scatter(network, SAMPLE, seed=21, id_column="facility_id")
    lines = reached_lines(network, rooms, cutoffs_min=CUTOFFS_MIN)
    by_area = lines.groupby(["facility_id", "cutoff_min"], sort=False)["geometry"]
    found = []
    for buffer_m in IOU_BUFFERS_M:
        areas = isochrones(network, rooms, cutoffs_min=CUTOFFS_MIN, buffer_m=buffer_m).to_crs(network.crs)
        exact: list[Any] = [
            shapely.union_all(shapely.buffer(by_area.get_group(key).to_numpy(), buffer_m, quad_segs=16))
            for key in zip(areas["facility_id"], areas["cutoff_min"], strict=True)
        ]
        share = overlap(areas.geometry.to_numpy(), exact)
        raw = isochrones(network, rooms, cutoffs_min=CUTOFFS_MIN, buffer_m=buffer_m).geometry.to_numpy()
        bands = raw.reshape(-1, len(CUTOFFS_MIN))
        nested = shapely.covers(bands[:, 1:], bands[:, :-1])
        found.append(
            Overlap(
                buffer_m,
                len(share),
                float(np.median(share)),
                float(share.min()),
                int((~shapely.is_valid(raw)).sum()),
                int((~nested).sum()),
            )
        )
    return found


def pictures(network: WalkNetwork, extract: Path) -> list[Picture]:
    """Ask of every home whether it lies in the picture, and whether its walk is short enough."""
    network = with_speed(network, ADULT_KMH)
    homes = estimate_residents(
        read_osm_buildings(extract),
        m2_per_person=M2_PER_PERSON,
        default_levels=LEVELS,
        landuse=read_osm_landuse(extract),
    )
    libraries = facilities_from_osm(read_osm_points(extract, {"amenity": ["library"]})).table
    rooms, demand = (snap(table, network, max_m=SNAP_MAX_M) for table in (libraries, homes))
    found = []
    for cutoff_min in DRAWN_MIN:
        measured = measure_coverage(network, rooms, demand, cutoff_min=cutoff_min)
        people = measured["population"].to_numpy(float)
        covered = measured["covered"].to_numpy(bool)
        inner = shapely.point_on_surface(measured.geometry.to_numpy())
        for buffer_m in DRAWN_M:
            drawn = isochrones(network, rooms, cutoffs_min=[cutoff_min], buffer_m=buffer_m, merged=True)
            area = drawn.geometry.iloc[0]
            painted = shapely.intersects(area, inner) & ~covered
            found.append(
                Picture(
                    cutoff_min,
                    buffer_m,
                    float(people.sum()),
                    float(people[covered].sum() / people.sum()),
                    picture_disagreement(measured, area),
                    float(people[painted].sum() / people.sum()),
                )
            )
    return found


def exactness(network: WalkNetwork) -> Exactness:
    """Walk between scattered places, by us and by networkx."""
    origins = scatter(network, ORIGINS, seed=22, id_column="facility_id")
    destinations = scatter(network, 300, seed=23, id_column="demand_id")
    tables = (origins, destinations)
    ours = travel_times(network, origins, destinations, cutoff_min=np.inf)
    minutes = np.full((len(origins), len(destinations)), np.inf)
    minutes[ours["origin_id"].cat.codes, ours["destination_id"].cat.codes] = ours["minutes"]
    apart = []
    only_one = 0
    for quanta in (QUANTA_PER_MINUTE, None):
        graph = place_graph(network, [pd.DataFrame(table.drop(columns="geometry")) for table in tables], quanta=quanta)
        theirs = np.array([minutes_from(graph, row, len(destinations)) for row in range(len(origins))])
        both = np.isfinite(minutes) & np.isfinite(theirs)
        only_one += int((np.isfinite(minutes) != np.isfinite(theirs)).sum())
        rounded = np.round(theirs, 6) if quanta else theirs
        apart.append(float(np.abs(minutes[both] - rounded[both]).max() * 60))
    return Exactness(int(np.isfinite(minutes).sum()), only_one, *apart)

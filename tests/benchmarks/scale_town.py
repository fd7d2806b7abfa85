"""A metropolis of any size: streets of one component on hills, residents around centres, rooms and candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from tests.benchmarks.streets import CRS, street_network

from walkshed.contracts import EXCHANGE_CRS

if TYPE_CHECKING:
    from walkshed.network.model import WalkNetwork

SPEED_KMH, CUTOFF_MIN, SNAP_MAX_M = 4.5, 15.0, 200.0
DEMAND_PER_NODE, FACILITIES_PER_NODE, CANDIDATES_PER_NODE = 0.4, 0.001, 0.004
"""5 million crossings have 2 million demand points, 5,000 facilities and 20 thousand candidates."""
CENTRE_KM2 = 100.0
"""One centre of population in so much land."""
CROWDED = 0.8
"""This share of the residents lives around the centres, the others anywhere."""
UNIT_M = 5_000.0
"""Side of an administrative unit, a square."""


class Town(NamedTuple):
    """Everything a study needs, as it comes from files: nothing is tied to a street yet."""

    network: WalkNetwork
    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    units: gpd.GeoDataFrame


def draw_town(nodes: int, *, seed: int = 3) -> Town:
    """Draw a metropolis, the same every time; its land and all its tables grow with the number of crossings.

    Parameters
    ----------
    nodes
        About so many crossings and ends of streets.
    seed
        Another seed draws another one.
    """
    random = np.random.default_rng(seed)
    network = street_network(nodes, speed_kmh=SPEED_KMH, hills=True)
    corner = np.array([network.x.min(), network.y.min()])
    size = np.array([np.ptp(network.x), np.ptp(network.y)])
    centres = max(4, int(size.prod() / 1e6 / CENTRE_KM2))
    middle = random.uniform(0.0, 1.0, (centres, 2)) * size
    width, weight = random.uniform(800.0, 2500.0, centres), random.lognormal(0.0, 0.8, centres)

    def places(count: int, crowded: float) -> np.ndarray:
        at = random.uniform(0.0, 1.0, (count, 2)) * size
        busy = np.flatnonzero(random.random(count) < crowded)
        centre = random.choice(centres, len(busy), p=weight / weight.sum())
        around = middle[centre] + random.normal(0.0, 1.0, (len(busy), 2)) * width[centre, None]
        inside = ((around > 0) & (around < size)).all(axis=1)
        at[busy[inside]] = around[inside]
        return at

    homes, rooms, sites = (
        places(round(nodes * share), crowded)
        for share, crowded in ((DEMAND_PER_NODE, CROWDED), (FACILITIES_PER_NODE, 0.6), (CANDIDATES_PER_NODE, 0.6))
    )
    across = int(size[0] // UNIT_M) + 1
    population = np.maximum(1.0, np.round(random.lognormal(3.2, 0.9, len(homes))))
    demand = _table("demand_id", homes + corner).assign(
        kind="building", population=population, unit_id=pd.Index(_unit_ids(homes, across), dtype="str").array
    )
    facilities = _table("facility_id", rooms + corner).assign(unit_id=_unit_ids(rooms, across))
    return Town(network, demand, facilities, _table("candidate_id", sites + corner), _units(corner, size, across))


def _table(id_column: str, at: np.ndarray) -> gpd.GeoDataFrame:
    lon, lat = Transformer.from_crs(CRS, EXCHANGE_CRS, always_xy=True).transform(at[:, 0], at[:, 1])
    ids = pd.Index([f"{id_column[0]}{number}" for number in range(len(at))], dtype="str")
    return gpd.GeoDataFrame({id_column: ids}, geometry=gpd.points_from_xy(lon, lat), crs=EXCHANGE_CRS)


def _unit_ids(at: np.ndarray, across: int) -> list[str]:
    column, row = (at // UNIT_M).astype(int).T
    return [f"u{number}" for number in (row * across + column).tolist()]


def _units(corner: np.ndarray, size: np.ndarray, across: int) -> gpd.GeoDataFrame:
    """Return communities: squares that fill the town."""
    row, column = np.divmod(np.arange(across * (int(size[1] // UNIT_M) + 1)), across)
    west, south = corner[0] + column * UNIT_M, corner[1] + row * UNIT_M
    shapes = gpd.GeoSeries(shapely.box(west, south, west + UNIT_M, south + UNIT_M), crs=CRS).to_crs(EXCHANGE_CRS)
    ids = [f"u{number}" for number in range(len(row))]
    return gpd.GeoDataFrame({"unit_id": ids, "name": ids, "level": "community"}, geometry=shapes)

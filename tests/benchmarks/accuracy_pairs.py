"""Valhalla's table of minutes and lengths, with ours beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
from tests.benchmarks.areas import DATA, HELSINKI, LAS_PALMAS, PORTO_ALEGRE, Area

from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.reach.times import travel_times

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.network.model import WalkNetwork

SPEED_KMH = 4.8
METERS_PER_MINUTE = 80.0
SNAP_MAX_M = 150.0
SEARCHED_MIN = 120.0
CLASS_MIN = 15.0
SHORTEST_M, LONGEST_M = 200, 3000
FAR_SHARE = 0.10
WORST = 20
SIDES = ("from", "to")
RIM_NOTE = (
    "In Las Palmas and Porto Alegre origins within 1,200 m of the rim of the data are left out; in Helsinki and "
    "Haidian, which are small, none would remain, so that all are kept: both programs end at the same rim."
)


@dataclass(frozen=True)
class Peer:
    """An area that Valhalla walked, too: its file, its table, and how near to the rim origins may be."""

    area: Area
    folder: str
    table: str
    rim_m: float

    @property
    def name(self) -> str:
        """What the area is called."""
        return self.area.name

    @property
    def extract(self) -> Path | None:
        """The extract, or None where it or the table is absent."""
        return self.area.path() if self.matrix.is_file() else None

    @property
    def matrix(self) -> Path:
        """Valhalla's table."""
        return DATA / "valhalla" / self.folder / self.table


LIBRARIES = "matrix_library_x_building_4.8kmh.csv"
PEERS = (
    Peer(HELSINKI, "helsinki", LIBRARIES, 0.0),
    Peer(LAS_PALMAS, "laspalmas", LIBRARIES, 1200.0),
    Peer(Area("Haidian", "haidian/tsinghua.osm.pbf"), "haidian", LIBRARIES, 0.0),
    Peer(PORTO_ALEGRE, "poa", "matrix_poi_x_hex_4.8kmh.csv", 1200.0),
)


class Comparison:
    """An area's pairs of places, and the network they are walked on."""

    def __init__(self, peer: Peer, extract: Path) -> None:
        self.peer, self.extract = peer, extract
        self.whole = read_network(extract, speed_kmh=SPEED_KMH)

    @cached_property
    def areas(self) -> np.ndarray:
        """Which edges are rims of squares and other areas."""
        lines = {
            way.id
            for way in osmium.FileProcessor(self.extract, osmium.osm.WAY)
            if "highway" in way.tags and way.tags.get("area") != "yes"
        }
        rims: np.ndarray = ~np.isin(self.whole.way_id, list(lines))
        return rims

    @cached_property
    def streets(self) -> WalkNetwork:
        """The network with the rims of squares closed, since Valhalla has none."""
        return closed(self.whole, self.areas)

    @cached_property
    def alike(self) -> WalkNetwork:
        """The streets where places are tied as Valhalla ties them: to tunnels, too."""
        return replace(self.streets, underground=np.zeros(len(self.streets.u), bool))

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Valhalla's pairs of places that are compared."""
        pairs = pd.read_csv(self.peer.matrix, dtype={"from": str, "to": str})
        for side in SIDES:  # some places share a name
            pairs[side] += pairs[f"{side}_lon"].map(" {}".format) + pairs[f"{side}_lat"].map(" {}".format)
        origins = places(pairs, "from").to_crs(self.whole.crs)
        inside = origins["id"][origins.distance(self.whole.extent.boundary) >= self.peer.rim_m]
        wanted = pairs["from"].isin(inside) & pairs["metres"].between(SHORTEST_M, LONGEST_M)
        return pairs[wanted].reset_index(drop=True)

    def tied(self, network: WalkNetwork) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return origins and destinations tied to a network, without their positions."""
        tables = [snap(places(self.pairs, side), network, max_m=SNAP_MAX_M) for side in SIDES]
        first, second = (pd.DataFrame(table.drop(columns="geometry")) for table in tables)
        return first, second

    def minutes(self, network: WalkNetwork, *, legs: bool) -> pd.Series:
        """Return our minutes of every pair; without legs, the walk along the streets alone."""
        tables = self.tied(network)
        if not legs:
            tables = (tables[0].assign(access_m=0.0), tables[1].assign(access_m=0.0))
        found = travel_times(network, *tables, cutoff_min=SEARCHED_MIN)
        found = found.astype({"origin_id": str, "destination_id": str})
        merged = self.pairs.merge(found, left_on=SIDES, right_on=["origin_id", "destination_id"], how="left")
        return merged["minutes"]

    def figures(self, network: WalkNetwork) -> dict[str, float]:
        """Return how well minutes and lengths agree."""
        street, whole = self.minutes(network, legs=False), self.minutes(network, legs=True)
        length = street * METERS_PER_MINUTE / self.pairs["metres"]
        time = whole * 60 / self.pairs["seconds"]
        near = self.pairs["seconds"] <= CLASS_MIN * 60
        return {
            "pairs": float(len(self.pairs)),
            "none": float(street.isna().sum()),
            **{f"length {name}": length.quantile(share) for name, share in QUANTILES.items()},
            "within": (length.sub(1).abs() <= FAR_SHARE).mean(),
            **{f"time {name}": time.quantile(share) for name, share in QUANTILES.items()},
            "same": ((whole <= CLASS_MIN) == near).mean(),
            "same street": ((street <= CLASS_MIN) == near).mean(),
        }


QUANTILES = {"p5": 0.05, "median": 0.5, "p95": 0.95}


def places(pairs: pd.DataFrame, side: str) -> gpd.GeoDataFrame:
    """Return the places of one side of the pairs."""
    rows = pairs.drop_duplicates(side)
    points = gpd.points_from_xy(rows[f"{side}_lon"], rows[f"{side}_lat"], crs=4326)
    return gpd.GeoDataFrame({"id": rows[side].to_numpy()}, geometry=points)


def closed(network: WalkNetwork, edges: np.ndarray) -> WalkNetwork:
    """Return the network with some edges closed both ways; nothing is tied to them."""
    return replace(
        network,
        forward_min=np.where(edges, np.inf, network.forward_min),
        backward_min=np.where(edges, np.inf, network.backward_min),
    )

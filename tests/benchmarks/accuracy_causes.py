"""Why a walk of ours and one of Valhalla differ in length: found by trial, not by opinion.

Valhalla and we are made alike in one respect after another, and in all combinations of them; the fewest respects that
bring a pair within :data:`ALIKE` of each other are its cause.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from pyproj import Transformer
from tests.benchmarks.accuracy_pairs import METERS_PER_MINUTE, SEARCHED_MIN, SIDES, SPEED_KMH, Comparison, closed

from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.reach.times import travel_times
from walkshed.walkers import Access

if TYPE_CHECKING:
    from collections.abc import Iterable

    from walkshed.network.model import WalkNetwork

WORKER = Path(__file__).with_name("accuracy_worker.py")
RESPECTS = ("tunnels", "squares", "missing", "private", "ends", "taste")
"""In what the two can be made alike, in the order in which equally short explanations are taken: see the page."""
ALIKE = 0.03
END_M = 60.0
WALKER = {"walking_speed": SPEED_KMH}
PENALTIES = ("step", "service", "elevator", "gate", "destination_only", "maneuver")
FACTORS = ("alley", "walkway", "sidewalk", "driveway")
SHORTEST = (
    WALKER
    | {"shortest": True}
    | {f"{name}_penalty": 0 for name in PENALTIES}
    | {f"{name}_factor": 1 for name in FACTORS}
)
"""Valhalla without its tastes: the shortest way, no penalty for stairs, service roads or private ways."""
Cause = frozenset[str]


def ask(python: str, extract: Path, routes: list[Any], places: list[Any]) -> dict[str, Any]:
    """Let Valhalla find routes ``[from, to, options]``, and the ways at places."""
    with tempfile.TemporaryDirectory() as folder:
        job = json.dumps({"routes": routes, "places": places})
        command = [python, str(WORKER), str(extract), folder]
        done = subprocess.run(command, input=job, text=True, capture_output=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


class Trial:
    """The pairs of an area that lie far apart, walked in every combination of respects."""

    def __init__(self, comparison: Comparison, pairs: pd.DataFrame, python: str) -> None:
        self.comparison, self.pairs, self._python = comparison, pairs.reset_index(drop=True), python
        legs = [
            [[row.from_lon, row.from_lat], [row.to_lon, row.to_lat]]
            for row in self.pairs.itertuples()  # coordinates by name
        ]
        asked = [[*leg, WALKER] for leg in legs] + [[*leg, SHORTEST] for leg in legs]
        found = ask(python, comparison.extract, asked, [])["routes"]
        self.theirs = {False: found[: len(legs)], True: found[len(legs) :]}

    @cached_property
    def cut_ways(self) -> set[int]:
        """Ways that lack a node: the extract was cut there, and Valhalla drops them whole."""
        ways = osmium.FileProcessor(self.comparison.extract).with_locations()
        return {
            way.id
            for way in ways
            if isinstance(way, osmium.osm.Way) and not all(node.location.valid() for node in way.nodes)
        }

    @cached_property
    def open_network(self) -> WalkNetwork:
        """Our streets with private ones, ramps of express roads and all gates open."""
        access = Access(private=True, gates="open", allow=("highway=trunk_link",))
        return read_network(self.comparison.extract, speed_kmh=SPEED_KMH, access=access)

    @cached_property
    def missing_ways(self) -> set[int]:
        """Ways of ours that Valhalla lacks or closes to walkers, squares left aside."""
        network = self.open_network
        order = np.lexsort((-network.length_m, network.way_id))
        ways, first = np.unique(network.way_id[order], return_index=True)
        middles = shapely.line_interpolate_point(network.edge_lines[order[first]], 0.5, normalized=True)
        to_degrees = Transformer.from_crs(network.crs, "EPSG:4326", always_xy=True)
        places = np.column_stack(to_degrees.transform(shapely.get_x(middles), shapely.get_y(middles)))
        known = ask(self._python, self.comparison.extract, [], places.tolist())["places"]
        return {way for way, at in zip(ways.tolist(), known, strict=True) if not at.get(str(way))} - self.square_ways

    @cached_property
    def square_ways(self) -> set[int]:
        """Rims of squares."""
        return set(self.comparison.whole.way_id[self.comparison.areas].tolist())

    def network(self, respects: Cause) -> WalkNetwork:
        """Return our streets made like Valhalla's in some respects."""
        network = self.open_network if "private" in respects else self.comparison.whole
        if "tunnels" in respects:
            network = replace(network, underground=np.zeros(len(network.u), bool))
        shut = (self.square_ways if "squares" in respects else set()) | (
            self.missing_ways if "missing" in respects else set()
        )
        return closed(network, np.isin(network.way_id, list(shut))) if shut else network

    def ties(self, network: WalkNetwork, respects: Cause) -> list[pd.DataFrame]:
        """Return the ends of every pair as tied to a network, without legs, one row a pair."""
        tables = []
        for side, end in zip(SIDES, (0, -1), strict=True):
            if "ends" in respects:
                routes = self.theirs["taste" in respects]
                lonlat = [found["line"][end] if found else [np.nan, np.nan] for found in routes]
            else:
                lonlat = self.pairs[[f"{side}_lon", f"{side}_lat"]].to_numpy().tolist()
            points = gpd.points_from_xy(*np.array(lonlat).T, crs=4326)
            table = gpd.GeoDataFrame({"id": np.arange(len(points)).astype(str)}, geometry=points)
            tied = snap(table, network, max_m=END_M if "ends" in respects else 150.0)
            tables.append(pd.DataFrame(tied.drop(columns="geometry")).assign(access_m=0.0))
        return tables

    def ratios(self, respects: Cause) -> np.ndarray:
        """Return our length over Valhalla's for every pair, NaN where either has no route."""
        network = self.network(respects)
        ties = self.ties(network, respects)
        distinct = [table.drop_duplicates(["edge", "fraction"]) for table in ties]
        found = travel_times(network, *distinct, cutoff_min=SEARCHED_MIN)
        minutes = found.astype({"origin_id": str, "destination_id": str}).set_index(["origin_id", "destination_id"])
        names = []
        for table, few in zip(ties, distinct, strict=True):
            keyed = table.merge(few[["edge", "fraction", "id"]], on=["edge", "fraction"], how="left")
            names.append(keyed["id_y"].to_numpy())
        ours = minutes["minutes"].reindex(pd.MultiIndex.from_arrays(names)).to_numpy() * METERS_PER_MINUTE
        routes = self.theirs["taste" in respects]
        ratio: np.ndarray = ours / np.array([found["metres"] if found else np.nan for found in routes])
        return ratio

    @cached_property
    def trials(self) -> dict[Cause, np.ndarray]:
        """The ratios of every combination, the smallest first."""
        return {cause: self.ratios(cause) for cause in every_cause()}

    def causes(self, given: Cause) -> tuple[list[Cause | None], np.ndarray]:
        """Return the cause of every pair, ``None`` where nothing explains it, and the ratio that remains.

        Both are alike in what is ``given``; a cause is what comes on top.
        """
        size = len(self.pairs)
        cause: list[Cause | None] = [None] * size
        remains = self.trials[frozenset(RESPECTS)].copy()
        for respects in (respects for respects in every_cause() if respects >= given):
            ratio = self.trials[respects]
            for row in np.flatnonzero(np.abs(ratio - 1) <= ALIKE):
                if cause[row] is None:
                    cause[row], remains[row] = respects - given, ratio[row]
        return cause, remains


def every_cause() -> Iterable[Cause]:
    """Yield all combinations of respects, the fewest first."""
    for count in range(len(RESPECTS) + 1):
        yield from map(frozenset, combinations(RESPECTS, count))

"""What if: how long until the figures of a town are known again after one room is added, moved or dropped by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
from tests.benchmarks.engine import CUTOFF_MIN, SPEED_KMH, table_on_edges
from tests.benchmarks.streets import street_network

from walkshed.network.snap import position_on_edge
from walkshed.siting.what_if import begin_what_if

if TYPE_CHECKING:
    from tests.benchmarks.siting_report import Page

    from walkshed.network.model import WalkNetwork

HOMES: Final = 20_000
ROOMS: Final = 50
NODES: Final = 40_000
CHANGES: Final = 20
MOST_S: Final = 0.1
INTRO = (
    "One room is added, moved and dropped at random places of a town of 40 thousand crossings, with 20 thousand demand "
    "points and 50 rooms; after every change the figures of the whole town are read. The first call, which makes the "
    "town ready, is not counted."
)


def run(page: Page) -> None:
    """Measure every kind of change."""
    page.begin("Changes by hand", INTRO, "change", "median", "longest")
    homes = HOMES // 10 if page.quick else HOMES
    random = np.random.default_rng(1)
    network = street_network(NODES // 10 if page.quick else NODES, speed_kmh=SPEED_KMH, seed=1)
    demand = _places(network, random, homes, "demand_id")
    demand = demand.assign(population=np.round(random.lognormal(4.2, 0.9, homes)))
    now = begin_what_if(network, _places(network, random, ROOMS, "facility_id"), demand, cutoff_min=CUTOFF_MIN)
    spent: dict[str, list[float]] = {"added": [], "moved": [], "dropped": []}
    for number in range(CHANGES):
        room, spots = f"new {number}", _places(network, random, 2, "candidate_id")
        for kind, seconds in spent.items():
            began = time.perf_counter()
            if kind == "added":
                now = now.add(spots.iloc[[0]], room_id=room)
            elif kind == "moved":
                now = now.move(room, spots.iloc[[1]])
            else:
                now = now.drop(room)
            now.figures  # noqa: B018 - they are counted when they are asked for
            seconds.append(time.perf_counter() - began)
    for kind, seconds in spent.items():
        page.row(f"one room {kind}", f"{1000 * np.median(seconds):.0f} ms", f"{1000 * max(seconds):.0f} ms")
    slowest = max(float(np.median(seconds)) for seconds in spent.values())
    page.goal(
        "What if, 20 thousand demand points: figures known again in under 100 ms", f"{1000 * slowest:.0f} ms",
        met=None if page.quick else slowest < MOST_S,
    )  # fmt: skip


def _places(network: WalkNetwork, random: np.random.Generator, count: int, column: str) -> gpd.GeoDataFrame:
    """Return places on the streets themselves."""
    edge, fraction = random.integers(len(network.u), size=count), random.random(count)
    table = table_on_edges(network, edge, fraction, column).assign(snapped=True, why="", moved=False)
    x, y = position_on_edge(network, edge, fraction)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y, crs=network.crs).to_crs(4326))

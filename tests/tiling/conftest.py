"""Small towns with everything that could part a tile's result from the whole's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pytest

from walkshed.network.entrances import ENTRANCES, Entrance
from walkshed.network.snap import position_on_edge

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork

BLOCK_M = 150.0


class Scene(NamedTuple):
    """A network and three tables tied to it."""

    network: WalkNetwork
    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame


def tie_places(
    network: WalkNetwork, edge: np.ndarray, fraction: np.ndarray, access_m: np.ndarray, *, id_column: str
) -> gpd.GeoDataFrame:
    """Return a table as `snap` would; edge -1 is not tied."""
    tied = edge >= 0
    x, y = np.full((2, len(edge)), np.nan)
    x[tied], y[tied] = position_on_edge(network, edge[tied], fraction[tied])
    shapes = gpd.GeoSeries(gpd.points_from_xy(x + access_m, y), crs=network.crs).to_crs(4326)
    shapes[~tied] = None
    component = np.full(len(edge), -1, np.int64)
    component[tied] = network.component[network.u[edge[tied]]]
    columns = {
        id_column: [f"{id_column[0]}{i}" for i in range(len(edge))],
        "edge": edge,
        "fraction": np.where(tied, fraction, np.nan),
        "access_m": np.where(tied, access_m, np.nan),
        "component": component,
        "population": np.arange(len(edge)) % 5 + 1.0,
        "kind": "building",
    }
    return gpd.GeoDataFrame(columns, geometry=shapes)


@pytest.fixture(scope="session")
def tie() -> Callable[..., gpd.GeoDataFrame]:
    """Return :func:`tie_places`."""
    return tie_places


@pytest.fixture(scope="session")
def draw_scene(make_network: Callable[..., WalkNetwork]) -> Callable[..., Scene]:
    """Return a function that draws a town from a seed.

    Islands, loops, parallel streets, one-way and closed ones, slopes, a ferry faster than anybody walks, junctions
    without streets, rows that are not tied, rows with several entrances far apart; where `even`, many equal walks.
    """

    def draw(seed: int, *, even: bool, entrances: bool, size: int = 6) -> Scene:
        random = np.random.default_rng(seed)
        place = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).reshape(-1, 2) * BLOCK_M
        if not even:
            place = place + random.uniform(-40, 40, place.shape)
        node = np.arange(size * size).reshape(size, size)
        links = [*zip(node[:, :-1].ravel(), node[:, 1:].ravel(), strict=True)]
        links += [*zip(node[:-1].ravel(), node[1:].ravel(), strict=True)]
        links = [link for link in links if random.random() > 0.25]
        links += [(0, 0), links[0], links[-1][::-1], (0, size * size - 1)]  # a loop, parallel streets, a ferry
        network = make_network(place.tolist(), links, lengths_m=[_metres(place, link, even=even) for link in links])
        factor = random.choice([1.0, 1.0, 1.0, 1.25, 0.75, np.inf], (2, len(links)))
        factor[:, -1] = random.choice([0.01, 1.0, np.inf])
        network = replace(
            network, forward_min=network.forward_min * factor[0], backward_min=network.backward_min * factor[1]
        )
        tables = [
            _table(random, network, count, column, even=even, entrances=entrances)
            for count, column in ((40, "demand_id"), (int(random.integers(0, 6)), "facility_id"), (12, "candidate_id"))
        ]
        return Scene(network, *tables)

    return draw


def _metres(place: np.ndarray, link: tuple[int, int], *, even: bool) -> float:
    metres = float(np.hypot(*(place[link[0]] - place[link[1]])))
    return BLOCK_M if even else max(metres, 5.0)


def _table(
    random: np.random.Generator, network: WalkNetwork, count: int, column: str, *, even: bool, entrances: bool
) -> gpd.GeoDataFrame:
    opened = np.flatnonzero(np.isfinite(network.forward_min) | np.isfinite(network.backward_min))
    edge = random.choice([*opened, -1], count).astype(np.int64)
    fraction = random.integers(0, 5, count) / 4 if even else random.uniform(0, 1, count)
    access = random.integers(0, 3, count) * 12.5 if even else random.uniform(0, 60, count)
    table = tie_places(network, edge, fraction, access, id_column=column)
    if not entrances:
        return table
    cells: list[tuple[Any, ...]] = []
    for row in range(count):
        ways = random.choice(opened, random.integers(1, 4)) if edge[row] >= 0 and random.random() < 0.4 else []
        cells.append(tuple(_entrance(network, int(way), f"door {i}") for i, way in enumerate(ways)))
    held = np.empty(count, object)
    held[:] = cells
    return table.assign(**{ENTRANCES: held})


def _entrance(network: WalkNetwork, edge: int, name: str) -> Entrance:
    x, y = position_on_edge(network, np.array([edge]), np.array([0.5]))
    return Entrance(name, float(x[0]) + 10.0, float(y[0]), edge, 0.5, 10.0, int(network.edge_component[edge]))

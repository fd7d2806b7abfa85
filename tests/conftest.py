"""Fixtures for every room: real data where it is present, small networks drawn by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from walkshed.network.model import METERS_PER_MINUTE_PER_KMH, WalkNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]
TEST_CRS = "EPSG:32650"
ORIGIN_X, ORIGIN_Y = 500_000.0, 4_400_000.0


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the checkout's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real test areas; it is not part of the project."""
    folder = Path(os.environ.get("WALKSHED_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real test areas are absent: {folder.name}/ beside the checkout, or WALKSHED_SHARED_DATA")
    return folder


def build_network(
    nodes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    *,
    lengths_m: Sequence[float] | None = None,
    backward_min: Sequence[float] | None = None,
    speed_kmh: float = 6.0,
) -> WalkNetwork:
    """Return straight streets between nodes given in metres from a corner; at 6 km/h, 100 m take one minute."""
    x = np.array([node[0] for node in nodes], float) + ORIGIN_X
    y = np.array([node[1] for node in nodes], float) + ORIGIN_Y
    u = np.array([edge[0] for edge in edges], np.int32)
    v = np.array([edge[1] for edge in edges], np.int32)
    length = np.hypot(x[u] - x[v], y[u] - y[v]) if lengths_m is None else np.array(lengths_m, float)
    minutes = length / (speed_kmh * METERS_PER_MINUTE_PER_KMH)
    count = len(edges)
    return WalkNetwork(
        crs=TEST_CRS,
        node_id=np.arange(len(nodes), dtype=np.int64) + 1,
        x=x,
        y=y,
        u=u,
        v=v,
        length_m=length,
        forward_min=minutes,
        backward_min=minutes.copy() if backward_min is None else np.array(backward_min, float),
        way_id=np.arange(count, dtype=np.int64) + 1,
        steps=np.zeros(count, bool),
        name_code=np.full(count, -1, np.int32),
        names=(),
        geometry_start=np.arange(0, 2 * count + 1, 2, dtype=np.int64),
        geometry_x=np.column_stack([x[u], x[v]]).ravel(),
        geometry_y=np.column_stack([y[u], y[v]]).ravel(),
        speed_kmh=speed_kmh,
        source="drawn for a test",
    )


@pytest.fixture(scope="session")
def make_network() -> Callable[..., WalkNetwork]:
    """Return :func:`build_network`."""
    return build_network


def build_points(
    places: Sequence[tuple[float, float]], *, id_column: str = "demand_id", prefix: str = "d", **columns: object
) -> gpd.GeoDataFrame:
    """Return points given in metres from the same corner as :func:`build_network`, in EPSG:4326."""
    points = gpd.GeoSeries([shapely.Point(x + ORIGIN_X, y + ORIGIN_Y) for x, y in places], crs=TEST_CRS).to_crs(4326)
    frame = pd.DataFrame({id_column: [f"{prefix}{i}" for i in range(len(places))], **columns})
    return gpd.GeoDataFrame(frame, geometry=points)


@pytest.fixture(scope="session")
def make_points() -> Callable[..., gpd.GeoDataFrame]:
    """Return :func:`build_points`."""
    return build_points

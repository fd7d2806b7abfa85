"""A small valid study, and what readers hold a file against."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import shapely
from tests.fuzz.seeds import HOMES, ROOMS, csv, frames, geojson, workplace
from tests.fuzz.seeds_streets import osm_xml, raster

from walkshed.network.build import read_network

STUDY = b"""[study]
id = "west"
title_en = "West"
title_zh = "\xe8\xa5\xbf\xe6\xb0\xb8"
[boundary]
source = "file"
path = "area.geojson"
datum = "wgs84"
[network]
source = "osm"
path = "town.osm"
elevation = "dem.tif"
snap_max_m = 100.0
[access]
private = false
[facilities]
source = "file"
path = "rooms.csv"
serving = ["open"]
columns = { name = "a", lon = "x" }
tags = { amenity = ["library"] }
[residents]
source = "file"
path = "homes.csv"
m2_per_person = 40.0
[units]
source = "none"
admin_level = 10
[walking]
profile = "adult"
compare_profiles = ["senior"]
cutoffs_min = [5.0, 10.0, 15.0]
cutoff_min = 15.0
[profiles.senior]
speed_kmh = 2.9
[hours]
week = "2025-10-13"
[candidates]
source = "network"
[siting]
new_rooms = 3
[[siting.floors]]
group = "seniors"
share = 0.5
[[scenario.edits]]
edit = "add_footbridge"
name = "bridge"
line = [[106.361, 29.541], [106.362, 29.542]]
[[scenario.edits]]
edit = "close_facility"
facility_id = "r1"
[report]
language = "zh"
sources = ["a"]
"""


def study() -> bytes:
    """Return a study as one zip file."""
    content = io.BytesIO()
    members = {
        "west/study.toml": STUDY, "west/rooms.csv": csv(ROOMS), "west/homes.csv": csv(HOMES),
        "west/town.osm": osm_xml(),
        "west/area.geojson": geojson(frames()["area"]), "west/README.md": b"# x", "west/dem.tif": raster(),
    }  # fmt: skip
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


@cache
def around() -> SimpleNamespace:
    """Return what readers hold a file against: area, owners of entrances, units, a network."""
    tables = frames()
    points = [shapely.Point(float(row[2]), float(row[3])) for row in ROOMS[1:]]
    owners = gpd.GeoDataFrame(
        {"facility_id": ["r1", "r2", "r3"], "name": [row[1] for row in ROOMS[1:]]}, geometry=points, crs="EPSG:4326"
    )
    path = workplace() / "around.osm"
    path.write_bytes(osm_xml())
    units = tables["units"].assign(level="", parent_id="", population=np.nan)
    return SimpleNamespace(area=tables["area"], owners=owners, units=units, network=read_network(path))

"""Layers of one study in different coordinate systems, or without any."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from walkshed.errors import CrsError, InputError
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.demand import read_demand
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.units import assign_units, read_units

if TYPE_CHECKING:
    from pathlib import Path

AREA = gpd.GeoDataFrame({"name": ["Area"]}, geometry=[shapely.box(106.2, 29.4, 106.4, 29.6)], crs=4326)
ROOMS = gpd.GeoDataFrame(
    {"name": ["a", "b"]}, geometry=[shapely.Point(106.3, 29.5), shapely.Point(106.31, 29.52)], crs=4326
)
HOMES = gpd.GeoDataFrame(
    {"population": [10.0, 20.0]}, geometry=shapely.buffer(ROOMS.geometry.to_numpy(), 0.0005), crs=4326
)
SYSTEMS = (4326, 32648, 4544, 3857, 4490, 32649)
"""Degrees, UTM, CGCS2000 in three-degree zones, the web's, CGCS2000 in degrees, the neighbouring UTM zone."""


def test_every_layer_may_have_a_system_of_its_own(tmp_path: Path) -> None:
    found = []
    for number, crs in enumerate(SYSTEMS):
        others = SYSTEMS[number + 1 :] + SYSTEMS[:number]
        folder = tmp_path / str(crs)
        folder.mkdir()
        AREA.to_crs(crs).to_file(folder / "area.gpkg")
        AREA.assign(unit_id="u1", geometry=AREA.geometry).to_crs(others[0]).to_file(folder / "units.shp")
        ROOMS.to_crs(others[1]).to_parquet(folder / "rooms.parquet")
        HOMES.to_crs(others[2]).to_file(folder / "homes.gpkg")
        area = read_boundary(folder / "area.gpkg")
        rooms = read_facilities(folder / "rooms.parquet", boundary=area).table
        homes = read_demand(folder / "homes.gpkg", boundary=area).table
        units = read_units(folder / "units.shp").table
        assert {table.crs.to_epsg() for table in (area, rooms, homes, units)} == {4326}
        assert assign_units(rooms, units)["unit_id"].tolist() == ["u1", "u1"]
        found.append(
            np.concatenate(
                [shapely.get_coordinates(shapely.centroid(t.geometry.to_numpy())) for t in (area, rooms, homes)]
            )
        )
    assert np.ptp(np.array(found), axis=0).max() < 2e-6


def test_layers_of_one_geopackage_may_have_systems_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    AREA.to_crs(3857).to_file(path, layer="boundary")
    ROOMS.to_crs(4544).to_file(path, layer="facilities")
    HOMES.to_file(path, layer="demand")
    area = read_boundary(path)
    rooms = read_facilities(path, boundary=area)
    assert shapely.get_coordinates(rooms.table.geometry) == pytest.approx(shapely.get_coordinates(ROOMS.geometry))
    assert read_demand(path, boundary=area).table["population"].tolist() == [10.0, 20.0]
    with pytest.raises(InputError, match="boundary, facilities, demand"):
        read_units(path)


@pytest.mark.parametrize("ending", [".parquet", ".gpkg", ".shp"])
def test_a_layer_without_a_system_is_degrees_or_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rooms{ending}"
    save = gpd.GeoDataFrame.to_parquet if ending == ".parquet" else gpd.GeoDataFrame.to_file
    with warnings.catch_warnings(action="ignore"):  # that no CRS is written: the very thing that is tried
        save(ROOMS.set_crs(None, allow_override=True), path)
    found = read_facilities(path, boundary=AREA)
    assert shapely.get_coordinates(found.table.geometry) == pytest.approx(shapely.get_coordinates(ROOMS.geometry))
    with warnings.catch_warnings(action="ignore"):
        save(ROOMS.to_crs(4544).set_crs(None, allow_override=True), path)
    with pytest.raises((CrsError, InputError), match="no degrees"):
        read_facilities(path, boundary=AREA)
    told = read_facilities(path, boundary=AREA, datum="EPSG:4544").table
    assert shapely.get_coordinates(told.geometry) == pytest.approx(shapely.get_coordinates(ROOMS.geometry))


def test_a_system_that_contradicts_the_setting_is_told(tmp_path: Path) -> None:
    ROOMS.to_crs(32648).to_file(tmp_path / "rooms.gpkg")
    with pytest.raises(CrsError):
        read_facilities(tmp_path / "rooms.gpkg", boundary=AREA, datum="gcj02")

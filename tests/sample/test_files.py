"""The files of the sample district: the same every time, and what a district office would send."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pytest
import rasterio
import shapely

from walkshed.coordinates import CHINA_BOX, areas_m2, metric_crs, to_wgs84
from walkshed.errors import InputError
from walkshed.sample import write_sample
from walkshed.sample.frame import SIZE_M, to_degrees
from walkshed.sample.terrain import height_m

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000


def test_the_generator_writes_what_ships_byte_for_byte(written: Path, shipped: Path) -> None:
    names = sorted(path.name for path in written.iterdir())
    assert names == sorted(path.name for path in shipped.iterdir())
    for name in names:
        assert (written / name).read_bytes() == (shipped / name).read_bytes(), name


def test_writing_twice_gives_the_same_and_says_what_was_written(written: Path, tmp_path: Path) -> None:
    paths = write_sample(tmp_path / "again")
    assert sorted(path.name for path in paths) == sorted(path.name for path in written.iterdir())
    assert all(path.read_bytes() == (written / path.name).read_bytes() for path in paths)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="below"):
        write_sample(tmp_path / "file" / "below")


def test_it_is_small_and_lies_in_china(written: Path) -> None:
    assert sum(path.stat().st_size for path in written.iterdir()) < MAX_BYTES
    west, south, east, north = gpd.read_file(written / "boundary.geojson").total_bounds
    assert CHINA_BOX[0] < west < east < CHINA_BOX[2]
    assert CHINA_BOX[1] < south < north < CHINA_BOX[3]


def test_every_file_that_holds_words_says_that_it_is_fictional(written: Path) -> None:
    encodings = {"facilities.csv": "gbk", "candidates.csv": "utf-8-sig", "compounds.csv": "utf-8-sig"}
    others = ("units.geojson", "boundary.geojson", "compounds.geojson", "study.toml", "scenario.toml", "SOURCES.md")
    for name, encoding in encodings.items() | {(name, "utf-8") for name in others}:
        assert "虚构" in (written / name).read_text(encoding=encoding), name
    assert "虚构" in (written / "compounds.toml").read_text(encoding="utf-8")


def test_the_towns_and_communities_tile_the_district(written: Path) -> None:
    units = gpd.read_file(written / "units.geojson")
    assert units.geometry.is_valid.all()
    assert units.level.value_counts().to_dict() == {"community": 12, "town": 3, "district": 1}
    assert (units.unit_id.str.len() == units.level.map({"district": 6, "town": 9, "community": 12})).all()
    whole = units.geometry[units.level == "district"].iloc[0]
    for level in ("town", "community"):
        parts = units.geometry[units.level == level]
        assert shapely.equals(shapely.normalize(shapely.coverage_union_all(parts.to_numpy())), shapely.normalize(whole))
        assert shapely.coverage_is_valid(parts.to_numpy())
        assert areas_m2(parts).sum() == pytest.approx(areas_m2(gpd.GeoSeries([whole], crs=units.crs))[0])
    for column in ("population", "population_seniors", "population_children", "population_students"):
        sums = units.groupby("level")[column].sum()
        assert sums["community"] == sums["town"] == sums["district"] > 0
    lower = units[units.parent_id != ""]
    assert all(code.startswith(parent) for code, parent in zip(lower.unit_id, lower.parent_id, strict=True))


def test_the_list_of_rooms_is_shifted_and_in_gbk(written: Path) -> None:
    raw = (written / "facilities.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    rows = [row for row in csv.DictReader(raw.decode("gbk").splitlines()) if row["经度"]]
    boundary = gpd.read_file(written / "boundary.geojson")
    given = gpd.GeoSeries(gpd.points_from_xy([float(r["经度"]) for r in rows], [float(r["纬度"]) for r in rows]))
    true = to_wgs84(given, "gcj02")
    assert true.within(boundary.geometry.iloc[0]).all()
    metric = metric_crs(boundary.geometry)
    shift = given.set_crs("EPSG:4326").to_crs(metric).distance(true.to_crs(metric))
    assert shift.between(300, 700).all()


def test_the_raster_holds_the_hills(written: Path) -> None:
    with rasterio.open(written / "elevation.tif") as raster:
        assert raster.crs.to_epsg() == 4326
        cells = raster.read(1)
        row, column = np.array([[40, 150, 200], [60, 170, 250]])
        lon, lat = raster.xy(row, column)
    x = SIZE_M / 2 + (np.array(lon) - to_degrees((SIZE_M / 2, SIZE_M / 2))[0]) * 96_937.0
    y = SIZE_M / 2 + (np.array(lat) - to_degrees((SIZE_M / 2, SIZE_M / 2))[1]) * 110_845.0
    assert np.abs(cells[row, column] - height_m(x, y)).max() < 0.6
    assert 200 < cells.min() < 260
    assert 600 < cells.max() < 900


def test_the_street_file_says_no_time_and_no_author(written: Path) -> None:
    reader = osmium.io.Reader(str(written / "streets.osm.pbf"))
    assert "fictional" in reader.header().get("generator")
    reader.close()
    objects = list(osmium.FileProcessor(str(written / "streets.osm.pbf"), osmium.osm.WAY))
    assert len(objects) > 2_000


def test_nodes_of_streets_are_shared_or_apart(written: Path) -> None:
    places: dict[tuple[float, float], int] = {}
    for node in osmium.FileProcessor(str(written / "streets.osm.pbf"), osmium.osm.NODE):
        key = (node.location.lon, node.location.lat)
        assert places.setdefault(key, node.id) == node.id

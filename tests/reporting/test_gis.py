"""Layers for other programs: what is read back is what was written."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING
from xml.dom.minidom import parseString

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from walkshed.errors import InputError
from walkshed.reporting.gis import DICTIONARY, KML_LAYERS, NAME_MAX, short_names, write_gis
from walkshed.reporting.layers import GEOMETRY_TYPES, layer_tables, write_layers

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult

NEAR_DEGREES = 2e-7


def held(result: StudyResult) -> dict[str, gpd.GeoDataFrame]:
    return {layer: table for layer, table in layer_tables(result).items() if len(table)}


def same_places(one: gpd.GeoSeries, other: gpd.GeoSeries) -> bool:
    """Say whether shapes are the same but for rounding, wherever their rings begin."""
    return all(
        (a is None and b is None) or (a.geom_type == b.geom_type and shapely.hausdorff_distance(a, b) <= NEAR_DEGREES)
        for a, b in zip(one, other, strict=True)
    )


def test_geojson_comes_back(result: StudyResult, tmp_path: Path) -> None:
    written = write_gis(result, tmp_path, kind="geojson")
    tables = held(result)
    assert [path.stem for path in written] == list(tables)
    for path in written:
        back, table = gpd.read_file(path), tables[path.stem]
        assert back.crs.to_epsg() == 4326
        assert set(table.columns) <= set(back.columns)
        assert same_places(back.geometry, table.geometry)
        assert "OpenStreetMap" in path.read_text(encoding="utf-8")[:2000]
    names = gpd.read_file(tmp_path / "facilities.geojson")["name"].tolist()
    assert names == tables["facilities"]["name"].tolist()


def test_geoparquet_comes_back(result: StudyResult, tmp_path: Path) -> None:
    readme, *written = write_gis(result, tmp_path, kind="geoparquet")
    assert "OpenStreetMap" in readme.read_text(encoding="utf-8")
    for path in written:
        back, table = gpd.read_parquet(path), held(result)[path.stem]
        assert list(back.columns) == list(table.columns)
        assert same_places(back.geometry, table.geometry)


def test_kml_has_a_folder_per_layer_with_names(result: StudyResult, tmp_path: Path) -> None:
    (path,) = write_gis(result, tmp_path, kind="kml")
    tables = held(result)
    for layer in KML_LAYERS:
        if layer in tables:
            back = gpd.read_file(path, layer=layer)
            assert len(back) == len(tables[layer])
    rooms = gpd.read_file(path, layer="facilities")
    assert rooms["Name"].tolist() == tables["facilities"]["name"].tolist()
    assert "OpenStreetMap" in path.read_text(encoding="utf-8")


def test_shapefiles_have_ascii_fields_and_a_dictionary(result: StudyResult, tmp_path: Path) -> None:
    (path,) = write_gis(result, tmp_path, kind="shapefile")
    tables = held(result)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read(DICTIONARY).decode("utf-8-sig"))))
        assert "OpenStreetMap" in archive.read("README.txt").decode()
    assert {f"{stem}.{part}" for stem in ("gaps", "facilities") for part in ("shp", "dbf", "prj", "cpg")} <= set(names)
    assert all(row["field"].isascii() and len(row["field"]) <= NAME_MAX for row in rows)
    back = gpd.read_file(f"/vsizip/{path}/facilities.shp")
    field = {row["name"]: row["field"] for row in rows if row["file"] == "facilities"}
    assert back[field["name"]].tolist() == tables["facilities"]["name"].tolist()
    assert same_places(back.geometry, tables["facilities"].geometry)


def test_csv_opens_in_excel_and_holds_no_formula(hostile: StudyResult, tmp_path: Path) -> None:
    readme, *written = write_gis(hostile, tmp_path, kind="csv")
    assert "OpenStreetMap" in readme.read_text(encoding="utf-8")
    for path in written:
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    table = pd.read_csv(tmp_path / "proposals.csv")
    assert np.allclose(table["newly_served"], hostile.proposals["newly_served"])
    assert len(gpd.GeoSeries.from_wkt(table["wkt"])) == len(hostile.proposals)


def test_a_format_nobody_knows_is_refused(result: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dwg"):
        write_gis(result, tmp_path, kind="dwg")


def styles_of(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault = 1"))


def test_a_geopackage_brings_its_styles(result: StudyResult, tmp_path: Path) -> None:
    path = tmp_path / "layers.gpkg"
    write_layers(result, path)
    styles = styles_of(path)
    with closing(sqlite3.connect(path)) as database:
        listed = dict(database.execute("SELECT table_name, description FROM gpkg_contents"))
    assert set(GEOMETRY_TYPES) == set(styles) == set(listed) - {"layer_styles"}
    assert all("OpenStreetMap" in listed[layer] for layer in styles)
    for qml in styles.values():
        assert qml.startswith("<!DOCTYPE qgis>")
        parseString(qml.partition(">")[2])  # noqa: S318 - our own text, to see that it is well formed
    assert len(gpd.read_file(path, layer="gaps")) == len(result.gaps)


def test_styles_draw_what_the_layers_hold(result: StudyResult, tmp_path: Path) -> None:
    """QGIS draws no feature whose value no category has, and no point with a symbol for areas."""
    path = tmp_path / "layers.gpkg"
    write_layers(result, path)
    styles = styles_of(path)
    rooms = gpd.read_file(path, layer="facilities")
    assert set(rooms["status"]) <= set(re.findall(r'<category value="(\w+)"', styles["facilities"]))
    assert set(re.findall(r'<category value="(\w+)"', styles["demand"])) == {"true", "false"}
    symbols = {"Point": "marker", "MultiPoint": "marker", "LineString": "line"}
    for layer, qml in styles.items():
        kinds = set(gpd.read_file(path, layer=layer).geometry.geom_type.dropna())
        assert {symbols.get(kind, "fill") for kind in kinds} <= set(re.findall(r'<symbol [^>]*type="(\w+)"', qml))
    points = dataclasses.replace(result, demand=result.demand.set_geometry(result.demand.representative_point()))
    write_layers(points, path)
    assert 'type="marker"' in styles_of(path)["demand"]
    assert 'type="fill"' not in styles_of(path)["demand"]


@given(st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=40))
def test_short_names_are_ascii_short_and_different(names: list[str]) -> None:
    short = short_names(names)
    assert list(short) == names
    assert len({name.lower() for name in short.values()}) == len(names)
    assert all(name.isascii() and 1 <= len(name) <= NAME_MAX for name in short.values())

"""Files that mean harm: bombs, entities, links, views and names that lie."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import stat
import sys
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from walkshed.errors import InputError, NetworkError, WalkshedError
from walkshed.inputs.osm import read_osm_buildings
from walkshed.inputs.population_raster import read_population_raster
from walkshed.inputs.tables import read_table
from walkshed.network.build import read_network
from walkshed.network.elevation import raster_heights
from walkshed.network.store import MARKER, load_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
    '<!-- > --><!DOCTYPE l [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE l SYSTEM "http://localhost:1/l.dtd">',
)
BODIES = {
    "x.kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>&c;</name></Placemark></kml>',
    "x.osm": '<osm version="0.6"><node id="1" lon="1" lat="1"><tag k="name" v="&c;"/></node></osm>',
    "x.graphml": '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"/></graphml>',
}
READ = {"x.kml": lambda path: read_table(path, layer="facilities"), "x.osm": read_network, "x.graphml": read_network}
MOST_ROWS = "WALKSHED_MAX_ROWS"


def key_of(call: Callable[[], object]) -> str:
    """Return the key of the error, which must have its text in both languages."""
    with pytest.raises(WalkshedError) as caught:
        call()
    assert caught.value.text("zh") != caught.value.text("en")
    return caught.value.message.key.removeprefix("errors.")


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("laugh", LAUGHS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_with_a_document_type_is_not_read(tmp_path: Path, name: str, laugh: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>\n{laugh}\n{BODIES[name]}'.encode(encoding))
    assert key_of(lambda: READ[name](path)) == "xml_entities"


@pytest.mark.parametrize("name", BODIES)
def test_xml_in_an_encoding_that_hides_its_signs_is_not_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b'<?xml version="1.0" encoding="UTF-7"?>+ADw-+ACE-DOCTYPE l+AD4-' + BODIES[name].encode())
    assert key_of(lambda: READ[name](path)) == "xml_encoding"


def test_the_xml_inside_a_workbook_is_held_against_the_same_rule(
    write_sheet: Callable[..., Path], tmp_path: Path
) -> None:
    good = write_sheet("rooms.xlsx", [["name", "lon", "lat"], ["a", 106.0, 29.0]])
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            if member == "xl/workbook.xml":
                content = b'<?xml version="1.0"?>' + LAUGHS[0].encode() + content
            target.writestr(member, content)
    assert key_of(lambda: read_table(bad, layer="facilities")) == "xml_entities"
    assert len(read_table(good, layer="facilities").lines) == 1


def test_kml_does_not_follow_links(tmp_path: Path) -> None:
    link = "<NetworkLink><Link><href>http://localhost:1/x.kml</href></Link></NetworkLink>"
    mark = "<Placemark><name>a</name><Point><coordinates>106,29</coordinates></Point></Placemark>"
    path = tmp_path / "x.kml"
    path.write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{link}{mark}</Document></kml>', encoding="utf-8"
    )
    assert read_table(path, layer="facilities").frame["Name"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "x.geojson",
            b"<OGRVRTDataSource><OGRVRTLayer><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        ),
        ("x.kml", b"<OGRVRTDataSource/>"),
        ("x.gpkg", b'{"type": "FeatureCollection", "features": []}'),
        ("x.shp", b"PK\x03\x04"),
        ("x.parquet", b"name,lon,lat"),
        ("x.xlsx", b"<html><body>log in first</body></html>"),
        ("x.zip", b"Rar!\x1a\x07"),
    ],
)
def test_what_is_not_what_its_ending_says_never_reaches_a_library(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert key_of(lambda: read_table(path, layer="facilities")) == "content_differs"


def test_pipes_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("folder.csv", "pipe.csv", "zero.csv"):
        assert key_of(lambda name=name: read_table(tmp_path / name, layer="facilities")) == "file_special"
    assert key_of(lambda: read_table("x" * 5000 + ".csv", layer="facilities")) == "file_missing"
    assert key_of(lambda: read_table("a\0b.csv", layer="facilities")) == "file_missing"


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("WALKSHED_MAX_ROWS", "rows_too_many"), ("WALKSHED_MAX_CELLS", "cells_too_many"),
        ("WALKSHED_MAX_COLUMNS", "columns_too_many"), ("WALKSHED_MAX_TEXT_MB", "text_too_long"),
    ],
)  # fmt: skip
def test_more_than_can_be_held_is_told_while_it_is_read(
    write_text: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, variable: str, key: str
) -> None:
    rows = "name,lon,lat\n" + "".join(f"{'n' * 4000}{number},106,29\n" for number in range(600))
    path = write_text("rooms.csv", rows)
    assert len(read_table(path, layer="facilities").lines) == 600
    monkeypatch.setenv(variable, {"WALKSHED_MAX_ROWS": "500", "WALKSHED_MAX_CELLS": "900"}.get(variable, "2"))
    assert key_of(lambda: read_table(path, layer="facilities")) == key


def test_every_kind_of_table_has_the_limit_of_rows(
    write_geojson: Callable[..., Path],
    write_sheet: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = gpd.GeoDataFrame({"name": list("abcde")}, geometry=shapely.points(range(5), range(5)), crs="EPSG:4326")
    files = [
        write_geojson("x.geojson", [(shape, {}) for shape in points.geometry]),
        write_sheet("x.xlsx", [["name", "lon"], *[[i, i] for i in range(5)]]),
    ]
    for name in ("x.gpkg", "x.shp", "x.kml"):
        driver = {"x.gpkg": "GPKG", "x.shp": "ESRI Shapefile", "x.kml": "KML"}[name]
        points.to_file(tmp_path / name, engine="pyogrio", driver=driver)
        files.append(tmp_path / name)
    points.to_parquet(tmp_path / "x.parquet")
    files.append(tmp_path / "x.parquet")
    monkeypatch.setenv(MOST_ROWS, "5")
    assert [len(read_table(path, layer="facilities").lines) for path in files] == [5] * 6
    monkeypatch.setenv(MOST_ROWS, "4")
    assert {key_of(lambda path=path: read_table(path, layer="facilities")) for path in files} == {"rows_too_many"}
    monkeypatch.setenv(MOST_ROWS, "many")
    assert key_of(lambda: read_table(files[0], layer="facilities")) == "limit_setting"


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKSHED_MAX_FILE_MB", "1")
    for name in ("x.csv", "x.osm", "x.npz", "x.graphml"):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(3_000_000)
        read = READ.get(name, lambda path: read_table(path, layer="facilities")) if name != "x.npz" else read_network
        assert key_of(lambda name=name, read=read: read(tmp_path / name)) == "file_too_large"


def test_packed_streets_that_unpack_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.osm.gz"
    path.write_bytes(gzip.compress(b"<osm version='0.6'>" + b" " * 3_000_000 + b"</osm>"))
    monkeypatch.setenv("WALKSHED_MAX_UNPACKED_MB", "2")
    assert key_of(lambda: read_osm_buildings(path)) == "file_unpacks_large"


def test_a_workbook_may_have_any_number_of_rows_that_are_only_formatted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["name", "lon", "lat"], ["a", 106.0, 29.0], [None], ["b", 106.1, 29.1]):
        sheet.append(row)
    sheet.merge_cells("C4:C1048576")
    content = io.BytesIO()
    book.save(content)
    path = tmp_path / "x.xlsx"
    blank = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>' % (row, row) for row in range(5, 20_000)
    )
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            data = source.read(member)
            if member == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", blank + b"</sheetData>")
            target.writestr(member, data)
    monkeypatch.setenv(MOST_ROWS, "10")
    raw = read_table(path, layer="facilities")
    assert raw.frame["name"].tolist() == ["a", "b"]
    assert raw.lines.tolist() == [2, 4]


@pytest.mark.parametrize("reach", ["B2:B1048576", "A1:XFD1048576"])
def test_merged_cells_may_reach_to_the_end_of_the_sheet(
    write_sheet: Callable[..., Path], reach: str, tmp_path: Path
) -> None:
    good = write_sheet("x.xlsx", [["name", "unit"], ["a", "u"], ["b", None], ["c", None]])
    path = tmp_path / "merged.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.namelist():
            data = source.read(member)
            if member == "xl/worksheets/sheet1.xml":
                data = data.replace(
                    b"</sheetData>",
                    b'</sheetData><mergeCells count="1"><mergeCell ref="%s"/></mergeCells>' % reach.encode(),
                )
            target.writestr(member, data)
    raw = read_table(path, layer="facilities")
    assert len(raw.lines) == 3
    if reach.startswith("B2"):
        assert raw.frame["unit"].tolist() == ["u", "u", "u"]


def test_a_zip_inside_a_zip_is_no_shapefile(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.shp", b"x")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    assert key_of(lambda: read_table(tmp_path / "x.zip", layer="facilities")) == "zip_layers"


def test_a_link_in_a_zip_is_told_and_names_are_never_used(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.shp")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert key_of(lambda: read_table(tmp_path / "x.zip", layer="facilities")) == "zip_link"
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        for suffix in (".shp", ".shx", ".dbf"):
            archive.writestr(f"../../../escaped{suffix}", b"x" * 200)
    assert key_of(lambda: read_table(tmp_path / "y.zip", layer="facilities")) == "file_unreadable"
    assert not list(tmp_path.parent.parent.parent.glob("escaped*"))


def test_a_geopackage_with_a_view_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(1, 1)], crs="EPSG:4326").to_file(path, layer="rooms")
    base = sqlite3.connect(path)
    base.executescript(
        "CREATE VIEW endless AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
        "SELECT count(*) AS fid FROM c;"
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('endless', 'attributes', 'endless')"
    )
    base.close()
    assert key_of(lambda: read_table(path, layer="facilities")) == "layer_view"


def test_geojson_nested_without_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    deep = "[" * 50_000 + "]" * 50_000
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":' + deep + '},"geometry":null}]}',
        encoding="utf-8",
    )
    assert key_of(lambda: read_table(path, layer="facilities")) == "file_unreadable"


def test_columns_of_one_name_all_stay(write_text: Callable[..., Path], write_geojson: Callable[..., Path]) -> None:
    raw = read_table(
        write_text("x.csv", ",".join(["name"] * 1500) + "\n" + ",".join(map(str, range(1500)))), layer="facilities"
    )
    assert raw.frame.shape == (1, 1500)
    assert raw.frame.columns.is_unique
    raw = read_table(
        write_geojson("x.geojson", [(shapely.Point(1, 1), {"name": "a", " name": "b", "geometry": "c"})]),
        layer="facilities",
    )
    assert raw.frame.columns.is_unique
    assert {"a", "b"} <= set(raw.frame.iloc[0].tolist())


def test_a_cell_of_a_hundred_thousand_characters_is_kept_and_messages_stay_short(
    write_text: Callable[..., Path],
) -> None:
    long = "书" * 100_000
    raw = read_table(write_text("x.csv", f"{long},lon,lat\n{long},106,29"), layer="facilities")
    assert raw.frame.iloc[0, 0] == long
    with pytest.raises(InputError) as caught:
        read_table(write_text("y.csv", f'a\n"{long}'), layer="facilities")
    assert len(caught.value.text("zh")) < 5000


def test_a_message_commands_no_terminal() -> None:
    error = InputError("file_missing", path="a\x1b]0;x\x07\x9b31mb\r.csv")
    assert not set(error.text("en")) & {"\x1b", "\x07", "\x9b", "\r"}
    assert len(InputError("file_missing", path="x" * 10**6).text("zh")) < 5000


# --- rasters


@pytest.fixture
def write_raster(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a raster of 3 x 3 cells."""

    def write(**changes: object) -> Path:
        path = tmp_path / "x.tif"
        options = {"driver": "GTiff", "width": 3, "height": 3, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
        options |= {"transform": Affine(0.1, 0, 106.0, 0, -0.1, 30.0)} | changes
        with rasterio.open(path, "w", **options) as file:
            file.write(np.ones((1, 3, 3), str(options["dtype"])))
        return path

    return write


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"transform": Affine(0.1, 0.1, 106.0, 0.1, 0.1, 30.0)}, "raster_transform"),
        ({"transform": Affine(float("nan"), 0, 106.0, 0, -0.1, 30.0)}, "raster_transform"),
        ({"dtype": "complex64"}, "raster_complex"),
    ],
)
def test_rasters_without_a_place_on_the_ground_are_told(
    write_raster: Callable[..., Path], zone: gpd.GeoDataFrame, changes: dict[str, object], key: str
) -> None:
    path = write_raster(**changes)
    assert key_of(lambda: read_population_raster(path, zone)) == key
    assert key_of(lambda: raster_heights(path, np.array([106.1]), np.array([29.9]), "EPSG:4326")) == key


def test_a_virtual_raster_is_not_opened(tmp_path: Path, zone: gpd.GeoDataFrame) -> None:
    path = tmp_path / "x.vrt"
    source = "<SimpleSource><SourceFilename>/vsicurl/http://localhost:1/x.tif</SourceFilename></SimpleSource>"
    band = f'<VRTRasterBand dataType="Byte" band="1">{source}</VRTRasterBand>'
    path.write_text(f'<VRTDataset rasterXSize="1" rasterYSize="1">{band}</VRTDataset>', encoding="utf-8")
    assert key_of(lambda: read_population_raster(path, zone)) == "raster_format"
    path = path.rename(tmp_path / "x.tif")
    assert key_of(lambda: raster_heights(path, np.zeros(1), np.zeros(1), "EPSG:4326")) == "content_differs"


# --- saved networks


class _Harm:
    """Would run code where somebody unpickled it."""

    def __reduce__(self) -> tuple[object, ...]:
        return sys.exit, (99,)


def test_a_saved_network_runs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **{MARKER: np.array(3), "x": np.array([_Harm()], object)})
    assert key_of(lambda: load_network(path)) == "network_broken"
    np.save(tmp_path / "y.npy", np.array([_Harm()], object))
    (tmp_path / "y.npy").rename(tmp_path / "y.npz")
    assert key_of(lambda: load_network(tmp_path / "y.npz")) == "network_broken"


def test_a_saved_network_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, **{MARKER: np.array(3), "x": np.zeros(500_000)})
    monkeypatch.setenv("WALKSHED_MAX_UNPACKED_MB", "2")
    assert path.stat().st_size < 100_000
    assert key_of(lambda: load_network(path)) == "zip_too_large"


@pytest.mark.parametrize("name", ["x", "geometry_y", "crs"])
def test_a_saved_network_with_places_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "x.osm"
    nodes = "".join(f'<node id="{i}" version="1" lon="{106 + i / 1000}" lat="29"/>' for i in (1, 2))
    way = '<way id="1" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way>'
    source.write_text(f'<osm version="0.6">{nodes}{way}</osm>', encoding="utf-8")
    from walkshed.network.store import write_network  # noqa: PLC0415 - beside its opposite

    path = write_network(read_network(source), tmp_path / "x.npz")
    assert len(load_network(path).u) == 1
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive.files}
    arrays[name] = np.array("EPSG:4326") if name == "crs" else np.full_like(arrays[name], np.nan)
    np.savez(path, **arrays)
    with pytest.raises(NetworkError, match="damaged"):
        load_network(path)


def test_json_that_only_looks_like_a_layer_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"hello": [1, 2, 3]}), encoding="utf-8")
    assert key_of(lambda: read_table(path, layer="facilities")) == "file_unreadable"

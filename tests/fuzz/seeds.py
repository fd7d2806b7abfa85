# ruff: noqa: E501 - lists of settings and elements, one to a line
"""Small valid files of every kind that Walkshed reads, made by the programs' own writers."""

from __future__ import annotations

import io
import json
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import rasterio
import shapely
from rasterio.transform import from_origin

from walkshed.network.build import read_network
from walkshed.network.store import write_network

WEST, SOUTH = 106.36, 29.54
AREA = shapely.box(WEST, SOUTH, WEST + 0.03, SOUTH + 0.03)

ROOMS = (
    ("编号", "名称", "经度", "纬度", "状态", "座位数", "开放时间", "unit_id", "备注"),
    ("r1", "西永书房", "106.3700", "29.5500", "开放", "60", "周二至周日 9:00-21:00", "u1", "=1"),
    ("r2", "Library, north", "106.3750", "29.5550", "planned", "1,200", "Mo-Fr 09:00-18:00", "u2", ""),
    ("r3", "东书房", "106.3800", "29.5600", "", "", "24小时", "", "x"),
)
HOMES = (
    ("demand_id", "kind", "name", "population", "households", "lon", "lat", "area_m2", "65岁以上占比"),
    ("d1", "compound", "甲小区", "3005", "", "106.3701", "29.5501", "", "23%"),
    ("d2", "", "乙小区", "", "1200户", "106.3711", "29.5511", "100", "10%"),
    ("d3", "point", "丙", "7.47万人", "", "106.3721", "29.5521", "", ""),
)
UNITS = (
    ("code", "name", "level", "parent", "population", "lon"),
    ("500106", "沙坪坝区", "district", "", "1,000,000", ""),
    ("500106017", "西永街道", "town", "500106", "52,000", ""),
    ("500106017001", "第一社区", "community", "500106017", "8000", ""),
)
SITES = (
    ("candidate_id", "place", "cost", "location", "kind"),
    ("c1", "街心公园", "10万", "106.3702,29.5502", "park"),
    ("c2", "空置房屋", "", "106.3712,29.5512", "空置"),
)
DOORS = (
    ("facility_id", "name", "lon", "lat"),
    ("r1", "南门", "106.37001", "29.55001"),
    ("r2", "Gate", "106.37501", "29.55501"),
)
FIGURES = (("unit_id", "denominator_E", "denominator_A"), ("u1", "1200", "3"), ("合计", "3,400", "5"))
NAMES = (("名称", "地址"), ("西永书房", "西永路1号"), ("东书房", "东路"))


def frames() -> dict[str, gpd.GeoDataFrame]:
    """Return tables with shapes: homes, units and the study area."""
    boxes = [shapely.box(WEST + 0.01 * i, SOUTH, WEST + 0.01 * i + 0.01, SOUTH + 0.03) for i in range(3)]
    homes = [box.buffer(-0.003) for box in boxes[:2]] + [boxes[2].centroid]
    holed = shapely.difference(AREA, shapely.box(WEST + 0.001, SOUTH + 0.001, WEST + 0.002, SOUTH + 0.002))
    crs = "EPSG:4326"
    return {
        "homes": gpd.GeoDataFrame(
            {"name": ["甲", "乙", "c"], "population": [10.0, 20.5, 0.0]}, geometry=homes, crs=crs
        ),
        "units": gpd.GeoDataFrame({"unit_id": ["u1", "u2", "u3"], "name": ["一", "二", "三"]}, geometry=boxes, crs=crs),
        "area": gpd.GeoDataFrame({"name": ["研究区"]}, geometry=[holed], crs=crs),
    }


def csv(rows: tuple[tuple[str, ...], ...]) -> bytes:
    """Return a table as CSV."""
    return "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows).encode()


def xlsx(rows: tuple[tuple[str, ...], ...]) -> bytes:
    """Return a table as a workbook with a title, a merged cell, a number, a date and a formula."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["名单"])
    for row in rows:
        sheet.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in row])
    sheet["J3"], sheet["J4"] = "=SUM(F3:F4)", True
    sheet.merge_cells("I3:I4")
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def geojson(frame: gpd.GeoDataFrame) -> bytes:
    """Return a layer as GeoJSON."""
    return json.dumps(json.loads(frame.to_json()), ensure_ascii=False).encode()


@cache
def _workplace() -> Path:
    return Path(tempfile.mkdtemp(prefix="walkshed-fuzz-seeds-"))


def layer(name: str, driver: str, ending: str) -> bytes:
    """Return one of :func:`frames` as a file of GDAL's."""
    path = _workplace() / f"{name}{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames()[name].to_file(path, driver=driver, layer="layer", engine="pyogrio")
    return path.read_bytes()


def shapefile(name: str) -> bytes:
    """Return a layer as a zipped shapefile."""
    folder = _workplace() / "shp"
    folder.mkdir(exist_ok=True)
    frames()[name].to_file(folder / f"{name}.shp", driver="ESRI Shapefile", encoding="UTF-8", engine="pyogrio")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob(f"{name}.*")):
            archive.write(part, part.name)
    return content.getvalue()


def parquet(name: str) -> bytes:
    """Return a layer as GeoParquet."""
    content = io.BytesIO()
    frames()[name].to_parquet(content, compression=None)
    return content.getvalue()


def kml(name: str) -> bytes:
    """Return a layer as KML with two folders and a network link."""
    marks = []
    for row in frames()[name].itertuples():
        shape = row.geometry
        outline = shape if shape.geom_type == "Point" else shape.exterior
        text = " ".join(f"{x},{y},0" for x, y in shapely.get_coordinates(outline))
        ring = f"<outerBoundaryIs><LinearRing><coordinates>{text}</coordinates></LinearRing></outerBoundaryIs>"
        drawn = (
            f"<Point><coordinates>{text}</coordinates></Point>"
            if shape.geom_type == "Point"
            else f"<Polygon>{ring}</Polygon>"
        )
        data = f'<ExtendedData><Data name="population"><value>{getattr(row, "population", 1)}</value></Data></ExtendedData>'
        marks.append(f"<Placemark><name>{row.name}</name>{data}{drawn}</Placemark>")
    link = "<NetworkLink><Link><href>http://localhost:1/x.kml</href></Link></NetworkLink>"
    folders = f"<Folder><name>a</name>{marks[0]}</Folder><Folder><name>b</name>{''.join(marks[1:])}{link}</Folder>"
    space = "http://www.opengis.net/kml/2.2"
    return f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="{space}"><Document>{folders}</Document></kml>'.encode()


def osm_xml() -> bytes:
    """Return streets, buildings, a unit, a room and what else is read from OpenStreetMap."""
    places = {
        1: (0, 0),
        2: (5, 0),
        3: (5, 5),
        4: (0, 5),
        5: (2, 2),
        6: (3, 2),
        7: (3, 3),
        8: (2, 3),
        9: (1, 1),
        10: (2.5, 2),
    }
    tags = {
        9: {"amenity": "library", "name": "西永书房", "opening_hours": "Mo-Fr 09:00-18:00", "name:en": "Library"},
        10: {"entrance": "main", "barrier": "gate"}, 2: {"highway": "crossing"}, 4: {"place": "suburb", "name": "西永"},
    }  # fmt: skip
    ways = {
        1: ((1, 2, 3, 4, 1), {"highway": "residential", "name": "环路"}),
        2: ((1, 5, 7, 3), {"highway": "steps", "incline": "10%", "oneway": "yes"}),
        3: ((5, 10, 6, 7, 8, 5), {"building": "apartments", "building:levels": "6", "name": "1栋"}),
        4: ((1, 2, 3, 4, 1), {"landuse": "residential", "name": "甲小区"}),
        5: ((5, 6, 7, 8, 5), {"natural": "water"}),
        6: ((4, 8), {"highway": "footway", "access": "private", "layer": "-1", "tunnel": "yes"}),
    }
    relations = {
        1: (
            (1,),
            {"type": "boundary", "boundary": "administrative", "admin_level": "10", "name": "社区", "population": "99"},
        )
    }
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="x">']
    lines.append(f'<bounds minlat="{SOUTH}" minlon="{WEST}" maxlat="{SOUTH + 0.03}" maxlon="{WEST + 0.03}"/>')
    for number, (x, y) in places.items():
        lines.append(
            f'<node id="{number}" version="1" lat="{SOUTH + y / 300:.6f}" lon="{WEST + x / 300:.6f}">{_tags(tags.get(number, {}))}</node>'
        )
    for number, (nodes, own) in ways.items():
        inside = "".join(f'<nd ref="{node}"/>' for node in nodes)
        lines.append(f'<way id="{number}" version="1">{inside}{_tags(own)}</way>')
    for number, (members, own) in relations.items():
        inside = "".join(f'<member type="way" ref="{way}" role="outer"/>' for way in members)
        lines.append(f'<relation id="{number}" version="1">{inside}{_tags(own)}</relation>')
    return "\n".join([*lines, "</osm>"]).encode()


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def osm_pbf(options: str) -> bytes:
    """Return the same as a PBF, packed or plain."""
    source, target = _workplace() / "seed.osm", _workplace() / f"{len(options)}.osm.pbf"
    source.write_bytes(osm_xml())
    target.unlink(missing_ok=True)
    with osmium.SimpleWriter(osmium.io.File(str(target), options)) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)
    return target.read_bytes()


def graphml() -> bytes:
    """Return streets as OSMnx saves them."""
    import networkx as nx  # noqa: PLC0415 - takes a while to load, for one reader of many
    import osmnx  # noqa: PLC0415 - the same

    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for node in range(4):
        graph.add_node(node, x=WEST + 0.001 * (node % 2), y=SOUTH + 0.001 * (node // 2), street_count=2)
    line = shapely.LineString([(WEST, SOUTH), (WEST + 0.0005, SOUTH + 0.0001), (WEST + 0.001, SOUTH)])
    for u, v, key in ((0, 1, 0), (1, 0, 0), (1, 3, 0), (3, 2, 0), (2, 0, 0)):
        more = {"geometry": line if (u, v) == (0, 1) else line.reverse()} if {u, v} == {0, 1} else {}
        graph.add_edge(u, v, key, osmid=[u, v], highway="footway", name=["a", "b"], length=111.0, oneway=False, **more)
    path = _workplace() / "seed.graphml"
    osmnx.save_graphml(graph, path)
    return path.read_bytes()


def npz() -> bytes:
    """Return a saved network."""
    source, target = _workplace() / "net.osm", _workplace() / "net.npz"
    source.write_bytes(osm_xml())
    write_network(read_network(source), target)
    return target.read_bytes()


def arrays() -> dict[str, np.ndarray]:
    """Return the arrays of :func:`npz`."""
    with np.load(io.BytesIO(npz())) as archive:
        return {name: archive[name] for name in archive.files}


def raster(**changes: object) -> bytes:
    """Return a raster of 30 x 30 cells over the area, with options of rasterio changed."""
    grid = from_origin(WEST, SOUTH + 0.03, 0.001, 0.001)
    options = {
        "driver": "GTiff",
        "width": 30,
        "height": 30,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4326",
        "transform": grid,
    }
    options |= {"nodata": -9999.0} | changes
    values = np.arange(900, dtype=np.float64).reshape(1, 30, 30) % 97
    values[0, :2] = -9999.0
    path = _workplace() / "seed.tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", **options) as file:
            file.write(np.repeat(values, int(options["count"]), 0).astype(str(options["dtype"])))
    return path.read_bytes()


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
        "west/study.toml": STUDY, "west/rooms.csv": csv(ROOMS), "west/homes.csv": csv(HOMES), "west/town.osm": osm_xml(),
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
    path = _workplace() / "around.osm"
    path.write_bytes(osm_xml())
    units = tables["units"].assign(level="", parent_id="", population=np.nan)
    return SimpleNamespace(area=tables["area"], owners=owners, units=units, network=read_network(path))

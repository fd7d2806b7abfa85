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

import geopandas as gpd
import openpyxl
import shapely

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
def workplace() -> Path:
    return Path(tempfile.mkdtemp(prefix="walkshed-fuzz-seeds-"))


def layer(name: str, driver: str, ending: str) -> bytes:
    """Return one of :func:`frames` as a file of GDAL's."""
    path = workplace() / f"{name}{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames()[name].to_file(path, driver=driver, layer="layer", engine="pyogrio")
    return path.read_bytes()


def shapefile(name: str) -> bytes:
    """Return a layer as a zipped shapefile."""
    folder = workplace() / "shp"
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

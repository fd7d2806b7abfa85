"""The files of the sample district."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from walkshed.coordinates import wgs84_to_gcj02
from walkshed.sample import texts
from walkshed.sample.areas import COMMUNITIES, DISTRICT, TOWNS, community_ring, merged_ring, unit_ids
from walkshed.sample.blocks import STATED, outline
from walkshed.sample.district import DEFAULT_LEVELS, GROUPS, M2_PER_PERSON, PERSONS_PER_HOUSEHOLD
from walkshed.sample.frame import METRES_PER_DEGREE, SIZE_M, to_degrees
from walkshed.sample.geotiff import geotiff
from walkshed.sample.rooms import FOOTBRIDGE, LEAFLET, PREMISES, ROOMS
from walkshed.sample.terrain import height_m
from walkshed.sample.towns import BANK_M, town_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from walkshed.sample.blocks import Gate
    from walkshed.sample.district import District

MARGIN_M: Final = 1_300.0
ARC_SECOND: Final = 1 / 3600
SOURCE: Final = "虚构示例数据"
ROOM_HEADER: Final = "编号,书房名称,所属街道,级别,状态,经度,纬度,座位数,面积(平方米),藏书量(册),开放时间,来源"


def room_table() -> bytes:
    """Return the district office's list of rooms: CSV in GBK, positions in GCJ-02 as web maps give them."""
    rows: list[Sequence[object]] = [ROOM_HEADER.split(",")]
    for room in ROOMS:
        place = room.place()
        lon, lat = ("", "") if place is None else (f"{value:.6f}" for value in _gcj02(place))
        town = "" if room.town is None else TOWNS[room.town][1]
        size = (room.seats, room.area_m2 or "", room.books or "")
        rows.append((room.number, room.name, town, room.tier, room.status, lon, lat, *size, room.hours, SOURCE))
    return _csv(rows, "gbk")


def premise_table() -> bytes:
    """Return empty premises: CSV, WGS-84."""
    rows: list[Sequence[object]] = [
        ("候选点编号", "点位名称", "经度", "纬度", "估算投资(万元)", "面积(平方米)", "来源")
    ]
    for premise in PREMISES:
        lon, lat = to_degrees(premise.place()).tolist()
        rows.append((premise.number, premise.name, f"{lon:.6f}", f"{lat:.6f}", premise.cost, premise.area_m2, SOURCE))
    return _csv(rows, "utf-8-sig")


def unit_layer(district: District) -> bytes:
    """Return district, towns and communities with their codes and residents: GeoJSON."""
    codes = unit_ids()
    groups = ("population", *(f"population_{group}" for group in GROUPS))
    features = []

    def add(code: str, name: str, level: str, parent: str, members: Sequence[int]) -> None:
        if len(members) == 1:
            ring = community_ring(COMMUNITIES[members[0]])
        else:
            ring = merged_ring([COMMUNITIES[member] for member in members])
        figures = {group: sum(district.population[member][group] for member in members) for group in groups}
        features.append(_feature({"unit_id": code, "name": name, "level": level, "parent_id": parent, **figures}, ring))

    everybody = range(len(COMMUNITIES))
    add(DISTRICT[0], DISTRICT[1], "district", "", everybody)
    for number, (code, name) in enumerate(TOWNS):
        own = [member for member in everybody if COMMUNITIES[member].town == number]
        add(DISTRICT[0] + code, name, "town", DISTRICT[0], own)
    for member, community in enumerate(COMMUNITIES):
        add(codes[member], community.name, "community", codes[member][:9], [member])
    return _collection("units", features)


def boundary_layer() -> bytes:
    """Return the area of the district: GeoJSON."""
    return _collection("boundary", [_feature({"name": DISTRICT[1]}, merged_ring(COMMUNITIES))])


def name_table() -> bytes:
    """Return the rooms that a leaflet lists: CSV."""
    return _csv([("书房名称", "来源"), *((name, SOURCE) for name in LEAFLET)], "utf-8-sig")


def compound_layer(district: District) -> bytes:
    """Return the walls of the gated compounds and the households behind them, told as texts: GeoJSON."""
    return _collection(
        "compounds",
        [
            _feature(
                {"小区编号": item.number, "小区名称": item.block.name, "总户数": f"{item.households}户",
                 "楼栋数": item.buildings, "来源": SOURCE},
                outline(item.block)[0],
            )
            for item in district.compounds
        ],
    )  # fmt: skip


def compound_table(district: District) -> bytes:
    """Return the same compounds as a table with one point each: CSV, WGS-84."""
    rows: list[Sequence[object]] = [("小区编号", "小区名称", "总户数", "楼栋数", "经度", "纬度", "来源")]
    for item in district.compounds:
        s0, s1, o0, o1 = item.block.frame()
        lon, lat = to_degrees(town_place((s0 + s1) / 2, (o0 + o1) / 2)).tolist()
        rows.append(
            (item.number, item.block.name, f"{item.households}户", item.buildings, f"{lon:.6f}", f"{lat:.6f}", SOURCE)
        )
    return _csv(rows, "utf-8-sig")


def gate_table(district: District) -> bytes:
    """Return the gates of compounds that are open: CSV, WGS-84. Locked ones stand in the street file alone."""
    rows: list[Sequence[object]] = [("小区编号", "小区名称", "大门名称", "经度", "纬度")]
    numbers = {item.block.name: item.number for item in district.compounds}
    for gate in _gates(district):
        if not gate.locked:
            lon, lat = to_degrees(gate.place).tolist()
            rows.append((numbers[gate.compound], gate.compound, gate.name(), f"{lon:.7f}", f"{lat:.7f}"))
    return _csv(rows, "utf-8-sig")


def terrain_raster() -> bytes:
    """Return heights in whole metres, cells of one second of arc (27 x 31 m), as GeoTIFF."""
    west, south = to_degrees((-MARGIN_M, -MARGIN_M)).tolist()
    east, north = to_degrees((SIZE_M + MARGIN_M, SIZE_M + MARGIN_M)).tolist()
    columns, rows = round((east - west) / ARC_SECOND), round((north - south) / ARC_SECOND)
    x = -MARGIN_M + (np.arange(columns) + 0.5) * ARC_SECOND * METRES_PER_DEGREE[0]
    y = SIZE_M + MARGIN_M - (np.arange(rows) + 0.5) * ARC_SECOND * METRES_PER_DEGREE[1]
    heights = np.round(height_m(*np.meshgrid(x, y))).astype(np.int16)
    return geotiff(
        heights, west=west, north=north, cell=(ARC_SECOND, ARC_SECOND), text="Fictional sample district, metres"
    )


def study_files(district: District) -> dict[str, bytes]:
    """Return the settings: the study, the same with a scenario, and one by the compounds' own register; and SOURCES."""
    homes = texts.HOMES.format(m2_per_person=M2_PER_PERSON, default_levels=DEFAULT_LEVELS)
    register = texts.REGISTER.format(persons_per_household=PERSONS_PER_HOUSEHOLD)
    locked = next(gate for gate in _gates(district) if gate.locked and gate.compound in STATED)
    bridge = town_place(FOOTBRIDGE, np.array([-BANK_M, 0.0, BANK_M]))
    scenario = texts.scenario_text(to_degrees(locked.place).tolist(), to_degrees(bridge).tolist())
    written = {
        "study.toml": texts.study_text("sample-district", "study", texts.BODY, homes),
        "scenario.toml": texts.study_text("sample-district-scenario", "scenario", texts.BODY, homes, scenario),
        "compounds.toml": texts.study_text("sample-district-compounds", "compounds", texts.BODY, register),
        "SOURCES.md": texts.SOURCES.format(houses=f"{district.buildings:,}"),
    }
    return {name: content.encode() for name, content in written.items()}


def _gates(district: District) -> list[Gate]:
    return [gate for item in district.compounds for gate in item.gates]


def _gcj02(place: ArrayLike) -> list[float]:
    lon, lat = to_degrees(place).tolist()
    shifted = wgs84_to_gcj02(lon, lat)
    return [float(value) for value in shifted]


def _feature(properties: dict[str, Any], ring: ArrayLike) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [to_degrees(ring).tolist()]},
    }


def _collection(name: str, features: Iterable[dict[str, Any]]) -> bytes:
    """Return GeoJSON with a line per feature."""
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    head = json.dumps({"type": "FeatureCollection", "name": name, "note": SOURCE}, ensure_ascii=False)
    return f'{head[:-1]}, "features": [\n{lines}\n]}}\n'.encode()


def _csv(rows: Iterable[Sequence[object]], encoding: str) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode(encoding)

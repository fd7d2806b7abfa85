"""The shipped study of Chongqing High-tech Zone, loaded from a server in place of the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import osmium
import osmnx
import pytest
import shapely

from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.units import read_units
from walkshed.parameters import StudyConfig
from walkshed.study.load import load_study

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = ((0.001, 0.001), (-0.002, 0.001), (0.001, -0.002))


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "data" / "chongqing-gaoxin"


def town_map(number: int, lon: float, lat: float) -> str:
    """Return a crossing with three blocks of flats at the seat of a town, as OPL."""
    first = 1000 * (number + 1)
    spots = [(lon, lat), (lon - 0.004, lat), (lon + 0.004, lat), (lon, lat - 0.004), (lon, lat + 0.004)]
    nodes, ways = [], []
    for place, (x, y) in enumerate(spots):
        nodes.append(f"n{first + place} x{x:.7f} y{y:.7f}")
    ways.append(f"w{first} Thighway=residential Nn{first + 1},n{first},n{first + 2}")
    ways.append(f"w{first + 1} Thighway=footway Nn{first + 3},n{first},n{first + 4}")
    for block, (east, north) in enumerate(BLOCKS):
        corner = first + 10 * (block + 1)
        x, y = lon + east, lat + north
        for place, (right, up) in enumerate(((0, 0), (0.0008, 0), (0.0008, 0.0002), (0, 0.0002))):
            nodes.append(f"n{corner + place} x{x + right:.7f} y{y + up:.7f}")
        ring = ",".join(f"n{corner + place}" for place in (0, 1, 2, 3, 0))
        ways.append(f"w{corner} Tbuilding=apartments,building:levels=11 N{ring}")
    return "\n".join([*nodes, *ways]) + "\n"


def test_the_tables_say_no_more_than_is_known(folder: Path) -> None:
    units, rooms = read_units(folder / "units.csv"), read_facilities(folder / "facilities.csv")
    assert len(units.rejects) == len(rooms.rejects) == 0
    assert len(units.table) == 10
    assert units.table["unit_id"].str.fullmatch(r"50010[67]\d{3}").all()
    assert units.table.set_index("name")["population"].dropna().to_dict() == {"白市驿镇": 74_712, "巴福镇": 21_013}
    table = rooms.table
    assert table["status"].tolist() == ["open"] * 7 + ["building"]
    assert (table["opening_hours"] == "24/7").tolist() == [True] * 7 + [False]
    assert set(table["unit_id"]) <= set(units.table["unit_id"])
    unplaced = table.geometry.isna()
    assert table["name"][unplaced].tolist() == ["香炉山智慧书房", "大学城中央公园智慧书房"]
    assert set(table["position_quality"][unplaced]) == {"D"}
    assert set(table["position_quality"][~unplaced]) == {"B", "C"}
    without = set(units.table["name"].str[:2]) - {name[:2] for name in table["name"]}
    assert without == {"含谷", "石板", "巴福"}
    assert table.geometry[~unplaced].within(shapely.box(106.2, 29.35, 106.45, 29.7)).all()


def test_the_study_loads_from_the_internet(
    folder: Path, map_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    towns = read_units(folder / "units.csv").table
    text = ""
    for number, town in enumerate(towns.itertuples()):
        if town.seat_lon:
            lon, lat = float(town.seat_lon), float(town.seat_lat)
            map_server.name_area(town.osm_query, shapely.Point(lon, lat).buffer(0.006))
            text += town_map(number, lon, lat)
    nodes_first = "\n".join(sorted(text.split("\n"))) + "\n"
    path = tmp_path / "zone.osm"
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(osmium.io.FileBuffer(nodes_first.encode(), "opl")):
            writer.add(item)
    map_server.hold(path)
    monkeypatch.setattr(osmnx.settings, "nominatim_url", map_server.url)
    monkeypatch.setattr(osmnx.settings, "overpass_url", map_server.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    inputs = load_study(StudyConfig.from_toml(folder))

    assert len(inputs.units) == 10
    assert inputs.units.set_index("name").geometry.isna().to_dict().pop("香炉山街道")
    assert inputs.units.geometry.notna().sum() == 9
    lost = inputs.rejects[inputs.rejects["layer"] == "units"]
    assert lost["row_id"].tolist() == ["500106020"]
    assert lost["reason"].tolist() == ["place_not_found"]
    assert len(inputs.facilities) == 8
    assert len(inputs.demand) == 9 * len(BLOCKS)
    assert inputs.demand["population"].sum() > 0
    assert set(inputs.demand["unit_id"]) == set(inputs.units["unit_id"][inputs.units.geometry.notna()])
    assert len(inputs.network.u) == 9 * 4
    assert inputs.network.crs == "EPSG:32648"

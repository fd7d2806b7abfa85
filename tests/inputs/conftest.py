"""Files as people hand them in, written to a temporary folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pytest
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a text file and returns its path."""

    def write(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def write_geojson(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes features, given as pairs of geometry (or None) and properties."""

    def write(name: str, features: Sequence[tuple[Any, dict[str, Any]]], *, crs: str = "") -> Path:
        content: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": properties,
                    "geometry": None if shape is None else shapely.geometry.mapping(shape),
                }
                for shape, properties in features
            ],
        }
        if crs:
            content["crs"] = {"type": "name", "properties": {"name": crs}}
        path = tmp_path / name
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def write_sheet(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes one sheet, with merged ranges, into a workbook."""

    def write(
        name: str, rows: Sequence[Sequence[object]], *, merge: Sequence[str] = (), hidden_first: bool = False
    ) -> Path:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        if hidden_first:
            sheet.append(["nothing", "to see"])
            sheet.append([1, 2])
            sheet.sheet_state = "hidden"
            sheet = book.create_sheet("数据")
        for row in rows:
            sheet.append(list(row))
        for cells in merge:
            sheet.merge_cells(cells)
        path = tmp_path / name
        book.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def zone() -> gpd.GeoDataFrame:
    """Return a study area of 0.2 by 0.2 degrees west of Chongqing."""
    return gpd.GeoDataFrame({"name": ["Zone"]}, geometry=[shapely.box(106.2, 29.4, 106.4, 29.6)], crs="EPSG:4326")

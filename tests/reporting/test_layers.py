"""result.gpkg: every layer, every row, every column, also of tables without rows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from walkshed.reporting.layers import GEOMETRY_TYPES, write_layers

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult

LAYERS = ["facilities", "isochrones", "demand", "gaps", "proposals", "candidates", "units", "boundary"]


def tables(result: StudyResult) -> dict[str, gpd.GeoDataFrame]:
    inside = {"units": result.inputs.units, "boundary": result.inputs.boundary}
    return {layer: inside[layer] if layer in inside else getattr(result, layer) for layer in LAYERS}


@pytest.mark.parametrize("which", ["result", "hostile", "bare"])
def test_layers_come_back(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(which)
    path = tmp_path / "result.gpkg"
    write_layers(result, path)
    assert [name for name, _ in pyogrio.list_layers(path)] == [*GEOMETRY_TYPES, "layer_styles"]
    for layer, table in tables(result).items():
        read = gpd.read_file(path, layer=layer)
        assert len(read) == len(table), layer
        assert list(read.columns.drop("geometry")) == list(table.columns.drop("geometry")), layer
        assert read.crs.to_epsg() == 4326
        for column in table.columns.drop("geometry"):
            known = table[column].notna().to_numpy()
            assert (read[column].notna().to_numpy() == known).all(), (layer, column)
            assert read[column][known].tolist() == table[column][known].tolist(), (layer, column)
        for shape, back in zip(table.geometry, read.geometry, strict=True):
            if shape is None or shape.is_empty:
                assert back is None
            else:
                assert shapely.normalize(back).equals_exact(shapely.normalize(_as_multi(shape, back)), 1e-12)
    assert [file.name for file in tmp_path.iterdir()] == ["result.gpkg"]


def _as_multi(shape: shapely.Geometry, like: shapely.Geometry) -> shapely.Geometry:
    return shapely.MultiPolygon([shape]) if like.geom_type == "MultiPolygon" != shape.geom_type else shape


def test_empty_layers_keep_their_types(bare: StudyResult, result: StudyResult, tmp_path: Path) -> None:
    write_layers(bare, tmp_path / "bare.gpkg")
    write_layers(result, tmp_path / "full.gpkg")
    for layer in ("gaps", "proposals", "candidates", "units"):
        empty, full = (pyogrio.read_info(tmp_path / file, layer=layer) for file in ("bare.gpkg", "full.gpkg"))
        assert list(empty["fields"]) == list(full["fields"])
        assert list(empty["dtypes"]) == list(full["dtypes"]), layer
        assert empty["geometry_type"] == full["geometry_type"]
        assert empty["features"] == 0


def test_columns_that_a_geopackage_reserves(result: StudyResult, tmp_path: Path) -> None:
    units = result.inputs.units.assign(fid=["a", "b"], NAME=["c", "d"])
    odd = dataclasses.replace(result, inputs=dataclasses.replace(result.inputs, units=units))
    write_layers(odd, tmp_path / "odd.gpkg")
    read = gpd.read_file(tmp_path / "odd.gpkg", layer="units")
    assert read["fid_2"].tolist() == ["a", "b"]
    assert read["NAME_2"].tolist() == ["c", "d"]
    assert read["name"].tolist() == units["name"].tolist()


def test_inputs_are_left_alone(result: StudyResult, tmp_path: Path) -> None:
    before = result.demand.copy()
    write_layers(result, tmp_path / "result.gpkg")
    assert_geodataframe_equal(result.demand, before)

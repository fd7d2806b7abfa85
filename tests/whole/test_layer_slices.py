"""A long layer is written in slices, and is the same layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio
import pytest

from walkshed.errors import CancelledError
from walkshed.progress import beating
from walkshed.reporting import layers

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


def test_layers_are_the_same_in_slices(helsinki: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers.write_layers(helsinki, tmp_path / "whole.gpkg")
    monkeypatch.setattr(layers, "SLICE_ROWS", 50)
    layers.write_layers(helsinki, tmp_path / "slices.gpkg")
    names = pyogrio.list_layers(tmp_path / "whole.gpkg").tolist()
    assert pyogrio.list_layers(tmp_path / "slices.gpkg").tolist() == names
    assert len(helsinki.demand) > layers.SLICE_ROWS
    for name, kind in names:
        whole, slices = (gpd.read_file(tmp_path / f"{file}.gpkg", layer=name) for file in ("whole", "slices"))
        assert (whole.dtypes == slices.dtypes).all(), name
        plain = [column for column in whole if column != "geometry"]
        assert whole[plain].equals(slices[plain]), name
        if kind:
            assert whole.geometry.geom_equals_exact(slices.geometry, 0).all() or whole.geometry.isna().any()
            assert whole.geometry.to_wkb().equals(slices.geometry.to_wkb()), name


def test_writing_stops_between_slices(helsinki: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "SLICE_ROWS", 7)
    monkeypatch.setattr("walkshed.progress.BEAT_S", 0.0)
    told = []

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if len(told) > len(layers.GEOMETRY_TYPES) + 2:
            raise CancelledError("cancelled")

    with beating(stop) as progress:
        progress("write_layers", 0, 1)
        with pytest.raises(CancelledError):
            layers.write_layers(helsinki, tmp_path / "x.gpkg")
    assert list(tmp_path.iterdir()) == []

"""Whole studies, computed once for all tests of this folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from walkshed.parameters import (
    BoundarySource,
    CandidateSource,
    FacilitySource,
    NetworkSource,
    ResidentSource,
    Siting,
    StudyConfig,
    Walking,
)
from walkshed.reporting.outputs import write_outputs
from walkshed.study import run_study

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


@pytest.fixture(scope="session")
def helsinki(root: Path) -> StudyResult:
    """Return the embedded study's result."""
    return run_study(StudyConfig.from_toml(root / "data" / "helsinki"))


@pytest.fixture(scope="session")
def helsinki_files(helsinki: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the embedded study's outputs."""
    folder = tmp_path_factory.mktemp("helsinki")
    write_outputs(helsinki, folder, language="zh")
    return folder


@pytest.fixture(scope="session")
def las_palmas(shared_data: Path) -> StudyResult:
    """Return a whole hilly city: libraries of Las Palmas, residents by building, adults."""
    area = shared_data / "las-palmas"
    config = replace(
        StudyConfig(),
        folder=area,
        boundary=BoundarySource(source="file", path="boundary.geojson"),
        network=NetworkSource(path="las-palmas.osm.pbf"),
        facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
        candidates=CandidateSource(spacing_m=250.0),
        walking=Walking(compare_profiles=("senior",)),
        siting=Siting(new_rooms=5, mip_gap=0.005),
    )
    return run_study(config)


@pytest.fixture(scope="session")
def haidian(shared_data: Path) -> StudyResult:
    """Return a part of Beijing: three libraries, named compounds and other residential land."""
    config = replace(
        StudyConfig(),
        folder=shared_data / "haidian",
        network=NetworkSource(path="tsinghua.osm.pbf"),
        facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
        residents=ResidentSource(kind="landuse"),
        siting=Siting(new_rooms=2),
    )
    return run_study(config)


@pytest.fixture(scope="session")
def porto_alegre(shared_data: Path) -> StudyResult:
    """Return a hilly centre: residents by hexagon, fifteen named places as rooms, heights from a raster."""
    config = replace(
        StudyConfig(),
        folder=shared_data / "porto-alegre",
        network=NetworkSource(path="poa_osm.pbf", elevation="poa_elevation.tif", snap_max_m=300.0),
        facilities=FacilitySource(path="poa_points_of_interest.csv", columns={"name": "id"}),
        residents=ResidentSource(source="file", path="poa_hexgrid.csv"),
        candidates=CandidateSource(spacing_m=400.0),
        siting=Siting(new_rooms=3, mip_gap=0.01),
    )
    return run_study(config)

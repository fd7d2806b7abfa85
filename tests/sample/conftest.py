"""The sample district as it ships, and as the generator writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from walkshed.parameters import StudyConfig
from walkshed.sample import write_sample
from walkshed.study import run_study

if TYPE_CHECKING:
    from walkshed.results import StudyResult

SHIPPED = Path(__file__).parents[2] / "data" / "sample-district"


@pytest.fixture(scope="session")
def shipped() -> Path:
    return SHIPPED


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="session")
def study(written: Path) -> StudyResult:
    return run_study(StudyConfig.from_toml(written / "study.toml"))


@pytest.fixture(scope="session")
def scenario(written: Path) -> StudyResult:
    return run_study(StudyConfig.from_toml(written / "scenario.toml"))

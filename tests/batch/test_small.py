"""Small fictional districts: the same from the same seed, and each at a place of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pytest

from walkshed.errors import InputError
from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from pathlib import Path


def test_a_seed_gives_a_district_and_always_the_same(towns: Path, tmp_path: Path) -> None:
    again = write_small(tmp_path / "again", seed=3, nodes=50).parent
    names = sorted(path.name for path in again.iterdir())
    assert names == ["boundary.geojson", "facilities.csv", "streets.osm.pbf", "study.toml"]
    for name in names:
        assert (again / name).read_bytes() == (towns / "3" / name).read_bytes()
        assert (again / name).read_bytes() != (towns / "4" / name).read_bytes()


def test_districts_do_not_overlap(towns: Path) -> None:
    areas = [gpd.read_file(towns / str(seed) / "boundary.geojson").geometry.iloc[0] for seed in range(12)]
    for number, area in enumerate(areas):
        assert not any(area.intersects(other) for other in areas[number + 1 :])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        write_small(tmp_path / "file", seed=1)

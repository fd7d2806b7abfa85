"""A study that asks OpenStreetMap for its layers can be stopped while it waits for any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import osmnx
import pytest
import shapely

from walkshed.errors import CancelledError
from walkshed.parameters import (
    BoundarySource,
    CandidateSource,
    FacilitySource,
    NetworkSource,
    StudyConfig,
)
from walkshed.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUESTIONS = ("streets", "facilities", "landuse", "buildings", "candidates", "exclusions", "backdrop", "places")
PLACES = {1: (0, 0), 2: (300, 0), 3: (300, 200), 4: (0, 200), 5: (100, 50), 6: (130, 50), 7: (130, 80), 8: (100, 80)}


@pytest.fixture
def config(
    write_osm: Callable[..., Path], map_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StudyConfig:
    """Return a study of a small town that is all asked for, in the order of :data:`QUESTIONS`."""
    town = write_osm(
        PLACES,
        "w1 Thighway=residential Nn1,n2,n3,n4,n1",
        "w2 Tbuilding=apartments,building:levels=6 Nn5,n6,n7,n8,n5",
        tags={5: "amenity=library,name=a", 7: "shop=books,name=b"},
    )
    map_server.hold(town)
    for setting in ("overpass_url", "nominatim_url"):
        monkeypatch.setattr(osmnx.settings, setting, map_server.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    around = gpd.GeoDataFrame(geometry=[shapely.box(116.3, 40.0, 116.3035, 40.0018)], crs="EPSG:4326")
    around.to_file(tmp_path / "area.geojson")
    return StudyConfig(
        folder=tmp_path,
        boundary=BoundarySource(source="file", path="area.geojson"),
        network=NetworkSource(source="download"),
        facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
        candidates=CandidateSource(source="osm", tags={"shop": ("books",)}, exclude=("water",)),
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_waiting_for_any_layer_can_be_stopped(config: StudyConfig, map_server: Any, question: str) -> None:
    map_server.faults = [*[""] * QUESTIONS.index(question), "429"]
    map_server.retry_after = "20"

    def stop(stage: str, done: int, total: int) -> None:
        del done, total
        if stage == "fetch_wait":
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        load_study(config, progress=stop)
    assert len(map_server.asked) == QUESTIONS.index(question) + 1
    if question == "places":
        map_server.retry_after = ""
        assert len(load_study(config).facilities) == 1
        assert len(map_server.asked) == len(QUESTIONS) + 1

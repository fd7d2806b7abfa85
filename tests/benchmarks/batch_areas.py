"""Studies of the real areas, as far as their files are present, and of the studies that ship."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.benchmarks.areas import DATA, ROOT

from walkshed.parameters import BoundarySource, CandidateSource, FacilitySource, NetworkSource, StudyConfig, Walking
from walkshed.planning import Siting

if TYPE_CHECKING:
    from pathlib import Path

STREETS = {
    "Las Palmas": "las-palmas/las-palmas.osm.pbf",
    "Porto Alegre": "porto-alegre/poa_osm.pbf",
    "Haidian, Tsinghua": "haidian/tsinghua.osm.pbf",
    "Haidian, CAU": "haidian/cau.osm.pbf",
}
TIME_LIMIT_S = 900.0
"""So long that no answer depends on how busy the machine is."""
SHIPPED = ("helsinki", "sample-district")


def write_areas(folder: Path) -> list[tuple[str, str]]:
    """Write a study for every area and return names and studies."""
    found = []
    for name, file in STREETS.items():
        streets = DATA / file
        if not streets.is_file():
            continue
        boundary = streets.parent / "boundary.geojson"
        own = BoundarySource(source="file", path=str(boundary)) if boundary.is_file() else BoundarySource()
        config = replace(
            StudyConfig(),
            boundary=own,
            network=NetworkSource(path=str(streets)),
            facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
            candidates=CandidateSource(spacing_m=250.0),
            walking=Walking(compare_profiles=("senior",)),
            siting=Siting(new_rooms=3, mip_gap=0.005, time_limit_s=TIME_LIMIT_S),
        )
        target = folder / file.split("/")[-1].split(".")[0] / "study.toml"
        target.parent.mkdir(parents=True)
        target.write_text(config.to_toml(), encoding="utf-8")
        found.append((name, str(target)))
    return found + [(name, str(ROOT / "data" / name)) for name in SHIPPED]

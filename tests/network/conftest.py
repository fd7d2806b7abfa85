"""Small maps of OpenStreetMap, written as real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import osmium
import pytest
from pyproj import Geod

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CORNER = (116.3, 40.0)


def opl_nodes(places: Mapping[int, tuple[float, float]]) -> str:
    """Return nodes given in metres from a corner in Beijing as OPL, the one-line-per-object form of OpenStreetMap."""
    geod = Geod(ellps="WGS84")
    lines = []
    for number, (east, north) in places.items():
        lon, lat, _ = geod.fwd(*CORNER, 90.0, east)
        lon, lat, _ = geod.fwd(lon, lat, 0.0, north)
        lines.append(f"n{number} x{lon:.7f} y{lat:.7f}\n")
    return "".join(lines)


@pytest.fixture
def write_osm(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes nodes (metres) and further OPL lines as a file of the kind its name ends in."""

    def write(places: Mapping[int, tuple[float, float]], *objects: str, name: str = "map.osm") -> Path:
        path = tmp_path / name
        path.unlink(missing_ok=True)
        text = opl_nodes(places) + "".join(line + "\n" for line in objects)
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(osmium.io.FileBuffer(text.encode(), "opl")):
                writer.add(item)
        return path

    return write

"""Every reader with the files it is fed and the laws its result must keep."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.fuzz import cases, laws, mutate, seeds, seeds_streets, seeds_study

from walkshed.contracts import CANDIDATES, DEMAND, FACILITIES
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.demand import read_demand
from walkshed.inputs.facilities import read_facilities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fuzz.mutate import Maker


@dataclass(frozen=True)
class Reader:
    """A reader.

    Attributes
    ----------
    ending
        Of the files it is fed.
    cases
        Returns what makes their contents; asked for in the process that runs them.
    read
        Reads a file and returns what came of it in a word.
    weight
        Share of the cases, beside those of the others.
    """

    ending: str
    cases: Callable[[], Maker]
    read: Callable[[Path], str]
    weight: int


_FACILITIES = partial(laws.rows, partial(read_facilities), FACILITIES, "facilities")
_DEMAND = partial(laws.rows, partial(read_demand), DEMAND, "demand")
_CANDIDATES = partial(laws.rows, partial(read_candidates), CANDIDATES, "candidates")


def _misnamed_readers() -> dict[str, Reader]:
    endings = ("csv", "geojson", "gpkg", "kml", "parquet", "shp", "xlsx", "zip")
    return {f"misnamed.{ending}": Reader(f".{ending}", cases.misnamed, laws.any_table, 2) for ending in endings}


READERS: dict[str, Reader] = {
    "facilities.csv": Reader(".csv", cases.cells_of(seeds.ROOMS), _FACILITIES, 6),
    "demand.csv": Reader(".csv", cases.cells_of(seeds.HOMES), _DEMAND, 5),
    "units.csv": Reader(".csv", cases.cells_of(seeds.UNITS), laws.units, 5),
    "candidates.csv": Reader(".csv", cases.cells_of(seeds.SITES), _CANDIDATES, 6),
    "entrances.csv": Reader(".csv", cases.cells_of(seeds.DOORS), laws.entrances, 6),
    "denominators.csv": Reader(".csv", cases.cells_of(seeds.FIGURES), laws.denominators, 6),
    "names.csv": Reader(".csv", cases.cells_of(seeds.NAMES), laws.names, 5),
    "facilities.xlsx": Reader(
        ".xlsx", cases.members_of(lambda: seeds.xlsx(seeds.ROOMS), mutate.changed_xml), _FACILITIES, 4
    ),
    "demand.geojson": Reader(".geojson", cases.json_of("homes"), _DEMAND, 3),
    "units.geojson": Reader(".geojson", cases.json_of("units"), laws.units, 3),
    "boundary.geojson": Reader(".geojson", cases.json_of("area"), laws.boundary, 6),
    "demand.gpkg": Reader(".gpkg", cases.databases, _DEMAND, 3),
    "units.zip": Reader(
        ".zip", cases.members_of(lambda: seeds.shapefile("units"), mutate.changed_bytes), laws.units, 3
    ),
    "demand.kml": Reader(".kml", cases.xml_of(lambda: seeds.kml("homes")), _DEMAND, 4),
    "boundary.kml": Reader(".kml", cases.xml_of(lambda: seeds.kml("area")), laws.boundary, 5),
    "demand.parquet": Reader(".parquet", lambda: cases.bytes_of(seeds.parquet("homes")), _DEMAND, 4),
    "layers.osm": Reader(".osm", cases.xml_of(seeds_streets.osm_xml), laws.osm, 2),
    "layers.osm.pbf": Reader(".osm.pbf", cases.pbfs, laws.osm, 2),
    "network.osm": Reader(".osm", cases.xml_of(seeds_streets.osm_xml), laws.network, 7),
    "network.osm.pbf": Reader(".osm.pbf", cases.pbfs, laws.network, 7),
    "network.graphml": Reader(".graphml", cases.xml_of(seeds_streets.graphml), laws.network, 4),
    "network.npz": Reader(".npz", cases.arrays, laws.network, 7),
    "population.tif": Reader(".tif", cases.rasters, laws.population, 4),
    "elevation.tif": Reader(".tif", cases.rasters, laws.elevation, 6),
    "study.toml": Reader(".toml", cases.settings, laws.study, 9),
    "study.zip": Reader(".zip", cases.members_of(seeds_study.study, mutate.changed_bytes), laws.archive, 5),
    "hours": Reader(".txt", cases.texts, laws.hours, 12),
    **_misnamed_readers(),
}

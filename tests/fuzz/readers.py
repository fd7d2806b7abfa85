# ruff: noqa: E501 - lists of settings and elements, one to a line
"""Every reader with the files it is fed and the laws its result must keep."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from tests.fuzz import mutate, nasty, seeds

from walkshed.app.study_files import unpack_study
from walkshed.contracts import BOUNDARY, CANDIDATES, DEMAND, FACILITIES, UNITS, TableContract, check_table
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.demand import read_demand
from walkshed.inputs.denominators import read_denominators
from walkshed.inputs.entrances import read_entrances
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.hours import parse_hours
from walkshed.inputs.name_lists import read_names
from walkshed.inputs.osm import (
    read_osm_backdrop,
    read_osm_buildings,
    read_osm_exclusions,
    read_osm_extent,
    read_osm_landuse,
    read_osm_places,
    read_osm_points,
    read_osm_units,
)
from walkshed.inputs.osm_entrances import osm_entrances
from walkshed.inputs.population_raster import read_population_raster
from walkshed.inputs.reject_files import write_rejects
from walkshed.inputs.residents import estimate_residents, facilities_from_osm
from walkshed.inputs.tables import read_table
from walkshed.inputs.unit_tree import unit_tree
from walkshed.inputs.units import read_units
from walkshed.network.build import read_network
from walkshed.network.edits import parse_edits
from walkshed.network.slope import sample_elevation
from walkshed.parameters import StudyConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from numpy.typing import NDArray
    from tests.fuzz.mutate import Maker

    from walkshed.network.model import WalkNetwork


class LawBrokenError(AssertionError):
    """A reader returned what it must not."""


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


def _law(holds: Any, law: str) -> None:
    if not holds:
        raise LawBrokenError(law)


def _judge(table: Any, contract: TableContract | None) -> None:
    """Hold a table with shapes against its contract and the Earth."""
    if contract is not None:
        check_table(table, contract)
    shapes = table.geometry.to_numpy()
    xy = shapely.get_coordinates(shapes)
    _law(np.isfinite(xy).all(), "finite coordinates")
    _law((np.abs(xy) <= (180.0, 90.0)).all(), "degrees")
    _law(shapely.is_valid(shapes[~shapely.is_missing(shapes)]).all(), "valid shapes")
    for name in ("population", "area_m2", "capacity", "cost"):
        if name in table:
            figures = table[name].to_numpy(float)
            _law(not np.isinf(figures).any() and not (figures < 0).any(), f"finite {name}")


def _rows(read: Callable[[Path], Any], contract: TableContract, layer: str, path: Path) -> str:
    """Read a table and count: every row of the file is in the table or among the rejects."""
    found = read(path)
    _judge(found.table, contract)
    raw = read_table(path, layer=layer)
    _law(len(found.table) + len(found.rejects) == len(raw.lines), "no row lost")
    if len(found.rejects):
        write_rejects(found.rejects, path.with_suffix(".rejects.csv"))
        return "table and rejects"
    return "table"


def _entrances(path: Path) -> str:
    found = read_entrances(path, owner="facility_id", owners=seeds.around().owners)
    _judge(found.table, None)
    return "table and rejects" if len(found.rejects) else "table"


def _units(path: Path) -> str:
    found = read_units(path)
    _judge(found.table, UNITS)
    unit_tree(found.table)
    return "table and rejects" if len(found.rejects) else "table"


def _boundary(path: Path) -> str:
    area = read_boundary(path)
    _judge(area, BOUNDARY)
    _law(len(area) == 1, "one boundary")
    return "table"


def _denominators(path: Path) -> str:
    found = read_denominators(path, units=seeds.around().units)
    _law(np.isfinite(found.table["denominator"].to_numpy(float)).all(), "finite denominators")
    return "table and rejects" if len(found.rejects) else "table"


def _names(path: Path) -> str:
    found = read_names(path)
    return "table and rejects" if len(found.rejects) else "table"


def _osm(path: Path) -> str:
    """Read every layer that OpenStreetMap gives."""
    empty = True
    for layer in (read_osm_landuse, read_osm_backdrop, read_osm_places, read_osm_exclusions):
        empty &= not len(layer(path))
    buildings = read_osm_buildings(path)
    _judge(estimate_residents(buildings, m2_per_person=40.0, default_levels=3.0), DEMAND)
    points = read_osm_points(path, {"amenity": ("library",)})
    _judge(points, None)
    if len(points):
        _judge(facilities_from_osm(points).table, FACILITIES)
    units = read_osm_units(path, 10)
    unit_tree(units.table)
    owners = buildings.rename(columns={"osm_id": "facility_id"})
    osm_entrances(path, owners, owner="facility_id")
    box = read_osm_extent(path)
    _law(np.isfinite(shapely.get_coordinates(box)).all(), "finite extent")
    return "empty" if empty and not len(buildings) and not len(points) else "table"


def _network(path: Path) -> str:
    network = read_network(path)
    _judge_network(network)
    return "network"


def _judge_network(network: WalkNetwork) -> None:
    for name in ("x", "y", "length_m", "geometry_x", "geometry_y"):
        _law(np.isfinite(getattr(network, name)).all(), f"finite {name}")
    _law(len(network.edge_lines) == len(network.u), "a line for every edge")
    _law(len(network.component) == len(network.node_id), "a component for every node")
    _ = network.arcs, network.extent, [network.edge_name(edge) for edge in range(len(network.u))]


def _population(path: Path) -> str:
    found = read_population_raster(path, seeds.around().area)
    _judge(found.table, DEMAND)
    for note in found.counted.notes():
        note.text("zh")
    return "table" if len(found.table) else "empty"


def _elevation(path: Path) -> str:
    heights = sample_elevation(seeds.around().network, path)
    _law(not np.isinf(heights.height_m).any(), "finite heights")
    return "heights"


def _study(path: Path) -> str:
    config = StudyConfig.from_toml(path)
    again = config.to_toml(comments="zh")
    path.write_text(again, encoding="utf-8")
    _law(StudyConfig.from_toml(path) == config, "written and read again")
    parse_edits(config.scenario.edits)
    return "study"


def _archive(path: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="walkshed-fuzz-") as folder:
        inside = Path(folder) / "study"
        inside.mkdir()
        unpack_study(path, inside)
        _law(not any(file.is_symlink() for file in inside.rglob("*")), "no links")
        _law([file.name for file in Path(folder).iterdir()] == ["study"], "nothing beside")
    return "study"


def _hours(path: Path) -> str:
    found = parse_hours(path.read_bytes().decode("utf-8", "surrogatepass"))
    _law(len(found.share) == 168 and found.share.max() <= 1.0, "hours of a week")
    return "understood" if found.known else f"unclear:{found.reason}"


def _any_table(path: Path) -> str:
    read_table(path, layer="facilities")
    return "table"


_FACILITIES = partial(_rows, partial(read_facilities), FACILITIES, "facilities")
_DEMAND = partial(_rows, partial(read_demand), DEMAND, "demand")
_CANDIDATES = partial(_rows, partial(read_candidates), CANDIDATES, "candidates")


def _cells(rows: tuple[tuple[str, ...], ...]) -> Callable[[], Maker]:
    cells = partial(mutate.changed_cells, table=rows)
    return lambda: mutate.either(cells, cells, cells, _bytes(seeds.csv(rows)))


def _bytes(*contents: bytes) -> Maker:
    return partial(mutate.changed_bytes, contents=contents)


def _json(name: str) -> Callable[[], Maker]:
    def cases() -> Maker:
        content = seeds.geojson(seeds.frames()[name])
        changed = partial(mutate.changed_json, content=content)
        return mutate.either(changed, changed, _bytes(content))

    return cases


def _xml(make: Callable[[], bytes]) -> Callable[[], Maker]:
    def cases() -> Maker:
        content = make()
        changed = partial(mutate.changed_xml, contents=[content])
        return mutate.either(changed, changed, _bytes(content))

    return cases


def _packed(make: Callable[[], bytes], inner: Callable[[Random, Sequence[bytes]], bytes]) -> Callable[[], Maker]:
    def cases() -> Maker:
        content = make()
        changed = partial(mutate.changed_members, content=content, inner=inner)
        return mutate.either(changed, changed, _bytes(content))

    return cases


def _databases() -> Maker:
    content = seeds.layer("homes", "GPKG", ".gpkg")
    changed = partial(mutate.changed_database, content=content, table="layer", columns=("name", "population"))
    return mutate.either(changed, changed, _bytes(content))


def _changed_arrays(dice: Random, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Save a network's arrays with some changed."""
    found = dict(arrays)
    numbers = (*nasty.NUMBERS, *(one for one in nasty.INTEGERS if abs(one) < 2**62))
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        name, kind, number = dice.choice(sorted(found)), dice.randrange(9), dice.choice(numbers)
        array = np.array(found[name])
        figures = array.dtype.kind in "if"
        if kind == 0:
            found.pop(name)
            continue
        if kind == 1:
            array = array[: dice.randrange(array.size + 1)] if array.ndim else np.array([array.item()])
        elif kind == 2 and figures:
            array = array.astype(dice.choice(("U8", "f4", "i8", "c16", "S3")))
        elif kind == 3:
            array = np.array(dice.choice(nasty.TEXTS))
        elif figures and array.size:
            with np.errstate(all="ignore"):
                flat = array.reshape(-1).astype(np.float64 if array.dtype.kind == "f" else np.int64)
                whole = int(number) if np.isfinite(number) and abs(number) < 2**62 else 7
                flat[dice.randrange(flat.size)] = number if array.dtype.kind == "f" else whole
                array = flat.astype(array.dtype).reshape(array.shape)
        found[name] = array
    content = io.BytesIO()
    np.savez(content, **found)
    return content.getvalue()


def _arrays() -> Maker:
    changed = partial(_changed_arrays, arrays=seeds.arrays())
    return mutate.either(changed, changed, _bytes(seeds.npz()))


def _rasters() -> Maker:
    from affine import Affine  # noqa: PLC0415 - for the rasters alone

    turned = Affine.translation(seeds.WEST, seeds.SOUTH) * Affine.rotation(30) * Affine.scale(0.001)
    flat = Affine(0.001, 0.001, seeds.WEST, 0.001, 0.001, seeds.SOUTH)
    changes: list[dict[str, Any]] = [
        {}, {"compress": "deflate"}, {"crs": None}, {"transform": turned}, {"transform": flat}, {"transform": Affine.identity()},
        {"transform": Affine(1e-300, 0, seeds.WEST, 0, -1e-300, seeds.SOUTH)}, {"transform": Affine(1e300, 0, 0, 0, -1e300, 0)},
        {"transform": Affine(float("nan"), 0, 0, 0, 1, 0)}, {"crs": "EPSG:3857"}, {"crs": "EPSG:32648"}, {"crs": "EPSG:3031"}, {"count": 3},
        {"dtype": "uint8", "nodata": 255}, {"dtype": "int16"}, {"dtype": "float64", "nodata": float("nan")}, {"nodata": None},
        {"dtype": "complex64", "nodata": None}, {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "lzw"},
        {"transform": Affine(0.001, 0, -180, 0, -0.001, 90)}, {"transform": Affine(-0.001, 0, seeds.WEST + 0.03, 0, 0.001, seeds.SOUTH)},
    ]  # fmt: skip
    return _bytes(*(seeds.raster(**change) for change in changes))


def _misnamed() -> Maker:
    """Return files of one kind, to be read under the name of another."""
    return _bytes(
        seeds.csv(seeds.ROOMS), seeds.geojson(seeds.frames()["homes"]), seeds.layer("homes", "GPKG", ".gpkg"), seeds.kml("homes"),
        seeds.parquet("homes"), seeds.shapefile("units"), seeds.xlsx(seeds.ROOMS), seeds.osm_xml(), seeds.npz(), seeds.raster(),
        b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
        b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>',
        b"%PDF-1.4\n%%EOF", b"GIF89a\x01\x00\x01\x00", b"#!/bin/sh\nid", b"\x80\x04\x95.",
    )  # fmt: skip


def _pbfs() -> Maker:
    kinds = ("pbf", "pbf,pbf_compression=none", "pbf,pbf_dense_nodes=false")
    return _bytes(*(seeds.osm_pbf(kind) for kind in kinds))


def _settings() -> Maker:
    changed = partial(mutate.changed_settings, content=seeds.STUDY)
    return mutate.either(changed, changed, changed, _bytes(seeds.STUDY))


def _texts() -> Maker:
    jumbled = partial(mutate.jumbled, pieces=nasty.HOURS)
    return mutate.either(
        jumbled, jumbled, jumbled, lambda dice: dice.choice(nasty.TEXTS).encode("utf-8", "surrogatepass")
    )


def _misnamed_readers() -> dict[str, Reader]:
    endings = ("csv", "geojson", "gpkg", "kml", "parquet", "shp", "xlsx", "zip")
    return {f"misnamed.{ending}": Reader(f".{ending}", _misnamed, _any_table, 2) for ending in endings}


READERS: dict[str, Reader] = {
    "facilities.csv": Reader(".csv", _cells(seeds.ROOMS), _FACILITIES, 6),
    "demand.csv": Reader(".csv", _cells(seeds.HOMES), _DEMAND, 5),
    "units.csv": Reader(".csv", _cells(seeds.UNITS), _units, 5),
    "candidates.csv": Reader(".csv", _cells(seeds.SITES), _CANDIDATES, 6),
    "entrances.csv": Reader(".csv", _cells(seeds.DOORS), _entrances, 6),
    "denominators.csv": Reader(".csv", _cells(seeds.FIGURES), _denominators, 6),
    "names.csv": Reader(".csv", _cells(seeds.NAMES), _names, 5),
    "facilities.xlsx": Reader(".xlsx", _packed(lambda: seeds.xlsx(seeds.ROOMS), mutate.changed_xml), _FACILITIES, 4),
    "demand.geojson": Reader(".geojson", _json("homes"), _DEMAND, 3),
    "units.geojson": Reader(".geojson", _json("units"), _units, 3),
    "boundary.geojson": Reader(".geojson", _json("area"), _boundary, 6),
    "demand.gpkg": Reader(".gpkg", _databases, _DEMAND, 3),
    "units.zip": Reader(".zip", _packed(lambda: seeds.shapefile("units"), mutate.changed_bytes), _units, 3),
    "demand.kml": Reader(".kml", _xml(lambda: seeds.kml("homes")), _DEMAND, 4),
    "boundary.kml": Reader(".kml", _xml(lambda: seeds.kml("area")), _boundary, 5),
    "demand.parquet": Reader(".parquet", lambda: _bytes(seeds.parquet("homes")), _DEMAND, 4),
    "layers.osm": Reader(".osm", _xml(seeds.osm_xml), _osm, 2),
    "layers.osm.pbf": Reader(".osm.pbf", _pbfs, _osm, 2),
    "network.osm": Reader(".osm", _xml(seeds.osm_xml), _network, 7),
    "network.osm.pbf": Reader(".osm.pbf", _pbfs, _network, 7),
    "network.graphml": Reader(".graphml", _xml(seeds.graphml), _network, 4),
    "network.npz": Reader(".npz", _arrays, _network, 7),
    "population.tif": Reader(".tif", _rasters, _population, 4),
    "elevation.tif": Reader(".tif", _rasters, _elevation, 6),
    "study.toml": Reader(".toml", _settings, _study, 9),
    "study.zip": Reader(".zip", _packed(seeds.study, mutate.changed_bytes), _archive, 5),
    "hours": Reader(".txt", _texts, _hours, 12),
    **_misnamed_readers(),
}

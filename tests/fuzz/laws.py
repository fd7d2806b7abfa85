"""What every reader is asked to do with a file, and the laws its result must keep."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from tests.fuzz import seeds_study

from walkshed.app.study_files import unpack_study
from walkshed.contracts import BOUNDARY, DEMAND, FACILITIES, UNITS, TableContract, check_table
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.denominators import read_denominators
from walkshed.inputs.entrances import read_entrances
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
    from collections.abc import Callable

    from walkshed.network.model import WalkNetwork


class LawBrokenError(AssertionError):
    """A reader returned what it must not."""


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


def rows(read: Callable[[Path], Any], contract: TableContract, layer: str, path: Path) -> str:
    """Read a table and count: every row of the file is in the table or among the rejects."""
    found = read(path)
    _judge(found.table, contract)
    raw = read_table(path, layer=layer)
    _law(len(found.table) + len(found.rejects) == len(raw.lines), "no row lost")
    if len(found.rejects):
        write_rejects(found.rejects, path.with_suffix(".rejects.csv"))
        return "table and rejects"
    return "table"


def entrances(path: Path) -> str:
    found = read_entrances(path, owner="facility_id", owners=seeds_study.around().owners)
    _judge(found.table, None)
    return "table and rejects" if len(found.rejects) else "table"


def units(path: Path) -> str:
    found = read_units(path)
    _judge(found.table, UNITS)
    unit_tree(found.table)
    return "table and rejects" if len(found.rejects) else "table"


def boundary(path: Path) -> str:
    area = read_boundary(path)
    _judge(area, BOUNDARY)
    _law(len(area) == 1, "one boundary")
    return "table"


def denominators(path: Path) -> str:
    found = read_denominators(path, units=seeds_study.around().units)
    _law(np.isfinite(found.table["denominator"].to_numpy(float)).all(), "finite denominators")
    return "table and rejects" if len(found.rejects) else "table"


def names(path: Path) -> str:
    found = read_names(path)
    return "table and rejects" if len(found.rejects) else "table"


def osm(path: Path) -> str:
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


def network(path: Path) -> str:
    network = read_network(path)
    _judge_network(network)
    return "network"


def _judge_network(network: WalkNetwork) -> None:
    for name in ("x", "y", "length_m", "geometry_x", "geometry_y"):
        _law(np.isfinite(getattr(network, name)).all(), f"finite {name}")
    _law(len(network.edge_lines) == len(network.u), "a line for every edge")
    _law(len(network.component) == len(network.node_id), "a component for every node")
    _ = network.arcs, network.extent, [network.edge_name(edge) for edge in range(len(network.u))]


def population(path: Path) -> str:
    found = read_population_raster(path, seeds_study.around().area)
    _judge(found.table, DEMAND)
    for note in found.counted.notes():
        note.text("zh")
    return "table" if len(found.table) else "empty"


def elevation(path: Path) -> str:
    heights = sample_elevation(seeds_study.around().network, path)
    _law(not np.isinf(heights.height_m).any(), "finite heights")
    return "heights"


def study(path: Path) -> str:
    config = StudyConfig.from_toml(path)
    again = config.to_toml(comments="zh")
    path.write_text(again, encoding="utf-8")
    _law(repr(StudyConfig.from_toml(path)) == repr(config), "written and read again")  # NaN equals nothing
    parse_edits(config.scenario.edits)
    return "study"


def archive(path: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="walkshed-fuzz-") as folder:
        inside = Path(folder) / "study"
        inside.mkdir()
        unpack_study(path, inside)
        _law(not any(file.is_symlink() for file in inside.rglob("*")), "no links")
        _law([file.name for file in Path(folder).iterdir()] == ["study"], "nothing beside")
    return "study"


def hours(path: Path) -> str:
    found = parse_hours(path.read_bytes().decode("utf-8", "surrogatepass"))
    _law(len(found.share) == 168 and found.share.max() <= 1.0, "hours of a week")
    return "understood" if found.known else f"unclear:{found.reason}"


def any_table(path: Path) -> str:
    read_table(path, layer="facilities")
    return "table"

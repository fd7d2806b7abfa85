"""Places of one's own: every kind of street file, tables of one's own, and rooms nobody can walk to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import osmnx
import pytest
import shapely

from walkshed.network.store import write_network
from walkshed.parameters import StudyConfig
from walkshed.reporting.headline import headline_lines
from walkshed.reporting.outputs import write_outputs
from walkshed.study import run_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.network.model import WalkNetwork

WEST, SOUTH, STEP = 106.30, 29.50, 0.002
SIDE = 6

OWN_TABLES = """
[facilities]
path = "rooms.gpkg"
[residents]
source = "file"
path = "小区.csv"
[units]
source = "file"
path = "units.geojson"
[candidates]
spacing_m = 150
[siting]
new_rooms = 1
"""


def street_grid() -> nx.MultiDiGraph:
    """Return a grid of streets as OSMnx keeps it: both directions, degrees, lengths in metres."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for row in range(SIDE):
        for column in range(SIDE):
            graph.add_node(row * SIDE + column + 1, x=WEST + column * STEP, y=SOUTH + row * STEP)
    for row in range(SIDE):
        for column in range(SIDE):
            here = row * SIDE + column + 1
            for there in [here + 1] * (column + 1 < SIDE) + [here + SIDE] * (row + 1 < SIDE):
                for a, b in ((here, there), (there, here)):
                    graph.add_edge(a, b, osmid=here * 1000 + there, highway="residential", oneway=False)
    return osmnx.distance.add_edge_lengths(graph)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a study of one's own but for its streets: GeoPackage, GB18030 table in GCJ-02, units."""
    east, north = WEST + (SIDE - 1) * STEP, SOUTH + (SIDE - 1) * STEP
    gpd.GeoDataFrame({"name": ["西区书房"]}, geometry=[shapely.Point(WEST, SOUTH)], crs=4326).to_file(
        tmp_path / "rooms.gpkg"
    )
    homes = ["名称,经度,纬度,户数"]
    homes += [f"小区{i},{WEST + i * STEP:.6f},{SOUTH + i * STEP:.6f},{100 * (i + 1)}户" for i in range(SIDE)]
    (tmp_path / "小区.csv").write_text("\n".join(homes), encoding="gb18030")
    middle = (WEST + east) / 2
    halves = [shapely.box(WEST - STEP, SOUTH - STEP, middle, north + STEP)]
    halves.append(shapely.box(middle, SOUTH - STEP, east + STEP, north + STEP))
    gpd.GeoDataFrame(
        {"unit_id": ["500100001", "500100002"], "name": ["西街道", "东街道"]}, geometry=halves, crs=4326
    ).to_file(tmp_path / "units.geojson")
    return tmp_path


def write_graphml(folder: Path) -> str:
    osmnx.save_graphml(street_grid(), folder / "streets.graphml")
    return '[network]\nsource = "graphml"\npath = "streets.graphml"\n'


def write_xml(folder: Path) -> str:
    graph = street_grid()
    nodes = [
        f'<node id="{node}" version="1" lat="{data["y"]}" lon="{data["x"]}"/>' for node, data in graph.nodes(data=True)
    ]
    ways = [
        f'<way id="{data["osmid"]}" version="1"><nd ref="{a}"/><nd ref="{b}"/><tag k="highway" v="residential"/></way>'
        for a, b, data in graph.edges(data=True)
        if a < b
    ]
    text = '<osm version="0.6">' + "".join(nodes + ways) + "</osm>"
    (folder / "streets.osm").write_text(text, encoding="utf-8")
    return '[network]\nsource = "osm"\npath = "streets.osm"\n'


def write_saved(folder: Path) -> str:
    from walkshed.network.build import network_from_osmnx  # noqa: PLC0415 - only this kind of file needs it

    network: WalkNetwork = network_from_osmnx(street_grid())
    write_network(network, folder / "streets.npz")
    return '[network]\nsource = "saved"\npath = "streets.npz"\n'


@pytest.mark.parametrize("write_streets", [write_graphml, write_xml, write_saved])
def test_own_tables_on_every_kind_of_street_file(place: Path, write_streets: Callable[[Path], str]) -> None:
    (place / "study.toml").write_text(write_streets(place) + OWN_TABLES, encoding="utf-8")
    result = run_study(StudyConfig.from_toml(place))
    households = [100 * (i + 1) for i in range(SIDE)]
    assert list(result.demand.population) == pytest.approx([2.6 * count for count in households])
    # A home i steps up the diagonal walks i steps east and i steps north; 0.002 degrees are 193.9 m and 221.7 m here.
    minutes = [i * (193.9 + 221.7) / 70 for i in range(SIDE)]
    assert list(result.demand.minutes) == pytest.approx(minutes, abs=0.05)
    assert list(result.demand.covered) == [value <= 15 for value in minutes]
    people = result.rates[(result.rates.basis == "E") & (result.rates.profile == "adult")]
    by_unit = people[people.cutoff_min == 15].set_index("unit_id").numerator
    assert by_unit["500100001"] + by_unit["500100002"] == pytest.approx(by_unit[""])
    assert by_unit[""] == pytest.approx(2.6 * (100 + 200 + 300))
    assert result.siting.status == "optimal"
    assert set(write_outputs(result, place / "out", language="zh")) == set((place / "out").iterdir())


def test_centres_of_cells_and_official_figures_of_the_units(place: Path) -> None:
    rows = ["编号,经度,纬度,人口"]
    rows += [
        f"{row}-{column},{WEST + column * STEP:.6f},{SOUTH + row * STEP:.6f},10"
        for row in range(SIDE)
        for column in range(SIDE)
    ]
    (place / "小区.csv").write_text("\n".join(rows), encoding="gb18030")
    units = gpd.read_file(place / "units.geojson").assign(年末常住人口=[1000.0, 180.0])
    units.to_file(place / "units.geojson")
    text = write_xml(place) + OWN_TABLES.replace('csv"\n', 'csv"\ncell_centres = true\n').replace(
        'units.geojson"\n', 'units.geojson"\ndenominators_columns = { denominator_E = "年末常住人口" }\n'
    )
    (place / "study.toml").write_text(text, encoding="utf-8")
    result = run_study(StudyConfig.from_toml(place))
    demand = result.demand
    assert set(demand.kind) == {"cell"}
    assert set(demand.geometry.geom_type) == {"Polygon"}
    assert demand.population.sum() == 10 * SIDE * SIDE
    assert demand.area_m2.to_numpy() == pytest.approx(193.9 * 221.7, rel=0.01)
    rates = result.rates[(result.rates.basis == "E") & (result.rates.profile == "adult")]
    rates = rates[rates.cutoff_min == 15].set_index("unit_id")
    assert rates.denominator.to_dict() == {"": 1180, "500100001": 1000, "500100002": 180}
    totals = result.norms.totals
    assert totals is not None
    assert totals[["given", "counted"]].to_numpy().tolist() == [[1000, 180], [180, 180]]
    told = [note.fields for note in result.notes if note.key == "notes.totals_denominators"]
    assert [(note["count"], note["name"]) for note in told] == [(1, "西街道")]
    layers = {record.layer: record.source for record in result.inputs.records}
    assert layers["denominators"] == "units.geojson"


def test_a_room_far_from_any_street_serves_nobody_and_is_named(place: Path) -> None:
    far = shapely.Point(WEST - 0.04, SOUTH)
    rooms = gpd.GeoDataFrame({"name": ["西区书房", "远山书房"]}, geometry=[shapely.Point(WEST, SOUTH), far], crs=4326)
    rooms.to_file(place / "rooms.gpkg")
    (place / "study.toml").write_text(write_graphml(place) + OWN_TABLES, encoding="utf-8")
    result = run_study(StudyConfig.from_toml(place))
    lonely = result.facilities[result.facilities.name == "远山书房"].iloc[0]
    assert (lonely.snapped, lonely.why) == (False, "far_from_street")
    assert any("远山书房" in note.text("zh") for note in result.notes)
    assert set(result.demand.facility_id) == {result.facilities.facility_id.iloc[0]}


@pytest.mark.parametrize(
    ("settings", "served", "rooms"),
    [
        ("[walking]\ncutoff_min = 60\ncutoffs_min = [60]\n", 1.0, 0),
        ("[walking]\ncutoff_min = 5\ncutoffs_min = [5]\n", 100 / 2100, 1),
    ],
    ids=["nobody left to serve", "hardly anybody served"],
)
def test_the_ends_of_the_scale_are_written_too(place: Path, settings: str, served: float, rooms: int) -> None:
    (place / "study.toml").write_text(write_graphml(place) + OWN_TABLES + settings, encoding="utf-8")
    result = run_study(StudyConfig.from_toml(place))
    people = result.demand.population
    assert people[result.demand.covered].sum() / people.sum() == pytest.approx(served)
    assert len(result.proposals) == rooms
    assert len(write_outputs(result, place / "out", language="en")) == 7


@pytest.mark.parametrize("status", ["planned", "building"])
def test_no_room_is_open_yet(place: Path, status: str) -> None:
    rooms = gpd.GeoDataFrame(
        {"name": ["西区书房"], "status": [status]}, geometry=[shapely.Point(WEST, SOUTH)], crs=4326
    )
    rooms.to_file(place / "rooms.gpkg")
    (place / "study.toml").write_text(write_graphml(place) + OWN_TABLES, encoding="utf-8")
    result = run_study(StudyConfig.from_toml(place))
    assert set(result.demand.reason) == {"no_facility"}
    assert result.proposals.newly_served.iloc[0] > 0
    assert len(write_outputs(result, place / "out", language="zh")) == 7
    assert headline_lines(result, "zh")


def test_no_new_room_is_asked_for(place: Path) -> None:
    text = write_graphml(place) + OWN_TABLES.replace("new_rooms = 1", "new_rooms = 0")
    (place / "study.toml").write_text(text, encoding="utf-8")
    result = run_study(StudyConfig.from_toml(place))
    assert len(result.proposals) == 0
    assert len(write_outputs(result, place / "out", language="zh")) == 7

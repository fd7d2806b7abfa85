"""Reached streets against routed minutes, areas against exact buffers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from walkshed.errors import CancelledError, InputError, SnapError
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.reach.field import areas_around
from walkshed.reach.isochrones import isochrones, reached_lines
from walkshed.reach.parts import Lines
from walkshed.reach.times import time_matrix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from hypothesis.strategies import DataObject

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., gpd.GeoDataFrame]

LAWS = settings(deadline=None, max_examples=40)
DIRECTIONS = st.sampled_from(["to_facility", "from_facility"])


def overlap(areas: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, buffer_m: float) -> pd.Series:
    """Return the IoU of every area with the union of its exactly buffered lines."""
    metric = areas.to_crs(lines.crs)
    exact = [
        shapely.union_all(
            lines.geometry[(lines["facility_id"] == row.facility_id) & (lines["cutoff_min"] == row.cutoff_min)].buffer(
                buffer_m, quad_segs=16
            )
        )
        for row in metric.itertuples()
    ]
    both = shapely.area(shapely.intersection(metric.geometry.to_numpy(), exact))
    return pd.Series(both / shapely.area(shapely.union(metric.geometry.to_numpy(), exact)), index=areas.index)


@given(data=st.data(), direction=DIRECTIONS, merged=st.booleans(), cutoff=st.floats(0.2, 12))
@LAWS
def test_a_position_is_reached_where_its_minutes_allow(
    data: DataObject,
    direction: str,
    merged: bool,  # noqa: FBT001 - hypothesis passes it by name
    cutoff: float,
    draw_network: Make,
    draw_places: Table,
    tied: Table,
) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id", prefix="r")
    parts = reached_lines(network, rooms, cutoffs_min=[cutoff], direction=direction, merged=merged)
    parts = parts[parts["edge"] >= 0]
    shares = np.linspace(0, 1, 9)
    open_edges = np.flatnonzero(np.isfinite(network.forward_min) | np.isfinite(network.backward_min))
    probes = tied(network, [(int(e), share, 0.0) for e in open_edges for share in shares])
    found = time_matrix(network, rooms, probes, cutoff_min=np.inf, direction=direction).tocoo()
    minutes = np.full(found.shape, np.inf)
    minutes[found.coords] = found.data
    names = [""] if merged else rooms["facility_id"]
    for name, row in zip(names, [minutes.min(axis=0)] if merged else minutes, strict=True):
        own = parts[parts["facility_id"] == name]
        for probe, needed in zip(probes.itertuples(), row, strict=True):
            on = own[own["edge"] == probe.edge]
            beyond = np.maximum(on["low"] - probe.fraction, probe.fraction - on["high"])
            # a part ends where the minutes run out; an end of a street that is reached only by other streets is no part
            if needed < cutoff - 1e-5 and 0 < probe.fraction < 1:
                assert (beyond <= 1e-9).any()
            if needed > cutoff + 1e-5:
                assert not (beyond < 0).any()
        assert (own["low"] < own["high"]).all()
        ordered = own.sort_values(["edge", "low"])
        following = (ordered["edge"].shift(-1) == ordered["edge"]) & (ordered["low"].shift(-1) <= ordered["high"])
        assert not following.any()  # parts of one edge do not meet


def test_streets_are_clipped_where_the_minutes_run_out(make_network: Make, tied: Table) -> None:
    # 10 minutes to both ends of a street of 16 minutes: at 15 minutes its middle 6 minutes are not reached
    network = make_network([(0, 0), (-800, 600), (800, 600)], [(0, 1), (0, 2), (1, 2)])
    room = tied(network, [(0, 0.0, 0.0)], id_column="facility_id")
    lines = reached_lines(network, room, cutoffs_min=[18, 15, 5])
    assert lines.crs == network.crs
    assert lines[["cutoff_min", "edge", "low", "high"]].to_numpy().tolist() == [
        [5, 0, 0, 0.5], [5, 1, 0, 0.5],
        [15, 0, 0, 1], [15, 1, 0, 1], [15, 2, 0, 5 / 16], [15, 2, 11 / 16, 1],
        [18, 0, 0, 1], [18, 1, 0, 1], [18, 2, 0, 1],
    ]  # fmt: skip
    assert lines.length.to_numpy() == pytest.approx([500, 500, 1000, 1000, 500, 500, 1000, 1000, 1600])


def test_bent_streets_are_clipped_at_the_right_vertex(make_network: Make, tied: Table) -> None:
    straight = make_network([(0, 0), (100, 300)], [(0, 1)], lengths_m=[400.0])
    bent = replace(
        straight,
        geometry_start=np.array([0, 4]),
        geometry_x=np.array([0.0, 100.0, 100.0, 100.0]) + straight.x[0],
        geometry_y=np.array([0.0, 0.0, 100.0, 300.0]) + straight.y[0],
    )
    room = tied(bent, [(0, 0.5, 0.0)], id_column="facility_id")
    lines = reached_lines(bent, room, cutoffs_min=[0.5, 1.5])
    vertices = [shapely.get_coordinates(line) - [straight.x[0], straight.y[0]] for line in lines.geometry]
    assert vertices[0].tolist() == [[100, 50], [100, 100], [100, 150]]
    assert vertices[1].tolist() == [[50, 0], [100, 0], [100, 100], [100, 250]]


def test_the_leg_is_charged_and_drawn(make_network: Make, make_points: Table) -> None:
    network = make_network([(-500, 0), (500, 0)], [(0, 1)])
    room = snap(make_points([(0, 60)], id_column="facility_id"), network, max_m=100)
    lines = reached_lines(network, room, cutoffs_min=[0.3, 2])
    assert lines["edge"].tolist() == [-1, 0, -1]
    assert lines.length.to_numpy() == pytest.approx([30, 280, 60], abs=1e-4)
    areas = isochrones(network, room, cutoffs_min=[0.3, 2], buffer_m=20)
    assert overlap(areas, lines, 20).min() > 0.99


def test_one_way_streets_reach_one_way(make_network: Make, tied: Table) -> None:
    straight = make_network([(0, 0), (1000, 0)], [(0, 1)])
    one_way = replace(straight, backward_min=np.array([np.inf]))
    room = tied(one_way, [(0, 0.5, 0.0)], id_column="facility_id")
    to_room = reached_lines(one_way, room, cutoffs_min=[3])
    from_room = reached_lines(one_way, room, cutoffs_min=[3], direction="from_facility")
    assert to_room[["low", "high"]].to_numpy() == pytest.approx(np.array([[0.2, 0.5]]))
    assert from_room[["low", "high"]].to_numpy() == pytest.approx(np.array([[0.5, 0.8]]))


def test_rows_come_in_order_and_nothing_reached_is_an_empty_area(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (500, 0)], [(0, 1)])
    places = make_points([(100, 0), (0, 9000), (400, 0)], id_column="facility_id", prefix="r")
    rooms = snap(places, network, max_m=50)
    areas = isochrones(network, rooms, cutoffs_min=[2, 1, 2])
    assert areas["facility_id"].tolist() == ["r0", "r0", "r1", "r1", "r2", "r2"]
    assert areas["cutoff_min"].tolist() == [1, 2] * 3
    assert areas.is_empty.tolist() == [False, False, True, True, False, False]
    assert areas.crs.to_epsg() == 4326
    assert (areas.geom_type == "MultiPolygon").all()
    together = isochrones(network, rooms, cutoffs_min=[1, 2], merged=True)
    assert together["facility_id"].tolist() == ["", ""]
    assert [len(area.geoms) for area in together.geometry] == [2, 1]
    nobody = isochrones(network, rooms[1:2], cutoffs_min=[5], merged=True)
    assert nobody.is_empty.tolist() == [True]
    assert len(isochrones(network, rooms[:0], cutoffs_min=[5])) == 0
    assert len(reached_lines(network, rooms[:0], cutoffs_min=[5])) == 0
    assert len(reached_lines(network, rooms[1:2], cutoffs_min=[5])) == 0


def test_blocks_stay_holes_and_rivers_stay_open(make_network: Make, make_points: Table) -> None:
    ring = [(0, 0), (300, 0), (300, 300), (0, 300)]
    network = make_network(ring, [(0, 1), (1, 2), (2, 3), (3, 0)])
    room = snap(make_points([(0, 0)], id_column="facility_id"), network, max_m=50)
    area = isochrones(network, room, cutoffs_min=[15], buffer_m=25).to_crs(network.crs).geometry.iloc[0]
    assert len(area.geoms) == 1
    assert len(area.geoms[0].interiors) == 1
    assert shapely.Polygon(area.geoms[0].interiors[0]).area == pytest.approx(250 * 250, rel=0.01)
    banks = make_network([(0, 0), (800, 0), (1600, 0), (0, 90), (800, 90)], [(0, 1), (1, 2), (3, 4), (4, 1)])
    room = snap(make_points([(0, 0)], id_column="facility_id"), banks, max_m=50)
    area = isochrones(banks, room, cutoffs_min=[7]).to_crs(banks.crs).geometry.iloc[0]
    assert area.bounds[3] < banks.y[0] + 41  # the other bank, 90 m away and 17 minutes on foot, is not painted


def test_tiles_do_not_show(helsinki: WalkNetwork) -> None:
    start = helsinki.geometry_start
    streets = Lines(start[:2001], helsinki.geometry_x[: start[2000]], helsinki.geometry_y[: start[2000]])
    few = Lines(start[:301], helsinki.geometry_x[: start[300]], helsinki.geometry_y[: start[300]])
    whole = areas_around([few, streets], buffer_m=25)
    tiled = areas_around([few, streets], buffer_m=25, tile=64)
    for one, other in zip(whole, tiled, strict=True):
        assert other.is_valid
        assert one.symmetric_difference(other).area < 1e-6
        assert len(one.geoms) == len(other.geoms)
    assert tiled[1].covers(tiled[0])


@pytest.mark.parametrize("buffer_m", [25.0, 40.0])
def test_on_real_streets_areas_are_exact_valid_and_nested(
    helsinki: WalkNetwork, corners: Table, buffer_m: float
) -> None:
    rooms = snap(corners(helsinki, 60, seed=11, id_column="facility_id"), helsinki, max_m=150)
    check_areas(helsinki, rooms, buffer_m, measured=4)


@pytest.mark.shared
def test_on_hilly_streets_areas_are_exact_valid_and_nested(shared_data: Path, corners: Table) -> None:
    network = read_network(shared_data / "las-palmas" / "las-palmas.osm.pbf", speed_kmh=4.2)
    rooms = snap(corners(network, 60, seed=12, id_column="facility_id"), network, max_m=150)
    for buffer_m in (25.0, 40.0):
        check_areas(network, rooms, buffer_m, measured=6)


def check_areas(network: WalkNetwork, rooms: gpd.GeoDataFrame, buffer_m: float, *, measured: int) -> None:
    """Hold areas of all rooms against validity and nesting, those of the first ones against exact buffers as well."""
    cutoffs = [5, 10, 15]
    areas = isochrones(network, rooms, cutoffs_min=cutoffs, buffer_m=buffer_m)
    assert areas.is_valid.all()
    bands = np.array(areas.geometry.array, dtype=object).reshape(-1, len(cutoffs))
    assert shapely.covers(bands[:, 1:], bands[:, :-1]).all()
    few = rooms[:measured]
    lines = reached_lines(network, few, cutoffs_min=cutoffs)
    assert overlap(areas[: 3 * measured], lines, buffer_m).min() >= 0.995

    together = isochrones(network, few, cutoffs_min=cutoffs, buffer_m=buffer_m, merged=True)
    assert together.is_valid.all()
    assert shapely.covers(together.geometry.to_numpy()[1:], together.geometry.to_numpy()[:-1]).all()
    lines = reached_lines(network, few, cutoffs_min=cutoffs[:1], merged=True)
    assert overlap(together[:1], lines, buffer_m).min() >= 0.995
    united = shapely.union_all(bands[:measured, -1])
    assert shapely.area(together.geometry.iloc[-1]) == pytest.approx(united.area, rel=1e-3)


def test_areas_are_the_same_bits_from_run_to_run(
    helsinki: WalkNetwork, corners: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = snap(corners(helsinki, 30, seed=13, id_column="facility_id"), helsinki, max_m=150)
    drawn = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", threads)
        drawn.append(shapely.to_wkb(isochrones(helsinki, rooms, cutoffs_min=[5, 12]).geometry.to_numpy()).tolist())
    assert drawn[0] == drawn[1] == drawn[2]
    alone = isochrones(helsinki, rooms[7:8], cutoffs_min=[5, 12]).geometry.to_numpy()
    assert shapely.to_wkb(alone).tolist() == drawn[0][14:16]


def test_every_leg_must_fit_the_network(helsinki: WalkNetwork, corners: Table) -> None:
    rooms = snap(corners(helsinki, 200, seed=15, id_column="facility_id"), helsinki, max_m=150)
    metric = rooms.geometry.to_crs(helsinki.crs)
    metric.iloc[101] = translate(metric.iloc[101], 400.0, 300.0)
    moved = rooms.set_geometry(metric.to_crs(rooms.crs))
    assert moved["snapped"].iloc[101]
    for merged in (False, True):
        with pytest.raises(SnapError, match="does not fit this network") as caught:
            isochrones(helsinki, moved, cutoffs_min=[5], merged=merged)
        assert "101" in str(caught.value)
    with pytest.raises(SnapError, match="geometry"):
        isochrones(helsinki, pd.DataFrame(rooms.drop(columns="geometry")), cutoffs_min=[5])


def test_unusable_arguments_are_named(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (500, 0)], [(0, 1)])
    rooms = snap(make_points([(100, 0)], id_column="facility_id"), network, max_m=50)
    with pytest.raises(InputError, match="no usable width"):
        isochrones(network, rooms, cutoffs_min=[5], buffer_m=0)
    with pytest.raises(InputError, match="No walking time"):
        isochrones(network, rooms, cutoffs_min=[])
    with pytest.raises(InputError, match="inf is no usable walking time"):
        isochrones(network, rooms, cutoffs_min=[5, np.inf])
    with pytest.raises(InputError, match="direction 'both'"):
        reached_lines(network, rooms, cutoffs_min=[5], direction="both")
    with pytest.raises(SnapError, match="has no geometry"):
        isochrones(network, pd.DataFrame(rooms.drop(columns="geometry")), cutoffs_min=[5])


def test_progress_is_told_and_stops_the_work(helsinki: WalkNetwork, corners: Table) -> None:
    rooms = snap(corners(helsinki, 30, seed=14, id_column="facility_id"), helsinki, max_m=150)
    told: list[tuple[str, int, int]] = []

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        raise CancelledError("cancelled")

    for merged in (False, True):
        told.clear()
        isochrones(helsinki, rooms, cutoffs_min=[5], merged=merged, progress=lambda *step: told.append(step))
        assert told[-1] == ("isochrones", 30, 30)
        told.clear()
        with pytest.raises(CancelledError):
            isochrones(helsinki, rooms, cutoffs_min=[5], merged=merged, progress=stop)
        assert len(told) == 1

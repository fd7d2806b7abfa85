"""Service areas: each place to the nearest facility, nothing twice, nothing left over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.errors import CancelledError, InputError
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.reach.isochrones import isochrones
from walkshed.reach.service_areas import COARSE_M, service_areas
from walkshed.reach.times import nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from hypothesis.strategies import DataObject
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., gpd.GeoDataFrame]

LAWS = settings(deadline=None, max_examples=25)
DIRECTIONS = st.sampled_from(["to_facility", "from_facility"])
ROUNDING = 1e-9
"""Share of an area by which sums of its parts may differ."""


def hold_laws(areas: gpd.GeoDataFrame, merged: shapely.MultiPolygon) -> None:
    """Areas are valid, do not overlap, and together are the merged isochrone."""
    shapes = areas.geometry.to_numpy()
    assert areas.is_valid.all()
    assert areas.crs.to_epsg() == 4326
    assert (areas.geom_type == "MultiPolygon").all()
    assert shapely.area(shapes).sum() == pytest.approx(merged.area, rel=ROUNDING)
    assert shapely.union_all(shapes).symmetric_difference(merged).area <= ROUNDING * merged.area
    drawn = shapes[~shapely.is_empty(shapes)]
    assert shapely.coverage_is_valid(drawn)


def misplaced(
    areas: gpd.GeoDataFrame, labels: NDArray[np.object_], probes: gpd.GeoDataFrame, crs: str, clear_m: float
) -> int:
    """Count the places on streets outside of their own facility's area, but for those near another one's street."""
    metric = probes.geometry.to_crs(crs)
    points = metric.to_numpy()
    shapes = dict(zip(areas["facility_id"], areas.geometry.to_crs(crs).to_numpy(), strict=True))
    tree = shapely.STRtree(points)
    left, right = tree.query(points, predicate="dwithin", distance=clear_m)
    contested = np.zeros(len(points), bool)
    contested[left[labels[left] != labels[right]]] = True
    wrong = 0
    for name in np.unique(labels[labels != ""]):
        own = (labels == name) & ~contested
        wrong += int((~shapely.covers(shapes[name], points[own])).sum())
    return wrong


@given(data=st.data(), direction=DIRECTIONS, cutoff=st.floats(0.5, 12))
@LAWS
def test_areas_divide_the_merged_isochrone(
    data: DataObject, direction: str, cutoff: float, draw_network: Make, draw_places: Table, tied: Table
) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id", prefix="r")
    areas = service_areas(network, rooms, cutoff_min=cutoff, direction=direction)
    merged = isochrones(network, rooms, cutoffs_min=[cutoff], direction=direction, merged=True).geometry.iloc[0]
    assert areas["facility_id"].tolist() == rooms["facility_id"].tolist()
    assert (areas["cutoff_min"] == cutoff).all()
    hold_laws(areas, merged)

    shares = np.linspace(0, 1, 33)
    passable = np.flatnonzero(np.isfinite(network.forward_min) | np.isfinite(network.backward_min))
    places = [(int(e), share, 0.0) for e in passable for share in shares]
    places += [(e, f, 0.0) for e, f in rooms.loc[rooms["edge"] >= 0, ["edge", "fraction"]].itertuples(index=False)]
    probes = tied(network, places)
    labels = nearest(network, rooms, probes, direction=direction, cutoff_min=cutoff)["facility_id"].to_numpy(object)
    # legs are drawn, too: they stand beside the streets, up to 90 m to the east
    legs = shapely.MultiLineString(
        [
            [(point.x, point.y), (point.x - access, point.y)]
            for point, access in zip(rooms.geometry.to_crs(network.crs), rooms["access_m"], strict=True)
            if access > 0
        ]
    )
    inside = ~(shapely.distance(legs, probes.geometry.to_crs(network.crs).to_numpy()) <= COARSE_M)
    assert misplaced(areas, np.where(inside, labels, ""), probes, network.crs, 30.0) == 0


def test_streets_are_divided_where_the_minutes_are_equal(make_network: Make, tied: Table) -> None:
    # 100 m a minute; the second room is half a minute off the street: the middle lies 25 m nearer to it
    network = make_network([(0, 0), (1000, 0)], [(0, 1)])
    rooms = tied(network, [(0, 0.0, 0.0), (0, 1.0, 50.0)], id_column="facility_id")
    areas = service_areas(network, rooms, cutoff_min=15, buffer_m=20).to_crs(network.crs)
    west, east = areas.geometry
    assert west.bounds[2] == pytest.approx(network.x[0] + 525, abs=0.02)
    assert east.bounds[0] == pytest.approx(network.x[0] + 525, abs=0.02)
    border = west.intersection(east)
    assert border.length == pytest.approx(40, rel=0.01)
    assert np.ptp(shapely.get_coordinates(border)[:, 0]) < 0.02  # straight across


def test_one_way_streets_are_divided_one_way(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (1000, 0)], [(0, 1)])
    network = replace(network, backward_min=np.array([np.inf]))
    rooms = tied(network, [(0, 0.3, 0.0), (0, 0.6, 0.0)], id_column="facility_id")
    for direction, bounds in (
        ("to_facility", [[-20, 300], [300, 620]]),
        ("from_facility", [[280, 600], [600, 1020]]),
    ):
        areas = service_areas(network, rooms, cutoff_min=4, buffer_m=20, direction=direction).to_crs(network.crs)
        found = areas.bounds[["minx", "maxx"]].to_numpy() - network.x[0]
        assert found == pytest.approx(np.array(bounds, float), abs=0.5)


def test_of_facilities_equally_near_the_first_has_it_all(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (500, 0)], [(0, 1)])
    rooms = tied(network, [(-1, 0.0, 0.0), (0, 0.5, 30.0), (0, 0.5, 30.0)], id_column="facility_id")
    areas = service_areas(network, rooms, cutoff_min=15)
    merged = isochrones(network, rooms, cutoffs_min=[15], merged=True).geometry.iloc[0]
    assert areas.is_empty.tolist() == [True, False, True]
    assert areas.geometry.iloc[1].equals_exact(merged, 0)
    assert len(service_areas(network, rooms[:0], cutoff_min=15)) == 0
    assert service_areas(network, rooms[:1], cutoff_min=15).is_empty.all()


@pytest.mark.parametrize("count", [1, 12])
def test_on_real_streets(helsinki: WalkNetwork, corners: Table, tied: Table, count: int) -> None:
    check_real(helsinki, snap(corners(helsinki, count, seed=21, id_column="facility_id"), helsinki, max_m=150), tied)


@pytest.mark.shared
def test_on_hilly_streets(shared_data: Path, corners: Table, tied: Table) -> None:
    network = read_network(shared_data / "las-palmas" / "las-palmas.osm.pbf", speed_kmh=4.2)
    check_real(network, snap(corners(network, 60, seed=22, id_column="facility_id"), network, max_m=150), tied)


def check_real(network: WalkNetwork, rooms: gpd.GeoDataFrame, tied: Table) -> None:
    """Hold the areas of some rooms against all laws; tell that one room alone has its isochrone."""
    areas = service_areas(network, rooms, cutoff_min=15)
    merged = isochrones(network, rooms, cutoffs_min=[15], merged=True).geometry.iloc[0]
    hold_laws(areas, merged)
    rng = np.random.default_rng(23)
    places = [
        (int(e), f, 0.0) for e, f in zip(rng.integers(0, len(network.u), 20_000), rng.random(20_000), strict=True)
    ]
    probes = tied(network, places)
    labels = nearest(network, rooms, probes, cutoff_min=15)["facility_id"].to_numpy(object)
    assert (labels != "").sum() > 500
    assert misplaced(areas, labels, probes, network.crs, 12.0) <= 2e-4 * len(labels)
    if len(rooms) == 1:
        alone = isochrones(network, rooms, cutoffs_min=[15]).geometry.iloc[0]
        assert areas.geometry.iloc[0].equals_exact(alone, 0)


def test_areas_are_the_same_bits_from_run_to_run(
    helsinki: WalkNetwork, corners: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = snap(corners(helsinki, 20, seed=24, id_column="facility_id"), helsinki, max_m=150)
    drawn = []
    for threads in (1, 2):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", threads)
        drawn.append(shapely.to_wkb(service_areas(helsinki, rooms, cutoff_min=10).geometry.to_numpy()).tolist())
    assert drawn[0] == drawn[1]


def test_progress_is_told_and_stops_the_work(helsinki: WalkNetwork, corners: Table) -> None:
    rooms = snap(corners(helsinki, 9, seed=25, id_column="facility_id"), helsinki, max_m=150)
    told: list[tuple[str, int, int]] = []

    def stop(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if done:
            raise CancelledError("cancelled")

    service_areas(helsinki, rooms, cutoff_min=10, progress=lambda *step: told.append(step))
    assert told[0] == ("isochrones", 0, 9)
    assert told[-1] == ("isochrones", 9, 9)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    with pytest.raises(CancelledError):
        service_areas(helsinki, rooms, cutoff_min=10, progress=stop)


def test_unusable_arguments_are_named(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (500, 0)], [(0, 1)])
    rooms = snap(make_points([(100, 0)], id_column="facility_id"), network, max_m=50)
    with pytest.raises(InputError, match="inf is no usable walking time"):
        service_areas(network, rooms, cutoff_min=np.inf)
    with pytest.raises(InputError, match="no usable width"):
        service_areas(network, rooms, cutoff_min=5, buffer_m=0)

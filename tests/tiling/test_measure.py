"""The same bits from any number of tiles and any number of workers."""

from __future__ import annotations

import pickle
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.walks import Walks
from walkshed.errors import CancelledError, InputError, SnapError
from walkshed.network.build import read_network
from walkshed.network.snap import snap
from walkshed.reach.times import time_matrix
from walkshed.siting.build import build_problem
from walkshed.tiling.measure import find_walks_tiled, measure_coverage_tiled, time_matrix_tiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    import geopandas as gpd
    from scipy.sparse import csr_array

    from walkshed.network.model import WalkNetwork
    from walkshed.tiling.workers import Executor


class ByPost:
    """An executor that sends tasks and results as bytes, as to another process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))  # noqa: S301 - its own
        done.set_result(pickle.loads(pickle.dumps(function(*arguments))))  # noqa: S301 - its own
        return done


DIRECTIONS = st.sampled_from(["to_facility", "from_facility"])


def assert_same_table(tiled: gpd.GeoDataFrame, whole: gpd.GeoDataFrame) -> None:
    assert list(tiled.geometry.to_wkb()) == list(whole.geometry.to_wkb())  # None where there is no position
    pd.testing.assert_frame_equal(
        pd.DataFrame(tiled.drop(columns="geometry")), pd.DataFrame(whole.drop(columns="geometry")), check_exact=True
    )


def assert_same_matrix(tiled: csr_array, whole: csr_array) -> None:
    assert tiled.shape == whole.shape
    for name in ("data", "indices", "indptr"):
        ours, theirs = getattr(tiled, name), getattr(whole, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    even=st.booleans(),
    entrances=st.booleans(),
    tiles=st.integers(1, 20),
    cutoff_min=st.sampled_from([0.4, 1.0, 1.5, 3.0, 20.0]),
    direction=DIRECTIONS,
    workers=st.integers(0, 3),
)
@example(
    seed=1, even=True, entrances=True, tiles=40, cutoff_min=0.4, direction="to_facility", workers=2
)  # more tiles than junctions
def test_tiles_change_nothing(
    draw_scene: Callable[..., Any], *, seed: int, even: bool, entrances: bool, tiles: int, cutoff_min: float,
    direction: str, workers: int,
) -> None:  # fmt: skip
    network, demand, facilities, candidates = draw_scene(seed, even=even, entrances=entrances)
    asked: dict[str, Any] = {"cutoff_min": cutoff_min, "direction": direction}
    whole = measure_coverage(network, facilities, demand, **asked)
    pairs = time_matrix(network, candidates, demand, **asked)
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        executor = (None, ByPost(), pool, pool)[workers]
        told: dict[str, Any] = {"tiles": tiles, "executor": executor}
        assert_same_table(measure_coverage_tiled(network, facilities, demand, **asked, **told), whole)
        assert_same_matrix(time_matrix_tiled(network, candidates, demand, **asked, **told), pairs)


def test_the_nearest_facility_may_be_many_tiles_away(
    make_network: Callable[..., WalkNetwork], tie: Callable[..., gpd.GeoDataFrame]
) -> None:
    # A street that winds: 60 km on foot from one end to the other, the only facility at the first.
    places = [(100.0 * (i if row % 2 == 0 else 19 - i), 300.0 * row) for row in range(20) for i in range(20)]
    network = make_network(places, [(i, i + 1) for i in range(len(places) - 1)])
    edge = np.arange(0, len(places) - 1, 7)
    demand = tie(network, edge, np.full(len(edge), 0.25), np.zeros(len(edge)), id_column="demand_id")
    facilities = tie(network, np.array([0]), np.array([0.0]), np.array([0.0]), id_column="facility_id")
    whole = measure_coverage(network, facilities, demand, cutoff_min=5)
    assert whole["minutes"].max() > 400
    assert_same_table(measure_coverage_tiled(network, facilities, demand, cutoff_min=5, tiles=16), whole)


def test_a_problem_of_siting_is_the_same(draw_scene: Callable[..., Any]) -> None:
    network, demand, facilities, candidates = draw_scene(7, even=False, entrances=False)
    measured = measure_coverage(network, facilities, demand, cutoff_min=2)
    assert measured["covered"].any()
    whole = build_problem(network, candidates, measured, cutoff_min=2)
    times = time_matrix_tiled(network, candidates, measured, cutoff_min=3, tiles=7)
    tiled = build_problem(network, candidates, measured, cutoff_min=2, walks=Walks(times, 3))
    assert tiled.candidate_ids == whole.candidate_ids
    assert tiled.demand_ids == whole.demand_ids
    assert_same_matrix(tiled.minutes, whole.minutes)
    assert_same_matrix(tiled.reach, whole.reach)
    with pytest.raises(InputError, match="4"):
        build_problem(network, candidates, measured, cutoff_min=2, horizon_min=4, walks=Walks(times, 3))


def check_town(network: WalkNetwork, tables: list[gpd.GeoDataFrame], executor: Executor, tiles: int) -> None:
    facilities, demand, candidates = tables
    whole = measure_coverage(network, facilities, demand, cutoff_min=10)
    assert 0.1 < whole["covered"].mean() < 0.9
    tiled = measure_coverage_tiled(network, facilities, demand, cutoff_min=10, tiles=tiles, executor=executor)
    assert_same_table(tiled, whole)
    pairs = time_matrix(network, candidates, demand, cutoff_min=10)
    assert pairs.nnz > 500
    tiled = time_matrix_tiled(network, candidates, demand, cutoff_min=10, tiles=tiles, executor=executor)
    assert_same_matrix(tiled, pairs)


@pytest.fixture(scope="module")
def town(draw_scene: Callable[..., Any], tie: Callable[..., gpd.GeoDataFrame]) -> tuple[Any, ...]:
    """Return a town large enough that a tile is far from holding all of it."""
    network = draw_scene(3, even=False, entrances=False, size=60).network
    opened = np.flatnonzero(np.isfinite(network.forward_min) | np.isfinite(network.backward_min))
    random = np.random.default_rng(1)
    tables = [
        tie(network, random.choice(opened, n), random.uniform(0, 1, n), random.uniform(0, 50, n), id_column=column)
        for n, column in ((15, "facility_id"), (2000, "demand_id"), (60, "candidate_id"))
    ]
    return network, tables


def test_a_cluster_of_dask_finds_the_same(town: tuple[Any, ...]) -> None:
    # Workers in processes of their own are the benchmark's: they take longer to start than all these tests together.
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        check_town(*town, client, 5)


@pytest.mark.shared
def test_a_real_city_is_the_same(shared_data: Path) -> None:
    network = read_network(shared_data / "las-palmas" / "las-palmas.osm.pbf", speed_kmh=4.2)
    random = np.random.default_rng(2)

    def scattered(count: int, column: str) -> gpd.GeoDataFrame:
        import geopandas as gpd  # noqa: PLC0415

        node = random.integers(0, len(network.x), count)
        x, y = network.x[node] + random.normal(0, 30, count), network.y[node] + random.normal(0, 30, count)
        points = gpd.GeoDataFrame(
            {column: [f"p{i}" for i in range(count)]}, geometry=gpd.points_from_xy(x, y), crs=network.crs
        )
        return snap(points, network, max_m=100.0)

    with ThreadPoolExecutor(2) as pool:
        tables = [scattered(40, "facility_id"), scattered(8000, "demand_id"), scattered(200, "candidate_id")]
        check_town(network, tables, pool, 9)


@pytest.mark.parametrize("tiles", [0, -1, 2.5, True, "four"])
def test_a_senseless_number_of_tiles_is_refused(draw_scene: Callable[..., Any], tiles: object) -> None:
    network, demand, facilities, _ = draw_scene(2, even=True, entrances=False)
    with pytest.raises(InputError, match="tiles"):
        find_walks_tiled(network, facilities, demand, cutoff_min=5, tiles=tiles)


def test_a_table_of_another_network_is_refused(draw_scene: Callable[..., Any]) -> None:
    network, demand, facilities, _ = draw_scene(2, even=True, entrances=False)
    with pytest.raises(SnapError):
        measure_coverage_tiled(network, facilities, demand.drop(columns="edge"), cutoff_min=5, tiles=2)


@pytest.mark.parametrize("workers", [0, 2])
def test_work_can_be_stopped_and_tells_how_far_it_is(draw_scene: Callable[..., Any], workers: int) -> None:
    network, demand, facilities, _ = draw_scene(2, even=True, entrances=False)
    told: list[tuple[int, int]] = []

    def stop(stage: str, done: int, total: int) -> None:
        assert stage == "minutes"
        told.append((done, total))
        if done == 2:
            raise CancelledError("cancelled")

    with ThreadPoolExecutor(max(workers, 1)) as pool, pytest.raises(CancelledError):
        measure_coverage_tiled(
            network, facilities, demand, cutoff_min=5, tiles=6, executor=pool if workers else None, progress=stop
        )
    assert told == [(0, 6), (1, 6), (2, 6)]

"""The same metropolis whole and in tiles, here and on workers: ``python -m tests.benchmarks.scale_tiles nodes``."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tests.benchmarks.process_worker import peak_bytes
from tests.benchmarks.scale_town import CUTOFF_MIN, SNAP_MAX_M, draw_town

from walkshed.assess.coverage import measure_coverage
from walkshed.network.snap import snap
from walkshed.reach.prepare import places_for
from walkshed.reach.times import time_matrix
from walkshed.tiling.measure import measure_coverage_tiled, time_matrix_tiled
from walkshed.tiling.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from scipy.sparse import csr_array

    from walkshed.network.model import WalkNetwork

    Answer = tuple[gpd.GeoDataFrame, csr_array]

WORKERS = 2
WAYS = (("here", 16), ("here", 64), ("processes", 16), ("Dask", 16))
PROBES = 16


class Again:
    """Counts the tiles that were searched again, as a progress."""

    def __init__(self) -> None:
        self.tiles = -1  # the first search ends with all tiles done, too

    def __call__(self, _stage: str, done: int, total: int) -> None:
        """Take a report."""
        self.tiles += done == total


def run(nodes: int, ways: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """Measure whole and in tiles; return what it took and whether the results are the same."""
    town = draw_town(nodes)
    network = town.network
    demand, facilities, candidates = (
        snap(table, network, max_m=SNAP_MAX_M) for table in (town.demand, town.facilities, town.candidates)
    )
    del town
    tables = facilities, demand, candidates
    whole, row = _timed(network, tables, "whole", 1)
    rows = [row]
    for where, tiles in ways:
        tiled, row = _timed(network, tables, where, tiles)
        rows.append(row | {"same": _same(whole, tiled), "nodes": _nodes(network, tables, tiles)})
    return {"nodes": len(network.x), "demand": len(demand), "candidates": len(candidates), "ways": rows}


def _timed(network: WalkNetwork, tables: tuple[gpd.GeoDataFrame, ...], where: str, tiles: int) -> tuple[Answer, dict]:
    facilities, demand, candidates = tables
    again, peaks = Again(), []
    with ExitStack() as stack:
        executor = None
        if where == "processes":
            executor = stack.enter_context(ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")))
        elif where == "Dask":
            executor = _cluster(stack)
        if executor is not None:  # workers start and load their kernels before the clock runs
            small = draw_town(2_000)
            few = (snap(table, small.network, max_m=SNAP_MAX_M) for table in (small.facilities, small.demand))
            measure_coverage_tiled(small.network, *few, cutoff_min=CUTOFF_MIN, tiles=4 * WORKERS, executor=executor)
        asked: dict[str, Any] = {"cutoff_min": CUTOFF_MIN}
        began = time.perf_counter()
        if where == "whole":
            measured = measure_coverage(network, facilities, demand, **asked)
            answer = measured, time_matrix(network, candidates, demand, **asked)
        else:
            asked |= {"tiles": tiles, "executor": executor}
            answer = (
                measure_coverage_tiled(network, facilities, demand, **asked, progress=again),
                time_matrix_tiled(network, candidates, demand, **asked),
            )
        wall = time.perf_counter() - began
        if executor is not None:
            peaks = [future.result() for future in [executor.submit(_peak, probe) for probe in range(PROBES)]]
    told = {
        "where": where,
        "tiles": tiles,
        "wall_s": wall,
        "again": max(again.tiles, 0),
        "worker": max(peaks, default=0),
    }
    sys.stderr.write(f"{told}\n")
    return answer, told


def _cluster(stack: ExitStack) -> Any:
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an optional extra

    cluster = stack.enter_context(
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0")
    )
    return stack.enter_context(Client(cluster))


def _peak(_probe: int) -> int:
    time.sleep(0.05)  # so that every worker gets one
    return peak_bytes()


def _same(whole: Answer, tiled: Answer) -> bool:
    table = pd.DataFrame(whole[0].drop(columns="geometry")).equals(pd.DataFrame(tiled[0].drop(columns="geometry")))
    return table and all(
        np.array_equal(getattr(whole[1], name), getattr(tiled[1], name)) for name in ("data", "indices", "indptr")
    )


def _nodes(network: WalkNetwork, tables: tuple[gpd.GeoDataFrame, ...], tiles: int) -> list[int]:
    """Return how many nodes every tile holds, its margin included."""
    rooms, homes = (places_for(network, table, "places") for table in tables[:2])
    plan = make_plan(network, rooms, homes, cutoff_min=CUTOFF_MIN, direction="to_facility", tiles=tiles)
    return [len(made[1].node) for tile in range(tiles) if (made := plan.task(tile)) is not None]


def main() -> None:
    """Load the kernels, then run as asked."""
    run(2_000, WAYS[:1])
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), WAYS)) + "\n")


if __name__ == "__main__":
    main()

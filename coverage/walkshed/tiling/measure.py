"""Coverage and walks of one large area, tile by tile; the results are those of the whole, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.walks import Walks
from walkshed.progress import silent
from walkshed.reach.graph import RESULT_DECIMALS
from walkshed.reach.prepare import places_for
from walkshed.tiling.plan import make_plan
from walkshed.tiling.search import STAGE, search_all
from walkshed.tiling.tasks import find_pairs, join_pairs
from walkshed.tiling.workers import run_tasks

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_array

    from walkshed.network.model import WalkNetwork
    from walkshed.progress import Progress
    from walkshed.reach.prepare import PreparedPlaces
    from walkshed.tiling.tasks import Labels
    from walkshed.tiling.workers import Executor


def measure_coverage_tiled(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    tiles: int,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Measure coverage as :func:`walkshed.assess.coverage.measure_coverage` does, tile by tile.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction
        As there.
    tiles
        In how many to cut the area, at least 1. The result does not depend on it.
    executor
        Who searches the tiles: an executor of :mod:`concurrent.futures`, a client of Dask, or nobody: this process, one
        tile after the other. The result does not depend on it.
    progress
        Called with stage ``"minutes"``, the tiles done and all tiles. What it raises stops the work.

    Returns
    -------
    geopandas.GeoDataFrame
        Every column as from the whole, to the last bit.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table has no usable ids, or the cutoff, the direction or the number of tiles is unusable.
    """
    walks = find_walks_tiled(
        network, facilities, demand, cutoff_min=cutoff_min, direction=direction, tiles=tiles, executor=executor,
        progress=progress,
    )  # fmt: skip
    return measure_coverage(network, facilities, demand, cutoff_min=cutoff_min, direction=direction, walks=walks)


def find_walks_tiled(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    tiles: int,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> Walks:
    """Search all walks as :func:`walkshed.assess.walks.find_walks` does, tile by tile.

    The nearest facility may be many tiles away. Every tile tells how far its own nodes are from the nearest facility
    known to it; tiles that learn of a nearer one at their rim are searched again, until none does.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction, tiles, executor, progress
        As for :func:`measure_coverage_tiled`.

    Raises
    ------
    SnapError, InputError
        As for :func:`measure_coverage_tiled`.
    """
    rooms, homes = places_for(network, facilities, "facilities"), places_for(network, demand, "demand")
    rooms.ids("facilities"), homes.ids("demand")  # unusable ones are told before hours of work
    plan = make_plan(network, rooms, homes, cutoff_min=cutoff_min, direction=direction, tiles=tiles)
    pairs, labels = search_all(plan, cutoff_min, executor, progress)
    times = join_pairs(pairs, (len(rooms), len(homes)))
    return Walks(times, cutoff_min, _nearest_table(rooms, homes, labels))


def time_matrix_tiled(
    network: WalkNetwork,
    sites: pd.DataFrame | PreparedPlaces,
    demand: pd.DataFrame | PreparedPlaces,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    tiles: int,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> csr_array:
    """Find the minutes between sites and demand as :func:`walkshed.reach.times.time_matrix` does, tile by tile.

    Parameters
    ----------
    network, sites, demand, cutoff_min, direction
        As there.
    tiles, executor, progress
        As for :func:`measure_coverage_tiled`.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If the cutoff, the direction or the number of tiles is unusable.
    """
    places, homes = places_for(network, sites, "sites"), places_for(network, demand, "demand")
    plan = make_plan(network, places, homes, cutoff_min=cutoff_min, direction=direction, tiles=tiles)
    progress(STAGE, 0, tiles)
    pairs = []
    tasks = ((tile, (made[0], cutoff_min)) for tile in range(tiles) if (made := plan.task(tile)) is not None)
    for tile, found in run_tasks(executor, find_pairs, tasks):
        pairs.append(found)
        progress(STAGE, tile + 1, tiles)
    progress(STAGE, tiles, tiles)
    return join_pairs(pairs, (len(places), len(homes)))


def _nearest_table(rooms: PreparedPlaces, homes: PreparedPlaces, labels: Labels) -> pd.DataFrame:
    """Return what :func:`walkshed.reach.times.nearest` does, from the nearest facility of every stop of homes."""
    facility_ids, demand_ids = rooms.ids("facilities"), homes.ids("demand")
    stop = np.flatnonzero(np.isfinite(labels.minutes))
    best, label = labels.minutes[stop], labels.stop[stop]
    row, facility = homes.stops.row[stop], rooms.stops.row[label]
    if homes.has_entrances:
        order = np.lexsort((stop, facility, best, row))
        order = order[np.diff(row[order], prepend=-1) > 0]
        stop, best, label = stop[order], best[order], label[order]
        row, facility = row[order], facility[order]
    minutes = np.full(len(homes), np.nan)
    named = np.full(len(homes), len(rooms))
    minutes[row], named[row] = np.round(best, RESULT_DECIMALS), facility
    names = facility_ids.append(pd.Index([""], dtype=facility_ids.dtype)).take(named)
    found = pd.DataFrame({"demand_id": demand_ids, "facility_id": names, "minutes": minutes})
    if homes.has_entrances or rooms.has_entrances:
        for title, places, used in (("gate", homes, stop), ("entrance", rooms, label)):
            used_names = np.full(len(homes), "", dtype=object)
            used_names[row] = places.entrance_names()[used]
            found[title] = used_names
    return found

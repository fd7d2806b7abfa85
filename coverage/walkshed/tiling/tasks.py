"""What is done in one tile: a task goes to a worker, and what it found comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from walkshed.network.entrances import Stops
from walkshed.reach.graph import Places, graph_of, starts
from walkshed.reach.labels import label_targets
from walkshed.reach.prepare import PreparedPlaces
from walkshed.reach.times import nearest_to_nodes, time_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.network.model import FloatArray, IntArray, LongArray, WalkNetwork
    from walkshed.reach.graph import Graph
    from walkshed.tiling.cut import Tile


class Part(NamedTuple):
    """The rows of a table that matter to a tile.

    Attributes
    ----------
    stops
        Their stops on the tile's streets, rows and edges numbered as in the tile.
    stop : (n,) int64
        The stops by their numbers in the whole table.
    row : (r,) int64
        The rows by their numbers in the whole table, ascending.
    """

    stops: Stops
    stop: LongArray
    row: LongArray

    def prepared(self, network: WalkNetwork) -> PreparedPlaces:
        """Return the rows ready for one search."""
        tied = len(self.stop)
        return PreparedPlaces(network, self.stops, tied, len(self.row), kept=False, table=pd.DataFrame())


class Seeds(NamedTuple):
    """What is known from outside: nodes of the tile, minutes to the nearest site, and which of its stops that is."""

    node: LongArray
    minutes: FloatArray
    stop: LongArray


class Labels(NamedTuple):
    """Of places: minutes to the nearest site (``inf`` none) and which of its stops that is (-1), in the whole table."""

    minutes: FloatArray
    stop: LongArray


class Task(NamedTuple):
    """A tile, who is in it, and what is asked.

    Attributes
    ----------
    network
        The tile's.
    sites, homes
        Rows of both tables; ``sites`` are from the margin, too.
    direction
        See :func:`walkshed.reach.times.time_matrix`.
    """

    network: WalkNetwork
    sites: Part
    homes: Part
    direction: str


class Found(NamedTuple):
    """Pairs of a tile: rows of both whole tables, and their minutes."""

    site: IntArray
    home: IntArray
    minutes: FloatArray


def take_part(stops: Stops, chosen: LongArray, tile: Tile) -> Part:
    """Return those of some stops, ascending, that are on a tile's streets."""
    place = np.minimum(np.searchsorted(tile.edge, stops.edge[chosen]), len(tile.edge) - 1)
    here = tile.edge[place] == stops.edge[chosen]
    chosen, place = chosen[here], place[here]
    row, own = np.unique(stops.row[chosen], return_inverse=True)
    part = Stops._make(column[chosen] for column in stops)
    return Part(part._replace(row=own.astype(np.int64), edge=place.astype(np.int64)), chosen, row)


def find_pairs(task: Task, cutoff_min: float) -> Found:
    """Search all pairs of a tile within a cutoff."""
    sites, homes = task.sites.prepared(task.network), task.homes.prepared(task.network)
    times = time_matrix(task.network, sites, homes, cutoff_min=cutoff_min, direction=task.direction)
    site = np.repeat(task.sites.row.astype(np.int32), np.diff(times.indptr))
    return Found(site, task.homes.row.astype(np.int32)[times.indices], times.data)


def find_nearest(task: Task, seeds: Seeds, asked: LongArray) -> tuple[Labels, Labels]:
    """Find the nearest site of every stop of homes and of every node ``asked``, however far.

    Sites outside the tile count as far as ``seeds`` tell of them.
    """
    network, reverse = task.network, task.direction == "to_facility"
    graph = graph_of(network, reverse=reverse)
    sites = task.sites.prepared(network).places(reverse=reverse)
    sites = sites._replace(row=task.sites.stop[sites.row])
    homes = task.homes.prepared(network).places(reverse=reverse)
    minutes, stop = nearest_to_nodes(graph, _with_seeds(graph, sites, seeds), np.inf)
    best, label = np.full(len(task.homes.stop), np.inf), np.full(len(task.homes.stop), -1, np.int64)
    by_place = Labels(np.empty(len(homes.row)), np.empty(len(homes.row), np.int64))
    label_targets(graph, sites, starts(sites, len(graph.u)), homes, minutes, stop, *by_place)
    best[homes.row], label[homes.row] = by_place
    return Labels(best, label), Labels(minutes[asked], stop[asked])


def find_all(task: Task, seeds: Seeds, asked: LongArray, cutoff_min: float) -> tuple[Found, tuple[Labels, Labels]]:
    """Do :func:`find_pairs` and :func:`find_nearest`."""
    return find_pairs(task, cutoff_min), find_nearest(task, seeds, asked)


def _with_seeds(graph: Graph, sites: Places, seeds: Seeds) -> Places:
    """Return the sites and, behind them, the seeds as if a site stood at their nodes behind so long a leg."""
    edge = graph.arc_edge[graph.indptr[seeds.node]].astype(np.int64)
    count = len(edge)
    nowhere = np.full(count, np.inf)
    columns = (
        seeds.stop, edge, np.zeros(count), seeds.minutes, nowhere, nowhere,
        np.where(graph.u[edge] == seeds.node, 0.0, np.inf), np.where(graph.v[edge] == seeds.node, 0.0, np.inf),
    )  # fmt: skip
    return Places._make(np.concatenate(pair) for pair in zip(sites, columns, strict=True))


def join_pairs(found: Sequence[Found], shape: tuple[int, int]) -> csr_array:
    """Return the pairs of all tiles as one matrix, (sites, homes), indices ascending; stored zeros stay."""
    none = Found(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    site, home, minutes = (np.concatenate(column) for column in zip(none, *found, strict=True))
    order = np.lexsort((home, site))
    index = np.int32 if len(order) <= np.iinfo(np.int32).max else np.int64
    start = np.zeros(shape[0] + 1, index)
    np.cumsum(np.bincount(site, minlength=shape[0]), out=start[1:])
    return csr_array((minutes[order], home[order].astype(index, copy=False), start), shape=shape)

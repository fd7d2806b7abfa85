"""Who is measured in which tile."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.errors import InputError
from walkshed.reach.graph import SLACK
from walkshed.reach.tables import check_cutoff, walks_to_facility
from walkshed.tiling.cut import cut_tile, survey
from walkshed.tiling.tasks import Task, take_part

if TYPE_CHECKING:
    from walkshed.network.entrances import Stops
    from walkshed.network.model import IntArray, LongArray, WalkNetwork
    from walkshed.reach.prepare import PreparedPlaces
    from walkshed.tiling.cut import Ground, Tile


class Plan(NamedTuple):
    """What tiles are cut from.

    Attributes
    ----------
    ground
        The network, surveyed.
    site_stops, home_stops
        Stops of both tables.
    sites : (s,) int64
        Tied stops of sites.
    homes, nodes
        By tile: tied stops of homes, and nodes of its own, ascending. All stops of a row are in the tile of its first.
    limit_min
        How far is searched.
    direction
        See :func:`walkshed.reach.times.time_matrix`.
    """

    ground: Ground
    site_stops: Stops
    home_stops: Stops
    sites: LongArray
    homes: list[LongArray]
    nodes: list[LongArray]
    limit_min: float
    direction: str

    def task(self, tile: int) -> tuple[Task, Tile] | None:
        """Return what is to be done in a tile; ``None`` where it has no streets."""
        edge, network = self.home_stops.edge[self.homes[tile]], self.ground.network
        starts = np.concatenate([self.nodes[tile], network.u[edge], network.v[edge]])
        cut = cut_tile(self.ground, starts, self.limit_min) if len(starts) else None
        if cut is None:
            return None
        sites, homes = take_part(self.site_stops, self.sites, cut), take_part(self.home_stops, self.homes[tile], cut)
        return Task(cut.network, sites, homes, self.direction), cut


def make_plan(
    network: WalkNetwork, sites: PreparedPlaces, homes: PreparedPlaces, *, cutoff_min: float, direction: str, tiles: int
) -> Plan:
    """Divide an area into tiles.

    Raises
    ------
    InputError
        If the cutoff, the direction or the number of tiles is unusable.
    """
    count = operator.index(tiles) if hasattr(tiles, "__index__") and not isinstance(tiles, bool) else 0
    if count < 1:
        raise InputError("tiles_unusable", value=tiles)
    limit = check_cutoff(cutoff_min) + SLACK
    walks_to_facility(direction)
    ground = survey(network, count)
    tied = np.flatnonzero(homes.stops.edge >= 0)
    row, stop_owner = homes.stops.row[tied], ground.owner[network.u[homes.stops.edge[tied]]]
    owner = np.full(len(homes), -1, np.int32)
    owner[row[::-1]] = stop_owner[::-1]  # the first stop of a row is written last
    homes_of = [tied[own] for own in _by_tile(owner[row], count)]
    return Plan(
        ground, sites.stops, homes.stops, np.flatnonzero(sites.stops.edge >= 0), homes_of,
        _by_tile(ground.owner, count), limit, direction,
    )  # fmt: skip


def _by_tile(owner: IntArray, tiles: int) -> list[LongArray]:
    """Return the positions that belong to every tile, ascending."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.cumsum(np.bincount(owner, minlength=tiles))[:-1])

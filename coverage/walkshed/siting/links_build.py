"""From links to what each would bring within reach: measured on streets that really have it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array, vstack

from walkshed.assess.coverage import require_columns
from walkshed.network.scenario import edit_network
from walkshed.network.ties import carry_ties
from walkshed.progress import silent
from walkshed.reach.times import time_matrix
from walkshed.siting.build import build_problem
from walkshed.siting.links import LinkedProblem, LinkPairs, check_links

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from walkshed.network.edits import Edit
    from walkshed.network.model import WalkNetwork
    from walkshed.network.scenario import EditedNetwork
    from walkshed.progress import Progress
    from walkshed.siting.links import LinkCandidate

    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

STAGE: Final = "minutes"
OPPOSITE: Final = {"to_facility": "from_facility", "from_facility": "to_facility"}


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkScene:
    """The streets and tables that links are tried on.

    Attributes
    ----------
    network
        Of the profile that is planned for, without any of the links.
    candidates, facilities
        Snapped to it: places for rooms, and the rooms that serve today.
    measured
        From :func:`walkshed.assess.coverage.measure_coverage` with these facilities, ``cutoff_min`` and ``direction``.
    cutoff_min
        Longest walk that counts as served.
    direction
        ``"to_facility"`` or ``"from_facility"``.
    edit
        Carries edits out and returns the streets of the same walker. Default: on ``network`` itself, new links at the
        speed of the flat. Where streets are weighed for slopes or stairs, edit those not weighed yet and weigh after.
    """

    network: WalkNetwork
    candidates: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    measured: gpd.GeoDataFrame
    cutoff_min: float
    direction: str = "to_facility"
    edit: Callable[[Sequence[Edit]], EditedNetwork] | None = None

    def edited(self, edits: Sequence[Edit]) -> EditedNetwork:
        """Return the streets after edits."""
        return edit_network(self.network, edits) if self.edit is None else self.edit(edits)

    @cached_property
    def waiting(self) -> gpd.GeoDataFrame:
        """The demand rows not served today, in their order."""
        require_columns(self.measured, "measured demand", ("covered", "edge"), step="measure_coverage()")
        return self.measured[~self.measured["covered"].to_numpy(bool)]

    @cached_property
    def sites(self) -> gpd.GeoDataFrame:
        """The candidates that are tied to a street, in their order."""
        require_columns(self.candidates, "candidates", ("candidate_id", "edge"), step="snap()")
        return self.candidates[self.candidates["edge"] >= 0]


def build_linked_problem(
    scene: LinkScene,
    links: Sequence[LinkCandidate],
    *,
    units: pd.DataFrame | None = None,
    progress: Progress = silent,
) -> LinkedProblem:
    """Find out what every link brings within reach of rooms that stand and of rooms that could be built.

    Every link is built by itself on the streets of ``scene``, and the walks are measured around it.

    Parameters
    ----------
    scene
        Streets, rooms, residents.
    links
        From :func:`walkshed.siting.links.make_link_candidates`.
    units
        As for :func:`walkshed.siting.build.build_problem`.
    progress
        Called with stage ``"minutes"``, for the candidates and then for the links.

    Returns
    -------
    LinkedProblem

    Raises
    ------
    SitingError
        If ids repeat or the tables do not fit.
    InputError
        If a link changes nothing: it finds no street, or nothing to open or join.
    CancelledError
        If ``progress`` raises it.
    """
    check_links(links)
    base = build_problem(
        scene.network,
        scene.candidates,
        scene.measured,
        cutoff_min=scene.cutoff_min,
        direction=scene.direction,
        units=units,
        progress=progress,
    )
    empty = _ones(np.zeros(0, np.int64), np.zeros(0, np.int64), (0, len(base.demand_ids)))
    alone, rows_of = [empty], [empty]
    link_of, candidate_of = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for number, link in enumerate(links):
        progress(STAGE, number, len(links))
        own, through = _brought(scene, link, base.minutes)
        alone.append(own)
        gains = np.flatnonzero(np.diff(through.indptr))
        link_of.append(np.full(len(gains), number, np.int64))
        candidate_of.append(gains.astype(np.int64))
        rows_of.append(through[gains])
    progress(STAGE, len(links), len(links))
    return LinkedProblem(
        base=base,
        links=tuple(links),
        alone=csr_array(vstack(alone, format="csr")),
        pairs=LinkPairs(
            np.concatenate(link_of), np.concatenate(candidate_of), csr_array(vstack(rows_of, format="csr"))
        ),
    )


def _brought(scene: LinkScene, link: LinkCandidate, known: csr_array) -> tuple[csr_array, csr_array]:
    """Return the rows that a link brings within reach of existing rooms, (1, N), and of candidates, (M, N)."""
    edited = scene.edited([link.edit])
    ends = _at_nodes(edited.network, _changed_nodes(scene.network, edited.network))
    homes = carry_ties(scene.waiting, edited)
    # A walk that uses the link leads from the home to an end of it, and from there to the room.
    near_homes = _near(scene, edited.network, ends, homes, scene.direction)
    opposite = OPPOSITE.get(scene.direction, scene.direction)
    reached = []
    for table in (scene.facilities, scene.sites):
        rooms = carry_ties(table, edited)
        near = _near(scene, edited.network, ends, rooms, opposite)
        times = time_matrix(
            edited.network,
            rooms.iloc[near],
            homes.iloc[near_homes],
            cutoff_min=scene.cutoff_min,
            direction=scene.direction,
        ).tocoo()
        reached.append((near[times.coords[0]], near_homes[times.coords[1]]))
    shape = (len(scene.sites), len(homes))
    alone = np.unique(reached[0][1])
    room, row = reached[1]
    new = ~np.isin(row, alone) & ~_stored(known, room, row, scene.cutoff_min)
    return _ones(np.zeros(len(alone), np.int64), alone, (1, shape[1])), _ones(room[new], row[new], shape)


def _near(
    scene: LinkScene, network: WalkNetwork, ends: gpd.GeoDataFrame, table: gpd.GeoDataFrame, direction: str
) -> LongArray:
    """Return the rows of a table from which (or to which) an end of the link is within reach."""
    times = time_matrix(network, ends, table, cutoff_min=scene.cutoff_min, direction=direction)
    return np.unique(times.indices).astype(np.int64)


def _changed_nodes(before: WalkNetwork, after: WalkNetwork) -> LongArray:
    """Return the ends of all edges that are new or not what they were, as nodes of the network after."""
    count = len(before.u)
    changed = np.ones(len(after.u), bool)
    changed[:count] = (after.forward_min[:count] != before.forward_min) | (
        after.backward_min[:count] != before.backward_min
    )
    for old, new in ((before.u, after.u), (before.v, after.v)):
        changed[:count] |= before.node_id[old] != after.node_id[new[:count]]
    return np.unique(np.concatenate([after.u[changed], after.v[changed]])).astype(np.int64)


def _at_nodes(network: WalkNetwork, nodes: LongArray) -> gpd.GeoDataFrame:
    """Return nodes as places tied to one of their edges, without a leg."""
    indptr, _, arc_edge = network.arcs
    edge = arc_edge[indptr[nodes]].astype(np.int64)
    return gpd.GeoDataFrame(
        {
            "id": nodes.astype(str),
            "edge": edge,
            "fraction": np.where(network.u[edge] == nodes, 0.0, 1.0),
            "access_m": 0.0,
            "component": network.component[network.u[edge]].astype(np.int64),
        },
        geometry=shapely.points(network.x[nodes], network.y[nodes]),
        crs=network.crs,
    )


def _stored(known: csr_array, room: LongArray, row: LongArray, cutoff_min: float) -> BoolArray:
    """Say which pairs are within the cutoff already."""
    rooms = np.unique(room)
    part = known[rooms]
    near = part.data <= cutoff_min
    owner = np.repeat(rooms, np.diff(part.indptr))[near]
    width = known.shape[1]
    return np.isin(room * width + row, owner * width + part.indices[near])


def _ones(room: LongArray, row: LongArray, shape: tuple[int, int]) -> csr_array:
    found = csr_array((np.ones(len(room), np.int8), (room, row)), shape=shape)
    found.sort_indices()
    return found

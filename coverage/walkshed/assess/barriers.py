"""Barrier gaps: near as the crow flies, far on foot, and the one link or gate whose opening would serve most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from walkshed.assess.coverage import require_columns
from walkshed.contracts import EXCHANGE_CRS
from walkshed.network.snap import metric_positions
from walkshed.reach.times import nearest, time_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

COLUMNS: Final = (
    "rank", "kind", "newly_served", "person_minutes", "length_m", "minutes_before", "minutes_after", "from_place",
    "to_place", "gap_id", "geometry",
)  # fmt: skip
GATE_M: Final = 1.0
"""Two street ends so near each other are one place parted by a gate."""
SAVED_MIN: Final = 2.0
"""A link must save so many minutes to whoever stands at its far end."""
APART_M: Final = 60.0
"""Of links that begin nearer to each other, the one that saves most is looked at."""
MOST: Final = 400
"""So many links are looked at in full."""


def is_barrier(
    measured: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    network: WalkNetwork,
    *,
    cutoff_min: float,
) -> NDArray[np.bool_]:
    """Tell who is unserved though a facility is near as the crow flies.

    Parameters
    ----------
    measured
        From :func:`walkshed.assess.coverage.measure_coverage`.
    facilities
        The serving ones, tied to the network.
    network
        Gives CRS and speed.
    cutoff_min
        Minutes; who would walk no longer along a straight line counts as near.

    Returns
    -------
    numpy.ndarray
        (rows of ``measured``,) bool.
    """
    require_columns(measured, "measured demand", ("covered", "minutes"), step="measure_coverage()")
    tied = facilities[facilities["edge"] >= 0]
    if not len(tied):
        return np.zeros(len(measured), bool)
    rooms = np.column_stack(metric_positions(tied, network))
    homes = np.column_stack(metric_positions(measured, network))
    placed = np.isfinite(homes).all(axis=1)
    away = np.full(len(measured), np.inf)
    away[placed] = cKDTree(rooms).query(homes[placed])[0]
    barred: NDArray[np.bool_] = (away <= cutoff_min * network.meters_per_minute) & ~measured["covered"].to_numpy(bool)
    return barred


def find_links(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    measured: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    link_max_m: float = 80.0,
    count: int = 10,
    gap_ids: pd.Series[str] | None = None,
) -> gpd.GeoDataFrame:
    """Find the missing links and shut gates whose opening would serve most of the unserved.

    A link joins two street ends or junctions in a straight line. Every pair up to ``link_max_m`` apart is weighed by
    the minutes it saves at its far end; for the best of every neighbourhood all unserved residents who would come
    within the cutoff are counted, each link by itself.

    Parameters
    ----------
    network
        At the walker's pace.
    facilities
        The serving ones, tied to the network.
    measured
        From :func:`walkshed.assess.coverage.measure_coverage`, residents walking to the facility.
    cutoff_min
        Longest walk that counts as served.
    link_max_m
        Longest link, metres: a gate, a hole in a fence, a footbridge.
    count
        Links to return at most.
    gap_ids
        Gap of every row of ``measured`` (:func:`walkshed.assess.gaps.gap_of`), to say which gap a link helps most.

    Returns
    -------
    geopandas.GeoDataFrame
        Most newly served residents first: ``rank``, ``kind`` (``"gate"`` where both ends are one place, else
        ``"link"``), ``newly_served``, ``person_minutes`` (saved by all unserved residents together), ``length_m``,
        ``minutes_before`` and ``minutes_after`` (from the far end to the nearest facility; NaN unreachable),
        ``from_place`` and ``to_place`` (street names, ``""`` nameless) and ``geometry`` (line from the far end to the
        near one, EPSG:4326), and ``gap_id`` (``""`` without ``gap_ids``). Links that serve nobody newly are left out.

    Raises
    ------
    InputError, SnapError
        As :func:`walkshed.reach.times.nearest`.

    Notes
    -----
    A link is a question, not a plan: what lies between its ends (a wall, a river, a railway) is not looked at.
    """
    require_columns(measured, "measured demand", ("covered", "minutes"), step="measure_coverage()")
    minutes = _node_minutes(network, facilities)
    far, near, length = _pairs(network, minutes, cutoff_min, link_max_m)
    after = minutes[near] + length / network.meters_per_minute
    kept = _thinned(network, far, minutes[far] - after)
    far, near, length, after = far[kept], near[kept], length[kept], after[kept]
    waiting = measured[~measured["covered"].to_numpy(bool) & (measured["edge"].to_numpy(np.int64) >= 0)]
    if not len(far) or not len(waiting):
        return _table([], network)
    walked = time_matrix(network, _at_nodes(network, far), waiting, cutoff_min=cutoff_min)
    people = waiting["population"].to_numpy(np.float64)
    before = np.nan_to_num(waiting["minutes"].to_numpy(np.float64), nan=np.inf)
    link = np.repeat(np.arange(len(far)), np.diff(walked.indptr))
    home, through = walked.indices, walked.data + after[link]
    served = np.bincount(link, people[home] * (through <= cutoff_min), minlength=len(far))
    saved = np.where(np.isfinite(before[home]), np.maximum(before[home] - through, 0.0), 0.0)
    gaps = np.full(len(waiting), "", dtype=object) if gap_ids is None else gap_ids[waiting.index].to_numpy(dtype=object)
    minutes_saved = np.bincount(link, people[home] * saved, minlength=len(far))
    best = [i for i in np.lexsort((far, length, -served)).tolist() if served[i] > 0][:count]
    rows: list[dict[str, object]] = [
        {
            "rank": rank,
            "kind": "gate" if length[i] <= GATE_M else "link",
            "newly_served": float(served[i]),
            "person_minutes": float(minutes_saved[i]),
            "length_m": float(length[i]),
            "minutes_before": float(minutes[far[i]]) if np.isfinite(minutes[far[i]]) else float("nan"),
            "minutes_after": float(after[i]),
            "from_place": _street_at(network, int(far[i])),
            "to_place": _street_at(network, int(near[i])),
            "gap_id": _most_helped(gaps[home], people[home], (link == i) & (through <= cutoff_min)),
            "geometry": shapely.LineString(
                [(network.x[far[i]], network.y[far[i]]), (network.x[near[i]], network.y[near[i]])]
            ),
        }
        for rank, i in enumerate(best, start=1)
    ]
    return _table(rows, network)


def mark_gaps(
    gaps: gpd.GeoDataFrame,
    measured: gpd.GeoDataFrame,
    *,
    barred: NDArray[np.bool_],
    gap_ids: pd.Series[str],
) -> gpd.GeoDataFrame:
    """Single out the gaps that a barrier makes.

    Parameters
    ----------
    gaps
        From :func:`walkshed.assess.gaps.find_gaps`.
    measured
        The residents that the gaps were found in.
    barred
        From :func:`is_barrier`.
    gap_ids
        From :func:`walkshed.assess.gaps.gap_of`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``gaps`` with ``barred`` (residents near a facility as the crow flies) and ``barrier`` (most of its residents
        are).
    """
    people = measured["population"].where(barred, 0.0).groupby(gap_ids.to_numpy()).sum()
    near = gaps["gap_id"].map(people).fillna(0.0).astype(float)
    return gaps.assign(barred=near.to_numpy(), barrier=(near > gaps["residents"] / 2).to_numpy(bool))


def _most_helped(gaps: NDArray[np.object_], people: FloatArray, helped: NDArray[np.bool_]) -> str:
    totals = pd.Series(people[helped]).groupby(gaps[helped]).sum()
    return "" if totals.empty else str(totals.idxmax())


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
            "component": network.component[network.u[edge]].astype(np.int64),  # the edge may be closed
        },
        geometry=shapely.points(network.x[nodes], network.y[nodes]),
        crs=network.crs,
    )


def _node_minutes(network: WalkNetwork, facilities: gpd.GeoDataFrame) -> FloatArray:
    """Return the minutes from every node to the nearest facility, ``inf`` where there is none."""
    found = nearest(network, facilities, _at_nodes(network, np.arange(len(network.node_id))))
    minutes: FloatArray = found["minutes"].fillna(np.inf).to_numpy(np.float64)
    return minutes


def _pairs(
    network: WalkNetwork, minutes: FloatArray, cutoff_min: float, link_max_m: float
) -> tuple[LongArray, LongArray, FloatArray]:
    """Return, for every node that a link could help, the far end, the best near end and the length."""
    xy = np.column_stack([network.x, network.y])
    pairs = cKDTree(xy).query_pairs(link_max_m, output_type="ndarray").astype(np.int64)
    far, near = np.concatenate([pairs, pairs[:, ::-1]]).T
    length = np.hypot(*(xy[far] - xy[near]).T)
    after = minutes[near] + length / network.meters_per_minute
    useful = (after < cutoff_min) & (minutes[far] >= after + SAVED_MIN)
    far, near, length, after = far[useful], near[useful], length[useful], after[useful]
    order = np.lexsort((near, after, far))
    first = np.ones(len(order), bool)
    first[1:] = np.diff(far[order]) != 0
    chosen = order[first]
    return far[chosen], near[chosen], length[chosen]


def _thinned(network: WalkNetwork, far: LongArray, saved: FloatArray) -> LongArray:
    """Return the links that save most in their neighbourhood, best first."""
    if not len(far):
        return np.empty(0, np.int64)
    tree = cKDTree(np.column_stack([network.x[far], network.y[far]]))
    taken, kept = np.zeros(len(far), bool), []
    for i in np.lexsort((far, -saved)).tolist():
        if not taken[i]:
            kept.append(i)
            taken[tree.query_ball_point(tree.data[i], APART_M)] = True
        if len(kept) == MOST:
            break
    return np.array(kept, np.int64)


def _street_at(network: WalkNetwork, node: int) -> str:
    """Return the first street name at a node, ``""`` where none has one."""
    indptr, _, arc_edge = network.arcs
    names = (network.edge_name(int(edge)) for edge in arc_edge[indptr[node] : indptr[node + 1]])
    return next((name for name in names if name), "")


def _table(rows: list[dict[str, object]], network: WalkNetwork) -> gpd.GeoDataFrame:
    kinds = dict.fromkeys(("newly_served", "person_minutes", "length_m", "minutes_before", "minutes_after"), np.float64)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds | {"rank": np.int64})
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=network.crs).to_crs(EXCHANGE_CRS)

"""What streets are near a place, cross a line, or are joined on foot: few places, looked at closely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from walkshed.network.snap_grid import TIE_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork


BESIDE_M, ALONG_M = 0.01, 1.0
"""A line is at a junction, or along a street, if it comes or stays so near to it (for so long)."""


class Near(NamedTuple):
    """The nearest position on every street around a place, nearest first, then by number of the edge.

    Attributes
    ----------
    edge : (n,) int64
    fraction : (n,) float64
        Share of the edge's drawn length from ``u``.
    distance_m : (n,) float64
        As the crow flies.
    """

    edge: LongArray
    fraction: FloatArray
    distance_m: FloatArray


class Crossings(NamedTuple):
    """Where a line crosses streets.

    Attributes
    ----------
    edge : (n,) int64
    fraction : (n,) float64
        Share of the edge's drawn length from ``u``; never an end.
    along : (a,) int64
        Edges that the line runs along.
    at_junction : (j,) int64
        Edges that the line meets at an end where other streets begin, to a centimetre.
    """

    edge: LongArray
    fraction: FloatArray
    along: LongArray
    at_junction: LongArray


def positions_near(network: WalkNetwork, usable: BoolArray, xy: FloatArray, reach_m: float) -> Near:
    """Return the nearest position on every usable street within ``reach_m`` of a place (2,) in the network's CRS."""
    edge = _edges_in(network, usable, xy[None], reach_m)
    place, lines = shapely.Point(xy), _lines(network, edge)
    distance = np.asarray(shapely.distance(lines, place), float)
    fraction = np.asarray(shapely.line_locate_point(lines, place, normalized=True), float)
    order = np.lexsort((edge, distance))
    order = order[distance[order] <= reach_m]
    return Near(edge[order], fraction[order], distance[order])


def crossings(network: WalkNetwork, cut: BoolArray, usable: BoolArray, line: FloatArray) -> Crossings:
    """Return where a line crosses streets.

    Parameters
    ----------
    network
    cut : (E,) bool
        Edges to look at.
    usable : (E,) bool
        Edges that are open; they decide what is a junction.
    line : (k, 2) float64
        The line in the network's CRS.
    """
    edge = _edges_in(network, cut, line, BESIDE_M)
    lines, drawn = _lines(network, edge), shapely.LineString(line)
    along = np.asarray(shapely.length(shapely.intersection(lines, drawn.buffer(BESIDE_M))), float) > ALONG_M
    streets_at = np.bincount(np.concatenate([network.u[usable], network.v[usable]]), minlength=len(network.node_id))
    met = np.zeros(len(edge), bool)
    for end in (network.u[edge], network.v[edge]):
        beside = shapely.distance(shapely.points(network.x[end], network.y[end]), drawn) <= BESIDE_M
        met |= beside & (streets_at[end] > 1)
    xy, owner = shapely.get_coordinates(shapely.intersection(lines[~along], drawn), return_index=True)
    crossed, crossed_line = edge[~along][owner], lines[~along][owner]
    at = np.asarray(shapely.line_locate_point(crossed_line, shapely.points(xy)), float)
    total = np.asarray(shapely.length(crossed_line), float)
    inside = (at > TIE_M) & (at < total - TIE_M)
    return Crossings(crossed[inside], at[inside] / total[inside], edge[along], edge[met])


def walks_m(network: WalkNetwork, usable: BoolArray, near: Near, *, limit_m: float) -> FloatArray:
    """Return the metres of walking from the first of some positions near a place to each of them.

    Parameters
    ----------
    network
    usable : (E,) bool
        Edges that may be walked, both ways.
    near
        At least one position; all within ``limit_m`` of each other as the crow flies.
    limit_m
        Longer walks are ``inf``.
    """
    start = _place(network, near)
    edge = _edges_in(network, usable, start, limit_m)
    nodes, ends = np.unique(np.concatenate([network.u[edge], network.v[edge]]), return_inverse=True)
    low, high = np.sort(ends.reshape(2, -1), axis=0)
    order = np.lexsort((network.length_m[edge], high, low))
    _, shortest = np.unique(low[order] * len(nodes) + high[order], return_index=True)  # of parallel streets
    kept = order[shortest]
    kept = kept[low[kept] != high[kept]]
    graph = coo_array((network.length_m[edge[kept]], (low[kept], high[kept])), shape=(len(nodes), len(nodes)))
    u, v = (np.searchsorted(nodes, end[near.edge]) for end in (network.u, network.v))
    to_u = near.fraction * network.length_m[near.edge]
    to_v = network.length_m[near.edge] - to_u
    from_ends = dijkstra(graph.tocsr(), directed=False, indices=[u[0], v[0]], limit=limit_m)
    to_node = np.minimum(from_ends[0] + to_u[0], from_ends[1] + to_v[0])
    walked: FloatArray = np.minimum(to_node[u] + to_u, to_node[v] + to_v)
    walked[0] = 0.0
    return np.where(walked <= limit_m, walked, np.inf)


def _place(network: WalkNetwork, near: Near) -> FloatArray:
    place = shapely.line_interpolate_point(_lines(network, near.edge[:1])[0], near.fraction[0], normalized=True)
    return shapely.get_coordinates(place)


def _edges_in(network: WalkNetwork, chosen: BoolArray, line: FloatArray, margin_m: float) -> LongArray:
    """Return the chosen edges whose bounding box meets that of a line with a margin."""
    start = network.geometry_start[:-1]
    low, high = line.min(axis=0) - margin_m, line.max(axis=0) + margin_m
    inside = chosen.copy()
    for axis, values in enumerate((network.geometry_x, network.geometry_y)):
        inside &= np.minimum.reduceat(values, start) <= high[axis]
        inside &= np.maximum.reduceat(values, start) >= low[axis]
    return np.flatnonzero(inside)


def _lines(network: WalkNetwork, edges: LongArray) -> NDArray[Any]:
    """Return the drawn lines of a few edges; the network's own list makes all of them."""
    lines = np.empty(len(edges), object)
    for i, e in enumerate(edges.tolist()):
        part = slice(network.geometry_start[e], network.geometry_start[e + 1])
        lines[i] = shapely.LineString(np.column_stack([network.geometry_x[part], network.geometry_y[part]]))
    return lines

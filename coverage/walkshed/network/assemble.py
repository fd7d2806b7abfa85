"""From lines of street to a network: cut at junctions, measure, number along a Hilbert curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from pyproj import Geod, Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from walkshed.contracts import EXCHANGE_CRS
from walkshed.coordinates import check_extent, metric_crs
from walkshed.errors import NetworkError
from walkshed.network.model import METERS_PER_MINUTE_PER_KMH, WalkNetwork
from walkshed.network.traits import NO_CROSSING, SHUT_GATE, EdgeTraits, WayTraits, count_crossings

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.network.model import BoolArray, FloatArray, LongArray
    from walkshed.network.osm_streets import StreetLines

ELLIPSOID = Geod(ellps="WGS84")
FAR_M = 1_000.0
HILBERT_ORDER = 16
"""The curve visits a grid of 2^16 x 2^16 cells: finer than a metre for a city."""


class _Edges(NamedTuple):
    """E edges; ``vertex[start[e]:start[e + 1]]`` are the positions of edge e's vertices in the lines' arrays."""

    line: LongArray
    start: LongArray
    vertex: LongArray

    def pick(self, keep: BoolArray | LongArray) -> _Edges:
        """Return the edges of a mask or in an order."""
        chosen = np.flatnonzero(keep) if keep.dtype == bool else keep
        size = np.diff(self.start)[chosen]
        start = np.concatenate([[0], np.cumsum(size)])
        shift = np.repeat(self.start[chosen] - start[:-1], size)
        return _Edges(self.line[chosen], start, self.vertex[shift + np.arange(start[-1])])


def assemble_network(
    lines: StreetLines,
    *,
    crs: str | None = None,
    speed_kmh: float,
    boundary: gpd.GeoDataFrame | None = None,
    source: str = "",
) -> WalkNetwork:
    """Build the network of lines of street.

    Parameters
    ----------
    lines
        Streets; they meet where they share a vertex id.
    crs
        Projected metre CRS; by default the UTM zone of the streets.
    speed_kmh
        Walking speed on the flat.
    boundary
        Keep only edges that touch this area (EPSG:4326), whole.
    source
        Where the streets came from.

    Returns
    -------
    WalkNetwork
        An edge is a piece of one line between two junctions or ends; what lies between is its geometry. Parallel
        edges and loops stay.

    Raises
    ------
    NetworkError
        If no street is left, or the speed is no positive number.

    Notes
    -----
    Lengths are geodesic on the WGS-84 ellipsoid, the ground's own: in UTM a kilometre is drawn up to 0.4 m short in the
    middle of a zone and up to 1 m long at its rim, and such errors would all point the same way.

    A gate that cannot be passed parts its way: both ends stand there, and nothing joins them. Where more than two ways
    meet, the mark is left aside, since it does not say which of them the gate shuts.

    Vertices of a line that follow each other at the same position are one junction under two ids, a common slip in
    data that was put together: they are merged under the smaller id, which keeps together what belongs together and
    leaves no edge of length 0.
    """
    check_speed(speed_kmh)
    node_of, ids = _merge_coincident(lines)
    edges = _cut_at_junctions(lines, node_of)
    node_of_end, ids = _part_at_gates(lines, node_of, ids, edges)
    if boundary is not None:
        touching = _touching(lines, edges, boundary)
        edges, node_of_end = edges.pick(touching), node_of_end[:, touching]
    if not len(edges.line):
        raise NetworkError("network_empty", source=source or "?")
    if crs is None:
        lon, lat = lines.lon[edges.vertex], lines.lat[edges.vertex]
        check_extent(shapely.box(lon.min(), lat.min(), lon.max(), lat.max()))
        crs = metric_crs(shapely.Point(lon.mean(), lat.mean()))
    x, y = Transformer.from_crs(EXCHANGE_CRS, crs, always_xy=True).transform(lines.lon, lines.lat)
    ends = np.concatenate([edges.vertex[edges.start[:-1]], edges.vertex[edges.start[1:] - 1]])
    nodes, at = np.unique(node_of_end.ravel(), return_index=True)
    ends = ends[at]
    order = np.argsort(hilbert_key(x[ends], y[ends]), kind="stable")
    number = np.empty(len(ids), np.int32)
    number[nodes[order]] = np.arange(len(nodes), dtype=np.int32)
    u, v = number[node_of_end]
    length = _measure(lines, edges)
    rank = np.lexsort((length, lines.way_id[edges.line], np.maximum(u, v), np.minimum(u, v)))
    edges, u, v, length = edges.pick(rank), u[rank], v[rank], length[rank]
    minutes = length / (speed_kmh * METERS_PER_MINUTE_PER_KMH)
    name_code, names = _name_codes([lines.name[line] for line in edges.line])
    return WalkNetwork(
        crs=crs,
        node_id=ids[nodes[order]],
        x=x[ends[order]],
        y=y[ends[order]],
        u=u,
        v=v,
        length_m=length,
        forward_min=np.where(lines.forward[edges.line], minutes, np.inf),
        backward_min=np.where(lines.backward[edges.line], minutes, np.inf),
        way_id=lines.way_id[edges.line],
        steps=lines.steps[edges.line],
        name_code=name_code,
        names=names,
        geometry_start=edges.start,
        geometry_x=x[edges.vertex],
        geometry_y=y[edges.vertex],
        speed_kmh=float(speed_kmh),
        **_traits(lines, edges, length)._asdict(),
        source=source,
    )


def check_speed(speed_kmh: float) -> None:
    """Refuse a walking speed that is no positive number.

    Raises
    ------
    NetworkError
    """
    if not (math.isfinite(speed_kmh) and speed_kmh > 0):
        raise NetworkError("speed_not_positive", speed=speed_kmh)


def _merge_coincident(lines: StreetLines) -> tuple[LongArray, LongArray]:
    """Return the node of every vertex as a position in the sorted ids, and these ids; see :func:`assemble_network`."""
    ids, node_of = np.unique(lines.ref, return_inverse=True)
    follows = np.ones(max(len(lines.ref) - 1, 0), bool)
    follows[lines.start[1:-1] - 1] = False
    same = follows & (np.diff(lines.lon) == 0) & (np.diff(lines.lat) == 0) & (np.diff(node_of) != 0)
    if same.any():
        at = np.flatnonzero(same)
        links = coo_array((np.ones(len(at)), (node_of[at], node_of[at + 1])), shape=(len(ids), len(ids)))
        _, group = connected_components(links, directed=False)
        _, smallest = np.unique(group, return_index=True)
        node_of = smallest[group][node_of]
    return node_of, ids


def _part_at_gates(
    lines: StreetLines, node_of: LongArray, ids: LongArray, edges: _Edges
) -> tuple[LongArray, LongArray]:
    """Return the nodes of both ends of every edge, (2, E), and the ids of all nodes.

    Ends at a shut gate have nodes of their own, with new ids below all others.
    """
    node = node_of[np.concatenate([edges.vertex[edges.start[:-1]], edges.vertex[edges.start[1:] - 1]])]
    if lines.mark is None or not (lines.mark == SHUT_GATE).any():
        return node.reshape(2, -1), ids
    shut = np.unique(node_of[lines.mark == SHUT_GATE])
    meeting = np.bincount(node, minlength=len(ids))
    parted = np.flatnonzero(np.isin(node, shut) & (meeting[node] == 2))  # noqa: PLR2004 - one side and the other
    order = parted[np.argsort(node[parted], kind="stable")]
    other = order[1::2]
    node[other] = len(ids) + np.arange(len(other))
    below = min(int(ids.min()), 0) - 1
    return node.reshape(2, -1), np.concatenate([ids, below - np.arange(len(other), dtype=np.int64)])


def _cut_at_junctions(lines: StreetLines, node_of: LongArray) -> _Edges:
    """Cut lines at their ends and at every node that is used more than once."""
    line = np.repeat(np.arange(len(lines.start) - 1), np.diff(lines.start))
    fresh = np.ones(len(line), bool)
    fresh[1:] = (np.diff(line) != 0) | (np.diff(node_of) != 0)  # of vertices merged into one, the first stands for all
    vertex = np.flatnonzero(fresh)
    line, node = line[vertex], node_of[vertex]
    end = np.ones(len(line), bool)
    end[1:-1] = (np.diff(line)[:-1] != 0) | (np.diff(line)[1:] != 0)
    used = np.bincount(node, minlength=len(node_of))
    used[node[end]] += 2
    if lines.mark is not None:
        used[node_of[lines.mark == SHUT_GATE]] += 1
    cut = np.flatnonzero(used[node] > 1)
    first, last = cut[:-1], cut[1:]
    inside = line[first] == line[last]
    first, last = first[inside], last[inside]
    size = last - first + 1
    start = np.concatenate([[0], np.cumsum(size)])
    position = np.repeat(first - start[:-1], size) + np.arange(start[-1])
    return _Edges(line[first], start, vertex[position])


def _measure(lines: StreetLines, edges: _Edges) -> FloatArray:
    """Return the geodesic length of every edge in metres, or the length its line states."""
    lon, lat = lines.lon[edges.vertex], lines.lat[edges.vertex]
    segment = np.zeros(len(lon))
    segment[1:] = _short_geodesics(lon, lat)
    segment[edges.start[:-1]] = 0.0
    measured = np.add.reduceat(segment, edges.start[:-1])
    stated = lines.length_m[edges.line]
    return np.where(np.isfinite(stated) & (stated > 0), stated, measured)


def _traits(lines: StreetLines, edges: _Edges, length_m: FloatArray) -> EdgeTraits:
    """Return what is tagged about every edge."""
    stated = lines.traits or (WayTraits(),) * (len(lines.start) - 1)
    incline, off_ground, footpath, crossing, underground = (np.array(column) for column in zip(*stated, strict=True))
    mark = np.full(len(lines.ref), NO_CROSSING, np.int8) if lines.mark is None else lines.mark
    crossings, signals = count_crossings(
        mark=mark[edges.vertex],
        start=edges.start,
        line=edges.line,
        length_m=length_m,
        footpath=footpath,
        crossing=crossing,
    )
    return EdgeTraits(incline[edges.line], off_ground[edges.line], crossings, signals, underground[edges.line])


def _short_geodesics(lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Return the metres between neighbours, by the ellipsoid's radii at their mean latitude; far ones by geodesics.

    Within 0.04 mm of the geodesic for 1 km up to 80 degrees of latitude; longer than :data:`FAR_M` is left to it.
    """
    a, e2 = ELLIPSOID.a, ELLIPSOID.es
    phi = np.radians(lat)
    middle, north = (phi[1:] + phi[:-1]) / 2, np.diff(phi)
    east = np.radians(np.diff(lon))
    w = 1.0 - e2 * np.sin(middle) ** 2
    prime = a / np.sqrt(w)
    metres = np.hypot(prime * (1.0 - e2) / w * north, prime * np.cos(middle) * east)
    far = np.flatnonzero(metres > FAR_M)
    metres[far] = ELLIPSOID.inv(lon[far], lat[far], lon[far + 1], lat[far + 1])[2]
    return metres


def _touching(lines: StreetLines, edges: _Edges, boundary: gpd.GeoDataFrame) -> BoolArray:
    area = boundary.geometry.to_crs(EXCHANGE_CRS).union_all()
    shapely.prepare(area)
    owner = np.repeat(np.arange(len(edges.line)), np.diff(edges.start))
    drawn = shapely.linestrings(np.column_stack([lines.lon, lines.lat])[edges.vertex], indices=owner)
    touching: BoolArray = shapely.intersects(area, drawn)
    return touching


def _name_codes(names: list[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    known, code = np.unique(np.array(["", *names], str), return_inverse=True)
    return code[1:].astype(np.int32) - 1, tuple(known[1:].tolist())


def hilbert_key(x: FloatArray, y: FloatArray) -> LongArray:
    """Return the position of points along a Hilbert curve over their bounding box.

    Neighbours on the curve are neighbours on the ground, so that a search over nodes numbered this way stays in nearby
    memory (measured: 2.3 times faster on a million nodes).

    Parameters
    ----------
    x, y : (N,) float64
        Any plane coordinates, at least one point.

    Returns
    -------
    (N,) int64
        Cells of the curve, not unique.

    Notes
    -----
    Bitwise descent after J. Skilling, "Programming the Hilbert curve" (2004), in the plane, for all points at once.
    """
    cells = (1 << HILBERT_ORDER) - 1
    side = max(float(np.ptp(x)), float(np.ptp(y))) or 1.0
    column = ((x - x.min()) / side * cells).astype(np.int64)
    row = ((y - y.min()) / side * cells).astype(np.int64)
    key = np.zeros(len(x), np.int64)
    for bit in reversed(range(HILBERT_ORDER)):
        right, upper = (column >> bit) & 1, (row >> bit) & 1
        key += ((3 * right) ^ upper) << (2 * bit)
        turned = upper == 0
        mirrored = turned & (right == 1)
        column[mirrored], row[mirrored] = cells - column[mirrored], cells - row[mirrored]
        column[turned], row[turned] = row[turned], column[turned]
    return key

"""Service areas: the merged isochrone of all facilities, divided among them by who is nearest on foot.

Streets are divided exactly, at the point of equal minutes. The ground beside them goes to the nearest street: borders
are those of the Voronoi cells of points along the streets, dense where streets of different facilities come near each
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree
from shapely import MultiPolygon

from walkshed.contracts import EXCHANGE_CRS
from walkshed.progress import silent
from walkshed.reach.graph import graph_of, starts
from walkshed.reach.isochrones import isochrones
from walkshed.reach.legs import clip_legs
from walkshed.reach.parts import Parts, geometry_of, labelled_parts, lines_of
from walkshed.reach.tables import ids_of, places_with_legs, walks_to_facility
from walkshed.reach.times import nearest_to_nodes

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from walkshed.network.model import BoolArray, FloatArray, LongArray, WalkNetwork
    from walkshed.progress import Progress
    from walkshed.reach.parts import Lines

END_M = 0.5
"""The outermost points of a street lie so near its ends, on either side of where it is divided."""
COARSE_M, FINE_M, FINE_SHARE = 20.0, 2.0, 0.125
"""Most metres between points along a street where nobody else's is near, least where one is, and between the two as a
share of the distance to it."""
CENTRE_DECIMALS = 3
"""Corners of cells are rounded to millimetres, so that corners which coincide but for rounding are one."""
STAGE = "isochrones"


class _Labelled(NamedTuple):
    """Lines, and whose they are: a row of the table for each."""

    lines: Lines
    row: LongArray


class _Sites(NamedTuple):
    """Points along lines: coordinates, whose each is, and whether another facility's is so near that it matters."""

    xy: FloatArray
    row: LongArray
    near: BoolArray


def service_areas(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    buffer_m: float = 40.0,
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Divide what lies within some minutes of facilities on foot among them: each place to the nearest.

    The areas do not overlap, share their borders, and together are the merged isochrone.

    Parameters
    ----------
    network
        Streets.
    facilities
        Table from :func:`walkshed.network.snap.snap`, with an id column.
    cutoff_min
        Minutes.
    direction
        ``"to_facility"``: residents walk to the facility; ``"from_facility"``: the other way.
    buffer_m
        Metres drawn to either side of a street.
    progress
        Told under the stage ``"isochrones"``; may cancel by raising.

    Returns
    -------
    geopandas.GeoDataFrame
        ``facility_id``, ``cutoff_min`` and ``geometry`` (MultiPolygon, EPSG:4326), one row for every row of
        ``facilities`` in order. A street belongs to the facility whose minutes, as :func:`walkshed.reach.times.nearest`
        finds them, are the fewest there, of equal ones to the smallest row; the ground beside streets to the nearest
        of them. A facility that is nearest nowhere has empty geometry.

    Raises
    ------
    SnapError
        If the table was not snapped, or to another network, or has no geometry.
    InputError
        If the table has no usable ids, or the cutoff, the direction or the width is unusable.

    Notes
    -----
    A point on a facility's street lies in its area if it is farther than :data:`FINE_M` from every other facility's
    streets. Where a bridge of one leads over a street of another, the ground at the crossing is divided between them.
    """
    total = len(facilities)
    progress(STAGE, 0, total)
    ids = ids_of(facilities, "facilities").to_numpy(dtype=object)
    merged = isochrones(
        network, facilities, cutoffs_min=[cutoff_min], direction=direction, buffer_m=buffer_m, merged=True
    ).geometry.iloc[0]
    progress(STAGE, total // 3, total)
    labelled = _labelled_lines(network, facilities, float(cutoff_min), direction)
    areas = np.full(total, MultiPolygon(), dtype=object)
    if len(labelled.row):
        sites = _sites(labelled, buffer_m)
        progress(STAGE, 2 * total // 3, total)
        borders = _borders(sites, buffer_m)
        faces = _cut(merged, _to_degrees(borders, network.crs))
        owner = _owners(faces, sites, network.crs)
        for row in np.unique(owner):
            own = faces[owner == row]
            areas[row] = _together(own)
    progress(STAGE, total, total)
    columns = {"facility_id": ids, "cutoff_min": np.full(total, float(cutoff_min))}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(areas, crs=EXCHANGE_CRS))


def _labelled_lines(network: WalkNetwork, facilities: gpd.GeoDataFrame, cutoff: float, direction: str) -> _Labelled:
    """Return the reached parts of streets by nearest facility, and the legs as far as the minutes allow."""
    graph = graph_of(network, reverse=walks_to_facility(direction))
    places, stops, legs = places_with_legs(facilities, network, graph, "facilities")
    minutes, label = nearest_to_nodes(graph, places, cutoff)
    room = 2 * (len(graph.u) + len(places.row))
    parts, owner = Parts(np.empty(room, np.int32), np.empty(room), np.empty(room)), np.empty(room, np.int64)
    found = labelled_parts(graph, minutes, label, places, starts(places, len(graph.u)), cutoff, parts, owner)
    own = Parts._make(column[:found] for column in parts)
    lines = lines_of(geometry_of(network), own, clip_legs(places, legs, cutoff))
    return _Labelled(lines, stops.row[np.concatenate([owner[:found], places.row[places.access > 0]])])


def _sites(labelled: _Labelled, buffer_m: float) -> _Sites:
    """Return points along the lines, coarse ones, and fine ones where a line of another facility is near."""
    start = labelled.lines.start
    x, y = labelled.lines.x, labelled.lines.y
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])  # jumps between lines included
    first, length = walked[start[:-1]], walked[start[1:] - 1] - walked[start[:-1]]

    def place(line: LongArray, along: FloatArray) -> _Sites:
        at = first[line] + along
        xy = np.column_stack([np.interp(at, walked, x), np.interp(at, walked, y)])
        return _Sites(xy, labelled.row[line], np.ones(len(line), bool))

    margin = np.minimum(END_M, length / 2)
    steps = np.ceil(np.round((length - 2 * margin) / COARSE_M, 9)).astype(np.int64)
    line = np.repeat(np.arange(len(length)), steps + 1)
    number = np.arange(len(line)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    pace = (length - 2 * margin) / np.maximum(steps, 1)
    along = margin[line] + number * pace[line]
    coarse = place(line, along)

    reach_m = 2 * (buffer_m + COARSE_M)
    others_m = _metres_to_others(coarse, reach_m)
    gap_m = np.minimum(others_m[:-1], others_m[1:])  # of the street between a point and the next
    left = np.flatnonzero((line[:-1] == line[1:]) & np.isfinite(gap_m))
    pieces = np.ceil(pace[line[left]] / np.maximum(FINE_SHARE * gap_m[left], FINE_M)).astype(np.int64)
    owner = np.repeat(left, pieces - 1)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces - 1) - pieces + 1, pieces - 1) + 1
    fine = place(line[owner], along[owner] + number * (pace[line[owner]] / np.repeat(pieces, pieces - 1)))
    bordering = np.isfinite(others_m)
    if bordering.any():
        to_border, _ = cKDTree(coarse.xy[bordering]).query(coarse.xy, distance_upper_bound=reach_m)
        coarse = coarse._replace(near=np.isfinite(to_border))
    every = _Sites._make(np.concatenate(pair) for pair in zip(coarse, fine, strict=True))
    order = np.lexsort((every.row, every.xy[:, 1], every.xy[:, 0]))
    every = _Sites._make(column[order] for column in every)
    fresh = np.ones(len(order), bool)
    fresh[1:] = (np.diff(every.xy, axis=0) != 0).any(axis=1)  # at one spot the smallest row
    return _Sites._make(column[fresh] for column in every)


def _metres_to_others(sites: _Sites, reach_m: float) -> FloatArray:
    """Return how near another facility's points come, for a point's neighbours, too; ``inf`` beyond ``reach_m``."""
    metres = np.full(len(sites.row), np.inf)
    if (sites.row == sites.row[0]).all():
        return metres
    triangles, _, _ = _triangles(sites.xy, reach_m)
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = pairs[(pairs < len(metres)).all(axis=1)]
    apart = np.hypot(*(sites.xy[pairs[:, 0]] - sites.xy[pairs[:, 1]]).T)
    pairs, apart = pairs[apart <= reach_m], apart[apart <= reach_m]
    foreign = sites.row[pairs[:, 0]] != sites.row[pairs[:, 1]]
    for side in (0, 1):
        np.minimum.at(metres, pairs[foreign, side], apart[foreign])
    least = metres[pairs].min(axis=1)
    for side in (0, 1):
        np.minimum.at(metres, pairs[:, side], least)
    return metres


def _triangles(xy: FloatArray, margin_m: float) -> tuple[LongArray, LongArray, FloatArray]:
    """Return the corners and neighbours of the Delaunay triangles of points and of a wide frame around them.

    The frame's corners have the numbers behind the points'. Third are the coordinates of all corners, from the middle
    of the frame.
    """
    low, high = xy.min(axis=0), xy.max(axis=0)
    far = 10 * (margin_m + float((high - low).max()))
    frame = np.array([[-far, -far], [far, -far], [far, far], [-far, far]])
    corners = np.concatenate([xy - (low + high) / 2, frame])
    made = Delaunay(corners)
    return made.simplices.astype(np.int64), made.neighbors.astype(np.int64), corners


def _borders(sites: _Sites, buffer_m: float) -> NDArray[Any]:
    """Return the sides of Voronoi cells between points of different facilities, as lines in metres.

    Points far from every other facility's are left out. Sides that this draws amid one facility's streets do no harm:
    both faces beside them are found to be its own.
    """
    if (sites.row == sites.row[0]).all():
        return np.empty(0, dtype=object)
    sites = _Sites._make(column[sites.near] for column in sites)
    triangles, beside, corners = _triangles(sites.xy, buffer_m)
    row = np.concatenate([sites.row, np.full(4, -1)])[triangles]
    mixed = (row[:, 0] != row[:, 1]) | (row[:, 1] != row[:, 2])
    ends = []
    for k in range(3):  # the side opposite of corner k, towards a neighbour that is counted later
        i, j = (k + 1) % 3, (k + 2) % 3
        first = np.flatnonzero(mixed & (row[:, i] != row[:, j]) & (beside[:, k] > np.arange(len(row))))
        apart = np.hypot(*(corners[triangles[first, i]] - corners[triangles[first, j]]).T)
        first = first[(row[first, i] >= 0) & (row[first, j] >= 0) & (apart <= 4 * buffer_m)]
        ends.append(np.column_stack([first, beside[first, k]]))
    pairs = np.concatenate(ends)
    middle = (sites.xy.min(axis=0) + sites.xy.max(axis=0)) / 2
    centres = np.round(_circumcentres(corners[triangles[pairs]]) + middle, CENTRE_DECIMALS)
    drawn = centres[(centres[:, 0] != centres[:, 1]).any(axis=1)]
    lines: NDArray[Any] = shapely.linestrings(drawn)
    return lines


def _circumcentres(corners: FloatArray) -> FloatArray:
    """Return the centres of the circles through three points each, (..., 3, 2) to (..., 2)."""
    origin = corners[..., 0, :]
    b, c = corners[..., 1, :] - origin, corners[..., 2, :] - origin
    twice = 2.0 * (b[..., 0] * c[..., 1] - b[..., 1] * c[..., 0])
    bb, cc = (b**2).sum(axis=-1), (c**2).sum(axis=-1)
    x = (c[..., 1] * bb - b[..., 1] * cc) / twice
    y = (b[..., 0] * cc - c[..., 0] * bb) / twice
    centres: FloatArray = origin + np.stack([x, y], axis=-1)
    return centres


def _to_degrees(lines: NDArray[Any], crs: str) -> NDArray[Any]:
    return np.asarray(gpd.GeoSeries(lines, crs=crs).to_crs(EXCHANGE_CRS).array, dtype=object)


def _cut(area: MultiPolygon, borders: NDArray[Any]) -> NDArray[Any]:
    """Cut an area along lines; pieces that no line crosses stay as they are."""
    pieces = shapely.get_parts(area)
    piece, border = shapely.STRtree(borders).query(pieces, predicate="intersects")
    if len(piece) == 0:
        return pieces
    crossed = np.zeros(len(pieces), bool)
    crossed[piece] = True
    rims = shapely.boundary(pieces[crossed])
    noded = shapely.union_all(np.concatenate([rims, borders[np.unique(border)]]))
    faces = shapely.get_parts(shapely.polygonize([noded]))
    inside = shapely.multipolygons(pieces[crossed])
    shapely.prepare(inside)
    faces = faces[shapely.covers(inside, shapely.point_on_surface(faces))]
    return np.concatenate([pieces[~crossed], faces])


def _owners(faces: NDArray[Any], sites: _Sites, crs: str) -> LongArray:
    """Return whose each face is: the facility whose street is nearest to a point inside."""
    inside = gpd.GeoSeries(shapely.point_on_surface(faces), crs=EXCHANGE_CRS).to_crs(crs)
    _, nearest = cKDTree(sites.xy).query(np.column_stack([inside.x, inside.y]))
    return sites.row[nearest]


def _together(faces: NDArray[Any]) -> MultiPolygon:
    """Return faces as one area; those that share an edge are joined along it."""
    if len(faces) > 1:
        faces = shapely.get_parts(shapely.coverage_union_all(faces))
    return cast("MultiPolygon", shapely.multipolygons(faces.tolist()))

"""What a candidate is called, so that a reader finds it: its street, and what is nearest by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from walkshed.assess.places import street_places
from walkshed.assess.units import texts

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    Texts = NDArray[np.object_]

NEAR_MAX_M: Final = 300.0
"""A nameless street is called after a named one no farther than this."""
ON_MAX_M: Final = 0.01
"""A site no farther than this from the street to which it is tied stands on it."""
PLACE_MAX_M: Final = 500.0
"""A named place farther than this says nothing about where a site is."""
NAME_COLUMNS: Final = ("place", "place_kind", "near_place", "near_m")
RINGS: Final = (0.2, 0.5, 1.0)
"""Shares of the limit within which is looked one after the other: most sites find a name close by."""


class _Named(NamedTuple):
    """Named shapes in metres."""

    names: Texts
    tree: shapely.STRtree


def name_candidates(
    candidates: gpd.GeoDataFrame, network: WalkNetwork, *, places: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Say what every candidate is called.

    Parameters
    ----------
    candidates
        Snapped candidates. A ``place`` of their own stays, and its ``place_kind`` where there is one, unless it is
        blank or just the id.
    network
        Streets.
    places
        Named points or areas (``name``, geometry, any CRS), such as quarters or compounds.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows with these columns behind ``candidate_id``: ``place``; ``place_kind`` (``"on"`` the street of that
        name, ``"near"`` it, up to 300 m off, or ``"at"`` this place or these coordinates); ``near_place`` (another
        name close by, ``""`` none) and ``near_m`` (metres to it, NaN none). Who is called by a street is near a named
        place up to 500 m off, else near another street up to 300 m off; who has a name or coordinates is near a street,
        else near a named place.

    Notes
    -----
    ``place="学府大道"``, ``place_kind="on"``, ``near_place="大学城"`` and ``near_m=180.0`` read:
    on 学府大道, 180 m from 大学城.
    """
    points = np.asarray(candidates.geometry.to_crs(network.crs).array, dtype=object)
    streets = _named(street_places(network), network.crs)
    around = _named(places, network.crs)
    place, kind = _own_names(candidates, network, streets, points)
    by_street = kind != "at"
    near_place, near_m = np.full(len(points), "", object), np.full(len(points), np.nan)
    for who, named, limit in (
        (by_street, around, PLACE_MAX_M),
        (np.ones(len(points), bool), streets, NEAR_MAX_M),
        (~by_street, around, PLACE_MAX_M),
    ):
        _look_around(who, points, place, named, limit, (near_place, near_m))
    table = candidates.drop(columns=[name for name in NAME_COLUMNS if name in candidates.columns])
    at = table.columns.get_loc("candidate_id") + 1
    for shift, column in enumerate((place, kind, near_place, near_m)):
        table.insert(at + shift, NAME_COLUMNS[shift], column)
    return table


def _named(table: gpd.GeoDataFrame | None, crs: str) -> _Named | None:
    if table is None or table.empty:
        return None
    names = np.array(texts(table, "name"), dtype=object)
    shapes = np.asarray(table.geometry.to_crs(crs).array, dtype=object)
    useful = (names != "") & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    return _Named(names[useful], shapely.STRtree(shapes[useful])) if useful.any() else None


def _own_names(
    candidates: gpd.GeoDataFrame, network: WalkNetwork, streets: _Named | None, points: Texts
) -> tuple[Texts, Texts]:
    """Return what each candidate is called, and how."""
    ids, place = (np.array(texts(candidates, name), dtype=object) for name in ("candidate_id", "place"))
    kind = np.array([word or "at" for word in texts(candidates, "place_kind")], dtype=object)
    nameless = np.flatnonzero((place == "") | (place == ids))
    if not len(nameless):
        return place, kind
    degrees = candidates.geometry.to_crs(4326).iloc[nameless]
    kind[nameless] = "at"
    place[nameless] = [f"{point.y:.5f}, {point.x:.5f}" for point in degrees]
    if streets is not None:
        # Every nearest street comes with its own row; written last to first, the first of equals stays.
        for found, line in streets.tree.query_nearest(points[nameless], max_distance=NEAR_MAX_M).T[::-1]:
            place[nameless[found]], kind[nameless[found]] = streets.names[line], "near"
    edge, away = candidates["edge"].to_numpy(np.int64), candidates["access_m"].to_numpy(np.float64)
    for row in nameless[(edge[nameless] >= 0) & (away[nameless] <= ON_MAX_M)].tolist():
        if name := network.edge_name(int(edge[row])):
            place[row], kind[row] = name, "on"
    return place, kind


def _look_around(
    who: BoolArray, points: Texts, own: Texts, named: _Named | None, limit_m: float, found: tuple[Texts, FloatArray]
) -> None:
    """Write the nearest other name and its distance for ``who`` has none yet; of equals the first."""
    near_place, near_m = found
    if named is None:
        return
    for share in RINGS:
        rows = np.flatnonzero(who & (near_place == ""))
        point, shape = named.tree.query(points[rows], predicate="dwithin", distance=share * limit_m)
        other = named.names[shape] != own[rows[point]]
        row, shape = rows[point[other]], shape[other]
        away = shapely.distance(points[row], named.tree.geometries[shape])
        order = np.lexsort((shape, away, row))
        first = order[np.diff(row[order], prepend=-1) > 0]
        near_place[row[first]], near_m[row[first]] = named.names[shape[first]], away[first]

"""Where a new room could stand: positions along the streets."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import SitingError
from walkshed.network.snap import position_on_edge
from walkshed.reach.times import time_matrix
from walkshed.siting.candidates_naming import name_candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    BoolArray = NDArray[np.bool_]
    LongArray = NDArray[np.int64]

ROUNDING: Final = 1e-6


def make_candidates(
    network: WalkNetwork,
    boundary: gpd.GeoDataFrame,
    *,
    spacing_m: float,
    exclude: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    fragment_max_m: float = 500.0,
) -> gpd.GeoDataFrame:
    """Lay out candidates along the streets of an area.

    Every piece of street between two junctions gets candidates at most ``spacing_m`` apart, the first and the last half
    a step from its ends, a short piece one in its middle. Of candidates less than half of ``spacing_m`` apart on foot
    one is kept, on named and long streets before others. Steps, streets below ground or closed both ways, and fragments
    get none.

    Parameters
    ----------
    network
        Streets.
    boundary
        Area in which rooms may be built, any CRS.
    spacing_m
        Distance between neighbours along a street, metres.
    exclude
        Areas in which no room may be built, any CRS: see :func:`walkshed.siting.exclusions.exclusion_areas`.
    places
        Named points or areas, to say what a candidate is near.
    fragment_max_m
        Components with fewer metres of street, other than the main one, are fragments; 0 keeps all.

    Returns
    -------
    geopandas.GeoDataFrame
        ``candidate_id`` (``c-<way id>-<n>``; the same network and spacing give the same ids, whatever the areas),
        ``place`` (the name of a street, or ``latitude, longitude``), ``place_kind`` (``"on"`` that street, ``"near"``
        it, ``"at"`` these coordinates), ``near_place`` and ``near_m`` (see
        :func:`walkshed.siting.candidates_naming.name_candidates`), point geometry in EPSG:4326, and the columns of
        :func:`walkshed.network.snap.snap`: the points stand on their streets, so they need not be tied. May be empty.

    Raises
    ------
    SitingError
        If ``spacing_m`` or ``fragment_max_m`` is no length.
    """
    for name, value, low in (("spacing_m", spacing_m, ROUNDING), ("fragment_max_m", fragment_max_m, 0.0)):
        if not (isfinite(value) and value >= low):
            raise SitingError("length_unusable", name=name, value=value)
    edge, fraction = _positions(network, spacing_m, fragment_max_m)
    x, y = position_on_edge(network, edge, fraction)
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=network.crs).to_crs(EXCHANGE_CRS)
    inside = _within(points, boundary)
    if exclude is not None and len(exclude):
        inside &= ~_within(points, exclude)
    component = network.component[network.u[edge]].astype(np.int64)
    table = gpd.GeoDataFrame(
        {
            "candidate_id": _ids(network.way_id[edge]),
            "edge": edge,
            "fraction": fraction,
            "access_m": 0.0,
            "component": component,
            "snapped": True,
            "why": "",
            "moved": False,
        },
        geometry=points,
    )[inside]
    table = _thinned(network, table, spacing_m).reset_index(drop=True)
    return name_candidates(table, network, places=places)


def _positions(network: WalkNetwork, spacing_m: float, fragment_max_m: float) -> tuple[LongArray, NDArray[np.float64]]:
    """Return edges and fractions of all positions, by edge, then along it."""
    passable = np.isfinite(network.forward_min) | np.isfinite(network.backward_min)
    fragment = network.component_length_m < fragment_max_m
    fragment[0] = False
    usable = np.flatnonzero(passable & ~network.steps & ~network.underground & ~fragment[network.component[network.u]])
    count = np.maximum(1, np.ceil(network.length_m[usable] / spacing_m - ROUNDING)).astype(np.int64)
    edge = np.repeat(usable, count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    return edge, (step + 0.5) / np.repeat(count, count)


def _within(points: gpd.GeoSeries, areas: gpd.GeoDataFrame) -> BoolArray:
    tree = shapely.STRtree(np.asarray(areas.geometry.to_crs(points.crs).array, dtype=object))
    within = np.zeros(len(points), bool)
    within[tree.query(np.asarray(points.array, dtype=object), predicate="intersects")[0]] = True
    return within


def _ids(way: LongArray) -> list[str]:
    """Return ids that count the positions of every way from 1, in the order given."""
    number = pd.Series(way).groupby(way).cumcount() + 1
    return [f"c-{key}-{place}" for key, place in zip(way.tolist(), number.tolist(), strict=True)]


def _thinned(network: WalkNetwork, table: gpd.GeoDataFrame, spacing_m: float) -> gpd.GeoDataFrame:
    """Return the candidates without those too close, on foot, to one that goes before them."""
    if table.empty:
        return table
    nearest_min = 0.5 * spacing_m / network.meters_per_minute
    close = time_matrix(network, table, table, cutoff_min=nearest_min).tocoo()
    one, other = (side[close.data < nearest_min - ROUNDING] for side in close.coords)
    # Where a street is open one way only, close in either direction is close.
    link = (np.ones(2 * len(one), np.int8), (np.concatenate([one, other]), np.concatenate([other, one])))
    neighbours = coo_array(link, shape=close.shape).tocsr()
    edge = table["edge"].to_numpy(np.int64)
    dropped = np.zeros(len(table), bool)
    for row in np.lexsort((edge, -network.length_m[edge], network.name_code[edge] < 0)):
        if not dropped[row]:
            dropped[neighbours.indices[neighbours.indptr[row] : neighbours.indptr[row + 1]]] = True
            dropped[row] = False
    return table[~dropped]

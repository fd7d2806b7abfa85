"""Where the unserved live: contiguous gaps, biggest first."""

from __future__ import annotations

from math import fsum, isfinite
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from walkshed.assess.coverage import REASONS, require_columns
from walkshed.assess.groups import group_column, groups_of
from walkshed.assess.units import texts
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    LongArray = NDArray[np.int64]

COLUMNS: Final = (
    "gap_id", "rank", "residents", "areas", "minutes", "reason", "unit_id", "unit_name", "place", "geometry",
)  # fmt: skip
TEXTS: Final = ("gap_id", "reason", "unit_id", "unit_name", "place")
NEEDED: Final = ("population", "covered", "minutes", "reason")
GAP_PREFIX: Final = "gap-"
GROW: Final = 0.6
"""Members grow by this share of the link distance, so that linked ones overlap (more than half is needed) ..."""
SHRINK: Final = 0.3
"""... and shrink back by this one: what is left holds every member with a rim, and no two gaps touch."""
SIMPLIFY: Final = 1 / 60
"""Outlines may deviate by this share of the link distance: 1 m at 60 m."""

TOGETHER: Final = 10_000
"""So many members are grown at once; decides memory only."""


def find_gaps(
    measured: gpd.GeoDataFrame,
    *,
    crs: str,
    link_m: float = 60.0,
    units: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    gap_ids: pd.Series[str] | None = None,
) -> gpd.GeoDataFrame:
    """Find contiguous areas of unserved residents.

    Unserved demand rows no farther apart than ``link_m`` belong to one gap, and so on from row to row. Every unserved
    row is in exactly one gap, also where nobody lives, so the residents of all gaps are all unserved residents.

    Parameters
    ----------
    measured
        From :func:`walkshed.assess.coverage.measure_coverage`, EPSG:4326.
    crs
        Metre CRS to measure distances in: ``network.crs``.
    link_m
        Largest distance between neighbours within a gap, metres.
    units
        For the names of the units that ``unit_id`` of ``measured`` refers to.
    places
        Named points, streets or areas (``name``, geometry, any CRS) to call the gaps by.
    gap_ids
        From :func:`gap_of` with the same arguments, where it was asked before.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per gap, most residents first: ``gap_id`` (``gap-1`` ...), ``rank``, ``residents``, ``areas`` (demand
        rows), ``minutes`` (median walk of its residents today; NaN when more than half can reach no facility at all),
        ``reason`` (that of most residents), ``unit_id`` and ``unit_name`` (where most residents live), ``place``
        (nearest of ``places`` to the middle of its residents, ``""`` without), the residents of every
        ``population_<group>`` of ``measured``, and ``geometry`` (EPSG:4326; an area around all members, with holes
        where the served live in its midst).

    Raises
    ------
    InputError
        If ``measured`` has not been measured, or ``link_m`` is no length.
    """
    members, metric = _members(measured, crs, link_m, gap_ids)
    names = {} if units is None else dict(zip(texts(units, "unit_id"), texts(units, "name"), strict=True))
    counted = [group_column(group) for group in groups_of(measured)]
    # Plain arrays: a metropolis has hundreds of thousands of gaps, and a table would be asked for each.
    population, walk = (measured[name].to_numpy(np.float64) for name in ("population", "minutes"))
    unit, reason = np.array(texts(measured, "unit_id"), object), measured["reason"].to_numpy(object)
    groups = {column: measured[column].fillna(0.0).to_numpy(np.float64) for column in counted}
    weighed = [(rows, _weights(population[rows])) for rows in members]
    most_units = [_most(unit[rows], weight) for rows, weight in weighed]
    columns = {
        "gap_id": [_gap_id(rank) for rank in range(1, len(members) + 1)],
        "rank": np.arange(1, len(members) + 1, dtype=np.int64),
        "residents": _sums(population, members),
        "areas": np.array([len(rows) for rows in members], np.int64),
        "minutes": np.array([_median(walk[rows], weight) for rows, weight in weighed], np.float64),
        "reason": [_most(reason[rows], weight, order=REASONS) for rows, weight in weighed],
        "unit_id": most_units,
        "unit_name": [names.get(unit_id, "") for unit_id in most_units],
        "place": [""] * len(members),
        **{column: _sums(each, members) for column, each in groups.items()},
    }
    frame = pd.DataFrame(columns).astype(dict.fromkeys(TEXTS, "str"))
    gaps = gpd.GeoDataFrame(frame, geometry=_outlines(metric, members, link_m), crs=crs).to_crs(measured.crs)
    if places is None:
        return gaps
    middles = [_middle(metric[rows], weight) for rows, weight in weighed]
    return gaps.assign(place=_nearest_names(middles, places.to_crs(crs)))


def gap_of(measured: gpd.GeoDataFrame, *, crs: str, link_m: float = 60.0) -> pd.Series[str]:
    """Return the ``gap_id`` of every demand row, ``""`` where it is served.

    Parameters
    ----------
    measured, crs, link_m
        As for :func:`find_gaps`, whose ids these are.

    Returns
    -------
    pandas.Series
        Texts with the index of ``measured``.

    Raises
    ------
    InputError
        As :func:`find_gaps`.
    """
    ids = np.full(len(measured), "", dtype=object)
    for rank, members in enumerate(_members(measured, crs, link_m)[0], start=1):
        ids[members] = _gap_id(rank)
    return pd.Series(ids, index=measured.index, name="gap_id", dtype=object)


def _gap_id(rank: int) -> str:
    return f"{GAP_PREFIX}{rank}"


def _members(
    measured: gpd.GeoDataFrame, crs: str, link_m: float, gap_ids: pd.Series[str] | None = None
) -> tuple[list[LongArray], NDArray[np.object_]]:
    """Return the rows of every gap, most residents first (then the first row), and all geometry in ``crs``."""
    require_columns(measured, "measured demand", NEEDED, step="measure_coverage()")
    if not (isfinite(link_m) and link_m > 0):
        raise InputError("link_unusable", value=link_m)
    metric = np.asarray(measured.geometry.to_crs(crs).array, dtype=object)
    rows = np.flatnonzero(~measured["covered"].to_numpy(bool))
    if not len(rows):
        return [], metric
    if gap_ids is not None:
        rank = gap_ids.iloc[rows].str.removeprefix(GAP_PREFIX).astype(np.int64).to_numpy()
        order = np.argsort(rank, kind="stable")
        return np.split(rows[order], np.cumsum(np.bincount(rank)[1:])[:-1]), metric
    label = _linked(metric[rows], link_m)
    groups = np.split(rows[np.argsort(label, kind="stable")], np.cumsum(np.bincount(label))[:-1])
    population = measured["population"].to_numpy(np.float64)
    return sorted(groups, key=lambda group: (-fsum(population[group].tolist()), group[0])), metric


def _linked(shapes: NDArray[np.object_], link_m: float) -> NDArray[np.int32]:
    """Return a label for every shape, the same for those joined by steps of at most ``link_m``.

    In a town nearly all neighbours are joined through others already: distances between shapes, which are dear, are
    asked only of those that corners near each other leave apart.
    """
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    first = np.unique(owner, return_index=True)[1]
    near = owner[first][cKDTree(corners[first]).query_pairs(link_m, output_type="ndarray")]
    label = _labels(near, len(shapes))
    west, south, east, north = shapely.bounds(shapes).T
    around = shapely.box(west - link_m, south - link_m, east + link_m, north + link_m)
    pairs = shapely.STRtree(shapes).query(around).T
    pairs = pairs[(pairs[:, 0] < pairs[:, 1]) & (label[pairs[:, 0]] != label[pairs[:, 1]])]
    pairs = pairs[shapely.dwithin(shapes[pairs[:, 0]], shapes[pairs[:, 1]], link_m)]
    return _labels(np.concatenate([near, pairs]), len(shapes))


def _labels(pairs: LongArray, size: int) -> NDArray[np.int32]:
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    label: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return label


def _weights(population: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the residents of each row, or ones where nobody lives in any."""
    return population if population.sum() > 0 else np.ones(len(population))


def _median(minutes: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return the least time within which at least half of the weight lies, NaN where no time does."""
    walk = np.where(np.isnan(minutes), np.inf, minutes)
    order = np.argsort(walk, kind="stable")
    reached = np.cumsum(weight[order])
    half = walk[order[np.searchsorted(reached, reached[-1] / 2)]]
    return float(half) if np.isfinite(half) else float("nan")


def _most(values: NDArray[np.object_], weight: NDArray[np.float64], order: Sequence[str] = ()) -> str:
    """Return the value with most weight; of equals the first in ``order``, then by the alphabet."""
    if len(values) == 1:
        return str(values[0])
    totals: dict[str, float] = {}
    for value, add in zip(values.tolist(), weight.tolist(), strict=True):
        totals[value] = totals.get(value, 0.0) + add
    place = {value: rank for rank, value in enumerate(order)}
    return min(totals, key=lambda value: (-totals[value], place.get(value, len(place)), value))


def _sums(values: NDArray[np.float64], members: list[LongArray]) -> NDArray[np.float64]:
    return np.array([fsum(values[rows].tolist()) for rows in members], np.float64)


def _outlines(shapes: NDArray[np.object_], members: list[LongArray], link_m: float) -> NDArray[np.object_]:
    """Return an area around all members of every gap; members no farther apart than ``link_m`` come out joined."""
    outlines = np.empty(len(members), object)
    ends = np.cumsum([0, *(len(rows) for rows in members)])
    first = 0
    while first < len(members):  # grown shapes take room: some thousand at a time, at least one gap
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + TOGETHER, side="right")) - 1)
        grown = shapely.buffer(shapes[np.concatenate(members[first:last])], GROW * link_m, quad_segs=6)
        joined = [shapely.union_all(part) for part in np.split(grown, ends[first + 1 : last] - ends[first])]
        shrunk = shapely.buffer(joined, -SHRINK * link_m, quad_segs=6)
        outlines[first:last] = shapely.simplify(shrunk, SIMPLIFY * link_m, preserve_topology=True)
        first = last
    return outlines


def _middle(shapes: NDArray[np.object_], weight: NDArray[np.float64]) -> BaseGeometry:
    """Return the mean position of the residents."""
    points = shapely.get_coordinates(shapely.centroid(shapes))
    return shapely.Point(np.average(points, axis=0, weights=weight))


def _nearest_names(middles: list[BaseGeometry], places: gpd.GeoDataFrame) -> list[str]:
    """Return the name of the named place nearest to each point, ``""`` without any; of equals the first."""
    names = np.array(texts(places, "name"), dtype=object)
    shapes = np.asarray(places.geometry.array, dtype=object)
    useful = (names != "") & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    if not useful.any():
        return [""] * len(middles)
    point, hit = shapely.STRtree(shapes[useful]).query_nearest(middles)
    first = np.full(len(middles), useful.sum())
    np.minimum.at(first, point, hit)
    return [str(name) for name in names[useful][first]]

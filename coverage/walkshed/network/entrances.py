"""Places with several ways in: a building's entrances, a compound's gates, each tied to the streets by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import InputError
from walkshed.network.edits import MoveFacility
from walkshed.network.snap_grid import TIE_M

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from walkshed.network.edits import Edit
    from walkshed.network.model import FloatArray, LongArray, WalkNetwork

ENTRANCES = "entrances"
"""Column of a snapped table with a tuple of :class:`Entrance` in every row."""
OWNER_COLUMNS = ("demand_id", "facility_id", "candidate_id")
"""Columns by which a table of entrances says whose they are."""


class Entrance(NamedTuple):
    """One way into a place, tied to a street.

    Attributes
    ----------
    name
        Such as ``"东门"``; may be blank.
    x, y
        Where it stands, metres in the network's CRS.
    edge, fraction, access_m, component
        As in the columns of :func:`walkshed.network.snap.snap`; the leg starts at the entrance.
    """

    name: str
    x: float
    y: float
    edge: int
    fraction: float
    access_m: float
    component: int


class Stops(NamedTuple):
    """Where the rows of a snapped table meet the streets: once by themselves, or once for every entrance.

    Attributes
    ----------
    row : (n,) int64
        Position in the table, ascending; a row with k entrances stands here k times, any other once.
    number : (n,) int64
        Which entrance of the row; -1 for the row itself.
    edge, fraction, access_m, component : (n,)
        See :func:`walkshed.network.snap.snap`; edge -1 is not tied.
    x, y : (n,) float64
        Where the entrance stands, metres in the network's CRS; NaN for the row itself.
    """

    row: LongArray
    number: LongArray
    edge: LongArray
    fraction: FloatArray
    access_m: FloatArray
    component: LongArray
    x: FloatArray
    y: FloatArray


def stops_of(table: pd.DataFrame) -> Stops:
    """Return where the rows of a snapped table meet the streets.

    Parameters
    ----------
    table
        From :func:`walkshed.network.snap.snap`, with or without entrances.
    """
    edge, component = _whole(table["edge"]), _whole(table["component"])
    fraction, access = (table[name].to_numpy(np.float64) for name in ("fraction", "access_m"))
    row = np.arange(len(table))
    if ENTRANCES not in table.columns:
        none, nowhere = np.broadcast_to(np.int64(-1), len(table)), np.broadcast_to(np.nan, len(table))  # take no memory
        return Stops(row, none, edge, fraction, access, component, nowhere, nowhere)
    held = entrances_of(table)
    size = np.maximum([len(cell) for cell in held], 1).astype(np.int64)
    row = np.repeat(row, size)
    number = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
    number[np.repeat(np.array([len(cell) == 0 for cell in held], bool), size)] = -1
    values = np.array([entrance[1:] for cell in held for entrance in cell], float).reshape(-1, 6).T
    columns = [np.full(len(row), np.nan), np.full(len(row), np.nan)]
    columns += [np.repeat(column, size) for column in (edge, fraction, access, component)]
    for column, value in zip(columns, values, strict=True):
        column[number >= 0] = value
    x, y, edge, fraction, access, component = columns
    return Stops(row, number, edge, fraction, access, component, x, y)


def _whole(column: pd.Series) -> LongArray:
    """Return whole numbers, -1 where there is none."""
    if column.dtype == np.int64:
        return column.to_numpy()
    return column.fillna(-1).to_numpy(np.int64)


def entrances_of(table: pd.DataFrame) -> list[tuple[Entrance, ...]]:
    """Return the entrances of every row, ``()`` where it has none, also in rows joined from tables without any."""
    if ENTRANCES not in table.columns:
        return [()] * len(table)
    return [cell if isinstance(cell, tuple) else () for cell in table[ENTRANCES]]


def entrance_names(table: pd.DataFrame, stops: Stops) -> NDArray[Any]:
    """Return the name of the entrance at every stop, ``""`` for rows themselves; (n,) object."""
    names = np.full(len(stops.row), "", dtype=object)
    names[stops.number >= 0] = [entrance.name for cell in entrances_of(table) for entrance in cell]
    return names


def owner_rows(points: pd.DataFrame, entrances: pd.DataFrame) -> LongArray:
    """Return the row of ``points`` to which every entrance belongs, -1 where its owner is not among them.

    Raises
    ------
    InputError
        If the two tables share no id column, or ids of owners stand twice.
    """
    column = next((name for name in OWNER_COLUMNS if name in entrances.columns), None)
    if column is None or column not in points.columns:
        wanted = ", ".join(OWNER_COLUMNS) if column is None else column
        seen = ", ".join(map(str, (entrances if column is None else points).columns))
        raise InputError("entrances_no_owner", wanted=wanted, seen=seen)
    ids = pd.Index(points[column].astype(str))
    if not ids.is_unique:
        repeated = ids[ids.duplicated()]
        raise InputError("entrances_repeated_owner", column=column, count=len(repeated), first=repeated[0])
    return ids.get_indexer(pd.Index(entrances[column].astype(str))).astype(np.int64)


def pack(stops: Stops, names: Sequence[str] | NDArray[Any], rows: int) -> NDArray[Any]:
    """Return the column of entrances from stops and their names: tuples in the order of the stops, (rows,) object."""
    held: list[list[Entrance]] = [[] for _ in range(rows)]
    columns = (stops.row, stops.x, stops.y, stops.edge, stops.fraction, stops.access_m, stops.component)
    for name, row, *values in zip(names, *(column.tolist() for column in columns), strict=True):
        held[row].append(Entrance(name, *values))
    cells = np.empty(rows, dtype=object)
    for row, entrances in enumerate(held):
        cells[row] = tuple(entrances)
    return cells


def nearest_stops(stops: Stops) -> LongArray:
    """Return, of every row among the stops, the tied stop with the shortest leg; of equal ones the first."""
    tied = np.flatnonzero(stops.edge >= 0)
    row, access = stops.row[tied], stops.access_m[tied]
    least = np.full(int(row.max(initial=-1)) + 1, np.inf)
    np.minimum.at(least, row, access)
    short = access <= least[row] + TIE_M
    _, first = np.unique(row[short], return_index=True)
    return tied[short][first]


def other_sides(network: WalkNetwork, edge: LongArray, fraction: FloatArray) -> tuple[LongArray, LongArray, FloatArray]:
    """Find the other sides of shut gates to which something is tied.

    A shut gate has a node on either side, both in one place, and nothing joins them.

    Parameters
    ----------
    network
        Streets.
    edge, fraction : (n,)
        What is tied where; edge -1 is not tied.

    Returns
    -------
    which : (m,) int64
        What is tied to a node in whose place there is another.
    edge, fraction : (m,)
        The open street with the smallest number at that other node, and which of its ends is there.
    """
    at_end = np.flatnonzero((edge >= 0) & ((fraction == 0) | (fraction == 1)))
    node = np.where(fraction[at_end] == 0, network.u[edge[at_end]], network.v[edge[at_end]])
    place = network.x + 1j * network.y
    same: dict[complex, list[int]] = {}
    for n in np.flatnonzero(np.isin(place, place[node])).tolist():
        same.setdefault(complex(place[n]), []).append(n)
    opened = np.isfinite(network.forward_min) | np.isfinite(network.backward_min)
    indptr, _, arc_edge = network.arcs
    found: list[tuple[int, int, float]] = []
    for i, own in zip(at_end.tolist(), node.tolist(), strict=True):
        for other in same[complex(place[own])]:
            streets = arc_edge[indptr[other] : indptr[other + 1]]
            streets = streets[opened[streets]]
            if other != own and len(streets):
                street = int(streets.min())
                found.append((i, street, 0.0 if network.u[street] == other else 1.0))
    which = np.array([i for i, _, _ in found], np.int64)
    number = np.array([street for _, street, _ in found], np.int64)
    return which, number, np.array([share for _, _, share in found], np.float64)


def entrances_after(entrances: gpd.GeoDataFrame, edits: Sequence[Edit]) -> gpd.GeoDataFrame:
    """Return the entrances that are still in place after a scenario's edits: a facility that moves leaves its own."""
    moved = [edit.facility_id for edit in edits if isinstance(edit, MoveFacility)]
    if "facility_id" not in entrances.columns or not moved:
        return entrances
    return entrances[~entrances["facility_id"].isin(moved)].reset_index(drop=True)


def entrance_points(table: pd.DataFrame, crs: str) -> tuple[LongArray, gpd.GeoSeries]:
    """Return the row of every entrance of a snapped table, and where it stands, in ``crs``, the network's."""
    stops = stops_of(table)
    through = stops.number >= 0
    points = gpd.GeoSeries(gpd.points_from_xy(stops.x[through], stops.y[through]), crs=crs)
    return stops.row[through], points


def list_entrances(table: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """List the entrances that a snapped table uses, for maps and files.

    Parameters
    ----------
    table
        From :func:`walkshed.network.snap.snap`.
    crs
        The network's.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for every entrance, in the order of the table: the owner's id (the first of :data:`OWNER_COLUMNS` that
        the table has), ``name``, ``access_m`` and a point in EPSG:4326.
    """
    column = next(name for name in OWNER_COLUMNS if name in table.columns)
    flat = [entrance for cell in entrances_of(table) for entrance in cell]
    row, points = entrance_points(table, crs)
    columns = {column: table[column].to_numpy(dtype=object)[row], "name": [entrance.name for entrance in flat]}
    frame = pd.DataFrame(columns, dtype="str").assign(
        access_m=np.array([entrance.access_m for entrance in flat], float)
    )
    return gpd.GeoDataFrame(frame, geometry=points.to_crs(EXCHANGE_CRS))

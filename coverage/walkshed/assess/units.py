"""Which rows belong to which administrative unit, from communities up to towns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

NO_UNIT: Final = "(none)"
"""``unit_id`` in rates of what lies in no unit; never the id of a unit."""


def texts(table: pd.DataFrame, column: str) -> list[str]:
    """Return a column as texts, ``""`` where it is blank or absent."""
    if column not in table.columns:
        return [""] * len(table)
    values = table[column]
    return ["" if blank else str(value) for value, blank in zip(values, values.isna(), strict=True)]


def ancestors(units: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """Return for every ``unit_id`` the rows of the unit itself and of all units above it.

    A ``parent_id`` that is no unit's id ends the chain, and so does one that leads back into it.
    """
    ids = texts(units, "unit_id")
    row = {unit: place for place, unit in enumerate(ids)}
    parent = dict(zip(ids, texts(units, "parent_id"), strict=True))
    chains: dict[str, tuple[int, ...]] = {}
    for unit in ids:
        chain: list[int] = []
        at = unit
        while at in row and row[at] not in chain:
            chain.append(row[at])
            at = parent[at]
        chains[unit] = tuple(chain)
    return chains


def membership(table: pd.DataFrame, units: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs (row of ``table``, row of ``units``): the row's unit and every unit above it."""
    chains = ancestors(units)
    pairs = [(row, unit) for row, key in enumerate(texts(table, "unit_id")) for unit in chains.get(key, ())]
    rows, owners = np.array(pairs, np.int64).reshape(-1, 2).T
    return rows, owners


def equipped(facilities: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> NDArray[np.bool_] | None:
    """Say which units have a facility.

    A facility belongs to the unit it declares; where it declares none, or one that is not in the table, to every unit
    in which it stands. A facility of a unit is one of every unit above it.

    Returns
    -------
    (u,) bool, or ``None`` where there are facilities but nothing tells the unit of any.
    """
    chains = ancestors(units)
    has = np.zeros(len(units), bool)
    known = [chains.get(key, ()) for key in texts(facilities, "unit_id")]
    for chain in known:
        has[list(chain)] = True
    undeclared = np.array([not chain for chain in known], bool)
    shapes, areas = _shapes(facilities)[undeclared], _shapes(units)
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    drawn = ~(shapely.is_missing(areas) | shapely.is_empty(areas))
    if len(facilities) and undeclared.all() and not (placed.any() and drawn.any()):
        return None
    # An r-tree leaves missing shapes out by itself.
    standing_in = shapely.STRtree(areas).query(shapely.point_on_surface(shapes[placed]), predicate="intersects")[1]
    for unit in np.array(texts(units, "unit_id"), object)[standing_in]:
        has[list(chains[unit])] = True
    return has


def _shapes(table: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if not hasattr(table, "geometry"):
        return np.full(len(table), None, object)
    return np.asarray(table.geometry.array, dtype=object)

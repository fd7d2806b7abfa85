"""Entrances of facilities and gates of residential compounds, from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.contracts import EXCHANGE_CRS, Column, TableContract
from walkshed.coordinates import metric_crs
from walkshed.errors import InputError
from walkshed.inputs.positions import COORDINATES, Rules, locate, without_geometry
from walkshed.inputs.reads import Read, Sieve
from walkshed.inputs.rows import extra_columns, read_texts
from walkshed.inputs.tables import find_columns, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from walkshed.inputs.rawtable import RawTable

    Owner = Literal["facility_id", "demand_id"]

LAYERS = {"facility_id": "entrances", "demand_id": "gates"}
"""Column that names the owner -> what the rows are called in rejects and records."""
FAR_M = 400.0
"""An entrance further from its owner is not meant. In Chongqing GCJ-02 is 478 m off, so that a wrong datum shows."""


def read_entrances(
    path: Path | str,
    *,
    owner: Owner,
    owners: gpd.GeoDataFrame,
    columns: Mapping[str, str] | None = None,
    datum: str = "wgs84",
    far_m: float = FAR_M,
) -> Read:
    """Read the entrances of facilities, or the gates of residential compounds.

    Parameters
    ----------
    path
        See :func:`walkshed.inputs.tables.read_table`.
    owner
        ``"facility_id"`` or ``"demand_id"``: whose entrances they are.
    owners
        The facilities or the demand, EPSG:4326, with the column ``owner``; a place without position may have entrances
        all the same.
    columns
        Our name -> the file's column, for what its synonyms do not find. Ours are ``owner``'s, ``owner`` (the name of
        the facility or compound, for rows without id), ``name`` (of the entrance), ``lon``, ``lat`` and ``location``.
    datum
        See :func:`walkshed.coordinates.degrees_converter`.
    far_m
        Entrances further than this from their owner (from its area, if it is one) are refused as mistakes, metres.

    Returns
    -------
    Read
        ``table`` with ``owner``'s column, ``name`` (blank where the file has none), what else the file holds, and a
        point, in the order of the file; areas give a point inside them. Refused are rows whose owner is not known or
        whose name several owners have, and rows whose position cannot be.

    Raises
    ------
    InputError
        If ``owner`` is neither of the two or ``owners`` lacks that column, the file cannot be read, has no coordinates
        or does not say whose entrances they are, or no row is left.
    CrsError
        If the datum does not fit the file.
    """
    if not far_m > 0:
        raise InputError("parameter_not_positive", name="far_m", value=far_m)
    if owner not in LAYERS:
        raise InputError("entrances_owner", value=owner, known=", ".join(LAYERS))
    if owner not in owners.columns:
        raise InputError("entrances_no_owner", wanted=owner, seen=", ".join(map(str, owners.columns)))
    raw = without_geometry(read_table(path, layer=LAYERS[owner]), columns)
    wanted = (owner, "owner", "name", *COORDINATES)
    found = find_columns(raw.frame, wanted, columns, layer=raw.layer, path=raw.path.name)
    if owner not in found and "owner" not in found:
        seen = ", ".join(map(str, raw.frame.columns))
        raise InputError("entrances_whose", path=raw.path.name, column=owner, seen=seen)
    sieve = Sieve(raw, [f"row-{line}" for line in raw.lines.tolist()])
    row = _find_owners(raw, found, sieve, owner, owners)
    geometry = locate(raw, found, sieve, Rules(datum=datum))
    _refuse_far(geometry, row, owners, sieve, far_m)
    ids = owners[owner].astype(str).to_numpy(dtype=object)
    data = {
        owner: np.where(row >= 0, ids[row], "") if len(ids) else [""] * len(row),
        "name": read_texts(raw, found, "name"),
        **extra_columns(raw, found, (owner, "owner", "name", "geometry")),
    }
    return sieve.finish(gpd.GeoDataFrame(data, geometry=geometry), entrances_contract(owner))


def entrances_contract(owner: str) -> TableContract:
    """Return what a valid table of entrances is; ``owner`` is the column that says whose they are."""
    columns = (Column(name=owner), Column(name="name", optional=True))
    return TableContract(name=LAYERS[owner], columns=columns, geometry=("Point",))


def _find_owners(
    raw: RawTable, found: Mapping[str, str], sieve: Sieve, owner: str, owners: gpd.GeoDataFrame
) -> NDArray[np.int64]:
    """Return the row of every entrance's owner, -1 for the rows that are refused."""
    ids = read_texts(raw, found, owner)
    names = read_texts(raw, found, "owner")
    texts = [
        "; ".join(f"{found[name]}={value}" for name, value in ((owner, own_id), ("owner", own_name)) if name in found)
        for own_id, own_name in zip(ids, names, strict=True)
    ]
    by_id = _positions(owners[owner].astype(str).tolist())
    by_name = _positions(owners["name"].fillna("").astype(str).tolist() if "name" in owners.columns else [])
    row, reason = np.full(len(ids), -1), np.full(len(ids), "", dtype=object)
    for i, (own_id, own_name) in enumerate(zip(ids, names, strict=True)):
        known = by_id.get(own_id, []) if own_id else by_name.get(own_name, []) if own_name else []
        if len(known) == 1:
            row[i] = known[0]
        else:
            blank = not own_id and not own_name
            reason[i] = "no_owner" if blank else "ambiguous_owner" if known else "unknown_owner"
    for name in ("no_owner", "unknown_owner", "ambiguous_owner"):
        sieve.refuse(reason == name, name, texts)
    return row.astype(np.int64)


def _positions(values: Sequence[str]) -> dict[str, list[int]]:
    """Return the rows of every value."""
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        rows.setdefault(value, []).append(row)
    return rows


def _refuse_far(
    geometry: gpd.GeoSeries, row: NDArray[np.int64], owners: gpd.GeoDataFrame, sieve: Sieve, far_m: float
) -> None:
    """Refuse entrances far from their owner; where the owner has no position nothing can be said."""
    placed = np.flatnonzero(sieve.kept & geometry.notna().to_numpy())
    whose = owners.geometry.iloc[row[placed]].reset_index(drop=True)
    known = ~(whose.isna() | whose.is_empty).to_numpy()
    placed, whose = placed[known], whose[known]
    if not len(placed):
        return
    crs = metric_crs(whose)
    points = gpd.GeoSeries(geometry.iloc[placed].array, index=whose.index, crs=EXCHANGE_CRS).to_crs(crs)
    with np.errstate(invalid="ignore"):  # what the projection has no place for is infinitely far
        distance = pd.Series(points.distance(whose.to_crs(crs))).to_numpy(np.float64)
    far = np.zeros(len(sieve.kept), bool)
    far[placed] = ~(distance <= far_m)
    texts = np.full(len(far), "", dtype=object)
    texts[placed] = [f"distance_m={metres:.0f}" for metres in distance.tolist()]
    sieve.refuse(far, "far_from_owner", texts)

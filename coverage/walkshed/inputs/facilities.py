"""The reading rooms there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from walkshed.contracts import FACILITIES
from walkshed.inputs.positions import COORDINATES, FAR_M, Rules, locate, without_geometry
from walkshed.inputs.reads import Read, Sieve
from walkshed.inputs.rows import extra_columns, read_ids, read_numbers, read_texts
from walkshed.inputs.synonyms import STATUS_WORDS, find_word
from walkshed.inputs.tables import find_columns, read_table
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from walkshed.inputs.rawtable import RawTable

COLUMNS = (
    "facility_id", "name", "status", "tier", "capacity", "opening_hours", "unit_id", "position_quality", "source",
)  # fmt: skip
TEXTS = ("tier", "opening_hours", "unit_id", "position_quality", "source")


def read_facilities(
    path: Path | str,
    *,
    columns: Mapping[str, str] | None = None,
    datum: str = "wgs84",
    boundary: gpd.GeoDataFrame | None = None,
    far_m: float = FAR_M,
) -> Read:
    """Read facilities.

    Parameters
    ----------
    path
        See :func:`walkshed.inputs.tables.read_table`.
    columns
        Our name -> the file's column, for what its synonyms do not find. Ours are ``facility_id``, ``name``,
        ``status``, ``tier``, ``capacity``, ``opening_hours``, ``unit_id``, ``position_quality``, ``source``, ``lon``,
        ``lat`` and ``location`` (``"lng,lat"`` in one cell).
    datum
        See :func:`walkshed.coordinates.degrees_converter`.
    boundary
        The study area, EPSG:4326. Facilities outside it stay, because they serve people inside.
    far_m
        Facilities further than this from the boundary are refused as mistakes, metres.

    Returns
    -------
    Read
        ``table`` with the columns of :data:`walkshed.contracts.FACILITIES`, what else the file holds, and a point;
        areas give a point inside them. ``status`` is ``open`` where the file says nothing, ``name`` the id. A row
        without position is kept, its geometry None, if it names its unit.

    Raises
    ------
    InputError
        If the file cannot be read, has no coordinates, or no row is left.
    CrsError
        If the datum does not fit the file.
    """
    raw = without_geometry(read_table(path, layer="facilities"), columns)
    found = find_columns(raw.frame, (*COLUMNS, *COORDINATES), columns, layer=raw.layer, path=raw.path.name)
    ids = read_ids(raw, found.get("facility_id"))
    sieve = Sieve(raw, ids)
    texts = {name: read_texts(raw, found, name) for name in TEXTS}
    status = _read_status(raw, found, sieve)
    capacity = read_numbers(raw, found, "capacity", sieve)
    rules = Rules(datum=datum, boundary=boundary, far_m=far_m)
    blank_allowed = np.array([unit != "" for unit in texts["unit_id"]], bool)
    geometry = locate(raw, found, sieve, rules, blank_allowed=blank_allowed)
    names = read_texts(raw, found, "name")
    data = {
        "facility_id": ids,
        "name": [name or row_id for name, row_id in zip(names, ids, strict=True)],
        "status": status,
        "capacity": capacity,
        **texts,
    }
    ordered = {name: data[name] for name in COLUMNS} | extra_columns(raw, found, (*COLUMNS, "geometry"))
    return sieve.finish(gpd.GeoDataFrame(ordered, geometry=geometry), FACILITIES)


def _read_status(raw: RawTable, found: Mapping[str, str], sieve: Sieve) -> list[str]:
    if "status" not in found:
        return ["open"] * len(raw.lines)
    texts = [text_of(value) for value in raw.frame[found["status"]]]
    words = [find_word(text, STATUS_WORDS) if text else "open" for text in texts]
    unknown = np.array([word is None for word in words], bool)
    sieve.refuse(unknown, "unknown_status", [f"{found['status']}={text}" for text in texts])
    return [word or "" for word in words]

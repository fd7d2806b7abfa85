"""Where a new room could stand, as a list of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from walkshed.contracts import CANDIDATES
from walkshed.inputs.positions import COORDINATES, Rules, locate, without_geometry
from walkshed.inputs.reads import Read, Sieve
from walkshed.inputs.rows import extra_columns, read_ids, read_numbers, read_texts
from walkshed.inputs.tables import find_columns, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COLUMNS = ("candidate_id", "place", "cost", "capacity", "kind")
NUMBERS = ("cost", "capacity")


def read_candidates(
    path: Path | str,
    *,
    columns: Mapping[str, str] | None = None,
    datum: str = "wgs84",
    boundary: gpd.GeoDataFrame | None = None,
) -> Read:
    """Read candidate sites.

    Parameters
    ----------
    path
        See :func:`walkshed.inputs.tables.read_table`.
    columns
        Our name -> the file's column, for what its synonyms do not find. Ours are ``candidate_id``, ``place``,
        ``cost``, ``capacity``, ``kind``, ``lon``, ``lat`` and ``location``.
    datum
        See :func:`walkshed.coordinates.degrees_converter`.
    boundary
        The study area, EPSG:4326. Sites outside it are refused: nothing is proposed there.

    Returns
    -------
    Read
        ``table`` with ``candidate_id``, ``place`` (the id where the file has no name), ``cost`` and ``capacity``
        (numbers, NaN blank) and ``kind`` (``"空置房屋"``, ``"park"``, in the file's own words) where the file has them,
        what else it holds, and a point; areas give a point inside them.

    Raises
    ------
    InputError
        If the file cannot be read, has no coordinates, or no row is left.
    CrsError
        If the datum does not fit the file.
    """
    raw = without_geometry(read_table(path, layer="candidates"), columns)
    found = find_columns(raw.frame, (*COLUMNS, *COORDINATES), columns, layer=raw.layer, path=raw.path.name)
    ids = read_ids(raw, found.get("candidate_id"))
    sieve = Sieve(raw, ids)
    places = read_texts(raw, found, "place")
    data: dict[str, object] = {name: read_numbers(raw, found, name, sieve) for name in NUMBERS if name in found}
    kinds = {"kind": read_texts(raw, found, "kind")} if "kind" in found else {}
    geometry = locate(raw, found, sieve, Rules(datum=datum, boundary=boundary, inside_only=True))
    data = {
        "candidate_id": ids,
        "place": [place or row_id for place, row_id in zip(places, ids, strict=True)],
        **data,
        **kinds,
        **extra_columns(raw, found, (*COLUMNS, "geometry")),
    }
    return sieve.finish(gpd.GeoDataFrame(data, geometry=geometry), CANDIDATES)

"""A file's rows as they are, before anything is judged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    import pyproj
    from numpy.typing import NDArray

SHAPE_MAX: Final = 2000
"""Longest shape in characters that travels with its row: a point, a line of a street; not the outline of a district."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RawTable:
    """Rows of one file.

    Attributes
    ----------
    path
        The file.
    layer
        What it is read as: ``"facilities"``, ``"demand"``, ``"units"``, ``"candidates"``, ``"boundary"``,
        ``"entrances"`` or ``"gates"``.
    frame
        N rows of raw values, index 0..N-1, without the geometry.
    lines : (N,) int64
        Line (text files), sheet row (workbooks) or record number (all others), 1-based.
    geometry
        N geometries in the CRS the file declares, index 0..N-1; None for a table without any.
    encoding
        Encoding the texts were decoded from.
    driver
        Format, for example ``"CSV"`` or ``"GPKG"``.
    overlong
        Row -> its surplus cells, for rows with more cells than the header.
    """

    path: Path
    layer: str
    frame: pd.DataFrame
    lines: NDArray[np.int64]
    geometry: gpd.GeoSeries | None
    encoding: str
    driver: str
    overlong: dict[int, Sequence[str]]

    @property
    def crs(self) -> pyproj.CRS | None:
        """CRS the file declares, or None."""
        return None if self.geometry is None else self.geometry.crs

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Rows whose cells cannot be told apart, (N,) bool."""
        return np.isin(np.arange(len(self.lines)), list(self.overlong))

    @property
    def broken_details(self) -> list[str]:
        """The surplus cells of every row, N texts."""
        return ["; ".join(self.overlong.get(row, ())) for row in range(len(self.lines))]


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names of columns of which no two are alike; a repeated one gets its number.

    Examples
    --------
    >>> unique_names(["name", "name", "name.2", "name"])
    ['name', 'name.2', 'name.2.2', 'name.3']
    """
    found: dict[str, None] = {}
    repeats: dict[str, int] = {}
    for base in names:
        name = base
        while name in found:
            repeats[base] = repeats.get(base, 1) + 1
            name = f"{base}.{repeats[base]}"
        found[name] = None
    return list(found)


def raw_row(raw: RawTable, row: int) -> str:
    """Return one row as the file has it.

    Parameters
    ----------
    raw
        The rows.
    row
        Position, 0-based.

    Returns
    -------
    str
        JSON: column -> cell, in the order of the file, every cell as text and a missing one empty; surplus cells as
        ``+1``, ``+2`` ...; a shape as ``geometry`` in WKT, where that is no longer than :data:`SHAPE_MAX`.
    """
    values = zip(raw.frame.columns, raw.frame.iloc[row].tolist(), strict=True)
    cells = {str(name): value if isinstance(value, str) else text_of(value) for name, value in values}
    cells |= {f"+{place}": cell for place, cell in enumerate(raw.overlong.get(row, ()), start=1)}
    shape = None if raw.geometry is None else raw.geometry.iloc[row]
    if shape is not None and len(shape.wkt) <= SHAPE_MAX:
        cells["geometry"] = shape.wkt
    return json.dumps(cells, ensure_ascii=False)

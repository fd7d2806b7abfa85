"""A file's rows as they are, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    import pyproj
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class RawTable:
    """Rows of one file.

    Attributes
    ----------
    path
        The file.
    layer
        What it is read as: ``"facilities"``, ``"demand"``, ``"units"``, ``"candidates"`` or ``"boundary"``.
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

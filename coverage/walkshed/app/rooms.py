"""Facilities as a table that a user edits, and back as a file of the study."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from walkshed.app.upload_settings import without_layer
from walkshed.inputs.facilities import COLUMNS
from walkshed.inputs.positions import COORDINATES
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from walkshed.parameters import StudyConfig

EDITED: Final = ("name", "status", "lon", "lat", "opening_hours", "capacity", "tier", "facility_id")
"""Columns of the table, in the order in which they are shown."""
TEXTS: Final = ("name", "status", "tier", "opening_hours", "facility_id")
DECIMALS: Final = 6
MOVED: Final = 1e-6
"""A position that differs by less, in degrees (0.1 m), was not moved."""


def editable(facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return facilities as a table to edit.

    Parameters
    ----------
    facilities
        By :data:`walkshed.contracts.FACILITIES`, EPSG:4326.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`EDITED`, index 0..N-1, positions in degrees (WGS-84), NaN where unknown.
    """
    points = facilities.geometry.to_numpy()
    known = ~(shapely.is_missing(points) | shapely.is_empty(points))
    at = np.full((len(points), 2), np.nan)
    at[known] = shapely.get_coordinates(points[known])
    frame = pd.DataFrame(
        {
            **{name: _texts(facilities, name) for name in TEXTS},
            "capacity": pd.to_numeric(facilities["capacity"], errors="coerce").to_numpy(float)
            if "capacity" in facilities
            else np.full(len(points), np.nan),
            "lon": at[:, 0].round(DECIMALS),
            "lat": at[:, 1].round(DECIMALS),
        }
    )
    return frame[list(EDITED)]


def without_rows() -> pd.DataFrame:
    """Return an empty table to edit."""
    kinds = {name: "str" if name in TEXTS else "float64" for name in EDITED}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    return [text_of(value) for value in frame[name]] if name in frame else [""] * len(frame)


def place(frame: pd.DataFrame, row: int, lon: float, lat: float) -> pd.DataFrame:
    """Return the table with another position of one row, by its place in the table."""
    moved = frame.reset_index(drop=True).copy()
    moved.loc[row, ["lon", "lat"]] = [round(lon, DECIMALS), round(lat, DECIMALS)]
    return moved


def cleaned(frame: pd.DataFrame) -> pd.DataFrame:
    """Return an edited table as it can be stored: blank rows left out, every row with an id of its own and a status.

    Parameters
    ----------
    frame
        As the editor returns it: new rows have no id, and missing values of any kind.
    """
    table = pd.DataFrame({name: _texts(frame, name) for name in TEXTS})
    for name in ("capacity", "lon", "lat"):
        table[name] = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
    blank = (table[["name", "tier", "opening_hours", "facility_id"]] == "").all(axis=1)
    blank &= table[["capacity", "lon", "lat"]].isna().all(axis=1)
    table = table[~blank].reset_index(drop=True)
    taken = set(table.facility_id)
    number = len(table)
    for row in table.index[table.facility_id == ""]:
        number += 1
        while f"room-{number}" in taken:
            number += 1
        taken.add(f"room-{number}")
        table.loc[row, "facility_id"] = f"room-{number}"
    table["status"] = table.status.where(table.status != "", "open")
    return table[list(EDITED)]


def unplaced(table: pd.DataFrame, facilities: gpd.GeoDataFrame | None) -> list[str]:
    """Return the names of rows that could not be used: without position, and without a unit from before."""
    units = _former(facilities, "unit_id")
    lost = table[table[["lon", "lat"]].isna().any(axis=1)].to_dict("records")
    return [str(row["name"] or row["facility_id"]) for row in lost if not units.get(str(row["facility_id"]))]


def _former(facilities: gpd.GeoDataFrame | None, column: str) -> dict[str, str]:
    if facilities is None or column not in facilities:
        return {}
    return dict(zip(facilities.facility_id.astype(str), _texts(facilities, column), strict=True))


def rooms_csv(table: pd.DataFrame, facilities: gpd.GeoDataFrame | None) -> bytes:
    """Return an edited table as the content of a facilities file.

    Parameters
    ----------
    table
        From :func:`cleaned`.
    facilities
        The facilities before, whose other columns are kept. Unit and quality of the position of a facility that was
        moved are left blank: they were about the former one.

    Returns
    -------
    bytes
        CSV, UTF-8 with a byte order mark, as Excel opens it, positions in WGS-84.
    """
    whole = table.copy()
    if facilities is not None:
        others = [str(name) for name in facilities.columns if name not in (*EDITED, facilities.geometry.name)]
        former = editable(facilities).set_index("facility_id")[["lon", "lat"]].reindex(whole.facility_id)
        for name in others:
            known = _former(facilities, name)
            whole[name] = [known.get(key, "") for key in whole.facility_id]
        step = np.abs(whole[["lon", "lat"]].to_numpy(float) - former.to_numpy(float))
        moved = (step > MOVED).any(axis=1) | (former.isna().any(axis=1).to_numpy() & whole.lon.notna().to_numpy())
        for name in ("unit_id", "position_quality"):
            if name in whole:
                whole[name] = whole[name].where(~moved, "")
    return whole.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def with_rooms(config: StudyConfig, name: str, columns: Sequence[str]) -> StudyConfig:
    """Return the settings of a study whose facilities are a file written by :func:`rooms_csv`.

    Parameters
    ----------
    config
        The study.
    name
        Of the file.
    columns
        Of the file: named one by one, so that no other column of a user's own is taken for one of ours.
    """
    wanted: Mapping[str, str] = {key: key if key in columns else "" for key in (*COLUMNS, *COORDINATES)}
    changed: dict[str, Any] = {"source": "file", "path": name, "datum": "wgs84", "columns": dict(wanted), "tags": {}}
    return replace(config, facilities=replace(config.facilities, **changed))


def gone(table: pd.DataFrame, facilities: gpd.GeoDataFrame | None) -> set[str]:
    """Return the ids of facilities that the edited table no longer has."""
    return set() if facilities is None else set(facilities.facility_id.astype(str)) - set(table.facility_id)


def without_entrances(config: StudyConfig) -> StudyConfig:
    """Return the settings without a file of entrances, which would name facilities that are gone."""
    return without_layer(config, "entrances") if config.facilities.entrances == "file" else config

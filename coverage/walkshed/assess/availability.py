"""Who finds a room open and not full: the second reading of a study, beside its headline.

The headline is geometric: a room within the minutes serves, whatever its hours and its size. That keeps the figures of
studies and of periods comparable, and siting by distance honest: a new room is the answer to a long way, not to a door
that is shut at eight. It never changes with the hour a study asks about. Where a study does choose an hour, or knows
the capacity of its rooms, the same residents are told a second time: ``closed`` where every room near enough is closed
then, ``full`` where those who live nearer took all the room there was. Both readings add up to the same residents.

Capacity is that of the whole week, not of one hour: who finds no room is the same at every hour, and a home that is
``closed`` at the hour is not ``full`` besides.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.assess.coverage import REASONS, require_columns
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.assess.groups import group_column, groups_of
from walkshed.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

CLOSED, FULL = "closed", "full"
ORDER: Final = ("", *REASONS, CLOSED, FULL)
COLUMNS: Final = ("demand_id", "minutes_then", "facility_then", "reason_then", "unserved_then")


def tell_availability(measured: pd.DataFrame, *, full: FloatArray | None = None) -> pd.DataFrame:
    """Tell for every demand row whether a room is open and has room.

    Parameters
    ----------
    measured
        From :func:`walkshed.assess.hours.measure_coverage_at`, or from
        :func:`walkshed.assess.coverage.measure_coverage` where no hour is asked about.
    full : (rows of ``measured``,) float64
        Residents with a room within reach but none with room for them
        (:attr:`walkshed.assess.catchments.Load.full`); ``None`` where no capacity is known.

    Returns
    -------
    pandas.DataFrame
        In the order of ``measured``: ``demand_id``, ``minutes_then`` and ``facility_then`` (nearest open room),
        ``unserved_then`` (residents: all of a row without an open room within the cutoff, else those who find no room)
        and ``reason_then``: ``""`` where nobody is unserved, else that of ``measured`` or ``"full"``.

    Raises
    ------
    InputError
        If the table was not measured, or ``full`` is about other rows.
    """
    columns = ("demand_id", "population", "covered", "minutes", "facility_id", "reason")
    require_columns(measured, "measured demand", columns, step="measure_coverage()")
    people = np.nan_to_num(measured["population"].to_numpy(np.float64))
    waiting = np.zeros(len(people)) if full is None else np.asarray(full, np.float64)
    if waiting.shape != people.shape:
        raise InputError("change_other_rows", before=len(people), after=len(waiting))
    covered = measured["covered"].to_numpy(bool)
    unserved = np.where(covered, np.minimum(waiting, people), people)
    short = covered & (unserved > 0)
    return pd.DataFrame(
        {
            "demand_id": measured["demand_id"].to_numpy(dtype=object),
            "minutes_then": measured["minutes"].to_numpy(np.float64),
            "facility_then": measured["facility_id"].to_numpy(dtype=object),
            "reason_then": np.where(short, FULL, measured["reason"].to_numpy(dtype=object)).astype(object),
            "unserved_then": unserved,
        }
    )


def unserved_by_reason(measured: pd.DataFrame, available: pd.DataFrame) -> pd.DataFrame:
    """Add up residents by the reason why they are unserved.

    Parameters
    ----------
    measured
        The residents, with any ``population_<group>`` columns.
    available
        From :func:`tell_availability` of the same rows.

    Returns
    -------
    pandas.DataFrame
        ``reason`` (``""`` served, first), ``residents``, ``share`` of all residents (NaN where nobody lives) and the
        people of every group; those of a row in part unserved in the proportion of its residents. Reasons of nobody
        are absent. The rows add up to all residents.
    """
    people = np.nan_to_num(measured["population"].to_numpy(np.float64))
    part = _share(available["unserved_then"].to_numpy(np.float64), people)
    reason = available["reason_then"].to_numpy(dtype=object)
    total = fsum(people.tolist())
    rows = []
    for name in sorted(set(reason) | {""}, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)):
        weight = 1.0 - part if name == "" else np.where(reason == name, part, 0.0)
        counts = {
            column: fsum((np.nan_to_num(measured[column].to_numpy(np.float64)) * weight).tolist())
            for column in ("population", *map(group_column, groups_of(measured)))
        }
        residents = counts.pop("population")
        if residents > 0 or name == "":
            share = residents / total if total > 0 else np.nan
            rows.append({"reason": name, "residents": residents, "share": share, **counts})
    return pd.DataFrame(rows)


def find_gaps_then(
    measured: gpd.GeoDataFrame,
    available: pd.DataFrame,
    *,
    crs: str,
    units: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Find the contiguous areas of those who find no open room with room for them.

    Parameters
    ----------
    measured, crs, units, places
        As for :func:`walkshed.assess.gaps.find_gaps`.
    available
        From :func:`tell_availability` of the same rows.

    Returns
    -------
    geopandas.GeoDataFrame
        As :func:`walkshed.assess.gaps.find_gaps`; ``residents`` are the unserved ones of every row alone, ``minutes``
        their walk to the nearest open room, and ``reason`` may be ``"closed"`` or ``"full"``. ``closed`` and ``full``
        say how many of the residents are so.
    """
    unserved = available["unserved_then"].to_numpy(np.float64)
    reason = available["reason_then"].to_numpy(dtype=object)
    part = _share(unserved, np.nan_to_num(measured["population"].to_numpy(np.float64)))
    counts = {name: measured[name].to_numpy(np.float64) * part for name in map(group_column, groups_of(measured))}
    table = measured.assign(
        population=unserved,
        minutes=available["minutes_then"].to_numpy(np.float64),
        covered=reason == "",
        reason=reason,
        **counts,
    )
    ids = gap_of(table, crs=crs)
    gaps = find_gaps(table, crs=crs, units=units, places=places, gap_ids=ids)
    for name in (CLOSED, FULL):
        so = reason == name
        people = pd.Series(unserved[so]).groupby(ids.to_numpy(dtype=object)[so]).sum()
        gaps[name] = gaps["gap_id"].map(people).fillna(0.0).astype(np.float64)
    return gaps


def _share(unserved: FloatArray, people: FloatArray) -> FloatArray:
    """Return which part of every row is unserved, 0..1; none of a row where nobody lives."""
    part: FloatArray = np.divide(unserved, people, out=np.zeros(len(people)), where=people > 0)
    return part

"""The figures of an arrangement by hand: residents, groups, units, walks."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from walkshed.assess.groups import EVERYBODY, group_column, groups_of
from walkshed.assess.units import ancestors, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

COUNTED: Final = ("residents", "served_before", "served", "change", "rate_before", "rate")


class People(NamedTuple):
    """Who lives where.

    Attributes
    ----------
    groups
        Residents by row, (N,) float64 by the group's name; ``""`` everybody.
    unit_ids, unit_names
        Units with demand rows, in the order of the units, ``""`` (in no unit) last.
    row, unit : (p,) int64
        Pairs of demand row and unit: a row belongs to its unit and to those above it.
    unit_residents : (U,) float64
    """

    groups: Mapping[str, FloatArray]
    unit_ids: tuple[str, ...]
    unit_names: tuple[str, ...]
    row: LongArray
    unit: LongArray
    unit_residents: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Figures:
    """Who is served now, against how it began.

    Attributes
    ----------
    residents, served_before, served
        People.
    newly_served, lost
        Served now and not before; served before and not now.
    rate_before, rate
        Shares of all residents, 0..1; NaN where nobody lives.
    walk_min
        Mean walk of the served residents to their nearest room, minutes; NaN where nobody is served.
    groups
        ``group`` (``""`` everybody), ``residents``, ``served_before``, ``served``, ``change``, ``rate_before``,
        ``rate``.
    units
        ``unit_id`` (``""`` in no unit), ``unit_name`` and the same for all residents; units above others include them.
    """

    residents: float
    served_before: float
    served: float
    newly_served: float
    lost: float
    rate_before: float
    rate: float
    walk_min: float
    groups: pd.DataFrame
    units: pd.DataFrame


def people_of(demand: pd.DataFrame, units: pd.DataFrame | None = None) -> People:
    """Return who lives where, for :func:`tell_figures`.

    Parameters
    ----------
    demand
        With ``population``; ``population_<group>`` and ``unit_id`` may be there.
    units
        With ``unit_id``, ``name`` and ``parent_id``.
    """
    groups = {
        group: demand[group_column(group)].fillna(0.0).to_numpy(np.float64) for group in (EVERYBODY, *groups_of(demand))
    }
    own = texts(demand, "unit_id")
    listed = [] if units is None else texts(units, "unit_id")
    chains = {} if units is None else ancestors(units)
    extra = sorted({key for key in own if key and key not in chains})
    ids = [*listed, *extra, ""]
    place = {key: number for number, key in enumerate(ids)}
    known = {key: chains.get(key, ()) or (place[key],) for key in set(own)}
    size = np.array([len(known[key]) for key in own], np.int64)
    row = np.repeat(np.arange(len(own)), size)
    unit = np.array([number for key in own for number in known[key]], np.int64)
    used = np.flatnonzero(np.bincount(unit, minlength=len(ids)))
    names = dict(zip(listed, texts(units, "name"), strict=True)) if units is not None else {}
    unit = np.searchsorted(used, unit)
    return People(
        groups=groups,
        unit_ids=tuple(ids[number] for number in used.tolist()),
        unit_names=tuple(names.get(ids[number], "") for number in used.tolist()),
        row=row,
        unit=unit,
        unit_residents=np.bincount(unit, groups[EVERYBODY][row], minlength=len(used)).astype(np.float64),
    )


class Before(NamedTuple):
    """Who was served when it began: rows, residents by group, residents by unit."""

    rows: BoolArray
    residents: Mapping[str, float]
    served: Mapping[str, float]
    by_unit: FloatArray


def begin_figures(people: People, served: BoolArray) -> Before:
    """Return who is served when it begins; (N,) bool."""
    return Before(
        rows=served,
        residents={group: _sum(who) for group, who in people.groups.items()},
        served={group: _sum(who[served]) for group, who in people.groups.items()},
        by_unit=_by_unit(people, served),
    )


def tell_figures(people: People, before: Before, served: BoolArray, nearest_min: FloatArray) -> Figures:
    """Count who is served.

    Parameters
    ----------
    people
        From :func:`people_of`.
    before
        From :func:`begin_figures`.
    served : (N,) bool
        Rows served now.
    nearest_min : (N,) float64
        Walk to the nearest room, finite where served.
    """
    everybody = people.groups[EVERYBODY]
    rows = [
        (group, *_counted(before.residents[group], before.served[group], _sum(who[served])))
        for group, who in people.groups.items()
    ]
    groups = pd.DataFrame(rows, columns=["group", *COUNTED])
    whole = groups.iloc[0]
    crowd = everybody[served]
    total = float(crowd.sum())
    return Figures(
        residents=float(whole["residents"]),
        served_before=float(whole["served_before"]),
        served=float(whole["served"]),
        newly_served=_sum(everybody[served & ~before.rows]),
        lost=_sum(everybody[before.rows & ~served]),
        rate_before=float(whole["rate_before"]),
        rate=float(whole["rate"]),
        walk_min=float(crowd @ nearest_min[served]) / total if total else np.nan,
        groups=groups,
        units=_units(people, before.by_unit, _by_unit(people, served)),
    )


def _by_unit(people: People, served: BoolArray) -> FloatArray:
    who = np.where(served, people.groups[EVERYBODY], 0.0)
    return np.bincount(people.unit, who[people.row], len(people.unit_ids)).astype(np.float64)


def _units(people: People, then: FloatArray, now: FloatArray) -> pd.DataFrame:
    some = people.unit_residents > 0
    safe = np.where(some, people.unit_residents, 1.0)
    return pd.DataFrame(
        {
            "unit_id": list(people.unit_ids),
            "unit_name": list(people.unit_names),
            "residents": people.unit_residents,
            "served_before": then,
            "served": now,
            "change": now - then,
            "rate_before": np.where(some, then / safe, np.nan),
            "rate": np.where(some, now / safe, np.nan),
        }
    )


def _counted(residents: float, before: float, served: float) -> tuple[float, ...]:
    """Return the numbers of :data:`COUNTED`."""
    rates = (before / residents, served / residents) if residents else (np.nan, np.nan)
    return residents, before, served, served - before, *rates


def _sum(people: FloatArray) -> float:
    return fsum(people.tolist())

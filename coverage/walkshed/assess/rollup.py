"""Sums up the tree of units, official denominators in place of counted ones, and the units that miss a target.

A figure of a unit is that of the units right below it together with its own rest: what lies in it but in none of them.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.assess.units import NO_UNIT, texts
from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

COUNTED: Final = "counted"
GIVEN: Final = "given"
MIXED: Final = "mixed"
"""``denominator_source`` of a unit of which some, not all, of the units below have a given denominator."""
ABOVE_ONE: Final = "above_one"
"""``flag`` of a rate above 100 %; key of the catalogue's ``figures`` (``flag_above_one``)."""
PREFIX: Final = "denominator_"
DENOMINATORS: Final = ("unit_id", "basis", "group", "denominator")
KEY: Final = ("basis", "group", "tier", "counted_level")


def parent_rows(units: pd.DataFrame) -> LongArray:
    """Return the row of every unit's parent, (u,) int64; -1 for none, for an unknown one and for units in a circle."""
    ids = texts(units, "unit_id")
    row = {unit: place for place, unit in enumerate(ids)}
    parents = np.array([row.get(parent, -1) for parent in texts(units, "parent_id")], np.int64)
    free = parents.copy()
    for start in range(len(parents)):
        at, seen = int(parents[start]), {start}
        while at >= 0 and at not in seen:
            seen.add(at)
            at = int(parents[at])
        if at == start:
            free[start] = -1
    return free


def roll_up(own: FloatArray, units: pd.DataFrame) -> FloatArray:
    """Add what every unit has of its own to all units above it.

    Parameters
    ----------
    own : (u,) or (u, k) float64
        What lies in the unit itself and in none below it.
    units
        u units with ``unit_id`` and ``parent_id``.

    Returns
    -------
    float64 of the shape of ``own``
        What lies in the unit and all units below it.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": ["town", "a", "b"], "parent_id": ["", "town", "town"]})
    >>> roll_up(np.array([1.0, 2.0, 4.0]), units).tolist()
    [7.0, 2.0, 4.0]
    """
    total = np.array(own, np.float64)
    for row in bottom_up(parent_rows(units)):
        parent = parent_rows(units)[row]
        if parent >= 0:
            total[parent] += total[row]
    return total


def bottom_up(parents: LongArray) -> list[int]:
    """Return the rows of units so that every one stands before its parent."""
    depth = np.zeros(len(parents), np.int64)
    for row in range(len(parents)):
        at = int(parents[row])
        while at >= 0:
            depth[row] += 1
            at = int(parents[at])
    return [int(row) for row in np.argsort(-depth, kind="stable")]


def lowest_units(units: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which units have none below them, (u,) bool."""
    lowest = np.ones(len(units), bool)
    parents = parent_rows(units)
    lowest[parents[parents >= 0]] = False
    return lowest


def denominators_of(units: pd.DataFrame, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Take official denominators from columns of the units.

    Parameters
    ----------
    units
        Units; columns ``denominator_<basis>`` and ``denominator_<basis>_<group>`` are understood by themselves.
    columns
        Our name -> the units' column, such as ``{"denominator_E": "population"}`` for the residents the yearbook names
        or ``{"denominator_E_seniors": "population_seniors"}``.

    Returns
    -------
    pandas.DataFrame
        ``unit_id``, ``basis``, ``group`` and ``denominator``; blank cells are left out.

    Raises
    ------
    InputError
        If a column is missing, or holds what is no number of at least 0.
    """
    own = {name: name.removeprefix(PREFIX) for name in map(str, units.columns) if name.startswith(PREFIX)}
    chosen = {column: _basis_and_group(word) for column, word in own.items() if column != "denominator_source"}
    strange = [key for key in columns or {} if not key.startswith(PREFIX)]
    if strange:
        raise InputError("mapping_names", path="units", names=", ".join(strange), known=f"{PREFIX}<basis>[_<group>]")
    named = [(column, _basis_and_group(key.removeprefix(PREFIX))) for key, column in (columns or {}).items()]
    parts = []
    for column, (basis, group) in (*chosen.items(), *named):
        if column not in units.columns:
            seen = ", ".join(map(str, units.columns))
            raise InputError("denominator_column", basis=basis, column=column, seen=seen)
        cells = pd.Series(units[column].replace("", np.nan))
        values = pd.to_numeric(cells, errors="coerce")
        bad = (values.isna() & cells.notna()) | (values < 0) | np.isinf(values)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(
                "denominator_number", column=column, unit=texts(units, "unit_id")[row], value=str(cells.iloc[row])
            )
        known = values.notna().to_numpy()
        ids = np.array(texts(units, "unit_id"), object)[known]
        numbers = values.to_numpy(np.float64)[known]
        parts.append(pd.DataFrame({"unit_id": ids, "basis": basis, "group": group, "denominator": numbers}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(DENOMINATORS))


def _basis_and_group(word: str) -> tuple[str, str]:
    """Take ``E_buildings`` and ``E_seniors`` apart: a basis, or a basis and a group."""
    basis, _, group = word.partition("_")
    return (word, "") if word == "E_buildings" else (basis, group)


def with_denominators(rates: pd.DataFrame, denominators: pd.DataFrame, *, units: pd.DataFrame | None) -> pd.DataFrame:
    """Replace counted denominators by given ones, and carry them up the tree.

    Parameters
    ----------
    rates
        Rates of one profile and cutoff, see :func:`walkshed.assess.rates.coverage_rates`.
    denominators
        ``unit_id`` (``""`` the whole area), ``basis``, ``denominator`` and, where it is about a group, ``group``.
    units
        The units the rates are about.

    Returns
    -------
    pandas.DataFrame
        The same rows, those of a tier too: whom or what a tier is to serve is the same as for all. A unit's own given
        denominator counts; without one it is that of the units right below it together with the counted rest, and so
        for the whole area. ``denominator_source`` says which: ``"given"`` (itself, or all it is added up from),
        ``"mixed"`` or ``"counted"``. Numerators stay as they were counted, so that a rate may be above 100 %: it is
        kept, and ``flag`` says ``"above_one"``.

    Raises
    ------
    InputError
        If a row of ``denominators`` is about an unknown unit, is no number of at least 0, or stands twice.
    """
    given = _checked(denominators, units)
    if units is None or units.empty:
        ids, parents = [], np.empty(0, np.int64)
    else:
        ids, parents = texts(units, "unit_id"), parent_rows(units)
    whole = rates["denominator"].to_numpy(np.float64, copy=True)
    source = rates["denominator_source"].to_numpy(object, copy=True)
    keys = zip(*(texts(rates, column) for column in KEY), strict=True)
    tables: dict[tuple[str, ...], dict[str, int]] = {}
    for row, (key, unit) in enumerate(zip(keys, texts(rates, "unit_id"), strict=True)):
        tables.setdefault(key, {})[unit] = row
    for (basis, group, _, _), rows in tables.items():
        known = given.get((basis, group))
        if known:
            counted = {unit: float(whole[row]) for unit, row in rows.items()}
            for unit, (value, origin) in _carried(counted, known, ids, parents).items():
                whole[rows[unit]], source[rows[unit]] = value, origin
    return flagged(rates.assign(denominator=whole, denominator_source=source))


def flagged(rates: pd.DataFrame) -> pd.DataFrame:
    """Return rates with ``rate`` (NaN where the denominator is 0) and ``flag`` computed anew."""
    part, whole = rates["numerator"].to_numpy(np.float64), rates["denominator"].to_numpy(np.float64)
    rate = np.divide(part, whole, out=np.full(len(rates), np.nan), where=whole > 0)
    return rates.assign(rate=rate, flag=np.where(part > whole, ABOVE_ONE, "").astype(object))


def failing_units(
    rates: pd.DataFrame, *, basis: str, target: float, level: str | None = None, group: str = "", tier: str = ""
) -> pd.DataFrame:
    """List the units whose rate is below a target, the lowest rate first.

    Parameters
    ----------
    rates
        Rates by unit, see :func:`walkshed.assess.rates.coverage_rates`; several profiles and cutoffs each by itself.
    basis
        Which rate.
    target
        Share, 0..1. A rate of exactly this meets it.
    level
        Only units of this level.
    group, tier
        Only rows about this group, this tier; ``""`` all.

    Returns
    -------
    pandas.DataFrame
        The rows of ``rates`` with ``missing`` behind: how much the numerator lacks, in the row's quantity. Units
        without a denominator neither fail nor meet anything and are left out, and so is what lies in no unit.

    Raises
    ------
    InputError
        If the target is no share.
    """
    if not (isfinite(target) and 0.0 <= target <= 1.0):
        raise InputError("target_no_share", value=target)
    rows = rates[
        (rates["basis"] == basis)
        & ~rates["unit_id"].isin(("", NO_UNIT))
        & (rates["denominator"] > 0)
        & (rates["group"] == group)
        & (rates["tier"] == tier)
    ]
    if level is not None:
        rows = rows[rows["level"] == level]
    # A hair, for 0.9 x 10 is not 9 in binary.
    missing = target * rows["denominator"] - rows["numerator"]
    short = missing > 1e-9 * rows["denominator"]
    return (
        rows[short]
        .assign(missing=missing[short])
        .sort_values(["profile", "cutoff_min", "rate"], kind="stable")
        .reset_index(drop=True)
    )


def _checked(denominators: pd.DataFrame, units: pd.DataFrame | None) -> dict[tuple[str, str], dict[str, float]]:
    """Return (basis, group) -> unit -> denominator."""
    known = {"", NO_UNIT, *([] if units is None else texts(units, "unit_id"))}
    given: dict[tuple[str, str], dict[str, float]] = {}
    keys = zip(
        texts(denominators, "unit_id"), texts(denominators, "basis"), texts(denominators, "group"),
        denominators["denominator"], strict=True,
    )  # fmt: skip
    for unit, basis, group, cell in keys:
        value = float(cell)
        if unit not in known:
            raise InputError("denominator_unit", unit=unit, basis=basis)
        if not (isfinite(value) and value >= 0):
            raise InputError("denominator_number", column=f"{basis} {group}".strip(), unit=unit, value=str(cell))
        if given.setdefault((basis, group), {}).setdefault(unit, value) != value:
            raise InputError("denominator_twice", unit=unit, basis=basis, group=group)
    return given


def _carried(
    counted: dict[str, float], given: dict[str, float], ids: list[str], parents: LongArray
) -> dict[str, tuple[float, str]]:
    """Return the denominators that change, with their source, from the lowest units up to the whole area."""
    value: dict[str, float] = {}
    source: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    for row, unit in enumerate(ids):
        below.setdefault(ids[parents[row]] if parents[row] >= 0 else "", []).append(unit)
    if NO_UNIT in counted:
        below.setdefault("", []).append(NO_UNIT)
    for unit in [*([NO_UNIT] if NO_UNIT in counted else []), *(ids[row] for row in bottom_up(parents)), ""]:
        if unit not in counted:
            continue
        parts = [part for part in below.get(unit, []) if part in counted]
        rest = counted[unit] - sum(counted[part] for part in parts)
        sources = {source[part] for part in parts if value[part] or source[part] != COUNTED}
        if abs(rest) > 1e-9 * abs(counted[unit]):
            sources.add(COUNTED)
        else:
            rest = 0.0
        if unit in given:
            value[unit], source[unit] = given[unit], GIVEN
        elif sources <= {COUNTED}:
            value[unit], source[unit] = counted[unit], COUNTED
        else:
            value[unit] = rest + sum(value[part] for part in parts)
            source[unit] = GIVEN if sources == {GIVEN} else MIXED
    return {unit: (value[unit], source[unit]) for unit in value if source[unit] != COUNTED}

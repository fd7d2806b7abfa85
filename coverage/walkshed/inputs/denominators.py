"""Official denominators of coverage rates: the residents a yearbook names, the number of villages, and the like."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from walkshed.errors import InputError
from walkshed.inputs.reads import Sieve
from walkshed.inputs.rows import read_ids, read_numbers, read_texts
from walkshed.inputs.tables import find_columns, read_table
from walkshed.inputs.unit_codes import mended_code, plain_code
from walkshed.inputs.values import fold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd

    from walkshed.inputs.rawtable import RawTable

BASES: Final = ("A", "B", "C", "D", "E", "E_buildings", "F")
PREFIX: Final = "denominator_"
WHOLE_AREA: Final = frozenset({"", "全部", "全部范围", "合计", "总计", "全区", "全市", "total", "all"})
COLUMNS: Final = ("unit_id", "basis", "group", "denominator")


class Denominators(NamedTuple):
    """Denominators that were read.

    Attributes
    ----------
    table
        ``unit_id`` (``""`` the whole area), ``basis``, ``group`` (``""`` everybody) and ``denominator``, for
        :func:`walkshed.assess.rollup.with_denominators`.
    rejects
        See :class:`walkshed.inputs.reads.Read`.
    """

    table: pd.DataFrame
    rejects: pd.DataFrame


def read_denominators(
    path: Path | str, *, units: gpd.GeoDataFrame, columns: Mapping[str, str] | None = None
) -> Denominators:
    """Read official denominators by unit.

    Parameters
    ----------
    path
        A table, see :func:`walkshed.inputs.tables.read_table`: either with a column per basis, ``denominator_E`` or, of
        a group, ``denominator_E_seniors``; or with a row per figure and the columns ``basis``, ``denominator`` and, if
        need be, ``group``. ``unit_id`` holds a unit's id, code or name; it is blank, or says 合计, for the whole area.
    units
        The units they are about.
    columns
        Our name -> the file's column, such as ``{"denominator_E": "年末常住人口"}``.

    Returns
    -------
    Denominators
        Blank figures are left out. Refused are rows about an unknown unit (``unknown_unit``) or basis
        (``unknown_basis``), with what is no number of at least 0, and a second figure for the same (``duplicate_id``).

    Raises
    ------
    InputError
        If the file cannot be read, does not name units or figures, or no row is left.
    """
    raw = read_table(path, layer="denominators")
    wide = [name for name in (*(columns or {}), *map(str, raw.frame.columns)) if name.startswith(PREFIX)]
    wanted = ("unit_id", "basis", "group", "denominator", *dict.fromkeys(wide))
    found = find_columns(raw.frame, wanted, columns, layer=raw.layer, path=raw.path.name)
    figures = [name for name in found if name.startswith(PREFIX)]
    if "unit_id" not in found or not (figures or {"basis", "denominator"} <= set(found)):
        seen = ", ".join(map(str, raw.frame.columns))
        raise InputError("denominators_columns", path=raw.path.name, seen=seen)
    named = read_texts(raw, found, "unit_id")
    sieve = Sieve(raw, [name or row_id for name, row_id in zip(named, read_ids(raw, None), strict=True)])
    ids = _find_units(named, units)
    details = [f"{found['unit_id']}={name}" for name in named]
    sieve.refuse(np.array([unit is None for unit in ids], bool), "unknown_unit", details)
    keys = [_basis_and_group(name.removeprefix(PREFIX)) for name in figures]
    if not figures:
        return _finish(sieve, ids, *_long(raw, found, sieve))
    values = [read_numbers(raw, found, name, sieve) for name in figures]
    unknown = [name for name, (basis, _) in zip(figures, keys, strict=True) if basis not in BASES]
    if unknown:
        raise InputError("denominators_basis", path=raw.path.name, columns=", ".join(unknown), known=", ".join(BASES))
    return _finish(sieve, ids, [[key] * len(ids) for key in keys], values)


def _basis_and_group(word: str) -> tuple[str, str]:
    basis, _, group = word.partition("_")
    return (word, "") if word == "E_buildings" else (basis, group)


def _long(
    raw: RawTable, found: Mapping[str, str], sieve: Sieve
) -> tuple[list[list[tuple[str, str]]], list[np.ndarray]]:
    """Return basis and group of every row, and its figure."""
    given = read_texts(raw, found, "basis")
    # What people write: "A 设置率", or the name with the letter in brackets behind it.
    by_name = {basis.lower(): basis for basis in BASES}
    words = [re.sub(r"[()]", " ", fold(word)).split() for word in given]
    bases = [next((by_name[part] for part in parts if part in by_name), "") for parts in words]
    details = [f"{found['basis']}={word}" for word in given]
    sieve.refuse(np.array([not basis for basis in bases], bool), "unknown_basis", details)
    groups = read_texts(raw, found, "group")
    return [list(zip(bases, groups, strict=True))], [read_numbers(raw, found, "denominator", sieve)]


def _find_units(named: list[str], units: gpd.GeoDataFrame) -> list[str | None]:
    """Return the unit that every text names by id, by code, or by a name that one unit has."""
    ids = [str(key) for key in units["unit_id"]]
    single = Counter(units["name"])
    known = {name: key for name, key in zip(units["name"], ids, strict=True) if single[name] == 1}
    known |= {plain_code(key): key for key in reversed(ids) if plain_code(key)}
    known |= {key: key for key in ids}
    whole = dict.fromkeys(WHOLE_AREA, "")
    found: list[str | None] = []
    for name in named:
        code = mended_code(name) or name
        found.append({**whole, **known}.get(name, known.get(plain_code(code))))
    return found


def _finish(
    sieve: Sieve, ids: list[str | None], keys: list[list[tuple[str, str]]], values: list[np.ndarray]
) -> Denominators:
    """Return the kept figures, every one once."""
    seen: dict[tuple[str | None, str, str], int] = {}
    for row in np.flatnonzero(sieve.kept).tolist():
        for key, figures in zip(keys, values, strict=True):
            if not np.isnan(figures[row]):
                first = seen.setdefault((ids[row], *key[row]), row)
                again = np.arange(len(ids)) == row if first != row else np.zeros(len(ids), bool)
                sieve.refuse(again, "duplicate_id", [f"first_line={sieve.raw.lines[first]}"] * len(ids))
    rows = [
        (ids[row], *key[row], float(figures[row]))
        for row in np.flatnonzero(sieve.kept).tolist()
        for key, figures in zip(keys, values, strict=True)
        if not np.isnan(figures[row])
    ]
    if not rows:
        raise InputError("denominators_none", path=sieve.raw.path.name, count=len(ids))
    return Denominators(pd.DataFrame(rows, columns=list(COLUMNS)), sieve.rejects())

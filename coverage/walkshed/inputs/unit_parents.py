"""Which unit lies right above another: by id, by code, by name, by geometry."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from walkshed.inputs.shapes import is_blank_shape
from walkshed.inputs.unit_codes import LEVELS, codes_above, plain_code
from walkshed.inputs.values import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Finding = tuple[str, str, str, str]
    Chain = tuple[tuple[str, str], ...]
    Parents = tuple[NDArray[np.int64], list[Finding]]

IN_COLUMNS: Final = {f"in_{level}": level for level in LEVELS[1:-1]}
"""Column of names of the units above -> their level, from above."""
MOSTLY: Final = 0.5
_CODE_LENGTH: Final = {"city": 4, "district": 6, "town": 9}


def imply_units(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Add the units that rows name as those above them, and by nothing else, but that stand in no row.

    Parameters
    ----------
    table
        Units with ``implied`` and, where names are given, ``in_city``, ``in_district`` and ``in_town``.

    Returns
    -------
    table, findings
        With the added units behind; each has the code that all units below it begin with, else its name as id, where
        that is free, else the names down to it; the united area of those below it, where all have one; no population.
    """
    chains = _chains(table)
    have = {_own_chain(chain, name) for chain, name in zip(chains, table["name"], strict=True)}
    below: dict[Chain, list[int]] = defaultdict(list)
    given = texts_of(table["parent_id"]) if "parent_id" in table.columns else [""] * len(table)
    codes = [plain_code(key) for key in table["unit_id"]]
    for row, chain in enumerate(chains):
        if given[row] or not set(codes_above(codes[row])[:1]).isdisjoint(codes):
            continue  # its parent is known without the names
        for end in range(1, len(chain) + 1):
            below[chain[:end]].append(row)
    wanted = [chain for chain in below if not _stands(chain, have)]
    if not wanted:
        return table, []
    ids = table["unit_id"].tolist()
    shapes = table.geometry.to_numpy()
    taken, added, told = set(ids), [], []
    for chain in wanted:
        level, name = chain[-1]
        rows = below[chain]
        key = _implied_id(chain, [ids[row] for row in rows], taken)
        taken.add(key)
        area = None if is_blank_shape(shapes[rows]).any() else shapely.union_all(shapes[rows])
        above = {f"in_{upper}": upper_name for upper, upper_name in chain[:-1]}
        added.append({"unit_id": key, "name": name, "level": level, "implied": True, "geometry": area, **above})
        told.append((key, name, "implied", f"units={len(rows)}"))
    extra = gpd.GeoDataFrame(added, geometry="geometry", crs=table.crs)
    extra = extra.reindex(columns=table.columns)
    # Column by column, for a column of blanks leaves concat no type to keep.
    texts = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name]) and name != "geometry"]
    extra[texts] = extra[texts].astype(object).fillna("")
    joined = {name: [*table[name].tolist(), *extra[name].tolist()] for name in table.columns if name != "geometry"}
    geometry = gpd.GeoSeries([*shapes, *extra.geometry], crs=table.crs)
    return gpd.GeoDataFrame(joined, geometry=geometry), told


def find_parents(table: gpd.GeoDataFrame) -> Parents:
    """Return the row of every unit's parent, -1 for none, and findings about those that could not be found.

    The order of the ways is told in :func:`walkshed.inputs.unit_tree.unit_tree`.
    """
    parents = np.full(len(table), -1, np.int64)
    told: list[Finding] = []
    given = texts_of(table["parent_id"]) if "parent_id" in table.columns else [""] * len(table)
    codes = [plain_code(key) for key in table["unit_id"]]
    row_of_code = {code: row for row, code in reversed(list(enumerate(codes))) if code}
    chains = _chains(table)
    named = _named_parents(table, given, row_of_code)
    by_chain = _rows_by_chain(table, chains)
    unknown = set()
    for row, wanted in enumerate(given):
        if wanted:
            found = named[wanted]
            if len(found) == 1:
                parents[row] = found[0]
                continue
            if len(found) > 1:
                told.append(_finding(table, row, "ambiguous_parent", f"parent={wanted}"))
                continue
            unknown.add(row)
        direct = _by_code(codes[row], row_of_code, steps=1)
        named_above = by_chain[chains[row]] if chains[row] else -1
        parents[row] = next((found for found in (direct, named_above) if found >= 0), _by_code(codes[row], row_of_code))
    told += _orphans(table, given, parents, unknown)
    told += _skipped(table, codes, parents, row_of_code)
    if not any(given) and not any(chains) and (parents < 0).all() and not any(codes):
        parents = _by_geometry(table)
    return parents, told


def _finding(table: pd.DataFrame, row: int, finding: str, detail: str) -> Finding:
    return str(table["unit_id"].iloc[row]), str(table["name"].iloc[row]), finding, detail


def _chains(table: pd.DataFrame) -> list[Chain]:
    """Return for every unit the (level, name) of the units above it that its row names, from above."""
    columns = [(level, texts_of(table[column])) for column, level in IN_COLUMNS.items() if column in table.columns]
    return [tuple((level, names[row]) for level, names in columns if names[row]) for row in range(len(table))]


def _own_chain(chain: Chain, name: str) -> tuple[str, ...]:
    return (*(upper for _, upper in chain), name)


def _stands(chain: Chain, have: set[tuple[str, ...]]) -> bool:
    """Say whether a row stands for the last unit of a chain; it may name fewer of the units above."""
    names = tuple(name for _, name in chain)
    return any(names[start:] in have for start in range(len(names)))


def _rows_by_chain(table: pd.DataFrame, chains: list[Chain]) -> dict[Chain, int]:
    """Return the row of the unit that a chain ends in."""
    rows = {_own_chain(chain, name): row for row, (chain, name) in enumerate(zip(chains, table["name"], strict=True))}
    found: dict[Chain, int] = {}
    for chain in chains:
        names = tuple(name for _, name in chain)
        known = [rows[names[start:]] for start in range(len(names)) if names[start:] in rows]
        found[chain] = known[0] if known else -1
    return found


def _implied_id(chain: Chain, below: list[str], taken: set[str]) -> str:
    level, name = chain[-1]
    length = _CODE_LENGTH[level]
    prefixes = {plain_code(key)[:length] for key in below}
    code = prefixes.pop() if len(prefixes) == 1 else ""
    candidates = [code if len(code) == length else "", name, "/".join(upper for _, upper in chain)]
    free = [key for key in candidates if key and key not in taken]
    # The names down to a unit are its own, but somebody may have used them as another one's id.
    return free[0] if free else f"{candidates[-1]}#{len(taken)}"


def _named_parents(table: pd.DataFrame, given: list[str], row_of_code: dict[str, int]) -> dict[str, list[int]]:
    """Return for every parent that is named the rows it may be: of that id, else of that code, else of that name."""
    by_id = {key: row for row, key in enumerate(table["unit_id"])}
    by_name: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(table["name"]):
        by_name[name].append(row)
    found: dict[str, list[int]] = {}
    for text in set(given):
        code = row_of_code.get(plain_code(text), -1)
        found[text] = [by_id[text]] if text in by_id else [code] if code >= 0 else by_name.get(text, [])
    return found


def _by_code(code: str, row_of_code: dict[str, int], *, steps: int | None = None) -> int:
    return next((row_of_code[upper] for upper in codes_above(code)[:steps] if upper in row_of_code), -1)


def _orphans(table: pd.DataFrame, given: list[str], parents: NDArray[np.int64], unknown: set[int]) -> list[Finding]:
    """Return the units whose parent is no unit.

    A table may well end below what its uppermost units name, as towns name a district that has no row: a parent that
    is missing is a finding only where other units have theirs, and none of those that name it has units below itself.
    """
    if (parents < 0).all():
        return []
    upper = set(parents.tolist())
    beyond = {given[row] for row in unknown if row in upper}
    lone = [row for row in sorted(unknown) if parents[row] < 0 and given[row] not in beyond]
    return [_finding(table, row, "orphan", f"parent={given[row]}") for row in lone]


def _skipped(
    table: pd.DataFrame, codes: list[str], parents: NDArray[np.int64], row_of_code: dict[str, int]
) -> list[Finding]:
    """Return the units whose direct parent by code is missing although others of their length have theirs."""
    direct = [codes_above(code)[0] if codes_above(code) else "" for code in codes]
    complete = {len(code) for code, upper in zip(codes, direct, strict=True) if upper in row_of_code}
    return [
        _finding(table, row, "skipped_level", f"missing={upper}")
        for row, (code, upper) in enumerate(zip(codes, direct, strict=True))
        if upper and len(code) in complete and upper not in row_of_code
        and (parents[row] < 0 or codes[parents[row]] in codes_above(code))
    ]  # fmt: skip


def _by_geometry(table: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return for every unit the smallest larger one that holds most of its area."""
    shapes = table.geometry.to_numpy()
    parents = np.full(len(shapes), -1, np.int64)
    filled = np.flatnonzero(~is_blank_shape(shapes))
    size = np.zeros(len(shapes))
    size[filled] = shapely.area(shapes[filled])
    tree = shapely.STRtree(shapes[filled])
    inner, outer = tree.query(shapes[filled], predicate="intersects")
    inner, outer = filled[inner], filled[outer]
    larger = size[outer] > size[inner]
    inner, outer = inner[larger], outer[larger]
    share = shapely.area(shapely.intersection(shapes[inner], shapes[outer])) / size[inner]
    mostly = share > MOSTLY
    # Largest first, so that the smallest is written last.
    for child, parent in sorted(zip(inner[mostly], outer[mostly], strict=True), key=lambda pair: -size[pair[1]]):
        parents[child] = parent
    return parents

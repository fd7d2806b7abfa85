"""Administrative units as a tree: city 市, district 区, subdistrict or town 街道/镇, community 社区.

Whoever belongs to a unit belongs to all units above it, so the tree decides every sum of a higher level. Nothing is
guessed silently: what contradicts itself becomes a finding, and the unit stays, as one with nothing above it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd  # noqa: TC002 - UnitTree is a NamedTuple; its field types are looked up at run time
import numpy as np
import pandas as pd
import shapely

from walkshed.errors import Message
from walkshed.inputs.shapes import is_blank_shape
from walkshed.inputs.unit_codes import (
    LEVELS,
    code_level,
    codes_above,
    level_of_name,
    level_of_word,
    plain_code,
)
from walkshed.inputs.unit_parents import find_parents, imply_units
from walkshed.inputs.values import texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INSIDE_MIN: Final = 0.9
"""Smallest share of a unit's area that lies in its parent's; outlines of different sources differ by some percent."""
SEPARATOR: Final = "/"


class UnitTree(NamedTuple):
    """Units and what is odd about them.

    Attributes
    ----------
    table
        The units in their order, then implied ones, with ``parent_id`` (``""`` for the uppermost), ``level`` (one of
        :data:`walkshed.inputs.unit_codes.LEVELS`, or what the file says, or ``""``), ``path`` (ids from the uppermost
        down to the unit, joined by ``/``), ``depth`` (0 for the uppermost) and ``implied`` (the unit stands in no row;
        the rows below name it).
    findings
        ``unit_id``, ``name``, ``finding`` (key of the catalogue's section ``findings``) and ``detail``.
    """

    table: gpd.GeoDataFrame
    findings: pd.DataFrame

    def messages(self) -> list[Message]:
        """Return the findings as texts."""
        return [
            Message(
                f"findings.{row['finding']}", {"unit_id": row["unit_id"], "name": row["name"], "detail": row["detail"]}
            )
            for row in self.findings.to_dict("records")
        ]


def unit_tree(units: gpd.GeoDataFrame, *, inside_min: float = INSIDE_MIN) -> UnitTree:
    """Bring units into a tree and check it.

    Parameters
    ----------
    units
        From :func:`walkshed.inputs.units.read_units`, EPSG:4326. A unit's parent is the one its ``parent_id`` names
        (by id, by code or by a name that one unit has); where that is blank, the nearest one whose statistical code is
        the beginning of its own; else the one that its columns ``in_town``, ``in_district`` or ``in_city`` name, which
        is added (``implied``) where no row stands for it; and where nothing of that is given in the whole table, the
        smallest larger unit that holds most of its area.
    inside_min
        A unit of which less than this share of area lies in its parent's is a finding.

    Returns
    -------
    UnitTree
        Findings: ``double_id`` (a later row of an id that stands already; it is left out), ``orphan`` (the parent that
        is named is no unit), ``ambiguous_parent`` (several units have the name), ``skipped_level`` (the direct parent
        by code is missing while others of its kind are there), ``cycle`` (the unit lies above itself), ``level_order``
        (the parent is of no higher level), ``outside_parent`` and ``implied``. The units of ``orphan``,
        ``ambiguous_parent`` and ``cycle`` become uppermost ones.

    Examples
    --------
    >>> names = {"unit_id": ["500106017", "500106017003"], "name": ["西永街道", "香蕉园社区"]}
    >>> units = gpd.GeoDataFrame(names, geometry=[None, None], crs=4326)
    >>> unit_tree(units).table[["unit_id", "parent_id", "level", "depth"]].values.tolist()
    [['500106017', '', 'town', 0], ['500106017003', '500106017', 'community', 1]]
    """
    ids = texts_of(units["unit_id"]) if len(units) else []
    first = ~pd.Series(ids, dtype=str).duplicated().to_numpy()
    names = texts_of(units["name"]) if "name" in units else [""] * len(ids)
    findings = [
        (ids[row], names[row], "double_id", f"first={names[ids.index(ids[row])]}") for row in np.flatnonzero(~first)
    ]
    table = units[first].reset_index(drop=True).assign(implied=False)
    table["unit_id"] = pd.Series([ids[row] for row in np.flatnonzero(first)], dtype=object)
    table, told = imply_units(table)
    findings += told
    parents, told = find_parents(table)
    findings += told
    parents, told = _break_cycles(table, parents)
    findings += told
    keys = table["unit_id"].tolist()
    table["parent_id"] = [keys[row] if row >= 0 else "" for row in parents]
    chains = [_chain(parents, row) for row in range(len(table))]
    table["path"] = [SEPARATOR.join(keys[at] for at in reversed(chain)) for chain in chains]
    table["depth"] = np.array([len(chain) - 1 for chain in chains], np.int64)
    table["level"] = _levels(table, parents)
    findings += _level_order(table, parents)
    findings += _outside(table, parents, inside_min)
    columns = ["unit_id", "name", "finding", "detail"]
    return UnitTree(table, pd.DataFrame(findings, columns=columns, dtype=str))


def ancestors(tree: pd.DataFrame, unit_id: str) -> list[str]:
    """Return the ids above a unit, its parent first.

    Parameters
    ----------
    tree
        Table of :func:`unit_tree`.
    unit_id
        One of its units.

    Raises
    ------
    KeyError
        If there is no such unit.
    """
    parent = dict(zip(tree["unit_id"], tree["parent_id"], strict=True))
    above: list[str] = []
    at = parent[unit_id]
    while at:
        above.append(at)
        at = parent[at]
    return above


def children_of(tree: pd.DataFrame, unit_id: str = "") -> list[str]:
    """Return the ids right below a unit in the order of the table; those of the uppermost units for ``""``."""
    return [str(key) for key in tree.loc[tree["parent_id"] == unit_id, "unit_id"]]


def descendants(tree: pd.DataFrame, unit_id: str) -> list[str]:
    """Return the ids of all units below a unit in the order of the table."""
    parent = dict(zip(tree["unit_id"], tree["parent_id"], strict=True))

    def lies_below(key: str) -> bool:
        while key and key != unit_id:
            key = parent.get(key, "")
        return key == unit_id

    return [str(key) for key in tree["unit_id"] if key != unit_id and lies_below(str(key))]


def _chain(parents: NDArray[np.int64], row: int) -> list[int]:
    chain = [row]
    while parents[chain[-1]] >= 0:
        chain.append(int(parents[chain[-1]]))
    return chain


def _break_cycles(
    table: pd.DataFrame, parents: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[tuple[str, str, str, str]]]:
    """Make every unit that lies above itself an uppermost one."""
    circles: list[list[int]] = []
    state = np.zeros(len(parents), np.int8)  # 0 unseen, 1 on the way up, 2 done
    for start in range(len(parents)):
        way: list[int] = []
        at = start
        while at >= 0 and state[at] == 0:
            state[at] = 1
            way.append(at)
            at = int(parents[at])
        if at >= 0 and state[at] == 1:
            circles.append(way[way.index(at) :])
        state[way] = 2
    free = parents.copy()
    ids, names = table["unit_id"].tolist(), table["name"].tolist()
    told = []
    for circle in circles:
        free[circle] = -1
        text = " > ".join(ids[row] for row in (*circle, circle[0]))
        told += [(ids[row], names[row], "cycle", text) for row in circle]
    return free, told


def _levels(table: pd.DataFrame, parents: NDArray[np.int64]) -> list[str]:
    """Return every unit's level: as the file says it, else by code, else by name, else one below its parent's."""
    given = texts_of(table["level"]) if "level" in table.columns else [""] * len(table)
    codes = [plain_code(key) for key in table["unit_id"]]
    levels = [
        level_of_word(word) or word or code_level(code) or level_of_name(name)
        for word, code, name in zip(given, codes, table["name"], strict=True)
    ]
    for row in np.argsort(table["depth"].to_numpy(), kind="stable").tolist():
        above = levels[parents[row]] if parents[row] >= 0 else ""
        if not levels[row] and above in LEVELS[:-1]:
            levels[row] = LEVELS[LEVELS.index(above) + 1]
    return levels


def _level_order(table: pd.DataFrame, parents: NDArray[np.int64]) -> list[tuple[str, str, str, str]]:
    ids, names, levels = table["unit_id"].tolist(), table["name"].tolist(), table["level"].tolist()
    told = []
    for row, parent in enumerate(parents.tolist()):
        # By code alone a municipality and the "districts of the city" below it are both of the level of cities.
        by_code = plain_code(ids[row]) and plain_code(ids[parent]) in codes_above(plain_code(ids[row]))
        if parent < 0 or by_code or levels[row] not in LEVELS or levels[parent] not in LEVELS:
            continue
        if LEVELS.index(levels[parent]) >= LEVELS.index(levels[row]):
            detail = f"level={levels[row]}; parent={names[parent]}; parent_level={levels[parent]}"
            told.append((ids[row], names[row], "level_order", detail))
    return told


def _outside(table: gpd.GeoDataFrame, parents: NDArray[np.int64], inside_min: float) -> list[tuple[str, str, str, str]]:
    shapes = table.geometry.to_numpy()
    rows = np.flatnonzero((parents >= 0) & ~is_blank_shape(shapes))
    rows = rows[~is_blank_shape(shapes[parents[rows]])]
    # Shares of area within one unit's extent hold in degrees as well.
    share = shapely.area(shapely.intersection(shapes[rows], shapes[parents[rows]])) / shapely.area(shapes[rows])
    ids, names = table["unit_id"].tolist(), table["name"].tolist()
    return [
        (ids[row], names[row], "outside_parent", f"parent={names[parents[row]]}; inside={part:.1%}")
        for row, part in zip(rows.tolist(), share.tolist(), strict=True)
        if part < inside_min
    ]


def level_counts(tree: pd.DataFrame) -> dict[str, int]:
    """Return how many units every level has, from above; levels we have no name for last."""
    counts = Counter(tree["level"].tolist())
    known: Sequence[str] = [*LEVELS, *sorted(level for level in counts if level not in LEVELS)]
    return {level: counts[level] for level in known if counts[level]}

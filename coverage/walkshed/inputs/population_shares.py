"""How one total per unit is shared out among the homes of a tree of units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from walkshed.inputs.unit_tree import unit_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

EVEN = 1e-9
"""A rest that is less than this share of the total is rounding and not people."""


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Which unit each home is in, and which unit each unit is in.

    Attributes
    ----------
    unit : (N,) int64
        Row of the lowest unit around every home, U where there is none.
    parent : (U,) int64
        Row of the unit above every unit, -1 for the highest.
    order : (U,) int64
        Units, those above before those below.
    """

    unit: LongArray
    parent: LongArray
    order: LongArray

    @classmethod
    def of(cls, homes: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> Hierarchy:
        """Return the hierarchy of homes whose ``unit_id`` is assigned."""
        row = {unit: number for number, unit in enumerate(units["unit_id"])}
        unit = np.array([row.get(name, len(units)) for name in homes["unit_id"]], np.int64)
        parent = parents_of(units)
        depth = np.zeros(len(units), np.int64)
        above = parent.copy()
        while (above >= 0).any():
            depth += above >= 0
            above = np.where(above >= 0, parent[above], -1)
        return cls(unit, parent, np.argsort(depth, kind="stable"))


@dataclass(frozen=True, eq=False)
class Shares:
    """What came of one total per unit.

    Attributes
    ----------
    people : (N,) float64
        Of every home, 0 without a total.
    carrier : (N,) int64
        Row of the unit whose total the home has a part of, -1 without.
    left : (U,) float64
        Of every unit's own total: what no home got; negative where the units below say more.
    given : (U,) float64
        What the unit's own homes got: those that no lower total takes.
    before : (U,) float64
        Sum of these homes' weights.
    homes : (U,) int64
        Number of these homes.
    """

    people: FloatArray
    carrier: LongArray
    left: FloatArray
    given: FloatArray
    before: FloatArray
    homes: LongArray

    def reasons(self, hierarchy: Hierarchy, totals: FloatArray) -> NDArray[np.object_]:
        """Return for every unit why it did not come out even, blank where it did."""
        known = ~np.isnan(totals)
        count = len(totals)
        reasons = np.full(count, "", object)
        below = np.zeros(count, bool)  # a unit below has a total
        inside = np.bincount(hierarchy.unit, minlength=count + 1)[:count]  # homes, those of the units below included
        for unit in hierarchy.order[::-1]:
            above = hierarchy.parent[unit]
            if above >= 0:
                below[above] |= below[unit] | known[unit]
                inside[above] += inside[unit]
        uneven = known & (np.abs(self.left) > EVEN * np.nan_to_num(totals))
        reasons[uneven & (self.homes > 0)] = "no_weight"
        reasons[uneven & (self.homes == 0)] = "no_homes"
        reasons[uneven & (self.homes == 0) & (inside > 0)] = "no_homes_outside_parts"
        reasons[uneven & (self.left < 0)] = "parts_exceed"
        bare = np.bincount(hierarchy.unit[self.carrier < 0], minlength=count + 1)[:count] > 0
        covered = carriers(hierarchy, known) >= 0
        reasons[~covered & (bare | ~below & ~_has_children(hierarchy))] = "no_total"
        return reasons


def share_out(hierarchy: Hierarchy, totals: FloatArray, choices: Sequence[FloatArray]) -> Shares:
    """Share one total per unit out among homes.

    Parameters
    ----------
    hierarchy
        N homes, U units.
    totals : (U,) float64
        NaN where unknown.
    choices : sequence of (N,) float64
        Weights; in every unit the first of them that is not 0 all over counts.
    """
    known = ~np.isnan(totals)
    carrier_of = carriers(hierarchy, known)
    carrier = np.append(carrier_of, -1)[hierarchy.unit]
    rest = np.where(known, totals, 0.0)
    for unit in np.flatnonzero(known):
        above = hierarchy.parent[unit]
        upper = carrier_of[above] if above >= 0 else -1
        if upper >= 0:
            rest[upper] -= totals[unit]
    # Differences of many decimals leave specks behind, of either sign.
    rest[np.abs(rest) <= EVEN * np.nan_to_num(totals)] = 0.0
    count = len(totals)
    own = carrier >= 0
    homes = np.bincount(carrier[own], minlength=count)
    weights, before = np.zeros(len(carrier)), np.zeros(count)
    for choice in choices:
        sums = np.bincount(carrier[own], weights=choice[own], minlength=count)
        new = (before == 0) & (sums > 0)
        before[new] = sums[new]
        taken = own & new[carrier]
        weights[taken] = choice[taken]
    given = np.where((before > 0) & (rest > 0), rest, 0.0)
    people = np.zeros(len(carrier))
    # The weight's share first: it is at most 1, whatever the unit of the weight.
    people[own] = weights[own] / np.where(before > 0, before, 1.0)[carrier[own]] * given[carrier[own]]
    return Shares(people, carrier, rest - given, given, before, homes)


def carriers(hierarchy: Hierarchy, known: BoolArray) -> LongArray:
    """Return for every unit the lowest unit from itself upwards that is known, -1 where there is none."""
    result = np.where(known, np.arange(len(known)), -1)
    for unit in hierarchy.order:
        above = hierarchy.parent[unit]
        if result[unit] < 0 and above >= 0:
            result[unit] = result[above]
    return result


def parents_of(units: gpd.GeoDataFrame) -> LongArray:
    """Return the row of the nearest unit of the table above every unit, -1 for the highest.

    What lies above what is told by :func:`walkshed.inputs.unit_tree.unit_tree`.
    """
    tree = unit_tree(units).table
    above = dict(zip(tree["unit_id"], tree["parent_id"], strict=True))
    row = {unit: number for number, unit in enumerate(units["unit_id"])}
    parent = np.full(len(units), -1, np.int64)
    for unit, number in row.items():
        upper = above[unit]
        while upper and upper not in row:  # one that rows name but that has none itself
            upper = above[upper]
        parent[number] = row.get(upper, -1)
    return parent


def _has_children(hierarchy: Hierarchy) -> BoolArray:
    children = np.zeros(len(hierarchy.parent), bool)
    children[hierarchy.parent[hierarchy.parent >= 0]] = True
    return children

"""Two sources of residents for the same area, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.errors import InputError
from walkshed.inputs.population_shares import Hierarchy
from walkshed.inputs.population_words import PREFIX
from walkshed.inputs.units import assign_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

COMPARE_COLUMNS = ("part", "unit_id", "name", "level", "group", "first", "second", "difference", "ratio")


def compare_totals(
    first: gpd.GeoDataFrame, second: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, groups: Sequence[str] = ()
) -> pd.DataFrame:
    """Tell how the residents of two demand tables of one area differ by unit.

    Parameters
    ----------
    first, second
        Demand tables, EPSG:4326, for example one of compounds and one of a population raster.
    units
        Units, EPSG:4326; rows belong to them as :func:`walkshed.inputs.units.assign_units` says, and to those above.
    groups
        Groups to compare besides; each must be known in both tables.

    Returns
    -------
    pandas.DataFrame
        ``part`` (``"all"``, ``"unit"``, or ``"outside"`` for what lies in no unit), ``unit_id``, ``name``, ``level``,
        ``group`` (blank: all residents), ``first``, ``second``, ``difference`` (second - first) and ``ratio``
        (second / first, NaN where the first is 0). For every group first the whole area, then the units in their
        order, each with all the units below it, then what lies outside, where there is anybody.

    Raises
    ------
    InputError
        If a group is missing in one of the tables.
    """
    columns = {group: PREFIX + group if group else "population" for group in ("", *groups)}
    missing = sorted({group for group, name in columns.items() if name not in first or name not in second})
    if missing:
        raise InputError("compare_group_missing", groups=", ".join(missing))
    hierarchies = [Hierarchy.of(assign_units(table, units), units) for table in (first, second)]
    frames = []
    for group, name in columns.items():
        sums = [
            _sums(one, table[name].to_numpy(float)) for one, table in zip(hierarchies, (first, second), strict=True)
        ]
        frame = pd.DataFrame(
            {
                "part": ["all", *["unit"] * len(units), "outside"],
                "unit_id": ["", *units["unit_id"], ""],
                "name": ["", *units["name"], ""],
                "level": ["", *(units["level"] if "level" in units else [""] * len(units)), ""],
                "group": group,
                "first": sums[0],
                "second": sums[1],
            }
        )
        frames.append(frame[(frame["part"] != "outside") | (frame["first"] > 0) | (frame["second"] > 0)])
    joined = pd.concat(frames, ignore_index=True)
    joined["difference"] = joined["second"] - joined["first"]
    joined["ratio"] = joined["second"] / joined["first"].where(joined["first"] > 0)
    return joined[list(COMPARE_COLUMNS)].astype(dict.fromkeys(("part", "unit_id", "name", "level", "group"), "str"))


def _sums(hierarchy: Hierarchy, people: FloatArray) -> FloatArray:
    """Return the people of the whole area, of every unit with those below it, and of no unit."""
    count = len(hierarchy.parent)
    sums = np.bincount(hierarchy.unit, weights=people, minlength=count + 1)
    outside, sums = sums[count], sums[:count].copy()
    for unit in hierarchy.order[::-1]:
        above = hierarchy.parent[unit]
        if above >= 0:
            sums[above] += sums[unit]
    return np.concatenate([[people.sum()], sums, [outside]])

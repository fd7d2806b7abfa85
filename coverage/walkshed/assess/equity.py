"""How evenly the walk to a facility is shared out: Gini and Palma of minutes, and the groups side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.groups import EVERYBODY, group_column, groups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

TOP, BOTTOM = 0.1, 0.4
"""Palma's shares: the tenth with the longest walks against the four tenths with the shortest."""


def measure_equity(measured: pd.DataFrame) -> pd.DataFrame:
    """Tell how minutes are shared out over everybody and over every group.

    Parameters
    ----------
    measured
        From :func:`walkshed.assess.coverage.measure_coverage`, with any ``population_<group>`` columns.

    Returns
    -------
    pandas.DataFrame
        ``group`` (``""`` everybody), ``population``, ``covered_rate``, ``reached_rate`` (share who reach any facility
        at all; only they have minutes), ``mean_min``, ``median_min``, ``p90_min``, ``gini`` and ``palma``: NaN where
        nobody lives.

    Raises
    ------
    InputError
        If the table was not measured.
    """
    require_columns(measured, "measured demand", ("minutes", "covered", "population"), step="measure_coverage()")
    minutes = measured["minutes"].to_numpy(np.float64)
    covered = measured["covered"].to_numpy(bool)
    rows = []
    for group in (EVERYBODY, *groups_of(measured)):
        people = np.nan_to_num(measured[group_column(group)].to_numpy(np.float64))
        total = float(people.sum())
        known = ~np.isnan(minutes) & (people > 0)
        walk, weight = minutes[known], people[known]
        rows.append(
            {
                "group": group,
                "population": total,
                "covered_rate": _ratio(float(people[covered].sum()), total),
                "reached_rate": _ratio(float(weight.sum()), total),
                "mean_min": _ratio(float(walk @ weight), float(weight.sum())),
                "median_min": weighted_quantile(walk, weight, 0.5),
                "p90_min": weighted_quantile(walk, weight, 0.9),
                "gini": gini(walk, weight),
                "palma": palma(walk, weight),
            }
        )
    return pd.DataFrame(rows)


def gini(values: FloatArray, weights: FloatArray) -> float:
    """Return the Gini coefficient of weighted values: 0 when all are equal, towards 1 when one has everything.

    Parameters
    ----------
    values
        Not negative.
    weights
        People per value, positive.

    Returns
    -------
    float
        Twice the area between the Lorenz curve and the diagonal; NaN without anybody, 0 where all values are 0.

    Examples
    --------
    >>> round(gini(np.array([1.0, 3.0]), np.array([1.0, 1.0])), 3)
    0.25
    """
    if not weights.sum() > 0:
        return float("nan")
    people, owned = _lorenz(values, weights)
    if owned[-1] == 0:
        return 0.0
    area = float(np.sum(np.diff(people) * (owned[1:] + owned[:-1]) / 2.0)) / float(people[-1] * owned[-1])
    return max(1.0 - 2.0 * area, 0.0)


def palma(values: FloatArray, weights: FloatArray) -> float:
    """Return the minutes of the tenth who walk longest over those of the four tenths who walk shortest.

    Parameters
    ----------
    values, weights
        As for :func:`gini`. A row that lies on the border of a tenth is divided.

    Returns
    -------
    float
        0.25 when all walk alike; NaN without anybody, ``inf`` where the shortest walks take no time.
    """
    if not weights.sum() > 0:
        return float("nan")
    people, owned = _lorenz(values, weights)
    shares = np.interp([BOTTOM, 1.0 - TOP], people / people[-1], owned)
    low, high = float(shares[0]), float(owned[-1] - shares[1])
    return high / low if low > 0 else float("inf") if high > 0 else float("nan")


def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """Return the least value within which at least ``share`` of the people lie, NaN without anybody."""
    if not weights.sum() > 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = min(int(np.searchsorted(reached, share * reached[-1])), len(order) - 1)
    return float(values[order][at])


def _lorenz(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return people and what they have, both added up from the smallest value on, starting at 0."""
    order = np.argsort(values, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(weights[order])])
    return people, np.concatenate([[0.0], np.cumsum((values * weights)[order])])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")

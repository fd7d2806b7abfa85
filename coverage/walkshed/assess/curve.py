"""How coverage grows with the minutes one is ready to walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.groups import EVERYBODY, group_column, groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTES = tuple(float(minute) for minute in range(31))


def coverage_curve(measured: pd.DataFrame, *, minutes: Sequence[float] = MINUTES) -> pd.DataFrame:
    """Count who has a facility within 0, 1, 2 ... minutes.

    Parameters
    ----------
    measured
        From :func:`walkshed.assess.coverage.measure_coverage`: its minutes are not cut off, so that one search gives
        the whole curve.
    minutes
        Where to read the curve, in any order.

    Returns
    -------
    pandas.DataFrame
        ``group`` (``""`` everybody, then every ``population_<group>`` of the table), ``minutes`` ascending, ``served``
        (residents with a facility within so many minutes), ``denominator`` (all residents) and ``rate`` (NaN where
        nobody lives).

    Raises
    ------
    InputError
        If the table was not measured.
    """
    require_columns(measured, "measured demand", ("minutes", "population"), step="measure_coverage()")
    walk = np.nan_to_num(measured["minutes"].to_numpy(np.float64), nan=np.inf)
    order = np.argsort(walk, kind="stable")
    at = np.array(sorted({float(minute) for minute in minutes}))
    upto = np.searchsorted(walk[order], at, side="right")
    parts = []
    for group in (EVERYBODY, *groups_of(measured)):
        people = np.nan_to_num(measured[group_column(group)].to_numpy(np.float64))
        served = np.concatenate([[0.0], np.cumsum(people[order])])[upto]
        total = float(people.sum())
        rate = served / total if total > 0 else np.full(len(at), np.nan)
        parts.append(
            pd.DataFrame({"group": group, "minutes": at, "served": served, "denominator": total, "rate": rate})
        )
    return pd.concat(parts, ignore_index=True)

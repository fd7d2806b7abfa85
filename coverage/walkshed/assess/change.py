"""What changes for residents between two assessments of the same tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from walkshed.errors import InputError

WHOLE = "*"
KEYS = ("basis", "unit_id", "unit_name", "profile", "cutoff_min", "quantity")


class Change(NamedTuple):
    """Who gains and who loses.

    Attributes
    ----------
    gained, lost
        Residents who are served only after, and only before.
    nearer, farther
        Residents whose nearest facility comes nearer, or goes farther away, by more than a second.
    person_minutes
        Minutes of all residents together by which the walk to the nearest facility is shorter after (negative: longer),
        of those who reach one both times.
    """

    gained: float
    lost: float
    nearer: float
    farther: float
    person_minutes: float


def compare_demand(before: pd.DataFrame, after: pd.DataFrame) -> Change:
    """Tell who gains and who loses.

    Parameters
    ----------
    before, after
        From :func:`walkshed.assess.coverage.measure_coverage`, the same rows in the same order.

    Raises
    ------
    InputError
        If the rows are not the same.
    """
    if list(before["demand_id"]) != list(after["demand_id"]):
        raise InputError("change_other_rows", before=len(before), after=len(after))
    people = after["population"].to_numpy(np.float64)
    was, now = (table["covered"].to_numpy(bool) for table in (before, after))
    old, new = (np.nan_to_num(table["minutes"].to_numpy(np.float64), nan=np.inf) for table in (before, after))
    second = 1.0 / 60.0
    both = np.isfinite(old) & np.isfinite(new)
    return Change(
        gained=float(people[now & ~was].sum()),
        lost=float(people[was & ~now].sum()),
        nearer=float(people[new < old - second].sum()),
        farther=float(people[new > old + second].sum()),
        person_minutes=float(people[both] @ (old[both] - new[both])),
    )


def compare_rates(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Set rates side by side.

    Parameters
    ----------
    before, after
        From :func:`walkshed.assess.rates.coverage_rates`.

    Returns
    -------
    pandas.DataFrame
        In the order of ``after``: basis, unit, profile, cutoff and quantity, ``denominator``, ``numerator_before``,
        ``numerator_after``, ``rate_before``, ``rate_after`` and ``change`` (shares; NaN where a rate is unknown).
    """
    keys = list(KEYS)
    old = before[[*keys, "numerator", "rate"]].rename(columns={"numerator": "numerator_before", "rate": "rate_before"})
    new = after[[*keys, "denominator", "numerator", "rate"]].rename(
        columns={"numerator": "numerator_after", "rate": "rate_after"}
    )
    both = new.merge(old, on=keys, how="left", validate="one_to_one")
    both["change"] = both["rate_after"] - both["rate_before"]
    return both[[*keys, "denominator", "numerator_before", "numerator_after", "rate_before", "rate_after", "change"]]


def change_by_unit(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Count who gained, lost and kept a facility within reach, unit by unit; the tables may be of different periods.

    Parameters
    ----------
    before, after
        Measured demand; rows are told by ``demand_id``, residents and units are those of ``after``, of rows that are
        gone those of ``before``.

    Returns
    -------
    pandas.DataFrame
        One row per ``unit_id`` of either table (``""`` outside every unit), then ``"*"`` for the whole: ``gained``,
        ``lost``, ``still_served``, ``still_unserved``, ``arrived`` and ``gone`` (residents of rows that only one
        table has), and of these who are served: ``arrived_served``, ``gone_served``. What is served after is
        ``gained + still_served + arrived_served``.
    """
    columns = ["demand_id", "unit_id", "population", "covered"]
    both = before[columns].merge(after[columns], on="demand_id", how="outer", suffixes=("_old", "_new"), indicator=True)
    kept, fresh, gone = (both["_merge"] == side for side in ("both", "right_only", "left_only"))
    was, now = (both[f"covered_{age}"].fillna(value=False).astype(bool) for age in ("old", "new"))
    people = both["population_new"].where(~gone, both["population_old"]).fillna(0.0)
    unit = both["unit_id_new"].where(~gone, both["unit_id_old"]).fillna("").astype(str)
    classes = {
        "gained": kept & now & ~was,
        "lost": kept & was & ~now,
        "still_served": kept & was & now,
        "still_unserved": kept & ~was & ~now,
        "arrived": fresh,
        "arrived_served": fresh & now,
        "gone": gone,
        "gone_served": gone & was,
    }
    table = pd.DataFrame({name: people.where(chosen, 0.0) for name, chosen in classes.items()})
    by_unit = table.groupby(unit.rename("unit_id"), sort=True).sum().reset_index()
    return pd.concat([by_unit, pd.DataFrame([{"unit_id": WHOLE, **table.sum().to_dict()}])], ignore_index=True)

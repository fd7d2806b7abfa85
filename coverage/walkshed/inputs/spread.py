"""Totals of administrative units spread over homes, and homes scaled to such totals, without losing anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd  # noqa: TC002 - the field types of a NamedTuple are looked up at run time
import numpy as np
import pandas as pd

from walkshed.errors import InputError, Message
from walkshed.inputs.population_shares import Hierarchy, Shares, share_out
from walkshed.inputs.population_words import PREFIX
from walkshed.inputs.units import assign_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

UNPLACED_COLUMNS = ("unit_id", "name", "level", "group", "reason", "people", "homes", "estimate")
FACTOR_COLUMNS = ("unit_id", "name", "level", "group", "homes", "before", "after", "factor")
OUTSIDE = ("keep", "none")


class Spread(NamedTuple):
    """Homes with the people of unit totals.

    Attributes
    ----------
    table
        The homes in their order with ``unit_id``, ``population``, ``population_<group>``, ``total_of`` (id of the unit
        whose total the residents are a part of, blank for an estimate) and ``estimate`` (residents as they were).
    unplaced
        One row for everything that did not come out even: ``unit_id``, ``name``, ``level``, ``group`` (blank: all
        residents), ``reason`` (key of the catalogue's section ``unplaced``), ``people`` (of the unit's total that
        nobody got; negative where its sub-units say more than the unit itself), ``homes`` (concerned) and ``estimate``
        (people that stand in the table without a total behind them).
    factors
        By what the homes of each total were multiplied: ``unit_id``, ``name``, ``level``, ``group``, ``homes``,
        ``before`` (sum of the weights), ``after`` (people) and ``factor``.
    """

    table: gpd.GeoDataFrame
    unplaced: pd.DataFrame
    factors: pd.DataFrame

    def notes(self) -> tuple[Message, ...]:
        """Return in words what was placed and what was not, of all residents."""
        carried = self.table[self.table["total_of"] != ""]
        fields = {"people": round(float(carried["population"].sum())), "homes": len(carried)}
        notes = [Message("notes.spread_placed", fields | {"units": carried["total_of"].nunique()})]
        uneven = self.unplaced[self.unplaced["group"] == ""]
        for key, rows, sign in (
            ("spread_unplaced", uneven[uneven["people"] > 0], 1.0),
            ("spread_parts_exceed", uneven[uneven["people"] < 0], -1.0),
        ):
            if len(rows):
                names = ", ".join(rows["name"].where(rows["name"] != "", rows["unit_id"]))
                notes.append(Message(f"notes.{key}", {"people": round(sign * rows["people"].sum()), "names": names}))
        bare = self.table[self.table["total_of"] == ""]
        if len(bare):
            fields = {"people": round(float(bare["population"].sum())), "homes": len(bare)}
            notes.append(Message("notes.spread_estimate", fields))
        return tuple(notes)


def spread_totals(
    homes: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    weight: str = "floor_m2",
    groups: Sequence[str] = (),
    outside: str = "keep",
) -> Spread:
    """Spread unit totals over homes in proportion to a weight.

    Parameters
    ----------
    homes
        Demand table, EPSG:4326. A home belongs to the unit that its ``unit_id`` names, else to the smallest unit around
        its representative point (:func:`walkshed.inputs.units.assign_units`), so that one on a border is in one unit.
    units
        Units with ``population`` and ``population_<group>`` (NaN: unknown), EPSG:4326 or without geometry. What lies in
        what is told by :func:`walkshed.inputs.unit_tree.unit_tree`.
    weight
        Column of ``homes`` that people are proportional to: ``"floor_m2"``, ``"area_m2"``, ``"population"`` (an
        estimate), or another one.
    groups
        Groups to spread besides; each by its own totals, also where the residents' total is unknown.
    outside
        Homes without any total around them ``"keep"`` their estimate (the default: they are lived in, and a place
        without residents would drop out of every rate) or get ``"none"``.

    Returns
    -------
    Spread
        Every home gets ``total x weight / sum of weights`` of the lowest unit above it that has a total. What such a
        unit's sub-units do not take of its total goes to its homes outside them. Sums hold per unit: people of a unit
        in the table + ``people`` unplaced = its total. Nothing is rounded.

        The people of a group are spread in proportion to the residents just found, so that one share holds all over
        the unit; where these are none, in proportion to the weight.

    Raises
    ------
    InputError
        If ``homes`` lacks the weight or has a weight that is no number from 0 up, if ``outside`` is unknown, or no unit
        has a total for the residents or any of the groups.

    Notes
    -----
    Dasymetric mapping by a limiting variable (Wright 1936), the limits nested.
    """
    weights = home_weights(homes, weight)
    return _spread(homes, units, dict.fromkeys(("", *groups), weights), outside=outside, own_first=False)


def scale_to_units(
    demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, groups: Sequence[str] = (), outside: str = "keep"
) -> Spread:
    """Scale residents to unit totals: the same factor all over a unit.

    Parameters
    ----------
    demand
        Demand table with residents from elsewhere, a population raster for instance, EPSG:4326.
    units, groups, outside
        As for :func:`spread_totals`.

    Returns
    -------
    Spread
        As from :func:`spread_totals` with the residents as weight; ``factors`` tells by what each unit's were
        multiplied. A group that ``demand`` knows is scaled from its own people where the unit has any of it.

    Raises
    ------
    InputError
        As :func:`spread_totals`.
    """
    weights = {"": home_weights(demand, "population")}
    for group in groups:
        weights[group] = home_weights(demand, PREFIX + group) if PREFIX + group in demand else weights[""]
    return _spread(demand, units, weights, outside=outside, own_first=True)


def _spread(
    homes: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    weights: dict[str, FloatArray],
    *,
    outside: str,
    own_first: bool,
) -> Spread:
    if outside not in OUTSIDE:
        raise InputError("spread_outside", value=outside, known=", ".join(OUTSIDE))
    groups = list(weights)
    totals = {group: _totals(units, group) for group in groups}
    if all(np.isnan(total).all() for total in totals.values()):
        raise InputError("spread_no_totals", groups=", ".join(group or "population" for group in groups))
    table = assign_units(homes, units).assign(estimate=homes["population"].astype(float))
    hierarchy = Hierarchy.of(table, units)
    unplaced: list[pd.DataFrame] = []
    factors: list[pd.DataFrame] = []
    residents = np.empty(0)
    for group in groups:
        column = PREFIX + group if group else "population"
        before = homes[column].to_numpy(float) if column in homes else np.zeros(len(homes))
        choices = [weights[group]]
        if group:
            choices = [weights[group], residents] if own_first and column in homes else [residents, weights[group]]
        shares = share_out(hierarchy, totals[group], choices)
        people = np.where(shares.carrier >= 0, shares.people, before if outside == "keep" else 0.0)
        table[column] = people
        if not group:
            residents = people
            ids = np.append(units["unit_id"].to_numpy(object), "")
            table["total_of"] = pd.Series(ids[shares.carrier], index=table.index).astype("str")
        unplaced.append(_unplaced(shares, hierarchy, totals[group], units, group, people))
        factors.append(_factors(shares, units, group))
    named = _with_names(pd.concat(unplaced, ignore_index=True), units, UNPLACED_COLUMNS)
    return Spread(table, named, _with_names(pd.concat(factors, ignore_index=True), units, FACTOR_COLUMNS))


def home_weights(homes: gpd.GeoDataFrame, column: str) -> FloatArray:
    """Return a column of weights, (N,) float64, all of them finite and from 0 up.

    Raises
    ------
    InputError
        If there is no such column, or a weight is none.
    """
    if column not in homes:
        raise InputError("spread_no_weight", column=column, seen=", ".join(map(str, homes.columns)))
    weights: FloatArray = pd.to_numeric(homes[column], errors="coerce").to_numpy(float)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(
            "spread_bad_weight",
            column=column,
            count=int(wrong.sum()),
            row_id=homes["demand_id"].iloc[first],
            value=homes[column].iloc[first],
        )
    return weights


def _totals(units: gpd.GeoDataFrame, group: str) -> FloatArray:
    column = PREFIX + group if group else "population"
    return units[column].to_numpy(float) if column in units else np.full(len(units), np.nan)


def _unplaced(
    shares: Shares,
    hierarchy: Hierarchy,
    totals: FloatArray,
    units: gpd.GeoDataFrame,
    group: str,
    people: FloatArray,
) -> pd.DataFrame:
    """Return what did not come out even for one group, in the order of the units, homes outside all of them last."""
    bare = shares.carrier < 0
    if np.isnan(totals).all():
        bare = np.zeros(len(bare), bool)  # nothing is known of the group anywhere, which is one row and not one a unit
        reasons = np.full(len(units), "", object)
    else:
        reasons = shares.reasons(hierarchy, totals)
    homes = np.bincount(hierarchy.unit[bare], minlength=len(units) + 1)
    estimates = np.bincount(hierarchy.unit[bare], weights=people[bare], minlength=len(units) + 1)
    frame = pd.DataFrame(
        {
            "unit_id": [*units["unit_id"], ""],
            "group": group,
            "reason": [*reasons, "outside_units" if homes[-1] else ""],
            "people": [*np.where(np.isin(reasons, ("", "no_total")), 0.0, shares.left), 0.0],
            "homes": np.where([*np.isin(reasons, ("no_weight",)), False], [*shares.homes, 0], homes),
            "estimate": estimates,
        }
    )
    if np.isnan(totals).all():
        nowhere = {"unit_id": "", "group": group, "reason": "no_totals", "people": 0.0}
        frame = pd.DataFrame([nowhere | {"homes": len(people), "estimate": float(people.sum())}])
    return frame[frame["reason"] != ""]


def _factors(shares: Shares, units: gpd.GeoDataFrame, group: str) -> pd.DataFrame:
    carrying = np.flatnonzero(shares.before > 0)
    return pd.DataFrame(
        {
            "unit_id": units["unit_id"].to_numpy(object)[carrying],
            "group": group,
            "homes": shares.homes[carrying],
            "before": shares.before[carrying],
            "after": shares.given[carrying],
            "factor": shares.given[carrying] / shares.before[carrying],
        }
    )


def _with_names(frame: pd.DataFrame, units: gpd.GeoDataFrame, columns: Sequence[str]) -> pd.DataFrame:
    known = units.set_index("unit_id")
    for name in ("name", "level"):
        frame[name] = frame["unit_id"].map(known[name]).fillna("") if name in known else ""
    texts = dict.fromkeys(("unit_id", "name", "level", "group", *({"reason"} & set(columns))), "str")
    return frame[list(columns)].reset_index(drop=True).astype(texts)

"""The sides of a comparison: today, the scenario, the current plan, saved plans; and what changes between two of them.

Every side is measured at the same minutes for the same walker, so that nothing but the rooms (and the scenario's
streets) tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from walkshed.app import handmade, plans, state
from walkshed.app.side_rooms import by_hand, proposed, room_table
from walkshed.app.texts import language, say
from walkshed.assess.change import Change, compare_demand, compare_rates
from walkshed.assess.coverage import measure_coverage
from walkshed.assess.rates import coverage_rates
from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import InputError
from walkshed.reporting.keyfigures import BASES
from walkshed.siting.what_if_figures import people_of
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyResult

TODAY: Final = "today"
SCENARIO: Final = "scenario"
CURRENT: Final = "current"
SAVED: Final = "plan:"
"""Starts the key of a saved plan; its id follows."""
STILL_SERVED, STILL_UNSERVED, GAINED, LOST = 0, 1, 2, 3
"""Classes of homes."""
MAX_KEPT: Final = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes
    ----------
    key, label
        What it is.
    demand
        Residents, measured.
    rates
        At the minutes and for the walker of the comparison.
    rooms
        New rooms: ``facility_id``, ``name``, ``unit_id``, point (EPSG:4326).
    closed
        Ids of rooms that are closed.
    """

    key: str
    label: str
    demand: gpd.GeoDataFrame
    rates: pd.DataFrame
    rooms: gpd.GeoDataFrame
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """What changes from one side to the other.

    Attributes
    ----------
    before, after
        The sides.
    basis
        Of the headline, ``""`` where nothing can be measured.
    change
        Residents.
    total
        The headline's row of ``rates`` for the whole area; ``None`` where nothing can be measured.
    rates
        Rates of the whole area and of every unit side by side, every basis.
    units
        Of the headline's basis, by unit: ``unit_id``, ``unit_name``, ``rate_before``, ``rate_after``, ``change``,
        ``gained`` and ``lost`` (residents, those of the units below included).
    classes
        One of :data:`STILL_SERVED`, :data:`STILL_UNSERVED`, :data:`GAINED`, :data:`LOST` by row of the residents.
    """

    before: Side
    after: Side
    basis: str
    change: Change
    total: pd.Series | None
    rates: pd.DataFrame
    units: pd.DataFrame
    classes: NDArray[np.uint8]

    def residents(self, code: int) -> float:
        """Return the residents of one class."""
        return float(self.after.demand["population"].to_numpy(float)[self.classes == code].sum())


def offered_sides(config: StudyConfig, *, scenario: bool) -> dict[str, str]:
    """Return what can be compared: key -> what readers call it.

    Parameters
    ----------
    config
        The study.
    scenario
        Whether it has one.
    """
    offered = {TODAY: say("side_before_scenario" if scenario else "side_today")}
    if scenario:
        offered[SCENARIO] = say("side_scenario")
    offered[CURRENT] = say("side_current")
    return offered | {f"{SAVED}{plan.plan_id}": say("side_saved", name=plan.name) for plan in plans.list_plans(config)}


def side_of(config: StudyConfig, result: StudyResult, key: str, *, progress: Progress) -> Side:
    """Return one side, kept in the session as long as neither the result nor the plan is another; see build_side."""
    plan = plans.find_plan(config, key.removeprefix(SAVED))
    known: dict[str, tuple[StudyResult, Side]] = st.session_state.setdefault("compare_sides", {})
    by_hand = handmade.for_keeping(result) if key == CURRENT else None
    name = f"{key}/{language()}/{id(result)}/{plan!r}/{by_hand!r}"
    if name not in known or known[name][0] is not result:
        side = build_side(config, result, key, progress=progress)
        while len(known) >= MAX_KEPT:
            known.pop(next(iter(known)))
        known[name] = (result, side)
    return known[name][1]


def build_side(config: StudyConfig, result: StudyResult, key: str, *, progress: Progress) -> Side:
    """Return one side.

    Parameters
    ----------
    config
        The study as its file says.
    result
        Of the session's choices.
    key
        Of :func:`offered_sides`.
    progress
        Called while a saved plan is computed.

    Raises
    ------
    InputError
        If there is no such plan any more.
    WalkshedError
        If it cannot be computed.
    """
    label = offered_sides(config, scenario=result.before is not None).get(key)
    if label is None:
        raise InputError("plan_gone")
    if key == TODAY:
        was = result.before or result
        return _as_told(result, key, label, was.demand, was.rates)
    if key == SCENARIO:
        return _as_told(result, key, label, result.demand, result.rates)
    if key == CURRENT:
        placed = handmade.for_keeping(result)
        rooms = proposed(result, result) if placed is None else by_hand(result, placed)
        return _with_rooms(result, key, label, rooms, result.siting.closed)
    plan = plans.find_plan(config, key.removeprefix(SAVED))
    if plan is None:
        raise InputError("plan_gone")
    if plan.by_hand:
        return _with_rooms(result, key, label, by_hand(result, plan.rooms), plan.closed)
    answered = state.result_of(config, plans.plan_variant(config, plan), progress=progress)
    return _with_rooms(result, key, label, proposed(answered, result), answered.siting.closed)


def compare_sides(result: StudyResult, before: Side, after: Side) -> Comparison:
    """Tell what changes from one side to the other.

    Raises
    ------
    InputError
        If the sides are not about the same residents.
    """
    was, now = (side.demand["covered"].to_numpy(bool) for side in (before, after))
    classes = np.select([was & now, ~was & ~now, now], [STILL_SERVED, STILL_UNSERVED, GAINED], LOST).astype(np.uint8)
    both = compare_rates(before.rates, after.rates)
    whole = both[(both["unit_id"] == "") & (both["denominator"] > 0)]
    basis = next((name for name in BASES if (whole["basis"] == name).any()), "")
    total = whole[whole["basis"] == basis].iloc[0] if basis else None
    change = compare_demand(before.demand, after.demand)
    return Comparison(
        before=before,
        after=after,
        basis=basis,
        change=change,
        total=total,
        rates=both,
        units=_by_unit(result, both[(both["unit_id"] != "") & (both["basis"] == basis)], after.demand, classes),
        classes=classes,
    )


def _as_told(result: StudyResult, key: str, label: str, demand: gpd.GeoDataFrame, rates: pd.DataFrame) -> Side:
    """Return a side whose rates the study tells already."""
    walking = result.config.walking
    shown = rates[(rates["profile"] == walking.profile) & (rates["cutoff_min"] == walking.cutoff_min)]
    return Side(key=key, label=label, demand=demand, rates=shown, rooms=room_table([], [], [], []))


def _with_rooms(result: StudyResult, key: str, label: str, rooms: gpd.GeoDataFrame, closed: Sequence[str]) -> Side:
    """Return the study with new rooms beside its own, less those that are closed."""
    walking, inputs = result.config.walking, result.inputs
    serving = serving_of(result.config, result.facilities)
    kept = serving[~serving["facility_id"].astype(str).isin(closed)]
    every = pd.concat([kept, rooms.assign(status=(*result.config.facilities.serving, "open")[0])], ignore_index=True)
    every = gpd.GeoDataFrame(every, geometry="geometry", crs=EXCHANGE_CRS)
    demand = measure_coverage(
        result.network, every, result.demand, cutoff_min=walking.cutoff_min, direction=walking.direction
    )
    rates = coverage_rates(
        demand,
        units=inputs.units,
        facilities=every,
        profile=walking.profile,
        cutoff_min=walking.cutoff_min,
        denominators=inputs.denominators,
    )
    return Side(key=key, label=label, demand=demand, rates=rates, rooms=rooms, closed=tuple(closed))


def _by_unit(
    result: StudyResult, rates: pd.DataFrame, demand: gpd.GeoDataFrame, classes: NDArray[np.uint8]
) -> pd.DataFrame:
    """Return rates side by side with the residents who gain and lose, those of the units below included."""
    people = people_of(demand, result.inputs.units)
    residents = demand["population"].to_numpy(float)
    columns = ["unit_id", "unit_name", "rate_before", "rate_after", "change"]
    table = rates[columns].sort_values("change", ascending=False, kind="stable").reset_index(drop=True)
    for name, code in (("gained", GAINED), ("lost", LOST)):
        counted = np.bincount(
            people.unit, np.where(classes == code, residents, 0.0)[people.row], minlength=len(people.unit_ids)
        )
        table[name] = table["unit_id"].map(dict(zip(people.unit_ids, counted, strict=True))).fillna(0.0)
    return table

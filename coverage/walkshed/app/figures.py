"""Picks what the pages show out of a study's result. Nothing is measured here, only selected and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.app.texts import language, say
from walkshed.reporting.keyfigures import BASES
from walkshed.reporting.norm_sheets import hour_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from walkshed.results import Survey


def rates_by_profile(result: Survey, basis: str) -> dict[str, float]:
    """Return profile -> rate of the whole area at the headline cutoff, where there is anything to count."""
    rates = result.rates
    chosen = (rates.unit_id == "") & (rates.cutoff_min == result.config.walking.cutoff_min)
    rows = rates[chosen & (rates.basis == basis) & (rates.denominator > 0)]
    return dict(zip(rows.profile.astype(str), rows.rate.astype(float), strict=True))


def rates_by_cutoff(result: Survey, basis: str) -> dict[float, float]:
    """Return cutoff -> rate of the whole area for the headline profile, shortest cutoff first."""
    rates = result.rates
    chosen = (rates.unit_id == "") & (rates.profile == result.config.walking.profile)
    rows = rates[chosen & (rates.basis == basis) & (rates.denominator > 0)].sort_values("cutoff_min")
    return dict(zip(rows.cutoff_min.astype(float), rows.rate.astype(float), strict=True))


def unserved_people(result: Survey) -> float:
    """Return the residents who reach no serving facility within the headline cutoff."""
    return float(result.demand.population[~result.demand.covered].sum())


def unserved_by_reason(result: Survey) -> pd.DataFrame:
    """Return residents and residential areas per reason of not being served, most residents first.

    Returns
    -------
    DataFrame
        reason, residents, areas.
    """
    left_out = result.demand[~result.demand.covered]
    counts: pd.DataFrame = left_out.groupby("reason").agg(residents=("population", "sum"), areas=("population", "size"))
    return counts.sort_values("residents", ascending=False).reset_index()


def residents_rate(result: Survey) -> float:
    """Return the share of residents who reach a serving facility within the headline cutoff; NaN without residents."""
    total = float(result.demand.population.sum())
    return 1 - unserved_people(result) / total if total else float("nan")


def minutes_reached_by(result: Survey, share: float) -> float:
    """Return the minutes within which ``share`` of all residents reach a serving facility; NaN when fewer ever do.

    Who reaches none counts as farther than everybody else.
    """
    demand = result.demand
    order = demand.assign(minutes=demand.minutes.fillna(np.inf)).sort_values("minutes")
    total = order.population.sum()
    if not total > 0:
        return float("nan")
    position = int(np.searchsorted(order.population.cumsum().to_numpy(), share * total - 1e-9))
    value = float(order.minutes.iloc[min(position, len(order) - 1)])
    return value if np.isfinite(value) else float("nan")


def curve(result: Survey, *, longest_min: float, step_min: float = 1.0) -> pd.DataFrame:
    """Return the share of residents who reach a serving facility within every minute.

    Returns
    -------
    DataFrame
        minutes, share.
    """
    demand = result.demand
    grid = np.arange(0.0, longest_min + step_min / 2, step_min)
    minutes = demand.minutes.fillna(np.inf).to_numpy()
    total = float(demand.population.sum())
    reached = [float(demand.population[minutes <= limit].sum()) for limit in grid]
    return pd.DataFrame({"minutes": grid, "share": np.divide(reached, total) if total else np.nan})


def unit_rates(result: Survey, basis: str) -> pd.DataFrame:
    """Return the rates by unit at the headline cutoff and profile, lowest rate first; empty without units."""
    walking = result.config.walking
    rates = result.rates
    chosen = (rates.unit_id != "") & (rates.basis == basis)
    chosen &= (rates.cutoff_min == walking.cutoff_min) & (rates.profile == walking.profile)
    return rates[chosen].sort_values("rate", kind="stable").reset_index(drop=True)


def unit_bounds(result: Survey, unit_ids: Sequence[str]) -> list[tuple[float, float, float, float] | None]:
    """Return west, south, east, north of units in degrees; ``None`` for one whose area is unknown."""
    units = result.inputs.units
    west_to_north = units.geometry.bounds.to_numpy(float)
    known = dict(zip(units["unit_id"].astype(str), west_to_north, strict=True))
    found = [known.get(unit) for unit in unit_ids]
    return [
        None if row is None or np.isnan(row).any() else (float(row[0]), float(row[1]), float(row[2]), float(row[3]))
        for row in found
    ]


def area_rates(result: Survey, profiles: Sequence[str]) -> pd.DataFrame:
    """Return every rate of the whole area, one row per basis, profile and cutoff, in reading order."""
    rates = result.rates[(result.rates.unit_id == "") & (result.rates.denominator > 0)]
    order = {name: position for position, name in enumerate(BASES)}
    keys = pd.DataFrame(
        {
            "basis": rates.basis.map(order).fillna(len(order)),
            "profile": rates.profile.map({name: position for position, name in enumerate(profiles)}),
            "cutoff": rates.cutoff_min,
        }
    )
    return rates.loc[keys.sort_values(["basis", "profile", "cutoff"], kind="stable").index].reset_index(drop=True)


def told_hour(result: Survey, hour: int) -> str:
    """Return which hour of the week a reading is about and how many rooms are open then, ``""`` for any hour."""
    hourly = result.norms.hourly
    if hour < 0 or hourly is None:
        return ""
    every = result.inputs.facilities["status"].isin(result.config.facilities.serving).sum()
    opened = int(hourly.set_index("hour")["open_facilities"].get(hour, 0))
    return say("hour_told", hour=hour_name(hour, language()), open=opened, all=int(every))


def serving_count(result: Survey) -> tuple[int, int]:
    """Return how many facilities serve residents today, and how many there are in all."""
    serving = result.facilities[result.facilities.status.isin(result.config.facilities.serving)]
    return int(serving.snapped.sum()), len(result.facilities)

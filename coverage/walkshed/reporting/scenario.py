"""A scenario before and after, as facts and as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from walkshed.assess.change import compare_demand, compare_rates
from walkshed.catalogue import text
from walkshed.reporting.keyfigures import BASES

if TYPE_CHECKING:
    from walkshed.results import StudyResult
    from walkshed.walkers import Profile


def scenario_rates(result: StudyResult) -> pd.DataFrame:
    """Return every rate before and after the scenario; no rows where the study has none."""
    before = result.rates if result.before is None else result.before.rates
    rates = compare_rates(before, result.rates)
    return rates if result.before is not None else rates.iloc[:0]


def scenario_facts(result: StudyResult) -> dict[str, Any] | None:
    """Return what a scenario changes, for the summary; ``None`` where the study has none."""
    if result.before is None:
        return None
    scenario = result.config.scenario
    return {
        "name": {"en": scenario.name_en, "zh": scenario.name_zh},
        "edits": list(scenario.edits),
        "change": compare_demand(result.before.demand, result.demand)._asdict(),
        "rates": scenario_rates(result).to_dict("records"),
    }


def scenario_lines(result: StudyResult, language: str) -> list[str]:
    """Return a scenario's main figures as lines of text; none where the study has none."""
    if result.before is None:
        return []
    scenario = result.config.scenario
    name = scenario.name_zh if language == "zh" else scenario.name_en
    change = compare_demand(result.before.demand, result.demand)
    rates = scenario_rates(result)
    whole = rates[(rates.unit_id == "") & (rates.cutoff_min == result.config.walking.cutoff_min)]
    told = whole[(whole.profile == result.config.walking.profile) & whole.rate_after.notna()]
    order = {basis: place for place, basis in enumerate(BASES)}
    head = told.sort_values("basis", key=lambda bases: bases.map(order).fillna(len(order)), kind="stable").head(1)
    lines = [
        text(
            "headline.scenario",
            language,
            name=name or text("headline.scenario_unnamed", language),
            before=row.rate_before,
            after=row.rate_after,
            basis=text(f"figures.basis_{row.basis}", language),
        )
        for row in head.itertuples()
    ]
    return [*lines, text("headline.scenario_people", language, **change._asdict())]


def rules_text(rules: Profile, language: str) -> str:
    """Return in words how a profile walks beyond its speed."""
    parts = [text("figures.rules_slopes" if rules.slopes else "figures.rules_flat", language)]
    if rules.stairs:
        told = {"up": rules.stairs_up_factor, "down": rules.stairs_down_factor}
        parts.append(text("figures.rules_stairs", language, **told))
    else:
        parts.append(text("figures.rules_no_stairs", language))
    if rules.max_gradient_percent < 100:  # noqa: PLR2004 - the largest there is: no street is closed for it
        parts.append(text("figures.rules_gradient", language, percent=rules.max_gradient_percent))
    if rules.crossing_delay_s or rules.signal_delay_s:
        told = {"crossing": rules.crossing_delay_s, "signal": rules.signal_delay_s}
        parts.append(text("figures.rules_delays", language, **told))
    return text("figures.rules_separator", language).join(parts)


def moved_rows(result: StudyResult) -> pd.DataFrame:
    """Return the places that were moved off a loose piece of street: ``layer``, ``row_id``, ``name``, ``access_m``."""
    parts = []
    for layer, table, key in (("facilities", result.facilities, "facility_id"), ("demand", result.demand, "demand_id")):
        moved = table[table["moved"].astype(bool)]
        names = moved["name"] if "name" in moved.columns else ""
        parts.append(
            pd.DataFrame({"row_id": moved[key], "name": names, "access_m": moved["access_m"]}).assign(layer=layer)
        )
    return pd.concat(parts, ignore_index=True)[["layer", "row_id", "name", "access_m"]]

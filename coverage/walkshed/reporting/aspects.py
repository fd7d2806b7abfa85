"""One study seen from different sides: as it is, its gaps, its plan, one unit, before and after.

An aspect is a result of its own, so that every map and table can show it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.assess.units import texts
from walkshed.reporting.served import newly_served
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from walkshed.results import StudyResult

ASPECTS: Final = ("plan", "now", "gaps", "proposals")
"""What a map sheet can show: everything, coverage now, gaps, the proposals."""


def aspect_of(result: StudyResult, aspect: str, language: str) -> StudyResult:
    """Return a result that holds what one sheet shows, its title saying so.

    Parameters
    ----------
    result
        The study's result.
    aspect
        One of :data:`ASPECTS`.
    language
        Of the title.
    """
    if aspect == "plan":
        return result
    seen = result
    if aspect in {"now", "gaps"}:
        seen = replace(seen, proposals=seen.proposals.iloc[:0])
    if aspect in {"now", "proposals"}:
        seen = replace(seen, gaps=seen.gaps.iloc[:0])
    if aspect == "gaps":
        walking, shapes = seen.config.walking, seen.isochrones
        seen = replace(seen, isochrones=shapes[shapes["cutoff_min"] == walking.cutoff_min])
    return _titled(seen, say(f"aspect_{aspect}", language, minutes=result.config.walking.cutoff_min))


def before_of(result: StudyResult, language: str) -> StudyResult:
    """Return the study before its scenario; without one, before its proposals."""
    if result.before is None:
        return aspect_of(result, "now", language)
    was = result.before
    seen = replace(
        result,
        **{
            name: getattr(was, name)
            for name in (
                "network", "facilities", "demand", "isochrones", "rates", "gaps", "gap_ids", "disagreement",
            )
        },
        proposals=result.proposals.iloc[:0],
    )  # fmt: skip
    return _titled(seen, say("aspect_before", language))


def after_of(result: StudyResult, language: str) -> StudyResult:
    """Return the study after its scenario, without the proposals; without a scenario, with them."""
    if result.before is None:
        return aspect_of(result, "proposals", language)
    return _titled(replace(result, proposals=result.proposals.iloc[:0]), say("aspect_after", language))


def unit_of(result: StudyResult, unit_id: str) -> StudyResult:
    """Return what concerns one unit and the units below it.

    Its area becomes the boundary, its rates those of the whole area; residents, gaps and proposals are its own, rooms
    and isochrones stay, since people walk across borders.

    Parameters
    ----------
    result
        The study's result.
    unit_id
        A unit with an area.
    """
    inside = _below(result, unit_id)
    units = result.inputs.units
    own = units[units["unit_id"].astype(str) == unit_id]
    name = texts(own, "name")[0] or unit_id
    rates = result.rates
    keep = np.array([key in inside for key in texts(result.demand, "unit_id")], bool)
    lower = units[units["unit_id"].astype(str).isin(inside - {unit_id})]
    inputs = replace(result.inputs, boundary=own[["geometry"]].reset_index(drop=True), units=lower)
    demand = result.demand[keep]
    gained = float(demand["population"].to_numpy(float)[newly_served(result)[keep]].sum())
    total = float(demand["population"].sum())
    served = float(demand["population"][demand["covered"].astype(bool)].sum())
    # Whoever the whole plan newly serves here counts, also by rooms across the border; the bound is the whole plan's.
    after = (served + gained) / total if total else float("nan")
    sites = result.proposals[result.proposals["unit_id"].astype(str).isin(inside)]
    seen = replace(
        result,
        inputs=inputs,
        demand=demand,
        gap_ids=result.gap_ids[keep],
        rates=rates[rates["unit_id"].astype(str) == unit_id].assign(unit_id=""),
        gaps=result.gaps[result.gaps["unit_id"].astype(str).isin(inside)],
        proposals=sites.assign(cumulative_rate=after),
        siting=replace(result.siting, objective=gained, bound=float("nan")),
        measures=replace(result.measures, range=result.measures.range.iloc[:0]),
    )
    return _titled(seen, name)


def drawable_units(result: StudyResult) -> tuple[str, ...]:
    """Return the ids of the units that have an area, in order: the sheets of an atlas."""
    units = result.inputs.units
    shown = ~(units.geometry.is_empty | units.geometry.isna())
    return tuple(texts(units[shown], "unit_id"))


def _below(result: StudyResult, unit_id: str) -> set[str]:
    """Return a unit and all units below it."""
    parents = dict(zip(texts(result.inputs.units, "unit_id"), texts(result.inputs.units, "parent_id"), strict=True))
    inside = {unit_id}
    while True:
        more = {key for key, parent in parents.items() if parent in inside} - inside
        if not more:
            return inside
        inside |= more


def _titled(result: StudyResult, part: str) -> StudyResult:
    about = result.config.study
    titled = replace(
        about,
        title_zh=say("title_with_part", "zh", title=about.title_zh, part=part),
        title_en=say("title_with_part", "en", title=about.title_en, part=part),
    )
    return replace(result, config=replace(result.config, study=titled))

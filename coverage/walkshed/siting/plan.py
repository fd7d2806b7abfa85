"""The proposals of a siting answer, in the order in which to build them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.units import texts
from walkshed.errors import SitingError
from walkshed.siting.order import build_order

if TYPE_CHECKING:
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.solve import SitingAnswer

COLUMNS: Final = (
    "rank", "candidate_id", "place", "place_kind", "newly_served", "cumulative_served", "cumulative_rate", "unit_id",
    "geometry",
)  # fmt: skip


def make_proposals(
    problem: SitingProblem, answer: SitingAnswer, candidates: gpd.GeoDataFrame, measured: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Tell which rooms to build, in which order, and what each adds.

    Parameters
    ----------
    problem, answer
        The problem and what was chosen.
    candidates
        With ``candidate_id``, ``place`` and point geometry, EPSG:4326; ``unit_id`` and ``place_kind`` may be there.
    measured
        The measured demand that the problem was built from.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per room, in build order: every time the room that then serves most who are still unserved. ``rank``,
        ``candidate_id``, ``place``, ``place_kind`` (``"on"``, ``"near"`` or ``"at"`` it), ``newly_served`` (residents
        whom no room before it serves; they add up to ``answer.objective``), ``cumulative_served`` (residents served
        once it is built, those served today included), ``cumulative_rate`` (the same as share of all residents; NaN
        where nobody lives), ``unit_id`` (the candidate's own, else the unit in which most of the newly served live,
        else ``""``) and point geometry in the CRS of ``candidates``.

    Raises
    ------
    SitingError
        If a chosen candidate or a demand row of the problem is missing in the tables.
    InputError
        If a table lacks a column.
    """
    require_columns(candidates, "candidates", ("candidate_id", "place"), step="make_candidates()")
    require_columns(measured, "measured demand", ("demand_id",), step="measure_coverage()")
    site = {key: row for row, key in enumerate(texts(candidates, "candidate_id"))}
    home = dict(zip(texts(measured, "demand_id"), texts(measured, "unit_id"), strict=True))
    _check_known(problem, answer, site, home)

    position = {key: place for place, key in enumerate(problem.candidate_ids)}
    residents = problem.residents
    own_unit, kinds = texts(candidates, "unit_id"), texts(candidates, "place_kind")
    names = texts(candidates, "place")
    served = problem.served_today
    found: list[dict[str, object]] = []
    for rank, step in enumerate(build_order(problem, [position[key] for key in answer.chosen]), start=1):
        key = problem.candidate_ids[step.candidate]
        row = site[key]
        served += step.newly_served
        homes = pd.Series(problem.population[step.rows], index=[home[problem.demand_ids[place]] for place in step.rows])
        found.append(
            {
                "rank": rank,
                "candidate_id": key,
                "place": names[row],
                "place_kind": kinds[row] or "at",
                "newly_served": step.newly_served,
                "cumulative_served": served,
                "cumulative_rate": served / residents if residents else np.nan,
                "unit_id": own_unit[row] or _largest(homes),
                "geometry": candidates.geometry.iloc[row],
            }
        )
    numbers = dict.fromkeys(("newly_served", "cumulative_served", "cumulative_rate"), np.float64)
    frame = pd.DataFrame(found, columns=list(COLUMNS)).astype({"rank": np.int64, **numbers})
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=candidates.crs)


def _largest(homes: pd.Series[float]) -> str:
    """Return the unit with most of these residents; of equals the first by the alphabet."""
    return "" if homes.empty else str(homes.groupby(level=0).sum().idxmax())


def _check_known(problem: SitingProblem, answer: SitingAnswer, site: dict[str, int], home: dict[str, str]) -> None:
    """Refuse tables that are not those of the problem."""
    missing = [key for key in answer.chosen if key not in site or key not in problem.candidate_ids]
    if missing:
        raise SitingError("tables_differ", table="candidates", count=len(missing), first=missing[0])
    missing = [key for key in problem.demand_ids if key not in home]
    if missing:
        raise SitingError("tables_differ", table="measured demand", count=len(missing), first=missing[0])

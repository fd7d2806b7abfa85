"""The proposals of a siting answer, in the order in which to build them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from walkshed.assess.coverage import require_columns
from walkshed.assess.units import texts
from walkshed.errors import SitingError
from walkshed.siting.marginal import plan_steps, residents_of, served_only_by, standing_after

if TYPE_CHECKING:
    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.marginal import Step
    from walkshed.siting.problem import SitingProblem

COLUMNS: Final = (
    "rank", "candidate_id", "place", "place_kind", "near_place", "near_m", "newly_served", "kept_served",
    "cumulative_served", "cumulative_rate", "served_only_here", "walk_min", "minutes_saved", "cost", "unit_id",
    "geometry",
)  # fmt: skip
NUMBERS: Final = (
    "near_m", "newly_served", "kept_served", "cumulative_served", "cumulative_rate", "served_only_here", "walk_min",
    "minutes_saved", "cost",
)  # fmt: skip
GROUP_PREFIX: Final = "newly_served_"


def make_proposals(
    problem: SitingProblem, answer: SitingAnswer, candidates: gpd.GeoDataFrame, measured: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Tell which rooms to build, in which order, and what each adds.

    Parameters
    ----------
    problem, answer
        The problem and what was chosen, by whatever model.
    candidates
        With ``candidate_id``, ``place`` and point geometry, EPSG:4326; ``unit_id``, ``place_kind``, ``near_place``,
        ``near_m`` and ``cost`` may be there.
    measured
        The measured demand that the problem was built from.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per room, in the answer's order, in which they are to be built:

        - ``rank``, ``candidate_id``, ``place``, ``place_kind`` (``"on"``, ``"near"`` or ``"at"`` it), ``near_place``
          and ``near_m`` (what is nearest by, ``""`` and NaN where unknown);
        - ``newly_served``: residents, not served today, whom no room before it serves; ``newly_served_<group>`` for
          every group of the problem; ``kept_served``: residents whom a closing would leave unserved and whom it is the
          first to take over (0 without closings);
        - ``cumulative_served``: residents served once it is built, those served today included, those who lose their
          room by a closing taken off from the start; ``cumulative_rate``: the same as share of all residents (NaN where
          nobody lives);
        - ``served_only_here``: residents, not served by the rooms that stay, whom no other room of the plan serves;
          what would be missing if just this one were not built;
        - ``walk_min``: mean walk of those it is the first to serve (NaN without any); ``minutes_saved``: person-minutes
          by which it shortens walks, a walk beyond the problem's horizon counting as the horizon;
        - ``cost`` (the candidate's own; NaN unknown), ``unit_id`` (the candidate's own, else the unit in which most of
          the newly served live, else ``""``) and point geometry in the CRS of ``candidates``.

        For a plain maximal covering ``newly_served`` adds up to ``answer.objective``; for a p-median without closings
        ``minutes_saved`` adds up to what the objective saves against today.

    Raises
    ------
    SitingError
        If a chosen candidate or a demand row of the problem is missing in the tables, or a closed room is unknown.
    InputError
        If a table lacks a column.
    """
    require_columns(candidates, "candidates", ("candidate_id", "place"), step="make_candidates()")
    require_columns(measured, "measured demand", ("demand_id",), step="measure_coverage()")
    home = dict(zip(texts(measured, "demand_id"), texts(measured, "unit_id"), strict=True))
    check_tables(problem, answer, candidates, home)
    own = candidates.set_index(pd.Index(texts(candidates, "candidate_id")))[_own_columns(candidates)]
    chosen = own.loc[list(answer.chosen)]
    standing = standing_after(problem, answer.closed)
    steps = plan_steps(problem, answer)
    alone = served_only_by(problem, problem.positions_of(answer.chosen), standing)
    served = problem.served_today - residents_of(problem, np.flatnonzero(standing.lost))
    residents = problem.residents
    found: list[dict[str, object]] = []
    own_unit = texts(chosen, "unit_id")
    words = {name: texts(chosen, name) for name in ("place", "place_kind", "near_place")}
    for row, step in enumerate(steps):
        newly, kept = residents_of(problem, step.rows), residents_of(problem, step.kept)
        served += newly + kept
        found.append(
            {
                "rank": row + 1,
                "candidate_id": answer.chosen[row],
                **{name: column[row] for name, column in words.items()},
                "near_m": _number(chosen, "near_m", row),
                "newly_served": newly,
                **{GROUP_PREFIX + group: residents_of(problem, step.rows, group) for group in problem.groups},
                "kept_served": kept,
                "cumulative_served": served,
                "cumulative_rate": served / residents if residents else np.nan,
                "served_only_here": float(alone[row]),
                "walk_min": step.walk_min,
                "minutes_saved": step.minutes_saved,
                "cost": _number(chosen, "cost", row),
                "unit_id": own_unit[row] or _largest(problem, step, home),
            }
        )
    frame = pd.DataFrame(found, columns=proposal_columns(problem)[:-1])
    frame["place_kind"] = frame["place_kind"].replace("", "at")
    numbers = [*NUMBERS, *(GROUP_PREFIX + group for group in problem.groups)]
    frame = frame.astype({"rank": np.int64, **dict.fromkeys(numbers, np.float64)})
    return gpd.GeoDataFrame(frame, geometry=np.asarray(chosen.geometry.array), crs=candidates.crs)


def proposal_columns(problem: SitingProblem) -> list[str]:
    """Return the columns of :func:`make_proposals` in their order, those of the problem's groups among them."""
    behind = COLUMNS.index("newly_served") + 1
    return [*COLUMNS[:behind], *(GROUP_PREFIX + group for group in problem.groups), *COLUMNS[behind:]]


def _own_columns(candidates: gpd.GeoDataFrame) -> list[str]:
    wanted = ("place", "place_kind", "near_place", "near_m", "cost", "unit_id")
    return [*(name for name in wanted if name in candidates.columns), candidates.geometry.name]


def _number(table: pd.DataFrame, column: str, row: int) -> float:
    return float(table[column].iloc[row]) if column in table.columns else np.nan


def _largest(problem: SitingProblem, step: Step, home: dict[str, str]) -> str:
    """Return the unit where most of the newly served live; of equals the first by the alphabet."""
    rows = step.rows if len(step.rows) else step.kept
    homes = pd.Series(problem.population[rows], index=[home[problem.demand_ids[row]] for row in rows])
    return "" if homes.empty else str(homes.groupby(level=0).sum().idxmax())


def check_tables(
    problem: SitingProblem, answer: SitingAnswer, candidates: gpd.GeoDataFrame, home: dict[str, str]
) -> None:
    """Refuse tables that are not those of the problem; ``home`` has an entry per measured row.

    Raises
    ------
    SitingError
        If a chosen candidate or a demand row of the problem is missing in the tables.
    """
    listed, known = set(texts(candidates, "candidate_id")), set(problem.candidate_ids)
    missing = [key for key in answer.chosen if key not in listed or key not in known]
    if missing:
        raise SitingError("tables_differ", table="candidates", count=len(missing), first=missing[0])
    missing = [key for key in problem.demand_ids if key not in home]
    if missing:
        raise SitingError("tables_differ", table="measured demand", count=len(missing), first=missing[0])

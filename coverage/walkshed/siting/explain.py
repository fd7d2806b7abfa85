"""Why here: whom each room of a plan serves, where they live, which gap it closes, and what else could be built."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from walkshed.assess.units import ancestors, texts
from walkshed.errors import SitingError
from walkshed.siting.alternatives import find_alternatives
from walkshed.siting.marginal import plan_steps, residents_of
from walkshed.siting.plan import GROUP_PREFIX, make_proposals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.marginal import Step
    from walkshed.siting.problem import SitingProblem

    LongArray = NDArray[np.int64]

UNIT_COLUMNS: Final = ("rank", "candidate_id", "unit_id", "unit_name", "newly_served")
GAP_COLUMNS: Final = ("rank", "candidate_id", "gap_id", "newly_served", "gap_residents", "share", "closed_share")


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanations:
    """Why each room of a plan is proposed.

    Attributes
    ----------
    proposals
        As from :func:`walkshed.siting.plan.make_proposals`, and ``gap_id`` (the gap in which most of its newly served
        live, ``""`` none) and ``gap_share`` (of that gap's residents, the share it serves, 0..1; NaN without).
    by_unit
        ``rank``, ``candidate_id``, ``unit_id``, ``unit_name``, ``newly_served`` and ``newly_served_<group>``: where the
        newly served of each room live, most first. With units above others, rows of every level stand there, and only
        those of one level add up; who lives in no unit is under ``""``.
    by_gap
        ``rank``, ``candidate_id``, ``gap_id``, ``newly_served``, ``gap_residents``, ``share`` (of the gap's residents,
        by this room) and ``closed_share`` (by this room and those before it), most newly served first. Empty where no
        gaps are given.
    alternatives
        See :func:`walkshed.siting.alternatives.find_alternatives`.
    nearby_m
        How far an alternative is nearby, metres.
    """

    proposals: gpd.GeoDataFrame
    by_unit: pd.DataFrame
    by_gap: pd.DataFrame
    alternatives: pd.DataFrame
    nearby_m: float


def explain_proposals(  # noqa: PLR0913 - what was solved, the tables it came from, and what to tell it by
    problem: SitingProblem,
    answer: SitingAnswer,
    candidates: gpd.GeoDataFrame,
    measured: gpd.GeoDataFrame,
    *,
    gaps: gpd.GeoDataFrame | None = None,
    gap_ids: pd.Series[str] | None = None,
    units: pd.DataFrame | None = None,
    forbidden: Iterable[str] = (),
    nearby_m: float = 500.0,
) -> Explanations:
    """Tell for every room of an answer why it is proposed.

    Works for the answers of every model, with and without closings: what counts are residents within the cutoff.

    Parameters
    ----------
    problem, answer, candidates, measured
        As for :func:`walkshed.siting.plan.make_proposals`.
    gaps
        The study's gaps, from :func:`walkshed.assess.gaps.find_gaps` on ``measured``.
    gap_ids
        The gap of every row of ``measured``, from :func:`walkshed.assess.gaps.gap_of`; needed with ``gaps``.
    units
        With ``unit_id``, ``name`` and ``parent_id``, to tell the units above those of ``measured`` too.
    forbidden
        Candidate ids that are no alternative.
    nearby_m
        An alternative is nearby up to so many metres from the room, as the crow flies.

    Returns
    -------
    Explanations

    Raises
    ------
    SitingError
        If a table or the gaps do not belong to the problem, or ``nearby_m`` is no distance.
    InputError
        If a table lacks a column.
    """
    proposals = make_proposals(problem, answer, candidates, measured)
    steps = plan_steps(problem, answer)
    row = {key: place for place, key in enumerate(texts(measured, "demand_id"))}
    home = np.array([row[key] for key in problem.demand_ids], np.int64)
    by_gap = pd.DataFrame(columns=list(GAP_COLUMNS))
    if gaps is not None:
        by_gap = _by_gap(problem, steps, gaps, _gap_texts(gap_ids, measured)[home])
    largest = {row.rank: (row.gap_id, row.share) for row in by_gap.drop_duplicates("rank").itertuples()}
    in_gap = [largest.get(rank, ("", np.nan)) for rank in proposals["rank"].tolist()]
    return Explanations(
        proposals=proposals.assign(
            gap_id=np.array([gap for gap, _ in in_gap], object),
            gap_share=np.array([share for _, share in in_gap], np.float64),
        ),
        by_unit=_by_unit(problem, steps, np.array(texts(measured, "unit_id"), object)[home], units),
        by_gap=by_gap,
        alternatives=find_alternatives(problem, answer, candidates, forbidden=forbidden, nearby_m=nearby_m),
        nearby_m=nearby_m,
    )


def _gap_texts(gap_ids: pd.Series[str] | None, measured: pd.DataFrame) -> NDArray[np.object_]:
    if gap_ids is None or len(gap_ids) != len(measured):
        raise SitingError("gaps_differ", count=0 if gap_ids is None else len(gap_ids), rows=len(measured))
    return gap_ids.fillna("").to_numpy(dtype=object)


def _by_unit(
    problem: SitingProblem, steps: Sequence[Step], unit_of: NDArray[np.object_], units: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the newly served of every room by unit, units above included where they are known."""
    chains: Mapping[str, tuple[int, ...]] = {} if units is None else ancestors(units)
    ids = [] if units is None else texts(units, "unit_id")
    names = {} if units is None else dict(zip(ids, texts(units, "name"), strict=True))
    found: list[dict[str, object]] = []
    for rank, step in enumerate(steps, start=1):
        members: dict[str, list[int]] = defaultdict(list)
        for demand_row in step.rows.tolist():
            own = str(unit_of[demand_row])
            for unit in [ids[place] for place in chains.get(own, ())] or [own]:
                members[unit].append(demand_row)
        part = [_unit_row(problem, rank, step, unit, names.get(unit, ""), rows) for unit, rows in members.items()]
        found += sorted(part, key=lambda item: (-float(str(item["newly_served"])), str(item["unit_id"])))
    return pd.DataFrame(found, columns=[*UNIT_COLUMNS, *(GROUP_PREFIX + group for group in problem.groups)])


def _unit_row(
    problem: SitingProblem, rank: int, step: Step, unit: str, name: str, rows: list[int]
) -> dict[str, object]:
    members = np.array(rows, np.int64)
    return {
        "rank": rank,
        "candidate_id": problem.candidate_ids[step.candidate],
        "unit_id": unit,
        "unit_name": name,
        "newly_served": residents_of(problem, members),
        **{GROUP_PREFIX + group: residents_of(problem, members, group) for group in problem.groups},
    }


def _by_gap(
    problem: SitingProblem, steps: Sequence[Step], gaps: pd.DataFrame, gap_of_row: NDArray[np.object_]
) -> pd.DataFrame:
    """Return the newly served of every room by gap."""
    total = dict(zip(texts(gaps, "gap_id"), gaps["residents"].to_numpy(np.float64).tolist(), strict=True))
    done: dict[str, float] = defaultdict(float)
    found: list[dict[str, object]] = []
    for rank, step in enumerate(steps, start=1):
        served: dict[str, list[float]] = defaultdict(list)
        for demand_row in step.rows.tolist():
            served[str(gap_of_row[demand_row])].append(float(problem.population[demand_row]))
        unknown = sorted(set(served) - set(total))
        if unknown:
            raise SitingError("gaps_unknown", count=len(unknown), first=unknown[0] or "-")
        sums = {gap: fsum(people) for gap, people in served.items()}
        for gap in sorted(sums, key=lambda gap: (-sums[gap], gap)):
            done[gap] += sums[gap]
            found.append(
                {
                    "rank": rank,
                    "candidate_id": problem.candidate_ids[step.candidate],
                    "gap_id": gap,
                    "newly_served": sums[gap],
                    "gap_residents": total[gap],
                    "share": sums[gap] / total[gap] if total[gap] else np.nan,
                    "closed_share": min(done[gap] / total[gap], 1.0) if total[gap] else np.nan,
                }
            )
    return pd.DataFrame(found, columns=list(GAP_COLUMNS))

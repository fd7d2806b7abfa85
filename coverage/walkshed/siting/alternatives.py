"""If this site cannot be had: the next-best one nearby and the next-best one anywhere, and what is lost with them."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from walkshed.assess.units import texts
from walkshed.coordinates import metric_crs
from walkshed.errors import SitingError
from walkshed.siting.marginal import covers_of, standing_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

COLUMNS: Final = (
    "rank", "candidate_id", "scope", "alternative_id", "place", "place_kind", "near_place", "near_m", "distance_m",
    "serves", "loss", "loss_minutes",
)  # fmt: skip
SCOPES: Final = ("nearby", "overall")
SAME: Final = 1e-6
"""Residents, or person-minutes, that make no difference."""


class _Gains(NamedTuple):
    """What every candidate adds to the rest of a plan: residents, and person-minutes saved; (M,) each."""

    residents: FloatArray
    minutes: FloatArray


def find_alternatives(
    problem: SitingProblem,
    answer: SitingAnswer,
    candidates: gpd.GeoDataFrame,
    *,
    forbidden: Iterable[str] = (),
    nearby_m: float = 500.0,
) -> pd.DataFrame:
    """Find for every room of an answer what to build instead, all other rooms of the plan being kept.

    Parameters
    ----------
    problem, answer, candidates
        As for :func:`walkshed.siting.plan.make_proposals`.
    forbidden
        Candidate ids that are no alternative.
    nearby_m
        How far, as the crow flies, an alternative is nearby.

    Returns
    -------
    pandas.DataFrame
        At most two rows per room, in build order, ``scope`` ``"nearby"`` then ``"overall"`` (which may be the same
        site): ``rank``, ``candidate_id`` (the proposed one), ``alternative_id``, its ``place``, ``place_kind``,
        ``near_place`` and ``near_m``, ``distance_m`` between the two, ``serves`` (residents that only the alternative
        would serve, the rest of the plan given), ``loss`` (so many residents fewer than with the proposed room; below 0
        where the plan was not the best for residents, as by other models) and ``loss_minutes`` (person-minutes more,
        for a p-median, which chooses by them, else NaN; who reaches nothing counts with the longest walk there is). Of
        equally good ones the nearer, then the first. No row where nothing would add anything.

    Raises
    ------
    SitingError
        If ``nearby_m`` is no distance, or an id is unknown.
    """
    if not (isfinite(nearby_m) and nearby_m >= 0):
        raise SitingError("nearby_unusable", value=nearby_m)
    chosen = problem.positions_of(answer.chosen)
    allowed = np.ones(len(problem.candidate_ids), bool)
    allowed[chosen] = False
    allowed[problem.positions_of(forbidden)] = False
    place_m = _places_m(problem, candidates)
    words = _Words(problem, candidates)
    by_minutes = answer.model == "p_median"
    found: list[dict[str, object]] = []
    for rank, (site, gains) in enumerate(_gains_without_each(problem, answer, chosen, by_minutes=by_minutes), start=1):
        away = np.hypot(*(place_m - place_m[site]).T)
        gain = gains.minutes if by_minutes else gains.residents
        for scope, within in zip(SCOPES, (allowed & (away <= nearby_m), allowed), strict=True):
            other = _best(within & (gain > SAME), gain, away)
            if other is None:
                continue
            found.append(
                {
                    "rank": rank,
                    "candidate_id": problem.candidate_ids[site],
                    "scope": scope,
                    "alternative_id": problem.candidate_ids[other],
                    **words.of(other),
                    "distance_m": float(away[other]),
                    "serves": float(gains.residents[other]),
                    "loss": float(gains.residents[site] - gains.residents[other]),
                    "loss_minutes": float(gains.minutes[site] - gains.minutes[other]) if by_minutes else np.nan,
                }
            )
    numbers = ("near_m", "distance_m", "serves", "loss", "loss_minutes")
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"rank": np.int64, **dict.fromkeys(numbers, np.float64)})


def _best(rows: BoolArray, gain: FloatArray, away: FloatArray) -> int | None:
    """Return the candidate with most gain; of equals the nearest, then the first."""
    if not rows.any():
        return None
    equal = np.flatnonzero(rows & (gain >= gain[rows].max() - SAME))
    return int(equal[np.argmin(np.where(np.isnan(away[equal]), np.inf, away[equal]))])


def _gains_without_each(
    problem: SitingProblem, answer: SitingAnswer, chosen: LongArray, *, by_minutes: bool
) -> Iterator[tuple[int, _Gains]]:
    """Yield for every chosen candidate what each candidate would add to the plan without it."""
    standing = standing_after(problem, answer.closed)
    covers, times = covers_of(problem, standing), problem.minutes
    count = np.bincount(covers[chosen].indices, minlength=covers.shape[1])
    uncovered = _sums(covers, np.where(count == 0, problem.population, 0.0))
    by_row = csr_array(covers.T)
    nothing = np.zeros(len(problem.candidate_ids))
    longest = max(problem.cutoff_min, float(times.data.max(initial=0.0)))
    for site in chosen.tolist():
        own = covers.indices[covers.indptr[site] : covers.indptr[site + 1]]
        # Without it, nobody else of the plan serves these: what any candidate would serve of them comes on top.
        alone = own[count[own] == 1]
        sharers = by_row[alone]
        people = np.repeat(problem.population[alone], np.diff(sharers.indptr))
        residents = uncovered + np.bincount(sharers.indices, people, minlength=len(uncovered))
        minutes = nothing
        if by_minutes:
            walk = standing.walk_min.copy()
            for other in chosen[chosen != site].tolist():
                part = slice(times.indptr[other], times.indptr[other + 1])
                walk[times.indices[part]] = np.minimum(walk[times.indices[part]], times.data[part])
            walk[np.isinf(walk)] = longest
            saved = walk[times.indices] - times.data
            weighed = np.maximum(saved, 0.0) * problem.population[times.indices]
            minutes = _sums(csr_array((weighed, times.indices, times.indptr), shape=times.shape), None)
        yield site, _Gains(residents, minutes)


def _sums(matrix: csr_array, weight: FloatArray | None) -> FloatArray:
    """Return the sums of the rows of a matrix, each column weighed."""
    ones = np.ones(matrix.shape[1]) if weight is None else weight
    sums: FloatArray = np.asarray(matrix @ ones, np.float64)
    return sums


def _places_m(problem: SitingProblem, candidates: gpd.GeoDataFrame) -> FloatArray:
    """Return metric coordinates of the problem's candidates; NaN for those that are not in the table."""
    if len(problem.place_m):
        return problem.place_m
    found = np.full((len(problem.candidate_ids), 2), np.nan)
    if len(candidates):
        row = {key: place for place, key in enumerate(texts(candidates, "candidate_id"))}
        listed = [place for place, key in enumerate(problem.candidate_ids) if key in row]
        points = candidates.geometry.iloc[[row[problem.candidate_ids[place]] for place in listed]]
        metric = points.to_crs(metric_crs(points.to_crs(4326).union_all().envelope))
        found[listed] = np.column_stack([metric.x.to_numpy(), metric.y.to_numpy()])
    return found


class _Words:
    """What candidates are called."""

    def __init__(self, problem: SitingProblem, candidates: gpd.GeoDataFrame) -> None:
        self.ids = problem.candidate_ids
        self.row = {key: place for place, key in enumerate(texts(candidates, "candidate_id"))}
        self.texts = {name: texts(candidates, name) for name in ("place", "place_kind", "near_place")}
        self.near_m = candidates["near_m"].to_numpy(np.float64) if "near_m" in candidates.columns else None

    def of(self, candidate: int) -> dict[str, object]:
        """Return place, kind and what is nearest by; blank where the table does not have the candidate."""
        row = self.row.get(self.ids[candidate])
        if row is None:
            return {"place": self.ids[candidate], "place_kind": "at", "near_place": "", "near_m": np.nan}
        words: dict[str, object] = {name: column[row] for name, column in self.texts.items()}
        near_m = np.nan if self.near_m is None else float(self.near_m[row])
        return {**words, "place_kind": words["place_kind"] or "at", "near_m": near_m}

"""A siting problem: who is still unserved, and which candidate would serve whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array, vstack

from walkshed.assess.coverage import require_columns
from walkshed.assess.units import texts
from walkshed.errors import SitingError
from walkshed.progress import silent
from walkshed.reach.times import time_matrix

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork
    from walkshed.progress import Progress

    FloatArray = NDArray[np.float64]

STAGE: Final = "minutes"
CANDIDATES_PER_CALL: Final = 1024
"""Searches between two reports of progress: well below a second of work."""
MINUTES_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class SitingProblem:
    """Who is not served today, and which candidate would serve whom.

    M candidates, N demand rows. Rows that are served today are not among the N: existing rooms stay, so nothing can be
    won there. Build one with :func:`build_problem`, or directly from any table of travel times.

    Attributes
    ----------
    candidate_ids
        (M,) ids, unique.
    demand_ids
        (N,) ids of the demand rows not served today, unique.
    population : (N,) float64
        Residents of these rows.
    reach : csr_array (M, N)
        A stored entry says that the candidate serves the row; its value has no meaning (0 minutes are served, too).
    served_today
        Residents that existing rooms serve, people.

    Raises
    ------
    SitingError
        If sizes, ids or numbers contradict each other.
    """

    candidate_ids: tuple[str, ...]
    demand_ids: tuple[str, ...]
    population: FloatArray
    reach: csr_array
    served_today: float = 0.0

    def __post_init__(self) -> None:
        """Check everything, then own and freeze private copies of the arrays."""
        sites, rows = len(self.candidate_ids), len(self.demand_ids)
        population = np.array(self.population, np.float64)
        if self.reach.shape != (sites, rows) or population.shape != (rows,):
            raise SitingError(
                "problem_sizes", shape=self.reach.shape, candidates=sites, demand=rows, population=population.size
            )
        for table, ids in (("candidates", self.candidate_ids), ("demand", self.demand_ids)):
            repeated = [key for key, count in Counter(ids).items() if count > 1]
            if repeated:
                raise SitingError("ids_repeated", table=table, count=len(repeated), ids=", ".join(repeated[:5]))
        wrong = ~(np.isfinite(population) & (population >= 0))
        if wrong.any():
            first = self.demand_ids[int(np.flatnonzero(wrong)[0])]
            raise SitingError("population_unusable", count=int(wrong.sum()), first=first)
        if not (np.isfinite(self.served_today) and self.served_today >= 0):
            raise SitingError("served_unusable", value=self.served_today)
        pattern = _pattern(csr_array(self.reach))
        pattern.sum_duplicates()
        pattern.data[:] = 1
        for array in (population, pattern.data, pattern.indices, pattern.indptr):
            array.flags.writeable = False
        object.__setattr__(self, "population", population)
        object.__setattr__(self, "reach", pattern)

    @property
    def residents(self) -> float:
        """All residents of the study, served today or not."""
        return fsum([self.served_today, *self.population.tolist()])

    def rows_of(self, candidate: int) -> NDArray[np.int32]:
        """Return the demand rows that the candidate at this position would serve, ascending."""
        start, stop = self.reach.indptr[candidate], self.reach.indptr[candidate + 1]
        rows: NDArray[np.int32] = self.reach.indices[start:stop]
        return rows


def build_problem(
    network: WalkNetwork,
    candidates: gpd.GeoDataFrame,
    measured: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    progress: Progress = silent,
) -> SitingProblem:
    """Find out which candidate would serve whom.

    Parameters
    ----------
    network
        Walking network, at the speed of the profile that is planned for.
    candidates
        Snapped candidates with ``candidate_id``.
    measured
        Result of :func:`walkshed.assess.coverage.measure_coverage` on the same network, with the same ``cutoff_min``
        and ``direction``.
    cutoff_min
        Longest walk that counts as served, minutes.
    direction
        ``"to_facility"``: residents walk to the room; ``"from_facility"``: the other way.
    progress
        Called with stage ``"minutes"`` after every thousand candidates.

    Returns
    -------
    SitingProblem
        The candidates that are tied to a street, in order; the demand rows that are not covered today, in order,
        reachable or not.

    Raises
    ------
    SitingError
        If ``measured`` was measured with another cutoff, or ids or populations are unusable.
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table lacks the columns of the step before, or the cutoff or the direction is unusable.
    CancelledError
        If ``progress`` raises it.
    """
    require_columns(candidates, "candidates", ("candidate_id", "edge"), step="snap()")
    require_columns(
        measured, "measured demand", ("demand_id", "population", "covered", "minutes"), step="measure_coverage()"
    )
    covered = measured["covered"].to_numpy(bool)
    _check_same_cutoff(measured["minutes"].to_numpy(np.float64), covered, cutoff_min)
    open_rows, tied = measured[~covered], candidates[candidates["edge"] >= 0]
    blocks = [_pattern(csr_array((0, len(open_rows))))]
    for start in range(0, len(tied), CANDIDATES_PER_CALL):
        progress(STAGE, start, len(tied))
        sites = tied.iloc[start : start + CANDIDATES_PER_CALL]
        blocks.append(_pattern(time_matrix(network, sites, open_rows, cutoff_min=cutoff_min, direction=direction)))
    progress(STAGE, len(tied), len(tied))
    return SitingProblem(
        candidate_ids=tuple(texts(tied, "candidate_id")),
        demand_ids=tuple(texts(open_rows, "demand_id")),
        population=open_rows["population"].to_numpy(np.float64),
        reach=vstack(blocks, format="csr"),
        served_today=fsum(measured["population"].to_numpy(np.float64)[covered].tolist()),
    )


def _pattern(matrix: csr_array) -> csr_array:
    """Return which entries are stored, as ones: a stored 0 is an entry, too. Arrays of its own."""
    ones = np.ones(len(matrix.indices), np.int8)
    return csr_array((ones, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int64)), shape=matrix.shape)


def _check_same_cutoff(minutes: FloatArray, covered: NDArray[np.bool_], cutoff_min: float) -> None:
    """Refuse a table measured with another cutoff: people would be counted twice or left out."""
    wrong = (covered & (minutes > cutoff_min + MINUTES_TOLERANCE)) | (
        ~covered & (minutes <= cutoff_min - MINUTES_TOLERANCE)
    )
    if wrong.any():
        raise SitingError("cutoff_differs", count=int(wrong.sum()), cutoff_min=cutoff_min)

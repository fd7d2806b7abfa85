"""A siting problem: who lives where, who is served today, and how far every candidate is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import fsum, inf
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array

from walkshed.errors import SitingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

MINUTES_TOLERANCE: Final = 1e-6


def _none() -> Any:  # noqa: ANN401 - an array of whatever kind the field has
    return np.zeros(0)


@dataclass(frozen=True, kw_only=True, eq=False)
class SitingProblem:
    """Who lives where, who is served today, and how far every candidate and every existing room is.

    M candidates, E existing rooms, N demand rows. Build one with :func:`walkshed.siting.build.build_problem`, or
    directly from any table of travel times. The arrays are private copies, frozen. An empty array stands for the
    default.

    Attributes
    ----------
    candidate_ids
        (M,) ids, unique.
    demand_ids
        (N,) ids, unique.
    population : (N,) float64
        Residents of every row.
    minutes : csr_array (M, N)
        Walking minutes between candidate and row. A stored entry is a pair within ``horizon_min``, a stored 0 is no
        walk at all; what is not stored is farther. float32 stays float32, everything else becomes float64.
    cutoff_min
        Longest walk that counts as served.
    horizon_min
        How far ``minutes`` were searched, at least ``cutoff_min``; ``inf`` where all pairs are known.
    minutes_today : (N,) float64
        Walk to the nearest existing room; ``inf`` where there is none within the horizon. Default: from
        ``existing_minutes``.
    within_today : (N,) int64
        Existing rooms within ``cutoff_min``. Default: from ``existing_minutes``, else 1 where ``minutes_today`` is
        within the cutoff.
    left_out_served
        Residents whom existing rooms serve and who are in no row: where only newly served residents matter, their rows
        need not be here.
    groups
        Residents of a group by row, (N,) float64 by the group's name; they are part of ``population``.
    areas
        Rows of an area by its id (units of any level; areas may overlap), (k,) int64 positions.
    area_names
        What an area is called, by its id, where that is known; messages name it so.
    cost : (M,) float64
        Price of every candidate in the study's money; default 1.
    capacity : (M,) float64
        Residents that a candidate can serve; default ``inf``.
    place_m : (M, 2) float64
        Metric coordinates, to keep rooms apart; default unknown.
    existing_ids
        (E,) ids of the existing rooms, where single ones matter (closing, capacity, spacing); may be empty even where
        ``minutes_today`` knows of some.
    existing_minutes : csr_array (E, N)
        As ``minutes``.
    existing_capacity : (E,) float64
        As ``capacity``.
    existing_place_m : (E, 2) float64
        As ``place_m``.
    reach : csr_array (M, N)
        Made from the others: a stored 1 says that the candidate would serve a row that is not served today.

    Raises
    ------
    SitingError
        If sizes, ids or numbers contradict each other.
    """

    candidate_ids: tuple[str, ...]
    demand_ids: tuple[str, ...]
    population: FloatArray
    minutes: csr_array
    cutoff_min: float
    horizon_min: float = inf
    minutes_today: FloatArray = field(default_factory=_none)
    within_today: LongArray = field(default_factory=_none)
    left_out_served: float = 0.0
    groups: Mapping[str, FloatArray] = field(default_factory=dict)
    areas: Mapping[str, LongArray] = field(default_factory=dict)
    area_names: Mapping[str, str] = field(default_factory=dict)
    cost: FloatArray = field(default_factory=_none)
    capacity: FloatArray = field(default_factory=_none)
    place_m: FloatArray = field(default_factory=_none)
    existing_ids: tuple[str, ...] = ()
    existing_minutes: csr_array = field(default_factory=lambda: csr_array((0, 0)))
    existing_capacity: FloatArray = field(default_factory=_none)
    existing_place_m: FloatArray = field(default_factory=_none)
    reach: csr_array = field(init=False)

    def __post_init__(self) -> None:
        """Check everything, then own and freeze private copies of the arrays."""
        sites, rows, rooms = len(self.candidate_ids), len(self.demand_ids), len(self.existing_ids)
        _check_ids({"candidates": self.candidate_ids, "demand": self.demand_ids, "existing": self.existing_ids})
        self._own("population", np.array(self.population, np.float64))
        shapes = [("minutes", sites)] + ([("existing_minutes", rooms)] if rooms else [])
        for name, count in shapes:
            shape = getattr(self, name).shape
            if shape != (count, rows) or self.population.shape != (rows,):
                raise SitingError(
                    "problem_sizes", shape=shape, candidates=count, demand=rows, population=self.population.size
                )
        self._own("minutes", _own_matrix(self.minutes))
        self._own("existing_minutes", _own_matrix(self.existing_minutes if rooms else csr_array((0, rows))))
        if not 0 <= self.cutoff_min <= self.horizon_min:
            raise SitingError("cutoff_beyond_horizon", cutoff_min=self.cutoff_min, horizon_min=self.horizon_min)
        wrong = ~(np.isfinite(self.population) & (self.population >= 0))
        if wrong.any():
            first = self.demand_ids[int(np.flatnonzero(wrong)[0])]
            raise SitingError("population_unusable", count=int(wrong.sum()), first=first)
        if not (np.isfinite(self.left_out_served) and self.left_out_served >= 0):
            raise SitingError("served_unusable", value=self.left_out_served)
        self._own_today()
        for name, size, default in (("cost", sites, 1.0), ("capacity", sites, inf), ("existing_capacity", rooms, inf)):
            self._own(name, _numbers(name, getattr(self, name), (size,), default))
        for name, size in (("place_m", sites), ("existing_place_m", rooms)):
            self._own(name, _places(name, getattr(self, name), size))
        groups = {name: _numbers(f"groups[{name}]", each, (rows,), 0.0) for name, each in self.groups.items()}
        self._own("groups", groups)
        self._own("areas", {key: _positions(key, each, rows) for key, each in self.areas.items()})
        self._own("reach", self._reach())

    def _own(self, name: str, value: object) -> None:
        for array in value.values() if isinstance(value, dict) else (value,):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        object.__setattr__(self, name, value)

    def _own_today(self) -> None:
        rows = len(self.demand_ids)
        nearest, within = _today(self.existing_minutes, self.cutoff_min)
        today = np.array(self.minutes_today, np.float64) if self.minutes_today.size else nearest
        if today.shape != (rows,) or not (today >= 0).all():
            raise SitingError("column_unusable", name="minutes_today", size=rows)
        if self.within_today.size:
            within = np.array(self.within_today, np.int64)
        elif not self.existing_ids:
            within = (today <= self.cutoff_min).astype(np.int64)
        if within.shape != (rows,) or (within < 0).any():
            raise SitingError("column_unusable", name="within_today", size=rows)
        differs = (within > 0) != (today <= self.cutoff_min + MINUTES_TOLERANCE)
        # On the very edge of the cutoff the count is the truth: it was taken with the search's own precision.
        differs &= np.abs(today - self.cutoff_min) > MINUTES_TOLERANCE
        if differs.any():
            raise SitingError("cutoff_differs", count=int(differs.sum()), cutoff_min=self.cutoff_min)
        self._own("minutes_today", today)
        self._own("within_today", within)

    def _reach(self) -> csr_array:
        near = (self.minutes.data <= self.cutoff_min) & ~self.served[self.minutes.indices]
        before = np.zeros(len(near) + 1, self.minutes.indptr.dtype)
        np.cumsum(near, out=before[1:])
        ones = np.ones(int(before[-1]), np.int8)
        start = _narrow(before[self.minutes.indptr])
        return _frozen(csr_array((ones, self.minutes.indices[near], start), shape=self.minutes.shape))

    @property
    def served(self) -> BoolArray:
        """(N,) rows that existing rooms serve."""
        served: BoolArray = self.within_today > 0
        return served

    @property
    def served_today(self) -> float:
        """Residents that existing rooms serve, those in no row included."""
        return fsum([self.left_out_served, *self.population[self.served].tolist()])

    @property
    def residents(self) -> float:
        """All residents of the study, served today or not."""
        return fsum([self.left_out_served, *self.population.tolist()])

    def rows_of(self, candidate: int) -> NDArray[np.int32]:
        """Return the rows, not served today, that the candidate at this position would serve, ascending."""
        start, stop = self.reach.indptr[candidate], self.reach.indptr[candidate + 1]
        rows: NDArray[np.int32] = self.reach.indices[start:stop]
        return rows

    def positions_of(self, ids: Iterable[str]) -> LongArray:
        """Return the positions of candidates by their ids, in the order given.

        Raises
        ------
        SitingError
            If an id is no candidate's.
        """
        place = {key: position for position, key in enumerate(self.candidate_ids)}
        wanted = list(ids)
        unknown = [key for key in wanted if key not in place]
        if unknown:
            raise SitingError("candidates_unknown", count=len(unknown), ids=", ".join(unknown[:5]))
        return np.array([place[key] for key in wanted], np.int64)


def _today(existing: csr_array, cutoff_min: float) -> tuple[FloatArray, LongArray]:
    """Return minutes to the nearest existing room and how many are within the cutoff, by row."""
    rows = existing.shape[1]
    nearest = np.full(rows, inf)
    np.minimum.at(nearest, existing.indices, existing.data)
    return nearest, np.bincount(existing.indices[existing.data <= cutoff_min], minlength=rows).astype(np.int64)


def _own_matrix(matrix: csr_array) -> csr_array:
    """Return a matrix of its own, indices ascending, no entry twice; stored zeros stay."""
    dtype = np.float32 if matrix.dtype == np.float32 else np.float64
    given = csr_array(matrix)
    data: FloatArray = given.data.astype(dtype)
    own = csr_array((data, given.indices.astype(np.int32), _narrow(given.indptr)), shape=given.shape)
    if not own.has_canonical_format:
        own.sort_indices()
        row = np.repeat(np.arange(own.shape[0]), np.diff(own.indptr))
        if ((row[1:] == row[:-1]) & (own.indices[1:] == own.indices[:-1])).any():
            raise SitingError("pair_repeated")
    if not (own.data >= 0).all():
        raise SitingError("minutes_unusable")
    return _frozen(own)


def _narrow(start: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return row starts in 32 bits where they fit: a matrix holds both its index arrays in the wider of their types."""
    fits = not len(start) or start[-1] <= np.iinfo(np.int32).max
    return start.astype(np.int32 if fits else np.int64)


def _frozen(matrix: csr_array) -> csr_array:
    for array in (matrix.data, matrix.indices, matrix.indptr):
        array.flags.writeable = False
    return matrix


def _check_ids(tables: Mapping[str, tuple[str, ...]]) -> None:
    for table, ids in tables.items():
        repeated = [key for key, count in Counter(ids).items() if count > 1]
        if repeated:
            raise SitingError("ids_repeated", table=table, count=len(repeated), ids=", ".join(repeated[:5]))


def _numbers(name: str, values: FloatArray, shape: tuple[int, ...], default: float) -> FloatArray:
    """Return numbers of at least 0; infinite ones are allowed where the default is infinite."""
    numbers = np.array(values, np.float64) if np.size(values) else np.full(shape, default)
    if numbers.shape != shape or not (numbers >= 0).all() or (default < inf and np.isinf(numbers).any()):
        raise SitingError("column_unusable", name=name, size=shape[0])
    return numbers


def _places(name: str, values: FloatArray, count: int) -> FloatArray:
    places = np.array(values, np.float64)
    if places.size and (places.shape != (count, 2) or not np.isfinite(places).all()):
        raise SitingError("column_unusable", name=name, size=count)
    return places.reshape(-1, 2)


def _positions(key: str, values: LongArray, rows: int) -> LongArray:
    positions = np.array(values, np.int64)
    if positions.ndim != 1 or ((positions < 0) | (positions >= rows)).any():
        raise SitingError("column_unusable", name=f"areas[{key}]", size=rows)
    return positions

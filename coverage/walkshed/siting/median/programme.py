"""What the multipliers leave open as a mixed-integer programme for HiGHS.

The radius formulation with cumulative levels (Cornuejols, Nemhauser and Wolsey 1980; García, Labbé and Marín 2011): a
row's benefits, best first, are its levels; a level is reached when the one above it is, or when a candidate with just
that benefit is chosen. A row gains the difference of two levels for each it reaches. Levels that no better choice can
fall below are reached in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import csr_array

from walkshed.siting.median.benefit import total_gain
from walkshed.siting.median.bound import candidate_bounds, multiplier_ceiling
from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.benefit import BenefitModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

CHOSEN: Final = 0.5


@dataclass(eq=False)
class Exact:
    """The best choice (positions in the model) by our own count of it, its value, and a valid bound."""

    chosen: LongArray
    value: float
    bound: float

    def offer(self, model: BenefitModel, rooms: int, columns: FloatArray) -> None:
        """Take a solution of the solver if it is better."""
        chosen = np.flatnonzero(columns[: model.sites] > CHOSEN)
        if len(chosen) <= rooms and (value := total_gain(model, chosen)) > self.value:
            self.chosen, self.value = chosen, value


def open_levels(model: BenefitModel, multiplier: FloatArray, slack: float) -> BoolArray:
    """Say which entries (nnz,) a choice can use whose value is within ``slack`` of what the multipliers prove.

    Who takes a benefit below its multiplier loses the difference.
    """
    floor = np.repeat(np.maximum(multiplier - slack, 0.0), np.diff(model.start))
    return np.asarray(model.value >= floor * (1.0 - 1e-12))


def branch_and_bound(
    model: BenefitModel,
    rooms: int,
    start: LongArray,
    multiplier: FloatArray,
    *,
    least: float,
    tolerance: float,
    bound: float,
    clock: Clock,
) -> Exact:
    """Prove or improve ``start``.

    Parameters
    ----------
    model
        m candidates, n rows.
    rooms
        1..m.
    start
        A choice to start from, its value above ``least``.
    multiplier
        (n,) good multipliers.
    least
        Choices of no more value than this may be left out.
    tolerance
        The gap between value and bound that is good enough.
    bound
        A valid bound known before.
    clock
        Its limit holds.

    Raises
    ------
    SolverError
        If HiGHS reports an error.
    """
    best = Exact(np.sort(start), total_gain(model, start), bound)
    ceiling = multiplier_ceiling(model, multiplier, rooms)
    needed = candidate_bounds(ceiling)[1] < least
    floor = np.maximum(multiplier - (ceiling.bound - least), 0.0)
    opened = np.zeros(model.sites)
    opened[start] = 1.0
    outcome = run_programme(
        _programme(model, rooms, open_levels(model, multiplier, ceiling.bound - least), floor, needed),
        start=opened,
        clock=clock,
        mip_gap=0.0,
        whole=False,
        bound=bound,
        take=lambda columns: best.offer(model, rooms, columns),
        options={"mip_abs_gap": tolerance},
    )
    best.bound = max(outcome.bound, best.value)
    return best


def _programme(model: BenefitModel, rooms: int, usable: BoolArray, floor: FloatArray, needed: BoolArray) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the programme: candidates first, then one column from 0 to 1 for each level of each row."""
    row = np.repeat(np.arange(model.rows), np.diff(model.start))[usable]
    site, value = model.site[usable], model.value[usable]
    fresh = np.ones(len(row), bool)
    fresh[1:] = (row[1:] != row[:-1]) | (value[1:] != value[:-1])
    level = np.cumsum(fresh) - 1
    owner, height = row[fresh], value[fresh]
    last = np.ones(len(owner), bool)
    last[:-1] = owner[1:] != owner[:-1]
    chained = np.flatnonzero(owner[1:] == owner[:-1]) + 1
    below = np.where(last, 0.0, np.append(height[1:], 0.0))
    sites, levels = model.sites, len(owner)
    everybody = np.arange(levels)
    matrix = csr_array(
        (
            np.concatenate([np.ones(levels), np.full(len(chained) + len(site), -1.0), np.ones(sites)]),
            (
                np.concatenate([everybody, chained, level, np.full(sites, levels)]),
                np.concatenate([sites + everybody, sites + chained - 1, site, np.arange(sites)]),
            ),
        ),
        shape=(levels + 1, sites + levels),
    )
    lower = np.zeros(sites + levels)
    lower[:sites] = needed
    lower[sites:] = last & (floor[owner] > 0)
    programme = highspy.HighsLp()
    programme.num_col_ = sites + levels
    programme.num_row_ = levels + 1
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = np.concatenate([np.zeros(sites), height - below])
    programme.col_lower_ = lower
    programme.col_upper_ = np.ones(sites + levels)
    programme.row_lower_ = np.full(levels + 1, -highspy.kHighsInf)
    programme.row_upper_ = np.append(np.zeros(levels), float(rooms))
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    programme.a_matrix_.index_ = matrix.indices.astype(np.int32)
    programme.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType
    programme.integrality_ = [kinds.kInteger] * sites + [kinds.kContinuous] * levels
    return programme

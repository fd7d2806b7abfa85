"""Maximal covering as a mixed-integer programme, solved by HiGHS under our own deadline.

Church and ReVelle's model: maximise the residents of the groups that are served, where a group counts only as far as
chosen candidates reach it. The objective counts newly served residents and nothing else, so the solver's relative gap
is a gap on them. (Minimising the unserved would measure the gap on the unserved.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from walkshed.siting.covering.swaps import covered_weight
from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    LongArray = NDArray[np.int64]

CHOSEN: Final = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class ExactAnswer:
    """What the solver found.

    Attributes
    ----------
    chosen : (k,) int64
        Positions in the model, ascending; never worse than the start.
    bound
        No choice in this model serves more.
    """

    chosen: LongArray
    bound: float


@dataclass(eq=False)
class _Incumbent:
    """Best choice so far, by our own count of it."""

    chosen: LongArray
    value: float

    def offer(self, model: CoveringModel, rooms: int, columns: NDArray[np.float64]) -> None:
        """Take a solution of the solver if it is better."""
        chosen = np.flatnonzero(columns[: len(model.candidate)] > CHOSEN)
        if len(chosen) <= rooms and (value := model.base + covered_weight(model, chosen)) > self.value:
            self.chosen, self.value = chosen, value


def branch_and_bound(
    model: CoveringModel, rooms: int, start: LongArray, *, clock: Clock, mip_gap: float, whole: bool, bound: float
) -> ExactAnswer:
    """Prove or improve ``start``.

    Parameters
    ----------
    model
        m candidates, n groups.
    rooms
        At most m.
    start
        A choice to start from, positions in the model.
    clock
        Its limit holds, and what its progress raises ends the solve within a second or two: the solver runs in a thread
        of its own and is left behind when it does not listen, as within a linear programme. Left behind, it ends
        at its next look, at its own time limit at the latest.
    mip_gap
        Relative gap on newly served residents that is good enough.
    whole
        All weights are whole numbers, so a gap below 1 is a proof.
    bound
        A valid bound known before.

    Raises
    ------
    SolverError
        If HiGHS reports an error.
    """
    best = _Incumbent(np.sort(start), model.base + covered_weight(model, start))
    opened = np.zeros(len(model.candidate))
    opened[start] = 1.0
    outcome = run_programme(
        _programme(model, rooms),
        start=np.concatenate([opened, np.minimum(1.0, model.covered_by @ opened)]),
        clock=clock,
        mip_gap=mip_gap,
        whole=whole,
        bound=bound,
        take=lambda columns: best.offer(model, rooms, columns),
    )
    return ExactAnswer(chosen=best.chosen, bound=max(outcome.bound, best.value))


def _programme(model: CoveringModel, rooms: int) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the programme.

    Maximise sum w x, where x_i <= sum of y_j over the candidates j that reach group i, sum y <= rooms, y binary, x in
    0..1.
    """
    sites, groups = model.covers.shape
    row_length = np.append(np.diff(model.covered_by.indptr) + 1, sites)
    row_start = np.concatenate([[0], np.cumsum(row_length)]).astype(np.int32)
    column = np.empty(row_start[-1], np.int32)
    value = np.full(row_start[-1], -1.0)
    # Every covering row ends with its own x; the last row counts the rooms.
    own = row_start[1:-1] - 1
    reaching = np.ones(row_start[-1], bool)
    reaching[own] = False
    reaching[row_start[-2] :] = False
    column[reaching] = model.covered_by.indices
    column[own] = sites + np.arange(groups)
    value[own] = 1.0
    column[row_start[-2] :] = np.arange(sites)
    value[row_start[-2] :] = 1.0

    programme = highspy.HighsLp()
    programme.num_col_ = sites + groups
    programme.num_row_ = groups + 1
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.offset_ = model.base
    programme.col_cost_ = np.concatenate([np.zeros(sites), model.weight])
    programme.col_lower_ = np.zeros(sites + groups)
    programme.col_upper_ = np.ones(sites + groups)
    programme.row_lower_ = np.full(groups + 1, -highspy.kHighsInf)
    programme.row_upper_ = np.append(np.zeros(groups), float(rooms))
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = row_start
    programme.a_matrix_.index_ = column
    programme.a_matrix_.value_ = value
    kinds = highspy.HighsVarType
    programme.integrality_ = [kinds.kInteger] * sites + [kinds.kContinuous] * groups
    return programme

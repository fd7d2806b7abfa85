"""Maximal covering as a mixed-integer programme, solved by HiGHS under our own deadline.

Church and ReVelle's model: maximise the residents of the groups that are served, where a group counts only as far as
chosen candidates reach it. The objective counts newly served residents and nothing else, so the solver's relative gap
is a gap on them. (Minimising the unserved would measure the gap on the unserved.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from walkshed.errors import SolverError
from walkshed.siting.swaps import covered_weight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.reduce import CoveringModel

    LongArray = NDArray[np.int64]

POLL_S: Final = 0.1
GRACE_S: Final = 1.0
"""How long the solver may take to notice that it has to stop; after that it is left behind."""
WHOLE_GAP: Final = 0.99
"""Absolute gap that proves an optimum among whole numbers; closer to 1 would trust the solver's last digit."""
FLOAT_GAP: Final = 1e-6
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
    """Best choice and bound so far, held outside the solver, which may overrun its limit."""

    chosen: LongArray
    value: float
    bound: float
    lock: Lock = field(default_factory=Lock)

    def offer(self, model: CoveringModel, rooms: int, columns: NDArray[np.float64]) -> None:
        """Take a solution of the solver if it is better, by our own count of it."""
        chosen = np.flatnonzero(columns[: len(model.candidate)] > CHOSEN)
        if len(chosen) <= rooms and (value := covered_weight(model, chosen)) > self.value:
            with self.lock:
                self.chosen, self.value = chosen, value

    def lower(self, bound: float) -> None:
        """Take a bound of the solver if it is tighter."""
        with self.lock:
            self.bound = min(self.bound, bound)


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
    best = _Incumbent(np.sort(start), covered_weight(model, start), bound)
    solver = _solver(model, rooms, start, seconds=clock.left_s, mip_gap=mip_gap, whole=whole)
    stop = Event()

    def watch(event: Any) -> None:  # noqa: ANN401 - highspy has no public type for it
        best.lower(event.data_out.mip_dual_bound)
        if stop.is_set():
            event.interrupt()

    def take(event: Any) -> None:  # noqa: ANN401 - as above
        best.offer(model, rooms, np.array(event.data_out.mip_solution))

    solver.cbMipInterrupt.subscribe(watch)
    solver.cbMipImprovingSolution.subscribe(take)
    for inner in (solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
        inner.subscribe(lambda event: event.interrupt() if stop.is_set() else None)
    outcome: list[highspy.HighsStatus] = []
    # No daemon: an interpreter that ends while the solver runs would be aborted, so it waits for this thread.
    thread = Thread(target=lambda: outcome.append(solver.run()), name="walkshed-siting")
    thread.start()
    try:
        while thread.is_alive() and clock.left_s > 0:
            clock.running()
            thread.join(POLL_S)
    finally:
        # Asked to stop it ends at its next look, and at its own limit, which it keeps well, at the latest.
        stop.set()
        thread.join(GRACE_S)
    if not thread.is_alive():
        _read(solver, outcome[0] if outcome else highspy.HighsStatus.kError, model, rooms, best)
    with best.lock:
        return ExactAnswer(chosen=best.chosen, bound=max(best.bound, best.value))


def _read(
    solver: Any,  # noqa: ANN401 - highspy has no stubs
    status: highspy.HighsStatus,
    model: CoveringModel,
    rooms: int,
    best: _Incumbent,
) -> None:
    """Take the last solution and bound of a solver that has ended."""
    if status == highspy.HighsStatus.kError:
        raise SolverError("solver_failed", status=solver.modelStatusToString(solver.getModelStatus()))
    columns = np.array(solver.getSolution().col_value)
    if len(columns):
        best.offer(model, rooms, columns)
    bound = solver.getInfo().mip_dual_bound
    if np.isfinite(bound):
        best.lower(bound)


def _solver(model: CoveringModel, rooms: int, start: LongArray, *, seconds: float, mip_gap: float, whole: bool) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return a HiGHS with the model, the start and the limits."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy annotates only part of itself
    # One thread and a fixed seed: the same problem gives the same answer.
    for option, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "time_limit": seconds,
        "mip_rel_gap": mip_gap,
        "mip_abs_gap": WHOLE_GAP if whole else FLOAT_GAP,
    }.items():
        solver.setOptionValue(option, value)
    solver.passModel(_programme(model, rooms))
    opened = np.zeros(len(model.candidate))
    opened[start] = 1.0
    solution = highspy.HighsSolution()
    solution.col_value = np.concatenate([opened, np.minimum(1.0, model.covered_by @ opened)]).tolist()
    solver.setSolution(solution)
    return solver


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

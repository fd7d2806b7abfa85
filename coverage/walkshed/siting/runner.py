"""Run HiGHS under our own deadline, with the best answer so far held outside of it.

HiGHS looks at its limits only now and then: within a linear programme of a large model it overran a limit of 40 s by
100 s. It therefore runs in a thread of its own, hands over every better solution and bound as it finds them, and is
left behind when it does not listen.
"""

from __future__ import annotations

from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import highspy
import numpy as np

from walkshed.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock

    FloatArray = NDArray[np.float64]

POLL_S: Final = 0.1
GRACE_S: Final = 1.0
"""How long the solver may take to notice that it has to stop; after that it is left behind."""
WHOLE_GAP: Final = 0.99
"""Absolute gap that proves an optimum among whole numbers; closer to 1 would trust the solver's last digit."""
FLOAT_GAP: Final = 1e-6
FEASIBLE: Final = 2
"""HiGHS's kSolutionStatusFeasible."""


class Outcome(NamedTuple):
    """What the solver proved: a bound of the objective, and whether there is no solution at all."""

    bound: float
    infeasible: bool


class _Best:
    """The tightest bound so far, and who takes the solutions, until the solver is told to stop."""

    def __init__(self, bound: float, sign: float, take: Callable[[FloatArray], None]) -> None:
        self.bound = bound
        self.sign = sign
        self.take = take
        self.lock = Lock()
        self.stop = Event()

    def tighten(self, bound: float) -> None:
        """Take a bound of the solver if it is tighter."""
        if np.isfinite(bound):
            with self.lock:
                self.bound = self.sign * min(self.sign * self.bound, self.sign * bound)

    def subscribe(self, solver: Any) -> None:  # noqa: ANN401 - highspy has no stubs
        """Let the solver hand over what it finds, and ask it to end once it has to stop."""

        def watch(event: Any) -> None:  # noqa: ANN401 - highspy has no public type for it
            self.tighten(event.data_out.mip_dual_bound)
            if self.stop.is_set():
                event.interrupt()

        def hand_over(event: Any) -> None:  # noqa: ANN401 - as above
            columns = np.array(event.data_out.mip_solution)
            with self.lock:
                if not self.stop.is_set():
                    self.take(columns)

        solver.cbMipInterrupt.subscribe(watch)
        solver.cbMipImprovingSolution.subscribe(hand_over)
        for inner in (solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
            inner.subscribe(lambda event: event.interrupt() if self.stop.is_set() else None)

    def end(self, over: Event) -> bool:
        """Stop the solver and say whether it listened.

        Asked to stop it ends at its next look, and at its own limit, which it keeps well, at the latest.
        """
        with self.lock:
            self.stop.set()
        return over.wait(GRACE_S)


def run_programme(
    programme: Any,  # noqa: ANN401 - highspy has no stubs
    *,
    start: FloatArray | None,
    clock: Clock,
    mip_gap: float,
    whole: bool,
    bound: float,
    take: Callable[[FloatArray], None],
    options: Mapping[str, bool | float | str] | None = None,
) -> Outcome:
    """Solve a mixed-integer programme.

    Parameters
    ----------
    programme
        A ``highspy.HighsLp``, to be maximised or minimised.
    start
        A solution to start from, one value per column; need not be complete or feasible.
    clock
        Its limit holds, and what its progress raises ends the solve within a second or two. Left behind, the solver
        ends at its next look, at its own time limit at the latest.
    mip_gap
        Relative gap of the programme's own objective that is good enough.
    whole
        All objective values are whole numbers, so a gap below 1 is a proof.
    bound
        A valid bound known before (``inf`` or ``-inf`` for none).
    take
        Called with the columns of every better solution, from the solver's thread or from this one, one call at a time.
    options
        More options of HiGHS by name.

    Returns
    -------
    Outcome

    Raises
    ------
    SolverError
        If HiGHS reports an error.
    """
    sign = 1.0 if programme.sense_ == highspy.ObjSense.kMaximize else -1.0
    best = _Best(bound, sign, take)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy annotates only part of itself
    # One thread and a fixed seed: the same problem gives the same answer.
    for option, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "time_limit": clock.left_s,
        "mip_rel_gap": mip_gap,
        "mip_abs_gap": WHOLE_GAP if whole else FLOAT_GAP,
        **(options or {}),
    }.items():
        solver.setOptionValue(option, value)
    solver.passModel(programme)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        solver.setSolution(solution)
    best.subscribe(solver)
    ended: list[highspy.HighsStatus] = []
    over = Event()  # not the thread's end: a join that is interrupted takes it for ended (CPython 3.11 and 3.12)

    def solve() -> None:
        try:
            ended.append(solver.run())
        finally:
            over.set()

    # No daemon: an interpreter that ends while the solver runs would be aborted, so it waits for this thread.
    Thread(target=solve, name="walkshed-siting").start()
    listened = False
    try:
        while not over.is_set() and clock.left_s > 0:
            clock.running()
            over.wait(POLL_S)
    finally:
        listened = best.end(over)
    if not listened:
        return Outcome(bound=best.bound, infeasible=False)
    if not ended or ended[0] == highspy.HighsStatus.kError:
        raise SolverError("solver_failed", status=solver.modelStatusToString(solver.getModelStatus()))
    columns = np.array(solver.getSolution().col_value)
    if len(columns) and solver.getInfo().primal_solution_status == FEASIBLE:
        take(columns)
    best.tighten(solver.getInfo().mip_dual_bound)
    infeasible = solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible
    return Outcome(bound=best.bound, infeasible=infeasible)

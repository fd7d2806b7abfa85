"""Fewest rooms for a share of the residents, by asking for number after number how many they can serve.

That ``k`` rooms cannot serve enough is proven by the bound of maximal covering with ``k`` rooms; that they can, by a
plan. Numbers that are neither stay open, and the bound is the least of them.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import highspy
import numpy as np

from walkshed.siting.covering.search import WHOLE_SLACK, Search
from walkshed.siting.covering.swaps import covered_weight, greedy, improve
from walkshed.siting.runner import run_programme
from walkshed.siting.setcover.bisection import Levels
from walkshed.siting.setcover.cover import ROUNDING, portion
from walkshed.siting.setcover.model import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

QUICK_SHARE: Final = 0.5
"""Share of the time in which numbers are asked for one by one."""
SWAP_SHARE: Final = 0.75
"""Up to here swaps look for a plan with one room less; then what is open goes to the solver as a whole."""
TURNS: Final = 6
PATIENCE: Final = 30
"""Searches for one number, and shakes in a row that each may make in vain."""
SLICE: Final = 0.25
"""Share of what is left of it for one number."""
CHOSEN: Final = 0.5
LARGE_ENTRIES: Final = 400_000
"""A model with more entries is too much for the solver."""


class PartialStand(NamedTuple):
    """How far the search has come.

    Attributes
    ----------
    chosen : (k,) int64
        Candidates beside those that must be built, positions in the problem.
    bound
        No plan that serves enough has fewer.
    proofs
        Multipliers by demand row that prove it, as far as it needs no solver: those of maximal covering with one room
        less than ``bound``.
    certified
        Whether they prove all of ``bound``.
    """

    chosen: LongArray
    bound: int
    proofs: tuple[FloatArray, ...]
    certified: bool


class _Reaching(Search):
    """Maximal covering that ends as soon as it is clear whether the rooms can serve ``goal`` residents."""

    goal: float = 0.0
    """Residents; a whole number where all residents are."""

    def _closed(self) -> bool:
        return self.value >= self.goal or self.bound < self.goal or super()._closed()

    @property
    def _enough(self) -> float:
        # A candidate that is part of nothing that reaches the goal is of no use here.
        return self.goal - WHOLE_SLACK if self.whole else float(np.nextafter(self.goal, 0.0))

    def _finish(self) -> None:
        """Leave the rest to the programme that asks for the number itself."""


class PartialSearch:
    """One search for the fewest rooms.

    Parameters
    ----------
    model
        Candidates that may be built or not; its base are the residents whom the rooms that must be built serve.
    goal
        Newly served residents wanted, those of the base included: more than the base, at most all.
    population : (N,) float64
        Of the problem's rows.
    clock, mip_gap
        Limit, and the relative gap (of the number of rooms beside those that must be built) that is good enough.
    """

    def __init__(
        self, model: CoveringModel, goal: float, *, population: FloatArray, clock: Clock, mip_gap: float
    ) -> None:
        whole = bool((model.weight == np.floor(model.weight)).all()) and model.base == floor(model.base)
        self.model, self.goal, self.population = model, float(ceil(goal)) if whole else goal, population
        self.clock, self.mip_gap = clock, mip_gap
        order = greedy(model, len(model.candidate), clock)
        self.chosen = model.candidate[self._as_far_as_needed(order)]
        self.levels = Levels(excluded=0, found=len(self.chosen))
        self.proofs: tuple[FloatArray, ...] = ()
        self.undecided: dict[int, _Reaching] = {}

    def run(self) -> PartialStand:
        """Search until the fewest rooms are proven, the gap is small enough or time is up."""
        self.levels.narrow(self._ask, running=lambda: self._running(QUICK_SHARE))
        certified = self.levels.excluded
        while self._running(SWAP_SHARE) and not self.levels.closed and self._swap():
            pass
        if self._running() and not self.levels.closed:
            self._prove()
        fewest = self.levels.excluded + 1
        return PartialStand(np.sort(self.chosen), fewest, self.proofs, 0 < certified == self.levels.excluded)

    def _running(self, share: float = 1.0) -> bool:
        levels = self.levels
        if not levels.closed and levels.found - levels.excluded - 1 <= self.mip_gap * levels.found:
            return False
        return self.clock.running(share)

    def _ask(self, rooms: int) -> None:
        """Find out whether so many rooms can serve enough."""
        left = QUICK_SHARE * self.clock.limit_s - self.clock.elapsed_s
        search = _Reaching(
            self.model, rooms, population=self.population, mip_gap=0.0, clock=portion(self.clock, SLICE * left)
        )
        search.goal = self.goal
        stand = search.run()
        if stand.value >= self.goal:
            self._found(stand.chosen)
        elif stand.bound < self.goal:
            if rooms > self.levels.excluded:
                self.proofs = stand.proofs
            self.levels.exclude(rooms)
        else:
            self.levels.undecided.add(rooms)
            self.undecided[rooms] = search

    def _swap(self) -> bool:
        """Look longer for a plan with one room less and say whether there is one."""
        rooms = self.levels.found - 1
        if rooms in self.undecided:
            chosen = np.searchsorted(self.model.candidate, self.undecided[rooms].chosen)
        else:
            chosen = np.searchsorted(self.model.candidate, self.chosen)[:rooms]
        for turn in range(1, TURNS + 1):
            chosen = improve(
                self.model, chosen, patience=PATIENCE, clock=self.clock, share=SWAP_SHARE, turn=turn,
                enough=self.goal - self.model.base,
            )  # fmt: skip
            if self.model.base + covered_weight(self.model, chosen) >= self.goal:
                self._found(self.model.candidate[chosen])
                return True
        return False

    def _prove(self) -> None:
        """Let HiGHS look for a plan with fewer rooms, among the candidates that can be part of one."""
        rooms = self.levels.found - 1
        model = self.undecided[rooms].model if rooms in self.undecided else self.model
        if model.covers.nnz > LARGE_ENTRIES:
            return
        outcome = run_programme(
            _programme(model, rooms, self.goal),
            start=None,
            clock=self.clock,
            mip_gap=self.mip_gap,
            whole=True,
            bound=float(self.levels.excluded + 1),
            take=lambda columns: self._offer(model, columns),
        )
        fewest = self.levels.found if outcome.infeasible else ceil(outcome.bound - ROUNDING)
        self.levels.exclude(fewest - 1)

    def _offer(self, model: CoveringModel, columns: FloatArray) -> None:
        """Take a solution of the solver if it serves enough by our own count."""
        chosen = np.flatnonzero(columns[: len(model.candidate)] > CHOSEN)
        groups = np.unique(gather(model.covers, chosen)[0])
        if model.base + float(model.weight[groups].sum()) >= self.goal:
            self._found(model.candidate[chosen])

    def _found(self, chosen: LongArray) -> None:
        if len(chosen) < len(self.chosen):
            self.chosen = chosen
            self.levels.found = len(chosen)

    def _as_far_as_needed(self, order: LongArray) -> LongArray:
        """Return the first of some candidates (positions in the model) that serve enough together."""
        model = self.model
        group, times = gather(model.covers, order)
        first = np.unique(group, return_index=True)
        won = np.zeros(len(group))
        won[first[1]] = model.weight[first[0]]
        served = model.base + np.add.accumulate(won)[np.cumsum(times) - 1]
        short = np.flatnonzero(served >= self.goal)
        return order[: int(short[0]) + 1] if len(short) else order


def _programme(model: CoveringModel, rooms: int, goal: float) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the programme.

    Minimise sum y, where x_i <= sum of y_j over the candidates j that reach group i, sum w x >= goal, sum y <= rooms, y
    binary, x in 0..1.
    """
    sites, groups = model.covers.shape
    need = goal - model.base
    entries = model.covered_by.indptr.astype(np.int64)
    start = np.concatenate(
        [entries + np.arange(groups + 1), [entries[-1] + 2 * groups, entries[-1] + 2 * groups + sites]]
    )
    column, value = np.empty(start[-1], np.int32), np.full(start[-1], -1.0)
    # Every covering row ends with its own x; then come the row that counts residents and the one that counts rooms.
    own = start[1 : groups + 1] - 1
    reaching = np.ones(start[-1], bool)
    reaching[own] = False
    reaching[start[groups] :] = False
    column[reaching] = model.covered_by.indices
    column[own] = sites + np.arange(groups)
    value[own] = 1.0
    column[start[groups] : start[groups + 1]] = sites + np.arange(groups)
    value[start[groups] : start[groups + 1]] = model.weight / need
    column[start[groups + 1] :] = np.arange(sites)
    value[start[groups + 1] :] = 1.0

    programme = highspy.HighsLp()
    programme.num_col_ = sites + groups
    programme.num_row_ = groups + 2
    programme.sense_ = highspy.ObjSense.kMinimize
    programme.col_cost_ = np.concatenate([np.ones(sites), np.zeros(groups)])
    programme.col_lower_ = np.zeros(sites + groups)
    programme.col_upper_ = np.ones(sites + groups)
    programme.row_lower_ = np.concatenate([np.full(groups, -highspy.kHighsInf), [1.0, -highspy.kHighsInf]])
    programme.row_upper_ = np.concatenate([np.zeros(groups), [highspy.kHighsInf, float(rooms)]])
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = start.astype(np.int32)
    programme.a_matrix_.index_ = column
    programme.a_matrix_.value_ = value
    kinds = highspy.HighsVarType
    programme.integrality_ = [kinds.kInteger] * sites + [kinds.kContinuous] * groups
    return programme

"""p-center: the least worst walk, by asking for radius after radius whether enough rooms keep to it.

Whether p rooms bring everybody within a radius is a set covering problem (Minieka 1970); the answer is one of the walks
that occur, found by bisection over them (Daskin 1995). Radii that are neither reached nor excluded in time stay open,
and the bound is the least of them.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from walkshed.siting.setcover.bisection import Levels
from walkshed.siting.setcover.cover import Cover, portion
from walkshed.siting.setcover.model import cover_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.setcover.model import CoverModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

QUICK_STEPS: Final = 400
QUICK_PATIENCE: Final = 300
QUICK_SHARE: Final = 0.4
"""Share of the time for questions that are answered quickly; then the open ones are asked again, thoroughly."""
THOROUGH_STEPS: Final = 3000
THOROUGH_PATIENCE: Final = 10_000
THOROUGH_SHARE: Final = 0.5
"""Share of what time is left for one thorough question."""


class CenterStand(NamedTuple):
    """How far the search has come.

    Attributes
    ----------
    chosen : (k,) int64
        Candidates beside those that must be built, positions in the problem; ``None`` where no plan was found.
    radius
        The worst walk under the plan, ``inf`` without one.
    bound
        No plan has a lower one; ``inf`` where it is proven that no plan reaches everybody.
    """

    chosen: LongArray | None
    radius: float
    bound: float


class CenterModel:
    """Rows that count, the walks to allowed candidates, and the radii that can be the answer.

    Parameters
    ----------
    problem
        M candidates, N rows.
    must, forbidden
        Positions of candidates.

    Attributes
    ----------
    row : (n,) int64
        Rows with residents whom a room of today or a candidate that is not forbidden reaches within the horizon.
    today : (n,) float64
        Their walks to the rooms of today and to those that must be built.
    site : (m,) int64
        Candidates that may be built or not.
    walks : csr_array (m, n)
        Their walks.
    radii : (r,) float64
        The walks that can be the answer, ascending.
    least : float
        The worst walk with everything built.
    """

    def __init__(self, problem: SitingProblem, must: LongArray, forbidden: LongArray) -> None:
        free = np.ones(len(problem.candidate_ids), bool)
        free[forbidden] = False
        nearest, today = nearest_walk(problem, np.flatnonzero(free)), nearest_walk(problem, must)
        free[must] = False
        self.row = np.flatnonzero((problem.population > 0) & np.isfinite(nearest))
        self.today = today[self.row]
        self.site = np.flatnonzero(free)
        walks = csr_array(csr_array(problem.minutes[self.site])[:, self.row])
        self.walks = csr_array((walks.data.astype(np.float64), walks.indices, walks.indptr), shape=walks.shape)
        self.least = float(nearest[self.row].max(initial=0.0))
        found = np.unique(np.concatenate([[self.least], self.walks.data, self.today]))
        most = float(self.today.max(initial=0.0))
        self.radii: FloatArray = found[(found >= self.least) & (found <= most) & np.isfinite(found)]

    def worst_walk(self, chosen: LongArray) -> float:
        """Return the worst walk once the candidates at these positions of the model are built, too."""
        walks = self.today.copy()
        part = csr_array(self.walks[chosen])
        np.minimum.at(walks, part.indices, part.data)
        return float(walks.max(initial=0.0))

    def question(self, radius: float, clock: Clock) -> Cover:
        """Return the covering problem: how few rooms bring everybody within ``radius``."""
        return Cover(self.problem_within(radius), clock)

    def problem_within(self, radius: float) -> CoverModel:
        """Return its model: the rows that are not within ``radius`` yet, by position in :attr:`row`."""
        near = self.walks.data <= radius
        before = np.concatenate([[0], np.cumsum(near)])
        reach = csr_array(
            (np.ones(int(before[-1])), self.walks.indices[near], before[self.walks.indptr]), shape=self.walks.shape
        )
        sites = np.arange(len(self.site))
        return cover_model(reach, sites, np.flatnonzero(self.today > radius), np.ones(len(sites)))


def nearest_walk(problem: SitingProblem, candidates: LongArray) -> FloatArray:
    """Return every row's (N,) shortest walk to a room of today or to one of these candidates; ``inf`` without any."""
    nearest = np.array(problem.minutes_today)
    part = csr_array(problem.minutes[candidates])
    np.minimum.at(nearest, part.indices, part.data.astype(np.float64))
    return nearest


class CenterSearch:
    """One search for the least radius.

    Parameters
    ----------
    model
        What may be built.
    rooms
        How many rooms may be built beside those that must be.
    clock, mip_gap
        Limit, and the relative gap that is good enough.
    """

    def __init__(self, model: CenterModel, rooms: int, *, clock: Clock, mip_gap: float) -> None:
        self.model, self.rooms, self.clock, self.mip_gap = model, rooms, clock, mip_gap
        self.chosen: LongArray | None = None
        self.questions: dict[int, Cover] = {}
        # The level above all radii stands for no plan that reaches everybody.
        self.levels = Levels(excluded=-1, found=len(model.radii))
        today = model.worst_walk(np.zeros(0, np.int64))
        if today < inf:
            self._found(np.zeros(0, np.int64))

    def run(self) -> CenterStand:
        """Search until the least radius is proven, the gap is small enough or time is up."""
        last = len(self.model.radii) - 1
        for ask in (self._ask_quickly, self._ask_thoroughly):
            # Nothing else matters until it is clear whether everybody can be reached.
            if not self.levels.closed and self.levels.found > last and self._running():
                ask(last)
        self.levels.narrow(self._ask_quickly, running=lambda: self._running(QUICK_SHARE))
        while self._running() and not self.levels.closed:
            self.levels.narrow(self._ask_thoroughly, running=self._running)
        radii, levels = self.model.radii, self.levels
        lowest = float(radii[levels.excluded + 1]) if levels.excluded + 1 < len(radii) else inf
        if self.chosen is None:
            return CenterStand(None, inf, lowest)
        return CenterStand(self.model.site[self.chosen], float(radii[levels.found]), lowest)

    def _running(self, share: float = 1.0) -> bool:
        radii, levels = self.model.radii, self.levels
        if self.chosen is not None and not levels.closed:
            worst, lowest = float(radii[levels.found]), float(radii[levels.excluded + 1])
            if worst - lowest <= self.mip_gap * worst:
                return False
        return self.clock.running(share)

    def _ask_quickly(self, level: int) -> None:
        cover = self.model.question(float(self.model.radii[level]), self.clock)
        cover.relax(steps=QUICK_STEPS, enough=self.rooms)
        cover.search(patience=QUICK_PATIENCE, enough=self.rooms)
        self._note(level, cover)
        if level in self.levels.undecided:
            self.questions[level] = cover

    def _ask_thoroughly(self, level: int) -> None:
        limited = portion(self.clock, THOROUGH_SHARE * self.clock.left_s)
        cover = self.questions.pop(level, None)
        if cover is None:
            cover = self.model.question(float(self.model.radii[level]), self.clock)
        cover.clock = limited
        cover.relax(steps=THOROUGH_STEPS, enough=self.rooms)
        cover.search(patience=THOROUGH_PATIENCE, enough=self.rooms)
        cover.prove(enough=self.rooms)
        self._note(level, cover)

    def _note(self, level: int, cover: Cover) -> None:
        if cover.price <= self.rooms:
            self._found(cover.chosen)
        elif cover.bound > self.rooms:
            self.levels.exclude(level)
        else:
            self.levels.undecided.add(level)

    def _found(self, chosen: LongArray) -> None:
        """Take a plan: what it reaches may be lower than what was asked for."""
        level = int(np.searchsorted(self.model.radii, self.model.worst_walk(chosen)))
        if level < self.levels.found:
            self.levels.found, self.chosen = level, chosen

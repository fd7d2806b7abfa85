"""Where the next rooms serve most people: maximal covering (MCLP), with a proven bound."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, fsum, isfinite
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from walkshed.errors import InfeasibleError, SitingError
from walkshed.progress import silent
from walkshed.siting.bound import candidate_bounds, relaxation_bound
from walkshed.siting.clock import Clock
from walkshed.siting.highs import WHOLE_GAP, branch_and_bound
from walkshed.siting.order import build_order
from walkshed.siting.reduce import reduce_problem, restrict
from walkshed.siting.swaps import covered_weight, greedy, improve
from walkshed.siting.verify import verify_answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.progress import Progress
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    Status = Literal["optimal", "within_gap", "time_limit", "nothing_to_gain"]

OPTIMAL_GAP: Final = 1e-6
"""Relative gap below which an answer is called optimal: the solver's own arithmetic is no finer."""
WHOLE_SLACK: Final = 0.01
"""Rounding that a bound may carry before it is rounded down to whole residents."""


@dataclass(frozen=True, kw_only=True)
class SitingAnswer:
    """Which candidates to build, and how good that provably is.

    Attributes
    ----------
    model
        ``"mclp"``.
    status
        ``"optimal"``: nothing serves more (to one in a million). ``"within_gap"``: proven to within the gap that was
        asked for. ``"time_limit"``: time was up first; ``bound`` holds all the same. ``"nothing_to_gain"``: no
        candidate serves anybody who is not served today.
    chosen
        Candidate ids in build order, the one that serves most first. Fewer than asked for when a further room would
        serve nobody more.
    objective
        Newly served residents.
    bound
        No choice of as many candidates serves more.
    mip_gap
        ``(bound - objective) / objective``: so much more, at most, could be served.
    seconds
        Time taken.
    """

    model: str
    status: Status
    chosen: tuple[str, ...]
    objective: float
    bound: float
    mip_gap: float
    seconds: float


def solve_mclp(
    problem: SitingProblem, *, new_rooms: int, time_limit_s: float, mip_gap: float, progress: Progress = silent
) -> SitingAnswer:
    """Choose the candidates that together serve most residents who are not served today.

    Reduce, choose greedily, improve by swaps, bound by the linear relaxation's dual, leave out candidates that provably
    cannot be part of anything better, and let HiGHS finish. Every step ends as soon as the gap is closed. The same
    problem gives the same answer as long as the time limit does not intervene.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.problem.build_problem`.
    new_rooms
        How many rooms may be built.
    time_limit_s
        Seconds after which the best answer so far is returned, with its bound.
    mip_gap
        A relative gap on newly served residents that is good enough; 0 asks for the optimum.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    SitingAnswer

    Raises
    ------
    SitingError
        If an argument makes no sense.
    InfeasibleError
        If rooms are asked for and there is no candidate at all.
    SolverError
        If HiGHS fails.
    CancelledError
        If ``progress`` raises it; the solve ends within two seconds.
    """
    _check_arguments(new_rooms, time_limit_s, mip_gap)
    clock = Clock(limit_s=time_limit_s, progress=progress)
    clock.running()
    if new_rooms and not problem.candidate_ids:
        raise InfeasibleError("no_candidates")
    model = reduce_problem(problem)
    rooms = min(int(new_rooms), len(model.candidate))
    stand = _search(model, rooms, mip_gap=mip_gap, clock=clock) if rooms else _Stand(np.zeros(0, np.int64), 0.0, 0.0)
    steps = [step for step in build_order(problem, stand.chosen) if step.newly_served > 0]
    objective = fsum(problem.population[row] for step in steps for row in step.rows)
    bound = max(stand.bound, objective)
    gap = (bound - objective) / objective if objective > 0 else 0.0
    answer = SitingAnswer(
        model="mclp",
        status="nothing_to_gain" if not len(model.candidate) else _status(gap, mip_gap),
        chosen=tuple(problem.candidate_ids[step.candidate] for step in steps),
        objective=objective,
        bound=bound,
        mip_gap=gap,
        seconds=clock.elapsed_s,
    )
    verify_answer(problem, answer)
    clock.finish()
    return answer


class _Stand(NamedTuple):
    """The best choice so far (positions in the problem), its value, and a valid bound."""

    chosen: LongArray
    value: float
    bound: float

    def closed(self, mip_gap: float) -> bool:
        """Say whether the gap is small enough."""
        return self.bound - self.value <= max(mip_gap, OPTIMAL_GAP) * self.value

    def choose(self, model: CoveringModel, chosen: LongArray) -> _Stand:
        """Take a choice (positions in the model) if it is better."""
        value = covered_weight(model, chosen)
        return _Stand(model.candidate[chosen], value, max(self.bound, value)) if value > self.value else self

    def lower(self, bound: float, *, whole: bool) -> _Stand:
        """Take a valid bound if it is tighter; whole residents allow whole bounds."""
        tidy = float(floor(bound + WHOLE_SLACK)) if whole else bound
        return self._replace(bound=max(self.value, min(self.bound, tidy)))

    def start(self, model: CoveringModel) -> LongArray:
        """Return the choice as positions in a model that holds it."""
        return np.searchsorted(model.candidate, self.chosen)


class _Effort(NamedTuple):
    """How much to put into one round of swaps and bound; shares are of the time limit."""

    patience: int
    swap_share: float
    steps: int
    bound_share: float


UNTIL_TIME_IS_UP: Final = 2**62
EFFORTS: Final = (_Effort(0, 0.2, 600, 0.3), _Effort(300, 0.5, 3000, 0.65))
SMALL_ENTRIES: Final = 5_000
"""A model with fewer entries goes to the solver after the first round: that is quicker than more swaps."""
LARGE_ENTRIES: Final = 400_000
"""In a model with more entries the solver's first linear programme takes minutes: more swaps use the time better."""


def _search(model: CoveringModel, rooms: int, *, mip_gap: float, clock: Clock) -> _Stand:
    """Close the gap between choice and bound as far as needed or as time allows.

    After every round the candidates leave that provably cannot be part of anything better. What they could have been
    part of at most stays in the bound.
    """
    whole = bool((model.weight == np.floor(model.weight)).all())
    stand = _Stand(np.zeros(0, np.int64), 0.0, model.total).choose(model, greedy(model, rooms, clock))
    left_out = 0.0
    for effort in EFFORTS:
        swapped = improve(model, stand.start(model), patience=effort.patience, clock=clock, share=effort.swap_share)
        stand = stand.choose(model, swapped)
        if stand.closed(mip_gap):
            return stand
        enough = max(stand.value * (1.0 + mip_gap), stand.value + (WHOLE_GAP if whole else 0.0))
        relaxed = relaxation_bound(
            model, rooms, stand.start(model), steps=effort.steps, target=enough, clock=clock, share=effort.bound_share
        )
        stand = stand.lower(max(relaxed.bound, left_out), whole=whole)
        if stand.closed(mip_gap):
            return stand
        ceiling = candidate_bounds(model, relaxed.multiplier, rooms)
        useful = ceiling > enough
        useful[stand.start(model)] = True
        left_out = max(left_out, float(ceiling[~useful].max(initial=0.0)))
        model = restrict(model, np.flatnonzero(useful))
        rooms = min(rooms, len(model.candidate))
        if model.covers.nnz < SMALL_ENTRIES:
            break
    if model.covers.nnz > LARGE_ENTRIES:
        return stand.choose(model, improve(model, stand.start(model), patience=UNTIL_TIME_IS_UP, clock=clock))
    exact = branch_and_bound(
        model, rooms, stand.start(model), clock=clock, mip_gap=mip_gap, whole=whole, bound=stand.bound
    )
    return stand.choose(model, exact.chosen).lower(max(exact.bound, left_out), whole=whole)


def _status(gap: float, mip_gap: float) -> Status:
    if gap <= OPTIMAL_GAP:
        return "optimal"
    return "within_gap" if gap <= mip_gap else "time_limit"


def _check_arguments(new_rooms: object, time_limit_s: float, mip_gap: float) -> None:
    if not isinstance(new_rooms, int | np.integer) or isinstance(new_rooms, bool) or new_rooms < 0:
        raise SitingError("new_rooms_unusable", value=new_rooms)
    if not (isfinite(time_limit_s) and time_limit_s > 0):
        raise SitingError("time_limit_unusable", value=time_limit_s)
    if not 0 <= mip_gap < 1:
        raise SitingError("mip_gap_unusable", value=mip_gap)

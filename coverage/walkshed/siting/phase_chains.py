"""Chains of plans, each holding the one before: from the first phase on, from the last one back, and by moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from walkshed.errors import InfeasibleError
from walkshed.siting.answer import OPTIMAL_GAP
from walkshed.siting.covering.reduce import reduce_problem, without_dominated
from walkshed.siting.ladder import climb
from walkshed.siting.ladder_moves import part_of
from walkshed.siting.phase_programme import solve_timetable, within_reach
from walkshed.siting.solve import solve_mclp
from walkshed.siting.tally import newly_served
from walkshed.siting.timetable import Limit, Timetable, best_timetable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.clock import Clock
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

ALONE_SHARE = 0.5
MOVES_SHARE = 0.95
MIXED_SHARE = 0.7
"""Up to here moves, from here the solver."""
PATIENCE = 20
LEAST_WEIGHT = 1e-6


class Stage(NamedTuple):
    """What stands at the end of a phase.

    Attributes
    ----------
    chosen
        Ids of all candidates built by then.
    objective
        What they reach.
    bound
        What nothing exceeds that could stand by then.
    """

    chosen: tuple[str, ...]
    objective: float
    bound: float = inf


Chain = tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """What the phases are given and have to keep to.

    Attributes
    ----------
    rooms, budget : (T,)
        Of each phase; ``None`` for no limit.
    carried
        Money that one phase leaves over goes to the next. Rooms always do.
    weights : (T,) float64
        What a resident served at the end of each phase counts; add up to 1.
    """

    problem: SitingProblem
    requirements: Requirements
    rooms: LongArray | None
    budget: FloatArray | None
    carried: bool
    weights: FloatArray

    @property
    def phases(self) -> int:
        """How many there are."""
        return len(self.weights)

    @property
    def swappable(self) -> bool:
        """Whether numbers, money and single candidates are all that is asked for."""
        return replace(self.requirements, budget=None).plain

    def rooms_until(self, phase: int) -> int:
        """Return how many rooms may stand at the end of a phase."""
        most = len(self.problem.candidate_ids)
        return most if self.rooms is None else min(most, int(self.rooms[: phase + 1].sum()))

    def requirements_of(self, phase: int, *, spent: float | None = None) -> Requirements:
        """Return what a plan for the end of a phase has to keep to; what must be reached must be at the last only."""
        limits = [] if self.requirements.budget is None else [self.requirements.budget]
        if self.budget is not None:
            before = float(self.budget[:phase].sum()) if self.carried or spent is None else spent
            limits.append(before + float(self.budget[phase]))
        whole = self.requirements
        if phase < self.phases - 1:
            whole = replace(whole, must_build=(), floors=(), parities=())
        return replace(whole, budget=min(limits, default=None))

    def value(self, chain: Chain) -> float:
        """Return the weighted sum of what a chain reaches."""
        return float(self.weights @ np.array([stage.objective for stage in chain]))


def plan_alone(terms: Terms, *, mip_gap: float, clock: Clock) -> Chain:
    """Return the best plan for the end of each phase, as if the others did not matter, with its bound."""
    if terms.requirements.plain and not terms.requirements.must_build and terms.budget is None:
        return _alone_by_number(terms, mip_gap=mip_gap, clock=clock)
    stages = []
    for phase in range(terms.phases):
        share = ALONE_SHARE / (terms.phases - phase * (1 - ALONE_SHARE))
        answer = _solve(terms, phase, terms.requirements_of(phase), mip_gap, clock, clock.left_s * share)
        stages.append(Stage(answer.chosen, answer.objective, answer.bound))
    return tuple(stages)


def chain_by_solver(terms: Terms, first: Stage, at: int, *, mip_gap: float, clock: Clock) -> Chain | None:
    """Build a chain around the plan of one phase: earlier phases choose from it, later ones add to it.

    ``None`` where a later phase cannot keep to its requirements any more, or where money left over lapses: what is
    built when cannot then be told from the last phase back.
    """
    if at and terms.budget is not None and not terms.carried:
        return None
    stages = {at: first}
    waiting = terms.phases - 1
    try:
        for phase in [*range(at - 1, -1, -1), *range(at + 1, terms.phases)]:
            if phase < at:
                left_out = set(terms.problem.candidate_ids) - set(stages[phase + 1].chosen)
                asked = replace(terms.requirements_of(phase), forbidden=tuple(sorted(left_out)))
            else:
                standing = stages[phase - 1].chosen
                spent = float(terms.problem.cost[terms.problem.positions_of(standing)].sum())
                asked = terms.requirements_of(phase, spent=spent)
                asked = replace(asked, must_build=tuple(dict.fromkeys([*standing, *asked.must_build])))
            answer = _solve(terms, phase, asked, mip_gap, clock, clock.left_s / (waiting + 1))
            waiting -= 1
            stages[phase] = Stage(answer.chosen, answer.objective)
    except InfeasibleError:
        return None
    return tuple(stages[phase] for phase in range(terms.phases))


def chain_by_moves(
    terms: Terms, alone: Chain, known: Iterable[Chain], *, mip_gap: float, clock: Clock
) -> tuple[Chain, float] | None:
    """Improve chains by moving rooms between phases and putting others in their place; prove small ones.

    Without candidates that must be built, every phase's own plan is a start as well. The second figure is a bound of
    the weighted sum.
    """
    problem = terms.problem
    must = problem.positions_of(terms.requirements.must_build)
    model = reduce_problem(problem, forbidden=problem.positions_of(terms.requirements.forbidden))
    fixed = np.isin(model.candidate, must)
    idle = np.setdiff1d(must, model.candidate)
    # A phase that counts for nothing shall still be as good as it can.
    weights = np.where(terms.weights > 0, terms.weights, LEAST_WEIGHT)
    table = Timetable(model, weights, _limits(terms, model.candidate, idle), fixed)
    starts = [_phases_of(terms, model.candidate, chain) for chain in known]
    if not len(must):
        starts += [_filled(table, terms.phases, model.candidate, problem, alone[at], at) for at in range(terms.phases)]
    starts = [start for start in starts if all((limit.slack(start) >= 0).all() for limit in table.limits)]
    if not starts:
        return None
    exact = within_reach(table)
    best = best_timetable(table, starts, patience=PATIENCE, clock=clock, share=MIXED_SHARE if exact else MOVES_SHARE)
    table.set(best)
    bound = float(weights @ np.array([stage.bound for stage in alone]))
    if exact and bound - table.value > max(mip_gap, OPTIMAL_GAP) * table.value:
        best, bound = solve_timetable(table, best, clock=clock, mip_gap=mip_gap, bound=bound)
    stages = []
    for phase in range(terms.phases):
        built = model.candidate[best <= phase]
        if phase == terms.phases - 1:
            built = np.concatenate([built, idle])
        stages.append(Stage(tuple(problem.candidate_ids[each] for each in built), newly_served(problem, built)))
    return tuple(stages), bound


def _alone_by_number(terms: Terms, *, mip_gap: float, clock: Clock) -> Chain:
    problem = terms.problem
    forbidden = problem.positions_of(terms.requirements.forbidden)
    model = without_dominated(reduce_problem(problem, forbidden=forbidden)).model
    numbers = np.array([min(terms.rooms_until(phase), len(model.candidate)) for phase in range(terms.phases)])
    rungs, rung_of = np.unique(numbers, return_inverse=True)
    ladder = climb(model, rungs, mip_gap=mip_gap, clock=part_of(clock, ALONE_SHARE * clock.left_s))
    chosen = [model.candidate[each] for each in ladder.chosen]
    return tuple(
        Stage(
            tuple(problem.candidate_ids[each] for each in chosen[rung]),
            newly_served(problem, chosen[rung]),
            max(newly_served(problem, chosen[rung]), float(ladder.bound[rung])),
        )
        for rung in rung_of.tolist()
    )


def _solve(
    terms: Terms, phase: int, requirements: Requirements, mip_gap: float, clock: Clock, limit_s: float
) -> SitingAnswer:
    part = part_of(clock, limit_s)
    return solve_mclp(
        terms.problem,
        new_rooms=terms.rooms_until(phase),
        requirements=requirements,
        time_limit_s=part.limit_s,
        mip_gap=mip_gap,
        progress=part.progress,
    )


def _limits(terms: Terms, candidate: LongArray, idle: LongArray) -> list[Limit]:
    """Return what the phases may spend on the model's candidates; the last pays for what is built in vain."""
    cost, one = terms.problem.cost, np.ones(len(terms.problem.cost))
    given: list[tuple[FloatArray, FloatArray, bool]] = []
    if terms.rooms is not None:
        given.append((one, terms.rooms.astype(np.float64), True))
    if terms.budget is not None:
        given.append((cost, terms.budget.astype(np.float64), terms.carried))
    if terms.requirements.budget is not None:
        whole = np.zeros(terms.phases)
        whole[0] = terms.requirements.budget
        given.append((cost, whole, True))
    limits = []
    for price, by_phase, carried in given:
        left = by_phase.copy()
        left[-1] -= price[idle].sum()
        limits.append(Limit(cost=price[candidate], by_phase=left, carried=carried))
    return limits


def _phases_of(terms: Terms, candidate: LongArray, chain: Chain) -> LongArray:
    """Return the phase of every candidate of the model, T for not at all."""
    phase = np.full(len(terms.problem.candidate_ids), terms.phases, np.int64)
    for place in range(terms.phases - 1, -1, -1):
        phase[terms.problem.positions_of(chain[place].chosen)] = place
    return phase[candidate]


def _filled(
    table: Timetable, phases: int, candidate: LongArray, problem: SitingProblem, stage: Stage, at: int
) -> LongArray:
    """Return a timetable that chooses from the plan of one phase until it is built, and from all candidates then."""
    among = np.isin(candidate, problem.positions_of(stage.chosen))
    table.set(np.full(len(candidate), phases, np.int64))
    for phase in range(phases):
        table.fill(phase, among if phase <= at else None)
    return table.phase.copy()

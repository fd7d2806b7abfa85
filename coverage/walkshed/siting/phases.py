"""In which year to build what: every phase good in itself, none undone by the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum, inf, isfinite, nan
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from walkshed.errors import InfeasibleError, SitingError
from walkshed.progress import silent
from walkshed.siting.answer import OPTIMAL_GAP, relative_gap
from walkshed.siting.clock import Clock
from walkshed.siting.order import build_order
from walkshed.siting.phase_chains import Chain, Terms, chain_by_moves, chain_by_solver, plan_alone
from walkshed.siting.requirements import NOTHING
from walkshed.siting.tally import counts_residents, newly_served, residents_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.progress import Progress
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]

COLUMNS: Final = (
    "phase", "chosen", "rooms", "cost", "money_left", "adds", "newly_served", "served", "rate", "bound", "bound_rate",
    "share_of_bound", "objective", "objective_bound",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Phases:
    """A plan in phases, and how good it provably is.

    Attributes
    ----------
    chosen
        Candidate ids of every phase, in build order.
    weights
        What a resident served at the end of each phase counts; they add up to 1.
    objective
        Newly served residents at the end of the phases, weighted: with equal weights, as many as are served on average.
    bound
        No plan in phases reaches more: at most what each phase could reach if it were planned alone, weighted; where
        the problem is small enough for one programme over all phases, what that proved.
    mip_gap
        ``(bound - objective) / objective``.
    status
        ``"optimal"``: nothing is better. ``"within_gap"``: proven to within the gap that was asked for. ``"bounded"``:
        as good as ``mip_gap`` says; phases share their rooms, so that not all can be as good as if planned alone.
    way
        How the best plan was found: ``"first_phase"`` (from the first phase on), ``"last_phase"`` (the final plan,
        ordered) or ``"moves"`` (from either or one between, improved by moves, and
        by the solver where the problem is small).
    table
        One row per phase: ``phase`` (from 1), ``chosen``, ``rooms``, ``cost``, ``money_left`` (with money carried over,
        what the next phases may spend beside their own; otherwise what lapses; NaN without budgets), ``adds``
        (residents the phase adds), ``newly_served`` (by it and those before), ``served`` (today's included), ``rate``,
        ``bound`` and ``bound_rate`` (could at most be served if this phase were planned alone; NaN where the
        requirements count something else than residents), ``share_of_bound`` (of newly served; 1 where nothing is to
        gain), ``objective`` and ``objective_bound`` (what the requirements count).
    seconds
        Time taken.
    """

    chosen: tuple[tuple[str, ...], ...]
    weights: tuple[float, ...]
    objective: float
    bound: float
    mip_gap: float
    status: Literal["optimal", "within_gap", "bounded"]
    way: Literal["first_phase", "last_phase", "moves"]
    seconds: float
    table: pd.DataFrame = field(compare=False, repr=False)


def plan_phases(  # noqa: PLR0913 - keyword-only terms of one plan
    problem: SitingProblem,
    *,
    rooms_by_phase: Sequence[int] | None = None,
    budget_by_phase: Sequence[float] | None = None,
    carry_over: bool = True,
    weights: Sequence[float] | None = None,
    requirements: Requirements = NOTHING,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.005,
    progress: Progress = silent,
) -> Phases:
    """Plan in which phase (year) to build what.

    Every phase is planned alone first, which bounds it. Plans in phases are then built from the first phase on, from
    the last one back, and around every phase between; rooms are exchanged between them and for others while that wins;
    the best by the weighted sum is returned.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    rooms_by_phase, budget_by_phase
        What each phase is given: new rooms, money, or both.
    carry_over
        Money that a phase leaves over may be spent later; otherwise it lapses. (Rooms not built may always be built
        later.)
    weights
        What it counts to serve a resident at the end of each phase: ``(1, 0, 0)`` asks for the best first years,
        ``(0, 0, 1)`` for the best final plan. Default: equal.
    requirements
        What the plan has to keep to. What must be built or reached must be so at the end; everything else holds in
        every phase. Its ``budget`` is for all phases together.
    time_limit_s
        Seconds after which the best plan so far is returned.
    mip_gap
        Relative gap that is good enough for each phase alone.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    Phases

    Raises
    ------
    SitingError
        If an argument makes no sense, or the requirements allow closings.
    InfeasibleError
        If no plan in phases was found that keeps to the requirements.
    CancelledError
        If ``progress`` raises it; the work ends within two seconds.
    """
    clock = Clock(limit_s=time_limit_s, progress=progress)
    terms = _terms(problem, rooms_by_phase, budget_by_phase, weights, requirements, carry_over=carry_over)
    if not (isfinite(time_limit_s) and time_limit_s > 0):
        raise SitingError("time_limit_unusable", value=time_limit_s)
    if not 0 <= mip_gap < 1:
        raise SitingError("mip_gap_unusable", value=mip_gap)
    clock.running()
    alone = plan_alone(terms, mip_gap=mip_gap, clock=clock)
    way, chain, proven = _best_chain(terms, alone, mip_gap, clock)
    objective = terms.value(chain)
    bound = max(objective, min(proven, float(terms.weights @ np.array([stage.bound for stage in alone]))))
    gap = relative_gap(objective, bound)
    chosen = _in_order(problem, chain)
    clock.finish()
    return Phases(
        chosen=chosen,
        weights=tuple(terms.weights.tolist()),
        objective=objective,
        bound=bound,
        mip_gap=gap,
        status="optimal" if gap <= OPTIMAL_GAP else "within_gap" if gap <= mip_gap else "bounded",
        way=way,
        seconds=clock.elapsed_s,
        table=_table(terms, alone, chain, chosen),
    )


def _best_chain(
    terms: Terms, alone: Chain, mip_gap: float, clock: Clock
) -> tuple[Literal["first_phase", "last_phase", "moves"], Chain, float]:
    proven = inf
    found: dict[Literal["first_phase", "last_phase", "moves"], Chain] = {}
    if not terms.swappable or terms.requirements.must_build:
        last = terms.phases - 1
        for way, at in (("last_phase", last), ("first_phase", 0)):
            chain = chain_by_solver(terms, alone[at], at, mip_gap=mip_gap, clock=clock)
            if chain is not None:
                found["last_phase" if way == "last_phase" else "first_phase"] = chain
    if terms.swappable:
        moved = chain_by_moves(terms, alone, found.values(), mip_gap=mip_gap, clock=clock)
        if moved is not None:
            found["moves"], proven = moved
    if not found:
        raise InfeasibleError("phases_infeasible")
    # The sum of all decides between equals: a phase that counts for nothing shall still be as good as it can.
    best = max(found, key=lambda way: (terms.value(found[way]), fsum(stage.objective for stage in found[way])))
    return best, found[best], proven


def _terms(
    problem: SitingProblem,
    rooms_by_phase: Sequence[int] | None,
    budget_by_phase: Sequence[float] | None,
    weights: Sequence[float] | None,
    requirements: Requirements,
    *,
    carry_over: bool,
) -> Terms:
    given = [each for each in (rooms_by_phase, budget_by_phase, weights) if each is not None]
    lengths = {len(each) for each in given}
    if (rooms_by_phase is None and budget_by_phase is None) or len(lengths) != 1 or 0 in lengths:
        raise SitingError("phases_lengths", lengths=", ".join(str(len(each)) for each in given) or "-")
    numbers = np.array([value for each in given for value in each], np.float64)
    rooms = None if rooms_by_phase is None else np.array(rooms_by_phase)
    whole = rooms is None or bool((rooms == np.floor(rooms)).all())
    if not (np.isfinite(numbers).all() and (numbers >= 0).all() and whole):
        raise SitingError("phases_numbers")
    share = np.ones(lengths.pop()) if weights is None else np.array(weights, np.float64)
    if not share.sum() > 0:
        raise SitingError("phases_weights")
    if requirements.closings_max:
        raise SitingError("phases_closings")
    return Terms(
        problem=problem,
        requirements=requirements,
        rooms=None if rooms is None else rooms.astype(np.int64),
        budget=None if budget_by_phase is None else np.array(budget_by_phase, np.float64),
        carried=carry_over,
        weights=share / share.sum(),
    )


def _in_order(problem: SitingProblem, chain: Chain) -> tuple[tuple[str, ...], ...]:
    """Return what every phase builds, the room that then adds most first."""
    standing: list[int] = []
    phases = []
    for stage in chain:
        new = [each for each in problem.positions_of(stage.chosen).tolist() if each not in standing]
        steps = build_order(problem, new, standing=standing)
        phases.append(tuple(problem.candidate_ids[step.candidate] for step in steps))
        standing += new
    return tuple(phases)


def _table(terms: Terms, alone: Chain, chain: Chain, chosen: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    problem = terms.problem
    in_residents = counts_residents(terms.requirements)
    rows: list[dict[str, object]] = []
    before = carried = 0.0
    for phase, (own, stage, names) in enumerate(zip(alone, chain, chosen, strict=True)):
        newly = newly_served(problem, problem.positions_of(stage.chosen))
        cost = fsum(problem.cost[problem.positions_of(names)].tolist())
        money = nan
        if terms.budget is not None:
            money = float(terms.budget[phase]) + (carried if terms.carried else 0.0) - cost
            carried = money
        bound = max(own.bound, stage.objective)
        rows.append(
            {
                "phase": phase + 1,
                "chosen": names,
                "rooms": len(names),
                "cost": cost,
                "money_left": money,
                "adds": newly - before,
                **residents_of(problem, newly, bound if in_residents else nan),
                "share_of_bound": stage.objective / bound if bound > 0 else 1.0,
                "objective": stage.objective,
                "objective_bound": bound,
            }
        )
        before = newly
    return pd.DataFrame(rows, columns=list(COLUMNS))

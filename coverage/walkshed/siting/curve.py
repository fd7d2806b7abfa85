"""Coverage against the number of rooms, from none until nobody more can be served."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from walkshed.errors import InfeasibleError, SitingError
from walkshed.progress import silent
from walkshed.siting.answer import SitingAnswer, relative_gap, status_of
from walkshed.siting.clock import Clock
from walkshed.siting.covering.reduce import reduce_problem, without_dominated
from walkshed.siting.ladder import climb
from walkshed.siting.ladder_moves import extended, in_build_order, part_of
from walkshed.siting.requirements import NOTHING
from walkshed.siting.solve import solve_mclp
from walkshed.siting.tally import counts_residents, newly_served, residents_of, served_after

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.progress import Progress
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    LongArray = NDArray[np.int64]

COLUMNS: Final = (
    "rooms", "newly_served", "served", "rate", "bound", "bound_rate", "mip_gap", "status", "chosen", "closed",
    "objective", "objective_bound", "left",
)  # fmt: skip

SOLVE_SHARE: Final = 0.93
"""The rest of the time goes to putting every plan in order."""


class Knee(NamedTuple):
    """Where one more room is hardly worth it.

    Attributes
    ----------
    rooms
        So many rooms are.
    next_adds
        Residents that the next room adds, as far as plans were found; NaN where the curve ends before.
    next_adds_at_most
        What it provably adds at most, even if all the others are chosen anew; NaN where the curve ends before.
    """

    rooms: int
    next_adds: float
    next_adds_at_most: float


def rooms_curve(
    problem: SitingProblem,
    *,
    rooms_max: int | None = None,
    requirements: Requirements = NOTHING,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.005,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Find the best coverage for every number of new rooms, until nobody more can be served.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    rooms_max
        Where to end; ``None`` goes on until a further room adds nothing.
    requirements
        What every plan of the curve has to keep to. With more than rooms that must or may not be built every number is
        solved by itself, which takes longer.
    time_limit_s
        Seconds for the whole curve.
    mip_gap
        Relative gap on what is newly served that is good enough for every number.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    pandas.DataFrame
        One row per number, ascending, each a plan of its own (that of one more room may be another one altogether):

        ``rooms`` (new ones, at most), ``newly_served``, ``served`` (residents, those served today included), ``rate``
        (the same as a share of all residents; NaN where nobody lives), ``bound`` and ``bound_rate`` (no plan of so many
        rooms serves more; NaN where the requirements count something else than residents), ``mip_gap`` and ``status``
        (as in :class:`~walkshed.siting.answer.SitingAnswer`), ``chosen`` and ``closed`` (ids), ``objective`` and
        ``objective_bound`` (what the requirements count), ``left`` (what provably at most is still to gain with any
        number of rooms: 0 at the end of a whole curve).

        The curve begins with the smallest number with which the requirements can be kept. Figures and bounds never
        fall.

    Raises
    ------
    SitingError
        If an argument makes no sense.
    InfeasibleError
        If no number of rooms up to ``rooms_max`` can keep to the requirements.
    CancelledError
        If ``progress`` raises it; the work ends within two seconds.
    """
    _check_arguments(rooms_max, time_limit_s, mip_gap)
    clock = Clock(limit_s=time_limit_s, progress=progress)
    clock.running()
    if requirements.plain:
        rows = _plain(problem, rooms_max, requirements, mip_gap, clock)
    else:
        rows = _required(problem, rooms_max, requirements, mip_gap, clock)
    clock.finish()
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    floats = [name for name in COLUMNS if name not in ("rooms", "status", "chosen", "closed")]
    return table.astype({"rooms": np.int64} | dict.fromkeys(floats, np.float64))


def knee(curve: pd.DataFrame, *, residents_min: float) -> Knee:
    """Return after how many rooms the next one adds fewer than ``residents_min`` residents.

    Parameters
    ----------
    curve
        From :func:`rooms_curve`.
    residents_min
        What a room has to add to be worth it.

    Raises
    ------
    SitingError
        If the figure is not at least 0, or the curve is empty.
    """
    if not residents_min >= 0 or curve.empty:
        raise SitingError("knee_unusable", value=residents_min, rows=len(curve))
    rooms, served = curve["rooms"].to_numpy(np.int64), curve["newly_served"].to_numpy(np.float64)
    bound = curve["bound"].to_numpy(np.float64) - (curve["served"] - curve["newly_served"]).to_numpy(np.float64)
    adds = np.diff(served)
    short = np.flatnonzero(adds < residents_min)
    if len(short):
        at = int(short[0])
        return Knee(int(rooms[at]), float(adds[at]), float(bound[at + 1] - served[at]))
    ended = curve["left"].iloc[-1] == 0
    return Knee(int(rooms[-1]), 0.0 if ended else nan, 0.0 if ended else nan)


def _plain(
    problem: SitingProblem, rooms_max: int | None, requirements: Requirements, mip_gap: float, clock: Clock
) -> list[dict[str, object]]:
    must = problem.positions_of(requirements.must_build)
    forbidden = problem.positions_of(requirements.forbidden)
    if rooms_max is not None and rooms_max < len(must):
        raise InfeasibleError("curve_too_short", rooms_max=rooms_max, must_build=len(must))
    model = without_dominated(reduce_problem(problem, must=must, forbidden=forbidden)).model
    most = len(model.candidate) if rooms_max is None else min(rooms_max - len(must), len(model.candidate))
    # However it is chosen: with so many rooms everybody is served whom any room serves.
    most = len(extended(model, np.zeros(0, np.int64), most))
    ladder = climb(model, range(most + 1), mip_gap=mip_gap, clock=part_of(clock, SOLVE_SHARE * clock.left_s))
    base, total = newly_served(problem, must), newly_served(problem, np.concatenate([must, model.candidate]))
    rows = []
    for place, number in enumerate(ladder.rooms.tolist()):
        picked = in_build_order(ladder.model, ladder.chosen[place])
        chosen = np.concatenate([must, model.candidate[picked]])
        newly = newly_served(problem, chosen)
        bound = min(total, max(newly, base + float(ladder.bound[place])))
        gap = relative_gap(newly, bound)
        rows.append(
            {
                "rooms": number + len(must),
                **residents_of(problem, newly, bound),
                "mip_gap": gap,
                "status": status_of(gap, mip_gap) if total > 0 else "nothing_to_gain",
                "chosen": tuple(problem.candidate_ids[each] for each in chosen),
                "closed": (),
                "objective": newly,
                "objective_bound": bound,
                "left": total - newly,
            }
        )
        if rows[-1]["left"] == 0:
            break
    return rows


def _required(
    problem: SitingProblem, rooms_max: int | None, requirements: Requirements, mip_gap: float, clock: Clock
) -> list[dict[str, object]]:
    """Solve every number by itself, the largest first: none serves fewer than a smaller one, none has a lower bound."""
    most = len(problem.candidate_ids) if rooms_max is None else min(rooms_max, len(problem.candidate_ids))
    in_residents = counts_residents(requirements)
    answers = [_solve(problem, most, requirements, mip_gap, clock, share=1 / 4)]
    number = len(answers[0].chosen) if rooms_max is None else most
    numbers = [number]
    while number > len(requirements.must_build) and clock.left_s > 0:
        number -= 1
        try:
            answers.append(_solve(problem, number, requirements, mip_gap, clock, share=1 / (number + 1)))
        except InfeasibleError:
            break
        numbers.append(number)
    bounds = np.minimum.accumulate([answer.bound for answer in answers])[::-1]
    answers, numbers = answers[::-1], numbers[::-1]
    rows: list[dict[str, object]] = []
    best = answers[0]
    for number, answer, ceiling in zip(numbers, answers, bounds.tolist(), strict=True):
        best = answer if answer.objective >= best.objective else best
        bound = max(ceiling, best.objective)
        gap = relative_gap(best.objective, bound)
        newly = served_after(problem, best.chosen, best.closed) - problem.served_today
        rows.append(
            {
                "rooms": number,
                **residents_of(problem, newly, bound if in_residents else nan),
                "mip_gap": gap,
                "status": best.status if best.status == "nothing_to_gain" else status_of(gap, mip_gap),
                "chosen": best.chosen,
                "closed": best.closed,
                "objective": best.objective,
                "objective_bound": bound,
                "left": float(bounds[-1]) - best.objective if rooms_max is None else nan,
            }
        )
    return rows


def _solve(
    problem: SitingProblem, rooms: int, requirements: Requirements, mip_gap: float, clock: Clock, *, share: float
) -> SitingAnswer:
    part = part_of(clock, clock.left_s * share)
    return solve_mclp(
        problem,
        new_rooms=rooms,
        requirements=requirements,
        time_limit_s=part.limit_s,
        mip_gap=mip_gap,
        progress=part.progress,
    )


def _check_arguments(rooms_max: object, time_limit_s: float, mip_gap: float) -> None:
    whole = isinstance(rooms_max, int | np.integer) and not isinstance(rooms_max, bool) and rooms_max >= 0
    if rooms_max is not None and not whole:
        raise SitingError("new_rooms_unusable", value=rooms_max)
    if not (np.isfinite(time_limit_s) and time_limit_s > 0):
        raise SitingError("time_limit_unusable", value=time_limit_s)
    if not 0 <= mip_gap < 1:
        raise SitingError("mip_gap_unusable", value=mip_gap)

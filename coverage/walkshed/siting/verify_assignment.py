"""Count a plan whose rooms take only so many, by the best assignment of residents: a linear programme of its own."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack

from walkshed.siting.verify_walks import (
    SHARE_TOLERANCE,
    conditions,
    counts_of,
    open_rooms,
    reachable,
    share_of,
    two_nearest,
    worth_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]


def assigned(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    model: str,
    requirements: Requirements,
    share: float | None,
) -> tuple[float, list[str]]:
    """Return objective and broken shares under the best assignment to rooms with capacities."""
    reached, far = reachable(problem, requirements)
    counts = counts_of(problem, requirements)
    if model == "p_center":
        limits = np.unique(np.concatenate([room.minutes for room in open_rooms(problem, chosen, closed)]))
        low, high = 0, len(limits)
        while low < high:
            middle = (low + high) // 2
            fits = _assignment(problem, chosen, closed, model, requirements, limit=limits[middle], all_of=reached)
            low, high = (low, middle) if fits is not None else (middle + 1, high)
        if not reached.any():
            fits = _assignment(problem, chosen, closed, model, requirements, limit=inf, all_of=reached)
            return 0.0, [] if fits is not None else ["shares"]
        return (float(limits[low]), []) if low < len(limits) else (float("nan"), ["capacity or shares"])
    endless = model == "p_median" and problem.horizon_min == inf
    everyone = reached if endless else np.zeros(len(reached), bool)
    worth = _assignment(problem, chosen, closed, model, requirements, limit=inf, all_of=everyone)
    if worth is None:
        return float("nan"), ["capacity or shares"]
    if model == "p_median":
        ours = reached if endless else np.ones(len(reached), bool)
        return float((counts * far)[ours].sum()) - worth, []
    if model == "lscp":
        short = share_of(problem, counts, worth) < (share or 0.0) - SHARE_TOLERANCE
        return 0.0, ["share"] if short else []
    nothing = np.zeros(len(reached), bool)
    today = _assignment(problem, (), (), model, requirements, limit=inf, all_of=nothing, shares=False)
    return worth - (today or 0.0), []


def _assignment(
    problem: SitingProblem,
    chosen: Sequence[str],
    closed: Sequence[str],
    model: str,
    requirements: Requirements,
    *,
    limit: float,
    all_of: BoolArray,
    shares: bool = True,
) -> float | None:
    """Return the most that an assignment of residents to open rooms is worth, None where there is none."""
    one, two = two_nearest(problem, chosen, closed)
    del one
    far = reachable(problem, requirements)[1]
    rooms = list(open_rooms(problem, chosen, closed))
    row = np.concatenate([room.rows for room in rooms])
    minutes = np.concatenate([room.minutes for room in rooms])
    room_of = np.repeat(np.arange(len(rooms)), [len(room.rows) for room in rooms])
    useful = (minutes <= (limit if model in ("p_median", "p_center") else problem.cutoff_min)) & (
        problem.population[row] > 0
    )
    row, minutes, room_of = row[useful], minutes[useful], room_of[useful]
    if np.setdiff1d(np.flatnonzero(all_of), row).size:
        return None
    backup = requirements.backup_share
    gain = (1.0 - backup) * worth_of(problem, requirements, model, minutes, far[row])
    gain += backup * worth_of(problem, requirements, model, two, far)[row]
    capacity = np.array([room.capacity for room in rooms])
    finite = np.flatnonzero(np.isfinite(capacity))
    pair, size = np.arange(len(row)), (len(problem.demand_ids), len(row))
    part = csr_array(coo_array((np.ones(len(row)), (row, pair)), shape=size))
    load = csr_array(coo_array((problem.population[row], (room_of, pair)), shape=(len(rooms), len(row))))
    blocks, most = [part, load[finite]], [np.ones(len(problem.demand_ids)), capacity[finite]]
    near = minutes <= problem.cutoff_min
    for _, adds, least in conditions(problem, requirements) if shares else ():
        blocks.append(csr_array(-(adds[row] * near)[None, :]))
        most.append(np.array([SHARE_TOLERANCE / 1000 - least]))
    if not len(row):
        return 0.0 if all((limits >= 0).all() for limits in most) else None
    matrix = vstack(blocks, format="csr")
    equal = part[np.flatnonzero(all_of)] if all_of.any() else None
    counts = counts_of(problem, requirements)[row]
    solved = linprog(  # type: ignore[call-overload]  # its stubs know dense matrices only
        -counts * gain,
        A_ub=matrix,
        b_ub=np.concatenate(most),
        A_eq=equal,
        b_eq=None if equal is None else np.ones(equal.shape[0]),
        bounds=(0.0, 1.0),
        method="highs",
    )
    return -float(solved.fun) if solved.status == 0 else None

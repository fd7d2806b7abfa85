"""What a plan comes to, counted from who walks how far and not from the solver's numbers (no capacities)."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from walkshed.siting.programme.conditions import SHARE_SLACK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.programme.frame import Frame

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]


def row_worth(frame: Frame, two: FloatArray) -> FloatArray:
    """Return what rooms at these two walks (N, 2) are worth to a resident of every row."""
    rows, second = np.arange(len(two)), frame.requirements.backup_share
    first = frame.worth(two[:, 0], rows)
    return (1.0 - second) * first + second * frame.worth(two[:, 1], rows) if second else first


def worth_of(frame: Frame, two: FloatArray) -> float:
    """Return what rooms at these two walks (N, 2) are worth to all residents."""
    return fsum((frame.weight * row_worth(frame, two)).tolist())


def meets(frame: Frame, two: FloatArray, share: float, reach_min: float | None) -> bool:
    """Say whether every share that is asked for is met, and everybody is reached who has to be."""
    served = (two[:, 0] <= frame.problem.cutoff_min).astype(np.float64)
    if not all(condition.is_met(served) for condition in frame.conditions):
        return False
    if reach_min is not None and bool((two[frame.reachable, 0] > reach_min).any()):
        return False
    return frame.model != "lscp" or counted_share(frame, worth_of(frame, two)) >= share - SHARE_SLACK


def counted_share(frame: Frame, worth: float) -> float:
    """Return the share of all residents, as they count, that a plan of this worth serves; 1 where nobody counts."""
    outside = frame.problem.left_out_served
    everyone = fsum([outside, *frame.weight.tolist()])
    return (worth + outside) / everyone if everyone else 1.0


def objective_of(frame: Frame, opened: BoolArray, *, minimise_cost: bool) -> float:
    """Return the model's objective of a choice of columns (m,)."""
    if frame.model == "lscp":
        rooms = np.concatenate([frame.columns[: frame.new][opened[: frame.new]], frame.must])
        return fsum(frame.problem.cost[rooms].tolist()) if minimise_cost else float(len(rooms))
    two = frame.walks.two(opened, frame.standing)
    if frame.model == "p_center":
        return float(two[frame.reachable, 0].max(initial=0.0))
    worth = row_worth(frame, two)
    if frame.model == "p_median":
        return fsum((frame.weight * (frame.far - worth)).tolist())
    return fsum((frame.weight * (worth - row_worth(frame, frame.today))).tolist())

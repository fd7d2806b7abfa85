"""Make one choice of two, taking of each what is better, part of town by part of town.

Rooms that only one of two choices has fall into parts that serve nobody in common, beside whom the rooms of both serve.
What each part adds does not depend on the others, so the best mixture is found exactly, however many there are: the
partition crossover of Whitley, Hains and Howe (2009), with a count of rooms to keep to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.covering.reduce import CoveringModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]


def combine(model: CoveringModel, one: LongArray, other: LongArray) -> LongArray:
    """Return the best mixture of two choices.

    Parameters
    ----------
    model
        m candidates.
    one, other
        (p,) positions each.

    Returns
    -------
    (p,) int64
        Serves no fewer residents than either.
    """
    common = np.intersect1d(one, other)
    apart = np.setxor1d(one, other)
    if not len(apart):
        return one
    weight = model.weight.copy()
    weight[gather(model.covers, common)[0]] = 0.0
    part = _parts(model, apart, weight)
    mine = np.isin(apart, one)
    # Best rooms by how many are built, from part to part.
    plans: dict[int, tuple[float, LongArray]] = {0: (0.0, common)}
    for number in range(int(part.max()) + 1):
        choices = [apart[(part == number) & side] for side in (mine, ~mine)]
        worth = [_served(model, rooms, weight) for rooms in choices]
        grown: dict[int, tuple[float, LongArray]] = {}
        for built, (value, rooms) in plans.items():
            for more, adds in zip(choices, worth, strict=True):
                count = built + len(more)
                if len(common) + count <= len(one) and (count not in grown or value + adds > grown[count][0]):
                    grown[count] = (value + adds, np.concatenate([rooms, more]))
        plans = grown
    best = max(plans.values(), key=lambda plan: plan[0])[1]
    spare = np.setdiff1d(one, best)[: len(one) - len(best)]
    return np.sort(np.concatenate([best, spare]))


def _parts(model: CoveringModel, apart: LongArray, weight: FloatArray) -> NDArray[np.int32]:
    """Return for every candidate its part: those of one part serve somebody in common who counts."""
    reach = model.covers[apart]
    reach.data = (weight[reach.indices] > 0).astype(np.float32)
    reach.eliminate_zeros()
    part: NDArray[np.int32] = connected_components(reach @ reach.T, directed=False)[1]
    return part


def _served(model: CoveringModel, rooms: LongArray, weight: FloatArray) -> float:
    return float(weight[np.unique(gather(model.covers, rooms)[0])].sum())

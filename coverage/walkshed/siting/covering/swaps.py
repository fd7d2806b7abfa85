"""Good answers fast: greedy choice, then iterated swaps of one room for another.

The start is the greedy algorithm for maximal covering (Church and ReVelle 1974), improved by vertex substitution (Teitz
and Bart 1968). After that the best choice is shaken all over town, improved by tabu search, and what has become better
is taken over part by part (:mod:`walkshed.siting.covering.combine`). Random numbers have a fixed seed: the same problem
gives the same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.covering.combine import combine
from walkshed.siting.covering.reduce import gather
from walkshed.siting.covering.table import SwapTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.covering.reduce import CoveringModel

    LongArray = NDArray[np.int64]

SEED: Final = 20_240_801
TABLE_MAX: Final = 40_000_000
"""Most entries of the table of swaps, 8 bytes each; rooms of a larger one stay where they are."""
SHAKES: Final = (20, 60)
"""So many random swaps in one round, at random; no fewer than 0.4 and no more than 1.2 for every room."""
STEPS: Final = (20, 150)
"""Fewest and most swaps that follow; in between three for every room."""


def covered_weight(model: CoveringModel, chosen: LongArray) -> float:
    """Return the residents that the candidates at positions ``chosen`` serve together."""
    served = np.zeros(len(model.weight), bool)
    served[gather(model.covers, chosen)[0]] = True
    return float(model.weight[served].sum())


def greedy(model: CoveringModel, rooms: int, clock: Clock) -> LongArray:
    """Choose the candidate that wins most, again and again.

    Parameters
    ----------
    model
        m candidates.
    rooms
        How many to choose, 1..m; fewer are chosen when nothing is left to win.
    clock
        Is asked to report; the choice is finished even when time is up, it takes no longer than reading the model.

    Returns
    -------
    (k,) int64
        Positions in the model, in the order of choice; of equal candidates the first.
    """
    gain = model.covers @ model.weight
    open_ = np.ones(len(model.weight), bool)
    chosen: list[int] = []
    while len(chosen) < rooms and open_.any():
        clock.running()
        best = int(np.argmax(gain))
        gain[best] = -np.inf
        won = gather(model.covers, np.array([best]))[0]
        won = won[open_[won]]
        if not len(won):
            continue  # all that was left of its gain is rounding
        chosen.append(best)
        open_[won] = False
        losing, times = gather(model.covered_by, won)
        gain -= np.bincount(losing, np.repeat(model.weight[won], times), minlength=len(gain))
    return np.array(chosen, np.int64)


def improve(
    model: CoveringModel,
    chosen: LongArray,
    *,
    patience: int,
    clock: Clock,
    share: float = 1.0,
    turn: int = 0,
    enough: float = np.inf,
) -> LongArray:
    """Swap rooms while that wins residents, then shake the answer and try again.

    Parameters
    ----------
    model
        m candidates.
    chosen
        (p,) positions to start from.
    patience
        How many rounds to try in a row without finding anything better; 0 ends in the first local optimum.
    clock, share
        Stops early once ``share`` of the time is spent.
    turn
        Another turn shakes otherwise.
    enough
        Stops once so many residents are served, those of ``model.base`` not counted.

    Returns
    -------
    (p,) int64
        The best choice seen, never worse than ``chosen``.
    """
    rooms = len(chosen)
    if not 0 < rooms < len(model.candidate) or rooms * len(model.candidate) > TABLE_MAX:
        return chosen
    random = np.random.default_rng(SEED + turn)
    fewest, most = min(SHAKES[0], max(1, 2 * rooms // 5)), min(SHAKES[1], max(1, 6 * rooms // 5))
    steps = min(STEPS[1], max(STEPS[0], 3 * rooms))
    table = SwapTable(model, chosen)
    table.descend(clock, share)
    best, value = table.chosen.copy(), covered_weight(model, table.chosen)
    enough = min(enough, float(model.weight.sum()))
    failed = 0
    while failed < patience and value < enough and clock.running(share):
        failed += 1
        trial = table.copy()
        trial.shake(random, int(random.integers(fewest, most + 1)))
        child = combine(model, best, trial.wander(random, steps, clock, share))
        if (better := covered_weight(model, child)) > value:
            best, value, failed = child, better, 0
            table = SwapTable(model, best)
    return best if value >= covered_weight(model, chosen) else chosen

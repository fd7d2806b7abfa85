"""Proof by branching: what the multipliers leave open is split at one candidate, built or not built, again and again.

Every part is a benefit problem of its own: candidates built in it are what its rows have anyway, candidates not built
in it are gone. It is bounded by the multipliers of the part it came from and a few more steps, and given up once
nothing in it can be better than the best choice so far. The part with the highest bound comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from math import floor
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.median.benefit import gains, given, total_gain
from walkshed.siting.median.bound import candidate_bounds, multiplier_ceiling, relaxation_bound

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.median.benefit import BenefitModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

STEPS: Final = 60
GRAINS: Final = 50
"""Bounds that differ by less than this part of the gap count as equal: the part with most built is first."""


@dataclass(eq=False)
class Tree:
    """What branching found: the best choice (positions in the model), its value, and a valid bound."""

    chosen: LongArray
    value: float
    bound: float
    parts: int = 0


@dataclass(eq=False)
class _Part:
    """Candidates built and still open (positions in the model), a bound, and multipliers by row of the model."""

    built: LongArray
    open_: LongArray
    bound: float
    multiplier: FloatArray


def branch(
    model: BenefitModel,
    rooms: int,
    start: LongArray,
    multiplier: FloatArray,
    *,
    enough: Callable[[float], float],
    clock: Clock,
    steps: int = STEPS,
) -> Tree:
    """Prove or improve ``start``.

    Parameters
    ----------
    model
        m candidates, n rows.
    rooms
        1..m.
    start
        A choice to start from.
    multiplier
        (n,) good multipliers.
    enough
        The bound that is good enough, by the value of the best choice.
    clock
        Its limit holds.
    """
    tree = Tree(start, total_gain(model, start), 0.0)
    ceiling = multiplier_ceiling(model, multiplier, rooms)
    grain = 1.0 if model.whole else max((ceiling.bound - enough(tree.value)) / GRAINS, 1e-12)
    heap: list[tuple[int, int, int, _Part]] = []
    none = np.zeros(0, np.int64)
    heappush(heap, (0, 0, 0, _Part(none, np.arange(model.sites), ceiling.bound, multiplier)))
    number = 0
    while heap and clock.running():
        part = heappop(heap)[3]
        if part.bound <= enough(tree.value):
            tree.bound = max(tree.bound, part.bound)
            continue
        for child in _split(model, rooms, part, tree, enough, clock, steps):
            number -= 1
            heappush(heap, (-floor(child.bound / grain), -len(child.built), number, child))
    tree.bound = max([tree.bound, tree.value, *(entry[3].bound for entry in heap)])
    return tree


def _split(
    model: BenefitModel,
    rooms: int,
    part: _Part,
    tree: Tree,
    enough: Callable[[float], float],
    clock: Clock,
    steps: int,
) -> list[_Part]:
    """Bound a part; return its two halves, or nothing where nothing better is in it."""
    tree.parts += 1
    have = gains(model, part.built)
    base = float(have.sum())
    left = rooms - len(part.built)
    sub = given(model, part.open_, have)
    column = np.searchsorted(model.row, sub.row)
    if left <= 1 or left >= sub.sites:
        single = np.bincount(sub.site, sub.value, minlength=sub.sites)
        more = np.arange(sub.sites) if left >= sub.sites else np.argsort(-single, kind="stable")[:left]
        _offer(model, tree, np.concatenate([part.built, part.open_[more]]))
        return []
    target = enough(tree.value) - base
    first = np.maximum(part.multiplier[column] - have[column], 0.0)
    relaxed = relaxation_bound(sub, left, first, target=target, steps=steps, clock=clock)
    ceiling = multiplier_ceiling(sub, relaxed.multiplier, left)
    ranked = np.argsort(-ceiling.score, kind="stable")
    _offer(model, tree, np.concatenate([part.built, part.open_[ranked[:left]]]))
    target = enough(tree.value) - base
    bound = min(ceiling.bound + base, part.bound)
    if bound <= target + base:
        tree.bound = max(tree.bound, bound)
        return []
    with_it, without = candidate_bounds(ceiling)
    needed, gone = without <= target, with_it <= target
    given_up = float(np.concatenate([without[needed], with_it[gone & ~needed]]).max(initial=0.0))
    tree.bound = max(tree.bound, base + given_up)
    multiplier = have.copy()
    multiplier[column] += relaxed.multiplier
    built = np.concatenate([part.built, part.open_[needed]])
    free = ~needed & ~gone
    open_ = part.open_[free]
    if len(built) > rooms:
        return []
    if not len(open_) or len(built) == rooms:
        _offer(model, tree, built)
        return []
    pick = int(np.argmax(np.where(free, relaxed.choice, -1.0)))
    rest = open_[open_ != part.open_[pick]]
    return [
        _Part(np.append(built, part.open_[pick]), rest, min(bound, base + float(with_it[pick])), multiplier),
        _Part(built, rest, min(bound, base + float(without[pick])), multiplier),
    ]


def _offer(model: BenefitModel, tree: Tree, chosen: LongArray) -> None:
    value = total_gain(model, chosen)
    if value > tree.value:
        tree.chosen, tree.value = np.sort(chosen), value

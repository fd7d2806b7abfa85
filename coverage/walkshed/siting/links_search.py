"""Good choices of rooms and links together, fast: greedy, swaps of one for another, and small random changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array, vstack

from walkshed.siting.covering.reduce import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.links import LinkedProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

SEED: Final = 20_240_801
RELATIVE_GAIN: Final = 1e-10
MONEY_SLACK: Final = 1e-9
MOVES_MAX: Final = 3
LEAST_MONEY: Final = 1e-12
"""Nothing is divided by less."""
TRIED: Final = 5
"""So many of the best additions are counted in full."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkedModel:
    """Rooms, links and what only both together serve, over groups of rows that the same of them serve.

    Attributes
    ----------
    rooms, links
        M candidates, then L links: the M + L things to choose.
    covers : csr_array (M + L + K, n)
        1.0 where a room, a link, or a pair of both serves a group.
    covered_by : csr_array (n, M + L + K)
        Its transpose.
    weight : (n,) float64
        Residents of each group, above 0.
    pair_room, pair_link : (K,) int64
        Things (links from M on) that make up each pair.
    limits
        Price of every thing, (M + L,), and what may be spent.
    allowed, fixed : (M + L,) bool
        Things that may be chosen, and that must.
    """

    rooms: int
    links: int
    covers: csr_array
    covered_by: csr_array
    weight: FloatArray
    pair_room: LongArray
    pair_link: LongArray
    limits: tuple[tuple[FloatArray, float], ...]
    allowed: BoolArray
    fixed: BoolArray

    @property
    def things(self) -> int:
        """Rooms and links."""
        return self.rooms + self.links

    def active(self, built: BoolArray) -> BoolArray:
        """Return which rooms, links and pairs serve, (M + L + K,)."""
        return np.concatenate([built, built[self.pair_room] & built[self.pair_link]])

    def value(self, built: BoolArray) -> float:
        """Return the residents that things serve together."""
        groups = gather(self.covers, np.flatnonzero(self.active(built)))[0]
        return float(self.weight[np.unique(groups)].sum())

    def affordable(self, built: BoolArray) -> bool:
        """Say whether things keep within all limits and to what must and may be chosen."""
        within = all(float(cost[built].sum()) <= most * (1.0 + MONEY_SLACK) for cost, most in self.limits)
        return within and bool((self.allowed | ~built).all()) and bool((built | ~self.fixed).all())


def linked_model(
    problem: LinkedProblem, limits: Sequence[tuple[FloatArray, float]], *, must: LongArray, forbidden: LongArray
) -> LinkedModel:
    """Merge the rows of a linked problem that the same rooms, links and pairs serve."""
    rooms, links = len(problem.base.candidate_ids), len(problem.links)
    stacked = vstack([problem.base.reach, problem.alone, problem.pairs.rows], format="csr")
    by_row = csr_array(stacked.T)
    by_row.sort_indices()
    live = np.flatnonzero((np.diff(by_row.indptr) > 0) & (problem.base.population > 0))
    by_row = by_row[live]
    seen: dict[bytes, int] = {}
    label = np.fromiter(
        (
            seen.setdefault(by_row.indices[start:stop].tobytes(), len(seen))
            for start, stop in zip(by_row.indptr[:-1].tolist(), by_row.indptr[1:].tolist(), strict=True)
        ),
        np.int64,
        len(live),
    )
    first = np.unique(label, return_index=True)[1]
    covered_by = csr_array(by_row[first].astype(np.float64))
    covers = csr_array(covered_by.T)
    covers.sort_indices()
    allowed, fixed = np.ones(rooms + links, bool), np.zeros(rooms + links, bool)
    allowed[forbidden] = False
    fixed[must] = True
    return LinkedModel(
        rooms=rooms,
        links=links,
        covers=covers,
        covered_by=covered_by,
        weight=np.bincount(label, problem.base.population[live], minlength=len(first)).astype(np.float64),
        pair_room=problem.pairs.candidate.astype(np.int64),
        pair_link=rooms + problem.pairs.link.astype(np.int64),
        limits=tuple(limits),
        allowed=allowed,
        fixed=fixed,
    )


class LinkedChoice:
    """A choice of things, changed one by one."""

    def __init__(self, model: LinkedModel) -> None:
        self.model = model
        self.least = RELATIVE_GAIN * float(model.weight.sum())
        self.set(model.fixed)

    def set(self, built: BoolArray) -> None:
        """Take a whole choice, (M + L,)."""
        self.built = built.copy()
        groups = gather(self.model.covers, np.flatnonzero(self.model.active(self.built)))[0]
        self.count = np.bincount(groups, minlength=len(self.model.weight))

    @property
    def value(self) -> float:
        """Residents served."""
        return float(self.model.weight[self.count > 0].sum())

    def put(self, thing: int, *, built: bool) -> None:
        """Choose a thing, or no longer."""
        before = self.model.active(self.built)
        self.built[thing] = built
        changed = np.flatnonzero(self.model.active(self.built) != before)
        groups = gather(self.model.covers, changed)[0]
        self.count += (1 if built else -1) * np.bincount(groups, minlength=len(self.count))

    def add_best(self, without: int = -1) -> float:
        """Add the thing, or the room with its link, that wins most for what it costs; return what it wins, else 0."""
        model = self.model
        single, both = self._gains()
        left = [(cost, most * (1.0 + MONEY_SLACK) - float(cost[self.built].sum())) for cost, most in model.limits]
        may = model.allowed & ~self.built
        may[without : without + 1 if without >= 0 else 0] = False
        price, pair_price = np.full(model.things, LEAST_MONEY), np.full(len(both), LEAST_MONEY)
        pair_may = may[model.pair_room] & may[model.pair_link]
        for cost, most in left:
            # Rooms are paid from one purse and links from another, or both from the same.
            may &= cost <= most
            price = np.maximum(price, cost / max(most, LEAST_MONEY))
            together = cost[model.pair_room] + cost[model.pair_link]
            pair_may &= together <= most
            pair_price = np.maximum(pair_price, together / max(most, LEAST_MONEY))
        score = np.concatenate([np.where(may, single, 0.0) / price, np.where(pair_may, both, 0.0) / pair_price])
        # The gains of a room with several links may count somebody twice: what is taken is counted anew.
        for place in np.argsort(-score, kind="stable")[:TRIED].tolist():
            if score[place] <= 0:
                break
            pair = place - model.things
            things = [place] if pair < 0 else [int(model.pair_room[pair]), int(model.pair_link[pair])]
            before = self.value
            for thing in things:
                self.put(thing, built=True)
            if self.value > before + self.least:
                return self.value - before
            for thing in things:
                self.put(thing, built=False)
        return 0.0

    def fill(self) -> None:
        """Add while that wins."""
        while self.add_best() > 0:
            pass

    def descend(self, clock: Clock, share: float) -> None:
        """Put other things in the place of one while that wins."""
        better = True
        while better and clock.running(share):
            better = False
            for thing in np.flatnonzero(self.built & ~self.model.fixed).tolist():
                if not clock.running(share):
                    return
                before, value = self.built.copy(), self.value
                self.put(thing, built=False)
                self.add_best(without=thing)
                self.fill()
                if self.value > value + self.least:
                    better = True
                else:
                    self.set(before)

    def shake(self, random: np.random.Generator) -> None:
        """Leave a few random things out, and let some random ones stay out for now."""
        free = np.flatnonzero(self.built & ~self.model.fixed)
        for thing in random.permutation(free)[: int(random.integers(1, MOVES_MAX + 1))].tolist():
            self.put(thing, built=False)
            self.add_best(without=thing)

    def _gains(self) -> tuple[FloatArray, FloatArray]:
        """Return what things would add, (M + L,), and what pairs of which neither is chosen would, (K,)."""
        model = self.model
        own = model.covers @ np.where(self.count == 0, model.weight, 0.0)
        single, pair = own[: model.things].copy(), own[model.things :]
        np.add.at(single, model.pair_room, np.where(self.built[model.pair_link], pair, 0.0))
        np.add.at(single, model.pair_link, np.where(self.built[model.pair_room], pair, 0.0))
        neither = ~self.built[model.pair_room] & ~self.built[model.pair_link]
        return single, np.where(neither, single[model.pair_room] + single[model.pair_link] + pair, 0.0)


def best_choice(
    model: LinkedModel, starts: Sequence[BoolArray], *, patience: int, clock: Clock, share: float
) -> BoolArray:
    """Find a good choice of rooms and links.

    Parameters
    ----------
    model
        What there is to choose.
    starts
        Choices to start from, beside the greedy one.
    patience
        How often to shake in a row without finding anything better.
    clock, share
        Stops early once ``share`` of the time is spent.

    Returns
    -------
    (M + L,) bool
    """
    choice = LinkedChoice(model)
    best, best_value = model.fixed.copy(), model.value(model.fixed)
    for start in (model.fixed, *starts):
        choice.set(start)
        choice.fill()
        choice.descend(clock, share)
        if choice.value > best_value:
            best, best_value = choice.built.copy(), choice.value
    random = np.random.default_rng(SEED)
    failed = 0
    while failed < patience and best_value < model.weight.sum() and clock.running(share):
        failed += 1
        choice.set(best)
        choice.shake(random)
        choice.fill()
        choice.descend(clock, share)
        if choice.value > best_value + choice.least:
            best, best_value, failed = choice.built.copy(), choice.value, 0
    return best

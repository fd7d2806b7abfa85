"""One set covering problem, from the quick steps to the thorough ones: a cover and a bound that close in on each other.

The problem is reduced and falls apart into parts that have nothing in common; the parts are bounded one by one, and
where rooms are counted the bound of every part is a whole number.
"""

from __future__ import annotations

from math import ceil, fsum, inf
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.clock import Clock
from walkshed.siting.setcover.bound import relaxation_bound
from walkshed.siting.setcover.highs import cheapest_cover
from walkshed.siting.setcover.model import split
from walkshed.siting.setcover.reduce import reduce_cover
from walkshed.siting.setcover.search import greedy_cover, improve_cover

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.setcover.model import CoverModel

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

ROUNDING: Final = 1e-6
"""What a bound may be off before it is rounded up to a whole number."""


class _Part:
    """A part of the problem with its best cover (positions in the part's model) and a valid bound."""

    def __init__(self, model: CoverModel, clock: Clock) -> None:
        self.model = model
        self.whole = model.whole
        self.chosen = greedy_cover(model, clock)
        self.price = model.price(self.chosen)
        self.bound = 0.0
        self.multiplier = np.zeros(len(model.row))

    def choose(self, chosen: LongArray) -> None:
        """Take a cover if it is cheaper."""
        price = self.model.price(chosen)
        if price < self.price:
            self.chosen, self.price = chosen, price

    def raise_to(self, bound: float) -> None:
        """Take a valid bound if it is tighter; where every choice costs a whole number, so does the cheapest."""
        tidy = float(ceil(bound - ROUNDING)) if self.whole else bound
        self.bound = min(self.price, max(self.bound, tidy))


class Cover:
    """A set covering problem that is being solved.

    Parameters
    ----------
    model
        m candidates, n rows, each covered by at least one of them.
    clock
        Its limit holds for every step; the first cover is there in any case.
    """

    def __init__(self, model: CoverModel, clock: Clock) -> None:
        reduced = reduce_cover(model, clock)
        self.clock = clock
        self.taken = reduced.taken
        self.taken_price = float(model.cost[np.searchsorted(model.candidate, reduced.taken)].sum())
        self.parts = [_Part(part, clock) for part in split(reduced.model)] if len(reduced.model.row) else []

    @property
    def price(self) -> float:
        """What the best cover so far costs."""
        return fsum([self.taken_price, *(part.price for part in self.parts)])

    @property
    def bound(self) -> float:
        """No cover costs less."""
        return fsum([self.taken_price, *(part.bound for part in self.parts)])

    @property
    def chosen(self) -> LongArray:
        """The candidates of the best cover so far, positions in the problem, ascending."""
        found = [self.taken, *(part.model.candidate[part.chosen] for part in self.parts)]
        return np.sort(np.concatenate(found)).astype(np.int64)

    def settled(self, *, enough: float = -inf, mip_gap: float = 0.0) -> bool:
        """Say whether the question is answered.

        Parameters
        ----------
        enough
            The question is whether a cover costs no more than this; without it, which one is cheapest.
        mip_gap
            A relative gap that is good enough.
        """
        price, bound = self.price, self.bound
        if enough > -inf and (price <= enough or bound > enough):
            return True
        return price - bound <= max(mip_gap, ROUNDING) * price

    def search(self, *, patience: int, enough: float = -inf, mip_gap: float = 0.0, share: float = 1.0) -> None:
        """Look for cheaper covers of the parts that are open, until ``patience`` turns bring nothing."""
        for part in self._open():
            if self.settled(enough=enough, mip_gap=mip_gap):
                return
            goal = max(part.bound, part.price - (self.price - enough))
            found = improve_cover(
                part.model, part.chosen, enough=goal, patience=patience, clock=self.clock, share=share
            )
            part.choose(found)
            self._tell(enough)

    def relax(self, *, steps: int, enough: float = -inf, mip_gap: float = 0.0, share: float = 1.0) -> None:
        """Bound the parts that are open by their linear relaxation."""
        for part in self._open():
            if self.settled(enough=enough, mip_gap=mip_gap):
                return
            goal = part.price - 1.0 + 2 * ROUNDING if part.whole else part.price
            relaxed = relaxation_bound(part.model, part.chosen, steps=steps, target=goal, clock=self.clock, share=share)
            part.multiplier = relaxed.multiplier
            part.raise_to(relaxed.bound)
            self._tell(enough)

    def prove(self, *, enough: float = -inf, mip_gap: float = 0.0, share: float = 1.0) -> None:
        """Let HiGHS search the parts that are open through, the smallest first, every one with its part of the time."""
        waiting = self._open()
        for place, part in enumerate(waiting):
            if self.settled(enough=enough, mip_gap=mip_gap):
                return
            left = share * self.clock.limit_s - self.clock.elapsed_s
            if left <= 0:
                return
            # Asked whether a cover is cheap enough, the last open part has to do what the others leave to do.
            last = place == len(waiting) - 1
            ask = enough - (self.price - part.price) if enough > -inf and last else -inf
            exact = cheapest_cover(
                part.model,
                part.chosen,
                clock=portion(self.clock, left / (len(waiting) - place)),
                mip_gap=mip_gap,
                bound=part.bound,
                enough=ask,
            )
            part.choose(exact.chosen)
            part.raise_to(exact.bound)
            self._tell(enough)

    def _tell(self, enough: float) -> None:
        if enough == -inf:  # else the question is another one
            self.clock.found(self.price, self.bound)

    def _open(self) -> list[_Part]:
        return [part for part in self.parts if part.price - part.bound > ROUNDING * part.price]


def portion(clock: Clock, seconds: float) -> Clock:
    """Return a clock of its own that ends after so many seconds and reports to the first one's progress."""

    def report(stage: str, done: int, total: int) -> None:
        del stage, done, total
        clock.running()

    return Clock(limit_s=min(clock.limit_s, clock.elapsed_s + seconds), progress=report, started=clock.started)

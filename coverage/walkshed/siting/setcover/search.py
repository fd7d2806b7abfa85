"""Cheap covers fast: greedy choice, what is superfluous left out, then a search that weights what stays uncovered.

The start is Chvátal's greedy algorithm (1979). The search takes a room away, then covers what is open again with one
room less, and lets every row that stays open weigh more the next time (row weighting local search, Gao, Gao, Liu and
Yao 2015). Random numbers have a fixed seed: the same model gives the same cover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.setcover.model import gather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.setcover.model import CoverModel

    LongArray = NDArray[np.int64]

SEED: Final = 20_240_802
RESTING_TURNS: Final = 3
"""A candidate that was just taken away or put in is left alone for so many turns."""
CHEAPER: Final = 1e-9
"""A cover is cheaper when it costs less by more than this share."""
REST_WEIGHT: Final = 1e9


def greedy_cover(model: CoverModel, clock: Clock) -> LongArray:
    """Choose the candidate that covers most open rows per cost, again and again, then leave out what is superfluous.

    Returns
    -------
    (k,) int64
        Positions in the model; they cover every row. The choice is finished even when time is up.
    """
    price = np.maximum(model.cost, model.cost.max(initial=1.0) / REST_WEIGHT)
    gain = np.diff(model.covers.indptr).astype(np.float64)
    open_ = np.ones(len(model.row), bool)
    chosen: list[int] = []
    while open_.any():
        clock.running()
        best = int(np.argmax(gain / price))
        won = gather(model.covers, np.array([best]))[0]
        won = won[open_[won]]
        chosen.append(best)
        open_[won] = False
        gain -= np.bincount(gather(model.covered_by, won)[0], minlength=len(gain))
    return without_superfluous(model, np.array(chosen, np.int64))


def without_superfluous(model: CoverModel, chosen: LongArray) -> LongArray:
    """Leave out candidates whose rows others cover as well, the dearest and then the smallest first."""
    times = np.zeros(len(model.row), np.int64)
    np.add.at(times, gather(model.covers, chosen)[0], 1)
    kept = []
    for place in chosen[np.lexsort((chosen, np.diff(model.covers.indptr)[chosen], -model.cost[chosen]))].tolist():
        rows = gather(model.covers, np.array([place]))[0]
        if (times[rows] > 1).all():
            times[rows] -= 1
        else:
            kept.append(place)
    return np.sort(np.array(kept, np.int64))


def improve_cover(
    model: CoverModel, chosen: LongArray, *, enough: float, patience: int, clock: Clock, share: float = 1.0
) -> LongArray:
    """Look for a cheaper cover.

    Parameters
    ----------
    model
        m candidates, n rows.
    chosen
        (k,) positions that cover every row.
    enough
        Stop at a cover that costs no more than this.
    patience
        Turns without a cheaper cover after which to give up.
    clock, share
        Stops early once ``share`` of the time is spent.

    Returns
    -------
    (k,) int64
        The cheapest cover seen, ascending; never dearer than ``chosen``.
    """
    if len(chosen) <= 1:
        return chosen
    table = _Weights(model, chosen)
    random = np.random.default_rng(SEED)
    best, best_price = chosen, model.price(chosen)
    turn = failed = 0
    enough = max(enough, 0.0)  # nothing is cheaper than a free cover
    while failed < patience and best_price > enough and clock.running(share):
        if not table.open_rows:
            found = without_superfluous(model, table.chosen())
            price = model.price(found)
            if price < best_price:
                failed = 0
            if price <= best_price:
                best, best_price = found, price
            if best_price <= enough:
                break
        while not table.open_rows or table.price > best_price * (1.0 - CHEAPER):
            if not table.leave(turn, resting=False):
                return best
        turn, failed = turn + 1, failed + 1
        table.leave(turn, resting=True)
        # Cover open rows as long as that stays cheaper than the best cover.
        while table.open_rows and table.enter(turn, random, less_than=best_price * (1.0 - CHEAPER)):
            pass
        table.weigh_more()
    return np.sort(best)


class _Weights:
    """What every candidate would win or lose, kept up to date.

    Attributes
    ----------
    score : (m,) float64
        Of a chosen candidate: the weight of the rows that only it covers. Of any other: the weight of the open rows
        that it would cover.
    owner : (n,) int64
        Sum of the chosen candidates that cover a row: where it is one, the candidate itself.
    """

    def __init__(self, model: CoverModel, chosen: LongArray) -> None:
        self.model = model
        self.rows = np.split(model.covers.indices, model.covers.indptr[1:-1])
        self.rivals = np.split(model.covered_by.indices, model.covered_by.indptr[1:-1])
        self.weight = np.ones(len(model.row))
        self.times = np.zeros(len(model.row), np.int64)
        self.owner = np.zeros(len(model.row), np.int64)
        self.score = np.diff(model.covers.indptr).astype(np.float64)
        self.divisor = np.maximum(model.cost, model.cost.max(initial=1.0) / REST_WEIGHT)
        self.opened = np.zeros(len(model.candidate), bool)
        self.moved = np.full(len(model.candidate), -RESTING_TURNS - 1, np.int64)
        self.open_rows: dict[int, None] = dict.fromkeys(range(len(model.row)))
        self.price = 0.0
        for place in chosen.tolist():
            self._put_in(place)

    def chosen(self) -> LongArray:
        """Return the candidates chosen now, ascending."""
        return np.flatnonzero(self.opened)

    def leave(self, turn: int, *, resting: bool) -> bool:
        """Take away the candidate whose rows weigh least for its cost, of equals the one that moved longest ago."""
        places = np.flatnonzero(self.opened)
        if resting:
            rested = places[self.moved[places] < turn - RESTING_TURNS]
            places = rested if len(rested) else places
        if not len(places):
            return False
        loss = self.score[places] / self.divisor[places]
        least = places[loss == loss.min()]
        place = int(least[np.argmin(self.moved[least])])
        self._take_out(place)
        self.moved[place] = turn
        return True

    def enter(self, turn: int, random: np.random.Generator, *, less_than: float) -> bool:
        """Cover a random open row with the candidate that wins most weight for its cost."""
        rows = list(self.open_rows)
        rivals = self.rivals[rows[int(random.integers(len(rows)))]]
        rested = rivals[self.moved[rivals] < turn - RESTING_TURNS]
        rivals = rested if len(rested) else rivals
        gain = self.score[rivals] / self.divisor[rivals]
        most = rivals[gain == gain.max()]
        best = int(most[np.argmin(self.moved[most])])
        if self.price + self.model.cost[best] > less_than:
            return False
        self._put_in(best)
        self.moved[best] = turn
        return True

    def weigh_more(self) -> None:
        """Let every open row weigh one more."""
        for row in self.open_rows:
            self.weight[row] += 1.0
            self.score[self.rivals[row]] += 1.0

    def _put_in(self, place: int) -> None:
        rows = self.rows[place]
        times = self.times[rows]
        fresh, lone = rows[times == 0], rows[times == 1]
        self.score[place] = 0.0
        for row in fresh.tolist():
            del self.open_rows[row]
            self.score[self.rivals[row]] -= self.weight[row]
        self.score[place] = float(self.weight[fresh].sum())
        np.subtract.at(self.score, self.owner[lone], self.weight[lone])
        self.times[rows] += 1
        self.owner[rows] += place
        self.opened[place] = True
        self.price += float(self.model.cost[place])

    def _take_out(self, place: int) -> None:
        rows = self.rows[place]
        times = self.times[rows]
        lone, shared = rows[times == 1], rows[times == 2]  # noqa: PLR2004 - two rooms, one of them leaves
        self.times[rows] -= 1
        self.owner[rows] -= place
        self.opened[place] = False
        self.price -= float(self.model.cost[place])
        for row in lone.tolist():
            self.open_rows[row] = None
            self.score[self.rivals[row]] += self.weight[row]
        self.score[place] = float(self.weight[lone].sum())
        np.add.at(self.score, self.owner[shared], self.weight[shared])

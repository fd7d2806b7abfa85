"""Set covering as an integer programme, solved by HiGHS under our own deadline."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from walkshed.siting.runner import run_programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.setcover.model import CoverModel

    LongArray = NDArray[np.int64]

CHOSEN: Final = 0.5
SLACK: Final = 1e-6
"""What the solver's arithmetic may be off."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExactCover:
    """What the solver found.

    Attributes
    ----------
    chosen : (k,) int64
        Positions in the model, ascending; never dearer than the start.
    bound
        No cover of this model costs less; a cover that costs more than asked for does not count.
    """

    chosen: LongArray
    bound: float


@dataclass(eq=False)
class _Incumbent:
    """Cheapest cover so far, by our own count of it."""

    chosen: LongArray
    price: float

    def offer(self, model: CoverModel, columns: NDArray[np.float64]) -> None:
        """Take a solution of the solver if it is a cover and cheaper."""
        chosen = np.flatnonzero(columns > CHOSEN)
        if model.is_covered_by(chosen) and (price := model.price(chosen)) < self.price:
            self.chosen, self.price = chosen, price


def cheapest_cover(
    model: CoverModel, start: LongArray, *, clock: Clock, mip_gap: float, bound: float, enough: float = -inf
) -> ExactCover:
    """Prove or improve ``start``.

    Parameters
    ----------
    model
        m candidates, n rows.
    start
        A cover, positions in the model.
    clock
        Its limit holds, and what its progress raises ends the solve.
    mip_gap
        Relative gap that is good enough.
    bound
        A valid bound known before.
    enough
        Only ask whether there is a cover that costs no more than this: the first one ends the search, and so does the
        proof that there is none.

    Raises
    ------
    SolverError
        If HiGHS reports an error.
    """
    best = _Incumbent(np.sort(start), model.price(start))
    asked = isfinite(enough)
    opened = np.zeros(len(model.candidate))
    opened[start] = 1.0
    outcome = run_programme(
        _programme(model, enough),
        start=None if asked else opened,
        clock=clock,
        mip_gap=mip_gap,
        whole=model.whole,
        bound=bound,
        take=lambda columns: best.offer(model, columns),
        options={"mip_max_improving_sols": 1} if asked else None,
    )
    if asked and best.price > enough:
        dearer = np.nextafter(enough, inf) if not model.whole else np.floor(enough) + 1.0
        proven = float(dearer) if outcome.infeasible or outcome.bound > enough + SLACK else outcome.bound
        return ExactCover(chosen=best.chosen, bound=max(bound, min(proven, best.price)))
    return ExactCover(chosen=best.chosen, bound=min(outcome.bound, best.price) if not asked else bound)


def _programme(model: CoverModel, enough: float) -> Any:  # noqa: ANN401 - highspy has no stubs
    """Return the programme: minimise c y, every row has at least one of its candidates, c y <= enough, y binary."""
    sites, rows = model.covers.shape
    limited = isfinite(enough)
    length = np.diff(model.covered_by.indptr)
    priced = np.flatnonzero(model.cost > 0) if limited else np.zeros(0, np.int64)
    programme = highspy.HighsLp()
    programme.num_col_ = sites
    programme.num_row_ = rows + limited
    programme.sense_ = highspy.ObjSense.kMinimize
    programme.col_cost_ = model.cost
    programme.col_lower_ = np.zeros(sites)
    programme.col_upper_ = np.ones(sites)
    programme.row_lower_ = np.concatenate([np.ones(rows), np.full(int(limited), -highspy.kHighsInf)])
    programme.row_upper_ = np.concatenate([np.full(rows, highspy.kHighsInf), np.full(int(limited), enough + SLACK)])
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = np.cumsum([0, *length.tolist(), *([len(priced)] if limited else [])]).astype(np.int32)
    programme.a_matrix_.index_ = np.concatenate([model.covered_by.indices, priced]).astype(np.int32)
    programme.a_matrix_.value_ = np.concatenate([np.ones(int(length.sum())), model.cost[priced]])
    programme.integrality_ = [highspy.HighsVarType.kInteger] * sites
    return programme

"""A proof of a covering bound that needs no solver: multipliers by demand row."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.setcover.bound import multiplier_bound, relaxation_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.clock import Clock
    from walkshed.siting.setcover.center import CenterModel
    from walkshed.siting.setcover.cover import Cover
    from walkshed.siting.setcover.model import CoverModel

    FloatArray = NDArray[np.float64]

STEPS: Final = 1500
CENTER_STEPS: Final = 800
SLACK: Final = 0.01
"""Rounding that a bound may carry before it is rounded up to whole rooms."""


class Certificate(NamedTuple):
    """Multipliers by demand row (N,), the bound they prove, and whether every cover costs a whole number."""

    multiplier: FloatArray
    bound: float
    whole: bool

    def proves(self, bound: float) -> bool:
        """Say whether the multipliers alone prove ``bound``."""
        return (ceil(self.bound - SLACK) if self.whole else self.bound) >= bound


def cover_certificate(model: CoverModel, cover: Cover, *, rows: int) -> Certificate:
    """Return multipliers, nowhere below 0, 0 for rows that are not in the model.

    With them no cover costs less than sum(l) + the sum over the model's candidates of min(0, c - A l). That is the
    linear relaxation of the model as it came; reductions and the solver prove more.

    Parameters
    ----------
    model
        The model before it was reduced.
    cover
        How far it is solved.
    rows
        Number of rows of the problem.
    """
    chosen = np.searchsorted(model.candidate, cover.chosen)
    relaxed = relaxation_bound(model, chosen, steps=STEPS, target=cover.bound, clock=cover.clock, share=1.0)
    found = np.zeros(rows)
    found[model.row] = relaxed.multiplier
    return Certificate(found, relaxed.bound, model.whole)


def center_certificate(model: CenterModel, bound: float, *, free: int, rows: int, clock: Clock) -> Certificate:
    """Return multipliers that prove how many rooms it would take to keep all walks below ``bound``.

    Parameters
    ----------
    model
        What may be built.
    bound
        One of the model's radii.
    free
        How many rooms may be built beside those that must be; more than so many are to be proven.
    rows
        Number of rows of the problem.
    clock
        Its limit holds.
    """
    found = np.zeros(rows)
    level = int(np.searchsorted(model.radii, bound))
    if not 0 < level < len(model.radii):
        # Not even everything built brings the worst walk below the least radius.
        return Certificate(found, 0.0, whole=True)
    cover = model.problem_within(float(model.radii[level - 1]))
    least = np.array([], np.int64)
    relaxed = relaxation_bound(cover, least, steps=CENTER_STEPS, target=free + 2 * SLACK, clock=clock, share=1.0)
    found[model.row[cover.row]] = relaxed.multiplier
    return Certificate(found, multiplier_bound(cover, relaxed.multiplier), whole=True)

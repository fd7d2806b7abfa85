"""A proof of a covering bound that needs no solver: multipliers by demand row."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from walkshed.siting.setcover.bound import relaxation_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.setcover.cover import Cover
    from walkshed.siting.setcover.model import CoverModel

    FloatArray = NDArray[np.float64]

STEPS: Final = 1500
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

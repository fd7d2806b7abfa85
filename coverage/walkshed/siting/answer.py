"""What a solver returns: what to build, and how good that provably is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Status = Literal["optimal", "within_gap", "time_limit", "nothing_to_gain"]

OPTIMAL_GAP: Final = 1e-6
"""Relative gap below which an answer is called optimal: the solver's own arithmetic is no finer."""


@dataclass(frozen=True, kw_only=True)
class SitingAnswer:
    """Which candidates to build, and how good that provably is.

    Attributes
    ----------
    model
        ``"mclp"`` (most residents), ``"lscp"`` (fewest rooms), ``"p_median"`` (least person-minutes) or ``"p_center"``
        (least worst minutes).
    status
        ``"optimal"``: nothing is better (to one in a million). ``"within_gap"``: proven to within the gap that was
        asked for. ``"time_limit"``: time was up first; ``bound`` holds all the same. ``"nothing_to_gain"``: nothing can
        be improved on today.
    chosen
        Candidate ids in build order, the one that adds most first. Fewer than asked for when a further room would add
        nothing.
    closed
        Ids of existing rooms to close.
    objective
        What the plan reaches. ``mclp``: newly served residents (weighted, gradual or with backup where that was asked
        for; less what closings lose). ``lscp``: new rooms, or their cost under ``minimise_cost``. ``p_median``:
        person-minutes of all residents who can be reached at all, those served today included. ``p_center``: minutes
        of the worst resident who can be reached at all.
    bound
        No plan that keeps to the same requirements is better: not above it (``mclp``), not below it (the others).
    mip_gap
        Relative gap between the two: ``|bound - objective| / |objective|``; so much, at most, is left to gain.
    seconds
        Time taken.
    proof
        ``"certificate"``: :func:`walkshed.siting.verify.verify` can recompute the bound from ``certificates`` alone.
        ``"branch_and_bound"``: it takes a search as well, by HiGHS or our own, through what the certificates leave
        open; :func:`walkshed.siting.verify.verify` then recomputes the weaker bound that they prove by themselves.
    certificates
        Multipliers by demand row, (N,) each: see :func:`walkshed.siting.verify.certified_bound`. Empty where there are
        none, as under requirements that go beyond what must and must not be built.
    """

    model: str
    status: Status
    chosen: tuple[str, ...]
    objective: float
    bound: float
    mip_gap: float
    seconds: float
    closed: tuple[str, ...] = ()
    proof: Literal["certificate", "branch_and_bound"] = "branch_and_bound"
    certificates: tuple[FloatArray, ...] = field(default=(), compare=False, repr=False)

    @property
    def maximises(self) -> bool:
        """Whether more is better."""
        return self.model == "mclp"


def relative_gap(objective: float, bound: float) -> float:
    """Return ``|bound - objective| / |objective|``; 0 where both are 0, ``inf`` where only the objective is."""
    difference = abs(bound - objective)
    if objective:
        return difference / abs(objective)
    return float("inf") if difference else 0.0


def status_of(gap: float, mip_gap: float) -> Status:
    """Return what a gap proves where ``mip_gap`` was asked for."""
    if gap <= OPTIMAL_GAP:
        return "optimal"
    return "within_gap" if gap <= mip_gap else "time_limit"

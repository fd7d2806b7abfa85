"""Deadline and progress of one solve."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Final

from walkshed.progress import beat

if TYPE_CHECKING:
    from walkshed.progress import Progress

STAGE: Final = "siting"
STAND: Final = "siting_bound"
"""Stage that tells the best value found so far as what is done, and the proven bound as the total."""
REPORT_EVERY_S: Final = 0.25


def now() -> float:
    """Return the seconds that limits are held against."""
    return perf_counter()


@dataclass(kw_only=True)
class Clock:
    """Measures one solve, tells its progress a few times a second and says when time is up.

    Attributes
    ----------
    limit_s
        Seconds that the solve may take.
    progress
        Called with stage ``"siting"``, the seconds spent and the seconds allowed, and then, where a solver said how far
        it is, with stage ``"siting_bound"``, the best value and the bound in whole residents or rooms; what it raises
        ends the solve.
    """

    limit_s: float
    progress: Progress
    started: float = field(default_factory=now)
    reported: float = field(default=-1.0, init=False)
    stand: tuple[float, float] | None = field(default=None, init=False)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return now() - self.started

    @property
    def left_s(self) -> float:
        """Seconds until the limit, never below 0."""
        return max(0.0, self.limit_s - self.elapsed_s)

    def running(self, share: float = 1.0) -> bool:
        """Report progress if it is due and say whether less than ``share`` of the time is spent."""
        beat()
        elapsed = self.elapsed_s
        if self.reported < 0 or elapsed - self.reported >= REPORT_EVERY_S:
            self.reported = elapsed
            allowed = max(1, ceil(self.limit_s))
            self.progress(STAGE, min(int(elapsed), allowed), allowed)
            if self.stand is not None:
                value, bound = self.stand
                toward = (floor, ceil) if value <= bound else (ceil, floor)  # never tells a smaller gap than there is
                self.progress(STAND, toward[0](value), toward[1](bound))
        return elapsed < share * self.limit_s

    def found(self, value: float, bound: float) -> None:
        """Take note of the best value so far and of a valid bound of it, to be told with the next progress."""
        if isfinite(value) and isfinite(bound):
            self.stand = (value, bound)

    def finish(self) -> None:
        """Report the end."""
        allowed = max(1, ceil(self.limit_s))
        self.progress(STAGE, allowed, allowed)

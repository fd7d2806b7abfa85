"""Deadline and progress of one solve."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from walkshed.progress import Progress

STAGE: Final = "siting"
REPORT_EVERY_S: Final = 0.25


@dataclass(kw_only=True)
class Clock:
    """Measures one solve, tells its progress a few times a second and says when time is up.

    Attributes
    ----------
    limit_s
        Seconds that the solve may take.
    progress
        Called with stage ``"siting"``, the seconds spent and the seconds allowed; what it raises ends the solve.
    """

    limit_s: float
    progress: Progress
    started: float = field(default_factory=perf_counter)
    reported: float = field(default=-1.0, init=False)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return perf_counter() - self.started

    @property
    def left_s(self) -> float:
        """Seconds until the limit, never below 0."""
        return max(0.0, self.limit_s - self.elapsed_s)

    def running(self, share: float = 1.0) -> bool:
        """Report progress if it is due and say whether less than ``share`` of the time is spent."""
        elapsed = self.elapsed_s
        if self.reported < 0 or elapsed - self.reported >= REPORT_EVERY_S:
            self.reported = elapsed
            allowed = max(1, ceil(self.limit_s))
            self.progress(STAGE, min(int(elapsed), allowed), allowed)
        return elapsed < share * self.limit_s

    def finish(self) -> None:
        """Report the end."""
        allowed = max(1, ceil(self.limit_s))
        self.progress(STAGE, allowed, allowed)

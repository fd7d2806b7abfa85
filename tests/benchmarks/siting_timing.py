"""Time one siting answer, and its check.

Other work on the machine must not decide how far an answer comes: time limits are held against CPU time here. Only
HiGHS itself, which knows no other, ends by wall time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from walkshed.siting.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem


@dataclass(frozen=True, kw_only=True)
class Timed:
    """An answer, what it took, and what its check took."""

    answer: SitingAnswer
    wall_s: float
    cpu_s: float
    check_s: float
    certified: bool

    @property
    def time(self) -> str:
        """Times as tables tell them."""
        return f"{self.cpu_s:.2f} s ({self.wall_s:.2f} s)"

    @property
    def proof(self) -> str:
        """Who proves the bound."""
        return "certificate" if self.certified else "with HiGHS"

    @property
    def gap(self) -> str:
        """The gap in per cent."""
        return f"{self.answer.mip_gap:.2%}"


def timed(solver: Callable[..., SitingAnswer], problem: SitingProblem, *, check: bool = True, **asked: Any) -> Timed:
    """Solve and check.

    Parameters
    ----------
    solver
        One of the public entries.
    problem
        What to solve.
    check
        Recompute objective and bound.
    asked
        Arguments of the solver; ``time_limit_s`` in CPU seconds.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    with patch("walkshed.siting.clock.perf_counter", time.process_time):
        answer = solver(problem, **asked)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = {key: asked[key] for key in ("new_rooms", "requirements", "share") if key in asked}
    began, certified = time.process_time(), False
    if check:
        certified = verify(problem, answer, **told).proven
    return Timed(answer=answer, wall_s=wall, cpu_s=cpu, check_s=time.process_time() - began, certified=certified)

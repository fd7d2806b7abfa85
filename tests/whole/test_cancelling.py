"""A run can be stopped inside its long steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from walkshed.errors import CancelledError
from walkshed.study import run_study

if TYPE_CHECKING:
    from walkshed.results import StudyResult


@pytest.mark.parametrize("stage", ["minutes", "isochrones", "siting"])
def test_a_run_stops_where_it_is_told_to(helsinki: StudyResult, stage: str) -> None:
    seen: list[tuple[str, int, int]] = []

    def stop(at: str, done: int, total: int) -> None:
        seen.append((at, done, total))
        if at == stage:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        run_study(helsinki.config, inputs=helsinki.inputs, progress=stop)
    assert seen[-1][0] == stage
    assert all(0 <= done <= total for _, done, total in seen)
    again = run_study(helsinki.config, inputs=helsinki.inputs)
    assert again.demand.minutes.equals(helsinki.demand.minutes)

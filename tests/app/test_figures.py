"""What the pages select out of a result, on tables small enough to count by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import figures

if TYPE_CHECKING:
    from collections.abc import Sequence


def result_of(people: Sequence[float], minutes: Sequence[float], cutoff: float = 15.0) -> Any:
    """Return as much of a result as the figures look at."""
    walked = np.array(minutes, float)
    demand = pd.DataFrame(
        {
            "population": np.array(people, float),
            "minutes": walked,
            "covered": walked <= cutoff,
            "reason": [
                "" if ok else ("disconnected" if np.isnan(m) else "too_far")
                for ok, m in zip(walked <= cutoff, walked, strict=True)
            ],
        }
    )
    return SimpleNamespace(demand=demand)


def test_half_of_the_residents_not_half_of_the_homes() -> None:
    result = result_of([1, 1, 1, 97], [1, 2, 3, 20])
    assert figures.minutes_reached_by(result, 0.5) == 20.0
    assert figures.minutes_reached_by(result, 0.03) == 3.0


def test_who_reaches_nothing_is_farther_than_everybody() -> None:
    result = result_of([30, 70], [4.0, math.nan])
    assert figures.minutes_reached_by(result, 0.3) == 4.0
    assert math.isnan(figures.minutes_reached_by(result, 0.5))
    assert math.isnan(figures.minutes_reached_by(result_of([], []), 0.5))


def test_reasons_add_up_to_the_unserved() -> None:
    result = result_of([10, 20, 30, 40], [5, 16, math.nan, 17])
    counted = figures.unserved_by_reason(result)
    assert counted.reason.tolist() == ["too_far", "disconnected"]
    assert counted.residents.tolist() == [60.0, 30.0]
    assert counted.areas.tolist() == [2, 1]
    assert figures.unserved_people(result) == 90.0
    assert figures.residents_rate(result) == pytest.approx(0.1)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 500), st.one_of(st.floats(0, 60), st.just(math.nan))), min_size=1, max_size=40)
)
def test_the_curve_only_rises_and_meets_the_rate_at_the_cutoff(homes: list[tuple[int, float]]) -> None:
    result = result_of([home[0] for home in homes], [home[1] for home in homes])
    curve = figures.curve(result, longest_min=60.0)
    assert (np.diff(curve.share) >= 0).all()
    assert curve.share[curve.minutes == 15.0].item() == pytest.approx(figures.residents_rate(result))
    median = figures.minutes_reached_by(result, 0.5)
    if not math.isnan(median):
        within = result.demand.population[result.demand.minutes <= median].sum()
        assert within >= 0.5 * result.demand.population.sum() - 1e-9

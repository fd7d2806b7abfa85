"""Walks handed round give to the last bit what every measure finds when it searches by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from walkshed.assess.catchments import allot_residents, measure_catchments, two_step_floating_catchment
from walkshed.assess.circle import measure_circle
from walkshed.assess.coverage import measure_coverage
from walkshed.assess.hours import coverage_by_hour, measure_coverage_at, night_coverage
from walkshed.assess.tiers import measure_tiers
from walkshed.assess.walks import find_walks
from walkshed.errors import InputError
from walkshed.norms import CircleRules
from walkshed.reach.times import time_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

    Town = tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame]

SIDE, BLOCK_M = 7, 300.0
LONGEST = 15.0


@pytest.fixture(scope="module")
def town(make_network: Callable[..., WalkNetwork], tied: Callable[..., gpd.GeoDataFrame]) -> Town:
    """Return a grid of streets with slopes one way, a piece that nothing joins to it, rooms and homes at random."""
    rng = np.random.default_rng(11)
    nodes = [(column * BLOCK_M, row * BLOCK_M) for row in range(SIDE) for column in range(SIDE)]
    edges = [(row * SIDE + column, row * SIDE + column + 1) for row in range(SIDE) for column in range(SIDE - 1)]
    edges += [(row * SIDE + column, (row + 1) * SIDE + column) for row in range(SIDE - 1) for column in range(SIDE)]
    far = len(nodes)
    nodes, edges = [*nodes, (0.0, 9000.0), (900.0, 9000.0)], [*edges, (far, far + 1)]
    backward = [float(rng.uniform(3, 6)) for _ in edges]
    network = make_network(nodes, edges, backward_min=backward)
    spread = partial(rng.uniform, 0, (SIDE - 1) * BLOCK_M)
    rooms = tied(network, [(spread(), round(spread() / BLOCK_M) * BLOCK_M) for _ in range(8)], "facilities")
    homes = tied(network, [*((spread(), round(spread() / BLOCK_M) * BLOCK_M + 20) for _ in range(90)), (400, 9000)])
    rooms = rooms.assign(tier=["venue", "space"] * 4, capacity=[50.0, np.nan] * 4)
    people = rng.integers(0, 50, len(homes)).astype(float)
    return network, rooms, homes.assign(population=people, population_seniors=people // 3, unit_id="")


def same(one: object, other: object) -> None:
    """Compare what measures return, to the last bit."""
    if isinstance(one, dict):
        assert isinstance(other, dict)
        assert list(one) == list(other)
        for key, value in one.items():
            same(value, other[key])
    elif isinstance(one, tuple):
        assert isinstance(other, tuple)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, pd.DataFrame):
        equal: Any = assert_geodataframe_equal if hasattr(one, "geometry") else assert_frame_equal
        equal(one, other, **({} if hasattr(one, "geometry") else {"check_exact": True}))
    else:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@settings(deadline=None, max_examples=30)
@given(cutoff=st.floats(0.5, LONGEST), towards=st.booleans(), seed=st.integers(0, 9))
def test_every_measure_finds_the_same_with_walks_handed_over(
    town: Town, cutoff: float, seed: int, *, towards: bool
) -> None:
    network, rooms, homes = town
    direction = "to_facility" if towards else "from_facility"
    mask = np.random.default_rng(seed).random((len(rooms), 168)) < 0.5
    rules = CircleRules(required_tiers=("venue",), space_tiers=("space",), spaces=1)
    walks = find_walks(network, rooms, homes, cutoff_min=LONGEST, direction=direction)
    searched = time_matrix(network, rooms, homes, cutoff_min=cutoff, direction=direction)
    shorter = walks.within(cutoff).times
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(shorter, part), getattr(searched, part))
        assert getattr(shorter, part).dtype == getattr(searched, part).dtype
    measures: list[Callable[..., object]] = [
        measure_coverage,
        measure_catchments,
        allot_residents,
        two_step_floating_catchment,
        measure_tiers,
        partial(measure_circle, rules=rules),
        partial(coverage_by_hour, open_mask=mask),
        partial(measure_coverage_at, open_mask=mask, hour=7),
        partial(night_coverage, open_24h=mask.all(axis=1) | mask[:, 0]),
    ]
    for measure in measures:
        plain = measure(network, rooms, homes, cutoff_min=cutoff, direction=direction)
        same(measure(network, rooms, homes, cutoff_min=cutoff, direction=direction, walks=walks), plain)


def test_walks_of_other_tables_or_shorter_ones_are_refused(town: Town) -> None:
    network, rooms, homes = town
    walks = find_walks(network, rooms, homes, cutoff_min=10.0)
    with pytest.raises(InputError) as other:
        measure_coverage(network, rooms.iloc[:3], homes, cutoff_min=10.0, walks=walks)
    assert other.value.message.key == "errors.walks_of_others"
    with pytest.raises(InputError) as short:
        measure_coverage(network, rooms, homes, cutoff_min=10.5, walks=walks)
    assert short.value.message.key == "errors.walks_too_short"

"""Barrier gaps: who lives near a room and far from it on foot, and which link would help."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from walkshed.assess.barriers import find_links, is_barrier, mark_gaps
from walkshed.assess.coverage import measure_coverage
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.network.edits import AddFootbridge
from walkshed.network.scenario import edit_network
from walkshed.network.ties import carry_ties

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork

BANKS = [(0, 0), (600, 0), (3000, 0), (3000, 50), (600, 50), (0, 50)]
"""Two streets 50 m apart, joined by a bridge 3 km to the east; walking 1,050 m is a quarter of an hour."""
STREETS = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


@pytest.fixture
def river(
    make_network: Callable[..., WalkNetwork], tied: Callable[..., gpd.GeoDataFrame]
) -> tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    network = make_network(BANKS, STREETS, speed_kmh=4.2)
    rooms = tied(network, [(300, 0)], kind="facilities")
    homes = tied(network, [(100, 50), (900, 50), (2900, 50), (800, 0)]).assign(population=[10.0, 20.0, 40.0, 80.0])
    return network, rooms, measure_coverage(network, rooms, homes, cutoff_min=15)


def test_the_far_bank_is_a_barrier_gap(
    river: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame],
) -> None:
    network, rooms, homes = river
    assert homes.covered.tolist() == [False, False, False, True]
    assert is_barrier(homes, rooms, network, cutoff_min=15).tolist() == [True, True, False, False]
    assert not is_barrier(homes, rooms.assign(edge=-1), network, cutoff_min=15).any()


def test_the_best_footbridge_by_hand(river: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    """From the west end (0, 50): 50 m and 300 m to the room, so 700 m are left for both homes, 100 and 900 m away."""
    network, rooms, homes = river
    links = find_links(network, rooms, homes, cutoff_min=15)
    best = links.iloc[0]
    assert (best.kind, best["rank"]) == ("link", 1)
    assert best.newly_served == 30  # from (600, 50): 350 m to the room; homes 500 and 300 m away
    assert best.length_m == pytest.approx(50)
    assert best.minutes_after == pytest.approx((50 + 300) / network.meters_per_minute)
    assert links.newly_served.is_monotonic_decreasing


def test_building_the_link_serves_whom_it_promises(
    river: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame],
) -> None:
    network, rooms, homes = river
    best = find_links(network, rooms, homes, cutoff_min=15).iloc[0]
    edited = edit_network(network, [AddFootbridge(name="new", line=tuple(best.geometry.coords))])
    tables = [carry_ties(table, edited) for table in (rooms, homes)]
    again = measure_coverage(edited.network, *tables, cutoff_min=15)
    assert again.population[again.covered & ~homes.covered].sum() == pytest.approx(best.newly_served)


def test_a_shut_gate_is_called_one(
    make_network: Callable[..., WalkNetwork], tied: Callable[..., gpd.GeoDataFrame]
) -> None:
    network = make_network([(0, 0), (500, 0), (500, 0), (900, 0)], [(0, 1), (2, 3)], speed_kmh=4.2)
    rooms = tied(network, [(300, 0)], kind="facilities")
    homes = measure_coverage(network, rooms, tied(network, [(800, 0)]), cutoff_min=15)
    best = find_links(network, rooms, homes, cutoff_min=15).iloc[0]
    assert (best.kind, best.newly_served, best.length_m) == ("gate", 1, 0)
    assert np.isnan(best.minutes_before)


def test_gaps_made_by_a_barrier_are_marked(river: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    """The homes at 100 and 900 m are near the room across the river; the one at 2,900 m is far from it anyway."""
    network, rooms, homes = river
    ids = gap_of(homes, crs=network.crs)
    links = find_links(network, rooms, homes, cutoff_min=15, gap_ids=ids)
    barred = is_barrier(homes, rooms, network, cutoff_min=15)
    gaps = mark_gaps(find_gaps(homes, crs=network.crs), homes, barred=barred, gap_ids=ids)
    by_size = gaps.set_index("residents")
    assert by_size.barrier.to_dict() == {40.0: False, 20.0: True, 10.0: True}
    assert by_size.barred.to_dict() == {40.0: 0, 20.0: 20, 10.0: 10}
    assert links.gap_id.iloc[0] == by_size.gap_id[20.0]


def test_where_all_is_well_there_is_nothing_to_open(
    river: tuple[WalkNetwork, gpd.GeoDataFrame, gpd.GeoDataFrame],
) -> None:
    network, rooms, homes = river
    near = replace(network, forward_min=network.forward_min / 100, backward_min=network.backward_min / 100)
    served = measure_coverage(near, rooms, homes, cutoff_min=15)
    assert served.covered.all()
    assert len(find_links(near, rooms, served, cutoff_min=15)) == 0
    assert len(find_links(network, rooms.assign(edge=-1), homes, cutoff_min=15)) == 0

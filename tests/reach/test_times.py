"""Minutes against an oracle on graphs in which every place is a node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from walkshed.errors import InputError, SnapError
from walkshed.network.snap import snap
from walkshed.reach.graph import graph_of
from walkshed.reach.tables import places_of
from walkshed.reach.times import minutes_between, nearest, nearest_to_nodes, time_matrix, travel_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DataObject
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., pd.DataFrame]
    Oracle = Callable[..., NDArray[np.float64]]

AS_ROUNDED = 2e-6
LAWS = settings(deadline=None, max_examples=50)


def dense(pairs: pd.DataFrame, origins: pd.DataFrame, destinations: pd.DataFrame) -> NDArray[np.float64]:
    """Return travel times as a matrix, inf where there is no pair."""
    found = np.full((len(origins), len(destinations)), np.inf)
    found[pairs["origin_id"].cat.codes, pairs["destination_id"].cat.codes] = pairs["minutes"]
    return found


@given(data=st.data())
@LAWS
def test_exact_figures_equal_the_oracle_exactly(
    data: DataObject, draw_network: Make, draw_places: Table, oracle: Oracle
) -> None:
    network = draw_network(data, dyadic=True)
    origins = draw_places(data, network, dyadic=True, id_column="id", prefix="o")
    destinations = draw_places(data, network, dyadic=True)
    cutoff = data.draw(st.sampled_from([0.125, 2.0, 4.5, 9.0, np.inf]))
    true = oracle(network, origins, destinations)
    pairs = travel_times(network, origins, destinations, cutoff_min=cutoff)
    found = dense(pairs, origins, destinations)
    assert np.array_equal(found, np.where(true <= cutoff, true, np.inf))
    codes = pairs["origin_id"].cat.codes.to_numpy(np.int64) * 100 + pairs["destination_id"].cat.codes
    assert (np.diff(codes) > 0).all()  # by origin row, then destination row, each pair once

    best = nearest(network, destinations, origins, direction="to_facility", cutoff_min=cutoff)
    check_nearest(best, true, origins, destinations, cutoff)
    back = nearest(network, origins, destinations, direction="from_facility", cutoff_min=cutoff)
    check_nearest(back, true.T, destinations, origins, cutoff)


def check_nearest(
    best: pd.DataFrame, true: NDArray[np.float64], demand: pd.DataFrame, facilities: pd.DataFrame, cutoff: float
) -> None:
    """Hold a table of the nearest facilities against exact minutes (demand, facilities)."""
    ids = {"demand": demand.iloc[:, 0].tolist(), "facility": facilities.iloc[:, 0].tolist()}
    assert best["demand_id"].tolist() == ids["demand"]
    least, first = true.min(axis=1), true.argmin(axis=1)  # argmin: the smallest row of equally near ones
    within = np.isfinite(least) & (least <= cutoff)
    assert np.array_equal(best["minutes"].to_numpy(), np.where(within, least, np.nan), equal_nan=True)
    assert best["facility_id"].tolist() == [
        ids["facility"][row] if near else "" for row, near in zip(first, within, strict=True)
    ]


@given(data=st.data())
@LAWS
def test_any_figures_equal_the_oracle(data: DataObject, draw_network: Make, draw_places: Table, oracle: Oracle) -> None:
    network = draw_network(data, dyadic=False)
    origins = draw_places(data, network, dyadic=False, id_column="id", prefix="o")
    destinations = draw_places(data, network, dyadic=False)
    cutoff = data.draw(st.floats(0.1, 20))
    true = oracle(network, origins, destinations)
    found = dense(travel_times(network, origins, destinations, cutoff_min=cutoff), origins, destinations)
    inside, outside = true <= cutoff - AS_ROUNDED, true > cutoff + AS_ROUNDED
    assert np.abs(found[inside] - true[inside]).max(initial=0) < AS_ROUNDED
    assert np.isinf(found[outside]).all()

    to_sites = time_matrix(network, origins, destinations, cutoff_min=cutoff, direction="from_facility")
    assert np.array_equal(to_sites.toarray(), np.where(np.isfinite(found), found, 0))
    away = time_matrix(network, destinations, origins, cutoff_min=cutoff, direction="to_facility")
    assert np.array_equal(away.toarray().T, np.where(np.isfinite(found), found, 0))
    assert to_sites.nnz == away.nnz == np.isfinite(found).sum()  # a stored 0 is a walk of no time

    best = nearest(network, destinations, origins)
    least = true.min(axis=1)
    assert (np.isnan(best["minutes"]) == np.isinf(least)).all()
    near = np.isfinite(least)
    assert np.abs(best["minutes"].to_numpy()[near] - least[near]).max(initial=0) < AS_ROUNDED
    named = [list(destinations["demand_id"]).index(name) for name in best["facility_id"][near]]
    assert np.abs(true[near][range(len(named)), named] - least[near]).max(initial=0) < AS_ROUNDED


@given(data=st.data())
@LAWS
def test_neither_threads_nor_the_side_of_the_search_change_a_bit(
    data: DataObject, draw_network: Make, draw_places: Table
) -> None:
    network = draw_network(data, dyadic=False)
    origins = draw_places(data, network, dyadic=False)
    destinations = draw_places(data, network, dyadic=False)
    names = ("origins", "destinations")
    one = minutes_between(network, origins, destinations, cutoff_min=12, names=names)
    more = pd.concat([destinations] * 9, ignore_index=True)  # now the search starts from the origins
    fewer = pd.concat([origins] * 9, ignore_index=True)  # and now from the destinations
    from_origins = minutes_between(network, origins, more, cutoff_min=12, names=names)[:, : len(destinations)]
    from_destinations = minutes_between(network, fewer, destinations, cutoff_min=12, names=names)[: len(origins)]
    for other in (from_origins, from_destinations):
        assert one.toarray().tobytes() == other.toarray().tobytes()
        assert one.nnz == other.nnz


def test_a_long_way_along_an_edge_is_not_a_blend_of_its_ends(make_network: Make, tied: Table) -> None:
    # 10 minutes to both ends of a street of 16 minutes: its middle is 18 minutes away, not 10
    network = make_network([(0, 0), (-800, 600), (800, 600)], [(0, 1), (0, 2), (1, 2)])
    room = tied(network, [(0, 0.0, 0.0)], id_column="facility_id")
    street = tied(network, [(2, 0.0, 0.0), (2, 0.5, 0.0), (2, 1.0, 0.0), (2, 0.25, 30.0)])
    assert nearest(network, room, street)["minutes"].tolist() == [10, 18, 10, 14.3]
    within = travel_times(network, street, room, cutoff_min=15)
    assert within["origin_id"].tolist() == ["d0", "d2", "d3"]


def test_on_one_edge_one_walks_straight_or_around(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (400, 0)], [(0, 1), (1, 0)], lengths_m=[1000.0, 400.0])
    places = tied(network, [(0, 0.1, 20.0), (0, 0.4, 10.0), (0, 0.95, 0.0)])
    minutes = travel_times(network, places, places, cutoff_min=60)["minutes"].to_numpy().reshape(3, 3)
    assert minutes.tolist() == [[0.4, 3.3, 5.7], [3.3, 0.2, 5.6], [5.7, 5.6, 0]]  # 0 to 2: around, 1 + 4 + 0.5


def test_one_way_streets_are_walked_one_way(make_network: Make, tied: Table) -> None:
    loop = make_network([(0, 0), (300, 0), (300, 400)], [(0, 1), (1, 2), (2, 0)])
    around = replace(loop, backward_min=np.full(3, np.inf))  # 3, 4 and 5 minutes, one way round
    places = tied(around, [(0, 1 / 3, 0.0), (0, 2 / 3, 0.0), (1, 0.5, 0.0)])
    walked = travel_times(around, places, places, cutoff_min=60)["minutes"].to_numpy().reshape(3, 3)
    assert np.allclose(walked, [[0, 1, 4], [11, 0, 3], [8, 9, 0]], atol=AS_ROUNDED)
    to_site = time_matrix(around, places[2:], places, cutoff_min=60, direction="to_facility").toarray()
    assert np.allclose(to_site, [[4, 3, 0]], atol=AS_ROUNDED)
    from_site = time_matrix(around, places[2:], places, cutoff_min=60, direction="from_facility").toarray()
    assert np.allclose(from_site, [[8, 9, 0]], atol=AS_ROUNDED)


def test_an_end_of_a_closed_street_is_still_its_node(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (100, 0), (200, 0)], [(0, 1), (1, 2)])
    one_way = replace(network, backward_min=np.array([np.inf, 1.0]))
    places = tied(one_way, [(0, 1.0, 0.0), (0, 0.0, 0.0), (1, 0.5, 0.0)])
    walked = time_matrix(one_way, places, places, cutoff_min=60, direction="from_facility")
    assert walked.toarray().tolist() == [[0, 0, 0.5], [1, 0, 1.5], [0.5, 0, 0]]
    assert walked.nnz == 7  # nobody gets to the first node


def test_of_rooms_equally_near_the_first_row_serves(make_network: Make, tied: Table) -> None:
    # both rooms are 3 minutes from the middle, and everybody lives beyond it
    nodes = [(0, 0), (100, 0), (300, 0), (500, 0), (600, 0), (300, 100), (300, 200)]
    network = make_network(nodes, [(0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (5, 6)])
    homes = tied(network, [(4, 0.5, 0.0), (5, 1.0, 10.0), (1, 1.0, 0.0)])
    ends = [(0, 0.0, 0.0), (3, 1.0, 0.0)]
    for places in (ends, ends[::-1]):
        rooms = tied(network, [*places, *places], id_column="facility_id", prefix="r")
        found = nearest(network, rooms, homes)
        assert found["facility_id"].tolist() == ["r0", "r0", "r0"]
        assert found["minutes"].tolist() == [3.5, 5.1, 3]


def test_places_at_one_spot_are_not_merged(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    rooms = tied(network, [(0, 0.5, 10.0), (0, 0.5, 10.0), (0, 0.5, 0.0)], id_column="facility_id", prefix="r")
    homes = tied(network, [(0, 0.5, 0.0), (0, 0.5, 0.0)])
    pairs = travel_times(network, rooms, homes, cutoff_min=1)
    assert pairs["minutes"].tolist() == [0.1, 0.1, 0.1, 0.1, 0, 0]
    assert nearest(network, rooms[:2], homes)["facility_id"].tolist() == ["r0", "r0"]


def test_what_is_not_tied_is_in_no_pair_and_keeps_its_row(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (100, 0), (0, 50), (100, 50)], [(0, 1), (2, 3)])
    rooms = tied(network, [(-1, 0.0, 0.0), (0, 0.0, 0.0)], id_column="facility_id", prefix="r")
    homes = tied(network, [(-1, 0.0, 0.0), (0, 1.0, 0.0), (1, 0.0, 0.0)])
    assert time_matrix(network, rooms, homes, cutoff_min=15).toarray().tolist() == [[0, 0, 0], [0, 1, 0]]
    found = nearest(network, rooms, homes)
    assert found["facility_id"].tolist() == ["", "r1", ""]
    assert np.array_equal(found["minutes"], [np.nan, 1, np.nan], equal_nan=True)
    nobody = nearest(network, rooms[:0], homes)
    assert nobody["facility_id"].tolist() == ["", "", ""]
    assert nobody["minutes"].isna().all()
    assert len(travel_times(network, rooms[:1], homes, cutoff_min=15)) == 0
    assert time_matrix(network, rooms, homes[:0], cutoff_min=15).shape == (2, 0)
    assert len(nearest(network, rooms, homes[:0])) == 0


@pytest.mark.parametrize("minutes", [15, 30])
def test_a_walk_of_exactly_the_cutoff_counts(make_network: Make, tied: Table, minutes: int) -> None:
    # thirds of minutes do not add up to whole ones in floating point
    nodes = [(100 * minutes / 45 * i, 0.0) for i in range(46)]
    network = make_network(nodes, [(i, i + 1) for i in range(45)])
    ends = tied(network, [(0, 0.0, 0.0), (44, 1.0, 0.0)])
    assert travel_times(network, ends, ends, cutoff_min=minutes)["minutes"].max() == minutes
    assert len(travel_times(network, ends, ends, cutoff_min=minutes - 1e-5)) == 2
    assert nearest(network, ends[:1], ends, cutoff_min=minutes)["minutes"].tolist() == [0, minutes]


def test_the_order_of_streets_on_a_route_does_not_break_a_tie(make_network: Make, tied: Table) -> None:
    # 0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1 in floating point
    nodes = [(60.0 * i, 0.0) for i in range(7)]
    network = make_network(nodes, [(i, i + 1) for i in range(6)], lengths_m=[10, 20, 30] * 2)
    home = tied(network, [(2, 1.0, 0.0)])
    for ends in ([(0, 0.0, 0.0), (5, 1.0, 0.0)], [(5, 1.0, 0.0), (0, 0.0, 0.0)]):
        rooms = tied(network, ends, id_column="facility_id", prefix="r")
        assert nearest(network, rooms, home)["facility_id"].tolist() == ["r0"]


def test_more_than_fits_at_first_is_found_with_more_room(make_network: Make, tied: Table) -> None:
    side = 130
    rng = np.random.default_rng(3)
    nodes = [(float(x), float(y)) for x in range(side) for y in range(side)]
    at = np.arange(side * side).reshape(side, side)
    edges = np.concatenate(
        [np.column_stack([at[:-1].ravel(), at[1:].ravel()]), np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()])]
    )
    network = make_network(nodes, edges.tolist(), lengths_m=rng.uniform(50, 500, len(edges)).tolist())
    some = rng.integers(0, len(edges), 300)
    rooms = tied(network, [(int(e), 0.0, 0.0) for e in some[:40]], id_column="facility_id")
    homes = tied(network, [(int(e), 0.0, 5.0) for e in rng.integers(0, len(edges), 3000)])
    found = time_matrix(network, rooms, homes, cutoff_min=np.inf)
    links = coo_array((network.forward_min, (network.u, network.v)), shape=(len(nodes), len(nodes)))
    true = dijkstra(links, directed=False, indices=network.u[some[:40]])[:, network.u[homes["edge"]]] + 0.05
    assert found.nnz == true.size
    assert np.abs(found.toarray() - true).max() < AS_ROUNDED
    best = nearest(network, rooms, homes)
    assert np.abs(best["minutes"] - true.min(axis=0)).max() < AS_ROUNDED


def test_real_streets_give_the_same_bits_for_any_number_of_threads(helsinki: WalkNetwork, corners: Table) -> None:
    homes = snap(corners(helsinki, 1500, seed=1), helsinki, max_m=200)
    names = ("origins", "destinations")
    first = minutes_between(helsinki, homes, homes, cutoff_min=8, names=names, threads=1)
    assert first.nnz > 100_000
    assert first.has_sorted_indices
    for threads in (2, 3):
        again = minutes_between(helsinki, homes, homes, cutoff_min=8, names=names, threads=threads)
        assert first.data.tobytes() == again.data.tobytes()
        assert first.indices.tobytes() == again.indices.tobytes()
    rooms = homes[:300].rename(columns={"demand_id": "facility_id"})
    best = nearest(helsinki, rooms, homes)
    every = time_matrix(helsinki, rooms, homes, cutoff_min=np.inf).tocoo()
    least = np.full(len(homes), np.inf)
    np.minimum.at(least, every.coords[1], every.data)
    assert np.array_equal(best["minutes"].fillna(np.inf), least)


def test_labels_of_nodes_are_the_nearest_sources(helsinki: WalkNetwork, corners: Table) -> None:
    rooms = snap(corners(helsinki, 40, seed=2, id_column="facility_id"), helsinki, max_m=200)
    graph = graph_of(helsinki, reverse=True)
    minutes, label = nearest_to_nodes(graph, places_of(rooms, helsinki, graph, "facilities"), 10.0)
    assert (label[np.isinf(minutes)] == -1).all()
    assert set(label[np.isfinite(minutes)]) <= set(range(40))
    assert minutes[np.isfinite(minutes)].max() <= 10


def test_unusable_tables_are_named(make_network: Make, make_points: Table, tied: Table) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    good = tied(network, [(0, 0.5, 0.0), (0, 1.0, 0.0)])
    with pytest.raises(SnapError, match="origins table is not tied to the streets: columns edge, fraction"):
        travel_times(network, make_points([(0, 0)]), good, cutoff_min=15)
    with pytest.raises(SnapError, match="does not fit this network: 1 rows"):
        travel_times(network, good, good.assign(edge=[0, 1]), cutoff_min=15)
    with pytest.raises(SnapError, match="demand table does not fit"):
        nearest(network, good, good.assign(fraction=[0.5, np.nan]))
    with pytest.raises(SnapError, match="sites table does not fit"):
        time_matrix(network, good.assign(access_m=-1.0), good, cutoff_min=15)
    with pytest.raises(SnapError, match="tied to another network"):
        travel_times(network, good.assign(component=1), good, cutoff_min=15)
    elsewhere = make_network([(0, 500), (100, 500)], [(0, 1)])
    with pytest.raises(SnapError, match="tied to another network"):
        travel_times(elsewhere, good, good, cutoff_min=15)
    with pytest.raises(InputError, match="no id column"):
        travel_times(network, good.drop(columns="demand_id"), good, cutoff_min=15)
    with pytest.raises(InputError, match="repeats ids"):
        travel_times(network, good.assign(demand_id="same"), good, cutoff_min=15)
    for cutoff in (0, -1, float("nan")):
        with pytest.raises(InputError, match="no usable walking time"):
            travel_times(network, good, good, cutoff_min=cutoff)
    with pytest.raises(InputError, match="direction 'up' is unknown"):
        nearest(network, good, good, direction="up")


def test_the_id_of_a_table_is_its_own(make_network: Make, tied: Table) -> None:
    network = make_network([(0, 0), (100, 0)], [(0, 1)])
    measured = tied(network, [(0, 0.5, 0.0), (0, 1.0, 0.0)]).assign(facility_id="r0", unit_id="u")
    site = tied(network, [(0, 0.5, 0.0)], id_column="candidate_id", prefix="c").assign(unit_id="u")
    assert travel_times(network, measured, site, cutoff_min=15).to_numpy().tolist() == [
        ["d0", "c0", 0.0],
        ["d1", "c0", 0.5],
    ]

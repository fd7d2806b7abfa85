"""What must hold whatever the streets look like."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.network.build import with_speed
from walkshed.network.snap import snap
from walkshed.network.traits import NO_TRAITS
from walkshed.reach.isochrones import reached_lines
from walkshed.reach.times import nearest, time_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from hypothesis.strategies import DataObject
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., gpd.GeoDataFrame]

LAWS = settings(deadline=None, max_examples=40)
AS_ROUNDED = 2e-6
PER_EDGE = ("u", "v", "length_m", "forward_min", "backward_min", "way_id", "steps", "name_code", *NO_TRAITS)


def minutes(
    network: WalkNetwork, sites: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, *, cutoff_min: float = np.inf
) -> NDArray[np.float64]:
    """Return minutes from every demand row to every site, inf where there is no way."""
    found = time_matrix(network, sites, demand, cutoff_min=cutoff_min).tocoo()
    every = np.full(found.shape, np.inf)
    every[found.coords] = found.data
    return every


def rows_of(table: gpd.GeoDataFrame) -> list[tuple[int, float, float]]:
    """Return edge, fraction and leg of every row."""
    return list(table[["edge", "fraction", "access_m"]].fillna(0).itertuples(index=False, name=None))


def reordered(network: WalkNetwork, order: NDArray[np.int64]) -> WalkNetwork:
    """Return the network with some of its edges, renumbered."""
    start = network.geometry_start
    vertices = np.concatenate([np.arange(start[e], start[e + 1]) for e in order])
    return replace(
        network,
        **{name: getattr(network, name)[order] for name in PER_EDGE},
        geometry_start=np.concatenate([[0], np.cumsum(np.diff(start)[order])]),
        geometry_x=network.geometry_x[vertices],
        geometry_y=network.geometry_y[vertices],
    )


def turned(network: WalkNetwork) -> WalkNetwork:
    """Return the network with every edge drawn from its other end."""
    start = network.geometry_start
    vertices = np.concatenate([np.arange(b - 1, a - 1, -1) for a, b in pairwise(start)])
    return replace(
        network,
        u=network.v,
        v=network.u,
        forward_min=network.backward_min,
        backward_min=network.forward_min,
        geometry_x=network.geometry_x[vertices],
        geometry_y=network.geometry_y[vertices],
    )


@given(data=st.data())
@LAWS
def test_a_new_link_makes_no_walk_longer(data: DataObject, draw_network: Make, draw_places: Table, tied: Table) -> None:
    network = draw_network(data, dyadic=False)
    demand = draw_places(data, network, dyadic=False)
    sites = draw_places(data, network, dyadic=False)
    kept = np.arange(len(network.u))
    ends = st.integers(0, len(network.x) - 1)
    copied = data.draw(st.sampled_from(kept.tolist()))
    more = reordered(network, np.append(kept, copied))
    link = np.array(more.u), np.array(more.v), np.array(more.forward_min)
    for array, value in zip(link, (data.draw(ends), data.draw(ends), data.draw(st.floats(0.01, 3))), strict=True):
        array[-1] = value
    more = replace(more, u=link[0], v=link[1], forward_min=link[2])
    before = minutes(network, sites, demand)
    again = [tied(more, rows_of(table)) for table in (sites, demand)]
    assert (minutes(more, *again) <= before).all()


@given(data=st.data())
@LAWS
def test_a_new_room_takes_nobody_further(data: DataObject, draw_network: Make, draw_places: Table) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id")
    homes = draw_places(data, network, dyadic=False)
    before = nearest(network, rooms[:-1], homes)["minutes"].fillna(np.inf)
    after = nearest(network, rooms, homes)
    assert (after["minutes"].fillna(np.inf) <= before).all()
    newest = rooms["facility_id"].iloc[-1]
    assert (after["minutes"].fillna(np.inf) == before)[after["facility_id"] != newest].all()


@given(data=st.data(), faster=st.floats(1.0, 2.0), longer=st.floats(0.0, 10.0))
@LAWS
def test_more_speed_and_more_minutes_reach_no_less(
    data: DataObject, faster: float, longer: float, draw_network: Make, draw_places: Table
) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id")
    homes = draw_places(data, network, dyadic=False)
    quick = replace(
        network,
        speed_kmh=network.speed_kmh * faster,
        forward_min=network.forward_min / faster,
        backward_min=network.backward_min / faster,
    )
    assert (minutes(quick, rooms, homes) <= minutes(network, rooms, homes) + AS_ROUNDED).all()
    few, many = (minutes(network, rooms, homes, cutoff_min=cutoff) for cutoff in (4, 4 + longer))
    assert np.array_equal(many[np.isfinite(few)], few[np.isfinite(few)])
    short, long = (
        reached_lines(network, rooms, cutoffs_min=[cutoff], merged=True).length.sum() for cutoff in (4, 4 + longer)
    )
    assert long >= short - AS_ROUNDED


@given(data=st.data())
@LAWS
def test_on_the_flat_there_and_back_take_the_same(data: DataObject, draw_network: Make, draw_places: Table) -> None:
    network = draw_network(data, dyadic=False, flat=True)
    sites = draw_places(data, network, dyadic=False)
    demand = draw_places(data, network, dyadic=False)
    there = time_matrix(network, sites, demand, cutoff_min=np.inf, direction="to_facility").toarray()
    back = time_matrix(network, sites, demand, cutoff_min=np.inf, direction="from_facility").toarray()
    assert np.abs(there - back).max() < AS_ROUNDED


@given(data=st.data())
@LAWS
def test_numbers_and_drawing_direction_of_streets_do_not_matter(
    data: DataObject, draw_network: Make, draw_places: Table, tied: Table
) -> None:
    network = draw_network(data, dyadic=True)
    tables = [draw_places(data, network, dyadic=True) for _ in range(2)]
    order = np.array(data.draw(st.permutations(range(len(network.u)))))
    number = np.argsort(order)
    other = turned(reordered(network, order))

    def place(edge: int, fraction: float, access_m: float) -> tuple[int, float, float]:
        return (number[edge] if edge >= 0 else -1), 1 - fraction, access_m

    moved = [tied(other, [place(*row) for row in rows_of(table)]) for table in tables]
    assert np.array_equal(minutes(network, *tables), minutes(other, *moved))


@given(data=st.data(), share=st.integers(1, 7).map(lambda k: k / 8))
@LAWS
def test_a_node_in_the_middle_of_a_street_changes_nothing(
    data: DataObject, share: float, draw_network: Make, draw_places: Table, tied: Table
) -> None:
    network = draw_network(data, dyadic=False)
    tables = [draw_places(data, network, dyadic=False) for _ in range(2)]
    edges, nodes = len(network.u), len(network.x)
    split = data.draw(st.integers(0, edges - 1))
    both = reordered(network, np.append(np.arange(edges), split))
    columns = {name: np.array(getattr(both, name)) for name in PER_EDGE}
    columns["v"][split] = columns["u"][-1] = nodes
    for name in ("length_m", "forward_min", "backward_min"):
        columns[name][split] *= share
        columns[name][-1] *= 1 - share
    start, x, y = both.geometry_start, np.array(both.geometry_x), np.array(both.geometry_y)
    for c in (x, y):
        a, b = start[split], start[split + 1] - 1
        c[b] = c[-2] = c[a] + share * (c[b] - c[a])
    finer = replace(
        both,
        **columns,
        node_id=np.append(both.node_id, 99),
        x=np.append(both.x, x[-2]),
        y=np.append(both.y, y[-2]),
        geometry_x=x,
        geometry_y=y,
    )

    def place(edge: int, fraction: float, access_m: float) -> tuple[int, float, float]:
        if edge != split:
            return edge, fraction, access_m
        return (split, fraction / share, access_m) if fraction <= share else (
            edges, (fraction - share) / (1 - share), access_m,
        )  # fmt: skip

    moved = [tied(finer, [place(*row) for row in rows_of(table)]) for table in tables]
    one, other = minutes(network, *tables), minutes(finer, *moved)
    assert np.array_equal(np.isinf(one), np.isinf(other))
    known = np.isfinite(one)
    assert np.abs(one[known] - other[known]).max(initial=0) < AS_ROUNDED


def test_more_speed_serves_no_fewer_on_real_streets(helsinki: WalkNetwork, corners: Table) -> None:
    homes = snap(corners(helsinki, 400, seed=4), helsinki, max_m=150)
    rooms = snap(corners(helsinki, 5, seed=5, id_column="facility_id"), helsinki, max_m=150)
    slow = nearest(with_speed(helsinki, 2.88), rooms, homes)["minutes"]
    fast = nearest(helsinki, rooms, homes)["minutes"]
    assert np.allclose(slow, fast * 4.8 / 2.88, atol=1e-5, equal_nan=True)


def test_an_island_is_not_reached(make_network: Make, make_points: Table) -> None:
    network = make_network([(0, 0), (600, 0), (0, 60), (600, 60)], [(0, 1), (2, 3)])
    rooms = snap(make_points([(300, -5)], id_column="facility_id"), network, max_m=50)
    homes = snap(make_points([(300, 5), (300, 55)]), network, max_m=50)
    found = nearest(network, rooms, homes)
    assert found["facility_id"].tolist() == ["d0", ""]
    lines = reached_lines(network, rooms, cutoffs_min=[15])
    assert set(lines["edge"]) == {-1, 0}


def test_a_river_is_crossed_at_its_bridge(make_network: Make, make_points: Table) -> None:
    # two banks 40 m apart, one bridge 800 m upstream
    nodes = [(0, 0), (800, 0), (1600, 0), (0, 40), (800, 40), (1600, 40)]
    network = make_network(nodes, [(0, 1), (1, 2), (3, 4), (4, 5), (1, 4)])
    room = snap(make_points([(0, -10)], id_column="facility_id"), network, max_m=50)
    homes = snap(make_points([(0, 50), (800, 50), (100, -10)]), network, max_m=50)
    assert nearest(network, room, homes)["minutes"].tolist() == [16.6, 8.6, 1.2]
    reached = reached_lines(network, room, cutoffs_min=[10])
    across = reached[reached["edge"] == 2]
    assert across["low"].tolist() == [1 - (10 - 0.1 - 8 - 0.4) / 8]


def test_of_parallel_streets_each_keeps_its_own_minutes(make_network: Make, make_points: Table) -> None:
    # two streets 20 m apart that meet only at their far end
    network = make_network([(0, 0), (500, 10), (0, 20)], [(0, 1), (2, 1)], lengths_m=[500.0, 500.0])
    room = snap(make_points([(0, 0)], id_column="facility_id"), network, max_m=50)
    homes = snap(make_points([(0, 20), (250, 5), (250, 15)]), network, max_m=50)
    found = nearest(network, room, homes)["minutes"]
    assert np.allclose(found, [10, 2.5, 7.5], atol=1e-3)

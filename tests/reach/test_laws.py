"""What must hold whatever the streets look like."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.network.build import with_speed
from walkshed.network.snap import snap
from walkshed.network.traits import NO_TRAITS
from walkshed.network.walking import weigh
from walkshed.reach.isochrones import isochrones, reached_lines
from walkshed.reach.times import nearest, time_matrix
from walkshed.walkers import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pytest
    from hypothesis.strategies import DataObject
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork

    Make = Callable[..., WalkNetwork]
    Table = Callable[..., gpd.GeoDataFrame]
    Draw = Callable[[DataObject], Profile]

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


def renumbered(network: WalkNetwork, order: NDArray[np.int64]) -> WalkNetwork:
    """Return the network with its nodes in another order."""
    number = np.argsort(order).astype(np.int32)
    return replace(
        network,
        u=number[network.u],
        v=number[network.v],
        **{name: getattr(network, name)[order] for name in ("node_id", "x", "y")},
    )


def parts_of(network: WalkNetwork, rooms: gpd.GeoDataFrame, cutoff_min: float) -> NDArray[np.float64]:
    """Return the reached parts of streets as edge, low and high."""
    lines = reached_lines(network, rooms, cutoffs_min=[cutoff_min], merged=True)
    return lines.loc[lines["edge"] >= 0, ["edge", "low", "high"]].to_numpy(np.float64)


def contain(larger: NDArray[np.float64], smaller: NDArray[np.float64]) -> bool:
    """Say whether both ends and the middle of every part lie in a part of the larger."""
    for edge, low, high in smaller:
        own = larger[larger[:, 0] == edge]
        for at in (low, (low + high) / 2, high):
            if not ((own[:, 1] <= at + AS_ROUNDED) & (own[:, 2] >= at - AS_ROUNDED)).any():
                return False
    return True


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
    sites["facility_id"] = again[0]["facility_id"] = sites["demand_id"]
    cutoff = data.draw(st.floats(0.5, 12))
    assert contain(parts_of(more, again[0], cutoff), parts_of(network, sites, cutoff))


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


@given(data=st.data())
@LAWS
def test_a_new_room_serves_no_smaller_area(data: DataObject, draw_network: Make, draw_places: Table) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id")
    cutoff = data.draw(st.floats(0.5, 12))
    assert contain(parts_of(network, rooms, cutoff), parts_of(network, rooms[:-1], cutoff))


@given(data=st.data(), faster=st.floats(1.0, 2.0))
@LAWS
def test_whoever_walks_faster_reaches_no_less(
    data: DataObject, faster: float, draw_network: Make, draw_hills: Make, draw_walker: Draw, draw_places: Table
) -> None:
    streets = draw_hills(data, draw_network(data, dyadic=False, flat=True))
    walker = draw_walker(data)
    slow, quick = (weigh(streets, replace(walker, speed_kmh=speed)) for speed in (2.5, 2.5 * faster))
    rooms = draw_places(data, slow, dyadic=False, id_column="facility_id")
    homes = draw_places(data, slow, dyadic=False)
    assert (minutes(quick, rooms, homes) <= minutes(slow, rooms, homes) + AS_ROUNDED).all()
    cutoff = data.draw(st.floats(0.5, 12))
    assert contain(parts_of(quick, rooms, cutoff), parts_of(slow, rooms, cutoff))


@given(data=st.data(), longer=st.floats(0.0, 10.0))
@LAWS
def test_more_minutes_reach_no_less(data: DataObject, longer: float, draw_network: Make, draw_places: Table) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id")
    homes = draw_places(data, network, dyadic=False)
    few, many = (minutes(network, rooms, homes, cutoff_min=cutoff) for cutoff in (4, 4 + longer))
    assert np.array_equal(many[np.isfinite(few)], few[np.isfinite(few)])
    assert (many[np.isinf(few)] > 4).all()
    assert contain(parts_of(network, rooms, 4 + longer), parts_of(network, rooms, 4))


@given(data=st.data(), merged=st.booleans())
@settings(deadline=None, max_examples=25)
def test_bands_nest(
    data: DataObject,
    merged: bool,  # noqa: FBT001 - hypothesis passes it by name
    draw_network: Make,
    draw_places: Table,
) -> None:
    network = draw_network(data, dyadic=False)
    rooms = draw_places(data, network, dyadic=False, id_column="facility_id")
    cutoffs = data.draw(st.lists(st.floats(0.1, 10), min_size=2, max_size=4, unique=True))
    areas = isochrones(network, rooms, cutoffs_min=cutoffs, merged=merged)
    assert areas.is_valid.all()
    for _, bands in areas.groupby("facility_id"):
        assert bands["cutoff_min"].is_monotonic_increasing
        for smaller, larger in pairwise(bands.geometry):
            assert larger.covers(smaller) or smaller.is_empty


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
def test_numbers_of_streets_and_nodes_change_no_bit(
    data: DataObject, draw_network: Make, draw_places: Table, tied: Table
) -> None:
    network = draw_network(data, dyadic=False)
    tables = [draw_places(data, network, dyadic=False, id_column=name) for name in ("facility_id", "demand_id")]
    order, nodes = (np.array(data.draw(st.permutations(range(n)))) for n in (len(network.u), len(network.x)))
    number = np.argsort(order)
    other = renumbered(reordered(network, order), nodes)

    def place(edge: int, fraction: float, access_m: float) -> tuple[int, float, float]:
        return (number[edge] if edge >= 0 else -1), fraction, access_m

    moved = [
        tied(other, [place(*row) for row in rows_of(table)], id_column=name)
        for table, name in zip(tables, ("facility_id", "demand_id"), strict=True)
    ]
    assert minutes(network, *tables).tobytes() == minutes(other, *moved).tobytes()
    assert nearest(network, *tables).equals(nearest(other, *moved))
    cutoff = data.draw(st.floats(0.5, 12))
    first, second = parts_of(network, tables[0], cutoff), parts_of(other, moved[0], cutoff)
    second[:, 0] = order[second[:, 0].astype(int)]
    assert first.tolist() == second[np.lexsort((second[:, 1], second[:, 0]))].tolist()


@given(data=st.data(), dyadic=st.booleans())
@LAWS
def test_the_direction_in_which_streets_are_drawn_does_not_matter(
    data: DataObject,
    dyadic: bool,  # noqa: FBT001 - hypothesis passes it by name
    draw_network: Make,
    draw_places: Table,
    tied: Table,
) -> None:
    network = draw_network(data, dyadic=dyadic)
    tables = [draw_places(data, network, dyadic=dyadic) for _ in range(2)]
    # places of which the distance to the other end is a number, too: 1 - 1e-100 is not
    spots = [[(edge, round(at * 4096) / 4096, leg) for edge, at, leg in rows_of(table)] for table in tables]
    tables = [tied(network, rows) for rows in spots]
    other = turned(network)
    moved = [tied(other, [(edge, 1 - at, leg) for edge, at, leg in rows]) for rows in spots]
    one, two = minutes(network, *tables), minutes(other, *moved)
    if dyadic:
        assert one.tobytes() == two.tobytes()
    else:
        assert np.array_equal(np.isinf(one), np.isinf(two))
        known = np.isfinite(one)
        assert np.abs(one[known] - two[known]).max(initial=0) < AS_ROUNDED


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


def test_every_run_and_any_number_of_threads_give_the_same_bits(
    helsinki: WalkNetwork, corners: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    hilly = replace(helsinki, incline=np.where(np.arange(len(helsinki.u)) % 7 == 0, 0.05, np.nan))
    places = [
        corners(hilly, count, seed=seed, id_column=name)
        for count, seed, name in ((700, 6, "facility_id"), (900, 7, "demand_id"))
    ]  # several chunks of each kind of work
    found = []
    for threads in (1, 2, 3, 1):
        monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", threads)
        network = weigh(hilly, Profile(speed_kmh=4.2))  # with empty caches
        rooms, homes = (snap(table, network, max_m=150) for table in places)
        matrix = time_matrix(network, rooms, homes, cutoff_min=6)
        best = nearest(network, rooms[:20], homes)
        areas = isochrones(network, rooms[:24], cutoffs_min=[3, 6])
        tied = rooms[["edge", "fraction", "access_m"]].to_numpy(np.float64)
        found.append(
            [
                *(part.tobytes() for part in (tied, matrix.indptr, matrix.indices, matrix.data)),
                best["minutes"].to_numpy().tobytes(),
                best["facility_id"].tolist(),
                shapely.to_wkb(areas.geometry.to_numpy()).tolist(),
            ]
        )
    assert matrix.nnz > 10_000
    assert found[0] == found[1] == found[2] == found[3]

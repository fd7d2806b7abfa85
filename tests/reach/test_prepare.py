"""Places prepared once give what their table gives, bit for bit, and never for another network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import text
from walkshed.errors import InputError, SnapError
from walkshed.network.build import with_speed
from walkshed.network.entrances import ENTRANCES, Entrance
from walkshed.network.snap import snap
from walkshed.reach.prepare import prepare_places
from walkshed.reach.times import minutes_between, nearest, time_matrix, travel_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_array

    from walkshed.network.model import WalkNetwork

    Table = Callable[..., pd.DataFrame]

DIRECTIONS = ("to_facility", "from_facility")


@pytest.fixture
def homes(helsinki: WalkNetwork, corners: Table) -> pd.DataFrame:
    return snap(corners(helsinki, 300, seed=4, id_column="demand_id"), helsinki, max_m=80.0)


@pytest.fixture
def rooms(helsinki: WalkNetwork, corners: Table) -> pd.DataFrame:
    return snap(corners(helsinki, 12, seed=5, id_column="facility_id"), helsinki, max_m=80.0)


def same_bits(one: csr_array, other: csr_array) -> bool:
    return one.shape == other.shape and all(
        getattr(one, part).tobytes() == getattr(other, part).tobytes() for part in ("indptr", "indices", "data")
    )


@settings(max_examples=25, deadline=None)
@given(
    data=st.data(),
    direction=st.sampled_from(DIRECTIONS),
    cutoff=st.sampled_from([0.5, 3.0, 9.0, np.inf]),
    threads=st.sampled_from([1, 2]),
)
def test_prepared_places_equal_their_table_bit_for_bit(
    helsinki: WalkNetwork, data: st.DataObject, direction: str, cutoff: float, threads: int
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tables = [_drawn(helsinki, rng, data.draw(st.integers(1, 60)), name) for name in ("facility_id", "demand_id")]
    prepared = [prepare_places(helsinki, table) for table in tables]
    for _ in range(2):  # the second search uses what the first one left
        for by_destination in (False, True):
            between = partial(
                minutes_between, helsinki, cutoff_min=cutoff, names=("a", "b"), by_destination=by_destination,
                threads=threads,
            )  # fmt: skip
            plain = between(*tables)
            for one, other in ((prepared[0], tables[1]), (tables[0], prepared[1]), prepared):
                assert same_bits(plain, between(one, other))
        plain = nearest(helsinki, *tables, direction=direction, cutoff_min=cutoff)
        pd.testing.assert_frame_equal(plain, nearest(helsinki, *prepared, direction=direction, cutoff_min=cutoff))


def _drawn(network: WalkNetwork, rng: np.random.Generator, rows: int, id_column: str) -> pd.DataFrame:
    """Return rows anywhere on streets, at crossings and nowhere, some with entrances."""
    edge = rng.integers(0, len(network.u), rows)
    edge[: rows // 3] = rng.integers(0, 5, rows // 3)  # several on one street
    fraction = np.where(rng.random(rows) < 0.3, rng.integers(0, 2, rows), rng.random(rows))
    access = rng.random(rows) * 50
    component = network.component[network.u[edge]].astype(np.int64)
    none = rng.random(rows) < 0.1
    table = pd.DataFrame(
        {
            id_column: [f"p{i}" for i in range(rows)],
            "edge": np.where(none, -1, edge),
            "fraction": np.where(none, np.nan, fraction),
            "access_m": np.where(none, np.nan, access),
            "component": np.where(none, -1, component),
        }
    )
    if rng.random() < 0.5:
        table[ENTRANCES] = [
            tuple(
                Entrance(f"door {k}", 0.0, 0.0, e := int(rng.integers(0, len(network.u))), rng.random(), rng.random(),
                         int(network.component[network.u[e]]))
                for k in range(rng.integers(0, 3))
            )
            for _ in range(rows)
        ]  # fmt: skip
    return table


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_all_public_searches_take_them(
    helsinki: WalkNetwork, homes: pd.DataFrame, rooms: pd.DataFrame, direction: str
) -> None:
    before = homes.copy()
    ready, few = prepare_places(helsinki, homes), prepare_places(helsinki, rooms)
    assert len(ready) == len(homes)
    assert repr(ready) == f"<PreparedPlaces: {len(homes)} rows, {int(homes['snapped'].sum())} stops on streets>"
    plain = time_matrix(helsinki, rooms, homes, cutoff_min=9.0, direction=direction)
    assert plain.nnz > 0
    assert same_bits(plain, time_matrix(helsinki, few, ready, cutoff_min=9.0, direction=direction))
    pd.testing.assert_frame_equal(
        travel_times(helsinki, homes, rooms, cutoff_min=9.0), travel_times(helsinki, ready, few, cutoff_min=9.0)
    )
    pd.testing.assert_frame_equal(
        nearest(helsinki, rooms, homes, direction=direction), nearest(helsinki, few, ready, direction=direction)
    )
    pd.testing.assert_frame_equal(homes, before)


def test_a_changed_table_is_seen_and_prepared_places_stay_what_they_were(
    helsinki: WalkNetwork, homes: pd.DataFrame, rooms: pd.DataFrame
) -> None:
    table = pd.DataFrame(homes.drop(columns="geometry"))
    ready = prepare_places(helsinki, table)
    before = time_matrix(helsinki, rooms, table, cutoff_min=9.0)
    told = nearest(helsinki, rooms, table)
    target = int(rooms["edge"].iloc[0])
    for column, value in (
        ("edge", target), ("fraction", 0.25), ("access_m", 3.0),
        ("component", int(helsinki.component[helsinki.u[target]])),
    ):  # fmt: skip
        table.isetitem(table.columns.get_loc(column), np.full(len(table), value))
    table["demand_id"] = [f"new {i}" for i in range(len(table))]
    after = time_matrix(helsinki, rooms, table, cutoff_min=9.0)
    assert not same_bits(before, after)
    assert same_bits(after, time_matrix(helsinki, rooms, prepare_places(helsinki, table), cutoff_min=9.0))
    assert nearest(helsinki, rooms, table)["demand_id"].iloc[0] == "new 0"
    assert same_bits(before, time_matrix(helsinki, rooms, ready, cutoff_min=9.0))
    pd.testing.assert_frame_equal(told, nearest(helsinki, rooms, ready))


def test_writing_into_a_tables_own_memory_does_not_reach_prepared_places(
    helsinki: WalkNetwork, homes: pd.DataFrame, rooms: pd.DataFrame
) -> None:
    memory = {name: homes[name].to_numpy().copy() for name in ("edge", "fraction", "access_m", "component")}
    table = pd.DataFrame({"demand_id": homes["demand_id"], **memory}, copy=False)
    ready = prepare_places(helsinki, table)
    before = time_matrix(helsinki, rooms, ready, cutoff_min=9.0)
    for column in memory.values():
        column[:] = 0
    assert same_bits(before, time_matrix(helsinki, rooms, ready, cutoff_min=9.0))
    assert not any(column.flags.writeable for column in ready.stops)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_another_network_is_refused(
    helsinki: WalkNetwork, homes: pd.DataFrame, rooms: pd.DataFrame, language: str
) -> None:
    ready, faster = prepare_places(helsinki, homes), with_speed(helsinki, 6.0)
    searches = (
        partial(time_matrix, faster, rooms, ready, cutoff_min=9.0),
        partial(travel_times, faster, ready, rooms, cutoff_min=9.0),
        partial(nearest, faster, rooms, ready),
    )
    for search in searches:
        with pytest.raises(SnapError) as caught:
            search()
        assert "prepare_places()" in str(caught.value)
    assert "prepare_places()" in text("errors.reach_prepared_elsewhere", language, table="demand", rows=1)


def test_what_is_wrong_with_a_table_is_told_as_ever(helsinki: WalkNetwork, homes: pd.DataFrame) -> None:
    with pytest.raises(SnapError, match="The homes table is not tied"):
        prepare_places(helsinki, homes.drop(columns="edge"), name="homes")
    with pytest.raises(SnapError, match="does not fit this network"):
        prepare_places(helsinki, pd.DataFrame(homes).assign(edge=10**6))
    nameless = prepare_places(helsinki, homes.drop(columns="demand_id"))
    assert time_matrix(helsinki, nameless, nameless, cutoff_min=1.0).nnz > 0  # needs no ids
    with pytest.raises(InputError, match=r"columns seen: geometry, edge"):
        travel_times(helsinki, nameless, homes, cutoff_min=1.0)
    twice = prepare_places(helsinki, homes.assign(demand_id="same"))
    with pytest.raises(InputError, match="repeats ids"):
        nearest(helsinki, homes, twice)


def test_threads_may_share_them(helsinki: WalkNetwork, homes: pd.DataFrame, rooms: pd.DataFrame) -> None:
    ready = prepare_places(helsinki, homes)
    plain = [time_matrix(helsinki, rooms, homes, cutoff_min=cutoff) for cutoff in (2.0, 5.0, 9.0, 20.0)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            found = pool.map(
                lambda cutoff: time_matrix(helsinki, rooms, ready, cutoff_min=cutoff), (2.0, 5.0, 9.0, 20.0)
            )
            assert all(same_bits(one, other) for one, other in zip(plain, found, strict=True))


def test_they_are_filed_once(helsinki: WalkNetwork, homes: pd.DataFrame) -> None:
    ready = prepare_places(helsinki, homes)
    for reverse in (False, True):
        assert ready.filed(reverse=reverse) is ready.filed(reverse=reverse)
        assert ready.places(reverse=reverse) is ready.places(reverse=reverse)
    assert ready.filed(reverse=True) is not ready.filed(reverse=False)

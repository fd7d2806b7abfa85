"""Long work on real streets: how it reports itself, how it is stopped, and what happens when room runs out."""

from __future__ import annotations

import math
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from walkshed.errors import CancelledError
from walkshed.network import compiled
from walkshed.network.compiled import in_chunks
from walkshed.network.model import WalkNetwork
from walkshed.network.snap import snap
from walkshed.progress import silent
from walkshed.reach import pairs, work
from walkshed.reach.graph import graph_of
from walkshed.reach.labels import BLOCK, NODE, label_nodes, make_blocks
from walkshed.reach.search import FULL, search_together
from walkshed.reach.tables import places_of
from walkshed.reach.times import minutes_between, nearest, nearest_to_nodes, time_matrix, travel_times

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., pd.DataFrame]

TWO_SIDES = {"names": ("origins", "destinations"), "cutoff_min": 8.0}


@pytest.fixture
def every_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let work report itself after every chunk of few searches."""
    monkeypatch.setattr(compiled, "REPORT_S", 0.0)
    monkeypatch.setattr(pairs, "CHUNK", 16)


@pytest.fixture
def homes(helsinki: WalkNetwork, corners: Table) -> pd.DataFrame:
    """Return homes tied to the streets of Helsinki."""
    return snap(corners(helsinki, 800, seed=4), helsinki, max_m=200)


@pytest.mark.usefixtures("every_chunk")
@pytest.mark.parametrize("threads", [1, 3])
def test_progress_counts_up_to_the_total(helsinki: WalkNetwork, homes: pd.DataFrame, threads: int) -> None:
    told: list[tuple[str, int, int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total, threading.get_ident()))

    minutes_between(helsinki, homes, homes, threads=threads, progress=progress, **TWO_SIDES)
    tied = int(homes["snapped"].sum())
    assert len(told) == -(-tied // 16) > 40
    assert [done for _, done, _, _ in told] == [*range(16, tied, 16), tied]
    assert {(stage, total, thread) for stage, _, total, thread in told} == {
        ("minutes", tied, threading.get_ident())  # the caller's own thread
    }


@pytest.mark.usefixtures("every_chunk")
def test_all_three_searches_report_themselves(helsinki: WalkNetwork, homes: pd.DataFrame) -> None:
    for ask in (
        partial(travel_times, helsinki, homes, homes, cutoff_min=3),
        partial(time_matrix, helsinki, homes, homes, cutoff_min=3, direction="from_facility"),
        partial(nearest, helsinki, homes, homes),
    ):
        told: list[tuple[str, int, int]] = []
        ask(progress=lambda *step: told.append(step))  # noqa: B023 - called before the next turn
        assert told[-1][0] == "minutes"
        assert told[-1][1] == told[-1][2] == int(homes["snapped"].sum())


@pytest.mark.usefixtures("every_chunk")
@pytest.mark.parametrize("threads", [1, 2])
def test_cancelling_stops_the_searches(
    helsinki: WalkNetwork, homes: pd.DataFrame, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    chunk_of_searches = pairs._search_chunk

    def counted(*arguments: Any) -> Any:
        begun.append(threading.get_ident())
        return chunk_of_searches(*arguments)

    def cancel(stage: str, done: int, total: int) -> None:
        if done >= 32:
            raise CancelledError("cancelled", stage=stage, total=total)

    monkeypatch.setattr(pairs, "_search_chunk", counted)
    before = threading.active_count()
    whole = minutes_between(helsinki, homes, homes, threads=threads, **TWO_SIDES)
    of_all = len(begun)
    begun.clear()
    with pytest.raises(CancelledError):
        minutes_between(helsinki, homes, homes, threads=threads, progress=cancel, **TWO_SIDES)
    assert 2 <= len(begun) < of_all / 2
    assert threading.active_count() == before
    again = minutes_between(helsinki, homes, homes, threads=threads, **TWO_SIDES)
    assert again.data.tobytes() == whole.data.tobytes()
    with pytest.raises(CancelledError):
        nearest(helsinki, homes, homes, progress=lambda stage, done, total: cancel(stage, done + 32, total))


def test_no_chunk_begins_after_an_error() -> None:
    begun = []
    gate = threading.Event()

    def run(first: int, last: int) -> int:
        begun.append(first)
        if first == 2:
            raise ZeroDivisionError
        if first > 2:
            gate.wait(0.05)
        return last

    for threads in (1, 2):
        begun.clear()
        with pytest.raises(ZeroDivisionError):
            in_chunks(1000, 2, run, threads=threads)
        assert len(begun) < 20
    assert in_chunks(0, 2, run) == []


@pytest.mark.parametrize("pays_s", [0.0, math.inf])
def test_threads_are_called_for_when_much_is_left(monkeypatch: pytest.MonkeyPatch, pays_s: float) -> None:
    monkeypatch.setattr(compiled, "POOL_PAYS_S", pays_s)
    own, met = threading.get_ident(), threading.Barrier(2)
    told: list[tuple[int, int]] = []

    def run(first: int, last: int) -> tuple[int, int, int]:
        if first > 0 and pays_s == 0.0:
            met.wait(10.0)  # two threads at work at the same time
        return first, last, threading.get_ident()

    found = in_chunks(9, 2, run, threads=2, progress=lambda _, done, total: told.append((done, total)))
    assert [(first, last) for first, last, _ in found] == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 9)]
    threads = [thread for _, _, thread in found]
    assert threads[0] == own
    assert set(threads[1:]) == {own} if pays_s else own not in threads[1:]
    assert told[-1] == (9, 9)


def test_work_reports_itself_seldom_and_at_the_end() -> None:
    told: list[int] = []
    in_chunks(5000, 1, lambda first, _: first, threads=1, progress=lambda _, done, __: told.append(done))
    assert told[-1] == 5000
    assert len(told) < 100


def test_scarce_room_changes_nothing(
    helsinki: WalkNetwork, homes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = minutes_between(helsinki, homes, homes, progress=silent, **TWO_SIDES)
    monkeypatch.setattr(work, "MOST_PER_BUCKET", 4)
    monkeypatch.setattr(pairs, "ROOM", 64)
    scarce = minutes_between(helsinki, homes, homes, threads=2, **TWO_SIDES)
    for part in ("data", "indices", "indptr"):
        assert getattr(plenty, part).tobytes() == getattr(scarce, part).tobytes()

    graph = graph_of(helsinki, reverse=False)
    places = places_of(homes, helsinki, graph, "homes")
    desk = work.make_work(graph, places, 8.0)
    assert search_together(graph, places, 0, 1, 8.0, desk, -1) == FULL
    assert search_together(graph, places, 0, len(places.row), 8.0, desk, -1) == FULL  # not even the sources find room
    assert np.isinf(desk.minutes).all()
    assert not desk.queue.filled.any()


@pytest.mark.parametrize("few", [1, 40, 800])
def test_scarce_room_for_the_nearest_changes_nothing(helsinki: WalkNetwork, homes: pd.DataFrame, few: int) -> None:
    graph = graph_of(helsinki, reverse=False)
    sources = places_of(homes[:few], helsinki, graph, "facilities")
    minutes, row = nearest_to_nodes(graph, sources, math.inf)
    known, room, refused = np.empty(len(minutes) + 1, NODE), 0, 0
    while not label_nodes(graph, sources, math.inf, known, make_blocks(graph, sources, math.inf, room)):
        room += BLOCK - 1
        refused += 1
    assert refused > 0
    assert known["minutes"][:-1].tobytes() == minutes.tobytes()
    assert np.array_equal(known["row"][:-1], row)


def test_a_square_of_many_streets_and_rows_is_searched_in_several_goes() -> None:
    arms, rows = 2 * work.ROOM_FOR_BATCH + 3, 3 * work.BATCH + 1
    angle = np.linspace(0.0, 6.0, arms)
    metres = 10.0 + np.arange(arms)
    x, y = np.append(metres * np.cos(angle), 0.0), np.append(metres * np.sin(angle), 0.0)
    u, v = np.full(arms, arms, np.int32), np.arange(arms, dtype=np.int32)  # the square is the last node
    minutes = metres / 100.0
    network = WalkNetwork(
        crs="EPSG:32650",
        node_id=np.arange(arms + 1),
        x=x,
        y=y,
        u=u,
        v=v,
        length_m=metres,
        forward_min=minutes,
        backward_min=minutes,
        way_id=np.arange(arms),
        steps=np.zeros(arms, bool),
        name_code=np.full(arms, -1, np.int32),
        names=(),
        geometry_start=np.arange(0, 2 * arms + 1, 2, dtype=np.int64),
        geometry_x=np.column_stack([x[u], x[v]]).ravel(),
        geometry_y=np.column_stack([y[u], y[v]]).ravel(),
        speed_kmh=6.0,
        source="a star",
    )

    def standing(edge: Any, fraction: float) -> pd.DataFrame:
        return pd.DataFrame({"edge": edge, "fraction": fraction, "access_m": 0.0, "component": 0})

    ends = standing(np.arange(arms), 1.0)
    square = standing(np.arange(rows) % arms, 0.0)
    within = time_matrix(network, ends[:5], ends, cutoff_min=60, direction="from_facility").toarray()
    expected = minutes[:5, None] + minutes
    expected[np.arange(5), np.arange(5)] = 0.0
    np.testing.assert_allclose(within, expected, atol=1e-6)
    to_square = time_matrix(network, ends[:5], square, cutoff_min=60, direction="from_facility").toarray()
    np.testing.assert_allclose(to_square, np.broadcast_to(minutes[:5, None], (5, rows)), atol=1e-6)

"""Computations take turns."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import turns
from walkshed.app.turns import TURN, Turns
from walkshed.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_S = 60.0


class Visitor:
    """Somebody in a thread who takes a turn and keeps it until told."""

    def __init__(self, line: Turns, name: str, *, ahead: bool = False, order: list[str] | None = None) -> None:
        self.name, self.has, self.gives_up = name, threading.Event(), False
        self.told: list[tuple[str, int]] = []
        self.order = [] if order is None else order
        self._line, self._ahead, self._may_go = line, ahead, threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._line.taken(self._progress, ahead=self._ahead):
                self.order.append(self.name)
                self.has.set()
                assert self._may_go.wait(LONG_S)
        except CancelledError as error:
            self.error = error

    def _progress(self, stage: str, done: int, total: int) -> None:
        del done
        self.told.append((stage, total))
        if self.gives_up:
            raise CancelledError("cancelled")

    def waits_behind(self, before: int) -> None:
        """Wait until the visitor was told that so many come before."""
        until = time.monotonic() + LONG_S
        while (TURN, before) not in self.told:
            assert time.monotonic() < until
            time.sleep(0.01)

    def go(self) -> None:
        self._may_go.set()
        self._thread.join(LONG_S)
        assert not self._thread.is_alive()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(turns, "LOOK_S", 0.01)
    yield
    assert threading.active_count() < 50


def test_first_come_first_served_and_in_advance_last() -> None:
    line, order = Turns(1), list[str]()
    first = Visitor(line, "first", order=order)
    assert first.has.wait(LONG_S)
    ahead = Visitor(line, "ahead", ahead=True, order=order)
    ahead.waits_behind(1)
    second = Visitor(line, "second", order=order)
    second.waits_behind(1)
    third = Visitor(line, "third", order=order)
    third.waits_behind(2)
    ahead.waits_behind(3)
    for visitor in (first, second, third, ahead):
        assert visitor.has.wait(LONG_S)
        visitor.go()
    assert order == ["first", "second", "third", "ahead"]


def test_who_gives_up_holds_nobody_up() -> None:
    line = Turns(1)
    first = Visitor(line, "first")
    assert first.has.wait(LONG_S)
    second, third = Visitor(line, "second"), None
    second.waits_behind(1)
    third = Visitor(line, "third")
    third.waits_behind(2)
    second.gives_up = True
    third.waits_behind(1)
    first.go()
    assert third.has.wait(LONG_S)
    third.go()
    assert isinstance(second.error, CancelledError)
    assert not second.has.is_set()


def test_an_error_in_the_block_gives_the_place_back() -> None:
    line = Turns(1)
    with pytest.raises(ZeroDivisionError), line.taken():
        raise ZeroDivisionError
    with line.taken():
        pass


@settings(max_examples=15, deadline=None)
@given(places=st.integers(1, 4), lengths_ms=st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_never_more_at_once_than_there_are_places_and_all_get_their_turn(places: int, lengths_ms: list[int]) -> None:
    line, lock, now, most, done = Turns(places), threading.Lock(), [0], [0], [0]

    def work(milliseconds: int) -> None:
        with line.taken():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(milliseconds / 1000)
            with lock:
                now[0] -= 1
                done[0] += 1

    threads = [threading.Thread(target=work, args=(length,)) for length in lengths_ms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert done[0] == len(lengths_ms)
    assert most[0] <= places


def test_a_server_may_be_told_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.delenv(turns.VARIABLE, raising=False)
    assert turns.places() == 4
    for told, expected in (("3", 3), ("0", 1), ("many", 4), ("", 4)):
        monkeypatch.setenv(turns.VARIABLE, told)
        assert turns.places() == expected
    monkeypatch.delenv(turns.VARIABLE)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert turns.places() == 1

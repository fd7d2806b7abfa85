"""Files that maps fetch stay while anybody names them, then a while longer, and then they go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app import mapsent, published
from walkshed.app.assets import layer_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG_S = 30


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    published.sweep()
    hands = Clock()
    monkeypatch.setattr(published, "time", hands)
    yield hands
    published._gone.clear()
    published._left.clear()


def file_of(where: str) -> Path:
    return layer_folder() / where.rsplit("/", 1)[1]


def test_a_file_goes_some_time_after_the_last_address(clock: Clock) -> None:
    one, other = published.publish("sweep-a", b"[1]"), published.publish("sweep-a", b"[1]")
    file = file_of(one)
    assert one == other
    assert one is not other
    assert file.read_bytes() == b"[1]"
    del one
    clock.now += 10 * published.KEPT_S
    published.sweep()
    assert file.exists()  # the other session still names it
    del other
    clock.now += published.KEPT_S / 2
    published.sweep()
    assert file.exists()  # a browser may be on its way
    clock.now += published.KEPT_S
    published.sweep()
    assert not file.exists()


def test_what_is_named_again_in_time_stays_and_what_went_is_written_again(clock: Clock) -> None:
    first = published.publish("sweep-b", b"[2]")
    file = file_of(first)
    del first
    again = published.publish("sweep-b", b"[2]")
    clock.now += 2 * published.KEPT_S
    published.sweep()
    assert file.exists()
    del again
    published.sweep()
    clock.now += 2 * published.KEPT_S
    published.sweep()
    assert not file.exists()
    third = published.publish("sweep-b", b"[2]")
    assert file_of(third) == file
    assert file.read_bytes() == b"[2]"


def test_what_is_drawn_of_a_result_keeps_its_files_as_long_as_the_result(clock: Clock) -> None:
    class Result:
        """Stands for anything that Python can refer to weakly."""

    result: Any = Result()

    def draw() -> tuple[mapsent.Sent, ...]:
        url = published.publish("sweep-c", b"[3]")
        return (mapsent.Sent(layer_id="c", options="{}", url=url),)

    file = file_of(mapsent.drawn_once(result, ("sweep",), draw)[0].url)
    clock.now += 3 * published.KEPT_S
    published.sweep()
    assert file.exists()
    assert mapsent.drawn_once(result, ("sweep",), draw)[0].url.endswith(file.name)
    result = Result()
    other = mapsent.drawn_once(result, ("another",), lambda: "")  # looks for what is left of results that went
    assert other == ""
    published.sweep()
    clock.now += 3 * published.KEPT_S
    published.sweep()
    assert not file.exists()


def test_sessions_at_once_never_find_a_file_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "KEPT_S", 0.0)
    missing: list[str] = []

    def session() -> None:
        for number in range(200):
            where = published.publish("sweep-d", b"[%d]" % (number % 3))
            if not file_of(where).exists():
                missing.append(where)
            published.sweep()
            if not file_of(where).exists():
                missing.append(where)

    every = [threading.Thread(target=session) for _ in range(4)]
    for one in every:
        one.start()
    for one in every:
        one.join(LONG_S)
        assert not one.is_alive()
    assert missing == []
    published.sweep()
    assert not list(layer_folder().glob("sweep-d-*"))

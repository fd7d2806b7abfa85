"""Work that begins programs is waited for whatever interrupts the waiting."""

from __future__ import annotations

import signal
import time
from threading import Event, Thread, get_ident

import pytest

from walkshed.begun import Beginning


def test_an_interrupted_wait_does_not_take_the_work_for_done() -> None:
    begun, noted = Event(), Event()
    waiting = get_ident()

    def work() -> None:
        begun.set()
        time.sleep(0.5)
        noted.set()

    def interrupt() -> None:
        begun.wait()
        signal.pthread_kill(waiting, signal.SIGINT)

    Thread(target=interrupt).start()
    beginning = Beginning(work, name="slow")
    with pytest.raises(KeyboardInterrupt):
        beginning.begin()
    assert not noted.is_set()
    beginning.call_off(0.01)
    assert not noted.is_set()
    beginning.call_off()
    assert noted.is_set()


def test_what_is_called_off_does_not_begin() -> None:
    done = Event()
    beginning = Beginning(done.set, name="never")
    beginning.call_off()
    beginning.begin()
    assert not done.is_set()

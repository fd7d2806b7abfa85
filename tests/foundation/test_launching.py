"""Work that begins programs is waited for whatever interrupts the waiting."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

import pytest

from walkshed.launching import Launch

INTERRUPTED = """
import os, signal, time
from threading import Event, Thread
from walkshed.launching import Launch

begun, noted = Event(), Event()

def work():
    begun.set()
    time.sleep(3)
    noted.set()

def interrupt():
    begun.wait()
    os.kill(os.getpid(), signal.SIGINT)

Thread(target=interrupt).start()
signal.signal(signal.SIGINT, signal.default_int_handler)  # who started us may have it ignored
launch = Launch(work, name="slow")
told = []
try:
    launch.begin()
except KeyboardInterrupt:
    told.append(noted.is_set())
launch.call_off(0.01)
told.append(noted.is_set())
launch.call_off()
told.append(noted.is_set())
print(told)
"""


def test_an_interrupted_wait_does_not_take_the_work_for_done() -> None:
    said = subprocess.check_output([sys.executable, "-c", INTERRUPTED], text=True, timeout=60)
    assert said == "[False, False, True]\n"


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Launch(lambda: print(1 / 0), name="bad").begin()  # noqa: T201 - never gets there


def test_what_is_called_off_does_not_begin() -> None:
    done = Event()
    launch = Launch(done.set, name="never")
    launch.call_off()
    launch.begin()
    assert not done.is_set()

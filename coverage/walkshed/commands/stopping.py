"""Ctrl-C and the system's request to end (SIGTERM) are heard within two seconds, whatever the program is doing.

Python raises :class:`KeyboardInterrupt` in the main thread only between two of its own steps: not while a library
reads a map, solves a programme or writes a file. A thread of its own therefore listens to the signals. Where the work
does not end by itself within a moment, it says so, deletes the drafts and scratch folders of
:mod:`walkshed.files`, and ends the program. No finished file is touched either way.

Before the work begins there is nothing to take leave of: while the libraries are loaded, the program ends at once. An
exception raised inside an import may be lost there, or be shown as a library's own failure.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

from walkshed.catalogue import text
from walkshed.files import abandon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

GRACE_S: Final = 0.8
"""How long the work may take to end by itself."""
BY_SIGNAL: Final = 128
"""Exit codes of programs that a signal ended lie this far above the signal's number: 130 for Ctrl-C."""
CLEAR_LINE, SHOW_CURSOR = "\r\x1b[2K", "\x1b[?25h"


class _Heard:
    """What was heard, and whether the user knows."""

    number = 0
    language = "en"
    told = False
    at_work = False


def speak(language: str) -> None:
    """Say in which language an interruption is told."""
    _Heard.language = language


def begin_work() -> None:
    """Say that everything is loaded: from now on an interruption is raised where the work stands, and unwinds it."""
    _Heard.at_work = True


def interrupted() -> bool:
    """Say whether a signal was heard: whatever a library raises then is only its consequence."""
    return _Heard.number > 0


def tell_interrupted() -> int:
    """Tell the user, once, that the program was interrupted; return the exit code."""
    if not _Heard.told:
        _Heard.told = True
        clear = f"{CLEAR_LINE}{SHOW_CURSOR}" if sys.stderr.isatty() else ""
        with suppress(OSError, ValueError):  # nobody may be listening any more
            os.write(2, f"{clear}{text('errors.interrupted', _Heard.language)}\n".encode())
    return BY_SIGNAL + (_Heard.number or int(signal.SIGINT))


@contextmanager
def stoppable() -> Iterator[None]:
    """Hear signals while the block runs; outside the main thread nothing is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    old = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    listener = threading.Thread(target=_listen, args=(ours,), name="walkshed-signals", daemon=True)
    listener.start()
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(tell_interrupted()) from None
    finally:
        if _Heard.told:  # without Python's own farewell, which waits for threads and takes apart what is in memory
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            _leave(BY_SIGNAL + (_Heard.number or int(signal.SIGINT)))
        else:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            theirs.close()
            listener.join()
            ours.close()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    _Heard.number = number
    if not _Heard.at_work:
        _leave(tell_interrupted())
    raise KeyboardInterrupt


def _listen(ours: socket.socket) -> None:
    """Wait for a signal, then for the program to end; end it when it does not, or at the next signal."""
    heard = ours.recv(1)
    if not heard:
        return
    ours.settimeout(GRACE_S)
    with suppress(TimeoutError):
        ours.recv(1)
    _Heard.number = heard[0]
    _leave(tell_interrupted())


def _leave(code: int) -> NoReturn:
    """End the program here and now."""
    abandon()
    os._exit(code)

"""Launching other programs so that none is begun and not noted, whenever an interruption comes."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_S: Final = 0.1


class Launch:
    """Work that begins programs, in a thread of its own, where no signal interrupts it.

    What waits for it waits for an event: a :meth:`threading.Thread.join` that an exception interrupts takes the thread
    for ended (CPython 3.11 and 3.12), and the next one returns at once.

    Parameters
    ----------
    work
        Begins the programs and notes them.
    name
        Of the thread.
    """

    def __init__(self, work: Callable[[], None], *, name: str) -> None:
        self._work = work
        self._called_off, self._over = Event(), Event()
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, name=name)

    def _run(self) -> None:
        try:
            if not self._called_off.is_set():
                self._work()
        except Exception as error:  # noqa: BLE001 - raised again by begin
            self._error = error
        finally:
            self._over.set()

    def begin(self) -> None:
        """Do the work, and wait until it is done.

        Raises
        ------
        Exception
            What the work raised.
        """
        self._thread.start()
        while not self._over.wait(LOOK_S):  # a signal just before a wait without end would be heard after it
            pass
        if self._error is not None:
            raise self._error

    def call_off(self, seconds: float | None = None) -> None:
        """Do not begin if it has not; otherwise wait until it is done, so long at most."""
        self._called_off.set()
        if self._thread.ident is not None:
            self._over.wait(seconds)

"""Computations take turns: first come, first served, and in advance only when nobody waits.

Python computes on one processor at a time, whatever the number of threads. Twenty studies begun together would all be
done at the end of all; one after the other, the first is done after a twentieth of that time and nobody waits longer.
A solver that has so many seconds gets its processor for them.

Whoever holds a turn asks for no lock of :mod:`walkshed.app.shelves`: those who hold such a lock may wait for a turn.
"""

from __future__ import annotations

import heapq
import os
from contextlib import contextmanager
from itertools import count
from threading import Condition
from typing import TYPE_CHECKING, Final

from walkshed.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.progress import Progress

VARIABLE: Final = "WALKSHED_COMPUTATIONS"
TURN: Final = "turn"
"""Stage that a progress is told while it waits; ``total`` is how many come before."""
JOINED: Final = "joined"
"""Stage while another page computes the same."""
LOOK_S: Final = 0.25


class Turns:
    """A waiting line.

    Parameters
    ----------
    places
        So many have their turn at once.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._working = 0
        self._waiting: list[tuple[bool, int]] = []
        self._numbers = count()
        self._changed = Condition()

    @contextmanager
    def taken(self, progress: Progress = silent, *, ahead: bool = False) -> Iterator[None]:
        """Wait for a turn, and hold it as long as the block runs.

        Parameters
        ----------
        progress
            Told four times a second how many come before; what it raises ends the waiting.
        ahead
            Nobody has asked for this work yet: everybody else comes first.
        """
        mine = (ahead, next(self._numbers))
        self._wait(mine, progress)
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def _wait(self, mine: tuple[bool, int], progress: Progress) -> None:
        with self._changed:
            heapq.heappush(self._waiting, mine)
        try:
            while (before := self._before(mine)) > 0:
                progress(TURN, 0, before)
        except BaseException:
            with self._changed:
                self._leave(mine)
            raise

    def _before(self, mine: tuple[bool, int]) -> int:
        """Wait a moment for the turn; return how many come before, 0 when it was taken."""
        with self._changed:
            if not self._is_next(mine):
                self._changed.wait(LOOK_S)
            if self._is_next(mine):
                self._leave(mine)
                self._working += 1
                return 0
            return self._working + sum(other < mine for other in self._waiting)

    def _is_next(self, mine: tuple[bool, int]) -> bool:
        return self._working < self.places and self._waiting[0] == mine

    def _leave(self, mine: tuple[bool, int]) -> None:
        self._waiting.remove(mine)
        heapq.heapify(self._waiting)
        self._changed.notify_all()


def places() -> int:
    """Return how many computations this server works on at once: half of its processors, or as it was told."""
    told = os.environ.get(VARIABLE, "")
    return max(int(told), 1) if told.isdecimal() else max((os.cpu_count() or 1) // 2, 1)


SERVER: Final = Turns(places())
"""The line of this server."""

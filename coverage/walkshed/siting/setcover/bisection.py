"""Find the easiest question that has no answer, where some questions stay open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(kw_only=True)
class Levels:
    """Questions by number, the higher the easier: what one answers all higher ones answer, too.

    Attributes
    ----------
    excluded
        The highest level proven to have no answer.
    found
        The lowest level with an answer.
    undecided
        Levels that were tried without either.
    """

    excluded: int
    found: int
    undecided: set[int] = field(default_factory=set)

    @property
    def closed(self) -> bool:
        """Whether nothing is open between the two."""
        return self.found - self.excluded <= 1

    def next_level(self) -> int | None:
        """Return the level to ask next, or ``None`` where asking as before would not narrow the interval.

        Half of what is open; around undecided levels, half of what is below all of them, then half of what is above.
        """
        tried = sorted(level for level in self.undecided if self.excluded < level < self.found)
        edges = [self.excluded, *tried[:1]], [*tried[-1:], self.found]
        for low, high in edges if tried else [(self.excluded, self.found)]:
            if high - low > 1:
                return (low + high) // 2
        return None

    def exclude(self, level: int) -> None:
        """Take note that a level is proven to have no answer."""
        self.excluded = max(self.excluded, min(level, self.found - 1))

    def narrow(self, ask: Callable[[int], None], *, running: Callable[[], bool]) -> None:
        """Ask level after level until nothing more can be decided like this or time is up."""
        self.undecided.clear()
        while running() and (level := self.next_level()) is not None:
            ask(level)

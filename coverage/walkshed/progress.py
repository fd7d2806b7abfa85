"""How long work reports itself and is stopped."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Parameters = ParamSpec("Parameters")
Made = TypeVar("Made")


class Progress(Protocol):
    """Called by long work; a stage is a key of ``catalogue/progress.toml``.

    To stop the work, raise :class:`walkshed.errors.CancelledError` from the call; long stages call about once a second.
    """

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that ``done`` of ``total`` steps of ``stage`` are finished."""
        ...  # pragma: no cover


def silent(stage: str, done: int, total: int) -> None:
    """Ignore progress; the default everywhere."""
    del stage, done, total


BEAT_S: Final = 0.2
"""A heart tells its progress at most so often."""


class _Heart:
    """What a progress was told last, to be told again."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.last = ("", 0, 0)
        self.told_s = time.monotonic()

    def report(self, stage: str, done: int, total: int) -> None:
        self.last, self.told_s = (stage, done, total), time.monotonic()
        self.progress(stage, done, total)

    def beat(self) -> None:
        if self.last[0] and time.monotonic() - self.told_s >= BEAT_S:
            self.report(*self.last)


_heart: ContextVar[_Heart | None] = ContextVar("walkshed_heart", default=None)


@contextmanager
def beating(progress: Progress) -> Iterator[Progress]:
    """Let :func:`beat` repeat to ``progress`` what it was told last, in this thread and as long as the block runs.

    Yields
    ------
    Progress
        To be told instead of ``progress``.
    """
    if progress is silent:
        yield progress
        return
    heart = _Heart(progress)
    before = _heart.set(heart)
    try:
        yield heart.report
    finally:
        _heart.reset(before)


def hearted(work: Callable[Parameters, Made]) -> Callable[Parameters, Made]:
    """Put :func:`beating` around a function with a keyword ``progress``."""

    @wraps(work)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Made:
        with beating(cast("Progress", kwargs.get("progress", silent))) as progress:
            told: dict[str, Any] = {**kwargs, "progress": progress}
            return work(*args, **told)

    return wrapped


def beat() -> None:
    """Let the work be stopped here; for loops and steps that take long and have nothing of their own to count.

    Without :func:`beating` around it nothing happens. Costs less than a microsecond.
    """
    heart = _heart.get()
    if heart is not None:
        heart.beat()

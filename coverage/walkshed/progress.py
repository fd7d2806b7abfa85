"""How long work reports itself and is stopped."""

from __future__ import annotations

from typing import Protocol


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

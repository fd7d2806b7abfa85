"""One batch at a time in a folder, with a place for what is not finished."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKSHOP: Final = ".batch"
TOKEN: Final = "token"  # noqa: S105 - a file's name
BEAT_S: Final = 0.5
PATIENCE_S: Final = 4.0
"""A batch that gave no sign of life for so long was killed."""


@contextmanager
def claimed(out: Path) -> Iterator[Path]:
    """Claim a folder for one batch and give a folder inside it for what is not finished.

    A token there is touched twice a second as long as the batch lives. What a killed batch left is removed.

    Parameters
    ----------
    out
        Made when absent.

    Yields
    ------
    Path
        Folder for drafts; removed at the end.

    Raises
    ------
    InputError
        If another batch works in the folder, or it cannot be written to.
    """
    workshop = out / WORKSHOP
    own = workshop / uuid4().hex
    try:
        _clear(workshop, out)
        own.mkdir(parents=True)
        (own / TOKEN).touch()
    except OSError as error:
        raise InputError("folder_unwritable", where=str(out), why=error.strerror or str(error)) from error
    over = threading.Event()
    heart = threading.Thread(target=_beat, args=(own / TOKEN, over), daemon=True)
    heart.start()
    try:
        yield own
    finally:
        over.set()
        heart.join()
        shutil.rmtree(own, ignore_errors=True)
        with suppress(OSError):
            workshop.rmdir()


def _beat(token: Path, over: threading.Event) -> None:
    while not over.wait(BEAT_S):
        with suppress(OSError):
            token.touch(exist_ok=True)


def _clear(workshop: Path, out: Path) -> None:
    """Remove what killed batches left; refuse where one is alive."""
    left = [entry for entry in workshop.iterdir() if entry.is_dir()] if workshop.is_dir() else []
    if not left:
        return
    before = [_touched(entry / TOKEN) for entry in left]
    time.sleep(PATIENCE_S)
    if any(_touched(entry / TOKEN) != then for entry, then in zip(left, before, strict=True)):
        raise InputError("batch_running", where=str(out))
    for entry in left:
        shutil.rmtree(entry, ignore_errors=True)  # a worker that outlives its batch may still write there


def _touched(token: Path) -> int:
    try:
        return token.stat().st_mtime_ns
    except OSError:
        return 0

"""Files that appear at once or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Give a temporary name beside ``path`` and rename it to ``path`` when the block ends well.

    Parameters
    ----------
    path
        File to write; one that exists is replaced at once, so that a reader never sees half a file.

    Yields
    ------
    Path
        Name to write to, in the same folder and with the same ending. Removed when the block raises.

    Raises
    ------
    OSError
        If the file cannot be renamed.
    """
    target = Path(path)
    draft = target.with_name(f".{uuid4().hex}{target.suffix}")
    try:
        yield draft
        os.replace(draft, target)  # noqa: PTH105 - replaces on every system, also where the target exists
    finally:
        draft.unlink(missing_ok=True)

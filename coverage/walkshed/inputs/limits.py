"""How much of a file is read: beyond these limits a file is refused in one sentence, before memory or patience ends.

Each limit can be set for a machine in its environment (``WALKSHED_MAX_ROWS=5000000``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from walkshed.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIMITS: Final = {
    "WALKSHED_MAX_FILE_MB": 2_000,
    "WALKSHED_MAX_UNPACKED_MB": 2_000,
    "WALKSHED_MAX_ROWS": 2_500_000,
    "WALKSHED_MAX_CELLS": 50_000_000,
    "WALKSHED_MAX_COLUMNS": 2_000,
    "WALKSHED_MAX_TEXT_MB": 1_000,
}
"""Variable -> what holds without it: megabytes of a file, and of what it unpacks to; rows, cells and columns of a
table, and millions of characters in it. A row takes about 2 kB of memory while it is read."""
FOLDERS_MAX: Final = 300
"""Folders of one KML file: each is read by itself, from the beginning of the file."""


def limit(variable: str) -> int:
    """Return one of :data:`LIMITS`, as it is set on this machine.

    Raises
    ------
    InputError
        If the variable holds anything but a whole number above 0.
    """
    given = os.environ.get(variable, "").strip()
    if not given:
        return LIMITS[variable]
    if not (given.isascii() and given.isdigit() and len(given) < 16 and int(given) > 0):  # noqa: PLR2004 - no overflow
        raise InputError("limit_setting", setting=variable, value=given)
    return int(given)


def check_file(path: Path, *, missing: str = "file_missing") -> None:
    """Refuse what is no file, or is too large to read.

    Parameters
    ----------
    path
        The file.
    missing
        Key of the error that tells that there is none.

    Raises
    ------
    InputError
        If there is no such file, it is a folder, a pipe or a device, or larger than ``WALKSHED_MAX_FILE_MB``.
    """
    try:
        exists, plain = path.exists(), path.is_file()
        size = path.stat().st_size if plain else 0
    except (OSError, ValueError) as error:  # a name that no file can have
        raise InputError(missing, path=str(path)) from error
    if not exists:
        raise InputError(missing, path=str(path))
    if not plain:
        raise InputError("file_special", path=path.name)
    most = limit("WALKSHED_MAX_FILE_MB")
    if size > most * 1_000_000:
        raise InputError(
            "file_too_large", path=path.name, size_mb=size // 1_000_000, max_mb=most, setting="WALKSHED_MAX_FILE_MB"
        )


def check_rows(path: Path, rows: int, columns: int = 1) -> None:
    """Refuse a table that is too long or too wide.

    Raises
    ------
    InputError
        If it has more rows, columns or cells than :data:`LIMITS` allow.
    """
    for kind, count, variable in (
        ("columns", columns, "WALKSHED_MAX_COLUMNS"),
        ("rows", rows, "WALKSHED_MAX_ROWS"),
        ("cells", rows * columns, "WALKSHED_MAX_CELLS"),
    ):
        most = limit(variable)
        if count > most:
            raise InputError(f"{kind}_too_many", path=path.name, limit=most, setting=variable)


class Gauge:
    """Counts what is taken from a file while it is read, and stops where it is too much.

    Parameters
    ----------
    path
        The file, for messages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = self.cells = self.characters = 0
        names = ("WALKSHED_MAX_ROWS", "WALKSHED_MAX_CELLS", "WALKSHED_MAX_TEXT_MB")
        self._most = tuple(limit(name) for name in names)

    def add(self, cells: Sequence[object]) -> None:
        """Count a row.

        Raises
        ------
        InputError
            If it is one row, cell or character too many.
        """
        self.rows += 1
        self.cells += len(cells)
        self.characters += sum(len(cell) for cell in cells if isinstance(cell, str))
        rows, cells_max, text_mb = self._most
        if self.rows > rows + 1:  # the header is none
            raise InputError("rows_too_many", path=self.path.name, limit=rows, setting="WALKSHED_MAX_ROWS")
        if self.cells > cells_max:
            raise InputError("cells_too_many", path=self.path.name, limit=cells_max, setting="WALKSHED_MAX_CELLS")
        if self.characters > text_mb * 1_000_000:
            raise InputError("text_too_long", path=self.path.name, limit=text_mb, setting="WALKSHED_MAX_TEXT_MB")

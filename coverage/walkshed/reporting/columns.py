"""Columns of plain values, as sheets of a workbook hold them."""

from __future__ import annotations

import math
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from walkshed.reporting.wording import plain, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value = str | float | None


class Kind(Enum):
    """How a column is written."""

    TEXT = auto()
    LONG = auto()
    WHOLE = auto()
    NUMBER = auto()
    PERCENT = auto()
    RATIO = auto()
    DEGREES = auto()


class Column(NamedTuple):
    """A header and its values, from top to bottom; ``total`` asks for their sum below them."""

    header: str
    kind: Kind
    values: Sequence[Value]
    total: bool = False


class Sheet(NamedTuple):
    """A sheet: its key in the catalogue, its columns, and how many of them stay in sight."""

    key: str
    columns: tuple[Column, ...]
    frozen: int = 0


def texts(field: str, values: Iterable[object], language: str) -> Column:
    """Return a column of texts; ``field`` names its header in the catalogue."""
    return Column(say(f"field_{field}", language), Kind.TEXT, [plain(value) for value in values])


def numbers(field: str, values: Iterable[object], language: str, kind: Kind, *, total: bool = False) -> Column:
    """Return a column of numbers, ``None`` where one is not known."""
    return Column(say(f"field_{field}", language), kind, [_number(value) for value in values], total)


def _number(value: object) -> float | None:
    """Return a number a cell can hold, ``None`` where it is not known."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None

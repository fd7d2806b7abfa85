"""Tables of a report from columns of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from walkshed.reporting.document.tree import Align, Table, TableColumn
from walkshed.reporting.wording import count, minutes, percent, plain, say

if TYPE_CHECKING:
    from collections.abc import Iterable


class Cells(NamedTuple):
    """One column: head, side, relative width, and its cells as read."""

    head: str
    align: Align
    width: float
    cells: tuple[str, ...]


def words(field: str, values: Iterable[object], language: str, width: float = 2.0) -> Cells:
    """Return a column of texts; ``field`` names its head in the catalogue."""
    return Cells(say(f"field_{field}", language), "left", width, tuple(plain(value) or "—" for value in values))


def counts(field: str, values: Iterable[float], language: str, width: float = 1.1) -> Cells:
    """Return a column of whole numbers."""
    return Cells(say(f"field_{field}", language), "right", width, tuple(count(float(value)) for value in values))


def shares(field: str, values: Iterable[float], language: str, width: float = 1.1) -> Cells:
    """Return a column of percentages."""
    return Cells(say(f"field_{field}", language), "right", width, tuple(percent(float(value)) for value in values))


def walks(field: str, values: Iterable[float], language: str, width: float = 1.0) -> Cells:
    """Return a column of minutes."""
    return Cells(say(f"field_{field}", language), "right", width, tuple(minutes(float(value)) for value in values))


def table_of(key: str, caption: str, columns: Iterable[Cells], *, total: tuple[str, ...] = ()) -> Table:
    """Return the columns side by side."""
    told = tuple(columns)
    return Table(
        key=key,
        caption=caption,
        columns=tuple(TableColumn(head=each.head, align=each.align, width=each.width) for each in told),
        rows=tuple(zip(*(each.cells for each in told), strict=True)),
        total=total,
    )

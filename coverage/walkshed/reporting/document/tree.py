"""What a written report is made of, whatever it is printed as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from walkshed.reporting.keyfigures import KeyFigure

Align = Literal["left", "right", "center"]
Picture = Literal["now", "gaps", "proposals", "rooms_curve", "minutes_curve"]


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Running text; ``small`` for notes under tables and figures."""

    text: str
    small: bool = False


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list of lines."""

    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The key figures, large, side by side."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """Head and side of a column; ``width`` is its share of the table, relative to the others."""

    head: str
    align: Align = "left"
    width: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its caption above it.

    Attributes
    ----------
    key
        Names the table in tests and bookmarks.
    rows
        Cells as they are to be read, one text per column.
    total
        Last row, set off; empty for none.
    """

    key: str
    caption: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Illustration:
    """A picture with its caption below it; ``picture`` says which one is to be drawn."""

    picture: Picture
    caption: str


Block = Paragraph | Bullets | Figures | Table | Illustration


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter; ``level`` 1 or 2."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report in one language.

    Attributes
    ----------
    credits
        Whom the data is owed to; stands on every page's foot or at the end, always.
    approval
        Map approval number, or that the maps are for internal work only.
    """

    language: str
    title: str
    subtitle: str
    author: str
    date: str
    chapters: tuple[Chapter, ...]
    credits: str
    approval: str

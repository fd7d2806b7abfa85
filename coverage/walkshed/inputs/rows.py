"""Columns that every layer builds the same way: ids, texts, numbers, and what else the file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.inputs.values import header_scale, is_blank, parse_numbers, text_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from walkshed.inputs.rawtable import RawTable
    from walkshed.inputs.reads import Sieve

    FloatArray = NDArray[np.float64]


LARGEST = 1e15
"""No figure of people, seats, metres or money is larger; sums of such figures stay numbers."""


def read_ids(raw: RawTable, column: str | None) -> list[str]:
    """Return the id of every row; where the file gives none, it is ``row-<line>``."""
    given = [""] * len(raw.lines) if column is None else texts_of(raw.frame[column])
    return [text or f"row-{line}" for text, line in zip(given, raw.lines.tolist(), strict=True)]


def read_texts(raw: RawTable, columns: Mapping[str, str], name: str) -> list[str]:
    """Return the texts of a column, empty where blank or where there is no such column."""
    return texts_of(raw.frame[columns[name]]) if name in columns else [""] * len(raw.lines)


def read_numbers(raw: RawTable, columns: Mapping[str, str], name: str, sieve: Sieve) -> FloatArray:
    """Return the numbers of a column, NaN where blank.

    Rows with a text, an infinite, a negative or an impossibly large number are refused.

    A unit of ten thousand in the header (``常住人口(万人)``) is multiplied in.
    """
    if name not in columns:
        return np.full(len(raw.lines), np.nan)
    column = columns[name]
    cells = raw.frame[column].tolist()
    numbers, wrong = parse_numbers(cells)
    numbers = numbers * header_scale(column)
    details = [f"{column}={text_of(cell)}" for cell in cells]
    sieve.refuse(wrong, "bad_number", details)
    sieve.refuse(numbers < 0, "negative_number", details)
    sieve.refuse(numbers > LARGEST, "huge_number", details)
    return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)


def extra_columns(raw: RawTable, columns: Mapping[str, str], reserved: Collection[str]) -> dict[str, object]:
    """Return the columns that have no meaning for us, so that they stand beside ours.

    One that is called like a column of ours gets the prefix ``file_``. Columns whose every cell is blank are left out;
    columns of anything but numbers become texts.
    """
    extras: dict[str, object] = {}
    for name in raw.frame.columns:
        cells = raw.frame[name].tolist()
        if name in columns.values() or all(is_blank(text_of(cell)) for cell in cells):
            continue
        title = f"file_{name}" if name in reserved else name
        numeric = all(isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool) for cell in cells)
        extras[title] = np.array(cells, np.float64) if numeric else [text_of(cell) for cell in cells]
    return extras

"""Lists of pairs, row by row: put in order, and turned from rows into columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.network.compiled import kernel

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, IntArray, LongArray


@kernel
def put_lists(
    label: LongArray, first: LongArray, column: IntArray, minutes: FloatArray, start: LongArray, all_columns: IntArray,
    all_minutes: FloatArray,
) -> None:  # fmt: skip
    """Copy the pairs ``first[i]:first[i + 1]`` to where the list of row ``label[i]`` starts."""
    for i in range(len(label)):
        # positions without a sign are not checked for counting from behind: the loops copy several at once
        at, begin, size = np.uint64(start[label[i]]), np.uint64(first[i]), np.uint64(first[i + 1] - first[i])
        for k in range(size):
            all_columns[at + k] = column[begin + k]
        for k in range(size):
            all_minutes[at + k] = minutes[begin + k]


@kernel
def turn(
    start: LongArray, column: IntArray, minutes: FloatArray, turned_start: LongArray, turned: IntArray,
    turned_minutes: FloatArray,
) -> None:  # fmt: skip
    """Turn lists of columns by row into lists of rows by column, ascending.

    ``turned_start`` (columns + 1) must be zeros and receives where the lists of every column begin.
    """
    for k in range(len(column)):
        turned_start[column[k] + 1] += 1
    columns = len(turned_start) - 1
    for c in range(1, columns + 1):
        turned_start[c] += turned_start[c - 1]
    for row in range(len(start) - 1):
        for k in range(start[row], start[row + 1]):
            c = column[k]
            at = turned_start[c]
            turned[at], turned_minutes[at] = row, minutes[k]
            turned_start[c] = at + 1
    for c in range(columns, 0, -1):
        turned_start[c] = turned_start[c - 1]
    turned_start[0] = 0

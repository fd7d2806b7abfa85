"""Rooms that stand too near to each other, as pairs and as cliques."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

METRES_SLACK: Final = 1e-6
"""Two rooms this much nearer than asked for still count as far enough."""


def clashes_among(place_m: FloatArray, spacing_m: float) -> LongArray:
    """Return the pairs (k, 2) of places nearer to each other than ``spacing_m``, the smaller position first, sorted."""
    if len(place_m) < 2:  # noqa: PLR2004 - a pair
        return np.zeros((0, 2), np.int64)
    pairs = np.asarray(cKDTree(place_m).query_pairs(spacing_m, output_type="ndarray"), np.int64).reshape(-1, 2)
    pairs = pairs[_near(place_m[pairs[:, 0]], place_m[pairs[:, 1]], spacing_m)]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def clashes_between(place_m: FloatArray, other_m: FloatArray, spacing_m: float) -> LongArray:
    """Return the pairs (k, 2) of a place and an other place nearer than ``spacing_m``, sorted."""
    if not len(place_m) or not len(other_m):
        return np.zeros((0, 2), np.int64)
    near = cKDTree(place_m).sparse_distance_matrix(cKDTree(other_m), spacing_m, output_type="ndarray")
    pairs = np.column_stack([near["i"], near["j"]]).astype(np.int64)
    pairs = pairs[_near(place_m[pairs[:, 0]], other_m[pairs[:, 1]], spacing_m)]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _near(a: FloatArray, b: FloatArray, spacing_m: float) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.hypot(*(a - b).T) < spacing_m - METRES_SLACK
    return near


def cliques(pairs: LongArray, size: int) -> list[list[int]]:
    """Return sets of columns of which at most one may be open, so that every pair is in at least one of them.

    A clique row is far tighter in the linear relaxation than its pairs.

    Parameters
    ----------
    pairs : (k, 2)
        Columns that cannot both be open.
    size
        Number of columns.
    """
    # Sets as bits of whole numbers: the quickest there is in plain Python.
    near = [0] * size
    for a, b in pairs.tolist():
        near[a] |= 1 << b
        near[b] |= 1 << a
    seen = [0] * size
    found: list[list[int]] = []
    for first in range(size):
        while open_ := (near[first] & ~seen[first]) >> (first + 1) << (first + 1):
            members, common = [first], near[first]
            wanted = open_
            while common:
                pick = common & wanted or common
                column = (pick & -pick).bit_length() - 1
                members.append(column)
                common &= near[column]
            bits = sum(1 << column for column in members)
            for column in members:
                seen[column] |= bits
            found.append(sorted(members))
    return found

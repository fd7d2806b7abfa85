"""How well the result of a peer agrees with ours, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    Shapes = Sequence[shapely.Geometry] | np.ndarray

RIM_MIN = 1e-4
"""Pairs this near to the cutoff may be in or out: libraries truncate or add in another order."""


def sparse(rows: np.ndarray, columns: np.ndarray, minutes: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Return pairs as a matrix with sorted indices; explicit zeros stay."""
    order = np.lexsort((columns, rows))
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    return csr_array((minutes[order], columns[order], start), shape=shape)


def compare_pairs(ours: csr_array, theirs: csr_array, cutoff: float) -> str:
    """Compare two tables of minutes between sources and nodes."""
    first, second = _keyed(ours), _keyed(theirs)
    _, at_first, at_second = np.intersect1d(first[0], second[0], assume_unique=True, return_indices=True)
    apart = np.abs(first[1][at_first] - second[1][at_second]).max(initial=0.0)
    lonely = sum(
        int((np.delete(minutes, shared) < cutoff - RIM_MIN).sum())
        for (_, minutes), shared in ((first, at_first), (second, at_second))
    )
    return f"{len(at_first):,} pairs, {seconds(apart)}; {lonely} in one only"


def _keyed(pairs: csr_array) -> tuple[np.ndarray, np.ndarray]:
    row = np.repeat(np.arange(pairs.shape[0], dtype=np.int64), np.diff(pairs.indptr))
    key = row * pairs.shape[1] + pairs.indices
    order = np.argsort(key)
    return key[order], pairs.data[order]


def compare_minutes(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Compare minutes of the same places; ``inf`` or NaN where unreachable."""
    mine, its = np.isfinite(ours), np.isfinite(theirs)
    both = mine & its
    apart = np.abs(ours[both] - theirs[both]).max(initial=0.0)
    return f"{int(both.sum()):,} places, {seconds(apart)}; {int((mine != its).sum())} in one only"


def seconds(minutes: float) -> str:
    """Tell the largest difference."""
    return "equal" if minutes == 0 else f"at most {minutes * 60:.1g} s apart"


def overlap(areas: Shapes, truth: Shapes) -> np.ndarray:
    """Return the intersection over union of areas and the truth, pair by pair."""
    mine = shapely.make_valid(np.asarray(areas, dtype=object))
    true = np.asarray(truth, dtype=object)
    common = shapely.area(shapely.intersection(mine, true))
    union = shapely.area(mine) + shapely.area(true) - common
    share: np.ndarray = common / union
    return share


def iou(areas: Shapes, truth: Shapes) -> str:
    """Tell the overlap of areas with the truth: the median, and the worst where there are several."""
    share = overlap(areas, truth)
    return f"IoU {np.median(share):.3f}" + (f", least {share.min():.3f}" if len(share) > 1 else "")

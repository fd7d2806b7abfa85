"""In which order to build: every time the room that then adds most."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    LongArray = NDArray[np.int64]


def build_order(worth: csr_array, chosen: LongArray, must: Collection[int]) -> list[int]:
    """Order candidates by what each adds to those before it, of equals the first.

    Parameters
    ----------
    worth : csr_array (M, N)
        What a candidate is worth to a row.
    chosen
        Positions of candidates.
    must
        Those to be built whatever they add; others that add nothing are left out.
    """
    start, rows, value = worth.indptr, worth.indices, worth.data
    have = np.zeros(worth.shape[1])

    def adds(candidate: int) -> float:
        own = slice(start[candidate], start[candidate + 1])
        return float(np.maximum(0.0, value[own] - have[rows[own]]).sum())

    # What a candidate adds only shrinks as others are built: an old figure is never too low.
    waiting = [(-adds(candidate), candidate) for candidate in np.unique(chosen).tolist()]
    heapify(waiting)
    order: list[int] = []
    while waiting:
        before, candidate = heappop(waiting)
        now = -adds(candidate)
        if now > before and waiting and (now, candidate) > waiting[0]:
            heappush(waiting, (now, candidate))
            continue
        if now < 0 or candidate in must:
            order.append(candidate)
            own = slice(start[candidate], start[candidate + 1])
            have[rows[own]] = np.maximum(have[rows[own]], value[own])
    return order

"""The walks between rooms and homes, searched once and handed round: what every measure of a study counts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd  # noqa: TC002 - the field types of a NamedTuple are looked up at run time
from scipy.sparse import csr_array

from walkshed.errors import InputError
from walkshed.progress import silent
from walkshed.reach.times import nearest, time_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.network.model import WalkNetwork
    from walkshed.progress import Progress


class Walks(NamedTuple):
    """The walks between a table of facilities and one of demand.

    Attributes
    ----------
    times : (facilities, demand) scipy.sparse.csr_array
        Minutes within a cutoff, from :func:`walkshed.reach.times.time_matrix`.
    cutoff_min
        Of ``times``, minutes.
    nearest
        Nearest facility of every demand row, however far, from :func:`walkshed.reach.times.nearest`; ``None`` where it
        has not been searched.
    """

    times: csr_array
    cutoff_min: float
    nearest: pd.DataFrame | None = None

    def within(self, cutoff_min: float) -> Walks:
        """Return the walks up to ``cutoff_min`` minutes: to the last bit what a search with that cutoff finds.

        Raises
        ------
        InputError
            If longer ones than these are asked for.
        """
        if cutoff_min > self.cutoff_min:
            raise InputError("walks_too_short", wanted=cutoff_min, known=self.cutoff_min)
        kept = self.times.data <= cutoff_min
        if kept.all():
            return self._replace(cutoff_min=cutoff_min)
        start = np.concatenate([[0], np.cumsum(kept)])[self.times.indptr].astype(self.times.indptr.dtype)
        cut = csr_array((self.times.data[kept], self.times.indices[kept], start), shape=self.times.shape)
        return self._replace(times=cut, cutoff_min=cutoff_min)

    def of(self, rows: NDArray[np.bool_]) -> Walks:
        """Return the walks of some facilities, (facilities,) bool; which is nearest must then be searched again."""
        return Walks(self.times[np.flatnonzero(rows)], self.cutoff_min)


def find_walks(
    network: WalkNetwork,
    facilities: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    progress: Progress = silent,
) -> Walks:
    """Search all walks once.

    Parameters
    ----------
    network, facilities, demand, direction, progress
        As for :func:`walkshed.assess.coverage.measure_coverage`.
    cutoff_min
        The longest that is asked about, minutes; :meth:`Walks.within` gives the shorter ones.

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If a table has no usable ids, or the cutoff or the direction is unusable.
    """
    return Walks(
        time_matrix(network, facilities, demand, cutoff_min=cutoff_min, direction=direction, progress=progress),
        cutoff_min,
        nearest(network, facilities, demand, direction=direction, progress=progress),
    )


def times_or_search(
    walks: Walks | None,
    network: WalkNetwork,
    facilities: pd.DataFrame,
    demand: pd.DataFrame,
    *,
    cutoff_min: float,
    direction: str,
    progress: Progress = silent,
) -> csr_array:
    """Return the minutes of ``walks`` within the cutoff where they were found before, else search them.

    Raises
    ------
    InputError
        If ``walks`` are those of other tables (they have another shape), or shorter than the cutoff.
    """
    if walks is None:
        return time_matrix(network, facilities, demand, cutoff_min=cutoff_min, direction=direction, progress=progress)
    if walks.times.shape != (len(facilities), len(demand)):
        raise InputError("walks_of_others", shape=walks.times.shape, wanted=(len(facilities), len(demand)))
    return walks.within(cutoff_min).times

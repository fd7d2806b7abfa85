"""Which residents the proposed rooms would newly serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.reach.times import time_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.results import StudyResult

SERVED, UNSERVED, NEW = 0, 1, 2


def newly_served(result: StudyResult) -> NDArray[np.bool_]:
    """Tell who is not served today and would be by any of the proposals.

    Parameters
    ----------
    result
        The study's result.

    Returns
    -------
    numpy.ndarray
        (rows of ``result.demand``,) bool, from the routed minutes between the proposed candidates and the residents.
    """
    fresh = np.zeros(len(result.demand), bool)
    sites = result.candidates[result.candidates["candidate_id"].isin(result.proposals["candidate_id"])]
    if len(sites):
        walking = result.config.walking
        walked = time_matrix(
            result.network,
            sites,
            result.demand,
            cutoff_min=walking.cutoff_min,
            direction=walking.direction,
        )
        fresh[walked.indices] = True
    fresh &= ~result.demand["covered"].to_numpy(bool)
    return fresh


def home_classes(result: StudyResult) -> NDArray[np.uint8]:
    """Return the class of every row of ``result.demand``: 0 served, 1 unserved, 2 newly served by the proposals."""
    classes = np.where(result.demand["covered"].to_numpy(bool), SERVED, UNSERVED)
    classes[newly_served(result)] = NEW
    return classes.astype(np.uint8)

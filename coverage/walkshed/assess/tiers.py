"""Who is served by the facilities of each tier; tiers do not stand in for one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.units import texts

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork


def tiers_of(facilities: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the tiers of a table of facilities in the order of its rows; a blank one is none."""
    return tuple(dict.fromkeys(tier for tier in texts(facilities, "tier") if tier))


def measure_tiers(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    direction: str = "to_facility",
    walks: Walks | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """Measure coverage once for every tier, with the facilities of that tier only.

    Parameters
    ----------
    network, facilities, demand, cutoff_min, direction, walks
        As for :func:`walkshed.assess.coverage.measure_coverage`; ``tier`` of the facilities says which they belong to,
        and those without any are in none.

    Returns
    -------
    dict
        Tier -> measured demand.

    Raises
    ------
    SnapError, InputError
        As for :func:`walkshed.assess.coverage.measure_coverage`.
    """
    tiers = np.array(texts(facilities, "tier"), object)
    return {
        tier: measure_coverage(
            network,
            facilities[tiers == tier].reset_index(drop=True),
            demand,
            cutoff_min=cutoff_min,
            direction=direction,
            walks=None if walks is None else walks.of(tiers == tier),
        )
        for tier in tiers_of(facilities)
    }

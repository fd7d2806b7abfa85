"""How far the headline rate depends on what nobody knows exactly: pace, the limit of snapping, where people live."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.assess.coverage import measure_coverage
from walkshed.progress import beat
from walkshed.study.streets import serving_of, streets_of, tie_all
from walkshed.walkers import FASTEST_KMH, SLOWEST_KMH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs
    from walkshed.study.streets import Edited

AS_IS = "as_is"
PACE = 0.1
SNAP = 0.5
COLUMNS = ("variant", "served", "denominator", "rate")


def headline_range(
    config: StudyConfig,
    inputs: StudyInputs,
    *,
    edited: Edited | None = None,
    other_demand: gpd.GeoDataFrame | None = None,
    measured: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Compute the share of residents served again under other assumptions, each changed by itself.

    Parameters
    ----------
    config, inputs
        The study.
    edited
        Its scenario, where it is to hold.
    other_demand
        Residents from another source, where there is one.
    measured
        The study's own measured demand, where it was measured before.

    Returns
    -------
    pandas.DataFrame
        ``variant`` (``"as_is"``, ``"slower"`` and ``"faster"`` by 10 %, ``"snap_near"`` and ``"snap_far"`` with half
        and one and a half times the limit, ``"population"``), ``served``, ``denominator`` and ``rate`` (NaN where
        nobody lives). The range beside the headline is the least and the largest rate.
    """
    rows = []
    for variant, changed, used in _variants(config, inputs, other_demand):
        beat()
        own = measured if variant == AS_IS else None
        found = _measured(changed, used, edited) if own is None else own
        served = float(found.population[found.covered].sum())
        total = float(found.population.sum())
        rows.append((variant, served, total, served / total if total > 0 else np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _measured(config: StudyConfig, inputs: StudyInputs, edited: Edited | None) -> gpd.GeoDataFrame:
    streets = streets_of(config, inputs, edited=edited)
    facilities, residents = tie_all(inputs, streets, edited)
    walking = config.walking
    return measure_coverage(
        streets.network,
        serving_of(config, facilities),
        residents,
        cutoff_min=walking.cutoff_min,
        direction=walking.direction,
    )


def _variants(
    config: StudyConfig, inputs: StudyInputs, other_demand: gpd.GeoDataFrame | None
) -> Iterator[tuple[str, StudyConfig, StudyInputs]]:
    name, limits = config.walking.profile, config.network
    profile = config.profiles[name]
    yield AS_IS, config, inputs
    for variant, share in (("slower", 1.0 - PACE), ("faster", 1.0 + PACE)):
        other = replace(profile, speed_kmh=min(max(profile.speed_kmh * share, SLOWEST_KMH), FASTEST_KMH))
        yield variant, replace(config, profiles=config.profiles | {name: other}), inputs
    for variant, share in (("snap_near", 1.0 - SNAP), ("snap_far", 1.0 + SNAP)):
        yield variant, replace(config, network=replace(limits, snap_max_m=limits.snap_max_m * share)), inputs
    if other_demand is not None:
        yield "population", config, replace(inputs, demand=other_demand, gates=None)

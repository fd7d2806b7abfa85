"""Everything else a study says about who is served: curve, catchments, load, equity, missing links, range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from walkshed.assess.barriers import find_links, is_barrier
from walkshed.assess.catchments import allot_residents, measure_catchments, two_step_floating_catchment
from walkshed.assess.curve import coverage_curve
from walkshed.assess.equity import measure_equity
from walkshed.progress import beat
from walkshed.results import Measures
from walkshed.study.streets import serving_of
from walkshed.study.uncertainty import headline_range

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.parameters import StudyConfig
    from walkshed.results import Assessment, StudyInputs
    from walkshed.study.streets import Edited


def measure_study(
    config: StudyConfig, inputs: StudyInputs, assessed: Assessment, *, edited: Edited | None = None
) -> Measures:
    """Compute a study's further measures, at its headline profile and cutoff.

    Parameters
    ----------
    config, inputs
        The study.
    assessed
        From :func:`walkshed.study.assessment.assess_study` of the same study.
    edited
        The scenario of the assessment.
    """
    walking, network, demand = config.walking, assessed.network, assessed.demand
    serving = serving_of(config, assessed.facilities)
    cutoff, direction = walking.cutoff_min, walking.direction
    serving = serving.assign(capacity=_residents(config, serving))
    walks = assessed.walks
    load = allot_residents(network, serving, demand, cutoff_min=cutoff, direction=direction, walks=walks)
    beat()
    around = two_step_floating_catchment(network, serving, demand, cutoff_min=cutoff, direction=direction, walks=walks)
    people = demand["population"].to_numpy(float)
    beat()
    catchments = measure_catchments(network, serving, demand, cutoff_min=cutoff, direction=direction, walks=walks)
    beat()
    links = find_links(network, serving, demand, cutoff_min=cutoff, gap_ids=assessed.gap_ids)
    beat()
    barred = is_barrier(demand, serving, network, cutoff_min=cutoff)
    return Measures(
        curve=coverage_curve(demand),
        catchments=catchments,
        load=load.facilities,
        full=float(load.full.sum()),
        equity=measure_equity(demand),
        links=links,
        barred=float(people[barred].sum()),
        accessibility=pd.DataFrame(
            {"demand_id": demand["demand_id"].to_numpy(), "places_per_1000": around, "no_room": load.full}
        ),
        range=headline_range(config, inputs, edited=edited, other_demand=inputs.estimate, measured=demand),
    )


def _residents(config: StudyConfig, serving: gpd.GeoDataFrame) -> pd.Series[float]:
    """Return how many residents every facility has room for, NaN where that is not known."""
    served = config.facilities.residents_per_capacity
    known = serving["capacity"].astype(float) if "capacity" in serving else pd.Series(np.nan, index=serving.index)
    return known * served if served > 0 else pd.Series(np.nan, index=serving.index)

"""Who is served, as far as a study tells it: minutes, isochrones, rates, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from walkshed.assess.barriers import is_barrier, mark_gaps
from walkshed.assess.coverage import measure_coverage, picture_disagreement
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.assess.places import street_places
from walkshed.assess.rates import coverage_rates
from walkshed.assess.walks import find_walks
from walkshed.progress import silent
from walkshed.reach.isochrones import isochrones
from walkshed.results import Assessment
from walkshed.study.streets import serving_of, streets_of, tie_all

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyInputs
    from walkshed.study.streets import Edited


def assess_study(
    config: StudyConfig,
    inputs: StudyInputs,
    *,
    edited: Edited | None = None,
    stage: Callable[[str], None] = lambda _: None,
    progress: Progress = silent,
) -> Assessment:
    """Find out who is served, without proposing anything.

    Parameters
    ----------
    config
        The study.
    inputs
        From :func:`walkshed.study.load.load_study`.
    edited
        The scenario from :func:`walkshed.study.streets.edit_inputs`, where it is to hold.
    stage
        Called with the name of every step before it.
    progress
        Called inside long steps.

    Raises
    ------
    WalkshedError
        See the rooms' functions.
    """
    walking = config.walking
    stage("snap")
    streets = streets_of(config, inputs, edited=edited)
    network = streets.network
    facilities, residents = tie_all(inputs, streets, edited)
    serving = serving_of(config, facilities)
    stage("minutes")
    cutoff, direction = walking.cutoff_min, walking.direction
    longest = max(cutoff, *walking.cutoffs_min)
    walks = find_walks(network, serving, residents, cutoff_min=longest, direction=direction, progress=progress)
    demand = measure_coverage(network, serving, residents, cutoff_min=cutoff, direction=direction, walks=walks)
    stage("isochrones")
    shapes = _isochrones(config, network, serving, progress)
    merged = shapes[(shapes.facility_id == "") & (shapes.cutoff_min == cutoff)].geometry.iloc[0]
    stage("rates")
    rates = _rates(config, inputs, edited, (serving, demand, walks), progress)
    stage("gaps")
    gap_ids = gap_of(demand, crs=network.crs)
    places = inputs.places if len(inputs.places) else street_places(network)
    gaps = find_gaps(demand, crs=network.crs, units=inputs.units, places=places, gap_ids=gap_ids)
    barred = is_barrier(demand, serving, network, cutoff_min=cutoff)
    return Assessment(
        network=network,
        facilities=facilities,
        demand=demand,
        isochrones=shapes,
        rates=rates,
        gaps=mark_gaps(gaps, demand, barred=barred, gap_ids=gap_ids),
        gap_ids=gap_ids,
        walks=walks.within(cutoff),
        disagreement=picture_disagreement(demand, merged, crs=network.crs),
    )


def _isochrones(
    config: StudyConfig, network: WalkNetwork, serving: gpd.GeoDataFrame, progress: Progress
) -> gpd.GeoDataFrame:
    walking = config.walking
    parts = [
        isochrones(
            network,
            serving,
            cutoffs_min=sorted(walking.cutoffs_min),
            direction=walking.direction,
            buffer_m=walking.isochrone_buffer_m,
            merged=merged,
            progress=progress,
        )
        for merged in (True, False)
    ]
    return pd.concat(parts, ignore_index=True)


def _rates(
    config: StudyConfig,
    inputs: StudyInputs,
    edited: Edited | None,
    headline: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, Walks],
    progress: Progress,
) -> pd.DataFrame:
    """Rates of every profile and cutoff, the headline first; its rooms, residents and walks are known."""
    walking = config.walking
    parts = []
    for profile in dict.fromkeys((walking.profile, *walking.compare_profiles)):
        streets = streets_of(config, inputs, profile, edited=edited)
        serving, residents, walks = headline
        if profile != walking.profile:
            facilities, residents = tie_all(inputs, streets, edited)
            serving = serving_of(config, facilities)
            walks = find_walks(
                streets.network,
                serving,
                residents,
                cutoff_min=max(walking.cutoffs_min),
                direction=walking.direction,
                progress=progress,
            )
        for cutoff in sorted(walking.cutoffs_min, key=lambda minutes: (minutes != walking.cutoff_min, minutes)):
            measured = measure_coverage(
                streets.network,
                serving,
                residents,
                cutoff_min=cutoff,
                direction=walking.direction,
                walks=walks,
            )
            parts.append(
                coverage_rates(
                    measured,
                    units=inputs.units,
                    facilities=serving,
                    profile=profile,
                    cutoff_min=cutoff,
                    denominators=inputs.denominators,
                )
            )
    return pd.concat(parts, ignore_index=True)

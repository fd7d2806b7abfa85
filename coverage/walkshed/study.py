"""The only orchestration: from a configuration to a frozen result."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from walkshed.assess.coverage import measure_coverage, picture_disagreement
from walkshed.assess.gaps import find_gaps
from walkshed.assess.places import street_places
from walkshed.assess.rates import coverage_rates
from walkshed.errors import Message
from walkshed.inputs.residents import landuse_note, residents_note
from walkshed.network.build import with_speed
from walkshed.network.snap import snap
from walkshed.progress import silent
from walkshed.reach.isochrones import isochrones
from walkshed.results import InputRecord, StudyInputs, StudyResult
from walkshed.siting.candidates import make_candidates
from walkshed.siting.plan import make_proposals
from walkshed.siting.problem import build_problem
from walkshed.siting.solve import solve_mclp
from walkshed.study_inputs import load_study, longest_walk_m

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress

__all__ = ["InputRecord", "StudyInputs", "StudyResult", "load_study", "run_study"]

STAGES = ("snap", "minutes", "isochrones", "rates", "gaps", "candidates", "siting", "notes")


class _Clock:
    """Tells the progress of the stages and keeps their times."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", perf_counter()

    def start(self, stage: str) -> None:
        self.stop()
        self._stage, self._since = stage, perf_counter()
        self.progress(stage, STAGES.index(stage), len(STAGES))

    def stop(self) -> None:
        if self._stage:
            self.seconds[self._stage] = perf_counter() - self._since


def run_study(config: StudyConfig, *, inputs: StudyInputs | None = None, progress: Progress = silent) -> StudyResult:
    """Compute a study from end to end.

    Parameters
    ----------
    config
        The study.
    inputs
        Inputs loaded before (:func:`load_study`), to compute another variant without reading again.
    progress
        Called at every stage; raise :class:`walkshed.errors.CancelledError` from it to stop.

    Raises
    ------
    WalkshedError
        See :func:`load_study` and the rooms' functions.
    """
    began = perf_counter()
    inputs = load_study(config, progress=progress) if inputs is None else inputs
    clock = _Clock(progress)
    clock.seconds["load"] = perf_counter() - began
    walking, limits = config.walking, config.network

    def tie(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return snap(points, inputs.network, max_m=limits.snap_max_m, fragment_max_m=limits.fragment_max_m)

    clock.start("snap")
    network = with_speed(inputs.network, config.speed_kmh())
    facilities, residents = tie(inputs.facilities), tie(inputs.demand)
    serving = facilities[facilities.status.isin(config.facilities.serving)].reset_index(drop=True)

    clock.start("minutes")
    cutoff, direction = walking.cutoff_min, walking.direction
    demand = measure_coverage(network, serving, residents, cutoff_min=cutoff, direction=direction)

    clock.start("isochrones")
    shapes = _isochrones(config, network, serving)
    merged = shapes[(shapes.facility_id == "") & (shapes.cutoff_min == cutoff)].geometry.iloc[0]

    clock.start("rates")
    rates = _rates(config, network, serving, residents, inputs)

    clock.start("gaps")
    places = inputs.places if len(inputs.places) else street_places(network)
    gaps = find_gaps(demand, crs=network.crs, units=inputs.units, places=places)

    clock.start("candidates")
    candidates = (
        make_candidates(
            network, inputs.boundary, spacing_m=config.candidates.spacing_m, fragment_max_m=limits.fragment_max_m
        )
        if inputs.candidates is None
        else tie(inputs.candidates)
    )

    clock.start("siting")
    problem = build_problem(network, candidates, demand, cutoff_min=cutoff, direction=direction, progress=progress)
    answer = solve_mclp(
        problem,
        new_rooms=config.siting.new_rooms,
        time_limit_s=config.siting.time_limit_s,
        mip_gap=config.siting.mip_gap,
        progress=progress,
    )
    proposals = make_proposals(problem, answer, candidates, demand)

    clock.start("notes")
    disagreement = picture_disagreement(demand, merged)
    notes = tuple(_notes(config, inputs, facilities, demand))
    clock.stop()
    progress("notes", len(STAGES), len(STAGES))
    return StudyResult(
        config=config,
        inputs=inputs,
        facilities=facilities,
        demand=demand,
        isochrones=shapes,
        rates=rates,
        gaps=gaps,
        candidates=candidates,
        proposals=proposals,
        siting=answer,
        disagreement=disagreement,
        notes=notes,
        seconds=clock.seconds,
    )


def _isochrones(config: StudyConfig, network: WalkNetwork, serving: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    walking = config.walking
    parts = [
        isochrones(
            network,
            serving,
            cutoffs_min=sorted(walking.cutoffs_min),
            direction=walking.direction,
            buffer_m=walking.isochrone_buffer_m,
            merged=merged,
        )
        for merged in (True, False)
    ]
    return pd.concat(parts, ignore_index=True)


def _rates(
    config: StudyConfig,
    network: WalkNetwork,
    serving: gpd.GeoDataFrame,
    residents: gpd.GeoDataFrame,
    inputs: StudyInputs,
) -> pd.DataFrame:
    """Rates of every profile and cutoff, the headline first."""
    walking = config.walking
    parts = []
    for profile in dict.fromkeys((walking.profile, *walking.compare_profiles)):
        paced = with_speed(network, config.speed_kmh(profile))
        for cutoff in sorted(walking.cutoffs_min, key=lambda minutes: (minutes != walking.cutoff_min, minutes)):
            measured = measure_coverage(paced, serving, residents, cutoff_min=cutoff, direction=walking.direction)
            parts.append(
                coverage_rates(measured, units=inputs.units, facilities=serving, profile=profile, cutoff_min=cutoff)
            )
    return pd.concat(parts, ignore_index=True)


def _notes(
    config: StudyConfig, inputs: StudyInputs, facilities: gpd.GeoDataFrame, demand: gpd.GeoDataFrame
) -> Iterator[Message]:
    if config.study.note_en or config.study.note_zh:
        yield Message("notes.study", {"en": config.study.note_en, "zh": config.study.note_zh})
    if config.residents.source == "osm":
        yield _residents_note(config, demand)
    if len(inputs.rejects):
        yield Message("notes.rejects", {"count": len(inputs.rejects)})
    unlocated = facilities[facilities.why == "no_position"]
    if len(unlocated):
        yield Message("notes.unlocated", {"count": len(unlocated), "names": "、".join(unlocated.name.astype(str))})
    unsnapped = facilities[facilities.why == "far_from_street"]
    if len(unsnapped):
        names = "、".join(unsnapped.name.astype(str))
        yield Message(
            "notes.facilities_unsnapped",
            {"count": len(unsnapped), "names": names, "limit": config.network.snap_max_m},
        )
    moved = int(facilities.moved.sum() + demand.moved.sum())
    if moved:
        yield Message("notes.moved", {"count": moved})
    share = near_edge_share(inputs, demand, longest_walk_m(config))
    if share > 0:
        yield Message("notes.near_edge", {"share": share})


def _residents_note(config: StudyConfig, demand: gpd.GeoDataFrame) -> Message:
    how = config.residents
    if how.kind == "landuse":
        return landuse_note(demand, persons_per_hectare=how.landuse_persons_per_hectare)
    return residents_note(demand, m2_per_person=how.m2_per_person, default_levels=how.default_levels)


def near_edge_share(inputs: StudyInputs, demand: gpd.GeoDataFrame, walk_m: float) -> float:
    """Return the share of residents whose walk could leave the data.

    Parameters
    ----------
    inputs
        With the network whose hull is the edge of the data.
    demand
        Residents.
    walk_m
        Longest walk in metres; who lives closer to the edge than this may have a shorter way that is not in the data.
    """
    rim = shapely.boundary(inputs.network.extent)
    points = demand.geometry.to_crs(inputs.network.crs).representative_point()
    near = points.distance(rim) < walk_m
    total = float(demand.population.sum())
    return float(demand.population[near.to_numpy()].sum()) / total if total else 0.0

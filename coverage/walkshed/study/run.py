"""A study from end to end."""

from __future__ import annotations

from dataclasses import fields
from time import perf_counter
from typing import TYPE_CHECKING

import shapely

from walkshed.errors import Message
from walkshed.inputs.residents import landuse_note, residents_note
from walkshed.network.slope import elevation_note
from walkshed.network.snap import dropped_entrances
from walkshed.progress import silent
from walkshed.results import Assessment, StudyInputs, StudyResult
from walkshed.siting.candidates import make_candidates
from walkshed.siting.plan import make_proposals
from walkshed.siting.problem import build_problem
from walkshed.siting.solve import solve_mclp
from walkshed.study.assessment import assess_study
from walkshed.study.load import load_study, longest_walk_m
from walkshed.study.measures import measure_study
from walkshed.study.norms import hold_against_norms
from walkshed.study.streets import edit_inputs, streets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress

STAGES = ("before", "snap", "minutes", "isochrones", "rates", "gaps", "candidates", "siting", "measures", "notes")


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


def run_study(
    config: StudyConfig,
    *,
    inputs: StudyInputs | None = None,
    known: StudyResult | None = None,
    progress: Progress = silent,
) -> StudyResult:
    """Compute a study from end to end.

    Where the study has a scenario, everything is told with it, and ``before`` tells it without.

    Parameters
    ----------
    config
        The study.
    inputs
        Inputs loaded before (:func:`load_study`), to compute another variant without reading again.
    known
        A result of the same inputs and of settings that differ in nothing but ``[siting]`` and ``[candidates]``: who is
        served is taken from it.
    progress
        Called at every stage and inside long ones; raise :class:`walkshed.errors.CancelledError` from it to stop.

    Raises
    ------
    WalkshedError
        See :func:`load_study` and the rooms' functions.
    """
    began = perf_counter()
    inputs = load_study(config, progress=progress) if inputs is None else inputs
    clock = _Clock(progress)
    clock.seconds["load"] = perf_counter() - began
    edited, before = edit_inputs(config, inputs), None if known is None else known.before
    if edited is not None and before is None:
        clock.start("before")
        before = assess_study(config, inputs, progress=progress)
    now = known or assess_study(config, inputs, edited=edited, stage=clock.start, progress=progress)

    clock.start("candidates")
    streets = streets_of(config, inputs, edited=edited)
    candidates = (
        make_candidates(
            now.network,
            inputs.boundary,
            spacing_m=config.candidates.spacing_m,
            fragment_max_m=config.network.fragment_max_m,
        )
        if inputs.candidates is None
        else streets.tie(inputs.candidates)
    )

    clock.start("siting")
    walking = config.walking
    problem = build_problem(
        now.network,
        candidates,
        now.demand,
        cutoff_min=walking.cutoff_min,
        direction=walking.direction,
        progress=progress,
    )
    answer = solve_mclp(
        problem,
        new_rooms=config.siting.new_rooms,
        time_limit_s=config.siting.time_limit_s,
        mip_gap=config.siting.mip_gap,
        progress=progress,
    )
    proposals = make_proposals(problem, answer, candidates, now.demand)

    clock.start("measures")
    measures = measure_study(config, inputs, now, edited=edited) if known is None else known.measures
    norms = hold_against_norms(config, inputs, now) if known is None else known.norms

    clock.start("notes")
    notes = [*_notes(config, inputs, now.facilities, now.demand), *norms.notes, *(edited.log if edited else ())]
    clock.stop()
    progress("notes", len(STAGES), len(STAGES))
    return StudyResult(
        **{item.name: getattr(now, item.name) for item in fields(Assessment)},
        config=config,
        inputs=inputs,
        candidates=candidates,
        proposals=proposals,
        siting=answer,
        measures=measures,
        norms=norms,
        before=before,
        notes=tuple(notes),
        seconds=clock.seconds,
    )


def _notes(
    config: StudyConfig, inputs: StudyInputs, facilities: gpd.GeoDataFrame, demand: gpd.GeoDataFrame
) -> Iterator[Message]:
    if config.study.note_en or config.study.note_zh:
        yield Message("notes.study", {"en": config.study.note_en, "zh": config.study.note_zh})
    yield from inputs.notes
    if config.residents.source == "osm" and inputs.estimate is None:
        yield _residents_note(config, demand)
    if len(inputs.rejects):
        yield Message("notes.rejects", {"count": len(inputs.rejects)})
    unlocated = facilities[facilities.why == "no_position"]
    if len(unlocated):
        yield Message("notes.unlocated", {"count": len(unlocated), "names": "、".join(unlocated.name.astype(str))})
    unsnapped = facilities[facilities.why.isin(("far_from_street", "entrances_far"))]
    if len(unsnapped):
        names = "、".join(unsnapped.name.astype(str))
        yield Message(
            "notes.facilities_unsnapped",
            {"count": len(unsnapped), "names": names, "limit": config.network.snap_max_m},
        )
    yield from _dropped_doors(config, inputs)
    moved = int(facilities.moved.sum() + demand.moved.sum())
    if moved:
        yield Message("notes.moved", {"count": moved})
    if inputs.elevation is not None and (missing := elevation_note(inputs.network, inputs.elevation)):
        yield missing
    share = near_edge_share(inputs, demand, longest_walk_m(config))
    if share > 0:
        yield Message("notes.near_edge", {"share": share})


def _dropped_doors(config: StudyConfig, inputs: StudyInputs) -> Iterator[Message]:
    for owners, doors, note in (
        (inputs.facilities, inputs.entrances, "notes.entrances_dropped"),
        (inputs.demand, inputs.gates, "notes.gates_dropped"),
    ):
        if doors is not None:
            limits = config.network
            dropped = dropped_entrances(
                owners, inputs.network, max_m=limits.snap_max_m, fragment_max_m=limits.fragment_max_m, entrances=doors
            )
            if len(dropped):
                names = "、".join(filter(None, dropped.name.astype(str)))
                yield Message(note, {"count": len(dropped), "names": names or "-"})


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

"""A study from end to end."""

from __future__ import annotations

from dataclasses import fields, replace
from time import perf_counter
from typing import TYPE_CHECKING

import shapely

from walkshed.errors import Message
from walkshed.inputs.residents import landuse_note, residents_note
from walkshed.network.slope import elevation_note
from walkshed.network.snap import dropped_entrances
from walkshed.progress import hearted, silent
from walkshed.results import Assessment, StudyInputs, StudyResult, Survey
from walkshed.study.assessment import assess_study
from walkshed.study.links import plan_links
from walkshed.study.load import load_study, longest_walk_m
from walkshed.study.measures import measure_study
from walkshed.study.norms import hold_against_norms
from walkshed.study.siting import plan_siting
from walkshed.study.streets import edit_inputs, streets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress

STAGES = ("before", "snap", "minutes", "isochrones", "rates", "gaps", "measures", "notes", "siting")


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


@hearted
def run_study(
    config: StudyConfig,
    *,
    inputs: StudyInputs | None = None,
    known: Survey | None = None,
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
        A survey or result of the same inputs and of settings that differ in nothing but ``[siting]`` and
        ``[candidates]``: who is served is taken from it.
    progress
        Called at every stage and inside long ones; raise :class:`walkshed.errors.CancelledError` from it to stop.

    Raises
    ------
    WalkshedError
        See :func:`load_study` and the rooms' functions.
    """
    now = known or survey_study(config, inputs=inputs, progress=progress)
    inputs = now.inputs if inputs is None else inputs
    clock = _Clock(progress)
    clock.seconds |= now.seconds if known is None else {}
    clock.start("siting")
    edited = edit_inputs(config, inputs)
    streets = streets_of(config, inputs, edited=edited)
    old = known if isinstance(known, StudyResult) else None
    plan = plan_siting(config, inputs, now, streets, known=old, progress=progress)
    found = now.measures.links
    linked = plan_links(config, inputs, now, plan.candidates, found=found, edited=edited, progress=progress)
    plan = replace(plan, linked=linked)
    clock.stop()
    told = {item.name: getattr(now, item.name) for item in fields(Survey)}
    return StudyResult(
        **told | {"config": config, "inputs": inputs, "seconds": clock.seconds},
        candidates=plan.candidates,
        proposals=plan.explanations.proposals,
        siting=plan.answer,
        plan=plan,
    )


@hearted
def survey_study(config: StudyConfig, *, inputs: StudyInputs | None = None, progress: Progress = silent) -> Survey:
    """Compute all that a study says about today, and propose nothing.

    Parameters
    ----------
    config, inputs, progress
        As for :func:`run_study`.

    Raises
    ------
    WalkshedError
        See :func:`load_study` and the rooms' functions.
    """
    began = perf_counter()
    inputs = load_study(config, progress=progress) if inputs is None else inputs
    clock = _Clock(progress)
    clock.seconds["load"] = perf_counter() - began
    edited, before = edit_inputs(config, inputs), None
    if edited is not None:
        clock.start("before")
        before = assess_study(config, inputs, progress=progress)
    now = assess_study(config, inputs, edited=edited, stage=clock.start, progress=progress)
    clock.start("measures")
    measures = measure_study(config, inputs, now, edited=edited)
    norms = hold_against_norms(config, inputs, now, measures)
    clock.start("notes")
    notes = [*_notes(config, inputs, now.facilities, now.demand), *norms.notes, *(edited.log if edited else ())]
    clock.stop()
    progress("notes", len(STAGES), len(STAGES))
    return Survey(
        **{item.name: getattr(now, item.name) for item in fields(Assessment)},
        config=config,
        inputs=inputs,
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

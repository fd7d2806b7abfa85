"""Plans that a user keeps: what was asked for, and the rooms that were arranged by hand.

They stay in the session, by the study's id, so that a private copy of a study has those of the study. With a private
study they also lie in its folder, a file each in ``plans/``, and come back with it.
"""

from __future__ import annotations

import re
import secrets
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category

import streamlit as st
import tomli_w

from walkshed.app import state
from walkshed.app.study_files import PLANS
from walkshed.errors import ContractError, InputError, WalkshedError
from walkshed.files import unwritable, write_whole
from walkshed.planning import Siting
from walkshed.study.variants import vary_study
from walkshed.toml_records import build_record, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from walkshed.parameters import StudyConfig

FOLDER: Final = PLANS
SESSION_KEY: Final = "saved_plans"
MAX_PLANS: Final = 30
MAX_NAME: Final = 80
MAX_BYTES: Final = 1 << 20
ID: Final = re.compile(r"[a-z0-9]{12}")


def _degrees(limit: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=0.0, metadata={"low": -limit, "high": limit})


@dataclass(frozen=True, kw_only=True)
class HandRoom:
    """A room that somebody put on the map: what it is called, and where it stands (WGS-84 degrees)."""

    name: str = ""
    lon: float = _degrees(180.0)
    lat: float = _degrees(90.0)


@dataclass(frozen=True, kw_only=True)
class SavedPlan:
    """A plan under a name.

    Attributes
    ----------
    plan_id
        Twelve letters and digits; the name of its file.
    name
        As the user wrote it: any text.
    saved
        When, ISO 8601, UTC.
    cutoff_min, profile
        The question: within how many minutes of whose walk.
    siting
        What was aimed at and what had to be kept to.
    sources, apart_m
        Where rooms could stand: sources of the study's ``[candidates]``, and metres between places along the streets.
    by_hand
        The plan is ``rooms`` and ``closed``, whatever a solver says.
    rooms
        New rooms of a plan by hand.
    closed
        Ids of existing rooms that it closes.
    """

    plan_id: str = ""
    name: str = ""
    saved: str = ""
    cutoff_min: float = field(default=15.0, metadata={"low": 1.0, "high": 120.0})
    profile: str = ""
    siting: Siting = field(default_factory=Siting)
    sources: tuple[str, ...] = ()
    apart_m: float = field(default=100.0, metadata={"low": 10.0, "high": 2000.0})
    by_hand: bool = False
    rooms: tuple[HandRoom, ...] = ()
    closed: tuple[str, ...] = ()


def save_plan(
    variant: StudyConfig, name: str, *, rooms: Iterable[HandRoom] | None = None, closed: Iterable[str] = ()
) -> SavedPlan:
    """Keep a plan.

    Parameters
    ----------
    variant
        The study with the session's choices (:func:`walkshed.app.state.settled`): its siting settings, minutes and
        walker are kept.
    name
        Any text; one that is taken already takes the place of the former plan of that name.
    rooms
        New rooms as arranged by hand; ``None`` keeps the question alone, and the solver answers it.
    closed
        Ids of existing rooms that a plan by hand closes.

    Raises
    ------
    InputError
        If the name is blank, there are too many plans, or the file cannot be written.
    """
    told = " ".join("".join(" " if category(sign) == "Cc" else sign for sign in name).split())[:MAX_NAME]
    if not told:
        raise InputError("plan_nameless")
    known = list_plans(variant)
    former = next((plan for plan in known if plan.name == told), None)
    if former is None and len(known) >= MAX_PLANS:
        raise InputError("plans_too_many", most=MAX_PLANS)
    plan = SavedPlan(
        plan_id=secrets.token_hex(6) if former is None else former.plan_id,
        name=told,
        saved=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        cutoff_min=variant.walking.cutoff_min,
        profile=variant.walking.profile,
        siting=variant.siting,
        sources=(variant.candidates.source, *variant.candidates.also),
        apart_m=variant.candidates.spacing_m,
        by_hand=rooms is not None,
        rooms=tuple(rooms or ()),
        closed=tuple(closed) if rooms is not None else (),
    )
    _session(variant)[plan.plan_id] = plan
    keep_with_study(variant)
    return plan


def list_plans(config: StudyConfig) -> tuple[SavedPlan, ...]:
    """Return the plans of a study, the oldest first; files of a private study that are no plans are left out."""
    found = dict(_session(config))
    if state.is_own(config) and (folder := config.folder / FOLDER).is_dir():
        for path in sorted(folder.glob("*.toml"))[: 2 * MAX_PLANS]:
            if path.stem in found or not ID.fullmatch(path.stem):
                continue
            try:
                found[path.stem] = _read(path)
            except WalkshedError:  # somebody else's file, brought along in a zip
                continue
    return tuple(sorted(found.values(), key=lambda plan: (plan.saved, plan.plan_id)))


def find_plan(config: StudyConfig, plan_id: str) -> SavedPlan | None:
    """Return one plan of a study, ``None`` where there is no such one."""
    return next((plan for plan in list_plans(config) if plan.plan_id == plan_id), None)


def delete_plan(config: StudyConfig, plan_id: str) -> None:
    """Forget a plan, and delete its file."""
    _session(config).pop(plan_id, None)
    if state.is_own(config) and ID.fullmatch(plan_id):
        (config.folder / FOLDER / f"{plan_id}.toml").unlink(missing_ok=True)


def keep_with_study(config: StudyConfig) -> None:
    """Write the session's plans of a private study into its folder; of any other nothing is written.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    if not state.is_own(config):
        return
    folder = config.folder / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for plan in _session(config).values():
            write_whole(folder / f"{plan.plan_id}.toml", plan_toml(plan))
    except OSError as error:
        raise unwritable(FOLDER, error) from error


def plan_variant(config: StudyConfig, plan: SavedPlan) -> StudyConfig:
    """Return the study that answers a plan's question, without what a comparison does not need (curve, phases).

    Minutes, walkers and sources of candidates that the study does not have any more are those of the study.
    """
    walking = config.walking
    known = (walking.profile, *walking.compare_profiles)
    asked = vary_study(
        config,
        cutoff_min=plan.cutoff_min if plan.cutoff_min in walking.cutoffs_min else None,
        profile=plan.profile if plan.profile in known else None,
    )
    places = replace(config.candidates, spacing_m=plan.apart_m)
    if plan.sources and set(plan.sources) <= {"network", places.source, *places.also}:
        places = replace(places, source=plan.sources[0], also=plan.sources[1:])
    siting = replace(plan.siting, curve_max=0, phases=(), robustness=False)
    return replace(asked, siting=siting, candidates=places)


def plan_toml(plan: SavedPlan) -> str:
    """Return a plan as the text of its file."""
    return tomli_w.dumps(plain(plan))


def read_plan(text: str) -> SavedPlan:
    """Return the plan of a file's text.

    Raises
    ------
    ContractError
        With everything that is wrong with it.
    tomllib.TOMLDecodeError
        If it is no TOML.
    """
    plan, problems = build_record(SavedPlan, tomllib.loads(text))
    if problems:
        raise ContractError("study_invalid", problems=problems, where=FOLDER)
    return replace(plan, name=plan.name[:MAX_NAME])


def _read(path: Path) -> SavedPlan:
    """Return the plan of a file, which may be anybody's."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            raise InputError("study_unreadable", where=path.name, why="size")
        plan = read_plan(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if isinstance(error, WalkshedError):
            raise
        raise InputError("study_unreadable", where=path.name, why=type(error).__name__) from error
    return replace(plan, plan_id=path.stem)


def _session(config: StudyConfig) -> dict[str, SavedPlan]:
    """Return the session's plans of a study."""
    every: dict[str, dict[str, SavedPlan]] = st.session_state.setdefault(SESSION_KEY, {})
    return every.setdefault(config.study.id, {})

"""What a user wants of a plan, in plain words, and what that asks of the solver."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import shapely
import streamlit as st

from walkshed.assess.groups import groups_of
from walkshed.contracts import EXCHANGE_CRS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from walkshed.parameters import StudyConfig
    from walkshed.planning import CandidateSource, Siting
    from walkshed.results import StudyResult

AIMS: Final = ("most", "fewest", "fairest", "nearest")
"""Most people served; fewest rooms for a share; nobody left behind; shortest walks."""
FAIRNESS: Final = ("units", "groups", "worst")
"""Every unit a least share; every group as well served as everybody; the longest walk as short as can be."""
LIMITS: Final = ("number", "budget")
NO_LIMIT: Final = 500
"""Rooms allowed where money alone is the limit: the most that a study may ask for."""
BY_MINUTES: Final = ("p_median", "p_center")
MAX_PHASES: Final = 6
SEPARATORS: Final = "[\\s,;+\uff0c\u3001\uff1b]+"
"""Of numbers in a line, Chinese punctuation too."""
MAX_GROUP_WEIGHT: Final = 5.0
DRAFT_KEY, SOLVED_KEY, PROBLEM_KEY, ASKED_KEY = "siting_goal", "siting_solved", "siting_problem", "siting_asked"
SESSION_KEYS: Final = (DRAFT_KEY, SOLVED_KEY, PROBLEM_KEY, ASKED_KEY)
"""What :mod:`walkshed.app.state` forgets when another study is chosen."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One question to the solver; see :class:`walkshed.planning.Siting` for what the fields come to.

    Attributes
    ----------
    aim, fairness
        One of :data:`AIMS`; with ``"fairest"``, one of :data:`FAIRNESS`.
    limit
        One of :data:`LIMITS`: what ends the plan, the number of rooms or the money.
    share
        Of all residents, for ``"fewest"``.
    floor_share
        Of every unit's residents; 0 asks for none.
    sources, apart_m
        Where rooms could stand: sources of the study, and metres between places along the streets.
    others
        As the settings of the same names.
    """

    aim: str = "most"
    fairness: str = "units"
    limit: str = "number"
    new_rooms: int = 3
    budget: float = 0.0
    share: float = 0.9
    minimise_cost: bool = False
    floor_share: float = 0.0
    must_build: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    spacing_m: float = 0.0
    parities: tuple[str, ...] = ()
    group_weights: Mapping[str, float] = field(default_factory=dict)
    backup_share: float = 0.0
    full_min: float = 0.0
    closings_max: int = 0
    must_keep: tuple[str, ...] = ()
    capacity: bool = False
    phases: tuple[int, ...] = ()
    robustness: bool = False
    time_limit_s: float = 60.0
    sources: tuple[str, ...] = ("network",)
    apart_m: float = 100.0

    @property
    def model(self) -> str:
        """The solver's model, one of :data:`walkshed.planning.AIMS`."""
        if self.aim == "fairest":
            return "p_center" if self.fairness == "worst" else "mclp"
        return {"most": "mclp", "fewest": "lscp", "nearest": "p_median"}[self.aim]


def goal_of(config: StudyConfig) -> Goal:
    """Return the goal that a study's own settings state."""
    siting, source = config.siting, config.candidates
    aim, fairness = {
        "mclp": ("most", "units"), "lscp": ("fewest", "units"), "p_median": ("nearest", "units"),
        "p_center": ("fairest", "worst"),
    }[siting.model]  # fmt: skip
    floor = next((float(record.get("share", 0.0)) for record in siting.floors if record.get("area") == "*"), 0.0)
    return Goal(
        aim=aim,
        fairness=fairness,
        limit="budget" if siting.budget else "number",
        new_rooms=siting.new_rooms,
        budget=siting.budget,
        share=siting.share,
        minimise_cost=siting.minimise_cost,
        floor_share=floor,
        must_build=siting.must_build,
        forbidden=siting.forbidden,
        spacing_m=siting.spacing_m,
        parities=siting.parities,
        group_weights=dict(siting.group_weights),
        backup_share=siting.backup_share,
        full_min=siting.full_min,
        closings_max=siting.closings_max,
        must_keep=siting.must_keep,
        capacity=siting.capacity,
        phases=siting.phases,
        time_limit_s=siting.time_limit_s,
        sources=tuple(dict.fromkeys((source.source, *source.also))),
        apart_m=source.spacing_m,
    )


def with_goal(config: StudyConfig, goal: Goal) -> StudyConfig:
    """Return the study with a goal for its own; what the model knows nothing of is left out.

    The curve against the number of rooms is not asked for: a page computes it where it shows it.
    """
    return replace(config, siting=_siting(config.siting, goal), candidates=_candidates(config.candidates, goal))


def _siting(siting: Siting, goal: Goal) -> Siting:
    model, counts_minutes = goal.model, goal.model in BY_MINUTES
    floors = tuple(record for record in siting.floors if record.get("area") != "*")
    wants_floor = not counts_minutes and goal.floor_share > 0
    if wants_floor:
        floors = (*floors, {"share": goal.floor_share, "area": "*"})
    by_money = goal.limit == "budget" and goal.budget > 0 and goal.aim != "fewest"
    return replace(
        siting,
        model=model,
        new_rooms=NO_LIMIT if by_money else goal.new_rooms,
        budget=goal.budget if by_money else 0.0,
        share=goal.share,
        minimise_cost=goal.minimise_cost and model == "lscp",
        floors=() if counts_minutes else floors,
        must_build=goal.must_build,
        forbidden=goal.forbidden,
        spacing_m=goal.spacing_m,
        parities=() if counts_minutes or (goal.aim == "fairest" and goal.fairness != "groups") else goal.parities,
        group_weights={} if model == "p_center" else {k: v for k, v in goal.group_weights.items() if v != 1},
        backup_share=0.0 if counts_minutes else goal.backup_share,
        full_min=0.0 if counts_minutes else goal.full_min,
        closings_max=goal.closings_max,
        must_keep=goal.must_keep if goal.closings_max else (),
        capacity=goal.capacity,
        phases=() if goal.closings_max or by_money else goal.phases,
        robustness=goal.robustness,
        time_limit_s=goal.time_limit_s,
        curve_max=0,
    )


def _candidates(source: CandidateSource, goal: Goal) -> CandidateSource:
    known = (source.source, *source.also, "network")
    chosen = tuple(name for name in dict.fromkeys(goal.sources) if name in known) or (source.source,)
    return replace(source, source=chosen[0], also=chosen[1:], spacing_m=goal.apart_m)


def offered_sources(config: StudyConfig) -> tuple[str, ...]:
    """Return where rooms could stand in a study: what it lists itself, and along the streets."""
    return tuple(dict.fromkeys((config.candidates.source, *config.candidates.also, "network")))


def is_quick(config: StudyConfig, goal: Goal) -> bool:
    """Say whether a goal is answered in a moment: most people, by number, on the study's own candidates."""
    plain = replace(goal_of(config), aim="most", limit="number", phases=())
    plain = replace(plain, new_rooms=goal.new_rooms, must_build=goal.must_build, forbidden=goal.forbidden)
    return _siting(config.siting, goal) == _siting(config.siting, plain) and _candidates(
        config.candidates, goal
    ) == _candidates(config.candidates, plain)


def draft(variant: StudyConfig) -> Goal:
    """Return the goal as the session has it on its page; at first the one in force.

    Parameters
    ----------
    variant
        From :func:`walkshed.app.state.settled`.
    """
    if DRAFT_KEY not in st.session_state:
        st.session_state[DRAFT_KEY] = in_force(variant)
    goal: Goal = st.session_state[DRAFT_KEY]
    return goal


def change(**fields: object) -> None:
    """Change the goal on the page; what was told about the former one is forgotten."""
    st.session_state[DRAFT_KEY] = replace(st.session_state[DRAFT_KEY], **fields)
    st.session_state.pop(PROBLEM_KEY, None)


def solved_goals() -> dict[tuple[float, str], Goal]:
    """Return the goals that were solved, by minutes and walker: what some allow others may not."""
    solved: dict[tuple[float, str], Goal] = st.session_state.setdefault(SOLVED_KEY, {})
    return solved


def take(variant: StudyConfig, goal: Goal) -> None:
    """Let a goal hold for a variant's minutes and walker from now on, on every page.

    Parameters
    ----------
    variant
        From :func:`walkshed.app.state.settled`.
    goal
        One that can be kept to.
    """
    solved_goals()[variant.walking.cutoff_min, variant.walking.profile] = goal
    st.session_state["new_rooms"] = goal.new_rooms


def in_force(variant: StudyConfig) -> Goal:
    """Return the goal that holds at a variant's minutes and walker; without any, the study's own.

    Parameters
    ----------
    variant
        The study with the session's minutes, walker and number of rooms.
    """
    solved = st.session_state.get(SOLVED_KEY, {}).get((variant.walking.cutoff_min, variant.walking.profile))
    return solved if solved is not None else goal_of(variant)


def applied(variant: StudyConfig) -> StudyConfig:
    """Return a variant of a study with the goal that holds for it: what every page shows as the plan.

    Curve and robustness take long and are left out, unless the goal asks for the latter: see :func:`in_full`.
    """
    return with_goal(variant, in_force(variant))


def in_full(config: StudyConfig, variant: StudyConfig) -> StudyConfig:
    """Return a variant with the curve and the robustness that the study asks for: what leaves the house.

    Parameters
    ----------
    config
        The study as its file says.
    variant
        From :func:`walkshed.app.state.settled`.
    """
    asked = config.siting
    siting = replace(
        variant.siting, curve_max=asked.curve_max, robustness=asked.robustness or variant.siting.robustness
    )
    return replace(variant, siting=siting)


def phases_of(text: str) -> tuple[int, ...] | None:
    """Return rooms by phase as somebody writes them; ``None`` where that is not to be understood.

    Examples
    --------
    >>> phases_of("2, 2 1"), phases_of("3+2"), phases_of(" "), phases_of("two")
    ((2, 2, 1), (3, 2), (), None)
    """
    parts = [part for part in re.split(SEPARATORS, text.strip()) if part]
    if len(parts) > MAX_PHASES or any(not re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
        return None
    return tuple(int(part) for part in parts)


def has_costs(result: StudyResult) -> bool:
    """Say whether any candidate states what it costs."""
    candidates = result.candidates
    return "cost" in candidates.columns and bool(candidates["cost"].notna().any())


def groups(result: StudyResult) -> tuple[str, ...]:
    """Return the groups that the residents are told by."""
    return tuple(groups_of(result.demand))


def has_units(result: StudyResult) -> bool:
    """Say whether there are several units among which to be fair."""
    return len(result.inputs.units) > 1


def nearest_candidate(result: StudyResult, lon: float, lat: float, *, max_m: float) -> str:
    """Return the id of the candidate nearest to a place, ``""`` where none is within ``max_m`` metres."""
    here = gpd.GeoSeries([shapely.Point(lon, lat)], crs=EXCHANGE_CRS).to_crs(result.network.crs).iloc[0]
    away = result.candidates.geometry.to_crs(result.network.crs).distance(here)
    near = bool(len(away)) and float(away.min()) <= max_m
    return str(result.candidates["candidate_id"].iloc[int(away.argmin())]) if near else ""

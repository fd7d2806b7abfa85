"""Asks the solver what the siting page wants, in a thread, and keeps the former plan where that cannot be had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import goals, running, state
from walkshed.app.turns import SERVER
from walkshed.errors import SitingError
from walkshed.siting.curve import rooms_curve
from walkshed.study.variants import input_digest

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.app.goals import Goal
    from walkshed.app.running import Obtained
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyResult

PLACE: Final = "siting"
CURVE_PLACE: Final = "roomscurve"
CURVE_ASKED: Final = "siting_curve_asked"
AUTOMATIC_CURVE: Final = 1_500
"""Up to so many candidates the curve is computed without being asked for."""
CURVE_S: Final = 60.0
CURVE_GAP: Final = 0.005


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What the page can show.

    Attributes
    ----------
    result
        With the plan; ``None`` while there is none yet.
    goal
        As it stands on the page.
    stale
        The plan answers another goal, or is not computed to its end.
    to_ask
        The goal waits for the button.
    problem
        Why the goal on the page cannot be had.
    question
        What of the session all this follows: see :func:`question`.
    """

    result: StudyResult | None
    goal: Goal
    stale: bool
    to_ask: bool
    problem: SitingError | None
    question: tuple[object, ...] = ()


def question() -> tuple[object, ...]:
    """Return all that the session asks of the solver; where it has changed, a plan must be had anew."""
    session = st.session_state
    return tuple(session.get(key) for key in (goals.DRAFT_KEY, goals.ASKED_KEY, "cutoff_min", "profile", "study"))


def plan(config: StudyConfig) -> Planned:
    """Return the plan for the goal on the page; of one that takes long, once it was asked for.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.app.state.result_of`, but no ``SitingError``: that is told with the former plan.
    """
    variant = state.settled(config)
    goal, former = goals.draft(variant), goals.in_force(variant)
    known: tuple[tuple[object, ...], SitingError] | None = st.session_state.get(goals.PROBLEM_KEY)
    problem = known[1] if known is not None and known[0] == _key(variant, goal) else None
    asked = (
        goal == former or goals.is_quick(config, goal) or st.session_state.get(goals.ASKED_KEY) == _key(variant, goal)
    )
    given: Obtained[StudyResult] | None = None
    target = goal if asked and problem is None else former
    try:
        given = _obtain(config, variant, target)
    except SitingError as error:
        problem = error
        st.session_state[goals.PROBLEM_KEY] = (_key(variant, goal), error)
        st.session_state.pop(goals.ASKED_KEY, None)
        if target != former:
            target = former
            given = _former(config, variant, former)
    if given is not None and given.fresh and target == goal:
        goals.take(variant, goal)
    return Planned(
        result=None if given is None else given.value,
        goal=goal,
        stale=target != goal or given is None or not given.fresh,
        to_ask=not asked and problem is None,
        problem=problem,
        question=question(),
    )


def ask(config: StudyConfig) -> None:
    """Let the goal on the page be computed."""
    variant = state.settled(config)
    st.session_state[goals.ASKED_KEY] = _key(variant, goals.draft(variant))
    st.session_state.pop(goals.PROBLEM_KEY, None)


def _key(variant: StudyConfig, goal: Goal) -> tuple[object, ...]:
    return goal, variant.walking.cutoff_min, variant.walking.profile


def _obtain(config: StudyConfig, variant: StudyConfig, goal: Goal) -> Obtained[StudyResult]:
    wanted = goals.with_goal(variant, goal)
    return running.obtain(
        PLACE,
        wanted=f"{input_digest(config)}/{wanted.digest()}",
        work=state.result_work(config, wanted),
        belongs=st.session_state.study,
    )


def _former(config: StudyConfig, variant: StudyConfig, former: Goal) -> Obtained[StudyResult] | None:
    try:
        return _obtain(config, variant, former)
    except SitingError:
        return None


def curve_is_automatic(result: StudyResult) -> bool:
    """Say whether the curve is computed without being asked for."""
    return len(result.plan.problem.candidate_ids) <= AUTOMATIC_CURVE


def ask_curve(wanted: str) -> None:
    """Let the curve be computed."""
    st.session_state[CURVE_ASKED] = wanted


def curve_key(config: StudyConfig, result: StudyResult) -> str:
    """Return what tells one curve from another: the question without the number of rooms."""
    siting = replace(
        result.config.siting, new_rooms=0, robustness=False, phases=(), model="mclp", share=0.0, minimise_cost=False
    )
    return f"{input_digest(config)}/{replace(result.config, siting=siting).digest()}/{_longest(config)}"


def curve(config: StudyConfig, result: StudyResult) -> Obtained[pd.DataFrame] | None:
    """Return coverage against the number of rooms; ``None`` while it waits for the button.

    Raises
    ------
    SitingError
        If no number of rooms keeps to what the goal asks for.
    """
    wanted = curve_key(config, result)
    if not curve_is_automatic(result) and st.session_state.get(CURVE_ASKED) != wanted:
        return None
    work = partial(_curve, result, _longest(config))
    return running.obtain(CURVE_PLACE, wanted=wanted, work=work, belongs=wanted)


def _curve(result: StudyResult, longest: int, progress: Progress) -> pd.DataFrame:
    plan_ = result.plan
    with SERVER.taken(progress):
        return rooms_curve(
            plan_.problem, rooms_max=longest, requirements=plan_.requirements, time_limit_s=CURVE_S, mip_gap=CURVE_GAP,
            progress=progress,
        )  # fmt: skip


def _longest(config: StudyConfig) -> int:
    return max(state.MAX_NEW_ROOMS, config.siting.curve_max, config.siting.new_rooms)

"""What one session has chosen, and the study it works on. Nothing in here reaches another session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import goals, shelves, studies, workspace
from walkshed.app.progress import progress_bar
from walkshed.app.texts import LANGUAGE_KEY
from walkshed.catalogue import LANGUAGES
from walkshed.study.variants import vary_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyResult

MAX_NEW_ROOMS: Final = 20
OWN: Final = "~own"
"""Name of the private study among those on offer; no folder's name begins like this."""
OPENING_KEY: Final = "own_opening"
"""In the session: the token of a private study that is to be opened."""
ADDRESS: Final = {
    LANGUAGE_KEY: "lang", "study": "study", workspace.TOKEN_KEY: "own", "cutoff_min": "min", "profile": "who",
    "new_rooms": "rooms", "data_section": "data", "compare_before": "from", "compare_after": "to",
    "hour_day": "day", "hour_clock": "hour", "group": "group",
}  # fmt: skip
"""Session key -> name in the page's address, so that a reload or a copied link opens the same view."""
OF_A_STUDY: Final = (
    "hour_day",
    "hour_clock",
    "group",
    "cutoff_min",
    "profile",
    "new_rooms",
    *goals.SESSION_KEYS,
    "hand_rooms",
    "hand_basis",
    "hand_past",
    "hand_bench",
)
"""Choices that are forgotten when another study is chosen."""


def begin() -> None:
    """Fill a new session from the page's address; called at the start of every run."""
    state = st.session_state
    if "begun" not in state:
        state.begun = True
        for key, name in ADDRESS.items():
            if name in st.query_params:
                state[key] = st.query_params[name]
    if state.get(LANGUAGE_KEY) not in LANGUAGES:
        state[LANGUAGE_KEY] = LANGUAGES[0]
    open_changed()
    own = workspace.own_study()
    if own is not None:
        workspace.touch(own)
    elif workspace.TOKEN_KEY in state:  # a wrong token, or a study that is gone
        del state[workspace.TOKEN_KEY]
        state.own_lost = True
    folders = offered()
    if folders and state.get("study") not in folders:
        state.study = next(iter(folders))


def remember() -> None:
    """Write the choices into the page's address; called at the end of every run."""
    wanted = {name: str(st.session_state[key]) for key, name in ADDRESS.items() if st.session_state.get(key, "") != ""}
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def offered() -> dict[str, Path]:
    """Return the studies this session may open: its private one as :data:`OWN`, then those on offer to everybody."""
    own = workspace.own_study()
    return ({} if own is None else {OWN: own}) | studies.study_folders()


def read_config(name: str) -> StudyConfig:
    """Return the settings of a study of :func:`offered`.

    Raises
    ------
    WalkshedError
        If they cannot be used.
    """
    folder = offered()[name]
    return workspace.read_own(folder) if name == OWN else studies.read_config(folder)


def choose_study() -> None:
    """Take over the study chosen in the sidebar: its own settings hold."""
    open_study(st.session_state.study_select)


def open_study(name: str) -> None:
    """Work on a study of :func:`offered` from now on."""
    st.session_state.study = name
    st.session_state.pop("own_lost", None)
    for key in OF_A_STUDY:
        st.session_state.pop(key, None)


def study_folder() -> Path:
    """Return the folder of the chosen study."""
    return offered()[st.session_state.study]


def is_own(config: StudyConfig) -> bool:
    """Say whether a study is this session's private one."""
    return workspace.is_private(config.folder)


def forget_own() -> None:
    """Delete the private study of this session and what was computed from it."""
    workspace.forget()
    forget_results()


def forget_results() -> None:
    """Forget what this session computed from its private study."""
    st.session_state.pop(shelves.OWN_KEY, None)


def settled(config: StudyConfig) -> StudyConfig:
    """Bring the session's choices into what the study allows and return the study with them."""
    state, walking = st.session_state, config.walking
    cutoffs = {f"{value:g}": value for value in walking.cutoffs_min}
    given = state.get("cutoff_min")
    state.cutoff_min = cutoffs.get(given if isinstance(given, str) else f"{given or 0:g}", walking.cutoff_min)
    if state.get("profile") not in profiles(config):
        state.profile = walking.profile
    try:
        rooms = int(state.get("new_rooms", config.siting.new_rooms))
    except ValueError:
        rooms = config.siting.new_rooms
    state.new_rooms = min(max(rooms, 0), max(MAX_NEW_ROOMS, config.siting.new_rooms))
    return goals.applied(
        vary_study(config, cutoff_min=state.cutoff_min, profile=state.profile, new_rooms=state.new_rooms)
    )


def profiles(config: StudyConfig) -> tuple[str, ...]:
    """Return the walkers a user may choose from, in the study's order."""
    return tuple(dict.fromkeys((config.walking.profile, *config.walking.compare_profiles)))


def current_result(config: StudyConfig) -> StudyResult:
    """Return the result of the session's choices, computed when it is not known yet.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.study.run_study`; for a private study that still lacks layers, which ones.
    """
    variant = settled(config)
    with progress_bar() as progress:
        return result_of(config, variant, progress=progress)


def result_of(config: StudyConfig, variant: StudyConfig, *, progress: Progress) -> StudyResult:
    """Return the result of a variant of a study: of a private one from this session alone, else from everybody's.

    Parameters and errors are those of :meth:`walkshed.app.shelves.Shelves.result`.
    """
    return result_work(config, variant)(progress)


def result_work(config: StudyConfig, variant: StudyConfig) -> Callable[[Progress], StudyResult]:
    """Return what computes :func:`result_of` in any thread: all that it takes from the session is taken now.

    Raises
    ------
    InputError
        If a private study still lacks layers.
    """
    kept = shelves.of_session(config, private=is_own(config))
    return lambda progress: kept.result(config, variant, progress=progress)


def open_changed() -> None:
    """Open the private study that a change has led to.

    The session learns of a change by one value, set when everything is done: a run that the reader ends is stopped at
    its next look into the session, every time, and could not put anything back.
    """
    session = st.session_state
    token = session.get(OPENING_KEY)
    if token is None:
        return
    former = session.get(workspace.TOKEN_KEY)
    session[workspace.TOKEN_KEY] = token
    session.study = OWN
    del session[OPENING_KEY]
    if former != token:
        workspace.discard(former)

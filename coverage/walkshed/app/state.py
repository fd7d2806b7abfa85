"""What one session has chosen and uploaded. Nothing in here reaches another session."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import studies
from walkshed.app.progress import progress_bar
from walkshed.app.texts import LANGUAGE_KEY
from walkshed.catalogue import LANGUAGES
from walkshed.study import run_study
from walkshed.study.variants import assessment_digest, vary_study, with_facilities

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.inputs.reads import Read
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

MAX_PRIVATE_RESULTS: Final = 8
MAX_NEW_ROOMS: Final = 20
ADDRESS: Final = {LANGUAGE_KEY: "lang", "study": "study", "cutoff_min": "min", "profile": "who", "new_rooms": "rooms"}
"""Session key -> name in the page's address, so that a reload or a copied link opens the same view."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Facilities of this session's user.

    Attributes
    ----------
    name
        File name as given.
    datum
        Datum the user chose.
    read
        Accepted facilities and rejected rows.
    sha256
        Of the file.
    """

    name: str
    datum: str
    read: Read
    sha256: str


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
    folders = studies.study_folders()
    if folders and state.get("study") not in folders:
        state.study = next(iter(folders))


def remember() -> None:
    """Write the choices into the page's address; called at the end of every run."""
    wanted = {name: str(st.session_state[key]) for key, name in ADDRESS.items() if key in st.session_state}
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def choose_study() -> None:
    """Take over the study chosen in the sidebar: its own settings hold, uploads belonged to the former study."""
    st.session_state.study = st.session_state.study_select
    for key in ("cutoff_min", "profile", "new_rooms"):
        st.session_state.pop(key, None)
    forget_upload()


def study_folder() -> Path:
    """Return the folder of the chosen study."""
    return studies.study_folders()[st.session_state.study]


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
    return vary_study(config, cutoff_min=state.cutoff_min, profile=state.profile, new_rooms=state.new_rooms)


def profiles(config: StudyConfig) -> tuple[str, ...]:
    """Return the walkers a user may choose from, in the study's order."""
    return tuple(dict.fromkeys((config.walking.profile, *config.walking.compare_profiles)))


def current_result(config: StudyConfig) -> StudyResult:
    """Return the result of the session's choices, computed when it is not known yet.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.study.run_study`.
    """
    variant, own = settled(config), upload()
    with progress_bar() as progress:
        if own is None:
            return studies.public_result(config, variant, progress=progress)
        known: OrderedDict[str, StudyResult] = st.session_state.setdefault("private_results", OrderedDict())
        key = hashlib.sha256(f"{own.sha256}/{own.datum}/{variant.digest()}".encode()).hexdigest()
        if key not in known:
            inputs = with_facilities(
                studies.public_inputs(config, progress=progress), own.read, source=own.name, sha256=own.sha256
            )
            alike = next(
                (old for old in known.values() if assessment_digest(old.config) == assessment_digest(variant)), None
            )
            if alike is not None:
                inputs = alike.inputs
            known[key] = run_study(variant, inputs=inputs, known=alike, progress=progress)
            while len(known) > MAX_PRIVATE_RESULTS:
                known.popitem(last=False)
        return known[key]


def upload() -> Upload | None:
    """Return the facilities this session works with instead of the study's, if any."""
    own: Upload | None = st.session_state.get("upload")
    return own


def keep_upload(own: Upload) -> None:
    """Use a user's own facilities from now on, in this session only."""
    st.session_state.upload = own
    st.session_state.pop("private_results", None)


def forget_upload() -> None:
    """Go back to the study's own facilities."""
    st.session_state.pop("upload", None)
    st.session_state.pop("private_results", None)

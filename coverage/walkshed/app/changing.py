"""A change of the data: computed first, kept in this session's private study when that works, else as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import state, studies, workspace
from walkshed.app.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from walkshed.parameters import StudyConfig


def change_study(
    config: StudyConfig, make: Callable[[StudyConfig], tuple[StudyConfig, Mapping[str, bytes]]]
) -> StudyConfig:
    """Change this session's private study and compute it; what cannot be computed is not kept.

    A study on offer to everybody is copied first, and the copy opened; the copy takes the place of a former private
    study. A study that still lacks layers cannot be computed as a whole: it is kept as it grows.

    Parameters
    ----------
    config
        The study that is open.
    make
        Gets the settings of the private study and returns the changed ones and new files by name; names come from
        :func:`walkshed.app.file_names.free_name`.

    Returns
    -------
    StudyConfig
        Of the changed private study. Choices (minutes, walker, number of rooms) stay.

    Raises
    ------
    WalkshedError
        If the study would no longer work; everything is as it was then.
    """
    session = st.session_state
    former = session.get(workspace.TOKEN_KEY) if state.is_own(config) else None
    token = former if former is not None else workspace.copy_own(config)

    def check(changed: StudyConfig) -> None:
        if not studies.missing_layers(changed):
            with progress_bar(stop=True) as progress:
                state.result_of(changed, state.settled(changed), progress=progress)

    try:
        folder = workspace.folder_of(token)
        assert folder is not None  # noqa: S101 - made or opened a moment ago
        own = workspace.read_own(folder)
        changed, files = make(own)
        changed = workspace.change_study(changed, files=files, check=check)
        session[state.OPENING_KEY] = token
    except BaseException:  # also where the reader stops it: the next run of the page has begun by then
        if token != former:
            workspace.discard(token)
        raise
    state.open_changed()
    return changed

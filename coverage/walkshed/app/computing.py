"""What the pages compute, prepared on the page and done in a thread: nothing in a work touches a session."""

from __future__ import annotations

import logging
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import streamlit as st

from walkshed.app import running, shelves, state
from walkshed.app.turns import SERVER
from walkshed.assess.groups import groups_of
from walkshed.errors import WalkshedError
from walkshed.study.datum import check_datums
from walkshed.study.readings import read_at_hour, read_for_group
from walkshed.study.variants import assessment_digest, input_digest, vary_study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.app.running import Obtained
    from walkshed.app.shelves import Shelves
    from walkshed.inputs.datum_check import DatumFinding
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyInputs, Survey

logger = logging.getLogger(__name__)
_findings: WeakKeyDictionary[StudyInputs, list[DatumFinding]] = WeakKeyDictionary()


def coverage(config: StudyConfig, *, hour: int = -1, group: str = "") -> Obtained[Survey]:
    """Return who is served today at the session's choices; progress and a stop button are drawn where it takes long.

    Parameters
    ----------
    config
        The study as its file says.
    hour
        Hour of the week to read it at, -1 for any.
    group
        Group of residents to read it for, ``""`` for everybody.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.study.survey_study`; for a private study that still lacks layers, which ones.
    """
    kept = shelves.of_session(config, private=state.is_own(config))
    variant = state.settled(config)
    wanted = f"{input_digest(config)}/{assessment_digest(variant)}/{hour}/{group}"
    work = partial(_read, kept, config, variant, hour, group)
    given = running.obtain("coverage", wanted=wanted, work=work, belongs=st.session_state.study)
    if given.fresh:
        warm(kept, config, variant)
    return given


def _read(
    kept: Shelves, config: StudyConfig, variant: StudyConfig, hour: int, group: str, progress: Progress
) -> Survey:
    """Return a survey read at an hour and for a group."""
    survey = kept.survey(config, variant, progress=progress)
    if hour >= 0 and survey.norms.hourly is not None:
        every = survey
        survey = kept.reading(
            config, variant, f"{hour}", lambda: read_at_hour(every, hour, progress=progress), progress=progress
        )
    if group in groups_of(survey.demand):
        whole = survey
        survey = kept.reading(
            config, variant, f"{hour}/{group}", lambda: read_for_group(whole, group), progress=progress
        )
    return survey


def datums(config: StudyConfig, inputs: StudyInputs) -> Obtained[list[DatumFinding]]:
    """Return whether the tables fit the streets and buildings better under another datum; drawn as :func:`coverage`.

    Parameters
    ----------
    config
        The study.
    inputs
        Its inputs; looked at once for all who share them.
    """
    work = partial(_find_datums, config, inputs)
    return running.obtain("datums", wanted=input_digest(config), work=work, belongs=config.study.id)


def _find_datums(config: StudyConfig, inputs: StudyInputs, progress: Progress) -> list[DatumFinding]:
    if inputs not in _findings:
        with SERVER.taken(progress):
            progress("datums", 0, 1)
            if inputs not in _findings:  # not found meanwhile for another session
                _findings[inputs] = check_datums(config, inputs)
    return _findings[inputs]


def warm(kept: Shelves, config: StudyConfig, variant: StudyConfig) -> None:
    """Compute a study's other minutes and walkers while the reader looks at the first, once for each study.

    Parameters
    ----------
    kept
        Where the study's surveys are kept.
    config
        The study as its file says.
    variant
        What is on the page; its walker comes first.
    """
    if kept.begin_ahead(config):
        Thread(target=compute_ahead, args=(ref(kept), config, variant), name="walkshed-ahead", daemon=True).start()


def compute_ahead(where: ref[Shelves], config: StudyConfig, variant: StudyConfig) -> None:
    """Compute one survey after the other until all are there, or nobody has the shelves any more.

    Parameters
    ----------
    where
        The shelves; a session's own go with it.
    config, variant
        As for :func:`warm`.
    """
    try:
        for other in _others(variant):
            kept = where()
            if kept is None:
                return
            kept.survey(config, other, ahead=True)
            del kept  # not to be the last who has them
    except (WalkshedError, RuntimeError):  # a page that asks for it says why; or the server is being shut down
        logger.info("a variant could not be computed in advance", exc_info=True)


def _others(variant: StudyConfig) -> Iterator[StudyConfig]:
    walking = variant.walking
    for profile in dict.fromkeys((walking.profile, *walking.compare_profiles)):
        for cutoff in sorted(walking.cutoffs_min, reverse=True):
            yield vary_study(variant, cutoff_min=cutoff, profile=profile)

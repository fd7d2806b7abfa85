"""What the pages compute, prepared on the page and done in a thread: nothing in a work touches a session."""

from __future__ import annotations

import logging
from collections import OrderedDict
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import running, state, studies
from walkshed.app.texts import say, term
from walkshed.assess.groups import groups_of
from walkshed.errors import InputError, WalkshedError
from walkshed.progress import silent
from walkshed.study import load_study, survey_study
from walkshed.study.readings import read_at_hour, read_for_group
from walkshed.study.variants import assessment_digest, input_digest, vary_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from walkshed.app.running import Obtained
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyInputs, Survey

    Make = Callable[[Progress], Survey]

MAX_KEPT: Final = 24
"""Surveys of a private study that a session keeps."""
logger = logging.getLogger(__name__)
_warmed: set[str] = set()
_guard = Lock()


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
    shelf = _Shelf(config)
    variant = state.settled(config)
    wanted = f"{shelf.read}/{assessment_digest(variant)}/{hour}/{group}"
    work = partial(_read, shelf, variant, hour, group)
    given = running.obtain("coverage", wanted=wanted, work=work, belongs=st.session_state.study)
    if given.fresh:
        warm(shelf, variant)
    return given


class _Shelf:
    """Where the surveys of one study are kept: everybody's, or this session's alone; made on the page."""

    def __init__(self, config: StudyConfig) -> None:
        self.config, self.read, self.own = config, input_digest(config), state.is_own(config)
        if not self.own:
            self.public = studies.shelves()
            return
        missing = studies.missing_layers(config)
        if missing:
            named = say("list_comma").join(term("layer", layer) for layer in missing)
            raise InputError("study_incomplete", layers=named)
        session = st.session_state
        self.results: OrderedDict[str, Survey] = session.setdefault("private_results", OrderedDict())
        self.inputs: OrderedDict[str, StudyInputs] = session.setdefault("private_inputs", OrderedDict())
        self.lock: Lock = session.setdefault("private_lock", Lock())

    def fetch(self, key: str, make: Callable[[], Survey]) -> Survey:
        """Return what is kept under a key, made where nothing is."""
        key = f"{self.read}/{key}"
        if not self.own:
            found: Survey = self.public["results"].fetch(key, make)
            return found
        with self.lock:
            if key not in self.results:
                self.results[key] = make()
                while len(self.results) > MAX_KEPT:
                    self.results.popitem(last=False)
            return self.results[key]

    def load(self, progress: Progress) -> StudyInputs:
        """Return the inputs, read once."""
        if not self.own:
            return studies.public_inputs(self.config, progress=progress)
        if self.read not in self.inputs:
            self.inputs[self.read] = load_study(self.config, progress=progress)
            while len(self.inputs) > state.MAX_PRIVATE_INPUTS:
                self.inputs.popitem(last=False)
        return self.inputs[self.read]


def _survey(shelf: _Shelf, variant: StudyConfig, progress: Progress) -> Survey:
    def make() -> Survey:
        return survey_study(variant, inputs=shelf.load(progress), progress=progress)

    return shelf.fetch(assessment_digest(variant), make)


def _read(shelf: _Shelf, variant: StudyConfig, hour: int, group: str, progress: Progress) -> Survey:
    """Return a survey read at an hour and for a group."""
    survey = _survey(shelf, variant, progress)
    key = assessment_digest(variant)
    if hour >= 0 and survey.norms.hourly is not None:
        every = survey
        survey = shelf.fetch(f"{key}/{hour}", lambda: read_at_hour(every, hour, progress=progress))
    if group in groups_of(survey.demand):
        whole = survey
        survey = shelf.fetch(f"{key}/{hour}/{group}", lambda: read_for_group(whole, group))
    return survey


def warm(shelf: _Shelf, variant: StudyConfig) -> None:
    """Compute a study's other minutes and walkers while the reader looks at the first, once for each study.

    Parameters
    ----------
    shelf
        Of the study.
    variant
        What is on the page; its walker comes first.
    """
    with _guard:
        if shelf.read in _warmed:
            return
        _warmed.add(shelf.read)
    Thread(target=_warm, args=(shelf, variant), name="walkshed-warm", daemon=True).start()


def _warm(shelf: _Shelf, variant: StudyConfig) -> None:
    try:
        for other in _others(variant):
            _survey(shelf, other, silent)
    except (WalkshedError, RuntimeError):  # a page that asks for it says why; or the server is being shut down
        logger.info("a variant could not be computed in advance", exc_info=True)


def _others(variant: StudyConfig) -> Iterator[StudyConfig]:
    walking = variant.walking
    for profile in dict.fromkeys((walking.profile, *walking.compare_profiles)):
        for cutoff in sorted(walking.cutoffs_min, reverse=True):
            yield vary_study(variant, cutoff_min=cutoff, profile=profile)

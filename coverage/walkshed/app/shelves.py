"""Inputs and results, computed once: everybody's for the studies on offer, a session's own for its private study."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

import streamlit as st

from walkshed.app import file_names, studies
from walkshed.app.texts import say, term
from walkshed.app.turns import JOINED, LOOK_S, SERVER
from walkshed.errors import InputError, WalkshedError
from walkshed.progress import silent
from walkshed.study import load_study, run_study, survey_study
from walkshed.study.variants import assessment_digest, input_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyInputs, StudyResult, Survey

MAX_INPUTS, MAX_RESULTS, MAX_PICTURES = 4, 64, 12
MAX_PRIVATE_INPUTS, MAX_PRIVATE_RESULTS = 2, 24
Picture = TypeVar("Picture")

OWN_KEY: Final = "own_shelves"


@dataclass
class Shelf:
    """What was computed; the oldest entries make room."""

    size: int
    entries: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    locks: dict[str, Lock] = field(default_factory=dict)
    guard: Lock = field(default_factory=Lock)

    def fetch(self, key: str, make: Callable[[], Any], *, progress: Progress = silent) -> Any:  # noqa: ANN401 - the shelf holds inputs or results
        """Return what stands under ``key``, made by one thread while the others wait; an error is not kept.

        Parameters
        ----------
        key
            Tells one thing from another.
        make
            Makes it.
        progress
            Told four times a second while another thread makes it; what it raises ends the waiting.
        """
        with self.guard:
            lock = self.locks.setdefault(key, Lock())
        while not lock.acquire(timeout=LOOK_S):
            progress(JOINED, 0, 0)
        try:
            made = self.entries[key] if key in self.entries else make()
            self.keep(key, made)
        finally:
            lock.release()
        return made

    def keep(self, key: str, made: Any) -> None:  # noqa: ANN401 - as above
        """Put something under ``key``; the oldest entries make room."""
        with self.guard:
            self.entries[key] = made
            self.entries.move_to_end(key)
            while len(self.entries) > self.size:
                gone, _ = self.entries.popitem(last=False)
                self.locks.pop(gone, None)  # whoever waits for it computes it once more at worst

    def look(self, key: str) -> Any:  # noqa: ANN401 - as above
        """Return what stands under ``key``, ``None`` where nothing does."""
        with self.guard:
            return self.entries.get(key)


@dataclass
class Shelves:
    """The shelves of everybody, or of one session.

    Attributes
    ----------
    inputs, results, pictures
        What is kept; pictures are previews of exports.
    private
        A message tells no folder of this machine.
    """

    inputs: Shelf = field(default_factory=lambda: Shelf(MAX_INPUTS))
    results: Shelf = field(default_factory=lambda: Shelf(MAX_RESULTS))
    pictures: Shelf = field(default_factory=lambda: Shelf(MAX_PICTURES))
    private: bool = False
    _ahead: set[str] = field(default_factory=set)

    def begin_ahead(self, config: StudyConfig) -> bool:
        """Say, once for each study and its files, that what may be asked next can be computed ahead."""
        read = input_digest(config)
        with self.inputs.guard:
            first = read not in self._ahead
            self._ahead.add(read)
        return first

    def load(self, config: StudyConfig, *, progress: Progress = silent, ahead: bool = False) -> StudyInputs:
        """Return the inputs of a study, read once as long as its settings and files stay.

        Parameters
        ----------
        config
            The study as its file says.
        progress
            Called while they are read, and while others come first.
        ahead
            Nobody has asked for them yet.

        Raises
        ------
        WalkshedError
            As :func:`walkshed.study.load_study`; of a private study without its folder.
        """

        def make() -> StudyInputs:
            with SERVER.taken(progress, ahead=ahead):
                try:
                    return load_study(config, progress=progress)
                except WalkshedError as error:
                    if not self.private:
                        raise
                    raise file_names.without_folder(error, config.folder) from error

        inputs: StudyInputs = self.inputs.fetch(input_digest(config), make, progress=progress)
        return inputs

    def survey(
        self, config: StudyConfig, variant: StudyConfig, *, progress: Progress = silent, ahead: bool = False
    ) -> Survey:
        """Return who is served today under a variant of a study.

        Parameters
        ----------
        config
            The study as its file says; names the inputs.
        variant
            What to compute.
        progress
            Called while something is computed, and while others come first.
        ahead
            Nobody has asked for it yet.

        Raises
        ------
        WalkshedError
            As :meth:`load` and :func:`walkshed.study.survey_study`.
        """

        def make() -> Survey:
            inputs = self.load(config, progress=progress, ahead=ahead)
            with SERVER.taken(progress, ahead=ahead):
                return survey_study(variant, inputs=inputs, progress=progress)

        survey: Survey = self.results.fetch(_alike(config, variant), make, progress=progress)
        return survey

    def reading(
        self, config: StudyConfig, variant: StudyConfig, how: str, make: Callable[[], Survey], *, progress: Progress
    ) -> Survey:
        """Return a survey read another way: of an hour, for a group.

        Parameters
        ----------
        config, variant
            As in :meth:`survey`.
        how
            Tells one reading from another.
        make
            Computes it.
        progress
            Called while others come first.
        """

        def in_turn() -> Survey:
            with SERVER.taken(progress):
                return make()

        survey: Survey = self.results.fetch(f"{_alike(config, variant)}/{how}", in_turn, progress=progress)
        return survey

    def result(self, config: StudyConfig, variant: StudyConfig, *, progress: Progress = silent) -> StudyResult:
        """Return the result of a variant of a study, with its plan.

        Parameters
        ----------
        config, variant, progress
            As in :meth:`survey`.

        Raises
        ------
        WalkshedError
            As :meth:`load` and :func:`walkshed.study.run_study`.
        """
        alike = _alike(config, variant)

        def make() -> StudyResult:
            inputs, known = self.load(config, progress=progress), self.results.look(alike)
            with SERVER.taken(progress):
                return run_study(variant, inputs=inputs, known=known, progress=progress)

        # Told apart from the survey's key also where the study asks for nothing of siting.
        key = f"{input_digest(config)}/{variant.digest()}/plan"
        result: StudyResult = self.results.fetch(key, make, progress=progress)
        self.results.keep(alike, result)  # another number of rooms changes nothing about who is served today
        return result

    def picture(self, result: StudyResult, key: str, make: Callable[[], Picture], progress: Progress) -> Picture:
        """Return what an export of a result will look like.

        Parameters
        ----------
        result
            Of these shelves.
        key
            Tells one picture from another.
        make
            Draws it.
        progress
            Called while others come first.
        """

        def in_turn() -> tuple[StudyResult, Picture]:
            with SERVER.taken(progress):
                progress("preview", 0, 1)
                return result, make()  # as long as the result is kept, no other has its id

        entry: tuple[StudyResult, Picture] = self.pictures.fetch(f"{id(result)}/{key}", in_turn, progress=progress)
        return entry[1]


def _alike(config: StudyConfig, variant: StudyConfig) -> str:
    """Return what variants have in common that serve the same people today."""
    return f"{input_digest(config)}/{assessment_digest(variant)}"


@st.cache_resource(show_spinner=False)
def public() -> Shelves:
    """Return the shelves that all sessions of this server share."""
    return Shelves()


def of_session(config: StudyConfig, *, private: bool) -> Shelves:
    """Return the shelves of a study: everybody's, or for a private study this session's; called on a page.

    Raises
    ------
    InputError
        If a private study still lacks layers: which ones.
    """
    if not private:
        return public()
    missing = studies.missing_layers(config)
    if missing:
        raise InputError("study_incomplete", layers=say("list_comma").join(term("layer", layer) for layer in missing))
    own: Shelves | None = st.session_state.get(OWN_KEY)
    if own is None:
        own = Shelves(Shelf(MAX_PRIVATE_INPUTS), Shelf(MAX_PRIVATE_RESULTS), private=True)
        st.session_state[OWN_KEY] = own
    return own

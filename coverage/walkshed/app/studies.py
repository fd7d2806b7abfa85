"""The studies on offer, computed once for every session that asks for the same public input."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from walkshed.parameters import StudyConfig
from walkshed.progress import silent
from walkshed.scaffold import FACILITIES_HEADER
from walkshed.study import load_study, run_study
from walkshed.study.variants import INSIDE_PACKAGE, assessment_digest, input_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.progress import Progress
    from walkshed.results import StudyInputs, StudyResult

FOLDER_VARIABLE: Final = "WALKSHED_STUDIES"
FIRST: Final = "helsinki"
MAX_INPUTS, MAX_RESULTS = 4, 64


@dataclass
class Shelf:
    """What was computed from public inputs, shared by all sessions; the oldest entries make room."""

    size: int
    entries: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    locks: dict[str, Lock] = field(default_factory=dict)
    guard: Lock = field(default_factory=Lock)

    def fetch(self, key: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - the shelf holds inputs or results
        """Return what stands under ``key``, made by one session while the others wait; an error is not kept."""
        with self.guard:
            lock = self.locks.setdefault(key, Lock())
        with lock:
            made = self.entries[key] if key in self.entries else make()
            self.keep(key, made)
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


@st.cache_resource(show_spinner=False)
def shelves() -> dict[str, Shelf]:
    """Return the shelves of this server."""
    return {"inputs": Shelf(MAX_INPUTS), "results": Shelf(MAX_RESULTS)}


def study_folders() -> dict[str, Path]:
    """Return the studies on offer: name of the folder -> folder.

    First those named on the command line (``streamlit run app.py -- my-study/``), then those below the folder that
    ``WALKSHED_STUDIES`` names, then the embedded ones of the checkout or of the installed package.
    """
    found: dict[str, Path] = {}
    for argument in sys.argv[1:]:
        folder = Path(argument)
        if (folder / "study.toml").is_file():
            found.setdefault(folder.resolve().name, folder.resolve())
    package = Path(__file__).resolve().parents[1]
    named = os.environ.get(FOLDER_VARIABLE)
    roots = [Path(named)] if named else []
    for root in (*roots, package.parents[1] / "data", package / "data"):
        for file in sorted(root.glob("*/study.toml"), key=lambda file: (file.parent.name != FIRST, file.parent.name)):
            found.setdefault(file.parent.name, file.parent)
    return found


def read_config(folder: Path) -> StudyConfig:
    """Return the configuration of a study.

    Raises
    ------
    WalkshedError
        If study.toml cannot be used.
    """
    facts = (folder / "study.toml").stat()
    return _as_written(folder, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=64)
def _as_written(folder: Path, changed_ns: int, size: int) -> StudyConfig:
    """Return the configuration of a file as it is now; every run of a page asks for those of all studies."""
    del changed_ns, size  # another file then
    return StudyConfig.from_toml(folder)


def missing_layers(config: StudyConfig) -> tuple[str, ...]:
    """Return the layers without which a study cannot be computed and whose files are absent or empty.

    Returns
    -------
    tuple of str
        Of ``"boundary"``, ``"network"``, ``"facilities"``, ``"demand"``.
    """
    sections = {"boundary": "file", "network": "", "facilities": "file", "demand": "file"}
    return tuple(layer for layer, only in sections.items() if _is_missing(config, layer, only))


def _is_missing(config: StudyConfig, layer: str, only: str) -> bool:
    section = getattr(config, "residents" if layer == "demand" else layer)
    named = section.raster if layer == "demand" and section.source == "raster" else section.path
    if layer == "demand" and section.source == "raster":
        return not config.resolve(named).is_file()
    if (only and section.source != only) or section.source == "download" or named.startswith(INSIDE_PACKAGE):
        return False
    file = config.resolve(named)
    return not file.is_file() or (layer == "facilities" and _is_header_only(file))


def _is_header_only(file: Path) -> bool:
    """Say whether a file is the empty table that a new study starts with."""
    return (
        file.stat().st_size <= len(FACILITIES_HEADER) + 3
        and file.read_bytes().decode("utf-8-sig", "replace").split() == FACILITIES_HEADER.split()
    )


def public_inputs(config: StudyConfig, *, progress: Progress = silent) -> StudyInputs:
    """Return the inputs of a study, read once per digest of settings and files.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.study.load_study`.
    """
    shelf: Shelf = shelves()["inputs"]
    inputs: StudyInputs = shelf.fetch(input_digest(config), lambda: load_study(config, progress=progress))
    return inputs


def public_result(config: StudyConfig, variant: StudyConfig, *, progress: Progress = silent) -> StudyResult:
    """Return the result of a variant of a study on its own inputs, computed once for all sessions.

    Parameters
    ----------
    config
        The study as its file says; names the inputs.
    variant
        What to compute.
    progress
        Called while something is computed.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.study.run_study`.
    """
    read = input_digest(config)
    alike = f"{read}/{assessment_digest(variant)}"
    shelf: Shelf = shelves()["results"]

    def make() -> StudyResult:
        inputs, known = public_inputs(config, progress=progress), shelf.look(alike)
        return run_study(variant, inputs=inputs, known=known, progress=progress)

    result: StudyResult = shelf.fetch(f"{read}/{variant.digest()}", make)
    shelf.keep(alike, result)  # another number of rooms changes nothing about who is served today
    return result

"""The studies on offer, and what they lack."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

from walkshed.parameters import StudyConfig
from walkshed.scaffold import FACILITIES_HEADER
from walkshed.study.variants import INSIDE_PACKAGE

FOLDER_VARIABLE: Final = "WALKSHED_STUDIES"
FIRST: Final = "helsinki"


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

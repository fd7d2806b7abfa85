"""A new study's folder to start from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from walkshed.errors import InputError
from walkshed.files import unwritable, write_whole
from walkshed.parameters import About, FacilitySource, NetworkSource, StudyConfig

if TYPE_CHECKING:
    from pathlib import Path

FACILITIES_HEADER = "facility_id,name,longitude,latitude,status,opening_hours,capacity\n"


def init_study(folder: Path, *, language: str = "zh") -> tuple[Path, Path]:
    """Write a commented ``study.toml`` and an empty table of facilities.

    Parameters
    ----------
    folder
        Made when absent.
    language
        Language of the comments, ``"zh"`` or ``"en"``.

    Returns
    -------
    tuple of Path
        ``study.toml`` and ``facilities.csv``.

    Raises
    ------
    InputError
        If the folder holds either file already, or cannot be written to.
    """
    config = replace(
        StudyConfig(),
        study=About(id=folder.resolve().name or "study"),
        network=NetworkSource(path="streets.osm.pbf"),
        facilities=FacilitySource(path="facilities.csv"),
    )
    study, table = folder / "study.toml", folder / "facilities.csv"
    for file in (study, table):
        if file.exists():
            raise InputError("study_exists", where=str(file))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(study, config.to_toml(comments=language))
        # The byte-order mark lets Excel open Chinese names as they are.
        write_whole(table, FACILITIES_HEADER.encode("utf-8-sig"))
    except OSError as error:
        raise unwritable(folder, error) from error
    return study, table

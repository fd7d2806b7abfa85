"""Names of files in a private study: safe on this machine, free, and without the folder they lie in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from walkshed.app.study_files import (
    STUDY,
    path_fields,
)

if TYPE_CHECKING:
    from walkshed.errors import WalkshedError
    from walkshed.parameters import StudyConfig

DRAFT: Final = "study.draft.toml"
UNSAFE_IN_NAME: Final = re.compile(r"[^\w.\-()]+")
MAX_NAME, MAX_NAME_BYTES = 80, 180


def free_name(config: StudyConfig, wanted: str) -> str:
    """Return a file name close to ``wanted`` that the study does not use now."""
    name = file_name(wanted)
    used = {value for _, _, value in path_fields(config)} | {STUDY, DRAFT}
    ending = next((end for end in (".osm.pbf", ".osm.gz", ".osm.bz2") if name.endswith(end)), Path(name).suffix)
    stem, number = name.removesuffix(ending), 1
    while name in used:
        number += 1
        name = f"{stem}-{number}{ending}"
    return name


def file_name(name: str) -> str:
    """Return a name a file may safely have on this machine, close to the one given.

    Examples
    --------
    >>> file_name("../../阅览室 名单.csv"), file_name("<b>.xlsx"), file_name("town.OSM.PBF")
    ('阅览室_名单.csv', '_b_.xlsx', 'town.osm.pbf')
    """
    base = UNSAFE_IN_NAME.sub("_", Path(name.replace("\\", "/")).name)
    low = base.lower()
    ending = next((end for end in (".osm.pbf", ".osm.gz", ".osm.bz2") if low.endswith(end)), Path(low).suffix)
    stem = base[: len(base) - len(ending)].lstrip(".") if ending else base.lstrip(".")
    while len(stem.encode()) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem[:MAX_NAME] or 'data'}{ending}"


def without_folder(error: WalkshedError, folder: Path) -> WalkshedError:
    """Return an error that does not tell where on this machine the study lies."""
    where = sorted({str(folder), str(folder.resolve())}, key=len, reverse=True)

    def told(value: object) -> object:
        if not isinstance(value, str):
            return value
        for start in where:
            value = value.replace(f"{start}{os.sep}", "").replace(start, "study")
        return value.replace(DRAFT, STUDY)

    fields = {name: told(value) for name, value in error.message.fields.items()}
    return type(error)(error.message.key.removeprefix("errors."), problems=error.problems, **fields)

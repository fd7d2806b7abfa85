"""The list of studies: one row per district, with the study it is computed from."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from walkshed.errors import InputError
from walkshed.inputs.reads import ReasonCount, Sieve
from walkshed.inputs.rows import extra_columns
from walkshed.inputs.synonyms import header_key
from walkshed.inputs.tables import find_columns, read_table
from walkshed.inputs.values import texts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from walkshed.inputs.rawtable import RawTable

LAYER: Final = "studies"
STUDY_FILE: Final = "study.toml"
WORDS: Final = {
    "district_id": (
        "district_id", "区划代码", "行政区划代码", "区县代码", "代码", "编码", "编号", "code", "adcode", "id",
    ),
    "name": ("district", "区县", "区县名称", "县区", "区", "名称", "name", "district_name"),
    "study": (
        "study", "path", "folder", "study_toml", "study.toml", "研究路径", "研究目录", "研究", "路径", "文件夹", "目录",
    ),
}  # fmt: skip
"""Headers by which the columns are known; the earlier word wins."""
FOLDER_CHARACTERS: Final = 60
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class Studies(NamedTuple):
    """A list of studies.

    Attributes
    ----------
    table
        ``district_id``, ``name``, ``study`` (absolute path of the study's file), ``folder`` (name of the folder for its
        results), ``line``, then the list's further columns.
    rejects
        Rows that cannot be used, see :class:`walkshed.inputs.reads.Read`.
    """

    table: pd.DataFrame
    rejects: pd.DataFrame


def read_studies(path: Path | str, *, reserved: Collection[str] = ()) -> Studies:
    """Read a list of studies.

    Parameters
    ----------
    path
        CSV or workbook with a column for the district (an id, a name, or both) and one for the study: a
        ``study.toml`` or the folder that holds one, relative to the list.
    reserved
        Headers that the list's further columns shall not have; they then get ``file_`` in front.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, or no row is left.
    """
    raw = read_table(path, layer=LAYER)
    columns = _columns(raw)
    if "study" not in columns or not {"district_id", "name"} & columns.keys():
        raise InputError("batch_columns", path=raw.path.name, seen=", ".join(map(str, raw.frame.columns)))
    given = {name: texts_of(raw.frame[column]) for name, column in columns.items()}
    ids = given.get("district_id") or given["name"]
    names = given.get("name") or ids
    sieve = Sieve(raw, ids)
    blank = np.array([not key for key in ids])
    sieve.refuse(blank, "district_blank", [f"line={line}" for line in raw.lines.tolist()])
    homeless = np.array([not study for study in given["study"]])
    sieve.refuse(homeless, "study_blank", names)
    files = [_study_file(raw.path, study) for study in given["study"]]
    sieve.refuse_duplicates()
    _refuse_same_study(sieve, files)
    kept = sieve.kept
    if not kept.any():
        raise _nothing_left(sieve)
    table = pd.DataFrame(
        {
            "district_id": ids,
            "name": [name or key for name, key in zip(names, ids, strict=True)],
            "study": [str(file) for file in files],
            "folder": "",
            "line": raw.lines,
        }
    )
    extras = extra_columns(raw, columns, {*table.columns, *reserved})
    table = pd.concat([table, pd.DataFrame(extras)], axis=1)[kept].reset_index(drop=True)
    return Studies(table.assign(folder=folder_names(table["district_id"])), sieve.rejects())


def folder_names(districts: Iterable[str]) -> list[str]:
    """Return a folder's name for every district: its own, where every system takes it, else with a hash behind.

    Examples
    --------
    >>> folder_names(["渝中区", "A/B", "con"])
    ['渝中区', 'A_B-998d3ed8', 'con-1143da2b']
    """
    keys = list(districts)
    folded = [key.casefold() for key in keys]
    found = []
    for key, low in zip(keys, folded, strict=True):
        plain = _UNSAFE.sub("_", key)[:FOLDER_CHARACTERS].strip(" .")
        taken = folded.count(low) > 1 or _DEVICES.fullmatch(plain) or low.startswith(("national.", "rejects."))
        unlike = plain != key or taken
        found.append(f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:8]}" if unlike else plain)
    return found


def _columns(raw: RawTable) -> dict[str, str]:
    seen = [str(column) for column in raw.frame.columns]
    mapping: dict[str, str] = {}
    for name, words in WORDS.items():
        for word in words:
            alike = [column for column in seen if header_key(column) == header_key(word)]
            if alike and not set(alike) & set(mapping.values()):
                if len(alike) > 1:
                    raise InputError("columns_ambiguous", path=raw.path.name, name=name, columns=", ".join(alike))
                mapping[name] = alike[0]
                break
    return find_columns(raw.frame, mapping, mapping, path=raw.path.name)


def _study_file(listed_in: Path, study: str) -> Path:
    """Return the absolute path of a study's file; a backslash divides folders on every system."""
    path = Path(os.path.abspath(listed_in.parent / study.replace("\\", "/")))  # noqa: PTH100 - links stay as they are
    return path / STUDY_FILE if path.is_dir() else path


def _refuse_same_study(sieve: Sieve, files: list[Path]) -> None:
    """Refuse districts whose study an earlier row has: its residents would count twice."""
    first: dict[Path, int] = {}
    twice, details = np.zeros(len(files), bool), [""] * len(files)
    for row in np.flatnonzero(sieve.kept).tolist():
        earlier = first.setdefault(files[row], row)
        if earlier != row:
            twice[row] = True
            details[row] = f"first_line={sieve.raw.lines[earlier]}"
    sieve.refuse(twice, "duplicate_study", details)


def _nothing_left(sieve: Sieve) -> InputError:
    problems = []
    for reason in dict.fromkeys(sieve.reasons.tolist()):
        rows = np.flatnonzero(sieve.reasons == reason)
        fields = {"count": len(rows), "line": int(sieve.raw.lines[rows[0]]), "detail": sieve.details[rows[0]]}
        problems.append(ReasonCount(f"rejects.{reason}", fields))
    return InputError("nothing_left", problems=problems, path=sieve.raw.path.name, count=len(sieve.reasons))

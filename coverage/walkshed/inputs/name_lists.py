"""Lists of the names that a document mentions, held against the facilities of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from walkshed.errors import InputError, Message
from walkshed.inputs.aliases import STANDARD_NAMES, match_names
from walkshed.inputs.reads import Sieve
from walkshed.inputs.rows import read_texts
from walkshed.inputs.tables import find_columns, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from walkshed.norms import NameRules

VERDICTS: Final = ("found", "confirm", "missing", "unlisted")
"""What is said of a name; keys of the catalogue: ``report.verdict_<verdict>``."""
COLUMNS: Final = ("line", "given", "verdict", "how", "score", "facility_id", "name", "status")
SHOWN: Final = 5
"""So many names stand in a note at most."""


class NameList(NamedTuple):
    """Names that were read.

    Attributes
    ----------
    table
        ``line`` (of the file, 1-based) and ``name``, in the order of the file.
    rejects
        See :class:`walkshed.inputs.reads.Read`.
    """

    table: pd.DataFrame
    rejects: pd.DataFrame


def read_names(path: Path | str, *, columns: Mapping[str, str] | None = None) -> NameList:
    """Read the names of facilities that a document mentions.

    Parameters
    ----------
    path
        A table, see :func:`walkshed.inputs.tables.read_table`, with a column of names.
    columns
        ``{"name": "the file's column"}``, where its synonyms do not find it.

    Returns
    -------
    NameList
        Rows without a name are refused (``no_name``); a name that stands twice stays twice.

    Raises
    ------
    InputError
        If the file cannot be read, has no column of names, or no row is left.
    """
    raw = read_table(path, layer="names")
    found = find_columns(raw.frame, ("name",), columns, layer=raw.layer, path=raw.path.name)
    if "name" not in found:
        raise InputError("names_column", path=raw.path.name, seen=", ".join(map(str, raw.frame.columns)))
    names = np.array(read_texts(raw, found, "name"), object)
    sieve = Sieve(raw, [f"row-{line}" for line in raw.lines.tolist()])
    sieve.refuse(names == "", "no_name", [f"{found['name']}="] * len(names))
    kept = sieve.kept
    if not kept.any():
        raise InputError("names_none", path=raw.path.name, count=len(names))
    table = pd.DataFrame({"line": raw.lines[kept], "name": names[kept]})
    return NameList(table, sieve.rejects())


def check_names(names: pd.DataFrame, facilities: pd.DataFrame, *, rules: NameRules = STANDARD_NAMES) -> pd.DataFrame:
    """Say which of the names a study has, under which other name, and which it lacks; nothing is joined.

    Parameters
    ----------
    names
        From :func:`read_names`.
    facilities
        ``facility_id``, ``name`` and ``status``, whatever their status.
    rules
        What does not tell places apart.

    Returns
    -------
    pandas.DataFrame
        ``line`` and ``given`` of the list, ``verdict`` (``"found"``; ``"confirm"``, a row for each facility it may be;
        ``"missing"``), ``how`` and ``score`` (:func:`walkshed.inputs.aliases.match_names`), ``facility_id``, ``name``
        and ``status`` of the facility. Behind the list, as ``"unlisted"`` and with ``line`` ``<NA>``, the facilities
        that no name on it can mean.
    """
    ids = facilities["facility_id"].astype(str).tolist()
    known = dict(zip(ids, facilities["name"].fillna("").astype(str), strict=True))
    status = dict(zip(ids, facilities["status"].astype(str), strict=True))
    found = match_names(names["name"], known, rules=rules)
    verdict = np.where(found["sure"], "found", np.where(found["known_id"] == "", "missing", "confirm"))
    listed = pd.DataFrame(
        {
            "line": names["line"].to_numpy()[found["row"].to_numpy()],
            "given": found["given"],
            "verdict": verdict,
            "how": found["how"],
            "score": found["score"],
            "facility_id": found["known_id"],
        }
    )
    meant = set(found["known_id"])
    rest = [key for key in ids if key not in meant]
    unlisted = pd.DataFrame({"facility_id": rest, "given": "", "verdict": "unlisted", "how": "none", "score": np.nan})
    table = pd.concat([listed, unlisted], ignore_index=True) if rest else listed
    table = table.assign(
        line=table["line"].astype("Int64"),
        name=[known.get(key, "") for key in table["facility_id"]],
        status=[status.get(key, "") for key in table["facility_id"]],
    )
    return table[list(COLUMNS)]


def names_notes(checked: pd.DataFrame) -> Iterator[Message]:
    """Yield what a reader must know about a list of names: what was found, and what to confirm or to look for."""
    listed = checked[checked["verdict"] != "unlisted"]
    count = listed["line"].nunique()
    by = {verdict: listed[listed["verdict"] == verdict].drop_duplicates("line") for verdict in VERDICTS[:3]}
    other = int((by["found"]["how"] != "exact").sum())
    yield Message("notes.names_checked", {"count": count, "found": len(by["found"]), "other": other})
    for verdict in ("confirm", "missing"):
        if len(by[verdict]):
            fields = {"count": len(by[verdict]), "names": _first(by[verdict]["given"])}
            yield Message(f"notes.names_{verdict}", fields)
    unlisted = checked[checked["verdict"] == "unlisted"]
    if len(unlisted):
        yield Message("notes.names_unlisted", {"count": len(unlisted), "names": _first(unlisted["name"])})


def _first(names: pd.Series[str]) -> str:
    told = [str(name) for name in names[:SHOWN]]
    return "、".join(told) + (" …" if len(names) > SHOWN else "")

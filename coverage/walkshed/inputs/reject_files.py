"""Refused rows for those who can mend them: the rows as they were, with the reason beside them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from walkshed.catalogue import has, text
from walkshed.errors import InputError
from walkshed.files import write_whole
from walkshed.inputs.reads import REJECT_COLUMNS
from walkshed.inputs.values import text_of

if TYPE_CHECKING:
    from pathlib import Path

HEADERS: Final = ("reason", "detail", "layer", "file", "line", "row_id")
"""What stands before the user's own columns, in this order."""

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d*)?%?")
_CODE = re.compile(r"\d{12,}|0\d+")


def rejects_with_rows(rejects: pd.DataFrame, *, language: str = "zh") -> pd.DataFrame:
    """Return refused rows with all their own columns.

    Parameters
    ----------
    rejects
        Of one or several reads, see :class:`walkshed.inputs.reads.Read`.
    language
        Of the reasons and of our headers: ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        Texts only, in the order of ``rejects``: reason, detail, layer, file, line and id, then the columns of the
        files in their order, those of several files side by side, empty where a row's file has no such column. A
        column of the user's that is called like one of ours keeps its name and gets ``.2`` behind it.
    """
    missing = [name for name in REJECT_COLUMNS if name not in rejects.columns and name != "row"]
    if missing:
        raise InputError("step_missing", table="rejects", missing=", ".join(missing), step="join_rejects()")
    known = {
        "reason": [text(f"rejects.{reason}", language) for reason in rejects["reason"]],
        **{name: [text_of(value) for value in rejects[name].tolist()] for name in HEADERS[1:]},
        "layer": [_layer_name(layer, language) for layer in rejects["layer"]],
    }
    ours = {text(f"columns.reject_{name}", language): known[name] for name in HEADERS}
    cells = rejects["row"].tolist() if "row" in rejects.columns else [""] * len(rejects)
    rows = [json.loads(cell) if isinstance(cell, str) and cell else {} for cell in cells]
    names = list(dict.fromkeys(name for row in rows for name in row))
    own = {f"{name}.2" if name in ours else name: [row.get(name, "") for row in rows] for name in names}
    return pd.DataFrame(ours | own, dtype=str, index=rejects.index)


def write_rejects(rejects: pd.DataFrame, path: Path, *, language: str = "zh") -> Path:
    """Write refused rows as a CSV file in which they can be mended and from which they can be read again.

    UTF-8 with a byte order mark, so that Excel opens it with its Chinese. A cell that a spreadsheet would run as a
    formula gets an apostrophe in front; long digits and digits that begin with 0 get a tab, which every reader of ours
    takes off again, so that Excel keeps a code of 12 digits as it is.

    Parameters
    ----------
    rejects
        See :func:`rejects_with_rows`. The rows of one file at a time keep their columns; those of several stand side by
        side.
    path
        File to write; one that exists is replaced as a whole.
    language
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pathlib.Path
        ``path``.
    """
    table = rejects_with_rows(rejects, language=language)
    # Not map(): it would leave a table without rows with columns of another type.
    safe = pd.DataFrame({safe_cell(name): [safe_cell(cell) for cell in table[name]] for name in table.columns})
    write_whole(path, safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))
    return path


def safe_cell(cell: str) -> str:
    r"""Return a cell that a spreadsheet shows as it is.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-5"), safe_cell("500106017003")
    ("'=1+1", '-5', '\t500106017003')
    """
    if _CODE.fullmatch(cell):
        return f"\t{cell}"
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _layer_name(layer: str, language: str) -> str:
    key = f"report.layer_{layer}"
    return text(key, language) if has(key) else layer

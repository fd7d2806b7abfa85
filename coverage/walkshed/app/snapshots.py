"""Frozen results from files of a user's own, compared as ``walkshed compare`` does."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from walkshed.app.file_names import file_name, without_folder
from walkshed.assess.change import WHOLE
from walkshed.errors import InputError, WalkshedError
from walkshed.files import scratch
from walkshed.inputs.archives import check_zip
from walkshed.reporting.comparison import CLASSES, comparison_lines, write_comparison
from walkshed.reporting.snapshot import compare_snapshots, freeze_result, load_snapshot

if TYPE_CHECKING:
    import pandas as pd

    from walkshed.reporting.snapshot import Snapshot
    from walkshed.results import StudyResult

SUFFIX = ".zip"


class SnapshotChange(NamedTuple):
    """What changed between two snapshots.

    Attributes
    ----------
    lines
        As ``walkshed compare`` prints them.
    people
        Residents by unit, see :func:`walkshed.assess.change.change_by_unit`, with ``unit_name``.
    book
        The workbook that ``walkshed compare --xlsx`` writes.
    """

    lines: list[str]
    people: pd.DataFrame
    book: bytes


def frozen(result: StudyResult) -> bytes:
    """Return a result as a snapshot file."""
    with scratch("freeze") as place:
        path = place / f"snapshot{SUFFIX}"
        freeze_result(result, path)
        return path.read_bytes()


def read_snapshot(content: bytes, name: str) -> Snapshot:
    """Return the snapshot of a file of anybody's.

    Raises
    ------
    InputError
        If it is none; no path of this machine is told.
    """
    with scratch("compare") as place:
        path = place / file_name(name)
        path.write_bytes(content)
        try:
            check_zip(path)
            return load_snapshot(path)
        except WalkshedError as error:
            raise without_folder(error, place) from None
        except (zlib.error, RuntimeError, EOFError) as error:  # damaged, encrypted, packed in another way
            raise InputError("snapshot_unreadable", where=path.name, why=type(error).__name__) from error


def compare_files(before: Snapshot, after: Snapshot, language: str) -> SnapshotChange:
    """Tell what changed.

    Raises
    ------
    InputError
        If one of them holds other tables than a snapshot does.
    """
    try:
        with scratch("compare") as place:
            path = place / "comparison.xlsx"
            write_comparison(before, after, path, language=language)
            book = path.read_bytes()
        people, _ = compare_snapshots(before, after)
        rates = (*before.summary["rates"], *after.summary["rates"])
        names = {str(row["unit_id"]): str(row["unit_name"]) for row in rates}
        lines = comparison_lines(before, after, language)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, WalkshedError):
            raise
        raise InputError("snapshot_unreadable", where=SUFFIX, why=type(error).__name__) from error
    named = [names.get(str(key), str(key)) for key in people["unit_id"]]
    shown = people[["unit_id", *CLASSES]].assign(unit_name=named)
    shown.loc[shown["unit_id"] == WHOLE, "unit_name"] = ""
    return SnapshotChange(lines=lines, people=shown, book=book)

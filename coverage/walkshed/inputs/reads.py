"""What a reader returns: a valid table and the rows that were refused, each with its place and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd  # noqa: TC002 - Read is a NamedTuple; its field types are looked up at run time
import numpy as np
import pandas as pd

from walkshed.catalogue import text as catalogue_text
from walkshed.contracts import check_table
from walkshed.errors import CrsError, InputError, Message, shown
from walkshed.inputs.rawtable import raw_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from walkshed.contracts import TableContract
    from walkshed.inputs.rawtable import RawTable

    BoolArray = NDArray[np.bool_]

REJECT_COLUMNS = ("layer", "file", "line", "row_id", "reason", "detail", "row")


class Read(NamedTuple):
    """A table that was read.

    Attributes
    ----------
    table
        The valid rows in their order, geometry in EPSG:4326.
    rejects
        The refused rows in their order: ``layer``, ``file``, ``line`` (1-based, ``<NA>`` where senseless), ``row_id``,
        ``reason`` (key of the catalogue's section ``rejects``), ``detail`` (the offending values as ``name=value``) and
        ``row`` (the whole row as the file has it, JSON text of column -> cell, see
        :func:`walkshed.inputs.rawtable.raw_row`; ``""`` where the source has no such rows).
    """

    table: gpd.GeoDataFrame
    rejects: pd.DataFrame


def make_rejects(
    layer: str,
    file: str,
    *,
    lines: Sequence[int | None],
    row_ids: Sequence[str],
    reasons: Sequence[str],
    details: Sequence[str],
    rows: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return a table of rejects, one per entry of the equally long sequences; without ``rows`` they are blank."""
    count = len(reasons)
    frame = pd.DataFrame(
        {
            "layer": [layer] * count,
            "file": [file] * count,
            "line": pd.array([pd.NA if line is None else int(line) for line in lines], dtype="Int64"),
            "row_id": list(row_ids),
            "reason": list(reasons),
            "detail": list(details),
            "row": [""] * count if rows is None else list(rows),
        },
        columns=list(REJECT_COLUMNS),
    )
    return frame.astype(dict.fromkeys(("layer", "file", "row_id", "reason", "detail", "row"), "str"))


def empty_rejects() -> pd.DataFrame:
    """Return a table of rejects without rows."""
    return make_rejects("", "", lines=(), row_ids=(), reasons=(), details=())


def join_rejects(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return several tables of rejects as one, in the order given."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else empty_rejects()


@dataclass(frozen=True)
class ReasonCount(Message):
    """How many rows were refused for one reason; ``key`` is ``rejects.<reason>``."""

    def text(self, language: str = "en") -> str:
        """Return count, first line and reason in ``language``."""
        reason = catalogue_text(self.key, language)
        fields = {name: shown(value) for name, value in self.fields.items()}
        return catalogue_text("errors.reason_count", language, reason=reason, **fields)


class Sieve:
    """Collects the first reason for which each row of a raw table is refused.

    Parameters
    ----------
    raw
        The rows; refusals made while the file was read are taken over.
    row_ids
        Id of every row, as in the finished table.
    """

    def __init__(self, raw: RawTable, row_ids: Sequence[str]) -> None:
        self.raw = raw
        self.row_ids = np.array(row_ids, object)
        self.reasons = np.full(len(raw.lines), "", object)
        self.details = np.full(len(raw.lines), "", object)
        self.refuse(raw.broken, "too_many_cells", raw.broken_details)

    @property
    def kept(self) -> BoolArray:
        """Rows not refused so far, (N,) bool."""
        kept: BoolArray = self.reasons == ""
        return kept

    def refuse(self, rows: BoolArray, reason: str, details: Sequence[str] | NDArray[np.object_]) -> None:
        """Refuse ``rows`` for ``reason`` unless they were refused before; ``details`` has an entry for every row."""
        new = np.asarray(rows, bool) & self.kept
        self.reasons[new] = reason
        self.details[new] = np.asarray(details, object)[new]

    def refuse_duplicates(self) -> None:
        """Refuse every row whose id a kept row before it has; call it when all else is checked."""
        first: dict[str, int] = {}
        for row in np.flatnonzero(self.kept):
            earlier = first.setdefault(self.row_ids[row], int(row))
            if earlier != row:
                self.reasons[row] = "duplicate_id"
                self.details[row] = f"first_line={self.raw.lines[earlier]}"

    def rejects(self) -> pd.DataFrame:
        """Return the refused rows."""
        rows = np.flatnonzero(~self.kept)
        return make_rejects(
            self.raw.layer,
            self.raw.path.name,
            lines=self.raw.lines[rows].tolist(),
            row_ids=self.row_ids[rows].tolist(),
            reasons=self.reasons[rows].tolist(),
            details=self.details[rows].tolist(),
            rows=[raw_row(self.raw, row) for row in rows.tolist()],
        )

    def finish(self, table: gpd.GeoDataFrame, contract: TableContract) -> Read:
        """Return the kept rows of ``table``, which has a row for every raw row, and the rejects.

        Raises
        ------
        InputError
            If no row is left; it names the reasons with their counts.
        ContractError
            If the kept rows break ``contract`` all the same.
        """
        self.refuse_duplicates()
        if not self.kept.any():
            raise self._nothing_left()
        valid = table[self.kept].reset_index(drop=True)
        check_table(valid, contract)
        return Read(valid, self.rejects())

    def _nothing_left(self) -> InputError:
        problems = []
        for reason in dict.fromkeys(self.reasons.tolist()):
            rows = np.flatnonzero(self.reasons == reason)
            fields = {"count": len(rows), "line": int(self.raw.lines[rows[0]]), "detail": self.details[rows[0]]}
            problems.append(ReasonCount(f"rejects.{reason}", fields))
        fields = {"path": self.raw.path.name, "count": len(self.reasons)}
        if set(self.reasons) == {"not_degrees"}:
            return CrsError("not_degrees", problems=problems, **fields)
        return InputError("nothing_left", problems=problems, **fields)

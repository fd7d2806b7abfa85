"""A result frozen as one small file: figures, parameters, inputs' hashes, and every resident's minutes."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from walkshed.assess.change import change_by_unit, compare_rates
from walkshed.assess.groups import group_column, groups_of
from walkshed.errors import InputError
from walkshed.files import replacing, zip_into
from walkshed.reporting.summary import summarise

if TYPE_CHECKING:
    from os import PathLike

    from walkshed.results import StudyResult

SUMMARY, STUDY, DEMAND, RATES = "summary.json", "study.toml", "demand.csv", "rates.csv"
STAMP = (1980, 1, 1, 0, 0, 0)
"""Of every file inside, so that equal results give equal snapshots; the date of freezing stands in the summary."""
TEXTS = {"demand_id": str, "unit_id": str, "facility_id": str, "reason": str, "unit_name": str, "basis": str}
MOST_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """A frozen result.

    Attributes
    ----------
    summary
        As :func:`walkshed.reporting.summary.summarise` returns it, and ``frozen`` (date, as given).
    study
        Text of the ``study.toml`` it was computed from.
    demand
        ``demand_id``, ``unit_id``, ``population`` and groups, ``minutes``, ``facility_id``, ``covered``, ``reason``.
    rates
        See :func:`walkshed.assess.rates.coverage_rates`.
    """

    summary: dict[str, Any]
    study: str
    demand: pd.DataFrame
    rates: pd.DataFrame


def freeze_result(result: StudyResult, path: str | PathLike[str], *, date: str = "") -> None:
    """Write a result as a snapshot that later periods can be compared with.

    Parameters
    ----------
    result
        The study's result.
    path
        File ending in ``.zip``; replaced at once or not at all. Equal results and dates give equal files.
    date
        Of freezing, as readers shall see it; the study's ``data_date`` when empty.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    summary = summarise(result)
    summary.pop("run")
    summary["frozen"] = date or result.config.study.data_date
    people = [group_column(group) for group in ("", *groups_of(result.demand))]
    columns = ["demand_id", "unit_id", *people, "minutes", "facility_id", "covered", "reason"]
    files = {
        SUMMARY: json.dumps(summary, ensure_ascii=False, allow_nan=False, indent=2) + "\n",
        STUDY: result.config.to_toml(),
        DEMAND: pd.DataFrame(result.demand)[columns].to_csv(index=False, lineterminator="\n"),
        RATES: result.rates.to_csv(index=False, lineterminator="\n"),
    }
    with replacing(Path(path)) as draft, zip_into(draft, zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), content.encode(), zipfile.ZIP_DEFLATED)


def load_snapshot(path: str | PathLike[str]) -> Snapshot:
    """Read a snapshot.

    Raises
    ------
    InputError
        If the file is missing or is no snapshot.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            texts = {name: _read(archive, name) for name in (SUMMARY, STUDY, DEMAND, RATES)}
            tables = [
                pd.read_csv(io.StringIO(texts[name]), dtype=TEXTS, keep_default_na=False, na_values={"minutes": ""})
                for name in (DEMAND, RATES)
            ]
            numbers = [column for column in ("numerator", "denominator", "rate") if column in tables[1]]
            rates = tables[1].assign(**{name: pd.to_numeric(tables[1][name], errors="coerce") for name in numbers})
            return Snapshot(summary=json.loads(texts[SUMMARY]), study=texts[STUDY], demand=tables[0], rates=rates)
    except FileNotFoundError:
        raise InputError("snapshot_missing", where=str(path)) from None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError("snapshot_unreadable", where=str(path), why=str(error)) from error


def _read(archive: zipfile.ZipFile, name: str) -> str:
    """Return a file of the archive as text; none of ours is so large as what a made-up archive may claim."""
    if archive.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(name)
    return archive.read(name).decode("utf-8")


def compare_snapshots(before: Snapshot, after: Snapshot) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell what changed between two periods.

    Returns
    -------
    tuple of pandas.DataFrame
        Residents by unit (:func:`walkshed.assess.change.change_by_unit`) and rates side by side
        (:func:`walkshed.assess.change.compare_rates`).
    """
    return change_by_unit(before.demand, after.demand), compare_rates(before.rates, after.rates)

"""Many studies: computed on all processors or a cluster, resumed where they were left, told together."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from walkshed.batch.claims import claimed
from walkshed.batch.district import Job
from walkshed.batch.nationmap import write_national_map
from walkshed.batch.pool import has_dask, run_here, run_spread
from walkshed.batch.studies import read_studies
from walkshed.batch.table import national_table, reserved_headers, totals_of, write_table
from walkshed.errors import InputError
from walkshed.files import unwritable
from walkshed.inputs.reject_files import write_rejects
from walkshed.progress import silent
from walkshed.reporting.outputs import OUTPUTS
from walkshed.reporting.wording import shortened

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    import geopandas as gpd

    from walkshed.batch.district import Outcome
    from walkshed.progress import Progress

KEEP: Final = {
    "layers": "result.gpkg", "map": "map.html", "figure": "map.png", "tables": "tables.xlsx", "rejects": "rejects.csv",
    "snapshot": "snapshot.zip",
}  # fmt: skip
"""What can be kept of every district beside its summary."""
CREDIT_CHARACTERS: Final = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchResult:
    """What came of a batch.

    Attributes
    ----------
    districts
        One row per district: :func:`walkshed.batch.table.national_table`.
    rejects
        Rows of the list that could not be used.
    totals
        Sums over the districts that did not fail, and the rates of the sums.
    files
        National table, map, and rejected rows.
    """

    districts: gpd.GeoDataFrame
    rejects: pd.DataFrame
    totals: Mapping[str, float]
    files: tuple[Path, ...]

    @property
    def failed(self) -> pd.DataFrame:
        """The districts that failed: ``district_id``, ``name``, ``error_en``, ``error_zh``."""
        table = self.districts
        return pd.DataFrame(table[table["state"] == "failed"])[["district_id", "name", "error_en", "error_zh"]]


def run_batch(
    studies: Path | str,
    out: Path | str,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    keep: Sequence[str] = (),
    language: str = "zh",
    force: bool = False,
    progress: Progress = silent,
) -> BatchResult:
    """Compute many studies and tell them together.

    A district that fails is told in the table and stops no other. Finished districts whose study, input files and
    version of walkshed are the same are taken over, so that an interrupted batch is resumed by the same call.

    Parameters
    ----------
    studies
        CSV or workbook: :func:`walkshed.batch.studies.read_studies`.
    out
        Folder: one folder per district, ``national.csv``, ``national.xlsx``, ``national.html``, and ``rejects.csv``
        where rows of the list could not be used.
    scheduler
        Address of an existing Dask cluster whose workers see the same files; by default processes on this machine.
    workers
        Processes on this machine; by default one per processor. 0 computes one district after the other in this
        process, without Dask; so does 1 where the extra ``distributed`` is not installed.
    keep
        What to write of every district beside its summary, of :data:`KEEP`.
    language
        ``"zh"`` or ``"en"``.
    force
        Compute finished districts again.
    progress
        Called about twice a second with stage ``"batch"`` and the districts that are done; raise
        :class:`walkshed.errors.CancelledError` from it to stop.

    Raises
    ------
    InputError
        If the list cannot be used, the folder cannot be written to or is in use, or the cluster cannot do the work.
    CancelledError
        If ``progress`` asked to stop; finished districts stay.
    """
    unknown = [name for name in keep if name not in KEEP]
    if unknown:
        raise InputError("batch_keep", names=", ".join(unknown), known=", ".join(KEEP))
    listed = read_studies(studies, reserved=reserved_headers())
    target = Path(os.path.abspath(out))  # noqa: PTH100 - links stay as they are
    wanted = min(os.cpu_count() or 1, len(listed.table)) if workers is None else workers
    if not has_dask() and (scheduler is not None or wanted > 1):
        raise InputError("batch_needs_dask")
    here = scheduler is None and (wanted == 0 or not has_dask())
    with claimed(target) as workshop:
        jobs = [
            Job(
                name=str(row.name_),
                study=str(row.study),
                folder=str(target / str(row.folder)),
                workshop=str(workshop),
                keep=tuple(name for name in OUTPUTS if name in {KEEP[item] for item in keep}),
                language=language,
                force=force,
            )
            for row in listed.table.rename(columns={"name": "name_"}).itertuples()
        ]
        counted = _Count(progress, len(jobs))
        spread = run_here(jobs, progress=counted) if here else run_spread(jobs, scheduler=scheduler, workers=wanted)
        outcomes = _collect(spread, counted)
        progress("batch_tables", 0, 1)
        table = national_table(listed.table, outcomes)
        files = _write(table, listed.rejects, outcomes, target, language)
        progress("batch_tables", 1, 1)
    return BatchResult(districts=table, rejects=listed.rejects, totals=totals_of(table), files=files)


class _Count:
    """Tells how many districts are done, and the same again whenever a stage inside one reports."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.done, self.total, self._progress = 0, total, progress

    def tell(self) -> None:
        self._progress("batch", self.done, self.total)

    def __call__(self, stage: str, done: int, total: int) -> None:
        del stage, done, total
        self.tell()


def _collect(spread: Generator[tuple[int, Outcome] | None], counted: _Count) -> list[Outcome]:
    found: dict[int, Outcome] = {}
    counted.tell()
    with closing(spread):
        for item in spread:
            if item is not None:
                found.setdefault(*item)
                counted.done = len(found)
            counted.tell()
    return [found[number] for number in range(counted.total)]


def _write(
    table: gpd.GeoDataFrame, rejects: pd.DataFrame, outcomes: Sequence[Outcome], folder: Path, language: str
) -> tuple[Path, ...]:
    owed = dict.fromkeys(outcome.district.credits[language] for outcome in outcomes if outcome.district is not None)
    credit = shortened("; ".join(owed), CREDIT_CHARACTERS)
    try:
        files = write_table(table, folder, credit=credit, language=language)
        page = folder / "national.html"
        if (table["state"] == "done").any():
            write_national_map(table, page, credit=credit, language=language)
            files.append(page)
        else:
            page.unlink(missing_ok=True)  # an older one would tell what no longer holds
        refused = folder / "rejects.csv"
        if len(rejects):
            files.append(write_rejects(rejects, refused, language=language))
        else:
            refused.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return tuple(files)

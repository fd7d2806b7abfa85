"""What a worker does: one district from its study to its folder, failures told and not raised."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from walkshed.batch.claims import TOKEN
from walkshed.batch.records import (
    SUMMARY,
    District,
    district_digest,
    is_ours,
    outline_of,
    publish,
    read_record,
    write_record,
)
from walkshed.catalogue import LANGUAGES, text
from walkshed.errors import CancelledError, InputError, WalkshedError
from walkshed.files import unwritable
from walkshed.parameters import StudyConfig
from walkshed.progress import silent
from walkshed.reporting.outputs import write_outputs
from walkshed.reporting.wording import credits_of
from walkshed.study import run_study

if TYPE_CHECKING:
    from walkshed.progress import Progress

MAX_STARTS: Final = 3
"""A district that was begun so often and never came to an end, neither good nor bad, kills its workers."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One district to be computed.

    Attributes
    ----------
    name
        For readers.
    study
        Path of its ``study.toml``.
    folder
        For its results.
    workshop
        For what is not finished; holds the batch's token.
    keep
        Files to write beside ``summary.json``.
    language
        Of those files; the study's own when empty.
    force
        Compute it also where a finished one still holds.
    """

    name: str
    study: str
    folder: str
    workshop: str
    keep: tuple[str, ...] = ()
    language: str = ""
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a district.

    Attributes
    ----------
    district
        Its figures; ``None`` where it failed.
    reused
        Whether a finished one still held.
    error
        Why it failed, by language.
    """

    district: District | None = None
    reused: bool = False
    error: dict[str, str] | None = None


def failure(error: Exception) -> Outcome:
    """Return the outcome of a district that failed."""
    if not isinstance(error, WalkshedError):
        why: dict[str, Any] = {"kind": type(error).__name__, "why": str(error)}
        key = "errors.batch_memory" if isinstance(error, MemoryError) else "errors.unexpected"
        return Outcome(error={language: text(key, language, **why) for language in LANGUAGES})
    return Outcome(error={language: error.text(language) for language in LANGUAGES})


def run_district(job: Job, *, progress: Progress = silent) -> Outcome:
    """Compute one district, or take it over where a finished one still holds.

    Parameters
    ----------
    job
        The district.
    progress
        See :func:`walkshed.study.run_study`.

    Raises
    ------
    CancelledError
        If ``progress`` asked to stop. Whatever else goes wrong is an outcome.
    """
    workshop = Path(job.workshop)
    if not (workshop / TOKEN).is_file():
        return failure(InputError("batch_out_unseen", where=str(workshop.parent.parent)))
    begun = f"{Path(job.folder).name}.begun."
    if sum(entry.name.startswith(begun) for entry in os.scandir(workshop)) >= MAX_STARTS:
        return killed(job)
    mark = workshop / f"{begun}{uuid4().hex}"  # stays where the worker is killed
    try:
        mark.touch()
        return _compute(job, workshop, progress)
    except CancelledError:
        raise
    except OSError as error:
        return failure(error if isinstance(error, WalkshedError) else unwritable(Path(job.folder), error))
    except Exception as error:  # noqa: BLE001 - one district never stops the others
        return failure(error)
    finally:
        mark.unlink(missing_ok=True)


def killed(job: Job) -> Outcome:
    """Return the outcome of a district whose workers died again and again."""
    return failure(WalkshedError("batch_killed", name=job.name, count=MAX_STARTS))


def _compute(job: Job, workshop: Path, progress: Progress) -> Outcome:
    config = StudyConfig.from_toml(job.study)
    folder, language = Path(job.folder), job.language or config.report.language
    digest = district_digest(config)
    if not job.force:
        known = read_record(folder, digest=digest, keep=job.keep, language=language)
        if known is not None:
            return Outcome(district=known, reused=True)
    if not is_ours(folder):
        raise InputError("batch_folder_taken", where=str(folder))
    result = run_study(config, progress=progress)
    if not (workshop / TOKEN).is_file():
        raise CancelledError("cancelled", stage="batch")  # the batch has ended without us
    draft = workshop / f"{folder.name}.{uuid4().hex}"
    write_outputs(result, draft, language=language, only=(SUMMARY, *job.keep), progress=progress)
    owed = {language: credits_of(result, language) for language in LANGUAGES}
    write_record(draft, digest=digest, keep=job.keep, language=language, outline=outline_of(result), credits_=owed)
    publish(draft, folder)
    found = read_record(folder, digest=digest, keep=job.keep, language=language)
    if found is None:
        raise InputError("batch_out_unseen", where=str(folder.parent))
    return Outcome(district=found)

"""What leaves the house from the browser: what is written, and writing it beside the page."""

from __future__ import annotations

import shutil
import weakref
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from io import BytesIO
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from walkshed.app.turns import SERVER, TURN
from walkshed.catalogue import LANGUAGES
from walkshed.errors import CancelledError, InputError, WalkshedError
from walkshed.files import drop_scratch, make_scratch
from walkshed.progress import beating
from walkshed.reporting.reports import FORMATS, SHEETS, USUAL, write_reports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyResult

    State = Literal["running", "done", "cancelled", "failed"]

IN_LANGUAGES: Final = ("docx", "pdf", "xlsx", "html", "sheets", "atlas", "pack")
"""Formats whose texts are in one language; the others speak both or none."""
PAPERS: Final = ("A4", "A3")
MAX_TITLE, MAX_UNIT, MAX_NUMBER = 120, 80, 60
BOTH: Final = "both"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is written, and what stands on it.

    Attributes
    ----------
    title_zh, title_en, author_unit, approval
        Any texts. ``approval`` is the map approval number (审图号).
    dated
        Date on reports and sheets, ``YYYY-MM-DD``.
    language
        One of the catalogue's languages or :data:`BOTH`.
    formats
        Of :data:`walkshed.reporting.reports.FORMATS`.
    sheets
        Of :data:`walkshed.reporting.reports.SHEETS`.
    paper, landscape
        Of map sheets.
    """

    title_zh: str = ""
    title_en: str = ""
    author_unit: str = ""
    approval: str = ""
    dated: str = ""
    language: str = LANGUAGES[0]
    formats: tuple[str, ...] = USUAL
    sheets: tuple[str, ...] = SHEETS
    paper: str = PAPERS[0]
    landscape: bool = True

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages to write in."""
        return LANGUAGES if self.language == BOTH else (self.language,)

    @property
    def day(self) -> date:
        """The date.

        Raises
        ------
        InputError
            If it is none.
        """
        try:
            return date.fromisoformat(self.dated.strip())
        except ValueError:
            raise InputError("export_date", value=self.dated[:20]) from None


def first_choice(result: StudyResult) -> Choice:
    """Return what a study would write by itself."""
    about, report = result.config.study, result.config.report
    return Choice(
        title_zh=about.title_zh,
        title_en=about.title_en,
        author_unit=report.author_unit,
        approval=report.map_approval_number,
        dated=datetime.now(tz=UTC).astimezone().date().isoformat(),
        language=report.language,
    )


def prepared(result: StudyResult, choice: Choice) -> StudyResult:
    """Return a result that carries the texts of a choice; a blank title stays that of the study."""
    config = result.config
    about = replace(
        config.study,
        title_zh=choice.title_zh.strip() or config.study.title_zh,
        title_en=choice.title_en.strip() or config.study.title_en,
    )
    report = replace(config.report, author_unit=choice.author_unit.strip(), map_approval_number=choice.approval.strip())
    return replace(result, config=replace(config, study=about, report=report))


class Step(NamedTuple):
    """One thing to write: a format, in a language (``""``: both or none), and which map sheet of it."""

    kind: str
    language: str = ""
    sheet: str = ""


def steps_of(choice: Choice) -> tuple[Step, ...]:
    """Return what a choice writes, in order.

    Raises
    ------
    InputError
        If nothing is chosen.
    """
    steps: list[Step] = []
    for kind in (kind for kind in FORMATS if kind in choice.formats):
        spoken = choice.languages if kind in IN_LANGUAGES else ("",)
        parts = [sheet for sheet in SHEETS if sheet in choice.sheets] if kind == "sheets" else [""]
        steps += [Step(kind, language, sheet) for language in spoken for sheet in parts]
    if not steps:
        raise InputError("export_nothing")
    return tuple(steps)


@dataclass(eq=False)
class Job:
    """Files being written by a thread of their own, so that the page stays in use and the work can be stopped.

    Attributes
    ----------
    steps, done
        What is written, and how much of it is finished.
    state
        ``"running"``, ``"done"``, ``"cancelled"`` or ``"failed"``.
    waits_for
        So many computations of this server come before the next step.
    error
        Why it failed.
    folder
        Of the files, readable by this program's user alone; it goes when the job is forgotten.
    files
        What was written, relative to ``folder``.
    """

    steps: tuple[Step, ...]
    folder: Path
    state: State = "running"
    done: int = 0
    waits_for: int = 0
    error: Exception | None = None
    files: tuple[str, ...] = ()
    _stop: Event = field(default_factory=Event)
    _zip: bytes = b""
    _lock: Lock = field(default_factory=Lock)
    _thread: Thread | None = None

    def cancel(self) -> None:
        """Stop at the next step inside a file; what was written so far goes."""
        self._stop.set()

    def canceller(self) -> Callable[[], None]:
        """Return what cancels it while it is there, and does not keep it there."""
        mine = weakref.ref(self)

        def cancel() -> None:
            job = mine()
            if job is not None:
                job.cancel()

        return cancel

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it ends."""
        if self._thread is not None:
            self._thread.join(seconds)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return self._stop.is_set() and self.state == "running"

    def read(self, name: str) -> bytes:
        """Return one of ``files``."""
        return (self.folder / name).read_bytes()

    def zip_bytes(self) -> bytes:
        """Return all files as one zip file."""
        with self._lock:
            if not self._zip:
                content = BytesIO()
                with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
                    for name in self.files:
                        archive.write(self.folder / name, name)
                self._zip = content.getvalue()
        return self._zip


def start_job(result: StudyResult, choice: Choice) -> Job:
    """Begin to write.

    Raises
    ------
    InputError
        If nothing is chosen, or the date is none.
    """
    steps, day = steps_of(choice), choice.day
    folder = make_scratch("export")
    job = Job(steps, folder)
    weakref.finalize(job, drop_scratch, folder)
    seen = prepared(result, choice)
    job._thread = Thread(target=_run, args=(job, seen, choice, day), daemon=True)  # noqa: SLF001 - made here
    job._thread.start()  # noqa: SLF001 - as above
    return job


def _run(job: Job, result: StudyResult, choice: Choice, day: date) -> None:
    """Write everything; nothing of Streamlit is touched in here."""
    stop = job._stop  # noqa: SLF001 - the other half of the job

    def report(stage: str, done: int, total: int) -> None:
        del done
        job.waits_for = total if stage == TURN else 0
        if stop.is_set():
            raise CancelledError("cancelled", stage=stage)

    try:
        for place, step in enumerate(job.steps):
            job.done = place
            # Steps inside a long file look whether to go on.
            with beating(report) as heard, SERVER.taken(report):
                heard(step.kind, place, len(job.steps))
                write_reports(
                    result,
                    job.folder / step.language,
                    formats=(step.kind,),
                    languages=(step.language or choice.languages[0],),
                    sheets=(step.sheet,) if step.sheet else (),
                    paper=choice.paper,
                    landscape=choice.landscape,
                    dated=day,
                    progress=heard,
                )
    except CancelledError:
        shutil.rmtree(job.folder, ignore_errors=True)
        job.state = "cancelled"
    except Exception as error:  # noqa: BLE001 - a thread has nobody above it: the page shows what went wrong
        shutil.rmtree(job.folder, ignore_errors=True)
        job.error = error if isinstance(error, WalkshedError) else InputError("export_failed", why=type(error).__name__)
        job.state = "failed"
    else:
        written = (path for path in sorted(job.folder.rglob("*")) if path.is_file())
        job.files = tuple(path.relative_to(job.folder).as_posix() for path in written)
        job.done = len(job.steps)
        job.state = "done"

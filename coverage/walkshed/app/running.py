"""Long work beside the page: it goes on in a thread of its own, counts its steps, and a button really stops it.

Streamlit draws a page by running its script from top to bottom, and a click is only heard once a run of a fragment is
over. Work inside the script could therefore not be stopped. Here the script hands the work to a thread, waits a moment
(most of it is done by then), and otherwise ends: a small fragment then looks at the thread a few times a second, shows
how far it is, and draws the page anew when it is done. So a page uses it::

    given = running.obtain("coverage", wanted="15 min, adults", work=lambda progress: survey(progress), belongs="study")
    with running.part("coverage", "figures"):
        if given.value is not None:
            draw(given.value)             # while ``given.fresh`` is False this is grey

``work`` must not use Streamlit: the thread belongs to no page. It gets a :class:`walkshed.progress.Progress`; after the
button was pressed its next call raises :class:`walkshed.errors.CancelledError`. Asking for something else at the same
place stops what runs there; so does a page that nobody looks at any more.
"""

from __future__ import annotations

import logging
import time
import weakref
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import streamlit as st

from walkshed.app.errors import box
from walkshed.app.progress import ORDER
from walkshed.app.texts import language, say
from walkshed.app.turns import TURN
from walkshed.catalogue import has, text
from walkshed.errors import CancelledError
from walkshed.siting.clock import STAND

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.delta_generator import DeltaGenerator

    from walkshed.progress import Progress

T = TypeVar("T")
State = Literal["running", "done", "failed", "stopped"]

PATIENCE_S = 0.7
"""A page waits so long before it shows that something is being computed; tests wait longer."""
LOOK_EVERY_S: Final = 0.4
FORGOTTEN_S: Final = 900.0
"""Work that no page has asked about for so long stops: its reader has closed the browser."""
JOBS: Final = "running_jobs"
PRESENCE: Final = "running_presence"
LAST: Final = "running_last"
logger = logging.getLogger(__name__)


class Job(Generic[T]):
    """One piece of work in its thread.

    Parameters
    ----------
    wanted
        What it is about; equal texts stand for the same work.
    work
        Gets a progress and returns a value.

    Attributes
    ----------
    stage, done, total
        What the work reported last.
    step
        How far in :data:`walkshed.app.progress.ORDER` it has come, from 1; some stages come again for another walker.
    """

    def __init__(self, wanted: str, work: Callable[[Progress], T]) -> None:
        self.wanted = wanted
        self.stage, self.done, self.total = "", 0, 0
        self.step = 0
        self.began = self._asked = time.monotonic()
        self._work: Callable[[Progress], T] | None = work
        self._value: T | None = None
        self._error: BaseException | None = None
        self._stop, self._over = Event(), Event()
        self._thread = Thread(target=self._run, name="walkshed-work", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            assert self._work is not None  # noqa: S101 - given above, dropped below
            self._value = self._work(self._report)
        except BaseException as error:  # noqa: BLE001 - the page that asked raises it again
            self._error = error
        finally:
            self._work = None  # what it holds on to may be large
            self._over.set()

    def _report(self, stage: str, done: int, total: int) -> None:
        if time.monotonic() - self._asked > FORGOTTEN_S:
            self._stop.set()
        if self._stop.is_set():
            raise CancelledError("cancelled")
        self.stage, self.done, self.total = stage, done, total
        if stage in ORDER:
            self.step = max(self.step, ORDER.index(stage) + 1)

    def stop(self) -> None:
        """Let the work end at its next report; from now on it counts as stopped."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait until the work is over, so long at most; not for work that was stopped."""
        self._asked = time.monotonic()
        if not self._stop.is_set():
            self._over.wait(seconds)

    def join(self, seconds: float) -> bool:
        """Wait until the thread has ended, whatever came of it; say whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def state(self) -> State:
        """``"running"``, ``"done"``, ``"failed"`` or ``"stopped"``."""
        self._asked = time.monotonic()
        if self._stop.is_set() or isinstance(self._error, CancelledError):
            return "stopped"
        if not self._over.is_set():
            return "running"
        return "done" if self._error is None else "failed"

    def value(self) -> T:
        """Return what the work made.

        Raises
        ------
        BaseException
            What the work raised.
        """
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set when the work is over without an error


@dataclass(frozen=True)
class Obtained(Generic[T]):
    """What a page can show now.

    Attributes
    ----------
    value
        The work's value; of earlier work at the same place while the present one is not done; ``None`` before any.
    fresh
        It is the value that was asked for.
    """

    value: T | None
    fresh: bool


def obtain(place: str, *, wanted: str, work: Callable[[Progress], T], belongs: str) -> Obtained[T]:
    """Return a value that may take long to compute; draw progress and a stop button where it does.

    Parameters
    ----------
    place
        Where in the app, one piece of work at a time: ``"coverage"``, ``"siting"``.
    wanted
        What is asked for, as a text that differs where the value does.
    work
        Computes it, in a thread; must not use Streamlit.
    belongs
        A former value of the same place is shown in the meantime only if it belongs to the same, say the same study.

    Raises
    ------
    BaseException
        What the work raised; it is tried again when the page is drawn again.
    """
    jobs = _jobs()
    job: Job[T] | None = jobs.get(place)
    if job is None or job.wanted != wanted:
        if job is not None:
            job.stop()
        job = jobs[place] = Job(wanted, work)
    last: dict[str, tuple[str, Any]] = st.session_state.setdefault(LAST, {})
    note = st.empty()
    job.wait(PATIENCE_S)
    if job.state == "done":
        last[place] = (belongs, job.value())
        return Obtained(last[place][1], fresh=True)
    if job.state == "failed":
        del jobs[place]
        job.value()
    owner, former = last.get(place, ("", None))
    value = former if owner == belongs else None
    state = job.state
    # Above what is shown in the meantime: what moved under the pointer would be hit in its place.
    with note.container(key=f"over-{place}" if state == "running" and value is not None else None):
        if state == "stopped":
            _stopped(place)
        else:
            _watch(place)
    _grey(place)
    return Obtained(value, fresh=False)


class Presence:
    """Kept by a session and by nothing else: it goes when the session goes."""


def when_gone(act: Callable[[], None]) -> None:
    """Have something done as soon as Streamlit has forgotten this session; ``act`` must not keep it."""
    presence = st.session_state.setdefault(PRESENCE, Presence())
    weakref.finalize(presence, act).atexit = False


def _jobs() -> dict[str, Job[Any]]:
    """Return this session's jobs by place; they are stopped when Streamlit forgets the session."""
    session = st.session_state
    if JOBS not in session:
        session[JOBS] = {}
        when_gone(partial(stop_all, session[JOBS]))
    jobs: dict[str, Job[Any]] = session[JOBS]
    return jobs


def stop_all(jobs: dict[str, Job[Any]]) -> None:
    """Stop whatever still runs."""
    for job in jobs.values():
        job.stop()
    jobs.clear()


def part(place: str, name: str) -> DeltaGenerator:
    """Return a container for what is drawn from the value of ``place``; grey while that is not fresh."""
    return st.container(key=f"fresh-{place}-{name}")


def stop(place: str) -> None:
    """Stop what runs at a place."""
    job = st.session_state.get(JOBS, {}).get(place)
    if job is not None:
        job.stop()


def _again(place: str) -> None:
    """Forget stopped work, so that the next run of the page starts it anew."""
    st.session_state.get(JOBS, {}).pop(place, None)


def _grey(place: str) -> None:
    name = f'[class*="st-key-fresh-{place}-"]'
    st.html(f"<style>{name} {{ filter: grayscale(1); opacity: 0.45; }}</style>")


def _stopped(place: str) -> None:
    box(say("stopped"), kind="warning")
    st.button(say("compute_again"), key=f"again_{place}", on_click=_again, args=(place,), type="primary")


@st.fragment(run_every=LOOK_EVERY_S)
def _watch(place: str) -> None:
    """Show how far the work is; draw the page anew when it is over."""
    job: Job[Any] | None = st.session_state.get(JOBS, {}).get(place)
    if job is None or job.state != "running":
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.progress(_share(job), text=_told(job))
    with right:
        st.button(say("stop"), key=f"stop_{place}", on_click=stop, args=(place,), width="stretch")


def _share(job: Job[Any]) -> float:
    """Return how much is done, never less than before: stages count alike, and inside one its own steps."""
    current = job.stage in ORDER and ORDER.index(job.stage) + 1 == job.step
    inside = min(job.done / job.total, 1.0) if current and job.total > 0 else 0.0
    return min((max(job.step - 1, 0) + inside) / len(ORDER), 1.0)


def _told(job: Job[Any]) -> str:
    key = f"progress.{job.stage}"
    stage = text(key, language()) if has(key) else say("starting")
    fields = {"stage": stage, "seconds": f"{time.monotonic() - job.began:.0f}"}
    if job.stage == TURN:
        return say("working_turn", before=job.total, seconds=fields["seconds"])
    if job.stage == STAND:
        gap = abs(job.total - job.done) / max(job.done, 1)
        return say("working_bound", value=f"{job.done:,}", bound=f"{job.total:,}", gap=f"{gap:.1%}", **fields)
    if job.stage in ORDER:
        return say("working_step", step=job.step, steps=len(ORDER), **fields)
    return say("working_seconds", **fields)

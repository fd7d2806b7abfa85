"""Work beside the page: it reports, it really stops, it raises where it fails."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from walkshed.app import running
from walkshed.app.running import Job
from walkshed.errors import CancelledError, InputError
from walkshed.study import survey_study

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import Survey

LONG_S = 60.0


def test_work_returns_its_value_and_tells_its_steps() -> None:
    def work(progress: Progress) -> int:
        progress("minutes", 3, 10)
        return 42

    job = Job("a", work)
    job.wait(LONG_S)
    assert job.state == "done"
    assert job.value() == 42
    assert (job.stage, job.done, job.total) == ("minutes", 3, 10)


def test_a_stop_ends_the_thread() -> None:
    begun = threading.Event()

    def work(progress: Progress) -> None:
        while True:
            progress("siting", 0, 1)
            begun.set()

    job = Job("a", work)
    assert begun.wait(LONG_S)
    assert job.state == "running"
    job.stop()
    assert job.state == "stopped"
    assert job.join(LONG_S)
    with pytest.raises(CancelledError):
        job.value()


def test_a_stop_ends_the_computation_of_a_study(helsinki: StudyConfig) -> None:
    begun, go = threading.Event(), threading.Event()
    stages: list[str] = []

    def work(progress: Progress) -> Survey:
        def told(stage: str, done: int, total: int) -> None:
            stages.append(stage)
            if stage == "minutes":
                begun.set()
                go.wait(LONG_S)
            progress(stage, done, total)

        return survey_study(helsinki, progress=told)

    job = Job("a", work)
    assert begun.wait(LONG_S)
    job.stop()
    go.set()
    assert job.join(LONG_S)
    assert job.state == "stopped"
    assert "gaps" not in stages


def test_an_error_reaches_the_page_that_asked() -> None:
    def work(progress: Progress) -> None:
        del progress
        raise InputError("file_missing", path="rooms.csv")

    job = Job("a", work)
    job.wait(LONG_S)
    assert job.state == "failed"
    with pytest.raises(InputError, match=r"rooms\.csv"):
        job.value()


def test_work_that_nobody_asks_about_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FORGOTTEN_S", -1.0)

    def work(progress: Progress) -> None:
        while True:
            progress("siting", 0, 1)

    job = Job("a", work)
    assert job.join(LONG_S)
    assert job.state == "stopped"


def page() -> None:
    """Ask for a number; ``block`` in the session keeps it from being ready."""
    from collections.abc import Callable  # noqa: PLC0415, TC003 - AppTest runs this text alone

    import streamlit as st  # noqa: PLC0415 - as above

    from walkshed.app import running as app_running  # noqa: PLC0415 - as above

    wanted, gate = st.session_state.wanted, st.session_state.gate

    def work(progress: Callable[[str, int, int], None]) -> str:
        while not gate.wait(0.01):
            progress("minutes", 1, 2)
        if wanted == "bad":
            message = "bad"
            raise ValueError(message)
        return f"value of {wanted}"

    try:
        given = app_running.obtain("here", wanted=wanted, work=work, belongs=st.session_state.belongs)
    except ValueError:
        st.text("failed")
    else:
        with app_running.part("here", "figures"):
            st.text(f"{given.value} {given.fresh}")


def opened(wanted: str, *, ready: bool) -> AppTest:
    app = AppTest.from_function(page)
    app.session_state.wanted, app.session_state.belongs = wanted, "study"
    app.session_state.gate = threading.Event()
    if ready:
        app.session_state.gate.set()
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return app.run()


def grey(app: AppTest) -> bool:
    return any("grayscale" in element.proto.body for element in app.get("html"))


def test_a_page_shows_the_value_and_nothing_grey() -> None:
    app = opened("a", ready=True).run()
    assert app.text[0].value == "value of a True"
    assert not grey(app)
    assert not app.button


def test_a_page_greys_the_former_value_until_the_new_one_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("a", ready=True).run()
    monkeypatch.setattr(running, "PATIENCE_S", 0.05)
    first, app.session_state.gate = app.session_state.gate, threading.Event()
    assert first.is_set()
    app.session_state.wanted = "b"
    app.run()
    assert app.text[0].value == "value of a False"
    assert grey(app)
    assert [button.key for button in app.button] == ["stop_here"]
    press(app, "stop_here")
    job = app.session_state[running.JOBS]["here"]
    assert job.join(LONG_S)
    app.run()
    assert app.text[0].value == "value of a False"
    assert [button.key for button in app.button] == ["again_here"]
    app.session_state.gate.set()
    monkeypatch.setattr(running, "PATIENCE_S", LONG_S)
    assert press(app, "again_here").text[0].value == "value of b True"
    assert not grey(app)


def test_another_wish_stops_the_former_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.05)
    app = opened("a", ready=False).run()
    former = app.session_state[running.JOBS]["here"]
    assert former.state == "running"
    app.session_state.wanted = "b"
    app.run()
    assert former.join(LONG_S)
    assert former.state == "stopped"
    app.session_state.gate.set()


def test_nothing_of_another_study_is_shown_in_the_meantime(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("a", ready=True).run()
    monkeypatch.setattr(running, "PATIENCE_S", 0.05)
    app.session_state.wanted, app.session_state.belongs = "b", "another study"
    app.session_state.gate = threading.Event()
    app.run()
    assert app.text[0].value == "None False"
    app.session_state.gate.set()


def test_failed_work_is_tried_again() -> None:
    app = opened("bad", ready=True).run()
    assert app.text[0].value == "failed"
    app.session_state.wanted = "good"
    assert app.run().text[0].value == "value of good True"


def test_work_ends_with_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.05)
    app = opened("a", ready=False).run()
    job = app.session_state[running.JOBS]["here"]
    assert job.state == "running"
    del app
    gc.collect()
    assert job.join(LONG_S)
    assert job.state == "stopped"


def test_a_session_s_jobs_are_stopped_and_forgotten() -> None:
    def work(progress: Progress) -> None:
        while True:
            progress("siting", 0, 1)

    jobs = {"here": Job("a", work), "there": Job("b", work)}
    running.stop_all(kept := dict(jobs))
    assert kept == {}
    assert all(job.join(LONG_S) and job.state == "stopped" for job in jobs.values())

"""What is computed once: by whom, for whom, and who waits."""

from __future__ import annotations

import threading
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app import computing, shelves, turns
from walkshed.app.running import Job
from walkshed.errors import CancelledError, WalkshedError
from walkshed.progress import silent

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress

LONG_S = 60.0


def test_two_sessions_compute_the_same_thing_once() -> None:
    shelf, made, gate = shelves.Shelf(size=2), [], threading.Barrier(4)

    def make() -> int:
        made.append(1)
        return len(made)

    def ask() -> None:
        gate.wait()
        shelf.fetch("key", make)

    sessions = [threading.Thread(target=ask) for _ in range(4)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert made == [1]


def test_the_shelf_forgets_the_oldest_and_keeps_no_error() -> None:
    shelf = shelves.Shelf(size=2)
    for key in "abab":
        shelf.fetch(key, lambda key=key: key)
    shelf.fetch("c", lambda: "c")
    assert list(shelf.entries) == ["b", "c"]

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shelf.fetch("d", fail)
    assert shelf.fetch("d", lambda: "well") == "well"


def test_who_waits_for_the_same_is_told_so_and_can_stop() -> None:
    shelf, begun, go = shelves.Shelf(size=2), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go.wait(LONG_S)
        return "made"

    first = threading.Thread(target=shelf.fetch, args=("key", slow))
    first.start()
    assert begun.wait(LONG_S)
    told: list[str] = []

    def impatient(stage: str, done: int, total: int) -> None:
        del done, total
        told.append(stage)
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        shelf.fetch("key", slow, progress=impatient)
    assert told == [turns.JOINED]
    go.set()
    first.join()
    assert shelf.fetch("key", slow) == "made"


def test_a_survey_is_computed_once_and_a_result_begins_with_it(helsinki: StudyConfig) -> None:
    kept, stages = shelves.Shelves(), []

    def told(stage: str, done: int, total: int) -> None:
        del done, total
        stages.append(stage)

    survey = kept.survey(helsinki, helsinki, progress=told)
    assert "isochrones" in stages
    assert kept.survey(helsinki, helsinki) is survey
    stages.clear()
    result = kept.result(helsinki, helsinki, progress=told)
    assert "siting" in stages
    assert "isochrones" not in stages
    assert result.plan.problem is not None
    assert result.inputs is survey.inputs
    assert kept.survey(helsinki, helsinki) is result


def test_only_a_private_study_hides_its_folder(helsinki: StudyConfig, tmp_path: Path) -> None:
    broken = replace(
        helsinki, folder=tmp_path, facilities=replace(helsinki.facilities, source="file", path="absent.csv")
    )
    with pytest.raises(WalkshedError) as shown:
        shelves.Shelves().load(broken)
    assert str(tmp_path) in str(shown.value)
    with pytest.raises(WalkshedError) as hidden:
        shelves.Shelves(private=True).load(broken)
    assert str(tmp_path) not in str(hidden.value)


def test_ahead_is_begun_once_for_each_study(helsinki: StudyConfig) -> None:
    kept, other = shelves.Shelves(), replace(helsinki, study=replace(helsinki.study, id="other"))
    begun = [kept.begin_ahead(helsinki), kept.begin_ahead(helsinki), shelves.Shelves().begin_ahead(helsinki)]
    assert begun == [True, False, True]
    assert kept.begin_ahead(other) == (shelves.input_digest(other) != shelves.input_digest(helsinki))


def test_nothing_is_computed_ahead_for_a_session_that_has_gone(helsinki: StudyConfig) -> None:
    asked: list[tuple[float, bool]] = []

    class Leaving(shelves.Shelves):
        def survey(self, config: StudyConfig, variant: StudyConfig, **options: Any) -> Any:
            assert config is helsinki
            asked.append((variant.walking.cutoff_min, options["ahead"]))
            if len(asked) == 2:
                session.clear()

    session = [Leaving()]
    computing.compute_ahead(weakref.ref(session[0]), helsinki, helsinki)
    longest_first = sorted(helsinki.walking.cutoffs_min, reverse=True)
    assert asked == [(cutoff, True) for cutoff in longest_first[:2]]


def test_a_stopped_computation_gives_its_turn_and_its_lock_back(
    helsinki: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, kept, begun = turns.Turns(1), shelves.Shelves(), threading.Event()
    monkeypatch.setattr(shelves, "SERVER", line)
    go = threading.Event()

    def work(progress: Progress) -> object:
        def told(stage: str, done: int, total: int) -> None:
            if stage == "minutes":
                begun.set()
                assert go.wait(LONG_S)
            progress(stage, done, total)

        return kept.survey(helsinki, helsinki, progress=told)

    first = Job("first", work)
    assert begun.wait(LONG_S)
    second = Job("second", lambda progress: kept.survey(helsinki, helsinki, progress=progress))
    first.stop()
    go.set()
    assert first.join(LONG_S)
    second.wait(LONG_S)
    assert (first.state, second.state) == ("stopped", "done")
    with line.taken():
        assert kept.survey(helsinki, helsinki) is second.value()


def test_a_picture_is_drawn_once_for_all_who_see_the_same_result(helsinki: StudyConfig) -> None:
    kept, drawn = shelves.Shelves(), []
    result = kept.result(helsinki, helsinki)

    def draw() -> str:
        drawn.append(1)
        return f"picture {len(drawn)}"

    assert kept.picture(result, "sheet a", draw, silent) == kept.picture(result, "sheet a", draw, silent) == "picture 1"
    assert kept.picture(result, "sheet b", draw, silent) == "picture 2"
    assert kept.picture(replace(result), "sheet a", draw, silent) == "picture 3"
    assert shelves.Shelves(private=True).picture(result, "sheet a", draw, silent) == "picture 4"

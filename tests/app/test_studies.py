"""Which studies are on offer, what is shared between sessions, what cannot be computed."""

from __future__ import annotations

import threading
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from walkshed.app import studies
from walkshed.catalogue import text
from walkshed.reporting.wording import percent
from walkshed.study import run_study
from walkshed.study.variants import input_digest, vary_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs


def test_the_embedded_study_stands_first() -> None:
    assert next(iter(studies.study_folders())) == "helsinki"


def test_studies_of_the_command_line_come_before_the_embedded(
    tmp_path: Path, helsinki: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "my-study"
    own.mkdir()
    (own / "study.toml").write_text(helsinki.to_toml(), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["app.py", str(own), "--unknown"])
    assert list(studies.study_folders())[:2] == ["my-study", "helsinki"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_study_that_needs_the_internet_says_so_in_one_box(
    open_page: Callable[..., Any], language: str, offline: None
) -> None:
    del offline
    page = open_page("coverage", lang=language, study="chongqing-gaoxin")
    html = page.html()
    assert html.count('role="alert"') == 1
    assert "Traceback" not in html
    assert text("app.unexpected", language, kind="FetchError") not in html
    assert text("app.online_line", language) in html


def test_a_broken_study_leaves_the_others_usable(
    open_page: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "study.toml").write_text("[walking]\ncutoff_min = 'soon'\n", encoding="utf-8")
    monkeypatch.setenv(studies.FOLDER_VARIABLE, str(tmp_path))
    page = open_page("coverage", lang="en", study="helsinki")
    html = page.html()
    assert "walking.cutoff_min" in html
    assert '<div class="ws-value">' in html


def test_an_unexpected_failure_is_a_sentence_with_folded_details(
    open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        del args, kwargs
        message = "deep inside"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("walkshed.app.state.current_result", fail)
    page = open_page("coverage", lang="en")
    assert text("app.unexpected", "en", kind="ZeroDivisionError") in page.html()
    assert page.app.expander[0].label == text("app.unexpected_details", "en")
    assert "deep inside" in page.app.expander[0].code[0].value


def test_without_any_study_the_page_says_what_to_do(
    open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "study_folders", dict)
    assert "streamlit run app.py -- my-study/" in open_page("coverage", lang="en").html()


def test_two_sessions_compute_the_same_thing_once() -> None:
    shelf, made, gate = studies.Shelf(size=2), [], threading.Barrier(4)

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
    shelf = studies.Shelf(size=2)
    for key in "abab":
        shelf.fetch(key, lambda key=key: key)
    shelf.fetch("c", lambda: "c")
    assert list(shelf.entries) == ["b", "c"]

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shelf.fetch("d", fail)
    assert shelf.fetch("d", lambda: "well") == "well"


def test_the_digest_follows_the_files(tmp_path: Path, helsinki: StudyConfig) -> None:
    table = tmp_path / "rooms.csv"
    table.write_text("name\n", encoding="utf-8")
    config = replace(
        helsinki, folder=tmp_path, facilities=replace(helsinki.facilities, source="file", path="rooms.csv")
    )
    before = input_digest(config)
    assert input_digest(config) == before
    table.write_text("name\nmore\n", encoding="utf-8")
    assert input_digest(config) != before


def test_a_variant_keeps_every_profile_in_the_result(helsinki: StudyConfig) -> None:
    other = vary_study(helsinki, profile="adult", cutoff_min=5.0, new_rooms=1)
    assert other.walking.profile == "adult"
    assert other.walking.compare_profiles == ("senior",)
    assert (other.walking.cutoff_min, other.siting.new_rooms) == (5.0, 1)
    assert vary_study(helsinki) == helsinki


def test_units_are_told_apart_lowest_rate_first(
    open_page: Callable[..., Any],
    tmp_path: Path,
    helsinki: StudyConfig,
    helsinki_inputs: StudyInputs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    west, south, east, north = helsinki_inputs.boundary.total_bounds
    middle = (south + north) / 2
    halves = [shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)]
    folder = tmp_path / "halves"
    folder.mkdir()
    units = gpd.GeoDataFrame({"unit_id": ["s", "n"], "name": ["<South>", "North"]}, geometry=halves, crs=4326)
    units.to_file(folder / "units.geojson")
    config = replace(helsinki, folder=folder, units=replace(helsinki.units, source="file", path="units.geojson"))
    (folder / "study.toml").write_text(config.to_toml(), encoding="utf-8")
    monkeypatch.setenv(studies.FOLDER_VARIABLE, str(tmp_path))
    html = open_page("coverage", lang="en", study="halves").html()
    rates = run_study(config).rates
    expected = rates[
        (rates.unit_id != "") & (rates.basis == "E") & (rates.cutoff_min == 15) & (rates.profile == "senior")
    ].sort_values("rate")
    rows = [
        f"<td>{escape(row.unit_name)}</td><td class=ws-number>{percent(row.rate)}</td>" for row in expected.itertuples()
    ]
    assert len(rows) == 2
    assert html.index(rows[0]) < html.index(rows[1])

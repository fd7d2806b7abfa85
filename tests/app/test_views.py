"""Every page in both languages shows the figures of run_study and nothing breaks."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app import figures
from walkshed.catalogue import text
from walkshed.parameters import StudyConfig
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.wording import count, percent
from walkshed.study import run_study, survey_study
from walkshed.study.readings import read_at_hour, read_for_group
from walkshed.study.variants import vary_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyInputs

PAGES = ("data", "coverage", "siting", "compare", "export", "methods")
HAN = re.compile(r"[\u4e00-\u9fff]")
TAG = re.compile(r"<[^>]*>")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_speaks_one_language(open_page: Callable[..., Any], name: str, language: str) -> None:
    page = open_page(name, lang=language)
    html = page.html()
    assert f"<h1>{text(f'app.page_{name}', language)}</h1>" in html
    assert 'role="alert"' not in html
    spoken = TAG.sub(" ", html)
    if language == "en":
        assert not HAN.search(spoken)
    else:
        assert HAN.search(spoken)


def test_chinese_comes_first(open_page: Callable[..., Any]) -> None:
    assert f"<h1>{text('app.page_coverage', 'zh')}</h1>" in open_page().html()


def test_the_language_switch_changes_every_text(open_page: Callable[..., Any]) -> None:
    page = open_page("coverage")
    page.widget("segmented_control", "language").set_value("en")
    page.run()
    assert f"<h1>{text('app.page_coverage', 'en')}</h1>" in page.html()
    assert page.app.query_params["lang"] in ("en", ["en"])  # a list in some versions
    page.widget("segmented_control", "language").set_value("zh")
    assert f"<h1>{text('app.page_coverage', 'zh')}</h1>" in page.run().html()


def test_a_second_click_on_the_chosen_button_changes_nothing(open_page: Callable[..., Any]) -> None:
    page = open_page("coverage", lang="en")
    page.widget("segmented_control", "language").set_value(None)
    assert f"<h1>{text('app.page_coverage', 'en')}</h1>" in page.run().html()


@pytest.mark.parametrize(("cutoff", "profile"), [(5.0, "adult"), (10.0, "senior"), (15.0, "adult")])
def test_the_key_figures_are_those_of_the_study(
    open_page: Callable[..., Any],
    helsinki: StudyConfig,
    helsinki_inputs: StudyInputs,
    cutoff: float,
    profile: str,
) -> None:
    page = open_page("coverage", lang="en")
    page.widget("segmented_control", "cutoff_min").set_value(cutoff)
    page.run()
    page.widget("segmented_control", "profile").set_value(profile)
    html = page.run().html()
    result = run_study(vary_study(helsinki, cutoff_min=cutoff, profile=profile), inputs=helsinki_inputs)
    rate = headline_rate(result)
    assert rate is not None
    assert f'<div class="ws-value">{percent(float(rate["rate"]))}</div>' in html
    assert f"{count(float(rate['numerator']))} of {count(float(rate['denominator']))} people" in html
    unserved = result.demand.population[~result.demand.covered].sum()
    assert f'<div class="ws-value">{count(float(unserved))}<small>' in html
    assert f"In {len(result.gaps)} gaps" in html


@pytest.mark.parametrize("rooms", [1, 2])
def test_new_rooms_are_those_of_the_study(
    open_page: Callable[..., Any], helsinki: StudyConfig, helsinki_inputs: StudyInputs, rooms: int
) -> None:
    page = open_page("siting", lang="en")
    page.widget("slider", "new_rooms").set_value(rooms)
    html = page.run().html()
    result = run_study(vary_study(helsinki, new_rooms=rooms), inputs=helsinki_inputs)
    assert len(result.proposals) == rooms
    assert f'<div class="ws-value">{count(float(result.proposals.newly_served.sum()))}<small>' in html
    assert count(result.siting.bound) in html
    assert text(f"figures.status_{result.siting.status}", "en") in html
    shown = next(frame.value for frame in page.app.dataframe if "newly" in frame.value)
    assert shown["place"].tolist() == result.proposals.place.tolist()
    assert shown["newly"].sum() == pytest.approx(result.siting.objective, abs=rooms)


def test_no_new_room_is_said_in_words(open_page: Callable[..., Any]) -> None:
    page = open_page("siting", lang="en", rooms="0")
    assert text("app.no_proposals", "en") in page.html()


def test_choices_outlive_a_change_of_page(open_page: Callable[..., Any]) -> None:
    page = open_page("coverage", lang="en", min="5", who="adult")
    assert "served within 5 min (adults)" in page.html()
    page.widget("segmented_control", "cutoff_min").set_value(10.0)
    page.run()
    assert "served within 10 min (adults)" in page.go("siting").html()


@pytest.mark.parametrize(
    "address",
    [{"min": "7"}, {"min": "soon"}, {"who": "astronaut"}, {"rooms": "many"}, {"rooms": "-3"}, {"study": "../x"}],
)
def test_an_address_with_nonsense_opens_the_study_as_it_is(
    open_page: Callable[..., Any], address: dict[str, str]
) -> None:
    assert 'role="alert"' not in open_page("siting", lang="en", **address).html()


def test_the_notes_of_the_study_are_on_the_page(
    open_page: Callable[..., Any], helsinki: StudyConfig, helsinki_inputs: StudyInputs
) -> None:
    html = open_page("coverage").html()
    result = run_study(helsinki, inputs=helsinki_inputs)
    assert helsinki.study.note_zh
    for note in result.notes:
        assert escape(note.text("zh")) in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sample_district_shows_its_second_reading_and_its_lists(
    open_page: Callable[..., Any], language: str
) -> None:
    page = open_page("coverage", study="sample-district", lang=language)
    html = page.html()
    for key in ("reasons.closed", "reasons.full", "app.failing_title"):
        assert escape(text(key, language)) in html
    hour = {"zh": "周六 20:00-21:00", "en": "Sat 20:00-21:00"}[language]
    assert escape(text("app.then_title", language, hour=hour)) in html
    assert escape(text("app.gaps_then_title", language, hour=hour)) in html
    data = page.go("data").html()
    assert 'role="alert"' not in data
    for key in ("app.names_title", "report.verdict_missing", "report.verdict_confirm", "app.totals_title"):
        assert escape(text(key, language)) in data
    assert "滨江驿站书吧" in data


def test_the_hour_of_the_week_changes_figures_reasons_and_map(open_page: Callable[..., Any], root: Path) -> None:
    page = open_page("coverage", study="sample-district", lang="en")
    any_hour = page.html()
    page.widget("selectbox", "hour_day").set_value(5)
    page.run()
    page.widget("slider", "hour_clock").set_value(20)
    html = page.run().html()
    survey = survey_study(StudyConfig.from_toml(root / "data" / "sample-district"))
    then = read_at_hour(survey, 140)
    rate = headline_rate(then)
    assert rate is not None
    assert survey.norms.hourly is not None
    opened = survey.norms.hourly.set_index("hour").open_facilities[140]
    assert rate["rate"] == pytest.approx(survey.norms.hourly.set_index("hour").rate[140])
    assert f'<div class="ws-value">{percent(float(rate["rate"]))}</div>' in html
    assert f'<div class="ws-value">{percent(float(rate["rate"]))}</div>' not in any_hour
    closed = then.demand.population[then.demand.reason == "closed"].sum()
    assert closed > 0
    assert f"{count(float(closed))} residents" in html
    assert escape(text("app.hour_told", "en", hour="Sat 20:00-21:00", open=opened, all=7)) in html
    assert f"In {len(then.gaps)} gaps" in html
    assert page.app.query_params["hour"] in ("20", ["20"])
    again = open_page("coverage", study="sample-district", lang="en", day="5", hour="20").html()
    assert f'<div class="ws-value">{percent(float(rate["rate"]))}</div>' in again


def test_a_group_is_counted_alone(open_page: Callable[..., Any], root: Path) -> None:
    page = open_page("coverage", study="sample-district", lang="en")
    page.widget("selectbox", "group").set_value("children")
    html = page.run().html()
    survey = survey_study(StudyConfig.from_toml(root / "data" / "sample-district"))
    people = survey.demand.population_children
    served = people[survey.demand.covered].sum()
    assert f"{count(float(served))} of {count(float(people.sum()))} people" in html
    assert f'<div class="ws-value">{count(float(people.sum() - served))}<small>' in html
    read = read_for_group(survey, "children")
    assert read.gaps.residents.sum() == pytest.approx(people.sum() - served)
    assert read.gaps.residents.is_monotonic_decreasing
    assert text("app.group_told", "en", group="children") in html


@pytest.mark.parametrize(
    "address", [{"day": "9"}, {"day": "x", "hour": "z"}, {"group": "<b>"}, {"day": "2", "hour": "99"}]
)
def test_choices_that_the_study_does_not_know_are_left_out(
    open_page: Callable[..., Any], address: dict[str, str]
) -> None:
    page = open_page("coverage", lang="en", **address)
    assert 'role="alert"' not in page.html()
    assert "In " in page.html()


def test_a_chosen_unit_is_looked_up_on_the_map(root: Path) -> None:
    survey = survey_study(StudyConfig.from_toml(root / "data" / "sample-district"))
    units = survey.inputs.units
    found = figures.unit_bounds(survey, [str(units.unit_id.iloc[2]), "nowhere"])
    assert found == [pytest.approx(tuple(units.geometry.iloc[2].bounds)), None]

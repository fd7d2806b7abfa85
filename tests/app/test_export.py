"""What is chosen is what is written; work is counted and can be stopped; hostile texts stay texts."""

from __future__ import annotations

import gc
import time
import zipfile
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import openpyxl
import pypdfium2
import pytest
from docx import Document

from walkshed.app import exporting, previews, running
from walkshed.app.exporting import BOTH, Choice
from walkshed.catalogue import text
from walkshed.errors import InputError
from walkshed.reporting.reports import FORMATS, SHEETS
from walkshed.study import run_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import StudyInputs, StudyResult

HOSTILE = "<img src=x onerror=window.hacked=1>'\"{{7*7}} =1+1 #let x 书屋"
WAIT_S = 240
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def result(helsinki: StudyConfig, helsinki_inputs: StudyInputs) -> StudyResult:
    return run_study(helsinki, inputs=helsinki_inputs)


def written(result: StudyResult, choice: Choice) -> exporting.Job:
    job = exporting.start_job(result, choice)
    job.wait(WAIT_S)
    assert job.error is None
    assert job.state == "done"
    return job


def chosen(**fields: Any) -> Choice:
    return Choice(**{"title_en": "T", "title_zh": "标题", "dated": "2026-03-01", **fields})


# --- what is written


def test_first_choice_is_what_the_study_says(result: StudyResult) -> None:
    choice = exporting.first_choice(result)
    assert choice.title_zh == result.config.study.title_zh
    assert choice.author_unit == result.config.report.author_unit
    assert exporting.prepared(result, choice).config == result.config


def test_steps_count_languages_and_sheets() -> None:
    both = chosen(language=BOTH, formats=("docx", "sheets", "gpkg"), sheets=("now", "gaps"))
    steps = exporting.steps_of(both)
    assert [step.kind for step in steps].count("docx") == 2
    assert [step.kind for step in steps].count("sheets") == 4
    assert [(step.kind, step.language) for step in steps][-1] == ("gpkg", "")
    assert len(exporting.steps_of(chosen(formats=FORMATS))) == len(FORMATS) - 1 + len(SHEETS)


@pytest.mark.parametrize("fields", [{"formats": ()}, {"formats": ("sheets",), "sheets": ()}])
def test_nothing_chosen_is_said(result: StudyResult, fields: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        exporting.start_job(result, chosen(**fields))
    assert caught.value.message.key == "errors.export_nothing"


@pytest.mark.parametrize("dated", ["", "tomorrow", "2026-13-01", "2026-02-30"])
def test_a_wrong_date_is_said(result: StudyResult, dated: str) -> None:
    with pytest.raises(InputError) as caught:
        exporting.start_job(result, chosen(formats=("xlsx",), dated=dated))
    assert caught.value.message.key == "errors.export_date"


def test_texts_stand_on_the_report_as_they_are(result: StudyResult) -> None:
    choice = chosen(
        language="en", formats=("docx", "pdf"), title_en=HOSTILE, author_unit="单位 <b>", approval="GS(2026)1"
    )
    job = written(result, choice)
    words = "\n".join(part.text for part in Document(BytesIO(job.read("en/report.docx"))).paragraphs)
    assert HOSTILE in words
    assert "单位 <b>" in words
    document = pypdfium2.PdfDocument(job.read("en/report.pdf"))
    told = "".join(page.get_textpage().get_text_range() for page in document)
    assert "onerror" in told
    assert "GS(2026)1" in told
    assert "2026-03-01" in told or "2026-03-01" in words
    document.close()


def test_both_languages_stand_side_by_side_in_one_zip(result: StudyResult) -> None:
    job = written(result, chosen(language=BOTH, formats=("xlsx", "gpkg", "csv")))
    assert {"zh/tables.xlsx", "en/tables.xlsx", "layers.gpkg"} <= set(job.files)
    archive = zipfile.ZipFile(BytesIO(job.zip_bytes()))
    assert archive.testzip() is None
    assert set(archive.namelist()) == set(job.files)
    titles = openpyxl.load_workbook(BytesIO(archive.read("en/tables.xlsx")), read_only=True).sheetnames
    assert titles != openpyxl.load_workbook(BytesIO(archive.read("zh/tables.xlsx")), read_only=True).sheetnames
    assert job.done == len(job.steps)


def test_only_the_chosen_sheets_are_drawn(result: StudyResult) -> None:
    job = written(result, chosen(formats=("sheets",), sheets=("gaps",), paper="A4", landscape=False))
    assert set(job.files) == {"zh/map-gaps.png", "zh/map-gaps.pdf"}
    page = pypdfium2.PdfDocument(job.read("zh/map-gaps.pdf"))
    width, height = page[0].get_size()
    assert width < height
    page.close()


def test_stopped_work_keeps_no_file(result: StudyResult) -> None:
    job = exporting.start_job(result, chosen(formats=("sheets", "docx", "pdf", "pack")))
    job.cancel()
    assert job.stopping or job.state == "cancelled"
    job.wait(WAIT_S)
    assert job.state == "cancelled"
    assert job.files == ()
    assert not job.folder.exists()
    assert job.done < len(job.steps)


def test_a_failure_is_told_without_a_trace(result: StudyResult, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        del args, kwargs
        message = "deep inside /secret/path"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(exporting, "write_reports", fail)
    job = exporting.start_job(result, chosen(formats=("xlsx",)))
    job.wait(WAIT_S)
    assert job.state == "failed"
    assert isinstance(job.error, InputError)
    assert "secret" not in job.error.text("en")


def test_files_go_with_their_job(result: StudyResult) -> None:
    job = written(result, chosen(formats=("xlsx",)))
    folder = job.folder
    assert folder.stat().st_mode & 0o077 == 0
    job._thread = None
    del job
    assert not folder.exists()


# --- previews


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_sheet_has_a_preview(result: StudyResult, sheet: str) -> None:
    choice = chosen(title_zh=HOSTILE)
    picture = previews.sheet_picture(result, choice, "zh", sheet)
    assert picture.startswith(PNG)


def test_the_preview_has_the_pages_of_the_report(result: StudyResult) -> None:
    choice = chosen(language="en")
    pages = previews.page_pictures(result, choice, "en")
    assert all(page.startswith(PNG) for page in pages)
    report = pypdfium2.PdfDocument(written(result, replace(choice, formats=("pdf",))).read("en/report.pdf"))
    assert len(report) == len(pages)
    report.close()


def test_the_preview_of_the_workbook_is_the_workbook(result: StudyResult) -> None:
    rows = previews.first_rows(result, chosen(), "en")
    book = openpyxl.load_workbook(
        BytesIO(written(result, chosen(language="en", formats=("xlsx",))).read("en/tables.xlsx")), read_only=True
    )
    assert list(rows) == book.sheetnames
    first = [list(row) for row in book[book.sheetnames[0]].iter_rows(max_row=3, values_only=True)]
    assert rows[book.sheetnames[0]][:3] == first


# --- the page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_starts_with_the_study_s_own_texts(
    open_page: Callable[..., Any], helsinki: StudyConfig, language: str
) -> None:
    page = open_page("export", study="helsinki", lang=language)
    assert 'role="alert"' not in page.html()
    assert page.app.text_input(key="export_title_zh_widget").value == helsinki.study.title_zh
    assert page.app.get("image")
    assert {box.label for box in page.app.checkbox} >= {text(f"app.format_{kind}", language) for kind in FORMATS}
    for kind in ("pages", "book"):
        page.widget("segmented_control", "export_preview").set_value(kind)
        assert 'role="alert"' not in page.run().html()
    assert page.app.dataframe


def test_what_is_typed_is_written_and_can_be_taken_along(open_page: Callable[..., Any]) -> None:
    page = open_page("export", study="helsinki", lang="en")
    app = page.app
    app.text_input(key="export_title_en_widget").set_value(HOSTILE)
    app.text_input(key="export_dated_widget").set_value("2026-03-01")
    for kind in ("docx", "pdf", "html", "sheets", "gpkg"):
        app.checkbox(key=f"export_{kind}_widget").set_value(False)
    page.run()
    app.button(key="export_start").click()
    app.run()
    job: exporting.Job = app.session_state["export_job"]
    job.wait(WAIT_S)
    html = page.run().html()
    assert escape(text("app.export_done", "en", count=1)) in html
    assert job.files == ("en/tables.xlsx",)
    book = openpyxl.load_workbook(BytesIO(job.read("en/tables.xlsx")))
    assert "onerror" in str(book.properties.title)
    assert app.session_state["export_choice"].title_en == HOSTILE
    assert page.go("methods").go("export").app.text_input(key="export_title_en_widget").value == HOSTILE


def test_an_export_ends_with_its_session(open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def write_for_ever(*args: object, progress: Progress, **kwargs: object) -> None:
        del args, kwargs
        while True:
            progress("report", 0, 1)
            time.sleep(0.01)

    monkeypatch.setattr(exporting, "write_reports", write_for_ever)
    page = open_page("export", study="helsinki", lang="en")
    page.app.button(key="export_start").click()
    page.app.run()
    job: exporting.Job = page.app.session_state["export_job"]
    gc.collect()
    assert job.state == "running"
    assert not job.stopping
    del page
    gc.collect()
    job.wait(WAIT_S)
    assert job.state == "cancelled"


def test_a_wrong_date_is_said_on_the_page(open_page: Callable[..., Any]) -> None:
    page = open_page("export", study="helsinki", lang="en")
    page.app.text_input(key="export_dated_widget").set_value("<b>soon")
    html = page.run().html()
    assert escape(text("errors.export_date", "en", value="<b>soon")) in html


def test_stale_results_are_not_written(open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.0)
    page = open_page("export", study="sample-district", lang="en", rooms="1", min="10")
    assert 'role="alert"' not in page.html()

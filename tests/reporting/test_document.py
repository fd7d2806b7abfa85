# ruff: noqa: RUF001 - Chinese texts are looked for
"""The written report: every chapter, table and figure, in Word and PDF, whatever the names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import subprocess
import zipfile
from shutil import which
from typing import TYPE_CHECKING

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn
from matplotlib.text import Text

from walkshed.catalogue import LANGUAGES
from walkshed.reporting.aspects import aspect_of
from walkshed.reporting.document.compose import compose_report
from walkshed.reporting.document.numerals import numbered
from walkshed.reporting.document.pdf import write_pdf
from walkshed.reporting.document.tree import Illustration, Table
from walkshed.reporting.document.word import write_docx
from walkshed.reporting.mappicture import map_picture
from walkshed.reporting.summary import summarise
from walkshed.reporting.wording import count, people, percent, plain, say

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.reporting.document.tree import Report
    from walkshed.results import StudyResult

DAY = dt.date(2026, 11, 22)
CHAPTERS = {
    "zh": ("概况", "现状", "评估（口径）", "短板", "选址建议", "实施计划", "附表"),
    "en": (
        "Overview",
        "What there is",
        "Assessment and its bases",
        "Shortfalls",
        "Proposed sites",
        "Implementation plan",
        "Annexes",
    ),
}  # fmt: skip


def tables_of(report: Report) -> dict[str, Table]:
    return {block.key: block for chapter in report.chapters for block in chapter.blocks if isinstance(block, Table)}


def pictures_of(report: Report) -> list[Illustration]:
    return [block for chapter in report.chapters for block in chapter.blocks if isinstance(block, Illustration)]


def key_texts(result: StudyResult, language: str) -> list[str]:
    """Return the figures in front as the summary tells them and as a reader sees them, without spaces."""
    summary = summarise(result)
    (rate,) = (
        row
        for row in summary["rates"]
        if row["unit_id"] == ""
        and (row["profile"], row["cutoff_min"]) == (summary["walking"]["profile"], summary["walking"]["cutoff_min"])
        and row["basis"] == "E"
    )
    unserved = sum(summary["residents"]["unserved_by_reason"].values())
    last = summary["proposals"][-1]
    told = [percent(rate["rate"]), count(rate["numerator"]), count(rate["denominator"]), people(unserved, language)]
    told += [percent(last["cumulative_rate"]), *(count(row["newly_served"]) for row in summary["proposals"])]
    told += [count(row["residents"]) for row in summary["gaps"]]
    return ["".join(text.split()) for text in told]


def pdf_pages(path: Path) -> list[str]:
    """Return the text of every page."""
    with pypdfium2.PdfDocument(path) as book:
        return [page.get_textpage().get_text_range() for page in book]


@pytest.fixture(scope="module")
def word(result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("word") / "report.docx"
    write_docx(result, path, language="zh", dated=DAY)
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_in_its_order(result: StudyResult, language: str) -> None:
    report = compose_report(result, language=language, dated=DAY)
    titles = tuple(chapter.title for chapter in report.chapters)
    assert set(CHAPTERS[language]) <= set(titles)
    assert [title for title in titles if title in CHAPTERS[language]] == list(CHAPTERS[language])
    assert all(chapter.blocks for chapter in report.chapters)


def test_the_figures_are_those_of_the_summary(result: StudyResult) -> None:
    report, summary = compose_report(result, language="en", dated=DAY), summarise(result)
    tables = tables_of(report)
    gaps = [(count(row["residents"]), plain(row["rank"])) for row in summary["gaps"]]
    assert [(row[2], row[0]) for row in tables["all_gaps"].rows] == gaps
    plan = [(count(row["newly_served"]), percent(row["cumulative_rate"])) for row in summary["proposals"]]
    assert [(row[2], row[4]) for row in tables["proposals"].rows] == plan
    rooms = [plain(name) for name in result.facilities["name"]]
    assert [row[0] for row in tables["all_rooms"].rows] == rooms
    whole = {
        (row["numerator"], row["denominator"], percent(row["rate"]))
        for row in summary["rates"]
        if row["unit_id"] == ""
        and row["profile"] == summary["walking"]["profile"]
        and row["cutoff_min"] == summary["walking"]["cutoff_min"]
        and row["denominator"]
    }
    told = {(row[1], row[2], row[4]) for row in tables["rates"].rows}
    assert told == {(count(one), count(other), rate) for one, other, rate in whole}


def test_word_has_real_headings_captions_contents_and_asian_fonts(result: StudyResult, word: Path) -> None:
    book = docx.Document(str(word))
    heads = [paragraph.text for paragraph in book.paragraphs if paragraph.style.name == "Heading 1"]
    report = compose_report(result, language="zh", dated=DAY)
    assert heads == [numbered(place, part.title, "zh") for place, part in enumerate(report.chapters, start=1)]
    assert heads[0] == "一、概况"
    captions = [paragraph.text for paragraph in book.paragraphs if paragraph.style.name == "Caption"]
    pictures = pictures_of(report)
    assert len([line for line in captions if line.startswith("表 ")]) == len(tables_of(report))
    assert len([line for line in captions if line.startswith("图 ")]) == len(pictures) == len(book.inline_shapes)
    for style in ("Normal", "Heading 1"):
        fonts = book.styles[style].element.rPr.find(qn("w:rFonts"))
        assert fonts.get(qn("w:eastAsia")) in {"仿宋", "黑体"}
        assert fonts.get(qn("w:eastAsiaTheme")) is None
    content = zipfile.ZipFile(word).read("word/document.xml").decode()
    marks = set(re.findall(r'w:bookmarkStart [^>]*w:name="(\w+)"', content))
    assert set(re.findall(r"PAGEREF (\w+)", content)) == marks == {part.key for part in report.chapters}
    language = zipfile.ZipFile(word).read("word/styles.xml").decode()
    assert 'w:eastAsia="zh-CN"' in language
    told = "".join("".join(cell.text.split()) for table in book.tables for row in table.rows for cell in row.cells)
    told += "".join("".join(paragraph.text.split()) for paragraph in book.paragraphs)
    assert [text for text in key_texts(result, "zh") if text not in told] == []


def test_word_tables_repeat_their_head_and_keep_rows_whole(word: Path) -> None:
    book = docx.Document(str(word))
    ruled = [table for table in book.tables if table._tbl.tblPr.find(qn("w:tblBorders")) is not None]
    assert ruled
    for table in ruled:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows[1:])
        kept = [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in table.rows]
        assert all(kept[: min(len(kept) - 1, 4)]), "a table never begins with its head alone"
        assert not kept[-1]
        widths = [column.width for column in table.columns]
        assert all(width and width > 0 for width in widths)


def test_every_page_of_word_names_the_sources_and_the_approval(result: StudyResult, word: Path) -> None:
    foot = "\n".join(paragraph.text for paragraph in docx.Document(str(word)).sections[0].footer.paragraphs)
    assert "© OpenStreetMap 贡献者" in foot
    assert "示例阅览室名录" in foot
    assert "内部工作用图，未经审核不得公开" in foot
    report = dataclasses.replace(result.config.report, map_approval_number="渝S(2026)001号")
    approved = dataclasses.replace(result, config=dataclasses.replace(result.config, report=report))
    assert "渝S(2026)001号" in compose_report(approved, language="zh").approval


@pytest.mark.skipif(which("soffice") is None, reason="needs LibreOffice to lay the Word file out")
def test_word_lays_out_in_libreoffice(result: StudyResult, word: Path, tmp_path: Path) -> None:
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(word)], check=True, capture_output=True, timeout=240)
    pages = pdf_pages(tmp_path / "report.pdf")
    assert 4 <= len(pages) <= 20
    text = "".join(pages)
    assert all(title in text for title in CHAPTERS["zh"])
    cover, *rest = pages
    assert "目录" in cover
    assert "一、概况" in rest[0]
    assert "图 1" in rest[0]
    numbers = [int(number) for number in re.findall(r"[一二三四五六七]、\D+?(\d+)\s", cover)]
    report = compose_report(result, language="zh", dated=DAY)
    assert len(numbers) == len(report.chapters)
    for chapter, number in zip(report.chapters, numbers, strict=True):
        assert chapter.title in pages[number - 1], "the contents lead to the page"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_holds_every_chapter_table_and_source(result: StudyResult, tmp_path: Path, language: str) -> None:
    path = tmp_path / "report.pdf"
    write_pdf(result, path, language=language, dated=DAY)
    pages = pdf_pages(path)
    assert 3 <= len(pages) <= 15
    text = "".join(pages)
    report = compose_report(result, language=language, dated=DAY)
    for table in tables_of(report).values():
        assert table.caption in text
    squeezed = re.sub(r"\s", "", text)
    assert [told for told in key_texts(result, language) if told not in squeezed] == []
    words = {"zh": ("表 {}", "图 {}"), "en": ("Table {}:", "Figure {}:")}[language]
    for word, captions in zip(words, (tables_of(report), pictures_of(report)), strict=True):
        places = [text.find(word.format(number)) for number in range(1, len(captions) + 1)]
        assert -1 not in places
        assert places == sorted(places), "in their order"
        assert word.format(len(captions) + 1) not in text
    assert words[1].format(1) in pages[0], "the first page shows the map"
    with pypdfium2.PdfDocument(path) as book:
        drawn = [item for page in book for item in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,))]
        assert len(drawn) == len(pictures_of(report))
        said = [told for page in book if (told := page.get_textpage().get_text_range())]
    assert all(re.search(rf"{place}\D{{1,8}}{len(said)}", told) for place, told in enumerate(said, start=1))
    for chapter in report.chapters:
        assert re.sub(r"\s", "", chapter.title) in squeezed
    credit = {"zh": "© OpenStreetMap 贡献者", "en": "© OpenStreetMap contributors"}[language]
    assert all(credit in page for page in pages)
    content = path.read_bytes()
    assert b"NotoSansSC" in content, "the typeface is embedded"
    with pypdfium2.PdfDocument(path) as book:
        marks = [mark.get_title() for mark in book.get_toc()]
    assert marks == [numbered(place, part.title, language) for place, part in enumerate(report.chapters, start=1)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("aspect", ["now", "gaps", "proposals"])
def test_a_map_in_a_report_carries_legend_bar_arrow_and_sources(
    result: StudyResult, language: str, aspect: str
) -> None:
    sheet = map_picture(aspect_of(result, aspect, language), language=language)
    shown = "\n".join(text.get_text() for text in sheet.findobj(Text))
    for key in ("legend", "north"):
        assert say(key, language) in shown
    assert "OpenStreetMap" in shown
    assert "示例阅览室名录" in shown
    assert re.search(r"\d (?:公里|米|km|m)\b", shown)


def test_equal_results_give_equal_reports(result: StudyResult, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_pdf(result, tmp_path / f"{name}.pdf", dated=DAY)
        write_docx(result, tmp_path / f"{name}.docx", dated=DAY)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    one, two = (zipfile.ZipFile(tmp_path / f"{name}.docx") for name in ("one", "two"))
    assert {name: one.read(name) for name in one.namelist()} == {name: two.read(name) for name in two.namelist()}


def test_any_name_can_be_printed(hostile: StudyResult, hostile_texts: tuple[str, ...], tmp_path: Path) -> None:
    write_pdf(hostile, tmp_path / "report.pdf", language="zh", dated=DAY)
    write_docx(hostile, tmp_path / "report.docx", language="zh", dated=DAY)
    text = re.sub(r"\s", "", "".join(pdf_pages(tmp_path / "report.pdf")))
    assert "<imgsrc=xonerror=alert(1)>" in text
    assert "{{7*7}}{%raw%}" in text
    told = json.dumps([table.rows for table in tables_of(compose_report(hostile, language="zh")).values()])
    for name in hostile_texts[:3]:
        assert json.dumps(plain(name))[1:-1] in told


def test_a_study_with_next_to_nothing_still_makes_a_report(bare: StudyResult, tmp_path: Path) -> None:
    write_pdf(bare, tmp_path / "report.pdf", language="en", dated=DAY)
    write_docx(bare, tmp_path / "report.docx", language="en", dated=DAY)
    assert "Annexes" in "".join(pdf_pages(tmp_path / "report.pdf"))

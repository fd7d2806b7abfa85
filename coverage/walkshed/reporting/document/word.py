"""A report as a Word file, as Chinese offices set theirs: 仿宋 for the text, 黑体 for headings."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from walkshed.files import scratch, write_whole
from walkshed.reporting.document import tree, wordparts
from walkshed.reporting.document.compose import compose_report
from walkshed.reporting.document.numerals import numbered
from walkshed.reporting.document.pictures import draw_pictures
from walkshed.reporting.document.words import page_words, tell

if TYPE_CHECKING:
    from datetime import date
    from os import PathLike
    from pathlib import Path

    from docx.document import Document
    from docx.text.paragraph import Paragraph

    from walkshed.results import StudyResult

BODY: Final = ("仿宋", "Times New Roman")
HEAD: Final = ("黑体", "Arial")
TITLE: Final = ("宋体", "Times New Roman")
TEXT_CM: Final = 15.6
PICTURE_CM: Final = 15.0
SHORT: Final = 9
"""Rows of a table that is never broken."""
START: Final = 3
"""Rows of a long table that stay with its head."""
COVER_PT: Final = 84
"""Air above the title and above the contents, which fill the first page together."""
NAVY: Final = "0B3C5D"
MUTED: Final = "5D6D7E"
RULE: Final = "D5DCE2"
SHADE: Final = "F1F6F9"
STAMP: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed stamp, so that equal reports are equal files
SIDES: Final = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER,
}  # fmt: skip
ROLE_COLOURS: Final = {"rate": NAVY, "unserved": "C24A14", "gain": "0F7B5F"}


def write_docx(
    result: StudyResult,
    path: str | PathLike[str],
    *,
    language: str = "zh",
    dated: date | None = None,
) -> None:
    """Write the report as a Word file.

    Parameters
    ----------
    result
        The study's result.
    path
        File; replaced at once or not at all.
    language
        ``"zh"`` or ``"en"``.
    dated
        Date on the report; today by default.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    report = compose_report(result, language=language, dated=dated)
    with scratch("pictures") as pictures:
        draw_pictures(result, report, pictures)
        document = _Writer(report, pictures).document
        content = BytesIO()  # left to itself, a zip file that the disk has no room for complains once more
        document.save(content)
        write_whole(path, content.getvalue())


class _Writer:
    """Writes a report down, from the first page to the last."""

    def __init__(self, report: tree.Report, pictures: Path) -> None:
        self.report, self.pictures, self.language = report, pictures, report.language
        self.document: Document = docx.Document()
        self.tables = self.figures = 0
        self._set_page()
        self._set_styles()
        self._title()
        self._contents()
        for number, chapter in enumerate(report.chapters, start=1):
            self._chapter(number, chapter)
        properties = self.document.core_properties
        properties.title, properties.author = report.title, report.author
        properties.subject, properties.comments = report.subtitle, ""
        properties.created = properties.modified = STAMP

    def _set_page(self) -> None:
        section = self.document.sections[0]
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.7)
        section.top_margin, section.bottom_margin = Cm(2.8), Cm(2.5)
        foot = section.footer.paragraphs[0]
        foot.style = self.document.styles["Normal"]  # the footer's own has a tab stop in the middle
        foot.alignment = WD_ALIGN_PARAGRAPH.LEFT
        foot.paragraph_format.tab_stops.add_tab_stop(Cm(TEXT_CM), WD_TAB_ALIGNMENT.RIGHT)
        before, between, after = page_words(self.language)
        foot.add_run(f"{self.report.approval}\t{before}")
        wordparts.add_field(foot, "PAGE", "1")
        foot.add_run(between)
        wordparts.add_field(foot, "NUMPAGES", "1")
        foot.add_run(after)
        credit = section.footer.add_paragraph(self.report.credits, style="Normal")
        for paragraph in (foot, credit):
            for run in paragraph.runs:
                wordparts.set_font(run, asian=BODY[0], latin=BODY[1], size_pt=8, colour=MUTED)

    def _set_styles(self) -> None:
        styles = self.document.styles
        wordparts.set_language(self.document, self.language)
        body = 14 if self.language == "zh" else 11
        wordparts.set_font(styles["Normal"], asian=BODY[0], latin=BODY[1], size_pt=body)
        wordparts.set_font(styles["Title"], asian=TITLE[0], latin=TITLE[1], size_pt=22, bold=True, colour=NAVY)
        wordparts.set_font(styles["Heading 1"], asian=HEAD[0], latin=HEAD[1], size_pt=16, bold=False, colour="000000")
        wordparts.set_font(styles["Heading 2"], asian=HEAD[0], latin=HEAD[1], size_pt=14, bold=False, colour="000000")
        wordparts.set_font(styles["Caption"], asian=HEAD[0], latin=HEAD[1], size_pt=10.5, bold=False, colour="000000")
        styles["Heading 1"].paragraph_format.space_before = Pt(18)
        styles["Heading 1"].paragraph_format.space_after = Pt(8)
        styles["Normal"].paragraph_format.space_after = Pt(4)

    def _title(self) -> None:
        """Write title, issuing unit and date onto a first page of their own, above the contents."""
        heading = self.document.add_paragraph(style="Title")
        heading.paragraph_format.space_before = Pt(COVER_PT)
        heading.add_run(self.report.title)
        heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
        borders = heading._p.get_or_add_pPr().find(qn("w:pBdr"))  # noqa: SLF001 - the style's rule below titles
        if borders is not None:
            borders.getparent().remove(borders)
        for line in (self.report.subtitle, "　".join(filter(None, (self.report.author, self.report.date)))):
            paragraph = self.document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(10)
            wordparts.set_font(paragraph.add_run(line), asian="楷体", latin=BODY[1], size_pt=14, colour=MUTED)

    def _contents(self) -> None:
        """Write the contents with links and page fields, which Word and LibreOffice work out on opening."""
        head = self.document.add_paragraph()
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        head.paragraph_format.space_before = Pt(COVER_PT)
        head.paragraph_format.space_after = Pt(12)
        wordparts.set_font(head.add_run(tell("contents", self.language)), asian=HEAD[0], latin=HEAD[1], size_pt=16)
        for number, chapter in enumerate(self.report.chapters, start=1):
            line = self.document.add_paragraph()
            line.paragraph_format.tab_stops.add_tab_stop(Cm(TEXT_CM), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
            line.paragraph_format.space_after = Pt(8)
            line.add_run(f"{numbered(number, chapter.title, self.language)}\t")
            wordparts.add_field(line, f"PAGEREF {chapter.key} \\h", "1", stale=True)
            for run in line.runs:
                wordparts.set_font(run, asian=BODY[0], latin=BODY[1], size_pt=14)

    def _chapter(self, number: int, chapter: tree.Chapter) -> None:
        heading = self.document.add_heading(numbered(number, chapter.title, self.language), chapter.level)
        heading.paragraph_format.page_break_before = number == 1
        wordparts.add_bookmark(heading, chapter.key, number)
        for block in chapter.blocks:
            match block:
                case tree.Paragraph():
                    self._paragraph(block)
                case tree.Bullets():
                    self._bullets(block)
                case tree.Figures():
                    self._key_figures(block)
                case tree.Table():
                    self._table(block)
                case tree.Illustration():
                    self._illustration(block)

    def _paragraph(self, block: tree.Paragraph) -> None:
        paragraph = self.document.add_paragraph()
        run = paragraph.add_run(block.text)
        paragraph.paragraph_format.keep_with_next = block.text.rstrip().endswith((":", "\uff1a"))  # it announces a list
        if block.small:
            wordparts.set_font(run, asian=BODY[0], latin=BODY[1], size_pt=9.5, colour=MUTED)
        elif self.language == "zh":
            paragraph.paragraph_format.first_line_indent = Pt(28)
            paragraph.paragraph_format.line_spacing = Pt(26)

    def _bullets(self, block: tree.Bullets) -> None:
        for item in block.items:
            paragraph = self.document.add_paragraph(style="List Bullet")
            paragraph.paragraph_format.space_after = Pt(2)
            wordparts.set_font(paragraph.add_run(item), asian=BODY[0], latin=BODY[1], size_pt=11)

    def _key_figures(self, block: tree.Figures) -> None:
        table = self.document.add_table(1, len(block.figures))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        for cell, figure in zip(table.rows[0].cells, block.figures, strict=True):
            wordparts.shade(cell, SHADE)
            value = cell.paragraphs[0].add_run(figure.value)
            wordparts.set_font(
                value, asian=HEAD[0], latin=HEAD[1], size_pt=20, bold=True, colour=ROLE_COLOURS[figure.role]
            )
            for line, size, colour in ((figure.label, 9.5, "22313F"), (figure.detail, 8.5, MUTED)):
                run = cell.add_paragraph().add_run(line)
                wordparts.set_font(run, asian=BODY[0], latin=BODY[1], size_pt=size, colour=colour)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def _table(self, block: tree.Table) -> None:
        self.tables += 1
        caption = self._caption("table_word", self.tables, block.caption)
        caption.paragraph_format.keep_with_next = True
        table = self.document.add_table(1, len(block.columns))
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        wordparts.rule_table(table, colour=NAVY, light=RULE)
        wordparts.repeat_row(table.rows[0])
        self._row(table.rows[0], tuple(column.head for column in block.columns), block, head=True)
        # a short table stays whole, a long one begins with some of its rows
        together = len(block.rows) - 1 if len(block.rows) <= SHORT else START
        wordparts.keep_with_next(table.rows[0])
        for place, cells in enumerate(block.rows):
            row = table.add_row()
            wordparts.keep_row_whole(row)
            self._row(row, cells, block)
            if place < together:
                wordparts.keep_with_next(row)
        if block.total:
            self._row(table.add_row(), block.total, block, head=True)
        whole = sum(column.width for column in block.columns)
        for place, column in enumerate(block.columns):
            table.columns[place].width = Cm(TEXT_CM * column.width / whole)
            for cell in table.columns[place].cells:
                cell.width = Cm(TEXT_CM * column.width / whole)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def _row(self, row: object, cells: tuple[str, ...], block: tree.Table, *, head: bool = False) -> None:
        for cell, text, column in zip(row.cells, cells, block.columns, strict=True):  # type: ignore[attr-defined]
            paragraph = cell.paragraphs[0]
            paragraph.alignment = SIDES[column.align]
            paragraph.paragraph_format.space_after = Pt(1)
            fonts = HEAD if head else BODY
            wordparts.set_font(paragraph.add_run(text), asian=fonts[0], latin=fonts[1], size_pt=9.5)
            if head:
                wordparts.shade(cell, SHADE)

    def _illustration(self, block: tree.Illustration) -> None:
        self.document.add_picture(str(self.pictures / f"{block.picture}.png"), width=Cm(PICTURE_CM))
        holder = self.document.paragraphs[-1]
        holder.alignment = WD_ALIGN_PARAGRAPH.CENTER
        holder.paragraph_format.keep_with_next = True
        self.figures += 1
        self._caption("figure_word", self.figures, block.caption)

    def _caption(self, word: str, number: int, text: str) -> Paragraph:
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(f"{tell(word, self.language)} ")
        wordparts.add_field(paragraph, f"SEQ {tell(word, 'en')} \\* ARABIC", str(number))
        paragraph.add_run(f"　{text}")
        return paragraph

"""What python-docx has no words for: East Asian fonts, fields, bookmarks, table rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle
    from docx.table import Table, _Cell, _Row
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run


def set_font(
    styled: ParagraphStyle | Run,
    *,
    asian: str,
    latin: str,
    size_pt: float | None = None,
    bold: bool | None = None,
    colour: str = "",
) -> None:
    """Set the typefaces of a style or a run: one for Chinese, one for everything else."""
    styled.font.name = latin
    properties = styled._element.get_or_add_rPr()  # noqa: SLF001 - python-docx has no public way to East Asian fonts
    fonts = properties.find(qn("w:rFonts"))
    for side, name in (("w:ascii", latin), ("w:hAnsi", latin), ("w:cs", latin), ("w:eastAsia", asian)):
        fonts.set(qn(side), name)
    # A theme font would win over the name.
    for side in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(side), None)
    if size_pt is not None:
        styled.font.size = Pt(size_pt)
    if bold is not None:
        styled.font.bold = bold
    if colour:
        styled.font.color.rgb = RGBColor.from_string(colour)


def set_language(document: Document, language: str) -> None:
    """Set the language of all text: without it punctuation of Chinese text is set in the middle."""
    code = {"zh": "zh-CN", "en": "en-GB"}[language]
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    spoken = defaults.find(qn("w:lang"))
    if spoken is None:
        spoken = _element("w:lang")
        defaults.append(spoken)
    spoken.set(qn("w:val"), "en-GB" if language == "zh" else code)
    spoken.set(qn("w:eastAsia"), "zh-CN")


def add_field(paragraph: Paragraph, code: str, shown: str, *, stale: bool = False) -> Run:
    """Add a field, such as a page number, with the text shown until it is worked out; return its text's run.

    A ``stale`` field in the text is worked out when Word opens the file; those in a footer always are.
    """
    mark = {"fldCharType": "begin", "dirty": "true"} if stale else {"fldCharType": "begin"}
    paragraph.add_run()._element.append(_element("w:fldChar", **mark))  # noqa: SLF001 - as above
    told = _element("w:instrText")
    told.set(qn("xml:space"), "preserve")
    told.text = f" {code} "
    paragraph.add_run()._element.append(told)  # noqa: SLF001 - as above
    paragraph.add_run()._element.append(_element("w:fldChar", fldCharType="separate"))  # noqa: SLF001 - as above
    text = paragraph.add_run(shown)
    paragraph.add_run()._element.append(_element("w:fldChar", fldCharType="end"))  # noqa: SLF001 - as above
    return text


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Put a bookmark around all of a paragraph's text."""
    start, end = _element("w:bookmarkStart", id=str(number), name=name), _element("w:bookmarkEnd", id=str(number))
    place = 1 if paragraph._p.pPr is not None else 0  # noqa: SLF001 - as above
    paragraph._p.insert(place, start)  # noqa: SLF001 - as above
    paragraph._p.append(end)  # noqa: SLF001 - as above


def rule_table(table: Table, *, colour: str, light: str) -> None:
    """Give a table heavy rules above and below and light ones between its rows."""
    borders = _element("w:tblBorders")
    for side, size, ink in (("top", 12, colour), ("bottom", 12, colour), ("insideH", 4, light)):
        borders.append(_element(f"w:{side}", val="single", sz=str(size), space="0", color=ink))
    table._tbl.tblPr.append(borders)  # noqa: SLF001 - as above


def shade(cell: _Cell, colour: str) -> None:
    """Fill a cell."""
    cell._tc.get_or_add_tcPr().append(_element("w:shd", val="clear", color="auto", fill=colour))  # noqa: SLF001 - as above


def repeat_row(row: _Row) -> None:
    """Repeat a row at the top of every page."""
    row._tr.get_or_add_trPr().append(_element("w:tblHeader", val="true"))  # noqa: SLF001 - as above


def keep_with_next(row: _Row) -> None:
    """Keep a row on the page of the next one."""
    for cell in row.cells:
        for paragraph in cell.paragraphs:
            paragraph.paragraph_format.keep_with_next = True


def keep_row_whole(row: _Row) -> None:
    """Keep a row from being broken by the end of a page."""
    row._tr.get_or_add_trPr().append(_element("w:cantSplit", val="true"))  # noqa: SLF001 - as above


def _element(tag: str, **attributes: str) -> Any:  # noqa: ANN401 - lxml has no stubs here
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made

"""A report as a PDF, set by typst; the typeface comes from a Python package and is embedded."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import typst
from matplotlib import get_data_path
from pylopdf_fonts_zh_cn import sans_path

from walkshed.files import scratch, write_whole
from walkshed.reporting.document import tree
from walkshed.reporting.document.compose import compose_report
from walkshed.reporting.document.numerals import captioned, numbered
from walkshed.reporting.document.pictures import draw_pictures
from walkshed.reporting.document.placing import place_pictures
from walkshed.reporting.document.words import page_words, tell
from walkshed.reporting.fonts import family

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from os import PathLike

    from walkshed.results import StudyResult

TEMPLATE: Final = "report.typ"
DATA: Final = "report.json"


def write_pdf(
    result: StudyResult,
    path: str | PathLike[str],
    *,
    language: str = "zh",
    dated: date | None = None,
) -> None:
    """Write the report as a PDF.

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
    (content,) = _typeset(result, language, dated, kind="pdf")
    write_whole(Path(path), content)


def report_pages(
    result: StudyResult, *, language: str = "zh", dated: date | None = None, ppi: float = 96.0
) -> tuple[bytes, ...]:
    """Return the pages of the report as :func:`write_pdf` would write them, each as a PNG.

    Parameters
    ----------
    result, language, dated
        As for :func:`write_pdf`.
    ppi
        Pixels per inch.
    """
    return _typeset(result, language, dated, kind="png", ppi=ppi)


def _typeset(
    result: StudyResult, language: str, dated: date | None, *, kind: Literal["pdf", "png"], ppi: float | None = None
) -> tuple[bytes, ...]:
    """Set the report; one file of a PDF, or a picture per page."""
    report = compose_report(result, language=language, dated=dated)
    with scratch("pdf") as folder:
        draw_pictures(result, report, folder)
        template = files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
        (folder / TEMPLATE).write_text(template, encoding="utf-8")
        (folder / DATA).write_text(json.dumps(plain_report(report), ensure_ascii=False), encoding="utf-8")
        compiler = typst.Compiler(
            str(folder / TEMPLATE),
            root=str(folder),
            font_paths=[str(Path(sans_path()).parent), f"{get_data_path()}/fonts/ttf"],
            ignore_system_fonts=True,
        )
        place_pictures(compiler, folder)
        content = compiler.compile(format=kind, ppi=ppi)
    pages: bytes | list[bytes] = content or b""  # None only where typst writes a file itself
    return tuple(pages) if isinstance(pages, list) else (pages,)


def plain_report(report: tree.Report) -> dict[str, Any]:
    """Return a report as plain values, as the template reads them."""
    language = report.language
    tables, pictures = count(1), count(1)

    def caption(block: tree.Table | tree.Illustration) -> str:
        """Count tables and figures here: typst counts a figure that floats where it lands."""
        word, number = ("table_word", tables) if isinstance(block, tree.Table) else ("figure_word", pictures)
        return captioned(tell(word, language), next(number), block.caption, language)

    before, between, after = page_words(language)
    return {
        "title": report.title,
        "subtitle": report.subtitle,
        "author": report.author,
        "date": report.date,
        "credits": report.credits,
        "approval": report.approval,
        "lang": language,
        "region": {"zh": "cn", "en": "gb"}[language],
        "fonts": list(family()),
        "contents": tell("contents", language),
        "page_before": before,
        "page_between": between,
        "page_after": after,
        "chapters": [
            {
                "title": numbered(number, chapter.title, language),
                "level": chapter.level,
                "blocks": [_block(block, caption) for block in chapter.blocks],
            }
            for number, chapter in enumerate(report.chapters, start=1)
        ],
    }


def _block(block: tree.Block, caption: Callable[[tree.Table | tree.Illustration], str]) -> dict[str, Any]:
    match block:
        case tree.Paragraph():
            return {"kind": "paragraph", "text": block.text, "small": block.small}
        case tree.Bullets():
            return {"kind": "bullets", "items": list(block.items)}
        case tree.Figures():
            return {"kind": "figures", "figures": [figure._asdict() for figure in block.figures]}
        case tree.Illustration():
            return {"kind": "illustration", "picture": block.picture, "caption": caption(block)}
        case tree.Table():
            columns = [{"head": each.head, "align": each.align, "width": each.width} for each in block.columns]
            return {
                "kind": "table", "caption": caption(block), "columns": columns,
                "rows": [list(row) for row in block.rows], "total": list(block.total),
            }  # fmt: skip

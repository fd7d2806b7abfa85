"""Everything that leaves the house for officials: reports, map sheets, workbook, page, layers, evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from walkshed.catalogue import LANGUAGES
from walkshed.errors import InputError
from walkshed.files import unwritable
from walkshed.progress import hearted, silent
from walkshed.reporting.aspects import ASPECTS
from walkshed.reporting.atlas import write_atlas
from walkshed.reporting.beforeafter import figure_before_after
from walkshed.reporting.document.pdf import write_pdf
from walkshed.reporting.document.word import write_docx
from walkshed.reporting.evidence import write_pack
from walkshed.reporting.figure import figure_map
from walkshed.reporting.gis import FORMATS as LAYER_FORMATS
from walkshed.reporting.gis import write_gis
from walkshed.reporting.layers import write_layers
from walkshed.reporting.tables import write_xlsx
from walkshed.reporting.webmap import write_webmap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from os import PathLike

    from walkshed.progress import Progress
    from walkshed.results import StudyResult

STAGE: Final = "write_report"
FORMATS: Final = ("docx", "pdf", "xlsx", "html", "sheets", "atlas", "gpkg", *LAYER_FORMATS, "pack")
SHEETS: Final = (*ASPECTS, "before-after")
"""Map sheets there are."""
USUAL: Final = ("docx", "pdf", "xlsx", "html", "sheets", "gpkg")
"""What is written unless something else is asked for."""


@hearted
def write_reports(  # noqa: PLR0913 - the options of a report, all by keyword
    result: StudyResult,
    folder: str | PathLike[str],
    *,
    formats: Sequence[str] = USUAL,
    languages: Sequence[str] = (),
    sheets: Sequence[str] = SHEETS,
    paper: str = "A4",
    landscape: bool = True,
    dated: date | None = None,
    progress: Progress = silent,
) -> tuple[Path, ...]:
    """Write reports in the formats asked for.

    Parameters
    ----------
    result
        The study's result.
    folder
        Made when absent; files of the same names are replaced, each at once. With more than one language each file's
        name carries its own.
    formats
        Of :data:`FORMATS`: ``docx`` and ``pdf`` (the report), ``xlsx`` (the workbook), ``html`` (one offline page with
        the map), ``sheets`` (map sheets as PNG at 300 dpi and as PDF), ``atlas`` (a sheet per unit), ``gpkg`` and the
        formats of :func:`walkshed.reporting.gis.write_gis`, ``pack`` (the evidence pack).
    languages
        ``"zh"``, ``"en"`` or both; the study's own by default.
    sheets
        Which map sheets, of :data:`SHEETS`.
    paper, landscape
        Of map sheets.
    dated
        Date on reports and sheets; today by default.
    progress
        Called before every file.

    Returns
    -------
    tuple of Path
        Files written.

    Raises
    ------
    InputError
        If a format or language is unknown, or the folder cannot be written to.
    """
    for wanted, known, key in (
        (formats, FORMATS, "report_unknown"), (languages, LANGUAGES, "language_unknown"),
        (sheets, SHEETS, "aspect_unknown"),
    ):  # fmt: skip
        unknown = [value for value in wanted if value not in known]
        if unknown:
            told = ", ".join(unknown)
            raise InputError(key, value=told, aspect=told, known=", ".join(known))
    spoken = tuple(dict.fromkeys(languages)) or (result.config.report.language,)
    written: list[Path] = []
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for place, kind in enumerate(formats):
            progress(STAGE, place, len(formats))
            if kind in LAYER_FORMATS:
                written += write_gis(result, target / kind, kind=kind)
            elif kind == "gpkg":
                write_layers(result, target / "layers.gpkg")
                written.append(target / "layers.gpkg")
            elif kind == "pack":
                write_pack(result, target / "evidence.zip", language=spoken[0], dated=dated)
                written.append(target / "evidence.zip")
            else:
                for language in spoken:
                    tail = f"-{language}" if len(spoken) > 1 else ""
                    written += _in_language(
                        result,
                        target,
                        kind,
                        language,
                        tail,
                        sheets=sheets,
                        paper=paper,
                        landscape=landscape,
                        dated=dated,
                    )
    except OSError as error:
        raise unwritable(target, error) from error
    progress(STAGE, len(formats), len(formats))
    return tuple(written)


def _in_language(  # noqa: PLR0913 - as above
    result: StudyResult,
    folder: Path,
    kind: str,
    language: str,
    tail: str,
    *,
    sheets: Sequence[str],
    paper: str,
    landscape: bool,
    dated: date | None,
) -> Iterator[Path]:
    """Write one format in one language."""
    if kind == "sheets":
        for aspect in (name for name in sheets if name in ASPECTS):
            for ending in ("png", "pdf"):
                path = folder / f"map-{aspect}{tail}.{ending}"
                figure_map(
                    result, path, language=language, drawn_on=dated, aspect=aspect, paper=paper, landscape=landscape
                )
                yield path
        for ending in ("png", "pdf") if "before-after" in sheets else ():
            path = folder / f"map-before-after{tail}.{ending}"
            figure_before_after(result, path, language=language, drawn_on=dated, paper=paper)
            yield path
        return
    path = folder / {"xlsx": f"tables{tail}.xlsx", "html": f"map{tail}.html", "atlas": f"atlas{tail}.pdf"}.get(
        kind, f"report{tail}.{kind}"
    )
    if kind == "docx":
        write_docx(result, path, language=language, dated=dated)
    elif kind == "pdf":
        write_pdf(result, path, language=language, dated=dated)
    elif kind == "xlsx":
        write_xlsx(result, path, language=language)
    elif kind == "html":
        write_webmap(result, path, language=language)
    else:
        write_atlas(result, path, language=language, drawn_on=dated, paper=paper)
    yield path

"""Commands for what leaves the house: report, verify."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import walkshed as ws
from walkshed.catalogue import text
from walkshed.commands.shared import FAILURE, DebugOption, Language, LanguageOption, StudyArgument, bar, explained

USUAL = "docx,pdf,xlsx,html,sheets,gpkg"
"""The usual formats of :mod:`walkshed.reporting.reports`, which is loaded when the command runs."""


class Languages(StrEnum):
    """Languages of a report."""

    zh = "zh"
    en = "en"
    both = "both"


class Paper(StrEnum):
    """Sizes of map sheets."""

    A4 = "A4"
    A3 = "A3"


def report(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder for the reports.")] = Path("report"),
    formats: Annotated[
        str,
        typer.Option(
            "--formats",
            help="Comma-separated: docx, pdf, xlsx, html, sheets, atlas, gpkg, geojson, kml, shapefile, geoparquet,"
            " csv, pack.",
        ),
    ] = USUAL,
    lang: Annotated[Languages | None, typer.Option("--lang", help="Language; the study's own by default.")] = None,
    paper: Annotated[Paper, typer.Option("--paper", help="Size of map sheets.")] = Paper.A4,
    portrait: Annotated[bool, typer.Option("--portrait", help="Map sheets stand upright.")] = False,  # noqa: FBT002 - typer's way to declare a flag
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Compute a study and write reports, map sheets, workbook, page and layers for officials."""
    spoken = None if lang in (None, Languages.both) else Language(str(lang))
    with explained(spoken, debug=debug):
        config, compute, write = ws.StudyConfig.from_toml(study), ws.run_study, ws.write_reports  # loads them
        languages = ("zh", "en") if lang is Languages.both else (spoken,) if spoken else ()
        with bar(spoken or config.report.language) as progress:
            result = compute(config, progress=progress)
            written = write(
                result,
                out,
                formats=[part.strip() for part in formats.split(",") if part.strip()],
                languages=languages,
                paper=paper,
                landscape=not portrait,
                progress=progress,
            )
    for path in written:
        typer.echo(f"  {path}")


def verify(
    pack: Annotated[Path, typer.Argument(help="evidence.zip of a report.", show_default=False)],
    lang: LanguageOption = None,
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Compute an evidence pack again and say whether the figures are the same."""
    spoken = lang or Language.zh
    with explained(spoken, debug=debug):
        check = ws.verify_pack
        with bar(spoken) as progress:
            found = check(pack, progress=progress)
        for name in found.damaged:
            typer.echo("  " + text("headline.pack_damaged", spoken, name=name))
        for where, then, now in found.differences:
            typer.echo("  " + text("headline.pack_differs", spoken, where=where, then=then, now=now))
        typer.echo(text("headline.pack_same" if found.same else "headline.pack_not_same", spoken, count=found.figures))
        if not found.same:
            raise typer.Exit(FAILURE)

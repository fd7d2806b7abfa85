"""Commands for many studies: batch."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer looks at the annotations
from typing import TYPE_CHECKING, Annotated

import typer

import walkshed as ws
from walkshed.catalogue import text
from walkshed.commands.shared import FAILURE, DebugOption, Language, LanguageOption, bar, explained

if TYPE_CHECKING:
    from collections.abc import Iterator


NAMES_SHOWN = 20
KEPT = "layers, map, figure, tables, rejects, snapshot"
"""The files of :data:`walkshed.batch.KEEP`, which is loaded when the command runs."""


def batch(
    studies: Annotated[
        Path, typer.Argument(help="CSV or workbook: a district and the path of its study in a row.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results, one folder per district.")],
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="Address of a Dask cluster; processes on this machine by default."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Processes on this machine; one per processor by default.", min=0),
    ] = None,
    keep: Annotated[
        str,
        typer.Option("--keep", help=f"Files of every district beside its summary, comma-separated: {KEPT}."),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Compute finished districts again.")] = False,  # noqa: FBT002 - typer's way to declare a flag
    lang: LanguageOption = None,
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Compute many studies, resume where it was left, and write one national table and map."""
    spoken = lang or Language.zh
    with explained(spoken, debug=debug):
        compute = ws.run_batch
        with bar(spoken, remaining=True) as progress:
            result = compute(
                studies,
                out,
                scheduler=scheduler,
                workers=workers,
                keep=[name.strip() for name in keep.split(",") if name.strip()],
                language=spoken,
                force=force,
                progress=progress,
            )
        for line in batch_lines(result, spoken):
            typer.echo(line)
        for path in result.files:
            typer.echo(f"  {path}")
        if len(result.failed):
            raise typer.Exit(FAILURE)


def batch_lines(result: ws.BatchResult, language: str) -> Iterator[str]:
    """Yield what came of a batch as lines of text."""
    from walkshed.reporting.wording import count, percent  # noqa: PLC0415 - modules are loaded when the command runs

    table, totals = result.districts, result.totals
    failed = result.failed
    told = {"done": len(table) - len(failed), "total": len(table), "failed": len(failed)}
    yield text("headline.batch", language, reused=int(table["reused"].sum()), **told)
    figures = {name: count(totals[name]) for name in ("residents", "served", "unserved")}
    yield "  " + text("headline.batch_rate", language, rate=percent(totals["rate"]), **figures)
    for name, why in zip(failed["name"], failed[f"error_{language}"], strict=True):
        yield "  " + text("headline.batch_failed", language, name=name, why=why)
    refused = list(dict.fromkeys(str(row) for row in result.rejects["row_id"]))
    if refused:
        names = ", ".join(refused[:NAMES_SHOWN]) + (" …" if len(refused) > NAMES_SHOWN else "")
        yield "  " + text("headline.batch_rejects", language, count=len(result.rejects), names=names)

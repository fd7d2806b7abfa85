"""What all commands share: options, errors as one clear text, a progress bar."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from walkshed.catalogue import text
from walkshed.errors import InputError, WalkshedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.progress import Progress

BAD_INPUT, FAILURE, INTERRUPTED = 2, 1, 130


class Language(StrEnum):
    """Languages of the interface."""

    zh = "zh"
    en = "en"


StudyArgument = Annotated[Path, typer.Argument(help="Folder of a study, or its study.toml.", show_default=False)]
LanguageOption = Annotated[Language | None, typer.Option("--lang", help="Language; the study's own by default.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@contextmanager
def explained(language: str | None, *, debug: bool) -> Iterator[None]:
    """Turn errors into one clear text and an exit code."""
    spoken = language or "en"
    console = Console(stderr=True, soft_wrap=True)
    try:
        yield
    except WalkshedError as error:
        if debug:
            raise
        console.print(error.text(spoken), markup=False, highlight=False, style="red")
        raise typer.Exit(BAD_INPUT if isinstance(error, InputError) else FAILURE) from None
    except KeyboardInterrupt:
        console.print(text("errors.interrupted", spoken), markup=False, highlight=False)
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if debug:
            raise
        why = text("errors.unexpected", spoken, kind=type(error).__name__, why=str(error))
        console.print(why, markup=False, highlight=False, style="red")
        raise typer.Exit(FAILURE) from None


@contextmanager
def bar(language: str) -> Iterator[Progress]:
    """Show stages with a bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)

        def report(stage: str, done: int, total: int) -> None:
            shown.update(task, description=text(f"progress.{stage}", language), completed=done, total=total)

        yield report

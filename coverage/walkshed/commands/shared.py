"""What all commands share: options, errors as one clear text, a progress bar."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from walkshed.catalogue import text
from walkshed.commands.stopping import begin_work, interrupted, speak, tell_interrupted
from walkshed.errors import InputError, WalkshedError
from walkshed.files import FULL, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.progress import Progress

BAD_INPUT, FAILURE = 2, 1


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
    speak(spoken)
    console = Console(stderr=True, soft_wrap=True)
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(tell_interrupted()) from None
    except WalkshedError as error:
        if interrupted():
            raise typer.Exit(tell_interrupted()) from None
        if debug:
            raise
        console.print(error.text(spoken), markup=False, highlight=False, style="red")
        raise typer.Exit(BAD_INPUT if isinstance(error, InputError) else FAILURE) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if interrupted():
            raise typer.Exit(tell_interrupted()) from None
        if debug:
            raise
        console.print(_unforeseen(error, spoken), markup=False, highlight=False, style="red")
        raise typer.Exit(FAILURE) from None


def _unforeseen(error: Exception, language: str) -> str:
    """Return what to say about an error that nobody raised on purpose; a full disk may show itself anywhere."""
    if isinstance(error, OSError) and error.errno in FULL:
        place = Path(error.filename).parent if isinstance(error.filename, str) else tempfile.gettempdir()
        return unwritable(place, error).text(language)
    return text("errors.unexpected", language, kind=type(error).__name__, why=str(error))


@contextmanager
def bar(language: str, *, remaining: bool = False) -> Iterator[Progress]:
    """Show stages with a bar on standard error, and how long they will take where ``remaining`` asks for it.

    What the work needs must be loaded before: see :mod:`walkshed.commands.stopping`.
    """
    speak(language)
    begin_work()
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    columns += [TextColumn("/"), TimeRemainingColumn()] if remaining else []
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)

        def report(stage: str, done: int, total: int) -> None:
            shown.update(task, description=text(f"progress.{stage}", language), completed=done, total=total)

        yield report

"""Commands on whole studies: run, init, sample, check, compare, app, version."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

import walkshed as ws
from walkshed.catalogue import text
from walkshed.commands.shared import DebugOption, Language, LanguageOption, StudyArgument, bar, explained
from walkshed.commands.stopping import begin_work
from walkshed.files import last_act
from walkshed.launching import Launch


def run(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("out"),
    lang: LanguageOption = None,
    debug: DebugOption = False,  # noqa: FBT002 - typer's way to declare a flag
) -> None:
    """Compute a study and write its summary, layers, maps, tables, rejects and snapshot."""
    with explained(lang, debug=debug):
        config, compute, write = ws.StudyConfig.from_toml(study), ws.run_study, ws.write_outputs  # loads them
        with bar(lang or config.report.language) as progress:
            result = compute(config, progress=progress)
            written = write(result, out, language=lang, progress=progress)
    for line in ws.headline_lines(result, lang or config.report.language):
        typer.echo(line)
    for path in written:
        typer.echo(f"  {path}")


def init(
    folder: Annotated[Path, typer.Argument(help="Folder for the new study.", show_default=False)],
    lang: Annotated[Language, typer.Option("--lang", help="Language of the comments.")] = Language.zh,
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Write a commented study.toml and an empty facilities.csv to start from."""
    with explained(lang, debug=debug):
        from walkshed.scaffold import init_study  # noqa: PLC0415 - modules are loaded when the command runs

        for path in init_study(folder, language=lang):
            typer.echo(f"  {path}")


def sample(
    folder: Annotated[Path, typer.Argument(help="Folder for the sample district.", show_default=False)],
    lang: Annotated[Language, typer.Option("--lang", help="Language of errors.")] = Language.zh,
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Write the fictional sample district, a study with everything a district has."""
    with explained(lang, debug=debug):
        from walkshed.sample import write_sample  # noqa: PLC0415 - as above

        for path in write_sample(folder):
            typer.echo(f"  {path}")


def compare(
    before: Annotated[Path, typer.Argument(help="snapshot.zip of the earlier run.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="snapshot.zip of the later run.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Workbook to write.")] = Path("comparison.xlsx"),
    lang: Annotated[Language, typer.Option("--lang", help="Language.")] = Language.zh,
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Compare two frozen results: who gained, who lost, and every rate side by side."""
    with explained(lang, debug=debug):
        from walkshed.reporting.comparison import comparison_lines, write_comparison  # noqa: PLC0415 - as above

        one, two = ws.load_snapshot(before), ws.load_snapshot(after)
        write_comparison(one, two, out, language=lang)
        for line in comparison_lines(one, two, lang):
            typer.echo(line)
        typer.echo(f"  {out}")


def check(
    study: StudyArgument,
    lang: LanguageOption = None,
    debug: DebugOption = False,  # noqa: FBT002 - as above
) -> None:
    """Read a study's inputs and say what was found and what was rejected, without computing anything."""
    with explained(lang, debug=debug):
        config, load, look = ws.StudyConfig.from_toml(study), ws.load_study, ws.check_datums  # loads them
        with bar(lang or config.report.language) as progress:
            inputs = load(config, progress=progress)
            findings = look(config, inputs)
    for record in inputs.records:
        typer.echo(f"  {record.layer:<12}{record.count:>8}  -{record.rejected:<6}{record.source}")
    for finding in findings:
        typer.echo(f"  {finding.note.text(lang or config.report.language)}")
    for row in inputs.rejects.itertuples():
        reason = text(f"rejects.{row.reason}", lang or config.report.language)
        typer.echo(f"  {row.file}:{row.line} {row.row_id}: {reason} {row.detail}")


def open_app(port: Annotated[int, typer.Option(help="Port of the local server.")] = 8501) -> None:
    """Open the browser app on this machine."""
    spec = find_spec("walkshed.app.main")
    command = [sys.executable, "-m", "streamlit", "run", str(spec.origin), "--server.port", str(port)]  # type: ignore[union-attr]  # our own module
    started: list[subprocess.Popen[bytes]] = []
    server = Launch(lambda: started.append(subprocess.Popen(command)), name="walkshed-server")  # noqa: S603 - our own interpreter and module

    def end() -> None:
        server.call_off()
        for process in started:
            process.kill()
            process.wait()

    # The last act: on a busy machine the program may be ended before the server has begun.
    with explained(None, debug=False), last_act(end):
        begin_work()
        try:
            server.begin()
            code = started[0].wait()
        finally:
            end()
    raise typer.Exit(code)


def show_version() -> None:
    """Print the version."""
    typer.echo(version("walkshed"))

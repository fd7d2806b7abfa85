"""Commands for siting: site."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer looks at the annotations
from typing import Annotated, Any

import typer

import walkshed as ws
from walkshed.commands.shared import DebugOption, LanguageOption, StudyArgument, bar, explained


class Aim(StrEnum):
    """What a plan aims at."""

    mclp = "mclp"
    lscp = "lscp"
    p_median = "p_median"
    p_center = "p_center"


def site(  # noqa: PLR0913, PLR0917 - the options of a command
    study: StudyArgument,
    aim: Annotated[
        Aim | None,
        typer.Option(
            "--aim",
            help="mclp most residents, lscp fewest rooms, p_median least walking,"
            " p_center shortest longest walk; the study's own by default.",
        ),
    ] = None,
    rooms: Annotated[int | None, typer.Option("--rooms", help="New rooms.", min=0)] = None,
    share: Annotated[float | None, typer.Option("--share", help="Share to serve, for lscp.", min=0, max=1)] = None,
    budget: Annotated[float | None, typer.Option("--budget", help="Most money for new rooms.", min=0)] = None,
    spacing: Annotated[float | None, typer.Option("--spacing", help="Least distance of rooms, metres.", min=0)] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Time limit of the solver.", min=1)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; none by default.")] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,  # noqa: FBT002 - typer's way to declare a flag
) -> None:
    """Propose where to build next, with other aims or limits than study.toml says, and say why."""
    with explained(lang, debug=debug):
        from walkshed.reporting.headline import why_lines  # noqa: PLC0415 - modules are loaded when the command runs

        config, compute, write = ws.StudyConfig.from_toml(study), ws.run_study, ws.write_outputs  # loads them
        asked: dict[str, Any] = {
            "model": str(aim) if aim else None, "new_rooms": rooms, "share": share, "budget": budget,
            "spacing_m": spacing, "time_limit_s": seconds,
        }  # fmt: skip
        changes = {name: value for name, value in asked.items() if value is not None}
        config = replace(config, siting=replace(config.siting, **changes))
        spoken = lang or config.report.language
        with bar(spoken) as progress:
            result = compute(config, progress=progress)
            written = write(result, out, language=lang, progress=progress) if out else ()
        for line in (*ws.headline_lines(result, spoken), *why_lines(result, spoken)):
            typer.echo(line)
        for path in written:
            typer.echo(f"  {path}")

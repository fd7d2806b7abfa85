# ruff: noqa: INP001 - a script, not a package
"""Write docs/cli.md from the commands that typer knows.

    python docs/make_cli.py

A test writes the page again and compares.
"""

from __future__ import annotations

import inspect
import sys
from enum import Enum
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo

from walkshed.commands.program import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DOCS = Path(__file__).resolve().parent
TYPES: Mapping[Any, str] = MappingProxyType({Path: "path", str: "text", int: "whole number", float: "number"})


class Parameter(NamedTuple):
    """One argument or option of a command.

    Attributes
    ----------
    name
        As it is written: ``STUDY`` or ``--out``.
    kind
        What it takes.
    default
        Empty where there is none.
    meaning
        Its help.
    argument
        Whether it stands by its place.
    """

    name: str
    kind: str
    default: str
    meaning: str
    argument: bool


def command_name(command: Any) -> str:  # noqa: ANN401 - typer's record of a command
    """Return what a command is called on the command line."""
    return command.name or command.callback.__name__.replace("_", "-")


def summary(command: Any) -> str:  # noqa: ANN401 - as above
    """Return what a command does, in one sentence."""
    return " ".join((command.help or inspect.getdoc(command.callback) or "").split())


def parameters(callback: Callable[..., object]) -> Iterator[Parameter]:
    """Yield what a command takes."""
    hints = get_type_hints(callback, include_extras=True)
    for name, item in inspect.signature(callback).parameters.items():
        hint, info = hints[name], None
        if get_origin(hint) is Annotated:
            hint, info, *_ = get_args(hint)
        if get_origin(hint) is UnionType:
            hint = next(part for part in get_args(hint) if part is not type(None))
        argument = isinstance(info, ArgumentInfo)
        decls = getattr(info, "param_decls", None) or (f"--{name.replace('_', '-')}",)
        default = "" if item.default in {inspect.Parameter.empty, None, False} else item.default
        yield Parameter(
            name=name.upper() if argument else ", ".join(decls),
            kind=kind_of(hint),
            default=f"`{getattr(default, 'value', default)}`" if default != "" else "",
            meaning=" ".join((getattr(info, "help", "") or "").split()).replace("|", "\\|"),
            argument=argument,
        )


def kind_of(hint: Any) -> str:  # noqa: ANN401 - any annotation
    """Return what a parameter takes."""
    if hint is bool:
        return "flag"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " or ".join(f"`{choice.value}`" for choice in hint)
    return TYPES[hint]


def rows(*header: str, body: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table of Markdown."""
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' for _ in header)} |"
    for row in body:
        yield f"| {' | '.join(row)} |"
    yield ""


def command_section(command: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Yield what one command does and takes."""
    name, taken = command_name(command), list(parameters(command.callback))
    arguments = [item for item in taken if item.argument]
    options = [item for item in taken if not item.argument]
    usage = ["walkshed", name, *(["[OPTIONS]"] if options else []), *(item.name for item in arguments)]
    yield from (f"## walkshed {name}", "", summary(command), "", "```text", " ".join(usage), "```", "")
    if arguments:
        body = [(f"`{item.name}`", item.kind, item.meaning) for item in arguments]
        yield from rows("argument", "takes", "meaning", body=body)
    if options:
        body = [(f"`{item.name}`", item.kind, item.default, item.meaning) for item in options]
        yield from rows("option", "takes", "default", "meaning", body=body)


def cli_reference() -> str:
    """Return the reference of the command line."""
    lines = [
        "# The command line",
        "",
        "This page is written by `python docs/make_cli.py`; do not edit it by hand.",
        "",
        (
            "Every command answers `--help`. Exit codes: 0 done, 2 bad input (the text says what, where, the likely"
            " cause and what to do), 1 another failure, 130 interrupted. Figures and file names go to standard"
            " output, progress and errors to standard error."
        ),
        "",
    ]
    commands = app.registered_commands
    body = [(f"[`{command_name(item)}`](#walkshed-{command_name(item)})", summary(item)) for item in commands]
    lines += rows("command", "what it does", body=body)
    for command in commands:
        lines += command_section(command)
    return "\n".join(lines).rstrip() + "\n"


def pages() -> dict[str, str]:
    """Return the page by its file name."""
    return {"cli.md": cli_reference()}


def main() -> None:
    """Write the page."""
    for name, content in pages().items():
        (DOCS / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()

"""Where everything is from: packages with their licences and versions, inputs with their digests, documents."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution

    from walkshed.parameters import StudyConfig

PROGRAM: Final = "walkshed"
NAME: Final = re.compile(r"^[A-Za-z0-9._-]+")
LICENCE_CHARACTERS: Final = 60
SOURCES_FILE: Final = "SOURCES.md"
MAX_BYTES: Final = 1 << 18
DOCUMENTS: Final = (
    "study-reference.zh-CN.md", "study-reference.md", "accuracy.md", "architecture.md", "cli.md", "pmed.md",
    "benchmarks-reach.md", "benchmarks-study.md",
)  # fmt: skip


class Package(NamedTuple):
    """A package that the program uses, as its own metadata tells; texts are ``""`` where it tells nothing."""

    name: str
    version: str
    licence: str
    summary: str


@cache
def packages() -> tuple[Package, ...]:
    """Return this program and the packages it names as its own dependencies, in alphabetical order."""
    try:
        named = requires(PROGRAM) or []
    except PackageNotFoundError:  # run from a folder, not installed
        named = []
    wanted = {match.group() for line in named if "extra ==" not in line and (match := NAME.match(line))}
    return tuple(_package(name) for name in (PROGRAM, *sorted(wanted, key=str.lower)))


def _package(name: str) -> Package:
    try:
        about = distribution(name)
    except PackageNotFoundError:
        return Package(name, "", "", "")
    return Package(name, about.version, licence_of(about), _field(about, "Summary"))


def licence_of(about: Distribution) -> str:
    """Return what a package says of its licence.

    The SPDX expression, else the classifiers, else the first line of the field or of the licence file.
    """
    expression = _field(about, "License-Expression")
    if expression:
        return expression[:LICENCE_CHARACTERS]
    listed = [
        line.split(" :: ")[-1]
        for line in about.metadata.get_all("Classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    if listed:
        return " / ".join(dict.fromkeys(listed))[:LICENCE_CHARACTERS]
    told = _field(about, "License") or next(_licence_files(about), "")
    first = next((line.strip() for line in told.splitlines() if line.strip()), "")
    return first[:LICENCE_CHARACTERS]


def _licence_files(about: Distribution) -> Iterator[str]:
    for file in about.files or ():
        if file.stem.upper() in {"LICENSE", "LICENCE", "COPYING"} and "dist-info" in str(file):
            yield file.read_text(encoding="utf-8")


def _field(about: Distribution, name: str) -> str:
    told = about.metadata
    return str(told[name]).strip() if name in told else ""


def sources_text(config: StudyConfig) -> str:
    """Return what a study says about its sources, ``""`` where it says nothing."""
    path = config.folder / SOURCES_FILE
    if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def documents() -> dict[str, Path]:
    """Return the documents that lie beside the program: name -> file; none where only the package is installed."""
    folder = Path(__file__).resolve().parents[3] / "docs"
    return {name: folder / name for name in DOCUMENTS if (folder / name).is_file()}

"""The page of the siting benchmark: tables, goals and notes, printed as they come."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count

from tests.benchmarks.ledger import memory_gb, processor, say

PACKAGES = ("numpy", "scipy", "highspy", "spopt", "pulp")


@dataclass
class Table:
    """One part of the page."""

    title: str
    intro: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Page:
    """Everything a run found out; parts write into it.

    Attributes
    ----------
    quick
        Small sizes and few instances.
    limit_s
        Time limit of every published p-median.
    """

    quick: bool
    limit_s: float
    tables: list[Table] = field(default_factory=list)
    goals: list[tuple[str, str, str]] = field(default_factory=list)

    def begin(self, title: str, intro: str, *header: str) -> None:
        """Open the next table."""
        self.tables.append(Table(title, intro, header))
        say(f"\n== {title}")

    def row(self, *cells: str) -> None:
        """Add a row."""
        self.tables[-1].rows.append(cells)
        say("   " + " | ".join(cells))

    def note(self, text: str) -> None:
        """Say something below the table."""
        self.tables[-1].notes.append(text)
        say(f"   - {text}")

    def goal(self, text: str, measured: str, *, met: bool | None) -> None:
        """State a goal, what was measured, and whether that meets it (None: not measured)."""
        verdict = {True: "met", False: "missed", None: "not measured here"}[met]
        self.goals.append((text, measured, verdict))
        say(f"   * {text}: {measured}: {verdict}")

    def markdown(self, minutes: float) -> str:
        """Return the page."""
        lines = ["# Benchmark of siting", "", *self._head(minutes)]
        if self.goals:
            lines += ["## Goals", "", *_rows(("goal", "measured", ""), self.goals), ""]
        for table in self.tables:
            lines += [f"## {table.title}", "", table.intro, ""]
            if table.rows:
                lines += [*_rows(table.header, table.rows), ""]
            if table.notes:
                lines += [*(f"- {note}" for note in table.notes), ""]
        return "\n".join(lines).rstrip() + "\n"

    def _head(self, minutes: float) -> list[str]:
        versions = []
        for package in PACKAGES:
            try:
                versions.append(f"{package} {version(package)}")
            except PackageNotFoundError:
                versions.append(f"{package} missing")
        command = "`python -m tests.benchmarks.siting" + (" --quick" if self.quick else "") + "`"
        return [
            f"Written by {command} from one measured run of {minutes:.0f} minutes. Times are given as CPU and wall",
            "seconds of the whole call, from the problem to the checked answer; ours uses one thread. Other work on",
            "the machine disturbs wall time more than CPU time: goals and our limits are held against CPU time. A gap",
            "is |bound - objective| / objective; every answer was checked against the problem in the same run. Machine",
            "code is loaded before the clock starts: it is compiled once per machine and read once per process.",
            "",
            f"Machine: {processor()}, {cpu_count()} cores, {memory_gb():.0f} GB. Python {platform.python_version()},",
            f"{', '.join(versions)}.",
            "",
        ]


def _rows(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [
        "| " + " | ".join(cells) + " |"
        for cells in (header, ["---"] * len(header), *([cell.replace("|", "/") for cell in row] for row in rows))
    ]

"""What was measured: printed as it comes, and written as one page of Markdown."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count, getloadavg
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.timing import Timing

PACKAGES = (
    "numpy", "numba", "scipy", "shapely", "geopandas", "networkx", "rustworkx", "pandana", "osmnx", "pyrosm", "osmium",
)  # fmt: skip


@dataclass
class Section:
    """One part of the page."""

    title: str
    intro: str
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """Everything a run found out; parts write into it."""

    quick: bool
    threads: int
    load: float = field(default_factory=lambda: getloadavg()[0])
    sections: list[Section] = field(default_factory=list)
    goals: list[tuple[str, str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def begin(self, title: str, intro: str) -> None:
        """Open the next section."""
        self.sections.append(Section(title, intro))
        say(f"\n== {title}")

    def note(self, text: str) -> None:
        """Say something below the section's table, for example that a peer is missing."""
        if text not in self.sections[-1].notes:
            self.sections[-1].notes.append(text)
            say(f"   - {text}")

    def record(self, setting: str, timings: Sequence[Timing], *, per: tuple[int, str] | None = None) -> None:
        """Add the times of one setting; the first contender is ours, the measure of the others.

        Parameters
        ----------
        setting
            On what.
        timings
            From :func:`tests.benchmarks.timing.interleave`.
        per
            Number of pieces and what one is called, to tell the time of one piece.
        """
        ours = timings[0]
        for timing in timings:
            pieces, piece = per or (1, "run")
            row = (
                setting,
                timing.name + (f" ({timing.share:.3g} of the work timed)" if timing.share < 1 else ""),
                ratio(timing.cpu_s / ours.cpu_s),
                ratio(timing.wall_s / ours.wall_s),
                f"{duration(timing.cpu_s / pieces)} a {piece}",
                timing.agreement or "-",
            )
            self.sections[-1].rows.append(row)
            say(f"   {row[0]:<38} {row[1]:<62} {row[2]:>8} {row[3]:>8} {row[4]:>22}  {row[5]}")

    def goal(self, text: str, measured: str, *, met: bool | dict[str, bool] | None) -> None:
        """State a goal, what was measured, and whether that meets it: by each measure, or not measured (None)."""
        verdict = _verdict(met)
        self.goals.append((text, measured, verdict))
        say(f"   * {text}: {measured}: {verdict}")

    def markdown(self, minutes: float) -> str:
        """Return the page."""
        lines = ["# Benchmark of reach", "", *_head(minutes, quick=self.quick, threads=self.threads, load=self.load)]
        if self.goals:
            lines += ["## Goals", "", *_table(("goal", "measured", ""), self.goals), ""]
        header = ("on", "way", "CPU", "wall", "CPU time", "agreement with ours")
        for section in self.sections:
            lines += [f"## {section.title}", "", section.intro, ""]
            if section.rows:
                lines += [*_table(header, section.rows), ""]
            if section.notes:
                lines += [*(f"- {note}" for note in section.notes), ""]
        return "\n".join(lines).rstrip() + "\n"


def _verdict(met: bool | dict[str, bool] | None) -> str:  # noqa: FBT001 - the verdict itself
    if isinstance(met, dict):
        if len(set(met.values())) > 1:
            parts = {
                word: [name for name in met if met[name] is kept] for word, kept in (("met", True), ("missed", False))
            }
            return "; ".join(f"{word} by {', '.join(names)}" for word, names in parts.items())
        met = all(met.values())
    return {True: "met", False: "missed", None: "not measured here"}[met]


def _head(minutes: float, *, quick: bool, threads: int, load: float) -> list[str]:
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} missing")
    command = "`python -m tests.benchmarks.reach" + (" --quick" if quick else "") + "`"
    machine = (
        f"Machine: {processor()}, {cpu_count()} cores, {memory_gb():.0f} GB. Python {platform.python_version()}, "
        f"{', '.join(versions)}."
    )
    return [
        f"Written by {command} from one measured run of {minutes:.0f} minutes. **CPU** and **wall** are times relative",
        "to the first line of each setting, which is ours: 5 x means five times as long as ours. Ways were timed in",
        f"turns; medians are given. Threads of ours: {threads} where nothing else is said; CPU time is that of all",
        "threads together. Other work on the machine disturbs wall time more than CPU time: goals are held against CPU",
        "time, those of bounded searches against wall time, too. When the run began, other work kept on average",
        f"{load:.1f} processors busy or waited for. Every result was compared with ours in the same run.",
        "",
        machine,
        "",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(cells) + " |"
        for cells in (header, ["---"] * len(header), *([cell.replace("|", "/") for cell in row] for row in rows))
    ]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def ratio(value: float) -> str:
    """Return a ratio in two digits: 0.35 x, 4.8 x, 128 x."""
    return f"{value:.2f} x" if value < 1 else f"{value:.1f} x" if value < 9.95 else f"{value:,.0f} x"


def duration(seconds: float) -> str:
    """Return seconds in a unit that reads well."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def processor() -> str:
    """Return the name of the processor."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gb() -> float:
    """Return the machine's memory, NaN where the system does not tell."""
    information = Path("/proc/meminfo")
    if information.is_file():
        return int(information.read_text(encoding="utf-8").split()[1]) / 1024**2
    return float("nan")

"""The p-median on OR-Library's pmed1-40: ``python -m tests.benchmarks.pmed --out docs/pmed.md`` from a checkout's top.

Every figure of that page comes from this command. The instances (Beasley 1985) lie in ``siting/pmed`` of the shared
data, named by ``WALKSHED_SHARED_DATA``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from tests.benchmarks.areas import DATA
from tests.benchmarks.ledger import processor, say

from walkshed.progress import silent
from walkshed.siting.clock import Clock
from walkshed.siting.median.solve import p_median
from walkshed.siting.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.siting.answer import SitingAnswer

FOLDER = DATA / "siting" / "pmed"
NUMBERS = range(1, 41)
TITLE = "# The p-median on OR-Library's pmed1-40\n"
INTRO = """\
Beasley's forty instances (1985): every vertex of a graph is a home of one resident and a possible room, p rooms are to
be placed so that the sum of all walks is least. Of duplicate edges only the last counts. `optimum` is the published
one, `bound` what `walkshed.siting` proves that no choice is below. Up to {limit:.0f} s each; `seconds` is the CPU time
of one run, one thread, on {processor}, from the table of walks to the answer.

Written by `python -m tests.benchmarks.pmed --out docs/pmed.md`.
"""
HEADER = ("instance", "n", "p", "optimum", "ours", "bound", "status", "proof", "seconds")


class Line(NamedTuple):
    """One instance: what is published, what we say, and how long it took."""

    name: str
    vertices: int
    rooms: int
    optimum: int
    answer: SitingAnswer
    seconds: float

    @property
    def reached(self) -> bool:
        """Whether the answer is the published optimum."""
        return round(self.answer.objective) == self.optimum

    def cells(self) -> tuple[str, ...]:
        """Return the line as texts."""
        answer = self.answer
        return (
            self.name, str(self.vertices), str(self.rooms), f"{self.optimum:,}", f"{answer.objective:,.0f}",
            f"{answer.bound:,.1f}", answer.status, answer.proof, f"{self.seconds:.1f}",
        )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the page, and write it if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pmed", description="pmed1-40, proven.")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/pmed.md")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for each instance")
    parser.add_argument("--only", type=int, nargs="+", default=list(NUMBERS), help="numbers of instances")
    options = parser.parse_args(arguments)
    if not FOLDER.is_dir():
        sys.stderr.write("pmed1-40 are absent: siting/pmed of the shared data, see WALKSHED_SHARED_DATA\n")
        return 1
    lines = []
    for number in options.only:
        lines.append(solve(number, limit_s=options.limit))
        say(" ".join(lines[-1].cells()))
    page = "\n".join([TITLE, INTRO.format(limit=options.limit, processor=processor()), *table(lines)]) + "\n"
    if options.out:
        options.out.write_text(page, encoding="utf-8")
    return 0 if all(line.reached for line in lines) else 2


def read_instance(number: int) -> tuple[SitingProblem, int]:
    """Return an instance and its number of rooms: all pairs known, one resident at every vertex, no room today."""
    words = np.array((FOLDER / f"pmed{number}.txt").read_text(encoding="ascii").split(), np.int64)
    vertices, edges, rooms = words[:3].tolist()
    length = np.full((vertices, vertices), np.inf)
    for u, v, cost in words[3 : 3 + 3 * edges].reshape(-1, 3):
        length[u - 1, v - 1] = length[v - 1, u - 1] = cost
    walks = shortest_path(length, directed=False)
    places = np.indices(walks.shape).reshape(2, -1)
    ids = tuple(str(place) for place in range(1, vertices + 1))
    problem = SitingProblem(
        candidate_ids=ids,
        demand_ids=ids,
        population=np.ones(vertices),
        minutes=csr_array((walks.ravel(), (places[0], places[1])), shape=walks.shape),
        cutoff_min=0.0,
    )
    return problem, rooms


def published() -> dict[int, int]:
    """Return the published optima by number."""
    lines = (FOLDER / "pmedopt.txt").read_text(encoding="ascii").split()[2:]
    return {int(name.removeprefix("pmed")): int(value) for name, value in zip(lines[::2], lines[1::2], strict=True)}


def solve(number: int, *, limit_s: float) -> Line:
    """Solve one instance."""
    problem, rooms = read_instance(number)
    none = np.zeros(0, np.int64)
    before = process_time()
    clock = Clock(limit_s=limit_s, progress=silent)
    answer = p_median(problem, rooms, must=none, forbidden=none, clock=clock, mip_gap=0.0)
    return Line(f"pmed{number}", len(problem.demand_ids), rooms, published()[number], answer, process_time() - before)


def table(lines: list[Line]) -> Iterator[str]:
    """Return the table and what it comes to."""
    yield "| " + " | ".join(HEADER) + " |"
    yield "|---|" + "---:|" * 5 + "---|---|---:|"
    for line in lines:
        yield "| " + " | ".join(line.cells()) + " |"
    proven = sum(line.answer.status == "optimal" for line in lines)
    reached = sum(line.reached for line in lines)
    longest = max(lines, key=lambda line: line.seconds)
    yield ""
    yield (
        f"Optimum reached: {reached} of {len(lines)}. Proven: {proven} of {len(lines)}. All together "
        f"{sum(line.seconds for line in lines):.0f} s, the longest {longest.seconds:.1f} s ({longest.name})."
    )


if __name__ == "__main__":
    sys.exit(main())

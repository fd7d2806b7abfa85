# ruff: noqa: T201 - a command that prints what it found
"""Feed every reader broken and hostile files: ``python -m tests.fuzz --cases 100000 [--seed N] [--reader NAME]``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.supervisor import Tally, shares, supervise
from tests.fuzz.worker import Limits, judge


def main() -> int:
    """Run the command; 0 where every case ended in a valid table or a typed error."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="in all, shared out by each reader's weight")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", action="append", choices=sorted(READERS), help="only this one; may be given again")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--cpu-s", type=float, default=10.0, help="processor seconds of a case before it counts as a hang"
    )
    parser.add_argument("--memory-mb", type=int, default=1500, help="that a case may take beyond what the process has")
    parser.add_argument("--minutes", type=float, default=600.0, help="after which the run ends with what it has")
    parser.add_argument("--out", type=Path, default=Path("fuzz-failures"), help="folder for the inputs of failures")
    parser.add_argument("--replay", type=Path, help="read one saved input with the reader given, and tell")
    given = parser.parse_args()
    if given.replay is not None:
        told = judge(given.reader[0], given.replay)
        print(told.outcome, told.place, told.story, sep="\n")
        return int(told.outcome == "failure")
    weights = {name: READERS[name].weight for name in given.reader or READERS}
    start = time.monotonic()
    tallies = supervise(
        shares(weights, given.cases),
        seed=given.seed,
        processes=given.processes,
        limits=Limits(given.cpu_s, given.memory_mb),
        wall_s=6 * given.cpu_s,
        out=given.out,
        minutes=given.minutes,
    )
    _tell(tallies, time.monotonic() - start)
    return int(any(tally.failures for tally in tallies.values()))


def _tell(tallies: dict[str, Tally], seconds: float) -> None:
    heads = ("cases", "distinct", "results", "errors", "kinds", "failures", "slowest s")
    print(f"{'reader':<20}" + "".join(f"{head:>11}" for head in heads))
    for name, tally in tallies.items():
        errors = sum(count for key, count in tally.outcomes.items() if key.startswith("errors."))
        failures = sum(tally.failures.values())
        results = tally.cases - errors - failures
        kinds = len(tally.outcomes)
        figures = (tally.cases, len(tally.distinct), results, errors, kinds, failures, f"{tally.slowest_s:.1f}")
        print(f"{name:<20}" + "".join(f"{figure:>11}" for figure in figures))
    for name, tally in tallies.items():
        for place, count in tally.failures.most_common():
            print(f"FAILURE {name}: {count} x {place}")
    cases = sum(tally.cases for tally in tallies.values())
    failures = sum(sum(tally.failures.values()) for tally in tallies.values())
    print(f"{cases} cases in {seconds:.0f} s, {failures} failures")


if __name__ == "__main__":
    sys.exit(main())

"""One siting problem in a process of its own: ``python -m tests.benchmarks.siting_worker problem.npz rooms gap``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.benchmarks.process_worker import peak_bytes
from tests.benchmarks.siting_instances import load_problem
from tests.benchmarks.siting_sizes import LIMIT_S, cells_of
from tests.benchmarks.siting_timing import timed

from walkshed.siting.solve import solve_mclp


def main() -> None:
    """Read, solve, check, and tell what it took."""
    problem, rooms, gap = load_problem(Path(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3])
    before = peak_bytes()
    result = timed(solve_mclp, problem, new_rooms=rooms, mip_gap=gap, time_limit_s=LIMIT_S)
    told = {
        "cells": cells_of(result),
        "cpu": result.cpu_s,
        "gap": result.answer.mip_gap,
        "check": result.check_s,
        "before_bytes": before,
        "peak_bytes": peak_bytes(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

"""One search in a process of its own: ``python -m tests.benchmarks.process_worker network.npz sites``."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from tests.benchmarks.engine import CUTOFF_MIN, pick_nodes, table_at_nodes

from walkshed.network.store import load_network
from walkshed.reach.times import time_matrix


def peak_bytes() -> int:
    """Return the most memory this process held so far.

    Linux's ``ru_maxrss`` remembers the parent's peak over ``exec``; the status file knows this process alone.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def main() -> None:
    """Search and tell what it took."""
    network = load_network(Path(sys.argv[1]))
    sites = table_at_nodes(network, pick_nodes(network, int(sys.argv[2])), "facility_id")
    demand = table_at_nodes(network, np.arange(len(network.x)), "demand_id")
    before = peak_bytes()
    began = time.perf_counter()
    matrix = time_matrix(network, sites, demand, cutoff_min=CUTOFF_MIN)
    told = {
        "first_call_s": time.perf_counter() - began,
        "pairs": int(matrix.nnz),
        "before_bytes": before,
        "peak_bytes": peak_bytes(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

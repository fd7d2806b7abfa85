"""Whole processes: the most memory a large search takes, and what the first call costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.areas import generated
from tests.benchmarks.engine import SPEED_KMH
from tests.benchmarks.ledger import duration
from tests.benchmarks.streets import street_network

from walkshed.network.store import write_network

if TYPE_CHECKING:
    from tests.benchmarks.ledger import Ledger

WORKER = "tests.benchmarks.process_worker"
LIMIT_GB = 1.5
INTRO = (
    "Each figure is a fresh process that opens a saved network, ties K sites and a demand row at every node and "
    "asks for `time_matrix`: imports, network, tables of a million rows and result included."
)


def run(ledger: Ledger) -> None:
    """Measure memory at a million nodes, then the first call with and without cached machine code."""
    ledger.begin("Memory, and the first call", INTRO)
    nodes, sites = (20_000, 100) if ledger.quick else (1_000_000, 1_000)
    with tempfile.TemporaryDirectory() as folder:
        saved, small = Path(folder) / "network.npz", Path(folder) / "small.npz"
        network = generated(nodes)
        write_network(network, saved)
        write_network(street_network(2_000, speed_kmh=SPEED_KMH), small)
        found = _ask(saved, sites, {})
        peak = found["peak_bytes"] / 1e9
        dense = 8 * len(network.x) * sites / 1e9
        ledger.note(
            f"Peak memory, {len(network.x):,} nodes x {sites:,} sites: {peak:.2f} GB for {found['pairs']:,} pairs, of"
            f" which {found['before_bytes'] / 1e9:.2f} GB stood before the search (libraries, network, tables)."
            f" A dense matrix alone would hold {dense:.1f} GB."
        )
        if not ledger.quick:
            ledger.goal(
                "Peak memory of 1 million nodes x 1,000 origins under 1.5 GB", f"{peak:.2f} GB", met=peak < LIMIT_GB
            )
        cache = str(Path(folder) / "machine-code")
        first, second = (_ask(small, 10, {"NUMBA_CACHE_DIR": cache})["first_call_s"] for _ in range(2))
        ledger.note(
            f"First search of a process on 2,000 nodes: {duration(first)} where nothing was compiled before,"
            f" {duration(second)} from then on (compiled code is kept on disk)."
        )


def _ask(saved: Path, sites: int, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", WORKER, str(saved), str(sites)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer

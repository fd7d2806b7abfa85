"""The benchmark of reach: ``python -m tests.benchmarks.reach`` from the top of a checkout.

Peers come with ``pip install walkshed[benchmarks]``; one that is missing is named in the table. Valhalla has wheels
from Python 3.12 on only: ``WALKSHED_VALHALLA_PYTHON`` may name another interpreter that can import it.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
import warnings
from pathlib import Path

import numba
from tests.benchmarks import part_bounded, part_files, part_isochrones, part_nearest, part_process, part_snapping
from tests.benchmarks.ledger import Ledger, say

PARTS = {
    "bounded": part_bounded.run,
    "nearest": part_nearest.run,
    "isochrones": part_isochrones.run,
    "snapping": part_snapping.run,
    "files": part_files.run,
    "process": part_process.run,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for, print what they find, and write the page if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reach", description="Benchmark of reach.")
    parser.add_argument("--quick", action="store_true", help="small sizes: does the benchmark work at all?")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), help="run this part only (may be repeated)")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/benchmarks-reach.md")
    parser.add_argument("--threads", type=int, default=1, help="of ours; one by default, as the libraries have")
    options = parser.parse_args(arguments)
    numba.config.NUMBA_NUM_THREADS = options.threads  # type: ignore[attr-defined] # numba sets it at run time
    warnings.filterwarnings("ignore", module=r"osmnx|pyrosm|pandana|networkx")
    ledger = Ledger(quick=options.quick, threads=options.threads)
    began = time.perf_counter()
    failed = [name for name in options.only or PARTS if not _run(name, ledger)]
    minutes = (time.perf_counter() - began) / 60
    say(f"\n{minutes:.1f} minutes")
    if options.out is not None:
        options.out.write_text(ledger.markdown(minutes), encoding="utf-8")
    return 1 if failed else 0


def _run(name: str, ledger: Ledger) -> bool:
    """Run one part; a failure is told on the page and does not cost the other parts."""
    try:
        PARTS[name](ledger)
    except Exception as error:  # noqa: BLE001 - whatever it is, the page must tell it
        traceback.print_exc()
        ledger.note(f"The part `{name}` failed: {type(error).__name__}: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())

"""The benchmark of siting: ``python -m tests.benchmarks.siting`` from the top of a checkout.

Peers come with ``pip install walkshed[benchmarks]``; one that is missing is named on the page. Published instances are
read from the shared data folder.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path

from tests.benchmarks import siting_by_hand, siting_models, siting_peers, siting_published, siting_sizes
from tests.benchmarks.ledger import say
from tests.benchmarks.siting_instances import Size
from tests.benchmarks.siting_report import Page

PARTS = {
    "peers": siting_peers.run,
    "sizes": siting_sizes.run,
    "cover": siting_published.run_cover,
    "median": siting_published.run_median,
    "models": siting_models.run,
    "by-hand": siting_by_hand.run,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for, print what they find, and write the page if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.siting", description="Benchmark of siting.")
    parser.add_argument("--quick", action="store_true", help="small sizes: does the benchmark work at all?")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), help="run this part only (may be repeated)")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/benchmarks-siting.md")
    parser.add_argument("--limit-s", type=float, default=300.0, help="time limit of every published p-median")
    options = parser.parse_args(arguments)
    page = Page(quick=options.quick, limit_s=options.limit_s)
    _warm_up()
    began = time.perf_counter()
    failed = [name for name in options.only or PARTS if not _run(name, page)]
    minutes = (time.perf_counter() - began) / 60
    say(f"\n{minutes:.1f} minutes")
    if options.out is not None:
        options.out.write_text(page.markdown(minutes), encoding="utf-8")
    return 1 if failed else 0


def _warm_up() -> None:
    """Load machine code once, as every process does, and compile it where this machine has not done so yet."""
    siting_peers.ours(Size(1_000, 200, 50.0))
    siting_by_hand.run(Page(quick=True, limit_s=1.0))


def _run(name: str, page: Page) -> bool:
    """Run one part; a failure is told on the page and does not cost the other parts."""
    try:
        PARTS[name](page)
    except Exception as error:  # noqa: BLE001 - whatever it is, the page must tell it
        traceback.print_exc()
        page.note(f"The part `{name}` failed: {type(error).__name__}: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())

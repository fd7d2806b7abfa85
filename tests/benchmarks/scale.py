"""How time and memory grow up to a metropolis: ``python -m tests.benchmarks.scale`` from the top of a checkout.

Every size runs in a process of its own, so that its peak memory is its own. ``--figures`` keeps what was measured, so
that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.ledger import say
from tests.benchmarks.scale_page import page

ROOT = Path(__file__).resolve().parents[2]
SIZES = (300_000, 1_000_000, 2_500_000, 5_000_000)
TILED = 500_000


def measured(module: str, nodes: int, figures: Path | None) -> dict[str, Any]:
    """Run a worker, or read what it told before."""
    kept: dict[str, Any] = {}
    if figures is not None and figures.is_file():
        kept = json.loads(figures.read_text(encoding="utf-8"))
    key = f"{module} {nodes}"
    if key not in kept:
        say(f"\n== {key}")
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", str(nodes)]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        kept[key] = json.loads(done.stdout.strip().splitlines()[-1])
        if figures is not None:
            figures.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    found: dict[str, Any] = kept[key]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run every size and print the page; write it where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description="Up to a metropolis.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of junctions, ascending")
    parser.add_argument("--tiled", type=int, default=TILED, help="junctions of the town that is cut into tiles")
    parser.add_argument("--figures", type=Path, help="keep figures here, and measure again only what is not there yet")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/scale.md")
    options = parser.parse_args(arguments)
    runs = [measured("scale_worker", nodes, options.figures) for nodes in options.sizes]
    text = page(runs, measured("scale_tiles", options.tiled, options.figures))
    say(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

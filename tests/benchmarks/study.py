"""A whole city from its street file to every measure: ``python -m tests.benchmarks.study`` from the top of a checkout.

Each study runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.areas import LAS_PALMAS
from tests.benchmarks.ledger import memory_gb, processor, say

from walkshed.parameters import (
    BoundarySource,
    CandidateSource,
    FacilitySource,
    NetworkSource,
    Siting,
    StudyConfig,
    Walking,
)
from walkshed.reporting.outputs import write_outputs
from walkshed.study import run_study

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("Helsinki", "Sample district", "Las Palmas")
KILOBYTES_PER_GB = 1024.0**2


def study(name: str) -> StudyConfig | None:
    """Return one of the studies, ``None`` where its data is absent."""
    if name != "Las Palmas":
        return StudyConfig.from_toml(ROOT / "data" / name.lower().replace(" ", "-"))
    path = LAS_PALMAS.path()
    if path is None:
        return None
    return replace(
        StudyConfig(),
        folder=path.parent,
        boundary=BoundarySource(source="file", path="boundary.geojson"),
        network=NetworkSource(path=path.name),
        facilities=FacilitySource(source="osm", tags={"amenity": ("library",)}),
        candidates=CandidateSource(spacing_m=250.0),
        walking=Walking(compare_profiles=("senior",)),
        siting=Siting(new_rooms=5, mip_gap=0.005),
    )


def measure(name: str) -> None:
    """Run one study in this process and print what it took as JSON."""
    config = study(name)
    if config is None:
        say("null")
        return
    began = time.perf_counter()
    result = run_study(config)
    computed = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        write_outputs(result, Path(folder), language="en")
    written = time.perf_counter() - began - computed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES_PER_GB
    told = {"homes": len(result.demand), "computed": computed, "written": written, "peak": peak}
    say(json.dumps(told | {"stages": {stage: round(value, 2) for stage, value in result.seconds.items()}}))


def main(arguments: list[str] | None = None) -> int:
    """Run every study and print a table; write it as a page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.study", description="Whole studies.")
    parser.add_argument("--one", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/benchmarks-study.md")
    options = parser.parse_args(arguments)
    if options.one:
        measure(options.one)
        return 0
    lines = [
        "# Whole studies", "",
        "Written by `python -m tests.benchmarks.study`: from the files to every measure, siting included, in a process",
        "of its own each, kernels compiled before; then all output files. Peak memory is of both.",
        f"Machine: {processor()}, {memory_gb():.0f} GB. Wall time, so other work on the machine counts.", "",
        "| study | homes | computed | outputs | peak memory | slowest stages |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name in NAMES:
        command = [sys.executable, "-m", "tests.benchmarks.study", "--one", name]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout.strip().splitlines()[-1])
        if told is None:
            lines.append(f"| {name} | data absent | | | | |")
            continue
        slowest = sorted(told["stages"].items(), key=lambda item: -item[1])[:4]
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in slowest)
        lines.append(
            f"| {name} | {told['homes']:,} | {told['computed']:.1f} s | {told['written']:.1f} s "
            f"| {told['peak']:.2f} GB | {stages} |"
        )
    page = "\n".join(lines) + "\n"
    say(page)
    if options.out is not None:
        options.out.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

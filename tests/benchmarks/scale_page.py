"""The page of the benchmark of scale: what was measured, and what holds beyond it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from os import cpu_count
from typing import Any

import numpy as np
from tests.benchmarks.ledger import memory_gb, processor
from tests.benchmarks.scale_town import CUTOFF_MIN, SPEED_KMH
from tests.benchmarks.scale_words import EXACT, INTRO, NOT_EXACT, PLAN, STAGES, TILES

LIMIT_GB = 16.0
SHORT_S = 0.05
"""Of a stage that takes less CPU time than this at the smallest size no exponent is told."""
Run = dict[str, Any]


def page(runs: list[Run], tiled: Run) -> str:
    """Return the page.

    Parameters
    ----------
    runs
        What :mod:`tests.benchmarks.scale_worker` told of every size, ascending.
    tiled
        What :mod:`tests.benchmarks.scale_tiles` told.
    """
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "scipy", "shapely", "geopandas"))
    lines = ["# One very large area", "", INTRO.format(speed=SPEED_KMH, cutoff=CUTOFF_MIN), ""]
    lines += [f"Machine: {processor()}, {cpu_count()} cores, {memory_gb():.0f} GB. Python {platform.python_version()},"]
    lines += [f"{packages}.", "Other work on the machine disturbs wall time more than CPU time.", ""]
    lines += ["## Goal", "", *_goal(runs[-1]), "", "## What was run", "", *_towns(runs), ""]
    lines += ["## Time", "", "CPU seconds of all threads, wall seconds in brackets.", _exponents_told(runs), ""]
    lines += [*_stages(runs, "cpu"), "", *(f"- **{name}**: {text}" for name, text in STAGES.items()), ""]
    lines += ["## Memory", "", "Peak of resident memory during each stage, GB, with all that is held from the stages"]
    lines += ["before. The exponent is that of what is above the interpreter and its libraries.", ""]
    lines += [*_stages(runs, "peak"), "", "## Tiles", "", TILES, "", *_tiles(tiled), ""]
    lines += ["## What is exact, and why", "", EXACT, "", "## What is not the same in tiles", "", NOT_EXACT, ""]
    lines += ["## Past one machine", "", PLAN]
    return "\n".join(lines).rstrip() + "\n"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *rows)]


def _goal(run: Run) -> list[str]:
    peak = max(stage["peak_bytes"] for stage in run["stages"]) / 1e9
    cpu, wall = (sum(stage[name] for stage in run["stages"]) for name in ("cpu_s", "wall_s"))
    text = f"{run['nodes']:,} junctions, {run['demand']:,} demand points, {run['facilities']:,} facilities, "
    text += f"{run['candidates']:,} candidates from points to gaps and siting within {LIMIT_GB:.0f} GB"
    told = f"{peak:.2f} GB at the peak, {cpu:.0f} s of CPU time ({wall:.0f} s)"
    return _table(["goal", "measured", ""], [[text, told, "met" if peak < LIMIT_GB else "missed"]])


def _towns(runs: list[Run]) -> list[str]:
    def row(title: str, tell: Any) -> list[str]:
        return [title, *(tell(run) for run in runs)]

    rows = [
        row(title, lambda run, key=key: f"{run[key]:,.0f}")
        for title, key in (
            ("streets", "edges"), ("demand points", "demand"), ("residents", "residents"), ("facilities", "facilities"),
            ("candidates", "candidates"), ("communities", "units"), ("walks between demand and facilities", "walks"),
            ("demand points not served", "unserved"), ("gaps", "gaps"), ("walks between candidates and these", "pairs"),
            ("residents newly served by 50 rooms", "objective"), ("no plan serves more than", "bound"),
        )
    ]  # fmt: skip
    rows.append(row("proven within", lambda run: f"{run['mip_gap']:.2%}"))
    rows.append(row("the bound re-checked", lambda run: "proven" if run["proven"] else "not by certificates alone"))
    return _table(["junctions", *(f"{run['nodes']:,}" for run in runs)], rows)


def _stages(runs: list[Run], what: str) -> list[str]:
    rows = []
    base = runs[0]["stages"][0]["before_bytes"]
    for place, stage in enumerate(runs[0]["stages"]):
        told = [run["stages"][place] for run in runs]
        if what == "cpu":
            cells = [f"{one['cpu_s']:.2f} ({one['wall_s']:.2f})" for one in told]
            values = [one["cpu_s"] for one in told] if stage["cpu_s"] >= SHORT_S else []
        else:
            cells = [f"{one['peak_bytes'] / 1e9:.2f}" for one in told]
            values = [one["peak_bytes"] - base for one in told]
        rows.append([stage["stage"], *cells, exponent([run["nodes"] for run in runs], values)])
    if what == "cpu":
        sums = [tuple(sum(one[name] for one in run["stages"]) for name in ("cpu_s", "wall_s")) for run in runs]
        cells = [f"{cpu:.2f} ({wall:.2f})" for cpu, wall in sums]
        values = [sum(one["cpu_s"] for one in run["stages"]) for run in runs]
        rows.append(["all", *cells, exponent([run["nodes"] for run in runs], values)])
    return _table(["stage", *(f"{run['nodes']:,}" for run in runs), "exponent"], rows)


def exponent(sizes: list[int], values: list[float]) -> str:
    """Return by which power values grow with sizes, a line through logarithms; ``-`` from fewer than two."""
    if len(values) < 2 or min(values) <= 0:
        return "-"
    return f"{np.polyfit(np.log(sizes), np.log(values), 1)[0]:.2f}"


def _exponents_told(runs: list[Run]) -> str:
    first, last = runs[0]["nodes"], runs[-1]["nodes"]
    return f"The exponent is fitted over all sizes, from {first:,} to {last:,} junctions: 1 is growth in proportion."


def _tiles(tiled: Run) -> list[str]:
    rows = []
    for way in tiled["ways"]:
        where = {"whole": "whole, in this process", "here": "in this process", "processes": "2 processes"}
        cells = [where.get(way["where"], "Dask, 2 workers"), str(way["tiles"]), f"{way['wall_s']:.1f}"]
        if way["where"] == "whole":
            rows.append([*cells, "-", "-", "-", "-", "-"])
            continue
        held = way["nodes"]
        cells += ["yes" if way["same"] else "NO", f"{sum(held) / tiled['nodes'] - 1:.1%}", f"{max(held):,}"]
        rows.append([*cells, str(way["again"]), f"{way['worker'] / 1e9:.2f}" if way["worker"] else "-"])
    header = [
        "searched",
        "tiles",
        "wall s",
        "same bits",
        "extra junctions",
        "largest tile",
        "searched again",
        "worker GB",
    ]
    told = f"{tiled['nodes']:,} junctions, {tiled['demand']:,} demand points, {tiled['candidates']:,} candidates:"
    return [told, "", *_table(header, rows)]

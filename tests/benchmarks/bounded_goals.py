"""What bounded searches are called on the page, and their figures held against the goals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from tests.benchmarks.ledger import Ledger
    from tests.benchmarks.timing import Timing

OURS, TABLES = "walkshed time_matrix, places prepared", "walkshed time_matrix, from tables"
KERNEL, NATIVE = "walkshed, search alone", "the same search in C"
READY = "walkshed time_matrix, origins prepared, too"
THREADS = int(numba.config.NUMBA_DEFAULT_NUM_THREADS)  # type: ignore[attr-defined] # numba sets it at run time
"""Those of ours where nobody chose a number, whatever number the benchmark runs with."""
PARALLEL = f"{OURS}, {THREADS} threads (the default)"
DENSE, PAIRS = "scipy, dense rows", "scipy, dense rows turned into pairs"
PIECES, NETWORKX = "scipy on spatial sub-graphs", "networkx, cutoff"
RUSTWORKX, PANDANA = "rustworkx, visitor that stops", "pandana nodes_in_range, prepared"
GROWTH = 1.3
"""Ratios of two measurements up to this count as none."""


def judge(ledger: Ledger, measured: dict[tuple[int, int], dict[str, Timing]]) -> None:
    """Hold the figures against the goals."""

    counts = sorted({count for _, count in measured})
    told = " / ".join(f"{count:,}" for count in counts)

    def tell(nodes: int, name: str, base: str, measure: str = "cpu_s") -> tuple[str, float]:
        found = [measured[nodes, count] for count in counts]
        ratios = [
            getattr(timings[name], measure) / getattr(timings[base], measure)
            for timings in found
            if {name, base} <= timings.keys()
        ]
        return " / ".join(f"{value:.1f}" for value in ratios) + " x", min(ratios, default=0.0)

    for nodes, least in ((1_000_000, 10), (100_000, 15)):
        calls = [name for name in (PAIRS, NETWORKX, RUSTWORKX, PANDANA) if name in measured[nodes, counts[0]]]
        best = min(calls, key=lambda name: sum(measured[nodes, count][name].cpu_s for count in counts))
        told_all, ratio = tell(nodes, best, OURS)
        ledger.goal(
            f"{nodes:,} nodes, K = {told}: at least {least} x faster than the best library call to pairs",
            f"{best}: CPU, one thread: {told_all}",
            met=ratio >= least,
        )
    for nodes, name, least in (
        (1_000_000, PAIRS, 100),
        (1_000_000, DENSE, 100),
        (100_000, PANDANA, 20),
        (1_000_000, PIECES, 10),
        (100_000, PIECES, 15),
    ):
        (whole, ratio), (ready, _), (tables, _), (alone, alone_least), (native, in_c_least) = (
            tell(nodes, name, base) for base in (OURS, READY, TABLES, KERNEL, NATIVE)
        )
        wall, wall_ratio = tell(nodes, name, PARALLEL, "wall_s")
        text = (
            f"CPU, one thread: {whole} (origins prepared, too {ready}; from tables {tables}); wall, {THREADS} threads: "
            f"{wall}; like for like, search alone, CPU: {alone}"
        )
        if in_c_least:
            text += f"; the same search in C {native}" + (", which misses it, too" if in_c_least < least else "")
        measures = {
            "CPU time": ratio >= least,
            "wall time": wall_ratio >= least,
            "search alone": alone_least >= least,
        }
        ledger.goal(
            f"{nodes:,} nodes, K = {told}: at least {least} x faster than {name}",
            text if ratio else "no figure: the peer is missing",
            met=measures if ratio else None,
        )
    in_c = [timings[NATIVE].cpu_s / timings[KERNEL].cpu_s for timings in measured.values() if NATIVE in timings]
    ledger.goal(
        "Search at least 70 % as fast as the same in C (median of the settings)",
        " / ".join(f"{share:.0%}" for share in in_c) if in_c else "no compiler",
        met=float(np.median(in_c)) >= 0.7 if in_c else None,
    )
    # Where origins are as dense in the large graph as in the small one, memory is asked again for what it gave before.
    for few, many in ((1_000, 1_000), (10_000, 10_000), (1_000, 10_000)):
        growth = {
            name: measured[1_000_000, many][base].cpu_s / many / (measured[100_000, few][base].cpu_s / few)
            for name, base in (
                ("time_matrix, places prepared", OURS),
                ("from tables", TABLES),
                ("search alone", KERNEL),
            )
        }
        about = f"K = {few:,}" if few == many else f"K = {many:,} against {few:,}, origins as dense"
        ledger.goal(
            f"Cost per origin does not grow with the graph (1 million against 100 thousand nodes, {about})",
            "; ".join(f"{name} {value:.2f} x" for name, value in growth.items()),
            met={name: value <= GROWTH for name, value in growth.items() if name != "from tables"},
        )

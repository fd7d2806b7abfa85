"""One metropolis in a process of its own: ``python -m tests.benchmarks.scale_worker nodes [stages to stop behind]``."""

from __future__ import annotations

import gc
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.process_worker import peak_bytes
from tests.benchmarks.scale_town import CUTOFF_MIN, SNAP_MAX_M, draw_town

from walkshed.assess.coverage import measure_coverage
from walkshed.assess.gaps import find_gaps
from walkshed.assess.rates import coverage_rates
from walkshed.network.snap import snap
from walkshed.siting.build import build_problem
from walkshed.siting.solve import solve_mclp
from walkshed.siting.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW_ROOMS, MIP_GAP, TIME_LIMIT_S = 50, 0.01, 300.0
WARM_NODES = 2_000


class Clock:
    """Seconds and memory of stages, one after the other."""

    def __init__(self) -> None:
        self.stages: list[dict[str, object]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        gc.collect()
        held = _forget_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        told = {"stage": name, "wall_s": wall, "cpu_s": cpu, "peak_bytes": peak_bytes(), "before_bytes": held}
        self.stages.append(told)
        sys.stderr.write(f"{name}: {wall:.1f} s, CPU {cpu:.1f} s, {peak_bytes() / 1e9:.2f} GB\n")
        sys.stderr.flush()


def _forget_peak() -> int:
    """Let the peak begin anew where the system allows it (Linux); return what is held now, or the peak."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5", encoding="ascii")
    return peak_bytes()


def run(nodes: int, clock: Clock) -> dict[str, object]:
    """Put a metropolis through everything; return what came out."""
    with clock.stage("draw"):
        town = draw_town(nodes)
    network = town.network
    with clock.stage("snap"):
        demand, facilities, candidates = (
            snap(table, network, max_m=SNAP_MAX_M) for table in (town.demand, town.facilities, town.candidates)
        )
    units = town.units
    del town
    with clock.stage("coverage"):
        measured = measure_coverage(network, facilities, demand, cutoff_min=CUTOFF_MIN)
    del demand
    with clock.stage("rates"):
        rates = coverage_rates(measured, units=units, facilities=facilities, profile="all", cutoff_min=CUTOFF_MIN)
    with clock.stage("gaps"):
        gaps = find_gaps(measured, crs=network.crs, units=units)
    with clock.stage("pairs"):
        problem = build_problem(network, candidates, measured, cutoff_min=CUTOFF_MIN)
    with clock.stage("siting"):
        answer = solve_mclp(problem, new_rooms=NEW_ROOMS, mip_gap=MIP_GAP, time_limit_s=TIME_LIMIT_S)
    with clock.stage("check"):
        checked = verify(problem, answer, new_rooms=NEW_ROOMS)
    everybody = rates[(rates["basis"] == "E") & (rates["unit_id"] == "")].iloc[0]
    return {
        "nodes": len(network.x), "edges": len(network.u), "demand": len(measured), "facilities": len(facilities),
        "candidates": len(candidates), "units": len(units), "residents": float(measured["population"].sum()),
        "rate": float(everybody["rate"]), "gaps": len(gaps), "unserved": int((~measured["covered"]).sum()),
        "walks": int(measured["within_reach"].sum()), "pairs": int(problem.minutes.nnz), "status": answer.status,
        "objective": answer.objective, "bound": answer.bound, "mip_gap": answer.mip_gap, "proven": checked.proven,
    }  # fmt: skip


def main() -> None:
    """Warm up the kernels, run, and tell what it took."""
    run(WARM_NODES, Clock())
    clock = Clock()
    told = run(int(sys.argv[1]), clock)
    sys.stdout.write(json.dumps(told | {"stages": clock.stages}) + "\n")


if __name__ == "__main__":
    main()

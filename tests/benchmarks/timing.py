"""Time several ways of doing the same thing, in turns, so that a busy machine disturbs all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAST_S = 0.05
"""A turn repeats short work until it lasted so long."""
PATIENCE_S = 4.0
"""Work that takes longer than this is timed in one turn only, the first."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way of doing the work.

    Attributes
    ----------
    name
        How tables call it.
    run
        Does the work once and returns its result.
    check
        Says in words how well the result agrees with ours.
    share
        Part of the work that ``run`` does; times are scaled up by it.
    clocked
        Whether ``run`` measures itself (another process) and returns result, wall seconds and CPU seconds.
    """

    name: str
    run: Callable[[], Any]
    check: Callable[[Any], str] | None = None
    share: float = 1.0
    clocked: bool = False


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Median seconds of one contender for the whole work, and what was said about its result."""

    name: str
    wall_s: float
    cpu_s: float
    turns: int
    agreement: str
    share: float


def interleave(contenders: Sequence[Contender], *, turns: int) -> list[Timing]:
    """Time contenders in turns, each turn in another order.

    Parameters
    ----------
    contenders
        Ours first.
    turns
        How often each is timed, after one run that warms up and whose result is checked.

    Returns
    -------
    list of Timing
        In the order of the contenders. CPU seconds are those of the whole process, all its threads.
    """
    firsts = [_warm_up(contender) for contender in contenders]
    notes = [note for _, note in firsts]
    times: list[list[tuple[float, float]]] = [[first] for first, _ in firsts]
    patient = [i for i, (first, _) in enumerate(firsts) if first[0] <= PATIENCE_S]
    for i in patient:
        times[i].clear()
    for turn in range(turns if patient else 0):
        for i in patient[turn % len(patient) :] + patient[: turn % len(patient)]:
            times[i].append(_timed(contenders[i], max(1, round(LEAST_S / max(firsts[i][0][0], 1e-9)))))
    return [
        Timing(
            name=contender.name,
            wall_s=statistics.median(wall for wall, _ in measured) / contender.share,
            cpu_s=statistics.median(cpu for _, cpu in measured) / contender.share,
            turns=len(measured),
            agreement=note,
            share=contender.share,
        )
        for contender, note, measured in zip(contenders, notes, times, strict=True)
    ]


def _warm_up(contender: Contender) -> tuple[tuple[float, float], str]:
    """Run once for the result; run again for the time when the first run was short, since it may have compiled."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = contender.run()
    measured = (time.perf_counter() - wall, time.process_time() - cpu)
    if contender.clocked:
        result, *own = result
        measured = (own[0], own[1])
    note = contender.check(result) if contender.check else ""
    del result
    if measured[0] <= PATIENCE_S:
        measured = _timed(contender, 1)
    return measured, note


def _timed(contender: Contender, repeats: int) -> tuple[float, float]:
    gc.collect()
    gc.disable()
    try:
        if contender.clocked:
            measured = [contender.run()[1:] for _ in range(repeats)]
            return sum(wall for wall, _ in measured) / repeats, sum(cpu for _, cpu in measured) / repeats
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(repeats):
            contender.run()
        return (time.perf_counter() - wall) / repeats, (time.process_time() - cpu) / repeats
    finally:
        gc.enable()

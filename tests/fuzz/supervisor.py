"""Runs readers in processes of their own, notices those that die or hang, and goes on with the next case."""

from __future__ import annotations

import multiprocessing as mp
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz.worker import Limits, work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

CHUNK = 500
"""Cases of one process; a new one begins with a clean memory."""
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own within it
"""Files written anew thousands of times stay off the disk."""
KEPT = 5
"""Inputs kept of failures that look alike."""


@dataclass
class Tally:
    """What came of the cases of one reader."""

    cases: int = 0
    distinct: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0


@dataclass
class Task:
    """So many cases of a reader that begin with one seed."""

    name: str
    seed: int
    left: int


@dataclass
class Run:
    """A process at work."""

    task: Task
    process: Any
    connection: Connection
    folder: tempfile.TemporaryDirectory[str]
    since: float
    done: bool = False


def shares(weights: Mapping[str, int], cases: int) -> dict[str, int]:
    """Return how many cases each reader gets; they sum to ``cases`` or a few more."""
    whole = sum(weights.values())
    return {name: -(-cases * weight // whole) for name, weight in weights.items()}


def supervise(
    counts: Mapping[str, int], *, seed: int, processes: int, limits: Limits, wall_s: float, out: Path, minutes: float
) -> dict[str, Tally]:
    """Run the cases of every reader.

    Parameters
    ----------
    counts
        Reader -> its cases.
    seed
        Of the whole run; the same gives the same cases.
    processes
        At a time.
    limits
        Of one case.
    wall_s
        Seconds without an answer after which a process is stopped: it waits for something that never comes.
    out
        Folder that takes the inputs of failures.
    minutes
        After which no further process begins and those at work are stopped.
    """
    end = time.monotonic() + 60 * minutes
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["tests.fuzz.readers"])
    waiting = list(_tasks(counts, seed))[::-1]
    tallies = {name: Tally() for name in counts}
    running: list[Run] = []
    try:
        while (waiting or running) and time.monotonic() < end:
            while waiting and len(running) < processes:
                running.append(_start(context, waiting.pop(), limits))
            wait([run.connection for run in running], timeout=0.2)
            for run in list(running):
                _listen(run, tallies[run.task.name], out)
                if run.done or not run.process.is_alive() or time.monotonic() - run.since > wall_s:
                    rest = _finish(run, tallies[run.task.name], out)
                    running.remove(run)
                    if rest is not None:
                        waiting.append(rest)
    finally:
        for run in running:
            _listen(run, tallies[run.task.name], out)
            run.process.kill()
            run.process.join()
            run.connection.close()
            run.folder.cleanup()
    return tallies


def _tasks(counts: Mapping[str, int], seed: int) -> Iterator[Task]:
    """Yield the tasks, every reader's first one first, so that a run that is cut short has tried them all."""
    for part, start in enumerate(range(0, max(counts.values()), CHUNK)):
        for place, (name, count) in enumerate(counts.items()):
            if start < count:
                yield Task(name, seed * 1_000_003 + place * 10_007 + part, min(CHUNK, count - start))


def _start(context: Any, task: Task, limits: Limits) -> Run:
    folder = tempfile.TemporaryDirectory(prefix="walkshed-fuzz-case-", dir=MEMORY)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, task.name, task.seed, task.left, folder.name, limits))
    process.start()
    theirs.close()
    return Run(task, process, ours, folder, time.monotonic())


def _listen(run: Run, tally: Tally, out: Path) -> None:
    """Take in what a process tells."""
    with suppress(EOFError, OSError):
        while run.connection.poll():
            answer = run.connection.recv()
            now = time.monotonic()
            if answer is None:
                run.done = True
                return
            told, digest, content = answer
            tally.slowest_s = max(tally.slowest_s, now - run.since)
            run.since = now
            run.task.left -= 1
            tally.cases += 1
            tally.distinct.add(digest)
            tally.outcomes[told.outcome] += 1
            if content is not None:
                _save(out, run, tally, told.place, told.story, content)


def _finish(run: Run, tally: Tally, out: Path) -> Task | None:
    """Close a process; one that died was killed by its case, which counts as a failure, and its rest is to do."""
    _listen(run, tally, out)
    stuck = run.process.is_alive() and not run.done
    if stuck:
        run.process.kill()
    run.process.join()
    _listen(run, tally, out)
    code = run.process.exitcode
    rest = None
    if not run.done:
        place = (
            "hang: no answer"
            if stuck
            else "hang: processor time"
            if code == -signal.SIGPROF
            else f"killed: {_ended(code)}"
        )
        files = sorted(Path(run.folder.name).glob("case.*"))
        tally.cases += 1
        tally.outcomes["failure"] += 1
        _save(out, run, tally, place, place, files[0].read_bytes() if files else b"")
        if run.task.left > 1:
            rest = Task(run.task.name, run.task.seed + 500_009, run.task.left - 1)
    run.connection.close()
    run.folder.cleanup()
    return rest


def _ended(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


def _save(out: Path, run: Run, tally: Tally, place: str, story: str, content: bytes) -> None:
    tally.failures[place] += 1
    if tally.failures[place] > KEPT:
        return
    out.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in f"{run.task.name}-{place}")
    stem = f"{name[:90]}-{tally.failures[place]}"
    ending = "." + run.task.name.partition(".")[2] if "." in run.task.name else ".txt"
    (out / f"{stem}{ending}").write_bytes(content)
    (out / f"{stem}.story").write_text(story, encoding="utf-8", errors="backslashreplace")

"""Districts spread over processes by Dask: workers of our own on this machine, or an existing cluster."""

from __future__ import annotations

import importlib.metadata
import os
import time
from collections import Counter, deque
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from walkshed.batch.claims import TOKEN
from walkshed.batch.district import MAX_STARTS, failure, killed, run_district
from walkshed.batch.workers import HOST, LocalWorkers
from walkshed.errors import CancelledError, InputError, WalkshedError
from walkshed.files import last_act

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from walkshed.batch.district import Job, Outcome
    from walkshed.progress import Progress

TICK_S: Final = 0.5
CONNECT_S: Final = 15.0
LONELY_S: Final = 60.0
"""A batch without any worker waits so long for one."""
CLOSE_S: Final = 0.5


def has_dask() -> bool:
    """Say whether the extra ``distributed`` is installed."""
    return find_spec("distributed") is not None


def run_here(jobs: Sequence[Job], *, progress: Progress) -> Generator[tuple[int, Outcome] | None]:
    """Compute districts one after the other in this process; yields as :func:`run_spread` does."""
    for number, job in enumerate(jobs):
        yield None
        yield number, run_district(job, progress=progress)


def run_spread(jobs: Sequence[Job], *, scheduler: str | None, workers: int) -> Generator[tuple[int, Outcome] | None]:
    """Compute districts on Dask.

    Parameters
    ----------
    jobs
        The districts.
    scheduler
        Address of an existing cluster; by default so many processes of our own.
    workers
        Processes to start where no address is given.

    Yields
    ------
    tuple of int and Outcome, or None
        Number of a district and what came of it, as they end; ``None`` at least every half second.

    Raises
    ------
    InputError
        If there is no such cluster, or its workers cannot do the work.
    """
    with _cluster(jobs[0], scheduler=scheduler, workers=workers) as (client, local):
        yield from _Spread(client, jobs, local).run()


def _dask() -> Any:  # noqa: ANN401 - calls of this package have no annotations
    import distributed  # noqa: PLC0415 - not installed everywhere

    return distributed


@contextmanager
def _cluster(job: Job, *, scheduler: str | None, workers: int) -> Iterator[tuple[Any, LocalWorkers | None]]:
    """Give a client of Dask, and the workers that are our own."""
    if scheduler is not None:
        with _connected(scheduler) as client:
            _check_workers(client, job)
            yield client, None
        return
    # The scheduler lives in this process; its workers are programs of our own, which can be killed at once.
    cluster = _dask().LocalCluster(
        n_workers=0,
        processes=True,
        host=HOST,
        dashboard_address=f"{HOST}:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs="critical",
    )
    local = LocalWorkers(cluster.scheduler_address, workers, Path(job.workshop))
    try:
        with last_act(local.kill), _connected(cluster) as client:
            local.tend()
            yield client, local
    finally:
        local.stop()
        with suppress(TimeoutError):
            cluster.close(timeout=CLOSE_S)


@contextmanager
def _connected(cluster: Any) -> Iterator[Any]:  # noqa: ANN401 - an address or a cluster; a client
    try:
        client = _dask().Client(cluster, timeout=CONNECT_S, set_as_default=False, name="walkshed-batch")
    except (OSError, TimeoutError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise InputError("batch_no_scheduler", address=str(cluster), why=why) from error
    try:
        yield client
    finally:
        with suppress(TimeoutError, OSError):
            client.close(timeout=CLOSE_S)


def _check_workers(client: Any, job: Job) -> None:  # noqa: ANN401 - a client of Dask
    """Refuse a cluster whose workers lack this version of walkshed, or do not see the files.

    The workers are asked by functions of Python's own, which they know in any case.
    """
    own = importlib.metadata.version("walkshed")
    found = client.run(importlib.metadata.version, "walkshed", on_error="return")
    for worker, version in found.items():
        if isinstance(version, BaseException):
            raise InputError("batch_worker_lacks", worker=worker, version=own)
        if version != own:
            raise InputError("batch_worker_version", worker=worker, theirs=version, version=own)
    for path in (os.fspath(Path(job.workshop) / TOKEN), os.path.dirname(job.study)):  # noqa: PTH120 - as it was given
        seen = client.run(os.access, path, os.R_OK | os.W_OK if path.endswith(TOKEN) else os.R_OK)
        if Path(path).exists() and not all(seen.values()):
            blind = next(worker for worker, sees in seen.items() if not sees)
            where = str(Path(job.folder).parent) if path.endswith(TOKEN) else path
            raise InputError("batch_worker_blind", worker=blind, where=where)


class _Spread:
    """Hands out districts, never more than there are workers, so that none waits on a worker that may die."""

    def __init__(self, client: Any, jobs: Sequence[Job], local: LocalWorkers | None) -> None:  # noqa: ANN401 - of Dask
        self.client, self.jobs, self.local = client, jobs, local
        self.waiting = deque(range(len(jobs)))
        self.running: dict[str, tuple[Any, int]] = {}
        self.ended: SimpleQueue[Any] = SimpleQueue()
        self.deaths: Counter[int] = Counter()
        self.serial = count()
        self.slots, self.counted, self.lonely = 0, 0.0, time.monotonic()

    def run(self) -> Iterator[tuple[int, Outcome] | None]:
        try:
            while self.waiting or self.running:
                if trouble := self._look_around():
                    yield from self._give_up(trouble)
                    return
                self._hand_out()
                try:
                    future = self.ended.get(timeout=TICK_S)
                except Empty:
                    yield None
                    continue
                found = self._take(future)
                if found is not None:
                    yield found
        finally:
            if self.local is not None:
                self.local.stop()
            elif self.running and self.client.status == "running":
                with suppress(Exception):  # the scheduler may be gone, and we are leaving anyway
                    self.client.cancel([future for future, _ in self.running.values()], force=True)

    def _look_around(self) -> WalkshedError | None:
        """Count the workers; return what is wrong where there is nobody to wait for."""
        if self.local is not None:
            self.local.tend()
        now = time.monotonic()
        if now - self.counted < TICK_S:
            return None
        self.counted = now
        try:
            self.slots = sum(self.client.nthreads().values()) if self.client.status == "running" else -1
        except (OSError, TimeoutError, ValueError):
            self.slots = -1
        if self.slots < 0:
            return WalkshedError("batch_scheduler_lost")
        if self.slots:
            self.lonely = now
        if self.local is not None and self.local.hopeless:
            return WalkshedError("batch_workers_fail", why=self.local.last_words())
        return WalkshedError("batch_no_workers", seconds=LONELY_S) if now - self.lonely > LONELY_S else None

    def _hand_out(self) -> None:
        while self.waiting and len(self.running) < self.slots:
            number = self.waiting.popleft()
            key = f"{Path(self.jobs[number].workshop).name}-{number}-{next(self.serial)}"
            future = self.client.submit(run_in_worker, self.jobs[number], key=key, pure=False)
            self.running[key] = (future, number)
            future.add_done_callback(self.ended.put)

    def _take(self, future: Any) -> tuple[int, Outcome] | None:  # noqa: ANN401 - of Dask
        """Return what came of a district; ``None`` where it is to be begun again."""
        _, number = self.running.pop(str(future.key))
        if future.status == "finished":
            if self.local is not None:
                self.local.praise()
            return number, future.result()
        error = future.exception() if future.status == "error" else None
        if isinstance(error, Exception) and not isinstance(error, _dask().KilledWorker):
            return number, failure(error)
        self.counted = 0.0  # look at once whether anybody is left
        self.deaths[number] += 1
        if self.deaths[number] >= MAX_STARTS:
            return number, killed(self.jobs[number])
        self.waiting.append(number)
        return None

    def _give_up(self, trouble: WalkshedError) -> Iterator[tuple[int, Outcome]]:
        for number in sorted([*self.waiting, *(number for _, number in self.running.values())]):
            yield number, failure(trouble)
        self.waiting.clear()
        self.running.clear()


def run_in_worker(job: Job) -> Outcome:
    """Compute a district as a task of Dask; stops soon after the task was cancelled."""
    worker = _dask().get_worker()
    key = worker.get_current_task()

    def progress(stage: str, done: int, total: int) -> None:
        del stage, done, total
        task = worker.state.tasks.get(key)
        if task is None or task.state not in ("executing", "long-running"):
            raise CancelledError("cancelled")

    return run_district(job, progress=progress)

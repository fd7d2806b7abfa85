"""A batch on a real scheduler and real workers, programs of their own, of which one is killed half-way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import walkshed as ws
from walkshed.batch import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 240
BEFORE_THE_KILL = 3
AT_THE_LATEST = 7


class Cluster(NamedTuple):
    """Programs of a cluster and its address."""

    address: str
    workers: list[subprocess.Popen[bytes]]


def start(log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as stream:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        return subprocess.Popen(command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    file = tmp_path / "scheduler.json"
    log = tmp_path / "cluster.log"
    running = [start(log, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))]
    try:
        address = wait_for_address(file, running[0])
        options = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0")
        running += [start(log, "worker", address, *options) for _ in range(2)]
        yield Cluster(address, running[1:])
    finally:
        for program in reversed(running):
            program.kill()
            program.wait()


def wait_for_address(file: Path, scheduler: subprocess.Popen[bytes]) -> str:
    since = time.monotonic()
    while time.monotonic() - since < PATIENCE_S:
        assert scheduler.poll() is None
        try:
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        except (OSError, ValueError):
            time.sleep(0.1)
    pytest.fail("the scheduler did not start")


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    cluster: Cluster,
    towns: Path,
    tmp_path: Path,
    list_of: Callable[..., Path],
    figures: Callable[[Path], dict[str, Any]],
) -> None:
    names = [str(seed) for seed in range(12)]
    listed = list_of(tmp_path / "list.csv", [*((name, str(towns / name)) for name in names), ("lost", "nowhere")])
    out, seen, killed_with = tmp_path / "out", [], []
    victim = cluster.workers[0]

    def watch(stage: str, done: int, total: int) -> None:
        seen.append((stage, done, total))
        begun = list(out.glob(".batch/*/*.begun.*"))
        both_busy = len(begun) == len(cluster.workers)
        # Districts are quick: nobody may look in the moments when both are being computed.
        if not killed_with and done >= BEFORE_THE_KILL and (both_busy or (begun and done >= AT_THE_LATEST)):
            victim.kill()
            killed_with.append(done)

    result = ws.run_batch(listed, out, scheduler=cluster.address, progress=watch)
    assert killed_with
    assert killed_with[0] < len(names)
    assert victim.wait() < 0
    assert cluster.workers[1].poll() is None

    assert result.districts["name"].tolist() == [*names, "lost"]
    assert result.failed["name"].tolist() == ["lost"]
    assert not result.districts["reused"].any()
    inside = sorted(path.name for path in out.iterdir())
    assert inside == sorted([*names, "national.csv", "national.html", "national.xlsx"])
    told = [figures(out / name / "summary.json") for name in names]
    assert result.totals["residents"] == pytest.approx(sum(one["residents"]["population"] for one in told))
    counts = [done for stage, done, _ in seen if stage == "batch"]
    assert counts == sorted(counts)
    assert counts[-1] == len(names) + 1

    alone = tmp_path / "alone"
    few = list_of(tmp_path / "few.csv", [(name, str(towns / name)) for name in names[4:6]])
    ws.run_batch(few, alone, workers=0)
    for name in names[4:6]:
        assert figures(alone / name / "summary.json") == figures(out / name / "summary.json")
        assert (alone / name / "district.json").read_text(encoding="utf-8").split('"files"')[0] == (
            out / name / "district.json"
        ).read_text(encoding="utf-8").split('"files"')[0]

    stop_in_the_midst(listed, out, cluster.address)
    again = ws.run_batch(listed, out, scheduler=cluster.address)
    assert again.districts["reused"].tolist() == [True] * len(names) + [False]
    refuse_what_workers_cannot_see(listed, tmp_path, cluster.address)


def stop_in_the_midst(listed: Path, out: Path, address: str) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        del done, total
        if any(out.glob(".batch/*/*.begun.*")):
            raise ws.CancelledError("cancelled", stage=stage)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "TICK_S", 0.01)  # a district may be done sooner than the batch usually looks
        with pytest.raises(ws.CancelledError):
            ws.run_batch(listed, out, scheduler=address, force=True, progress=stop)
    assert not (out / ".batch").exists()


def refuse_what_workers_cannot_see(listed: Path, tmp_path: Path, address: str) -> None:
    """Let the path of the results go through this process's own door, which no worker has."""
    real = tmp_path / "real"
    real.mkdir()
    door = os.open(real, os.O_RDONLY)
    try:
        with pytest.raises(ws.InputError, match="cannot read"):
            ws.run_batch(listed, f"/proc/self/fd/{door}", scheduler=address)
    finally:
        os.close(door)


def test_an_address_where_nobody_answers_is_told(
    towns: Path, tmp_path: Path, list_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("walkshed.batch.pool.CONNECT_S", 1.0)
    listed = list_of(tmp_path / "list.csv", [("0", str(towns / "0"))])
    for address in ("tcp://127.0.0.1:9", "no address"):
        with pytest.raises(ws.InputError, match="No Dask scheduler"):
            ws.run_batch(listed, tmp_path / "out", scheduler=address)
    assert not (tmp_path / "out" / ".batch").exists()

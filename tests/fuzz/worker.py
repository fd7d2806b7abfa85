"""The process that reads: one case after the other, with limits of time and memory that stop it for good."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning
from tests.fuzz.readers import READERS

from walkshed.errors import WalkshedError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MEGABYTE = 1 << 20


class Limits(NamedTuple):
    """What a case may use: seconds of the processor, and megabytes beyond what the process began with."""

    cpu_s: float
    memory_mb: int


class Told(NamedTuple):
    """What came of a case: an outcome, and of a failure where it failed and the whole story."""

    outcome: str
    place: str = ""
    story: str = ""


def work(connection: Connection, name: str, number: int, count: int, folder: str, limits: Limits) -> None:
    """Read ``count`` cases of a reader; tell each over the connection.

    The case being read lies in ``folder``, so that it is there for whoever finds this process dead. The limit of time
    is a signal that ends the process, because a library that hangs does not listen to Python.
    """
    reader = READERS[name]
    make = reader.cases()
    path = Path(folder) / f"case{reader.ending}"
    os.fsync = lambda _: None  # that files reach the disc is not what is tried here, and it takes most of the time
    _limit_memory(limits.memory_mb)
    warnings.simplefilter("ignore", HypothesisWarning)
    left = count

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(st.randoms(use_true_random=True).map(make))
    def one(content: bytes) -> None:
        nonlocal left
        if left <= 0:
            return
        left -= 1
        path.write_bytes(content)
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
        told = judge(name, path)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _keep(connection, told, path, content)

    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    one()
    connection.send(None)
    connection.close()


def judge(name: str, path: Path) -> Told:
    """Read one file and say what came of it; everything but a typed error or a lawful result is a failure."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return Told(READERS[name].read(path))
    except WalkshedError as error:
        key = error.message.key
        if key == "errors.contract":
            return _failed(error)
        try:
            texts = [error.text(language) for language in ("en", "zh")]
        except Exception as broken:  # noqa: BLE001 - a text that cannot be written is the finding
            return _failed(broken)
        if any(len(text) > 20_000 for text in texts):
            return Told("failure", f"endless text of {key}", texts[0][:2000])
        return Told(key)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        return _failed(error)


def _failed(error: BaseException) -> Told:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "walkshed" in frame.filename and "site-packages" not in frame.filename]
    last = (ours or frames)[-1]
    place = f"{type(error).__name__} at {Path(last.filename).name}:{last.name}"
    return Told("failure", place, "".join(traceback.format_exception(error))[-6000:])


def _keep(connection: Connection, told: Told, path: Path, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()[:16]
    failed: Any = content if told.outcome == "failure" else None
    connection.send((told, digest, failed))
    for rest in path.parent.iterdir():
        if rest != path:
            rest.unlink(missing_ok=True)


def _limit_memory(megabytes: int) -> None:
    """Limit the address space to what is taken now and so much more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

"""Ctrl-C in the first seconds, while the program is still being loaded."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import walkshed
from walkshed.batch import KEEP
from walkshed.commands import batch, report
from walkshed.reporting.reports import USUAL

COMMAND = (sys.executable, "-c", "from walkshed.cli import main; main()")
STATUS = Path("/proc/self/status")


def hears(process: int, number: int) -> bool:
    """Say whether a program has a handler of its own for a signal."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(caught >> (number - 1) & 1)


@pytest.mark.skipif(not STATUS.exists(), reason="needs a system that tells which signals a program hears")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_a_program_that_is_still_loading_ends_with_one_sentence(
    root: Path, tmp_path: Path, number: int, after_s: float
) -> None:
    arguments = ("run", str(root / "data" / "helsinki"), "--out", str(tmp_path / "out"), "--lang", "en")
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        while not hears(run.pid, signal.SIGTERM):  # Python itself hears SIGINT, and nothing else
            time.sleep(0.002)
        time.sleep(after_s)
        os.kill(run.pid, number)
        said, told = run.communicate(timeout=60)
    assert run.returncode == 128 + number, told
    assert said == ""
    (sentence,) = told.splitlines()
    assert sentence.startswith("Interrupted.")
    assert not (tmp_path / "out").exists()


def state(process: int) -> tuple[str, int]:
    """Return the state of a process and its parent; ``("Z", 0)`` where there is none any more."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return "Z", 0
    after_name = told.rpartition(")")[2].split()
    return after_name[0], int(after_name[1])


def is_running(process: int) -> bool:
    """Say whether a process has not ended; one that nobody has asked for its end may still be listed."""
    return state(process)[0] != "Z"


def children(process: int) -> list[int]:
    """Return the processes that another one has started."""
    numbers = [int(place.name) for place in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if state(number)[1] == process and is_running(number)]


SLOW_START = """
import subprocess, time
from walkshed.cli import main

class Slow(subprocess.Popen):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        time.sleep(3)

subprocess.Popen = Slow
main()
"""


@pytest.mark.skipif(not STATUS.exists(), reason="looks for the server among the system's processes")
@pytest.mark.parametrize("command", [COMMAND, (*COMMAND[:-1], SLOW_START)], ids=["at once", "on a busy machine"])
def test_the_app_is_not_left_behind(tmp_path: Path, command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        run = subprocess.Popen([*command, "app", "--port", str(port)], stdout=log, stderr=log)
        while not (servers := children(run.pid)):
            assert run.poll() is None
            time.sleep(0.01)
        os.kill(run.pid, signal.SIGTERM)
        assert run.wait(60) == 128 + signal.SIGTERM
    assert len(servers) == 1
    for _ in range(500):
        if not is_running(servers[0]):
            break
        time.sleep(0.01)
    assert not is_running(servers[0])


def test_the_command_line_hears_signals_before_it_loads_anything_large() -> None:
    script = "import sys, walkshed.cli; print(*{'numpy', 'pandas', 'typer', 'rich'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == []
    script = "import sys, walkshed.commands.program; print(*{'numpy', 'pandas', 'numba'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == []


def test_what_options_list_is_what_there_is() -> None:
    assert ",".join(USUAL) == report.USUAL
    assert ", ".join(KEEP) == batch.KEPT


def test_the_public_names_are_all_there_and_loaded_when_asked_for(root: Path) -> None:
    assert set(walkshed.__all__) <= set(dir(walkshed))
    for name in walkshed.__all__:
        assert getattr(walkshed, name).__name__ == name
    assert walkshed.run_study is walkshed.study.run_study
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        walkshed.no_such_name  # noqa: B018 - asking is what is tried
    stub = (root / "coverage" / "walkshed" / "__init__.pyi").read_text(encoding="utf-8")
    told = {line.split(" as ")[1]: line.split()[1] for line in stub.splitlines()}
    assert told == walkshed._HOME  # type: ignore[attr-defined]

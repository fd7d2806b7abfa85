"""A full disk, a limit of file sizes, a read-only folder, a file in the way: one sentence, and the old file whole."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.errors import InputError, NetworkError
from walkshed.files import FULL, replacing, reserve, scratch, unwritable, write_whole
from walkshed.inputs.reads import empty_rejects
from walkshed.inputs.reject_files import write_rejects
from walkshed.network.store import write_network
from walkshed.reporting.atlas import write_atlas
from walkshed.reporting.document.pdf import write_pdf
from walkshed.reporting.document.word import write_docx
from walkshed.reporting.figure import figure_map
from walkshed.reporting.gis import write_gis
from walkshed.reporting.layers import write_layers
from walkshed.reporting.outputs import write_outputs
from walkshed.reporting.reports import write_reports
from walkshed.reporting.snapshot import freeze_result
from walkshed.reporting.summary import write_summary
from walkshed.reporting.tables import write_xlsx
from walkshed.reporting.webmap import write_webmap
from walkshed.sample.osmfile import OsmFile
from walkshed.scaffold import init_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from walkshed.results import StudyResult

SIZE_LIMIT = 600
ROOM = "size=4m"

WRITERS: dict[str, Callable[[StudyResult, Path], object]] = {
    "summary.json": write_summary,
    "result.gpkg": write_layers,
    "map.html": write_webmap,
    "map.png": figure_map,
    "map.pdf": figure_map,
    "tables.xlsx": write_xlsx,
    "snapshot.zip": freeze_result,
    "report.docx": write_docx,
    "report.pdf": write_pdf,
    "atlas.pdf": write_atlas,
    "rejects.csv": lambda _, path: write_rejects(empty_rejects(), path),
    "network.npz": lambda result, path: write_network(result.network, path),
    "demand.geojson": lambda result, path: write_gis(result, path.parent, kind="geojson"),
    "result.kml": lambda result, path: write_gis(result, path.parent, kind="kml"),
    "shapefiles.zip": lambda result, path: write_gis(result, path.parent, kind="shapefile"),
    "demand.parquet": lambda result, path: write_gis(result, path.parent, kind="geoparquet"),
    "demand.csv": lambda result, path: write_gis(result, path.parent, kind="csv"),
}


@pytest.fixture
def disk(small_disk: Path) -> Iterator[Path]:
    """An empty small disk."""
    yield small_disk
    for path in small_disk.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path_factory.mktemp("disk")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", ROOM, "tmpfs", str(folder)], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no room on a disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream:
        for size in (65_536, 4096, 1):
            try:
                while stream.write(bytes(size)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - the way to fill a disk
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(folder: Path) -> Iterator[None]:
    """Let no file of this process grow beyond a few bytes."""
    del folder
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE_LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refused(write: Callable[[], object], *, folder: Path, key: str) -> None:
    """Hold a failed write against what is promised: a typed error of one sentence, or the system's own."""
    with pytest.raises((OSError, InputError, NetworkError)) as caught:
        write()
    error: Any = caught.value
    if isinstance(error, OSError) and not isinstance(error, InputError):
        error = unwritable(folder, error)
    assert error.message.key in {f"errors.{key}", "errors.network_not_written"}, error
    for language in ("en", "zh"):
        said = error.text(language)
        assert "\n" not in said
        assert "Traceback" not in said


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(name: str, result: StudyResult, disk: Path) -> None:
    target = disk / name
    target.write_bytes(b"before")
    with full(disk):
        refused(lambda: WRITERS[name](result, target), folder=disk, key="disk_full")
        left = {file.name for file in disk.iterdir()}
    assert target.read_bytes() == b"before"
    assert left == {name, "filler"}
    target.unlink()


@pytest.mark.parametrize("name", ["result.gpkg", "tables.xlsx", "result.kml", "demand.geojson", "map.png"])
def test_a_limit_of_the_size_of_files(name: str, result: StudyResult, tmp_path: Path) -> None:
    target = tmp_path / name
    target.write_bytes(b"before")
    with limited(tmp_path):
        refused(lambda: WRITERS[name](result, target), folder=tmp_path, key="disk_full")
    assert target.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_whole_runs_tell_a_full_disk_in_one_sentence(result: StudyResult, disk: Path) -> None:
    with full(disk):
        for write in (write_outputs, lambda *at: write_reports(*at, formats=("xlsx",))):
            with pytest.raises(InputError, match="the disk is full") as caught:
                write(result, disk / "out")
            assert "磁盘空间不足" in caught.value.text("zh")
            assert str(disk / "out") in str(caught.value)
    (disk / "out").rmdir()


def test_a_read_only_folder(result: StudyResult, disk: Path, tmp_path: Path) -> None:
    (disk / "summary.json").write_bytes(b"before")
    closed = tmp_path / "closed"
    closed.mkdir()
    subprocess.run(["mount", "--bind", str(disk), str(closed)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(closed)], check=True)
        with pytest.raises(InputError, match="read-only or belongs to somebody else") as caught:
            write_outputs(result, closed)
        assert "没有写入权限" in caught.value.text("zh")
        with pytest.raises(InputError, match="read-only"):
            init_study(closed / "new")
    finally:
        subprocess.run(["umount", "--lazy", str(closed)], check=True)
    assert (disk / "summary.json").read_bytes() == b"before"


def test_something_in_the_way(result: StudyResult, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(InputError, match="in the way") as caught:
        write_outputs(result, tmp_path / "out")
    assert "占用" in caught.value.text("zh")
    (tmp_path / "there" / "summary.json").mkdir(parents=True)
    with pytest.raises(InputError, match="in the way"):
        write_outputs(result, tmp_path / "there")
    assert [file.name for file in (tmp_path / "there").iterdir()] == ["summary.json"]


def test_a_full_folder_for_scratch_work_is_named(
    result: StudyResult, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    with full(disk), pytest.raises(InputError, match="the disk is full") as caught:
        write_reports(result, tmp_path, formats=("shapefile",))
    assert f"written to {disk}," in str(caught.value)
    assert list((tmp_path / "shapefile").iterdir()) == []
    assert list(disk.iterdir()) == []


def test_street_files_meet_a_full_disk_before_they_are_begun(disk: Path) -> None:
    target, streets = disk / "streets.osm.pbf", OsmFile()
    streets.add_way([(0.0, 0.0), (100.0, 0.0)], {"highway": "path"})

    def write() -> None:
        with replacing(target) as draft:
            reserve(draft, 2_000_000)
            streets.write(draft)

    with full(disk), pytest.raises(OSError, match="No space left"):
        write()
    assert list(disk.iterdir()) == []
    write()
    assert [file.name for file in disk.iterdir()] == ["streets.osm.pbf"]
    target.unlink()


# ---- what a killed program leaves


def test_drafts_of_programs_that_ended_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    with replacing(tmp_path / "a.txt") as draft, scratch("test") as folder:
        draft.write_text("mine")
        mine, own = draft.name, folder.name
        dead = [name.replace(f"-{os.getpid()}-", f"-{ended.pid}-") for name in (mine, f"{mine}-journal")]
        alive = mine.replace(f"-{os.getpid()}-", f"-{os.getppid()}-")
        before = mine[:-12] + "00000000.txt"  # a program before this one that had the same number
        foreign = ".walkshed-notes.txt"
        for name in (*dead, alive, before, foreign):
            (tmp_path / name).write_text("left")
        lost = tmp_path / own.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
        (lost / "deep").mkdir(parents=True)
        write_whole(tmp_path / "b.txt", "b")
        assert {path.name for path in tmp_path.iterdir()} == {mine, own, alive, foreign, "b.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {alive, foreign, "a.txt", "b.txt"}


def test_only_a_disk_at_fault_is_named_full() -> None:
    for number, key in ((errno.ENOSPC, "disk_full"), (errno.EROFS, "folder_closed"), (errno.EIO, "folder_unwritable")):
        assert unwritable("there", OSError(number, "so")).message.key == f"errors.{key}"
    assert errno.ENOSPC in FULL


def test_a_defect_stays_a_defect(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []

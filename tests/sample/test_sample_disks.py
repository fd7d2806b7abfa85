"""Fictional districts on a disk that takes no more."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from walkshed.sample import small
from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import resource, sys
from walkshed.errors import InputError
from walkshed.sample.small import write_small
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    write_small(sys.argv[1], seed=1, nodes=3000)
except InputError as error:
    print(error.message.key, error.text("en"), sep="\\n")
"""


@pytest.mark.parametrize("most", [30_000, 60_000, 150_000])
def test_a_small_district_meets_a_full_disk_with_one_sentence(tmp_path: Path, most: int) -> None:
    """In a process of its own, which the writer of street files would take with it."""
    folder = tmp_path / "district"
    write_small(folder, seed=2)
    before = (folder / "streets.osm.pbf").read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(most)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    key, sentence = run.stdout.splitlines()
    assert key == "errors.disk_full"
    assert str(folder) in sentence
    assert (folder / "streets.osm.pbf").read_bytes() == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".walkshed-")]


@pytest.mark.parametrize("nodes", [20, 150, 3000])
def test_what_is_reserved_is_more_than_is_taken(tmp_path: Path, nodes: int) -> None:
    folder = write_small(tmp_path, seed=3, nodes=nodes).parent
    assert (folder / "streets.osm.pbf").stat().st_size < small.STREETS_BYTES / 2 + small.NODE_BYTES * nodes

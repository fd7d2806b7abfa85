"""A short run of the command: every reader, some broken files each, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_reader_ends_in_a_table_or_a_typed_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--cases", "300", "--seed", "5", "--out", str(tmp_path / "failures")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    stories = "\n".join(story.read_text(encoding="utf-8") for story in sorted(tmp_path.glob("failures/*.story")))
    assert run.returncode == 0, run.stdout + run.stderr + stories
    assert "0 failures" in run.stdout

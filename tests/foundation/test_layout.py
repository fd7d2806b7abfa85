"""The house itself: what must not be there."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_the_source_root_is_no_package(root: Path) -> None:
    # As an import package `coverage` would shadow coverage.py, which numba and pytest-cov import.
    assert not (root / "coverage" / "__init__.py").exists()


def test_coverage_py_and_numba_import_from_the_checkout(root: Path) -> None:
    code = "import coverage, numba; print(coverage.__version__)"
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip()

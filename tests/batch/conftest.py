"""Small fictional districts, and a list of them."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NODES = 50


@pytest.fixture(scope="session")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with twelve districts ``0`` to ``11``; not to be changed."""
    folder = tmp_path_factory.mktemp("towns")
    for seed in range(12):
        write_small(folder / str(seed), seed=seed, nodes=NODES)
    return folder


def write_list(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...] = ("district", "study")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


@pytest.fixture(scope="session")
def list_of() -> Callable[..., Path]:
    """Return :func:`write_list`."""
    return write_list


def read_figures(file: Path) -> dict[str, Any]:
    """Return a summary without what changes from run to run."""
    summary: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert summary.pop("run")["seconds"]
    return summary


@pytest.fixture(scope="session")
def figures() -> Callable[[Path], dict[str, Any]]:
    """Return :func:`read_figures`."""
    return read_figures

"""Every notebook runs from top to bottom, uses the public API alone, works offline and is kept without outputs."""

from __future__ import annotations

import html
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import walkshed as ws

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
FETCHED = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE)
"""What a browser would ask another machine for."""


def code_of(notebook: nbformat.NotebookNode) -> str:
    """Return all code of a notebook."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def test_there_are_notebooks() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


def test_what_would_be_fetched_is_found() -> None:
    assert FETCHED.search('<script src="https://cdn.example/leaflet.js">')
    assert FETCHED.search("<link rel=stylesheet href=//cdn.example/a.css>")
    assert not FETCHED.search('<a href="https://www.openstreetmap.org/copyright">')
    assert not FETCHED.search('<script src="data:text/javascript,1">')


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# The kernel's own libraries warn about their event loops and sockets; what our code warns about shows in the cells.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_runs_quietly_and_its_map_works_offline(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)  # streamlit sets it for its own process when it is imported
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    pages = [html.unescape(output.data.get("text/html", "")) for output in outputs if "data" in output]
    maps = [page for page in pages if "leaflet" in page.lower()]
    assert maps
    assert not [found for page in pages for found in FETCHED.findall(page)]
    assert [output for output in outputs if "data" in output and "image/png" in output.data]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_uses_the_public_api_alone(path: Path) -> None:
    code = code_of(nbformat.read(path, as_version=4))
    assert not re.findall(r"^\s*(?:from|import) walkshed\.", code, re.MULTILINE)
    assert set(re.findall(r"\bws\.(\w+)", code)) <= set(ws.__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_begins_with_a_chinese_summary(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert "**中文摘要**" in first.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None

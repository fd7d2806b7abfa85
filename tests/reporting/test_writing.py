"""Every writer: at once or not at all, and a failure is an OSError that leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from walkshed.files import replacing
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

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyResult

WRITERS = {
    "summary.json": write_summary,
    "result.gpkg": write_layers,
    "map.html": write_webmap,
    "map.png": figure_map,
    "tables.xlsx": write_xlsx,
    "report.docx": write_docx,
    "report.pdf": write_pdf,
    "snapshot.zip": freeze_result,
}


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_a_folder_that_is_not_there(
    name: str, write: Callable[[StudyResult, Path], None], result: StudyResult, tmp_path: Path
) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - each writer words it in its own way
        write(result, tmp_path / "nowhere" / name)
    assert str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_an_old_file_is_replaced(
    name: str, write: Callable[[StudyResult, Path], None], result: StudyResult, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"before")
    write(result, tmp_path / name)
    assert (tmp_path / name).stat().st_size > 1000
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_a_path_may_be_a_text(
    name: str, write: Callable[[StudyResult, str], None], result: StudyResult, tmp_path: Path
) -> None:
    write(result, str(tmp_path / name))
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_folders_may_be_texts(result: StudyResult, tmp_path: Path) -> None:
    folder = str(tmp_path / "made")
    assert write_gis(result, folder, kind="kml")[0].is_file()
    assert write_reports(result, folder, formats=("html",))[0].is_file()
    assert write_outputs(result, folder, only=("summary.json",))[0].is_file()


def test_half_a_file_is_never_seen(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    target.write_text("before", encoding="utf-8")

    def fail_halfway() -> None:
        with replacing(target) as draft:
            draft.write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert target.read_text(encoding="utf-8") == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]

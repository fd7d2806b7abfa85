"""A study whose homes are all empty: figures that are known, no figure where there is none, and no way to break."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pytest
from typer.testing import CliRunner

from walkshed.commands.program import app
from walkshed.sample.small import write_small

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEVER = re.compile(r"\bnan\b|\binf\b|\bNone\b|Traceback|nan\s?%", re.IGNORECASE)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Return a study of a small district whose homes hold nobody."""
    study = write_small(tmp_path / "study", seed=7)
    area = gpd.read_file(tmp_path / "study" / "boundary.geojson").geometry.iloc[0]
    west, south, east, north = area.bounds
    rows = [
        f"h{number},{west + (east - west) * (number + 1) / 8:.6f},{(south + north) / 2:.6f},0" for number in range(6)
    ]
    (tmp_path / "study" / "homes.csv").write_text("\n".join(["name,lon,lat,population", *rows]), encoding="utf-8")
    text = study.read_text(encoding="utf-8")
    text = text.replace('source = "osm"\nkind = "buildings"', 'source = "file"\npath = "homes.csv"')
    study.write_text(text, encoding="utf-8")
    return study


def numbers(found: Any) -> Iterator[float]:
    """Yield every number of a summary."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        for item in found:
            yield from numbers(item)
    elif isinstance(found, int | float):
        yield float(found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_without_residents_runs_and_says_so(empty: Path, tmp_path: Path, language: str) -> None:
    out = tmp_path / "out"
    run = CliRunner().invoke(app, ["run", str(empty), "--out", str(out), "--lang", language])
    assert run.exit_code == 0, run.output
    assert not NEVER.search(run.stdout.replace(str(tmp_path), "")), run.stdout
    assert {"en": "hold no residents", "zh": "人口合计为 0"}[language] in run.stdout
    told = (out / "summary.json").read_text(encoding="utf-8")
    summary = json.loads(told, parse_constant=pytest.fail)
    assert all(math.isfinite(number) for number in numbers(summary))
    book = openpyxl.load_workbook(out / "tables.xlsx", read_only=True)
    cells = [
        str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row if cell
    ]
    book.close()
    assert not [cell for cell in cells if re.fullmatch(r"nan|inf|-inf|#\S+", cell)]
    assert len(gpd.read_file(out / "result.gpkg", layer="demand")) == 6


def test_a_plan_for_nobody_is_no_failure(empty: Path, tmp_path: Path) -> None:
    for arguments in (
        ["site", str(empty), "--lang", "en"],
        ["site", str(empty), "--lang", "en", "--aim", "lscp", "--share", "0.9"],
        ["site", str(empty), "--lang", "en", "--aim", "p_median"],
        ["site", str(empty), "--lang", "en", "--aim", "p_center"],
        ["report", str(empty), "--lang", "both", "--out", str(tmp_path / "report"), "--formats", "docx,html,xlsx"],
    ):
        run = CliRunner().invoke(app, arguments)
        assert run.exit_code in (0, 1, 2), run.output
        assert run.exception is None or isinstance(run.exception, SystemExit), arguments
        assert not NEVER.search(run.output.replace(str(tmp_path), "")), (arguments, run.output)
        assert "unexpected" not in run.output.lower(), (arguments, run.output)
    page = next((tmp_path / "report").rglob("*.html")).read_text(encoding="utf-8")
    visible = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not NEVER.search(re.sub(r"<[^>]+>", " ", visible))

"""Reports of a real study by the command line, and its evidence pack computed again."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from walkshed.cli import app
from walkshed.errors import InputError
from walkshed.reporting.evidence import verify_pack
from walkshed.reporting.reports import FORMATS, write_reports

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


@pytest.fixture(scope="module")
def pack(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the evidence pack of the sample district, as the command line writes it."""
    folder = tmp_path_factory.mktemp("pack")
    study = root / "data" / "sample-district"
    ended = CliRunner().invoke(app, ["report", str(study), "--out", str(folder), "--formats", "pack,kml"])
    assert ended.exit_code == 0, ended.output
    assert (folder / "kml" / "result.kml").is_file()
    return folder / "evidence.zip"


def rewritten(pack: Path, target: Path, **changed: bytes) -> Path:
    """Return a copy of a pack with other members, by the last part of their names."""
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, changed.get(name.rpartition("/")[2].replace(".", "_"), old.read(name)))
    return target


def test_a_pack_computes_to_the_same_figures(pack: Path) -> None:
    ended = CliRunner().invoke(app, ["verify", str(pack), "--lang", "en"])
    assert ended.exit_code == 0, ended.output
    assert "the same" in ended.output
    with zipfile.ZipFile(pack) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert set(manifest["files"]) == names - {"manifest.json"}
    for name in ("study/study.toml", "study/facilities.csv", "study/streets.osm.pbf", "results/summary.json"):
        assert name in names
    for ending in ("docx", "pdf"):
        assert f"results/report.{ending}" in names
    assert manifest["versions"]["walkshed"]


def test_a_changed_file_is_named(pack: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        rooms = archive.read("study/facilities.csv")
    bad = rewritten(pack, tmp_path / "bad.zip", facilities_csv=rooms + b"\n")
    found = verify_pack(bad)
    assert not found.same
    assert found.damaged == ("study/facilities.csv",)
    ended = CliRunner().invoke(app, ["verify", str(bad), "--lang", "en"])
    assert ended.exit_code == 1
    assert "study/facilities.csv" in ended.output


def test_a_forged_figure_is_named(pack: Path, tmp_path: Path) -> None:
    """A summary that was changed together with its digest still does not come out again."""
    with zipfile.ZipFile(pack) as archive:
        summary = json.loads(archive.read("results/summary.json"))
        manifest = json.loads(archive.read("manifest.json"))
    summary["residents"]["population"] += 1000
    content = json.dumps(summary, ensure_ascii=False, allow_nan=False, indent=2).encode()
    forged = rewritten(pack, tmp_path / "half.zip", summary_json=content)
    digest = verify_pack(forged)
    assert digest.damaged == ("results/summary.json",)
    manifest["files"]["results/summary.json"] = sha256(content).hexdigest()
    whole = rewritten(pack, tmp_path / "whole.zip", summary_json=content, manifest_json=json.dumps(manifest).encode())
    found = verify_pack(whole)
    assert not found.same
    assert [where for where, _, _ in found.differences] == ["residents.population"]


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/outside.txt", "study\\..\\outside.txt", "C:/outside.txt", "a/../../b"]
)
def test_a_pack_cannot_write_outside_its_folder(pack: Path, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(pack) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["files"][name] = "0" * 64
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr(name, "gotcha")
    with pytest.raises(InputError, match=r"evil\.zip"):
        verify_pack(evil)
    assert not (tmp_path / "outside.txt").exists()


def test_what_is_no_pack_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "b")
    text = tmp_path / "text.zip"
    text.write_text("no zip file", encoding="utf-8")
    for path in (other, text, tmp_path / "missing.zip"):
        with pytest.raises(InputError, match=path.name):
            verify_pack(path)


def test_every_format_in_both_languages(helsinki: StudyResult, tmp_path: Path) -> None:
    usual = [kind for kind in FORMATS if kind not in {"pack", "atlas"}]
    written = write_reports(helsinki, tmp_path, formats=usual, languages=("zh", "en"))
    assert all(path.stat().st_size > 50 for path in written)
    names = {path.name for path in written}
    for language in ("zh", "en"):
        assert {f"report-{language}.docx", f"report-{language}.pdf", f"map-{language}.html"} <= names
        assert {f"tables-{language}.xlsx", f"map-gaps-{language}.pdf", f"map-before-after-{language}.png"} <= names
    assert (tmp_path / "map-zh.html").stat().st_size < 3_000_000


def test_unknown_formats_and_languages_are_refused(helsinki: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="odt"):
        write_reports(helsinki, tmp_path, formats=("odt",))
    with pytest.raises(InputError, match="fr"):
        write_reports(helsinki, tmp_path, languages=("fr",))
    assert list(tmp_path.iterdir()) == []

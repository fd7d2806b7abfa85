"""Reports of a real study by the command line, and its evidence pack computed again."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

import docx
import numpy as np
import openpyxl
import pypdfium2
import pytest
from typer.testing import CliRunner

from walkshed.commands.program import app
from walkshed.errors import InputError
from walkshed.reporting.evidence import verify_pack
from walkshed.reporting.reports import FORMATS, SHEETS, write_reports

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


INK, BODY, FILLED = 200, 0.92, 0.75
"""Grey of what is written, share of a page above its foot, and how far down the text has to go."""


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


def pages_of(path: Path) -> list[str]:
    """Return the text of every page without its spaces."""
    with pypdfium2.PdfDocument(path) as book:
        return ["".join(page.get_textpage().get_text_range().split()) for page in book]


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
    assert not digest.same
    assert [where for where, _, _ in digest.differences] == ["residents.population"]
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


def test_a_changed_input_computes_to_other_figures(pack: Path, tmp_path: Path) -> None:
    """Who changes an input and its digest as well is found out by computing."""
    with zipfile.ZipFile(pack) as archive:
        rooms = archive.read("study/facilities.csv")
        manifest = json.loads(archive.read("manifest.json"))
    lines = rooms.splitlines(keepends=True)
    fewer = b"".join((lines[0], *lines[2:]))
    manifest["files"]["study/facilities.csv"] = sha256(fewer).hexdigest()
    changed = rewritten(
        pack, tmp_path / "changed.zip", facilities_csv=fewer, manifest_json=json.dumps(manifest).encode()
    )
    found = verify_pack(str(changed))
    assert not found.same
    assert found.damaged == ()
    told = {where.partition("[")[0].partition(".")[0] for where, _, _ in found.differences}
    assert {"facilities", "inputs"} <= told
    assert told & {"rates", "residents"}, "figures, not only digests"


def test_every_format_in_both_languages(helsinki: StudyResult, tmp_path: Path) -> None:
    """Page counts, and whom the data is owed to in every file that leaves the house."""
    usual = [kind for kind in FORMATS if kind != "pack"]
    written = write_reports(helsinki, str(tmp_path), formats=usual, languages=("zh", "en"))
    assert all(path.stat().st_size > 50 for path in written)
    names = {path.name for path in written}
    for language, credit in (("zh", "©OpenStreetMap贡献者"), ("en", "©OpenStreetMapcontributors")):
        assert {f"report-{language}.docx", f"report-{language}.pdf", f"map-{language}.html"} <= names
        assert {f"tables-{language}.xlsx", f"map-gaps-{language}.pdf", f"map-before-after-{language}.png"} <= names
        pages = {
            path.name: pages_of(path) for path in written if path.suffix == ".pdf" and path.stem.endswith(language)
        }
        assert set(pages) == {
            f"{name}-{language}.pdf" for name in ("report", "atlas", *(f"map-{sheet}" for sheet in SHEETS))
        }
        for name, texts in pages.items():
            low, high = (6, 9) if name.startswith("report") else (1, 1)
            assert low <= len(texts) <= high, name
            assert all(credit in text for text in texts), name
        assert (tmp_path / f"map-{language}.html").stat().st_size < 3_000_000
        assert "© OpenStreetMap" in (tmp_path / f"map-{language}.html").read_text(encoding="utf-8")
        foot = docx.Document(str(tmp_path / f"report-{language}.docx")).sections[0].footer.paragraphs
        assert credit in "".join("".join(paragraph.text.split()) for paragraph in foot)
        book = openpyxl.load_workbook(tmp_path / f"tables-{language}.xlsx", read_only=True)
        assert any("OpenStreetMap" in str(cell) for row in book[book.sheetnames[-2]].values for cell in row)
        book.close()
    for path in written:
        if path.suffix in {".geojson", ".kml"} or path.name == "README.txt":
            assert "OpenStreetMap" in path.read_text(encoding="utf-8"), path.name
    with zipfile.ZipFile(tmp_path / "shapefile" / "shapefiles.zip") as archive:
        assert "OpenStreetMap" in archive.read("README.txt").decode()
    readmes = {path.parent.name for path in written if path.name == "README.txt"}
    assert readmes == {"csv", "geoparquet"}


@pytest.mark.parametrize(("language", "annex"), [("zh", "附表"), ("en", "Annexes")])
def test_no_page_of_the_report_ends_early(helsinki: StudyResult, tmp_path: Path, language: str, annex: str) -> None:
    """A picture that does not fit shrinks or moves on, and the text runs on: only before the annexes a page may end."""
    (path,) = write_reports(helsinki, tmp_path, formats=("pdf",), languages=(language,))
    texts = pages_of(path)
    first_of_annex = max(number for number, text in enumerate(texts) if annex in text)
    with pypdfium2.PdfDocument(path) as document:
        written = [np.asarray(page.render(scale=0.5).to_pil().convert("L")).min(axis=1) < INK for page in document]
    for page in written[: first_of_annex - 1]:
        body = page[: int(len(page) * BODY)]
        assert np.flatnonzero(body).max() > FILLED * len(body)


def test_unknown_formats_and_languages_are_refused(helsinki: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="odt"):
        write_reports(helsinki, tmp_path, formats=("odt",))
    with pytest.raises(InputError, match="fr"):
        write_reports(helsinki, tmp_path, languages=("fr",))
    assert list(tmp_path.iterdir()) == []

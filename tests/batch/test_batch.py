"""A batch in one process: what it writes, what it takes over, what it survives."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import walkshed as ws
from walkshed.batch import district as worker
from walkshed.batch.claims import TOKEN, claimed
from walkshed.batch.district import MAX_STARTS, Job, run_district
from walkshed.batch.pool import has_dask
from walkshed.batch.table import totals_of
from walkshed.commands.program import app
from walkshed.reporting.summary import summarise
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESIDENTS = say("field_batch_residents", "zh")
FILES = {"national.csv", "national.xlsx", "national.html"}


@pytest.fixture(scope="module")
def three(towns: Path, tmp_path_factory: pytest.TempPathFactory, list_of: Callable[..., Path]) -> Path:
    """Return a list of three districts, of which the second has no study."""
    folder = tmp_path_factory.mktemp("three")
    rows = [("0", str(towns / "0"), "=cmd()"), ("lost", "nowhere", ""), ("<b>2</b>", str(towns / "2"), "")]
    return list_of(folder / "list.csv", rows, ("district", "study", "note"))


@pytest.fixture(scope="module")
def computed(three: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ws.BatchResult, Path]:
    out = tmp_path_factory.mktemp("computed")
    return ws.run_batch(three, out, workers=0, keep=["rejects"]), out


def test_figures_are_those_of_the_study_alone(
    computed: tuple[ws.BatchResult, Path], towns: Path, figures: Callable[[Path], dict[str, Any]]
) -> None:
    result, out = computed
    alone = ws.run_study(ws.StudyConfig.from_toml(towns / "0"))
    told = json.loads(json.dumps(summarise(alone)))
    told.pop("run")
    assert figures(out / "0" / "summary.json") == told
    row = result.districts.iloc[0]
    served = float(alone.demand.loc[alone.demand["covered"], "population"].sum())
    assert row["residents"] == pytest.approx(float(alone.demand["population"].sum()), abs=1e-5)
    assert row["served"] == pytest.approx(served, abs=1e-5)
    assert row["rate"] == pytest.approx(served / float(alone.demand["population"].sum()))
    assert row["rate_after"] == pytest.approx(float(alone.proposals["cumulative_rate"].iloc[-1]))
    assert (row["rooms"], row["gaps"]) == (len(alone.facilities), len(alone.gaps))
    assert row.geometry.area == pytest.approx(alone.inputs.boundary.geometry.iloc[0].area, rel=0.01)


def test_a_district_that_fails_is_told_and_stops_no_other(computed: tuple[ws.BatchResult, Path]) -> None:
    result, out = computed
    assert result.districts["state"].tolist() == ["done", "failed", "done"]
    assert result.failed["name"].tolist() == ["lost"]
    assert "study.toml" in result.failed["error_en"].iloc[0]
    assert "study.toml" in result.failed["error_zh"].iloc[0]
    inside = {path.name for path in out.iterdir()}
    assert inside == FILES | set(result.districts["folder"][[0, 2]])
    assert {path.name for path in (out / "0").iterdir()} == {"summary.json", "rejects.csv", "district.json"}


def test_residents_add_up_in_table_and_sheet(computed: tuple[ws.BatchResult, Path]) -> None:
    result, out = computed
    done = result.districts[result.districts["state"] == "done"]
    for name in ("residents", "served", "unserved", "rooms", "newly_served"):
        assert result.totals[name] == math.fsum(done[name])
    assert result.totals["served"] + result.totals["unserved"] == pytest.approx(result.totals["residents"])
    assert result.totals["rate"] == pytest.approx(result.totals["served"] / result.totals["residents"])
    plain = pd.read_csv(out / "national.csv", dtype=str, keep_default_na=False)
    assert plain["名称"].tolist() == ["0", "lost", "<b>2</b>", "合计"]
    assert float(plain[RESIDENTS].iloc[-1]) == pytest.approx(result.totals["residents"], abs=1e-5)
    assert plain["note"].iloc[0] == "'=cmd()"
    book = openpyxl.load_workbook(out / "national.xlsx", data_only=True)
    rows = list(book["区县汇总"].iter_rows(values_only=True))
    book.close()
    at = rows[0].index(RESIDENTS)
    assert rows[4][at] == pytest.approx(result.totals["residents"])
    assert rows[2][rows[0].index("失败原因")] == result.failed["error_zh"].iloc[0]


def test_the_map_is_whole_and_harmless(computed: tuple[ws.BatchResult, Path]) -> None:
    page = (computed[1] / "national.html").read_text(encoding="utf-8")
    assert "<b>2</b>" not in page
    assert 'src="http' not in page
    assert page.count("walkshed.compact(") == 2


def test_finished_districts_are_taken_over_until_something_changes(
    computed: tuple[ws.BatchResult, Path], three: Path, towns: Path, tmp_path: Path, list_of: Callable[..., Path]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(computed[1], out)
    (out / "0" / "remark.txt").write_text("mine", encoding="utf-8")
    before = (out / "0" / "summary.json").read_bytes()
    again = ws.run_batch(three, out, workers=0)
    assert again.districts["reused"].tolist() == [True, False, True]
    assert (out / "0" / "summary.json").read_bytes() == before
    for name in FILES:
        assert (out / name).read_bytes() == (computed[1] / name).read_bytes(), name

    own = tmp_path / "own"
    shutil.copytree(towns / "0", own)
    listed = list_of(tmp_path / "list.csv", [("0", str(own)), ("<b>2</b>", str(towns / "2"))])
    folder = again.districts["folder"].iloc[2]
    summary = out / folder / "summary.json"
    summary.write_text(summary.read_text(encoding="utf-8").replace("1", "7"), encoding="utf-8")
    spoiled = ws.run_batch(listed, out, workers=0)
    assert spoiled.districts["reused"].tolist() == [True, False]
    rooms = own / "facilities.csv"
    rooms.write_bytes(b"".join(rooms.read_bytes().splitlines(keepends=True)[:2]))
    changed = ws.run_batch(listed, out, workers=0, keep=["layers"])
    assert changed.districts["reused"].tolist() == [False, False]
    assert changed.districts["rooms"].iloc[0] == 1
    assert (out / "0" / "result.gpkg").is_file()
    assert (out / "0" / "remark.txt").read_text(encoding="utf-8") == "mine"
    forced = ws.run_batch(listed, out, workers=0, keep=["layers"], force=True)
    assert not forced.districts["reused"].any()


def test_a_stopped_batch_leaves_whole_districts_and_goes_on(
    towns: Path, tmp_path: Path, list_of: Callable[..., Path]
) -> None:
    listed = list_of(tmp_path / "list.csv", [(str(seed), str(towns / str(seed))) for seed in range(3)])
    seen = []

    def stop(stage: str, done: int, total: int) -> None:
        seen.append((stage, done, total))
        if done == 1:
            raise ws.CancelledError("cancelled", stage=stage)

    out = tmp_path / "out"
    with pytest.raises(ws.CancelledError):
        ws.run_batch(listed, out, workers=0, progress=stop)
    assert seen[0] == ("batch", 0, 3)
    assert [path.name for path in out.iterdir()] == ["0"]
    assert ws.run_batch(listed, out, workers=0).districts["reused"].tolist() == [True, False, False]


def test_what_a_killed_batch_left_is_removed_and_a_live_one_is_respected(
    towns: Path, tmp_path: Path, list_of: Callable[..., Path]
) -> None:
    listed = list_of(tmp_path / "list.csv", [("0", str(towns / "0"))])
    out = tmp_path / "out"
    with claimed(out), pytest.raises(ws.InputError, match="Another batch"):
        ws.run_batch(listed, out, workers=0)
    left = out / ".batch" / "dead"
    left.mkdir(parents=True)
    (left / TOKEN).touch()
    (left / "0.half").mkdir()
    assert ws.run_batch(listed, out, workers=0).failed.empty
    assert not (out / ".batch").exists()


def test_a_folder_that_is_not_ours_is_never_replaced(towns: Path, tmp_path: Path, list_of: Callable[..., Path]) -> None:
    shutil.copytree(towns / "0", tmp_path / "0")
    listed = list_of(tmp_path / "list.csv", [("0", "0")])
    result = ws.run_batch(listed, tmp_path, workers=0)
    assert "no batch wrote" in result.failed["error_en"].iloc[0]
    assert (tmp_path / "0" / "streets.osm.pbf").read_bytes() == (towns / "0" / "streets.osm.pbf").read_bytes()
    assert not (tmp_path / "national.html").exists()
    assert totals_of(result.districts)["residents"] == 0


def test_a_district_that_kills_its_workers_is_given_up(towns: Path, tmp_path: Path) -> None:
    with claimed(tmp_path / "out") as workshop:
        job = Job(
            name="0", study=str(towns / "0" / "study.toml"), folder=str(tmp_path / "out" / "0"), workshop=str(workshop)
        )
        for start in range(MAX_STARTS - 1):
            (workshop / f"0.begun.{start}").touch()
        assert run_district(job).error is None
        (workshop / "0.begun.last").touch()
        outcome = run_district(job)
    assert outcome.error is not None
    assert f"{MAX_STARTS} times" in outcome.error["en"]
    outcome = run_district(job)
    assert outcome.error is not None
    assert "does not see" in outcome.error["en"]


@pytest.mark.parametrize("error", [MemoryError("no room"), ZeroDivisionError("x"), OSError(28, "No space left")])
def test_whatever_goes_wrong_in_a_district_is_an_outcome(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(worker, "run_study", fail)
    with claimed(tmp_path / "out") as workshop:
        job = Job(
            name="0", study=str(towns / "0" / "study.toml"), folder=str(tmp_path / "out" / "0"), workshop=str(workshop)
        )
        outcome = run_district(job)
        assert [path.name for path in workshop.iterdir()] == [TOKEN]
    assert outcome.error is not None
    assert outcome.error["en"]
    assert outcome.error["zh"] != outcome.error["en"]


def test_without_dask_one_clear_sentence(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: tuple[ws.BatchResult, Path]
) -> None:
    assert has_dask()
    monkeypatch.setattr("walkshed.batch.run.has_dask", lambda: False)
    with pytest.raises(ws.InputError, match=r"walkshed\[distributed\]"):
        ws.run_batch(three, tmp_path, workers=2)
    assert not list(tmp_path.iterdir())
    out = tmp_path / "out"
    shutil.copytree(computed[1], out)
    assert ws.run_batch(three, out, workers=1).districts["reused"].sum() == 2


def test_the_command_tells_all_and_fails_where_a_district_failed(
    computed: tuple[ws.BatchResult, Path], three: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(computed[1], out)
    done = CliRunner().invoke(app, ["batch", str(three), "--out", str(out), "--workers", "0", "--lang", "en"])
    assert done.exit_code == 1
    assert "2 of 3 districts computed" in done.stdout
    assert "lost failed" in done.stdout
    wrong = CliRunner().invoke(app, ["batch", str(three), "--out", str(out), "--keep", "pictures"])
    assert wrong.exit_code == 2

"""Snapshots: frozen, read back, compared."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

from walkshed.assess.change import WHOLE, change_by_unit
from walkshed.errors import InputError
from walkshed.reporting.comparison import comparison_lines, write_comparison
from walkshed.reporting.snapshot import compare_snapshots, freeze_result, load_snapshot
from walkshed.reporting.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


def test_a_snapshot_reads_back(result: StudyResult, tmp_path: Path) -> None:
    freeze_result(result, tmp_path / "now.zip", date="2026-11")
    frozen = load_snapshot(tmp_path / "now.zip")
    assert frozen.summary["frozen"] == "2026-11"
    assert frozen.summary["inputs"] == summarise(result)["inputs"]
    assert frozen.study == result.config.to_toml()
    demand = result.demand
    assert frozen.demand.demand_id.tolist() == demand.demand_id.tolist()
    for name in ("population", "minutes"):
        assert frozen.demand[name].to_numpy() == pytest.approx(demand[name].to_numpy(), nan_ok=True)
    assert frozen.demand.covered.tolist() == demand.covered.tolist()
    assert frozen.demand.unit_id.tolist() == demand.unit_id.tolist()  # codes stay texts
    assert frozen.rates.rate.to_numpy() == pytest.approx(result.rates.rate.to_numpy(), nan_ok=True)


def test_equal_results_give_equal_snapshots(result: StudyResult, tmp_path: Path) -> None:
    freeze_result(result, tmp_path / "one.zip", date="2026-11")
    freeze_result(replace(result, seconds={"load": 99.0}), tmp_path / "two.zip", date="2026-11")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_change_by_unit_by_hand() -> None:
    """Of four homes before and after, one gains, one loses, one stays; one is torn down and one built."""
    ids, people = ["a", "b", "c", "gone"], [1.0, 2.0, 4.0, 8.0]
    before = pd.DataFrame(
        {"demand_id": ids, "unit_id": ["x", "x", "y", "y"], "population": people, "covered": [False, True, True, True]}
    )
    after = pd.DataFrame(
        {
            "demand_id": ["a", "b", "c", "new"],
            "unit_id": ["x", "x", "y", ""],
            "population": [10.0, 20.0, 40.0, 80.0],
            "covered": [True, False, True, False],
        }
    )
    found = change_by_unit(before, after).set_index("unit_id")
    assert found.gained.to_dict() == {"": 0, "x": 10, "y": 0, WHOLE: 10}
    assert found.lost.to_dict() == {"": 0, "x": 20, "y": 0, WHOLE: 20}
    assert found.still_served[WHOLE] == 40
    assert (found.arrived[""], found.arrived_served[""]) == (80, 0)
    assert (found.gone["y"], found.gone_served["y"]) == (8, 8)
    served = after.population[after.covered].sum()
    assert found.gained[WHOLE] + found.still_served[WHOLE] + found.arrived_served[WHOLE] == served


def test_two_periods_are_told(result: StudyResult, tmp_path: Path) -> None:
    freeze_result(result, tmp_path / "old.zip", date="2025")
    later = replace(result, demand=result.demand.assign(covered=True), rates=result.rates.assign(rate=1.0))
    freeze_result(later, tmp_path / "new.zip", date="2026")
    old, new = (load_snapshot(tmp_path / name) for name in ("old.zip", "new.zip"))
    people, rates = compare_snapshots(old, new)
    unserved = result.demand.population[~result.demand.covered].sum()
    assert people.gained.iloc[-1] == pytest.approx(unserved)
    assert (rates.rate_after == 1).all()
    for language in ("zh", "en"):
        lines = comparison_lines(old, new, language)
        assert "2025" in lines[0]
        assert "2026" in lines[0]
        write_comparison(old, new, tmp_path / f"{language}.xlsx", language=language)
    book = openpyxl.load_workbook(tmp_path / "zh.xlsx")
    assert book.sheetnames == ["居民变化", "情景前后对比", "口径说明"]
    assert book["居民变化"]["B2"].value is not None


def test_what_is_no_snapshot_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"snapshot\.zip"):
        load_snapshot(tmp_path / "absent.zip")
    (tmp_path / "text.zip").write_text("no archive", encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        load_snapshot(tmp_path / "text.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "another archive")
    with pytest.raises(InputError, match="damaged"):
        load_snapshot(tmp_path / "other.zip")

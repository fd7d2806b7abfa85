"""summary.json: strict, complete, the same every time."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.reporting.summary import summarise, write_summary

if TYPE_CHECKING:
    from pathlib import Path

    from walkshed.results import StudyResult


def refuse(constant: str) -> None:
    pytest.fail(f"not JSON: {constant}")


@pytest.mark.parametrize("which", ["result", "hostile", "bare"])
def test_the_file_is_strict_json_and_says_what_was_summarised(
    which: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    result = request.getfixturevalue(which)
    path = tmp_path / "summary.json"
    write_summary(result, path)
    read = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert read == summarise(result)
    assert [file.name for file in tmp_path.iterdir()] == ["summary.json"]


def test_every_rate_carries_its_definition_numerator_and_denominator(result: StudyResult) -> None:
    rates = summarise(result)["rates"]
    assert len(rates) == len(result.rates)
    for rate in rates:
        assert set(rate) >= {"basis", "unit_id", "profile", "cutoff_min", "numerator", "denominator", "quantity"}
        assert rate["definition"]["zh"]
        assert rate["definition"]["en"]
        if rate["denominator"]:
            assert rate["rate"] == pytest.approx(rate["numerator"] / rate["denominator"], abs=1e-6)
        else:
            assert rate["rate"] is None


def test_figures_are_those_of_the_result(result: StudyResult) -> None:
    summary = summarise(result)
    assert summary["study"]["config_sha256"] == result.config.digest()
    assert summary["residents"]["population"] == result.demand["population"].sum()
    unserved = result.demand.loc[~result.demand["covered"], "population"].sum()
    assert sum(summary["residents"]["unserved_by_reason"].values()) == pytest.approx(unserved)
    assert summary["siting"]["status"] == "optimal"
    assert summary["siting"]["objective"] == summary["proposals"][-1]["cumulative_served"]
    assert summary["rejects"]["by_reason"] == {"duplicate_id": 1, "position_unreadable": 1}
    assert summary["rejects"]["rows"][0]["line"] == 7
    assert summary["rejects"]["rows"][1]["line"] is None
    assert summary["gaps"][1]["minutes"] is None
    assert "geometry" not in summary["gaps"][0]
    assert summary["facilities"]["not_on_the_network"] == [
        {"facility_id": "f4", "name": "走马书房", "why": "no_position"}
    ]
    assert summary["notes"][0]["zh"] != summary["notes"][0]["en"]
    assert summary["picture_disagreement"] == 0.0123
    assert {"walkshed", "python", "geopandas", "shapely", "osmnx", "highspy", "numba"} <= set(
        summary["run"]["versions"]
    )
    assert summary["run"]["seconds"]["load"] == 1.5


def test_floats_are_rounded_alike(result: StudyResult) -> None:
    def floats(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [number for item in value.values() for number in floats(item)]
        if isinstance(value, list):
            return [number for item in value for number in floats(item)]
        return [value] if isinstance(value, float) else []

    found = floats(summarise(result))
    assert found
    assert all(math.isfinite(number) and number == round(number, 6) for number in found)


def test_a_failed_write_leaves_the_old_file(
    result: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.json"
    path.write_text("before", encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_summary(result, path)
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == "before"
    assert len(list(tmp_path.iterdir())) == 1

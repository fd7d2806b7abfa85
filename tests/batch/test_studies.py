"""The list of studies is read as every table is, and slips in it are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from walkshed.batch.studies import folder_names, read_studies
from walkshed.batch.table import reserved_headers
from walkshed.errors import InputError
from walkshed.reporting.wording import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_planners_list_is_read(tmp_path: Path) -> None:
    (tmp_path / "甲").mkdir()
    rows = ["全国试点区县清单,,,", "区划代码,区县,省份,研究路径", "110108,海淀区,北京,甲"]
    rows.append("500106,沙坪坝区,重庆,..\\乙\\study.toml")
    (tmp_path / "清单.csv").write_bytes("\n".join(rows).encode("gb18030"))
    table, rejects = read_studies(tmp_path / "清单.csv")
    assert rejects.empty
    assert table["district_id"].tolist() == ["110108", "500106"]
    assert table["name"].tolist() == ["海淀区", "沙坪坝区"]
    assert table["folder"].tolist() == ["110108", "500106"]
    assert table["省份"].tolist() == ["北京", "重庆"]
    assert table["line"].tolist() == [3, 4]
    wanted = [tmp_path / "甲" / "study.toml", tmp_path.parent / "乙" / "study.toml"]
    assert table["study"].tolist() == [str(path) for path in wanted]


def test_rows_that_cannot_be_used_are_kept_with_line_and_reason(tmp_path: Path, list_of: Callable[..., Path]) -> None:
    rows = [("A", "a"), ("A", "b"), ("", "c"), ("D", ""), ("E", "./a"), ("F", "f"), ("G", "g", "surplus")]
    table, rejects = read_studies(list_of(tmp_path / "list.csv", rows))
    assert table["name"].tolist() == ["A", "F"]
    told = list(zip(rejects["line"], rejects["reason"], rejects["detail"], strict=True))
    assert [(line, reason) for line, reason, _ in told] == [
        (3, "duplicate_id"), (4, "district_blank"), (5, "study_blank"), (6, "duplicate_study"), (8, "too_many_cells"),
    ]  # fmt: skip
    assert told[0][2] == told[3][2] == "first_line=2"
    assert rejects["row_id"].tolist()[0] == "A"


def test_a_column_that_is_called_like_one_of_ours_stands_beside_it(
    tmp_path: Path, list_of: Callable[..., Path]
) -> None:
    ours = say("field_batch_residents", "zh")
    header = ("district", "study", "state", ours, "province")
    path = list_of(tmp_path / "list.csv", [("A", "a", "open", "12", "X")], header)
    table, _ = read_studies(path, reserved=reserved_headers())
    assert table.columns.tolist()[5:] == ["file_state", f"file_{ours}", "province"]


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (("town", "study"), [("A", "a")], "needs a column for the district"),
        (("district", "where"), [("A", "a")], "needs a column for the district"),
        (("district", "study"), [("", "a"), ("", "b")], "None of the 2 rows"),
        (("district", "study", "study"), [("A", "a", "b")], None),
        (("district", "study"), [], "list.csv"),
    ],
)
def test_a_list_that_cannot_be_used_is_told(
    tmp_path: Path,
    list_of: Callable[..., Path],
    header: tuple[str, ...],
    rows: list[tuple[str, ...]],
    message: str | None,
) -> None:
    path = list_of(tmp_path / "list.csv", rows, header)
    if message is None:
        assert read_studies(path).table.columns[-1] == "study.2"
        return
    with pytest.raises(InputError, match=message) as caught:
        read_studies(path)
    assert caught.value.text("zh")


def test_every_district_has_a_folder_of_its_own_on_every_system() -> None:
    hard = ["A", "a", "../up", "/etc", "x" * 300, "x" * 301, "CON", "nul.txt", ".", "tail.", "national.csv", "a:b", "-"]
    names = folder_names(hard)
    assert len({name.casefold() for name in names}) == len(hard)
    for name in names:
        assert len(name.encode()) < 200
        assert not set(name) & set('<>:"/\\|?*')
        assert name.strip(" .") == name
    assert folder_names(["海淀区"]) == ["海淀区"]

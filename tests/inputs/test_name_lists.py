"""Names that a document mentions, against the rooms of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from walkshed.catalogue import LANGUAGES, has
from walkshed.errors import InputError
from walkshed.inputs.aliases import HOWS
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.name_lists import VERDICTS, check_names, names_notes, read_names
from walkshed.norms import NameRules

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = pd.DataFrame(
    {
        "facility_id": ["g1", "g2", "g3", "g4"],
        "name": ["西永智慧书房", "金凤智慧书房", "金凤城市书房", "走马智慧书房"],
        "status": ["open", "open", "building", "closed"],
    }
)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "名单.csv"
    path.write_text("\n".join(lines), encoding="gb18030")
    return path


def test_names_are_read_with_their_lines_and_blanks_refused(tmp_path: Path) -> None:
    read = read_names(write(tmp_path, "书房名称,备注", "西永书屋,甲", ",乙", "西永书屋,丙"))
    assert read.table.to_numpy().tolist() == [[2, "西永书屋"], [4, "西永书屋"]]
    assert read.rejects[["layer", "line", "reason"]].to_numpy().tolist() == [["names", 3, "no_name"]]
    assert len(read_names(write(tmp_path, "站点", "西永"), columns={"name": "站点"}).table) == 1


def test_a_list_without_names_is_refused(tmp_path: Path) -> None:
    for key, lines in (("names_column", ["站点,备注", "西永,甲"]), ("names_none", ["名称,备注", ",甲"])):
        with pytest.raises(InputError) as refused:
            read_names(write(tmp_path, *lines))
        assert refused.value.message.key == f"errors.{key}"
        assert all("名单.csv" in refused.value.text(language) for language in LANGUAGES)


def test_every_name_has_a_verdict_and_every_room_stands_somewhere() -> None:
    names = pd.DataFrame({"line": [2, 3, 4, 5], "name": ["高新区西永24小时书屋", "金凤书屋", "西水书房", "含谷书房"]})
    found = check_names(names, ROOMS)
    told = [(row.given, row.verdict, row.how, row.facility_id, row.status) for row in found.itertuples()]
    assert told == [
        ("高新区西永24小时书屋", "found", "alias", "g1", "open"),
        ("金凤书屋", "confirm", "alias", "g2", "open"),
        ("金凤书屋", "confirm", "alias", "g3", "building"),
        ("西水书房", "confirm", "fuzzy", "g1", "open"),
        ("含谷书房", "missing", "none", "", ""),
        ("", "unlisted", "none", "g4", "closed"),
    ]
    assert found.line.tolist()[:5] == [2, 3, 3, 4, 5]
    assert found.line.isna().tolist() == [False] * 5 + [True]
    notes = {note.key: note.fields for note in names_notes(found)}
    assert notes["notes.names_checked"] == {"count": 4, "found": 1, "other": 1}
    assert notes["notes.names_confirm"] == {"count": 2, "names": "金凤书屋、西水书房"}
    assert notes["notes.names_missing"] == {"count": 1, "names": "含谷书房"}
    assert notes["notes.names_unlisted"] == {"count": 1, "names": "走马智慧书房"}
    everything = check_names(names.iloc[:1], ROOMS.iloc[:1])
    assert [note.key for note in names_notes(everything)] == ["notes.names_checked"]


def test_verdicts_and_ways_have_their_texts() -> None:
    assert all(has(f"report.verdict_{verdict}") for verdict in VERDICTS)
    assert all(has(f"report.how_{how}") for how in HOWS)


def test_the_published_rooms_of_the_zone_are_all_in_its_study(root: Path) -> None:
    """Seven open rooms and the eighth, under construction: each is found under the name that the study gives it."""
    folder = root / "data" / "chongqing-gaoxin"
    names = read_names(folder / "names.csv").table
    found = check_names(names, read_facilities(folder / "facilities.csv").table, rules=NameRules())
    assert found.verdict.tolist() == ["found"] * 8
    assert found.how.tolist() == ["alias"] * 8
    assert found.status.tolist() == ["open"] * 7 + ["building"]

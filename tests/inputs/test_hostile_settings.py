"""Settings and opening hours made to crash or to last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from walkshed.errors import ContractError, InputError
from walkshed.inputs.hours import parse_hours
from walkshed.parameters import StudyConfig

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("x = " + "[" * 50_000 + "]" * 50_000, "study_nested"),
        ("x = " + "{a=" * 900 + "1" + "}" * 900, "study_nested"),
        ("a." * 20_000 + "a = 1", "study_nested"),
        ("[" + "a . " * 5000 + "a]", "study_nested"),
        ("x = " + "1" * 5000, "study_syntax"),
        ("x = '" + "长" * 400_000 + "'", "study_long"),
        ("# " + "\x00", "study_syntax"),
        ("[walking]\ncutoff_min = " + "1" * 400, "study_invalid"),
        ("[units]\nadmin_level = 0x" + "f" * 5000, "study_invalid"),
        ("[study]\nid = 0x" + "f" * 5000, "study_invalid"),
        ("[siting]\nnew_rooms = 1979-05-27T07:32:00Z", "study_invalid"),
        ("[boundary]\nsource = 'file'\npath = \"a\\u0000b\"", "study_invalid"),
        ("[[scenario.edits]]\nedit = 'x'\nway_ids = [" + "9" * 40 + "]", "study_invalid"),
        ("[[scenario.edits]]\nedit = " + "[" * 300 + "]" * 300, "study_invalid"),
        ("\n".join(f"k{number} = 1" for number in range(20_000)), "study_invalid"),
        ("[" + "k" * 500_000 + "]", "study_invalid"),
    ],
)
def test_settings_that_are_none_are_told_in_short(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        StudyConfig.from_toml(path)
    assert caught.value.message.key == f"errors.{key}"
    assert max(len(caught.value.text(language)) for language in ("en", "zh")) < 100_000


def test_settings_of_ordinary_depth_stay_readable(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f'[study]\nnote_en = "{"v1.2.3. " * 200}"', encoding="utf-8")
    with pytest.raises(ContractError) as caught:  # about what is missing, not about the note
        StudyConfig.from_toml(path)
    assert "note_en" not in caught.value.text("en")


@pytest.mark.parametrize(
    "text",
    [
        "周一" + " " * 20_000 + "x",
        "(" * 900,
        "(" * 400 + ")" * 400,
        "9" * 20_000,
        "周一、" * 3000,
        "9:00-" * 200,
        "Mo," * 5000,
        '"' * 999,
    ],
)
def test_no_text_of_hours_takes_for_ever_or_breaks_the_reader(text: str) -> None:
    found = parse_hours(text)
    assert not found.known
    assert len(found.part) <= 1000

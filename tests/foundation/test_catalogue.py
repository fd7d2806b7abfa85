"""The catalogue is complete in both languages and nothing asks for a text that is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from walkshed.catalogue import LANGUAGES, entries, placeholders, text

if TYPE_CHECKING:
    from pathlib import Path

SPEAKS_ITS_OWN_TEXT = {"notes.study"}  # hands on what study.toml says in either language


def test_every_text_stands_in_both_languages_with_the_same_placeholders() -> None:
    for key, texts in entries().items():
        assert set(texts) == set(LANGUAGES), key
        assert all(texts[language].strip() for language in LANGUAGES), key
        if key not in SPEAKS_ITS_OWN_TEXT:
            assert placeholders(texts["en"]) == placeholders(texts["zh"]), key


def test_chinese_texts_are_chinese() -> None:
    for key, texts in entries().items():
        words = re.sub(r"\{[^}]*\}|WGS-84|GPS|OpenStreetMap|^zh", "", texts["zh"])
        assert re.search(r"[\u4e00-\u9fff]", words) or not re.search(r"[A-Za-z]", words), key


def test_no_key_is_defined_twice(root: Path) -> None:
    seen: dict[str, str] = {}
    for file in (root / "coverage/walkshed/catalogue").glob("*.toml"):
        section = file.stem.split("-")[0]
        for key in re.findall(r"^\[([^\]]+)\]$", file.read_text(encoding="utf-8"), re.MULTILINE):
            full = f"{section}.{key}"
            assert full not in seen, f"{full} in {seen.get(full)} and {file.name}"
            seen[full] = file.name
    assert len(seen) == len(entries())


def test_every_error_raised_has_its_text(root: Path) -> None:
    known = entries()
    raised: set[str] = set()
    for file in (root / "coverage/walkshed").rglob("*.py"):
        code = file.read_text(encoding="utf-8")
        raised |= {f"errors.{key}" for key in re.findall(r"\b[A-Z]\w+Error\(\s*\"([a-z_0-9]+)\"", code)}
        raised |= set(re.findall(r"Message\(\s*\"([a-z_0-9.]+)\"", code))
    assert raised
    assert sorted(raised - set(known)) == []


def test_an_unknown_key_is_a_defect() -> None:
    with pytest.raises(KeyError):
        text("errors.no_such_thing")

"""Every figure is defined in both languages; licences, versions and digests are those of this installation."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from walkshed.app import provenance
from walkshed.app.views.methods_definitions import BASES, GROUPS
from walkshed.catalogue import has, text
from walkshed.study.variants import input_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.parameters import StudyConfig

HAN = re.compile(r"[\u4e00-\u9fff]")
TAG = re.compile(r"<[^>]*>")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_figure_is_defined(open_page: Callable[..., Any], language: str) -> None:
    html = open_page("methods", study="helsinki", lang=language).html()
    assert 'role="alert"' not in html
    for basis in BASES:
        assert escape(text(f"figures.basis_{basis}_numerator", language)) in html
        assert escape(text(f"figures.basis_{basis}_denominator", language)) in html
    for names in GROUPS.values():
        for name in names:
            for part in ("figure", "define", "formula"):
                assert escape(text(f"app.{part}_{name}", language)) in html, (part, name)


@pytest.mark.parametrize("section", ["definitions", "assumptions", "sources", "program"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_section_speaks_one_language(open_page: Callable[..., Any], section: str, language: str) -> None:
    page = open_page("methods", study="helsinki", lang=language)
    page.widget("segmented_control", "methods_section").set_value(section)
    html = page.run().html()
    assert 'role="alert"' not in html
    spoken = TAG.sub(" ", html)
    assert bool(HAN.search(spoken)) == (language == "zh")


def test_sources_are_those_of_the_study(open_page: Callable[..., Any], helsinki: StudyConfig) -> None:
    page = open_page("methods", study="helsinki", lang="en")
    page.widget("segmented_control", "methods_section").set_value("sources")
    html = page.run().html()
    assert "© OpenStreetMap contributors" in html
    assert "ODbL" in html
    assert page.app.code[0].value.strip() == (helsinki.folder / "SOURCES.md").read_text(encoding="utf-8").strip()


def test_versions_and_digests_are_those_of_this_machine(open_page: Callable[..., Any], helsinki: StudyConfig) -> None:
    page = open_page("methods", study="helsinki", lang="en")
    page.widget("segmented_control", "methods_section").set_value("program")
    html = page.run().html()
    for name in ("walkshed", "streamlit", "highspy", "shapely"):
        assert f"<td>{name}</td><td>{version(name)}</td>" in html
    assert helsinki.digest() in html
    assert input_digest(helsinki) in html


def test_every_package_tells_its_licence() -> None:
    told = provenance.packages()
    assert told[0].name == provenance.PROGRAM
    assert told[0].licence == "MIT"
    assert len(told) > 20
    assert len([part.name for part in told if not part.licence]) <= 1  # a package may say nothing at all
    assert max(len(part.licence) for part in told) <= provenance.LICENCE_CHARACTERS


def test_every_document_is_explained(root: Path) -> None:
    for name in provenance.documents():
        assert (root / "docs" / name).is_file()
        key = name.removesuffix(".md").replace("-", "_").replace(".", "_").lower()
        assert has(f"app.document_{key}"), key


def test_a_link_as_sources_file_is_not_followed(helsinki: StudyConfig, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / provenance.SOURCES_FILE).symlink_to(secret)
    assert provenance.sources_text(replace(helsinki, folder=tmp_path / "study")) == ""

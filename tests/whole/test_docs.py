"""The documents say what holds: pages written by the program are up to date, links lead somewhere, examples run."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest

from walkshed.commands.program import app as command_line
from walkshed.parameters import StudyConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = ("make_reference", "make_cli", "make_definitions")
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data").glob("*/*.md")))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LOGIN = "st.user.is_logged_in"
"""Runs in a server of Streamlit only, and has a test of its own."""
SETTINGS = {table.name for table in StudyConfig.__dataclass_fields__.values()}


@cache
def generator(name: str) -> ModuleType:
    """Return a script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def blocks(page: Path, kind: str) -> list[str]:
    """Return the code blocks of one kind in a page."""
    return [code for found, code in FENCE.findall(page.read_text(encoding="utf-8")) if found == kind]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub names them."""
    content = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", content, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def pages_with(kind: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, kind)]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("name", GENERATORS)
def test_pages_written_by_the_program_are_up_to_date(name: str) -> None:
    for file, content in generator(name).pages().items():
        written = (ROOT / "docs" / file).read_text(encoding="utf-8")
        assert written == content, f"docs/{file} is out of date: run python docs/{name}.py"


def test_the_reference_names_every_key_of_a_study() -> None:
    told = (ROOT / "docs" / "study-reference.md").read_text(encoding="utf-8")
    tables = tomllib.loads(StudyConfig().to_toml())
    assert len(tables) > len(GENERATORS)
    for table, keys in tables.items():
        section = told.split(f"\n## [{table}]\n")[1].split("\n## [")[0]
        for key in (name for name in keys if table != "profiles"):
            assert f"| `{key}` |" in section, f"{table}.{key}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_of_the_docs_is_linked_from_another() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if (page.parent / link.partition("#")[0]).resolve() != page
    }
    assert {page.name for page in (ROOT / "docs").glob("*.md") if page not in linked} == set()


@pytest.mark.parametrize("page", pages_with("python"), ids=named)
def test_python_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "example"}
    for code in blocks(page, "python"):
        if LOGIN not in code:
            exec(compile(code, named(page), "exec"), names)  # noqa: S102 - the example itself


def test_the_example_of_a_login_lets_nobody_in_without_its_settings() -> None:
    (code,) = [code for code in blocks(ROOT / "docs" / "intranet.md", "python") if LOGIN in code]
    page = AppTest.from_string(code, default_timeout=60).run()
    assert len(page.exception) == 1
    assert not page.sidebar.children
    assert [element.type for element in page.main.children.values()] == ["exception"]


@pytest.mark.parametrize("page", pages_with("toml"), ids=named)
def test_examples_of_settings_are_accepted(page: Path, tmp_path: Path) -> None:
    for number, code in enumerate(blocks(page, "toml")):
        given = tomllib.loads(code)
        if "auth" in given:  # Streamlit's own secrets
            continue
        if not set(given) <= SETTINGS:  # a long default of the reference, without its table
            assert page.name.startswith("study-reference"), code
            continue
        complete = given.get("network", {}).get("path") is not None
        study = tmp_path / f"{number}.toml"
        study.write_text(
            code if complete else f'[network]\npath = "x.osm.pbf"\n[facilities]\npath = "x.csv"\n{code}', "utf-8"
        )
        config = StudyConfig.from_toml(study)
        assert config != StudyConfig()


def spoken() -> Iterator[tuple[str, list[str]]]:
    """Yield every command of ours in the documents: the page, and its words."""
    for page in PAGES:
        for code in (*blocks(page, "bash"), *re.findall(r"`(walkshed [^`]+)`", page.read_text(encoding="utf-8"))):
            for line in code.splitlines():
                for part in re.split(r"&&|\||;", line.partition(" #")[0]):
                    words = shlex.split(part)
                    if words and words[0].rpartition("/")[2] == "walkshed":
                        yield named(page), words[1:]


def test_commands_in_the_documents_exist() -> None:
    reference = generator("make_cli")
    known = {
        reference.command_name(command): {
            option for item in reference.parameters(command.callback) for option in item.name.split(", ")
        }
        for command in command_line.registered_commands
    }
    told = list(spoken())
    assert {words[0] for _, words in told if words} >= {"run", "report", "check", "compare", "init", "sample"}
    for page, words in told:
        if words:
            assert words[0] in known, f"{page}: walkshed {words[0]}"
            options = {word.partition("=")[0] for word in words if word.startswith("--")} - {"--help"}
            assert options <= known[words[0]], f"{page}: walkshed {' '.join(words)}"

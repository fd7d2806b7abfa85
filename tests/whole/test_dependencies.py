"""The list of known weaknesses in docs/reliability.md, against what the program needs and what is installed."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

if TYPE_CHECKING:
    from pathlib import Path


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    """Return the part of the page that lists them."""
    text = (root / "docs" / "reliability.md").read_text(encoding="utf-8")
    return text.partition("<!-- dependencies: begin -->")[2].partition("<!-- dependencies: end -->")[0]


@pytest.fixture(scope="module")
def listed(page: str) -> dict[str, Version]:
    """Return what the page lists, read as ``.ci/audit`` reads it."""
    rows = re.findall(r"^\| ([\w.-]+) \| ([\d.]+) \| .+ \|$", page, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return {name: Version(least) for name, least in rows}


@pytest.fixture(scope="module")
def needed(root: Path) -> set[str]:
    """Return every package that the program or its tests need, and what those need in turn."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    todo = [Requirement(text) for text in (*project["dependencies"], *extras["distributed"], *extras["dev"])]
    found: set[tuple[str, frozenset[str]]] = set()
    while todo:
        one = todo.pop()
        key = (plain(one.name), frozenset(one.extras))
        if key in found:
            continue
        found.add(key)
        try:
            further = [Requirement(text) for text in requires(one.name) or ()]
        except PackageNotFoundError:
            continue
        asked = ("", *one.extras)
        todo += [r for r in further if not r.marker or any(r.marker.evaluate({"extra": extra}) for extra in asked)]
    return {name for name, _ in found}


def test_every_listed_package_is_one_that_is_needed_here(
    page: str, listed: dict[str, Version], needed: set[str]
) -> None:
    assert listed
    with_3_11 = set(re.findall(r"^\| ([\w.-]+) \| .+; with Python 3\.11 only \|$", page, re.MULTILINE))
    assert {plain(name) for name in listed.keys() - with_3_11} <= needed
    assert sys.version_info >= (3, 12) or {plain(name) for name in with_3_11} <= needed


def test_what_is_installed_has_none_of_the_listed_weaknesses(listed: dict[str, Version]) -> None:
    old = {}
    for name, least in listed.items():
        try:
            here = Version(version(name))
        except PackageNotFoundError:  # needed with other versions of Python only
            continue
        if here < least:
            old[name] = str(here)
    assert old == {}


def test_packages_that_meet_the_browser_or_files_of_strangers_are_listed(listed: dict[str, Version]) -> None:
    assert {
        "fonttools", "h11", "jinja2", "lxml", "pillow", "protobuf", "pyarrow", "python-multipart", "requests",
        "starlette", "streamlit", "tornado", "urllib3",
    } <= listed.keys()  # fmt: skip
